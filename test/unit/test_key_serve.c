/* SPDX-License-Identifier: BSD-2-Clause */
/* What iked may have signed, verified and derived, and what it may not: handles, tunnels, octets, order. */
#include "key_fix.h"
#include "test.h"

static void
test_proofs(void **state)
{
	struct key_fix *f = *state;
	struct ends e;

	key_ends(f, &e);
	key_prove(f, &e);
}

static void
test_wrong_handles(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	struct key_child c;
	enum reason r;
	struct ends e;
	uint32_t spi;

	key_ends(f, &e);
	assert_int_equal(key_sign(f, e.ike_i ^ 0x10000, "a", true, e.request, "fqdn:tokyo", &auth), R_NOT_FOUND);
	assert_int_equal(key_sign(f, e.ike_i + 1000, "a", true, e.request, "fqdn:tokyo", &auth), R_NOT_FOUND);
	assert_int_equal(key_verify(f, 0xffffffff, "a", false, e.response, "fqdn:newyork", 2, bytes_of("x", 1)), R_NOT_FOUND);
	key_prove(f, &e);
	spi = key_spi_new(f, 1, &r);
	key_child(&c, 1, e.ike_i ^ 0x10000, true, KEY_IN | KEY_OUT, spi, 0x9999, &e);
	assert_int_equal(key_install(f, &c), R_NOT_FOUND);
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 1), R_NOT_FOUND);
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 77), R_NOT_FOUND);
	assert_int_equal(key_remove(f, KEY_RM_IKE, 12345), R_OK);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 12345), R_OK);
	assert_int_equal(key_remove(f, KEY_RM_KE, 12345), R_OK);
	assert_non_null(f->iked);
	assert_int_equal(f->n_add + f->n_update, 0);
}

static void
test_foreign_tunnel(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	struct ends e;

	key_ends(f, &e);
	assert_int_equal(key_sign(f, e.ike_i, "nobody", true, e.request, "fqdn:tokyo", &auth), R_SECRET_NOT_BOUND);
	assert_int_equal(key_sign(f, e.ike_i, "b", true, e.request, "fqdn:tokyo", &auth), R_NOT_PERMITTED);	/* b's own identity is another */
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:newyork", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "email:a@tokyo", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_OK);
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:kyoto", 2, secret_bytes(&auth)), R_PEER_ID_UNEXPECTED);
	assert_non_null(strstr(f->detail, "fqdn:kyoto"));
	assert_non_null(strstr(f->detail, "fqdn:tokyo"));
}

/* Nobody's proof but one's own is made, nobody's but the other's is checked. */
static void
test_sides(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	struct ends e;

	key_ends(f, &e);
	assert_int_equal(key_sign(f, e.ike_i, "b", false, e.response, "fqdn:newyork", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_verify(f, e.ike_i, "a", true, e.request, "fqdn:newyork", 2, bytes_of("x", 1)), R_NOT_PERMITTED);
	/* a reflected message: the right octets, as the other side's */
	assert_int_equal(key_sign(f, e.ike_r, "b", false, e.request, "fqdn:newyork", &auth), R_NOT_PERMITTED);
}

static void
test_forged_octets(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	uint8_t m[300];
	struct ends e;
	size_t n;

	key_ends(f, &e);
	n = e.request.n;
	/* every octet of the header but the minor version and reserved flags, and both payload headers' lengths and types */
	for (size_t i = 0; i < n; i++) {
		bool counts = i < 17 || i == 18 || (i >= 20 && i < 29) || (i >= 30 && i < 32) || i == 40 || (i >= 42 && i < n);

		for (unsigned bit = 0; counts && bit < 8; bit++) {
			if (i == 16 && (43 ^ (1u << bit)) != 40)
				continue;	/* the first payload's type: any other that is not a nonce is as good */
			memcpy(m, e.request.p, n);
			m[i] ^= (uint8_t)(1u << bit);
			if (i == 28 && m[i] != 0)
				continue;
			if (key_sign(f, e.ike_i, "a", true, bytes_of(m, n), "fqdn:tokyo", &auth) == R_OK)
				fail_msg("octet %zu bit %u is not looked at", i, bit);
			assert_int_equal(f->reason, R_NOT_PERMITTED);
		}
	}
	for (size_t k = 1; k < n; k++)	/* every truncation */
		assert_int_equal(key_sign(f, e.ike_i, "a", true, bytes_of(e.request.p, k), "fqdn:tokyo", &auth), R_NOT_PERMITTED);
	memcpy(m, e.request.p, n);
	m[n] = 0;
	assert_int_equal(key_sign(f, e.ike_i, "a", true, bytes_of(m, n + 1), "fqdn:tokyo", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, bytes_of("a letter to the bank", 20), "fqdn:tokyo", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.response, "fqdn:tokyo", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_OK);	/* and the link has lived through it */
}

static void
test_verdicts(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	struct ends e;

	key_ends(f, &e);
	key_secret(f, "other", "another one\n");
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_OK);
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 1, secret_bytes(&auth)), R_AUTH_METHOD_MISMATCH);
	for (size_t i = 0; i < auth.n; i++) {
		auth.b[i] ^= 1;
		assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, secret_bytes(&auth)), R_PSK_MISMATCH);
		auth.b[i] ^= 1;
	}
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, bytes_of(auth.b, auth.n - 1)), R_PSK_MISMATCH);
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, bytes_of(NULL, 0)), R_PSK_MISMATCH);
	assert_int_equal(key_bind(f, "b", "other", "fqdn:newyork", "fqdn:tokyo"), R_OK);
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, secret_bytes(&auth)), R_PSK_MISMATCH);
	assert_int_equal(key_bind(f, "b", "late", "fqdn:newyork", "fqdn:tokyo"), R_SECRET_MISSING);
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, secret_bytes(&auth)), R_SECRET_MISSING);
	key_secret(f, "late", "the same on both sides");	/* it stays bound and is read at use */
	assert_int_equal(key_verify(f, e.ike_r, "b", true, e.request, "fqdn:tokyo", 2, secret_bytes(&auth)), R_OK);
}

