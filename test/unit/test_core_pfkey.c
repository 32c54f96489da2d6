/* SPDX-License-Identifier: BSD-2-Clause */
/* The PF_KEY server as its clients see it. Messages are made and read by lib/pfkey, which shares no code with the engine. */
#include "core_rig.h"

#include <limits.h>
#include <unistd.h>

static const struct rig_sa plain_in = { .spi = 0x1234, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 1024, .bits = 256,
	.flags = CW_SAF_IN | CW_SAF_ESN, .sel_src = "10.0.1.0/24", .sel_dst = "10.0.2.0/24", .hard_s = 3600, .soft_s = 3000,
	.hard_packets = 1ull << 33, .udp = 4500, .seed = 9 };

/* Does any message of any client hold these octets? */
static bool
anyone_has(struct host *h, unsigned from, const uint8_t *key, size_t n)
{
	for (unsigned c = from; c < RIG_CLIENTS; c++)
		for (unsigned i = 0; i < h->client[c].n; i++)
			if (memmem(h->client[c].msg[i].p, h->client[c].msg[i].n, key, n))
				return true;
	return false;
}

static void
keys_stay_inside(void **state)
{
	struct host *h = rig_new();
	uint8_t ekey[64], akey[64];
	size_t elen, alen;
	struct pfkey_msg m;

	rig_keys(&plain_in, ekey, &elen, akey, &alen);
	assert_int_equal(rig_sa(h, &plain_in), 0);
	/* everybody heard of it, nobody heard the key, and only who said HELLO got private extensions */
	for (unsigned c = 0; c < RIG_CLIENTS; c++) {
		assert_true(rig_event(h, c, SADB_ADD, &m));
		assert_int_equal(m.sa.spi, 0x1234);
		assert_int_equal((m.has & PFKEY_PRIVATE) != 0, c == 0);
	}
	assert_false(anyone_has(h, 0, ekey, 8));
	/* GET: the positive control, and the others */
	for (unsigned c = 0; c < 3; c++) {
		assert_int_equal(rig_by_name(h, c, SADB_GET, &plain_in), 0);
		assert_true(rig_last(h, c, &m));
		assert_int_equal((m.has & PFKEY_HAS(SADB_EXT_KEY_ENCRYPT)) != 0, c == 0);
		if (c == 0) {
			assert_int_equal(m.key_encrypt.n, elen);
			assert_memory_equal(m.key_encrypt.p, ekey, elen);
			assert_int_equal(m.replay_window, 1024);
			assert_int_equal(m.sa_flags, CW_SAF_IN | CW_SAF_ESN);
			assert_int_equal(m.sel_src.n, 1);
			assert_true(m.hard.packets == 1ull << 33);
			assert_int_equal(m.natt_sport, 4500);
			assert_int_equal(m.sa2.reqid, 7);
			assert_int_equal(m.hard.addtime, 3600);
		}
	}
	/* DUMP by the same rule; KEYLESS cannot be undone, and takes the keys from a client that had them */
	for (unsigned c = 0; c < 3; c++) {
		pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
		rig_call(h, c, &m);
		assert_true(rig_last(h, c, &m));
		assert_int_equal(m.type, SADB_DUMP);
		assert_int_equal(m.sa.spi, 0x1234);
	}
	assert_int_equal(rig_by_name(h, 3, SADB_DELETE, &plain_in), 0);
	assert_false(anyone_has(h, 1, ekey, 8));
	assert_true(anyone_has(h, 0, ekey, elen));
	pfkey_msg_init(&m, SADB_REGISTER, 0);
	m.has |= PFKEY_HAS(CW_EXT_KEYLESS);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(cw_client_flags(h->client[0].c), CW_CLIENT_KEYLESS);
	assert_int_equal(rig_sa(h, &plain_in), EACCES);
	rig_free(h);
}

