/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "bind.h"

struct bound {
	struct bound	*next;
	uint32_t	 round;
	uint64_t	 version;
	struct binding	 b;
};

struct ruled {
	struct ruled	*next;
	uint32_t	 round;
	struct trust_rule r;
};

static unsigned
hash(const char *s)
{
	uint32_t h = 2166136261u;	/* names come from the local store, not from the network */

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h % 1024;
}

static struct bound *
find(const struct bindings *t, const char *tunnel)
{
	for (struct bound *e = t->bucket[hash(tunnel)]; e; e = e->next)
		if (strcmp(e->b.tunnel, tunnel) == 0)
			return e;
	return NULL;
}

void
bind_new_round(struct bindings *t)
{
	t->round++;
}

bool
bind_put(struct bindings *t, const struct binding *b)
{
	struct bound *e = find(t, b->tunnel);
	unsigned i = hash(b->tunnel);

	if (e == NULL) {
		if (t->n >= BINDINGS_MAX || (e = calloc(1, sizeof(*e))) == NULL)
			return false;
		e->next = t->bucket[i];
		t->bucket[i] = e;
		t->n++;
	}
	if (e->version == 0 || memcmp(&e->b, b, sizeof(*b)) != 0)
		e->version = ++t->versions;
	e->b = *b;
	e->round = t->round;
	return true;
}

static void
drop(struct bindings *t, struct bound **pp)
{
	struct bound *e = *pp;

	*pp = e->next;
	free(e);
	t->n--;
}

void
bind_del(struct bindings *t, const char *tunnel)
{
	for (struct bound **pp = &t->bucket[hash(tunnel)]; *pp; pp = &(*pp)->next)
		if (strcmp((*pp)->b.tunnel, tunnel) == 0) {
			drop(t, pp);
			return;
		}
}

static void
sweep(struct bindings *t, bool all)
{
	for (unsigned i = 0; i < 1024; i++)
		for (struct bound **pp = &t->bucket[i]; *pp; )
			if (all || (*pp)->round != t->round)
				drop(t, pp);
			else
				pp = &(*pp)->next;
}

static struct ruled *
find_rule(const struct bindings *t, const char *anchor)
{
	for (struct ruled *e = t->rules; e; e = e->next)
		if (strcmp(e->r.name, anchor) == 0)
			return e;
	return NULL;
}

bool
bind_rule_put(struct bindings *t, const struct trust_rule *r)
{
	struct ruled *e = find_rule(t, r->name);

	if (e == NULL) {
		if (t->nrules >= RULES_MAX || (e = calloc(1, sizeof(*e))) == NULL)
			return false;
		e->next = t->rules;
		t->rules = e;
		t->nrules++;
	}
	e->r = *r;
	e->round = t->round;
	return true;
}

static void
sweep_rules(struct bindings *t, bool all, const char *anchor)
{
	for (struct ruled **pp = &t->rules, *e; (e = *pp) != NULL; ) {
		if (anchor ? strcmp(e->r.name, anchor) != 0 : !all && e->round == t->round) {
			pp = &e->next;
			continue;
		}
		*pp = e->next;
		free(e);
		t->nrules--;
	}
}

void
bind_rule_del(struct bindings *t, const char *anchor)
{
	sweep_rules(t, false, anchor);
}

const struct trust_rule *
bind_rule(const struct bindings *t, const char *anchor)
{
	const struct ruled *e = find_rule(t, anchor);

	return e ? &e->r : NULL;
}

void
bind_sync(struct bindings *t)
{
	sweep(t, false);
	sweep_rules(t, false, NULL);
}

const struct binding *
bind_find(const struct bindings *t, const char *tunnel)
{
	const struct bound *e = find(t, tunnel);

	return e ? &e->b : NULL;
}

void
bind_each(const struct bindings *t, void (*f)(void *arg, const struct binding *), void *arg)
{
	for (unsigned i = 0; i < 1024; i++)
		for (const struct bound *e = t->bucket[i]; e; e = e->next)
			f(arg, &e->b);
}

uint64_t
bind_version(const struct bindings *t, const char *tunnel)
{
	const struct bound *e = find(t, tunnel);

	return e ? e->version : 0;
}

/* The binding of a child's tunnel. */
static const struct binding *
of_child(const struct bindings *t, const char *child)
{
	char tunnel[NAME_CAP];
	size_t n = strcspn(child, "/");

	if (n >= sizeof(tunnel))
		return NULL;
	memcpy(tunnel, child, n);
	tunnel[n] = '\0';
	return bind_find(t, tunnel);
}

const char *
bind_iface(const struct bindings *t, const char *child)
{
	const struct binding *b = of_child(t, child);

	return b ? b->iface : "";
}

bool
bind_allows(const struct bindings *t, const char *child, uint32_t reqid)
{
	const struct binding *b = of_child(t, child);

	for (unsigned i = 0; b && i < b->nreqids; i++)
		if (b->reqids[i] == reqid)
			return true;
	return false;
}

bool
bind_terms(const struct bindings *t, uint32_t number, struct bound_terms *out)
{
	*out = (struct bound_terms){ .reqid = number };
	if (number < BIND_NUMBERS)
		return true;
	for (unsigned i = 0; i < 1024; i++)
		for (const struct bound *e = t->bucket[i]; e; e = e->next)
			for (unsigned k = 0; e->b.policies && k < e->b.nreqids; k++)
				if (e->b.reqids[k] == number) {
					const struct bound_policy *p = &e->b.policy[k];

					*out = (struct bound_terms){ .reqid = p->reqid, .comp_reqid = p->comp_reqid, .transport = p->transport || p->comp,
					    .ah = p->ah, .comp = p->comp, .comp_tunnel = p->comp && !p->transport };
					return true;
				}
	return false;
}

bool
bind_has_reqid(const struct bindings *t, uint32_t reqid)
{
	for (unsigned i = 0; i < 1024; i++)
		for (const struct bound *e = t->bucket[i]; e; e = e->next)
			for (unsigned k = 0; k < e->b.nreqids; k++)
				if (e->b.reqids[k] == reqid)
					return true;
	return false;
}

/*
 * Is this child asked for? Where IPComp makes the tunnel's header and the policy would do without it ("use"), the engine asks for ESP between the ends of
 * the packet itself: such a policy names one peer, whatever the packet's are.
 */
static bool
asks_for(const struct binding *b, unsigned k, uint32_t policy, const struct addr *peer)
{
	const struct bound_policy *p = &b->policy[k];

	return p->id == policy && ((p->comp && !p->transport) || addr_eq(&b->peer, peer));
}

uint32_t
bind_policy(const struct bindings *t, uint32_t policy, const struct addr *peer, bool ah)
{
	uint32_t other = 0;

	for (unsigned i = 0; i < 1024; i++)
		for (const struct bound *e = t->bucket[i]; e; e = e->next)
			for (unsigned k = 0; e->b.policies && k < e->b.nreqids; k++)
				if (asks_for(&e->b, k, policy, peer)) {
					if (e->b.policy[k].ah == ah)
						return e->b.reqids[k];
					other = e->b.reqids[k];
				}
	return other;
}

void
bind_fini(struct bindings *t)
{
	sweep(t, true);
	sweep_rules(t, true, NULL);
}
