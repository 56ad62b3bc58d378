/* SPDX-License-Identifier: MIT */
/*
 * id - UUIDs of version 7 (RFC 9562, 5.7).
 *
 *	48 bits of ms | 7 | 12 bits of count | 10 | 14 bits of count | 48 random
 *
 * The count starts anywhere in the lower half of its range in each ms
 * (RFC 9562, 6.2, method 1); when it runs over, or the clock goes back, the
 * ids run ahead of the clock rather than lose their order.  Makers of
 * different loops and nodes differ in 73 random bits of each ms.
 */
#include "base/id.h"

#include <string.h>

#include "base/crypto.h"

#define ID_COUNT_BITS 26
#define ID_COUNT_END (1u << ID_COUNT_BITS)
#define ID_TIME_BITS 48

static const unsigned char *
id_random(struct id_maker *m, size_t n)
{
	if (m->pool_left < n) {
		crypto_random(m->pool, sizeof(m->pool));
		m->pool_left = sizeof(m->pool);
	}
	m->pool_left -= (uint32_t)n;
	return m->pool + m->pool_left;
}

static void
id_step(struct id_maker *m, int64_t wall_ms)
{
	if (wall_ms <= m->last_ms && m->count + 1 < ID_COUNT_END) {
		m->count++;
		return;
	}
	m->last_ms = wall_ms > m->last_ms ? wall_ms : m->last_ms + 1;
	memcpy(&m->count, id_random(m, sizeof(m->count)), sizeof(m->count));
	m->count &= ID_COUNT_END / 2 - 1;
}

static char *
id_put(char *p, uint64_t value, int digits)
{
	static const char hex[] = "0123456789abcdef";
	int i;

	for (i = digits - 1; i >= 0; i--) {
		p[i] = hex[value & 15];
		value >>= 4;
	}
	return p + digits;
}

void
id_new(struct id_maker *m, int64_t wall_ms, char out[ID_SIZE])
{
	uint64_t ms, tail = 0;
	char *p = out;

	id_step(m, wall_ms < 0 ? 0 : wall_ms);
	ms = (uint64_t)m->last_ms & ((1ULL << ID_TIME_BITS) - 1);
	memcpy(&tail, id_random(m, 6), 6);
	p = id_put(p, ms >> 16, 8);
	*p++ = '-';
	p = id_put(p, ms, 4);
	*p++ = '-';
	p = id_put(p, 0x7000 | m->count >> 14, 4);
	*p++ = '-';
	p = id_put(p, 0x8000 | (m->count & 0x3fff), 4);
	*p++ = '-';
	p = id_put(p, tail, 12);
	*p = '\0';
}

bool
id_is_valid(const char *text)
{
	int i;

	for (i = 0; i < ID_SIZE - 1; i++) {
		char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (!((c >= '0' && c <= '9') ||
		    (c >= 'a' && c <= 'f'))) {
			return false;
		}
	}
	return text[i] == '\0';
}
