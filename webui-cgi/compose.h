/* SPDX-License-Identifier: BSD-2-Clause */
/* A site file with one tunnel more, and the site at its other end when that is new. Every other octet stays as it is. Pure. */
#ifndef CAUSEWAY_CGI_COMPOSE_H
#define CAUSEWAY_CGI_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>

struct new_site { char name[64], address[64], networks[600]; };	/* networks: with commas between; "" name: it is there already */
struct new_tunnel {
	char		name[64], here[64], there[64];
	char		policy[16], start[16];
	bool		cert;		/* else a pre-shared key of the tunnel's name */
	char		trust[64];
	struct new_site	sites[2];
};

/* Addresses and prefixes with commas or blanks between are made "a, b"; false: one is none, or they overlap each other; why is a sentence. */
bool compose_networks(const char *in, char out[600], char *why, size_t cap);
/* Do any of one list and any of the other overlap? */
bool compose_overlap(const char *a, const char *b, char *why, size_t cap);
bool compose_address(const char *in);

/* The blocks that come in, for people to see; and the whole text, to be freed. NULL: no memory. */
void compose_blocks(const struct new_tunnel *, char *out, size_t cap);
char *compose_text(const char *text, const struct new_tunnel *);

#endif
