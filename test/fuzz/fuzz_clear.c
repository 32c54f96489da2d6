/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that nothing protects, coming in or leaving, at a gateway with policies. The first octet picks the way and the policies, the second
 * one how many of the packet's first octets the host asks by. What is said of the first octets is what is said of the whole and
 * what becomes of the packet then; and who is told that it was dropped gets an ICMP error that is whole, and never for an error.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "fuzz_core.h"
#include "pfkey.h"

#define ROOM	70000u

enum { COMES_IN = 1, FORWARD = 2, UNMATCHED_DROP = 4, TCP_ONLY = 64 };	/* and three bits for the policies */

static uint8_t buf[ROOM];

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* One policy for each direction and family, for a protocol alone where it is said. */
static void
policies(struct host *h, unsigned kind, uint8_t upper)
{
	static const struct { uint16_t type; uint8_t proto, mode, level; } kinds[8] = {
		{ CW_POLICY_NONE, 0, 0, 0 }, { CW_POLICY_DISCARD, 0, 0, 0 }, { CW_POLICY_BYPASS, 0, 0, 0 },
		{ CW_POLICY_IPSEC, 50, CW_MODE_TRANSPORT, CW_LEVEL_REQUIRE }, { CW_POLICY_IPSEC, 50, CW_MODE_TUNNEL, CW_LEVEL_USE },
		{ CW_POLICY_IPSEC, 108, CW_MODE_TRANSPORT, CW_LEVEL_REQUIRE }, { CW_POLICY_IPSEC, 51, CW_MODE_TRANSPORT, CW_LEVEL_USE },
		{ CW_POLICY_IPSEC, 50, CW_MODE_TUNNEL, CW_LEVEL_UNIQUE },
	};
	static const struct prefix nets[2] = { { { 4, { 10 } }, 8 }, { { 6, { 0xfd } }, 8 } };
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	struct pfkey_msg m;

	fuzz_hello(h, c);
	for (unsigned i = 0; i < 6; i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_selector(&m, &nets[i / 3], &nets[i / 3], upper, 0, upper ? 80 : 0);
		m.policy = (struct pfkey_policy){ .type = kinds[kind].type, .dir = (uint8_t)(CW_DIR_IN + i % 3), .n = kinds[kind].proto != 0 };
		m.policy.req[0] = (struct pfkey_request){ .proto = kinds[kind].proto, .mode = kinds[kind].mode, .level = kinds[kind].level, .reqid = 7 };
		if (kinds[kind].mode == CW_MODE_TUNNEL) {
			m.policy.req[0].src = (struct addr){ 4, { 20, 0, 0, 1 } };
			m.policy.req[0].dst = (struct addr){ 4, { 20, 0, 0, 2 } };
		}
		m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		fuzz_send(h, c, &m);
	}
	cw_client_close(h->e, c);
}

/* Of an octet in front of the whole packet less than that is seen, and nothing behind it: the answer is the whole one's, or "more". */
static unsigned
asked(struct host *h, const uint8_t *p, size_t n, size_t have, bool in, bool forward)
{
	uint8_t *head = malloc(have ? have : 1);
	unsigned some, all;

	must(head != NULL);
	memcpy(head, p, have);
	if (in) {
		some = cw_ask_clear(h->e, head, have, n, forward, 2 * NS);
		all = cw_ask_clear(h->e, p, n, n, forward, 2 * NS);
	} else {
		some = cw_ask_out(h->e, head, have, n, forward ? CW_ASK_FORWARDED : CW_ASK_AHEAD, 2 * NS);
		all = cw_ask_out(h->e, p, n, n, forward ? CW_ASK_FORWARDED : CW_ASK_SENT, 2 * NS);
		if (!forward && some != CW_ASK_MORE && some != all)
			abort();
	}
	must(all != CW_ASK_MORE && (!in || some == CW_ASK_MORE || some == all));
	if (in && all)
		cw_refused(h->e, all, head, have, n, 2 * NS);
	free(head);
	return all;
}

static void
put_in(struct cw_pkt *pkt, const uint8_t *p, size_t n)
{
	*pkt = (struct cw_pkt){ .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM, .len = (uint32_t)n };
	memcpy(buf + pkt->off, p, n);
}

