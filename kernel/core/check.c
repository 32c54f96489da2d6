/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one inbound policy check, for delivery and for forwarding alike (CVE-2002-0414 was a forwarding path without it):
 * what was taken off the packet, layer by layer, against what the policy for its inner header asks (RFC 4301 5.2 step 4).
 */
#include "core.h"

static bool
layer_is(const struct cw_hist *h, const struct cw_request *r)
{
	if (h->proto != r->proto || (r->mode != CW_MODE_ANY && h->mode != r->mode))
		return false;
	if (r->reqid && r->level == CW_LEVEL_UNIQUE && h->reqid != r->reqid)
		return false;
	if (r->mode != CW_MODE_TUNNEL)
		return true;
	return (cw_addr_any(&r->src) || cw_addr_eq(&h->src, &r->src)) && (cw_addr_any(&r->dst) || cw_addr_eq(&h->dst, &r->dst));
}

/*
 * A policy names its transforms from the inside out; the history has them from the outside in. "use" may be missing, and IPComp always:
 * what does not get smaller comes without it (RFC 3173 2.2), and it protects nothing.
 */
static bool
history_is(const struct cw_engine *e, const struct cw_hist *hist, unsigned nhist, const struct cw_policy *pol, unsigned fam)
{
	unsigned h = 0;

	for (unsigned i = pol->nreq; i-- > 0; ) {
		if (h < nhist && layer_is(&hist[h], &pol->req[i]))
			h++;
		else if (pol->req[i].proto != IP_COMP && cw_level(e, &pol->req[i], fam) != CW_LEVEL_USE)
			return false;
	}
	return h == nhist;
}

static unsigned
transforms_are(const struct cw_engine *e, const struct cw_policy *pol, const struct cw_pkt *p, unsigned fam)
{
	unsigned nhist = p ? p->nhist : 0;

	if (history_is(e, p ? p->hist : NULL, nhist, pol, fam))
		return CW_DROP_NONE;
	return nhist ? CW_DROP_POLICY_MISMATCH : CW_DROP_POLICY_CLEAR;
}

unsigned
cw_policy_takes(const struct cw_engine *e, const struct cw_policy *pol, const struct cw_pkt *p, unsigned fam)
{
	return pol->type == CW_POLICY_IPSEC ? transforms_are(e, pol, p, fam) : CW_DROP_NONE;	/* bypass: however it comes */
}

/*
 * Transport mode between the packet's own two ends: nobody speaks for another there, as an SA in tunnel mode might. With an outbound policy
 * and no inbound one that is how two hosts begin (RFC 4301 5.2 asks the SA's selectors alone, step 4).
 */
static bool
between_its_ends(const struct cw_pkt *p, const struct cw_flow *f)
{
	for (unsigned i = 0; i < p->nhist; i++)
		if (p->hist[i].mode != CW_MODE_TRANSPORT || !cw_addr_eq(&p->hist[i].src, &f->src) || !cw_addr_eq(&p->hist[i].dst, &f->dst))
			return false;
	return true;
}

/* p NULL: a packet off which nothing was taken. What comes by SAs of an interface has to be covered by its policies, between whom ever. */
static unsigned
wants(const struct cw_engine *e, const struct cw_pkt *p, const struct cw_spd_entry *x, const struct cw_flow *f)
{
	unsigned nhist = p ? p->nhist : 0;

	if (!x && nhist && (p->iface || !between_its_ends(p, f)))
		return CW_DROP_POLICY_NONE_IN;
	if (!x)
		return cw_unmatched_drops(e, f) ? CW_DROP_POLICY_DEFAULT_IN : CW_DROP_NONE;
	switch (x->pub.type) {
	case CW_POLICY_DISCARD:
		return CW_DROP_POLICY_DISCARD_IN;
	case CW_POLICY_IPSEC:
		return transforms_are(e, &x->pub, p, x->pub.src.addr.fam);
	default:
		return nhist ? CW_DROP_POLICY_BYPASS_IN : CW_DROP_NONE;
	}
}

