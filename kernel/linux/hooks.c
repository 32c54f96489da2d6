// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where packets are taken from the system. Its filter and its connection tracking see the wire form only, as the FAQ's pictures
 * have it: what is to be protected goes past them in the clear before they see it, ESP is taken at the input when they have
 * passed it, and what came out of it goes past them again.
 *
 *	prerouting, first	a clear packet that will be protected: past everything, to the route
 *	forward, first		the inbound policy, then the outbound one
 *	output, first		the outbound policy
 *	input, first		what came out of a tunnel goes past everything; fragments of IPv6 are put together
 *	input, last		ESP, AH and IPComp; else the inbound policy
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "mod.h"

#define HEADERS_MAX	512u	/* what is looked at of a packet's headers at most */

static unsigned int
ask_out(struct host *h, struct sk_buff *skb, enum cw_asked as)
{
	unsigned int type = cw_ask_out(h->e, skb->data, skb_headlen(skb), skb->len, as, mod_now());

	if (type == CW_ASK_MORE && pskb_may_pull(skb, min(skb->len, HEADERS_MAX)))
		type = cw_ask_out(h->e, skb->data, skb_headlen(skb), skb->len, as, mod_now());
	return type == CW_ASK_MORE ? CW_POLICY_DISCARD : type;
}

static unsigned int
ask_clear(struct host *h, struct sk_buff *skb, bool forward)
{
	unsigned int why = cw_ask_clear(h->e, skb->data, skb_headlen(skb), skb->len, forward, mod_now());

	if (why == CW_ASK_MORE && pskb_may_pull(skb, min(skb->len, HEADERS_MAX)))
		why = cw_ask_clear(h->e, skb->data, skb_headlen(skb), skb->len, forward, mod_now());
	return why == CW_ASK_MORE ? CW_DROP_INNER_SHORT : why;
}

/*
 * Neighbour discovery finds the way to the peer itself: RFC 4301 leaves it to the clear. It never crosses a router (RFC 4861 7.1):
 * what is forwarded has a lower hop limit, and what came from farther too.
 */
static bool
is_neighbour(struct sk_buff *skb)
{
	const struct icmp6hdr *i;

	if (ip_hdr(skb)->version != 6 || ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6 || ipv6_hdr(skb)->hop_limit != 255 ||
	    !pskb_may_pull(skb, sizeof(struct ipv6hdr) + 8))
		return false;
	i = (const struct icmp6hdr *)(skb->data + sizeof(struct ipv6hdr));
	return i->icmp6_type >= 133 && i->icmp6_type <= 137;
}

/* The rest of the hooks of this place is left out. */
static unsigned int
go_past(struct sk_buff *skb, const struct nf_hook_state *state)
{
	state->okfn(state->net, state->sk, skb);
	return NF_STOLEN;
}

/* A sender on this host is told: its call fails with EPERM. */
static unsigned int
drop(struct host *h, const struct sk_buff *skb, unsigned int why)
{
	cw_refused(h->e, why, skb->data, skb_headlen(skb), skb->len, mod_now());
	return NF_DROP;
}

/*
 * One packet that leaves, by its outbound policy: taken, dropped, or none of ours. covered: an inbound policy let it come this far.
 * By one of our interfaces nothing leaves in the clear: only what policies without an interface protect is taken before.
 */
static unsigned int
outbound(struct host *h, struct sk_buff *skb, enum cw_asked as, const struct net_device *by, bool covered)
{
	unsigned int type = ask_out(h, skb, as);

	if (type != CW_POLICY_IPSEC && mod_iface_is(by))
		return NF_ACCEPT;
	switch (type) {
	case CW_POLICY_IPSEC:
		if (is_neighbour(skb))
			return NF_ACCEPT;
		mod_take_plain(h, skb, NULL, 0);
		return NF_STOLEN;
	case CW_ASK_UNMATCHED:
		return covered || is_neighbour(skb) ? NF_ACCEPT : drop(h, skb, CW_DROP_POLICY_DEFAULT_OUT);
	case CW_POLICY_DISCARD:
		return is_neighbour(skb) ? NF_ACCEPT : drop(h, skb, CW_DROP_POLICY_DISCARD_OUT);
	default:
		return NF_ACCEPT;
	}
}

