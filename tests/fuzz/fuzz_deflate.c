/* SPDX-License-Identifier: MIT */
/*
 * fuzz_deflate - any bytes as an offer of permessage-deflate and as a message
 * that a peer has packed.
 *
 * The first byte picks: odd ones make the rest a header, even ones a message,
 * whose limit they are in units of 64 bytes.  It would notice an answer that
 * is none to the offer or breaks the grammar itself, a message above its
 * limit, one that depends on those before it, and a text that does not come
 * back when it is packed in any window.
 */
#include <stdlib.h>
#include <string.h>

#include "deflate.h"
#include "extension.h"

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
header_check(const uint8_t *data, size_t n)
{
	struct extension_deflate d, again;
	char answer[EXTENSION_ANSWER_SIZE];
	char *list = malloc(n + 1);

	memcpy(list, data, n);
	list[n] = '\0';
	if (extension_find(list, &d) == 1) {
		if ((d.server_bits && (d.server_bits < 9 ||
		    d.server_bits > 15)) || (d.client_bits &&
		    (d.client_bits < 8 || d.client_bits > 15)))
			abort();
		extension_answer(&d, answer);
		if (!strstr(list, "permessage-deflate") ||
		    strlen(answer) >= sizeof(answer) - 1 ||
		    extension_find(answer, &again) != 1 ||
		    memcmp(&d, &again, sizeof(d)) != 0)
			abort();
	}
	free(list);
}

/* What was unpacked, packed for others and unpacked once more. */
static void
round_check(struct deflate *d, const struct bytes *text)
{
	const struct ow_bytes in = { text->p, text->n };
	struct bytes back = { NULL, 0, 0 };
	struct ow_bytes packed;

	for (uint32_t v = 1; v < DEFLATE_VARIANTS; v++) {
		if (deflate_pack(d, v, in, &packed) != OW_OK)
			continue;
		if (packed.n >= in.n ||
		    deflate_unpack(packed, in.n, &back) != OW_OK ||
		    back.n != in.n || memcmp(back.p, in.p, in.n) != 0)
			abort();
		bytes_done(&back);
	}
}

static void
message_check(const uint8_t *data, size_t n, size_t max)
{
	const struct ow_bytes in = { data, n };
	struct bytes first = { NULL, 0, 0 }, second = { NULL, 0, 0 };
	struct deflate d;
	int err;

	deflate_init(&d);
	err = deflate_unpack(in, max, &first);
	if (err != deflate_unpack(in, max, &second) ||
	    first.n != second.n || first.n > max + 1 ||
	    (first.n && memcmp(first.p, second.p, first.n) != 0))
		abort();
	if (!err && first.n > max)
		abort();
	/* One byte less of room, and it is too long. */
	bytes_done(&second);
	if (!err && first.n &&
	    deflate_unpack(in, first.n - 1, &second) != OW_ELIMIT)
		abort();
	if (!err)
		round_check(&d, &first);
	bytes_done(&first);
	bytes_wipe(&second);
	deflate_done(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1 || n > INPUT_MAX)
		return 0;
	if (data[0] & 1)
		header_check(data + 1, n - 1);
	else
		message_check(data + 1, n - 1, (size_t)data[0] * 64);
	return 0;
}
