/* SPDX-License-Identifier: BSD-2-Clause */
/* What spdsync wants, and the administrator's commands. A tunnel that is put again unchanged is not touched. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sa/ops.h"
#include "tunnelcmp.h"

#define WAIT_NS		(120 * NS_PER_S)
#define SHUTDOWN_NS	(3 * NS_PER_S)

static bool
same(struct engine *e, const struct tunnel *a, const struct tunnel *b)
{
	struct wr wx = wr_of(e->plain, sizeof(e->plain)), wy = wr_of(e->cipher, sizeof(e->cipher));

	tunnel_put(&wx, a);
	tunnel_put(&wy, b);
	return wr_ok(&wx) && wr_ok(&wy) && bytes_eq(wr_bytes(&wx), wr_bytes(&wy));
}

void
tun_reason(struct engine *e, struct tun *t, enum reason why, const char *detail)
{
	if (t->reason == why && strcmp(t->detail, detail) == 0)
		return;
	t->reason = why;
	snprintf(t->detail, sizeof(t->detail), "%s", detail);
	tun_changed(e, t);
}

static void
want(struct engine *e, struct tun *t, bool up)
{
	t->wanted = up;
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		t->pol[i].wanted = up || t->cfg.start != START_ALWAYS;
	tun_changed(e, t);
}

/*
 * Room for sixteen children is 80 KiB, and most tunnels have one. Pages of its own, that come zeroed and are not there before they are
 * written, cost what is used; from the heap it would be somebody's old memory.
 */
