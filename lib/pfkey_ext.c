/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The extensions of RFC 2367 and of Linux, each written and read side by side; the table is at the end. */
#include <netinet/in.h>

#include "pfkey_ext.h"

/* Addresses */

static void
sockaddr_put(struct wr *w, const struct addr *a, uint16_t port)
{
	if (a->fam == 4) {
		wr_h16(w, AF_INET);
		wr_u16(w, port);
		wr_mem(w, a->b, 4);
		wr_zero(w, 8);
	} else if (a->fam == 6) {
		wr_h16(w, AF_INET6);
		wr_u16(w, port);
		wr_zero(w, 4);
		wr_mem(w, a->b, 16);
		wr_zero(w, 4);
	} else
		w->bad = true;
}

static void
sockaddr_get(struct rd *r, struct endpoint *e)
{
	uint16_t family = rd_h16(r);

	*e = (struct endpoint){ .port = rd_u16(r) };
	if (family == AF_INET) {
		e->addr.fam = 4;
		rd_copy(r, e->addr.b, 4);
		rd_bytes(r, 8);
	} else if (family == AF_INET6) {
		e->addr.fam = 6;
		rd_bytes(r, 4);
		rd_copy(r, e->addr.b, 16);
		rd_bytes(r, 4);
	} else
		rd_fail(r);
}

static void
address_put(struct wr *w, const struct pfkey_address *a)
{
	wr_u8(w, a->proto);
	wr_u8(w, a->prefixlen);
	wr_h16(w, 0);
	sockaddr_put(w, &a->ep.addr, a->ep.port);
}

static void
address_get(struct rd *r, struct pfkey_address *a)
{
	a->proto = rd_u8(r);
	a->prefixlen = rd_u8(r);
	rd_h16(r);
	sockaddr_get(r, &a->ep);
	if (a->prefixlen > addr_bits(&a->ep.addr))
		rd_fail(r);
	rd_bytes(r, a->ep.addr.fam == 6 ? 4 : 0);	/* the padding of 28 octets to 32 */
}

static void put_src(struct wr *w, const struct pfkey_msg *m) { address_put(w, &m->src); }
static void get_src(struct rd *r, struct pfkey_msg *m) { address_get(r, &m->src); }
static void put_dst(struct wr *w, const struct pfkey_msg *m) { address_put(w, &m->dst); }
static void get_dst(struct rd *r, struct pfkey_msg *m) { address_get(r, &m->dst); }
static void put_proxy(struct wr *w, const struct pfkey_msg *m) { address_put(w, &m->proxy); }
static void get_proxy(struct rd *r, struct pfkey_msg *m) { address_get(r, &m->proxy); }

/* The SA */

static void
put_sa(struct wr *w, const struct pfkey_msg *m)
{
	wr_u32(w, m->sa.spi);
	wr_u8(w, m->sa.replay);
	wr_u8(w, m->sa.state);
	wr_u8(w, m->sa.auth);
	wr_u8(w, m->sa.encrypt);
	wr_h32(w, m->sa.flags);
}

static void
get_sa(struct rd *r, struct pfkey_msg *m)
{
	m->sa.spi = rd_u32(r);
	m->sa.replay = rd_u8(r);
	m->sa.state = rd_u8(r);
	m->sa.auth = rd_u8(r);
	m->sa.encrypt = rd_u8(r);
	m->sa.flags = rd_h32(r);
}

static void
put_sa2(struct wr *w, const struct pfkey_msg *m)
{
	wr_u8(w, m->sa2.mode);
	wr_zero(w, 3);
	wr_h32(w, m->sa2.sequence);
	wr_h32(w, m->sa2.reqid);
}

static void
get_sa2(struct rd *r, struct pfkey_msg *m)
{
	m->sa2.mode = rd_u8(r);
	rd_bytes(r, 3);
	m->sa2.sequence = rd_h32(r);
	m->sa2.reqid = rd_h32(r);
}

static void
lifetime_put(struct wr *w, const struct pfkey_lifetime *l)
{
	wr_h32(w, l->packets > UINT32_MAX ? UINT32_MAX : (uint32_t)l->packets);
	wr_h64(w, l->bytes);
	wr_h64(w, l->addtime);
	wr_h64(w, l->usetime);
}

static void
lifetime_get(struct rd *r, struct pfkey_lifetime *l)
{
	l->packets = rd_h32(r);
	l->bytes = rd_h64(r);
	l->addtime = rd_h64(r);
	l->usetime = rd_h64(r);
}

