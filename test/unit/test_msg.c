/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codecs of our own links: round trip, every prefix refused, nothing left behind by a refused message, and values out
 * of range. "test_msg --corpus DIR" writes the samples as seeds for the fuzz target "ipc".
 */
#include "test.h"

#include "msg_bind.h"
#include "msg_esp.h"
#include "msg_ike.h"
#include "msg_key.h"
#include "msg_sup.h"

#define CAP	65536

static const uint8_t octets[600] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

/* One sample message: a putter over a filled struct, and its getter. */
struct sample {
	const char	*name;
	uint8_t		 pick;		/* first octet for fuzz_ipc */
	size_t		 size;
	void		(*fill)(void *);
	void		(*put)(struct wr *, const void *);
	bool		(*get)(struct rd *, void *);
};

#define CODEC(name, type) \
	static void put_##name(struct wr *w, const void *p) { name##_put(w, (const struct type *)p); } \
	static bool get_##name(struct rd *r, void *p) { return name##_get(r, (struct type *)p); }
CODEC(binding, binding)
CODEC(relay, relay)
CODEC(tunnel, tunnel)
CODEC(tunnel_state, tunnel_state)
CODEC(record, record)
CODEC(key_derive, key_derive)
CODEC(key_derived, key_derived)
CODEC(key_auth, key_auth)
CODEC(key_spi, key_spi)
CODEC(key_child, key_child)
CODEC(key_installed, key_installed)
CODEC(msg_sup_config, msg_sup_config)

static struct addr
ip(const char *s)
{
	struct addr a;

	assert_true(addr_parse(s, &a));
	return a;
}

static struct endpoint
ep(const char *s, uint16_t port)
{
	return (struct endpoint){ ip(s), port };
}

static void
ts_fill(struct ts_list *l, const char *prefix)
{
	struct prefix p;

	assert_true(prefix_parse(prefix, &p));
	l->v[l->n++] = ts_from_prefix(&p);
}

static const struct suite suite_gcm = { ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_384, 0, KE_X25519, ESN_YES };
static const struct suite suite_cbc = { ENCR_AES_CBC, 128, PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128, KE_ECP256, ESN_NO };

static void
fill_binding(void *p)
{
	struct binding *b = p;

	strcpy(b->tunnel, "tokyo-newyork");
	strcpy(b->psk, "tokyo-newyork");
	strcpy(b->id_local, "fqdn:tokyo");
	strcpy(b->id_remote, "fqdn:newyork");
	b->nreqids = 2;
	b->reqids[0] = 7;
	b->reqids[1] = 70000;
}

static void
fill_relay(void *p)
{
	struct relay *m = p;

	m->local = ep("20.0.0.1", 4500);
	m->remote = ep("20.0.0.2", 1024);
	m->data = bytes_of(octets, 28);
}

static void
fill_relay6(void *p)
{
	struct relay *m = p;

	m->local = ep("2001:db8::1", 4500);
	m->remote = ep("2001:db8::2", 4500);
	m->data = bytes_of(octets, 1);
}

static void
fill_tunnel(void *p)
{
	struct tunnel *t = p;

	strcpy(t->name, "tokyo-newyork");
	t->local = ip("20.0.0.1");
	t->remote = ip("20.0.0.2");
	strcpy(t->id_local, "fqdn:tokyo");
	strcpy(t->id_remote, "fqdn:newyork");
	t->start = START_ALWAYS;
	t->first = 1;
	t->encap = ENCAP_UDP;
	t->prefer_udp = 1;
	t->ike_life_s = 28800;
	t->child_life_s = 3600;
	t->child_life_bytes = 64ull << 30;
	t->child_life_packets = 1ull << 32;
	t->ike_hard_s = 90000;
	t->child_hard_s = 7200;
	t->replay_window = 4096;
	memcpy(t->digest, octets, sizeof(t->digest));
	assert_true(preset_find("modern", &t->ike, &t->esp));
	t->nchildren = 2;
	for (unsigned i = 0; i < 2; i++) {
		strcpy(t->children[i].name, i ? "voice" : "net");
		t->children[i].reqid = i + 1;
		ts_fill(&t->children[i].local, "10.0.1.0/24");
		ts_fill(&t->children[i].remote, "10.0.2.0/24");
		ts_fill(&t->children[i].remote, "2001:db8:2::/48");
	}
	t->children[1].local.v[0].proto = 17;
	t->children[1].local.v[0].port_lo = t->children[1].local.v[0].port_hi = 5060;
}

