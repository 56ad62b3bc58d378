/* SPDX-License-Identifier: MIT */
/*
 * profile - preferences written, for those who change a switch in them.
 */
#ifndef DESK_PROFILE_H
#define DESK_PROFILE_H

struct orders;
struct own;
struct person;

/* Make own->c->prefs the person's next version, and answer the command: its
   status and body must be there, but for CMD_PREFS_PUT. */
void profile_write(struct orders *, struct own *, struct person *);

#endif
