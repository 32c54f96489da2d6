/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs by certificate and by raw public key, over keymgr's links: made by one end, judged by the other, with a reason for each refusal. */
#include <sys/stat.h>
#include <unistd.h>

#include "auth_fix.h"
#include "revoke_in.h"
#include "test.h"

/* Every kind of key, by RFC 7427 and, where there is one, by the method before it. */
static void
test_kinds(void **state)
{
	static const struct { const char *kind; uint16_t hashes; bool old; uint8_t method; const char *words; } v[] = {
		{ "p256", ALL, false, 14, "ECDSA P-256 with SHA-256" }, { "p384", ALL, false, 14, "ECDSA P-384 with SHA-384" },
		{ "p521", ALL, false, 14, "ECDSA P-521 with SHA-512" }, { "ed25519", ALL, false, 14, "Ed25519" }, { "ed448", ALL, false, 14, "Ed448" },
		{ "rsa2048", ALL, false, 14, "RSA of 2048 bits (PSS) with SHA-256" }, { "rsa3072", ALL, false, 14, "RSA of 3072 bits (PSS) with SHA-256" },
		{ "p256", 0, false, 9, "ECDSA P-256 with SHA-256" }, { "p384", 0, false, 10, "ECDSA P-384 with SHA-384" },
		{ "p521", 0, false, 11, "ECDSA P-521 with SHA-512" }, { "rsa2048", 0, true, 1, "RSA of 2048 bits (PKCS#1 v1.5) with SHA-1" },
	};
	struct world *w = *state;
	char want[256];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		credential(w, "tokyo", v[i].kind);
		w->a.old_methods = w->b.old_methods = v[i].old;
		assert_int_equal(put(w, &w->a), R_OK);
		assert_int_equal(put(w, &w->b), R_OK);
		assert_int_equal(sign_by(w, true, v[i].hashes), R_OK);
		assert_int_equal(w->method, v[i].method);
		assert_int_equal(w->ncerts, 1);
		assert_int_equal(verify(w), R_OK);
		snprintf(want, sizeof(want), "certificate O=Example, CN=tokyo, issued by O=Example, CN=Example CA, valid until 2028-01-15, %s; "
		    "whether it is revoked is not known: neither the certificate nor the site file says where a list is", v[i].words);
		assert_string_equal(w->words, want);
		w->data[w->ndata - 1] ^= 1;
		assert_int_equal(verify(w), R_SIGNATURE_BAD);
	}
	assert_int_equal(sign_by(w, false, ALL), R_OK);	/* and the other way */
	assert_int_equal(verify_as(w, false, "fqdn:newyork"), R_OK);
}

/* What does not verify gives no keys, what does, does. */
static void
test_permission(void **state)
{
	struct world *w = *state;

	assert_int_equal(child(w), R_NOT_PERMITTED);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	w->data[w->ndata - 3] ^= 4;
	assert_int_equal(verify(w), R_SIGNATURE_BAD);
	assert_int_equal(child(w), R_NOT_PERMITTED);
	w->data[w->ndata - 3] ^= 4;
	assert_int_equal(verify(w), R_OK);
	assert_int_equal(child(w), R_OK);
}

/* A peer whose certificate ends while its SA stands: iked is told, and gets no keys for it even if it does not listen. */
static void
test_ends(void **state)
{
	struct world *w = *state;
	unsigned before = w->f->invalid;

	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_int_equal(verify(w), R_OK);
	assert_int_equal(child(w), R_OK);
	auth_later = 20ull * 365 * 86400;
	watch_tend(w->f->k.revoke);
	key_spin(w->f);
	auth_later = 0;
	assert_int_equal(w->f->invalid, before + 1);
	assert_int_equal(w->f->invalid_why, R_CERT_EXPIRED);
	assert_int_equal(child(w), R_NOT_PERMITTED);
}