static void put_current(struct wr *w, const struct pfkey_msg *m) { lifetime_put(w, &m->current); }
static void get_current(struct rd *r, struct pfkey_msg *m) { lifetime_get(r, &m->current); }
static void put_hard(struct wr *w, const struct pfkey_msg *m) { lifetime_put(w, &m->hard); }
static void get_hard(struct rd *r, struct pfkey_msg *m) { lifetime_get(r, &m->hard); }
static void put_soft(struct wr *w, const struct pfkey_msg *m) { lifetime_put(w, &m->soft); }
static void get_soft(struct rd *r, struct pfkey_msg *m) { lifetime_get(r, &m->soft); }

static void
key_put(struct wr *w, struct bytes key)
{
	if (key.n == 0 || key.n > 8191) {
		w->bad = true;
		return;
	}
	wr_h16(w, (uint16_t)(key.n * 8));
	wr_h16(w, 0);
	wr_span(w, key);
}

static struct bytes
key_get(struct rd *r)
{
	uint16_t bits = rd_h16(r);
	struct bytes key;
	size_t n;

	rd_h16(r);
	n = bits / 8u;
	if (bits == 0 || bits % 8)
		rd_fail(r);
	key = rd_bytes(r, n);
	rd_bytes(r, (8 - n % 8) % 8);
	return key;
}

static void put_key_auth(struct wr *w, const struct pfkey_msg *m) { key_put(w, m->key_auth); }
static void get_key_auth(struct rd *r, struct pfkey_msg *m) { m->key_auth = key_get(r); }
static void put_key_encrypt(struct wr *w, const struct pfkey_msg *m) { key_put(w, m->key_encrypt); }
static void get_key_encrypt(struct rd *r, struct pfkey_msg *m) { m->key_encrypt = key_get(r); }

static void
put_spirange(struct wr *w, const struct pfkey_msg *m)
{
	wr_h32(w, m->spi_min);
	wr_h32(w, m->spi_max);
	wr_h32(w, 0);
}

static void
get_spirange(struct rd *r, struct pfkey_msg *m)
{
	m->spi_min = rd_h32(r);
	m->spi_max = rd_h32(r);
	rd_h32(r);
}

static void
put_natt_type(struct wr *w, const struct pfkey_msg *m)
{
	wr_u8(w, m->natt_type);
	wr_zero(w, 3);
}

static void
get_natt_type(struct rd *r, struct pfkey_msg *m)
{
	m->natt_type = rd_u8(r);
	rd_bytes(r, 3);
}

static void
put_natt_sport(struct wr *w, const struct pfkey_msg *m)
{
	wr_u16(w, m->natt_sport);
	wr_h16(w, 0);
}

static void
get_natt_sport(struct rd *r, struct pfkey_msg *m)
{
	m->natt_sport = rd_u16(r);
	rd_h16(r);
}

static void
put_natt_dport(struct wr *w, const struct pfkey_msg *m)
{
	wr_u16(w, m->natt_dport);
	wr_h16(w, 0);
}

static void
get_natt_dport(struct rd *r, struct pfkey_msg *m)
{
	m->natt_dport = rd_u16(r);
	rd_h16(r);
}

/* Policies */

static void
put_policy(struct wr *w, const struct pfkey_msg *m)
{
	const struct pfkey_policy *p = &m->policy;

	wr_h16(w, p->type);
	wr_u8(w, p->dir);
	wr_u8(w, 0);
	wr_h32(w, p->id);
	wr_h32(w, p->priority);
	if (p->n > PFKEY_REQUESTS)
		w->bad = true;
	for (unsigned i = 0; wr_ok(w) && i < p->n; i++) {
		const struct pfkey_request *q = &p->req[i];
		bool ends = q->src.fam != 0 || q->dst.fam != 0;
		size_t each = q->src.fam == 6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

		wr_h16(w, (uint16_t)(sizeof(struct sadb_x_ipsecrequest) + (ends ? 2 * each : 0)));	/* octets, whatever the standard says */
		wr_h16(w, q->proto);
		wr_u8(w, q->mode);
		wr_u8(w, q->level);
		wr_h16(w, 0);
		wr_h32(w, q->reqid);
		wr_h32(w, 0);
		if (!ends)
			continue;
		if (q->src.fam != q->dst.fam)
			w->bad = true;
		sockaddr_put(w, &q->src, q->sport);
		sockaddr_put(w, &q->dst, q->dport);
	}
}

