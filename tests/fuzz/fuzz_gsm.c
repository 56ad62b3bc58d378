/* SPDX-License-Identifier: MIT */
/*
 * fuzz_gsm - texts and answers of phones: any bytes are cut to segments, read
 * as a word and as a number.
 *
 * It would notice a breach as a text that needs more segments than allowed, or
 * a crash.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/channel-sms/gsm.h"
#include "../../plugins/channel-sms/phone.h"
#include "../../plugins/channel-sms/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct words words = { "ende", "los", "", "" };
	struct text out = { .s = NULL };
	const char *reply = NULL;
	char number[PHONE_SIZE], line[40];
	uint32_t max;
	struct gsm g;
	char *text;

	if (n == 0 || n > 4096)
		return 0;
	text = calloc(1, n);
	memcpy(text, data + 1, n - 1);
	max = data[0] % 10 + 1;
	g = gsm_fit(text, max, &out);
	if (g.segments > max || gsm_measure(text_str(&out)).segments > max)
		abort();
	if (words_read(&words, text, &reply) != WORDS_OTHER && !reply)
		abort();
	if (phone_read(text, number) && number[0] != '+')
		abort();
	phone_scrub(text, line, sizeof(line));
	text_done(&out);
	free(text);
	return 0;
}
