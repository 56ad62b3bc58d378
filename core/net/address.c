/* SPDX-License-Identifier: MIT */
/*
 * address - "127.0.0.1:8080" and socket addresses, both ways.
 *
 * What listeners are given by the config and what peers are called in logs,
 * limits and metrics.  It resolves no names and opens nothing.
 *
 * Invariant: one peer has one text, however its address came (an IPv4 peer of
 * a dual-stack socket is the same as that of an IPv4 one), since limits count
 * by it.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static int
address_refuse(const char *text, struct ow_fault *fault)
{
	snprintf(fault->text, sizeof(fault->text),
	    "'%.120s' is no address: write 127.0.0.1:8080 or [::1]:8080",
	    text);
	return OW_EINVAL;
}

static bool
address_parse_port(const char *s, in_port_t *out)
{
	unsigned long port = 0;
	const char *p;

	for (p = s; *p >= '0' && *p <= '9' && p - s < 5; p++)
		port = port * 10 + (unsigned long)(*p - '0');
	if (p == s || *p || port > 65535)
		return false;
	*out = htons((in_port_t)port);
	return true;
}

/* "[v6]:port" */
static bool
address_parse_v6(const char *text, struct sockaddr_in6 *sin6)
{
	char host[ADDRESS_SIZE];
	const char *end = strchr(text, ']');

	if (!end || end[1] != ':' || (size_t)(end - text) > sizeof(host))
		return false;
	memcpy(host, text + 1, (size_t)(end - text) - 1);
	host[end - text - 1] = '\0';
	sin6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1 &&
	    address_parse_port(end + 2, &sin6->sin6_port);
}

static bool
address_parse_v4(const char *text, struct sockaddr_in *sin)
{
	char host[ADDRESS_SIZE];
	const char *end = strchr(text, ':');

	if (!end || (size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	if (!strcmp(host, "localhost"))
		strcpy(host, "127.0.0.1");
	else if (!strcmp(host, "*"))
		strcpy(host, "0.0.0.0");
	sin->sin_family = AF_INET;
	return inet_pton(AF_INET, host, &sin->sin_addr) == 1 &&
	    address_parse_port(end + 1, &sin->sin_port);
}

int
address_parse(const char *text, struct sockaddr_storage *out,
    socklen_t *out_len, struct ow_fault *fault)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	memset(&sin6, 0, sizeof(sin6));
	memset(&sin, 0, sizeof(sin));
	if (*text == '[' && address_parse_v6(text, &sin6)) {
		memset(out, 0, sizeof(*out));
		memcpy(out, &sin6, sizeof(sin6));
		*out_len = sizeof(sin6);
		return OW_OK;
	}
	if (*text != '[' && address_parse_v4(text, &sin)) {
		memset(out, 0, sizeof(*out));
		memcpy(out, &sin, sizeof(sin));
		*out_len = sizeof(sin);
		return OW_OK;
	}
	return address_refuse(text, fault);
}

/* The IPv4 address that an IPv4 or mapped one is; false: it is none. */
static bool
address_as_v4(const struct sockaddr *sa, struct in_addr *out)
{
	const struct sockaddr_in6 *sin6;

	if (sa->sa_family == AF_INET) {
		*out = ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
		return true;
	}
	sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	if (sa->sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr))
		return false;
	memcpy(out, &sin6->sin6_addr.s6_addr[12], sizeof(*out));
	return true;
}

void
address_text(const struct sockaddr *sa, char out[ADDRESS_SIZE])
{
	const struct sockaddr_in6 *sin6;
	struct in_addr v4;

	out[0] = '\0';
	if (address_as_v4(sa, &v4)) {
		inet_ntop(AF_INET, &v4, out, ADDRESS_SIZE);
	} else if (sa->sa_family == AF_INET6) {
		sin6 = (const struct sockaddr_in6 *)(const void *)sa;
		inet_ntop(AF_INET6, &sin6->sin6_addr, out, ADDRESS_SIZE);
	}
}

void
address_text_port(const struct sockaddr *sa, char out[ADDRESS_PORT_SIZE])
{
	char host[ADDRESS_SIZE];
	bool is_v6 = sa->sa_family == AF_INET6;
	in_port_t port;

	if (is_v6)
		port = ((const struct sockaddr_in6 *)(const void *)sa)
		    ->sin6_port;
	else
		port = ((const struct sockaddr_in *)(const void *)sa)
		    ->sin_port;
	address_text(sa, host);
	is_v6 = strchr(host, ':') != NULL;
	snprintf(out, ADDRESS_PORT_SIZE, is_v6 ? "[%s]:%u" : "%s:%u", host,
	    ntohs(port));
}

bool
address_is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *sin6;
	struct in_addr v4;

	if (address_as_v4(sa, &v4))
		return (ntohl(v4.s_addr) >> 24) == 127;
	sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	return sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr);
}
