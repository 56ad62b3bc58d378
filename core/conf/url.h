/* SPDX-License-Identifier: MIT */
/*
 * url - is this text a URL that somebody could have meant?
 */
#ifndef CONF_URL_H
#define CONF_URL_H

#include <orderwire/plugin.h>

/* scheme://[user[:password]@]host[:port][/...]; OW_OK, or OW_EINVAL with what
   is wrong ("the port must be between 1 and 65535").  The URL itself, which
   may carry a password, is not in the text. */
int url_check(const char *url, struct ow_fault *);
/* "host:port", "1.2.3.4:port" or "[v6]:port", port 0..65535: where to
   listen.  OW_OK, or OW_EINVAL with what is wrong. */
int url_check_listen(const char *address, struct ow_fault *);
/* Is the URL's host this machine: localhost, 127.0.0.0/8, [::1]? */
bool url_is_loopback(const char *url);

#endif
