/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates and signatures as octets: which hashes and authorities the ends name to each other (RFC 7427 4, RFC 7296 3.7), the CERT
 * payloads on their way to and from keymgr, and, between two Causeways, the reason why a certificate was refused. Nothing here reads one.
 */
#include "ex/ex.h"

#define HASH_KNOWN	(1u << 2 | 1u << 3 | 1u << 4 | 1u << 5)	/* SHA2-256, -384, -512, Identity (RFC 8420) */

void
certs_free(struct certs *c)
{
	for (unsigned i = 0; i < c->n; i++)
		octets_free(&c->data[i]);
	c->n = 0;
}

static bool
certs_add(struct certs *c, uint8_t encoding, struct bytes b)
{
	if (c->n == KEY_CERTS || !octets_set(&c->data[c->n], b))
		return false;
	c->encoding[c->n++] = encoding;
	return true;
}

/* The peer's. Encodings that we did not ask for are passed over; false: they are too large for a link, or there is no memory. */
bool
certs_take(struct setup *u, const struct msg *m)
{
	size_t all = 0;

	certs_free(&u->theirs);
	for (unsigned i = 0; i < m->ncert; i++) {
		const struct wire_cert *w = &m->cert[i];

		if (w->data.n == 0 || (w->encoding != CERT_X509 && w->encoding != CERT_OCSP && w->encoding != CERT_RAW_KEY))
			continue;
		all += w->data.n;
		if (all > KEY_CERTS_MAX || !certs_add(&u->theirs, w->encoding, w->data))
			return false;
	}
	return true;
}

/* Why the peer's half of IKE_AUTH was not taken. */
struct record *
certs_refused(const struct ikesa *s)
{
	struct record *r = rec_new(s, "IKE_AUTH", NULL, R_MSG_MALFORMED);

	if (r)
		record_fact(r, "difference", "the identity, the proof or the certificates in it are too large: of certificates %u octets are taken",
		    KEY_CERTS_MAX);
	return r;
}

bool
certs_keep(struct setup *u, const struct key_proof *p)
{
	certs_free(&u->ours);
	for (unsigned i = 0; i < p->ncerts; i++)
		if (!certs_add(&u->ours, p->certs[i].encoding, p->certs[i].data))
			return false;
	return true;
}

/* Ours, the end's own first. */
void
certs_put(struct msg_out *o, const struct certs *c)
{
	for (unsigned i = 0; i < c->n; i++)
		pld_cert_put(o, false, c->encoding[i], octets_bytes(&c->data[i]));
}

/* What we say in IKE_SA_INIT; the answer says it too when the request did not. */
void
abilities_put(struct msg_out *o)
{
	uint8_t b[8];
	struct wr w = wr_of(b, sizeof(b));

	for (uint16_t i = 0; i < 16; i++)
		if (HASH_KNOWN >> i & 1)
			wr_u16(&w, i);
	pld_notify_put(o, 0, (struct bytes){ NULL, 0 }, N_SIGNATURE_HASH_ALGORITHMS, wr_bytes(&w));
	pld_notify_put(o, 0, (struct bytes){ NULL, 0 }, N_IKEV2_FRAGMENTATION_SUPPORTED, (struct bytes){ NULL, 0 });
}

/* What the peer says in IKE_SA_INIT about itself. */
void
abilities_take(struct ikesa *s, const struct msg *m)
{
	const struct wire_notify *n = msg_notify(m, N_SIGNATURE_HASH_ALGORITHMS);
	struct rd r = rd_of(n ? n->data : bytes_of(NULL, 0));

	s->set->hashes = 0;
	while (rd_left(&r) >= 2) {
		uint16_t id = rd_u16(&r);

		if (id < 16)
			s->set->hashes |= (uint16_t)(1u << id);
	}
	s->fragments = msg_notify(m, N_IKEV2_FRAGMENTATION_SUPPORTED) != NULL;
	nat_vendor_check(s, m);
}

/*
 * What we would believe. t: the tunnel; NULL: the responder does not know it yet and names every authority that some tunnel trusts.
 * The request for an OCSP answer goes only to who is known to know it (RFC 4806: it may be empty).
 */
