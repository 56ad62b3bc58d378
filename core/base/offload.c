/* SPDX-License-Identifier: MIT */
/*
 * offload - the helper threads of a loop: work that would block it, or eat a
 * processor, runs here and comes back as a letter.
 *
 * Two threads, because the work is rare and heavy (a password hash, a key
 * pair, a name lookup); it takes its turn in the order in which it came, but
 * may end in another.  The queue has no cap of its own: whoever offloads
 * bounds what is in flight, as it must wait for done() anyway.
 *
 * The threads get no signals: these are for the main thread.
 */
#include "base/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/mem.h"

#define OFFLOAD_THREADS 2

struct offload_job {
	struct offload_job *next;
	void (*work)(void *);
	void (*done)(void *);
	void *arg;
};

struct offload {
	struct loop *loop;
	int thread_count;
	pthread_t threads[OFFLOAD_THREADS];
	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t some;	/* a job, or the end */
	struct offload_job *head, **tail;
	bool is_ending;
};

/* The next job, or NULL at the end. */
static struct offload_job *
offload_next(struct offload *o)
{
	struct offload_job *job = NULL;

	pthread_mutex_lock(&o->lock);
	while (!o->is_ending && !o->head)
		pthread_cond_wait(&o->some, &o->lock);
	if (!o->is_ending) {
		job = o->head;
		o->head = job->next;
		if (!o->head)
			o->tail = &o->head;
	}
	pthread_mutex_unlock(&o->lock);
	return job;
}

static void *
offload_main(void *arg)
{
	struct offload *o = arg;
	struct offload_job *job;

	while ((job = offload_next(o))) {
		job->work(job->arg);
		loop_post(o->loop, job->done, job->arg);
		free(job);
	}
	return NULL;
}

struct offload *
offload_new(struct loop *l)
{
	struct offload *o;
	sigset_t all, before;
	int i;

	o = mem_alloc(sizeof(*o));
	o->loop = l;
	o->tail = &o->head;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->some, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (i = 0; i < OFFLOAD_THREADS; i++) {
		if (pthread_create(&o->threads[i], NULL, offload_main, o))
			break;
		o->thread_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* One is enough; none is like having no memory. */
	OW_ASSERT(o->thread_count > 0);
	return o;
}

void
offload_add(struct offload *o, void (*work)(void *), void (*done)(void *),
    void *arg)
{
	struct offload_job *job;

	job = mem_alloc(sizeof(*job));
	job->work = work;
	job->done = done;
	job->arg = arg;
	pthread_mutex_lock(&o->lock);
	*o->tail = job;
	o->tail = &job->next;
	pthread_cond_signal(&o->some);
	pthread_mutex_unlock(&o->lock);
}

void
offload_free(struct offload **out_o)
{
	struct offload *o = *out_o;
	struct offload_job *job;
	int i;

	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->is_ending = true;
	pthread_cond_broadcast(&o->some);
	pthread_mutex_unlock(&o->lock);
	for (i = 0; i < o->thread_count; i++)
		pthread_join(o->threads[i], NULL);
	while ((job = o->head)) {
		o->head = job->next;
		free(job);
	}
	pthread_cond_destroy(&o->some);
	pthread_mutex_destroy(&o->lock);
	free(o);
	*out_o = NULL;
}
