// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Policies on sockets: IP_IPSEC_POLICY and IPV6_IPSEC_POLICY (what ipsec_set_policy(3) makes, a struct sadb_x_policy with its requests).
 * "bypass" is what IKE daemons take their sockets out of every policy by; "ipsec" is the policy of this socket and of what it accepts,
 * instead of the SPD's; "entrust" is the SPD's again. The system keeps such a policy with the socket, gives it to the sockets that
 * this one accepts, and asks for CAP_NET_ADMIN, when a key manager can read it: that is us. Ours is one that its own IPsec never finds
 * to be for a packet (no interface has that number), but for a bypass, which is one for it too.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <net/addrconf.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "mod.h"
#include <causeway/pfkey.h>

#define NO_INTERFACE	0x7fffffff

/* The numbers of XFRM's requests, so that ip(8) shows them as they are; what it has not stands in fields that it does not read. */
static void
keep(struct xfrm_tmpl *t, const struct cw_request *r)
{
	t->id.proto = r->proto;
	t->mode = r->mode == CW_MODE_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	t->share = r->level;
	t->optional = r->level == CW_LEVEL_USE;
	t->reqid = r->reqid;
	t->encap_family = r->src.fam == 4 ? AF_INET : r->src.fam == 6 ? AF_INET6 : AF_UNSPEC;
	memcpy(&t->saddr, r->src.b, sizeof(r->src.b));
	memcpy(&t->id.daddr, r->dst.b, sizeof(r->dst.b));
}

static void
kept(const struct xfrm_tmpl *t, struct cw_request *r)
{
	r->proto = t->id.proto;
	r->mode = t->mode == XFRM_MODE_TUNNEL ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT;
	r->level = t->share;
	r->reqid = t->reqid;
	r->src.fam = r->dst.fam = t->encap_family == AF_INET ? 4 : t->encap_family == AF_INET6 ? 6 : 0;
	memcpy(r->src.b, &t->saddr, sizeof(r->src.b));
	memcpy(r->dst.b, &t->id.daddr, sizeof(r->dst.b));
}

/* Under RCU. A connection that is not accepted yet has its listener's. */
unsigned int
mod_sock_policy(struct sock *sk, unsigned int dir, struct cw_policy *own)
{
	const struct xfrm_policy *p;
	unsigned int i;

	sk = sk_to_full_sk(sk);
	if (!sk || !sk_fullsock(sk))
		return MOD_SOCK_NONE;
	p = rcu_dereference(sk->sk_policy[dir]);
	if (!p || p->action != XFRM_POLICY_ALLOW)
		return MOD_SOCK_NONE;
	if (p->selector.ifindex != NO_INTERFACE)
		return p->xfrm_nr == 0 ? MOD_SOCK_BYPASS : MOD_SOCK_NONE;	/* or it is the system's own IPsec's */
	if (p->xfrm_nr == 0 || p->xfrm_nr > CW_REQUESTS_MAX)
		return MOD_SOCK_NONE;
	*own = (struct cw_policy){
		.dir = dir == XFRM_POLICY_IN ? CW_DIR_IN : CW_DIR_OUT, .type = CW_POLICY_IPSEC, .proto = CW_ULPROTO_ANY, .nreq = p->xfrm_nr,
	};
	for (i = 0; i < own->nreq; i++)
		kept(&p->xfrm_vec[i], &own->req[i]);
	return MOD_SOCK_IPSEC;
}

/* Which socket gets it; with a reference. A socket for any address of ours has none of what is only forwarded here. */
static struct sock *
receiver4(struct net *net, const struct cw_flow *f, int dif, bool local)
{
	__be32 src = mod_in4(&f->src), dst = mod_in4(&f->dst);

	if (!local && inet_addr_type(net, dst) == RTN_UNICAST)
		return NULL;
	if (f->proto == IPPROTO_UDP)
		return udp4_lib_lookup(net, src, htons(f->sport), dst, htons(f->dport), dif);
	return inet_lookup(net, net->ipv4.tcp_death_row.hashinfo, NULL, 0, src, htons(f->sport), dst, htons(f->dport), dif);
}

static struct sock *
receiver6(struct net *net, const struct cw_flow *f, int dif, bool local)
{
	struct in6_addr src = mod_in6(&f->src), dst = mod_in6(&f->dst);

	if (!local && !ipv6_addr_is_multicast(&dst) && !ipv6_chk_addr(net, &dst, NULL, 0))
		return NULL;
	if (f->proto == IPPROTO_UDP)
		return udp6_lib_lookup(net, &src, htons(f->sport), &dst, htons(f->dport), dif);
	return inet6_lookup(net, net->ipv4.tcp_death_row.hashinfo, NULL, 0, &src, htons(f->sport), &dst, htons(f->dport), dif);
}

/*
 * A connection that has ended has nobody who gets anything any more, and no policy; what begins it anew (RFC 9293 3.6.1) is for who
 * listens there. Without a reference.
 */
static struct sock *
listener(struct net *net, const struct cw_flow *f, int dif)
{
	struct inet_hashinfo *all = net->ipv4.tcp_death_row.hashinfo;
	struct in6_addr src = mod_in6(&f->src), dst = mod_in6(&f->dst);

	if (f->src.fam == 4)
		return inet_lookup_listener(net, all, NULL, 0, mod_in4(&f->src), htons(f->sport), mod_in4(&f->dst), htons(f->dport), dif, 0);
	return inet6_lookup_listener(net, all, NULL, 0, &src, htons(f->sport), &dst, f->dport, dif, 0);
}

