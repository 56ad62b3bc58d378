/* SPDX-License-Identifier: MIT */
/*
 * verdict - what FCM's answer means.  Pure.
 */
#ifndef CHANNEL_FCM_VERDICT_H
#define CHANNEL_FCM_VERDICT_H

#include <orderwire/plugin.h>

struct verdict {
	int32_t verdict;
	int64_t retry_after_ms;
	bool is_token_stale;	/* 401: our access token; fetch another */
	char ref[256];		/* "projects/.../messages/..." or "" */
	char detail[160];
};

/* usual is judge()'s.  is_proven: this credential has sent before, so that a
   token of another sender is the token's fault. */
void verdict_read(int32_t status, struct ow_bytes body,
    const struct ow_outcome *usual, bool is_proven, struct verdict *out);

#endif