static bool
is_local(const struct nf_hook_state *state, const struct sk_buff *skb)
{
	if (state->pf == NFPROTO_IPV4)
		return inet_addr_type(state->net, ip_hdr(skb)->daddr) != RTN_UNICAST;
	return ipv6_chk_addr(state->net, &ipv6_hdr(skb)->daddr, NULL, 0) || ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

static unsigned int
on_prerouting(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct host *h = mod_host(state->net);

	if (cw_idle(h->e) || (state->in->flags & IFF_LOOPBACK) || ask_out(h, skb, CW_ASK_AHEAD) != CW_POLICY_IPSEC || is_local(state, skb))
		return NF_ACCEPT;
	return go_past(skb, state);
}

static void
no_postrouting(struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (state->pf == NFPROTO_IPV4)
		IPCB(skb)->flags |= IPSKB_REROUTED;
	else
		IP6CB(skb)->flags |= IP6SKB_REROUTED;
}

static unsigned int
on_forward(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct host *h = mod_host(state->net);
	bool ours = mod_is_ours(skb), covered = true;
	unsigned int v, why;

	if (!ours && cw_idle(h->e))
		return NF_ACCEPT;
	if (!ours && !mod_iface_is(state->in)) {
		why = ask_clear(h, skb, true);
		covered = why != CW_DROP_POLICY_DEFAULT_IN;	/* then the outbound policy decides alone */
		if (why != CW_DROP_NONE && covered)
			return drop(h, skb, why);
	}
	v = outbound(h, skb, CW_ASK_FORWARDED, state->out, covered);
	if (v != NF_ACCEPT || !ours)
		return v;
	no_postrouting(skb, state);
	return go_past(skb, state);
}

/*
 * Where the transport's header begins, from the network header; false: in a piece of a packet that is not put together yet. AH, which Linux
 * goes past as it does past an extension header, is one here, whatever is behind it: that may be nothing (59), or cut off.
 */
static bool
transport(struct sk_buff *skb, unsigned int *off, u8 *proto)
{
	unsigned int ah = 0, piece = 0;
	__be16 frag = 0;
	bool has_ah;
	int at;

	if (ip_hdr(skb)->version == 4) {
		*off = ip_hdrlen(skb);
		*proto = ip_hdr(skb)->protocol;
		return !ip_is_fragment(ip_hdr(skb));
	}
	has_ah = ipv6_find_hdr(skb, &ah, NEXTHDR_AUTH, NULL, NULL) == NEXTHDR_AUTH;
	*proto = ipv6_hdr(skb)->nexthdr;
	at = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), proto, &frag);
	*off = (unsigned int)at;
	if (!has_ah)
		return at > 0 && frag == 0;
	/* A fragment header in front of AH was none of what was authenticated, also where it is of the only piece (RFC 6946). */
	if (ipv6_find_hdr(skb, &piece, NEXTHDR_FRAGMENT, NULL, NULL) >= 0 && piece < ah)
		return false;
	*off = ah;
	*proto = NEXTHDR_AUTH;
	return true;
}

void
mod_headers_anew6(struct sk_buff *skb)
{
	unsigned int len = sizeof(struct ipv6hdr);

	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	if (ipv6_hdr(skb)->nexthdr == NEXTHDR_HOP && pskb_may_pull(skb, len + 8)) {
		IP6CB(skb)->nhoff = sizeof(struct ipv6hdr);
		len += ipv6_optlen((const struct ipv6_opt_hdr *)(skb_network_header(skb) + len));
	}
	skb_set_transport_header(skb, len);
}

/*
 * IPv4 has put fragments together here already. IPv6 would do so behind our hooks, where nobody takes ESP any more; and among its
 * fragments are those that came out of a tunnel, with which these must not make a packet.
 */
