/* SPDX-License-Identifier: MIT */
/*
 * plugin_host - orderwire-plugin-host: the process of a channel that is
 * isolated.  The server begins it; there is nothing for people to call.
 *
 * Here is what this process gives up before it loads code that nobody trusts:
 * every descriptor but its socket, new privileges, more memory and descriptors
 * than a channel needs, and living on when the server is gone.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outbox/guest.h"
#include "outbox/process.h"

#define FILES_MAX 4096		/* a connection for each job, and more */
/* A sanitizer reserves more than any limit before main() begins. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_MAX RLIM_INFINITY
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_MAX RLIM_INFINITY
#endif
#ifndef MEMORY_MAX
#define MEMORY_MAX ((rlim_t)1 << 30)
#endif

static void
limit(int what, rlim_t max)
{
	struct rlimit lim;

	if (getrlimit((__rlimit_resource_t)what, &lim) != 0)
		return;
	lim.rlim_max = lim.rlim_max < max ? lim.rlim_max : max;
	lim.rlim_cur = lim.rlim_max;
	/* Lower is always allowed. */
	(void)setrlimit((__rlimit_resource_t)what, &lim);
}

/* Kernels before 5.9 have no close_range. */
static void
close_others(void)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, PROCESS_SOCKET + 1, ~0u, 0) == 0)
		return;
#endif
	dir = opendir("/proc/self/fd");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (fd > PROCESS_SOCKET && fd != dirfd(dir))
			(void)close(fd);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static void
give_up(void)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close_others();
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_DATA, MEMORY_MAX);
	(void)signal(SIGPIPE, SIG_IGN);
	/* A service manager tells the whole group; the server tells us. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
}

int
main(int argc, char **argv)
{
	socklen_t n = sizeof(int);
	int type;

	(void)argv;
	if (argc != 3 || getsockopt(PROCESS_SOCKET, SOL_SOCKET, SO_TYPE,
	    &type, &n) != 0 || type != SOCK_SEQPACKET) {
		fprintf(stderr, "orderwire-plugin-host: orderwired begins it,"
		    " for channels with isolate = true\n");
		return 2;
	}
	give_up();
	return guest_run(PROCESS_SOCKET);
}
