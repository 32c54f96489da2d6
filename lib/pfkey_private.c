/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The private extensions of <causeway/pfkey.h>, each written and read side by side; the table is at the end. */
#include "pfkey_ext.h"

static void
put_hello(struct wr *w, const struct pfkey_msg *m)
{
	wr_h32(w, CW_HELLO_MAGIC);
	wr_h16(w, m->hello_version);
	wr_h16(w, 0);
	wr_h32(w, 0);
	wr_h64(w, m->hello_features);
}

static void
get_hello(struct rd *r, struct pfkey_msg *m)
{
	if (rd_h32(r) != CW_HELLO_MAGIC)
		rd_fail(r);
	m->hello_version = rd_h16(r);
	rd_h16(r);
	rd_h32(r);
	m->hello_features = rd_h64(r);
}

static void put_replay(struct wr *w, const struct pfkey_msg *m) { wr_h32(w, m->replay_window); }
static void get_replay(struct rd *r, struct pfkey_msg *m) { m->replay_window = rd_h32(r); }
static void put_saflags(struct wr *w, const struct pfkey_msg *m) { wr_h32(w, m->sa_flags); }
static void get_saflags(struct rd *r, struct pfkey_msg *m) { m->sa_flags = rd_h32(r); }
static void put_keyless(struct wr *w, const struct pfkey_msg *m) { (void)m; wr_h32(w, 0); }
static void get_keyless(struct rd *r, struct pfkey_msg *m) { (void)m; rd_h32(r); }

static void
selectors_side(struct wr *w, uint8_t side, const struct ts_list *l)
{
	for (unsigned i = 0; i < l->n && i < TS_MAX; i++) {
		const struct ts *t = &l->v[i];

		if (t->lo.fam != t->hi.fam || addr_len(&t->lo) == 0)
			w->bad = true;
		wr_u8(w, side);
		wr_u8(w, t->proto);
		wr_u8(w, t->lo.fam);
		wr_u8(w, 0);
		wr_h16(w, t->port_lo);
		wr_h16(w, t->port_hi);
		wr_mem(w, t->lo.b, addr_len(&t->lo));
		wr_zero(w, 16 - addr_len(&t->lo));
		wr_mem(w, t->hi.b, addr_len(&t->hi));
		wr_zero(w, 16 - addr_len(&t->hi));
	}
}

static void
put_selectors(struct wr *w, const struct pfkey_msg *m)
{
	wr_h16(w, (uint16_t)(m->sel_src.n + m->sel_dst.n));
	wr_h16(w, 0);
	if (m->sel_src.n + m->sel_dst.n > CW_SELECTORS_MAX)
		w->bad = true;
	selectors_side(w, 0, &m->sel_src);
	selectors_side(w, 1, &m->sel_dst);
}

static void
selector_addr(struct rd *r, uint8_t fam, struct addr *a)
{
	static const uint8_t zero[12];

	*a = (struct addr){ .fam = fam };
	rd_copy(r, a->b, 16);
	if (fam == 4 && memcmp(a->b + 4, zero, 12) != 0)
		rd_fail(r);
}

static void
get_selectors(struct rd *r, struct pfkey_msg *m)
{
	unsigned n = rd_h16(r);

	rd_h16(r);
	m->sel_src.n = m->sel_dst.n = 0;
	for (unsigned i = 0; i < n && rd_ok(r); i++) {
		uint8_t side = rd_u8(r);
		struct ts_list *l = side ? &m->sel_dst : &m->sel_src;
		struct ts *t = &l->v[l->n];
		uint8_t fam;

		if (side > 1 || l->n == TS_MAX) {
			rd_fail(r);
			return;
		}
		*t = (struct ts){ .proto = rd_u8(r) };
		fam = rd_u8(r);
		rd_u8(r);
		if (fam != 4 && fam != 6)
			rd_fail(r);
		t->port_lo = rd_h16(r);
		t->port_hi = rd_h16(r);
		selector_addr(r, fam, &t->lo);
		selector_addr(r, fam, &t->hi);
		l->n++;
	}
}

