/* SPDX-License-Identifier: MIT */
/*
 * public - may somebody else's URL lead us to this address?
 *
 * Yes for public unicast addresses, as the special-purpose registries of IANA
 * have it (RFC 6890), and for what the admin allows besides.  An IPv6 address
 * that leads to an IPv4 one (mapped, NAT64) is judged by that.
 *
 * Pure: it looks at addresses, never at names, so it has to be asked about
 * the very address that is connected to.
 */
#ifndef NET_PUBLIC_H
#define NET_PUBLIC_H

#include <orderwire/plugin.h>

struct sockaddr;
struct public_allow;		/* networks that are allowed besides */

/*
 * Blank-separated networks and single addresses: "10.1.2.0/24 fd00::/8 ::1".
 * "" is a list of none.  OW_OK, or OW_EINVAL with what is wrong: not an
 * address, a prefix too long, bits set behind the prefix, more than 1,000.
 */
int public_allow_parse(const char *text, struct public_allow **out,
    struct ow_fault *);
void public_allow_free(struct public_allow **);

/* No for what is neither IPv4 nor IPv6. */
bool public_is_public(const struct sockaddr *);
/* The same, or allow (NULL: nothing) names it.  A network of IPv4 is also
   that of its mapped addresses. */
bool public_is_allowed(const struct public_allow *, const struct sockaddr *);

#endif