/* A clear packet that is only asked about may be spared yet: when it is not, cw_refused counts it. */
static unsigned
ask(struct cw_engine *e, const struct cw_pkt *p, struct cw_spd_entry *x, const struct cw_ip *ip, uint64_t now)
{
	unsigned why = wants(e, p, x, &ip->flow);

	if (x)
		cw_spd_use(x, now);
	if (why == CW_DROP_POLICY_CLEAR && cw_own_spares(e, &x->pub, &ip->flow))
		why = CW_DROP_NONE;
	if (why == CW_DROP_NONE)
		cw_spd_went(x, ip->total);
	else if (p)
		cw_spd_dropped(x, 1);
	return why;
}

static unsigned
check(struct cw_engine *e, const struct cw_pkt *p, const struct cw_ip *ip, bool forward, uint64_t now)
{
	struct cw_spd_entry *x;
	unsigned why = CW_DROP_NONE;
	uint32_t iface = p ? p->iface : 0;

	if (forward && (x = cw_spd_lookup(e, CW_DIR_FWD, iface, &ip->flow)) != NULL)
		why = ask(e, p, x, ip, now);
	if (why == CW_DROP_NONE)
		why = ask(e, p, cw_spd_lookup(e, CW_DIR_IN, iface, &ip->flow), ip, now);
	return why;
}

static unsigned
malformed(enum cw_ip_err err)
{
	switch (err) {
	case CW_IP_OK:
		return CW_DROP_NONE;
	case CW_IP_SHORT:
		return CW_DROP_INNER_SHORT;
	case CW_IP_LENGTH:
		return CW_DROP_INNER_LENGTH;
	default:
		return CW_DROP_INNER_HEADER;
	}
}

unsigned
cw_policy_check_in(struct cw_engine *e, struct cw_pkt *p)
{
	struct cw_ip ip;
	unsigned why = malformed(cw_ip_parse(cw_pkt_data(p), p->len, &ip));
	struct cw_policy own;

	if (why == CW_DROP_NONE && !ip.fragment && host_socket_policy(e->host, p, &ip.flow, &own))
		why = cw_policy_takes(e, &own, p, ip.ver);
	else if (why == CW_DROP_NONE)
		why = check(e, p, &ip, p->forward, p->now);
	p->checked = why == CW_DROP_NONE;
	return why;
}

unsigned
cw_ask_clear(struct cw_engine *e, const uint8_t *p, size_t have, size_t whole, bool forward, uint64_t now)
{
	struct cw_ip ip;
	enum cw_ip_err err = cw_ip_head(p, have, whole, &ip);
	unsigned why;

	if (err == CW_IP_SHORT && have < whole)
		return CW_ASK_MORE;
	if (err != CW_IP_OK)
		return malformed(err);
	host_read_begin();
	why = check(e, NULL, &ip, forward, now);
	host_read_end();
	return why;
}

static bool
is_comp_transport(unsigned proto, unsigned mode)
{
	return proto == IP_COMP && mode == CW_MODE_TRANSPORT;
}

/*
 * Level use, and no SA; asking for one is begun. Or, of what is only forwarded, IPComp in transport mode alone: that compresses what
 * its two ends say to each other, none of which we are (RFC 4301 4.1), and what did not get smaller would leave as it was, past filters.
 */
static bool
goes_clear(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_ip *ip, bool forward, uint64_t now)
{
	const struct cw_request *r;
	struct cw_bundle b;
	struct cw_flow f;

	for (unsigned i = 0; i < x->pub.nreq; i++) {
		r = &x->pub.req[i];
		if (!(forward && is_comp_transport(r->proto, r->mode)) && cw_level(e, r, ip->ver) != CW_LEVEL_USE)
			return false;
	}
	if (cw_bundle_find(e, x, &x->pub, ip, now, &b, &r, &f) != CW_DROP_NONE)
		return false;
	for (unsigned i = 0; i < b.n; i++)
		if (!(forward && is_comp_transport(b.sa[i]->proto, b.transport >> i & 1 ? CW_MODE_TRANSPORT : CW_MODE_TUNNEL)))
			return false;
	return true;
}

