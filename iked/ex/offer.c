/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the messages that make a child say: proposals, groups and selectors, offered and chosen; then SPI and installation. Used by
 * IKE_AUTH and by CREATE_CHILD_SA. RFC 7296 2.7, 2.9, 2.17.
 */
#include <stdio.h>

#include "ex/ex.h"

/* Ours, as this exchange may say them: no group in IKE_AUTH (RFC 7296 1.2), nothing that the engine does not have. */
void
offer_proposals(const struct engine *e, const struct xch *x, struct proposals *out)
{
	const struct tunnel *cfg = &x->ike->t->cfg;
	const struct proposals *esp = &cfg->esp;
	uint16_t mask = x->child ? cfg->children[x->child->pol].esp : 0;
	uint8_t proto = x->child && x->child->ah ? PROTO_AH : PROTO_ESP;

	out->n = 0;
	for (unsigned i = 0; i < esp->n; i++) {
		struct proposal *p = &out->v[out->n];
		bool encr = proto == PROTO_AH, esn = false, integ = false, said = false;

		if (esp->v[i].proto != proto || (mask && !(mask & 1u << i)))
			continue;

		p->proto = proto;
		p->n = 0;
		for (unsigned k = 0; k < esp->v[i].n; k++) {
			const struct transform *t = &esp->v[i].t[k];

			said |= t->type == T_INTEG;
			if ((t->type == T_KE && x->kind == XK_AUTH) || !able_transform(e, t))
				continue;
			encr |= t->type == T_ENCR;
			esn |= t->type == T_ESN;
			integ |= t->type == T_INTEG;
			p->t[p->n++] = *t;
		}
		if (encr && esn && integ == said)
			out->n++;
	}
}

/* The group of the KE payload: the IKE SA's if it is offered at all (contracts, "Presets"), else the first. */
uint16_t
offer_group(const struct proposals *p, uint16_t ike_group)
{
	uint16_t first = KE_NONE;

	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < p->v[i].n; k++) {
			const struct transform *t = &p->v[i].t[k];

			if (t->type != T_KE || t->id == KE_NONE)
				continue;
			if (t->id == ike_group)
				return ike_group;
			if (first == KE_NONE)
				first = t->id;
		}
	return first;
}

static bool
is_transport(const struct child *c)
{
	return c->t->cfg.children[c->pol].mode == CHILD_TRANSPORT;
}

static bool
is_translated(const struct ikesa *s)
{
	return s->nat_local || s->nat_remote;
}

/*
 * Behind a translator the checksum of what transport mode carries is made anew (RFC 3948 3.1.2), by whoever takes ESP off: when IPComp is off too
 * only our engine is known to do so.
 */
static bool
comp_passes(const struct ikesa *s, bool transport)
{
	return !transport || !is_translated(s) || s->causeway;
}

/* What its policy has of IPComp, as far as it can be had. */
static uint8_t
comp_of(const struct child *c)
{
	return comp_passes(c->ike, is_transport(c)) ? c->t->cfg.children[c->pol].comp : COMP_NONE;
}

static bool
comp_demanded(const struct child *c)
{
	return c->t->cfg.children[c->pol].comp == COMP_DEMANDED;
}

/* RFC 7296 1.3.1, 2.22: in the request it asks for transport mode and for IPComp, in the response it says that it is so. */
void
offer_mode(const struct xch *x, struct msg_out *o)
{
	const struct child *c = x->child;
	struct bytes none = { NULL, 0 };
	uint8_t data[3];
	struct wr w = wr_of(data, sizeof(data));

	if (x->ours ? c->cpi_in && comp_of(c) != COMP_NONE : c->comp) {
		wr_u16(&w, c->cpi_in);
		wr_u8(&w, IPCOMP_DEFLATE);
		pld_notify_put(o, 0, none, N_IPCOMP_SUPPORTED, wr_bytes(&w));
	}
	if (is_transport(c))
		pld_notify_put(o, 0, none, N_USE_TRANSPORT_MODE, none);
}

/* The peer's CPI for DEFLATE, which is all that there is here; 0: it names none that may be negotiated (RFC 3173 3.3). */
static uint16_t
comp_named(const struct msg *m)
{
	for (unsigned i = 0; i < m->nnotify; i++) {
		const struct wire_notify *n = &m->notify[i];
		uint16_t cpi;
		uint8_t transform;

		if (n->type == N_IPCOMP_SUPPORTED && ipcomp_get(n->data, &cpi, &transform) && transform == IPCOMP_DEFLATE && cpi >= IPCOMP_CPI_MIN)
			return cpi;
	}
	return 0;
}

