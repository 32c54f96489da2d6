/* SPDX-License-Identifier: BSD-2-Clause */
/* The IKE codecs: vectors, round trips, every truncation, and the malformed messages of other people's advisories. */
#include "test.h"

#include "ike_samples.h"

static struct bytes
hex(const char *s, uint8_t *buf)
{
	size_t n = 0;

	for (; *s; s++) {
		unsigned v;

		if (*s == ' ')
			continue;
		assert_int_equal(sscanf(s, "%2x", &v), 1);
		buf[n++] = (uint8_t)v;
		s++;
	}
	return bytes_of(buf, n);
}

/* A chain of one payload, as an inner chain. */
static enum werr
inner(uint8_t first, const char *h, struct msg *m)
{
	static uint8_t buf[70000];

	memset(m, 0, sizeof(*m));
	m->sk_first = first;
	return msg_get_inner(m, hex(h, buf));
}

static void
test_header(void **state)
{
	uint8_t buf[64], out[64];
	struct bytes in = hex("0102030405060708 1112131415161718 21 20 22 08 00000000 0000001c", buf);
	struct ike_hdr h;
	struct wr w = wr_of(out, sizeof(out));

	assert_int_equal(hdr_get(in, &h), WE_OK);
	assert_true(h.spi_i == 0x0102030405060708 && h.spi_r == 0x1112131415161718 && h.next == PLD_SA);
	assert_true(h.exchange == EX_IKE_SA_INIT && h.initiator && !h.response && h.id == 0);
	hdr_put(&w, &h, 28);
	assert_true(bytes_eq(wr_bytes(&w), in));
	for (size_t n = 0; n < in.n; n++)
		assert_int_equal(hdr_get(bytes_of(in.p, n), &h), WE_SHORT);
	buf[27] = 0x1d;
	assert_int_equal(hdr_get(in, &h), WE_LENGTH);
	buf[24] = 0xff;
	assert_int_equal(hdr_get(in, &h), WE_LENGTH);
	buf[24] = 0, buf[27] = 0x1c, buf[17] = 0x30;
	assert_int_equal(hdr_get(in, &h), WE_MAJOR);
	buf[17] = 0x10;
	assert_int_equal(hdr_get(in, &h), WE_MAJOR);
	buf[17] = 0x2f, buf[18] = 33;
	assert_int_equal(hdr_get(in, &h), WE_EXCHANGE);
	buf[18] = 38;
	assert_int_equal(hdr_get(in, &h), WE_EXCHANGE);
	buf[18] = 37;
	assert_int_equal(hdr_get(in, &h), WE_OK);
	memset(buf, 0, 8);
	assert_int_equal(hdr_get(in, &h), buf[19] & 0x20 ? WE_SPI_ZERO : WE_OK);	/* RFC 7296 1.5: INVALID_SPI */
	buf[19] ^= 0x20;
	assert_int_equal(hdr_get(in, &h), buf[19] & 0x20 ? WE_SPI_ZERO : WE_OK);
	buf[18] = EX_CREATE_CHILD_SA;
	assert_int_equal(hdr_get(in, &h), WE_SPI_ZERO);
}

/* Decode, encode, decode: the same; encoding what was decoded from our own octets gives those octets. */
static void
test_round_trip(void **state)
{
	static struct sample s;
	static uint8_t again[SAMPLE_MAX];
	static struct msg a, b;

	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		struct msg_out o;
		struct bytes done;

		sample_full(&s, (enum msg_kind)k);
		assert_int_equal(sample_get(&s, &a), WE_OK);
		if (s.sealed)
			msg_begin_inner(&o, again, sizeof(again));
		else
			msg_begin(&o, again, sizeof(again), &s.hdr);
		sample_again(&o, &a);
		done = msg_end(&o);
		assert_true(done.n > 0);
		b = (struct msg){ .sk_first = o.first };
		assert_int_equal(s.sealed ? msg_get_inner(&b, done) : msg_get_outer(done, &b), WE_OK);
		assert_true(sample_same(&a, &b));
	}
}