static void
test_ke_once(void **state)
{
	struct key_fix *f = *state;
	uint8_t pub[KE_PUB_MAX], peer[KE_PUB_MAX];
	struct secret ei = { 0 }, er = { 0 };
	struct key_derive d = { .suite = key_suite, .initiator = 1, .spi_i = 1, .spi_r = 2, .ni = bytes_of("0123456789abcdef", 16), .nr = bytes_of("fedcba9876543210", 16) };
	uint32_t ike, other;
	size_t n;

	d.ke = key_ke(f, KE_X25519, pub, &n);
	other = key_ke(f, KE_X25519, peer, &n);
	d.peer_public = bytes_of(peer, n);
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_OK);
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_NOT_FOUND);
	d.ke = other;		/* a bad value uses it up as well */
	memset(peer, 0, sizeof(peer));
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_MSG_MALFORMED);
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_NOT_FOUND);
	d.ke = key_ke(f, KE_ECP256, pub, &n);	/* another group than the suite's */
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_NOT_PERMITTED);
	d.ke = key_ke(f, KE_X25519, pub, &n);
	assert_int_equal(key_remove(f, KEY_RM_KE, d.ke), R_OK);
	d.peer_public = bytes_of(pub, n);
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_NOT_FOUND);
	assert_int_equal(key_ke(f, 2, pub, &n), 0);
	assert_int_equal(f->reason, R_KE_GROUP_REFUSED);
}

static void
test_ke_limit(void **state)
{
	struct key_fix *f = *state;
	uint8_t pub[KE_PUB_MAX];
	uint32_t first = 0, h;
	size_t n;

	for (unsigned i = 0; i < IKE_KE_MAX; i++) {
		h = key_ke(f, KE_X25519, pub, &n);
		assert_int_not_equal(h, 0);
		if (i == 0)
			first = h;
	}
	assert_int_equal(key_ke(f, KE_X25519, pub, &n), 0);
	assert_int_equal(f->reason, R_BUSY);
	assert_int_equal(key_remove(f, KEY_RM_KE, first), R_OK);
	assert_int_not_equal(key_ke(f, KE_X25519, pub, &n), 0);
}