/* RFC 7296 2.23.1: whoever a translator shows by another address is known by that one here. */
static void
substitute(struct ts_list *l, const struct addr *by, struct addr *said)
{
	*said = (struct addr){ 0 };
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].lo.fam != by->fam || !addr_eq(&l->v[i].lo, &l->v[0].lo) || !addr_eq(&l->v[i].hi, &l->v[0].lo))
			return;		/* transport mode is between two addresses */
	if (l->n == 0 || addr_eq(&l->v[0].lo, by))
		return;
	*said = l->v[0].lo;
	for (unsigned i = 0; i < l->n; i++)
		l->v[i].lo = l->v[i].hi = *by;
}

static void
as_seen(const struct ikesa *s, struct ts_list *local, struct ts_list *remote, struct addr *said_local, struct addr *said_remote)
{
	if (s->nat_local)
		substitute(local, &s->local.addr, said_local);
	if (s->nat_remote)
		substitute(remote, &s->remote.addr, said_remote);
}

static void
selectors_put(struct msg_out *o, bool initiator, const struct ts_list *l, const struct addr *said)
{
	struct ts_list as = *l;
	struct addr was;

	if (said->fam)
		substitute(&as, said, &was);
	pld_ts_put(o, initiator, &as);
}

void
offer_selectors(const struct child *c, struct msg_out *o)
{
	selectors_put(o, true, &c->remote, &c->said_remote);
	selectors_put(o, false, &c->local, &c->said_local);
}

static void
low_nonce(struct xch *x)
{
	x->child->low = *nonce_low(&x->ni, &x->nr);
}

static struct record *
fail_record(const struct turn *tn, enum reason why)
{
	const struct xch *x = tn->x;

	return rec_begun(rec_new(tn->ike, exchange_name(tn->m->hdr.exchange), pol_name(tn->ike->t, x->child ? x->child->pol : 0), why), x->ours);
}

/* The responder's answer must lie inside what we offered. False: *rec says what does not. */
bool
offer_accept(struct turn *tn, struct record **rec)
{
	struct xch *x = tn->x;
	struct child *c = x->child;
	const struct tunnel_child *pol = &tn->ike->t->cfg.children[c->pol];
	struct msg *m = tn->m;
	struct proposals ours;
	uint16_t cpi = comp_named(m);
	char text[IKE_FACT];

	*rec = NULL;
	offer_proposals(tn->e, x, &ours);
	c->spi_out = spi32(m->sa.spi[0]);
	if (m->sa.proposals.n != 1 || c->spi_out == 0 || !proposals_accept(&ours, &m->sa.proposals.v[0], &c->suite) ||
	    (c->suite.ke != KE_NONE && (c->suite.ke != x->group || m->ke.group != x->group || !ke_fits(x->group, m->ke.data)))) {
		if ((*rec = fail_record(tn, R_PEER_CHOSE_NOT_OFFERED))) {
			record_fact(*rec, "offered", "%s", proposals_str(&ours, text, sizeof(text)));
			record_fact(*rec, "received", "%s", proposals_str(&m->sa.proposals, text, sizeof(text)));
		}
		return false;
	}
	/* 1.3.1: the peer declined, and what it made is of no use to a policy that demands transport mode; or it answers what was not asked */
	if ((msg_notify(m, N_USE_TRANSPORT_MODE) != NULL) != is_transport(c)) {
		if ((*rec = fail_record(tn, R_MODE_MISMATCH)))
			record_fact(*rec, "difference", "%s", is_transport(c) ? "Our policy demands transport mode; the peer makes tunnel mode of it." :
			    "We asked for tunnel mode; the peer answers with transport mode.");
		return false;
	}
	if (c->ah && is_translated(tn->ike)) {
		*rec = fail_record(tn, R_AH_TRANSLATED);
		return false;
	}
	/* 2.22: the answer names one of what was offered, or says nothing */
	if (msg_notify(m, N_IPCOMP_SUPPORTED) && (cpi == 0 || !c->cpi_in || comp_of(c) == COMP_NONE)) {
		if ((*rec = fail_record(tn, R_PEER_CHOSE_NOT_OFFERED)))
			record_fact(*rec, "difference", "%s", cpi == 0 && c->cpi_in && comp_of(c) != COMP_NONE ?
			    "The peer answers with another kind of IPComp than DEFLATE, or with a well-known CPI, under 256, which does not tell two children apart." :
			    "The peer answers with a kind of IPComp that was not offered.");
		return false;
	}
	if (comp_demanded(c) && comp_of(c) == COMP_NONE) {
		*rec = fail_record(tn, R_COMP_TRANSLATED);
		return false;
	}
	if (!cpi && comp_demanded(c)) {
		*rec = fail_record(tn, c->cpi_in ? R_COMP_DECLINED : R_ENGINE_NO_SPI);	/* asked for it was not without a CPI of ours */
		return false;
	}
	c->comp = cpi != 0;
	c->cpi_out = cpi;
	if (is_transport(c))
		as_seen(tn->ike, &m->tsi, &m->tsr, &c->said_local, &c->said_remote);
	if (!ts_list_within(&m->tsi, &pol->local) || !ts_list_within(&m->tsr, &pol->remote)) {
		if ((*rec = fail_record(tn, R_PEER_TS_WIDER))) {
			record_fact(*rec, "local_ts", "%s", ts_list_str(&pol->local, text, sizeof(text)));
			record_fact(*rec, "remote_ts", "%s", ts_list_str(&pol->remote, text, sizeof(text)));
			record_fact(*rec, "peer_remote_ts", "%s", ts_list_str(&m->tsi, text, sizeof(text)));
			record_fact(*rec, "peer_local_ts", "%s", ts_list_str(&m->tsr, text, sizeof(text)));
		}
		return false;
	}
	c->local = m->tsi;
	c->remote = m->tsr;
	c->udp = !c->ah && nat_udp(tn->ike);
	if (x->kind != XK_AUTH && !nonce_set(&x->nr, m->nonce))
		return false;
	if (c->suite.ke != KE_NONE && !octets_set(&x->peer_pub, m->ke.data))
		return false;
	low_nonce(x);
	return true;
}

