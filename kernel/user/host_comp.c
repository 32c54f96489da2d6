/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam's compression: one context, and one place to work in, for all SAs of the process, since one packet is done after another. It is made
 * for the first SA and goes with the last.
 */
#include "comp.h"

struct host_comp {
	struct comp	*codec;
	unsigned	 users;
	uint8_t		 place[65536];
};

static struct host_comp *one;

struct host_comp *
host_comp_new(void)
{
	if (one == NULL) {
		one = calloc(1, sizeof(*one));
		if (one == NULL || (one->codec = comp_new()) == NULL) {
			free(one);
			one = NULL;
			return NULL;
		}
	}
	one->users++;
	return one;
}

void
host_comp_free(struct host_comp *c)
{
	if (c == NULL || --c->users)
		return;
	comp_free(c->codec);
	free(c);
	one = NULL;
}

uint32_t
host_comp_shrink(struct host_comp *c, uint8_t *text, uint32_t n)
{
	size_t k = comp_shrink(c->codec, text, n, c->place, sizeof(c->place));

	if (k)
		memcpy(text, c->place, k);
	return (uint32_t)k;
}

unsigned
host_comp_expand(struct host *h, struct host_comp *c, struct cw_pkt *p, uint32_t skip, uint32_t front)
{
	uint32_t kept = p->off < front ? p->off : front;
	uint8_t before[1024];
	size_t n;

	if (p->len < skip || front > sizeof(before))
		return HOST_COMP_BAD;
	n = comp_expand(c->codec, cw_pkt_data(p) + skip, p->len - skip, c->place, sizeof(c->place));
	if (n == 0)
		return comp_was_large(c->codec) ? HOST_COMP_LARGE : HOST_COMP_BAD;
	memcpy(before, cw_pkt_data(p) - kept, kept);
	if ((p->off < front || p->cap - p->off < n) && !host_pkt_room(h, p, front, (uint32_t)n))
		return HOST_COMP_NO_MEMORY;
	memcpy(cw_pkt_data(p) - kept, before, kept);
	memcpy(cw_pkt_data(p), c->place, n);
	p->len = (uint32_t)n;
	return HOST_COMP_OK;
}
