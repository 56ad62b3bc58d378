/* SPDX-License-Identifier: MIT */
/*
 * test_site - a folder that each test makes, served to a scripted host.
 */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../srvhost.h"
#include "transport-site/config.h"
#include "transport-site/files.h"
#include "transport-site/rule.h"

#define JS "/assets/index-BcMWEuy1.js"
#define HTML_TYPES "text/html,application/xhtml+xml,*/*;q=0.8"

struct stage {
	char dir[64], root[80];
	struct site_conf conf;
	struct srvhost h;
};

/* ---- The folder --------------------------------------------------------- */

static const char *
below(const struct stage *s, const char *path)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s%s", s->root, path);
	return text;
}

static void
put(const struct stage *s, const char *path, const char *p, size_t n)
{
	FILE *out = fopen(below(s, path), "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(p, 1, n, out), n);
	ck_assert_int_eq(fclose(out), 0);
}

static void
put_text(const struct stage *s, const char *path, const char *text)
{
	put(s, path, text, strlen(text));
}

static void
put_folder(const struct stage *s, const char *path)
{
	ck_assert_int_eq(mkdir(below(s, path), 0700), 0);
}

static int
remove_entry(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
folder_init(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->dir, "/tmp/test_site.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->root, sizeof(s->root), "%s/web", s->dir);
	put_folder(s, "");
	put_folder(s, "/assets");
	put_text(s, "/index.html", "<!doctype html><title>App</title>");
	put_text(s, "/sw.js", "self.oninstall = null;");
	put_text(s, "/config.json", "{\"name\":\"of the file\"}");
	put_text(s, JS, "console.log('a long line of script');");
	put_text(s, JS ".br", "brotli");
	put_text(s, JS ".gz", "gzip it is");
	put_text(s, "/assets/app-settings.js", "1");
	put_text(s, "/.env", "SECRET=1");
	put_folder(s, "/.git");
	put_text(s, "/.git/config", "secret");
	s->conf = (struct site_conf){ s->root, "", "", "", "", "", "", "",
	    "", "", 19, true, "" };
}

static void
folder_done(struct stage *s)
{
	nftw(s->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
stage_init(struct stage *s)
{
	folder_init(s);
	srvhost_init(&s->h, &s->conf);
	ck_assert_uint_eq(s->h.n_routes, 1);
	ck_assert_str_eq(s->h.routes[0].path, "*");
}

static void
stage_done(struct stage *s)
{
	srvhost_done(&s->h);
	folder_done(s);
}

static int
get(struct stage *s, const char *path)
{
	s->h.answer_headers[0] = '\0';
	ck_assert(srvhost_call_rest(&s->h, "GET", path));
	return s->h.status;
}

static bool
has(const struct stage *s, const char *line)
{
	return strstr(s->h.answer_headers, line) != NULL;
}

/* The value of ETag, in room of the caller's. */
static const char *
tag(const struct stage *s, char out[64])
{
	const char *p = strstr(s->h.answer_headers, "ETag: ");

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(sscanf(p, "ETag: %63s", out), 1);
	ck_assert_int_eq(out[0], '"');
	return out;
}

/* ---- Files -------------------------------------------------------------- */

START_TEST(files_are_what_they_are)
{
	static const struct {
		const char *path, *type, *text, *cache;
	} rows[] = {
		{ "/", "text/html; charset=utf-8", "<!doctype",
		    "no-cache" },
		{ "/index.html", "text/html; charset=utf-8", "<!doctype",
		    "no-cache" },
		{ "/sw.js", "text/javascript; charset=utf-8", "self.",
		    "no-cache" },
		{ "/assets/app-settings.js", "text/javascript; charset=utf-8",
		    "1", "no-cache" },
		{ JS, "text/javascript; charset=utf-8", "console.",
		    "public, max-age=31536000, immutable" },
	};
	char cache[128];
	struct stage s;

	stage_init(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(get(&s, rows[i].path), 200);
		ck_assert_str_eq(s.h.answer_type, rows[i].type);
		ck_assert(strncmp(s.h.answer_body, rows[i].text,
		    strlen(rows[i].text)) == 0);
		snprintf(cache, sizeof(cache), "Cache-Control: %s\n",
		    rows[i].cache);
		ck_assert_msg(has(&s, cache), "%s", s.h.answer_headers);
		ck_assert(!has(&s, "Content-Encoding"));
	}
	stage_done(&s);
}
END_TEST

START_TEST(every_answer_is_guarded)
{
	static const char *const paths[] = { "/", "/sw.js", JS, "/none.js" };
	static const char *const lines[] = {
		"X-Content-Type-Options: nosniff\n",
		"Referrer-Policy: no-referrer\n",
		"Permissions-Policy: camera=(), ",
		"Content-Security-Policy: default-src 'none'; ",
		" script-src 'self'; ", " style-src 'self'; ",
		" worker-src 'self'; ", " base-uri 'none'; ",
		" frame-ancestors 'none'; ", " img-src 'self' data: blob:; ",
		" connect-src 'self' ws: wss:\n",
	};
	struct stage s;

	stage_init(&s);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(get(&s, paths[i]), i < 3 ? 200 : 404);
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++)
			ck_assert_msg(has(&s, lines[k]), "%s: %s", lines[k],
			    s.h.answer_headers);
		ck_assert(!has(&s, "unsafe"));
	}
	stage_done(&s);
}
END_TEST

/* A breach is a byte of a file that was hidden, or of one outside. */
START_TEST(hidden_and_outside_is_nowhere)
{
	static const char *const paths[] = {
		"/.env", "/.git/config", "/.git", "/../secret", "/..",
		"/assets/../.env", "//index.html", "/index.html/", "/assets",
		"/assets/", "/web/index.html", "/none", "/index.htm", "",
		"/assets\\index.html", JS ".br", JS ".gz", JS ".map",
	};
	struct stage s;

	folder_init(&s);
	put_text(&s, "/../secret", "secret");
	srvhost_init(&s.h, &s.conf);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_msg(get(&s, paths[i]) == 404, "%s: %d", paths[i],
		    s.h.status);
		ck_assert_ptr_null(s.h.answer_body);
	}
	/* Nor is a dot file a page of the app. */
	srvhost_header(&s.h, "Accept", HTML_TYPES);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(get(&s, paths[i]), 404);
	stage_done(&s);
}
END_TEST

START_TEST(paths_of_the_app_get_its_page)
{
	static const struct {
		const char *path, *accept;
		int status;
	} rows[] = {
		{ "/orders", HTML_TYPES, 200 },
		{ "/orders/ref:T-1/track", HTML_TYPES, 200 },
		{ "/orders/ref:A.1", HTML_TYPES, 200 },
		{ "/orders/", "TEXT/HTML", 200 },
		{ "/orders", "application/json", 404 },
		{ "/orders", "*/*", 404 },
		{ "/orders", "text/html;q=0, */*", 404 },
		{ "/orders", "text/html5", 404 },
		{ "/orders", NULL, 404 },
		{ "/old-chunk-12345678.js", HTML_TYPES, 404 },
		{ "/picture.png", HTML_TYPES, 404 },
		{ "/orders/.hidden", HTML_TYPES, 404 },
		{ "/.well-known/x", HTML_TYPES, 404 },
	};
	struct stage s;

	stage_init(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_header(&s.h, "Accept", rows[i].accept);
		ck_assert_msg(get(&s, rows[i].path) == rows[i].status,
		    "%s %s", rows[i].path, rows[i].accept);
		if (rows[i].status != 200)
			continue;
		ck_assert_str_eq(s.h.answer_type, "text/html; charset=utf-8");
		ck_assert(has(&s, "Vary: Accept\n"));
		ck_assert(has(&s, "Cache-Control: no-cache\n"));
	}
	stage_done(&s);
}
END_TEST

START_TEST(who_has_it_is_told_so)
{
	char first[64], other[64], list[256];
	struct stage s;

	stage_init(&s);
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	tag(&s, first);
	ck_assert_int_eq(get(&s, "/"), 200);
	ck_assert_str_ne(tag(&s, other), first);
	srvhost_header(&s.h, "If-None-Match", first);
	ck_assert_int_eq(get(&s, "/"), 200);
	ck_assert_int_eq(get(&s, "/sw.js"), 304);
	ck_assert_uint_eq(s.h.answer_n, 0);
	ck_assert_str_eq(s.h.answer_type, "");
	ck_assert_str_eq(tag(&s, other), first);
	ck_assert(has(&s, "Cache-Control: no-cache\n"));
	snprintf(list, sizeof(list), "\"x\", W/%s , \"y\"", first);
	srvhost_header(&s.h, "If-None-Match", list);
	ck_assert_int_eq(get(&s, "/sw.js"), 304);
	srvhost_header(&s.h, "If-None-Match", " * ");
	ck_assert_int_eq(get(&s, "/sw.js"), 304);
	snprintf(list, sizeof(list), "%sx", first);
	srvhost_header(&s.h, "If-None-Match", list);
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	srvhost_header(&s.h, "If-None-Match", "*x");
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	stage_done(&s);
}
END_TEST

START_TEST(the_best_packing_that_is_accepted_is_sent)
{
	static const struct {
		const char *accept, *encoding, *text;
	} rows[] = {
		{ "gzip, deflate, br", "br", "brotli" },
		{ "gzip, deflate", "gzip", "gzip it is" },
		{ "br;q=0, gzip;q=0.5", "gzip", "gzip it is" },
		{ "br; q=0.000, *", "gzip", "gzip it is" },
		{ "*", "br", "brotli" },
		{ "BR", "br", "brotli" },
		{ "identity", NULL, "console.log('a long line of script');" },
		{ "*;q=0", NULL, "console.log('a long line of script');" },
		{ "brotli", NULL, "console.log('a long line of script');" },
		{ "", NULL, "console.log('a long line of script');" },
		{ NULL, NULL, "console.log('a long line of script');" },
	};
	char tags[3][64], line[64];
	struct stage s;

	stage_init(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_header(&s.h, "Accept-Encoding", rows[i].accept);
		ck_assert_int_eq(get(&s, JS), 200);
		ck_assert_str_eq(s.h.answer_body, rows[i].text);
		snprintf(line, sizeof(line), "Content-Encoding: %s\n",
		    rows[i].encoding ? rows[i].encoding : "");
		ck_assert_int_eq(has(&s, line), rows[i].encoding != NULL);
		ck_assert(has(&s, "Vary: Accept-Encoding\n"));
		ck_assert_str_eq(s.h.answer_type,
		    "text/javascript; charset=utf-8");
		tag(&s, tags[rows[i].encoding ? rows[i].encoding[0] == 'b' :
		    2]);
	}
	ck_assert_str_ne(tags[0], tags[1]);
	ck_assert_str_ne(tags[0], tags[2]);
	ck_assert_str_ne(tags[1], tags[2]);
	/* One representation's tag is not another's. */
	srvhost_header(&s.h, "Accept-Encoding", "br");
	srvhost_header(&s.h, "If-None-Match", tags[0]);
	ck_assert_int_eq(get(&s, JS), 200);
	srvhost_header(&s.h, "If-None-Match", tags[1]);
	ck_assert_int_eq(get(&s, JS), 304);
	ck_assert(has(&s, "Vary: Accept-Encoding\n"));
	ck_assert(!has(&s, "Content-Encoding"));
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	ck_assert(!has(&s, "Vary"));
	stage_done(&s);
}
END_TEST

START_TEST(a_packing_that_is_larger_is_not_used)
{
	struct stage s;

	folder_init(&s);
	put_text(&s, "/sw.js.br", "this is longer than the script itself");
	put_text(&s, "/alone.gz", "of nothing");
	srvhost_init(&s.h, &s.conf);
	srvhost_header(&s.h, "Accept-Encoding", "br, gzip");
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	ck_assert_str_eq(s.h.answer_body, "self.oninstall = null;");
	ck_assert_int_eq(get(&s, "/alone.gz"), 200);
	ck_assert_str_eq(s.h.answer_type, "application/octet-stream");
	stage_done(&s);
}
END_TEST

/* A breach: the folder's own config reaches who accepts packed files. */
START_TEST(a_packed_config_does_not_hide_the_options)
{
	struct stage s;

	folder_init(&s);
	put_text(&s, "/config.json.br", "b");
	put_text(&s, "/config.json.gz", "g");
	s.conf.tenant = "cafe";
	srvhost_init(&s.h, &s.conf);
	srvhost_header(&s.h, "Accept-Encoding", "br, gzip");
	ck_assert_int_eq(get(&s, "/config.json"), 200);
	ck_assert_ptr_nonnull(strstr(s.h.answer_body, "cafe"));
	ck_assert(!has(&s, "Content-Encoding"));
	ck_assert_int_eq(get(&s, "/config.json.br"), 404);
	stage_done(&s);
}
END_TEST

START_TEST(a_start_reads_and_a_request_does_not)
{
	struct stage s;

	stage_init(&s);
	put_text(&s, "/sw.js", "changed");
	put_text(&s, "/new.js", "new");
	ck_assert_int_eq(get(&s, "/sw.js"), 200);
	ck_assert_str_eq(s.h.answer_body, "self.oninstall = null;");
	ck_assert_int_eq(get(&s, "/new.js"), 404);
	stage_done(&s);
}
END_TEST

START_TEST(draining_waits_for_what_is_lent)
{
	struct stage s;

	stage_init(&s);
	s.h.keeps_loans = true;
	ck_assert_int_eq(get(&s, JS), 200);
	ck_assert(s.h.release != NULL);
	s.h.plugin->drain(s.h.self);
	ck_assert_uint_eq(s.h.n_drained, 0);
	srvhost_release(&s.h);
	ck_assert_uint_eq(s.h.n_drained, 1);
	stage_done(&s);
}
END_TEST

/* ---- Options ------------------------------------------------------------ */

START_TEST(options_reach_the_app_and_the_policy)
{
	struct stage s;

	folder_init(&s);
	s.conf.tenant = "cafe";
	s.conf.app_name = "Caf\xc3\xa9 \"Ada\" </script>";
	s.conf.tile_url = "https://{s}.tile.example/{z}/{x}/{y}.png";
	s.conf.tile_attribution = "(c) them";
	s.conf.api_url = "https://api.example";
	s.conf.token_url = "/token";
	s.conf.image_origins = "https://a.example  https://b.example:8443";
	srvhost_init(&s.h, &s.conf);
	ck_assert_int_eq(get(&s, "/config.json"), 200);
	ck_assert_str_eq(s.h.answer_type, "application/json");
	ck_assert_str_eq(s.h.answer_body,
	    "{\"api_url\":\"https://api.example\",\"tenant\":\"cafe\","
	    "\"name\":\"Caf\xc3\xa9 \\\"Ada\\\" </script>\","
	    "\"token_url\":\"/token\",\"map\":{"
	    "\"tiles\":\"https://{s}.tile.example/{z}/{x}/{y}.png\","
	    "\"attribution\":\"(c) them\",\"max_zoom\":19}}");
	ck_assert(has(&s, " img-src 'self' data: blob: "
	    "https://*.tile.example https://a.example "
	    "https://b.example:8443; "));
	ck_assert(has(&s, " connect-src 'self' ws: wss: https://api.example "
	    "https://*.tile.example\n"));
	stage_done(&s);
}
END_TEST

START_TEST(an_app_without_push_is_told_so)
{
	struct stage s;

	folder_init(&s);
	s.conf.push = false;
	srvhost_init(&s.h, &s.conf);
	ck_assert_int_eq(get(&s, "/config.json"), 200);
	ck_assert_str_eq(s.h.answer_body,
	    "{\"push\":false,\"map\":{\"max_zoom\":19}}");
	stage_done(&s);
}
END_TEST

START_TEST(a_bad_option_is_said_before_a_start)
{
	static const char *const urls[] = {
		"tiles.example/{z}", "ftp://x.example/", "//x.example/{z}",
		"https://", "https:///x", "https://a b/", "https://x;y/",
		"https://x.{s}.example/", "https://{s}/", "https://x'/",
		"javascript:alert(1)", "https://{s.example/{z}",
	};
	struct ow_fault f;
	struct stage s;
	void *self;

	stage_init(&s);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct site_conf conf = s.conf;

		conf.tile_url = urls[i];
		ck_assert_msg(s.h.plugin->load(&s.h.ctx, &s.h.host, &conf,
		    &self, &f) == OW_EINVAL, "%s", urls[i]);
		ck_assert_ptr_nonnull(strstr(f.text, "tile_url: "));
	}
	s.conf.app_name = "\xff";
	ck_assert_int_eq(s.h.plugin->load(&s.h.ctx, &s.h.host, &s.conf, &self,
	    &f), OW_EINVAL);
	stage_done(&s);
}
END_TEST

