/* SPDX-License-Identifier: MIT */
/*
 * locale - is this the shape of a language tag?  Whether there is such a
 * language nobody asks.  Pure.
 */
#ifndef BASE_LOCALE_H
#define BASE_LOCALE_H

#include <stdbool.h>

/* "de", "en-GB", "zh_Hant_TW": subtags as in BCP 47, either separator. */
bool locale_is_valid(const char *);

#endif
