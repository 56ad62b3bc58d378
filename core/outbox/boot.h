/* SPDX-License-Identifier: MIT */
/*
 * boot - what a channel's process does before its plugin runs there: it becomes
 * the server's user, finds the file, and fills in the options as the server
 * told them.
 */
#ifndef OUTBOX_BOOT_H
#define OUTBOX_BOOT_H

#include "outbox/wire.h"
#include "plugin/plugin.h"

/* The values of options, secrets among them; the entry's conf points there. */
struct boot_text {
	struct boot_text *next;
	char *s;
};

/* Log as the server does, or not at all. */
void boot_log(const struct wire_start *);
/* Fills in desc and conf (owned by the caller, and the texts, also after a
   failure).  OW_OK, or what is wrong. */
int boot_entry(struct plugin_entry *, struct boot_text **texts,
    const struct wire_start *, struct ow_fault *);
/* Wipes and frees them. */
void boot_wipe(struct boot_text **texts);

#endif
