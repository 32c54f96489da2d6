/* SPDX-License-Identifier: BSD-2-Clause */
/* The web server of test/unit/web.h as a program: web ADDRESS PORT FOLDER. With a fourth argument: a directory that gives this file by LDAP. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/web.h"

int
main(int argc, char **argv)
{
	uint16_t port = argc > 3 ? (uint16_t)atoi(argv[2]) : 0;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: web ADDRESS PORT FOLDER [FILE]\n");
		return 2;
	}
	if (argc == 5)
		ldap_start(argv[1], &port, argv[4]);
	else
		web_start(argv[1], &port, argv[3]);
	for (;;)
		pause();
}