static bool
refuse(struct turn *tn, struct record **rec, enum reason why, uint16_t notify)
{
	tn->x->refuse = notify;
	if ((*rec = fail_record(tn, why)) && notify)
		record_fact(*rec, "sent", "%s", notify_name(notify));
	return false;
}

static bool
choose_suite(struct turn *tn, struct record **rec)
{
	struct xch *x = tn->x;
	struct proposals ours, theirs = tn->m->sa.proposals;
	char text[IKE_FACT];
	unsigned which;

	offer_proposals(tn->e, x, &ours);
	for (unsigned i = 0; x->kind == XK_AUTH && i < theirs.n; i++) {
		struct proposal *p = &theirs.v[i];
		uint8_t n = 0;

		for (unsigned k = 0; k < p->n; k++)
			if (p->t[k].type != T_KE)
				p->t[n++] = p->t[k];
		p->n = n;
	}
	if (proposals_choose(&ours, &theirs, &x->suite, &which)) {
		x->num = tn->m->sa.num[which];
		x->child->suite = x->suite;
		x->child->spi_out = spi32(tn->m->sa.spi[which]);
		if (x->child->spi_out)
			return true;
	}
	refuse(tn, rec, R_NO_PROPOSAL_CHILD, N_NO_PROPOSAL_CHOSEN);
	if (*rec) {
		record_fact(*rec, "offered", "%s", proposals_str(&ours, text, sizeof(text)));
		record_fact(*rec, "received", "%s", proposals_str(&theirs, text, sizeof(text)));
		record_fact(*rec, "difference", "%s", proposals_differ(&ours, &theirs, text, sizeof(text)));
	}
	return false;
}

/* A peer that asks for tunnel mode where our policy demands transport. The other way round its request is declined by saying nothing. */
static bool
refuse_mode(struct turn *tn, struct record **rec)
{
	refuse(tn, rec, R_MODE_MISMATCH, N_NO_PROPOSAL_CHOSEN);
	if (*rec)
		record_fact(*rec, "difference", "The peer asks for tunnel mode; our policy demands transport mode.");
	return false;
}

static bool
refuse_selectors(struct turn *tn, struct record **rec)
{
	const struct tunnel *c = &tn->ike->t->cfg;
	char text[IKE_FACT];

	refuse(tn, rec, R_TS_MISMATCH, N_TS_UNACCEPTABLE);
	if (*rec && c->nchildren) {
		record_fact(*rec, "local_ts", "%s", ts_list_str(&c->children[0].local, text, sizeof(text)));
		record_fact(*rec, "remote_ts", "%s", ts_list_str(&c->children[0].remote, text, sizeof(text)));
		record_fact(*rec, "peer_local_ts", "%s", ts_list_str(&tn->m->tsi, text, sizeof(text)));
		record_fact(*rec, "peer_remote_ts", "%s", ts_list_str(&tn->m->tsr, text, sizeof(text)));
	}
	return false;
}

