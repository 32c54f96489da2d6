// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * skbs and the engine's packets. The engine works on one contiguous span with room around it: an skb that is not like that, or
 * that somebody else sees too, is copied once into a head that is. Offloaded packets are split before.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <linux/version.h>
#include <net/ip.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/gso.h>
#endif

#include "mod.h"

#define HEAD_ROOM	(CW_HEADROOM + sizeof(struct ipv6hdr) + 8 + LL_MAX_HEADER)

static struct kmem_cache *cache;

int
mod_pkt_init(void)
{
	cache = kmem_cache_create("causeway_pkt", sizeof(struct mod_pkt), 0, SLAB_HWCACHE_ALIGN, NULL);
	return cache ? 0 : -ENOMEM;
}

void
mod_pkt_exit(void)
{
	kmem_cache_destroy(cache);	/* the kernel complains when one is left */
}

void
mod_addr4(struct cw_addr *a, __be32 v)
{
	*a = (struct cw_addr){ .fam = 4 };
	memcpy(a->b, &v, 4);
}

void
mod_addr6(struct cw_addr *a, const struct in6_addr *v)
{
	a->fam = 6;
	memcpy(a->b, v, 16);
}

__be32
mod_in4(const struct cw_addr *a)
{
	__be32 v;

	memcpy(&v, a->b, 4);
	return v;
}

struct in6_addr
mod_in6(const struct cw_addr *a)
{
	struct in6_addr v;

	memcpy(&v, a->b, 16);
	return v;
}

bool
mod_skb_room(struct sk_buff *skb, unsigned int head, unsigned int tail)
{
	unsigned int room = skb_end_pointer(skb) - skb_tail_pointer(skb), more = skb->data_len + tail;
	unsigned int nhead = head > skb_headroom(skb) ? SKB_DATA_ALIGN(head - skb_headroom(skb)) : 0;

	if (nhead || more > room || skb_cloned(skb)) {
		if (mod_fail() || pskb_expand_head(skb, nhead, more > room ? more - room : 0, GFP_ATOMIC))
			return false;
	}
	return !skb_is_nonlinear(skb) || __skb_linearize(skb) == 0;
}

struct cw_pkt *
mod_pkt_new(struct host *h, struct sk_buff *skb)
{
	struct mod_pkt *m = mod_fail() ? NULL : kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);

	if (!m) {
		cw_count(h->e, CW_DROP_NO_MEMORY, 1);
		kfree_skb(skb);
		return NULL;
	}
	memset(&m->p, 0, offsetof(struct cw_pkt, aside));
	m->skb = skb;
	m->h = h;
	m->p.buf = skb->head;
	m->p.cap = skb_end_offset(skb);
	m->p.off = skb_headroom(skb);
	m->p.len = skb->len;
	return &m->p;
}

struct sk_buff *
mod_pkt_fit(struct cw_pkt *p)
{
	struct mod_pkt *m = mod_pkt_of(p);
	struct sk_buff *skb = m->skb;
	unsigned int off = skb_headroom(skb);

	if (p->off < off)
		__skb_push(skb, off - p->off);
	else
		__skb_pull(skb, p->off - off);
	if (p->len > skb->len)
		__skb_put(skb, p->len - skb->len);
	else
		__skb_trim(skb, p->len);
	return skb;
}

void
mod_pkt_free(struct cw_pkt *p)
{
	kmem_cache_free(cache, mod_pkt_of(p));
}

struct sk_buff *
mod_pkt_skb(struct cw_pkt *p)
{
	struct sk_buff *skb = mod_pkt_fit(p);

	mod_pkt_free(p);
	return skb;
}

/* The system's own limit of lines that packets cause. */
static void
log_drop(const struct cw_pkt *p)
{
	struct cw_addr src, dst;

	cw_dropped_ends(p, &src, &dst);
	if (src.fam == 6)
		net_info_ratelimited("causeway: dropped (%s): from %pI6c to %pI6c, SPI 0x%08x\n", cw_counter_name(p->drop), src.b, dst.b, p->spi);
	else
		net_info_ratelimited("causeway: dropped (%s): from %pI4 to %pI4, SPI 0x%08x\n", cw_counter_name(p->drop), src.b, dst.b, p->spi);
}

void
host_drop_out(struct host *h, struct cw_pkt **v, unsigned int n)
{
	unsigned int i;

	if (!h->e) {	/* its namespace goes, or the module, and what waited for an SA with it: there is nobody to be told */
		for (i = 0; i < n; i++)
			kfree_skb(mod_pkt_skb(v[i]));
		return;
	}
	for (i = 0; i < n; i++) {
		if (cw_knob(h->e, v[i]->bank & 1 ? CW_KNOB_DEBUG6 : CW_KNOB_DEBUG4))
			log_drop(v[i]);
		if (cw_answer(h->e, v[i]))
			host_plain_out(h, &v[i], 1);
		else
			kfree_skb(mod_pkt_skb(v[i]));
	}
}