/* The private key signs nothing but this SA's own first message. */
static void
test_only_auth(void **state)
{
	struct world *w = *state;
	uint8_t m[256];
	size_t n = w->e.request.n;

	for (size_t i = 0; i < n; i++) {
		if (i == 16 || i == 19 || i == 29 || (i >= 32 && i < 40) || i == 41)	/* what is not the SA's: unused bits, another payload */
			continue;
		memcpy(m, w->e.request.p, n);
		m[i] ^= 0x41;
		{
			struct key_auth a = { .ike = w->e.ike_i, .initiator = 1, .hashes = ALL, .message = bytes_of(m, n) };

			if (call(w, KEY_AUTH_SIGN, &a, "a", "fqdn:tokyo") == R_OK)
				fail_msg("octet %zu is not looked at", i);
		}
	}
	{
		struct key_auth a = { .ike = w->e.ike_i, .initiator = 1, .hashes = ALL, .message = bytes_of("a letter to the bank", 20) };

		assert_int_equal(call(w, KEY_AUTH_SIGN, &a, "a", "fqdn:tokyo"), R_NOT_PERMITTED);
		a.message = w->e.response;
		assert_int_equal(call(w, KEY_AUTH_SIGN, &a, "a", "fqdn:tokyo"), R_NOT_PERMITTED);
		a.message = w->e.request;
		assert_int_equal(call(w, KEY_AUTH_SIGN, &a, "a", "fqdn:newyork"), R_NOT_PERMITTED);	/* another identity */
		assert_int_equal(call(w, KEY_AUTH_SIGN, &a, "nothing", "fqdn:tokyo"), R_SECRET_NOT_BOUND);
		a.initiator = 0;
		assert_int_equal(call(w, KEY_AUTH_SIGN, &a, "a", "fqdn:tokyo"), R_NOT_PERMITTED);
	}
	/* a proof is of one SA: another one with the same certificates has other octets */
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	key_ends(w->f, &w->e);
	assert_int_equal(verify(w), R_SIGNATURE_BAD);
}

/* One end proves itself with a certificate, the other with a pre-shared key. */
static void
test_mixed(void **state)
{
	struct world *w = *state;

	w->a.how_remote = AUTH_BY_PSK;
	w->a.ntrust = 0;
	w->a.trust[0][0] = '\0';
	strcpy(w->a.psk_remote, "shared");
	w->b.how_local = AUTH_BY_PSK;
	w->b.cert[0] = '\0';
	strcpy(w->b.psk_local, "shared");
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(put(w, &w->b), R_OK);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_int_equal(w->method, 14);
	assert_int_equal(verify(w), R_OK);
	assert_int_equal(sign_by(w, false, ALL), R_OK);
	assert_int_equal(w->method, 2);
	assert_int_equal(w->ncerts, 0);
	assert_int_equal(verify_as(w, false, "fqdn:newyork"), R_OK);
	assert_string_equal(w->words, "pre-shared key");
	/* and the wrong one of the two */
	w->method = 14;
	assert_int_equal(verify_as(w, false, "fqdn:newyork"), R_AUTH_METHOD_MISMATCH);
	says(w, "a signature (method 14), this tunnel expects a pre-shared key");
	w->method = 2;
	assert_int_equal(verify(w), R_AUTH_METHOD_MISMATCH);
	says(w, "a pre-shared key (method 2), this tunnel expects a certificate");
	w->method = 77;
	assert_int_equal(verify(w), R_AUTH_METHOD_MISMATCH);
}

static void
pin(struct binding *b, EVP_PKEY *k)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(k, &der);

	assert_true(n > 0 && n <= BIND_PUBLIC);
	b->how_remote = AUTH_BY_KEY;
	b->ntrust = 0;
	b->trust[0][0] = '\0';
	b->npublic = (unsigned)n;
	memcpy(b->public_key, der, (size_t)n);
	OPENSSL_free(der);
}

