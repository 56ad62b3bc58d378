/* SPDX-License-Identifier: MIT */
/*
 * call - what handlers share that make a command of their call: the caller,
 * the Idempotency-Key, parameters of lists, and the way back from a command's
 * answer to the response.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/api.h"
#include "base/form.h"
#include "desk/command.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 200

/* Every command's beginning: the caller, and the tenant and what else the path
   names.  Its answer becomes the response and ends both. */
struct command *call_command(struct call *, enum command_kind);
/* To the desk, which answers. */
void call_send(struct call *, struct command *);
/* A command's `done`, unless a handler puts its own there: says what the answer
   says; ends the command and its call. */
void call_answered(struct command *);

/* A tracking token only looks.  The desk says whether it is one at all (403,
   or 401), whatever the body is.  True: it has been asked. */
bool call_is_refused_anyway(struct call *, struct command *);

/* Each that is false has ended the call; the command is still the caller's.
   Roles come first, so that a stranger learns nothing about forms. */
bool call_is_allowed(struct call **, const struct command *);
bool call_take_repeat_key(struct call **, struct command *);
/* The body into cmd->asked, as the form wants it. */
bool call_take_form(struct call **, struct command *,
    const struct form_field *);

/* Query parameters; what is wrong is added to the faults.  One that is empty
   is not there: forms send all that they have. */
const char *call_param(struct call *, const char *name);
void call_number(struct call *, const char *name, int64_t dflt, int64_t min,
    int64_t max, int64_t *out, struct form_faults *);
void call_page_limit(struct call *, int64_t *out, struct form_faults *);
/* The id that ?cursor= stands for, in the arena; "~", which sorts behind every
   id, without one. */
const char *call_cursor(struct call *, struct arena *, struct form_faults *);

#endif