static struct tun *
tun_alloc(void)
{
	void *p = mmap(NULL, sizeof(struct tun), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
tun_bury(struct tun *t)
{
	munmap(t, sizeof(*t));
}

/* It was taken away and its DELETE is still on its way: the old SAs go as they were told to, and the tunnel begins anew beside them. */
static void
revive(struct engine *e, struct tun *t, const struct tunnel *cfg)
{
	t->gone = false;
	tun_apply(e, t, cfg);
	t->started = 0;
	t->since = e->now;
	tun_reason(e, t, R_OK, "");
	want(e, t, cfg->start == START_ALWAYS);
}

void
engine_tunnel_put(struct engine *e, const struct tunnel *cfg, uint64_t now)
{
	struct tun *t = tun_find(e, cfg->name);

	e->now = now;
	if (t) {
		t->seen = true;
		if (t->gone)
			revive(e, t, cfg);
		else if (!same(e, &t->cfg, cfg))
			tun_apply(e, t, cfg);
		engine_settle(e);
		return;
	}
	if (!(t = tun_alloc()))
		return;
	tunnel_copy(&t->cfg, cfg);
	t->seen = true;
	t->since = now;
	t->next = e->tuns;
	e->tuns = t;
	tun_link(e, t);
	want(e, t, cfg->start == START_ALWAYS);
	engine_settle(e);
}

/* The policies of the children that stay go with them, to where those stand in the new definition. */
static void
move_policies(struct tun *t, const struct tunnel *cfg, const struct tunnel_diff *d, bool wanted)
{
	struct policy old[IKE_CHILDREN];

	memcpy(old, t->pol, sizeof(old));
	memset(t->pol, 0, sizeof(t->pol));
	for (unsigned i = 0; i < cfg->nchildren; i++)
		t->pol[i].wanted = wanted || cfg->start != START_ALWAYS;
	for (unsigned k = 0; k < d->nold; k++) {
		struct policy *p = d->child[k].to < 0 ? NULL : &t->pol[d->child[k].to];

		if (!p)
			continue;
		*p = old[k];
		p->wanted |= wanted && !t->wanted;	/* it was closed by command, and is asked for anew */
	}
}

/* Which IKE SAs and children a changed definition leaves alone: the change touches only what it changes (tunnelcmp.h). */
void
tun_apply(struct engine *e, struct tun *t, const struct tunnel *cfg)
{
	bool wanted = t->wanted || (cfg->start == START_ALWAYS && t->cfg.start != START_ALWAYS);
	bool other = memcmp(t->cfg.digest, cfg->digest, sizeof(cfg->digest)) != 0;
	struct tunnel_diff d;

	tunnel_compare(&t->cfg, cfg, &d);
	move_policies(t, cfg, &d, wanted);
	tun_unlink(e, t);
	tunnel_copy(&t->cfg, cfg);
	tun_link(e, t);
	t->wanted = wanted;
	for (struct child *c = t->children, *next; c; c = next) {
		const struct child_diff *cd = &d.child[c->pol];
		bool gone = c->pol >= d.nold || cd->to < 0;

		next = c->sib;
		c->pol = gone ? IKE_CHILDREN - 1 : (unsigned)cd->to;
		if (gone || cd->fate == FATE_RESTARTED)
			child_want_delete(e, c, gone ? R_REMOVED_FROM_SITES : R_REPLACED);
		else if (cd->fate == FATE_REKEYED)
			c->want_rekey = true;
	}
	for (struct ikesa *s = t->sas, *next; s; s = next) {
		next = s->sib;
		if (s->state < S_UP) {
			ikesa_end(e, s, R_REPLACED);
		} else if (d.fate == FATE_RESTARTED) {
			s->want_delete = true;
			s->why = R_REPLACED;
		} else if (d.fate == FATE_REKEYED && !suite_allowed(&cfg->ike, &s->suite)) {
			s->want_rekey = true;
		}
		if (other && s->state == S_UP && s->causeway)
			s->want_live = true;	/* it tells the peer which definition is ours now, and asks for its own */
	}
	t->retry_at = 0;
	t->tries = 0;
	if (d.fields & TD_START)
		tun_reason(e, t, R_OK, "");
	tun_changed(e, t);
}

void
tun_free(struct engine *e, struct tun *t)
{
	while (t->sas)
		ikesa_end(e, t->sas, R_REMOVED_FROM_SITES);
	while (t->children) {
		key_remove(e, KEY_RM_CHILD, t->children->id);
		child_free(e, t->children);
	}
	timer_stop(&e->timers, &t->timer);
	tun_unlink(e, t);
	for (struct tun **p = &e->tuns; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	for (struct tun **p = &e->dirty; *p; p = &(*p)->dirty_next)
		if (*p == t) {
			*p = t->dirty_next;
			break;
		}
	t->grave = e->grave_tun;
	e->grave_tun = t;
}

static void
remove_tunnel(struct engine *e, struct tun *t, bool quiet)
{
	t->gone = true;
	t->wanted = false;
	for (unsigned i = 0; i < IKE_CHILDREN; i++)
		t->pol[i].wanted = false;
	for (struct ikesa *s = t->sas, *next; s; s = next) {
		next = s->sib;
		if (quiet || s->state < S_UP) {
			ikesa_end(e, s, R_REMOVED_FROM_SITES);
		} else {
			s->want_delete = true;
			s->why = R_REMOVED_FROM_SITES;
		}
	}
	tun_touch(e, t);
}

void
engine_tunnel_del(struct engine *e, const char *name, bool quiet, uint64_t now)
{
	struct tun *t = tun_find(e, name);

	e->now = now;
	if (t)
		remove_tunnel(e, t, quiet);
	engine_settle(e);
}

void
engine_sync_begin(struct engine *e, uint64_t now)
{
	e->now = now;
	for (struct tun *t = e->tuns; t; t = t->next)
		t->seen = false;
}

void
engine_sync(struct engine *e, uint64_t now)
{
	e->now = now;
	e->synced = true;
	for (struct tun *t = e->tuns; t; t = t->next) {
		if (!t->seen)
			remove_tunnel(e, t, false);
		tun_changed(e, t);
	}
	e->orphans_due = true;
	engine_settle(e);
}

void
engine_unreachable(struct engine *e, const struct endpoint *remote, int err, uint64_t now)
{
	enum reason why = err == ECONNREFUSED ? R_PEER_PORT_CLOSED : err == EADDRNOTAVAIL ? R_LOCAL_ADDRESS_MISSING : R_NO_ROUTE;

	e->now = now;
	for (struct tun *t = e->tuns; t; t = t->next)
		for (struct ikesa *s = t->sas; s; s = s->sib)
			if (s->state == S_I_SENT && addr_eq(&s->remote.addr, &remote->addr)) {
				s->heard = why;
				if (t->reason != why) {
					struct record *r = rec_new(s, "IKE_SA_INIT", NULL, why);

					/* Anybody can forge an ICMP error: it explains, it decides nothing (RFC 7296 2.21.4). */
					if (r)
						record_fact(r, "errno", "%s", strerror(err));
					todo_record(e, r);
					tun_reason(e, t, why, "");
				}
				tun_failed(e, t, NULL, why, "");
			}
	engine_settle(e);
}

static struct waiter *
wait_for(struct engine *e, enum engine_command what, uint64_t tag, const char *tunnel, const char *child)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->what = what;
	w->tag = tag;
	w->until = e->now + (what == ENGINE_SHUTDOWN ? SHUTDOWN_NS : WAIT_NS);
	snprintf(w->tunnel, sizeof(w->tunnel), "%s", tunnel);
	snprintf(w->child, sizeof(w->child), "%s", child);
	w->next = e->waiters;
	e->waiters = w;
	return w;
}

static void
all_down(struct engine *e, uint64_t tag)
{
	e->stopping = true;
	for (struct tun *t = e->tuns; t; t = t->next) {
		want(e, t, false);
		for (struct ikesa *s = t->sas, *next; s; s = next) {
			next = s->sib;
			s->want_delete = true;
			s->why = R_DELETED_BY_USER;
			if (s->state < S_UP)
				ikesa_end(e, s, R_DELETED_BY_USER);
		}
	}
	if (!wait_for(e, ENGINE_SHUTDOWN, tag, "", ""))
		todo_done(e, tag, R_NO_MEMORY, "");
	waiters_arm(e);
}

static void
command_up(struct engine *e, struct tun *t, int pol)
{
	t->wanted = true;
	t->retry_at = 0;
	t->started = 0;
	t->up_now = true;
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		if (pol < 0 || (unsigned)pol == i) {
			t->pol[i].wanted = true;
			t->pol[i].urgent = true;
			t->pol[i].retry_at = 0;
		}
	if (t->reason == R_DELETED_BY_USER)
		tun_reason(e, t, R_OK, "");
}

static void
command_down(struct engine *e, struct tun *t, int pol)
{
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		if (pol < 0 || (unsigned)pol == i)
			t->pol[i].wanted = false;
	for (struct child *c = t->children, *next; c; c = next) {
		next = c->sib;
		if (pol >= 0 && c->pol == (unsigned)pol)
			child_want_delete(e, c, R_DELETED_BY_USER);
	}
	if (pol >= 0)
		return;
	t->wanted = false;
	tun_reason(e, t, R_DELETED_BY_USER, "");
	for (struct ikesa *s = t->sas, *next; s; s = next) {
		next = s->sib;
		s->want_delete = true;
		s->why = R_DELETED_BY_USER;
		if (s->state < S_UP)
			ikesa_end(e, s, R_DELETED_BY_USER);
	}
}

/* Closed and set up anew: a tunnel that is only waited for is waited for again. */
static void
command_restart(struct engine *e, struct tun *t, int pol, struct waiter *w)
{
	bool begin = t->wanted || t->cfg.start == START_ALWAYS;
	struct child *top = pol < 0 ? NULL : policy_top(t, (unsigned)pol);

	for (struct ikesa *s = t->sas; s && pol < 0; s = s->sib)
		if (s->state == S_UP)
			w->old_spi = ikesa_spi(s);
	if (top)
		w->old_child = top->id;
	command_down(e, t, pol);
	for (struct ikesa *s = t->sas; s && pol < 0; s = s->sib)
		s->why = R_REPLACED;
	if (begin) {
		command_up(e, t, pol);
		return;
	}
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		if (pol < 0 || (unsigned)pol == i)
			t->pol[i].wanted = true;
	if (t->reason == R_DELETED_BY_USER)
		tun_reason(e, t, R_OK, "");
}

/* False: there is nothing to rekey. */
static bool
command_rekey(struct tun *t, int pol, bool sa, struct waiter *w)
{
	bool any = false;

	for (struct ikesa *s = t->sas; s && sa; s = s->sib)
		if (ikesa_usable(s) && !s->leaving) {
			s->want_rekey = any = true;
			s->rekey_at = 0;
			w->old_spi = ikesa_spi(s);
		}
	for (struct child *c = t->children; c && !sa; c = c->sib)
		if (c->state == CH_UP && (pol < 0 || c->pol == (unsigned)pol)) {
			c->want_rekey = any = true;
			c->rekey_at = 0;
			w->old_child = c->id;
		}
	return any;
}

void
engine_command(struct engine *e, enum engine_command what, const char *name, uint64_t tag, uint64_t now)
{
	char tunnel[NAME_CAP] = "", child[NAME_CAP] = "";
	const char *slash = name ? strchr(name, '/') : NULL;
	struct waiter *w;
	struct tun *t;
	int pol = -1;

	e->now = now;
	if (what == ENGINE_SHUTDOWN) {
		all_down(e, tag);
		engine_settle(e);
		return;
	}
	snprintf(tunnel, sizeof(tunnel), "%.*s", slash ? (int)(slash - name) : 63, name ? name : "");
	if (slash)
		snprintf(child, sizeof(child), "%s", slash + 1);
	t = tun_find(e, tunnel);
	for (unsigned i = 0; t && slash && i < t->cfg.nchildren; i++)
		if (strcmp(t->cfg.children[i].name, child) == 0)
			pol = (int)i;
	if (!t || t->gone || (slash && pol < 0)) {
		todo_done(e, tag, R_NOT_FOUND, "");
		return;
	}
	if (!(w = wait_for(e, what, tag, tunnel, child))) {
		todo_done(e, tag, R_NO_MEMORY, "");
		return;
	}
	if (what == ENGINE_UP)
		command_up(e, t, pol);
	else if (what == ENGINE_DOWN)
		command_down(e, t, pol);
	else if (what == ENGINE_RESTART)
		command_restart(e, t, pol, w);
	else if (!command_rekey(t, pol, what == ENGINE_REKEY_SA, w)) {
		engine_forget_tag(e, tag);
		todo_done(e, tag, R_NOT_FOUND, "nothing is up");
	}
	waiters_arm(e);
	tun_changed(e, t);
	engine_settle(e);
}

void
engine_forget_tag(struct engine *e, uint64_t tag)
{
	for (struct waiter **p = &e->waiters; *p;) {
		struct waiter *w = *p;

		if (w->tag == tag) {
			*p = w->next;
			free(w);
		} else {
			p = &w->next;
		}
	}
}
