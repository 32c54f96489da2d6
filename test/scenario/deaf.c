/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deaf DIR SOCK N PATH: N clients of DIR/SOCK.sock that ask for PATH and take nothing of the answer, until it is killed. Prints how many got in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/sync_crowd.h"

int
main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: deaf DIR SOCK N PATH\n");
		return 2;
	}
	printf("%u in\n", crowd_add(argv[1], argv[2], (unsigned)strtoul(argv[3], NULL, 10), argv[4]));
	fflush(stdout);
	pause();
	return 0;
}