/* ---- Starts that fail --------------------------------------------------- */

/* A second instance on the folder as it is now. */
static int
start(struct stage *s, struct ow_fault *f)
{
	void *self = NULL;
	int err;

	ck_assert_int_eq(s->h.plugin->load(&s->h.ctx, &s->h.host, &s->conf,
	    &self, f), OW_OK);
	f->text[0] = '\0';
	err = s->h.plugin->start(self, f);
	s->h.plugin->stop(self);
	s->h.n_routes = 1;
	return err;
}

static void
assert_refused(struct stage *s, const char *why)
{
	struct ow_fault f;

	ck_assert_int_ne(start(s, &f), OW_OK);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

START_TEST(a_folder_without_an_app_is_no_start)
{
	struct stage s;

	stage_init(&s);
	ck_assert_int_eq(unlink(below(&s, "/index.html")), 0);
	assert_refused(&s, "npm run build");
	put_folder(&s, "/index.html");
	assert_refused(&s, "/index.html is no file");
	s.conf.root = "/nowhere/at/all";
	assert_refused(&s, "root: no index.html can be read in /nowhere/at");
	s.conf.root = "";
	assert_refused(&s, "root: ");
	stage_done(&s);
}
END_TEST

START_TEST(links_lead_nowhere_else)
{
	static const struct {
		const char *target, *why;
	} rows[] = {
		{ "/etc/passwd", "/link.txt: is a link that leads out" },
		{ "../secret", "/link.txt: is a link that leads out" },
		{ "../web-next/file", "/link.txt: is a link that leads out" },
		{ "nothing", "/link.txt: is a link that leads nowhere" },
		{ "link.txt", "/link.txt: is a link that leads nowhere" },
		{ "assets", "/link.txt: is a link to what is no file" },
		{ ".env", "/link.txt: is a link to a dot file" },
	};
	struct ow_fault f;
	struct stage s;

	stage_init(&s);
	put_text(&s, "/../secret", "secret");
	put_folder(&s, "/../web-next");
	put_text(&s, "/../web-next/file", "secret");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(symlink(rows[i].target,
		    below(&s, "/link.txt")), 0);
		assert_refused(&s, rows[i].why);
		ck_assert_int_eq(unlink(below(&s, "/link.txt")), 0);
	}
	ck_assert_int_eq(symlink("sw.js", below(&s, "/link.txt")), 0);
	ck_assert_int_eq(start(&s, &f), OW_OK);
	/* The root itself may be one. */
	ck_assert_int_eq(symlink("web", below(&s, "/../current")), 0);
	snprintf(s.root, sizeof(s.root), "%s/current", s.dir);
	ck_assert_int_eq(start(&s, &f), OW_OK);
	stage_done(&s);
}
END_TEST

