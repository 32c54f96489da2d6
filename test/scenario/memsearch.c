/* SPDX-License-Identifier: BSD-2-Clause */
/* memsearch PID TEXT: exit 0 when the octets of TEXT stand anywhere in the writable memory of the process, 1 when not, 2 on error. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char path[64], line[512], perms[8];
	unsigned long lo, hi, regions = 0;
	int mem, found = 0;
	FILE *maps;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (!maps || mem < 0) {
		fprintf(stderr, "memsearch: %s: %s\n", path, strerror(errno));
		return 2;
	}
	while (fgets(line, sizeof(line), maps)) {
		char *buf;
		ssize_t n;

		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, perms) != 3 || perms[1] != 'w')
			continue;
		buf = malloc(hi - lo);
		n = buf ? pread(mem, buf, hi - lo, (off_t)lo) : -1;
		if (n > 0) {
			regions++;
			found |= memmem(buf, (size_t)n, argv[2], strlen(argv[2])) != NULL;
		}
		free(buf);
	}
	if (regions == 0) {
		fprintf(stderr, "memsearch: no region could be read\n");
		return 2;
	}
	printf("%lu regions read, %s\n", regions, found ? "found" : "not found");
	return found ? 0 : 1;
}
