// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Policies on sockets: IP_IPSEC_POLICY and IPV6_IPSEC_POLICY (PF_KEY's own form of them, a struct sadb_x_policy), by which IKE
 * daemons take their sockets out of every policy. The system keeps such a policy with the socket when a key manager can read it.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <net/xfrm.h>

#include "mod.h"
#include <causeway/pfkey.h>

/* Ours are those that let everything pass and ask for no transform. */
bool
mod_sock_bypasses(struct sock *sk, unsigned int dir)
{
	const struct xfrm_policy *p;

	if (!sk_fullsock(sk))
		return false;
	p = rcu_dereference(sk->sk_policy[dir]);
	return p && p->action == XFRM_POLICY_ALLOW && p->xfrm_nr == 0;
}

static struct xfrm_policy *
on_compile(struct sock *sk, int opt, u8 *data, int len, int *dir)
{
	const struct sadb_x_policy *want = (const struct sadb_x_policy *)data;
	struct xfrm_policy *p;

	if (opt != (sk->sk_family == AF_INET6 ? IPV6_IPSEC_POLICY : IP_IPSEC_POLICY)) {
		*dir = -EOPNOTSUPP;
		return NULL;
	}
	*dir = -EINVAL;
	/* As on Linux the extension's own type is not looked at: OpenIKED puts another number there. */
	if (len < (int)sizeof(*want) || want->sadb_x_policy_len * 8 > len ||
	    (want->sadb_x_policy_dir != CW_DIR_IN && want->sadb_x_policy_dir != CW_DIR_OUT))
		return NULL;
	if (want->sadb_x_policy_type != CW_POLICY_BYPASS) {
		*dir = -EOPNOTSUPP;
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
	*dir = want->sadb_x_policy_dir - 1;
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
