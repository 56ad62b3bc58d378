/* SPDX-License-Identifier: MIT */
/*
 * message - one notice as the body of projects.messages.send.  Pure.
 */
#ifndef CHANNEL_FCM_MESSAGE_H
#define CHANNEL_FCM_MESSAGE_H

#include <orderwire/plugin.h>

/* {"message": {...}}; allocated, NULL: title or text is no UTF-8.  at_s is the
   present, since 1970. */
char *message_write(const struct ow_job *, const char *android_channel,
    int64_t at_s, size_t *out_n);

#endif
