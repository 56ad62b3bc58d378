/* SPDX-License-Identifier: MIT */
/*
 * secure - an HTTPS server in a thread, for tests of clients: HTTP/2 for those
 * who offer it, else HTTP/1.1.
 *
 * Every request is answered 200 and "hello" (HTTP/1.1) or nothing (HTTP/2).
 */
#ifndef TEST_SECURE_H
#define TEST_SECURE_H

#include <pthread.h>
#include <stdbool.h>

struct secure {
	bool has_h2;		/* before secure_start: offers HTTP/2 */
	int n_hold;		/* HTTP/2: answers when so many have asked */
	const char *answer;	/* HTTP/1.1: instead of the usual one */
	int port;
	char ca_file[64];	/* who trusts it */
	int n_connections, n_requests;	/* after secure_stop */
	/* Its own. */
	int fd;
	void *tls;
	pthread_t thread;
};

void secure_start(struct secure *);
void secure_stop(struct secure *);
/* text with the port where it has a '#'; the caller's to free. */
char *secure_url(const struct secure *, const char *text);

#endif
