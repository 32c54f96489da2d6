/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one fuzz target over its committed corpus as a TAP program: test/fuzz/replay_NAME reads test/fuzz/corpus/NAME.
 * Each file is one test; so that a decoder that reads past a short message is found without a fuzzer, every prefix of
 * the file is run too, each in a block of exactly its size (REPLAY_WHOLE=1 leaves the prefixes out: coverage is that of
 * the files alone). What fails aborts, as it does under the fuzzer. With CAUSEWAY_LIBFUZZER the fuzzer brings its own main.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#ifndef CAUSEWAY_LIBFUZZER
#define FILE_MAX	(1u << 20)
#define PREFIXES_MAX	2048u

static void
run(const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		abort();
	memcpy(exact, p, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
run_file(const char *dir, const char *name, uint8_t *buf)
{
	char path[4096];
	struct stat st;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		abort();
	}
	n = fread(buf, 1, FILE_MAX, f);
	if (fstat(fileno(f), &st) < 0 || (off_t)n != st.st_size) {
		fprintf(stderr, "%s: %zu octets of it could be read\n", path, n);
		abort();
	}
	fclose(f);
	run(buf, n);
	for (size_t k = 0; k < n && k < PREFIXES_MAX && !getenv("REPLAY_WHOLE"); k++)
		run(buf, k);
}

int
main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/'), *top = getenv("top_srcdir"), *name;
	struct dirent **list = NULL;
	char dir[2048];
	uint8_t *buf = malloc(FILE_MAX);
	int n;

	base = base ? base + 1 : argv[0];
	name = strncmp(base, "replay_", 7) == 0 ? base + 7 : base;
	snprintf(dir, sizeof(dir), "%s/test/fuzz/corpus/%s", top ? top : ".", name);
	n = scandir(argc > 1 ? argv[1] : dir, &list, not_hidden, alphasort);
	if (n <= 0 || !buf) {
		printf("1..1\nnot ok 1 - no corpus in %s\n", dir);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		fflush(stdout);
		run_file(argc > 1 ? argv[1] : dir, list[i]->d_name, buf);
		printf("ok %d - %s %s\n", i + 1, name, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	free(buf);
	return 0;
}
#endif
