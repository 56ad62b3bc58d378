/* SPDX-License-Identifier: MIT */
/*
 * store - orderwire/store.h compiles alone as C11, and its macros do, too.
 */
#include <orderwire/store.h>

int header_store_c(void);

int
header_store_c(void)
{
	return (int)sizeof(struct ow_store);
}