unsigned
cw_ask_out(struct cw_engine *e, const uint8_t *p, size_t have, size_t whole, enum cw_asked as, uint64_t now)
{
	struct cw_ip ip;
	enum cw_ip_err err = cw_ip_head(p, have, whole, &ip);
	struct cw_spd_entry *x;
	unsigned type;

	if (err == CW_IP_SHORT && have < whole)
		return CW_ASK_MORE;
	if (err != CW_IP_OK)
		return CW_POLICY_DISCARD;	/* and cw_plain_in says why */
	host_read_begin();
	x = cw_spd_lookup(e, CW_DIR_OUT, 0, &ip.flow);
	if (x)
		cw_spd_use(x, now);
	type = x ? x->pub.type : cw_unmatched_drops(e, &ip.flow) ? CW_ASK_UNMATCHED : (unsigned)CW_POLICY_NONE;
	if (type == CW_POLICY_IPSEC && (cw_own_spares(e, &x->pub, &ip.flow) || goes_clear(e, x, &ip, as != CW_ASK_SENT, now)))
		type = CW_POLICY_NONE;
	if (as != CW_ASK_AHEAD && (type == CW_POLICY_NONE || type == CW_POLICY_BYPASS))
		cw_spd_went(x, ip.total);
	host_read_end();
	return type;
}

void
cw_check_refused(struct cw_engine *e, unsigned reason, const struct cw_flow *f)
{
	static const uint8_t in[] = { CW_DIR_FWD, CW_DIR_IN };
	struct cw_spd_entry *x = NULL;

	host_read_begin();
	if (reason == CW_DROP_POLICY_DISCARD_OUT) {
		x = cw_spd_lookup(e, CW_DIR_OUT, 0, f);
	} else if (reason == CW_DROP_POLICY_DISCARD_IN || reason == CW_DROP_POLICY_CLEAR) {
		for (unsigned i = 0; i < sizeof(in) && !x; i++)
			if ((x = cw_spd_lookup(e, in[i], 0, f)) != NULL && wants(e, NULL, x, f) != reason)
				x = NULL;
	}
	cw_spd_dropped(x, 1);
	host_read_end();
}

unsigned
cw_ask_spi(struct cw_engine *e, uint32_t spi, const struct cw_addr *dst, uint16_t port)
{
	const struct cw_sa *sa;
	unsigned is = CW_SPI_NONE;

	host_read_begin();
	sa = cw_sad_by_spi(e, IP_ESP, spi, dst);
	if (sa && (port == 0 || (sa->udp && sa->dport == port)))
		is = CW_SPI_THERE;
	else if (sa && !sa->udp)
		is = CW_SPI_BARE;
	host_read_end();
	return is;
}

bool
cw_ask_ah(struct cw_engine *e, uint32_t spi, const struct cw_addr *dst)
{
	bool is;

	host_read_begin();
	is = cw_sad_by_spi(e, IP_AH, spi, dst) != NULL;
	host_read_end();
	return is;
}

bool
cw_ask_comp(struct cw_engine *e, unsigned cpi, const struct cw_addr *src, const struct cw_addr *dst)
{
	struct cw_walk w;
	struct cw_link *l;
	bool is = false;

	host_read_begin();
	w = cw_sad_between(e, src, dst);
	while (!is && (l = cw_index_next(&w)) != NULL) {
		const struct cw_sa *sa = CW_OF(l, struct cw_sa, by_ends);

		is = sa->proto == IP_COMP && cw_comp_cpi(sa) == cpi && cw_addr_eq(&sa->src, src) && cw_addr_eq(&sa->dst, dst);
	}
	host_read_end();
	return is;
}

bool
cw_ask_raw(struct cw_engine *e, const struct cw_addr *src, const struct cw_addr *dst)
{
	bool is;

	host_read_begin();
	is = cw_comp_raw(e, src, dst) != NULL;
	host_read_end();
	return is;
}

void
cw_check_clear(struct cw_engine *e, struct cw_pkt **v, unsigned n, uint64_t now)
{
	struct cw_batch plain = { .e = e, .out = host_plain_out }, drops = { .e = e, .out = host_drop_out };

	host_read_begin();
	for (unsigned i = 0; i < n; i++) {
		unsigned why;

		v[i]->nhist = 0;
		v[i]->iface = 0;
		v[i]->now = now;
		v[i]->bank = cw_bank_plain(v[i]);
		v[i]->spi = 0;
		why = cw_policy_check_in(e, v[i]);
		if (why != CW_DROP_NONE) {
			cw_fail(&drops, v[i], why);
			continue;
		}
		v[i]->verdict = CW_CLEAR;
		cw_batch_add(&plain, v[i]);
	}
	host_read_end();
	cw_batch_flush(&plain);
	cw_batch_flush(&drops);
}
