/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine calls back: packets and messages on their way out (host.h, "the host's program"). */
#include "ipsecd.h"

/* n of one interface, or of none. */
static void
write_plain(struct host *h, struct cw_pkt **v, unsigned n)
{
	struct tun *t = v[0]->iface ? ifaces_tun(&h->ifaces, v[0]->iface) : &h->tun;

	if (t)
		tun_write(t, v, n);
	else
		cw_count(h->engine, CW_DROP_PLAIN_WRITE, n);
	for (unsigned i = 0; i < n; i++)
		pool_put(&h->pool, v[i]);
}

void
host_plain_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	struct cw_pkt *out[TUN_BURST];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		/* The table sent it to the TUN, but no policy is for it: there is no way back into the clear from here. */
		if (v[i]->verdict == CW_BYPASS || v[i]->verdict == CW_CLEAR) {
			cw_drop(h->engine, v[i], CW_DROP_ROUTE_LOOP);
		} else if (v[i]->verdict == CW_DELIVER && !v[i]->checked) {
			cw_drop(h->engine, v[i], CW_DROP_NOT_CHECKED);
		} else {
			if (k == TUN_BURST || (k && out[0]->iface != v[i]->iface)) {
				write_plain(h, out, k);
				k = 0;
			}
			out[k++] = v[i];
		}
	}
	if (k)
		write_plain(h, out, k);
}

void
host_wire_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	wire_write(&h->wire, v, n);
	for (unsigned i = 0; i < n; i++)
		pool_put(&h->pool, v[i]);
}

void
host_drop_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	droplog_packets(&h->log, h->engine, v, n);
	for (unsigned i = 0; i < n; i++) {
		if (cw_answer(h->engine, v[i]))
			host_plain_out(h, &v[i], 1);
		else
			pool_put(&h->pool, v[i]);
	}
}

bool
host_pfkey_out(struct host *h, void *client, const uint8_t *msg, size_t len, bool may_refuse)
{
	droplog_pfkey(&h->log, h->engine, msg, len);
	return sadb_out(&h->sadb, client, msg, len, may_refuse);
}

void
host_policy_changed(struct host *h, unsigned change, const struct cw_policy *p)
{
	net_changed(&h->net);
}

int
host_iface_hold(struct host *h, const char *name, uint32_t *num)
{
	return ifaces_hold(&h->ifaces, name, num);
}

void
host_iface_put(struct host *h, uint32_t num)
{
	ifaces_put(&h->ifaces, num);
}

uint32_t
host_iface_find(struct host *h, const char *name)
{
	return ifaces_find(&h->ifaces, name);
}

/* A buffer of the pool; what was received into lies in the sockets' own. */
bool
host_pkt_room(struct host *h, struct cw_pkt *p, uint32_t front, uint32_t len)
{
	struct cw_pkt *big = pool_get(&h->pool, len + front);

	if (big == NULL)
		return false;
	pool_put(&h->pool, p);
	p->buf = big->buf;
	p->cap = big->cap;
	p->off = big->off + front;
	p->cookie = big->cookie;
	return true;
}

uint32_t
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	struct addr s = { src ? src->fam : 0, { 0 } }, d = { dst->fam, { 0 } };

	if (src)
		memcpy(s.b, src->b, sizeof(s.b));
	memcpy(d.b, dst->b, sizeof(d.b));
	return nl_path(&h->net.nl, &s, &d);
}
