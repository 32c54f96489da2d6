/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to keymgr and their answers. Who waits has at most one call open. When it ends before its answer comes, the call stays in
 * the table without an owner, and what the late answer brings (a handle, an SPI, an SA) is removed at once: nothing is left over.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sa/ops.h"

struct todo *todo_key(struct engine *, uint16_t type, uint32_t call, struct bytes);

static struct call *
call_new(struct engine *e, uint16_t type, struct bytes body)
{
	struct call *c;

	if (!e->keymgr || !(c = calloc(1, sizeof(*c))))
		return NULL;
	if (++e->next_call == 0)
		e->next_call = 1;
	c->id = e->next_call;
	c->type = type;
	if (!todo_key(e, type, c->id, body)) {
		free(c);
		return NULL;
	}
	c->next = e->calls[c->id % CALLS];
	e->calls[c->id % CALLS] = c;
	e->ncalls++;
	return c;
}

bool
call_ike(struct engine *e, struct ikesa *s, uint16_t type, struct bytes body)
{
	struct call *c = call_new(e, type, body);

	if (!c)
		return false;
	c->ike = s;
	s->call = c;
	return true;
}

bool
call_xch(struct engine *e, struct xch *x, uint16_t type, struct bytes body, uint32_t arg)
{
	struct call *c = call_new(e, type, body);

	if (!c)
		return false;
	c->x = x;
	c->arg = arg;
	x->call = c;
	return true;
}

void
call_forget(struct call **pc)
{
	if (*pc) {
		(*pc)->ike = NULL;
		(*pc)->x = NULL;
		*pc = NULL;
	}
}

void
key_remove(struct engine *e, uint8_t kind, uint32_t handle)
{
	uint8_t buf[8];
	struct wr w = wr_of(buf, sizeof(buf));

	if (handle == 0)
		return;
	wr_u8(&w, kind);
	wr_le32(&w, handle);
	(void)call_new(e, KEY_REMOVE, wr_bytes(&w));
}

void
key_send(struct engine *e, uint32_t child)
{
	uint8_t buf[4];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le32(&w, child);
	(void)call_new(e, KEY_CHILD_SEND, wr_bytes(&w));
}

void
key_ask_failed(struct engine *e, uint32_t reqid)
{
	uint8_t buf[4];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le32(&w, reqid);
	(void)call_new(e, KEY_ASK_FAILED, wr_bytes(&w));
}

void
ask_list(struct engine *e)
{
	uint8_t buf[4];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le32(&w, e->list_after);
	(void)call_new(e, KEY_CHILD_LIST, wr_bytes(&w));
}

bool
ask_ke(struct engine *e, struct ikesa *s, struct xch *x, uint16_t group)
{
	uint8_t buf[2];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le16(&w, group);
	return x ? call_xch(e, x, KEY_KE_NEW, wr_bytes(&w), 0) : call_ike(e, s, KEY_KE_NEW, wr_bytes(&w));
}

/* Nobody waits for this answer any more: undo what it made. */
static void
undo(struct engine *e, const struct call *c, enum reason reason, struct rd *body)
{
	if (c->type == KEY_CHILD_INSTALL) {
		key_remove(e, KEY_RM_CHILD, c->arg);
		key_remove(e, KEY_RM_SPI, c->arg);
	}
	if (reason != R_OK || !body)
		return;
	if (c->type == KEY_KE_NEW)
		key_remove(e, KEY_RM_KE, rd_le32(body));
	else if (c->type == KEY_IKE_DERIVE)
		key_remove(e, KEY_RM_IKE, rd_le32(body));
	else if (c->type == KEY_SPI_NEW)
		key_remove(e, KEY_RM_SPI, c->arg);
}

/* Ours, by its SPIs: the number is keymgr's new one. */
static bool
listed(struct engine *e, const struct key_installed *in, const char *tunnel)
{
	struct tun *t = tun_find(e, tunnel);

	for (struct child *c = t ? t->children : NULL; c; c = c->sib)
		if (c->id == 0 && c->spi_in == in->spi_in && c->spi_out == in->spi_out) {
			child_rename(e, c, in->child);
			c->lost = false;
			return true;
		}
	return false;
}

