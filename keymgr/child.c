/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "child.h"
#include "childtab.h"
#include "clock.h"

#define COMP_CPI_MIN	256	/* RFC 3173 3.3: smaller ones are not negotiated */

/* A request on its way through the engine. It holds its child, which may be removed meanwhile. */
struct step {
	struct children	*t;
	struct child	*c;
	child_done	*done;
	void		*arg;
	bool		 both;		/* after the inbound SA the outbound one */
};

static void
finish(struct step *s, enum reason r, const char *detail, uint32_t spi)
{
	if (s->done)
		s->done(s->arg, r, detail ? detail : "", spi, spi ? s->c->cpi_in : 0);
	childtab_unref(s->t, s->c);
	free(s);
}

static struct step *
step_new(struct children *t, struct child *c, child_done *done, void *arg)
{
	struct step *s = calloc(1, sizeof(*s));

	if (s) {
		*s = (struct step){ .t = t, .c = c, .done = done, .arg = arg };
		c->refs++;
	}
	return s;
}

static enum sa_kind
kind(const struct child *c)
{
	return c->terms.ah ? SA_AH : SA_ESP;
}

static void
delete_comp_in(struct children *t, struct child *c)
{
	if (c->cpi_in)
		sadb_delete(t->sadb, SA_COMP, c->cpi_in, &c->remote, &c->local);
	childtab_set_cpi_in(t, c, 0);
}

static void
delete_comp_out(struct children *t, struct child *c)
{
	if (c->comp_out)
		sadb_delete(t->sadb, SA_COMP, c->cpi_out, &c->local, &c->remote);
	c->comp_out = false;
}

/* The engine has it no more: then what goes with it goes too. */
static void
ended(struct children *t, struct child *c, bool in)
{
	if (in) {
		delete_comp_in(t, c);
		childtab_set_in(t, c, SIDE_NONE);
	} else {
		delete_comp_out(t, c);
		childtab_set_out(t, c, SIDE_NONE);
	}
}

static void
delete_in(struct children *t, struct child *c)
{
	if (c->in != SIDE_NONE)
		sadb_delete(t->sadb, kind(c), c->spi_in, &c->remote, &c->local);
	ended(t, c, true);
}

static void
delete_out(struct children *t, struct child *c)
{
	if (c->out == SIDE_ADDING || c->out == SIDE_LIVE)
		sadb_delete(t->sadb, kind(c), c->spi_out, &c->local, &c->remote);
	ended(t, c, false);
}

static void
remove_child(struct children *t, struct child *c)
{
	delete_in(t, c);
	delete_out(t, c);
	childtab_drop(t, c);
}

void
children_remove_all(struct children *t)
{
	childtab_each(t, remove_child);
}

/* A child of which nothing is left is forgotten. */
static void
tidy(struct children *t, struct child *c)
{
	if (c->in == SIDE_NONE && c->out == SIDE_NONE)
		childtab_drop(t, c);
}

/* SPIs */

static struct key_spi
ask_of(const struct child *c)
{
	return (struct key_spi){ .child = c->child, .reqid = c->reqid, .local = c->local.addr, .remote = c->remote.addr };
}

/* Without a CPI there is no IPComp; whether it can be done without is iked's to know. */
static void
on_cpi(void *arg, enum reason r, const char *detail, uint32_t cpi)
{
	struct step *s = arg;
	struct child *c = s->c;

	if (r == R_OK && cpi <= 0xffff && !c->dropped)
		childtab_set_cpi_in(s->t, c, (uint16_t)cpi);
	else if (r == R_OK)
		sadb_delete(s->t->sadb, SA_COMP, cpi, &c->remote, &c->local);
	if (c->dropped)
		finish(s, R_NOT_FOUND, "the child was removed", 0);
	else
		finish(s, R_OK, NULL, c->spi_in);
}

