/* SPDX-License-Identifier: MIT */
/*
 * wrong-major - made for the next major version, whose head alone is known.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	.size = 12,
	.abi = (OW_ABI_MAJOR + 1) << 16,
	.kind = OW_STORE,
	/* Nobody may look at what follows. */
	.name = (const char *)8,
};

OW_EXPORT_PLUGIN(plugin);