/* Every prefix of every message is refused (its length is wrong), and every prefix of every chain too, or is a shorter chain. */
static void
test_truncation(void **state)
{
	static struct sample s;
	static struct msg m;

	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		sample_full(&s, (enum msg_kind)k);
		for (size_t n = 0; n < s.n; n++) {
			uint8_t *exact = malloc(n ? n : 1);
			enum werr e;

			memcpy(exact, s.b, n);
			m = (struct msg){ .sk_first = s.first };
			e = s.sealed ? msg_get_inner(&m, bytes_of(exact, n)) : msg_get_outer(bytes_of(exact, n), &m);
			assert_int_not_equal(e, WE_OK);
			if (!s.sealed && n >= HDR_LEN) {	/* a header that tells the shorter length */
				exact[26] = (uint8_t)(n >> 8), exact[27] = (uint8_t)n;
				assert_int_not_equal(msg_get_outer(bytes_of(exact, n), &m), WE_OK);
			}
			free(exact);
		}
	}
}

static void
test_chain(void **state)
{
	static struct msg m;
	static uint8_t buf[70000];
	struct wr w;

	assert_int_equal(inner(PLD_NONE, "", &m), WE_OK);
	assert_int_equal(inner(PLD_NONE, "00", &m), WE_TRAILING);
	/* A generic header that claims less than itself: the endless loop of CVE-2004-0392. */
	assert_int_equal(inner(PLD_VENDOR, "2b000000", &m), WE_PAYLOAD_SHORT);
	assert_int_equal(inner(PLD_VENDOR, "2b000003", &m), WE_PAYLOAD_SHORT);
	/* One that claims more than there is: CVE-2004-0403. */
	assert_int_equal(inner(PLD_VENDOR, "0000ffff", &m), WE_PAYLOAD_SHORT);
	assert_int_equal(inner(PLD_VENDOR, "000000", &m), WE_PAYLOAD_SHORT);
	assert_int_equal(inner(PLD_VENDOR, "00000004 00", &m), WE_TRAILING);
	/* Unknown payloads are skipped, unless they are critical (2.5). For known types the bit means nothing. */
	assert_int_equal(inner(200, "2b000006aabb 00000004", &m), WE_OK);
	assert_true(m.nvendor == 1 && m.seen == PLD_BIT(PLD_VENDOR));
	assert_int_equal(inner(200, "2b800006aabb 00000004", &m), WE_CRITICAL);
	assert_int_equal(m.bad, 200);
	assert_int_equal(werr_notify(WE_CRITICAL), N_UNSUPPORTED_CRITICAL_PAYLOAD);
	assert_int_equal(inner(PLD_VENDOR, "00800004", &m), WE_OK);
	assert_int_equal(inner(PLD_SK, "00000004", &m), WE_SK_NESTED);
	/* Counts are capped: 64 payloads, 32 notifies; too many vendor ids are only not remembered. */
	w = wr_of(buf, sizeof(buf));
	for (int i = 0; i < 64; i++)
		wr_u32(&w, i < 63 ? 0x2b000004 : 4);
	m = (struct msg){ .sk_first = PLD_VENDOR };
	assert_int_equal(msg_get_inner(&m, wr_bytes(&w)), WE_OK);
	assert_int_equal(m.nvendor, MSG_VENDORS);
	buf[63 * 4] = PLD_VENDOR;
	wr_u32(&w, 4);
	m = (struct msg){ .sk_first = PLD_VENDOR };
	assert_int_equal(msg_get_inner(&m, wr_bytes(&w)), WE_PAYLOADS);
	w = wr_of(buf, sizeof(buf));
	for (int i = 0; i < 33; i++) {
		wr_u32(&w, i < 32 ? 0x29000008 : 8);
		wr_u32(&w, 0x00004004);
	}
	m = (struct msg){ .sk_first = PLD_NOTIFY };
	assert_int_equal(msg_get_inner(&m, wr_bytes(&w)), WE_PAYLOADS);
	assert_int_equal(m.bad, PLD_NOTIFY);
}

static void
test_sk_place(void **state)
{
	static struct msg m;
	uint8_t buf[64];
	struct bytes in = hex("0102030405060708 1112131415161718 2e 20 25 08 00000001 00000028 29000004 00000000 00000000", buf);

	assert_int_equal(msg_get_outer(in, &m), WE_SK_LAST);
	buf[31] = 12;
	assert_int_equal(msg_get_outer(in, &m), WE_OK);
	assert_true(m.sk.n == 8 && m.sk_first == PLD_NOTIFY && m.outer == PLD_BIT(PLD_SK));
	buf[31] = 13;
	assert_int_equal(msg_get_outer(in, &m), WE_PAYLOAD_SHORT);
}

