/* SPDX-License-Identifier: MIT */
/*
 * secret - a secret that stands in a file of its own: "@file".
 *
 * Only a regular file that nobody else may read or write will do: looked at
 * after it was opened, so that it cannot be swapped in between.  No buffer
 * keeps a copy.  Links are followed (that is how containers mount secrets).
 */
#include "conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

char *
secret_path(const char *folder, const char *path)
{
	if (path[0] == '/' || !*folder)
		return mem_dup(path);
	return mem_printf("%s/%s", folder, path);
}

/* What is wrong with the open file, or NULL. */
static const char *
secret_refusal(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH))
		return "can be read or written by others: chmod 600 it";
	if (st->st_size > (off_t)SECRET_MAX)
		return "is larger than 64 kB";
	if (!st->st_size)
		return "is empty";
	return NULL;
}

static int
secret_load(int fd, char *text, size_t *out_n)
{
	size_t n = 0;
	ssize_t got;

	do {
		got = read(fd, text + n, SECRET_MAX + 1 - n);
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n <= SECRET_MAX) || (got < 0 && errno == EINTR));
	if (got < 0)
		return OW_EIO;
	*out_n = n;
	return OW_OK;
}

/* The text's length without its newline, or a refusal. */
static const char *
secret_trim(const char *text, size_t *n)
{
	if (*n > SECRET_MAX)
		return "is larger than 64 kB";
	if (*n && text[*n - 1] == '\n')
		--*n;
	if (*n && text[*n - 1] == '\r')
		--*n;
	if (!*n)
		return "is empty";
	return memchr(text, '\0', *n) ? "has a NUL byte inside" : NULL;
}

int
secret_read(const char *folder, const char *path, char **out,
    struct ow_fault *fault)
{
	char *full = secret_path(folder, path), *text = NULL;
	const char *why;
	struct stat st;
	size_t n;
	int fd, err = OW_EINVAL;

	/* Not to wait for the writer of a pipe. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		why = strerror(errno);
		err = errno == ENOENT ? OW_ENOENT : OW_EIO;
		goto out;
	}
	why = secret_refusal(&st);
	if (why)
		goto out;
	text = mem_alloc(SECRET_MAX + 2);
	if (secret_load(fd, text, &n)) {
		why = strerror(errno);
		err = OW_EIO;
		goto out;
	}
	why = secret_trim(text, &n);
	if (why)
		goto out;
	*out = mem_dupn(text, n);
	err = OW_OK;
out:
	if (err)
		snprintf(fault->text, sizeof(fault->text), "'%.120s' %s%s",
		    full, err == OW_EINVAL ? "" : "can't be read: ", why);
	if (text) {
		mem_wipe(text, SECRET_MAX + 2);
		mem_wipe_free(&text);
	}
	if (fd >= 0)
		close(fd);
	mem_wipe_free(&full);
	return err;
}
