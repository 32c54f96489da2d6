/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stub resolver's part of RFC 1035: one question, and of the answer only what was asked for. Whoever can send datagrams can send
 * these: an answer must have our number and our question, names are followed a bounded number of times, and nothing is kept but addresses.
 */
#include <string.h>
#include <strings.h>

#include "dns.h"

enum { DNS_CNAME = 5, DNS_OPT = 41, DNS_IN = 1 };
#define RECORDS	64u	/* of an answer that are looked at */
#define JUMPS	32u	/* compression pointers in one name (RFC 1035 4.1.4) */
#define CHAIN	8u	/* aliases on the way to an address */

struct rr {
	char		owner[HOST_CAP];
	uint16_t	type, class;
	uint32_t	ttl;
	struct rd	data;
};

/* RFC 1035 3.1 */
static void
put_name(struct wr *w, const char *s)
{
	for (;;) {
		size_t n = strcspn(s, ".");

		wr_u8(w, (uint8_t)n);
		wr_mem(w, s, n);
		if (s[n] == '\0')
			break;
		s += n + 1;
	}
	wr_u8(w, 0);
}

size_t
dns_question(uint16_t id, const char *host, uint16_t type, uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);

	if (!host_ok(host))
		return 0;
	wr_u16(&w, id);
	wr_u16(&w, 0x0100);		/* a question; recursion desired */
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	put_name(&w, host);
	wr_u16(&w, type);
	wr_u16(&w, DNS_IN);
	wr_u8(&w, 0);			/* RFC 6891 6.1.2: the root's name, OPT, our size */
	wr_u16(&w, DNS_OPT);
	wr_u16(&w, DNS_SIZE);
	wr_u32(&w, 0);
	wr_u16(&w, 0);
	return wr_ok(&w) ? w.n : 0;
}

/* A name as a text; one that no host may have (other octets, too long) becomes "?", which equals none. */
static void
get_name(struct rd *r, struct bytes all, char out[HOST_CAP])
{
	struct rd at = *r;
	unsigned jumps = 0;
	bool odd = false;
	size_t n = 0;

	for (;;) {
		uint8_t len = rd_u8(&at);
		struct bytes label;

		if (len >= 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | rd_u8(&at);

			if (jumps == 0)
				*r = at;
			if (!rd_ok(&at) || to >= all.n || ++jumps > JUMPS) {
				rd_fail(r);
				return;
			}
			at = rd_of(bytes_of(all.p + to, all.n - to));
			continue;
		}
		label = rd_bytes(&at, len);
		if (len > 63 || !rd_ok(&at)) {
			rd_fail(r);
			return;
		}
		if (len == 0)
			break;
		odd |= n + len + 2 > HOST_CAP || memchr(label.p, '.', len) || memchr(label.p, '\0', len);
		if (odd)
			continue;
		if (n)
			out[n++] = '.';
		memcpy(out + n, label.p, len);
		n += len;
	}
	if (jumps == 0)
		*r = at;
	if (odd || n == 0)
		out[n = 0] = '?', n = 1;
	out[n] = '\0';
}

static bool
get_rr(struct rd *r, struct bytes all, struct rr *rr)
{
	get_name(r, all, rr->owner);
	rr->type = rd_u16(r);
	rr->class = rd_u16(r);
	rr->ttl = rd_u32(r);
	rr->data = rd_sub(r, rd_u16(r));
	if (rr->ttl > 0x7fffffffu)	/* RFC 2181 8 */
		rr->ttl = 0;
	return rd_ok(r);
}

static void
lower_ttl(struct dns_answer *a, uint32_t ttl)
{
	if (ttl < a->ttl_s)
		a->ttl_s = ttl;
}

static void
take(struct dns_answer *a, const struct rr *rr, uint16_t type)
{
	size_t n = type == DNS_A ? 4 : 16;
	struct addr v = { .fam = type == DNS_A ? 4 : 6 };
	struct rd r = rr->data;

	rd_copy(&r, v.b, n);
	if (!rd_done(&r) || addr_is_any(&v) || a->n == RESOLVE_ADDRS)
		return;
	a->addr[a->n++] = v;
	lower_ttl(a, rr->ttl);
}

/* One walk over the records: the addresses of the name, or the alias that it is. True: there was an alias. */
static bool
walk(struct rd r, unsigned n, struct bytes all, uint16_t type, char name[HOST_CAP], struct dns_answer *a)
{
	struct rr rr;

	for (unsigned i = 0; i < n && get_rr(&r, all, &rr); i++) {
		if (rr.class != DNS_IN || strcasecmp(rr.owner, name) != 0)
			continue;
		if (rr.type == type)
			take(a, &rr, type);
		if (rr.type == DNS_CNAME && a->n == 0) {
			struct rd data = rr.data;
			size_t at = (size_t)(data.p - all.p);
			struct rd whole = rd_of(bytes_of(all.p + at, all.n - at));

			get_name(&whole, all, name);
			lower_ttl(a, rr.ttl);
			return rd_ok(&whole);
		}
	}
	return false;
}

bool
dns_answer(struct bytes in, uint16_t id, const char *host, uint16_t type, struct dns_answer *a)
{
	struct rd r = rd_of(in);
	char name[HOST_CAP];
	uint16_t flags, questions, answers;
	unsigned n;
	struct rr rr;
	struct rd first;
	bool ok;

	memset(a, 0, sizeof(*a));
	a->ttl_s = RESOLVE_TTL_MAX;
	ok = rd_u16(&r) == id;
	flags = rd_u16(&r);
	questions = rd_u16(&r);
	answers = rd_u16(&r);
	rd_u32(&r);			/* authority and additional records: not read */
	if (!ok || !rd_ok(&r) || (flags & 0xf800) != 0x8000 || questions != 1)
		return false;
	get_name(&r, in, name);
	if (rd_u16(&r) != type || rd_u16(&r) != DNS_IN || !rd_ok(&r) || strcasecmp(name, host) != 0)
		return false;
	a->rcode = flags & 0x0f;
	a->cut = (flags & 0x0200) != 0;
	if (a->cut)			/* RFC 2181 9: what is there is not used */
		return true;
	first = r;
	for (n = 0; n < answers && n < RECORDS; n++)
		if (!get_rr(&r, in, &rr))
			return false;
	for (unsigned i = 0; i < CHAIN && walk(first, n, in, type, name, a); i++)
		;
	return true;
}