static void
refuse(struct host *h, struct sk_buff *skb, unsigned int reason)
{
	cw_count(h->e, reason, 1);
	kfree_skb(skb);
}

/* The route, the connection and whatever else hangs on the clear form are nothing to the wire form. */
static struct cw_pkt *
plain_packet(struct host *h, struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_csum_hwoffload_help(skb, 0)) {	/* also SCTP's */
		refuse(h, skb, CW_DROP_OFFLOAD);
		return NULL;
	}
	if (!mod_skb_room(skb, HEAD_ROOM, CW_TAILROOM)) {
		refuse(h, skb, CW_DROP_NO_MEMORY);
		return NULL;
	}
	skb_scrub_packet(skb, false);
	skb_clear_tstamp(skb);	/* when it was received is no time to send it at, which fq would take it for */
	skb->ip_summed = CHECKSUM_NONE;
	skb->dev = NULL;	/* it may wait for an SA for longer than its device lives */
	return mod_pkt_new(h, skb);
}

void
mod_take_plain(struct host *h, struct sk_buff *skb, const struct cw_policy *own, u32 iface)
{
	struct cw_pkt *v[HOST_BURST];
	struct sk_buff *next;
	unsigned int n = 0;
	u64 now = mod_now();

	if (skb_is_gso(skb)) {
		struct sk_buff *segs = skb_gso_segment(skb, 0);

		if (IS_ERR_OR_NULL(segs)) {
			refuse(h, skb, CW_DROP_OFFLOAD);
			return;
		}
		consume_skb(skb);
		skb = segs;
	}
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		v[n] = plain_packet(h, skb);
		if (v[n]) {
			v[n]->own = own;
			v[n++]->iface = iface;
		}
		if (n == HOST_BURST) {
			cw_plain_in(h->e, v, n, now);
			n = 0;
		}
	}
	if (n)
		cw_plain_in(h->e, v, n, now);
}

static struct cw_pkt *
wire_packet(struct host *h, struct sk_buff *skb, unsigned int off, const struct cw_outer *o)
{
	struct cw_pkt *p;

	if (off > skb->len) {		/* IPv6: a header before it is longer than the packet */
		refuse(h, skb, CW_DROP_ESP_SHORT);
		return NULL;
	}
	if (!mod_skb_room(skb, 0, 0)) {
		refuse(h, skb, CW_DROP_NO_MEMORY);
		return NULL;
	}
	p = mod_pkt_new(h, skb);
	if (!p)
		return NULL;
	p->outer = *o;
	if (ip_hdr(skb)->version == 4) {
		mod_addr4(&p->outer.src, ip_hdr(skb)->saddr);
		mod_addr4(&p->outer.dst, ip_hdr(skb)->daddr);
		p->outer.tos = ip_hdr(skb)->tos;
	} else {
		mod_addr6(&p->outer.src, &ipv6_hdr(skb)->saddr);
		mod_addr6(&p->outer.dst, &ipv6_hdr(skb)->daddr);
		p->outer.tos = (u8)(ntohl(*(__be32 *)ipv6_hdr(skb)) >> 20);
	}
	p->outer.hlen = (u16)(off - (o->udp ? sizeof(struct udphdr) : 0));
	p->off += off;
	p->len -= off;
	return p;
}

void
mod_take_wire(struct host *h, struct sk_buff *skb, unsigned int off, u8 proto, bool udp, u16 sport, u16 dport)
{
	struct cw_outer o = { .proto = proto, .udp = udp, .sport = sport, .dport = dport };
	struct cw_pkt *v[HOST_BURST];
	struct sk_buff *next;
	unsigned int n = 0;
	u64 now = mod_now();

	if (skb_is_gso(skb)) {
		struct sk_buff *segs = __skb_gso_segment(skb, 0, false);

		if (IS_ERR_OR_NULL(segs)) {
			refuse(h, skb, CW_DROP_OFFLOAD);
			return;
		}
		consume_skb(skb);
		skb = segs;
	}
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		v[n] = wire_packet(h, skb, off, &o);
		if (v[n])
			n++;
		if (n == HOST_BURST) {
			cw_wire_in(h->e, v, n, now);
			n = 0;
		}
	}
	if (n)
		cw_wire_in(h->e, v, n, now);
}
