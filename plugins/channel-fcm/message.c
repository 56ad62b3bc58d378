/* SPDX-License-Identifier: MIT */
/*
 * message - see message.h.
 *
 * The fields are those of the REST reference, "Message": one notification for
 * all, and what each platform calls urgency, lifetime and replacement.  data
 * has strings only, and none of the names that FCM keeps for itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "message.h"

#define TTL_MAX_S 2419200	/* "AndroidConfig": four weeks */
#define COLLAPSE_ID_MAX 64	/* APNs: apns-collapse-id */
#define TOPIC_MAX 32		/* RFC 8030, 5.4: base64url characters */

static void
put(json_t *object, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(object, name, json_string(value));
}

static json_t *
message_data(const struct ow_job *job)
{
	json_t *data = json_object();

	put(data, "notice_id", job->notice_id);
	put(data, "order_id", job->order_id);
	put(data, "topic", job->topic);
	put(data, "url", job->url);
	put(data, "receipt", job->receipt);
	put(data, "receipt_url", job->receipt_url);
	return data;
}

static json_t *
message_android(const struct ow_job *job, const char *channel, int64_t ttl_s)
{
	json_t *android = json_object(), *look = json_object();
	char ttl[24];

	snprintf(ttl, sizeof(ttl), "%llds", (long long)ttl_s);
	put(android, "priority", job->urgency == OW_URGENCY_HIGH ? "HIGH" :
	    "NORMAL");
	put(android, "ttl", ttl);
	put(android, "collapse_key", job->group);
	put(look, "tag", job->group);
	put(look, "channel_id", channel);
	if (json_object_size(look))
		json_object_set(android, "notification", look);
	json_decref(look);
	return android;
}

static json_t *
message_apns(const struct ow_job *job, int64_t until_s)
{
	json_t *apns = json_object(), *headers = json_object();
	char until[24];

	snprintf(until, sizeof(until), "%lld", (long long)until_s);
	put(headers, "apns-priority", job->urgency == OW_URGENCY_LOW ? "5" :
	    "10");
	put(headers, "apns-expiration", until);
	if (strlen(job->group) <= COLLAPSE_ID_MAX)
		put(headers, "apns-collapse-id", job->group);
	json_object_set_new(apns, "headers", headers);
	return apns;
}

static bool
is_web_topic(const char *group)
{
	size_t n = strlen(group);

	return n > 0 && n <= TOPIC_MAX && strspn(group, "abcdefghijklmnop"
	    "qrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

static json_t *
message_webpush(const struct ow_job *job, int64_t ttl_s)
{
	static const char *const urgencies[] = { "normal", "low", "normal",
		"high" };
	json_t *webpush = json_object(), *headers = json_object();
	json_t *fcm = json_object();
	char ttl[24];

	snprintf(ttl, sizeof(ttl), "%lld", (long long)ttl_s);
	put(headers, "TTL", ttl);
	put(headers, "Urgency", urgencies[job->urgency >= OW_URGENCY_LOW &&
	    job->urgency <= OW_URGENCY_HIGH ? job->urgency : 0]);
	if (is_web_topic(job->group))
		put(headers, "Topic", job->group);
	json_object_set_new(webpush, "headers", headers);
	/* "WebpushFcmOptions": https is required. */
	if (strncmp(job->url, "https://", 8) == 0)
		put(fcm, "link", job->url);
	if (json_object_size(fcm))
		json_object_set(webpush, "fcm_options", fcm);
	json_decref(fcm);
	return webpush;
}

char *
message_write(const struct ow_job *job, const char *android_channel,
    int64_t at_s, size_t *out_n)
{
	int64_t ttl_s = job->ttl_ms / 1000;
	json_t *root;
	char *text;

	if (ttl_s < 0)
		ttl_s = 0;
	if (ttl_s > TTL_MAX_S)
		ttl_s = TTL_MAX_S;
	root = json_pack("{s:{s:s, s:{s:s, s:s}, s:o, s:o, s:o, s:o}}",
	    "message",
	    "token", job->address,
	    "notification", "title", job->title, "body", job->text,
	    "data", message_data(job),
	    "android", message_android(job, android_channel, ttl_s),
	    "apns", message_apns(job, at_s + ttl_s),
	    "webpush", message_webpush(job, ttl_s));
	if (!root)
		return NULL;
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text)
		*out_n = strlen(text);
	return text;
}
