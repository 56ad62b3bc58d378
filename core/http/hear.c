/* SPDX-License-Identifier: MIT */
/*
 * hear - what the peer of an open stream may say: {"type":"ping"}, and
 * {"type":"auth","token":...}, the first time to be let in and later to stay.
 *
 * Everything else is refused.  Whether a caller may see what the stream shows
 * is decided on the orders loop, as for every other stream.
 */
#include "http/hear.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "event/event.h"
#include "http/auth.h"
#include "hub/hub.h"
#include "hub/stream.h"

#define MESSAGE_MAX 16384	/* a token is the longest thing */
#define RETRY_MS_MIN 1000
#define RETRY_MS_SPREAD 2000

void
hear_retry_reason(char *out, size_t size)
{
	snprintf(out, size, "{\"retry_ms\":%d}",
	    (int)(RETRY_MS_MIN + crypto_random_below(RETRY_MS_SPREAD)));
}

int
hear_end_code(int status)
{
	switch (status) {
	case 401:
		return OW_END_EXPIRED;
	case 403:
		return OW_END_FORBIDDEN;
	default:
		return OW_END_GOING_AWAY;
	}
}

static int
hear_ping(struct auth *auth, int64_t now_ms, struct ow_stream *stream,
    const struct json *message)
{
	struct buf text = BUF_INIT(256);
	struct event *pong;
	char id[ID_SIZE];
	struct jw w;

	(void)auth;
	(void)message;	/* has nothing but its type */
	hub_new_id(stream_hub(stream), id);
	jw_init(&w, &text);
	jw_object(&w, NULL);
	jw_text(&w, "type", "pong");
	jw_text(&w, "id", id);
	jw_time(&w, "at", now_ms);
	jw_object(&w, "data");
	jw_end(&w);
	jw_end(&w);
	pong = event_make("", "", "pong", 0, now_ms, text.p, text.n);
	stream_say(stream, pong);
	event_unref(&pong);
	buf_done(&text);
	return OW_OK;
}

static void
hear_jwt(struct auth *auth, struct ow_stream *stream,
    const char *token)
{
	struct auth_refusal bad;
	struct who *who = NULL;
	char reason[64];
	int err;

	err = auth_check(auth, token, &who, &bad);
	if (err == OW_EDENIED) {
		stream_end(stream, hear_end_code(bad.status), bad.code);
	} else if (err) {
		/* Its key is being fetched.  The stream may be gone before
		   that ends, so the client had better come back for it. */
		hear_retry_reason(reason, sizeof(reason));
		stream_end(stream, OW_END_GOING_AWAY, reason);
	} else if (!stream_has_asked(stream)) {
		stream_ask(stream, who, NULL, NULL);
	} else if (stream_who(stream) &&
	    stream_renew(stream, who) == OW_EDENIED) {
		stream_end(stream, OW_END_FORBIDDEN, "somebody else's token");
	}
	who_unref(&who);
}

static int
hear_auth(struct auth *auth, int64_t now_ms, struct ow_stream *stream,
    const struct json *message)
{
	const char *token = json_get_text(message, "token");

	(void)now_ms;	/* auth has a clock of its own */
	if (!token)
		return OW_EINVAL;
	if (auth_is_jwt(token))
		hear_jwt(auth, stream, token);
	else if (!*token || stream_has_asked(stream))
		stream_end(stream, OW_END_EXPIRED, "token_invalid");
	else
		stream_ask(stream, NULL, NULL, token);
	return OW_OK;
}

int
hear_message(struct auth *auth, int64_t wall_ms, struct ow_stream *stream,
    struct ow_bytes text)
{
	static const struct {
		const char *type;
		int (*fn)(struct auth *, int64_t, struct ow_stream *,
		    const struct json *);
	} table[] = {
		{ "ping", hear_ping },
		{ "auth", hear_auth },
	};
	struct json *message = NULL;
	const char *type;
	int err = OW_EINVAL;

	if (text.n > MESSAGE_MAX ||
	    json_parse(text.p, text.n, &message, NULL) != OW_OK)
		return OW_EINVAL;
	type = json_get_text(message, "type");
	for (size_t i = 0; type && i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(type, table[i].type) == 0)
			err = table[i].fn(auth, wall_ms, stream, message);
	json_free(&message);
	return err;
}
