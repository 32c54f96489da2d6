/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_rig.h"

#include <limits.h>

#include "causeway/pfkey.h"
#include "core.h"

/* -- the host's side of the seam -- */

static void
keep(struct cw_pkt **list, unsigned *n, struct cw_pkt **v, unsigned k)
{
	for (unsigned i = 0; i < k; i++) {
		if (*n == RIG_OUT)
			fail_msg("too many packets for the rig");
		list[(*n)++] = v[i];
	}
}

void
host_plain_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	keep(h->plain, &h->nplain, v, n);
}

void
host_wire_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	keep(h->wire, &h->nwire, v, n);
}

void
host_drop_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	keep(h->drop, &h->ndrop, v, n);
}

bool
host_pfkey_out(struct host *h, void *cookie, const uint8_t *msg, size_t len, bool may_refuse)
{
	struct rig_client *c = cookie;
	uint8_t *copy;

	(void)h;
	if (may_refuse && c->room == 0) {
		c->refused++;
		return false;
	}
	if (may_refuse && c->room != UINT_MAX)
		c->room--;
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, msg, len);
	if (c->n == RIG_MSGS) {
		free((void *)c->msg[0].p);
		memmove(c->msg, c->msg + 1, (RIG_MSGS - 1) * sizeof(c->msg[0]));
		c->n--;
	}
	c->msg[c->n++] = bytes_of(copy, len);
	return true;
}

void
host_policy_changed(struct host *h, unsigned change, const struct cw_policy *p)
{
	(void)change;
	(void)p;
	h->changes++;
}

static unsigned
iface_of(const struct host *h, const char *name)
{
	for (unsigned i = 0; i < RIG_IFACES; i++)
		if (h->iface[i].users && strcmp(h->iface[i].name, name) == 0)
			return i + 1;
	return 0;
}

int
host_iface_hold(struct host *h, const char *name, uint32_t *num)
{
	unsigned n = iface_of(h, name);

	if (strcmp(name, "eth0") == 0)
		return EEXIST;
	for (unsigned i = 0; n == 0 && i < RIG_IFACES; i++)
		if (h->iface[i].users == 0) {
			memcpy(h->iface[i].name, name, CW_IFACE_LEN);
			n = i + 1;
		}
	if (n == 0)
		return ENOSPC;
	h->iface[n - 1].users++;
	*num = n;
	return 0;
}

void
host_iface_put(struct host *h, uint32_t num)
{
	assert_true(num >= 1 && num <= RIG_IFACES && h->iface[num - 1].users > 0);
	h->iface_gone += --h->iface[num - 1].users == 0;
}

uint32_t
host_iface_find(struct host *h, const char *name)
{
	return iface_of(h, name);
}

bool
host_pkt_room(struct host *h, struct cw_pkt *p, uint32_t front, uint32_t len)
{
	uint8_t *buf = h->no_room ? NULL : malloc(front + len);

	if (buf == NULL)
		return false;
	free(p->buf);
	p->buf = buf;
	p->cap = front + len;
	p->off = front;
	return true;
}

uint32_t
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	(void)src;
	(void)dst;
	return h->mtu;
}

/* -- life -- */

struct host *
rig_new(void)
{
	static const unsigned flags[RIG_CLIENTS] = { CW_CLIENT_KEYS, 0, CW_CLIENT_KEYLESS, 0 };
	struct host *h = calloc(1, sizeof(*h));
	struct pfkey_msg m;

	assert_non_null(h);
	h->e = cw_new(h);
	assert_non_null(h->e);
	h->now = 1000 * S;
	for (unsigned i = 0; i < RIG_CLIENTS; i++) {
		h->client[i].room = UINT_MAX;
		h->client[i].c = cw_client_open(h->e, &h->client[i], flags[i], 0);
		assert_non_null(h->client[i].c);
	}
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.hello_version = CW_HELLO_VERSION;
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	return h;
}

void
rig_pkt_free(struct cw_pkt *p)
{
	free(p->buf);
	free(p);
}

static void
free_list(struct cw_pkt **v, unsigned *n)
{
	for (unsigned i = 0; i < *n; i++)
		rig_pkt_free(v[i]);
	*n = 0;
}

