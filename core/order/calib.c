/* SPDX-License-Identifier: MIT */
/*
 * calib - see calib.h.
 *
 * The steps are those of quantile tracking (Gibbs and Candes, "Adaptive
 * conformal inference under distribution shift", 2021): up by the share that
 * should not have missed, down by the rest, so that the long-run share of
 * misses is the wanted one whatever the errors look like.
 *
 * The stretch is judged by what was told, as the promise is about that.  The
 * lean, and the stretch at first, are judged by what would be told today: else
 * each outcome that is still on its way when a correction is made would push
 * for it once more.
 */
#include "order/calib.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include <orderwire/plugin.h>

#define LEAN_MAX 1.0
#define STRETCH_MAX 2.0
/* A window is never narrower: nobody takes a ninth decile by the second. */
#define WIDTH_MIN_S 15.0
#define RATE_FIRST 0.2
#define RATE_LAST 0.01
#define RATE_SETTLING 10.0		/* samples */
#define SETTLED 200
#define RECENT 200.0			/* samples */
#define MILLIONTHS 1e6
#define ERROR_MAX_S 1e6

const char *const stage_names[STAGE_COUNT + 1] = {
	[STAGE_QUOTE] = "quote",
	[STAGE_COOKING] = "cooking",
	[STAGE_QUOTE_DELIVERY] = "quote_delivery",
	[STAGE_COOKING_DELIVERY] = "cooking_delivery",
	[STAGE_WAITING] = "waiting",
	[STAGE_LEG] = "leg",
	[STAGE_COUNT] = NULL,
};

static double
within(double value, double max)
{
	return fmax(-max, fmin(max, value));
}

void
calib_init(struct calib *c)
{
	memset(c, 0, sizeof(*c));
	c->coverage = 0.9;
}

void
calib_apply(const struct calib *c, double *p50_s, double *p90_s)
{
	double width = fmax(*p90_s - *p50_s, WIDTH_MIN_S);

	*p50_s *= exp(c->lean);
	*p90_s = *p50_s + fmax(width * exp(c->stretch), WIDTH_MIN_S);
}

void
calib_note(struct calib *c, const struct quote *q, double actual_s)
{
	double rate = fmax(RATE_LAST, RATE_FIRST /
	    (1 + (double)c->n / RATE_SETTLING));
	double share = fmax(1 / RECENT, 1 / (1 + (double)c->n));
	double p50_s = q->plain_p50_s, p90_s = q->plain_p90_s;

	if (!isfinite(actual_s) || actual_s < 0)
		return;
	calib_apply(c, &p50_s, &p90_s);
	c->lean += rate * (actual_s > p50_s ? 0.5 : -0.5);
	c->lean = within(c->lean, LEAN_MAX);
	if (c->n >= SETTLED)
		p90_s = q->p90_s;
	c->stretch += 2 * rate * (actual_s > p90_s ? 0.9 : -0.1);
	c->stretch = within(c->stretch, STRETCH_MAX);
	c->coverage += share * ((actual_s <= q->p90_s) - c->coverage);
	c->error_s += share * (fabs(actual_s - q->p50_s) - c->error_s);
	c->error_s = fmin(c->error_s, ERROR_MAX_S);
	c->n++;
}

static int64_t
millionths(double value)
{
	return (int64_t)llrint(value * MILLIONTHS);
}

void
calib_write(const struct calib *c, struct buf *out)
{
	buf_printf(out, "c1 %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
	    " %" PRId64, c->n, millionths(c->lean), millionths(c->stretch),
	    millionths(c->coverage), millionths(c->error_s));
}

int
calib_read(const char *text, struct calib *out)
{
	int64_t n, lean, stretch, coverage, error_s;
	struct calib c;
	struct buf again = BUF_INIT(256);
	int err = OW_EINVAL;

	if (strlen(text) >= again.max ||
	    sscanf(text, "c1 %18" SCNd64 " %18" SCNd64 " %18" SCNd64
	    " %18" SCNd64 " %18" SCNd64, &n, &lean, &stretch, &coverage,
	    &error_s) != 5)
		return OW_EINVAL;
	c.n = n;
	c.lean = (double)lean / MILLIONTHS;
	c.stretch = (double)stretch / MILLIONTHS;
	c.coverage = (double)coverage / MILLIONTHS;
	c.error_s = (double)error_s / MILLIONTHS;
	/* sscanf lets much pass; what writes back the same was ours. */
	calib_write(&c, &again);
	if (n >= 0 && fabs(c.lean) <= LEAN_MAX &&
	    fabs(c.stretch) <= STRETCH_MAX && c.coverage >= 0 &&
	    c.coverage <= 1 && c.error_s >= 0 && c.error_s <= ERROR_MAX_S &&
	    strcmp(again.p, text) == 0) {
		*out = c;
		err = OW_OK;
	}
	buf_done(&again);
	return err;
}
