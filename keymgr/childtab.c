/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "childtab.h"

#define TIMER_S	5

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	children_renew_due(arg);
}

struct children *
children_new(struct event_base *base, struct sadb *sadb, const struct child_ops *ops, void *ctx)
{
	struct children *t = calloc(1, sizeof(*t));
	struct timeval tv = { .tv_sec = TIMER_S };

	if (t == NULL)
		return NULL;
	t->sadb = sadb;
	t->ops = ops;
	t->ctx = ctx;
	t->last_kept = KEY_CHILD_KEPT;
	t->timer = event_new(base, -1, EV_PERSIST, on_timer, t);
	if (t->timer == NULL || event_add(t->timer, &tv) < 0) {
		children_free(t);
		return NULL;
	}
	return t;
}

void
held_free(struct held *h)
{
	if (h)
		wipe(h, sizeof(*h));
	free(h);
}

/* Requests that are still under way must have been dropped by the engine's link before. */
void
children_free(struct children *t)
{
	if (t == NULL)
		return;
	children_forget(t);
	if (t->timer)
		event_free(t->timer);
	free(t);
}

struct child *
childtab_find(const struct children *t, uint32_t num)
{
	struct child *c = t->by_num[num % CHILD_BUCKETS];

	while (c && c->child != num)
		c = c->next_num;
	return c;
}

struct child *
childtab_find_in(const struct children *t, bool ah, uint32_t spi, const struct addr *local)
{
	for (struct child *c = t->by_in[spi % CHILD_BUCKETS]; c; c = c->next_in)
		if (c->spi_in == spi && c->terms.ah == ah && c->in != SIDE_NONE && (local == NULL || addr_eq(&c->local.addr, local)))
			return c;
	return NULL;
}

struct child *
childtab_find_out(const struct children *t, bool ah, uint32_t spi, const struct addr *remote)
{
	for (struct child *c = t->by_out[spi % CHILD_BUCKETS]; c; c = c->next_out)
		if (c->spi_out == spi && c->terms.ah == ah && (c->out == SIDE_LIVE || c->out == SIDE_ADDING) && addr_eq(&c->remote.addr, remote))
			return c;
	return NULL;
}

struct child *
childtab_find_pair(const struct children *t, bool ah, uint32_t spi_in, uint32_t spi_out)
{
	for (struct child *c = t->by_in[spi_in % CHILD_BUCKETS]; c; c = c->next_in)
		if (c->spi_in == spi_in && c->terms.ah == ah && c->spi_out == spi_out)
			return c;
	return NULL;
}

struct child *
childtab_find_cpi(const struct children *t, uint32_t cpi, const struct addr *dst, bool *in)
{
	struct child *c;

	*in = true;
	for (c = t->by_cpi[0][cpi % CHILD_BUCKETS]; c; c = c->next_cpi[0])
		if (c->cpi_in == cpi && addr_eq(&c->local.addr, dst))
			return c;
	*in = false;
	for (c = t->by_cpi[1][cpi % CHILD_BUCKETS]; c; c = c->next_cpi[1])
		if (c->comp_out && c->cpi_out == cpi && addr_eq(&c->remote.addr, dst))
			return c;
	return NULL;
}

static uint32_t
next_kept(struct children *t)
{
	do {
		if (++t->last_kept <= KEY_CHILD_KEPT)
			t->last_kept = KEY_CHILD_KEPT + 1;
	} while (childtab_find(t, t->last_kept));
	return t->last_kept;
}

static void
link_num(struct children *t, struct child *c, uint32_t num)
{
	struct child **head;

	c->kept = num == 0;
	c->child = num ? num : next_kept(t);
	head = &t->by_num[c->child % CHILD_BUCKETS];
	c->next_num = *head;
	*head = c;
}

static void
unlink_num(struct children *t, struct child *c)
{
	struct child **pp = &t->by_num[c->child % CHILD_BUCKETS];

	while (*pp != c)
		pp = &(*pp)->next_num;
	*pp = c->next_num;
}

struct child *
childtab_new(struct children *t, uint32_t num)
{
	struct child *c = t->n < CHILD_MAX ? calloc(1, sizeof(*c)) : NULL;

	if (c) {
		link_num(t, c, num);
		t->n++;
	}
	return c;
}

void
childtab_renumber(struct children *t, struct child *c)
{
	unlink_num(t, c);
	link_num(t, c, 0);
}

void
childtab_set_in(struct children *t, struct child *c, enum side to)
{
	t->nlarval += (to == SIDE_LARVAL) - (c->in == SIDE_LARVAL);
	c->in = to;
}