void
rig_clear(struct host *h)
{
	free_list(h->plain, &h->nplain);
	free_list(h->wire, &h->nwire);
	free_list(h->drop, &h->ndrop);
	for (unsigned i = 0; i < CW_COUNTERS; i++)
		h->base[i] = cw_counter(h->e, i);
}

void
rig_free(struct host *h)
{
	rig_clear(h);
	cw_free(h->e);		/* what waited in it comes out */
	for (unsigned i = 0; i < RIG_IFACES; i++)
		assert_int_equal(h->iface[i].users, 0);
	host_turn_end();
	free_list(h->drop, &h->ndrop);
	for (unsigned i = 0; i < RIG_CLIENTS; i++)
		rig_forget(h, i);
	free(h);
}

/* -- PF_KEY -- */

void
rig_forget(struct host *h, unsigned client)
{
	struct rig_client *c = &h->client[client];

	for (unsigned i = 0; i < c->n; i++)
		free((void *)c->msg[i].p);
	c->n = 0;
}

bool
rig_last(struct host *h, unsigned client, struct pfkey_msg *m)
{
	struct rig_client *c = &h->client[client];
	const char *why = NULL;

	if (c->n == 0)
		return false;
	if (!pfkey_get(c->msg[c->n - 1], m, &why))
		fail_msg("the engine's message does not parse: %s", why);
	return true;
}

bool
rig_event(struct host *h, unsigned client, unsigned type, struct pfkey_msg *m)
{
	struct rig_client *c = &h->client[client];

	for (unsigned i = c->n; i-- > 0; )
		if (c->msg[i].p[1] == type) {
			assert_true(pfkey_get(c->msg[i], m, NULL));
			return true;
		}
	return false;
}

int
rig_call(struct host *h, unsigned client, struct pfkey_msg *m)
{
	static uint32_t seq = 100;
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg answer;
	unsigned before = h->client[client].n;

	if (m->seq == 0)
		m->seq = ++seq;
	m->pid = 4711 + client;
	assert_true(pfkey_put(&w, m));
	cw_pfkey(h->e, h->client[client].c, buf, w.n, h->now);
	for (unsigned i = before; i < h->client[client].n; i++) {
		assert_true(pfkey_get(h->client[client].msg[i], &answer, NULL));
		if (answer.type == m->type && answer.seq == m->seq && answer.pid == m->pid)
			return answer.err;
	}
	return -1;
}

struct cw_addr
rig_addr(const char *text)
{
	struct cw_addr c = { 0 };
	struct addr a;

	assert_true(addr_parse(text, &a));
	c.fam = a.fam;
	memcpy(c.b, a.b, sizeof(c.b));
	return c;
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	return p;
}

void
rig_keys(const struct rig_sa *a, uint8_t ekey[64], size_t *elen, uint8_t akey[64], size_t *alen)
{
	const struct cw_alg *enc = cw_alg_find(false, a->cipher ? a->cipher : SADB_X_EALG_AES_GCM_ICV16), *auth = cw_alg_find(true, a->auth);

	*elen = (a->bits ? a->bits : enc ? enc->min : 128u) / 8 + (enc ? enc->salt : 0u);
	*alen = auth ? auth->min / 8u + auth->salt : 0;
	for (unsigned i = 0; i < 64; i++) {
		ekey[i] = (uint8_t)(0x40 + a->seed + i * 3);
		akey[i] = (uint8_t)(0x90 + a->seed + i * 5);
	}
}

