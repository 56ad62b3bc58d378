/* SPDX-License-Identifier: MIT */
/*
 * fuzz_wire - what a plugin that has overwritten its process may send.
 *
 * The first byte says which side reads.  Then come datagrams, each after its
 * length in two bytes.  Never a crash; and a record that was read writes and
 * reads back as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "outbox/wire.h"

struct seen {
	bool is_channel;
	struct buf first, second;
};

static int
again(void *arg, const struct wire_msg *m)
{
	struct seen *seen = arg;

	OW_ASSERT(wire_write(&seen->second, m) == OW_OK);
	return OW_OK;
}

static int
take(void *arg, const struct wire_msg *m)
{
	struct seen *seen = arg;
	struct wire_reader reader;
	unsigned char head[2];
	struct ow_fault fault;

	buf_clear(&seen->first);
	buf_clear(&seen->second);
	wire_head(head, WIRE_LAST);
	(void)buf_add(&seen->first, head, 2);
	if (wire_write(&seen->first, m) != OW_OK)
		return OW_OK;
	wire_reader_init(&reader, seen->is_channel);
	OW_ASSERT(wire_read(&reader, seen->first.p, seen->first.n, again,
	    seen, &fault) == OW_OK);
	wire_reader_done(&reader);
	OW_ASSERT(seen->first.n == seen->second.n + 2);
	OW_ASSERT(memcmp(seen->first.p + 2, seen->second.p,
	    seen->second.n) == 0);
	return OW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct seen seen = { .is_channel = n > 0 && (data[0] & 1) != 0,
	    .first = BUF_INIT(WIRE_RECORD + 2),
	    .second = BUF_INIT(WIRE_RECORD) };
	struct wire_reader reader;
	struct ow_fault fault;
	uint8_t *one;
	size_t at = 1, len;

	wire_reader_init(&reader, seen.is_channel);
	while (at + 2 <= n) {
		len = data[at] | (size_t)data[at + 1] << 8;
		at += 2;
		len = len < n - at ? len : n - at;
		/* A block of just this size, for the sanitizer. */
		one = malloc(len > 0 ? len : 1);
		OW_ASSERT(one != NULL);
		memcpy(one, data + at, len);
		at += len;
		if (wire_read(&reader, one, len, take, &seen, &fault) !=
		    OW_OK)
			at = n;
		free(one);
	}
	wire_reader_done(&reader);
	buf_done(&seen.first);
	buf_done(&seen.second);
	return 0;
}
