/* SPDX-License-Identifier: BSD-2-Clause */
/* Between emit.c, which decides what becomes of the connections, and write.c, which writes it. */
#ifndef IKECTL_EMIT_H
#define IKECTL_EMIT_H

#include "import.h"
#include "msg_resolve.h"

struct emit_site {
	char		name[NAME_CAP];
	char		address[HOST_CAP], id[ID_CAP];	/* "any", an address or a host name */
	char		from[IMP_TEXT];		/* what it was first made of */
	struct imp_nets	nets;
};

struct emit_tunnel {
	char		name[NAME_CAP];
	unsigned	here, peer;		/* into the sites */
	struct imp_conn	*conn;
	unsigned	nchildren;		/* that are written; 0: it joins all networks of both ends */
};

/* children.c: which children are written, when sites and tunnels are known. */
void emit_children(struct imp *, const struct emit_site *, struct emit_tunnel *, unsigned ntunnels);
void emit_write(struct imp *, const struct emit_site *, unsigned nsites, const struct emit_tunnel *, unsigned ntunnels, FILE *);

#endif