void
rig_sa_msg(struct pfkey_msg *m, const struct rig_sa *a, uint8_t type, uint8_t keys[128])
{
	struct endpoint src = { 0 }, dst = { 0 };
	size_t elen, alen;

	pfkey_msg_init(m, type, SADB_SATYPE_ESP);
	assert_true(addr_parse(a->src, &src.addr));
	assert_true(addr_parse(a->dst, &dst.addr));
	rig_keys(a, keys, &elen, keys + 64, &alen);
	pfkey_set_ends(m, &src, &dst);
	pfkey_set_sa2(m, a->any_mode ? CW_MODE_ANY : a->mode ? a->mode : CW_MODE_TUNNEL, a->reqid);
	m->sa = (struct pfkey_sa){
		.spi = a->spi, .state = SADB_SASTATE_MATURE, .auth = (uint8_t)a->auth,
		.encrypt = (uint8_t)(a->cipher ? a->cipher : SADB_X_EALG_AES_GCM_ICV16),
	};
	m->key_encrypt = bytes_of(keys, elen);
	m->key_auth = bytes_of(keys + 64, alen);
	m->soft = (struct pfkey_lifetime){ .addtime = a->soft_s, .bytes = a->soft_bytes, .packets = a->soft_packets };
	m->hard = (struct pfkey_lifetime){ .addtime = a->hard_s, .bytes = a->hard_bytes, .packets = a->hard_packets };
	m->replay_window = a->window;
	m->sa_flags = a->flags;
	m->has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) |
	    PFKEY_HAS(SADB_EXT_LIFETIME_HARD) | PFKEY_HAS(CW_EXT_REPLAY) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_PACKETS);
	if (elen)
		m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	if (alen)
		m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
	if (a->udp) {
		m->natt_type = CW_NATT_ESPINUDP;
		m->natt_sport = m->natt_dport = a->udp;
		m->has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
	}
	if (a->iface)
		pfkey_set_iface(m, a->iface);
	if (a->sel_src) {
		struct prefix s = prefix(a->sel_src), d = prefix(a->sel_dst);

		m->sel_src.n = m->sel_dst.n = 1;
		m->sel_src.v[0] = ts_from_prefix(&s);
		m->sel_dst.v[0] = ts_from_prefix(&d);
		m->has |= PFKEY_HAS(CW_EXT_SELECTORS);
	}
}

int
rig_sa(struct host *h, const struct rig_sa *a)
{
	uint8_t keys[128];
	struct pfkey_msg m;

	rig_sa_msg(&m, a, SADB_ADD, keys);
	return rig_call(h, 0, &m);
}

int
rig_by_name(struct host *h, unsigned client, uint8_t type, const struct rig_sa *a)
{
	struct pfkey_msg m, full;
	uint8_t keys[128];

	rig_sa_msg(&full, a, type, keys);
	pfkey_msg_init(&m, type, SADB_SATYPE_ESP);
	m.sa.spi = a->spi;
	m.src = full.src;
	m.dst = full.dst;
	m.has = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	return rig_call(h, client, &m);
}

void
rig_policy_msg(struct pfkey_msg *m, uint8_t type, unsigned dir, unsigned pol, const char *src, const char *dst, uint32_t reqid, uint32_t prio)
{
	struct prefix s = prefix(src), d = prefix(dst);

	pfkey_msg_init(m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, &s, &d, 0, 0, 0);
	m->policy = (struct pfkey_policy){ .type = (uint16_t)pol, .dir = (uint8_t)dir, .priority = prio, .n = pol == CW_POLICY_IPSEC };
	m->policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = reqid };
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	if (type == SADB_X_SPDADD || type == SADB_X_SPDUPDATE)
		pfkey_set_owner(m, "spdsync:tokyo-newyork/net");
}

int
rig_policy(struct host *h, unsigned dir, unsigned pol, const char *src, const char *dst, uint32_t reqid, uint32_t prio)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDADD, dir, pol, src, dst, reqid, prio);
	return rig_call(h, 0, &m);
}

void
rig_policy_of(struct host *h, const char *iface, unsigned dir, const char *src, const char *dst, uint32_t reqid)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, reqid, 0);
	pfkey_set_iface(&m, iface);
	assert_int_equal(rig_call(h, 0, &m), 0);
}

void
rig_tunnel(struct host *h, bool left, const struct rig_sa *like)
{
	static const char *const net4[2] = { "10.0.1.0/24", "10.0.2.0/24" }, *const net6[2] = { "fd01::/16", "fd02::/16" };
	static const char *const gw[2] = { "20.0.0.1", "20.0.0.2" };
	unsigned me = left ? 0 : 1, it = 1 - me;
	struct rig_sa in = *like, out = *like;

	in.reqid = out.reqid = 7;
	in.src = out.dst = gw[it];
	in.dst = out.src = gw[me];
	in.spi = left ? 0x1000 : 0x2000;
	out.spi = left ? 0x2000 : 0x1000;
	in.seed = left ? 1 : 2;		/* the keys belong to the SPI */
	out.seed = left ? 2 : 1;
	in.flags |= CW_SAF_IN;
	out.flags |= CW_SAF_OUT;
	if (in.window == 0)
		in.window = 64;
	assert_int_equal(rig_sa(h, &in), 0);
	assert_int_equal(rig_sa(h, &out), 0);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const char *const *net = v6 ? net6 : net4;

		assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, net[me], net[it], 7, 1000), 0);
		assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_IPSEC, net[it], net[me], 7, 1000), 0);
	}
	for (unsigned i = 0; i < RIG_CLIENTS; i++)
		rig_forget(h, i);
}