/* A rekeyed IKE SA has no proofs of its own and inherits the verdict. */
static void
test_ike_rekey(void **state)
{
	struct key_fix *f = *state;
	uint8_t pi[KE_PUB_MAX], pr[KE_PUB_MAX];
	struct secret a = { 0 }, b = { 0 }, c = { 0 }, d2 = { 0 };
	struct key_derive d = { .suite = key_suite, .initiator = 1, .spi_i = 5, .spi_r = 6 };
	uint32_t new_i, new_r, ki, kr;
	struct secret auth = { 0 };
	struct ends e;
	size_t ni, nr;

	key_ends(f, &e);
	key_prove(f, &e);
	ki = key_ke(f, KE_X25519, pi, &ni);
	kr = key_ke(f, KE_X25519, pr, &nr);
	d.ke = ki;
	d.old_ike = e.ike_i;
	d.ni = bytes_of(e.ni, 32);
	d.nr = bytes_of(e.nr, 32);
	d.peer_public = bytes_of(pr, nr);
	assert_int_equal(key_derive(f, &d, &new_i, &a, &b), R_OK);
	d.ke = kr;
	d.initiator = 0;
	d.old_ike = e.ike_r;
	d.peer_public = bytes_of(pi, ni);
	assert_int_equal(key_derive(f, &d, &new_r, &c, &d2), R_OK);
	assert_true(secret_eq(&a, secret_bytes(&c)) && secret_eq(&b, secret_bytes(&d2)));
	assert_false(secret_eq(&a, secret_bytes(&e.sk_ei)));
	assert_int_equal(key_sign(f, new_i, "a", true, e.request, "fqdn:tokyo", &auth), R_NOT_PERMITTED);
	assert_int_equal(key_remove(f, KEY_RM_IKE, e.ike_i), R_OK);
	d.ke = key_ke(f, KE_X25519, pi, &ni);
	d.old_ike = e.ike_i;
	assert_int_equal(key_derive(f, &d, &new_r, &c, &d2), R_NOT_FOUND);
	{
		struct key_child k;
		enum reason r;
		uint32_t spi = key_spi_new(f, 1, &r);

		key_child(&k, 1, new_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &e);
		assert_int_equal(key_install(f, &k), R_OK);
	}
}

static void
test_link_death(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 }, ei = { 0 }, er = { 0 };
	uint8_t pub[KE_PUB_MAX];
	struct key_derive d = { .suite = key_suite, .initiator = 1, .spi_i = 1, .spi_r = 2, .ni = bytes_of("0123456789abcdef", 16), .nr = bytes_of("fedcba9876543210", 16) };
	struct ends e;
	uint32_t ike;
	size_t n;

	key_ends(f, &e);
	d.ke = key_ke(f, KE_X25519, pub, &n);
	ipc_free(f->iked);
	f->iked = NULL;
	key_spin(f);
	assert_null(f->k.iked);
	assert_int_equal(f->k.objects.ke.n, 0);
	assert_int_equal(f->k.objects.ike.n, 0);
	key_attach_iked(f);
	d.peer_public = bytes_of(pub, n);
	assert_int_equal(key_derive(f, &d, &ike, &ei, &er), R_NOT_FOUND);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_NOT_FOUND);
	assert_int_equal(f->nev, 1);	/* the first event says how the engine is */
	assert_int_equal(f->ev[0].type, KEY_ENGINE_BACK);
	assert_int_equal(f->ev[0].a, KEY_FEAT_HELLO | KEY_FEAT_ESN | KEY_FEAT_AEAD | KEY_FEAT_WINDOW);
}

/* A new link takes the place of one that was not seen to end. */
static void
test_link_replaced(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	struct ipc *old = f->iked;
	struct ends e;

	key_ends(f, &e);
	key_attach_iked(f);
	assert_ptr_not_equal(f->iked, old);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_NOT_FOUND);
}

static void
breach(struct key_fix *f, uint16_t type, struct bytes body)
{
	if (f->iked == NULL || f->iked_down)
		key_attach_iked(f);
	ipc_send(f->iked, type, 99, body);
	key_spin(f);
	assert_true(f->iked_down);
	assert_null(f->k.iked);
	assert_non_null(f->spdsync);	/* the others are served on */
}

static void
test_breaches(void **state)
{
	struct key_fix *f = *state;
	uint8_t junk[20000] = { 1 };
	struct wr w = wr_of(junk, sizeof(junk));

	breach(f, BIND_SYNC + 100, bytes_of(NULL, 0));			/* unknown */
	breach(f, KEY_ACQUIRE, bytes_of(junk, 4));			/* an event, from the wrong side */
	breach(f, KEY_KE_NEW, bytes_of(junk, 1));			/* cut off */
	breach(f, KEY_KE_NEW, bytes_of(junk, 3));			/* too long */
	breach(f, KEY_IKE_DERIVE, bytes_of(junk, 40));
	breach(f, KEY_AUTH_SIGN, bytes_of(junk, sizeof(junk)));
	breach(f, KEY_CHILD_INSTALL, bytes_of(junk, 300));
	wr_u8(&w, 9);							/* no such kind */
	wr_le32(&w, 1);
	breach(f, KEY_REMOVE, wr_bytes(&w));
	key_attach_iked(f);
	assert_int_equal(key_u32(f, KEY_CHILD_LIST, 0), R_OK);
}