static void
request_get(struct rd *r, struct pfkey_request *q)
{
	size_t len = rd_h16(r);
	struct endpoint e;
	struct rd sub;

	if (len < sizeof(struct sadb_x_ipsecrequest)) {
		rd_fail(r);
		return;
	}
	sub = rd_sub(r, len - 2);
	*q = (struct pfkey_request){ .proto = rd_h16(&sub) };
	q->mode = rd_u8(&sub);
	q->level = rd_u8(&sub);
	rd_h16(&sub);
	q->reqid = rd_h32(&sub);
	rd_h32(&sub);
	if (rd_left(&sub) > 7) {	/* up to seven octets are padding */
		sockaddr_get(&sub, &e);
		q->src = e.addr;
		q->sport = e.port;
		sockaddr_get(&sub, &e);
		q->dst = e.addr;
		q->dport = e.port;
		if (q->src.fam != q->dst.fam)
			rd_fail(&sub);
	}
	if (rd_left(&sub) <= 7)
		rd_rest(&sub);
	if (!rd_done(&sub))
		rd_fail(r);
}

static void
get_policy(struct rd *r, struct pfkey_msg *m)
{
	struct pfkey_policy *p = &m->policy;

	p->type = rd_h16(r);
	p->dir = rd_u8(r);
	rd_u8(r);
	p->id = rd_h32(r);
	p->priority = rd_h32(r);
	for (p->n = 0; rd_left(r) > 0; p->n++) {
		if (p->n == PFKEY_REQUESTS) {
			rd_fail(r);
			return;
		}
		request_get(r, &p->req[p->n]);
	}
}

/* REGISTER's answer */

static void
algs_put(struct wr *w, const struct pfkey_algs *a)
{
	wr_h32(w, 0);
	if (a->n > PFKEY_ALGS)
		w->bad = true;
	else
		wr_mem(w, a->v, a->n * sizeof(a->v[0]));
}

static void
algs_get(struct rd *r, struct pfkey_algs *a)
{
	rd_h32(r);
	for (a->n = 0; rd_left(r) > 0; a->n++) {
		if (a->n == PFKEY_ALGS) {
			rd_fail(r);
			return;
		}
		rd_copy(r, &a->v[a->n], sizeof(a->v[0]));
	}
}

static void put_algs_auth(struct wr *w, const struct pfkey_msg *m) { algs_put(w, &m->algs_auth); }
static void get_algs_auth(struct rd *r, struct pfkey_msg *m) { algs_get(r, &m->algs_auth); }
static void put_algs_encrypt(struct wr *w, const struct pfkey_msg *m) { algs_put(w, &m->algs_encrypt); }
static void get_algs_encrypt(struct rd *r, struct pfkey_msg *m) { algs_get(r, &m->algs_encrypt); }

const struct pfkey_ext pfkey_exts[] = {
	{ SADB_EXT_SA,			put_sa,			get_sa },
	{ SADB_EXT_LIFETIME_CURRENT,	put_current,		get_current },
	{ SADB_EXT_LIFETIME_HARD,	put_hard,		get_hard },
	{ SADB_EXT_LIFETIME_SOFT,	put_soft,		get_soft },
	{ SADB_EXT_ADDRESS_SRC,		put_src,		get_src },
	{ SADB_EXT_ADDRESS_DST,		put_dst,		get_dst },
	{ SADB_EXT_ADDRESS_PROXY,	put_proxy,		get_proxy },
	{ SADB_EXT_KEY_AUTH,		put_key_auth,		get_key_auth },
	{ SADB_EXT_KEY_ENCRYPT,		put_key_encrypt,	get_key_encrypt },
	{ SADB_EXT_SUPPORTED_AUTH,	put_algs_auth,		get_algs_auth },
	{ SADB_EXT_SUPPORTED_ENCRYPT,	put_algs_encrypt,	get_algs_encrypt },
	{ SADB_EXT_SPIRANGE,		put_spirange,		get_spirange },
	{ SADB_X_EXT_POLICY,		put_policy,		get_policy },
	{ SADB_X_EXT_SA2,		put_sa2,		get_sa2 },
	{ SADB_X_EXT_NAT_T_TYPE,	put_natt_type,		get_natt_type },
	{ SADB_X_EXT_NAT_T_SPORT,	put_natt_sport,		get_natt_sport },
	{ SADB_X_EXT_NAT_T_DPORT,	put_natt_dport,		get_natt_dport },
};
const unsigned pfkey_nexts = sizeof(pfkey_exts) / sizeof(pfkey_exts[0]);
