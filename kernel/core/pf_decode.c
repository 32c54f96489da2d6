/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PF_KEY octets to one struct, without side effects: RFC 2367 2.2 and 2.3. Lengths are in units of 8 octets and must be
 * exact; an extension may stand once; a sockaddr has the length of its family and nothing else. What no Causeway part
 * knows is skipped, as everywhere in PF_KEY.
 */
#include "pf.h"

static uint16_t
rd16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* One sockaddr in the layout of Linux: the octets it takes, or 0. */
static size_t
sockaddr(const uint8_t *p, size_t n, struct cw_addr *a, uint16_t *port)
{
	*a = (struct cw_addr){ 0 };
	if (n >= 16 && rd16(p) == PF_AF_INET) {
		a->fam = 4;
		*port = get16(p + 2);
		memcpy(a->b, p + 4, 4);
		return 16;
	}
	if (n >= 28 && rd16(p) == PF_AF_INET6) {
		a->fam = 6;
		*port = get16(p + 2);
		memcpy(a->b, p + 8, 16);
		return 28;
	}
	return 0;
}

static bool
get_sa(const uint8_t *p, size_t n, struct pf_msg *m)
{
	struct sadb_sa x;

	if (n != sizeof(x))
		return false;
	memcpy(&x, p, sizeof(x));
	m->spi = get32((const uint8_t *)&x.sadb_sa_spi);
	m->sa_replay = x.sadb_sa_replay;
	m->sa_state = x.sadb_sa_state;
	m->auth = x.sadb_sa_auth;
	m->encrypt = x.sadb_sa_encrypt;
	m->sa_flags = x.sadb_sa_flags;
	return true;
}

static bool
get_lifetime(const uint8_t *p, size_t n, struct cw_limits *l)
{
	struct sadb_lifetime x;

	if (n != sizeof(x))
		return false;
	memcpy(&x, p, sizeof(x));
	l->packets = x.sadb_lifetime_allocations;
	l->bytes = x.sadb_lifetime_bytes;
	l->add = x.sadb_lifetime_addtime;
	l->use = x.sadb_lifetime_usetime;
	return true;
}

static bool
get_address(const uint8_t *p, size_t n, struct pf_addr *a)
{
	size_t used;

	if (n < 8)
		return false;
	a->proto = p[4];
	a->plen = p[5];
	used = sockaddr(p + 8, n - 8, &a->a, &a->port);
	return used && n == 8 + (used + 7) / 8 * 8 && a->plen <= cw_addr_len(&a->a) * 8;
}

static bool
get_key(const uint8_t *p, size_t n, struct pf_key *k)
{
	if (n < 8)
		return false;
	k->bits = rd16(p + 4);
	k->n = (k->bits + 7) / 8;
	k->p = p + 8;
	return k->bits && n == 8 + (k->n + 7) / 8 * 8;
}

static bool
get_request(const uint8_t *p, size_t n, struct cw_request *r)
{
	struct sadb_x_ipsecrequest x;
	uint16_t port;
	size_t s, d;

	memcpy(&x, p, sizeof(x));
	if (x.sadb_x_ipsecrequest_proto > 255)
		return false;
	*r = (struct cw_request){
		.proto = (uint8_t)x.sadb_x_ipsecrequest_proto, .mode = x.sadb_x_ipsecrequest_mode,
		.level = x.sadb_x_ipsecrequest_level, .reqid = x.sadb_x_ipsecrequest_reqid,
	};
	if (n == sizeof(x))
		return true;
	s = sockaddr(p + 16, n - 16, &r->src, &port);
	d = s ? sockaddr(p + 16 + s, n - 16 - s, &r->dst, &port) : 0;
	return d && r->src.fam == r->dst.fam && n == (16 + s + d + 7) / 8 * 8;
}

bool
pf_policy_get(const uint8_t *p, size_t n, struct pf_msg *m)
{
	struct sadb_x_policy x;

	if (n < sizeof(x))
		return false;
	memcpy(&x, p, sizeof(x));
	m->pol_type = x.sadb_x_policy_type;
	m->pol_dir = x.sadb_x_policy_dir;
	m->pol_id = x.sadb_x_policy_id;
	m->pol_priority = x.sadb_x_policy_priority;
	for (p += sizeof(x), n -= sizeof(x); n; ) {
		size_t len = n >= 16 ? rd16(p) : 0;	/* in octets, unlike every other length */

		if (len < 16 || len > n || len % 8 || m->nreq == CW_REQUESTS_MAX || !get_request(p, len, &m->req[m->nreq]))
			return false;
		m->nreq++;
		p += len;
		n -= len;
	}
	return true;
}