static struct cw_sa *
sa_of(struct cw_engine *e, uint32_t spi)
{
	struct cw_sa *sa = e->sa_first;

	while (sa && sa->spi != spi)
		sa = sa->succ;
	assert_non_null(sa);
	return sa;
}

void
rig_set_sequence(struct cw_engine *e, uint32_t spi, uint64_t last)
{
	sa_of(e, spi)->seq_out = last;
}

void
rig_set_window(struct cw_engine *e, uint32_t spi, uint64_t top)
{
	cw_replay_update(&sa_of(e, spi)->replay, top);
}

/* -- packets -- */

struct cw_pkt *
rig_pkt(const void *data, size_t n)
{
	struct cw_pkt *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->cap = (uint32_t)(CW_HEADROOM + n + CW_TAILROOM);
	p->buf = malloc(p->cap);
	assert_non_null(p->buf);
	memset(p->buf, 0xa5, p->cap);
	p->off = CW_HEADROOM;
	p->len = (uint32_t)n;
	if (n)
		memcpy(p->buf + p->off, data, n);
	return p;
}

struct cw_pkt *
rig_copy(const struct cw_pkt *from)
{
	struct cw_pkt *p = rig_pkt(cw_pkt_data(from), from->len);

	p->outer = from->outer;
	return p;
}

static uint16_t
sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

struct cw_pkt *
rig_udp4(const char *src, const char *dst, size_t payload, unsigned tos, bool df)
{
	struct cw_addr s = rig_addr(src), d = rig_addr(dst);
	size_t n = 28 + payload;
	uint8_t *b = calloc(1, n);
	struct cw_pkt *p;
	uint16_t c;

	assert_non_null(b);
	b[0] = 0x45;
	b[1] = (uint8_t)tos;
	b[2] = (uint8_t)(n >> 8);
	b[3] = (uint8_t)n;
	b[6] = df ? 0x40 : 0;
	b[8] = 64;
	b[9] = 17;
	memcpy(b + 12, s.b, 4);
	memcpy(b + 16, d.b, 4);
	c = sum(b, 20);
	b[10] = (uint8_t)(c >> 8);
	b[11] = (uint8_t)c;
	b[21] = 53;
	b[23] = 80;
	b[24] = (uint8_t)((n - 20) >> 8);
	b[25] = (uint8_t)(n - 20);
	for (size_t i = 0; i < payload; i++)
		b[28 + i] = (uint8_t)(i * 7);
	p = rig_pkt(b, n);
	free(b);
	return p;
}

struct cw_pkt *
rig_udp6(const char *src, const char *dst, size_t payload, unsigned tclass)
{
	struct cw_addr s = rig_addr(src), d = rig_addr(dst);
	size_t n = 48 + payload;
	uint8_t *b = calloc(1, n);
	struct cw_pkt *p;

	assert_non_null(b);
	b[0] = (uint8_t)(0x60 | tclass >> 4);
	b[1] = (uint8_t)(tclass << 4);
	b[4] = (uint8_t)((n - 40) >> 8);
	b[5] = (uint8_t)(n - 40);
	b[6] = 17;
	b[7] = 64;
	memcpy(b + 8, s.b, 16);
	memcpy(b + 24, d.b, 16);
	b[41] = 53;
	b[43] = 80;
	b[44] = (uint8_t)((n - 40) >> 8);
	b[45] = (uint8_t)(n - 40);
	p = rig_pkt(b, n);
	free(b);
	return p;
}

void
rig_carry(struct host *to, struct cw_pkt *p)
{
	cw_wire_in(to->e, &p, 1, to->now);
}