static void
on_spi(void *arg, enum reason r, const char *detail, uint32_t spi)
{
	struct step *s = arg;
	struct child *c = s->c;

	if (r == R_OK && spi == 0)
		r = R_ENGINE_NO_SPI;
	if (r == R_ENGINE_REFUSED)
		r = R_ENGINE_NO_SPI;
	if (c->dropped) {	/* removed while the engine looked for one */
		if (r == R_OK)
			sadb_delete(s->t->sadb, kind(c), spi, &c->remote, &c->local);
		finish(s, r == R_OK ? R_NOT_FOUND : r, "the child was removed", 0);
		return;
	}
	if (r != R_OK) {
		childtab_set_in(s->t, c, SIDE_NONE);
		childtab_drop(s->t, c);
		finish(s, r, detail, 0);
		return;
	}
	childtab_set_spi_in(s->t, c, spi);
	childtab_set_in(s->t, c, SIDE_LARVAL);
	c->renew_at = clock_now_ns() + CHILD_RENEW_S * NS_PER_S;
	if (c->terms.comp) {
		struct key_spi k = ask_of(c);

		if (sadb_getspi(s->t->sadb, SA_COMP, &k, &c->terms, 0, on_cpi, s))
			return;
	}
	finish(s, R_OK, NULL, spi);
}

void
child_spi_new(struct children *t, const struct key_spi *k, child_done *done, void *arg)
{
	struct bound_terms terms;
	struct child *c;
	struct step *s = NULL;

	if (!t->ops->terms(t->ctx, k->reqid, &terms)) {
		done(arg, R_NOT_PERMITTED, "no policy has this child's number", 0, 0);
		return;
	}
	if (k->child >= KEY_CHILD_KEPT || childtab_find(t, k->child)) {
		done(arg, R_NOT_PERMITTED, "this child's number is taken", 0, 0);
		return;
	}
	c = childtab_new(t, k->child);
	if (c)
		s = step_new(t, c, done, arg);
	if (s == NULL) {
		if (c)
			childtab_drop(t, c);
		done(arg, R_NO_MEMORY, "", 0, 0);
		return;
	}
	c->reqid = k->reqid;
	c->terms = terms;
	c->local.addr = k->local;
	c->remote.addr = k->remote;
	childtab_set_in(t, c, SIDE_ASKED);
	if (!sadb_getspi(t->sadb, kind(c), k, &c->terms, 0, on_spi, s)) {
		childtab_drop(t, c);
		finish(s, R_ENGINE_DOWN, "keymgr has no link to the engine", 0);
	}
}

static void
on_renewed(void *arg, enum reason r, const char *detail, uint32_t spi)
{
	(void)r;	/* an engine that says no keeps what it has; the install will tell */
	childtab_unref(((struct step *)arg)->t, ((struct step *)arg)->c);
	free(arg);
}

static void
renew_one(struct children *t, struct child *c, enum sa_kind what, uint32_t spi)
{
	struct key_spi k = ask_of(c);
	struct step *s = step_new(t, c, NULL, NULL);

	if (s && !sadb_getspi(t->sadb, what, &k, &c->terms, spi, on_renewed, s)) {
		childtab_unref(t, c);
		free(s);
	}
}

static void
renew(struct children *t, struct child *c)
{
	c->renew_at = clock_now_ns() + CHILD_RENEW_S * NS_PER_S;
	renew_one(t, c, kind(c), c->spi_in);
	if (c->cpi_in)
		renew_one(t, c, SA_COMP, c->cpi_in);
}

void
children_renew_due(struct children *t)
{
	uint64_t now = clock_now_ns();

	for (unsigned i = 0; t->nlarval && i < CHILD_BUCKETS; i++)
		for (struct child *c = t->by_num[i]; c; c = c->next_num)
			if (c->in == SIDE_LARVAL && now >= c->renew_at)
				renew(t, c);
}

/* Installing */

/* PF_KEY answers in order: this is known before the answer for the SA that is sent behind it. */
static void
on_comp(void *arg, enum reason r, const char *detail, uint32_t spi)
{
	struct step *s = arg;

	(void)detail;
	(void)spi;
	if (r != R_OK)
		s->c->comp_bad = r;
	finish(s, r, NULL, 0);
}

static void
install_comp(struct children *t, struct child *c, const struct sa_spec *spec)
{
	struct step *s = step_new(t, c, NULL, NULL);

	if (s == NULL)
		c->comp_bad = R_NO_MEMORY;
	else if (!sadb_install(t->sadb, spec, on_comp, s))
		on_comp(s, R_ENGINE_DOWN, NULL, 0);
}

static const char comp_words[] = "the engine did not take the SA of IPComp beside it";