void
childtab_set_out(struct children *t, struct child *c, enum side to)
{
	c->out = to;
	if (to == SIDE_NONE) {
		held_free(c->held);
		c->held = NULL;
	}
}

/* SPI 0 stands in no bucket. */
void
childtab_set_spi_in(struct children *t, struct child *c, uint32_t spi)
{
	struct child **pp = &t->by_in[c->spi_in % CHILD_BUCKETS];

	if (c->spi_in) {
		while (*pp != c)
			pp = &(*pp)->next_in;
		*pp = c->next_in;
	}
	c->spi_in = spi;
	if (spi) {
		pp = &t->by_in[spi % CHILD_BUCKETS];
		c->next_in = *pp;
		*pp = c;
	}
}

void
childtab_set_spi_out(struct children *t, struct child *c, uint32_t spi)
{
	struct child **pp = &t->by_out[c->spi_out % CHILD_BUCKETS];

	if (c->spi_out) {
		while (*pp != c)
			pp = &(*pp)->next_out;
		*pp = c->next_out;
	}
	c->spi_out = spi;
	if (spi) {
		pp = &t->by_out[spi % CHILD_BUCKETS];
		c->next_out = *pp;
		*pp = c;
	}
}

static void
link_cpi(struct children *t, struct child *c, unsigned way, uint16_t cpi)
{
	struct child **pp = &t->by_cpi[way][cpi % CHILD_BUCKETS];

	if (cpi == 0 || c->dropped)
		return;
	c->next_cpi[way] = *pp;
	*pp = c;
}

static void
unlink_cpi(struct children *t, struct child *c, unsigned way, uint16_t cpi)
{
	struct child **pp = &t->by_cpi[way][cpi % CHILD_BUCKETS];

	if (cpi == 0 || c->dropped)
		return;
	while (*pp != c)
		pp = &(*pp)->next_cpi[way];
	*pp = c->next_cpi[way];
}

void
childtab_set_cpi_in(struct children *t, struct child *c, uint16_t cpi)
{
	unlink_cpi(t, c, 0, c->cpi_in);
	c->cpi_in = cpi;
	link_cpi(t, c, 0, cpi);
}

void
childtab_set_cpi_out(struct children *t, struct child *c, uint16_t cpi)
{
	unlink_cpi(t, c, 1, c->cpi_out);
	c->cpi_out = cpi;
	link_cpi(t, c, 1, cpi);
}

void
childtab_drop(struct children *t, struct child *c)
{
	if (c->dropped)
		return;
	unlink_cpi(t, c, 0, c->cpi_in);
	unlink_cpi(t, c, 1, c->cpi_out);
	c->dropped = true;
	unlink_num(t, c);
	childtab_set_spi_in(t, c, 0);
	childtab_set_spi_out(t, c, 0);
	childtab_set_in(t, c, SIDE_NONE);
	childtab_set_out(t, c, SIDE_NONE);
	t->n--;
	if (c->refs == 0)
		free(c);
}

void
childtab_unref(struct children *t, struct child *c)
{
	if (--c->refs == 0 && c->dropped)
		free(c);
}

/* Children that run gives another number may be met again; run sees to that. */
void
childtab_each(struct children *t, void (*run)(struct children *, struct child *))
{
	for (unsigned i = 0; i < CHILD_BUCKETS; i++)
		for (struct child *c = t->by_num[i], *next; c; c = next) {
			next = c->next_num;
			run(t, c);
		}
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct key_installed *)a)->child, y = ((const struct key_installed *)b)->child;

	return (x > y) - (x < y);
}

/* Insert into the sorted row of the cap smallest. */
static unsigned
insert(struct key_installed *v, unsigned n, unsigned cap, const struct child *c)
{
	if (n == cap) {
		if (v[n - 1].child < c->child)
			return n;
		n--;
	}
	v[n] = (struct key_installed){ .child = c->child, .reqid = c->reqid, .spi_in = c->spi_in, .spi_out = c->spi_out, .local = c->local, .remote = c->remote };
	memcpy(v[n].name, c->name, sizeof(v[n].name));
	for (unsigned i = n; i > 0 && by_number(&v[i - 1], &v[i]) > 0; i--) {
		struct key_installed x = v[i];

		v[i] = v[i - 1];
		v[i - 1] = x;
	}
	return n + 1;
}

unsigned
child_list(const struct children *t, uint32_t after, struct key_installed *v, unsigned cap)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CHILD_BUCKETS; i++)
		for (const struct child *c = t->by_num[i]; c; c = c->next_num)
			if (c->child > after && (c->in == SIDE_LIVE || c->out == SIDE_LIVE))
				n = insert(v, n, cap, c);
	return n;
}
