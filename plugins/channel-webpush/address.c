/* SPDX-License-Identifier: MIT */
/*
 * address - see address.h.
 *
 * The text that is kept is JSON again: {"endpoint":...,"p256dh":...,
 * "auth":...,"kid":...}.  All four are spelt with signs that JSON does not
 * escape, so it is written without ado.
 */
#include "address.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <orderwire/plugin.h>

#define ADDRESS_JSON_MAX 8192
#define HOST_SIGNS "abcdefghijklmnopqrstuvwxyz0123456789-_."
#define LIST_SIGNS " ,\t\n"

/* ---- Endpoints ----------------------------------------------------------- */

/* Neither blanks, nor what ends a JSON string or starts another reading. */
static bool
url_is_plain(const char *url)
{
	for (; *url; url++)
		if (*url <= ' ' || *url > '~' || strchr("\"\\<>^`{|}#", *url))
			return false;
	return true;
}

/* The host and the port of n signs; NULL, or what is wrong. */
static const char *
url_authority(const char *p, size_t n, struct address *out)
{
	const char *colon = memchr(p, ':', n), *end = p + n;
	size_t len = colon && *p != '[' ? (size_t)(colon - p) : n, i;
	long port = 443;
	char digits[6] = "";

	if (memchr(p, '@', n))
		return "has a user in it";
	if (*p == '[') {
		colon = memchr(p, ']', n);
		if (!colon)
			return "has no host";
		len = (size_t)(++colon - p);
		if (colon < end && *colon != ':')
			return "has no host";
		colon = colon < end ? colon : NULL;
	}
	if (!len || len > ADDRESS_HOST_MAX || (*p == '[' && len < 4))
		return "has no host";
	for (i = 0; i < len; i++)
		out->host[i] = (char)tolower((unsigned char)p[i]);
	out->host[len] = '\0';
	if (*p == '[' ? strspn(out->host + 1, "0123456789abcdef:.") != len - 2 :
	    strspn(out->host, HOST_SIGNS) != len)
		return "has a host that none can be";
	if (colon) {
		n = (size_t)(end - ++colon);
		if (!n || n >= sizeof(digits) ||
		    strspn(colon, "0123456789") < n)
			return "has a port that none can be";
		memcpy(digits, colon, n);
		port = strtol(digits, NULL, 10);
		if (port < 1 || port > 65535)
			return "has a port that none can be";
	}
	(void)snprintf(digits, sizeof(digits), "%ld", port);
	(void)snprintf(out->origin, sizeof(out->origin), "https://%s%s%s",
	    out->host, port == 443 ? "" : ":", port == 443 ? "" : digits);
	return NULL;
}

const char *
address_endpoint(const char *url, struct address *out)
{
	const char *rest, *why;
	int len;

	if (strnlen(url, ADDRESS_URL_MAX + 1) > ADDRESS_URL_MAX)
		return "is too long";
	if (!url_is_plain(url))
		return "has signs that a URL has not";
	if (strncasecmp(url, "https://", 8) != 0)
		return "must begin with https://";
	url += 8;
	rest = url + strcspn(url, "/?");
	why = url_authority(url, (size_t)(rest - url), out);
	if (why)
		return why;
	len = snprintf(out->endpoint, sizeof(out->endpoint), "%s%s%s",
	    out->origin, *rest == '/' ? "" : "/", rest);
	return len >= (int)sizeof(out->endpoint) ? "is too long" : NULL;
}

static bool
host_matches(const char *pattern, size_t n, const char *host)
{
	size_t n_host = strlen(host);

	if (n == 1 && *pattern == '*')
		return true;
	if (n > 2 && pattern[0] == '*' && pattern[1] == '.')
		return n_host > n - 1 && strncasecmp(host + n_host - (n - 1),
		    pattern + 1, n - 1) == 0;
	return n_host == n && strncasecmp(host, pattern, n) == 0;
}

bool
address_is_allowed(const char *hosts, const char *host)
{
	size_t n;

	for (hosts += strspn(hosts, LIST_SIGNS); *hosts;
	    hosts += n + strspn(hosts + n, LIST_SIGNS)) {
		n = strcspn(hosts, LIST_SIGNS);
		if (host_matches(hosts, n, host))
			return true;
	}
	return false;
}

const char *
address_hosts_fault(const char *hosts)
{
	size_t n, i, count = 0;

	for (hosts += strspn(hosts, LIST_SIGNS); *hosts;
	    hosts += n + strspn(hosts + n, LIST_SIGNS)) {
		n = strcspn(hosts, LIST_SIGNS);
		count++;
		if (n == 1 && *hosts == '*')
			continue;
		i = n > 2 && hosts[0] == '*' && hosts[1] == '.' ? 2 : 0;
		for (; i < n; i++)
			if (!isalnum((unsigned char)hosts[i]) &&
			    !strchr("-_.[]:", hosts[i]))
				return "hosts has something that is neither a "
				    "name, nor *.name, nor *";
	}
	return count ? NULL : "hosts names none; \"*\" is any host";
}

