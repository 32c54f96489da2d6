/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tunnel a message belongs to, and which policy selectors mean. Lookups are hash chains by address pair, by identity and by
 * name: ten thousand tunnels cost a handshake no more than one does.
 */
#include <stdio.h>

#include "msg_bind.h"
#include "sa/ops.h"

#define CANDIDATES	16	/* tunnels of one address pair whose proposals are tried */

static uint32_t
mix(uint32_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
hash_pair(const struct addr *local, const struct addr *remote)
{
	uint32_t h = mix(2166136261u, &local->fam, 1);

	h = mix(h, local->b, addr_len(local));
	h = mix(h, &remote->fam, 1);
	return mix(h, remote->b, addr_len(remote)) % HASH;
}

static uint32_t
hash_text(const char *s)
{
	return mix(2166136261u, s, strlen(s)) % HASH;
}

/* Of two that fit as well the first is taken: so those by setkey's policies stand behind the site file's, however late it brings them. */
static bool
comes_last(const struct tun *t)
{
	return t->cfg.nchildren && t->cfg.children[0].reqid >= BIND_NUMBERS;
}

void
tun_link(struct engine *e, struct tun *t)
{
	uint32_t h = hash_pair(&t->cfg.local, &t->cfg.remote);
	bool last = comes_last(t);
	struct tun **p;

	for (p = &e->by_pair[h]; last && *p; p = &(*p)->next_pair)
		;
	t->next_pair = *p;
	*p = t;
	for (p = &e->by_id[hash_text(t->cfg.id_remote)]; last && *p; p = &(*p)->next_id)
		;
	t->next_id = *p;
	*p = t;
	h = hash_text(t->cfg.name);
	t->next_name = e->by_name[h];
	e->by_name[h] = t;
}

void
tun_unlink(struct engine *e, struct tun *t)
{
	struct tun **p;

	for (p = &e->by_pair[hash_pair(&t->cfg.local, &t->cfg.remote)]; *p && *p != t; p = &(*p)->next_pair)
		;
	if (*p)
		*p = t->next_pair;
	for (p = &e->by_id[hash_text(t->cfg.id_remote)]; *p && *p != t; p = &(*p)->next_id)
		;
	if (*p)
		*p = t->next_id;
	for (p = &e->by_name[hash_text(t->cfg.name)]; *p && *p != t; p = &(*p)->next_name)
		;
	if (*p)
		*p = t->next_name;
}

struct tun *
tun_find(const struct engine *e, const char *name)
{
	for (struct tun *t = e->by_name[hash_text(name)]; t; t = t->next_name)
		if (strcmp(t->cfg.name, name) == 0)
			return t;
	return NULL;
}

static unsigned
by_address(struct tun *t, const struct addr *local, const struct addr *remote, struct tun *v[static PEERS], unsigned n)
{
	for (unsigned tries = 0; t && n < PEERS && tries < CANDIDATES; t = t->next_pair, tries++)
		if (addr_eq(&t->cfg.local, local) && addr_eq(&t->cfg.remote, remote))
			v[n++] = t;
	return n;
}

static bool
sits_at(const struct tun *t, const struct addr *a)
{
	for (const struct ikesa *s = t->sas; s; s = s->sib)
		if (s->state == S_UP && addr_eq(&s->remote.addr, a))
			return true;
	return false;
}

unsigned
match_peers(struct engine *e, const struct addr *local, const struct addr *remote, struct tun *v[static PEERS], bool *wide)
{
	static const struct addr none;
	unsigned n = by_address(e->by_pair[hash_pair(local, remote)], local, remote, v, 0);
	uint64_t *at = &e->stray_at[mix(0, remote->b, addr_len(remote)) % STRAYS];

	n = by_address(e->by_pair[hash_pair(&none, remote)], &none, remote, v, n);
	*wide = n == 0 && e->now >= *at;
	if (!*wide)
		return n;
	*at = e->now + NS_PER_S;
	for (struct tun *t = e->tuns; t && n < PEERS; t = t->next)
		if (sits_at(t, remote))
			v[n++] = t;
	return n;
}

bool
match_anyone(const struct engine *e, const struct addr *local)
{
	static const struct addr none;

	for (const struct tun *t = e->by_pair[hash_pair(local, &none)]; t; t = t->next_pair)
		if (addr_eq(&t->cfg.local, local) && addr_is_any(&t->cfg.remote) && !t->gone)
			return true;
	return false;
}

static struct tun *
try_pair(const struct engine *e, const struct addr *local, const struct addr *remote, const struct proposals *theirs,
    struct suite *suite, unsigned *which, const struct tun **any)
{
	unsigned tries = 0;

	for (struct tun *t = e->by_pair[hash_pair(local, remote)]; t && tries < CANDIDATES; t = t->next_pair) {
		if (!addr_eq(&t->cfg.local, local) || !addr_eq(&t->cfg.remote, remote))
			continue;
		tries++;
		if (!*any)
			*any = t;
		if (proposals_choose(&t->cfg.ike, theirs, suite, which))
			return t;
	}
	return NULL;
}

struct tun *
match_address(const struct engine *e, const struct addr *local, const struct addr *remote, const struct proposals *theirs,
    struct suite *suite, unsigned *which, const struct tun **any)
{
	static const struct addr none;
	struct tun *t;

	*any = NULL;
	if ((t = try_pair(e, local, remote, theirs, suite, which, any)) ||
	    (t = try_pair(e, local, &none, theirs, suite, which, any)) ||
	    (t = try_pair(e, &none, remote, theirs, suite, which, any)))
		return t;
	return try_pair(e, &none, &none, theirs, suite, which, any);
}

/*
 * The tunnel of an identity. The peer's address need not be the configured one when somebody translates it, so an exact address
 * is preferred, not demanded. *other: a tunnel between these addresses that expects somebody else.
 */
struct tun *
match_identity(const struct engine *e, const char *id, const char *id_ours, const struct addr *local, const struct addr *remote,
    const struct tun **other)
{
	static const struct addr none;
	struct tun *best = NULL;
	int best_score = 0;

	for (struct tun *t = e->by_id[hash_text(id)]; t; t = t->next_id) {
		bool here = addr_is_any(&t->cfg.local) || addr_eq(&t->cfg.local, local);
		int score = 1;

		if (strcmp(t->cfg.id_remote, id) != 0 || (id_ours && strcmp(t->cfg.id_local, id_ours) != 0))
			continue;
		score += addr_eq(&t->cfg.remote, remote) ? 4 : addr_is_any(&t->cfg.remote) ? 2 : 0;
		score += here ? 1 : 0;
		if (score > best_score) {
			best = t;
			best_score = score;
		}
	}
	*other = NULL;
	for (const struct tun *t = e->by_pair[hash_pair(local, remote)]; t && !*other; t = t->next_pair)
		if (addr_eq(&t->cfg.local, local) && addr_eq(&t->cfg.remote, remote))
			*other = t;
	for (const struct tun *t = e->by_pair[hash_pair(local, &none)]; t && !*other; t = t->next_pair)
		if (addr_eq(&t->cfg.local, local) && addr_is_any(&t->cfg.remote))
			*other = t;
	return best;
}

/* Of several that the selectors meet: one of a protocol and of the mode that the peer asks for, then the one that they name exactly, then IPComp. */
static unsigned
fits(const struct tunnel_child *c, const struct asked *as, bool exact)
{
	bool proto = c->ah ? as->ah : as->esp;

	return proto << 3 | ((c->mode == CHILD_TRANSPORT) == as->transport) << 2 | exact << 1 | ((c->comp != COMP_NONE) == as->comp);
}

int
match_selectors(const struct tun *t, const struct asked *as, const struct ts_list *ours, const struct ts_list *theirs, struct ts_list *local,
    struct ts_list *remote)
{
	unsigned best = 0;
	int found = -1;

	for (unsigned i = 0; i < t->cfg.nchildren; i++) {
		const struct tunnel_child *c = &t->cfg.children[i];
		bool exact = ts_list_eq(&c->local, ours) && ts_list_eq(&c->remote, theirs);
		struct ts_list l, r;

		if (!ts_list_meet(&c->local, ours, &l) || !ts_list_meet(&c->remote, theirs, &r))
			continue;
		if (found >= 0 && fits(c, as, exact) <= best)
			continue;
		found = (int)i;
		best = fits(c, as, exact);
		*local = l;
		*remote = r;
	}
	return found;
}
