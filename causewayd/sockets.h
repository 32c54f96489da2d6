/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every socket of the suite, opened once, as root. causewayd keeps them for its whole life and hands out duplicates, so a
 * daemon that dies takes no packet's address with it.
 */
#ifndef CAUSEWAYD_SOCKETS_H
#define CAUSEWAYD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SOCKETS	16

struct socket_row {
	char		name[16];	/* as in lib/msg_sup.h */
	int		fd;
	char		path[128];	/* of a Unix listener, to be removed at the end; "" else */
};

struct sockets {
	unsigned		n;
	struct socket_row	row[SOCKETS];
};

/* False: why is a sentence. What was opened until then stays in the table. */
/* kernel: the engine is a kernel's. It needs no socket for ESP, and nobody bundles what iked reads. */
bool sockets_open_net(struct sockets *, bool kernel, uint16_t ike_port, uint16_t natt_port, char *why, size_t cap);
bool sockets_open_unix(struct sockets *, bool kernel, const char *run_dir, const char *panel_group, char *why, size_t cap);
/* No policy of the kernel's engine is for the network's sockets; may be done again. False: the engine refused. */
/* For Linux's own ESP: it takes ESP in UDP from these. */
void sockets_encap(const struct sockets *);
bool sockets_spare(const struct sockets *);
void sockets_close(struct sockets *);

#endif