/* One proposal, aes128gcm16-prfsha256-x25519, as on the wire. */
#define GOOD_SA "00000028 0000 0024 01 01 00 03 0300000c 01000014800e0080 03000008 02000005 00000008 0400001f"

static void
test_sa_vector(void **state)
{
	static struct msg m;
	uint8_t buf[64], out[64];
	struct msg_out o;
	struct proposals ps = { .n = 1 };
	const char *why;
	size_t at;

	assert_int_equal(inner(PLD_SA, GOOD_SA, &m), WE_OK);
	assert_true(proposal_parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", &ps.v[0], &why, &at));
	assert_int_equal(m.sa.proposals.n, 1);
	assert_memory_equal(&m.sa.proposals.v[0], &ps.v[0], sizeof(ps.v[0]));
	msg_begin_inner(&o, out, sizeof(out));
	pld_sa_put(&o, &ps, bytes_of(NULL, 0));
	assert_true(bytes_eq(msg_end(&o), hex(GOOD_SA, buf)));
	assert_int_equal(o.first, PLD_SA);
}

static void
test_sa_malformed(void **state)
{
	static struct msg m;

	assert_int_equal(inner(PLD_SA, "00000004", &m), WE_SA_EMPTY);
	/* last, but another follows; more, but none follows; a count that lies */
	assert_int_equal(inner(PLD_SA, "0000000d 00000008 01010000 00", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "0000000c 02000008 01010000", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "0000000c 00000008 01010001", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "00000014 00000010 01010000 00000008 01000014", &m), WE_SA_COUNT);
	assert_int_equal(inner(PLD_SA, "00000014 00000010 01010001 03000008 01000014", &m), WE_SA_COUNT);
	assert_int_equal(inner(PLD_SA, "00000014 00000010 01010002 00000008 01000014", &m), WE_SA_COUNT);
	/* lengths below the header, beyond the payload */
	assert_int_equal(inner(PLD_SA, "0000000c 00000007 01010000", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "0000000c 00000009 01010000", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "00000014 00000010 01010001 00000007 01000014", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "00000014 00000010 01010001 00000009 01000014", &m), WE_SA_SYNTAX);
	/* an attribute that does not fit */
	assert_int_equal(inner(PLD_SA, "00000016 00000012 01010001 0000000a 01000014 800e", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "00000018 00000014 01010001 0000000c 01000014 000e0004", &m), WE_SA_SYNTAX);
	/* SPI sizes, numbers */
	assert_int_equal(inner(PLD_SA, "00000010 0000000c 01010400 aabbccdd", &m), WE_SA_SPI);
	assert_int_equal(inner(PLD_SA, "0000000c 00000008 01030000", &m), WE_SA_SPI);
	assert_int_equal(inner(PLD_SA, "0000000c 00000008 0103ff00", &m), WE_SA_SYNTAX);
	assert_int_equal(inner(PLD_SA, "00000014 02000008 01010000 00000008 03010000", &m), WE_SA_NUMBER);
	assert_int_equal(inner(PLD_SA, "00000014 02000008 02010000 00000008 02010000", &m), WE_SA_NUMBER);
	/* an answer repeats the number of what it chose */
	assert_int_equal(inner(PLD_SA, "0000000c 00000008 07010000", &m), WE_OK);
	assert_int_equal(m.sa.num[0], 7);
}

/* What we do not understand must never be chosen, and must not make a message malformed either (3.3.6). */
static void
test_sa_unknown(void **state)
{
	static struct msg m;
	struct proposals ours = { .n = 1 };
	struct suite s;
	const char *why;
	unsigned which;
	size_t at;

	assert_true(proposal_parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", &ours.v[0], &why, &at));
	assert_int_equal(inner(PLD_SA, GOOD_SA, &m), WE_OK);
	assert_true(proposals_choose(&ours, &m.sa.proposals, &s, &which));
	/* the encryption transform has an attribute nobody knows (TLV 99) */
	assert_int_equal(inner(PLD_SA, "0000002e 0000 002a 01 01 00 03 03000012 01000014800e0080 0063 0002 aabb 03000008 02000005 "
	    "00000008 0400001f", &m), WE_OK);
	assert_false(proposals_choose(&ours, &m.sa.proposals, &s, &which));
	/* two different key lengths in one transform */
	assert_int_equal(inner(PLD_SA, "0000002c 0000 0028 01 01 00 03 03000010 01000014800e0100800e0080 03000008 02000005 "
	    "00000008 0400001f", &m), WE_OK);
	assert_false(proposals_choose(&ours, &m.sa.proposals, &s, &which));
	/* a transform type of RFC 9370 beside the known ones: the whole proposal is not for us */
	assert_int_equal(inner(PLD_SA, "00000030 0000 002c 01 01 00 04 0300000c 01000014800e0080 03000008 02000005 "
	    "03000008 0400001f 00000008 06000024", &m), WE_OK);
	assert_false(proposals_choose(&ours, &m.sa.proposals, &s, &which));
}

static void
put_many(struct msg_out *o, unsigned unknown, bool odd)
{
	struct proposals ps = { .n = 1 };
	size_t payload = pld_open(o, PLD_SA), proposal = o->w.n;
	const unsigned count = unknown + odd + 4;

	ps.v[0] = (struct proposal){ .proto = PROTO_IKE, .n = 4, .t = { { T_ENCR, ENCR_AES_CBC, 256 }, { T_PRF, 5, 0 },
		{ T_INTEG, INTEG_HMAC_SHA2_256_128, 0 }, { T_KE, KE_X25519, 0 } } };
	wr_u32(&o->w, 0);
	wr_u32(&o->w, 0x01010000 + count);
	if (odd)
		wr_u64(&o->w, 0x0300000806000024);
	for (unsigned i = 0; i < unknown; i++)
		wr_u64(&o->w, 0x0300000804000400 + i);
	for (unsigned i = 0; i < 4; i++) {
		const struct transform *t = &ps.v[0].t[i];

		wr_u32(&o->w, (i == 3 ? 0u : 0x03000000u) + (t->key_bits ? 12 : 8));
		wr_u32(&o->w, (uint32_t)t->type << 24 | t->id);
		if (t->key_bits)
			wr_u32(&o->w, 0x800e0000u | t->key_bits);
	}
	wr_set16(&o->w, proposal + 2, o->w.n - proposal);
	pld_close(o, payload);
}

/* strongSwan's default proposal has more transforms than we have room for: what we know must survive, whatever stands before. */
static void
test_sa_crowded(void **state)
{
	static struct msg m;
	static uint8_t buf[8192];
	struct proposals ours = { .n = 1 };
	struct msg_out o;
	struct suite s;
	const char *why;
	unsigned which;
	size_t at;

	assert_true(proposal_parse(PROTO_IKE, "aes256-sha256-prfsha256-x25519", &ours.v[0], &why, &at));
	for (unsigned unknown = 0; unknown <= 200; unknown += 10) {
		for (int odd = 0; odd < 2; odd++) {
			msg_begin_inner(&o, buf, sizeof(buf));
			put_many(&o, unknown, odd);
			m = (struct msg){ .sk_first = PLD_SA };
			assert_int_equal(msg_get_inner(&m, msg_end(&o)), WE_OK);
			assert_true(m.sa.proposals.v[0].n <= PROPOSAL_TRANSFORMS);
			assert_int_equal(proposals_choose(&ours, &m.sa.proposals, &s, &which), !odd);
		}
	}
	/* 40 proposals: 16 are kept */
	msg_begin_inner(&o, buf, sizeof(buf));
	at = pld_open(&o, PLD_SA);
	for (unsigned i = 1; i <= 40; i++) {
		wr_u32(&o.w, i == 40 ? 8 : 0x02000008);
		wr_u32(&o.w, 0x00010000 | i << 24);
	}
	pld_close(&o, at);
	m = (struct msg){ .sk_first = PLD_SA };
	assert_int_equal(msg_get_inner(&m, msg_end(&o)), WE_OK);
	assert_int_equal(m.sa.proposals.n, PROPOSALS_MAX);
}

static void
test_sa_chosen(void **state)
{
	static struct msg m;
	uint8_t buf[128];
	struct msg_out o;
	struct proposals ours = { .n = 1 };
	struct suite want, got;

	sample_suite(&want);
	want.prf = 0, want.ke = KE_NONE;
	msg_begin_inner(&o, buf, sizeof(buf));
	pld_sa_put_chosen(&o, 3, PROTO_ESP, &want, bytes_of("\1\2\3\4", 4));
	m = (struct msg){ .sk_first = PLD_SA };
	assert_int_equal(msg_get_inner(&m, msg_end(&o)), WE_OK);
	assert_true(m.sa.num[0] == 3 && spi32(m.sa.spi[0]) == 0x01020304);
	ours.v[0] = m.sa.proposals.v[0];
	assert_true(proposals_accept(&ours, &m.sa.proposals.v[0], &got));
	assert_memory_equal(&got, &want, sizeof(got));
}

static void
test_small_payloads(void **state)
{
	static struct msg m;

	assert_int_equal(inner(PLD_KE, "00000009 001f 0000 aa", &m), WE_OK);
	assert_true(m.ke.group == 31 && m.ke.data.n == 1);
	assert_int_equal(inner(PLD_KE, "00000008 001f 0000", &m), WE_KE_SYNTAX);
	assert_int_equal(inner(PLD_KE, "00000007 001f 00", &m), WE_KE_SYNTAX);
	assert_int_equal(inner(PLD_IDI, "00000007 020000", &m), WE_ID_SYNTAX);
	assert_int_equal(inner(PLD_IDR, "0000000a 02000000 6162", &m), WE_OK);
	assert_int_equal(m.idr.n, 6);
	assert_int_equal(inner(PLD_AUTH, "00000008 02000000", &m), WE_AUTH_SYNTAX);
	assert_int_equal(inner(PLD_AUTH, "00000009 02000000 aa", &m), WE_OK);
	assert_int_equal(inner(PLD_NONCE, "00000013 000102030405060708090a0b0c0d0e", &m), WE_NONCE_SIZE);
	assert_int_equal(inner(PLD_NONCE, "00000014 000102030405060708090a0b0c0d0e0f", &m), WE_OK);
	assert_int_equal(inner(PLD_CERT, "00000004", &m), WE_CERT_SYNTAX);
	assert_int_equal(inner(PLD_CERTREQ, "00000005 04", &m), WE_OK);
}

static void
test_nonce_long(void **state)
{
	static uint8_t buf[300];
	struct bytes got;

	assert_int_equal(pld_nonce_get(bytes_of(buf, 256), &got), WE_OK);
	assert_int_equal(pld_nonce_get(bytes_of(buf, 257), &got), WE_NONCE_SIZE);
}

static void
test_notify_delete(void **state)
{
	static struct msg m;

	assert_int_equal(inner(PLD_NOTIFY, "00000007 000040", &m), WE_NOTIFY_SYNTAX);
	assert_int_equal(inner(PLD_NOTIFY, "0000000b 03044009 aabbcc", &m), WE_NOTIFY_SYNTAX);
	assert_int_equal(inner(PLD_NOTIFY, "2900000c 03044009 aabbccdd 00000009 0300000e 01", &m), WE_OK);
	assert_int_equal(spi32(msg_notify(&m, N_REKEY_SA)->spi), 0xaabbccdd);
	assert_int_equal(msg_error(&m)->type, N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(m.notify[1].proto, 0);		/* no SPI: the protocol is ignored */
	assert_null(msg_notify(&m, N_COOKIE));
	assert_int_equal(inner(PLD_DELETE, "00000008 01000000", &m), WE_OK);
	assert_int_equal(inner(PLD_DELETE, "00000008 01000001", &m), WE_DELETE_SYNTAX);
	assert_int_equal(inner(PLD_DELETE, "00000010 01080001 0000000000000001", &m), WE_DELETE_SYNTAX);
	assert_int_equal(inner(PLD_DELETE, "00000010 03040002 00000001 00000002", &m), WE_OK);
	assert_true(delete_spi(&m.del[0], 0) == 1 && delete_spi(&m.del[0], 1) == 2 && delete_spi(&m.del[0], 2) == 0);
	assert_int_equal(inner(PLD_DELETE, "00000010 0304ffff 00000001 00000002", &m), WE_DELETE_SYNTAX);
	assert_int_equal(inner(PLD_DELETE, "00000010 00040002 00000001 00000002", &m), WE_DELETE_SYNTAX);
	assert_int_equal(inner(PLD_DELETE, "00000007 030400", &m), WE_DELETE_SYNTAX);
	assert_true(spi32(bytes_of("abc", 3)) == 0 && spi64(bytes_of("abcd", 4)) == 0);
	assert_true(spi64(bytes_of("\0\0\0\0\0\0\0\7", 8)) == 7);
}

static void
test_ts(void **state)
{
	static struct msg m;

	assert_int_equal(inner(PLD_TSI, "00000018 01000000 07060010 0050 01bb 0a000100 0a0001ff", &m), WE_OK);
	assert_true(m.tsi.n == 1 && m.tsi.v[0].proto == 6 && m.tsi.v[0].port_lo == 80 && m.tsi.v[0].port_hi == 443);
	assert_true(m.tsi.v[0].lo.fam == 4 && m.tsi.v[0].hi.b[3] == 255);
	assert_int_equal(inner(PLD_TSI, "00000008 00000000", &m), WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSI, "00000018 02000000 07060010 0050 01bb 0a000100 0a0001ff", &m), WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSI, "00000018 00000000 07060010 0050 01bb 0a000100 0a0001ff", &m), WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSI, "00000018 01000000 08060010 0050 01bb 0a000100 0a0001ff", &m), WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSI, "00000018 01000000 07060007 0050 01bb 0a000100 0a0001ff", &m), WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSI, "00000018 01000000 07060010 01bb 0050 0a000100 0a0001ff", &m), WE_TS_RANGE);
	assert_int_equal(inner(PLD_TSI, "00000018 01000000 07060010 0050 01bb 0a000101 0a000100", &m), WE_TS_RANGE);
	/* OPAQUE ports and an unknown selector type: left out, not refused */
	assert_int_equal(inner(PLD_TSR, "00000018 01000000 07060010 ffff 0000 0a000100 0a0001ff", &m), WE_OK);
	assert_int_equal(m.tsr.n, 0);
	/* and so are ports of no protocol */
	assert_int_equal(inner(PLD_TSR, "00000018 01000000 07000010 0050 0050 0a000100 0a0001ff", &m), WE_OK);
	assert_int_equal(m.tsr.n, 0);
	assert_int_equal(inner(PLD_TSR, "0000001c 02000000 07000010 0000 ffff 0a000100 0a0001ff 09000008 00000000", &m),
	    WE_TS_SYNTAX);
	assert_int_equal(inner(PLD_TSR, "00000020 02000000 07000010 0000 ffff 0a000100 0a0001ff 09000008 00000000", &m), WE_OK);
	assert_int_equal(m.tsr.n, 1);
}

