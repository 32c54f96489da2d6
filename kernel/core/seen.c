/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last drops, so that somebody who asks why a packet of his did not arrive is answered. A packet that is dropped as the one before
 * it was, for the same two ends, counts on that one's line: one flood has one line.
 */
#include "core.h"

static void
look(const struct cw_pkt *p, struct cw_seen *s)
{
	struct cw_ip ip;

	*s = (struct cw_seen){ .reason = p->drop, .spi = p->spi, .when = p->now, .times = 1 };
	cw_dropped_ends(p, &s->src, &s->dst);
	for (unsigned i = 0; i < p->nhist; i++) {
		const struct cw_hist *l = &p->hist[i];

		s->layer[s->nlayers].proto = l->proto;
		s->layer[s->nlayers].mode = l->mode;
		s->layer[s->nlayers].spi = l->spi;
		s->layer[s->nlayers++].reqid = l->reqid;
	}
	if (p->bank >= cw_bank(CW_KIND_ESP, 4)) {
		static const uint8_t protos[CW_KINDS] = { [CW_KIND_ESP] = IP_ESP, [CW_KIND_AH] = IP_AH, [CW_KIND_IPCOMP] = IP_COMP, [CW_KIND_TUNNEL] = IP_ESP };

		s->proto = protos[p->bank / 2 < CW_KINDS ? p->bank / 2 : CW_KIND_ESP];
	} else if (cw_ip_parse(cw_pkt_data(p), p->len, &ip) == CW_IP_OK) {
		s->proto = ip.flow.proto;
		s->sport = ip.flow.sport;
		s->dport = ip.flow.dport;
	}
}

static bool
alike(const struct cw_seen *a, const struct cw_seen *b)
{
	return a->reason == b->reason && a->spi == b->spi && a->proto == b->proto && a->sport == b->sport && a->dport == b->dport &&
	    cw_addr_eq(&a->src, &b->src) && cw_addr_eq(&a->dst, &b->dst);
}

static void
add(struct cw_engine *e, const struct cw_seen *s)
{
	struct cw_seen *last;

	host_lock(&e->lock);
	last = e->nseen ? &e->seen[(e->nseen - 1) % CW_SEEN] : NULL;
	if (last && alike(last, s)) {
		last->times++;
		last->when = s->when;
	} else {
		e->seen[e->nseen++ % CW_SEEN] = *s;
	}
	host_unlock(&e->lock);
}

void
cw_seen_add(struct cw_engine *e, const struct cw_pkt *p)
{
	struct cw_seen s;

	look(p, &s);
	add(e, &s);
}

void
cw_refused(struct cw_engine *e, unsigned reason, const uint8_t *p, size_t have, size_t whole, uint64_t now)
{
	struct cw_seen s = { .reason = (uint16_t)reason, .when = now, .times = 1 };
	unsigned bank = cw_bank(CW_KIND_POLICY, have ? p[0] >> 4 : 4) * CW_COUNTERS;
	struct cw_ip ip;

	host_stats_add(e->stats, bank + reason, 1);
	host_stats_add(e->stats, bank + CW_TOTAL_DROPS, 1);
	if (cw_ip_head(p, have, whole, &ip) == CW_IP_OK) {
		s.src = ip.flow.src;
		s.dst = ip.flow.dst;
		s.proto = ip.flow.proto;
		s.sport = ip.flow.sport;
		s.dport = ip.flow.dport;
		cw_check_refused(e, reason, &ip.flow);
	}
	add(e, &s);
}

/* The newest first. */
unsigned
cw_seen_copy(struct cw_engine *e, struct cw_seen v[CW_SEEN])
{
	unsigned n = 0;

	host_lock(&e->lock);
	for (uint64_t i = e->nseen; i > 0 && n < CW_SEEN; i--)
		v[n++] = e->seen[(i - 1) % CW_SEEN];
	host_unlock(&e->lock);
	return n;
}