static unsigned int
gather(struct host *h, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int off, at = 0;
	u8 proto;
	int err;

	if (state->pf != NFPROTO_IPV6 || (cw_idle(h->e) && cw_sa_count(h->e) == 0 && !READ_ONCE(h->sock_in)) || transport(skb, &off, &proto))
		return NF_ACCEPT;
	if (ipv6_find_hdr(skb, &at, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return NF_ACCEPT;
	err = nf_ct_frag6_gather(state->net, skb, MOD_DEFRAG_CLEAR);
	if (err)
		return err == -EINPROGRESS ? NF_STOLEN : NF_DROP;
	mod_headers_anew6(skb);
	return NF_ACCEPT;
}

static unsigned int
on_input_first(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return mod_is_ours(skb) ? go_past(skb, state) : gather(mod_host(state->net), skb, state);
}

static void
destination(const struct sk_buff *skb, struct cw_addr *dst)
{
	if (ip_hdr(skb)->version == 4)
		mod_addr4(dst, ip_hdr(skb)->daddr);
	else
		mod_addr6(dst, &ipv6_hdr(skb)->daddr);
}

/* What an IPComp SA in tunnel mode did not compress comes as an IP packet in an IP packet. */
static bool
is_raw(struct host *h, const struct sk_buff *skb, u8 proto)
{
	struct cw_addr src, dst;

	if (proto != IPPROTO_IPIP && proto != IPPROTO_IPV6)
		return false;
	destination(skb, &dst);
	if (ip_hdr(skb)->version == 4)
		mod_addr4(&src, ip_hdr(skb)->saddr);
	else
		mod_addr6(&src, &ipv6_hdr(skb)->saddr);
	return cw_ask_raw(h->e, &src, &dst);
}

/* False: it has no ports. Its transport's header begins at off. */
static bool
flow_of(const struct sk_buff *skb, unsigned int off, u8 proto, struct cw_flow *f)
{
	__be16 port[2];

	*f = (struct cw_flow){ .proto = proto };
	if (skb_copy_bits(skb, off, port, sizeof(port)))
		return false;
	if (ip_hdr(skb)->version == 4)
		mod_addr4(&f->src, ip_hdr(skb)->saddr);
	else
		mod_addr6(&f->src, &ipv6_hdr(skb)->saddr);
	destination(skb, &f->dst);
	f->sport = ntohs(port[0]);
	f->dport = ntohs(port[1]);
	return true;
}

/* What the socket that gets it says of packets: MOD_SOCK_*. Its transport's header begins at off. */
static unsigned int
ask_socket(struct host *h, const struct net_device *in, struct sk_buff *skb, unsigned int off, u8 proto, struct cw_policy *own)
{
	struct cw_flow f;

	return flow_of(skb, off, proto, &f) ? mod_sock_receives(h, in, &f, true, own) : MOD_SOCK_NONE;
}

/* What the system's own socket says for a connection that has ended. */
static unsigned int
ask_ended(struct host *h, const struct nf_hook_state *state, struct sk_buff *skb, struct cw_policy *own)
{
	struct cw_flow f, in;
	unsigned int off;
	u8 proto;

	if (!sk_fullsock(state->sk) || !state->sk->sk_kern_sock || state->sk->sk_protocol != IPPROTO_TCP || !transport(skb, &off, &proto) || proto != IPPROTO_TCP ||
	    !flow_of(skb, off, proto, &f))
		return MOD_SOCK_NONE;
	in = (struct cw_flow){ .proto = proto, .src = f.dst, .dst = f.src, .sport = f.dport, .dport = f.sport };
	return mod_sock_ended(h, state->out, &in, own);
}

static unsigned int
on_output(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct host *h = mod_host(state->net);
	struct cw_policy own;
	unsigned int is;

	if (mod_is_ours(skb) || (state->out->flags & IFF_LOOPBACK))
		return NF_ACCEPT;
	/* The sender, not who began what it carries: a packet that a system's tunnel has wrapped still has its own socket. */
	is = state->sk ? mod_sock_policy(state->sk, XFRM_POLICY_OUT, &own) : MOD_SOCK_NONE;
	if (is == MOD_SOCK_NONE && state->sk && READ_ONCE(h->sock_out))
		is = ask_ended(h, state, skb, &own);
	switch (is) {
	case MOD_SOCK_BYPASS:
		return NF_ACCEPT;
	case MOD_SOCK_IPSEC:
		if (is_neighbour(skb))
			return NF_ACCEPT;
		mod_take_plain(h, skb, &own, 0);
		return NF_STOLEN;
	}
	if (cw_idle(h->e))
		return NF_ACCEPT;
	return outbound(h, skb, CW_ASK_SENT, state->out, false);
}

bool
mod_sock_takes(struct host *h, struct sk_buff *skb, const struct cw_pkt *piece)
{
	struct cw_policy own;
	unsigned int off, why;
	u8 proto;

	if (!transport(skb, &off, &proto) || ask_socket(h, skb->dev, skb, off, proto, &own) != MOD_SOCK_IPSEC)
		return true;
	why = cw_policy_takes(h->e, &own, piece, ip_hdr(skb)->version);
	if (why != CW_DROP_NONE)
		cw_refused(h->e, why, skb->data, skb_headlen(skb), skb->len, mod_now());
	return why == CW_DROP_NONE;
}

/*
 * ESP in UDP, RFC 3948 2.1, for one of our SAs and its port; whatever else comes there is for who has the socket. For an SA that
 * does not encapsulate, the port is any of a socket that policies spare: a key manager's.
 */
static bool
is_encapsulated(struct host *h, const struct nf_hook_state *state, struct sk_buff *skb, unsigned int off, u16 *sport, u16 *dport)
{
	const struct udphdr *u;
	struct cw_policy own;
	struct cw_addr dst;
	unsigned int n, is;
	__be32 spi;

	if (!pskb_may_pull(skb, off + sizeof(*u) + 8))
		return false;
	u = (const struct udphdr *)(skb->data + off);
	memcpy(&spi, u + 1, sizeof(spi));
	n = ntohs(u->len);
	if (spi == 0 || (!skb_is_gso(skb) && n > skb->len - off))
		return false;
	*sport = ntohs(u->source);
	*dport = ntohs(u->dest);
	destination(skb, &dst);
	is = cw_ask_spi(h->e, ntohl(spi), &dst, *dport);
	if (is == CW_SPI_NONE || (is == CW_SPI_BARE && ask_socket(h, state->in, skb, off, IPPROTO_UDP, &own) != MOD_SOCK_BYPASS))
		return false;
	return skb_is_gso(skb) || pskb_trim(skb, off + n) == 0;
}

/*
 * A router says that a packet of ours was too big: is it one? It quotes the packet's first octets (RFC 1191 4, RFC 4443 3.2), with the
 * SPI, or the CPI, which can be guessed: but the engine never goes below 1280 octets.
 */
static void
look_at_too_big(struct host *h, struct sk_buff *skb, unsigned int off, u8 proto)
{
	struct { struct icmphdr i; struct iphdr ip; u8 more[12]; } q4;
	struct { struct icmp6hdr i; struct ipv6hdr ip; u8 more[12]; } q6;
	const u8 *more;
	struct cw_addr own, peer;
	__be32 spi;
	u8 inner;
	u32 mtu;

	if (proto == IPPROTO_ICMP) {
		if (skb_copy_bits(skb, off, &q4, sizeof(q4)) || q4.i.type != ICMP_DEST_UNREACH || q4.i.code != ICMP_FRAG_NEEDED || q4.ip.ihl != 5)
			return;
		mtu = ntohs(q4.i.un.frag.mtu);
		mod_addr4(&own, q4.ip.saddr);
		mod_addr4(&peer, q4.ip.daddr);
		inner = q4.ip.protocol;
		more = q4.more;
	} else {
		if (skb_copy_bits(skb, off, &q6, sizeof(q6)) || q6.i.icmp6_type != ICMPV6_PKT_TOOBIG)
			return;
		mtu = ntohl(q6.i.icmp6_mtu);
		mod_addr6(&own, &q6.ip.saddr);
		mod_addr6(&peer, &q6.ip.daddr);
		inner = q6.ip.nexthdr;
		more = q6.more;
	}
	if (inner == IPPROTO_COMP && mtu >= 576 && cw_ask_comp(h->e, (unsigned int)more[2] << 8 | more[3], &own, &peer))
		mod_path_told(h, &peer, mtu);
	if (inner == IPPROTO_AH && mtu >= 576) {
		memcpy(&spi, more + 4, sizeof(spi));
		if (cw_ask_ah(h->e, ntohl(spi), &peer))
			mod_path_told(h, &peer, mtu);
	}
	if (inner != IPPROTO_ESP && inner != IPPROTO_UDP)
		return;
	memcpy(&spi, more + (inner == IPPROTO_UDP ? 8 : 0), sizeof(spi));
	if (mtu >= 576 && cw_ask_spi(h->e, ntohl(spi), &peer, 0) != CW_SPI_NONE)
		mod_path_told(h, &peer, mtu);
}

/*
 * What is taken here leaves the system: its connection is confirmed now. Connection tracking does so at the same place and priority
 * as ours, and comes behind us where it was there first.
 */
static bool
confirm(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK) && defined(CAUSEWAY_CT_CONFIRM)	/* Kbuild looked for it */
	const struct nf_ct_hook *hook = rcu_dereference(nf_ct_hook);
	struct nf_conntrack *c = skb_nfct(skb);

	if (c && hook && !nf_ct_is_confirmed(container_of(c, struct nf_conn, ct_general)))
		return hook->confirm(skb) == NF_ACCEPT;
#endif
	return true;
}

/* One packet for this host, no bundle of datagrams: NF_STOLEN when it was one of ours. */
static unsigned int
inbound(struct host *h, struct sk_buff *skb, const struct nf_hook_state *state)
{
	u16 sport = 0, dport = 0;
	struct cw_policy own;
	unsigned int off, why;
	bool whole, sock_in;
	u8 proto;

	whole = transport(skb, &off, &proto);
	if (whole && (proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP || is_raw(h, skb, proto))) {
		if (!confirm(skb))
			return NF_DROP;
		mod_take_wire(h, skb, off, proto, false, 0, 0);
		return NF_STOLEN;
	}
	if (whole && proto == IPPROTO_UDP && is_encapsulated(h, state, skb, off, &sport, &dport)) {
		if (!confirm(skb))
			return NF_DROP;
		mod_take_wire(h, skb, off + sizeof(struct udphdr), IPPROTO_ESP, true, sport, dport);
		return NF_STOLEN;
	}
	if (whole && (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6))
		look_at_too_big(h, skb, off, proto);
	sock_in = READ_ONCE(h->sock_in);
	/* what came by one of our interfaces was held against its policies, and its socket's, when it came out of its SA */
	if ((cw_idle(h->e) && !sock_in) || mod_iface_is(state->in))
		return NF_ACCEPT;
	why = ask_clear(h, skb, false);
	if (whole && (why != CW_DROP_NONE || sock_in)) {
		switch (ask_socket(h, state->in, skb, off, proto, &own)) {	/* it was promised clear packets, or none, whatever the policies say */
		case MOD_SOCK_BYPASS:
			return NF_ACCEPT;
		case MOD_SOCK_IPSEC:
			why = cw_policy_takes(h->e, &own, NULL, ip_hdr(skb)->version);
		}
	}
	return why == CW_DROP_NONE || is_neighbour(skb) ? NF_ACCEPT : drop(h, skb, why);
}

/* Datagrams that came as one: each is ESP or somebody else's for itself. */
static unsigned int
inbound_bundle(struct host *h, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sk_buff *segs, *next;

	if (!confirm(skb))
		return NF_DROP;
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		cw_count(h->e, CW_DROP_OFFLOAD, 1);
		return NF_DROP;
	}
	consume_skb(skb);
	for (skb = segs; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		switch (inbound(h, skb, state)) {
		case NF_ACCEPT:
			state->okfn(state->net, state->sk, skb);
			break;
		case NF_DROP:
			kfree_skb(skb);
			break;
		}
	}
	return NF_STOLEN;
}

