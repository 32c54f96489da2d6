/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_bind.h"

void
binding_put(struct wr *w, const struct binding *b)
{
	str_put(w, b->tunnel);
	str_put(w, b->id_local);
	str_put(w, b->id_remote);
	wr_u8(w, b->how_local);
	wr_u8(w, b->how_remote);
	wr_u8(w, b->old_methods);
	str_put(w, b->psk_local);
	str_put(w, b->psk_remote);
	str_put(w, b->cert);
	if (b->nreqids > BIND_REQIDS || b->ntrust > BIND_TRUSTS || b->npublic > BIND_PUBLIC)
		w->bad = true;
	wr_u8(w, (uint8_t)b->ntrust);
	for (unsigned i = 0; i < b->ntrust && wr_ok(w); i++)
		str_put(w, b->trust[i]);
	if (wr_ok(w))
		span_put(w, bytes_of(b->public_key, b->npublic));
	str_put(w, b->iface);
	wr_u8(w, (uint8_t)b->nreqids);
	for (unsigned i = 0; i < b->nreqids && wr_ok(w); i++)
		wr_le32(w, b->reqids[i]);
	wr_u8(w, b->policies);
	if (b->policies)
		addr_put(w, &b->peer);
	for (unsigned i = 0; b->policies && i < b->nreqids && wr_ok(w); i++) {
		wr_le32(w, b->policy[i].id);
		wr_le32(w, b->policy[i].reqid);
		wr_u8(w, b->policy[i].transport);
		wr_u8(w, b->policy[i].ah);
		wr_u8(w, b->policy[i].comp);
		wr_le32(w, b->policy[i].comp_reqid);
	}
}

/* Each way to prove oneself brings what it needs, and nothing else. */
static bool
is_whole(const struct binding *b)
{
	if (b->policies)	/* its keys have no names */
		return b->how_local == AUTH_BY_PSK && b->how_remote == AUTH_BY_PSK && !b->psk_local[0] && !b->psk_remote[0] && !b->cert[0] &&
		    b->ntrust == 0 && b->npublic == 0;
	return (b->how_local == AUTH_BY_PSK) == (b->psk_local[0] != '\0') && (b->how_local != AUTH_BY_PSK) == (b->cert[0] != '\0') &&
	    (b->how_remote == AUTH_BY_PSK) == (b->psk_remote[0] != '\0') && (b->how_remote == AUTH_BY_CERT) == (b->ntrust > 0) &&
	    (b->how_remote == AUTH_BY_KEY) == (b->npublic > 0);
}

bool
binding_get(struct rd *r, struct binding *b)
{
	struct bytes key;

	memset(b, 0, sizeof(*b));
	msg_name(r, b->tunnel);
	msg_text(r, b->id_local, sizeof(b->id_local));
	msg_text(r, b->id_remote, sizeof(b->id_remote));
	b->how_local = msg_u8(r, AUTH_BY_KEY);
	b->how_remote = msg_u8(r, AUTH_BY_KEY);
	b->old_methods = msg_u8(r, 1);
	msg_name_opt(r, b->psk_local);
	msg_name_opt(r, b->psk_remote);
	msg_name_opt(r, b->cert);
	b->ntrust = msg_u8(r, BIND_TRUSTS);
	for (unsigned i = 0; i < b->ntrust && rd_ok(r); i++)
		msg_name(r, b->trust[i]);
	key = msg_span(r, 0, BIND_PUBLIC);
	if (rd_ok(r) && key.n) {
		memcpy(b->public_key, key.p, key.n);
		b->npublic = (unsigned)key.n;
	}
	msg_iface(r, b->iface);
	b->nreqids = msg_u8(r, BIND_REQIDS);
	for (unsigned i = 0; i < b->nreqids && rd_ok(r); i++)
		b->reqids[i] = msg_id32(r);
	b->policies = msg_u8(r, 1);
	if (b->policies)
		addr_get(r, &b->peer);
	for (unsigned i = 0; b->policies && i < b->nreqids && rd_ok(r); i++) {
		b->policy[i].id = msg_id32(r);
		b->policy[i].reqid = rd_le32(r);
		b->policy[i].transport = msg_u8(r, 1);
		b->policy[i].ah = msg_u8(r, 1);
		b->policy[i].comp = msg_u8(r, 1);
		b->policy[i].comp_reqid = rd_le32(r);
		msg_need(r, b->policy[i].comp ? !b->policy[i].ah : b->policy[i].comp_reqid == 0);
	}
	msg_need(r, is_whole(b));
	return msg_end(r, b, sizeof(*b));
}

void
trust_rule_put(struct wr *w, const struct trust_rule *t)
{
	str_put(w, t->name);
	wr_u8(w, t->revocation);
	if (t->ncrls > TRUST_URLS)
		w->bad = true;
	wr_u8(w, (uint8_t)t->ncrls);
	for (unsigned i = 0; i < t->ncrls && wr_ok(w); i++)
		str_put(w, t->crls[i]);
	str_put(w, t->ocsp);
}

bool
trust_rule_get(struct rd *r, struct trust_rule *t)
{
	memset(t, 0, sizeof(*t));
	msg_name(r, t->name);
	t->revocation = msg_u8(r, REVOKE_STRICT);
	t->ncrls = msg_u8(r, TRUST_URLS);
	for (unsigned i = 0; i < t->ncrls && rd_ok(r); i++)
		msg_text(r, t->crls[i], sizeof(t->crls[i]));
	str_get(r, t->ocsp, sizeof(t->ocsp));
	return msg_end(r, t, sizeof(*t));
}