static void
keyless(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint8_t keys[128];

	rig_sa_msg(&m, &plain_in, SADB_ADD, keys);
	m.has &= ~PFKEY_PRIVATE;
	assert_int_equal(rig_call(h, 2, &m), EACCES);
	m.type = SADB_UPDATE;
	m.seq = 0;
	assert_int_equal(rig_call(h, 2, &m), EACCES);
	pfkey_msg_init(&m, SADB_GETSPI, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 2, &m), EACCES);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 3, 4);
	m.has &= ~PFKEY_PRIVATE;
	assert_int_equal(rig_call(h, 2, &m), 0);
	/* private extensions before HELLO are refused, not skipped */
	rig_sa_msg(&m, &plain_in, SADB_ADD, keys);
	assert_int_equal(rig_call(h, 1, &m), EINVAL);
	assert_int_equal(cw_sa_count(h->e), 0);
	rig_free(h);
}

static int
getspi(struct host *h, uint32_t lo, uint32_t hi, uint32_t *spi)
{
	struct endpoint src = { 0 }, dst = { 0 };
	struct pfkey_msg m;
	int err;

	pfkey_msg_init(&m, SADB_GETSPI, SADB_SATYPE_ESP);
	assert_true(addr_parse("20.0.0.1", &src.addr));
	assert_true(addr_parse("20.0.0.2", &dst.addr));
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
	if (hi) {
		m.spi_min = lo;
		m.spi_max = hi;
		m.has |= PFKEY_HAS(SADB_EXT_SPIRANGE);
	}
	err = rig_call(h, 0, &m);
	if (err == 0) {
		assert_true(rig_last(h, 0, &m));
		*spi = m.sa.spi;
	}
	rig_forget(h, 0);
	return err;
}

static void
spis(void **state)
{
	struct host *h = rig_new();
	uint32_t spi = 0, high = 0, seen = 0;
	struct pfkey_msg m;

	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(getspi(h, 0, 0, &spi), 0);
		assert_true(spi >= 0x100);
		high |= spi;
	}
	assert_true(high > 0xf0000000);		/* the whole range is used */
	for (unsigned i = 0; i < 16; i++) {	/* a small range to its last number */
		assert_int_equal(getspi(h, 0x500, 0x50f, &spi), 0);
		assert_in_range(spi, 0x500, 0x50f);
		assert_false(seen >> (spi - 0x500) & 1);
		seen |= 1u << (spi - 0x500);
	}
	assert_int_equal(getspi(h, 0x500, 0x50f, &spi), EEXIST);
	assert_int_equal(getspi(h, 0xff, 0x200, &spi), EINVAL);
	assert_int_equal(getspi(h, 0x300, 0x200, &spi), EINVAL);
	assert_int_equal(cw_sa_count(h->e), 216);
	/* larval SAs die after 30 s, and are told; one that is asked for again by its number lives on */
	h->now += 20 * S;
	assert_int_equal(getspi(h, 0x505, 0x505, &spi), 0);
	assert_int_equal(spi, 0x505);
	h->now += 11 * S;
	assert_true(cw_tick(h->e, h->now) > h->now);
	assert_int_equal(cw_sa_count(h->e), 1);
	assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
	assert_int_equal(m.sa.state, SADB_SASTATE_LARVAL);
	rig_free(h);
}

/* Nobody can say from the SPIs that were given which one is next: no step between them comes again, and no other engine has had the same. */
static void
spis_are_random(void **state)
{
	enum { N = 200 };
	struct host *h[2] = { rig_new(), rig_new() };
	uint32_t v[2][N], ones = 0, zeros = 0;
	unsigned again = 0, same = 0;

	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < 2; k++)
			assert_int_equal(getspi(h[k], 0, 0, &v[k][i]), 0);
		ones |= v[0][i];
		zeros |= ~v[0][i];
	}
	assert_int_equal(ones, UINT32_MAX);
	assert_int_equal(zeros, UINT32_MAX);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			same += v[0][i] == v[1][j];
			again += i + 1 < N && j < i && v[0][i + 1] - v[0][i] == v[0][j + 1] - v[0][j];
		}
	assert_true(same <= 1);		/* of 40,000 and 20,000 pairs: twice is one time in ten thousand million */
	assert_true(again <= 1);
	rig_free(h[0]);
	rig_free(h[1]);
}

/* What the first engine of a process chooses; by this program itself, started once more. */
static void
first_spi(char *buf, size_t cap)
{
	char self[256], command[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *f;

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(command, sizeof(command), "'%s' --spi", self);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(buf, (int)cap, f));
	assert_int_equal(pclose(f), 0);
	assert_int_equal(strlen(buf), 17);
}