static unsigned int
on_input_last(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct host *h = mod_host(state->net);

	if (state->in->flags & IFF_LOOPBACK)
		return NF_ACCEPT;
	if (skb_is_gso(skb) && (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4) && cw_sa_count(h->e) > 0)
		return inbound_bundle(h, skb, state);
	return inbound(h, skb, state);
}

#define HOOKS(family)													\
	{ .hook = on_prerouting, .pf = family, .hooknum = NF_INET_PRE_ROUTING, .priority = INT_MIN },			\
	{ .hook = on_forward, .pf = family, .hooknum = NF_INET_FORWARD, .priority = INT_MIN },				\
	{ .hook = on_output, .pf = family, .hooknum = NF_INET_LOCAL_OUT, .priority = INT_MIN },				\
	{ .hook = on_input_first, .pf = family, .hooknum = NF_INET_LOCAL_IN, .priority = INT_MIN },			\
	{ .hook = on_input_last, .pf = family, .hooknum = NF_INET_LOCAL_IN, .priority = INT_MAX }

static const struct nf_hook_ops ops[] = { HOOKS(NFPROTO_IPV4), HOOKS(NFPROTO_IPV6) };

int
mod_hooks_on(struct net *net)
{
	return nf_register_net_hooks(net, ops, ARRAY_SIZE(ops));
}

void
mod_hooks_off(struct net *net)
{
	nf_unregister_net_hooks(net, ops, ARRAY_SIZE(ops));
	synchronize_net();
}