void
pf_selector_get(const uint8_t *p, struct cw_selector *s)
{
	struct cw_ext_selector x;

	memcpy(&x, p, sizeof(x));
	*s = (struct cw_selector){ .side = x.side, .proto = x.proto, .lo_port = x.port_lo, .hi_port = x.port_hi };
	s->lo.fam = s->hi.fam = x.fam;
	memcpy(s->lo.b, x.lo, 16);
	memcpy(s->hi.b, x.hi, 16);
}

static bool
get_selectors(const uint8_t *p, size_t n, struct pf_msg *m)
{
	struct cw_selector s;
	bool side[2] = { false, false };

	if (n < sizeof(struct cw_ext_selectors))
		return false;
	m->nsel = rd16(p + 4);
	m->sel = p + sizeof(struct cw_ext_selectors);
	if (m->nsel > CW_SELECTORS_MAX || n != sizeof(struct cw_ext_selectors) + m->nsel * sizeof(struct cw_ext_selector))
		return false;
	for (unsigned i = 0; i < m->nsel; i++) {
		pf_selector_get(m->sel + i * sizeof(struct cw_ext_selector), &s);
		if (s.side > 1 || (s.lo.fam != 4 && s.lo.fam != 6) || s.lo_port > s.hi_port ||
		    memcmp(s.lo.b, s.hi.b, sizeof(s.lo.b)) > 0)
			return false;
		if (s.proto == 0 && (s.lo_port != 0 || s.hi_port != 65535))
			return false;		/* ports of no protocol: taken as any port they would widen the SA */
		if (s.lo.fam == 4)
			for (unsigned k = 4; k < 16; k++)
				if (s.lo.b[k] || s.hi.b[k])
					return false;
		side[s.side] = true;
	}
	return side[0] && side[1];
}

static bool
get_misc(unsigned type, const uint8_t *p, size_t n, struct pf_msg *m)
{
	switch (type) {
	case SADB_EXT_SPIRANGE:
		if (n != sizeof(struct sadb_spirange))
			return false;
		memcpy(&m->spi_min, p + 4, 4);
		memcpy(&m->spi_max, p + 8, 4);
		return true;
	case SADB_X_EXT_SA2:
		if (n != sizeof(struct sadb_x_sa2))
			return false;
		m->mode = p[4];
		memcpy(&m->reqid, p + 12, 4);
		return true;
	case SADB_X_EXT_NAT_T_TYPE:
		m->natt = p[4];
		return n == 8;
	case SADB_X_EXT_NAT_T_SPORT:
		m->sport = get16(p + 4);
		return n == 8;
	case SADB_X_EXT_NAT_T_DPORT:
		m->dport = get16(p + 4);
		return n == 8;
	}
	return true;	/* not ours: its length was checked, its content is not read */
}

static bool
get_named(const uint8_t *p, size_t n, struct pf_msg *m)
{
	struct cw_named x;

	if (n < sizeof(struct cw_ext_named))
		return false;
	m->named_what = rd16(p + 4);
	m->nnamed = rd16(p + 6);
	m->named = p + sizeof(struct cw_ext_named);
	if (m->nnamed > CW_NAMED_MAX || n != sizeof(struct cw_ext_named) + m->nnamed * sizeof(x))
		return false;
	for (unsigned i = 0; i < m->nnamed; i++) {
		memcpy(&x, m->named + i * sizeof(x), sizeof(x));
		if (x.name[sizeof(x.name) - 1])
			return false;
	}
	return true;
}

static bool
get_tap(const uint8_t *p, size_t n, struct pf_msg *m)
{
	struct cw_ext_tap x;

	if (n < sizeof(x))
		return false;
	memcpy(&x, p, sizeof(x));
	m->tap_id = x.id;
	m->tap_octets = x.octets;
	m->tap_rate = x.rate;
	m->ntap = x.n;
	m->tap = p + sizeof(x);
	return x.n <= CW_TAP_REQIDS_MAX && n == sizeof(x) + (x.n * 4u + 7) / 8 * 8;
}