static void
test_raw_keys(void **state)
{
	static const char *const kinds[] = { "p256", "p384", "p521", "ed25519", "ed448", "rsa2048" };
	struct world *w = *state;

	for (size_t i = 0; i < 6; i++) {
		EVP_PKEY *k = pki_key(kinds[i]), *other = pki_key(i == 5 ? "rsa3072" : kinds[i]);

		pki_write_key(w->f->dir, "tokyo", 0600, k);
		w->a.how_local = AUTH_BY_KEY;
		pin(&w->b, k);
		assert_int_equal(put(w, &w->a), R_OK);
		assert_int_equal(put(w, &w->b), R_OK);
		assert_int_equal(sign_by(w, true, ALL), R_OK);
		assert_int_equal(w->ncerts, 1);
		assert_int_equal(w->certs[0].encoding, CERT_RAW_KEY);
		assert_int_equal(verify(w), R_OK);
		assert_non_null(strstr(w->words, "key with SHA-256 "));
		w->ncerts = 0;		/* RFC 7670: it may be known already */
		assert_int_equal(verify(w), R_OK);
		w->data[w->ndata - 1] ^= 1;
		assert_int_equal(verify(w), R_SIGNATURE_BAD);
		/* another key than the pinned one: said if it came along, a bad signature if not */
		pki_write_key(w->f->dir, "tokyo", 0600, other);
		assert_int_equal(sign_by(w, true, ALL), R_OK);
		assert_int_equal(verify(w), R_PINNED_KEY_OTHER);
		says(w, "the peer sent ");
		w->ncerts = 0;
		assert_int_equal(verify(w), R_SIGNATURE_BAD);
		/* the right key came along, but another one signed */
		w->ncerts = 1;
		w->certs[0].data = bytes_of(w->b.public_key, w->b.npublic);
		assert_int_equal(verify(w), R_SIGNATURE_BAD);
		w->certs[0].data.n--;
		assert_int_equal(verify(w), R_PINNED_KEY_OTHER);
		EVP_PKEY_free(k);
		EVP_PKEY_free(other);
	}
	/* the pinned key inside a certificate, as older peers send it */
	credential(w, "tokyo", "p256");
	w->a.how_local = AUTH_BY_CERT;
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	{
		const uint8_t *p = w->certs[0].data.p;
		X509 *x = d2i_X509(NULL, &p, (long)w->certs[0].data.n);

		pin(&w->b, X509_get0_pubkey(x));
		X509_free(x);
	}
	assert_int_equal(put(w, &w->b), R_OK);
	assert_int_equal(verify(w), R_OK);
	/* what the site file gives is no key, or one that is not taken */
	w->b.npublic--;
	assert_int_equal(put(w, &w->b), R_KEY_KIND);
	assert_int_equal(verify(w), R_KEY_KIND);
}

/* Our own side: each thing that can be wrong with it, told when the tunnel is bound, and again when it is used. */
static void
own(struct world *w, enum reason want, const char *what)
{
	assert_int_equal(put(w, &w->a), want);
	if (what)
		says(w, what);
	assert_int_equal(sign_by(w, true, ALL), want);
	if (what)
		says(w, what);
}

