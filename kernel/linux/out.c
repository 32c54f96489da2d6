// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What leaves: sealed packets get their outer headers and go the system's usual way out, so that its filter and its connection
 * tracking see them as they are on the wire. Our own hook knows them again by their address, on this processor, once.
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>

#include "mod.h"

#define MARK_OWN	0x4d00u		/* our own packets, for rules of routing; of 0xff00 */

static DEFINE_PER_CPU(const struct sk_buff *, ours);

bool
mod_is_ours(const struct sk_buff *skb)
{
	if (this_cpu_read(ours) != skb)
		return false;
	this_cpu_write(ours, NULL);
	return true;
}

void
mod_pass(const struct sk_buff *skb)
{
	this_cpu_write(ours, skb);
}

/* It may have ended before it came to a hook; the next skb of that address is another. */
void
mod_passed(void)
{
	this_cpu_write(ours, NULL);
}

static struct dst_entry *
route4(struct net *net, struct flowi4 *f)
{
	struct rtable *rt = ip_route_output_key(net, f);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *
route6(struct net *net, struct flowi6 *f)
{
	struct dst_entry *d = ip6_dst_lookup_flow(net, NULL, f, NULL);

	return IS_ERR(d) ? NULL : d;
}

static struct flowi4
flow4(const struct cw_addr *src, const struct cw_addr *dst, u8 proto, u8 tos)
{
	return (struct flowi4){
		.saddr = src->fam == 4 ? mod_in4(src) : 0, .daddr = mod_in4(dst), .flowi4_proto = proto,
		.flowi4_tos = RT_TOS(tos), .flowi4_mark = MARK_OWN,
	};
}

static struct flowi6
flow6(const struct cw_addr *src, const struct cw_addr *dst, u8 proto)
{
	struct flowi6 f = { .daddr = mod_in6(dst), .flowi6_proto = proto, .flowi6_mark = MARK_OWN };

	if (src->fam == 6)
		f.saddr = mod_in6(src);
	return f;
}

/*
 * The interface's MTU, or less where the administrator gave the route one; never what the system has learned: RFC 4301 8.2 is the
 * engine's. IPv4 keeps what it learned elsewhere, IPv6 in a route of its own.
 */
static u32
route_mtu(const struct dst_entry *d)
{
	u32 mtu = READ_ONCE(d->dev->mtu), own = 0;

	if (d->ops->family == AF_INET || !(container_of(d, const struct rt6_info, dst)->rt6i_flags & RTF_CACHE))
		own = dst_metric_raw(d, RTAX_MTU);
	return own && own < mtu ? own : mtu;
}

u32
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	struct flowi4 f4;
	struct flowi6 f6;
	struct dst_entry *d = NULL;
	u32 mtu;

	if (dst->fam == 4 && mod_in4(dst)) {
		f4 = flow4(src, dst, IPPROTO_ESP, 0);
		d = route4(h->net, &f4);
	} else if (dst->fam == 6) {
		f6 = flow6(src, dst, IPPROTO_ESP);
		d = route6(h->net, &f6);
	}
	if (!d)
		return 0;
	mtu = route_mtu(d);
	dst_release(d);
	return mtu;
}

void
mod_path_told(struct host *h, const struct cw_addr *peer, u32 mtu)
{
	spin_lock_bh(&h->path_lock);
	if (h->npaths < PATHS) {	/* the next one too big tells again */
		h->path[h->npaths].peer = *peer;
		h->path[h->npaths++].mtu = mtu;
	}
	spin_unlock_bh(&h->path_lock);
	host_wake(h);
}

/* Who tells meanwhile has queued the tick again: a flood of them never keeps the mutex. */
void
mod_paths(struct host *h)
{
	struct cw_addr peer;
	unsigned int i;
	u32 mtu;

	for (i = 0; i < PATHS; i++) {
		spin_lock_bh(&h->path_lock);
		if (h->npaths == 0) {
			spin_unlock_bh(&h->path_lock);
			return;
		}
		peer = h->path[--h->npaths].peer;
		mtu = h->path[h->npaths].mtu;
		spin_unlock_bh(&h->path_lock);
		cw_path_mtu(h->e, &peer, mtu);
	}
}

/* The header says what a fragmenting router may do; our own route's MTU holds for packets with DF. */
static bool
too_big(struct host *h, const struct sk_buff *skb, const struct cw_outer *o, const struct dst_entry *d, unsigned int more)
{
	u32 mtu = route_mtu(d);

	if (!o->df || skb->len + more <= mtu)
		return false;
	mod_path_told(h, &o->dst, mtu);
	return true;
}

static void
push_udp(struct sk_buff *skb, const struct cw_outer *o)
{
	struct udphdr *u = __skb_push(skb, sizeof(*u));

	skb_reset_transport_header(skb);
	u->source = htons(o->sport);
	u->dest = htons(o->dport);
	u->len = htons((u16)skb->len);
	u->check = 0;	/* RFC 3948 2.1; IPv6 needs one */
}

