/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * "Too big" for the sender of a packet that may not be fragmented: RFC 792 and 1191 for IPv4, RFC 4443 3.2 for IPv6; and
 * "unreachable" for who sends what a policy discards or what no SA is there for (RFC 4301 5.1.1). The error is built in the buffer of the
 * packet it is about, so a flood of packets allocates nothing; at most a thousand a second are sent (cw_bounds_set).
 */
#include "core.h"

static bool
allowed(struct cw_engine *e, uint64_t now)
{
	bool yes;

	host_lock(&e->lock);
	if (now > e->icmp_at && now - e->icmp_at >= NS) {	/* who waited for an SA brings the time of its arrival */
		e->icmp_at = now;
		e->icmp_tokens = host_load(e->bounds.icmp_errors);
	}
	yes = e->icmp_tokens > 0;
	e->icmp_tokens -= yes;
	host_unlock(&e->lock);
	return yes;
}

/* RFC 1122 3.2.2 and RFC 4443 2.4(e): never about errors, later fragments, or to groups and nobody. */
static bool
answerable(const struct cw_ip *ip)
{
	const struct cw_flow *f = &ip->flow;

	if (f->opaque || cw_addr_any(&f->src))
		return false;
	if (ip->ver == 4)
		return f->src.b[0] < 224 && f->dst.b[0] < 224 &&
		    !(f->proto == IP_ICMP && f->sport != 0 && f->sport != 8 && f->sport < 13);
	return f->src.b[0] != 0xff && !(f->proto == IP_ICMP6 && f->sport < 128);
}

struct error { uint8_t type, code; uint32_t mtu; };

static void
build4(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, struct error x)
{
	uint32_t quote = p->len < 548 ? p->len : 548;
	uint8_t *h;

	p->off -= 28;
	p->len = 28 + quote;
	h = cw_pkt_data(p);
	memset(h, 0, 28);
	h[0] = 0x45;
	put16(h + 2, p->len);
	h[8] = 64;
	h[9] = IP_ICMP;
	memcpy(h + 12, e->icmp4.fam ? e->icmp4.b : ip->flow.dst.b, 4);
	memcpy(h + 16, ip->flow.src.b, 4);
	put16(h + 10, cw_sum16(h, 20, 0));
	h[20] = x.type;
	h[21] = x.code;
	put16(h + 26, x.mtu);
	put16(h + 22, cw_sum16(h + 20, p->len - 20, 0));
}

static void
build6(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, struct error x)
{
	uint32_t quote = p->len < 1232 ? p->len : 1232;
	uint8_t *h;

	p->off -= 48;
	p->len = 48 + quote;
	h = cw_pkt_data(p);
	memset(h, 0, 48);
	h[0] = 0x60;
	put16(h + 4, p->len - 40);
	h[6] = IP_ICMP6;
	h[7] = 64;
	memcpy(h + 8, e->icmp6.fam ? e->icmp6.b : ip->flow.dst.b, 16);
	memcpy(h + 24, ip->flow.src.b, 16);
	h[40] = x.type;
	h[41] = x.code;
	put32(h + 44, x.mtu);
	/* pseudo header: addresses, length, next header */
	put16(h + 42, cw_sum16(h + 8, p->len - 8, (p->len - 40) + IP_ICMP6));
}

static bool
answer(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, struct error x4, struct error x6)
{
	if (p->off < 48 || !answerable(ip) || !allowed(e, p->now))
		return false;
	if (ip->ver == 4)
		build4(e, p, ip, x4);
	else
		build6(e, p, ip, x6);
	return true;
}

bool
cw_icmp_too_big(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, uint32_t mtu)
{
	/* IPv4: destination unreachable, fragmentation needed */
	return answer(e, p, ip, (struct error){ 3, 4, mtu }, (struct error){ 2, 0, mtu });
}

/* RFC 4301 5.1.1: prohibited by a policy, or (c) the peer could not be reached to make an SA with. */
bool
cw_answer(struct cw_engine *e, struct cw_pkt *p)
{
	bool policy = p->drop == CW_DROP_POLICY_DISCARD_OUT || p->drop == CW_DROP_POLICY_DEFAULT_OUT;
	bool sa = p->drop == CW_DROP_NO_SA || p->drop == CW_DROP_NO_SA_NO_LISTENER || p->drop == CW_DROP_QUEUE_OLD;
	struct cw_ip ip;

	if ((!policy && !sa) || !cw_knob(e, CW_KNOB_UNREACHABLE) || cw_ip_parse(cw_pkt_data(p), p->len, &ip) != CW_IP_OK ||
	    !answer(e, p, &ip, (struct error){ 3, policy ? 13 : 1, 0 }, (struct error){ 1, policy ? 1 : 3, 0 }))
		return false;
	p->verdict = CW_ANSWER;
	return true;
}
