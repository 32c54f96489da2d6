/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drop reasons that no other core test meets: each packet raises its own counter by one and no other. What an authentic peer
 * may put behind the trailer is made here with EVP; the rest are packets to be sent that cannot be. Two faults are not to be had
 * from outside, a cipher that refuses and an SA that another processor uses up: the linker's --wrap puts them on the way.
 */
#include <openssl/evp.h>

#include "core_rig.h"

#include "core.h"

#define ESP_SPI	0x2000u		/* what arrives at the tunnel's right end */

/* AES-128-GCM, sequence number seq: the octets of text as they stand, the trailer among them. */
static struct cw_pkt *
sealed(uint32_t spi, uint8_t seed, uint32_t seq, const uint8_t *text, size_t n)
{
	struct rig_sa like = { .seed = seed };
	uint8_t key[64], akey[64], nonce[12], out[512] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8), (uint8_t)spi };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t elen, alen;
	struct cw_pkt *p;
	int k;

	assert_true(n % 4 == 0 && n < 400);
	rig_keys(&like, key, &elen, akey, &alen);
	out[7] = (uint8_t)seq;
	out[15] = (uint8_t)(seq + 100);
	memcpy(nonce, key + 16, 4);
	memcpy(nonce + 4, out + 8, 8);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &k, out, 8), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out + 16, &k, text, (int)n), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, out + 16 + k, &k), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, out + 16 + n), 1);
	EVP_CIPHER_CTX_free(c);
	p = rig_pkt(out, 16 + n + 16);
	p->outer.src = rig_addr("20.0.0.1");
	p->outer.dst = rig_addr("20.0.0.2");
	return p;
}

/* RFC 4303 2.4 (padding), 2.5 and 2.6 (next header; 59 is a dummy). The packet inside is good each time. */
static void
trailers(void **state)
{
	static const struct { const char *what; uint8_t pad[2], len, next; unsigned why; } t[] = {
		{ "good", { 1, 2 }, 2, 4, CW_DROP_NONE },
		{ "padding 0 0", { 0, 0 }, 2, 4, CW_DROP_PADDING_WRONG },
		{ "padding 1 3", { 1, 3 }, 2, 4, CW_DROP_PADDING_WRONG },
		{ "longer than the packet", { 1, 2 }, 255, 4, CW_DROP_PADDING_WRONG },
		{ "TCP in tunnel mode", { 1, 2 }, 2, 6, CW_DROP_NEXT_HEADER },
		{ "IPv4 that is said to be IPv6", { 1, 2 }, 2, 41, CW_DROP_INNER_HEADER },
		{ "a dummy", { 1, 2 }, 2, 59, CW_DROP_DUMMY },
	};
	struct rig_sa like = { 0 };
	struct host *h = rig_new();

	rig_tunnel(h, false, &like);
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cw_pkt *in = rig_udp4("10.0.1.5", "10.0.2.6", 100, 0, false);
		uint8_t text[132];

		assert_int_equal(in->len, 128);
		memcpy(text, cw_pkt_data(in), 128);
		memcpy(text + 128, t[i].pad, 2);
		text[130] = t[i].len;
		text[131] = t[i].next;
		rig_carry(h, sealed(ESP_SPI, 2, i + 1, text, sizeof(text)));
		if (t[i].why == CW_DROP_NONE)
			assert_int_equal(h->nplain, 1);
		else
			rig_dropped(h, t[i].why);
		rig_clear(h);
		rig_pkt_free(in);
	}
	rig_free(h);
}

/* What we sent comes back to us: the SA of that SPI only sends. */
static void
direction(void **state)
{
	struct rig_sa like = { 0 };
	struct host *h = rig_new();
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));
	rig_clear(h);
	rig_carry(h, p);
	rig_dropped(h, CW_DROP_SA_DIRECTION);
	rig_free(h);
}

static void
send_drop(struct host *h, struct cw_pkt *p, unsigned why)
{
	rig_clear(h);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, why);
	assert_int_equal(h->nwire, 0);
	rig_clear(h);
}

static void
not_sent(void **state)
{
	struct rig_sa like = { 0 }, out = { .spi = 0x5000, .reqid = 9, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 5, .window = 64,
	    .flags = CW_SAF_OUT, .sel_src = "10.0.1.0/25", .sel_dst = "10.0.9.0/24" };
	struct host *h = rig_new();
	struct cw_addr peer = rig_addr("20.0.0.2");
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	/* the only SA of the policy was narrowed by the peer */
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.9.0/24", 9, 100), 0);
	assert_int_equal(rig_sa(h, &out), 0);
	send_drop(h, rig_udp4("10.0.1.200", "10.0.9.1", 40, 0, false), CW_DROP_SELECTOR_OUT);
	/* not IP */
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	cw_pkt_data(p)[0] = 0x55;
	send_drop(h, p, CW_DROP_PLAIN_MALFORMED);
	/* no room behind it for padding and ICV, none before it for the ESP header */
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	p->cap = p->off + p->len + 10;
	send_drop(h, p, CW_DROP_NO_ROOM);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	memmove(p->buf + 8, cw_pkt_data(p), p->len);
	p->off = 8;
	send_drop(h, p, CW_DROP_NO_ROOM);
	/* too big, and an ICMP error itself: nobody may be told (RFC 1122 3.2.2) */
	cw_path_mtu(h->e, &peer, 1400);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 1400, 0, true);
	cw_pkt_data(p)[9] = 1;		/* ICMP, 16 less than UDP: the identification makes up for it in the checksum */
	cw_pkt_data(p)[5] = 16;
	cw_pkt_data(p)[20] = 3;		/* destination unreachable */
	send_drop(h, p, CW_DROP_TOO_BIG_SILENT);
	/* and the next good one goes out */
	rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)));
	rig_free(h);
}