/* Nor do they come again when the engine is started again, in the same second: they are not made of the time, nor of anything that stays. */
static void
spis_of_two_starts(void **state)
{
	char a[32], b[32];

	first_spi(a, sizeof(a));
	first_spi(b, sizeof(b));
	assert_string_not_equal(a, b);
}

static int
say_spis(void)
{
	struct host *h = rig_new();
	uint32_t spi;

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(getspi(h, 0, 0, &spi), 0);
		printf("%08x", spi);
	}
	rig_free(h);
	return puts("") < 0;
}

/* GETSPI, UPDATE; a key enters once. */
static void
one_key_for_one_sa(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = plain_in;
	struct pfkey_msg m;
	uint8_t keys[128];
	uint32_t spi;
	struct cw_pkt *p;

	assert_int_equal(getspi(h, 0, 0, &spi), 0);
	a.spi = spi;
	p = rig_pkt("\0\0\0\0\0\0\0\1..................................", 40);
	for (unsigned i = 0; i < 4; i++)
		cw_pkt_data(p)[i] = (uint8_t)(spi >> (24 - 8 * i));
	p->outer.dst = rig_addr("20.0.0.2");
	rig_carry(h, p);
	rig_dropped(h, CW_DROP_SA_LARVAL);
	rig_sa_msg(&m, &a, SADB_UPDATE, keys);
	m.key_encrypt.n = 19;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);	/* and the larval SA is still there for a better try */
	rig_sa_msg(&m, &a, SADB_UPDATE, keys);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(cw_sa_count(h->e), 1);
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EEXIST);
	assert_int_equal(rig_sa(h, &a), EEXIST);
	m.has &= ~(PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(CW_EXT_SELECTORS));
	m.hard.addtime = 9;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), 0);	/* lifetimes may change */
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.hard.addtime, 9);
	a.spi = 0x999;
	rig_sa_msg(&m, &a, SADB_UPDATE, keys);
	assert_int_equal(rig_call(h, 0, &m), ENOENT);
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &a), ENOENT);
	assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &a), ENOENT);
	rig_free(h);
}

/* What room the host is asked for follows an SA that an UPDATE makes encapsulate, or not any more. */
static void
encapsulation(void **state)
{
	struct rig_sa sa = { .spi = 0x2000, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 64, .mode = CW_MODE_TRANSPORT };
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint8_t keys[128];

	for (unsigned k = 0; k < 2; k++) {
		sa.udp = k ? 4500 : 0;
		assert_int_equal(rig_sa(h, &sa), 0);
		assert_int_equal(cw_wants_room(h->e), k);
		sa.udp = 4500;
		rig_sa_msg(&m, &sa, SADB_UPDATE, keys);
		m.has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
		m.natt_type = k ? 0 : CW_NATT_ESPINUDP;
		assert_int_equal(rig_call(h, 0, &m), 0);
		assert_int_equal(cw_wants_room(h->e), !k);
		assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &sa), 0);
		assert_false(cw_wants_room(h->e));
	}
	rig_free(h);
}

static void
algorithms(void **state)
{
	static const struct { unsigned cipher, bits, auth; int err; } t[] = {
		{ SADB_X_EALG_AES_GCM_ICV16, 128, 0, 0 }, { SADB_X_EALG_AES_GCM_ICV16, 192, 0, 0 }, { SADB_X_EALG_AES_GCM_ICV16, 256, 0, 0 },
		{ SADB_X_EALG_AES_GCM_ICV16, 136, 0, EINVAL }, { SADB_X_EALG_AES_GCM_ICV16, 128, 5, EINVAL },
		{ CW_EALG_CHACHA20POLY1305, 256, 0, 0 }, { CW_EALG_CHACHA20POLY1305, 128, 0, EINVAL },
		{ SADB_X_EALG_AESCBC, 128, 5, 0 }, { SADB_X_EALG_AESCBC, 256, 7, 0 }, { SADB_X_EALG_AESCBC, 128, 0, EPERM },
		{ SADB_EALG_3DESCBC, 192, 5, EPERM }, { SADB_X_EALG_TWOFISHCBC, 128, 5, EOPNOTSUPP }, { SADB_EALG_NULL, 0, 5, 0 },
		{ SADB_EALG_NULL, 0, 7, 0 }, { SADB_EALG_NULL, 0, 0, EINVAL }, { SADB_EALG_NULL, 128, 5, EINVAL }, { SADB_X_EALG_AES_GCM_ICV8, 128, 0, EOPNOTSUPP },
	};
	struct host *h = rig_new();

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rig_sa a = { .spi = 0x600 + i, .reqid = 1, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT,
		    .cipher = t[i].cipher, .bits = t[i].bits, .auth = t[i].auth };
		int err = rig_sa(h, &a);

		if (err != t[i].err)
			fail_msg("row %u: %d", i, err);
	}
	rig_free(h);
}

