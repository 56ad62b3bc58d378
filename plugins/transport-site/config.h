/* SPDX-License-Identifier: MIT */
/*
 * config - what an admin decides about the web app: the text of /config.json
 * and the headers that every file has.
 */
#ifndef SITE_CONFIG_H
#define SITE_CONFIG_H

#include <orderwire/plugin.h>

#define POLICY_SIZE 2048

/* As the option table fills it; strings may be "". */
struct site_conf {
	const char *root;
	const char *tenant, *app_name, *locale;
	const char *api_url, *token_url, *sign_in_url;
	const char *support_phone;
	const char *tile_url, *tile_attribution;
	int64_t tile_max_zoom;
	bool push;
	const char *image_origins;
};

/* The caller frees it; NULL: a text is no UTF-8. */
char *config_text(const struct site_conf *);
/* The value of Content-Security-Policy, or a fault that names the option. */
int config_policy(const struct site_conf *, char out[POLICY_SIZE],
    struct ow_fault *);

#endif
