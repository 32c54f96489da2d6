/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_esp.h"

static void
prefix_put(struct wr *w, const struct prefix *p)
{
	addr_put(w, &p->addr);
	wr_u8(w, p->len);
}

static void
prefix_get(struct rd *r, struct prefix *p)
{
	struct addr lo, hi;

	addr_get(r, &p->addr);
	p->len = rd_u8(r);
	msg_need(r, p->addr.fam != 0 && p->len <= addr_len(&p->addr) * 8);
	if (!rd_ok(r))
		return;
	prefix_range(p, &lo, &hi);
	msg_need(r, addr_eq(&lo, &p->addr));	/* host bits are zero */
}

void
esp_route_put(struct wr *w, const struct esp_route *m)
{
	str_put(w, m->iface);
	prefix_put(w, &m->remote);
	prefix_put(w, &m->local);
}

bool
esp_route_get(struct rd *r, struct esp_route *m)
{
	memset(m, 0, sizeof(*m));
	msg_text(r, m->iface, sizeof(m->iface));
	msg_need(r, iface_ok(m->iface));
	prefix_get(r, &m->remote);
	prefix_get(r, &m->local);
	msg_need(r, m->remote.addr.fam == m->local.addr.fam);
	return msg_end(r, m, sizeof(*m));
}

void
relay_put(struct wr *w, const struct relay *m)
{
	endpoint_put(w, &m->local);
	endpoint_put(w, &m->remote);
	span_put(w, m->data);
}

bool
relay_get(struct rd *r, struct relay *m)
{
	memset(m, 0, sizeof(*m));
	msg_endpoints(r, &m->local, &m->remote);
	m->data = msg_span(r, 1, 0xffff);
	return msg_end(r, m, sizeof(*m));
}
