/* SPDX-License-Identifier: MIT */
/*
 * sections - the tables of the core's own options, section by section.
 */
#ifndef CONF_SECTIONS_H
#define CONF_SECTIONS_H

#include "conf/settings.h"

#define SETTINGS_LINK_TTL "2d"
#define SETTINGS_LINK_TTL_MS (2 * 86400000LL)
#define SETTINGS_PREP "7m"
#define SETTINGS_PREP_MS (7 * 60000LL)

struct settings_section {
	const char *name;
	const char *about;
	const struct ow_option *options;
	size_t offset;			/* in struct settings */
};

/* NULL at the end. */
extern const struct settings_section settings_sections[];
/* Of an entry of the list of tenants. */
extern const struct ow_option settings_tenant_options[];

#endif
