/* SPDX-License-Identifier: MIT */
/*
 * plug - what is asked of a channel's plugin at once, wherever it runs: its
 * answers are held to their form here.  Also the part of a hook that channels
 * and adapters share.
 */
#ifndef OUTBOX_PLUG_H
#define OUTBOX_PLUG_H

#include "outbox/outbox.h"

/* check(); also when it fails, everything ends with a NUL and the fault has a
   text. */
int plug_check(const struct ow_channel *, void *self, const char *wanted,
    struct ow_address *out, struct ow_fault *);
/* Optional calls: NULL when it has none, or says so. */
const char *plug_own_address(const struct ow_channel *, void *self);
const char *plug_public_key(const struct ow_channel *, void *self);
const char *plug_hook_name(const struct ow_channel *, void *self);
/* Fills in the hook's answer; status 0 when the channel has no hooks.  name
   is the instance's, for the log. */
void plug_hook(const struct ow_channel *, void *self, struct hook *,
    const char *name);

/* Any plugin's hook(), which leaves its answer in the hook; tenant as in
   ow_hook_req.name. */
typedef void plug_hook_fn(void *self, struct ow_hook_call *,
    const struct ow_hook_req *);
void plug_hook_call(plug_hook_fn *, void *self, struct hook *,
    const char *tenant, const char *name);

/* For struct ow_host_outbox and ow_host_hook; they work inside of the two
   above. */
const char *plug_hook_header(struct ow_ctx *, struct ow_hook_call *,
    const char *name);
const char *plug_hook_param(struct ow_ctx *, struct ow_hook_call *,
    const char *name);
size_t plug_hook_form(struct ow_ctx *, struct ow_hook_call *,
    struct ow_header *out, size_t max);
void plug_hook_answer(struct ow_ctx *, struct ow_hook_call **,
    int32_t status, const char *content_type, struct ow_bytes body);

/* A plugin that reads on finds empty words, and no freed memory. */
void plug_job_blank(struct ow_job *);

#endif