static void
fill_tunnel_any(void *p)
{
	struct tunnel *t = p;

	fill_tunnel(t);
	t->local = ip("2001:db8::1");
	memset(&t->remote, 0, sizeof(t->remote));
	t->start = START_RESPOND;
	t->nchildren = 1;
	memset(&t->children[1], 0, sizeof(t->children[1]));
	assert_true(preset_find("compatible", &t->ike, &t->esp));
}

static void
fill_state(void *p)
{
	struct tunnel_state *t = p;
	struct child_state *c = &t->children[0];

	strcpy(t->name, "tokyo-newyork");
	t->ike_up = t->ike_initiator = 1;
	t->spi_i = 0x1122334455667788;
	t->spi_r = 0x99aabbccddeeff00;
	t->ike_suite = suite_gcm;
	t->local = ep("20.0.0.1", 4500);
	t->remote = ep("20.0.0.2", 4500);
	t->nat_remote = 1;
	strcpy(t->id_remote, "fqdn:newyork");
	t->since_s = 17;
	t->rekey_in_s = 20000;
	t->reason = R_CONFIG_DIFFERS;
	strcpy(t->detail, "the digests differ");
	t->retry_in_s = 3;
	t->nchildren = 1;
	strcpy(c->name, "net");
	c->wanted = c->proven = c->udp = 1;
	c->negotiated = CHILD_REKEYING;
	c->spi_in = 0x100;
	c->spi_out = 0xffffffff;
	c->reqid = 1;
	c->suite = suite_cbc;
	c->since_s = 5;
	c->rekey_in_s = 3000;
	ts_fill(&c->local, "10.0.1.0/24");
	ts_fill(&c->remote, "10.0.2.0/24");
}

static void
fill_state_down(void *p)
{
	struct tunnel_state *t = p;

	strcpy(t->name, "a-b");
	t->reason = R_PEER_NO_ANSWER;
}

static void
fill_record(void *p)
{
	struct record *m = p;

	strcpy(m->tunnel, "tokyo-newyork");
	strcpy(m->child, "net");
	m->time_s = 1800000000;
	m->reason = R_NO_PROPOSAL_IKE;
	record_fact(m, "role", "%s", "responder");
	record_fact(m, "offered", "%s-%u", "aes256gcm16", 1u);
}

static void
fill_derive(void *p)
{
	struct key_derive *m = p;

	m->ke = 7;
	m->old_ike = 3;
	m->initiator = 1;
	m->suite = suite_gcm;
	m->spi_i = 1;
	m->spi_r = 2;
	m->ni = bytes_of(octets, 16);
	m->nr = bytes_of(octets, 256);
	m->peer_public = bytes_of(octets, 32);
}

static void
fill_derived(void *p)
{
	struct key_derived *m = p;

	m->ike = 9;
	m->sk_ei = m->sk_er = bytes_of(octets, 36);
	m->sk_ai = m->sk_ar = bytes_of(octets, 0);
}

static void
fill_auth(void *p)
{
	struct key_auth *m = p;

	m->ike = 9;
	strcpy(m->tunnel, "tokyo-newyork");
	m->initiator = 1;
	m->method = 2;
	m->message = bytes_of(octets, 500);
	m->id = bytes_of(octets, 12);
	m->data = bytes_of(octets, 48);
}

static void
fill_spi(void *p)
{
	struct key_spi *m = p;

	m->child = 4;
	m->reqid = 1;
	m->local = ip("20.0.0.1");
	m->remote = ip("20.0.0.2");
}

static void
fill_child(void *p)
{
	struct key_child *m = p;

	m->child = 4;
	m->ike = 9;
	m->ke = 8;
	m->initiator = 1;
	m->which = KEY_IN | KEY_OUT;
	m->esn = m->udp = 1;
	m->spi_in = 0x1000;
	m->spi_out = 0x2000;
	m->reqid = 1;
	m->replay_window = 4096;
	strcpy(m->name, "tokyo-newyork/net");
	m->suite = suite_gcm;
	m->local = ep("20.0.0.1", 4500);
	m->remote = ep("20.0.0.2", 4500);
	m->soft_s = 3000;
	m->hard_s = 3960;
	m->soft_bytes = m->hard_bytes = 1ull << 40;
	m->soft_packets = m->hard_packets = 1ull << 32;
	m->ni = bytes_of(octets, 32);
	m->nr = bytes_of(octets, 32);
	m->peer_public = bytes_of(octets, 32);
	ts_fill(&m->ts_local, "10.0.1.0/24");
	ts_fill(&m->ts_remote, "10.0.2.0/24");
}