static void
put_owner(struct wr *w, const struct pfkey_msg *m)
{
	size_t n = strnlen(m->owner, CW_OWNER_LEN);

	wr_h32(w, 0);
	wr_mem(w, m->owner, n);
	wr_zero(w, CW_OWNER_LEN - n);
}

static void
get_owner(struct rd *r, struct pfkey_msg *m)
{
	rd_h32(r);
	rd_copy(r, m->owner, CW_OWNER_LEN);
	m->owner[CW_OWNER_LEN] = '\0';
}

static void
put_stats(struct wr *w, const struct pfkey_msg *m)
{
	const struct pfkey_stats *s = &m->stats;

	wr_h32(w, 0);
	wr_h64(w, s->packets);
	wr_h64(w, s->bytes);
	wr_h64(w, s->sequence);
	wr_h64(w, s->replay);
	wr_h64(w, s->icv);
	wr_h64(w, s->selector);
	wr_h64(w, s->other);
}

static void
get_stats(struct rd *r, struct pfkey_msg *m)
{
	struct pfkey_stats *s = &m->stats;

	rd_h32(r);
	s->packets = rd_h64(r);
	s->bytes = rd_h64(r);
	s->sequence = rd_h64(r);
	s->replay = rd_h64(r);
	s->icv = rd_h64(r);
	s->selector = rd_h64(r);
	s->other = rd_h64(r);
}

static void
put_packets(struct wr *w, const struct pfkey_msg *m)
{
	wr_h32(w, 0);
	wr_h64(w, m->soft.packets);
	wr_h64(w, m->hard.packets);
}

/* Comes after the lifetimes in the table, but anywhere in a message: pfkey_get sees to it. */
static void
get_packets(struct rd *r, struct pfkey_msg *m)
{
	rd_h32(r);
	m->soft.packets = rd_h64(r);
	m->hard.packets = rd_h64(r);
}

static void
put_named(struct wr *w, const struct pfkey_msg *m)
{
	wr_h16(w, m->named_what);
	wr_h16(w, (uint16_t)(m->named.n / sizeof(struct cw_named)));
	wr_span(w, m->named);
}

static void
get_named(struct rd *r, struct pfkey_msg *m)
{
	unsigned n;

	m->named_what = rd_h16(r);
	n = rd_h16(r);
	if (n > CW_NAMED_MAX)
		rd_fail(r);
	m->named = rd_bytes(r, n * sizeof(struct cw_named));
	for (unsigned i = 0; rd_ok(r) && i < n; i++)
		if (m->named.p[i * sizeof(struct cw_named) + offsetof(struct cw_named, value) - 1])
			rd_fail(r);	/* a name that does not end */
}

static void
put_drops(struct wr *w, const struct pfkey_msg *m)
{
	wr_h16(w, (uint16_t)(m->drops.n / sizeof(struct cw_dropped)));
	wr_h16(w, 0);
	wr_span(w, m->drops);
}

static void
get_drops(struct rd *r, struct pfkey_msg *m)
{
	unsigned n = rd_h16(r);

	rd_h16(r);
	if (n > CW_DROPS_MAX)
		rd_fail(r);
	m->drops = rd_bytes(r, n * sizeof(struct cw_dropped));
}

static void
put_layers(struct wr *w, const struct pfkey_msg *m)
{
	wr_h16(w, (uint16_t)(m->layers.n / sizeof(struct cw_layer)));
	wr_h16(w, 0);
	wr_span(w, m->layers);
}

static void
get_layers(struct rd *r, struct pfkey_msg *m)
{
	unsigned n = rd_h16(r);

	rd_h16(r);
	if (n > CW_LAYERS_MAX)
		rd_fail(r);
	m->layers = rd_bytes(r, n * sizeof(struct cw_layer));
}

static void
put_tap(struct wr *w, const struct pfkey_msg *m)
{
	const struct pfkey_tap *t = &m->tap;

	if (t->n > CW_TAP_REQIDS_MAX) {
		w->bad = true;
		return;
	}
	wr_h16(w, (uint16_t)t->n);
	wr_h16(w, 0);
	wr_h32(w, t->id);
	wr_h32(w, t->octets);
	wr_h32(w, t->rate);
	wr_h32(w, 0);
	for (unsigned i = 0; i < t->n; i++)
		wr_h32(w, t->reqid[i]);
	wr_zero(w, t->n % 2 * 4);
}

