/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Just enough of DER for a Name (RFC 5280 4.1.2.4): a SEQUENCE of SETs of one {OID, string}. Lengths must be minimal, so
 * that a name has one encoding per choice of string types; that choice does not count when names are compared.
 */
#include <stdio.h>

#include "dn.h"

enum { DER_OID = 6, DER_UTF8 = 12, DER_PRINTABLE = 19, DER_IA5 = 22, DER_SEQUENCE = 0x30, DER_SET = 0x31 };

#define DN_MAX	1024

static const struct attr {
	const char	*name;
	uint8_t		 string;	/* the type we write */
	uint8_t		 oid_len;
	uint8_t		 oid[10];
} attrs[] = {
	{ "CN", DER_UTF8, 3, { 0x55, 4, 3 } },
	{ "C", DER_PRINTABLE, 3, { 0x55, 4, 6 } },
	{ "L", DER_UTF8, 3, { 0x55, 4, 7 } },
	{ "ST", DER_UTF8, 3, { 0x55, 4, 8 } },
	{ "O", DER_UTF8, 3, { 0x55, 4, 10 } },
	{ "OU", DER_UTF8, 3, { 0x55, 4, 11 } },
	{ "serialNumber", DER_PRINTABLE, 3, { 0x55, 4, 5 } },
	{ "DC", DER_IA5, 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19 } },
	{ "E", DER_IA5, 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 } },
};

#define NATTRS (sizeof(attrs) / sizeof(attrs[0]))

/* What would need an escape in the text is no value to us. */
static bool
value_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~' || strchr(",=+\\\"<>;#", s[i]))
			return false;
	return n > 0 && s[0] != ' ' && s[n - 1] != ' ';
}

static void
der_put(struct wr *w, uint8_t tag, struct bytes b)
{
	wr_u8(w, tag);
	if (b.n >= 0x100) {
		wr_u8(w, 0x82);
		wr_u16(w, (uint16_t)b.n);
	} else {
		if (b.n >= 0x80)
			wr_u8(w, 0x81);
		wr_u8(w, (uint8_t)b.n);
	}
	wr_span(w, b);
}

static bool
attr_to_der(const char *s, size_t n, struct wr *w)
{
	const char *eq = memchr(s, '=', n);
	size_t k = eq ? (size_t)(eq - s) : 0;
	uint8_t pair[DN_MAX], seq[DN_MAX];
	struct wr p = wr_of(pair, sizeof(pair)), q = wr_of(seq, sizeof(seq));

	if (!eq || !value_ok(eq + 1, n - k - 1))
		return false;
	for (size_t i = 0; i < NATTRS; i++) {
		const struct attr *a = &attrs[i];

		if (strlen(a->name) != k || memcmp(a->name, s, k) != 0)
			continue;
		der_put(&p, DER_OID, bytes_of(a->oid, a->oid_len));
		der_put(&p, a->string, bytes_of(eq + 1, n - k - 1));
		der_put(&q, DER_SEQUENCE, wr_bytes(&p));
		der_put(w, DER_SET, wr_bytes(&q));
		return wr_ok(&p) && wr_ok(&q) && wr_ok(w);
	}
	return false;
}

bool
dn_to_der(const char *text, struct wr *out)
{
	uint8_t buf[DN_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	for (;;) {
		size_t n = strcspn(text, ",");

		if (!attr_to_der(text, n, &w))
			return false;
		if (text[n] == '\0')
			break;
		if (text[n + 1] != ' ')
			return false;
		text += n + 2;
	}
	der_put(out, DER_SEQUENCE, wr_bytes(&w));
	return wr_ok(&w) && wr_ok(out);
}

struct rd
der_get(struct rd *r, uint8_t tag)
{
	uint8_t first;
	size_t n;

	if (rd_u8(r) != tag)
		rd_fail(r);
	n = first = rd_u8(r);
	if (first == 0x81) {
		n = rd_u8(r);
		if (n < 0x80)
			rd_fail(r);
	} else if (first == 0x82) {
		n = rd_u16(r);
		if (n < 0x100)
			rd_fail(r);
	} else if (first >= 0x80)
		rd_fail(r);
	return rd_sub(r, n);
}

static const struct attr *
attr_by_oid(struct bytes oid)
{
	for (size_t i = 0; i < NATTRS; i++)
		if (bytes_eq(oid, bytes_of(attrs[i].oid, attrs[i].oid_len)))
			return &attrs[i];
	return NULL;
}

/* One SET: exactly one pair, a known attribute, a string of a type whose octets are its characters. */
static const struct attr *
attr_get(struct rd *name, struct bytes *value)
{
	struct rd set = der_get(name, DER_SET), pair = der_get(&set, DER_SEQUENCE), oid = der_get(&pair, DER_OID), v;
	const struct attr *a = attr_by_oid(rd_rest(&oid));
	uint8_t tag = rd_left(&pair) ? pair.p[0] : 0;

	if (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)
		return NULL;
	v = der_get(&pair, tag);
	*value = rd_rest(&v);
	if (!rd_ok(&v) || !rd_done(&pair) || !rd_done(&set))
		return NULL;
	return value->n && value_ok((const char *)value->p, value->n) ? a : NULL;
}

bool
dn_from_der(struct bytes der, char *buf, size_t cap)
{
	struct rd r = rd_of(der), name = der_get(&r, DER_SEQUENCE);
	size_t at = 0;

	if (!rd_done(&r) || rd_left(&name) == 0)
		goto bad;
	while (rd_left(&name)) {
		struct bytes v = { NULL, 0 };
		const struct attr *a = attr_get(&name, &v);
		int n;

		if (!a || !rd_ok(&name))
			goto bad;
		n = snprintf(buf + at, cap - at, "%s%s=%.*s", at ? ", " : "", a->name, (int)v.n, (const char *)v.p);
		if (n < 0 || (size_t)n >= cap - at)
			goto bad;
		at += (size_t)n;
	}
	return true;
bad:
	if (cap)
		buf[0] = '\0';
	return false;
}
