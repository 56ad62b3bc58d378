/* SPDX-License-Identifier: MIT */
/*
 * outside - what channels may do towards the rest of the world: the table
 * ow_host_net, by two fetchers a loop.
 *
 * One goes wherever an admin's option says.  The other is for URLs that users
 * gave us: https alone, to public addresses and to networks that the config
 * allows besides, judged at the moment of connecting.  They share no
 * connection.
 *
 * One loop's own, and it outlives every instance that was given it.
 */
#ifndef PLUGIN_OUTSIDE_H
#define PLUGIN_OUTSIDE_H

#include <orderwire/plugin.h>

struct loop;
struct outside;

/* private_allow: see net/public.h.  OW_EINVAL when it can't be read. */
int outside_new(struct loop *, const char *private_allow,
    struct outside **out, struct ow_fault *);
void outside_free(struct outside **);

/* What judge() makes of an answer, but for how long to wait; testhost.h must
   say the same. */
int32_t outside_verdict(bool is_mail, int32_t err, int32_t status);

/* For plugin_tables.net, with plugin_tables.outside. */
const struct ow_host_net *outside_host(void);

/* What judge() makes of an answer: its verdict, by the reply's err and
   status. */
int32_t outside_verdict(bool is_mail, int32_t err, int32_t status);

#endif
