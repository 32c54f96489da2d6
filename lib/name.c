/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names, strings on our links, and identities. The text of an identity that came from outside is made so that two
 * different identities never have the same text: what is not printable is escaped, and a text that was cut ends in an
 * ellipsis, which no text of ours can hold.
 */
#include <stdio.h>

#include "addr.h"
#include "dn.h"
#include "name.h"

enum {	/* RFC 7296 3.5 */
	ID_IPV4_ADDR = 1, ID_FQDN = 2, ID_RFC822_ADDR = 3, ID_IPV6_ADDR = 5, ID_DER_ASN1_DN = 9, ID_KEY_ID = 11
};

static bool
name_char(char c, bool edge)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && !edge);
}

bool
name_ok_n(const char *s, size_t n)
{
	if (n == 0 || n >= NAME_CAP)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!name_char(s[i], i == 0 || i == n - 1))
			return false;
	return true;
}

bool
name_ok(const char *s)
{
	return name_ok_n(s, strnlen(s, NAME_CAP));
}

/*
 * Stricter than the kernel, which takes any octet but '/', ':' and spaces: such a name would have to be quoted in every rule and script. Names of the
 * kernel's own devices, which come with their modules, are left to them, and those that are files beside interfaces' in /proc and /sys.
 */
bool
iface_ok(const char *s)
{
	static const char *const taken[] = { "lo", "cw0", "all", "default", "bonding_masters", "tunl0", "sit0", "gre0", "gretap0", "erspan0", "ip6tnl0", "ip6gre0",
		"ip_vti0", "ip6_vti0" };
	size_t n = strnlen(s, IFACE_CAP);

	if (n == 0 || n >= IFACE_CAP || !((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z')) ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != n)
		return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	return true;
}

void
name_make(const char *text, size_t n, size_t max, char out[static NAME_CAP])
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < max && k < NAME_CAP - 1; i++) {
		char c = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);

		if (name_char(c, true))
			out[k++] = c;
		else if (k && out[k - 1] != '-')
			out[k++] = '-';
	}
	while (k && out[k - 1] == '-')
		k--;
	out[k] = '\0';
}

