/* SPDX-License-Identifier: BSD-2-Clause */
/* Two site files, ours and the other end's: what they say differently about the tunnels of this gateway. Pure. */
#ifndef CAUSEWAY_COMPARE_H
#define CAUSEWAY_COMPARE_H

#include "site.h"

enum compare_state { COMPARE_SAME, COMPARE_DIFFERS, COMPARE_ONLY_HERE, COMPARE_ONLY_THERE };

struct compare_sink {
	void	*arg;
	/* A tunnel of this gateway; its fields follow when it differs. */
	void	(*tunnel)(void *arg, const char *name, const char *peer, enum compare_state);
	void	(*field)(void *arg, const char *field, const char *here, const char *there);
};

/* A tunnel that only ours has is told when its other site stands in their file: the tunnels of other partners are not theirs to have. */
void compare_sites(const struct sites *ours, const struct sites *theirs, const char *here, const struct compare_sink *);
/* The fields of two definitions of a tunnel that are not equal; how many. */
unsigned compare_tunnel(const struct sites *ours, const struct site_tunnel *, const struct sites *theirs, const struct site_tunnel *,
    const struct compare_sink *);

#endif
