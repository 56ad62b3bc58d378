/* SPDX-License-Identifier: MIT */
/*
 * process - see process.h.
 *
 * posix_spawn, since the server has threads: nothing runs in the child before
 * its own program.  A descriptor of the process (pidfd) tells its end, so that
 * no signal is needed and no other child of the program is reaped.
 *
 * What the child gets: the socket as descriptor 3, /dev/null to read, our
 * stderr to write, no blocked signals, a process group of its own (Ctrl-C is
 * for the server).  All else it closes itself.
 */
#include "outbox/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#ifndef OW_LIBEXEC_DIR
#define OW_LIBEXEC_DIR "/usr/libexec/orderwire"
#endif
#define PROGRAM "orderwire-plugin-host"

/* What may be handed on.  The rest is the server's own: it may hold secrets
   (PGPASSWORD). */
static const char *const environment[] = {
	"PATH", "HOME", "TZ", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "ASAN_OPTIONS",
	"LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
};
#define ENVIRONMENT_MAX (sizeof(environment) / sizeof(environment[0]))

/* Where the program is: in $ORDERWIRE_LIBEXEC, or else beside the running
   program (a build folder), or else where it was installed. */
static void
process_program(char out[512])
{
	const char *dir = getenv("ORDERWIRE_LIBEXEC");
	char self[400], *slash;
	ssize_t n;

	if (dir != NULL && dir[0] != '\0') {
		(void)snprintf(out, 512, "%s/" PROGRAM, dir);
		return;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL) {
		*slash = '\0';
		(void)snprintf(out, 512, "%s/" PROGRAM, self);
		if (access(out, X_OK) == 0)
			return;
	}
	(void)snprintf(out, 512, OW_LIBEXEC_DIR "/" PROGRAM);
}

static void
make_environment(char *out[ENVIRONMENT_MAX + 1])
{
	const char *value;
	size_t i, n = 0;

	for (i = 0; i < ENVIRONMENT_MAX; i++) {
		value = getenv(environment[i]);
		if (value != NULL)
			out[n++] = mem_printf("%s=%s", environment[i], value);
	}
	out[n] = NULL;
}

static int
spawn(const char *program, char *const argv[], char *const envp[], int fd,
    pid_t *out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int err;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);	/* we ignore it */
	OW_ASSERT(posix_spawnattr_init(&attr) == 0);
	OW_ASSERT(posix_spawn_file_actions_init(&actions) == 0);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &usual);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	/* Also clears close-on-exec when both are the same. */
	err = posix_spawn_file_actions_adddup2(&actions, fd, PROCESS_SOCKET);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(&actions,
		    STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions,
		    STDERR_FILENO, STDOUT_FILENO);
	if (err == 0)
		err = posix_spawn(out, program, &actions, &attr, argv, envp);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return err;
}

int
process_spawn(const char *name, const char *plugin, struct process *out,
    struct ow_fault *fault)
{
	char program[512], *envp[ENVIRONMENT_MAX + 1];
	struct process p = { 0, -1, -1 };
	int err, fds[2] = { -1, -1 };
	size_t i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		err = errno;
		fds[0] = fds[1] = -1;
		goto out;
	}
	process_program(program);
	make_environment(envp);
	err = spawn(program, (char *[]){ (char *)PROGRAM, (char *)name,
	    (char *)plugin, NULL }, envp, fds[1], &p.pid);
	for (i = 0; envp[i] != NULL; i++)
		free(envp[i]);
	if (err != 0) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "its process can't begin: %.150s: %.60s", program,
		    strerror(err));
		goto out;
	}
	p.pidfd = (int)syscall(SYS_pidfd_open, p.pid, 0);
	if (p.pidfd < 0) {
		err = errno;
		process_end(&p, 0);
		goto out;
	}
	p.fd = fds[0];
	fds[0] = -1;
	*out = p;
	fault = NULL;
out:
	if (fds[0] >= 0)
		(void)close(fds[0]);	/* nothing was said on it */
	if (fds[1] >= 0)
		(void)close(fds[1]);
	if (fault == NULL)
		return OW_OK;
	if (fault->text[0] == '\0')
		(void)snprintf(fault->text, sizeof(fault->text),
		    "its process can't begin: %.60s", strerror(err));
	return OW_EIO;
}

/* pid is a child of ours that nobody has waited for, so it is still that. */
void
process_kill(const struct process *p)
{
	if (p->pid != 0)
		(void)kill(p->pid, SIGKILL);
}

static void
describe(int status, char why[PROCESS_WHY])
{
	if (WIFSIGNALED(status))
		(void)snprintf(why, PROCESS_WHY, "ended by signal %d (%.40s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(why, PROCESS_WHY, "ended by itself, with code"
		    " %d", WEXITSTATUS(status));
}

static void
forget(struct process *p)
{
	if (p->pidfd >= 0)
		(void)close(p->pidfd);	/* nothing is lost */
	p->pid = 0;
	p->pidfd = -1;
}

bool
process_reap(struct process *p, char why[PROCESS_WHY])
{
	int status = 0;
	pid_t pid;

	if (p->pid == 0)
		return false;
	do
		pid = waitpid(p->pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	if (pid > 0)
		describe(status, why);
	else
		(void)snprintf(why, PROCESS_WHY, "ended, nobody knows how");
	forget(p);
	return true;
}

static bool
has_ended_in(const struct process *p, int ms)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };

	return p->pid == 0 || (p->pidfd >= 0 && poll(&fd, 1, ms) > 0);
}

bool
process_has_ended(const struct process *p)
{
	return has_ended_in(p, 0);
}

void
process_wait(const struct process *p, int64_t ms)
{
	if (has_ended_in(p, (int)ms))
		return;
	process_kill(p);
	while (p->pidfd >= 0 && !has_ended_in(p, -1))
		;
}

int64_t
process_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
process_end(struct process *p, int64_t ms)
{
	int status;

	if (p->pid == 0)
		return;
	process_wait(p, ms);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	forget(p);
}
