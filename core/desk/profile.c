/* SPDX-License-Identifier: MIT */
/*
 * profile - a person's preferences: the whole document, under a version.
 *
 * The version in the store is the compare-and-set.  A document that was asked
 * for under another version than memory's is compared with the store's before
 * it is refused: another node may have written it.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/profile.h"
#include "desk/room.h"

/* ---- Told --------------------------------------------------------------- */

static void
get_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct command *c = arg;
	struct orders *o = c->orders;
	const struct ow_rows *rows = r->rows;
	struct prefs *prefs = NULL;
	int64_t version = 0;
	const char *doc;
	struct jw w;
	size_t n;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	if (rows[0].n_rows > 0) {
		version = row_int(rows, 0, 0);
		doc = row_text(rows, 0, 1, &n);
		/* One that is broken is shown as what applies. */
		(void)prefs_load(doc, n, version, &prefs);
	}
	if (prefs == NULL)
		prefs = prefs_new();
	prefs->version = version;
	jw_init(&w, &c->body);
	prefs_write(&w, NULL, prefs);
	prefs_free(&prefs);
	c->status = 200;
	c->seq = (uint64_t)version;
	c->has_etag = true;
	desk_answer(o, c);
}

void
profile_get(struct orders *o, struct command *c)
{
	struct txn *txn = txn_new(o->journal);

	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	txn_add(txn, Q_PREFS_GET, -1, "ss", c->tenant, c->who->sub);
	txn_send(&txn, get_came, c);
}

/* ---- Changed ------------------------------------------------------------ */

/* What is on its way to the store; then the person's. */
static void
written(struct orders *o, struct own *own, struct person *p,
    const struct ow_rows *rows)
{
	(void)o;
	(void)rows;
	prefs_free(&p->prefs);
	p->prefs = own->c->prefs;
	own->c->prefs = NULL;
}

void
profile_write(struct orders *o, struct own *own, struct person *p)
{
	struct buf doc = BUF_INIT(2 * PREFS_DOC_MAX), data = BUF_INIT(128);
	struct prefs *prefs = own->c->prefs;
	bool is_first = p->prefs->version == 0;
	struct txn *txn;
	struct jw w;

	prefs->version = p->prefs->version + 1;
	jw_init(&w, &doc);
	prefs_write(&w, NULL, prefs);
	OW_ASSERT(!doc.full);
	if (own->c->kind == CMD_PREFS_PUT) {
		own->c->status = 200;
		own->c->seq = (uint64_t)prefs->version;
		own->c->has_etag = true;
		buf_add(&own->c->body, doc.p, doc.n);
	}
	txn = own_txn(o, own, p);
	jw_init(&w, &data);
	jw_object(&w, NULL);
	jw_int(&w, "version", prefs->version);
	jw_end(&w);
	person_append(p, txn, "preferences.updated", loop_wall_ms(o->loop),
	    p->unread, data.p, data.n, &own->news);
	txn_add(txn, is_first ? Q_PREFS_INSERT : Q_PREFS_UPDATE, 1, "ssib",
	    own->tenant, own->sub, prefs->version,
	    (struct ow_bytes){ doc.p, doc.n });
	buf_done(&doc);
	buf_done(&data);
	own->done = written;
	own_send(own, &txn);
}

static void
put_step(struct orders *o, struct own *own, struct person *p)
{
	struct command *c = own->c;
	int64_t expected = c->if_match >= 0 ? c->if_match : c->body_version;

	if (expected < 0 || expected == p->prefs->version) {
		profile_write(o, own, p);
		return;
	}
	if (!own->fresh) {
		own_refresh(o, own, p);
		return;
	}
	command_refuse(c, 412, "precondition_failed",
	    "the preferences have version %lld",
	    (long long)p->prefs->version);
	desk_answer(o, c);
}

void
profile_put(struct orders *o, struct command *c)
{
	OW_ASSERT(c->prefs != NULL);
	own_start(o, own_new(c, put_step));
}
