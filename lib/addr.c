/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses are sixteen octets and a family, compared as octets. Text is read by inet_pton, which knows no
 * octal, no short forms, no scope and no names, so that "010.0.0.1" is an error and not eight.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "addr.h"

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool
addr_is_any(const struct addr *a)
{
	for (size_t i = 0; i < addr_len(a); i++)
		if (a->b[i] != 0)
			return false;
	return true;
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->fam != b->fam)
		return a->fam < b->fam ? -1 : 1;
	return memcmp(a->b, b->b, addr_len(a));
}

int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c ? c : (int)a->len - (int)b->len;
}

bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_eq(&a->addr, &b->addr);
}

bool
addr_parse(const char *s, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->b) == 1) {
		a->fam = 4;
		return true;
	}
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET6, s, a->b) == 1) {
		a->fam = 6;
		return true;
	}
	memset(a, 0, sizeof(*a));
	return false;
}

/* One to three digits, no leading zero, at most max. */
static bool
length_parse(const char *s, unsigned max, uint8_t *len)
{
	unsigned v = 0, n = 0;

	for (; s[n] >= '0' && s[n] <= '9' && n < 4; n++)
		v = v * 10 + (unsigned)(s[n] - '0');
	if (n == 0 || n > 3 || s[n] != '\0' || (n > 1 && s[0] == '0') || v > max)
		return false;
	*len = (uint8_t)v;
	return true;
}

/* Bit i of an address, counted from the left. */
static bool
bit(const struct addr *a, unsigned i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

static void
bits_fill(struct addr *a, unsigned from, bool one)
{
	for (unsigned i = from; i < addr_bits(a); i++) {
		uint8_t m = (uint8_t)(1u << (7 - i % 8));

		a->b[i / 8] = (uint8_t)(one ? a->b[i / 8] | m : a->b[i / 8] & ~m);
	}
}

bool
prefix_parse(const char *s, struct prefix *p)
{
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	char text[ADDR_STR];

	memset(p, 0, sizeof(*p));
	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (!addr_parse(text, &p->addr))
		return false;
	p->len = addr_bits(&p->addr);
	if (slash && !length_parse(slash + 1, p->len, &p->len))
		goto bad;
	for (unsigned i = p->len; i < addr_bits(&p->addr); i++)
		if (bit(&p->addr, i))
			goto bad;
	return true;
bad:
	memset(p, 0, sizeof(*p));
	return false;
}

const char *
addr_str(const struct addr *a, char buf[static ADDR_STR])
{
	if (a->fam == 4)
		inet_ntop(AF_INET, a->b, buf, ADDR_STR);
	else if (a->fam == 6)
		inet_ntop(AF_INET6, a->b, buf, ADDR_STR);
	else
		memcpy(buf, "any", 4);
	return buf;
}

const char *
endpoint_str(const struct endpoint *e, char buf[static ENDPOINT_STR])
{
	char a[ADDR_STR];

	addr_str(&e->addr, a);
	snprintf(buf, ENDPOINT_STR, e->addr.fam == 6 ? "[%s]:%u" : "%s:%u", a, e->port);
	return buf;
}

const char *
prefix_str(const struct prefix *p, char buf[static PREFIX_STR])
{
	char a[ADDR_STR];

	snprintf(buf, PREFIX_STR, "%s/%u", addr_str(&p->addr, a), p->len);
	return buf;
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	struct addr lo, hi;

	prefix_range(p, &lo, &hi);
	return a->fam == p->addr.fam && addr_cmp(&lo, a) <= 0 && addr_cmp(a, &hi) <= 0;
}

void
prefix_range(const struct prefix *p, struct addr *lo, struct addr *hi)
{
	*lo = *hi = p->addr;
	bits_fill(lo, p->len, false);
	bits_fill(hi, p->len, true);
}

bool
range_prefix(const struct addr *lo, const struct addr *hi, struct prefix *p)
{
	unsigned len = 0, bits = addr_bits(lo);

	memset(p, 0, sizeof(*p));
	if (lo->fam != hi->fam || lo->fam == 0)
		return false;
	while (len < bits && bit(lo, len) == bit(hi, len))
		len++;
	for (unsigned i = len; i < bits; i++)
		if (bit(lo, i) || !bit(hi, i))
			return false;
	p->addr = *lo;
	p->len = (uint8_t)len;
	return true;
}

bool
endpoint_from_sa(const struct sockaddr *sa, socklen_t n, struct endpoint *e)
{
	memset(e, 0, sizeof(*e));
	if (n >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		e->addr.fam = 4;
		memcpy(e->addr.b, &in.sin_addr, 4);
		e->port = ntohs(in.sin_port);
		return true;
	}
	if (n >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, sa, sizeof(in));
		if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
			e->addr.fam = 4;
			memcpy(e->addr.b, in.sin6_addr.s6_addr + 12, 4);
		} else {
			e->addr.fam = 6;
			memcpy(e->addr.b, &in.sin6_addr, 16);
		}
		e->port = ntohs(in.sin6_port);
		return true;
	}
	return false;
}

socklen_t
endpoint_to_sa(const struct endpoint *e, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (e->addr.fam == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(e->port) };

		memcpy(&in.sin_addr, e->addr.b, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	if (e->addr.fam == 6) {
		struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

		memcpy(&in.sin6_addr, e->addr.b, 16);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	return 0;
}

void
addr_put(struct wr *w, const struct addr *a)
{
	wr_u8(w, a->fam);
	wr_mem(w, a->b, addr_len(a));
}

void
addr_get(struct rd *r, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	a->fam = rd_u8(r);
	if (a->fam != 0 && a->fam != 4 && a->fam != 6)
		rd_fail(r);
	else
		rd_copy(r, a->b, addr_len(a));
	if (!rd_ok(r))
		memset(a, 0, sizeof(*a));
}

void
endpoint_put(struct wr *w, const struct endpoint *e)
{
	addr_put(w, &e->addr);
	wr_le16(w, e->port);
}

void
endpoint_get(struct rd *r, struct endpoint *e)
{
	addr_get(r, &e->addr);
	e->port = rd_le16(r);
	if (!rd_ok(r))
		memset(e, 0, sizeof(*e));
}