static void
on_out(void *arg, enum reason r, const char *detail, uint32_t spi)
{
	struct step *s = arg;
	struct child *c = s->c;

	if (c->dropped) {
		finish(s, r == R_OK ? R_NOT_FOUND : r, "the child was removed", 0);
		return;
	}
	if (r == R_OK && c->comp_bad) {
		delete_out(s->t, c);
		r = c->comp_bad;
		detail = comp_words;
	}
	if (r != R_OK)
		ended(s->t, c, false);
	else
		childtab_set_out(s->t, c, c->out == SIDE_ADDING ? SIDE_LIVE : SIDE_NONE);
	if (r != R_OK && s->both)
		remove_child(s->t, c);	/* half a pair is of no use to an initiator */
	finish(s, r, detail, 0);
}

static void
install_out(struct step *s)
{
	struct children *t = s->t;
	struct child *c = s->c;
	struct held *h = c->held;
	bool ok;

	c->held = NULL;		/* the keys leave now and are not kept */
	childtab_set_out(t, c, SIDE_ADDING);
	if (c->cpi_out) {
		c->comp_out = true;
		install_comp(t, c, &h->comp);
	}
	ok = sadb_install(t->sadb, &h->spec, on_out, s);
	held_free(h);
	if (!ok)
		on_out(s, R_ENGINE_DOWN, "keymgr has no link to the engine", 0);
}

static void
on_in(void *arg, enum reason r, const char *detail, uint32_t spi)
{
	struct step *s = arg;
	struct child *c = s->c;

	if (c->dropped) {
		finish(s, r == R_OK ? R_NOT_FOUND : r, "the child was removed", 0);
		return;
	}
	if (r == R_OK && c->comp_bad) {
		r = c->comp_bad;
		detail = comp_words;
	} else if (r != R_OK) {
		childtab_set_in(s->t, c, SIDE_NONE);
	}
	if (r != R_OK) {
		remove_child(s->t, c);
		finish(s, r, detail, 0);
		return;
	}
	if (c->in == SIDE_ADDING)
		childtab_set_in(s->t, c, SIDE_LIVE);
	if (c->held && (s->both || c->kept)) {	/* kept: nobody is left who could say CHILD_SEND */
		install_out(s);
		return;
	}
	finish(s, R_OK, NULL, 0);
}

static void
spec_of(const struct key_child *k, const struct bound_terms *terms, const char *iface, struct sa_spec *in, struct sa_spec *out)
{
	*in = (struct sa_spec){ .kind = terms->ah ? SA_AH : SA_ESP, .esn = k->esn, .udp = k->udp, .spi = k->spi_in, .peer_spi = k->spi_out, .number = k->reqid,
	    .reqid = terms->reqid, .transport = terms->transport,
	    .replay_window = k->replay_window, .suite = k->suite, .src = k->remote, .dst = k->local, .soft_s = k->soft_s, .hard_s = k->hard_s,
	    .soft_bytes = k->soft_bytes, .hard_bytes = k->hard_bytes, .soft_packets = k->soft_packets, .hard_packets = k->hard_packets,
	    .ts_src = &k->ts_remote, .ts_dst = &k->ts_local };
	memcpy(in->name, k->name, sizeof(in->name));
	snprintf(in->iface, sizeof(in->iface), "%s", iface);
	*out = *in;
	out->out = true;
	out->spi = k->spi_out;
	out->peer_spi = k->spi_in;
	out->src = k->local;
	out->dst = k->remote;
	out->ts_src = &k->ts_local;
	out->ts_dst = &k->ts_remote;
}

/*
 * Terms on which no engine is asked: iked meets the network, and what it asks for must not be weaker than what the site file can
 * say. Without a hard limit of any kind a key would be used for ever.
 */
static const char *
bad_terms(const struct key_child *k)
{
	if (k->local.addr.fam == 0 || k->local.addr.fam != k->remote.addr.fam || addr_is_any(&k->local.addr) || addr_is_any(&k->remote.addr))
		return "the ends of a child are two addresses of one family";
	if (k->replay_window < CHILD_WINDOW_MIN)
		return "the replay window is under 32 packets";
	if (k->hard_s == 0 && k->hard_bytes == 0 && k->hard_packets == 0)
		return "nothing limits the life of its keys";
	return NULL;
}

/* What its policy asks for, and nothing else: in the clear, or without the header that IPComp makes, its packets are not to leave. */
static const char *
bad_kind(const struct child *c, const struct key_child *k)
{
	if (c->terms.ah != (k->suite.encr == 0))
		return c->terms.ah ? "its policy asks for AH" : "its policy asks for ESP";
	if (k->cpi_in && (!c->terms.comp || k->cpi_in != c->cpi_in || k->cpi_out < COMP_CPI_MIN))
		return "its policy asks for no IPComp, or the CPIs are not its own";
	if (c->terms.comp_tunnel && !k->cpi_in)
		return "its policy has IPComp make the tunnel";
	return NULL;
}