/* -- dumps -- */

static void
ten_thousand_rows(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = plain_in;
	struct pfkey_msg m;
	uint32_t want = 10000, got = 0, deleted = 0;
	bool more;

	for (unsigned i = 0; i < want; i++) {
		a.spi = 0x10000 + i;
		assert_int_equal(rig_sa(h, &a), 0);
		for (unsigned c = 0; c < RIG_CLIENTS; c++)
			rig_forget(h, c);
	}
	h->client[1].room = 3;
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
	m.seq = 77;
	rig_call(h, 1, &m);
	m.seq = 0;
	assert_int_equal(rig_call(h, 1, &m), EBUSY);
	rig_forget(h, 0);
	for (more = true; ; more = cw_pfkey_resume(h->e, h->client[1].c, h->now)) {
		for (unsigned i = 0; i < h->client[1].n; i++) {
			assert_true(pfkey_get(h->client[1].msg[i], &m, NULL));
			if (m.type != SADB_DUMP || m.err)
				continue;
			if (deleted == 0)
				assert_int_equal(m.seq, want - 1 - got);
			got++;
		}
		rig_forget(h, 1);
		if (!more)
			break;
		h->client[1].room = 7;
		if (got > 5000 && deleted == 0) {	/* meanwhile: the next rows go, one comes */
			for (unsigned i = 0; i < 50; i++, deleted++) {
				a.spi = 0x10000 + got + i;
				assert_int_equal(rig_by_name(h, 3, SADB_DELETE, &a), 0);
			}
			a.spi = 0x90000;
			assert_int_equal(rig_sa(h, &a), 0);
			rig_forget(h, 0), rig_forget(h, 1), rig_forget(h, 2), rig_forget(h, 3);
		}
	}
	assert_int_equal(m.seq, 0);
	assert_int_equal(got, want - deleted);
	assert_true(h->client[1].refused > 1000);
	rig_free(h);
}