static void
fill_installed(void *p)
{
	struct key_installed *m = p;

	m->child = 4;
	m->reqid = 1;
	m->spi_in = 0x1000;
	m->spi_out = 0x2000;
	m->local = ep("2001:db8::1", 4500);
	m->remote = ep("2001:db8::2", 4500);
	strcpy(m->name, "tokyo-newyork/net");
}

static void
fill_config(void *p)
{
	struct msg_sup_config *c = p;

	strcpy(c->user, "_causeway-ike");
	strcpy(c->run_dir, "/run/causeway");
	strcpy(c->state_dir, "/var/lib/causeway");
	strcpy(c->secret_dir, "/etc/causeway/secrets");
	strcpy(c->guard_file, "/var/lib/causeway/guard.nft");
	strcpy(c->site, "tokyo");
	strcpy(c->engine, "auto");
	c->ike_port = 500;
	c->natt_port = 4500;
	c->legacy = 1;
	c->log_level = 2;
}

#define S(name, pick, codec, type, fill) { name, pick, sizeof(struct type), fill, put_##codec, get_##codec }
static const struct sample samples[] = {
	S("binding", 0, binding, binding, fill_binding),
	S("relay", 1, relay, relay, fill_relay),
	S("relay6", 1, relay, relay, fill_relay6),
	S("tunnel", 2, tunnel, tunnel, fill_tunnel),
	S("tunnel-any", 2, tunnel, tunnel, fill_tunnel_any),
	S("state", 3, tunnel_state, tunnel_state, fill_state),
	S("state-down", 3, tunnel_state, tunnel_state, fill_state_down),
	S("record", 4, record, record, fill_record),
	S("derive", 5, key_derive, key_derive, fill_derive),
	S("derived", 6, key_derived, key_derived, fill_derived),
	S("auth", 7, key_auth, key_auth, fill_auth),
	S("spi", 8, key_spi, key_spi, fill_spi),
	S("child", 9, key_child, key_child, fill_child),
	S("installed", 10, key_installed, key_installed, fill_installed),
	S("config", 11, msg_sup_config, msg_sup_config, fill_config),
};

#define NSAMPLES (sizeof(samples) / sizeof(samples[0]))

static void *
filled(const struct sample *s)
{
	void *p = calloc(1, s->size);

	assert_non_null(p);
	s->fill(p);
	return p;
}

/* The sample's octets in a block of exactly their length. */
static uint8_t *
encoded(const struct sample *s, const void *obj, size_t *n)
{
	uint8_t *buf = malloc(CAP), *exact;
	struct wr w = wr_of(buf, CAP);

	assert_non_null(buf);
	s->put(&w, obj);
	assert_true(wr_ok(&w));
	*n = w.n;
	exact = malloc(w.n);
	assert_non_null(exact);
	memcpy(exact, buf, w.n);
	free(buf);
	return exact;
}

static void
test_round_trip(void **state)
{
	for (size_t i = 0; i < NSAMPLES; i++) {
		const struct sample *s = &samples[i];
		void *obj = filled(s), *back = malloc(s->size);
		size_t n, m;
		uint8_t *b = encoded(s, obj, &n), *again;
		struct rd r = rd_of(bytes_of(b, n));

		assert_non_null(back);
		memset(back, 0x5a, s->size);
		assert_true(s->get(&r, back));
		assert_true(rd_done(&r));
		again = encoded(s, back, &m);
		assert_int_equal(n, m);
		assert_memory_equal(b, again, n);
		free(again);
		free(b);
		free(back);
		free(obj);
	}
}