static void
got_list(struct engine *e, enum reason reason, struct rd *body)
{
	unsigned n = reason == R_OK && body ? rd_le16(body) : 0;

	for (unsigned i = 0; i < n; i++) {
		struct key_installed in;
		char tunnel[NAME_CAP];
		struct orphan *o;

		if (!key_installed_get(body, &in))
			break;
		e->list_after = in.child;
		snprintf(tunnel, sizeof(tunnel), "%.*s", (int)strcspn(in.name, "/"), in.name);
		if (listed(e, &in, tunnel))
			continue;
		if (!(o = calloc(1, sizeof(*o))))
			break;
		o->next = e->orphans;
		o->child = in.child;
		o->reqid = in.reqid;
		memcpy(o->tunnel, tunnel, sizeof(o->tunnel));
		e->orphans = o;
	}
	if (reason == R_OK && body && !rd_done(body))
		todo_log(e, LOG_WARN, "child_list", R_INTERNAL, NULL, NULL, "keymgr's list of children is malformed");
	else if (n) {
		ask_list(e);
		return;
	}
	e->listed = true;
	e->orphans_due = true;
	for (struct tun *t = e->tuns; t; t = t->next) {
		struct child *next;

		for (struct child *c = t->children; c; c = next) {
			next = c->sib;
			if (c->lost && c->state != CH_LARVAL)
				child_lost(e, c);
		}
		tun_touch(e, t);
	}
}

/* keymgr could not do it, and no row of the table says what to do without. */
static void
not_taken(struct engine *e, struct turn *tn, bool setup, enum reason why)
{
	struct record *r;

	if (setup) {
		r = rec_new(tn->ike, "", NULL, why);
		rec_detail(r, why, tn->detail);
		if (tn->ike->t)
			tun_reason(e, tn->ike->t, why, tn->detail);
		ikesa_fail(e, tn->ike, why, r);
	} else if (tn->x) {
		r = rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", tn->x->child ? pol_name(tn->ike->t, tn->x->child->pol) : NULL, why), tn->x->ours);
		rec_detail(r, why, tn->detail);
		xch_fail(e, tn->x, why, r);
	}
}

/* A waiting object gets its answer, or a reason why there is none. */
static void
deliver(struct engine *e, struct call *c, enum reason reason, struct rd *body)
{
	static const uint8_t on[] = { [KEY_KE_NEW] = ON_KE, [KEY_IKE_DERIVE] = ON_DERIVE, [KEY_AUTH_SIGN] = ON_SIGN,
	    [KEY_AUTH_VERIFY] = ON_VERIFY, [KEY_SPI_NEW] = ON_SPI, [KEY_CHILD_INSTALL] = ON_INSTALL };
	struct turn tn = { .e = e, .ike = c->ike, .x = c->x, .reason = reason, .body = body };
	struct rd none = rd_of((struct bytes){ NULL, 0 });
	bool setup;

	if (!tn.body)
		tn.body = &none;
	if (reason != R_OK && rd_left(tn.body))
		str_get(tn.body, tn.detail, sizeof(tn.detail));
	if (c->x) {
		c->x->call = NULL;
		tn.ike = c->x->ike;
	} else {
		c->ike->call = NULL;
	}
	setup = tn.ike->state < S_UP;
	if (edge_run(&tn, setup || !tn.x ? tn.ike->state : tn.x->at, on[c->type]))
		return;
	not_taken(e, &tn, setup, reason == R_OK ? R_INTERNAL : reason);
}

static void
answer(struct engine *e, struct call *c, enum reason reason, struct rd *body)
{
	if (c->type == KEY_CHILD_LIST)
		got_list(e, reason, body);
	else if (c->ike || c->x)
		deliver(e, c, reason, body);
	else
		undo(e, c, reason, body);
	free(c);
	e->ncalls--;
}

void
engine_key_answer(struct engine *e, uint32_t id, enum reason reason, struct rd *body, uint64_t now)
{
	e->now = now;
	for (struct call **pc = &e->calls[id % CALLS]; *pc; pc = &(*pc)->next)
		if ((*pc)->id == id) {
			struct call *c = *pc;

			*pc = c->next;
			answer(e, c, reason, body);
			break;
		}
	engine_settle(e);
}

void
calls_end(struct engine *e)
{
	for (unsigned i = 0; i < CALLS; i++)
		while (e->calls[i]) {
			struct call *c = e->calls[i];

			e->calls[i] = c->next;
			if (c->ike || c->x)
				deliver(e, c, R_KEYMGR_DOWN, NULL);
			free(c);
			e->ncalls--;
		}
}
