/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's SAs, read when somebody asks: status and "show sas" join them with the tunnels by reqid. The descriptor is marked
 * keyless, so no key can be among them; the system's own PF_KEY, which has no such mark, gives keys that are not looked at.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "sync.h"
#include "system.h"

static bool
has(const struct pfkey_msg *m, unsigned ext)
{
	return (m->has & PFKEY_HAS(ext)) != 0;
}

void
sa_info_take(const struct pfkey_msg *m, struct sa_info *a)
{
	char one[120], two[120];

	memset(a, 0, sizeof(*a));
	a->satype = m->satype;
	a->spi = m->sa.spi;
	a->state = m->sa.state;
	a->auth = m->sa.auth;
	a->encrypt = m->sa.encrypt;
	a->src = m->src.ep.addr;
	a->dst = m->dst.ep.addr;
	a->replay = has(m, CW_EXT_REPLAY) ? m->replay_window : m->sa.replay;
	if (has(m, SADB_X_EXT_SA2)) {
		a->mode = m->sa2.mode;
		a->reqid = m->sa2.reqid;
	}
	if (has(m, SADB_X_EXT_NAT_T_TYPE)) {
		a->natt = m->natt_type;
		a->sport = m->natt_sport;
		a->dport = m->natt_dport;
	}
	if (has(m, CW_EXT_SAFLAGS))
		a->flags = m->sa_flags;
	if (has(m, CW_EXT_OWNER))
		snprintf(a->owner, sizeof(a->owner), "%s", m->owner);
	if (has(m, SADB_EXT_LIFETIME_CURRENT)) {
		a->bytes = m->current.bytes;
		a->packets = m->current.packets;
		a->added = m->current.addtime;
	}
	if (has(m, CW_EXT_IFACE))
		memcpy(a->iface, m->iface, sizeof(a->iface));
	if (has(m, CW_EXT_STATS)) {
		a->has_stats = true;
		a->stats = m->stats;
		a->bytes = m->stats.bytes;
		a->packets = m->stats.packets;
	}
	if (has(m, SADB_EXT_LIFETIME_SOFT)) {
		a->soft_s = m->soft.addtime;
		a->soft_bytes = m->soft.bytes;
	}
	if (has(m, SADB_EXT_LIFETIME_HARD)) {
		a->hard_s = m->hard.addtime;
		a->hard_bytes = m->hard.bytes;
	}
	if (has(m, CW_EXT_SELECTORS))
		snprintf(a->selectors, sizeof(a->selectors), "%s -> %s", ts_list_str(&m->sel_src, one, sizeof(one)),
		    ts_list_str(&m->sel_dst, two, sizeof(two)));
}

static void
entry(void *arg, const struct pfkey_msg *m)
{
	struct engine *e = &((struct sync *)arg)->engine;

	if (!has(m, SADB_EXT_SA))
		return;
	if (e->nsas == e->sas_cap) {
		size_t cap = e->sas_cap ? e->sas_cap * 2 : 32;
		struct sa_info *v = reallocarray(e->sas, cap, sizeof(*v));

		if (!v)
			return;
		e->sas = v;
		e->sas_cap = cap;
	}
	sa_info_take(m, &e->sas[e->nsas++]);
}

static int
by_reqid(const void *a, const void *b)
{
	const struct sa_info *x = a, *y = b;

	if (x->reqid != y->reqid)
		return x->reqid < y->reqid ? -1 : 1;
	return x->spi < y->spi ? -1 : x->spi > y->spi;
}

/* Everybody who waits gets what is known now. */
void
sas_wake(struct sync *s)
{
	struct engine *e = &s->engine;
	struct sas_wait *all = e->sas_wait, *next;

	e->sas_wait = NULL;
	e->sas_busy = false;
	for (; all; all = next) {
		next = all->next;
		all->done(all->arg);
		free(all);
	}
}

static void
dumped(void *arg, int err, const struct pfkey_msg *reply)
{
	struct sync *s = arg;
	struct engine *e = &s->engine;

	(void)reply;
	if (!e->up)
		return;		/* engine.c's lost() wakes them */
	e->sas_failed = err != 0;
	if (e->nsas)
		qsort(e->sas, e->nsas, sizeof(e->sas[0]), by_reqid);
	e->sas_busy = false;
	rates_look(s);
	sas_wake(s);
}

void
sas_refresh(struct sync *s, sas_done *done, void *arg)
{
	struct engine *e = &s->engine;
	struct sas_wait *w;
	struct pfkey_msg m;

	if (!e->up || !(w = malloc(sizeof(*w)))) {
		done(arg);
		return;
	}
	*w = (struct sas_wait){ done, arg, e->sas_wait };
	e->sas_wait = w;
	if (e->sas_busy)
		return;
	e->sas_busy = true;
	e->nsas = 0;
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
	if (pfkey_dump(e->pf, &m, entry, dumped, s) == 0)
		sas_wake(s);
}

void
sas_cancel(struct sync *s, void *arg)
{
	struct sas_wait **p = &s->engine.sas_wait, *w;

	while ((w = *p) != NULL)
		if (w->arg == arg) {
			*p = w->next;
			free(w);
		} else
			p = &w->next;
}

bool
sas_in(const struct sa_info *a, const struct want_tunnel *w)
{
	if (a->flags & (CW_SAF_IN | CW_SAF_OUT))
		return a->flags & CW_SAF_IN;
	if (w->local->address.fam && (addr_eq(&a->dst, &w->local->address) || addr_eq(&a->src, &w->local->address)))
		return addr_eq(&a->dst, &w->local->address);
	return w->remote->address.fam && addr_eq(&a->src, &w->remote->address);
}

bool
sas_ours(const struct sync *s, const struct sa_info *a)
{
	if (a->owner[0] == '\0' && system_is(s->proc->engine))
		return want_by_reqid(&s->want, a->reqid) != NULL;
	return strncmp(a->owner, "keymgr", 6) == 0;
}

const struct sa_info *
sas_of(const struct sync *s, uint32_t reqid, size_t *n)
{
	const struct engine *e = &s->engine;
	size_t lo = 0, hi = e->sas_busy ? 0 : e->nsas, end;	/* while a dump runs the table is not sorted */

	*n = 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (e->sas[mid].reqid < reqid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < e->nsas && e->sas[end].reqid == reqid; end++)
		;
	*n = end - lo;
	return *n ? &e->sas[lo] : NULL;
}

void
sas_fini(struct sync *s)
{
	while (s->engine.sas_wait)
		sas_cancel(s, s->engine.sas_wait->arg);
	free(s->engine.sas);
	s->engine.sas = NULL;
	s->engine.nsas = s->engine.sas_cap = 0;
}

bool
sas_old_keys(const struct sa_info *a, uint64_t now)
{
	bool ends = a->hard_s || a->hard_bytes;

	return (a->state == SADB_SASTATE_MATURE || a->state == SADB_SASTATE_DYING) && !ends && a->added && now > a->added && now - a->added > KEYS_OLD_S;
}
