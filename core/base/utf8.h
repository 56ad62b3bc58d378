/* SPDX-License-Identifier: MIT */
/*
 * utf8 - is this well-formed UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF)?  Pure.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at s, where n > 0 bytes are; 0: it is none. */
size_t utf8_length(const char *s, size_t n);
bool utf8_is_valid(const char *s, size_t n);

#endif