/* The bindings are spdsync's: they outlive its link, and SYNC clears what was not said again. */
static void
test_bindings(void **state)
{
	struct key_fix *f = *state;
	struct secret auth = { 0 };
	uint8_t buf[128];
	struct wr none = wr_of(buf, 0), w = wr_of(buf, sizeof(buf));
	struct ends e;

	key_ends(f, &e);
	ipc_free(f->spdsync);
	f->spdsync = NULL;
	key_spin(f);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_OK);
	key_attach_spdsync(f);
	assert_int_equal(key_bind(f, "b", "shared", "fqdn:newyork", "fqdn:tokyo"), R_OK);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_OK);
	assert_int_equal(key_call(f, f->spdsync, BIND_SYNC, &none), R_OK);
	assert_int_equal(key_sign(f, e.ike_i, "a", true, e.request, "fqdn:tokyo", &auth), R_SECRET_NOT_BOUND);
	assert_int_equal(key_sign(f, e.ike_r, "b", false, e.response, "fqdn:newyork", &auth), R_OK);
	str_put(&w, "b");
	assert_int_equal(key_call(f, f->spdsync, BIND_DEL, &w), R_OK);
	assert_int_equal(key_sign(f, e.ike_r, "b", false, e.response, "fqdn:newyork", &auth), R_SECRET_NOT_BOUND);
	w = wr_of(buf, sizeof(buf));
	str_put(&w, "b");
	assert_int_equal(key_call(f, f->spdsync, BIND_CHECK, &w), R_SECRET_NOT_BOUND);
	assert_int_equal(key_bind(f, "b", "shared", "fqdn:newyork", "fqdn:tokyo"), R_OK);
	assert_int_equal(key_call(f, f->spdsync, BIND_CHECK, &w), R_OK);
	assert_int_equal(key_bind(f, "b", "absent", "fqdn:newyork", "fqdn:tokyo"), R_SECRET_MISSING);
	assert_int_equal(key_call(f, f->spdsync, BIND_CHECK, &w), R_SECRET_MISSING);
}

static void
rule(struct key_fix *f, const char *anchor, uint8_t revocation)
{
	struct trust_rule r = { .revocation = revocation };
	uint8_t buf[4096];
	struct wr w = wr_of(buf, sizeof(buf));

	snprintf(r.name, sizeof(r.name), "%s", anchor);
	trust_rule_put(&w, &r);
	assert_int_equal(key_call(f, f->spdsync, BIND_TRUST, &w), R_OK);
}

/* The rules of trust anchors live as long as bindings do. */
static void
test_rules(void **state)
{
	struct key_fix *f = *state;
	const struct bindings *t = &f->k.bindings;
	uint8_t buf[128];
	struct wr none = wr_of(buf, 0), w = wr_of(buf, sizeof(buf));

	assert_null(bind_rule(t, "ca"));
	rule(f, "ca", REVOKE_STRICT);
	rule(f, "old-ca", REVOKE_OFF);
	assert_int_equal(bind_rule(t, "ca")->revocation, REVOKE_STRICT);
	rule(f, "ca", REVOKE_SOFT);
	assert_int_equal(bind_rule(t, "ca")->revocation, REVOKE_SOFT);
	str_put(&w, "old-ca");
	assert_int_equal(key_call(f, f->spdsync, BIND_TRUST_DEL, &w), R_OK);
	assert_null(bind_rule(t, "old-ca"));
	ipc_free(f->spdsync);
	f->spdsync = NULL;
	key_spin(f);
	assert_int_equal(bind_rule(t, "ca")->revocation, REVOKE_SOFT);
	key_attach_spdsync(f);
	rule(f, "new-ca", REVOKE_STRICT);
	assert_int_equal(key_call(f, f->spdsync, BIND_SYNC, &none), R_OK);
	assert_null(bind_rule(t, "ca"));
	assert_non_null(bind_rule(t, "new-ca"));
}

/* spdsync cannot do what is iked's, nor the other way round. */
static void
test_tables(void **state)
{
	struct key_fix *f = *state;
	uint8_t two[2] = { 31, 0 };

	ipc_send(f->spdsync, KEY_KE_NEW + 1, 1, bytes_of(two, 2));
	key_spin(f);
	ipc_send(f->spdsync, KEY_CHILD_LIST, 1, bytes_of("\0\0\0\0", 4));
	key_spin(f);
	assert_true(f->spdsync_down);
	assert_non_null(f->iked);
}

#define T(t) cmocka_unit_test_setup_teardown(t, key_setup, key_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_proofs),
		T(test_wrong_handles),
		T(test_foreign_tunnel),
		T(test_sides),
		T(test_forged_octets),
		T(test_verdicts),
		T(test_ke_once),
		T(test_ke_limit),
		T(test_ike_rekey),
		T(test_link_death),
		T(test_link_replaced),
		T(test_breaches),
		T(test_bindings),
		T(test_rules),
		T(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