static void
tokyo_with(struct world *w, struct pki p)
{
	EVP_PKEY *k;
	X509 *x;

	p.dn = "O=Example, CN=tokyo";
	p.ca = w->ca;
	p.ca_key = w->ca_key;
	x = pki_cert(&p, &k);
	pki_write_certs(w->f->dir, "tokyo", 0644, 1, &x);
	pki_write_key(w->f->dir, "tokyo", 0600, k);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void
file(struct world *w, const char *name, char path[static 128])
{
	snprintf(path, 128, "%s/%s", w->f->dir, name);
}

static void
test_own_faults(void **state)
{
	struct world *w = *state;
	char path[128];
	EVP_PKEY *k;

	file(w, "tokyo.key", path);
	chmod(path, 0644);
	own(w, R_SECRET_TOO_OPEN, "tokyo.key");
	k = pki_key("p256");
	pki_write_key(w->f->dir, "tokyo", 0600, k);
	EVP_PKEY_free(k);
	own(w, R_PRIVATE_KEY_OTHER, "tokyo");
	unlink(path);
	own(w, R_PRIVATE_KEY_MISSING, "tokyo.key");
	file(w, "tokyo.crt", path);
	unlink(path);
	own(w, R_CERT_MISSING, "tokyo.crt");
	tokyo_with(w, (struct pki){ .from = -9 * PKI_DAY, .to = -PKI_DAY, .ext = { { "subjectAltName", "DNS:tokyo" } } });
	own(w, R_OUR_CERT_EXPIRED, "expired at 2027-01-14T08:00:00Z");
	tokyo_with(w, (struct pki){ .from = 7200, .to = PKI_DAY, .ext = { { "subjectAltName", "DNS:tokyo" } } });
	own(w, R_OUR_CERT_NOT_YET_VALID, "2 h 0 min earlier");
	tokyo_with(w, (struct pki){ .ext = { { "subjectAltName", "DNS:osaka" } } });
	own(w, R_OUR_ID_MISSING, "fqdn:osaka");
	tokyo_with(w, (struct pki){ .ext = { { "subjectAltName", "DNS:tokyo" }, { "keyUsage", "keyEncipherment" } } });
	own(w, R_CERT_UNUSABLE, "digitalSignature");
	/* a peer that has no hash for our key */
	credential(w, "tokyo", "ed25519");
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(sign_by(w, true, HASH_BIT(HASH_SHA2_256)), R_SIGNATURE_NONE);
	says(w, "ed25519");
	assert_int_equal(sign_by(w, true, 0), R_SIGNATURE_NONE);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
}

static void
trust(struct world *w, enum reason want, const char *what)
{
	assert_int_equal(put(w, &w->b), want);
	if (what)
		says(w, what);
	assert_int_equal(verify(w), want);
	if (what)
		says(w, what);
}

static void
test_trust_faults(void **state)
{
	struct world *w = *state;
	EVP_PKEY *k;
	X509 *other = pki_ca("CN=Other CA", NULL, NULL, &k);
	char path[128];

	assert_int_equal(sign_by(w, true, ALL), R_OK);
	strcpy(w->b.trust[0], "nothing");
	trust(w, R_TRUST_MISSING, "nothing.crt");
	strcpy(w->b.trust[0], "tokyo");
	trust(w, R_NOT_A_CA, "tokyo.crt");
	file(w, "ca.crt", path);
	chmod(path, 0666);
	strcpy(w->b.trust[0], "ca");
	trust(w, R_CERT_UNUSABLE, "others may write");
	chmod(path, 0644);
	trust(w, R_OK, NULL);
	pki_write_certs(w->f->dir, "other", 0644, 1, &other);
	strcpy(w->b.trust[0], "other");
	assert_int_equal(put(w, &w->b), R_OK);
	assert_int_equal(verify(w), R_CERT_UNKNOWN_CA);
	says(w, "O=Example, CN=Example CA");
	assert_int_equal(child(w), R_OK);		/* it was verified above, and that stays so */
	/* one of two is there, and does: the other is not missed; if it does not, the missing one may have been it */
	w->b.ntrust = 2;
	strcpy(w->b.trust[1], "ca");
	assert_int_equal(put(w, &w->b), R_OK);
	assert_int_equal(verify(w), R_OK);
	strcpy(w->b.trust[0], "nothing");
	assert_int_equal(put(w, &w->b), R_TRUST_MISSING);
	assert_int_equal(verify(w), R_OK);
	strcpy(w->b.trust[1], "other");
	assert_int_equal(put(w, &w->b), R_TRUST_MISSING);
	assert_int_equal(verify(w), R_TRUST_MISSING);
	X509_free(other);
	EVP_PKEY_free(k);
}

/* The peer's: who it says it is, what it is called in its certificate, and which key it has. */
static void
test_peer_faults(void **state)
{
	struct world *w = *state;
	EVP_PKEY *k = pki_key("p256");
	X509 *x = pki_leaf("CN=osaka", "DNS:osaka", w->ca, w->ca_key, NULL);
	struct bytes der = pki_der(x);

	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_int_equal(verify_as(w, true, "fqdn:osaka"), R_PEER_ID_UNEXPECTED);
	says(w, "the peer says it is fqdn:osaka, the tunnel expects fqdn:tokyo");
	/* the identity is the tunnel's, the certificate another's of the same CA: a peer cannot play another one */
	w->certs[0].data = der;
	assert_int_equal(verify(w), R_CERT_ID_MISSING);
	says(w, "fqdn:osaka");
	w->ncerts = 0;
	assert_int_equal(verify(w), R_CERT_NOT_SENT);
	/* it has the certificate, which everybody can have, but not its key */
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	tokyo_with(w, (struct pki){ .ext = { { "subjectAltName", "DNS:tokyo" } } });
	{
		struct key_cert mine = w->certs[0];
		uint8_t copy[4096];

		memcpy(copy, mine.data.p, mine.data.n);
		mine.data.p = copy;
		assert_int_equal(sign_by(w, true, ALL), R_OK);
		assert_int_equal(verify(w), R_OK);
		w->certs[0] = mine;
		assert_int_equal(verify(w), R_SIGNATURE_BAD);
	}
	/* a signature of a kind that its key cannot make */
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	w->method = AUTH_METHOD_RSA;
	assert_int_equal(verify(w), R_SIGNATURE_NOT_OFFERED);
	w->method = AUTH_METHOD_ECDSA_384;
	assert_int_equal(verify(w), R_SIGNATURE_NOT_OFFERED);
	X509_free(x);
	free((void *)(uintptr_t)der.p);
	EVP_PKEY_free(k);
}

/* An intermediate travels with the certificate; the root in the file does not. */
static void
test_intermediate(void **state)
{
	struct world *w = *state;
	EVP_PKEY *mk, *k;
	X509 *mid = pki_ca("O=Example, CN=Example Issuing", w->ca, w->ca_key, &mk), *x = pki_leaf("CN=tokyo", "DNS:tokyo", mid, mk, &k);

	pki_write_certs(w->f->dir, "tokyo", 0644, 3, (X509 *const []){ x, mid, w->ca });
	pki_write_key(w->f->dir, "tokyo", 0600, k);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_int_equal(w->ncerts, 2);
	assert_int_equal(verify(w), R_OK);
	w->ncerts = 1;
	assert_int_equal(verify(w), R_CERT_CHAIN_INCOMPLETE);
	says(w, "CN=Example Issuing");
	X509_free(mid);
	X509_free(x);
	EVP_PKEY_free(mk);
	EVP_PKEY_free(k);
}

/* A certificate that was renewed is used by the next proof. */
static void
test_renewed(void **state)
{
	struct world *w = *state;
	struct bytes first;

	assert_int_equal(sign_by(w, true, ALL), R_OK);
	first = bytes_of(malloc(w->certs[0].data.n), w->certs[0].data.n);
	memcpy((void *)(uintptr_t)first.p, w->certs[0].data.p, first.n);
	assert_int_equal(verify(w), R_OK);
	credential(w, "tokyo", "p384");
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_false(bytes_eq(first, w->certs[0].data));
	assert_int_equal(verify(w), R_OK);
	assert_non_null(strstr(w->words, "P-384"));
	free((void *)(uintptr_t)first.p);
}

/* What CERTREQ is to name. */
static void
spki_hash(X509 *x, uint8_t out[static KEY_ANCHOR])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	assert_int_equal(EVP_Digest(der, (size_t)n, out, NULL, EVP_sha1(), NULL), 1);
	OPENSSL_free(der);
}

