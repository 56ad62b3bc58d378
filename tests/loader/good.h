/* SPDX-License-Identifier: MIT */
/*
 * good - what the good plugin did, for the test that drives it.
 */
#ifndef LOADER_GOOD_H
#define LOADER_GOOD_H

#include <orderwire/store.h>

struct good_conf {
	const char *greeting;
	bool polite;
	int64_t count;
	int64_t wait_ms;
	int64_t room;
	const char *server;
	const char *secret;
	const char *mood;
};

enum { GOOD_STARTED, GOOD_WAITED, GOOD_LEVEL };

struct good {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct good_conf *conf;
	struct ow_timer *timer, *idle;
	struct ow_watch *watch;
	int pipe[2];
	int64_t fired_at_ms;
	uint32_t n_seen;
	char seen[64];		/* a letter for each thing that happened */
	char *out_last;		/* the test's: where stop() leaves a sign */
};

#endif