/* The policy of the socket that gets f, or of who listens where f's connection has ended; ended: of the latter alone. */
static unsigned int
ask(struct host *h, const struct net_device *dev, const struct cw_flow *f, bool local, bool ended, int dir, struct cw_policy *own)
{
	unsigned int is = MOD_SOCK_NONE;
	struct sock *sk, *asked;

	local_bh_disable();
	rcu_read_lock();
	sk = f->src.fam == 4 ? receiver4(h->net, f, dev->ifindex, local) : receiver6(h->net, f, dev->ifindex, local);
	asked = ended ? NULL : sk;
	if (sk && sk->sk_state == TCP_TIME_WAIT)
		asked = listener(h->net, f, dev->ifindex);
	if (asked)
		is = mod_sock_policy(asked, dir, own);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	local_bh_enable();
	return is;
}

unsigned int
mod_sock_receives(struct host *h, const struct net_device *in, const struct cw_flow *f, bool local, struct cw_policy *own)
{
	if (f->opaque || (f->proto != IPPROTO_UDP && f->proto != IPPROTO_TCP))
		return MOD_SOCK_NONE;
	return ask(h, in, f, local, false, XFRM_POLICY_IN, own);
}

/*
 * What the system says for a connection that has ended (the last acknowledgement, RFC 9293 3.6.1) it says by a socket of its own, which has
 * no policy: it is held to that of who listens there, as what comes for it is. In the clear the other end, which has a policy too, would not
 * take it, and wait. f: as what comes for it has it.
 */
unsigned int
mod_sock_ended(struct host *h, const struct net_device *out, const struct cw_flow *f, struct cw_policy *own)
{
	return ask(h, out, f, true, true, XFRM_POLICY_OUT, own);
}

/* What came out of a tunnel: a bypass says nothing of that, only of what comes in the clear. */
bool
host_socket_policy(struct host *h, const struct cw_pkt *p, const struct cw_flow *f, struct cw_policy *own)
{
	const struct net_device *in = mod_pkt_of((struct cw_pkt *)p)->skb->dev;

	return READ_ONCE(h->sock_in) && in && mod_sock_receives(h, in, f, false, own) == MOD_SOCK_IPSEC;
}

static struct xfrm_policy *
on_compile(struct sock *sk, int opt, u8 *data, int len, int *dir)
{
	const struct sadb_x_policy *want = (const struct sadb_x_policy *)data;
	struct host *h = mod_host(sock_net(sk));
	struct xfrm_policy *p;
	struct cw_policy own;
	unsigned int i;
	int err;

	if (opt != (sk->sk_family == AF_INET6 ? IPV6_IPSEC_POLICY : IP_IPSEC_POLICY)) {
		*dir = -EOPNOTSUPP;
		return NULL;
	}
	*dir = -EINVAL;
	/* As on Linux the extension's own type is not looked at: OpenIKED puts another number there. */
	if (len < (int)sizeof(*want) || want->sadb_x_policy_len * 8 > len)
		return NULL;
	err = cw_policy_read(data, max_t(size_t, want->sadb_x_policy_len * 8, sizeof(*want)), &own);
	if (err == 0 && own.type != CW_POLICY_IPSEC && own.type != CW_POLICY_BYPASS && own.type != CW_POLICY_ENTRUST)
		err = EOPNOTSUPP;
	if (err == 0 && own.type == CW_POLICY_IPSEC && own.dir == CW_DIR_IN && sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_UDP)
		err = EOPNOTSUPP;	/* what other sockets get is not held to it: better refused than not kept */
	if (err == 0 && own.type == CW_POLICY_IPSEC && !READ_ONCE(h->e))
		err = ESRCH;	/* nobody looks at this namespace's packets before there was a PF_KEY socket */
	if (err) {
		*dir = -err;
		return NULL;
	}
	p = xfrm_policy_alloc(sock_net(sk), GFP_ATOMIC);
	if (!p) {
		*dir = -ENOBUFS;
		return NULL;
	}
	p->action = XFRM_POLICY_ALLOW;
	p->family = sk->sk_family;
	p->lft.soft_byte_limit = p->lft.hard_byte_limit = XFRM_INF;
	p->lft.soft_packet_limit = p->lft.hard_packet_limit = XFRM_INF;
	if (own.type != CW_POLICY_BYPASS)
		p->selector.ifindex = NO_INTERFACE;
	p->xfrm_nr = (u8)own.nreq;
	for (i = 0; i < own.nreq; i++)
		keep(&p->xfrm_vec[i], &own.req[i]);
	if (own.type == CW_POLICY_IPSEC)
		WRITE_ONCE(*(own.dir == CW_DIR_IN ? &h->sock_in : &h->sock_out), true);
	*dir = own.dir - 1;
	return p;
}

static int
on_acquire(struct xfrm_state *x, struct xfrm_tmpl *t, struct xfrm_policy *p)
{
	return -ESRCH;	/* the system's own IPsec has key managers of its own */
}

static struct xfrm_mgr manager = {
	.acquire = on_acquire,
	.compile_policy = on_compile,
};

void
mod_sockopt_init(void)
{
	xfrm_register_km(&manager);
}

void
mod_sockopt_exit(void)
{
	xfrm_unregister_km(&manager);
}