START_TEST(what_is_no_file_is_said)
{
	struct stage s;

	stage_init(&s);
	ck_assert_int_eq(mkfifo(below(&s, "/pipe"), 0600), 0);
	assert_refused(&s, "/pipe: is neither a file nor a folder");
	stage_done(&s);
}
END_TEST

START_TEST(limits_hold_for_files_and_folders)
{
	char *p = calloc(1, FILES_FILE_MAX + 1), path[512] = "";
	struct ow_fault f;
	struct stage s;

	stage_init(&s);
	put(&s, "/big.png", p, FILES_FILE_MAX);
	ck_assert_int_eq(start(&s, &f), OW_OK);
	put(&s, "/big.png", p, FILES_FILE_MAX + 1);
	assert_refused(&s, "/big.png: is larger than 4 MiB");
	put_text(&s, "/big.png", "");
	ck_assert_int_eq(start(&s, &f), OW_OK);
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/%d.png", i);
		put(&s, path, p, FILES_FILE_MAX);
	}
	assert_refused(&s, "more than 32 MiB");
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/%d.png", i);
		put_text(&s, path, "");
	}
	path[0] = '\0';
	for (int i = 0; i <= FILES_DEPTH_MAX; i++) {
		strcat(path, "/d");
		put_folder(&s, path);
	}
	assert_refused(&s, "is too deep a folder");
	free(p);
	stage_done(&s);
}
END_TEST

