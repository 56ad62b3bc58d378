/* SPDX-License-Identifier: MIT */
/*
 * public - may somebody else's URL lead us to this address?
 *
 * An address is 16 bytes here; one of IPv4, however it came, is its mapped
 * form (::ffff:0:0/96), so there is one table and one comparison.  What a
 * tunnel hides (6to4, Teredo) is refused as a whole: nobody serves from there
 * any more.
 */
#include "net/public.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PUBLIC_NETWORKS_MAX 1000u
#define PUBLIC_MAPPED_BITS 96u

struct network {
	unsigned char at[16];
	uint32_t bits;
};

struct public_allow {
	uint32_t n;
	struct network *list;
};

static const unsigned char public_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xff, 0xff };
/* RFC 6052, 2.1: what follows is an IPv4 address. */
static const unsigned char public_nat64[12] = { 0, 0x64, 0xff, 0x9b };

/* IANA IPv4 Special-Purpose Address Registry: all that is not globally
   reachable, multicast (RFC 5771), and 6to4 relays (RFC 7526). */
static const struct {
	unsigned char at[4];
	uint32_t bits;
} public_not_v4[] = {
	{ { 0 }, 8 },			/* this network, RFC 791 */
	{ { 10 }, 8 },			/* private, RFC 1918 */
	{ { 100, 64 }, 10 },		/* shared, RFC 6598 */
	{ { 127 }, 8 },			/* loopback */
	{ { 169, 254 }, 16 },		/* link-local, RFC 3927 */
	{ { 172, 16 }, 12 },		/* private */
	{ { 192, 0, 0 }, 24 },		/* IETF protocols, RFC 6890 */
	{ { 192, 0, 2 }, 24 },		/* documentation, RFC 5737 */
	{ { 192, 88, 99 }, 24 },	/* 6to4 relays */
	{ { 192, 168 }, 16 },		/* private */
	{ { 198, 18 }, 15 },		/* benchmarks, RFC 2544 */
	{ { 198, 51, 100 }, 24 },	/* documentation */
	{ { 203, 0, 113 }, 24 },	/* documentation */
	{ { 224 }, 4 },			/* multicast */
	{ { 240 }, 4 },			/* reserved, and broadcast */
};

/* Inside of 2000::/3, beyond which nothing is global unicast (RFC 4291,
   2.4). */
static const struct network public_not_v6[] = {
	{ { 0x20, 0x01 }, 23 },			/* IETF protocols: Teredo... */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },	/* documentation, RFC 3849 */
	{ { 0x20, 0x02 }, 16 },			/* 6to4, RFC 3056 */
	{ { 0x3f, 0xff }, 20 },			/* documentation, RFC 9637 */
};

/* ---- Addresses --------------------------------------------------------- */

static void
public_map(const void *v4, unsigned char out[16])
{
	memcpy(out, public_mapped, sizeof(public_mapped));
	memcpy(out + sizeof(public_mapped), v4, 4);
}

static bool
public_bytes(const struct sockaddr *sa, unsigned char out[16])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		public_map(&in.sin_addr, out);
		return true;
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

static bool
public_has_prefix(const unsigned char *at, const unsigned char *network,
    uint32_t bits)
{
	uint32_t whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);

	return !memcmp(at, network, whole) &&
	    (!rest || ((at[whole] ^ network[whole]) & mask) == 0);
}

static bool
public_is_public_v4(const unsigned char at[4])
{
	size_t i;

	for (i = 0; i < sizeof(public_not_v4) / sizeof(public_not_v4[0]); i++)
		if (public_has_prefix(at, public_not_v4[i].at,
		    public_not_v4[i].bits))
			return false;
	return true;
}

static bool
public_is_public_v6(const unsigned char at[16])
{
	size_t i;

	if (at[0] >> 5 != 1)
		return false;
	for (i = 0; i < sizeof(public_not_v6) / sizeof(public_not_v6[0]); i++)
		if (public_has_prefix(at, public_not_v6[i].at,
		    public_not_v6[i].bits))
			return false;
	return true;
}