static void
test_ts_many(void **state)
{
	static uint8_t buf[8192];
	static struct ts_list l;
	struct wr w = wr_of(buf, sizeof(buf));

	wr_u32(&w, (uint32_t)(TS_MAX + 1) << 24);
	for (unsigned i = 0; i <= TS_MAX; i++) {
		wr_u64(&w, 0x070000100000ffff);
		wr_u32(&w, i);
		wr_u32(&w, i);
	}
	assert_int_equal(pld_ts_get(wr_bytes(&w), &l), WE_TS_MANY);
	buf[0] = TS_MAX;
	assert_int_equal(pld_ts_get(bytes_of(buf, w.n - 16), &l), WE_OK);
	assert_int_equal(l.n, TS_MAX);
}

/* Writing never runs over its buffer, and says so. */
static void
test_no_room(void **state)
{
	static struct sample s;
	static struct msg m;

	sample_full(&s, KIND_INIT_REQ);
	assert_int_equal(sample_get(&s, &m), WE_OK);
	for (size_t cap = 0; cap < s.n; cap++) {
		uint8_t *exact = malloc(cap ? cap : 1);
		struct msg_out o;

		msg_begin(&o, exact, cap, &s.hdr);
		sample_again(&o, &m);
		assert_int_equal(msg_end(&o).n, 0);
		free(exact);
	}
}

/* IPCOMP_SUPPORTED: three octets, no more and no less (RFC 7296 2.22). */
static void
test_ipcomp(void **state)
{
	static const uint8_t b[8] = { 0x12, 0x34, 2 };
	uint8_t transform;
	uint16_t cpi;

	for (size_t n = 0; n < sizeof(b); n++)
		assert_int_equal(ipcomp_get(bytes_of(b, n), &cpi, &transform), n == 3);
	assert_true(ipcomp_get(bytes_of(b, 3), &cpi, &transform) && cpi == 0x1234 && transform == IPCOMP_DEFLATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_ipcomp),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_sk_place),
		cmocka_unit_test(test_sa_vector),
		cmocka_unit_test(test_sa_malformed),
		cmocka_unit_test(test_sa_unknown),
		cmocka_unit_test(test_sa_crowded),
		cmocka_unit_test(test_sa_chosen),
		cmocka_unit_test(test_small_payloads),
		cmocka_unit_test(test_nonce_long),
		cmocka_unit_test(test_notify_delete),
		cmocka_unit_test(test_ts),
		cmocka_unit_test(test_ts_many),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