static void
test_key_trust(void **state)
{
	struct world *w = *state;
	struct key_fix *f = w->f;
	X509 *other = pki_ca("CN=Other CA", NULL, NULL, NULL), *more;
	uint8_t ca[KEY_ANCHOR], second[KEY_ANCHOR], none[8];
	struct wr empty = wr_of(none, 0), out;
	unsigned events;
	char name[16];

	spki_hash(w->ca, ca);
	spki_hash(other, second);
	assert_int_equal(f->trusted, 1);
	assert_memory_equal(f->trust, ca, KEY_ANCHOR);
	events = f->trust_events;
	assert_int_equal(put(w, &w->a), R_OK);	/* nothing new, nothing said */
	assert_int_equal(f->trust_events, events);
	key_attach_iked(f);			/* a new link hears it at once */
	assert_int_equal(f->trust_events, events + 1);
	assert_memory_equal(f->trust, ca, KEY_ANCHOR);
	w->b.ntrust = 2;
	strcpy(w->b.trust[1], "zz");
	assert_int_equal(put(w, &w->b), R_TRUST_MISSING);
	assert_int_equal(f->trusted, 1);
	pki_write_certs(f->dir, "zz", 0644, 1, &other);		/* there at last: the next use of anything finds it */
	assert_int_equal(sign_by(w, true, ALL), R_NOT_FOUND);	/* the SA went with its link */
	key_ends(f, &w->e);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	assert_int_equal(f->trusted, 2);
	assert_memory_equal(f->trust + KEY_ANCHOR, second, KEY_ANCHOR);
	pki_write_certs(f->dir, "zz", 0644, 1, &w->ca);		/* two names, one CA */
	assert_int_equal(verify(w), R_OK);
	assert_int_equal(f->trusted, 1);
	/* no more than fit */
	for (unsigned i = 0; i < KEY_ANCHORS + 4; i++) {
		struct binding b;

		snprintf(name, sizeof(name), "n%02u", i);
		more = pki_ca("CN=More", NULL, NULL, NULL);
		pki_write_certs(f->dir, name, 0644, 1, &more);
		X509_free(more);
		binding_of(&b, name, "tokyo", "newyork");
		strcpy(b.trust[0], name);
		assert_int_equal(put(w, &b), R_OK);
	}
	assert_int_equal(f->trusted, KEY_ANCHORS);
	/* without bindings nothing is trusted */
	ipc_free(f->spdsync);
	f->spdsync = NULL;
	key_spin(f);
	key_attach_spdsync(f);
	assert_int_equal(key_call(f, f->spdsync, BIND_SYNC, &empty), R_OK);
	assert_int_equal(f->trusted, 0);
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(f->trusted, 1);
	out = wr_of(name, sizeof(name));
	str_put(&out, "a");
	assert_int_equal(key_call(f, f->spdsync, BIND_DEL, &out), R_OK);
	assert_int_equal(f->trusted, 0);
	X509_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_permission, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_ends, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_only_auth, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_mixed, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_raw_keys, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_own_faults, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_trust_faults, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_peer_faults, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_intermediate, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_renewed, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_key_trust, auth_setup, auth_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