void
certreq_put(const struct engine *e, struct msg_out *o, const struct tun *t, const struct ikesa *s)
{
	struct bytes none = { NULL, 0 };

	if (e->nanchors && (!t || t->cfg.auth_remote == AUTH_BY_CERT)) {
		pld_cert_put(o, true, CERT_X509, bytes_of(e->anchors[0], e->nanchors * KEY_ANCHOR));
		if (s->causeway || (s->set->want & KEY_WANT_OCSP))
			pld_cert_put(o, true, CERT_OCSP, none);
	}
	if (t && t->cfg.auth_remote == AUTH_BY_KEY)
		pld_cert_put(o, true, CERT_RAW_KEY, none);
}

void
certreq_take(struct setup *u, const struct msg *m)
{
	for (unsigned i = 0; i < m->ncertreq; i++) {
		uint8_t e = m->certreq[i].encoding;

		u->want |= e == CERT_X509 ? KEY_WANT_X509 : e == CERT_OCSP ? KEY_WANT_OCSP : e == CERT_RAW_KEY ? KEY_WANT_RAW_KEY : 0;
	}
}

/* May the peer hear it? What is wrong with its own certificate is its own business; all else could tell it about us. */
static bool
may_tell(enum reason why)
{
	return why >= R_CERT_EXPIRED && why <= R_URL_REFUSED;
}

/* AUTHENTICATION_FAILED, and to a Causeway why. */
void
refusal_put(struct msg_out *o, const struct ikesa *s, enum reason why)
{
	struct bytes none = { NULL, 0 };
	uint8_t b[2];
	struct wr w = wr_of(b, sizeof(b));

	pld_notify_put(o, 0, none, N_AUTHENTICATION_FAILED, none);
	if (!s->causeway || !may_tell(why))
		return;
	wr_u16(&w, (uint16_t)why);
	pld_notify_put(o, 0, none, N_CAUSEWAY_REASON, wr_bytes(&w));
}

/* The peer did not believe us: what it says about it. *says: the peer's reason, or R_OK. */
enum reason
refusal_take(const struct msg *m, enum reason *says)
{
	const struct wire_notify *n = msg_notify(m, N_CAUSEWAY_REASON);
	unsigned why = n && n->data.n == 2 ? (unsigned)(n->data.p[0] << 8 | n->data.p[1]) : 0;

	*says = R_OK;
	if (!reason_row(why) || !may_tell((enum reason)why))
		return R_PEER_REFUSED_AUTH;
	*says = (enum reason)why;
	return R_PEER_REFUSED_CERT;
}

void
rec_says(struct record *r, enum reason says)
{
	if (r && says != R_OK)
		record_fact(r, "peer_says", "%s: %s", reason_row(says)->name, reason_row(says)->sentence);
}

/* keymgr: the certificate that the peer proved itself with is valid no more. What it protected stops at once. */
void
peer_invalid(struct engine *e, struct ikesa *s, enum reason why, const char *detail)
{
	struct record *r = rec_new(s, s->state < S_UP ? "IKE_AUTH" : "INFORMATIONAL", NULL, why);
	struct turn tn = { .e = e, .ike = s };
	struct tun *t = s->t;
	struct child *next;

	rec_detail(r, why, detail);
	if (s->state < S_UP) {		/* the answer to IKE_AUTH is not sent yet: it says so */
		(void)auth_refuse(&tn, why, why, r);
		return;
	}
	todo_record(e, r);
	todo_log(e, LOG_WARN, "peer_invalid", why, tun_name(s), NULL, "%s %s", reason_row(why)->sentence, detail);
	if (s->state != S_UP) {
		ikesa_end(e, s, why);
		return;
	}
	if (s->own && s->own->kind < XK_DEL_CHILD)	/* nor is anything made that was under way */
		xch_end(e, s->own);
	if (s->peer)
		xch_end(e, s->peer);
	for (struct child *c = t->children; c; c = next) {
		next = c->sib;
		if (c->ike == s && c->state != CH_LARVAL)
			child_gone(e, c, why);
	}
	s->why = why;
	s->refuse_auth = true;
	s->leaving = true;
	s->want_delete = true;
	tun_reason(e, t, why, detail);
	tun_backoff(e, t);
	tun_failed(e, t, NULL, why, detail);
	tun_touch(e, t);
}
