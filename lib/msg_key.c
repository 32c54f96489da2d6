/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * iked and keymgr. Spans in the structs borrow from the message. keymgr treats iked as captured: what is checked here is
 * only form; what a handle may do is keymgr's own business.
 */
#include "msg.h"
#include "msg_key.h"

#define NONCE_MIN	16	/* RFC 7296 2.10 */
#define SK_MAX		64

void
key_derive_put(struct wr *w, const struct key_derive *m)
{
	wr_le32(w, m->ke);
	wr_le32(w, m->old_ike);
	wr_u8(w, m->initiator);
	suite_put(w, &m->suite);
	wr_le64(w, m->spi_i);
	wr_le64(w, m->spi_r);
	span_put(w, m->ni);
	span_put(w, m->nr);
	span_put(w, m->peer_public);
}

bool
key_derive_get(struct rd *r, struct key_derive *m)
{
	memset(m, 0, sizeof(*m));
	m->ke = msg_id32(r);
	m->old_ike = rd_le32(r);
	m->initiator = msg_u8(r, 1);
	suite_get(r, &m->suite);
	msg_need(r, m->suite.encr != 0 && m->suite.prf != 0 && m->suite.ke != KE_NONE);
	m->spi_i = rd_le64(r);
	m->spi_r = rd_le64(r);
	msg_need(r, m->spi_i != 0 && m->spi_r != 0);
	m->ni = msg_span(r, NONCE_MIN, KEY_NONCE_MAX);
	m->nr = msg_span(r, NONCE_MIN, KEY_NONCE_MAX);
	m->peer_public = msg_span(r, 1, KEY_PUB_MAX);
	return msg_end(r, m, sizeof(*m));
}

void
key_derived_put(struct wr *w, const struct key_derived *m)
{
	wr_le32(w, m->ike);
	span_put(w, m->sk_ei);
	span_put(w, m->sk_er);
	span_put(w, m->sk_ai);
	span_put(w, m->sk_ar);
}

bool
key_derived_get(struct rd *r, struct key_derived *m)
{
	memset(m, 0, sizeof(*m));
	m->ike = msg_id32(r);
	m->sk_ei = msg_span(r, 1, SK_MAX);
	m->sk_er = msg_span(r, 1, SK_MAX);
	m->sk_ai = msg_span(r, 0, SK_MAX);
	m->sk_ar = msg_span(r, 0, SK_MAX);
	msg_need(r, m->sk_ei.n == m->sk_er.n && m->sk_ai.n == m->sk_ar.n);
	return msg_end(r, m, sizeof(*m));
}

static void
certs_put(struct wr *w, const struct key_cert *v, unsigned n)
{
	if (n > KEY_CERTS)
		w->bad = true;
	wr_u8(w, (uint8_t)n);
	for (unsigned i = 0; i < n && wr_ok(w); i++) {
		wr_u8(w, v[i].encoding);
		span_put(w, v[i].data);
	}
}

static unsigned
certs_get(struct rd *r, struct key_cert *v)
{
	unsigned n = msg_u8(r, KEY_CERTS);
	size_t all = 0;

	for (unsigned i = 0; i < n && rd_ok(r); i++) {
		v[i].encoding = rd_u8(r);
		v[i].data = msg_span(r, 1, KEY_CERTS_MAX);
		all += v[i].data.n;
	}
	msg_need(r, all <= KEY_CERTS_MAX);
	return n;
}

void
key_auth_put(struct wr *w, const struct key_auth *m)
{
	wr_le32(w, m->ike);
	str_put(w, m->tunnel);
	wr_u8(w, m->initiator);
	wr_u8(w, m->method);
	wr_u8(w, m->want);
	wr_le16(w, m->hashes);
	span_put(w, m->message);
	span_put(w, m->id);
	span_put(w, m->data);
	certs_put(w, m->certs, m->ncerts);
}

bool
key_auth_get(struct rd *r, struct key_auth *m)
{
	memset(m, 0, sizeof(*m));
	m->ike = msg_id32(r);
	msg_name(r, m->tunnel);
	m->initiator = msg_u8(r, 1);
	m->method = rd_u8(r);
	m->want = msg_u8(r, KEY_WANT_X509 | KEY_WANT_OCSP | KEY_WANT_RAW_KEY);
	m->hashes = rd_le16(r);
	m->message = msg_span(r, 1, KEY_MSG_MAX);
	m->id = msg_span(r, 4, KEY_PROOF_MAX);
	m->data = msg_span(r, 0, KEY_PROOF_MAX);
	m->ncerts = certs_get(r, m->certs);
	return msg_end(r, m, sizeof(*m));
}

void
key_proof_put(struct wr *w, const struct key_proof *m)
{
	wr_u8(w, m->method);
	span_put(w, m->data);
	certs_put(w, m->certs, m->ncerts);
}

bool
key_proof_get(struct rd *r, struct key_proof *m)
{
	memset(m, 0, sizeof(*m));
	m->method = rd_u8(r);
	m->data = msg_span(r, 1, KEY_PROOF_MAX);
	m->ncerts = certs_get(r, m->certs);
	return msg_end(r, m, sizeof(*m));
}

