/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux's own PF_KEY wants otherwise than our engine: an outbound policy names the tunnel's other end, what is forwarded is
 * checked by policies of its own (fwd), and entries carry no name of who made them. Where the other end is, iked knows better than the
 * site file while they speak: it may have no fixed address, or be behind a NAT.
 */
#include <string.h>

#include "pfkey.h"
#include "system.h"

bool
system_is(const char *engine)
{
	return strcmp(engine, "system") == 0;
}

bool
system_policies(struct want *w)
{
	size_t n = w->spd.n;

	for (size_t i = 0; i < n; i++) {
		struct spd_entry e = w->spd.v[i];

		if (e.dir == CW_DIR_OUT) {
			w->spd.v[i].peer = w->v[e.tunnel].remote->address;
			continue;
		}
		e.dir = CW_DIR_FWD;
		if (!spd_add(&w->spd, &e))
			return false;
		w->v[e.tunnel].npolicies[e.child]++;
	}
	spd_sort(&w->spd);
	return true;
}

bool
system_peer(struct want *w, unsigned tunnel, const struct addr *peer)
{
	bool changed = false;

	for (size_t i = 0; i < w->spd.n; i++) {
		struct spd_entry *e = &w->spd.v[i];

		if (e->tunnel != tunnel || e->dir != CW_DIR_OUT || addr_cmp(&e->peer, peer) == 0)
			continue;
		e->peer = *peer;
		changed = true;
	}
	return changed;
}

void
system_owner(struct spd_entry *e, bool (*known)(void *, uint32_t reqid), void *arg)
{
	if (e->owner == SPD_UNSAID && e->plain && e->priority == spd_priority(e) && known(arg, e->reqid))
		e->owner = SPD_OURS;
}
