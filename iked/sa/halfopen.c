/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Half-open IKE SAs: begun by somebody who has proved nothing yet. At most 64 from one /24 or /56, and from 100 in all on a
 * newcomer must first return a cookie (RFC 7296 2.6; contracts, "Timers").
 */
#include <stdlib.h>

#include "sa/ops.h"

#define HALF_PER_NET	64
#define HALF_COOKIES	100
#define HALF_TOTAL	4096	/* what a flood from many networks can make us keep */

static void
net_key(const struct addr *a, uint8_t key[static 9])
{
	memset(key, 0, 9);
	key[0] = a->fam;
	memcpy(key + 1, a->b, a->fam == 4 ? 3 : 7);
}

static struct half_net **
net_slot(struct engine *e, const struct addr *a)
{
	uint8_t key[9];
	uint32_t h = 2166136261u;
	struct half_net **p;

	net_key(a, key);
	for (unsigned i = 0; i < sizeof(key); i++)
		h = (h ^ key[i]) * 16777619u;
	for (p = &e->nets[h % PREFIXES]; *p; p = &(*p)->next)
		if (memcmp((*p)->key, key, sizeof(key)) == 0)
			break;
	return p;
}

/* May a newcomer from there begin? *cookie: only with a cookie. */
bool
half_admit(struct engine *e, const struct addr *a, bool *cookie)
{
	struct half_net *n = *net_slot(e, a);

	*cookie = e->half_open >= HALF_COOKIES;
	return e->half_open < HALF_TOTAL && (!n || n->n < HALF_PER_NET);
}

void
half_add(struct engine *e, struct ikesa *s)
{
	struct half_net **p = net_slot(e, &s->remote.addr);
	struct ikesa **head = &e->by_half[s->spi_i % HASH];

	if (!*p && (*p = calloc(1, sizeof(**p))))
		net_key(&s->remote.addr, (*p)->key);
	if (!*p)
		return;
	(*p)->n++;
	s->half = true;
	s->half_from = s->remote;
	s->half_next = *head;
	*head = s;
	e->half_open++;
}

void
half_remove(struct engine *e, struct ikesa *s)
{
	struct half_net **p, *n;

	if (!s->half)
		return;
	s->half = false;
	e->half_open--;
	for (struct ikesa **q = &e->by_half[s->spi_i % HASH]; *q; q = &(*q)->half_next)
		if (*q == s) {
			*q = s->half_next;
			break;
		}
	p = net_slot(e, &s->half_from.addr);
	if ((n = *p) && --n->n == 0) {
		*p = n->next;
		free(n);
	}
}

struct ikesa *
half_find(struct engine *e, uint64_t spi_i, const struct endpoint *from)
{
	for (struct ikesa *s = e->by_half[spi_i % HASH]; s; s = s->half_next)
		if (s->spi_i == spi_i && endpoint_eq(&s->half_from, from))
			return s;
	return NULL;
}