static void
test_truncated(void **state)
{
	for (size_t i = 0; i < NSAMPLES; i++) {
		const struct sample *s = &samples[i];
		void *obj = filled(s);
		uint8_t *zero = calloc(1, s->size), *back = malloc(s->size);
		size_t n;
		uint8_t *b = encoded(s, obj, &n);

		assert_non_null(back);
		for (size_t k = 0; k < n; k++) {
			uint8_t *cut = malloc(k ? k : 1);
			struct rd r = rd_of(bytes_of(cut, k));

			assert_non_null(cut);
			memcpy(cut, b, k);
			memset(back, 0x5a, s->size);
			assert_false(s->get(&r, back));
			assert_false(rd_ok(&r));
			assert_memory_equal(back, zero, s->size);
			free(cut);
		}
		free(b);
		free(back);
		free(zero);
		free(obj);
	}
}

/* Too little room: the putter says so, whatever the room. */
static void
test_no_room(void **state)
{
	for (size_t i = 0; i < NSAMPLES; i++) {
		void *obj = filled(&samples[i]);
		size_t n;
		uint8_t *b = encoded(&samples[i], obj, &n), *out = malloc(n);

		for (size_t k = 0; k < n; k += 1 + k / 16) {
			struct wr w = wr_of(out, k);

			samples[i].put(&w, obj);
			assert_false(wr_ok(&w));
		}
		free(out);
		free(b);
		free(obj);
	}
}

