/* SPDX-License-Identifier: MIT */
/*
 * no-symbol - a shared object that is no plugin.
 */
#include "dull.h"

OW_EXPORT int no_symbol_here(void);

int
no_symbol_here(void)
{
	return 1;
}
