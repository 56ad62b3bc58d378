/* SPDX-License-Identifier: MIT */
/*
 * preset - see preset.h.
 */
#include "preset.h"

#include <stdio.h>

#include "mem.h"

#define URL_MAX 4000

#define TASK_FIELDS							\
	[FIELD_TASK] = "task_id|id",					\
	[FIELD_REF] = "external_reference",				\
	[FIELD_STATUS] = "status",					\
	[FIELD_TASK_RIDER] = "rider_id|fleet_member_id|driver_id|"	\
	    "assigned_to|rider_location.rider_id",			\
	[FIELD_REASON] = "failure_reason|cancellation_reason|reason"

#define MEMBER_FIELDS							\
	[FIELD_NAME] = "first_name",					\
	[FIELD_PHOTO] = "rider_photo|photo_url",			\
	[FIELD_VEHICLE] = "vehicle|edges.vehicles.0.model|"		\
	    "edges.vehicles.0.type",					\
	[FIELD_RATING] = "average_rating",				\
	[FIELD_PHONE] = "phone"

#define RIDER_FIELDS							\
	[FIELD_RIDER] = "rider_id|fleet_member_id",			\
	[FIELD_LAT] = "latitude|lat",					\
	[FIELD_LNG] = "longitude|lng",					\
	[FIELD_HEADING] = "heading|bearing_deg",			\
	[FIELD_SPEED] = "speed",					\
	[FIELD_ACCURACY] = "accuracy|accuracy_m",			\
	[FIELD_AT] = "timestamp|updated_at"

static const struct preset presets[] = {
	{
		.name = "planned",
		.auth = "Authorization: Bearer {token}",
		.paths = {
			[PATH_MEMBER] = "/v1/{tenant}/fleet-members/{id}",
			[PATH_TASK] = "/v1/{tenant}/tasks/{id}",
			[PATH_STREAM] = "/v1/{tenant}/telemetry/stream",
		},
		.speed_unit = 1 / 3.6,
		.fields = {
			[FIELD_RIDER] = "fleet_member_id|rider_id",
			[FIELD_LAT] = "lat|latitude",
			[FIELD_LNG] = "lng|longitude",
			[FIELD_HEADING] = "bearing_deg|heading",
			[FIELD_SPEED] = "speed_kph",
			[FIELD_ACCURACY] = "accuracy_m|accuracy",
			[FIELD_AT] = "timestamp|updated_at",
			TASK_FIELDS,
			MEMBER_FIELDS,
		},
	},
	{
		.name = "backend",
		.auth = "X-API-Key: {token}",
		.paths = {
			[PATH_MEMBER] = "/api/v1/{tenant}/fleet-members/{id}",
			[PATH_TASK] = "/api/v1/{tenant}/tasks/{id}",
			[PATH_TASK_FIND] =
			    "/api/v1/{tenant}/tasks?external_reference={ref}",
			[PATH_TRACKING] =
			    "/api/v1/{tenant}/tasks/{id}/tracking",
		},
		.speed_unit = 1,
		.fields = { RIDER_FIELDS, TASK_FIELDS, MEMBER_FIELDS },
	},
	{
		.name = "server",
		.auth = "Authorization: Bearer {token}",
		.paths = {
			[PATH_MEMBER] = "/api/v1/{tenant}/fleet/members/{id}",
			[PATH_TASK] = "/api/v1/{tenant}/tasks/{id}",
			[PATH_STREAM] = "/api/v1/{tenant}/tracking/fleet/ws",
			[PATH_LOCATIONS] = "/api/v1/{tenant}/tracking/fleet",
			[PATH_TASK_STREAM] =
			    "/api/v1/{tenant}/tasks/{id}/stream",
			[PATH_ROUTE] = "/api/v1/{tenant}/routing/route"
			    "?from_lat={from_lat}&from_lng={from_lng}"
			    "&to_lat={to_lat}&to_lng={to_lng}",
		},
		.speed_unit = 1,
		.fields = { RIDER_FIELDS, TASK_FIELDS, MEMBER_FIELDS },
	},
};

const struct preset *
preset_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

/* ---- URLs -------------------------------------------------------------- */

enum word { WORD_TENANT, WORD_ID, WORD_REF, WORD_FROM_LAT, WORD_FROM_LNG,
    WORD_TO_LAT, WORD_TO_LNG, WORD_COUNT };

static const char *const word_names[WORD_COUNT] = {
	[WORD_TENANT] = "tenant",
	[WORD_ID] = "id",
	[WORD_REF] = "ref",
	[WORD_FROM_LAT] = "from_lat",
	[WORD_FROM_LNG] = "from_lng",
	[WORD_TO_LAT] = "to_lat",
	[WORD_TO_LNG] = "to_lng",
};

/* "{name}" at s; how long it is, 0: it is no word of ours. */
static size_t
word_find(const char *s, enum word *out)
{
	size_t n = strcspn(s, "}"), i;

	if (*s != '{' || s[n] != '}')
		return 0;
	for (i = 0; i < WORD_COUNT; i++) {
		if (strlen(word_names[i]) != n - 1 ||
		    strncmp(word_names[i], s + 1, n - 1) != 0)
			continue;
		*out = (enum word)i;
		return n + 1;
	}
	return 0;
}

static void
word_escape(const char *s, char *out, size_t size)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t n = 0;

	out[0] = '\0';
	for (; *s && n + 4 < size; s++) {
		if (strchr(plain, *s))
			n += (size_t)snprintf(out + n, size - n, "%c", *s);
		else
			n += (size_t)snprintf(out + n, size - n, "%%%02X",
			    (unsigned int)(unsigned char)*s);
	}
}

static bool
word_write(const struct preset_words *words, enum word word, char *out,
    size_t size)
{
	const char *const texts[] = { [WORD_TENANT] = words->tenant,
		[WORD_ID] = words->id, [WORD_REF] = words->ref };
	const double *at;

	if (word <= WORD_REF) {
		if (!texts[word] || !*texts[word])
			return false;
		/* "." and ".." would lead elsewhere. */
		if (texts[word][strspn(texts[word], ".")] == '\0')
			return false;
		word_escape(texts[word], out, size);
		return true;
	}
	at = word < WORD_TO_LAT ? words->from : words->to;
	if (!at)
		return false;
	snprintf(out, size, "%.6f",
	    at[word == WORD_FROM_LNG || word == WORD_TO_LNG]);
	return true;
}

bool
preset_path_is_good(const char *path)
{
	const char *at;
	enum word word;

	for (at = path; *at; at++)
		if (*at == '{' && !word_find(at, &word))
			return false;
	return strpbrk(path, " \t\r\n") == NULL;
}

char *
preset_url(const char *base, const char *path,
    const struct preset_words *words)
{
	char *url = mem_alloc(URL_MAX + 1), text[512];
	size_t n, used;
	enum word word;

	n = (size_t)snprintf(url, URL_MAX, "%s", base);
	while (n && n < URL_MAX && url[n - 1] == '/' && *path == '/')
		n--;
	for (; *path && n < URL_MAX; path += used) {
		used = word_find(path, &word);
		if (!used) {
			url[n++] = *path;
			used = 1;
			continue;
		}
		if (!word_write(words, word, text, sizeof(text)))
			break;
		n += (size_t)snprintf(url + n, URL_MAX + 1 - n, "%s", text);
	}
	if (*path || n >= URL_MAX) {
		free(url);
		return NULL;
	}
	url[n] = '\0';
	return url;
}