/* May this child be installed now? */
static enum reason
admit(struct children *t, const struct child *c, const struct key_child *k, const struct sa_spec *in, char detail[static IKE_DETAIL])
{
	char what[SADB_DETAIL] = "";
	const char *bad = bad_terms(k);
	enum reason r;

	if (!bad && c)
		bad = bad_kind(c, k);
	r = bad ? R_NOT_PERMITTED : sadb_can(t->sadb, in, what);

	if (bad) {
		snprintf(what, sizeof(what), "%s", bad);
	} else if (r == R_OK && c == NULL) {
		r = R_ENGINE_NO_SPI;
		snprintf(what, sizeof(what), "this child has no SPI, or the engine was lost since it got one");
	} else if (r == R_OK && (c->in != SIDE_LARVAL || c->out != SIDE_NONE || c->spi_in != k->spi_in || c->reqid != k->reqid || !(k->which & KEY_IN))) {
		r = R_NOT_PERMITTED;
		snprintf(what, sizeof(what), "this child is installed already, or has another SPI or reqid");
	}
	snprintf(detail, IKE_DETAIL, "%s", what);
	return r;
}

static enum reason
keys_of(struct ike_objects *o, const struct key_child *k, const struct bound_terms *terms, struct held *h, struct child_keys *in, char detail[static IKE_DETAIL])
{
	enum reason r = ike_child_keys(o, k, in, &h->keys, detail);

	h->ts_src = k->ts_local;
	h->ts_dst = k->ts_remote;
	h->spec.ts_src = &h->ts_src;
	h->spec.ts_dst = &h->ts_dst;
	if (k->cpi_out) {
		h->all_src = k->ts_local;
		h->all_dst = k->ts_remote;
		child_comp(&h->spec, terms, k->cpi_out, &h->all_src, &h->all_dst, &h->comp, &h->ts_src, &h->ts_dst);
	}
	h->spec.encr = &h->keys.encr;
	h->spec.integ = &h->keys.integ;
	return r;
}

void
child_install(struct children *t, struct ike_objects *o, const struct key_child *k, child_done *done, void *arg)
{
	struct child *c = k->child < KEY_CHILD_KEPT ? childtab_find(t, k->child) : NULL;
	struct held *h = calloc(1, sizeof(*h));
	struct child_keys keys = { 0 };
	char detail[IKE_DETAIL] = "";
	const struct bound_terms none = { .reqid = k->reqid };
	struct ts_list esp_src, esp_dst;
	struct step *s = NULL;
	struct sa_spec in, comp;
	enum reason r = R_NO_MEMORY;

	if (h) {
		spec_of(k, c ? &c->terms : &none, t->ops->iface(t->ctx, k->name), &in, &h->spec);
		r = admit(t, c, k, &in, detail);
	}
	if (r != R_OK && k->ke)
		ike_ke_drop(o, k->ke);
	if (r == R_OK)
		r = keys_of(o, k, &c->terms, h, &keys, detail);
	if (r == R_OK && (s = step_new(t, c, done, arg)) == NULL)
		r = R_NO_MEMORY;
	if (r == R_OK) {
		s->both = k->which & KEY_OUT;
		in.larval = addr_eq(&c->local.addr, &k->local.addr);
		in.encr = &keys.encr;
		in.integ = &keys.integ;
		if (!in.larval)	/* the SPI was asked for another address of ours: its place there is given back */
			sadb_delete(t->sadb, kind(c), c->spi_in, &c->remote, &c->local);
		if (!in.larval || !k->cpi_in)
			delete_comp_in(t, c);
		c->local = k->local;
		c->remote = k->remote;
		memcpy(c->name, k->name, sizeof(c->name));
		childtab_set_spi_out(t, c, k->spi_out);
		childtab_set_in(t, c, SIDE_ADDING);
		childtab_set_out(t, c, SIDE_HELD);
		c->held = h;
		childtab_set_cpi_in(t, c, k->cpi_in);
		childtab_set_cpi_out(t, c, k->cpi_out);
		if (k->cpi_in) {
			child_comp(&in, &c->terms, k->cpi_in, &k->ts_remote, &k->ts_local, &comp, &esp_src, &esp_dst);
			in.ts_src = &esp_src;
			in.ts_dst = &esp_dst;
			install_comp(t, c, &comp);
		}
		if (!sadb_install(t->sadb, &in, on_in, s))
			on_in(s, R_ENGINE_DOWN, "keymgr has no link to the engine", 0);
	} else {
		held_free(h);
		done(arg, r, detail, 0, 0);
	}
	child_keys_wipe(&keys);
}

