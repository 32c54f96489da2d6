/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "pool.h"

struct pool_buf {
	struct cw_pkt	pkt;
	struct pool_buf	*next;
	unsigned	kind;	/* 0 small, 1 large */
	uint8_t		mem[];
};

struct cw_pkt *
pool_get(struct pool *p, size_t len)
{
	unsigned kind = len > POOL_SMALL;
	uint32_t cap = (kind ? POOL_LARGE : POOL_SMALL) + CW_HEADROOM + CW_TAILROOM;
	struct pool_buf *b = p->free[kind];

	if (len > POOL_LARGE)
		return NULL;
	if (b) {
		p->free[kind] = b->next;
	} else {
		if (p->made[kind] >= (kind ? POOL_NLARGE : POOL_NSMALL) || (b = malloc(sizeof(*b) + cap)) == NULL)
			return NULL;
		p->made[kind]++;
		b->kind = kind;
	}
	memset(&b->pkt, 0, sizeof(b->pkt));
	b->pkt.buf = b->mem;
	b->pkt.cap = cap;
	b->pkt.off = CW_HEADROOM;
	b->pkt.len = (uint32_t)len;
	b->pkt.cookie = b;
	return &b->pkt;
}

void
pool_put(struct pool *p, struct cw_pkt *pkt)
{
	struct pool_buf *b = pkt->cookie;

	if (b == NULL)
		return;
	b->next = p->free[b->kind];
	p->free[b->kind] = b;
}

void
pool_fini(struct pool *p)
{
	for (unsigned kind = 0; kind < 2; kind++)
		while (p->free[kind]) {
			struct pool_buf *b = p->free[kind];

			p->free[kind] = b->next;
			free(b);
		}
}