/* What is sent about it: an error that is a packet, and never about one that is an error, or has no sender. */
static void
answered(struct host *h, struct cw_pkt *pkt)
{
	struct cw_ip was, ip;
	const uint8_t *d;
	bool good = cw_ip_parse(cw_pkt_data(pkt), pkt->len, &was) == CW_IP_OK;

	if (!cw_answer(h->e, pkt))
		return;
	d = cw_pkt_data(pkt);
	must(good && pkt->verdict == CW_ANSWER && pkt->off <= pkt->cap && pkt->len <= pkt->cap - pkt->off);
	must(cw_ip_parse(d, pkt->len, &ip) == CW_IP_OK && ip.total == pkt->len && pkt->len <= (ip.ver == 4 ? 576 : 1280));
	must(ip.ver == was.ver && cw_addr_eq(&ip.flow.dst, &was.flow.src) && !cw_addr_any(&ip.flow.dst) && !was.flow.opaque);
	must(ip.flow.proto == (ip.ver == 4 ? 1 : 58) && d[ip.upper] == (ip.ver == 4 ? 3 : 1));
	if (ip.ver == 4)
		must(cw_sum16(d + 20, pkt->len - 20, 0) == 0);
	else
		must(cw_sum16(d + 8, pkt->len - 8, pkt->len - 40 + 58) == 0);
	must(was.flow.proto != ip.flow.proto || was.flow.sport != d[ip.upper]);
}

static void
comes(struct host *h, const uint8_t *p, size_t n, bool forward, unsigned all)
{
	struct cw_pkt pkt, *v = &pkt;

	put_in(&pkt, p, n);
	pkt.forward = forward;
	h->out = 0;
	cw_check_clear(h->e, &v, 1, 2 * NS);
	must(h->out == 1 && (all ? pkt.drop == all : pkt.verdict == CW_CLEAR));
}

static void
leaves(struct host *h, const uint8_t *p, size_t n, unsigned all, bool forward)
{
	struct cw_pkt pkt, *v = &pkt;

	put_in(&pkt, p, n);
	h->out = 0;
	cw_plain_in(h->e, &v, 1, 2 * NS);
	must(h->out == 1);
	switch (all) {
	case CW_POLICY_DISCARD:
		must(pkt.drop == CW_DROP_PLAIN_MALFORMED || pkt.drop == CW_DROP_POLICY_DISCARD_OUT);
		break;
	case CW_ASK_UNMATCHED:
		must(pkt.drop == CW_DROP_POLICY_DEFAULT_OUT);
		break;
	case CW_POLICY_NONE:
	case CW_POLICY_BYPASS:
		must(pkt.verdict == CW_BYPASS || forward);	/* or, only forwarded, it would be given IPComp alone: the system takes it on */
		break;
	default:
		must(pkt.verdict != CW_BYPASS && pkt.verdict != CW_SEALED);	/* there is no SA */
	}
	if (pkt.drop)
		answered(h, &pkt);
}

/* What the host asks of a packet that has an SPI or a CPI. */
static void
by_number(struct host *h, const uint8_t *p, size_t n)
{
	struct cw_addr a = fuzz_addr(1), b = fuzz_addr(2);
	uint32_t spi;

	if (n < 4)
		return;
	memcpy(&spi, p, sizeof(spi));
	must(cw_ask_spi(h->e, spi, &b, 4500) == CW_SPI_NONE && !cw_ask_ah(h->e, spi, &b));
	must(!cw_ask_comp(h->e, spi & 0xffff, &a, &b) && !cw_ask_raw(h->e, &a, &b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct host h = { .mtu = 1400 };
	bool in, forward;
	size_t have;
	unsigned all;

	if (n < 2 || n > 65537)
		return 0;
	in = p[0] & COMES_IN;
	forward = p[0] & FORWARD;
	h.e = cw_new(&h);
	must(cw_knob_set(h.e, CW_KNOB_UNREACHABLE, 1) == 0);
	if (p[0] & UNMATCHED_DROP)
		must(cw_knob_set(h.e, CW_KNOB_DEF4, 0) == 0 && cw_knob_set(h.e, CW_KNOB_DEF6, 0) == 0);
	policies(&h, p[0] >> 3 & 7, p[0] & TCP_ONLY ? 6 : 0);
	have = p[1] < n - 2 ? p[1] : n - 2;
	all = asked(&h, p + 2, n - 2, have, in, forward);
	if (in)
		comes(&h, p + 2, n - 2, forward, all);
	else
		leaves(&h, p + 2, n - 2, all, forward);
	by_number(&h, p + 2, n - 2);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
