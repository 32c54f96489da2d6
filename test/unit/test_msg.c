/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codecs of our own links: round trip, every prefix refused, nothing left behind by a refused message, and values out
 * of range. "test_msg --corpus DIR" writes the samples as seeds for the fuzz target "ipc".
 */
#include "ipc.h"
#include "msg_samples.h"

#define CAP	65536

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
	for (size_t i = 0; i < nsamples; i++) {
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
	for (size_t i = 0; i < nsamples; i++) {
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
	for (size_t i = 0; i < nsamples; i++) {
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
	for (size_t i = 0; i < nsamples; i++)
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
	REFUSED("tunnel", tunnel, x->ike.v[0].proto = PROTO_AH);
	REFUSED("tunnel", tunnel, x->esp.v[0].proto = PROTO_IKE);
	REFUSED("tunnel", tunnel, x->children[0].ah = 2);
	REFUSED("tunnel", tunnel, x->children[0].comp = 3);
	REFUSED("tunnel", tunnel, x->children[1].ah = 1);	/* with IPComp */
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
	REFUSED("esp_route", esp_route, x->iface[0] = '\0');
	REFUSED("esp_route", esp_route, strcpy(x->iface, "lo"));
	REFUSED("esp_route", esp_route, x->remote.len = 33);
	REFUSED("esp_route", esp_route, x->remote.len = 23; x->remote.addr.b[2] = 3);	/* host bits */
	REFUSED("esp_route", esp_route, x->local.addr.fam = 0);
	REFUSED("esp_route", esp_route, x->local.addr.fam = 6);
	REFUSED("binding", binding, x->iface[0] = '/');
	REFUSED("tunnel", tunnel, strcpy(x->iface, "all"));
	REFUSED("binding", binding, x->psk_local[3] = '.');
	REFUSED("binding", binding, x->psk_local[0] = '\0');
	REFUSED("binding", binding, x->psk_remote[0] = '\0');
	REFUSED("binding", binding, strcpy(x->cert, "tokyo"));
	REFUSED("binding", binding, x->how_local = AUTH_BY_KEY + 1);
	REFUSED("binding", binding, x->how_remote = AUTH_BY_CERT);
	REFUSED("binding", binding, x->old_methods = 2);
	REFUSED("binding", binding, x->policies = 1);
	REFUSED("binding-policies", binding, strcpy(x->psk_local, "tokyo"));
	REFUSED("binding-policies", binding, x->policies = 0);
	REFUSED("binding-policies", binding, x->policies = 2);
	REFUSED("binding-policies", binding, x->how_local = AUTH_BY_KEY);
	REFUSED("binding-policies", binding, x->policy[1].id = 0);
	REFUSED("binding-policies", binding, x->policy[0].transport = 2);
	REFUSED("tunnel", tunnel, x->children[1].mode = CHILD_TRANSPORT + 1);
	REFUSED("binding-cert", binding, x->npublic = 0);
	REFUSED("binding-cert", binding, x->cert[0] = '\0');
	REFUSED("binding-trust", binding, x->ntrust = 0);
	REFUSED("binding-trust", binding, x->trust[1][0] = '\0');
	REFUSED("trust", trust_rule, x->name[0] = '\0');
	REFUSED("trust", trust_rule, x->revocation = REVOKE_STRICT + 1);
	REFUSED("trust", trust_rule, x->crls[1][0] = '\0');
	REFUSED("fetch", fetch, x->id = 0);
	REFUSED("fetch", fetch, x->configured = 2);
	REFUSED("fetch", fetch, x->url[0] = '\0');
	REFUSED("fetched", fetched, x->size = 0);
	REFUSED("fetched", fetched, x->size = FETCH_MAX + 1);
	REFUSED("fetch-failed", fetched, x->reason = R_OK);
	REFUSED("fetch-failed", fetched, x->size = 1);
	REFUSED("resolve", resolve, x->id = 0);
	REFUSED("resolve", resolve, x->host[0] = '.');
	REFUSED("resolved", resolved, x->n = 0);
	REFUSED("resolved", resolved, x->ttl_s = RESOLVE_TTL_MAX + 1);
	REFUSED("resolved", resolved, x->reason = 60000);
	REFUSED("resolved", resolved, x->addr[1].fam = 0);
	REFUSED("resolve-failed", resolved, x->reason = R_OK);
	REFUSED("cert-info", cert_info, x->name[0] = '\0');
	REFUSED("cert-info", cert_info, x->is_ca = 2);
	REFUSED("cert-info", cert_info, x->reason = 60000);
	REFUSED("cert-info", cert_info, x->crl_reason = 60000);
	REFUSED("cert-info", cert_info, x->revocation = 3);
	REFUSED("cert-info", cert_info, x->users[3][0] = ' ');
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
	REFUSED("auth", key_auth, x->want = 8);
	REFUSED("auth-cert", key_auth, x->certs[1].data.n = 0);
	REFUSED("proof", key_proof, x->data.n = 0);
	REFUSED("proof", key_proof, x->certs[7].data.n = 0);
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
	REFUSED("stray", key_stray, x->ah = 2);
	REFUSED("stray", key_stray, x->spi = 0);
	REFUSED("stray", key_stray, x->remote.port = 0);
	REFUSED("stray", key_stray, x->local = (struct endpoint){ 0 });
}

static void
test_bad_cert(void **state)
{
	REFUSED("cert-csr", cert_csr, x->name[0] = '.');
	REFUSED("cert-csr", cert_csr, x->nids = 0);
	REFUSED("cert-csr", cert_csr, x->keep_key = 2);
	REFUSED("cert-csr", cert_csr, x->ids[1][0] = '\0');
	REFUSED("cert-import", cert_import, x->name[0] = '/');
	REFUSED("cert-import", cert_import, x->trust[0] = '\0');
	REFUSED("cert-import", cert_import, x->replace = 2);
	REFUSED("cert-export", cert_export, x->name[0] = '\0');
	REFUSED("cert-export", cert_export, x->form = CERT_AS_P12 + 1);
	REFUSED("cert-export", cert_export, x->with_key = 2);
	REFUSED("ca-init", ca_init, x->name[0] = '\0');
	REFUSED("ca-init", ca_init, x->days = CERT_DAYS_MAX + 1);
	REFUSED("ca-issue", ca_issue, x->ca[0] = '\0');
	REFUSED("ca-issue", ca_issue, x->site[0] = '\0');
	REFUSED("ca-issue", ca_issue, x->days = CERT_DAYS_MAX + 1);
	REFUSED("ca-issue", ca_issue, x->renew = 2);
	REFUSED("ca-issue", ca_issue, x->renew = 0);
	REFUSED("ca-issue", ca_issue, x->ids[7][0] = '\0');
	REFUSED("ca-revoke", ca_revoke, x->site[0] = '\0');
	REFUSED("ca-revoke", ca_revoke, x->serial[0] = '1');
	REFUSED("ca-revoke-serial", ca_revoke, x->serial[0] = '\0');
	REFUSED("ca-revoke", ca_revoke, x->why = 6);
	REFUSED("ca-revoke", ca_revoke, x->why = 8);
	REFUSED("ca-revoke", ca_revoke, x->why = 11);
	REFUSED("ca-crl", ca_crl, x->ca[0] = '\0');
	REFUSED("ca-crl", ca_crl, x->der = 2);
	REFUSED("ca-crl", ca_crl, x->days = CERT_DAYS_MAX + 1);
	REFUSED("cert-made", cert_made, x->name[0] = '\0');
	REFUSED("cert-made", cert_made, x->has_key = 2);
	REFUSED("ca-issued", ca_issued, x->serial[0] = '\0');
	REFUSED("ca-issued", ca_issued, x->site[0] = '\0');
	REFUSED("ca-issued", ca_issued, x->why = 7);
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

	for (size_t i = 0; i < nsamples; i++) {
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

/* FNV-1a, of the first sample of each codec: what goes over the links, as far as structs do. */
static uint64_t
layout(void)
{
	uint64_t h = 14695981039346656037ull;

	for (unsigned codec = 0; codec < NCODECS; codec++)
		for (size_t i = 0; i < nsamples; i++) {
			void *obj;
			uint8_t *b;
			size_t n;

			if (samples[i].pick != codec)
				continue;
			obj = filled(&samples[i]);
			b = encoded(&samples[i], obj, &n);
			for (size_t k = 0; k < n; k++)
				h = (h ^ b[k]) * 1099511628211ull;
			h = (h ^ codec) * 1099511628211ull;
			free(b);
			free(obj);
			break;
		}
	return h;
}

/*
 * Two revisions of the suite whose messages differ must have different numbers (lib/ipc.h): during an upgrade they meet. A sample that changes
 * alone, and not the form of its message, leaves the number as it is.
 */
static void
test_version_of_layout(void **state)
{
	static const struct { unsigned version; uint64_t layout; } is = { 3, 0xea941746b04577c4ull };

	if (is.version != IPC_VERSION || is.layout != layout())
		fail_msg("messages between daemons are not what they were with IPC_VERSION %u: raise it in lib/ipc.h, and put { IPC_VERSION, 0x%llx } here", is.version,
		    (unsigned long long)layout());
}

static int
write_corpus(const char *dir)
{
	for (size_t i = 0; i < nsamples; i++) {
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
		cmocka_unit_test(test_bad_cert),
		cmocka_unit_test(test_bad_counts),
		cmocka_unit_test(test_record_fact),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_version_of_layout),
	};

	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return write_corpus(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
