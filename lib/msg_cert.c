/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_cert.h"

static unsigned
named(uint32_t nusers)
{
	return nusers < CERT_USERS ? nusers : CERT_USERS;
}

void
cert_info_put(struct wr *w, const struct cert_info *c)
{
	str_put(w, c->name);
	wr_u8(w, c->own);
	wr_u8(w, c->has_cert);
	wr_u8(w, c->has_key);
	wr_u8(w, c->is_ca);
	wr_u8(w, c->issues);
	str_put(w, c->key);
	str_put(w, c->subject);
	str_put(w, c->issuer);
	str_put(w, c->serial);
	str_put(w, c->names);
	str_put(w, c->fingerprint);
	str_put(w, c->public_key);
	wr_le64(w, c->not_before);
	wr_le64(w, c->not_after);
	wr_le16(w, c->reason);
	str_put(w, c->detail);
	wr_u8(w, c->is_anchor);
	wr_u8(w, c->revocation);
	wr_le64(w, c->crl_this);
	wr_le64(w, c->crl_next);
	wr_le64(w, c->crl_checked);
	wr_le32(w, c->crl_revoked);
	str_put(w, c->crl_url);
	wr_le16(w, c->crl_reason);
	str_put(w, c->crl_detail);
	wr_le32(w, c->nusers);
	for (unsigned i = 0; i < named(c->nusers) && wr_ok(w); i++)
		str_put(w, c->users[i]);
}

bool
cert_info_get(struct rd *r, struct cert_info *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->name);
	c->own = msg_u8(r, 1);
	c->has_cert = msg_u8(r, 1);
	c->has_key = msg_u8(r, 1);
	c->is_ca = msg_u8(r, 1);
	c->issues = msg_u8(r, 1);
	str_get(r, c->key, sizeof(c->key));
	str_get(r, c->subject, sizeof(c->subject));
	str_get(r, c->issuer, sizeof(c->issuer));
	str_get(r, c->serial, sizeof(c->serial));
	str_get(r, c->names, sizeof(c->names));
	str_get(r, c->fingerprint, sizeof(c->fingerprint));
	str_get(r, c->public_key, sizeof(c->public_key));
	c->not_before = rd_le64(r);
	c->not_after = rd_le64(r);
	c->reason = msg_reason(r);
	str_get(r, c->detail, sizeof(c->detail));
	c->is_anchor = msg_u8(r, 1);
	c->revocation = msg_u8(r, REVOKE_STRICT);
	c->crl_this = rd_le64(r);
	c->crl_next = rd_le64(r);
	c->crl_checked = rd_le64(r);
	c->crl_revoked = rd_le32(r);
	str_get(r, c->crl_url, sizeof(c->crl_url));
	c->crl_reason = msg_reason(r);
	str_get(r, c->crl_detail, sizeof(c->crl_detail));
	c->nusers = rd_le32(r);
	for (unsigned i = 0; i < named(c->nusers) && rd_ok(r); i++)
		msg_name(r, c->users[i]);
	return msg_end(r, c, sizeof(*c));
}
