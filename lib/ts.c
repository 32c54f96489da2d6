/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Traffic selectors as sets: inside, overlap, union without what another one has already. The port range 65535-0
 * is OPAQUE (RFC 7296 3.13.1): a packet without ports; only "any port" holds it.
 */
#include <stdio.h>

#include "ts.h"

struct ts
ts_from_prefix(const struct prefix *p)
{
	struct ts t = { .port_lo = 0, .port_hi = 65535 };

	prefix_range(p, &t.lo, &t.hi);
	return t;
}

static bool
ports_any(const struct ts *t)
{
	return t->port_lo == 0 && t->port_hi == 65535;
}

static bool
ports_opaque(const struct ts *t)
{
	return t->port_lo == 65535 && t->port_hi == 0;
}

bool
ts_eq(const struct ts *a, const struct ts *b)
{
	return a->proto == b->proto && a->port_lo == b->port_lo && a->port_hi == b->port_hi &&
	    addr_eq(&a->lo, &b->lo) && addr_eq(&a->hi, &b->hi);
}

bool
ts_within(const struct ts *in, const struct ts *out)
{
	if (out->proto != 0 && out->proto != in->proto)
		return false;
	if (!ports_any(out) && (ports_opaque(in) || ports_opaque(out))) {
		if (!ports_opaque(in) || !ports_opaque(out))
			return false;
	} else if (!ports_any(out) && (in->port_lo < out->port_lo || in->port_hi > out->port_hi))
		return false;
	return in->lo.fam == out->lo.fam && addr_cmp(&in->lo, &out->lo) >= 0 && addr_cmp(&in->hi, &out->hi) <= 0;
}

static bool
ports_meet(const struct ts *a, const struct ts *b, struct ts *m)
{
	if (ports_any(a) || ports_any(b)) {
		const struct ts *t = ports_any(a) ? b : a;

		m->port_lo = t->port_lo;
		m->port_hi = t->port_hi;
		return true;
	}
	if (ports_opaque(a) || ports_opaque(b)) {
		m->port_lo = 65535;
		m->port_hi = 0;
		return ports_opaque(a) && ports_opaque(b);
	}
	m->port_lo = a->port_lo > b->port_lo ? a->port_lo : b->port_lo;
	m->port_hi = a->port_hi < b->port_hi ? a->port_hi : b->port_hi;
	return m->port_lo <= m->port_hi;
}

bool
ts_meet(const struct ts *a, const struct ts *b, struct ts *out)
{
	struct ts m = { .proto = a->proto ? a->proto : b->proto };

	memset(out, 0, sizeof(*out));
	if ((a->proto && b->proto && a->proto != b->proto) || a->lo.fam != b->lo.fam || !ports_meet(a, b, &m))
		return false;
	m.lo = addr_cmp(&a->lo, &b->lo) > 0 ? a->lo : b->lo;
	m.hi = addr_cmp(&a->hi, &b->hi) < 0 ? a->hi : b->hi;
	if (addr_cmp(&m.lo, &m.hi) > 0)
		return false;
	*out = m;
	return true;
}

/* Add t unless a member holds it; members inside t go. False: no room. */
static bool
list_add(struct ts_list *l, const struct ts *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n; i++)
		if (ts_within(t, &l->v[i]))
			return true;
	for (unsigned i = 0; i < l->n; i++)
		if (!ts_within(&l->v[i], t))
			l->v[n++] = l->v[i];
	l->n = n;
	if (n >= TS_MAX)
		return false;
	l->v[l->n++] = *t;
	return true;
}

bool
ts_list_meet(const struct ts_list *a, const struct ts_list *b, struct ts_list *out)
{
	struct ts m;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++)
			if (ts_meet(&a->v[i], &b->v[k], &m) && !list_add(out, &m)) {
				memset(out, 0, sizeof(*out));
				return false;
			}
	return out->n > 0;
}

static bool
list_holds(const struct ts_list *l, const struct ts *t, bool (*test)(const struct ts *, const struct ts *))
{
	for (unsigned i = 0; i < l->n; i++)
		if (test(t, &l->v[i]))
			return true;
	return false;
}

static bool
list_all(const struct ts_list *in, const struct ts_list *out, bool (*test)(const struct ts *, const struct ts *))
{
	for (unsigned i = 0; i < in->n; i++)
		if (!list_holds(out, &in->v[i], test))
			return false;
	return true;
}

bool
ts_list_eq(const struct ts_list *a, const struct ts_list *b)
{
	return list_all(a, b, ts_eq) && list_all(b, a, ts_eq);
}

bool
ts_list_within(const struct ts_list *in, const struct ts_list *out)
{
	return list_all(in, out, ts_within);
}

bool
ts_list_has(const struct ts_list *l, uint8_t proto, const struct addr *a, uint16_t port)
{
	struct ts t = { proto, port, port, *a, *a };

	return list_holds(l, &t, ts_within);
}

static const struct { uint8_t number; const char *name; } protos[] = {
	{ 1, "icmp" }, { 6, "tcp" }, { 17, "udp" }, { 58, "ipv6-icmp" }, { 132, "sctp" },
};