void
child_send(struct children *t, uint32_t num, child_done *done, void *arg)
{
	struct child *c = childtab_find(t, num);
	struct step *s;

	if (c == NULL || c->held == NULL || c->in != SIDE_LIVE) {
		done(arg, c && (c->out == SIDE_LIVE || c->out == SIDE_ADDING) ? R_OK : R_NOT_FOUND, "this child has no outbound SA that was held back", 0, 0);
		return;
	}
	if ((s = step_new(t, c, done, arg)) == NULL)
		done(arg, R_NO_MEMORY, "", 0, 0);
	else
		install_out(s);
}

void
child_remove(struct children *t, uint8_t what, uint32_t num)
{
	struct child *c = childtab_find(t, num);

	if (c == NULL)
		return;
	if (what == KEY_RM_CHILD || what == KEY_RM_SPI) {
		if (what == KEY_RM_CHILD || c->in == SIDE_LARVAL || c->in == SIDE_ASKED)
			remove_child(t, c);
		return;
	}
	if (what == KEY_RM_CHILD_IN)
		delete_in(t, c);
	else
		delete_out(t, c);
	tidy(t, c);
}

/* Loss of links */

static void
keep(struct children *t, struct child *c)
{
	struct step *s;

	if (c->in == SIDE_ASKED || c->in == SIDE_LARVAL) {
		remove_child(t, c);
		return;
	}
	if (!c->kept)
		childtab_renumber(t, c);
	if (c->held && c->in == SIDE_LIVE && (s = step_new(t, c, NULL, NULL)) != NULL)
		install_out(s);
}

void
children_link_died(struct children *t)
{
	childtab_each(t, keep);
}

static void
forget(struct children *t, struct child *c)
{
	childtab_drop(t, c);
}

void
children_forget(struct children *t)
{
	t->resync = false;
	childtab_each(t, forget);
}

/* The engine's events */

/* Beside which SA of ESP it stands is said by its owner. */
static void
found_comp(struct children *t, const struct sa_found *f)
{
	struct child *c = f->in ? childtab_find_in(t, false, f->peer_spi, &f->dst.addr) : childtab_find_out(t, false, f->peer_spi, &f->dst.addr);

	if (c == NULL) {	/* that one is gone: nothing would ever end this one but its lifetime */
		sadb_delete_found(t->sadb, f);
		return;
	}
	if (f->in)
		childtab_set_cpi_in(t, c, (uint16_t)f->spi);
	else
		childtab_set_cpi_out(t, c, (uint16_t)f->spi);
	c->comp_out |= f->out;
}

void
children_found(struct children *t, const struct sa_found *f)
{
	bool ah = f->kind == SA_AH;
	uint32_t spi_in = f->in ? f->spi : f->peer_spi, spi_out = f->in ? f->peer_spi : f->spi;
	const struct endpoint *local = f->in ? &f->dst : &f->src, *remote = f->in ? &f->src : &f->dst;
	struct child *c;

	if (!f->ours || f->in == f->out)
		return;
	if (f->kind == SA_COMP) {
		found_comp(t, f);
		return;
	}
	c = childtab_find_pair(t, ah, spi_in, spi_out);
	if (c == NULL) {
		if ((c = childtab_new(t, 0)) == NULL)
			return;
		c->stray = t->resync;
		c->terms.ah = ah;
		c->reqid = f->number;
		c->local = *local;
		c->remote = *remote;
		memcpy(c->name, f->name, sizeof(c->name));
		childtab_set_spi_in(t, c, spi_in);
		childtab_set_spi_out(t, c, spi_out);
	}
	if (f->in)
		childtab_set_in(t, c, SIDE_LIVE);
	else
		childtab_set_out(t, c, SIDE_LIVE);
	*(f->in ? &c->seen_in : &c->seen_out) = true;
	if (t->resync && f->dying && !c->stray)
		t->ops->expired(t->ctx, c->child, false, f->in);	/* perhaps once more */
}