/* All that is left goes while the reader sleeps: there is still an end. */
static void
dump_of_what_vanishes(void **state)
{
	for (unsigned policies = 0; policies < 2; policies++) {
		struct host *h = rig_new();
		struct rig_sa like = { 0 };
		struct pfkey_msg m;

		rig_tunnel(h, true, &like);
		h->client[1].room = 1;
		pfkey_msg_init(&m, policies ? SADB_X_SPDDUMP : SADB_DUMP, 0);
		rig_call(h, 1, &m);
		assert_true(rig_last(h, 1, &m));
		assert_int_equal(m.seq, policies ? 3 : 1);
		pfkey_msg_init(&m, policies ? SADB_X_SPDFLUSH : SADB_FLUSH, 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
		rig_forget(h, 1);
		h->client[1].room = UINT_MAX;
		assert_false(cw_pfkey_resume(h->e, h->client[1].c, h->now));
		assert_int_equal(h->client[1].n, 1);
		assert_true(rig_last(h, 1, &m));
		assert_int_equal(m.seq, 0);
		assert_int_equal(m.err, 0);
		assert_int_equal(m.type, policies ? SADB_X_SPDDUMP : SADB_DUMP);
		/* and an empty table is ENOENT */
		pfkey_msg_init(&m, policies ? SADB_X_SPDDUMP : SADB_DUMP, 0);
		h->client[0].room = UINT_MAX;
		rig_forget(h, 0);
		rig_call(h, 0, &m);
		assert_true(rig_last(h, 0, &m));
		assert_int_equal(m.err, ENOENT);
		rig_free(h);
	}
}

/* -- malformed messages -- */

static int
raw(struct host *h, const uint8_t *p, size_t n)
{
	struct pfkey_msg m;
	uint8_t *exact = malloc(n ? n : 1);	/* so that ASan sees one octet too far */

	assert_non_null(exact);
	memcpy(exact, p, n);
	rig_forget(h, 0);
	cw_pfkey(h->e, h->client[0].c, exact, n, h->now);
	free(exact);
	return rig_last(h, 0, &m) ? m.err : -1;
}

static void
malformed(void **state)
{
	struct host *h = rig_new();
	uint8_t keys[128], buf[PFKEY_MSG_MAX], bad[PFKEY_MSG_MAX];
	const uint64_t must = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST) |
	    PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;
	uint16_t words;

	rig_sa_msg(&m, &plain_in, SADB_ADD, keys);
	assert_true(pfkey_put(&w, &m));
	/* every prefix, with its old length and with one that fits */
	for (size_t n = 0; n < w.n; n++) {
		assert_int_equal(raw(h, buf, n), EMSGSIZE);
		memcpy(bad, buf, w.n);
		words = (uint16_t)(n / 8);
		memcpy(bad + 4, &words, 2);
		if (n % 8 == 0 && n >= 16) {
			bool whole = pfkey_get(bytes_of(bad, n), &m, NULL) && (m.has & must) == must;
			int err = raw(h, bad, n);

			assert_true(whole ? err == 0 || err == EEXIST || err == EINVAL : err == EINVAL);
		}
	}
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	rig_call(h, 0, &m);
	/* every octet at its extremes: whatever comes, an answer and no harm */
	for (size_t at = 0; at < w.n; at++)
		for (unsigned v = 0; v < 4; v++) {
			memcpy(bad, buf, w.n);
			bad[at] = v == 0 ? 0 : v == 1 ? 0xff : v == 2 ? (uint8_t)(bad[at] + 1) : bad[at] ^ 0x80;
			raw(h, bad, w.n);
		}
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	rig_call(h, 0, &m);
	/* version, type, duplicates, satype */
	memcpy(bad, buf, w.n);
	bad[0] = 1;
	assert_int_equal(raw(h, bad, w.n), EINVAL);
	for (unsigned type = 0; type < 256; type++) {
		static const uint8_t known[] = { 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 14, 15, 16, 18, 19, 20, 22, CW_MSG_NAMED, CW_MSG_DROPS, CW_MSG_TAP };

		memcpy(bad, buf, w.n);
		bad[1] = (uint8_t)type;
		if (!memchr(known, (int)type, sizeof(known)))
			assert_int_equal(raw(h, bad, w.n), EOPNOTSUPP);
	}
	memcpy(bad, buf, w.n);
	bad[3] = SADB_SATYPE_OSPFV2;
	assert_int_equal(raw(h, bad, w.n), EPROTONOSUPPORT);
	bad[3] = 0;
	assert_int_equal(raw(h, bad, w.n), EINVAL);
	memcpy(bad, buf, w.n);
	memcpy(bad + w.n, bad + 16, 16);	/* the SA extension again */
	words = (uint16_t)((w.n + 16) / 8);
	memcpy(bad + 4, &words, 2);
	assert_int_equal(raw(h, bad, w.n + 16), EINVAL);
	/* an unknown extension is skipped */
	memset(bad + w.n, 0, 8);
	bad[w.n] = 1;
	bad[w.n + 2] = 0x55;
	bad[w.n + 3] = 0x33;
	words = (uint16_t)((w.n + 8) / 8);
	memcpy(bad + 4, &words, 2);
	assert_int_equal(raw(h, bad, w.n + 8), 0);
	rig_free(h);
}

/* It is told ours, and is otherwise one that knows nothing of Causeway: no private numbers, and none are taken from it. */
static void
other_version(struct host *h, unsigned version)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = (uint16_t)version;
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_true((m.has & PFKEY_PRIVATE) == PFKEY_HAS(CW_EXT_HELLO));
	assert_int_equal(m.hello_version, CW_HELLO_VERSION);
	assert_int_equal(m.algs_auth.n, 5);
	pfkey_msg_init(&m, SADB_X_SPDFLUSH, SADB_SATYPE_UNSPEC);
	pfkey_set_owner(&m, "x");
	assert_int_equal(rig_call(h, 1, &m), EINVAL);
}

