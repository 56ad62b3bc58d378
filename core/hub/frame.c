/* SPDX-License-Identifier: MIT */
/*
 * frame - head, body and tail in one piece of memory.
 *
 * One piece because a send of one piece is the cheapest there is, and because
 * a frame that is half sent can then outlive the event that it shows.
 */
#include "hub/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
frame_ask(const struct framer *by, const struct ow_event *ev,
    struct ow_frame *out)
{
	out->size = sizeof(*out);
	out->head_len = out->tail_len = 0;
	out->body = ev->json;
	by->transport->frame(by->self, by->variant, ev, out);
	OW_ASSERT(out->head_len <= sizeof(out->head));
	OW_ASSERT(out->tail_len <= sizeof(out->tail));
}

static struct frame *
frame_alloc(size_t n)
{
	struct frame *f;

	OW_ASSERT(n <= UINT32_MAX / 2);
	f = mem_grow(NULL, sizeof(*f) + n);
	*f = (struct frame){ .refs = 1, .n = (uint32_t)n };
	return f;
}

static char *
frame_put(char *at, const void *p, size_t n)
{
	if (n > 0)
		memcpy(at, p, n);
	return at + n;
}

struct frame *
frame_new(const struct framer *by, const struct ow_event *ev)
{
	struct ow_frame w;
	struct frame *f;
	char *at;

	frame_ask(by, ev, &w);
	f = frame_alloc(w.head_len + w.body.n + w.tail_len);
	at = frame_put(f->p, w.head, w.head_len);
	at = frame_put(at, w.body.p, w.body.n);
	(void)frame_put(at, w.tail, w.tail_len);
	return f;
}

struct frame *
frame_copy(const struct ow_bytes *parts, size_t n_parts)
{
	struct frame *f;
	size_t i, n = 0;
	char *at;

	for (i = 0; i < n_parts; i++)
		n += parts[i].n;
	f = frame_alloc(n);
	at = f->p;
	for (i = 0; i < n_parts; i++)
		at = frame_put(at, parts[i].p, parts[i].n);
	return f;
}

struct frame *
frame_ref(struct frame *f)
{
	f->refs++;
	return f;
}

void
frame_unref(struct frame **fp)
{
	struct frame *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	OW_ASSERT(f->refs > 0);
	if (--f->refs == 0)
		free(f);
}

void
frame_unref_all(struct frame **list)
{
	struct frame *f;

	while ((f = *list) != NULL) {
		*list = f->next;
		/* One that is half sent lives on, alone. */
		f->next = NULL;
		frame_unref(&f);
	}
}

/* While it grows, `key` is how many bytes there is room for. */
void
frame_add(struct frame **fp, const void *p, size_t n, size_t hint)
{
	struct frame *f = *fp;
	size_t need = n + (f != NULL ? f->n : 0);

	if (f == NULL) {
		f = frame_alloc(need > hint ? need : hint);
		f->key = f->n;
		f->n = 0;
	} else if (need > f->key) {
		OW_ASSERT(need <= UINT32_MAX / 4);
		f = mem_grow(f, sizeof(*f) + need * 2);
		f->key = (uint32_t)need * 2;
	}
	(void)frame_put(f->p + f->n, p, n);
	f->n = (uint32_t)need;
	*fp = f;
}

void
frame_add_event(struct frame **f, const struct framer *by,
    const struct ow_event *ev, size_t hint)
{
	struct ow_frame w;

	frame_ask(by, ev, &w);
	frame_add(f, w.head, w.head_len, hint);
	frame_add(f, w.body.p, w.body.n, hint);
	frame_add(f, w.tail, w.tail_len, hint);
}

void
out_add(struct out **last, struct frame *f)
{
	struct out *o;

	o = mem_grow(NULL, sizeof(*o));
	o->frame = f;
	if (*last == NULL) {
		o->next = o;
	} else {
		o->next = (*last)->next;
		(*last)->next = o;
	}
	*last = o;
}

struct frame *
out_pop(struct out **last)
{
	struct out *first;
	struct frame *f;

	if (*last == NULL)
		return NULL;
	first = (*last)->next;
	f = first->frame;
	if (first == *last)
		*last = NULL;
	else
		(*last)->next = first->next;
	free(first);
	return f;
}

void
out_done(struct out **last)
{
	struct frame *f;

	while ((f = out_pop(last)) != NULL)
		frame_unref(&f);
}
