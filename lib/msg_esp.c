/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_esp.h"

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
