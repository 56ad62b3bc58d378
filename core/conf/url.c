/* SPDX-License-Identifier: MIT */
/*
 * url - is this text a URL that somebody could have meant?
 *
 * A check of spelling for the one who writes the file, not a parser for the
 * one who connects: what a URL means is up to the library that gets it.
 * Unknown schemes pass (a plugin may have its own) unless they look like a
 * known one misspelt.
 */
#include "conf/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/near.h"

#define URL_HOST_MAX 255
#define URL_MAX 2048

struct url_scheme {
	const char *name;
	bool hostless;		/* the host may be missing: a local socket */
	bool many;		/* several hosts with commas between them */
};

static const struct url_scheme url_schemes[] = {
	{ "http", false, false },
	{ "https", false, false },
	{ "ws", false, false },
	{ "wss", false, false },
	{ "smtp", false, false },
	{ "smtps", false, false },
	{ "nats", false, true },
	{ "tls", false, true },
	{ "postgres", true, true },
	{ "postgresql", true, true },
	{ "redis", false, false },
	{ "rediss", false, false },
	{ "amqp", false, false },
	{ "amqps", false, false },
	{ "mqtt", false, false },
	{ "mqtts", false, false },
	{ "smpp", false, false },
	{ "tcp", false, false },
	{ NULL, false, false },
};

static int
url_fault(struct ow_fault *fault, const char *why)
{
	snprintf(fault->text, sizeof(fault->text), "%s", why);
	return OW_EINVAL;
}

static int
url_port(const char *p, size_t n, int min, struct ow_fault *fault)
{
	char word[6];
	size_t i;
	int port;

	for (i = 0; i < n && isdigit((unsigned char)p[i]); i++)
		;
	if (n && n < sizeof(word) && i == n) {
		memcpy(word, p, n);
		word[n] = '\0';
		port = atoi(word);
		if (port >= min && port <= 65535)
			return OW_OK;
	}
	return url_fault(fault, min ? "the port must be between 1 and 65535" :
	    "the port must be between 0 and 65535");
}

static int
url_name(const char *p, size_t n, struct ow_fault *fault)
{
	size_t i;

	if (!n)
		return url_fault(fault, "the host is missing");
	if (n > URL_HOST_MAX)
		return url_fault(fault, "the host is too long");
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && !strchr("-._", p[i]))
			return url_fault(fault,
			    "the host has a character that no host has");
	return OW_OK;
}

static int
url_v6(const char *p, size_t n, struct ow_fault *fault)
{
	char word[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (n < sizeof(word)) {
		memcpy(word, p, n);
		word[n] = '\0';
		if (inet_pton(AF_INET6, word, &addr) == 1)
			return OW_OK;
	}
	return url_fault(fault, "between [ and ] belongs an IPv6 address");
}

/* One host with its port.  Port 0 is for listeners: any free one. */
static int
url_host(const char *p, size_t n, bool needs_port,
    struct ow_fault *fault)
{
	const char *close, *colon;
	int err;

	if (n && *p == '[') {
		close = memchr(p, ']', n);
		if (!close)
			return url_fault(fault, "']' is missing");
		err = url_v6(p + 1, (size_t)(close - p) - 1, fault);
		n -= (size_t)(close + 1 - p);
		p = close + 1;
		if (!err && n && *p != ':')
			err = url_fault(fault, "after ']' belongs ':' and a "
			    "port");
		colon = n ? p : NULL;
	} else {
		colon = memchr(p, ':', n);
		err = url_name(p, colon ? (size_t)(colon - p) : n, fault);
	}
	if (err)
		return err;
	if (!colon)
		return needs_port ? url_fault(fault, "the port is missing") :
		    OW_OK;
	return url_port(colon + 1, (size_t)(p + n - colon) - 1,
	    needs_port ? 0 : 1, fault);
}

static const struct url_scheme *
url_scheme(const char *word,
    struct ow_fault *fault)
{
	static const struct url_scheme other = { "", false, false };
	const struct url_scheme *scheme;
	struct near near = { word, NULL, 0 };
	char hint[64];

	for (scheme = url_schemes; scheme->name; scheme++) {
		if (!strcasecmp(scheme->name, word))
			return scheme;
		if (strlen(word) > 3)
			near_try(&near, scheme->name);
	}
	if (!near.best)
		return &other;
	near_hint(&near, hint, sizeof(hint));
	snprintf(fault->text, sizeof(fault->text), "unknown scheme '%s'%s",
	    word, hint);
	return NULL;
}

static int
url_authority(const char *p, size_t n,
    const struct url_scheme *scheme, struct ow_fault *fault)
{
	const char *at = memrchr(p, '@', n), *comma;
	size_t len;
	int err;

	if (at) {
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (!n && scheme->hostless)
		return OW_OK;
	for (;;) {
		comma = scheme->many ? memchr(p, ',', n) : NULL;
		len = comma ? (size_t)(comma - p) : n;
		err = url_host(p, len, false, fault);
		if (err || !comma)
			return err;
		p += len + 1;
		n -= len + 1;
	}
}

int
url_check(const char *url, struct ow_fault *fault)
{
	const char *sep = strstr(url, "://"), *p;
	const struct url_scheme *scheme;
	char word[24];

	if (strlen(url) > URL_MAX)
		return url_fault(fault, "it is too long");
	for (p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return url_fault(fault, "a URL has no blanks");
	for (p = url; sep && p < sep; p++)
		if (!(p == url ? isalpha((unsigned char)*p) != 0 :
		    isalnum((unsigned char)*p) || strchr("+.-", *p)))
			sep = NULL;
	if (!sep || sep == url || (size_t)(sep - url) >= sizeof(word))
		return url_fault(fault, "it must start with a scheme such as "
		    "https://");
	memcpy(word, url, (size_t)(sep - url));
	word[sep - url] = '\0';
	scheme = url_scheme(word, fault);
	if (!scheme)
		return OW_EINVAL;
	return url_authority(sep + 3, strcspn(sep + 3, "/?#"), scheme, fault);
}

int
url_check_listen(const char *address, struct ow_fault *fault)
{
	return url_host(address, strlen(address), true, fault);
}

bool
url_is_loopback(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t n;

	host = host ? host + 3 : url;
	n = strcspn(host, "/?#");
	at = memrchr(host, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	if (n >= 5 && !memcmp(host, "[::1]", 5))
		return true;
	n = strcspn(host, ":/?#");
	return (n == 9 && !strncasecmp(host, "localhost", 9)) ||
	    (n > 4 && !strncmp(host, "127.", 4) &&
	    strspn(host, "0123456789.") == n);
}
