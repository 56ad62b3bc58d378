/* SPDX-License-Identifier: MIT */
/*
 * replay_main - runs a fuzz target over files instead of libFuzzer.
 *
 *	replay_NAME [FILE...]
 *
 * Without files it takes all of tests/fuzz/corpus/NAME below OW_SRC, where
 * every input that ever hurt the target is kept.  It notices a breach as the
 * target does: by ending the program.  An empty corpus is a failure, too.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_MAX ((size_t)16 << 20)	/* bytes of one file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int
replay_file(const char *path)
{
	uint8_t *data = NULL, *exact;
	FILE *file = fopen(path, "rb");
	size_t n;
	int rc = -1;

	if (!file)
		goto out;
	data = malloc(REPLAY_MAX);
	if (!data)
		goto out;
	n = fread(data, 1, REPLAY_MAX, file);
	if (ferror(file))
		goto out;
	/* A block of just this size lets a sanitizer see one byte too far. */
	exact = malloc(n ? n : 1);
	if (!exact)
		goto out;
	memcpy(exact, data, n);
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	rc = 0;
out:
	if (rc)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(data);
	return rc;
}

/* How many files were run; -1 when one could not be read. */
static int
replay_folder(const char *folder)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder,
		    entry->d_name) >= (int)sizeof(path) || replay_file(path)) {
			count = -1;
			break;
		}
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	const char *src = getenv("OW_SRC"), *name;
	char folder[PATH_MAX];
	int i, count = 0;

	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++) {
		if (replay_file(argv[i]))
			return EXIT_FAILURE;
		count++;
	}
	if (argc == 1) {
		/* The name itself may have underscores: it follows replay_. */
		name = strstr(argv[0], "replay_");
		while (name && strstr(name + 1, "replay_"))
			name = strstr(name + 1, "replay_");
		(void)snprintf(folder, sizeof(folder),
		    "%s/tests/fuzz/corpus/%s", src ? src : ".",
		    name ? name + strlen("replay_") : "");
		count = replay_folder(folder);
	}
	printf("%d inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
