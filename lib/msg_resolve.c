/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_resolve.h"

bool
host_ok(const char *s)
{
	unsigned labels = 0;

	if (strlen(s) >= HOST_CAP)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");

		if (!name_ok_n(s, n))
			return false;
		labels++;
		/* RFC 1123 2.1: the last one is a word, so what ends in a number is a mistyped address. */
		if (s[n] == '\0')
			return labels > 1 && strspn(s, "0123456789") != n;
		s += n + 1;
	}
}

void
resolve_put(struct wr *w, const struct resolve *m)
{
	wr_le32(w, m->id);
	str_put(w, m->host);
}

bool
resolve_get(struct rd *r, struct resolve *m)
{
	memset(m, 0, sizeof(*m));
	m->id = msg_id32(r);
	str_get(r, m->host, sizeof(m->host));
	msg_need(r, host_ok(m->host));
	return msg_end(r, m, sizeof(*m));
}

void
resolved_put(struct wr *w, const struct resolved *m)
{
	wr_le32(w, m->id);
	wr_le16(w, m->reason);
	wr_le32(w, m->ttl_s);
	wr_u8(w, m->n);
	for (unsigned i = 0; i < m->n && i < RESOLVE_ADDRS; i++)
		addr_put(w, &m->addr[i]);
	str_put(w, m->detail);
}

bool
resolved_get(struct rd *r, struct resolved *m)
{
	memset(m, 0, sizeof(*m));
	m->id = msg_id32(r);
	m->reason = msg_reason(r);
	m->ttl_s = rd_le32(r);
	m->n = msg_u8(r, RESOLVE_ADDRS);
	msg_need(r, m->ttl_s <= RESOLVE_TTL_MAX && (m->n != 0) == (m->reason == R_OK));
	for (unsigned i = 0; i < m->n && rd_ok(r); i++) {
		addr_get(r, &m->addr[i]);
		msg_need(r, !addr_is_any(&m->addr[i]));
	}
	str_get(r, m->detail, sizeof(m->detail));
	return msg_end(r, m, sizeof(*m));
}