static void
unsee(struct children *t, struct child *c)
{
	(void)t;
	c->seen_in = c->seen_out = false;
}

void
children_resync(struct children *t)
{
	t->resync = true;
	childtab_each(t, unsee);
}

static void
compare(struct children *t, struct child *c)
{
	bool in = c->in == SIDE_LIVE && !c->seen_in, out = c->out == SIDE_LIVE && !c->seen_out;
	uint32_t num = c->child;

	if (c->stray) {
		remove_child(t, c);
		return;
	}
	if (!in && !out)
		return;
	if (in)
		ended(t, c, true);
	if (out)
		ended(t, c, false);
	tidy(t, c);
	t->ops->gone(t->ctx, num);
}

void
children_resynced(struct children *t)
{
	if (t->resync)
		childtab_each(t, compare);
	t->resync = false;
}

void
children_expired(struct children *t, enum sa_kind what, uint32_t spi, const struct addr *dst, bool hard, bool larval)
{
	bool ah = what == SA_AH, in;
	struct child *c;
	uint32_t num;

	if (what == SA_COMP) {	/* not before what it stands beside */
		if (hard && !larval)
			children_deleted(t, what, spi, dst);
		return;
	}
	c = childtab_find_in(t, ah, spi, dst);
	in = c != NULL;
	if (in && c->in == SIDE_LARVAL) {
		if (hard)
			renew(t, c);
		return;
	}
	if (c == NULL)
		c = childtab_find_out(t, ah, spi, dst);
	if (c == NULL || larval)
		return;
	num = c->child;
	if (hard)
		ended(t, c, in);
	tidy(t, c);
	t->ops->expired(t->ctx, num, hard, in);
}

void
children_used(struct children *t, enum sa_kind what, uint32_t spi, const struct addr *dst)
{
	struct child *c = what == SA_COMP ? NULL : childtab_find_in(t, what == SA_AH, spi, dst);

	if (c)
		t->ops->used(t->ctx, c->child);
}

void
children_mapping(struct children *t, uint32_t spi, const struct endpoint *peer)
{
	struct child *c = childtab_find_in(t, false, spi, NULL);

	if (c)
		t->ops->mapping(t->ctx, c->child, peer);
}

/* One of IPComp: what it stands beside is of no use without it, or of less; iked makes another. */
static void
comp_deleted(struct children *t, uint32_t cpi, const struct addr *dst)
{
	bool in;
	struct child *c = childtab_find_cpi(t, cpi, dst, &in);

	if (c == NULL || c->in == SIDE_LARVAL || c->in == SIDE_ASKED)
		return;
	if (in)
		childtab_set_cpi_in(t, c, 0);
	else
		c->comp_out = false;
	t->ops->gone(t->ctx, c->child);
}

void
children_deleted(struct children *t, enum sa_kind what, uint32_t spi, const struct addr *dst)
{
	bool ah = what == SA_AH, in;
	struct child *c;
	uint32_t num;

	if (what == SA_COMP) {
		comp_deleted(t, spi, dst);
		return;
	}
	c = childtab_find_in(t, ah, spi, dst);
	in = c != NULL;
	if (in && c->in == SIDE_LARVAL) {
		renew(t, c);
		return;
	}
	if (c == NULL)
		c = childtab_find_out(t, ah, spi, dst);
	if (c == NULL)
		return;
	num = c->child;
	ended(t, c, in);
	tidy(t, c);
	t->ops->gone(t->ctx, num);
}

static void
flushed(struct children *t, struct child *c)
{
	uint32_t num = c->child;
	bool all = t->flushed & 1u << kind(c), comp = (t->flushed & 1u << SA_COMP) && (c->cpi_in || c->comp_out);

	if (!all && !comp)
		return;
	if (c->in == SIDE_LARVAL) {
		renew(t, c);
		return;
	}
	if (c->in == SIDE_ASKED || c->in == SIDE_ADDING)
		return;		/* asked for after the flush: the engine's answer will tell */
	if (comp) {
		childtab_set_cpi_in(t, c, 0);
		c->comp_out = false;
	}
	if (all) {
		ended(t, c, true);
		ended(t, c, false);
		childtab_drop(t, c);
	}
	t->ops->gone(t->ctx, num);
}

void
children_flushed(struct children *t, unsigned kinds)
{
	t->flushed = kinds;
	childtab_each(t, flushed);
}