static struct { bool refuse, use_up; } fault;

void __real_host_seal(struct cw_engine *, struct cw_pkt **, unsigned);
void __wrap_host_seal(struct cw_engine *, struct cw_pkt **, unsigned);
bool __real_cw_sa_alive(struct cw_engine *, struct cw_sa *, uint64_t);
bool __wrap_cw_sa_alive(struct cw_engine *, struct cw_sa *, uint64_t);

void
__wrap_host_seal(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	if (!fault.refuse) {
		__real_host_seal(e, v, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		v[i]->crypt.ok = 0;
	cw_sealed(e, v, n);
}

/* The SA is alive when it is chosen; then its last packets are sent elsewhere. */
bool
__wrap_cw_sa_alive(struct cw_engine *e, struct cw_sa *sa, uint64_t now)
{
	bool alive = __real_cw_sa_alive(e, sa, now);

	if (alive && fault.use_up)
		sa->packets = sa->hard.packets;
	return alive;
}

static void
cipher_refuses(void **state)
{
	struct rig_sa like = { 0 };
	struct host *h = rig_new();

	rig_tunnel(h, true, &like);
	fault.refuse = true;
	send_drop(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false), CW_DROP_SEAL_FAILED);
	fault.refuse = false;
	rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)));
	rig_free(h);
}

/* A peer that may come from anywhere: before it has, its SA cannot send. */
static void
nowhere_to(void **state)
{
	struct rig_sa out = { .spi = 0x5000, .reqid = 9, .src = "20.0.0.1", .dst = "0.0.0.0", .seed = 5, .window = 64, .flags = CW_SAF_OUT };
	struct host *h = rig_new();

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.9.0/24", 9, 100), 0);
	assert_int_equal(rig_sa(h, &out), 0);
	send_drop(h, rig_udp4("10.0.1.5", "10.0.9.1", 40, 0, false), CW_DROP_ENDPOINT_UNKNOWN);
	rig_free(h);
}

static void
used_up_meanwhile(void **state)
{
	struct rig_sa like = { .hard_packets = 100 };
	struct host *h = rig_new();
	struct pfkey_msg m;
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)));
	fault.use_up = true;
	send_drop(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false), CW_DROP_SEND_EXPIRED);
	fault.use_up = false;
	assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
	/* it is gone: the next packet has none, and asks for one */
	rig_clear(h);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_free(h);
}

/* What came by an SA, and what came in the clear, against policies that want neither. */
static void
policy_in(void **state)
{
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 };
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	assert_int_equal(rig_policy(far, CW_DIR_IN, CW_POLICY_DISCARD, "10.0.1.9/32", "10.0.2.0/24", 0, 1), 0);
	assert_int_equal(rig_policy(far, CW_DIR_IN, CW_POLICY_NONE, "10.0.1.8/32", "10.0.2.0/24", 0, 1), 0);
	p = rig_seal(h, rig_udp4("10.0.1.9", "10.0.2.6", 40, 0, false));
	rig_clear(far);
	rig_carry(far, p);
	rig_dropped(far, CW_DROP_POLICY_DISCARD_IN);
	p = rig_udp4("10.0.1.9", "10.0.2.6", 40, 0, false);
	rig_clear(far);
	cw_check_clear(far->e, &p, 1, far->now);
	rig_dropped(far, CW_DROP_POLICY_DISCARD_IN);
	p = rig_seal(h, rig_udp4("10.0.1.8", "10.0.2.6", 40, 0, false));
	rig_clear(far);
	rig_carry(far, p);
	rig_dropped(far, CW_DROP_POLICY_BYPASS_IN);
	p = rig_udp4("10.0.1.8", "10.0.2.6", 40, 0, false);
	rig_clear(far);
	cw_check_clear(far->e, &p, 1, far->now);
	assert_int_equal(far->ndrop, 0);
	rig_free(h);
	rig_free(far);
}

/* -- the sender of what is not sent is told (RFC 4301 5.1.1) -- */

static struct cw_pkt *
dropped_out(struct host *h, bool v6, unsigned reason)
{
	struct cw_pkt *p = v6 ? rig_udp6("fd01::1", "fd02::1", 40, 0) : rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);

	rig_clear(h);
	cw_plain_in(h->e, &p, 1, h->now);
	if (reason == CW_DROP_QUEUE_OLD)
		cw_tick(h->e, h->now + 11 * S);
	rig_dropped(h, reason);
	return h->drop[0];
}

