/* SPDX-License-Identifier: MIT */
/*
 * testhost - orderwire/testhost.h compiles alone as C++17.
 */
#include <orderwire/testhost.h>

int header_testhost_cc(const struct ow_plugin *plugin);

int
header_testhost_cc(const struct ow_plugin *plugin)
{
	struct ow_testhost *th = ow_testhost_new(plugin, NULL, NULL);
	int is_good = th != NULL;

	ow_testhost_free(&th);
	return is_good;
}
