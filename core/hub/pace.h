/* SPDX-License-Identifier: MIT */
/*
 * pace - when is a hot topic sent next?
 *
 * A send costs the same for one event and for ten, so a topic that keeps the
 * front busy waits a little for company.  One that does not is never delayed.
 *
 * Pure: it knows neither topics nor clocks.
 */
#ifndef HUB_PACE_H
#define HUB_PACE_H

#include <stdint.h>

#define PACE_LOAD_MIN 50	/* % of the time that single sends would take */
#define PACE_SHARE 20		/* % of the time that sends may take */
#define PACE_WAIT_MAX_MS 50
#define PACE_TARGET_MAX 64
#define PACE_HOLD 16		/* sends until a bigger target is tried again */

/* One a topic; zeroed at first. */
struct pace {
	int64_t sent_ms;	/* when the last pass over the streams began */
	uint32_t cost_us;	/* what it took */
	uint16_t load;		/* % if each event were sent alone, smoothed */
	uint8_t target;		/* events worth waiting for */
	uint8_t hold;
};

/* With so many events pending: 0: send now, else look again after so long. */
int64_t pace_wait_ms(const struct pace *, uint32_t n_pending, int64_t now_ms);
/* A pass that began at began_ms has sent so many events. */
void pace_sent(struct pace *, uint32_t n_events, uint32_t cost_us,
    int64_t began_ms);

#endif
