// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What comes out of a tunnel and passed the policy check. It goes into the system behind its filters, which have seen the wire
 * form: our hooks in front of them carry it past. The way it came says nothing about its source, so no reverse path is asked for.
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_stubs.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "mod.h"

static bool
header_ok4(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *i = ip_hdr(skb);
	struct ip_options *opt = &IPCB(skb)->opt;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->skb_iif;
	if (ip_fast_csum((const u8 *)i, i->ihl))
		return false;
	skb_set_transport_header(skb, i->ihl * 4);
	if (i->ihl == 5)
		return true;
	opt->optlen = (u8)(i->ihl * 4 - sizeof(*i));
	return ip_options_compile(net, opt, skb) == 0 && !opt->srr;
}

static bool
route_in4(struct host *h, struct sk_buff *skb)
{
	const struct iphdr *i = ip_hdr(skb);
	bool ok;

	/* A path of transforms stands on the packet while the route is asked for: then any source may come this way. */
	if (!secpath_set(skb))
		return false;
	ok = ip_route_input_noref(skb, i->daddr, i->saddr, i->tos, skb->dev) == 0;
	secpath_reset(skb);
	if (ok)
		IPCB(skb)->flags &= ~IPSKB_DOREDIRECT;
	return ok;
}

/*
 * A socket with a policy of its own gets whole packets: what was taken off their pieces must be the same for all of them, and is
 * part of what they are kept by. The SPI is not: an SA may be replaced between two pieces.
 */
static u32
defrag_user(struct host *h, const struct cw_pkt *p)
{
	static u32 seed __read_mostly;
	const struct cw_hist *t;
	u32 k;

	if (!READ_ONCE(h->sock_in))
		return MOD_DEFRAG_TUNNEL;
	net_get_random_once(&seed, sizeof(seed));
	k = seed;
	for (t = p->hist; t < p->hist + p->nhist; t++) {
		k = jhash_3words(t->proto, t->mode, t->reqid, k);
		k = jhash(&t->src, sizeof(t->src), k);
		k = jhash(&t->dst, sizeof(t->dst), k);
	}
	return MOD_DEFRAG_TUNNEL | (k & 0xffffffu);
}

/* Put together. False: it waits for the rest, or is gone. */
static bool
whole4(struct host *h, struct sk_buff *skb, const struct cw_pkt *piece)
{
	if (ip_defrag(h->net, skb, defrag_user(h, piece)))
		return false;
	skb->ignore_df = 1;
	if (mod_sock_takes(h, skb, piece))
		return true;
	kfree_skb(skb);
	return false;
}

static void
deliver4(struct host *h, struct sk_buff *skb, const struct cw_pkt *p)
{
	skb->protocol = htons(ETH_P_IP);
	if (!header_ok4(h->net, skb)) {
		cw_count(h->e, CW_DROP_INNER_HEADER, 1);
		kfree_skb(skb);
		return;
	}
	if (!route_in4(h, skb)) {
		cw_count(h->e, CW_DROP_PLAIN_WRITE, 1);
		kfree_skb(skb);
		return;
	}
	if (skb_rtable(skb)->rt_flags & RTCF_LOCAL && ip_is_fragment(ip_hdr(skb)) && !whole4(h, skb, p))
		return;
	mod_pass(skb);
	dst_input(skb);
	mod_passed();
}

/*
 * What is done to a packet's hop-by-hop options where it comes in from the wire (RFC 8200 4.2 and 4.3, RFC 2711); Linux keeps no
 * handler for that header behind this place. false: the packet is gone, its sender told where the option wants that.
 */