START_TEST(a_taken_route_is_no_start)
{
	struct ow_fault f;
	struct stage s;

	stage_init(&s);
	s.h.route_err = OW_ECONFLICT;
	ck_assert_int_eq(start(&s, &f), OW_ECONFLICT);
	stage_done(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("site");
	TCase *tc = tcase_create("site");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, files_are_what_they_are);
	tcase_add_test(tc, every_answer_is_guarded);
	tcase_add_test(tc, hidden_and_outside_is_nowhere);
	tcase_add_test(tc, paths_of_the_app_get_its_page);
	tcase_add_test(tc, who_has_it_is_told_so);
	tcase_add_test(tc, the_best_packing_that_is_accepted_is_sent);
	tcase_add_test(tc, a_packing_that_is_larger_is_not_used);
	tcase_add_test(tc, a_packed_config_does_not_hide_the_options);
	tcase_add_test(tc, a_start_reads_and_a_request_does_not);
	tcase_add_test(tc, draining_waits_for_what_is_lent);
	tcase_add_test(tc, options_reach_the_app_and_the_policy);
	tcase_add_test(tc, an_app_without_push_is_told_so);
	tcase_add_test(tc, a_bad_option_is_said_before_a_start);
	tcase_add_test(tc, a_folder_without_an_app_is_no_start);
	tcase_add_test(tc, links_lead_nowhere_else);
	tcase_add_test(tc, what_is_no_file_is_said);
	tcase_add_test(tc, limits_hold_for_files_and_folders);
	tcase_add_test(tc, a_taken_route_is_no_start);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