void
str_quote(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

void
span_put(struct wr *w, struct bytes b)
{
	if (b.n > 0xffff) {
		w->bad = true;
		return;
	}
	wr_le16(w, (uint16_t)b.n);
	wr_span(w, b);
}

struct bytes
span_get(struct rd *r)
{
	return rd_bytes(r, rd_le16(r));
}

void
str_put(struct wr *w, const char *s)
{
	span_put(w, bytes_of(s, strlen(s)));
}

void
str_get(struct rd *r, char *buf, size_t cap)
{
	struct bytes b = span_get(r);

	memset(buf, 0, cap);
	if (b.n >= cap || (b.n && memchr(b.p, 0, b.n)))
		rd_fail(r);
	else if (b.n)
		memcpy(buf, b.p, b.n);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" and an even number of lower-case digits. */
static bool
hex_to_wire(const char *s, struct wr *w)
{
	if (*s == '\0')
		return false;
	for (; *s; s += 2) {
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);

		if (lo < 0)
			return false;
		wr_u8(w, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

static void
id_head(struct wr *w, uint8_t type)
{
	wr_u8(w, type);
	wr_be(w, 0, 3);
}

/* Printable ASCII without space and backslash: what id_from_wire gives back unchanged. */
static bool
plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '\\')
			return false;
	return n > 0;
}

static bool
id_text(struct wr *w, uint8_t type, const char *s)
{
	if (!plain(s, strlen(s)))
		return false;
	id_head(w, type);
	wr_mem(w, s, strlen(s));
	return true;
}

static bool
id_ip(struct wr *w, const char *s)
{
	struct addr a;

	if (!addr_parse(s, &a))
		return false;
	id_head(w, a.fam == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR);
	wr_mem(w, a.b, addr_len(&a));
	return true;
}

static const char CUT[] = "\xe2\x80\xa6";	/* …: what ends a text that did not fit */

bool
id_to_wire(const char *text, struct wr *w)
{
	const char *colon = strchr(text, ':'), *s = colon ? colon + 1 : "";
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool ok = false;

	if (strlen(text) > ID_CAP - sizeof(CUT))
		return false;		/* it could not be given back whole */
	if (n == 4 && memcmp(text, "fqdn", n) == 0)
		ok = id_text(w, ID_FQDN, s);
	else if (n == 5 && memcmp(text, "email", n) == 0)
		ok = strchr(s, '@') && id_text(w, ID_RFC822_ADDR, s);
	else if (n == 2 && memcmp(text, "ip", n) == 0)
		ok = id_ip(w, s);
	else if (n == 2 && memcmp(text, "dn", n) == 0) {
		id_head(w, ID_DER_ASN1_DN);
		ok = dn_to_der(s, w);
	} else if (n == 3 && memcmp(text, "key", n) == 0) {
		if (strncmp(s, "0x", 2) == 0) {
			id_head(w, ID_KEY_ID);
			ok = hex_to_wire(s + 2, w);
		} else
			ok = id_text(w, ID_KEY_ID, s);
	}
	return ok && wr_ok(w);
}


struct out {
	char	*buf;
	size_t	 n;
	bool	 cut;
};

/* Append s whole or not at all; from the first that does not fit on, nothing but the mark of the cut. */
static void
out_add(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (o->cut)
		return;
	if (o->n + n + sizeof(CUT) > ID_CAP) {
		o->cut = true;
		s = CUT;
		n = sizeof(CUT) - 1;
	}
	memcpy(o->buf + o->n, s, n + 1);
	o->n += n;
}

static void
out_hex(struct out *o, struct bytes b)
{
	char t[3];

	for (size_t i = 0; i < b.n && !o->cut; i++) {
		snprintf(t, sizeof(t), "%02x", b.p[i]);
		out_add(o, t);
	}
}

static void
out_escaped(struct out *o, struct bytes b)
{
	char t[5];

	for (size_t i = 0; i < b.n && !o->cut; i++) {
		char c = (char)b.p[i];

		snprintf(t, sizeof(t), plain(&c, 1) ? "%c" : "\\x%02x", b.p[i]);
		out_add(o, t);
	}
}

const char *
id_from_wire(struct bytes body, char buf[static ID_CAP])
{
	struct rd r = rd_of(body);
	struct out o = { buf, 0, false };
	uint8_t type = rd_u8(&r);
	struct addr a = { 0 };
	struct bytes data;
	char t[ADDR_STR], dn[ID_CAP];

	buf[0] = '\0';
	rd_bytes(&r, 3);		/* reserved: ignored on receipt */
	data = rd_rest(&r);
	if (!rd_ok(&r)) {
		out_add(&o, "malformed");
	} else if ((type == ID_IPV4_ADDR && data.n == 4) || (type == ID_IPV6_ADDR && data.n == 16)) {
		a.fam = type == ID_IPV4_ADDR ? 4 : 6;
		memcpy(a.b, data.p, data.n);
		out_add(&o, "ip:");
		out_add(&o, addr_str(&a, t));
	} else if (type == ID_FQDN || type == ID_RFC822_ADDR) {
		out_add(&o, type == ID_FQDN ? "fqdn:" : "email:");
		out_escaped(&o, data);
	} else if (type == ID_DER_ASN1_DN && dn_from_der(data, dn, ID_CAP - sizeof(CUT) + 1 - 3)) {
		out_add(&o, "dn:");
		out_add(&o, dn);
	} else if (type == ID_KEY_ID) {
		bool text = data.n && plain((const char *)data.p, data.n) && !(data.n > 1 && memcmp(data.p, "0x", 2) == 0);

		out_add(&o, text ? "key:" : "key:0x");
		if (text)
			out_escaped(&o, data);
		else
			out_hex(&o, data);
	} else {
		snprintf(t, sizeof(t), "type-%u:", type);
		out_add(&o, t);
		out_hex(&o, data);
	}
	return buf;
}
