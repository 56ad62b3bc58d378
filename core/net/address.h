/* SPDX-License-Identifier: MIT */
/*
 * address - "127.0.0.1:8080" and socket addresses, both ways.
 *
 * Numbers only: a name would have to be looked up, which blocks and may give
 * another answer tomorrow.  "localhost" is 127.0.0.1 and "*" is every IPv4
 * address.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <orderwire/plugin.h>
#include <sys/socket.h>

#define ADDRESS_SIZE 48			/* an address as text */
#define ADDRESS_PORT_SIZE 56		/* "[address]:port" */

/* "host:port", "[v6]:port"; the port 0 to 65535.  OW_OK or OW_EINVAL. */
int address_parse(const char *text, struct sockaddr_storage *out,
    socklen_t *out_len, struct ow_fault *);
/* "192.0.2.1"; an IPv4 address mapped into IPv6 is written as IPv4.  Another
   family is "". */
void address_text(const struct sockaddr *, char out[ADDRESS_SIZE]);
/* With the port, IPv6 in brackets. */
void address_text_port(const struct sockaddr *, char out[ADDRESS_PORT_SIZE]);
bool address_is_loopback(const struct sockaddr *);

#endif
