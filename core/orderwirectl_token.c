/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_token - tokens, and the keys that sign them.
 *
 * A private key is only ever written to a new file or to stdout, and wiped.
 */
#include "orderwirectl.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/auth.h"
#include "order/who.h"

#define CTL_TTL "1h"
#define CTL_TTL_MS_MAX (366 * 86400000LL)

/* ---- Tokens -------------------------------------------------------------- */

static int64_t
ctl_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
ctl_write_claims(const struct set_auth *auth,
    const struct ctl_claims *claims, struct buf *out)
{
	int64_t now_s = ctl_now_ms() / 1000;
	struct jw w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	/* A name with dots is looked for as it stands first. */
	if (claims->sub)
		jw_text(&w, auth->claim_sub, claims->sub);
	jw_text(&w, auth->claim_tenant, claims->tenant);
	jw_text(&w, auth->claim_role, claims->role);
	if (auth->issuer[0])
		jw_text(&w, "iss", auth->issuer);
	if (auth->audience[0])
		jw_text(&w, "aud", auth->audience);
	jw_int(&w, "iat", now_s);
	jw_int(&w, "exp", now_s + claims->ttl_ms / 1000);
	jw_end(&w);
}

int
ctl_sign(struct ctl *c, const struct ctl_claims *claims,
    struct buf *out)
{
	const struct set_auth *auth = &c->settings.auth;
	struct buf text = BUF_INIT(CTL_TEXT_MAX);
	struct keyset *set = NULL;
	struct ow_fault fault = { "" };
	int rc, status = CTL_DONE;

	if (!auth->keys_file[0])
		return ctl_say(CTL_FAILED, "no keys_file is configured: "
		    "tokens come from whoever has the keys of %s",
		    auth->keys_url);
	if (keys_read_file(auth->keys_file, &set, &fault) != OW_OK)
		return ctl_say(CTL_FAILED, "%s\norderwirectl: 'orderwirectl "
		    "keys new --out FILE' makes a key", fault.text);
	ctl_write_claims(auth, claims, &text);
	rc = jwt_sign(set, text.p, text.n, out, &fault);
	if (rc == OW_ENOENT)
		status = ctl_say(CTL_FAILED, "%s has public keys only: make "
		    "the token where the private one is", auth->keys_file);
	else if (rc != OW_OK)
		status = ctl_say(CTL_FAILED, "%s", fault.text);
	buf_done(&text);
	keyset_unref(&set);
	return status;
}

static int
ctl_check_claims(const struct ctl_claims *claims)
{
	enum role role;

	if (!claims->tenant || !claims->tenant[0])
		return ctl_say(CTL_USAGE, "token needs --tenant T");
	if (!claims->role)
		return ctl_say(CTL_USAGE, "token needs --role R");
	role = role_by_name(claims->role);
	if (role == ROLE_NONE || role == ROLE_TRACKING)
		return ctl_say(CTL_USAGE, "the role '%s' is none of customer, "
		    "kitchen, service and admin", claims->role);
	if (!strcmp(claims->tenant, "*") && role != ROLE_ADMIN)
		return ctl_say(CTL_USAGE, "only an admin's tenant may be *");
	if (role == ROLE_CUSTOMER && (!claims->sub || !claims->sub[0]))
		return ctl_say(CTL_USAGE, "a customer's token needs --sub S, "
		    "the customer's id");
	return CTL_DONE;
}

int
ctl_token(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "tenant", required_argument, NULL, 't' },
		{ "role", required_argument, NULL, 'r' },
		{ "sub", required_argument, NULL, 's' },
		{ "ttl", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	struct ctl_claims claims = { NULL, NULL, NULL, 0 };
	struct buf token = BUF_INIT(CTL_TEXT_MAX);
	const char *ttl = CTL_TTL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 't')
			claims.tenant = optarg;
		else if (opt == 'r')
			claims.role = optarg;
		else if (opt == 's')
			claims.sub = optarg;
		else if (opt == 'l')
			ttl = optarg;
		else
			return CTL_USAGE;
	}
	if (optind < argc)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	if (clock_parse_span(ttl, &claims.ttl_ms) != OW_OK ||
	    claims.ttl_ms < 1000 || claims.ttl_ms > CTL_TTL_MS_MAX)
		return ctl_say(CTL_USAGE, "--ttl is a time from 1s to 366d, "
		    "like 30m or 12h");
	if ((status = ctl_check_claims(&claims)) != CTL_DONE ||
	    (status = ctl_open(c)) != CTL_DONE ||
	    (status = ctl_sign(c, &claims, &token)) != CTL_DONE)
		goto out;
	status = ctl_print(token.p, token.n);
out:
	buf_done(&token);
	return status;
}

/* ---- Keys ---------------------------------------------------------------- */

/* Never over an old one: tokens that it signed would be worth nothing. */
static int
ctl_write_new(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_written;

	if (fd < 0 && errno == EEXIST)
		return ctl_say(CTL_FAILED, "%s exists and stays as it is; "
		    "name another file, or move it away first", path);
	if (fd < 0)
		return ctl_say(CTL_FAILED, "can't make %s: %s", path,
		    strerror(errno));
	is_written = write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
	if (close(fd) != 0 || !is_written) {
		(void)ctl_say(CTL_FAILED, "can't write %s: %s", path,
		    strerror(errno));
		(void)unlink(path);	/* half a key is none */
		return CTL_FAILED;
	}
	fprintf(stderr, "orderwirectl: wrote a private key to %s; keep it "
	    "secret, and let the server's user read it\n", path);
	return CTL_DONE;
}

int
ctl_keys(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "alg", required_argument, NULL, 'a' },
		{ "out", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 }
	};
	const char *alg = jwa_name(JWA_ES256), *path = NULL;
	struct buf text = BUF_INIT(CTL_TEXT_MAX);
	struct ow_fault fault = { "" };
	int opt, status;

	(void)c;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'a')
			alg = optarg;
		else if (opt == 'o')
			path = optarg;
		else
			return CTL_USAGE;
	}
	if (optind != argc - 1 || strcmp(argv[optind], "new") != 0)
		return ctl_say(CTL_USAGE, "keys can only be made: 'keys new'");
	if (!jwa_by_name(alg))
		return ctl_say(CTL_USAGE, "the algorithm '%s' is none of "
		    "HS256, RS256, ES256 and EdDSA", alg);
	/* At once: what grows leaves copies behind that nobody wipes. */
	(void)buf_room(&text, CTL_TEXT_MAX - 1);
	if (jwk_generate((enum jwa)jwa_by_name(alg), &text, &fault) != OW_OK ||
	    buf_char(&text, '\n') != OW_OK)
		status = ctl_say(CTL_FAILED, "%s", fault.text);
	else if (path)
		status = ctl_write_new(path, text.p, text.n);
	else
		status = ctl_print(text.p, text.n);
	mem_wipe(text.p, text.n);
	buf_done(&text);
	return status;
}
