/* SPDX-License-Identifier: MIT */
/*
 * files - everything that is served, in memory.
 *
 * A sorted list of paths, each with its bytes and those of its packed
 * siblings.  Where they come from is read.c's business.
 *
 * Invariants: total counts every byte that is held, so both limits hold for
 * whatever is added; after files_finish a path stands there once.
 */
#include "files.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_BYTES 16

static int
files_fault(struct ow_fault *f, int err, const char *path, const char *why)
{
	snprintf(f->text, sizeof(f->text), "%.150s: %s", path, why);
	return err;
}

/* ---- One file ----------------------------------------------------------- */

static void
body_done(struct body *b)
{
	free(b->p);
	b->p = NULL;
	b->n = 0;
}

static void
file_done(struct file *file)
{
	for (int i = 0; i < PACK_COUNT; i++)
		body_done(&file->bodies[i]);
	free(file->path);
	file->path = NULL;
}

/* Of the content, not of its time: every loop and node says the same. */
static int
body_tag(struct body *b)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *out = b->tag;

	if (EVP_Digest(b->p, b->n, digest, NULL, EVP_sha256(), NULL) != 1)
		return OW_EIO;
	*out++ = '"';
	for (int i = 0; i < TAG_BYTES; i++)
		out += sprintf(out, "%02x", digest[i]);
	strcpy(out, "\"");
	return OW_OK;
}

static int
body_init(struct body *b, const void *p, size_t n)
{
	b->p = malloc(n + 1);		/* also of an empty file */
	if (!b->p)
		return OW_EAGAIN;
	if (n)
		memcpy(b->p, p, n);
	b->n = n;
	return body_tag(b);
}

/* ---- All of them -------------------------------------------------------- */

static struct file *
files_at(const struct files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->list[i].path, path) == 0)
			return &files->list[i];
	return NULL;
}

/* Its place is free then. */
static void
files_end(struct files *files, struct file *file)
{
	for (int i = 0; i < PACK_COUNT; i++)
		files->total -= file->bodies[i].n;
	file_done(file);
}

void
files_drop(struct files *files, const char *path)
{
	static const char *const endings[] = { "", ".br", ".gz" };
	char whole[FILES_PATH_SIZE + 8];
	struct file *file;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(whole, sizeof(whole), "%s%s", path, endings[i]);
		file = files_at(files, whole);
		if (!file)
			continue;
		files_end(files, file);
		*file = files->list[--files->count];
	}
}

static int
files_grow(struct files *files)
{
	size_t room = files->room ? 2 * files->room : 64;
	struct file *list;

	if (files->count < files->room)
		return OW_OK;
	list = realloc(files->list, room * sizeof(*list));
	if (!list)
		return OW_EAGAIN;
	files->list = list;
	files->room = room;
	return OW_OK;
}

int
files_add(struct files *files, const char *path, const void *p, size_t n,
    struct ow_fault *f)
{
	struct file *file;

	if (n > FILES_FILE_MAX)
		return files_fault(f, OW_ELIMIT, path,
		    "is larger than 4 MiB, which is too much to be served");
	if (files->total + n > FILES_TOTAL_MAX)
		return files_fault(f, OW_ELIMIT, path,
		    "with it there are more than 32 MiB, too much to be kept "
		    "in memory");
	if (files->count == FILES_COUNT_MAX)
		return files_fault(f, OW_ELIMIT, path,
		    "with it there are more than 4096 files");
	if (files_grow(files) != OW_OK)
		return files_fault(f, OW_EAGAIN, path, "out of memory");
	file = &files->list[files->count];
	memset(file, 0, sizeof(*file));
	file->path = strdup(path);
	if (!file->path || body_init(&file->bodies[PACK_NONE], p, n) != OW_OK) {
		file_done(file);
		return files_fault(f, OW_EAGAIN, path, "out of memory");
	}
	files->total += n;
	files->count++;
	return OW_OK;
}

static int
file_compare(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path,
	    ((const struct file *)b)->path);
}

/* The bytes of "x.br" move to x. */
static void
files_join(const struct files *files, struct file *file,
    const char *extension, int pack)
{
	char path[FILES_PATH_SIZE + 8];
	struct file *sibling;
	struct body *body;

	snprintf(path, sizeof(path), "%s%s", file->path, extension);
	sibling = (struct file *)files_find(files, path);
	if (!sibling)
		return;
	body = &sibling->bodies[PACK_NONE];
	sibling->is_pack = true;
	file->has_pack = true;
	if (body->n < file->bodies[PACK_NONE].n) {
		file->bodies[pack] = *body;
		memset(body, 0, sizeof(*body));
	}
}

void
files_finish(struct files *files)
{
	size_t i, count = 0;

	if (files->count)
		qsort(files->list, files->count, sizeof(*files->list),
		    file_compare);
	for (i = 0; i < files->count; i++) {
		files_join(files, &files->list[i], ".br", PACK_BROTLI);
		files_join(files, &files->list[i], ".gz", PACK_GZIP);
	}
	/* The order stays, so that those behind are still found. */
	for (i = 0; i < files->count; i++) {
		if (files->list[i].is_pack)
			files_end(files, &files->list[i]);
		else
			files->list[count++] = files->list[i];
	}
	files->count = count;
}

const struct file *
files_find(const struct files *files, const char *path)
{
	struct file key = { .path = (char *)path };

	if (!files->count)
		return NULL;
	return bsearch(&key, files->list, files->count, sizeof(*files->list),
	    file_compare);
}

void
files_done(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		file_done(&files->list[i]);
	free(files->list);
	memset(files, 0, sizeof(*files));
}
