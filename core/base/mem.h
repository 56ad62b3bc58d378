/* SPDX-License-Identifier: MIT */
/*
 * mem - memory that never says no, and OW_ASSERT.
 *
 * For small allocations whose size no peer decides: they abort when there is
 * no memory (HACKING.md 15).  What a peer sizes lives in a struct buf.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* All return memory that free() takes. */
void *mem_alloc(size_t n);		/* zeroed */
void *mem_grow(void *p, size_t n);	/* realloc */
char *mem_dup(const char *s);		/* NULL gives NULL */
char *mem_dupn(const char *s, size_t n);
/* The same text, or both NULL. */
bool mem_is_same(const char *a, const char *b);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Overwrite a secret; the compiler may not leave it out. */
void mem_wipe(void *p, size_t n);
/* Wipe a string, free it, NULL the pointer.  NULL inside is fine. */
void mem_wipe_free(char **s);

/* Our own mistakes end the program, in release builds too. */
#define OW_ASSERT(cond)							\
	((cond) ? (void)0 : mem_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void mem_assert_failed(const char *cond, const char *file, int line);

#endif