static bool
get_iface(const uint8_t *p, size_t n, struct pf_msg *m)
{
	if (n != sizeof(struct cw_ext_iface))
		return false;
	memcpy(m->iface, p + offsetof(struct cw_ext_iface, name), sizeof(m->iface));
	return cw_iface_name_ok(m->iface);
}

static bool
get_private(unsigned type, const uint8_t *p, size_t n, struct pf_msg *m)
{
	switch (type) {
	case CW_EXT_HELLO:
		if (n != sizeof(struct cw_ext_hello))
			return false;
		memcpy(&m->hello_magic, p + 4, 4);
		memcpy(&m->hello_version, p + 8, 2);
		return true;
	case CW_EXT_REPLAY:
		memcpy(&m->replay, p + 4, 4);
		return n == 8;
	case CW_EXT_SAFLAGS:
		memcpy(&m->saflags, p + 4, 4);
		return n == 8;
	case CW_EXT_SELECTORS:
		return get_selectors(p, n, m);
	case CW_EXT_OWNER:
		m->owner = p + 8;
		return n == sizeof(struct cw_ext_owner);
	case CW_EXT_NAMED:
		return get_named(p, n, m);
	case CW_EXT_TAP:
		return get_tap(p, n, m);
	case CW_EXT_IFACE:
		return get_iface(p, n, m);
	case CW_EXT_KEYLESS:
		return n == sizeof(struct cw_ext_keyless);
	case CW_EXT_PACKETS:
		if (n != sizeof(struct cw_ext_packets))
			return false;
		memcpy(&m->soft_packets, p + 8, 8);
		memcpy(&m->hard_packets, p + 16, 8);
		return true;
	}
	return true;	/* STATS, DROPS and TAPPED say nothing to the engine */
}

static bool
get_ext(unsigned type, const uint8_t *p, size_t n, struct pf_msg *m)
{
	switch (type) {
	case SADB_EXT_SA:
		return get_sa(p, n, m);
	case SADB_EXT_LIFETIME_HARD:
		return get_lifetime(p, n, &m->hard);
	case SADB_EXT_LIFETIME_SOFT:
		return get_lifetime(p, n, &m->soft);
	case SADB_EXT_ADDRESS_SRC:
		return get_address(p, n, &m->src);
	case SADB_EXT_ADDRESS_DST:
		return get_address(p, n, &m->dst);
	case SADB_EXT_KEY_AUTH:
		return get_key(p, n, &m->akey);
	case SADB_EXT_KEY_ENCRYPT:
		return get_key(p, n, &m->ekey);
	case SADB_X_EXT_POLICY:
		return pf_policy_get(p, n, m);
	}
	return type >= CW_EXT_FIRST ? get_private(type, p, n, m) : get_misc(type, p, n, m);
}

int
pf_decode(const uint8_t *p, size_t len, struct pf_msg *m)
{
	struct sadb_msg h;

	*m = (struct pf_msg){ 0 };
	if (len < sizeof(h))
		return EMSGSIZE;
	memcpy(&h, p, sizeof(h));
	m->type = h.sadb_msg_type;
	m->satype = h.sadb_msg_satype;
	m->error = h.sadb_msg_errno;
	m->seq = h.sadb_msg_seq;
	m->pid = h.sadb_msg_pid;
	if (h.sadb_msg_version != PF_KEY_V2)
		return EINVAL;
	if (h.sadb_msg_len * 8u != len)
		return EMSGSIZE;
	for (p += sizeof(h), len -= sizeof(h); len; ) {
		size_t n = rd16(p) * 8u;		/* there are 8 octets at least: all is in eights */
		unsigned type = rd16(p + 2);

		if (n == 0 || n > len || type == SADB_EXT_RESERVED)
			return EINVAL;
		if (type <= SADB_EXT_MAX || (type >= CW_EXT_FIRST && type <= CW_EXT_LAST)) {
			if ((m->has & PF_BIT(type)) || !get_ext(type, p, n, m))
				return EINVAL;
			m->has |= PF_BIT(type);
		}
		p += n;
		len -= n;
	}
	return 0;
}
