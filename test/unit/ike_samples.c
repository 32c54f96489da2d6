/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "ike_samples.h"

static const uint8_t some[300] = { 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 };

static bool
is_sealed(enum msg_kind k)
{
	return k != KIND_INIT_REQ && k != KIND_INIT_RSP && k != KIND_INIT_RSP_NOTIFY;
}

static struct ike_hdr
hdr_of(enum msg_kind k)
{
	struct ike_hdr h = { .spi_i = 0x0102030405060708, .spi_r = k == KIND_INIT_REQ ? 0 : 0x1112131415161718, .id = k };

	h.exchange = k <= KIND_INIT_RSP_NOTIFY ? EX_IKE_SA_INIT : k <= KIND_AUTH_RSP_ERROR ? EX_IKE_AUTH :
	    k <= KIND_CREATE_RSP_ERROR ? EX_CREATE_CHILD_SA : EX_INFORMATIONAL;
	h.response = k != KIND_INIT_REQ && k != KIND_AUTH_REQ && k != KIND_CHILD_REQ && k != KIND_CHILD_REKEY_REQ &&
	    k != KIND_IKE_REKEY_REQ && k != KIND_INFO_REQ;
	h.initiator = !h.response;
	return h;
}

void
sample_suite(struct suite *s)
{
	*s = (struct suite){ .encr = ENCR_AES_CBC, .key_bits = 256, .prf = PRF_HMAC_SHA2_256, .integ = INTEG_HMAC_SHA2_256_128,
		.ke = KE_X25519, .esn = ESN_YES };
}

static void
sa_put(struct msg_out *o, enum msg_kind k)
{
	bool ike = k == KIND_INIT_REQ || k == KIND_INIT_RSP || k == KIND_IKE_REKEY_REQ || k == KIND_IKE_REKEY_RSP;
	size_t nspi = !ike ? 4 : k == KIND_INIT_REQ || k == KIND_INIT_RSP ? 0 : 8;
	struct proposals ipolicy, epolicy;
	struct suite s;

	sample_suite(&s);
	if (k == KIND_INIT_RSP || k == KIND_AUTH_RSP || k == KIND_CHILD_RSP || k == KIND_IKE_REKEY_RSP)
		pld_sa_put_chosen(o, 2, ike ? PROTO_IKE : PROTO_ESP, &s, bytes_of(some, nspi));
	else if (preset_find("compatible", &ipolicy, &epolicy))
		pld_sa_put(o, ike ? &ipolicy : &epolicy, bytes_of(some, nspi));
}

static void
ts_put(struct msg_out *o, bool initiator)
{
	struct ts_list l = { .n = 2 };

	l.v[0] = (struct ts){ .proto = 6, .port_lo = 80, .port_hi = 443, .lo = { 4, { 10, 0, 1, 0 } }, .hi = { 4, { 10, 0, 1, 255 } } };
	l.v[1] = (struct ts){ .port_hi = 65535, .lo = { 6, { 0x20, 1 } }, .hi = { 6, { 0x20, 1, 255 } } };
	pld_ts_put(o, initiator, &l);
}

static void
notifies_put(struct msg_out *o, bool rekey, bool plain)
{
	if (rekey)
		pld_notify_put(o, PROTO_ESP, bytes_of(some, 4), N_REKEY_SA, bytes_of(NULL, 0));
	if (plain)
		pld_notify_put(o, 0, bytes_of(NULL, 0), N_NAT_DETECTION_SOURCE_IP, bytes_of(some, 20));
}

static void
one_put(struct msg_out *o, enum msg_kind k, uint8_t type, bool rekey, bool plain)
{
	static const uint32_t spis[] = { 0x11223344, 0x55667788 };

	switch (type) {
	case PLD_SA:	sa_put(o, k); break;
	case PLD_KE:	pld_ke_put(o, KE_X25519, bytes_of(some, 32)); break;
	case PLD_IDI:
	case PLD_IDR:	pld_id_put(o, type == PLD_IDI, bytes_of("\2\0\0\0tokyo", 9)); break;
	case PLD_CERT:
	case PLD_CERTREQ: pld_cert_put(o, type == PLD_CERTREQ, 4, bytes_of(some, 40)); break;
	case PLD_AUTH:	pld_auth_put(o, 2, bytes_of(some, 32)); break;
	case PLD_NONCE:	pld_nonce_put(o, bytes_of(some, 32)); break;
	case PLD_NOTIFY: notifies_put(o, rekey, plain); break;
	case PLD_DELETE: pld_delete_put(o, PROTO_ESP, spis, 2); break;
	case PLD_VENDOR: pld_vendor_put(o, bytes_of(some, 16)); break;
	case PLD_TSI:
	case PLD_TSR:	ts_put(o, type == PLD_TSI); break;
	case PLD_CP:
	case PLD_EAP:
	case PLD_SKF:	pld_close(o, pld_open(o, type)); break;
	}
}

void
sample_make(struct sample *s, enum msg_kind k, uint32_t payloads, bool rekey, bool plain)
{
	struct msg_out o;
	struct bytes done;

	memset(s, 0, sizeof(*s));
	s->hdr = hdr_of(k);
	s->sealed = is_sealed(k);
	if (s->sealed)
		msg_begin_inner(&o, s->b, sizeof(s->b));
	else
		msg_begin(&o, s->b, sizeof(s->b), &s->hdr);
	for (uint8_t t = PLD_SA; t <= PLD_SKF; t++)
		if (PLD_KNOWN(t) && t != PLD_SK && (payloads & PLD_BIT(t)))
			one_put(&o, k, t, rekey, plain);
	done = msg_end(&o);
	s->first = o.first;
	s->n = done.n;
}

