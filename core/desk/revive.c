/* SPDX-License-Identifier: MIT */
/*
 * revive - rows of the store as orders and events again.
 *
 * A document or an event that does not read is a broken database: it is
 * logged with the order's id and never guessed at.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "desk/room.h"

struct order *
revive_order(const struct ow_rows *rows, uint32_t row, uint32_t doc_col)
{
	struct ow_fault fault;
	struct order *o;
	const char *doc;
	size_t n;

	doc = row_text(rows, row, doc_col, &n);
	if (doc != NULL && order_read(doc, n, &o, &fault) == OW_OK)
		return o;
	log_error("desk", "stored order does not read",
	    LOG_STR("fault", doc != NULL ? fault.text : "no document"));
	return NULL;
}

struct event *
revive_event(const char *tenant, const char *order_id,
    const struct ow_rows *rows, uint32_t row, uint32_t col)
{
	size_t n = 0;
	const char *type = row_text(rows, row, col + 2, NULL);
	const char *message = row_text(rows, row, col + 3, &n);

	return event_make(tenant, order_id, type != NULL ? type : "",
	    (uint64_t)row_int(rows, row, col), row_int(rows, row, col + 1),
	    message != NULL ? message : "", n);
}

int
revive_fold(struct order *o, const struct ow_rows *rows, uint32_t row,
    uint32_t col)
{
	struct json *message = NULL;
	struct ow_fault fault;
	const char *text, *type = row_text(rows, row, col + 2, NULL);
	uint64_t seq = (uint64_t)row_int(rows, row, col);
	size_t n = 0;
	int err;

	text = row_text(rows, row, col + 3, &n);
	err = text == NULL || type == NULL || seq != o->seq + 1 ? OW_EIO :
	    json_parse(text, n, &message, &fault);
	if (err == OW_OK)
		err = order_apply(o, type, seq, row_int(rows, row, col + 1),
		    json_get(message, "data"));
	json_free(&message);
	if (err == OW_OK)
		return OW_OK;
	log_error("desk", "stored event does not fold",
	    LOG_STR("order", o->id), LOG_INT("seq", (int64_t)seq));
	return OW_EIO;
}
