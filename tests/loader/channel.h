/* SPDX-License-Identifier: MIT */
/*
 * channel - a channel that does nothing, for those that are broken in one
 * place.
 */
#ifndef LOADER_CHANNEL_H
#define LOADER_CHANNEL_H

#include "dull.h"

static int
__attribute__((unused)) dull_check(void *self, const char *wanted,
    struct ow_address *out, struct ow_fault *fault)
{
	(void)self;
	(void)wanted;
	(void)fault;
	out->text[0] = out->identity[0] = out->hint[0] = '\0';
	return OW_OK;
}

static void
__attribute__((unused)) dull_deliver(void *self,
    const struct ow_job *job)
{
	(void)self;
	(void)job;
}

__attribute__((unused)) static const char *
dull_hook_name(void *self)
{
	(void)self;
	return "hook";
}

#endif