static void
is_answer(struct host *h, struct cw_pkt *p, bool v6, unsigned reason)
{
	bool policy = reason == CW_DROP_POLICY_DISCARD_OUT || reason == CW_DROP_POLICY_DEFAULT_OUT;
	unsigned at = v6 ? 40 : 20, type = v6 ? 1 : 3, code = v6 ? (policy ? 1 : 3) : policy ? 13 : 1;
	struct cw_ip ip;
	uint8_t was[64];
	const uint8_t *d;
	uint32_t len = p->len;

	memcpy(was, cw_pkt_data(p), sizeof(was));
	assert_true(cw_answer(h->e, p));
	assert_int_equal(p->verdict, CW_ANSWER);
	assert_int_equal(cw_ip_parse(cw_pkt_data(p), p->len, &ip), CW_IP_OK);
	d = cw_pkt_data(p);
	assert_int_equal(p->len, at + 8 + len);
	if (d[at] != type || d[at + 1] != code)
		fail_msg("reason %u: type %u, code %u", reason, d[at], d[at + 1]);
	assert_int_equal(ip.flow.proto, v6 ? 58 : 1);
	assert_memory_equal(d + (v6 ? 24 : 16), was + (v6 ? 8 : 12), v6 ? 16 : 4);	/* to who sent it */
	assert_memory_equal(d + at + 8, was, sizeof(was));				/* and about this packet */
	if (v6)
		assert_int_equal(cw_sum16(d + 8, p->len - 8, p->len - 40 + 58), 0);
	else
		assert_int_equal(cw_sum16(d + 20, p->len - 20, 0), 0);
}

static void
told_to_sender(void **state)
{
	static const unsigned reasons[] = { CW_DROP_POLICY_DISCARD_OUT, CW_DROP_POLICY_DEFAULT_OUT, CW_DROP_NO_SA_NO_LISTENER, CW_DROP_QUEUE_OLD };

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned i = 0; i < 4; i++) {
			struct host *h = rig_new();
			const char *l = v6 ? "fd01::/16" : "10.0.1.0/24", *r = v6 ? "fd02::/16" : "10.0.2.0/24";

			if (reasons[i] == CW_DROP_POLICY_DEFAULT_OUT)
				assert_int_equal(cw_knob_set(h->e, v6 ? CW_KNOB_DEF6 : CW_KNOB_DEF4, 0), 0);
			else
				assert_int_equal(rig_policy(h, CW_DIR_OUT, reasons[i] == CW_DROP_POLICY_DISCARD_OUT ? CW_POLICY_DISCARD : CW_POLICY_IPSEC, l, r, 7, 0), 0);
			if (reasons[i] == CW_DROP_NO_SA_NO_LISTENER)
				for (unsigned k = 0; k < RIG_CLIENTS; k++) {
					cw_client_close(h->e, h->client[k].c);
					h->client[k].c = NULL;
				}
			is_answer(h, dropped_out(h, v6, reasons[i]), v6, reasons[i]);
			/* not when it is switched off, and at most so many a second */
			assert_int_equal(cw_knob_set(h->e, CW_KNOB_UNREACHABLE, 0), 0);
			h->now += 40 * S;
			assert_false(cw_answer(h->e, dropped_out(h, v6, reasons[i])));
			assert_int_equal(cw_knob_set(h->e, CW_KNOB_UNREACHABLE, 1), 0);
			cw_bounds_set(h->e, &(struct cw_bounds){ CW_SA_MAX, CW_SPD_MAX, 0 });
			h->now += 40 * S;
			assert_false(cw_answer(h->e, dropped_out(h, v6, reasons[i])));
			rig_free(h);
		}
}

/* Not about an error, a group, or what was dropped for another reason, above all not about what came in. */
static void
not_told(void **state)
{
	struct host *h = rig_new();
	uint8_t error[56] = { 0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 1, 5, 10, 0, 2, 6, 3, 1, 0, 0, 0, 0, 0, 0, 0x45 };
	struct cw_pkt *p = rig_pkt(error, sizeof(error));

	put16(cw_pkt_data(p) + 10, cw_sum16(cw_pkt_data(p), 20, 0));
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "0.0.0.0/0", "0.0.0.0/0", 0, 0), 0);
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_DISCARD, "0.0.0.0/0", "0.0.0.0/0", 0, 0), 0);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);
	assert_false(cw_answer(h->e, h->drop[0]));
	rig_clear(h);
	p = rig_udp4("10.0.1.5", "224.0.1.1", 40, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);
	assert_false(cw_answer(h->e, h->drop[0]));
	rig_clear(h);
	p = rig_udp4("10.0.2.6", "10.0.1.5", 40, 0, false);
	cw_check_clear(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_IN);
	assert_false(cw_answer(h->e, h->drop[0]));
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trailers), cmocka_unit_test(direction), cmocka_unit_test(not_sent), cmocka_unit_test(cipher_refuses),
		cmocka_unit_test(nowhere_to), cmocka_unit_test(used_up_meanwhile), cmocka_unit_test(policy_in),
		cmocka_unit_test(told_to_sender), cmocka_unit_test(not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