/* In transport mode the packet's own header stands before it already. */
static void
out4(struct host *h, struct sk_buff *skb, const struct cw_outer *o, u8 proto, struct dst_entry *d, __be32 src)
{
	struct iphdr *i = __skb_push(skb, o->hlen ? o->hlen : sizeof(*i));

	skb_reset_network_header(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
	if (!o->hlen)
		*i = (struct iphdr){
			.version = 4, .ihl = 5, .tos = o->tos, .frag_off = o->df ? htons(IP_DF) : 0, .ttl = o->ttl, .protocol = proto,
			.saddr = src, .daddr = mod_in4(&o->dst),
		};
	if (!o->hlen || (!o->df && i->id == 0))
		__ip_select_ident(h->net, i, 1);
	skb_dst_set(skb, d);
	mod_pass(skb);
	ip_local_out(h->net, NULL, skb);
	mod_passed();
}

static void
out6(struct host *h, struct sk_buff *skb, const struct cw_outer *o, u8 proto, struct dst_entry *d, const struct in6_addr *src)
{
	struct in6_addr dst = mod_in6(&o->dst);
	struct ipv6hdr *i;

	if (o->udp)
		udp6_set_csum(false, skb, src, &dst, skb->len);
	i = __skb_push(skb, o->hlen ? o->hlen : sizeof(*i));
	skb_reset_network_header(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	if (!o->df && o->piece)	/* more than the system's own is refused */
		IP6CB(skb)->frag_max_size = min_t(u32, o->piece, dst_mtu(d));
	skb->protocol = htons(ETH_P_IPV6);
	if (!o->hlen) {
		ip6_flow_hdr(i, o->tos, 0);
		i->payload_len = htons((u16)(skb->len - sizeof(*i)));
		i->nexthdr = proto;
		i->hop_limit = o->ttl;
		i->saddr = *src;
		i->daddr = dst;
	}
	skb_dst_set(skb, d);
	mod_pass(skb);
	ip6_local_out(h->net, NULL, skb);
	mod_passed();
}

/* p begins where the transport's payload begins; ESP, or an ICMP error that has its whole IP header already (proto 0). */
void
mod_send(struct host *h, struct cw_pkt *p, const struct cw_outer *o, u8 proto)
{
	struct sk_buff *skb = mod_pkt_skb(p);
	unsigned int more = (o->hlen ? o->hlen : o->dst.fam == 6 ? 40 : 20) + (o->udp ? 8 : 0), why = CW_DROP_WIRE_WRITE;
	struct dst_entry *d;
	struct flowi4 f4;
	struct flowi6 f6;

	if (o->dst.fam == 4) {
		f4 = flow4(&o->src, &o->dst, proto, o->tos);
		if (o->hlen)	/* its header is the packet's, which need not be from here */
			f4.flowi4_flags = FLOWI_FLAG_ANYSRC;
		d = route4(h->net, &f4);
	} else {
		f6 = flow6(&o->src, &o->dst, proto);
		d = route6(h->net, &f6);
	}
	if (!d)
		goto drop;
	if (too_big(h, skb, o, d, more)) {
		why = CW_DROP_WIRE_TOO_BIG;
		dst_release(d);
		goto drop;
	}
	skb->mark = (skb->mark & ~0xff00u) | MARK_OWN;
	skb->encapsulation = 0;
	skb->ignore_df = 1;	/* what the system has learned of the path is anybody's word: ours is too_big()'s */
	skb_clear_hash(skb);
	skb_reset_transport_header(skb);
	if (o->udp)
		push_udp(skb, o);
	local_bh_disable();
	if (o->dst.fam == 4)
		out4(h, skb, o, proto, d, f4.saddr);
	else
		out6(h, skb, o, proto, d, &f6.saddr);
	local_bh_enable();
	return;
drop:
	cw_count(h->e, why, 1);
	kfree_skb(skb);
}

void
host_wire_out(struct host *h, struct cw_pkt **v, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct cw_outer o = v[i]->outer;

		mod_send(h, v[i], &o, o.udp ? IPPROTO_UDP : o.proto);
	}
}

/* Its source is the one that could not be reached, which need not be ours. */
static struct dst_entry *
answer_route(struct host *h, struct sk_buff *skb)
{
	if (ip_hdr(skb)->version == 4) {
		struct flowi4 f = {
			.saddr = ip_hdr(skb)->saddr, .daddr = ip_hdr(skb)->daddr, .flowi4_proto = IPPROTO_ICMP,
			.flowi4_flags = FLOWI_FLAG_ANYSRC,
		};

		skb->protocol = htons(ETH_P_IP);
		skb_set_transport_header(skb, ip_hdrlen(skb));
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		return route4(h->net, &f);
	} else {
		struct flowi6 f = {
			.saddr = ipv6_hdr(skb)->saddr, .daddr = ipv6_hdr(skb)->daddr, .flowi6_proto = IPPROTO_ICMPV6,
			.flowi6_flags = FLOWI_FLAG_ANYSRC,
		};

		skb->protocol = htons(ETH_P_IPV6);
		skb_set_transport_header(skb, sizeof(struct ipv6hdr));
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		return route6(h->net, &f);
	}
}

void
mod_answer(struct host *h, struct cw_pkt *p)
{
	struct sk_buff *skb = mod_pkt_skb(p);
	struct dst_entry *d;

	skb_reset_network_header(skb);
	skb_orphan(skb);
	d = answer_route(h, skb);
	if (!d) {
		cw_count(h->e, CW_DROP_PLAIN_WRITE, 1);
		kfree_skb(skb);
		return;
	}
	skb_dst_set(skb, d);
	local_bh_disable();
	mod_pass(skb);
	if (skb->protocol == htons(ETH_P_IP))
		ip_local_out(h->net, NULL, skb);
	else
		ip6_local_out(h->net, NULL, skb);
	mod_passed();
	local_bh_enable();
}
