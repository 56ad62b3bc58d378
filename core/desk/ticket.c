/* SPDX-License-Identifier: MIT */
/*
 * ticket - see ticket.h.  uthash keeps the order of adding, and every ticket
 * lives equally long, so the expired ones are always the first.
 */
#include "desk/ticket.h"

#include <orderwire/plugin.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
ticket_end(struct tickets *t, struct ticket *k)
{
	HASH_DEL(t->all, k);
	if (k->repeat != NULL)
		HASH_DELETE(by_repeat, t->by_repeat, k);
	who_unref(&k->who);
	free(k->repeat);
	free(k->hash);
	mem_wipe(k->text, sizeof(k->text));
	free(k);
}

void
tickets_done(struct tickets *t)
{
	while (t->all != NULL)
		ticket_end(t, t->all);
}

void
tickets_sweep(struct tickets *t, int64_t now_ms)
{
	while (t->all != NULL && t->all->expires_ms <= now_ms)
		ticket_end(t, t->all);
}

int
ticket_new(struct tickets *t, const struct who *who, const char *path,
    const char *repeat, const char *hash, int64_t now_ms,
    const struct ticket **out)
{
	unsigned char random[TICKET_RANDOM];
	struct ticket *k = NULL;
	size_t n = strlen(path);

	tickets_sweep(t, now_ms);
	if (repeat != NULL)
		HASH_FIND(by_repeat, t->by_repeat, repeat, strlen(repeat), k);
	if (k != NULL) {
		if (strcmp(k->hash, hash) != 0)
			return OW_ECONFLICT;
		*out = k;
		return OW_OK;
	}
	if (HASH_COUNT(t->all) >= TICKETS_MAX)
		return OW_ELIMIT;
	k = mem_alloc(sizeof(*k) + n + 1);
	memcpy(k->path, path, n);
	k->who = who_ref(who);
	k->expires_ms = now_ms + TICKET_TTL_MS;
	k->repeat = mem_dup(repeat);
	k->hash = repeat != NULL ? mem_dup(hash) : NULL;
	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), k->text);
	mem_wipe(random, sizeof(random));
	HASH_ADD_STR(t->all, text, k);
	if (k->repeat != NULL)
		HASH_ADD_KEYPTR(by_repeat, t->by_repeat, k->repeat,
		    strlen(k->repeat), k);
	*out = k;
	return OW_OK;
}

int
ticket_use(struct tickets *t, const char *text, const char *path,
    int64_t now_ms, struct who **out)
{
	struct ticket *k;

	tickets_sweep(t, now_ms);
	HASH_FIND_STR(t->all, text, k);
	if (k == NULL || path == NULL || strcmp(k->path, path) != 0)
		return OW_EDENIED;
	*out = who_ref(k->who);
	ticket_end(t, k);
	return OW_OK;
}