static bool
public_judge(const unsigned char at[16])
{
	if (!memcmp(at, public_mapped, sizeof(public_mapped)) ||
	    !memcmp(at, public_nat64, sizeof(public_nat64)))
		return public_is_public_v4(at + 12);
	return public_is_public_v6(at);
}

bool
public_is_public(const struct sockaddr *sa)
{
	unsigned char at[16];

	return public_bytes(sa, at) && public_judge(at);
}

bool
public_is_allowed(const struct public_allow *allow,
    const struct sockaddr *sa)
{
	unsigned char at[16];
	uint32_t i;

	if (!public_bytes(sa, at))
		return false;
	if (public_judge(at))
		return true;
	for (i = 0; allow && i < allow->n; i++)
		if (public_has_prefix(at, allow->list[i].at,
		    allow->list[i].bits))
			return true;
	return false;
}

/* ---- The list ---------------------------------------------------------- */

static int public_fault(struct ow_fault *fault, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
public_fault(struct ow_fault *fault, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return OW_EINVAL;
}

/* "24" as bits of an address that has so many; -1: no such number. */
static int
public_prefix(const char *digits, int bits_max)
{
	size_t n = strspn(digits, "0123456789");

	if (!n || n > 3 || digits[n] || atoi(digits) > bits_max)
		return -1;
	return atoi(digits);
}

static bool
public_has_rest(const struct network *network)
{
	uint32_t bit;

	for (bit = network->bits; bit < 128; bit++)
		if (network->at[bit / 8] & (0x80u >> bit % 8))
			return true;
	return false;
}

static int
public_parse_one(char *word, struct network *out, struct ow_fault *fault)
{
	char *slash = strchr(word, '/');
	unsigned char v4[4];
	bool is_v4;
	int bits;

	if (slash)
		*slash = '\0';
	is_v4 = inet_pton(AF_INET, word, v4) == 1;
	if (is_v4)
		public_map(v4, out->at);
	else if (inet_pton(AF_INET6, word, out->at) != 1)
		return public_fault(fault, "'%.60s' is not an address such as "
		    "10.1.2.0 or fd00::", word);
	bits = is_v4 ? 32 : 128;
	if (slash)
		bits = public_prefix(slash + 1, bits);
	if (bits < 0)
		return public_fault(fault, "'/%.20s' behind %.60s must be "
		    "between /0 and /%d", slash + 1, word, is_v4 ? 32 : 128);
	out->bits = (uint32_t)bits + (is_v4 ? PUBLIC_MAPPED_BITS : 0);
	if (public_has_rest(out))
		return public_fault(fault, "%.60s/%d has bits set behind its "
		    "first %d", word, bits, bits);
	return OW_OK;
}

int
public_allow_parse(const char *text, struct public_allow **out,
    struct ow_fault *fault)
{
	struct public_allow *allow = mem_alloc(sizeof(*allow));
	char *copy = mem_dup(text), *rest = copy, *word;
	int err = OW_OK;

	allow->list = mem_alloc((strlen(text) / 2 + 1) * sizeof(*allow->list));
	while (!err && (word = strsep(&rest, " \t\r\n"))) {
		if (!*word)
			continue;
		if (allow->n == PUBLIC_NETWORKS_MAX)
			err = public_fault(fault, "more than %u networks",
			    PUBLIC_NETWORKS_MAX);
		else
			err = public_parse_one(word, &allow->list[allow->n++],
			    fault);
	}
	free(copy);
	if (err)
		public_allow_free(&allow);
	else
		*out = allow;
	return err;
}

void
public_allow_free(struct public_allow **p)
{
	struct public_allow *allow = *p;

	*p = NULL;
	if (!allow)
		return;
	free(allow->list);
	free(allow);
}
