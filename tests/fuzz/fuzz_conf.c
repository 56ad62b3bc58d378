/* SPDX-License-Identifier: MIT */
/*
 * fuzz_conf - any text as a configuration file.
 *
 * Through text.c, libconfig, the core's tables and an instance with an option
 * of each type.  What must hold: no crash, values inside their ranges, and a
 * text without faults is one that gave all sections.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/settings.h"

struct sample {
	const char *text, *url, *secret, *choice;
	bool is_on;
	int64_t number, ms, bytes;
};

static const char *const choices[] = { "one", "two", NULL };

static const struct ow_option options[] = {
	OW_STR(struct sample, text, "text", "A text."),
	OW_URL(struct sample, url, "", "A URL."),
	OW_SECRET(struct sample, secret, OW_REQUIRED, "A secret."),
	OW_CHOICE(struct sample, choice, "one", choices, "A choice."),
	OW_BOOL(struct sample, is_on, "no", "Yes or no."),
	OW_INT(struct sample, number, "5", 1, 10, "A number."),
	OW_MS(struct sample, ms, "1s", 1, 5000, "A time."),
	OW_BYTES(struct sample, bytes, "1k", 1, 65536, "A size."),
	OW_OPTIONS_END
};

static void
check_sample(const struct sample *sample)
{
	OW_ASSERT(sample->number >= 1 && sample->number <= 10);
	OW_ASSERT(sample->ms >= 1 && sample->ms <= 5000);
	OW_ASSERT(sample->bytes >= 1 && sample->bytes <= 65536);
	OW_ASSERT(!strcmp(sample->choice, "one") ||
	    !strcmp(sample->choice, "two"));
	OW_ASSERT(sample->text && sample->url && sample->secret);
}

/* libconfig 1.5 loses a text that stands just before a syntax error. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_dupn((const char *)data, size);
	struct conf_faults faults = { 0, 0, NULL };
	struct settings settings;
	struct sample sample;
	struct conf *conf;
	uint32_t i;
	int err;

	/* A folder that is not there: "@file" opens nothing. */
	conf = conf_parse(text, "/nonexistent/fuzz.conf", &faults);
	OW_ASSERT(conf || faults.n);
	if (conf) {
		err = settings_read(conf, &settings, &faults);
		OW_ASSERT(err || (strlen(settings.server.secret) >= 32 &&
		    settings.server.workers >= 1));
		for (i = 0; i < conf_instances(conf); i++) {
			(void)conf_fill_instance(conf, i, options, &sample,
			    NULL, NULL, &faults);
			check_sample(&sample);
		}
		conf_check_unknown(conf, &faults);
		settings_done(&settings);
	}
	conf_close(&conf);
	conf_faults_done(&faults);
	free(text);
	return 0;
}
