/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chain of payloads, RFC 7296 3.2, in both directions. Reading: every turn of the loop consumes at least the four octets of
 * a generic header, at most MSG_PAYLOADS turns are made, and every body is a cursor of its own that cannot reach its neighbour.
 * Writing: pld_open() is the only place that links payloads.
 */
#include "wire/msg.h"

#define GENERIC_LEN	4
#define CRITICAL	0x80

static enum werr
take_counted(struct msg *m, uint8_t type, struct bytes body)
{
	switch (type) {
	case PLD_NOTIFY:
		return m->nnotify == MSG_NOTIFIES ? WE_PAYLOADS : pld_notify_get(body, &m->notify[m->nnotify++]);
	case PLD_DELETE:
		return m->ndelete == MSG_DELETES ? WE_PAYLOADS : pld_delete_get(body, &m->del[m->ndelete++]);
	case PLD_CERT:
		return m->ncert == MSG_CERTS ? WE_PAYLOADS : pld_cert_get(body, &m->cert[m->ncert++]);
	case PLD_CERTREQ:
		return m->ncertreq == MSG_CERTS ? WE_PAYLOADS : pld_cert_get(body, &m->certreq[m->ncertreq++]);
	case PLD_VENDOR:	/* whatever is too much is only not remembered: 3.12 lets anybody send them */
		if (m->nvendor < MSG_VENDORS)
			m->vendor[m->nvendor++] = body;
		return WE_OK;
	default:		/* CP, EAP, SKF inside: their presence is rules.c's business, their content nobody's */
		return WE_OK;
	}
}

/* One body into its place. A second one of a kind that stands alone is decoded nowhere: `repeated` refuses the message. */
static enum werr
take(struct msg *m, uint8_t type, struct bytes body)
{
	if (m->repeated & PLD_BIT(type) & (PLD_BIT(PLD_SA) | PLD_BIT(PLD_KE) | PLD_BIT(PLD_IDI) | PLD_BIT(PLD_IDR) |
	    PLD_BIT(PLD_AUTH) | PLD_BIT(PLD_NONCE) | PLD_BIT(PLD_TSI) | PLD_BIT(PLD_TSR)))
		return WE_OK;
	switch (type) {
	case PLD_SA:
		return pld_sa_get(body, &m->sa);
	case PLD_KE:
		return pld_ke_get(body, m);
	case PLD_IDI:
		return pld_id_get(body, &m->idi);
	case PLD_IDR:
		return pld_id_get(body, &m->idr);
	case PLD_AUTH:
		return pld_auth_get(body, m);
	case PLD_NONCE:
		return pld_nonce_get(body, &m->nonce);
	case PLD_TSI:
		return pld_ts_get(body, &m->tsi);
	case PLD_TSR:
		return pld_ts_get(body, &m->tsr);
	default:
		return take_counted(m, type, body);
	}
}

/* RFC 7383 2.5: SKF is alone in its datagram; only the first one names the first payload of the whole. */
static enum werr
note_fragment(struct msg *m, struct rd *r, uint8_t next, struct bytes body)
{
	struct rd f = rd_of(body);

	m->frag = rd_u16(&f);
	m->frags = rd_u16(&f);
	m->sk = rd_rest(&f);
	m->sk_first = next;
	if (!rd_ok(&f) || rd_left(r) != 0 || m->seen != PLD_BIT(PLD_SKF) || m->repeated || m->frag == 0 || m->frag > m->frags ||
	    (m->frag > 1 && next != PLD_NONE)) {
		m->frag = m->frags = 0;
		return WE_FRAGMENT;
	}
	return WE_OK;
}