static struct asked
asked_of(const struct msg *m)
{
	struct asked as = { .transport = msg_notify(m, N_USE_TRANSPORT_MODE) != NULL, .comp = comp_named(m) != 0 };

	for (unsigned i = 0; i < m->sa.proposals.n; i++) {
		as.ah |= m->sa.proposals.v[i].proto == PROTO_AH;
		as.esp |= m->sa.proposals.v[i].proto == PROTO_ESP;
	}
	return as;
}

/*
 * The request's child as far as it can be decided at once. False: x->refuse is the notify that answers, *rec says why. A failure
 * of our own is only ever TEMPORARY_FAILURE (design, section 6).
 */
bool
offer_choose(struct turn *tn, struct record **rec)
{
	struct xch *x = tn->x;
	struct tun *t = tn->ike->t;
	struct msg *m = tn->m;
	struct asked as = asked_of(m);
	struct addr said_local = { 0 }, said_remote = { 0 };
	struct ts_list local, remote;
	int pol;

	*rec = NULL;
	if (as.transport)
		as_seen(tn->ike, &m->tsr, &m->tsi, &said_local, &said_remote);
	pol = match_selectors(t, &as, &m->tsr, &m->tsi, &local, &remote);
	if (pol < 0)
		return refuse_selectors(tn, rec);
	if (t->cfg.children[pol].mode == CHILD_TRANSPORT && !as.transport)
		return refuse_mode(tn, rec);
	if (t->cfg.children[pol].ah && is_translated(tn->ike))
		return refuse(tn, rec, R_AH_TRANSLATED, N_NO_PROPOSAL_CHOSEN);
	if (t->cfg.children[pol].comp == COMP_DEMANDED && !comp_passes(tn->ike, t->cfg.children[pol].mode == CHILD_TRANSPORT))
		return refuse(tn, rec, R_COMP_TRANSLATED, N_NO_PROPOSAL_CHOSEN);
	if (t->cfg.children[pol].comp == COMP_DEMANDED && !as.comp)
		return refuse(tn, rec, R_COMP_DECLINED, N_NO_PROPOSAL_CHOSEN);
	if (!t->pol[pol].wanted)
		return refuse(tn, rec, R_DELETED_BY_USER, N_TEMPORARY_FAILURE);
	if (!tn->e->engine_up)
		return refuse(tn, rec, R_ENGINE_DOWN, N_TEMPORARY_FAILURE);
	if (!able_proposals(tn->e, &t->cfg.esp))
		return refuse(tn, rec, R_ENGINE_NO_ALG, N_TEMPORARY_FAILURE);
	if (!xch_child(tn->e, x, (unsigned)pol))
		return refuse(tn, rec, R_NO_MEMORY, N_TEMPORARY_FAILURE);
	x->child->local = local;
	x->child->remote = remote;
	if (t->cfg.children[pol].mode == CHILD_TRANSPORT) {
		x->child->said_local = said_local;
		x->child->said_remote = said_remote;
	}
	x->child->udp = !x->child->ah && nat_udp(tn->ike);
	x->child->cpi_out = comp_of(x->child) != COMP_NONE ? comp_named(m) : 0;
	if (!choose_suite(tn, rec)) {
		child_free(tn->e, x->child);
		x->child = NULL;
		return false;
	}
	if (x->kind != XK_AUTH) {
		nonce_set(&x->ni, m->nonce);
		fresh_nonce(tn->e, &x->nr);
	}
	low_nonce(x);
	return true;
}

bool
offer_ask_spi(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct child *c = tn->x->child;
	struct key_spi k = { .child = c->id, .reqid = s->t->cfg.children[c->pol].reqid, .local = s->local.addr,
	    .remote = s->remote.addr };
	uint8_t buf[128];
	struct wr w = wr_of(buf, sizeof(buf));

	if (s->local.addr.fam == 0 || s->local.addr.fam != s->remote.addr.fam)
		return false;	/* keymgr would take it for a breach */
	key_spi_put(&w, &k);
	return wr_ok(&w) && call_xch(tn->e, tn->x, KEY_SPI_NEW, wr_bytes(&w), c->id);
}

