/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of effects, and the few values that everything here is made of: octets, nonces, random numbers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sa/ops.h"

static struct todo *
add(struct engine *e, enum todo_kind kind, size_t n)
{
	struct todo *t = calloc(1, sizeof(*t) + n);

	if (!t)
		return NULL;
	t->kind = kind;
	t->n = n;
	*e->tail = t;
	e->tail = &t->next;
	return t;
}

struct todo *
engine_take(struct engine *e)
{
	struct todo *t = e->head;

	if (!t)
		return NULL;
	e->head = t->next;
	if (!e->head)
		e->tail = &e->head;
	t->next = NULL;
	return t;
}

void
todo_free(struct todo *t)
{
	if (t && t->kind == TODO_RECORD)
		free(t->u.record);
	free(t);
}

void
todo_send(struct engine *e, const struct endpoint *local, const struct endpoint *remote, bool natt, bool marker, struct bytes b)
{
	struct todo *t = add(e, TODO_SEND, b.n);

	if (!t)
		return;
	t->u.send.local = *local;
	t->u.send.remote = *remote;
	t->u.send.natt = natt;
	t->u.send.marker = marker;
	memcpy(t->octets, b.p, b.n);
}

/* Called by call.c alone. */
struct todo *todo_key(struct engine *, uint16_t type, uint32_t call, struct bytes);

struct todo *
todo_key(struct engine *e, uint16_t type, uint32_t call, struct bytes b)
{
	struct todo *t = add(e, TODO_KEY_CALL, b.n);

	if (!t)
		return NULL;
	t->u.key.type = type;
	t->u.key.call = call;
	if (b.n)
		memcpy(t->octets, b.p, b.n);
	return t;
}

void
todo_log(struct engine *e, enum log_level level, const char *event, enum reason reason, const char *tunnel, const char *child,
    const char *fmt, ...)
{
	char text[512];
	struct todo *t;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t = add(e, TODO_LOG, strlen(text) + 1);
	if (!t)
		return;
	t->u.log.level = level;
	t->u.log.event = event;
	t->u.log.reason = reason;
	snprintf(t->u.log.tunnel, sizeof(t->u.log.tunnel), "%s", tunnel ? tunnel : "");
	snprintf(t->u.log.child, sizeof(t->u.log.child), "%s", child ? child : "");
	memcpy(t->octets, text, t->n);
}

void
todo_record(struct engine *e, struct record *rec)
{
	struct todo *t = rec ? add(e, TODO_RECORD, 0) : NULL;

	if (t)
		t->u.record = rec;
	else
		free(rec);
}

void
todo_done(struct engine *e, uint64_t tag, enum reason reason, const char *detail)
{
	struct todo *t = add(e, TODO_DONE, 0);

	if (!t)
		return;
	t->u.done.tag = tag;
	t->u.done.reason = reason;
	snprintf(t->u.done.detail, sizeof(t->u.done.detail), "%s", detail ? detail : "");
}

void
todo_state(struct engine *e, const char *tunnel)
{
	struct todo *t = add(e, TODO_STATE, 0);

	if (t)
		snprintf(t->u.state.tunnel, sizeof(t->u.state.tunnel), "%s", tunnel);
}

bool
octets_set(struct octets *o, struct bytes b)
{
	uint8_t *p = malloc(b.n ? b.n : 1);

	if (!p)
		return false;
	if (b.n)
		memcpy(p, b.p, b.n);
	free(o->p);
	o->p = p;
	o->n = b.n;
	return true;
}

void
octets_free(struct octets *o)
{
	free(o->p);
	*o = (struct octets){ 0 };
}

bool
nonce_set(struct nonce *n, struct bytes b)
{
	if (b.n > sizeof(n->b))
		return false;
	n->n = b.n;
	memcpy(n->b, b.p, b.n);
	return true;
}

int
nonce_cmp(const struct nonce *a, const struct nonce *b)
{
	int d = memcmp(a->b, b->b, a->n < b->n ? a->n : b->n);

	return d ? d : (a->n > b->n) - (a->n < b->n);
}

const struct nonce *
nonce_low(const struct nonce *a, const struct nonce *b)
{
	return nonce_cmp(a, b) < 0 ? a : b;
}

void
fresh_nonce(struct engine *e, struct nonce *n)
{
	n->n = NONCE_LEN;
	e->host.random(e->host.ctx, n->b, NONCE_LEN);
}

uint64_t
fresh64(struct engine *e)
{
	uint64_t v = 0;

	while (v == 0)
		e->host.random(e->host.ctx, &v, sizeof(v));
	return v;
}

uint64_t
jitter(struct engine *e, uint64_t ns, unsigned percent)
{
	uint64_t room = ns / 100 * percent;

	return room ? ns + fresh64(e) % room : ns;
}
