/* SPDX-License-Identifier: BSD-2-Clause */
/* What both ends must be when everything is over: one usable pair for each policy, and nothing left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sa/ops.h"

bool
sim_idle(struct sim *m)
{
	for (int i = 0; i < 2; i++) {
		struct engine_census c;

		if (!m->s[i].e)
			continue;
		engine_count(m->s[i].e, &c);
		if (c.exchanges || c.calls || c.ike_sas != c.ike_up || c.children != c.children_up)
			return false;
	}
	return true;
}

struct ikesa *
sim_up_sa(struct engine *e)
{
	for (struct tun *t = e->tuns; t; t = t->next)
		for (struct ikesa *s = t->sas; s; s = s->sib)
			if (s->state == S_UP)
				return s;
	return NULL;
}

bool
sim_up(struct sim *m)
{
	for (int i = 0; i < 2; i++) {
		struct tunnel_state *t = calloc(1, sizeof(*t));
		bool up = m->s[i].e && engine_state(m->s[i].e, "a-b", m->now, t) && t->ike_up;

		for (unsigned k = 0; up && k < t->nchildren; k++)
			up = t->children[k].negotiated == CHILD_UP;
		free(t);
		if (!up)
			return false;
	}
	return true;
}

static bool
by_halves(const struct side *s)
{
	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (s->child[i].id && (s->child[i].larval || !s->child[i].in || !s->child[i].out))
			return true;
	return false;
}

static const char *
handles(const struct side *s, unsigned policies)
{
	unsigned ke = 0, ike = 0;

	for (unsigned i = 0; i < SIM_HANDLES; i++) {
		ke += s->ke[i].id != 0;
		ike += s->ike[i].id != 0;
	}
	if (ke)
		return "a key exchange handle is left over";
	if (ike != 1)
		return "not one IKE handle";
	if (toy_children(s) != policies)
		return "not one child in keymgr for each policy";
	return by_halves(s) ? "a child is installed by halves" : NULL;
}

static const char *
pairs(const struct sim *m)
{
	for (unsigned i = 0; i < SIM_CHILDREN; i++) {
		const struct toy_child *a = &m->s[A].child[i], *found = NULL;

		if (!a->id)
			continue;
		for (unsigned k = 0; k < SIM_CHILDREN; k++) {
			const struct toy_child *b = &m->s[B].child[k];

			if (b->id && b->spi_in == a->spi_out && b->spi_out == a->spi_in)
				found = b;
		}
		if (!found)
			return "a child has no other half";
		if (memcmp(a->key_in, found->key_out, 32) != 0 || memcmp(a->key_out, found->key_in, 32) != 0)
			return "the two halves have different keys";
		if (!ts_list_eq(&a->local, &found->remote) || !ts_list_eq(&a->remote, &found->local))
			return "the two halves have different selectors";
	}
	return NULL;
}

static bool
settled(struct sim *m)
{
	for (int i = 0; i < 2; i++) {
		struct engine_census c;

		engine_count(m->s[i].e, &c);
		if (c.ike_sas != 1 || c.timers > 3 || c.children != toy_children(&m->s[i]) || by_halves(&m->s[i]))	/* it waits for something */
			return false;
	}
	return sim_idle(m) && sim_up(m) && toy_children(&m->s[A]) == toy_children(&m->s[B]);
}

const char *
sim_check(struct sim *m, unsigned policies)
{
	const char *why;

	if (!sim_until(m, settled, 400 * SEC)) {
		for (unsigned i = 0; m->print && i < 2 * SIM_CHILDREN; i++) {
			const struct toy_child *c = &m->s[i / SIM_CHILDREN].child[i % SIM_CHILDREN];

			if (c->id)
				fprintf(stderr, "%c has child %x: in %x %d, out %x %d, larval %d\n", 'A' + (int)(i / SIM_CHILDREN),
				    c->id, c->spi_in, c->in, c->spi_out, c->out, c->larval);
		}
		return !sim_up(m) ? "the tunnel is not up" : !sim_idle(m) ? "something is still under way" :
		    toy_children(&m->s[A]) != toy_children(&m->s[B]) ? "the engines do not have the same number of children" :
		    by_halves(&m->s[A]) || by_halves(&m->s[B]) ? "a child is installed by halves" : "an IKE SA or a timer is left over";
	}
	for (int i = 0; i < 2; i++) {
		struct engine_census c;

		engine_count(m->s[i].e, &c);
		if (c.ike_sas != 1 || c.ike_up != 1)
			return "not one IKE SA";
		if (c.children != policies || c.children_up != policies)
			return "not one child for each policy";
		if (c.half_open)
			return "a half-open IKE SA is left over";
		if (c.timers > 3)
			return "a timer is left over";
		if ((why = handles(&m->s[i], policies)))
			return why;
	}
	return pairs(m);
}

bool
sim_recorded(const struct side *s, enum reason why)
{
	for (unsigned i = 0; i < s->nrec; i++)
		if (s->rec[i].reason == why)
			return true;
	return false;
}

const char *
sim_fact(const struct side *s, enum reason why, const char *key)
{
	char word[32];
	const char *at;

	snprintf(word, sizeof(word), "%s=", key);
	for (unsigned i = s->nrec; i-- > 0;)
		if (s->rec[i].reason == why && (at = strstr(s->rec[i].facts, word)))
			return at + strlen(word);
	return NULL;
}

const char *
sim_path(struct sim *m, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < m->ntrace && n + 8 < cap; i++)
		n += (size_t)snprintf(buf + n, cap - n, "%c%u ", 'A' + m->trace[i].side, m->trace[i].row);
	return buf;
}

uint64_t
sim_counted(const struct sim *m, int side, const char *name)
{
	unsigned n;
	const struct engine_counter *c = engine_counters(m->s[side].e, &n);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(c[i].name, name) == 0)
			return c[i].value;
	fprintf(stderr, "no counter %s\n", name);
	abort();
}
