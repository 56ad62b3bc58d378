/* SPDX-License-Identifier: MIT */
/*
 * store - orderwire/store.h compiles alone as C++17.
 */
#include <orderwire/store.h>

int header_store_cc(void);

int header_store_cc(void)
{
	return (int)sizeof(struct ow_store);
}