/* Responder: the engine gave an SPI and no CPI, and the policy demands IPComp. */
bool
offer_lacks_comp(const struct turn *tn)
{
	struct rd r = *tn->body;

	rd_le32(&r);
	return comp_demanded(tn->x->child) && (rd_le16(&r) == 0 || tn->x->child->cpi_out == 0);
}

bool
offer_spi(struct turn *tn)
{
	struct child *c = tn->x->child;
	uint32_t spi;

	if (tn->reason != R_OK)
		return false;
	spi = rd_le32(tn->body);
	c->cpi_in = rd_le16(tn->body);
	if (!rd_done(tn->body) || spi == 0)
		return false;
	c->spi_in = spi;
	c->comp = c->cpi_in && c->cpi_out;	/* as responder it is known now; as initiator the peer has not spoken */
	return true;
}

bool
offer_ke(struct turn *tn, uint32_t *ke, struct octets *pub)
{
	struct bytes got;

	*ke = rd_le32(tn->body);
	got = span_get(tn->body);
	return rd_ok(tn->body) && got.n && octets_set(pub, got);
}

bool
offer_child(struct turn *tn)
{
	return tn->x->group == KE_NONE ? offer_spi(tn) : offer_ke(tn, &tn->x->ke, &tn->x->pub);
}

/* soft = 85 % minus 0-10 % random for the initiator, 95 % for the other; hard = 110 % (contracts, "Lifetimes"). */
static void
lifetime(struct engine *e, bool ours, uint64_t life, uint64_t *soft, uint64_t *hard)
{
	*soft = *hard = 0;
	if (life == 0)
		return;
	*soft = ours ? life * 3 / 4 + fresh64(e) % (life / 10 + 1) : life / 20 * 19 + life % 20 * 19 / 20;
	*hard = life + life / 10 + (life % 10 != 0);
	if (*soft == 0)
		*soft = 1;
}

bool
offer_install(struct engine *e, struct xch *x)
{
	struct ikesa *s = x->ike;
	struct child *c = x->child;
	const struct tunnel *t = &s->t->cfg;
	struct key_child k = { .child = c->id, .ike = s->handle, .ke = c->suite.ke != KE_NONE ? x->ke : 0, .initiator = x->ours,
	    .which = KEY_IN | KEY_OUT, .esn = c->suite.esn != ESN_NO, .udp = c->udp, .spi_in = c->spi_in, .spi_out = c->spi_out,
	    .cpi_in = c->comp ? c->cpi_in : 0, .cpi_out = c->comp ? c->cpi_out : 0, .reqid = t->children[c->pol].reqid, .replay_window = !(e->features & KEY_FEAT_WINDOW) && t->replay_window > 32 ? 32 : t->replay_window, .suite = c->suite, .local = s->local,
	    .remote = s->remote, .ni = nonce_bytes(&x->ni), .nr = nonce_bytes(&x->nr), .peer_public = octets_bytes(&x->peer_pub),
	    .ts_local = c->local, .ts_remote = c->remote };
	struct wr w = wr_of(e->cipher, sizeof(e->cipher));

	c->rekey = x->kind == XK_REKEY;
	/*
	 * While another carries the traffic, the responder waits until the initiator can receive on this one; and where an
	 * engine was lost and its SAs deleted, for a moment: what its own engine kept for the peer would come too early.
	 */
	c->held = !x->ours && (child_has_elder(e, c) || child_had_elder(c));
	if (c->held)
		k.which = KEY_IN;
	if (!s->natt)
		k.local.port = k.remote.port = e->host.natt_port;
	snprintf(k.name, sizeof(k.name), "%.63s/%.63s", t->name, t->children[c->pol].name);
	lifetime(e, x->ours, t->children[c->pol].life_s ? t->children[c->pol].life_s : t->child_life_s, &k.soft_s, &k.hard_s);
	if (k.hard_s && t->child_hard_s)
		k.hard_s = t->child_hard_s;
	lifetime(e, x->ours, t->child_life_bytes, &k.soft_bytes, &k.hard_bytes);
	lifetime(e, x->ours, t->child_life_packets, &k.soft_packets, &k.hard_packets);
	c->soft_at = k.soft_s ? e->now + k.soft_s * NS_PER_S : 0;
	key_child_put(&w, &k);
	if (!wr_ok(&w) || !call_xch(e, x, KEY_CHILD_INSTALL, wr_bytes(&w), c->id))
		return false;
	c->asked = true;
	return true;
}