static void
hello(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_false(m.has & PFKEY_PRIVATE);	/* nothing private without HELLO */
	assert_true(m.algs_encrypt.n >= 2);
	assert_int_equal(m.algs_auth.n, 5);
	other_version(h, CW_HELLO_VERSION + 1);
	other_version(h, CW_HELLO_VERSION - 1);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = CW_HELLO_VERSION;
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_true(m.has & PFKEY_HAS(CW_EXT_HELLO));
	assert_true(m.hello_features & CW_FEAT_ESN);
	assert_true(m.hello_features & CW_FEAT_AEAD);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_AH);	/* OpenIKED does not start without */
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_int_equal(m.algs_auth.n, 10);	/* with our own numbers, after HELLO, and AES-GMAC, which ESP has as a cipher */
	assert_int_equal(m.algs_encrypt.n, 0);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_OSPFV2);
	assert_int_equal(rig_call(h, 1, &m), EPROTONOSUPPORT);
	rig_free(h);
}

/* Every counter has a name, no two the same, and each drop reason a sentence. */
static void
counters(void **state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CW_COUNTERS; i++) {
		const char *name = cw_counter_name(i);

		if (!name)
			continue;
		n++;
		for (const char *p = name; *p; p++)
			assert_true((*p >= 'a' && *p <= 'z') || *p == '_');
		if (i < CW_TOTAL_PLAIN_IN)
			assert_true(strlen(cw_drop_sentence(i)) > 15);
		for (unsigned k = 0; k < i; k++)
			if (cw_counter_name(k))
				assert_string_not_equal(cw_counter_name(k), name);
	}
	assert_true(n > 50);
	assert_null(cw_counter_name(0));
	assert_null(cw_counter_name(CW_COUNTERS));
}

/* X_PROMISC: the requests of others and the answers they get, wrapped; keys for who may see them, private parts for who said HELLO. */
static const struct bytes *
heard(const struct host *h, unsigned client, unsigned type, struct pfkey_msg *m)
{
	const struct rig_client *c = &h->client[client];

	for (unsigned i = c->n; i-- > 0; )
		if (c->msg[i].n > 16 && c->msg[i].p[1] == SADB_X_PROMISC && c->msg[i].p[17] == type) {
			uint16_t words;

			memcpy(&words, c->msg[i].p + 4, 2);
			assert_int_equal(words * 8u, c->msg[i].n);
			assert_true(pfkey_get(bytes_of(c->msg[i].p + 16, c->msg[i].n - 16), m, NULL));
			return &c->msg[i];
		}
	return NULL;
}

