/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "tunnelcmp.h"

static bool
same_proposal(const struct proposal *a, const struct proposal *b)
{
	if (a->proto != b->proto || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->t[i].type != b->t[i].type || a->t[i].id != b->t[i].id || a->t[i].key_bits != b->t[i].key_bits)
			return false;
	return true;
}

/* The order counts: it is what is preferred. */
static bool
same_proposals(const struct proposals *a, const struct proposals *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same_proposal(&a->v[i], &b->v[i]))
			return false;
	return true;
}

static uint32_t
fields(const struct tunnel *a, const struct tunnel *b)
{
	const struct { uint32_t bit; bool same; } v[] = {
		{ TD_LOCAL, addr_eq(&a->local, &b->local) },
		{ TD_REMOTE, addr_eq(&a->remote, &b->remote) },
		{ TD_ID_LOCAL, strcmp(a->id_local, b->id_local) == 0 },
		{ TD_ID_REMOTE, strcmp(a->id_remote, b->id_remote) == 0 },
		{ TD_PROOFS, memcmp(a->proofs, b->proofs, sizeof(a->proofs)) == 0 && a->auth_local == b->auth_local &&
		    a->auth_remote == b->auth_remote },
		{ TD_IKE, same_proposals(&a->ike, &b->ike) },
		{ TD_ESP, same_proposals(&a->esp, &b->esp) },
		{ TD_START, a->start == b->start },
		{ TD_FIRST, a->first == b->first },
		{ TD_ENCAP, a->encap == b->encap },
		{ TD_IKE_LIFE, a->ike_life_s == b->ike_life_s },
		{ TD_CHILD_LIFE, a->child_life_s == b->child_life_s },
		{ TD_IKE_HARD, a->ike_hard_s == b->ike_hard_s },
		{ TD_CHILD_HARD, a->child_hard_s == b->child_hard_s },
		{ TD_BYTES, a->child_life_bytes == b->child_life_bytes },
		{ TD_PACKETS, a->child_life_packets == b->child_life_packets },
		{ TD_IFACE, strcmp(a->iface, b->iface) == 0 },
		{ TD_WINDOW, a->replay_window == b->replay_window },
	};
	uint32_t f = 0;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (!v[i].same)
			f |= v[i].bit;
	return f;
}

/* A child is the same one when its name and its number are. */
static int
find_child(const struct tunnel *t, const struct tunnel_child *c)
{
	for (unsigned i = 0; i < t->nchildren; i++)
		if (strcmp(t->children[i].name, c->name) == 0 && t->children[i].reqid == c->reqid)
			return (int)i;
	return -1;
}

static bool
same_esp(const struct tunnel *old, unsigned i, const struct tunnel *new, unsigned k)
{
	struct proposals a, b;

	tunnel_child_esp(old, i, &a);
	tunnel_child_esp(new, k, &b);
	return same_proposals(&a, &b);
}

static void
compare_child(const struct tunnel *of, unsigned i, const struct tunnel *new, uint32_t of_tunnel, struct child_diff *d)
{
	const struct tunnel_child *old = &of->children[i];

	d->to = find_child(new, old);
	d->fields = of_tunnel & TD_IFACE;	/* an SA is of one interface as long as it lives */
	if (d->to >= 0) {
		if (!same_esp(of, i, new, (unsigned)d->to))
			d->fields |= TD_ESP;
		if (!ts_list_eq(&old->local, &new->children[d->to].local))
			d->fields |= TD_TS_LOCAL;
		if (!ts_list_eq(&old->remote, &new->children[d->to].remote))
			d->fields |= TD_TS_REMOTE;
	}
	d->fate = d->to < 0 ? FATE_DROPPED : of_tunnel & TD_WHO ? FATE_RESTARTED : d->fields ? FATE_REKEYED : FATE_KEPT;
}

void
tunnel_compare(const struct tunnel *old, const struct tunnel *new, struct tunnel_diff *d)
{
	uint32_t f = fields(old, new);

	memset(d, 0, sizeof(*d));
	d->fields = f;
	d->fate = f & TD_WHO ? FATE_RESTARTED : f & TD_IKE ? FATE_REKEYED : FATE_KEPT;
	d->nold = old->nchildren;
	for (unsigned i = 0; i < old->nchildren; i++) {
		compare_child(old, i, new, f, &d->child[i]);
		d->fields |= d->child[i].fields;
	}
	for (unsigned i = 0; i < new->nchildren; i++)
		d->is_new[i] = find_child(old, &new->children[i]) < 0;
}
