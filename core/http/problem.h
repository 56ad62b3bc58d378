/* SPDX-License-Identifier: MIT */
/*
 * problem - refusals as application/problem+json (RFC 9457).
 *
 * {type, title, status, detail, code}, for 422 also errors: [{field, detail}].
 * type is "urn:orderwire:problem:CODE": a name, not an address.
 */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "base/buf.h"
#include "base/form.h"

struct request;

const char *problem_title(int status);		/* "Not Found" */
/* Our codes for OW_E... and the statuses they mean. */
int problem_status(int err);
const char *problem_code(int status);		/* "not_found" */

/* faults may be NULL: a 422 then has one error, about what its code is about.
   code NULL: problem_code; detail NULL or empty: the title. */
void problem_write(struct buf *out, int status, const char *code,
    const char *detail, const struct form_faults *faults);
/* For a Retry-After: wait_ms rounded up to seconds, or, when 0, 1 to 5 s by
   chance. */
int problem_retry_s(int64_t wait_ms);
/* 429 and 503 get a Retry-After: wait_ms rounded up to seconds, or, when 0,
   1 to 5 s by chance, so that a crowd does not return as one. */
void problem_answer(struct request **, int status, const char *code,
    const char *detail, const struct form_faults *faults, int64_t wait_ms);

#endif
