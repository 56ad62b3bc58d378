/* SPDX-License-Identifier: MIT */
/*
 * read - a folder, and all below it, into memory.
 *
 * Dot files and dot folders are passed over.  Whatever else is no plain file
 * stops the reading with a sentence, because somebody would miss it later: a
 * link that leads out of the folder or nowhere, a pipe, a folder too deep.
 *
 * Invariants: nothing is opened through a link, but the file that a link has
 * been resolved to; no more than the limit is ever read of a file.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
	struct files *files;
	const char *root;		/* resolved */
	unsigned char *room;		/* FILES_FILE_MAX and one more */
	struct ow_fault *fault;
};

static int
reader_fault(const struct reader *r, const char *path,
    const char *why)
{
	snprintf(r->fault->text, sizeof(r->fault->text), "%.90s%.90s: %s",
	    r->root, path, why);
	return OW_EINVAL;
}

/* Takes fd. */
static int
read_file(struct reader *r, int fd, const char *path)
{
	size_t n = 0;
	ssize_t k;

	while (n <= FILES_FILE_MAX) {
		k = read(fd, r->room + n, FILES_FILE_MAX + 1 - n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		n += (size_t)k;
	}
	close(fd);
	if (n <= FILES_FILE_MAX && k < 0)
		return reader_fault(r, path, "can't be read");
	return files_add(r->files, path, r->room, n, r->fault);
}

static int
read_link(struct reader *r, const char *path)
{
	size_t n = strlen(r->root);
	char link[PATH_MAX], *target = NULL;
	const char *why = NULL;
	struct stat st;
	int fd = -1;

	if (snprintf(link, sizeof(link), "%s%s", r->root, path) <
	    (int)sizeof(link))
		target = realpath(link, NULL);
	if (!target || lstat(target, &st) != 0)
		why = "is a link that leads nowhere";
	else if (strncmp(target, r->root, n) != 0 || target[n] != '/')
		why = "is a link that leads out of the folder";
	else if (!S_ISREG(st.st_mode))
		why = "is a link to what is no file";
	else if (strstr(target + n, "/."))
		why = "is a link to a dot file";
	else if ((fd = open(target, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		why = "can't be opened";
	free(target);
	return why ? reader_fault(r, path, why) : read_file(r, fd, path);
}

static int read_folder(struct reader *, int fd, const char *path, int depth);

static int
read_entry(struct reader *r, int dir, const char *name,
    const char *folder, int depth)
{
	char path[FILES_PATH_SIZE];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return reader_fault(r, folder, "a path in it is too long");
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return reader_fault(r, path, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return read_link(r, path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return reader_fault(r, path, "is neither a file nor a folder");
	if (S_ISDIR(st.st_mode) && depth == FILES_DEPTH_MAX)
		return reader_fault(r, path, "is too deep a folder");
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return reader_fault(r, path, strerror(errno));
	return S_ISDIR(st.st_mode) ? read_folder(r, fd, path, depth + 1) :
	    read_file(r, fd, path);
}

/* Takes fd. */
static int
read_folder(struct reader *r, int fd, const char *path, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int err = OW_OK;

	if (!dir) {
		close(fd);
		return reader_fault(r, path, "can't be read");
	}
	while (err == OW_OK && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = read_entry(r, dirfd(dir), entry->d_name, path,
			    depth);
	closedir(dir);
	return err;
}

int
files_read(struct files *files, const char *root, struct ow_fault *f)
{
	struct reader r = { .files = files, .fault = f };
	char *resolved = realpath(root, NULL);
	int fd = -1, err = OW_EIO;

	r.room = malloc(FILES_FILE_MAX + 1);
	if (resolved)
		fd = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(f->text, sizeof(f->text), "%.150s: %s", root,
		    strerror(errno));
	} else if (!r.room) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		close(fd);
	} else {
		r.root = resolved;
		err = read_folder(&r, fd, "", 0);
	}
	free(r.room);
	free(resolved);
	return err;
}