static void
promisc(void **state)
{
	struct rig_sa a = { .spi = 0x4000, .reqid = 3, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT, .seed = 9 };
	uint8_t zero[64] = { 0 };
	struct host *h = rig_new();
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_X_PROMISC, 2);
	assert_int_equal(rig_call(h, 1, &m), EINVAL);
	for (unsigned i = 0; i < 3; i++) {	/* one that sees keys, a plain one, a keyless one */
		pfkey_msg_init(&m, SADB_X_PROMISC, 1);
		assert_int_equal(rig_call(h, i, &m), 0);
	}
	for (unsigned i = 0; i < RIG_CLIENTS; i++)
		rig_forget(h, i);
	assert_int_equal(rig_sa(h, &a), 0);
	assert_null(heard(h, 0, SADB_ADD, &m));		/* its own */
	assert_null(heard(h, 3, SADB_ADD, &m));		/* did not ask */
	for (unsigned i = 1; i < 3; i++) {
		assert_non_null(heard(h, i, SADB_ADD, &m));
		assert_int_equal(m.sa.spi, 0x4000);
		assert_int_equal(m.key_encrypt.n, 20);
		assert_memory_equal(m.key_encrypt.p, zero, 20);
		assert_false(m.has & PFKEY_HAS(CW_EXT_SAFLAGS));
	}
	assert_int_equal(rig_by_name(h, 3, SADB_GET, &a), 0);
	for (unsigned i = 0; i < 3; i++) {		/* the question, and after it the answer */
		const struct bytes *b = heard(h, i, SADB_GET, &m);

		assert_non_null(b);
		assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_CURRENT));
		assert_true(!(m.has & PFKEY_HAS(CW_EXT_SAFLAGS)) == (i != 0));
	}
	assert_int_equal(rig_by_name(h, 3, SADB_DELETE, &a), 0);
	a.spi++;
	pfkey_msg_init(&m, SADB_X_PROMISC, 1);
	assert_int_equal(rig_call(h, 3, &m), 0);
	assert_int_equal(rig_sa(h, &a), 0);
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &a), 0);	/* with its keys, which nobody else gets */
	for (unsigned i = 1; i < RIG_CLIENTS; i++) {
		assert_non_null(heard(h, i, SADB_GET, &m));
		assert_int_equal(m.key_encrypt.n, 20);
		assert_memory_equal(m.key_encrypt.p, zero, 20);
	}
	/* what those that are registered are told is heard too, and makes nobody a key manager */
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 70, 10), 0);
	cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.1", "10.0.2.1", 10, 0, false) }, 1, h->now);
	assert_true(rig_event(h, 1, SADB_ACQUIRE, &m));
	cw_client_close(h->e, h->client[0].c);
	cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.1", "10.0.2.1", 10, 0, false) }, 1, h->now + 21 * S);
	rig_dropped(h, CW_DROP_NO_SA_NO_LISTENER);
	pfkey_msg_init(&m, SADB_X_PROMISC, 0);
	assert_int_equal(rig_call(h, 1, &m), 0);
	rig_forget(h, 1);
	assert_int_equal(rig_by_name(h, 3, SADB_GET, &a), 0);
	assert_null(heard(h, 1, SADB_GET, &m));
	rig_free(h);
}

/* Programs that open sockets without end have not the last of them: who opened the suite's opens them anew when a daemon has died. */
static void
places(void **state)
{
	struct host *h = rig_new();
	struct cw_client *c[64];
	struct pfkey_msg m;
	unsigned n = 0;

	(void)state;
	cw_client_close(h->e, h->client[3].c);
	h->client[3].c = cw_client_open(h->e, &h->client[3], 0, 99);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.hello_version = CW_HELLO_VERSION;
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	assert_int_equal(rig_call(h, 3, &m), 0);
	for (uint32_t opener = 4711; opener < 4714; opener++)
		while (n < 64 && (c[n] = cw_client_open(h->e, h, CW_CLIENT_KEYS, opener)) != NULL)
			n++;
	assert_int_equal(n, 64 - 8 - RIG_CLIENTS);
	cw_client_close(h->e, h->client[3].c);	/* it dies, and its place is taken at once */
	c[n] = cw_client_open(h->e, h, CW_CLIENT_KEYS, 4711);
	assert_non_null(c[n++]);
	assert_null(cw_client_open(h->e, h, CW_CLIENT_KEYS, 4711));
	h->client[3].c = cw_client_open(h->e, &h->client[3], 0, 99);
	assert_non_null(h->client[3].c);
	while (n < 64 && (c[n] = cw_client_open(h->e, h, CW_CLIENT_KEYS, 99)) != NULL)
		n++;
	assert_int_equal(n, 64 - RIG_CLIENTS);
	assert_null(cw_client_open(h->e, h, CW_CLIENT_KEYS, 0));
	while (n)
		cw_client_close(h->e, c[--n]);
	rig_free(h);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_stay_inside), cmocka_unit_test(keyless), cmocka_unit_test(places), cmocka_unit_test(spis), cmocka_unit_test(spis_are_random), cmocka_unit_test(spis_of_two_starts),
		cmocka_unit_test(one_key_for_one_sa),
		cmocka_unit_test(encapsulation), cmocka_unit_test(algorithms), 
		cmocka_unit_test(ten_thousand_rows),
		cmocka_unit_test(dump_of_what_vanishes), cmocka_unit_test(malformed), cmocka_unit_test(hello), cmocka_unit_test(counters),
		cmocka_unit_test(promisc),
	};

	if (argc > 1 && strcmp(argv[1], "--spi") == 0)
		return say_spis();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
