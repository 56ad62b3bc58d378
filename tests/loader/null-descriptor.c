/* SPDX-License-Identifier: MIT */
/*
 * null-descriptor - answers that it does not serve this host.
 */
#include "dull.h"

OW_EXPORT const struct ow_plugin *
ow_plugin_query(uint32_t host_abi)
{
	(void)host_abi;
	return NULL;
}
