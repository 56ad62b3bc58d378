/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_table - JSON as aligned text, for people.
 *
 * Texts may be what a customer or a provider wrote, so nothing that a terminal
 * would obey gets through.  Widths are counted in characters; who needs to
 * read it by a program asks for the JSON.
 */
#include "orderwirectl.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define CTL_CELL_MAX 1024
#define CTL_COLUMNS_MAX 16
#define CTL_GAP 2

/* The cell's bytes: one line, UTF-8, no control character. */
static void
ctl_cell(const struct json *v, char out[CTL_CELL_MAX])
{
	struct buf text = BUF_INIT(CTL_CELL_MAX - 1);
	const char *s = "-";
	size_t i, n;

	if (json_type(v) == JSON_TEXT && json_text(v)[0]) {
		s = json_text(v);
	} else if (v && json_type(v) != JSON_NULL &&
	    json_type(v) != JSON_TEXT) {
		json_dump(v, &text);
		s = text.n ? text.p : "...";
	}
	n = strnlen(s, CTL_CELL_MAX - 1);
	/* Cut between characters. */
	while (s[n] && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, s, n);
	out[n] = '\0';
	for (i = 0; i < n; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f) {
			out[i] = ' ';
		} else if ((unsigned char)out[i] == 0xc2 &&
		    (unsigned char)out[i + 1] < 0xa0) {
			out[i] = out[i + 1] = '?';	/* U+0080 to U+009F */
		}
	buf_done(&text);
}

static size_t
ctl_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
ctl_pad(struct buf *out, const char *s, size_t width, bool is_last)
{
	size_t n = ctl_width(s);

	(void)buf_str(out, s);
	if (is_last) {
		(void)buf_char(out, '\n');
		return;
	}
	for (; n < width + CTL_GAP; n++)
		(void)buf_char(out, ' ');
}

void
ctl_write_table(struct buf *out, const struct json *list,
    const struct ctl_column *columns)
{
	size_t width[CTL_COLUMNS_MAX], i, k, n = 0, w;
	char cell[CTL_CELL_MAX];

	for (; n < CTL_COLUMNS_MAX && columns[n].head; n++)
		width[n] = ctl_width(columns[n].head);
	for (i = 0; i < json_count(list); i++)
		for (k = 0; k < n; k++) {
			ctl_cell(json_get(json_at(list, i),
			    columns[k].member), cell);
			w = ctl_width(cell);
			width[k] = w > width[k] ? w : width[k];
		}
	for (k = 0; k < n; k++)
		ctl_pad(out, columns[k].head, width[k], k + 1 == n);
	for (i = 0; i < json_count(list); i++)
		for (k = 0; k < n; k++) {
			ctl_cell(json_get(json_at(list, i),
			    columns[k].member), cell);
			ctl_pad(out, cell, width[k], k + 1 == n);
		}
}

/* ---- One object ---------------------------------------------------------- */

struct ctl_record {
	struct buf *out;		/* NULL: only look */
	size_t width;
};

static int
ctl_write_member(void *arg, const char *name, const struct json *v)
{
	struct ctl_record *r = arg;
	char cell[CTL_CELL_MAX];

	if (json_type(v) == JSON_LIST || json_type(v) == JSON_OBJECT)
		return OW_OK;
	if (!r->out) {
		r->width = strlen(name) > r->width ? strlen(name) : r->width;
		return OW_OK;
	}
	ctl_cell(v, cell);
	ctl_pad(r->out, name, r->width, false);
	ctl_pad(r->out, cell, 0, true);
	return OW_OK;
}

void
ctl_write_record(struct buf *out, const struct json *object)
{
	struct ctl_record r = { NULL, 0 };

	(void)json_each(object, ctl_write_member, &r);
	r.out = out;
	(void)json_each(object, ctl_write_member, &r);
}
