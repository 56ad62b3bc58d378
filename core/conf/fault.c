/* SPDX-License-Identifier: MIT */
/*
 * fault - what is wrong with the configuration, gathered and printed.
 *
 * A list and nothing else: nobody here decides what is a fault.  It is capped,
 * since a wrong file may be wrong in every line; the last entry then says so.
 * Control characters of what the file says do not reach a terminal.
 */
#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

#define FAULTS_MAX 200u

void
conf_faults_done(struct conf_faults *faults)
{
	free(faults->list);
	*faults = (struct conf_faults){ 0, 0, NULL };
}

static struct conf_fault *
fault_new(struct conf_faults *faults)
{
	if (faults->n == faults->cap) {
		faults->cap = faults->cap ? 2 * faults->cap : 8;
		faults->list = mem_grow(faults->list,
		    faults->cap * sizeof(*faults->list));
	}
	return &faults->list[faults->n++];
}

void
conf_fault(struct conf_faults *faults, const char *file, int line,
    const char *fmt, ...)
{
	struct conf_fault *fault;
	va_list args;
	char *p;

	if (faults->n >= FAULTS_MAX)
		return;
	fault = fault_new(faults);
	fault->line = line;
	snprintf(fault->file, sizeof(fault->file), "%s", file);
	if (faults->n == FAULTS_MAX) {
		fault->line = 0;
		snprintf(fault->text, sizeof(fault->text),
		    "there are more faults; these come first");
		return;
	}
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	for (p = fault->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

void
conf_faults_print(const struct conf_faults *faults, struct buf *out)
{
	const struct conf_fault *fault;
	uint32_t i;

	for (i = 0; i < faults->n; i++) {
		fault = &faults->list[i];
		if (fault->line)
			(void)buf_printf(out, "%s:%d: %s\n", fault->file,
			    fault->line, fault->text);
		else
			(void)buf_printf(out, "%s: %s\n", fault->file,
			    fault->text);
	}
}