static const struct sample *
sample(const char *name)
{
	for (size_t i = 0; i < NSAMPLES; i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	fail();
	return NULL;
}

/* Change one thing in a sample; the result can be written but not read. */
#define REFUSED(sample_name, type, change) do { \
		const struct sample *s_ = sample(sample_name); \
		struct type *x = filled(s_); \
		uint8_t *zero_ = calloc(1, s_->size), *b_; \
		size_t n_; \
		struct rd r_; \
		change; \
		b_ = encoded(s_, x, &n_); \
		r_ = rd_of(bytes_of(b_, n_)); \
		if (s_->get(&r_, x)) \
			fail_msg("%s was accepted with %s", sample_name, #change); \
		assert_memory_equal(x, zero_, s_->size); \
		free(b_); \
		free(zero_); \
		free(x); \
	} while (0)

static void
test_bad_tunnel(void **state)
{
	REFUSED("tunnel", tunnel, x->name[0] = 'T');
	REFUSED("tunnel", tunnel, x->name[0] = '\0');
	REFUSED("tunnel", tunnel, x->local = x->remote = (struct addr){ 0 });
	REFUSED("tunnel", tunnel, x->remote = ip("::1"));
	REFUSED("tunnel", tunnel, x->id_local[0] = '\0');
	REFUSED("tunnel", tunnel, x->id_remote[0] = '\0');
	REFUSED("tunnel", tunnel, x->start = 3);
	REFUSED("tunnel", tunnel, x->first = 2);
	REFUSED("tunnel", tunnel, x->encap = 3);
	REFUSED("tunnel", tunnel, x->prefer_udp = 2);
	REFUSED("tunnel", tunnel, x->ike.n = 0);
	REFUSED("tunnel", tunnel, x->ike.v[0].proto = PROTO_ESP);
	REFUSED("tunnel", tunnel, x->esp.v[0].proto = PROTO_AH);
	REFUSED("tunnel", tunnel, x->ike.v[0].t[0].type = 6);
	REFUSED("tunnel", tunnel, x->ike.v[0].t[0].id = 3);
	REFUSED("tunnel", tunnel, x->ike.v[0].t[0].key_bits = 255);
	REFUSED("tunnel", tunnel, x->ike.v[0].t[1].key_bits = 1);
	REFUSED("tunnel", tunnel, x->children[0].name[0] = '/');
	REFUSED("tunnel", tunnel, x->children[1].reqid = 0);
	REFUSED("tunnel", tunnel, x->children[1].local.n = 0);
	REFUSED("tunnel", tunnel, x->children[0].remote.v[0].lo = ip("10.1.0.0"));
	REFUSED("tunnel", tunnel, x->children[0].remote.v[0].lo = ip("::"));
	REFUSED("tunnel", tunnel, x->children[0].remote.v[0].port_hi = 0; x->children[0].remote.v[0].port_lo = 1);
}

static void
test_bad_state(void **state)
{
	REFUSED("state", tunnel_state, x->ike_up = 2);
	REFUSED("state", tunnel_state, x->nat_local = 9);
	REFUSED("state", tunnel_state, x->reason = 65535);
	REFUSED("state", tunnel_state, x->reason = 9);
	REFUSED("state", tunnel_state, x->ike_suite.encr = 1);
	REFUSED("state", tunnel_state, x->ike_suite.prf = 1);
	REFUSED("state", tunnel_state, x->ike_suite.ke = 1);
	REFUSED("state", tunnel_state, x->ike_suite.integ = 1);
	REFUSED("state", tunnel_state, x->ike_suite.esn = 2);
	REFUSED("state", tunnel_state, x->children[0].negotiated = CHILD_FAILED + 1);
	REFUSED("state", tunnel_state, x->children[0].wanted = 2);
	REFUSED("state", tunnel_state, x->children[0].name[0] = ' ');
	REFUSED("record", record, x->reason = 60000);
	REFUSED("record", record, x->tunnel[0] = 'X');
	REFUSED("record", record, x->facts[1].key[0] = '\0');
	REFUSED("relay", relay, x->data.n = 0);
	REFUSED("relay", relay, x->remote = ep("::1", 1));
	REFUSED("relay", relay, x->local.addr.fam = x->remote.addr.fam = 0);
	REFUSED("binding", binding, x->psk[3] = '.');
	REFUSED("binding", binding, x->psk[0] = '\0');
	REFUSED("binding", binding, x->id_local[0] = '\0');
	REFUSED("config", msg_sup_config, x->log_level = 4);
	REFUSED("config", msg_sup_config, x->legacy = 2);
	REFUSED("config", msg_sup_config, x->site[0] = '.');
}

static void
test_bad_key(void **state)
{
	REFUSED("derive", key_derive, x->ke = 0);
	REFUSED("derive", key_derive, x->initiator = 2);
	REFUSED("derive", key_derive, x->suite.encr = x->suite.key_bits = 0);
	REFUSED("derive", key_derive, x->suite.ke = KE_NONE);
	REFUSED("derive", key_derive, x->spi_r = 0);
	REFUSED("derive", key_derive, x->ni.n = 15);
	REFUSED("derive", key_derive, x->nr.n = 257);
	REFUSED("derive", key_derive, x->peer_public.n = 0);
	REFUSED("derive", key_derive, x->peer_public.n = KEY_PUB_MAX + 1);
	REFUSED("derived", key_derived, x->ike = 0);
	REFUSED("derived", key_derived, x->sk_ei.n = 65);
	REFUSED("derived", key_derived, x->sk_ei.n = 35);
	REFUSED("derived", key_derived, x->sk_ei.n = x->sk_er.n = 0);
	REFUSED("auth", key_auth, x->tunnel[0] = '\0');
	REFUSED("auth", key_auth, x->initiator = 3);
	REFUSED("auth", key_auth, x->message.n = 0);
	REFUSED("auth", key_auth, x->id.n = 3);
	REFUSED("spi", key_spi, x->child = 0);
	REFUSED("spi", key_spi, x->reqid = 0);
	REFUSED("spi", key_spi, x->local = ip("::1"));
	REFUSED("child", key_child, x->which = 0);
	REFUSED("child", key_child, x->which = 4);
	REFUSED("child", key_child, x->esn = 2);
	REFUSED("child", key_child, x->spi_in = 0);
	REFUSED("child", key_child, x->spi_out = 0);
	REFUSED("child", key_child, x->ke = 0);
	REFUSED("child", key_child, x->peer_public.n = 0);
	REFUSED("child", key_child, x->name[0] = '\0');
	REFUSED("child", key_child, x->ts_remote.n = 0);
	REFUSED("child", key_child, x->local.addr.fam = 0);
	REFUSED("child", key_child, x->nr.n = 0);
	REFUSED("installed", key_installed, x->child = 0);
}

/* Counts over their arrays: the putter refuses, and the getter refuses the octet. */
static void
test_bad_counts(void **state)
{
	struct tunnel_state *t = calloc(1, sizeof(*t));
	struct tunnel *tun = calloc(1, sizeof(*tun));
	struct record *m = calloc(1, sizeof(*m));
	uint8_t *buf = malloc(CAP);
	struct wr w = wr_of(buf, CAP);
	struct rd r;

	fill_state_down(t);
	tunnel_state_put(&w, t);
	buf[w.n - 1] = IKE_CHILDREN + 1;	/* the count is the last octet of this one */
	r = rd_of(wr_bytes(&w));
	assert_false(tunnel_state_get(&r, t));
	fill_state_down(t);
	t->nchildren = IKE_CHILDREN + 1;
	w = wr_of(buf, CAP);
	tunnel_state_put(&w, t);
	assert_false(wr_ok(&w));

	m->nfacts = 256 + 1;			/* would be 1 in an octet */
	w = wr_of(buf, CAP);
	record_put(&w, m);
	assert_false(wr_ok(&w));

	fill_tunnel(tun);
	tun->children[0].local.n = TS_MAX + 1;
	w = wr_of(buf, CAP);
	tunnel_put(&w, tun);
	assert_false(wr_ok(&w));
	fill_tunnel(tun);
	tun->ike.n = PROPOSALS_MAX + 1;
	w = wr_of(buf, CAP);
	tunnel_put(&w, tun);
	assert_false(wr_ok(&w));
	fill_tunnel(tun);
	tun->esp.v[1].n = PROPOSAL_TRANSFORMS + 1;
	w = wr_of(buf, CAP);
	tunnel_put(&w, tun);
	assert_false(wr_ok(&w));
	free(buf);
	free(m);
	free(tun);
	free(t);
}

static void
test_record_fact(void **state)
{
	struct record *m = calloc(1, sizeof(*m));
	char text[IKE_FACT + 10];

	/* "é" is two octets: a cut in the middle of one would leave half of it */
	for (size_t i = 0; i < IKE_FACT; i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	record_fact(m, "offered", "%s", text);
	assert_int_equal(m->nfacts, 1);
	assert_true(strlen(m->facts[0].text) < IKE_FACT);
	assert_string_equal(m->facts[0].text + strlen(m->facts[0].text) - 5, "\xc3\xa9\xe2\x80\xa6");
	record_fact(m, "a-key-that-is-longer-than-its-array", "x");
	assert_int_equal(strlen(m->facts[1].key), sizeof(m->facts[1].key) - 1);
	for (unsigned i = 0; i < 2 * IKE_FACTS; i++)
		record_fact(m, "tries", "%u", i);
	assert_int_equal(m->nfacts, IKE_FACTS);
	free(m);
}

/* A format that changes makes seeds of the fuzzer into noise: they must be these samples as they are now. */
static void
test_corpus(void **state)
{
	const char *top = getenv("top_srcdir");

	for (size_t i = 0; i < NSAMPLES; i++) {
		void *obj = filled(&samples[i]);
		uint8_t *file = malloc(CAP), *b;
		char path[4096];
		size_t n;
		FILE *f;

		b = encoded(&samples[i], obj, &n);
		snprintf(path, sizeof(path), "%s/test/fuzz/corpus/ipc/%s", top ? top : ".", samples[i].name);
		f = fopen(path, "rb");
		if (!f || fread(file, 1, CAP, f) != n + 1 || file[0] != samples[i].pick || memcmp(file + 1, b, n) != 0)
			fail_msg("%s is old: run test_msg --corpus test/fuzz/corpus/ipc", path);
		fclose(f);
		free(b);
		free(file);
		free(obj);
	}
}

static int
write_corpus(const char *dir)
{
	for (size_t i = 0; i < NSAMPLES; i++) {
		char path[512];
		void *obj = calloc(1, samples[i].size);
		uint8_t *buf = malloc(CAP);
		struct wr w = wr_of(buf, CAP);
		FILE *f;

		samples[i].fill(obj);
		samples[i].put(&w, obj);
		snprintf(path, sizeof(path), "%s/%s", dir, samples[i].name);
		f = fopen(path, "wb");
		if (!f || fputc(samples[i].pick, f) == EOF || fwrite(buf, 1, w.n, f) != w.n || fclose(f) != 0) {
			perror(path);
			return 1;
		}
		free(buf);
		free(obj);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_bad_tunnel),
		cmocka_unit_test(test_bad_state),
		cmocka_unit_test(test_bad_key),
		cmocka_unit_test(test_bad_counts),
		cmocka_unit_test(test_record_fact),
		cmocka_unit_test(test_corpus),
	};

	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return write_corpus(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
