/* SPDX-License-Identifier: MIT */
/*
 * address - where a subscription's messages go: the endpoint, the browser's
 * keys, and which key of ours it was made with.
 *
 * An endpoint comes from a user, so it is taken apart strictly: https, a plain
 * host that an admin allows, no user, no fragment.  Whether that host is a
 * public one is the host's to say, when it connects (OW_HTTP_FROM_USER).
 */
#ifndef WEBPUSH_ADDRESS_H
#define WEBPUSH_ADDRESS_H

#include "keyring.h"
#include "seal.h"
#include "vapid.h"

struct ow_address;
struct ow_fault;

#define ADDRESS_URL_MAX 2047	/* ow_address.identity */
#define ADDRESS_HOST_MAX 255

struct address {
	char endpoint[ADDRESS_URL_MAX + 1];
	char origin[VAPID_ORIGIN_MAX];	/* https://host[:port] */
	char host[ADDRESS_HOST_MAX + 1];
	char kid[KEYRING_KID_MAX + 1];
	struct seal_peer peer;
};

/* Take an endpoint apart, in its one spelling: scheme and host in small
   letters, no port 443.  NULL, or what is wrong with it. */
const char *address_endpoint(const char *url, struct address *out);
/* hosts: names with blanks or commas between them; "*.x.y" is any name below
   x.y, "*" any host at all. */
bool address_is_allowed(const char *hosts, const char *host);
/* NULL, or what is wrong with the list. */
const char *address_hosts_fault(const char *hosts);

/*
 * A browser's PushSubscription as JSON.  It is signed for with the current
 * key, or with the one that a member "application_server_key" names (what the
 * browser says it subscribed with).  OW_OK or OW_EINVAL.
 */
int address_check(const struct keyring *, const char *hosts, const char *wanted,
    struct ow_address *out, struct ow_fault *);
/* The text that address_check made.  OW_OK or OW_EINVAL. */
int address_read(const char *text, struct address *out);

#endif
