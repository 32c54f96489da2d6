/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine says unasked: EXPIRE, ACQUIRE, the first packet of an SA, and a peer behind a NAT that has moved. */
#include "pf.h"

static void
put_ends(struct pf_out *o, const struct cw_sa *sa)
{
	pf_put_addr(o, SADB_EXT_ADDRESS_SRC, &sa->src, 0, CW_ULPROTO_ANY, cw_addr_len(&sa->src) * 8);
	pf_put_addr(o, SADB_EXT_ADDRESS_DST, &sa->dst, 0, CW_ULPROTO_ANY, cw_addr_len(&sa->dst) * 8);
}

/* RFC 2367 3.1.8. Which lifetime it was shows by the extension that is there. */
void
cw_event_expire(struct cw_engine *e, struct cw_sa *sa, bool hard)
{
	uint8_t buf[PF_EVENT_MAX];
	struct pf_out o = pf_event(e, buf, SADB_EXPIRE, sa->proto, sa->pf_seq);

	pf_put_sa(&o, sa);
	pf_put_life(&o, SADB_EXT_LIFETIME_CURRENT, sa);
	pf_put_life(&o, hard ? SADB_EXT_LIFETIME_HARD : SADB_EXT_LIFETIME_SOFT, sa);
	put_ends(&o, sa);
	pf_put_sa_counts(&o, sa);
	pf_broadcast(&o, PF_REGISTERED);
}

void
cw_event_used(struct cw_engine *e, struct cw_sa *sa)
{
	uint8_t buf[PF_EVENT_MAX];
	struct pf_out o = pf_event(e, buf, CW_MSG_USED, sa->proto, 0);

	pf_put_sa(&o, sa);
	put_ends(&o, sa);
	pf_broadcast(&o, PF_HELLO);
}

/*
 * Whoever floods us with SPIs that we do not have chooses their sources: groups by a hash that he cannot compute, and once a second for each,
 * keep his packets from costing anything, and mostly from hiding a peer's. Two processors that come at once may both tell.
 */
void
cw_event_stray(struct cw_engine *e, const struct cw_pkt *p)
{
	const struct cw_outer *o = &p->outer;
	uint64_t *at = &e->stray_at[cw_hash(o->src.b, cw_addr_len(&o->src), e->seed) % CW_STRAYS];
	uint8_t buf[PF_EVENT_MAX];
	struct sadb_sa *x;
	struct pf_out m;
	uint8_t *t;

	if (p->now < host_load(*at))
		return;
	host_publish(*at, p->now + NS);
	m = pf_event(e, buf, CW_MSG_STRAY, o->udp || o->proto == 0 ? IP_ESP : o->proto, 0);
	x = pf_ext(&m, SADB_EXT_SA, sizeof(*x));
	if (x)
		put32((uint8_t *)x + 4, p->spi);
	pf_put_addr(&m, SADB_EXT_ADDRESS_SRC, &o->src, 0, CW_ULPROTO_ANY, cw_addr_len(&o->src) * 8);
	pf_put_addr(&m, SADB_EXT_ADDRESS_DST, &o->dst, 0, CW_ULPROTO_ANY, cw_addr_len(&o->dst) * 8);
	if (o->udp && (t = pf_ext(&m, SADB_X_EXT_NAT_T_TYPE, 8)) != NULL) {
		t[4] = CW_NATT_ESPINUDP;
		pf_put_port(&m, SADB_X_EXT_NAT_T_SPORT, o->sport);
		pf_put_port(&m, SADB_X_EXT_NAT_T_DPORT, o->dport);
	}
	pf_broadcast(&m, PF_HELLO);
}

/* As Linux has it: the old address and port as source, the new ones as destination. */
void
cw_event_mapping(struct cw_engine *e, struct cw_sa *sa, const struct cw_outer *old, const struct cw_outer *now)
{
	uint8_t buf[PF_EVENT_MAX];
	struct pf_out o = pf_event(e, buf, SADB_X_NAT_T_NEW_MAPPING, sa->proto, 0);

	pf_put_sa(&o, sa);
	pf_put_addr(&o, SADB_EXT_ADDRESS_SRC, &old->src, 0, CW_ULPROTO_ANY, cw_addr_len(&old->src) * 8);
	pf_put_port(&o, SADB_X_EXT_NAT_T_SPORT, old->sport);
	pf_put_addr(&o, SADB_EXT_ADDRESS_DST, &now->src, 0, CW_ULPROTO_ANY, cw_addr_len(&now->src) * 8);
	pf_put_port(&o, SADB_X_EXT_NAT_T_DPORT, now->sport);
	pf_broadcast(&o, PF_REGISTERED);
}

static void
put_proposal(struct pf_out *o, unsigned proto)
{
	struct sadb_comb comp = { .sadb_comb_encrypt = CW_COMP_DEFLATE }, ah = {
		.sadb_comb_auth = SADB_X_AALG_SHA2_256HMAC, .sadb_comb_auth_minbits = 256, .sadb_comb_auth_maxbits = 256,
	}, comb = {
		.sadb_comb_encrypt = SADB_X_EALG_AES_GCM_ICV16, .sadb_comb_encrypt_minbits = 160, .sadb_comb_encrypt_maxbits = 288,
	};
	struct sadb_prop *p = pf_ext(o, SADB_EXT_PROPOSAL, sizeof(*p) + sizeof(comb));

	if (!p)
		return;
	p->sadb_prop_replay = 32;
	memcpy(p + 1, proto == IP_COMP ? &comp : proto == IP_AH ? &ah : &comb, sizeof(comb));
}

/* RFC 2367 3.1.6; the addresses are the tunnel's where the policy has them, else the packet's. SA2 has the reqid. */
bool
cw_event_acquire(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_request *r, const struct cw_flow *f, uint32_t seq)
{
	const struct cw_addr *src = cw_addr_any(&r->src) ? &f->src : &r->src, *dst = cw_addr_any(&r->dst) ? &f->dst : &r->dst;
	uint8_t buf[PF_EVENT_MAX];
	struct pf_out o = pf_event(e, buf, SADB_ACQUIRE, r->proto, seq);
	struct sadb_x_sa2 *y;

	pf_put_addr(&o, SADB_EXT_ADDRESS_SRC, src, 0, CW_ULPROTO_ANY, cw_addr_len(src) * 8);
	pf_put_addr(&o, SADB_EXT_ADDRESS_DST, dst, 0, CW_ULPROTO_ANY, cw_addr_len(dst) * 8);
	put_proposal(&o, r->proto);
	pf_put_policy(&o, &x->pub);
	y = pf_ext(&o, SADB_X_EXT_SA2, sizeof(*y));
	if (y) {
		y->sadb_x_sa2_mode = r->mode;
		y->sadb_x_sa2_reqid = r->reqid;
	}
	pf_put_iface(&o, &x->pub.iface);
	return pf_broadcast(&o, PF_REGISTERED) > 0;
}