/* RFC 4302 3.3.3.1.1.1 and 3.3.3.1.2: what is mutable of the header in front. */
static unsigned
front_bit(unsigned fam, uint32_t bit)
{
	uint32_t at = bit / 8;

	if (fam == 4) {
		if (at == 1 || at == 8 || at == 10 || at == 11 || (at == 6 && bit % 8 < 2))
			return CW_DROP_NONE;		/* TOS, TTL, checksum, the reserved flag, DF */
		if (at == 6 || at == 7)
			return CW_DROP_AH_FRAGMENT;
		return at == 0 || at == 9 ? CW_DROP_AH_HEADER : CW_DROP_ICV_WRONG;
	}
	if ((at == 0 && bit % 8 > 3) || (at > 0 && at < 4) || at == 7)
		return CW_DROP_NONE;			/* class, flow label, hop limit */
	return at == 0 || at == 6 ? CW_DROP_AH_HEADER : CW_DROP_ICV_WRONG;
}

unsigned
rig_ah_flip(struct cw_pkt *p, uint32_t bit, bool old)
{
	uint32_t front = p->outer.dst.fam == 4 ? 20 : 40, at = bit / 8;
	const uint8_t *ah = cw_pkt_data(p);

	*(cw_pkt_data(p) - p->outer.hlen + at) ^= (uint8_t)(0x80 >> bit % 8);
	if (at < front)
		return front_bit(p->outer.dst.fam, bit);
	at -= front;
	if (at == 1)
		return CW_DROP_AH_SHORT;
	if (at == 11 && !old)
		return bit % 8 == 7 ? CW_DROP_SEQUENCE_ZERO : CW_DROP_ICV_WRONG;
	if (at < 4 || at >= 8)
		return CW_DROP_ICV_WRONG;
	return get32(ah + 4) < 256 ? CW_DROP_SPI_RESERVED : CW_DROP_SPI_UNKNOWN;
}

struct cw_pkt *
rig_seal(struct host *h, struct cw_pkt *p)
{
	unsigned n = h->nwire;

	cw_plain_in(h->e, &p, 1, h->now);
	if (h->nwire != n + 1)
		fail_msg("not sealed: %s", p->drop ? cw_drop_sentence(p->drop) : "it waits");
	return h->wire[--h->nwire];
}

uint64_t
rig_drops(const struct host *h)
{
	uint64_t n = 0;

	for (unsigned i = 1; i < CW_TOTAL_PLAIN_IN; i++)
		n += cw_counter(h->e, i);
	return n;
}

void
rig_dropped(struct host *h, unsigned reason)
{
	if (h->ndrop != 1 || h->drop[0]->drop != reason)
		fail_msg("%u drops, the first: %s; not: %s", h->ndrop, h->ndrop ? cw_drop_sentence(h->drop[0]->drop) : "-",
		    cw_drop_sentence(reason));
	assert_int_equal(h->nplain, 0);
	for (unsigned i = 1; i < CW_TOTAL_PLAIN_IN; i++)
		if (cw_counter(h->e, i) != h->base[i] + (i == reason))
			fail_msg("the counter %s", cw_counter_name(i));
}

struct cw_pkt *
rig_arriving(const struct cw_pkt *p)
{
	struct cw_pkt *q = rig_pkt(cw_pkt_data(p) - p->outer.hlen, p->len + p->outer.hlen);

	q->outer = p->outer;
	q->off += p->outer.hlen;
	q->len -= p->outer.hlen;
	return q;
}

size_t
rig_octets(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned v;

	for (; *hex; hex++)
		if (*hex != ' ') {
			assert_int_equal(sscanf(hex, "%2x", &v), 1);
			to[n++] = (uint8_t)v;
			hex++;
		}
	return n;
}

void
rig_as_ah(struct pfkey_msg *m)
{
	m->satype = SADB_SATYPE_AH;
	m->sa.encrypt = 0;
	m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
}

void
rig_same(struct host *h, const struct cw_pkt *sent, bool new_id)
{
	uint8_t *got;

	if (h->ndrop)
		fail_msg("dropped: %s", cw_drop_sentence(h->drop[0]->drop));
	assert_int_equal(h->nplain, 1);
	assert_int_equal(h->plain[0]->len, sent->len);
	got = cw_pkt_data(h->plain[0]);
	if (new_id && got[0] >> 4 == 4 && get16(got + 4) != 0) {
		put16(got + 4, 0);
		cw_ip_lead(got, 20, got[9], sent->len);
	}
	assert_memory_equal(got, cw_pkt_data(sent), sent->len);
	rig_clear(h);
}
