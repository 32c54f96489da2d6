/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words that people and peers send: addresses, prefixes, proposals, identities, selectors. The first octet picks one.
 * Whatever is accepted must print, and what was printed must be read back as the same value.
 */
#include <stdio.h>
#include <stdlib.h>

#include "alg.h"
#include "name.h"
#include "ts.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_text: %s\n", what);
	abort();
}

static void
one_address(const char *s)
{
	struct sockaddr_storage ss;
	struct endpoint e = { .port = 500 }, back;
	char text[ENDPOINT_STR];

	if (!addr_parse(s, &e.addr))
		return;
	must(addr_parse(addr_str(&e.addr, text), &back.addr) && addr_eq(&e.addr, &back.addr), "an address changed");
	endpoint_str(&e, text);
	must(endpoint_from_sa((struct sockaddr *)&ss, endpoint_to_sa(&e, &ss), &back), "an endpoint was lost");
	must(endpoint_eq(&e, &back) || (e.addr.fam == 6 && back.addr.fam == 4), "an endpoint changed");
	addr_is_any(&e.addr);
}

static void
one_prefix(const char *s)
{
	struct prefix p, back;
	struct addr lo, hi;
	struct ts t;
	char text[PREFIX_STR];

	if (!prefix_parse(s, &p))
		return;
	must(prefix_parse(prefix_str(&p, text), &back) && back.len == p.len, "a prefix changed");
	prefix_range(&p, &lo, &hi);
	must(prefix_has(&p, &lo) && prefix_has(&p, &hi) && addr_eq(&lo, &p.addr), "a prefix does not hold its ends");
	must(range_prefix(&lo, &hi, &back) && back.len == p.len, "a prefix is not its range");
	t = ts_from_prefix(&p);
	must(ts_eq(&t, &t) && addr_eq(&t.hi, &hi), "a prefix is not its selector");
}

static void
one_proposal(uint8_t proto, const char *s)
{
	struct proposals ps = { .n = 1 };
	struct proposal back;
	struct suite suite;
	char text[1024];
	const char *why = NULL;
	unsigned which;
	size_t at;

	if (!proposal_parse(proto, s, &ps.v[0], &why, &at)) {
		must(why && at <= strlen(s), "a refusal without a reason");
		return;
	}
	proposal_str(&ps.v[0], text, sizeof(text));
	must(proposal_parse(proto, text, &back, &why, &at) && memcmp(&back, &ps.v[0], sizeof(back)) == 0, "a proposal changed");
	must(proposals_choose(&ps, &ps, &suite, &which), "a proposal does not match itself");
	suite_str(proto, &suite, text, sizeof(text));
	must(proposal_parse(proto, text, &back, &why, &at) && proposals_accept(&ps, &back, &suite), "a choice is no answer");
	must(proto != PROTO_IKE || suite_allowed(&ps, &suite), "a choice is not allowed");
}

/* Two lists of proposals as a peer may send them: any octets. */
static void
two_proposals(const uint8_t *p, size_t n)
{
	struct proposals a = { 0 }, b = { 0 }, *ps = &a;
	struct suite s;
	char text[256];
	unsigned which;

	for (; n >= 4; p += 4, n -= 4) {
		struct proposal *pr = &ps->v[ps->n ? ps->n - 1 : 0];

		if (p[0] == 255 && ps == &a) {
			ps = &b;
		} else if (p[0] >= 128 || ps->n == 0 || pr->n == PROPOSAL_TRANSFORMS) {
			if (ps->n < PROPOSALS_MAX)
				ps->v[ps->n++].proto = p[0] & 1 ? PROTO_IKE : PROTO_ESP;
		} else
			pr->t[pr->n++] = (struct transform){ p[0] % 7, p[1], (uint16_t)(p[2] << 8 | p[3]) };
	}
	if (proposals_choose(&a, &b, &s, &which)) {
		must(which < b.n, "an index that is none");
		must(strcmp(proposals_differ(&a, &b, text, sizeof(text)), "The proposals have a suite in common.") == 0,
		    "choosing and explaining disagree");
	} else
		must(strcmp(proposals_differ(&a, &b, text, sizeof(text)), "The proposals have a suite in common.") != 0,
		    "explaining and choosing disagree");
	if (b.n)
		proposals_accept(&a, &b.v[0], &s);
	proposals_str(&b, text, sizeof(text));
}

static void
one_identity(const char *s)
{
	uint8_t body[512];
	char text[ID_CAP];
	struct wr w = wr_of(body, sizeof(body)), again;
	struct rd r;

	name_ok(s);
	str_put(&w, s);
	r = rd_of(wr_bytes(&w));
	str_get(&r, text, sizeof(text));
	must(wr_ok(&w) && strlen(s) < ID_CAP ? rd_done(&r) && strcmp(s, text) == 0 : !rd_ok(&r) && !text[0], "a string changed");
	w = wr_of(body, sizeof(body));
	if (!id_to_wire(s, &w))
		return;
	id_from_wire(wr_bytes(&w), text);
	again = wr_of(body + 256, 256);
	if (w.n <= 200)
		must(id_to_wire(text, &again) && bytes_eq(wr_bytes(&w), wr_bytes(&again)), "an identity changed");
}

static void
one_body(struct bytes b)
{
	char text[ID_CAP];

	id_from_wire(b, text);
	must(strlen(text) < ID_CAP, "an identity without an end");
	for (size_t i = 0; text[i]; i++)
		must((unsigned char)text[i] > ' ' && text[i] != 0x7f, "a control octet in an identity");
}

static void
two_selectors(struct bytes in)
{
	struct ts_list a, b, m;
	struct rd r = rd_of(in);
	uint8_t out[8192];
	struct wr w = wr_of(out, sizeof(out));
	char text[200];

	ts_list_get(&r, &a);
	ts_list_get(&r, &b);
	if (!rd_ok(&r))
		return;
	ts_list_put(&w, &a);
	ts_list_put(&w, &b);
	must(bytes_eq(wr_bytes(&w), bytes_of(in.p, w.n)), "selectors are written otherwise");
	if (!ts_list_meet(&a, &b, &m))
		return;
	must(ts_list_within(&m, &a) && ts_list_within(&m, &b), "an overlap that is outside");
	must(m.v[0].port_lo > m.v[0].port_hi || ts_list_has(&m, m.v[0].proto, &m.v[0].lo, m.v[0].port_lo),
	    "a selector that does not hold its first packet");	/* an opaque one holds no packet with ports */
	must(ts_list_eq(&m, &m) && strlen(ts_list_str(&m, text, sizeof(text))) < sizeof(text), "a list");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s;

	if (n == 0 || n > 8192)
		return 0;
	s = calloc(1, n);
	if (!s)
		abort();
	memcpy(s, data + 1, n - 1);
	switch (data[0] & 7) {
	case 0: one_address(s); break;
	case 1: one_prefix(s); break;
	case 2: one_proposal(PROTO_IKE, s); break;
	case 3: one_proposal(PROTO_ESP, s); break;
	case 4: two_proposals(data + 1, n - 1); break;
	case 5: one_identity(s); break;
	case 6: one_body(bytes_of(data + 1, n - 1)); break;
	case 7: two_selectors(bytes_of(data + 1, n - 1)); break;
	}
	free(s);
	return 0;
}