static void
get_tap(struct rd *r, struct pfkey_msg *m)
{
	struct pfkey_tap *t = &m->tap;

	t->n = rd_h16(r);
	rd_h16(r);
	t->id = rd_h32(r);
	t->octets = rd_h32(r);
	t->rate = rd_h32(r);
	rd_h32(r);
	if (t->n > CW_TAP_REQIDS_MAX) {
		t->n = 0;
		rd_fail(r);
	}
	for (unsigned i = 0; i < t->n; i++)
		t->reqid[i] = rd_h32(r);
	rd_bytes(r, t->n % 2 * 4);
}

static void
put_tapped(struct wr *w, const struct pfkey_msg *m)
{
	const struct pfkey_tapped *t = &m->tapped;

	if (t->octets.n > CW_TAP_OCTETS_MAX) {
		w->bad = true;
		return;
	}
	wr_h16(w, (uint16_t)t->octets.n);
	wr_h16(w, t->reason);
	wr_h32(w, t->id);
	wr_h32(w, t->lost);
	wr_h32(w, t->reqid);
	wr_h32(w, t->spi);
	wr_h32(w, t->whole);
	wr_u8(w, t->dir);
	wr_u8(w, t->proto);
	wr_h16(w, 0);
	wr_h64(w, t->when_ns);
	wr_span(w, t->octets);
	wr_zero(w, (8 - t->octets.n % 8) % 8);
}

static void
get_tapped(struct rd *r, struct pfkey_msg *m)
{
	struct pfkey_tapped *t = &m->tapped;
	unsigned n = rd_h16(r);

	t->reason = rd_h16(r);
	t->id = rd_h32(r);
	t->lost = rd_h32(r);
	t->reqid = rd_h32(r);
	t->spi = rd_h32(r);
	t->whole = rd_h32(r);
	t->dir = rd_u8(r);
	t->proto = rd_u8(r);
	rd_h16(r);
	t->when_ns = rd_h64(r);
	if (n > CW_TAP_OCTETS_MAX || n > t->whole)
		rd_fail(r);
	t->octets = rd_bytes(r, n);
	rd_bytes(r, (8 - n % 8) % 8);
}

static void
put_iface(struct wr *w, const struct pfkey_msg *m)
{
	if (!cw_iface_name_ok(m->iface))
		w->bad = true;
	wr_h32(w, 0);
	wr_mem(w, m->iface, sizeof(m->iface));
}

static void
get_iface(struct rd *r, struct pfkey_msg *m)
{
	rd_h32(r);
	rd_copy(r, m->iface, sizeof(m->iface));
	if (!cw_iface_name_ok(m->iface)) {
		m->iface[0] = '\0';
		rd_fail(r);
	}
}

const struct pfkey_ext pfkey_private_exts[] = {
	{ CW_EXT_HELLO,			put_hello,		get_hello },
	{ CW_EXT_REPLAY,		put_replay,		get_replay },
	{ CW_EXT_SAFLAGS,		put_saflags,		get_saflags },
	{ CW_EXT_SELECTORS,		put_selectors,		get_selectors },
	{ CW_EXT_OWNER,			put_owner,		get_owner },
	{ CW_EXT_STATS,			put_stats,		get_stats },
	{ CW_EXT_KEYLESS,		put_keyless,		get_keyless },
	{ CW_EXT_PACKETS,		put_packets,		get_packets },
	{ CW_EXT_NAMED,			put_named,		get_named },
	{ CW_EXT_DROPS,			put_drops,		get_drops },
	{ CW_EXT_TAP,			put_tap,		get_tap },
	{ CW_EXT_TAPPED,		put_tapped,		get_tapped },
	{ CW_EXT_LAYERS,		put_layers,		get_layers },
	{ CW_EXT_IFACE,			put_iface,		get_iface },
};
const unsigned pfkey_nprivate_exts = sizeof(pfkey_private_exts) / sizeof(pfkey_private_exts[0]);
