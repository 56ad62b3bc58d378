/* SPDX-License-Identifier: MIT */
/*
 * text - a configuration file's text, made safe for libconfig.
 */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include <orderwire/plugin.h>

struct buf;

#define TEXT_MAX ((size_t)1 << 20)	/* bytes of one file */

/* Append the text as libconfig 1.5 should read it, lines kept.  OW_OK, or
   OW_EINVAL with the line and why. */
int text_prepare(const char *p, size_t n, struct buf *out, int *out_line,
    struct ow_fault *);

#endif