static const char *
proto_name(uint8_t proto)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].number == proto)
			return protos[i].name;
	return NULL;
}

uint8_t
ts_proto_parse(const char *word)
{
	unsigned v = 0;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (strcmp(protos[i].name, word) == 0)
			return protos[i].number;
	for (; *word >= '0' && *word <= '9' && v <= UINT8_MAX; word++)
		v = v * 10 + (unsigned)(*word - '0');
	return *word || v > UINT8_MAX ? 0 : (uint8_t)v;
}

const char *
ts_proto_str(uint8_t proto, char buf[static 4])
{
	const char *name = proto_name(proto);

	if (name)
		return name;
	snprintf(buf, 4, "%u", proto);
	return buf;
}

bool
ts_proto_has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;	/* TCP, UDP, DCCP, SCTP, UDP-Lite */
}

/* ICMP: the type stands in the upper, the code in the lower octet. */
static void
ports_str(const struct ts *t, char buf[static 24])
{
	bool icmp = t->proto == 1 || t->proto == 58;

	if (ports_any(t))
		buf[0] = '\0';
	else if (ports_opaque(t))
		memcpy(buf, " opaque", 8);
	else if (icmp && t->port_lo == t->port_hi)
		snprintf(buf, 24, " %u/%u", t->port_lo >> 8, t->port_lo & 255u);
	else if (icmp)
		snprintf(buf, 24, " %u/%u-%u/%u", t->port_lo >> 8, t->port_lo & 255u, t->port_hi >> 8, t->port_hi & 255u);
	else if (t->port_lo == t->port_hi)
		snprintf(buf, 24, " %u", t->port_lo);
	else
		snprintf(buf, 24, " %u-%u", t->port_lo, t->port_hi);
}

const char *
ts_str(const struct ts *t, char buf[static TS_STR])
{
	char a[PREFIX_STR], b[ADDR_STR], ports[24];
	const char *name = proto_name(t->proto);
	struct prefix p;
	int n;

	if (range_prefix(&t->lo, &t->hi, &p))
		n = snprintf(buf, TS_STR, "%s", prefix_str(&p, a));
	else
		n = snprintf(buf, TS_STR, "%s-%s", addr_str(&t->lo, a), addr_str(&t->hi, b));
	ports_str(t, ports);
	if (name)
		snprintf(buf + n, TS_STR - (size_t)n, " %s%s", name, ports);
	else if (t->proto != 0)
		snprintf(buf + n, TS_STR - (size_t)n, " proto-%u%s", t->proto, ports);
	else if (ports[0])
		snprintf(buf + n, TS_STR - (size_t)n, " any%s", ports);
	return buf;
}

const char *
ts_list_str(const struct ts_list *l, char *buf, size_t cap)
{
	static const char cut[] = "\xe2\x80\xa6";
	char one[TS_STR];
	size_t at = 0;

	if (cap == 0)
		return "";
	buf[0] = '\0';
	for (unsigned i = 0; i < l->n; i++) {
		size_t n = strlen(ts_str(&l->v[i], one)), sep = i ? 2 : 0, tail = i + 1 < l->n ? 2 + sizeof(cut) - 1 : 0;

		if (at + sep + n + tail >= cap) {
			if (at + sep + sizeof(cut) <= cap)
				snprintf(buf + at, cap - at, "%s%s", i ? ", " : "", cut);
			break;
		}
		at += (size_t)snprintf(buf + at, cap - at, "%s%s", i ? ", " : "", one);
	}
	return buf;
}

void
ts_list_put(struct wr *w, const struct ts_list *l)
{
	if (l->n > TS_MAX) {
		w->bad = true;
		return;
	}
	wr_u8(w, (uint8_t)l->n);
	for (unsigned i = 0; i < l->n; i++) {
		wr_u8(w, l->v[i].proto);
		wr_le16(w, l->v[i].port_lo);
		wr_le16(w, l->v[i].port_hi);
		addr_put(w, &l->v[i].lo);
		addr_put(w, &l->v[i].hi);
	}
}

static bool
ts_get(struct rd *r, struct ts *t)
{
	t->proto = rd_u8(r);
	t->port_lo = rd_le16(r);
	t->port_hi = rd_le16(r);
	addr_get(r, &t->lo);
	addr_get(r, &t->hi);
	return rd_ok(r) && t->lo.fam != 0 && t->lo.fam == t->hi.fam && addr_cmp(&t->lo, &t->hi) <= 0 &&
	    (t->port_lo <= t->port_hi || ports_opaque(t));
}

void
ts_list_get(struct rd *r, struct ts_list *l)
{
	unsigned n = rd_u8(r);

	memset(l, 0, sizeof(*l));
	if (n > TS_MAX)
		rd_fail(r);
	for (unsigned i = 0; i < n && rd_ok(r); i++) {
		if (!ts_get(r, &l->v[i]))
			rd_fail(r);
		l->n = i + 1;
	}
	if (!rd_ok(r))
		memset(l, 0, sizeof(*l));
}
