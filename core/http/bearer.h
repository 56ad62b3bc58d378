/* SPDX-License-Identifier: MIT */
/*
 * bearer - the token of an Authorization header (RFC 6750, 2.1).
 */
#ifndef HTTP_BEARER_H
#define HTTP_BEARER_H

/* Points into the header; "" when it holds something else, NULL when there is
   none. */
const char *bearer_token(const char *header);

#endif
