/* SPDX-License-Identifier: MIT */
/*
 * inspect - is this descriptor one that can be run?
 */
#ifndef PLUGIN_INSPECT_H
#define PLUGIN_INSPECT_H

#include <orderwire/plugin.h>

struct conf_faults;

/* All that is wrong with it is added, at file and line.  module is the name
   of its file without ".so".  desc may be NULL.  OW_OK or OW_EINVAL; with
   another major nothing but the head was looked at. */
int inspect_plugin(const struct ow_plugin *desc, const char *module,
    const char *file, int line, struct conf_faults *);
/* "store", or "?" */
const char *inspect_kind_name(int32_t kind);
/* The options that every section of this kind has besides its plugin's own;
   or NULL. */
const struct ow_option *inspect_kind_options(int32_t kind);

#endif