/* ---- Subscriptions ------------------------------------------------------- */

static int
address_fault(struct ow_fault *f, const char *what, const char *why)
{
	(void)snprintf(f->text, sizeof(f->text), "%s%s%s", what,
	    *why ? " " : "", why);
	return OW_EINVAL;
}

static const char *
member(const json_t *obj, const char *name)
{
	const char *text = json_string_value(json_object_get(obj, name));

	return text ? text : "";
}

/* The browser's public key and its secret. */
static int
address_read_keys(const json_t *obj, struct address *out, struct ow_fault *f)
{
	if (b64_decode(member(obj, "p256dh"), out->peer.point, P256_POINT) ||
	    !p256_is_point(out->peer.point, P256_POINT))
		return address_fault(f, "keys.p256dh", "must be a point of "
		    "P-256, 65 bytes of base64url");
	if (b64_decode(member(obj, "auth"), out->peer.auth, SEAL_AUTH))
		return address_fault(f, "keys.auth", "must be 16 bytes of "
		    "base64url");
	return OW_OK;
}

static int
address_read_endpoint(const json_t *root, const char *hosts,
    struct address *out, struct ow_fault *f)
{
	const char *url = member(root, "endpoint"), *why;

	if (!*url)
		return address_fault(f, "endpoint", "is missing");
	why = address_endpoint(url, out);
	if (why)
		return address_fault(f, "endpoint", why);
	if (!address_is_allowed(hosts, out->host))
		return address_fault(f, "endpoint", "is of no push service "
		    "that this server talks to");
	return OW_OK;
}

/* Milliseconds since 1970, or null. */
static bool
address_is_over(const json_t *root)
{
	const json_t *at = json_object_get(root, "expirationTime");

	return json_is_number(at) &&
	    json_number_value(at) < (double)time(NULL) * 1000;
}

static const struct keyring_key *
address_key(const struct keyring *keys, const json_t *root)
{
	const char *text = member(root, "application_server_key");

	return *text ? keyring_find_public(keys, text) : &keys->key[0];
}

static int
address_write(const struct address *a, struct ow_address *out,
    struct ow_fault *f)
{
	char point[B64_SIZE(P256_POINT)], auth[B64_SIZE(SEAL_AUTH)];
	int n;

	(void)b64_encode(a->peer.point, P256_POINT, point);
	(void)b64_encode(a->peer.auth, SEAL_AUTH, auth);
	n = snprintf(out->text, sizeof(out->text), "{\"endpoint\":\"%s\","
	    "\"p256dh\":\"%s\",\"auth\":\"%s\",\"kid\":\"%s\"}", a->endpoint,
	    point, auth, a->kid);
	if (n < 0 || (size_t)n >= sizeof(out->text))
		return address_fault(f, "the subscription", "is too long");
	(void)snprintf(out->identity, sizeof(out->identity), "%s",
	    a->endpoint);
	(void)snprintf(out->hint, sizeof(out->hint), "%.63s", a->host);
	return OW_OK;
}

int
address_check(const struct keyring *keys, const char *hosts, const char *wanted,
    struct ow_address *out, struct ow_fault *f)
{
	size_t n = strnlen(wanted, ADDRESS_JSON_MAX + 1);
	json_t *root = n > ADDRESS_JSON_MAX ? NULL :
	    json_loadb(wanted, n, JSON_REJECT_DUPLICATES, NULL);
	const struct keyring_key *key;
	struct address a;
	int err;

	if (!json_is_object(root)) {
		json_decref(root);
		return address_fault(f, "it is no PushSubscription:",
		    "{\"endpoint\":..., \"keys\":{\"p256dh\":..., "
		    "\"auth\":...}}");
	}
	err = address_read_endpoint(root, hosts, &a, f);
	if (!err)
		err = address_read_keys(json_object_get(root, "keys"), &a, f);
	if (!err && address_is_over(root))
		err = address_fault(f, "expirationTime", "is over");
	key = address_key(keys, root);
	if (!err && !key)
		err = address_fault(f, "application_server_key", "is no key of "
		    "this server: subscribe again");
	if (!err) {
		(void)snprintf(a.kid, sizeof(a.kid), "%s", key->kid);
		err = address_write(&a, out, f);
	}
	json_decref(root);
	return err;
}

int
address_read(const char *text, struct address *out)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *kid = member(root, "kid");
	int err = OW_EINVAL;

	if (strlen(kid) <= KEYRING_KID_MAX &&
	    !address_endpoint(member(root, "endpoint"), out) &&
	    b64_decode(member(root, "p256dh"), out->peer.point,
	    P256_POINT) == OW_OK &&
	    b64_decode(member(root, "auth"), out->peer.auth,
	    SEAL_AUTH) == OW_OK) {
		(void)snprintf(out->kid, sizeof(out->kid), "%s", kid);
		err = OW_OK;
	}
	json_decref(root);
	return err;
}