static bool
hop_by_hop6(struct host *h, struct sk_buff *skb)
{
	const u8 *o = skb_network_header(skb) + sizeof(struct ipv6hdr);
	unsigned int room = skb->len - sizeof(struct ipv6hdr), at = 2, len;

	if (room < 8 || room < (o[1] + 1) * 8u)
		goto bad;
	IP6CB(skb)->flags |= IP6SKB_HOPBYHOP;	/* a receiver may ask for them: RFC 3542 8 */
	for (len = (o[1] + 1) * 8u; at < len; at += o[at] == IPV6_TLV_PAD1 ? 1 : 2u + o[at + 1]) {
		if (o[at] == IPV6_TLV_PAD1)
			continue;
		if (at + 2 > len || at + 2 + o[at + 1] > len)
			goto bad;
		if (o[at] == IPV6_TLV_ROUTERALERT && o[at + 1] == 2) {
			IP6CB(skb)->flags |= IP6SKB_ROUTERALERT;
			memcpy(&IP6CB(skb)->ra, o + at + 2, sizeof(IP6CB(skb)->ra));
		} else if (o[at] != IPV6_TLV_PADN && (o[at] & 0xc0) != 0) {
			/* icmpv6_send() itself knows which of them tells of one that was for a group */
			if ((o[at] & 0xc0) != 0x40)
				icmpv6_send(skb, ICMPV6_PARAMPROB, ICMPV6_UNK_OPTION, sizeof(struct ipv6hdr) + at);
			goto bad;
		}
	}
	IP6CB(skb)->nhoff = sizeof(struct ipv6hdr);
	skb_set_transport_header(skb, sizeof(struct ipv6hdr) + len);
	return true;
bad:
	cw_count(h->e, CW_DROP_INNER_HEADER, 1);
	kfree_skb(skb);
	return false;
}

/* The same, of what is for this system: else, and where no socket has a policy, the system does it, or whoever it is for. */
static bool
whole6(struct host *h, struct sk_buff *skb, const struct cw_pkt *piece)
{
	unsigned int at = 0;
	int err;

	if (!READ_ONCE(h->sock_in) || ipv6_find_hdr(skb, &at, NEXTHDR_FRAGMENT, NULL, NULL) < 0 ||
	    !(container_of(skb_dst(skb), struct rt6_info, dst)->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST)))
		return true;
	err = nf_ct_frag6_gather(h->net, skb, defrag_user(h, piece));
	if (err == -EINPROGRESS)
		return false;
	if (err == 0 && mod_sock_takes(h, skb, piece)) {
		mod_headers_anew6(skb);
		return true;
	}
	kfree_skb(skb);
	return false;
}

static void
deliver6(struct host *h, struct sk_buff *skb, const struct cw_pkt *p)
{
	skb->protocol = htons(ETH_P_IPV6);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->skb_iif;
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	if (ipv6_hdr(skb)->nexthdr == NEXTHDR_HOP && !hop_by_hop6(h, skb))
		return;
	if (ipv6_stub->ipv6_route_input(skb)) {
		cw_count(h->e, CW_DROP_PLAIN_WRITE, 1);
		kfree_skb(skb);
		return;
	}
	if (!whole6(h, skb, p))
		return;
	mod_pass(skb);
	dst_input(skb);
	mod_passed();
}

static void
deliver(struct host *h, struct cw_pkt *p)
{
	struct sk_buff *skb = mod_pkt_fit(p);

	skb_reset_network_header(skb);
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb_scrub_packet(skb, false);
	skb->skb_iif = skb->dev->ifindex;
	skb_clear_hash(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;	/* that was the outer UDP's */
	skb->encapsulation = 0;
	skb_orphan(skb);
	if (ip_hdr(skb)->version == 4)
		deliver4(h, skb, p);
	else
		deliver6(h, skb, p);
	mod_pkt_free(p);
}

void
host_plain_out(struct host *h, struct cw_pkt **v, unsigned int n)
{
	unsigned int i;

	local_bh_disable();
	rcu_read_lock();
	for (i = 0; i < n; i++) {
		switch (v[i]->verdict) {
		case CW_DELIVER:
			if (v[i]->iface)
				mod_iface_deliver(h, v[i]);
			else
				deliver(h, v[i]);
			break;
		case CW_ANSWER:
			mod_answer(h, v[i]);
			break;
		default:	/* it had a policy when it was taken, and has none now */
			cw_drop(h->e, v[i], CW_DROP_ROUTE_LOOP);
			break;
		}
	}
	rcu_read_unlock();
	local_bh_enable();
}
