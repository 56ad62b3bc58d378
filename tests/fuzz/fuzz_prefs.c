/* SPDX-License-Identifier: MIT */
/*
 * fuzz_prefs - any bytes as the body of PUT /notification-preferences, and as
 * a stored document.
 *
 * What is accepted is written, loaded and written again: both texts are the
 * same, short enough to be stored, and give the same answer for each topic and
 * medium.  What is refused has a fault.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "notify/prefs.h"
#include "notify/topic.h"

#define FUZZ_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_write(const struct prefs *prefs, struct buf *out)
{
	struct jw w;

	buf_clear(out);
	jw_init(&w, out);
	prefs_write(&w, NULL, prefs);
	OW_ASSERT(!out->full);
}

static void
fuzz_same(const struct prefs *a, const struct prefs *b)
{
	char why_a[160], why_b[160];
	size_t i;
	int m;

	for (i = 0; topic_names[i]; i++)
		for (m = 0; m < MEDIUM_COUNT; m++)
			OW_ASSERT(!prefs_refusal(a, topic_names[i],
			    (enum medium)m, why_a) == !prefs_refusal(b,
			    topic_names[i], (enum medium)m, why_b));
}

/* Accepted: what is stored of it is the same. */
static void
fuzz_accepted(const struct prefs *prefs)
{
	struct buf first = BUF_INIT(PREFS_DOC_MAX);
	struct buf second = BUF_INIT(PREFS_DOC_MAX);
	struct prefs *loaded = NULL, *copy = prefs_copy(prefs);

	fuzz_write(prefs, &first);
	OW_ASSERT(!prefs_load(first.p, first.n, prefs->version, &loaded));
	fuzz_write(loaded, &second);
	OW_ASSERT(!strcmp(first.p, second.p));
	fuzz_same(prefs, loaded);
	fuzz_write(copy, &second);
	OW_ASSERT(!strcmp(first.p, second.p));
	if (prefs->email)
		OW_ASSERT(email_is_valid(prefs->email));
	if (prefs->phone)
		OW_ASSERT(phone_is_valid(prefs->phone));
	prefs_free(&copy);
	prefs_free(&loaded);
	buf_done(&first);
	buf_done(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form_faults faults = { 0 };
	struct prefs *prefs = NULL;
	struct json *body = NULL;
	struct ow_fault fault;
	int64_t version;
	char *copy;

	if (size > FUZZ_MAX)
		return 0;
	/* Of the exact size, so that reading behind it is seen. */
	copy = malloc(size ? size : 1);
	OW_ASSERT(copy);
	if (size)
		memcpy(copy, data, size);
	(void)prefs_load(copy, size, 1, &prefs);	/* defaults at worst */
	OW_ASSERT(prefs && prefs->version == 1);
	fuzz_accepted(prefs);
	prefs_free(&prefs);
	if (!json_parse(copy, size, &body, &fault)) {
		if (!prefs_read(body, &prefs, &version, &faults)) {
			OW_ASSERT(!faults.n && version >= -1);
			fuzz_accepted(prefs);
			prefs_free(&prefs);
		} else {
			OW_ASSERT(faults.n && !prefs);
		}
		json_free(&body);
	}
	free(copy);
	return 0;
}
