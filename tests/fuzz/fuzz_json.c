/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json - any bytes through json's readers.
 *
 * No bytes may crash any of them.  For what json_parse accepts: dumping and
 * compacting keep the value, and each member of an object is found in the
 * text by json_slice, as text of an equal value.  Values are compared by
 * their dumps, which keep order, kind and value.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define FUZZ_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	const char *p;
	size_t n;
	struct buf want, got;
};

/* The text parses, and to the value whose dump is in f->want. */
static void
fuzz_same(struct fuzz *f, const char *p, size_t n)
{
	struct json *j;

	OW_ASSERT(json_parse(p, n, &j, NULL) == OW_OK);
	buf_clear(&f->got);
	json_dump(j, &f->got);
	OW_ASSERT(f->got.n == f->want.n);
	OW_ASSERT(!memcmp(f->got.p, f->want.p, f->want.n));
	json_free(&j);
}

static int
fuzz_member(void *arg, const char *name, const struct json *j)
{
	struct fuzz *f = arg;
	struct ow_bytes slice;

	buf_clear(&f->want);
	json_dump(j, &f->want);
	OW_ASSERT(json_slice(f->p, f->n, name, &slice) == OW_OK);
	fuzz_same(f, slice.p, slice.n);
	return OW_OK;
}

static void
fuzz_accepted(struct fuzz *f, const struct json *j)
{
	struct buf compact = BUF_INIT(FUZZ_MAX);
	char *dump;
	size_t n;

	json_dump(j, &f->want);
	OW_ASSERT(!f->want.full);
	n = f->want.n;
	dump = mem_dupn(f->want.p, n);
	fuzz_same(f, dump, n);
	free(dump);
	json_compact(&compact, f->p, f->n);
	OW_ASSERT(compact.n <= f->n);
	fuzz_same(f, compact.p, compact.n);
	(void)json_each(j, fuzz_member, f);	/* never stops */
	buf_done(&compact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A dump may be longer: "1e9" is a real again, "\x7f" is escaped. */
	struct fuzz f = { NULL, size, BUF_INIT(FUZZ_MAX * 8),
		BUF_INIT(FUZZ_MAX * 8) };
	struct buf any = BUF_INIT(FUZZ_MAX);
	struct ow_fault fault;
	struct ow_bytes slice;
	struct json *j;
	char *copy;

	if (size > FUZZ_MAX)
		return 0;
	/* Of the exact size, so that reading behind it is seen. */
	copy = malloc(size ? size : 1);
	OW_ASSERT(copy);
	if (size)
		memcpy(copy, data, size);
	f.p = copy;
	if (json_parse(f.p, f.n, &j, &fault) == OW_OK) {
		fuzz_accepted(&f, j);
		json_free(&j);
	}
	json_compact(&any, f.p, f.n);
	(void)json_slice(f.p, f.n, "type", &slice);	/* must not crash */
	free(copy);
	buf_done(&any);
	buf_done(&f.want);
	buf_done(&f.got);
	return 0;
}