void
key_spi_put(struct wr *w, const struct key_spi *m)
{
	wr_le32(w, m->child);
	wr_le32(w, m->reqid);
	addr_put(w, &m->local);
	addr_put(w, &m->remote);
}

bool
key_spi_get(struct rd *r, struct key_spi *m)
{
	memset(m, 0, sizeof(*m));
	m->child = msg_id32(r);
	m->reqid = msg_id32(r);
	addr_get(r, &m->local);
	addr_get(r, &m->remote);
	msg_need(r, m->local.fam != 0 && m->local.fam == m->remote.fam);
	return msg_end(r, m, sizeof(*m));
}

void
key_child_put(struct wr *w, const struct key_child *m)
{
	wr_le32(w, m->child);
	wr_le32(w, m->ike);
	wr_le32(w, m->ke);
	wr_u8(w, m->initiator);
	wr_u8(w, m->which);
	wr_u8(w, m->esn);
	wr_u8(w, m->udp);
	wr_le32(w, m->spi_in);
	wr_le32(w, m->spi_out);
	wr_le32(w, m->reqid);
	wr_le32(w, m->replay_window);
	wr_le16(w, m->cpi_in);
	wr_le16(w, m->cpi_out);
	str_put(w, m->name);
	suite_put(w, &m->suite);
	endpoint_put(w, &m->local);
	endpoint_put(w, &m->remote);
	wr_le64(w, m->soft_s);
	wr_le64(w, m->hard_s);
	wr_le64(w, m->soft_bytes);
	wr_le64(w, m->hard_bytes);
	wr_le64(w, m->soft_packets);
	wr_le64(w, m->hard_packets);
	span_put(w, m->ni);
	span_put(w, m->nr);
	span_put(w, m->peer_public);
	ts_list_put(w, &m->ts_local);
	ts_list_put(w, &m->ts_remote);
}

bool
key_child_get(struct rd *r, struct key_child *m)
{
	memset(m, 0, sizeof(*m));
	m->child = msg_id32(r);
	m->ike = msg_id32(r);
	m->ke = rd_le32(r);
	m->initiator = msg_u8(r, 1);
	m->which = msg_u8(r, KEY_IN | KEY_OUT);
	m->esn = msg_u8(r, 1);
	m->udp = msg_u8(r, 1);
	m->spi_in = msg_id32(r);
	m->spi_out = msg_id32(r);
	m->reqid = msg_id32(r);
	m->replay_window = rd_le32(r);
	m->cpi_in = rd_le16(r);
	m->cpi_out = rd_le16(r);
	msg_need(r, (m->cpi_in != 0) == (m->cpi_out != 0));
	msg_text(r, m->name, sizeof(m->name));
	suite_get(r, &m->suite);
	msg_need(r, m->which != 0 && (m->suite.encr != 0 || (m->suite.integ != INTEG_NONE && m->cpi_in == 0 && !m->udp)));
	msg_endpoints(r, &m->local, &m->remote);
	m->soft_s = rd_le64(r);
	m->hard_s = rd_le64(r);
	m->soft_bytes = rd_le64(r);
	m->hard_bytes = rd_le64(r);
	m->soft_packets = rd_le64(r);
	m->hard_packets = rd_le64(r);
	m->ni = msg_span(r, NONCE_MIN, KEY_NONCE_MAX);
	m->nr = msg_span(r, NONCE_MIN, KEY_NONCE_MAX);
	m->peer_public = msg_span(r, 0, KEY_PUB_MAX);
	msg_need(r, (m->ke != 0) == (m->peer_public.n != 0));
	msg_ts(r, &m->ts_local);
	msg_ts(r, &m->ts_remote);
	return msg_end(r, m, sizeof(*m));
}

void
key_installed_put(struct wr *w, const struct key_installed *m)
{
	wr_le32(w, m->child);
	wr_le32(w, m->reqid);
	wr_le32(w, m->spi_in);
	wr_le32(w, m->spi_out);
	endpoint_put(w, &m->local);
	endpoint_put(w, &m->remote);
	str_put(w, m->name);
}

bool
key_installed_get(struct rd *r, struct key_installed *m)
{
	memset(m, 0, sizeof(*m));
	m->child = msg_id32(r);
	m->reqid = rd_le32(r);
	m->spi_in = rd_le32(r);
	m->spi_out = rd_le32(r);
	msg_endpoints(r, &m->local, &m->remote);
	str_get(r, m->name, sizeof(m->name));
	return msg_end(r, m, sizeof(*m));
}

void
key_stray_put(struct wr *w, const struct key_stray *m)
{
	wr_u8(w, m->ah);
	wr_le32(w, m->spi);
	endpoint_put(w, &m->local);
	endpoint_put(w, &m->remote);
}

bool
key_stray_get(struct rd *r, struct key_stray *m)
{
	memset(m, 0, sizeof(*m));
	m->ah = msg_u8(r, 1);
	m->spi = msg_id32(r);
	msg_endpoints(r, &m->local, &m->remote);
	msg_need(r, (m->local.port != 0) == (m->remote.port != 0));
	return msg_end(r, m, sizeof(*m));
}
