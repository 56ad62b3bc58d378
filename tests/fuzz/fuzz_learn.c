/* SPDX-License-Identifier: MIT */
/*
 * fuzz_learn - any bytes as a stored row of what a tenant has learnt: a key,
 * a newline, a text.
 *
 * What is accepted is written back as it was read, and leaves estimates that
 * are numbers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "order/learn.h"
#include "order/sketch.h"
#include "order/spread.h"

#define FUZZ_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_texts(const char *text)
{
	struct buf first = BUF_INIT(FUZZ_MAX), second = BUF_INIT(FUZZ_MAX);
	struct sketch sketch;
	struct calib calib;

	if (!sketch_read(text, &sketch)) {
		sketch_write(&sketch, &first);
		OW_ASSERT(!first.full && !strcmp(first.p, text));
	}
	if (!calib_read(text, &calib)) {
		calib_write(&calib, &second);
		OW_ASSERT(!second.full && !strcmp(second.p, text));
	}
	buf_done(&first);
	buf_done(&second);
}

static void
fuzz_finite(const struct spread *s)
{
	for (int i = 0; i < SPREAD_POINTS; i++)
		OW_ASSERT(isfinite(s->at[i]) && s->at[i] >= 0 &&
		    (i == 0 || s->at[i] >= s->at[i - 1]));
}

static void
fuzz_estimates(struct learn *l)
{
	struct work work = { "grill", "B-1", "Burger", 2, 300 };
	double weight, p50_s = 600, p90_s = 900;
	struct spread left;
	int i;

	(void)learn_item_left(l, &work, 0, &left, &weight);
	fuzz_finite(&left);
	(void)learn_item_left(l, &work, 1e6, &left, &weight);
	fuzz_finite(&left);
	for (i = 0; i < PHASE_COUNT; i++) {
		(void)learn_phase_left(l, (enum phase)i, 1, 50, &left);
		fuzz_finite(&left);
	}
	for (i = 0; i < STAGE_COUNT; i++) {
		calib_apply(learn_calib(l, (enum stage)i), &p50_s, &p90_s);
		OW_ASSERT(isfinite(p90_s) && p90_s >= p50_s);
	}
	OW_ASSERT(learn_slots(l, "grill") >= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct learn *l;
	char *row, *text;

	if (size > FUZZ_MAX / 2)
		return 0;
	row = mem_dupn((const char *)data, size);
	text = strchr(row, '\n');
	if (text != NULL) {
		*text++ = '\0';
		fuzz_texts(text);
		l = learn_new(&learn_rules_default);
		(void)learn_load(l, row, text);	/* refused is fine */
		fuzz_estimates(l);
		learn_free(&l);
	}
	free(row);
	return 0;
}