void
sample_full(struct sample *s, enum msg_kind k)
{
	uint32_t payloads = 0;
	bool rekey = false, plain = false;

	for (size_t i = 0; i < ike_nrules; i++) {
		if (ike_rules[i].kind != k)
			continue;
		payloads |= PLD_BIT(ike_rules[i].pld);
		if (ike_rules[i].pld == PLD_NOTIFY && ike_rules[i].notify == N_REKEY_SA)
			rekey = true;
		else if (ike_rules[i].pld == PLD_NOTIFY)
			plain = true;
	}
	sample_make(s, k, payloads, rekey, plain);
}

enum werr
sample_get(const struct sample *s, struct msg *m)
{
	enum werr e;

	if (!s->sealed)
		return msg_get_outer(bytes_of(s->b, s->n), m);
	memset(m, 0, sizeof(*m));
	m->hdr = s->hdr;
	m->seen = m->outer = PLD_BIT(PLD_SK);
	m->sk_first = s->first;
	e = msg_get_inner(m, bytes_of(s->b, s->n));
	return e;
}

void
sample_again(struct msg_out *o, const struct msg *m)
{
	if (msg_has(m, PLD_SA))
		pld_sa_put_raw(o, &m->sa);
	if (msg_has(m, PLD_KE))
		pld_ke_put(o, m->ke.group, m->ke.data);
	if (msg_has(m, PLD_IDI))
		pld_id_put(o, true, m->idi);
	if (msg_has(m, PLD_IDR))
		pld_id_put(o, false, m->idr);
	for (unsigned i = 0; i < m->ncert; i++)
		pld_cert_put(o, false, m->cert[i].encoding, m->cert[i].data);
	for (unsigned i = 0; i < m->ncertreq; i++)
		pld_cert_put(o, true, m->certreq[i].encoding, m->certreq[i].data);
	if (msg_has(m, PLD_AUTH))
		pld_auth_put(o, m->auth.method, m->auth.data);
	if (msg_has(m, PLD_NONCE))
		pld_nonce_put(o, m->nonce);
	for (unsigned i = 0; i < m->nnotify; i++)
		pld_notify_put(o, m->notify[i].proto, m->notify[i].spi, m->notify[i].type, m->notify[i].data);
	for (unsigned i = 0; i < m->ndelete; i++) {
		static uint32_t spis[16384];

		for (unsigned k = 0; k < m->del[i].n; k++)
			spis[k] = delete_spi(&m->del[i], k);
		pld_delete_put(o, m->del[i].proto, spis, m->del[i].n);
	}
	for (unsigned i = 0; i < m->nvendor; i++)
		pld_vendor_put(o, m->vendor[i]);
	if (msg_has(m, PLD_TSI))
		pld_ts_put(o, true, &m->tsi);
	if (msg_has(m, PLD_TSR))
		pld_ts_put(o, false, &m->tsr);
}

static bool
sa_same(const struct wire_sa *a, const struct wire_sa *b)
{
	if (memcmp(&a->proposals, &b->proposals, sizeof(a->proposals)) != 0)
		return false;
	for (unsigned i = 0; i < a->proposals.n; i++)
		if (a->num[i] != b->num[i] || !bytes_eq(a->spi[i], b->spi[i]))
			return false;
	return true;
}

static bool
ts_same(const struct ts_list *a, const struct ts_list *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!ts_eq(&a->v[i], &b->v[i]))
			return false;
	return true;
}

static bool
lists_same(const struct msg *a, const struct msg *b)
{
	if (a->nnotify != b->nnotify || a->ndelete != b->ndelete || a->nvendor != b->nvendor || a->ncert != b->ncert ||
	    a->ncertreq != b->ncertreq)
		return false;
	for (unsigned i = 0; i < a->nnotify; i++)
		if (a->notify[i].proto != b->notify[i].proto || a->notify[i].type != b->notify[i].type ||
		    !bytes_eq(a->notify[i].spi, b->notify[i].spi) || !bytes_eq(a->notify[i].data, b->notify[i].data))
			return false;
	for (unsigned i = 0; i < a->ndelete; i++)
		if (a->del[i].proto != b->del[i].proto || a->del[i].n != b->del[i].n || !bytes_eq(a->del[i].spis, b->del[i].spis))
			return false;
	for (unsigned i = 0; i < a->nvendor; i++)
		if (!bytes_eq(a->vendor[i], b->vendor[i]))
			return false;
	for (unsigned i = 0; i < a->ncert; i++)
		if (a->cert[i].encoding != b->cert[i].encoding || !bytes_eq(a->cert[i].data, b->cert[i].data))
			return false;
	for (unsigned i = 0; i < a->ncertreq; i++)
		if (a->certreq[i].encoding != b->certreq[i].encoding || !bytes_eq(a->certreq[i].data, b->certreq[i].data))
			return false;
	return true;
}

bool
sample_same(const struct msg *a, const struct msg *b)
{
	return sa_same(&a->sa, &b->sa) && a->ke.group == b->ke.group && bytes_eq(a->ke.data, b->ke.data) &&
	    bytes_eq(a->idi, b->idi) && bytes_eq(a->idr, b->idr) && a->auth.method == b->auth.method &&
	    bytes_eq(a->auth.data, b->auth.data) && bytes_eq(a->nonce, b->nonce) && ts_same(&a->tsi, &b->tsi) &&
	    ts_same(&a->tsr, &b->tsr) && lists_same(a, b);
}