/* A known type: note it and decode it. SK ends the datagram (3.14); its own next-payload field names the first one inside. */
static enum werr
note(struct msg *m, struct rd *r, uint8_t type, uint8_t next, struct bytes body, bool inner)
{
	uint32_t bit = PLD_BIT(type);

	m->repeated |= m->seen & bit;
	m->seen |= bit;
	if (type == PLD_SKF && !inner)
		return note_fragment(m, r, next, body);
	if (type != PLD_SK)
		return take(m, type, body);
	if (inner)
		return WE_SK_NESTED;
	if (rd_left(r) != 0)
		return WE_SK_LAST;
	m->sk = body;
	m->sk_first = next;
	return WE_OK;
}

static enum werr
chain_get(struct msg *m, uint8_t type, struct bytes chain, bool inner)
{
	struct rd r = rd_of(chain);
	enum werr e = WE_OK;

	for (unsigned count = 0; type != PLD_NONE && e == WE_OK; count++) {
		uint8_t next = rd_u8(&r);
		uint8_t flags = rd_u8(&r);
		uint16_t length = rd_u16(&r);
		struct bytes body;

		m->bad = type;
		if (!rd_ok(&r) || length < GENERIC_LEN || (size_t)(length - GENERIC_LEN) > rd_left(&r))
			return WE_PAYLOAD_SHORT;
		if (count == MSG_PAYLOADS)
			return WE_PAYLOADS;
		body = rd_bytes(&r, (size_t)(length - GENERIC_LEN));
		if (PLD_KNOWN(type))		/* 3.2: the critical bit means nothing for types we know */
			e = note(m, &r, type, next, body, inner);
		else if (flags & CRITICAL)
			return WE_CRITICAL;
		if (type == PLD_SK || (type == PLD_SKF && !inner))
			break;
		type = next;
	}
	if (e != WE_OK)
		return e;
	m->bad = 0;
	return rd_done(&r) ? WE_OK : WE_TRAILING;
}

enum werr
msg_get_outer(struct bytes datagram, struct msg *m)
{
	enum werr e;

	memset(m, 0, sizeof(*m));
	m->whole = datagram;
	e = hdr_get(datagram, &m->hdr);
	if (e != WE_OK)
		return e;
	e = chain_get(m, m->hdr.next, bytes_of(datagram.p + HDR_LEN, datagram.n - HDR_LEN), false);
	m->outer = m->seen;
	return e;
}

enum werr
msg_get_inner(struct msg *m, struct bytes plain)
{
	m->opened = true;
	return chain_get(m, m->sk_first, plain, true);
}

static void
begin(struct msg_out *o, void *buf, size_t cap, const struct ike_hdr *h)
{
	*o = (struct msg_out){ .w = wr_of(buf, cap > MSG_MAX ? MSG_MAX : cap), .inner = h == NULL };
	if (h == NULL)
		return;
	hdr_put(&o->w, h, 0);
	o->link = 16;			/* the header's next-payload field */
	if (wr_ok(&o->w))
		o->w.p[o->link] = PLD_NONE;
}

void
msg_begin(struct msg_out *o, void *buf, size_t cap, const struct ike_hdr *h)
{
	begin(o, buf, cap, h);
}

void
msg_begin_inner(struct msg_out *o, void *buf, size_t cap)
{
	begin(o, buf, cap, NULL);
}

struct bytes
msg_end(struct msg_out *o)
{
	if (!o->inner) {
		size_t n = o->w.n;

		if (!wr_ok(&o->w) || n < HDR_LEN)
			return bytes_of(NULL, 0);
		wr_set16(&o->w, HDR_LEN - 2, n);	/* MSG_MAX fits 16 bits; the upper half stays zero */
	}
	return wr_bytes(&o->w);
}

size_t
pld_open(struct msg_out *o, uint8_t type)
{
	size_t at = o->w.n;

	wr_u32(&o->w, 0);
	if (!wr_ok(&o->w))
		return at;
	if (o->first == PLD_NONE)
		o->first = type;
	if (!o->inner || at != 0)
		o->w.p[o->link] = type;
	o->link = at;
	return at;
}

void
pld_close(struct msg_out *o, size_t at)
{
	if (wr_ok(&o->w))
		wr_set16(&o->w, at + 2, o->w.n - at);
}
