/* SPDX-License-Identifier: MIT */
/*
 * trace - static trace points (USDT), for perf, bpftrace and gdb.
 *
 *	bpftrace -e 'usdt:/usr/sbin/orderwired:orderwire:fanout
 *	    { @us[arg1] = hist(arg3); }'
 *
 * One that nobody watches is a single nop.  Built where <sys/sdt.h> is there
 * (Debian: systemtap-sdt-dev); elsewhere the macros are empty.
 *
 *	point		arguments
 *	fanout		topic's key, streams, events, microseconds of sending
 *	full		stream's key of transport and variant, bytes waiting
 *	fell		the last seq that it has, its feed
 *	answer		1 for one that had fallen behind, events, seq
 *	told		order's id, the last seq, fronts as bits
 *	run		transactions given to the store, microseconds in it
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#ifdef HAVE_SYS_SDT_H
#include <sys/sdt.h>
#define TRACE2(name, a, b) DTRACE_PROBE2(orderwire, name, a, b)
#define TRACE3(name, a, b, c) DTRACE_PROBE3(orderwire, name, a, b, c)
#define TRACE4(name, a, b, c, d) DTRACE_PROBE4(orderwire, name, a, b, c, d)
#else
#define TRACE2(name, a, b) ((void)(a), (void)(b))
#define TRACE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define TRACE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif
