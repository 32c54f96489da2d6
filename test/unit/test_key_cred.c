/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys by name: what is taken, every fault of a file with its reason, and what is read again when. */
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred.h"
#include "pki.h"
#include "test.h"

struct fix {
	char		 own[64], secret[64], detail[CRED_DETAIL];
	struct creds	*s;
	X509		*ca;
	EVP_PKEY	*ca_key;
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	strcpy(f->own, "/tmp/key-cred-own-XXXXXX");
	strcpy(f->secret, "/tmp/key-cred-sec-XXXXXX");
	assert_true(mkdtemp(f->own) && mkdtemp(f->secret));
	f->s = creds_new(f->own, f->secret);
	assert_non_null(f->s);
	f->ca = pki_ca("O=Example, CN=Example CA", NULL, NULL, &f->ca_key);
	*state = f;
	return 0;
}

static void
empty(const char *dir)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	creds_free(f->s);
	X509_free(f->ca);
	EVP_PKEY_free(f->ca_key);
	empty(f->own);
	empty(f->secret);
	free(f);
	return 0;
}

/* A credential of that kind of key as NAME in dir. */
static void
put(struct fix *f, const char *dir, const char *name, const char *kind)
{
	EVP_PKEY *k = pki_key(kind);
	struct pki p = { .dn = "O=Example, CN=tokyo", .key = k, .ca = f->ca, .ca_key = f->ca_key, .ext = { { "subjectAltName", "DNS:tokyo" } } };
	X509 *v[2] = { pki_cert(&p, NULL), f->ca };

	pki_write_certs(dir, name, 0644, 2, v);
	pki_write_key(dir, name, 0600, k);
	X509_free(v[0]);
	EVP_PKEY_free(k);
}

static enum reason
load(struct fix *f, const char *name, unsigned need)
{
	struct cred c;
	enum reason r = cred_load(f->s, name, need, &c, f->detail);

	if (r != R_OK) {
		assert_true(c.cert == NULL && c.key == NULL && c.chain == NULL);
		assert_true(f->detail[0]);
	} else {
		assert_int_equal(c.cert != NULL, (need & CRED_CERT) != 0);
		assert_int_equal(c.key != NULL, (need & CRED_KEY) != 0);
	}
	cred_free(&c);
	return r;
}

/* The private half of every kind lies in the secure heap, and leaves it. */
static void
test_kinds(void **state)
{
	static const char *const kinds[] = { "p256", "p384", "p521", "ed25519", "ed448", "rsa2048", "rsa3072" };
	struct fix *f = *state;
	struct cred c;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t before;

		put(f, f->own, "tokyo", kinds[i]);
		creds_free(f->s);
		before = CRYPTO_secure_used();
		f->s = creds_new(f->own, f->secret);
		assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT | CRED_KEY, &c, f->detail), R_OK);
		assert_int_equal(sk_X509_num(c.chain), 1);
		assert_true(c.own && strstr(c.path, "/tokyo.crt"));
		if (CRYPTO_secure_used() <= before)
			fail_msg("%s: not in the secure heap", kinds[i]);
		cred_free(&c);
		creds_free(f->s);
		assert_int_equal(CRYPTO_secure_used(), before);
		f->s = creds_new(f->own, f->secret);
	}
}

/* Keys that nobody is to use. */
static void
test_refused_kinds(void **state)
{
	static const char *const kinds[] = { "p224", "k256", "rsa1024", "rsa2048e3" };
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		put(f, f->own, "weak", kinds[i]);
		assert_int_equal(load(f, "weak", CRED_KEY), R_PRIVATE_KEY_UNUSABLE);
	}
}

static void
test_missing(void **state)
{
	struct fix *f = *state;
	char path[256];

	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_CERT_MISSING);
	assert_non_null(strstr(f->detail, f->own));
	assert_non_null(strstr(f->detail, f->secret));
	assert_int_equal(load(f, "tokyo", CRED_KEY), R_PRIVATE_KEY_MISSING);
	put(f, f->secret, "tokyo", "p256");
	snprintf(path, sizeof(path), "%s/tokyo.key", f->secret);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_PRIVATE_KEY_MISSING);
	assert_int_equal(load(f, "tokyo", CRED_CERT), R_OK);
	assert_int_equal(load(f, "../tokyo", CRED_CERT), R_NAME_INVALID);
	assert_int_equal(load(f, "", CRED_CERT), R_NAME_INVALID);
}

static void
spoil(const char *dir, const char *file, const char *text, unsigned mode)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	unlink(path);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void
test_files(void **state)
{
	struct fix *f = *state;
	char path[256], other[256];
	EVP_PKEY *k;
	FILE *out;

	put(f, f->secret, "tokyo", "p256");
	snprintf(path, sizeof(path), "%s/tokyo.key", f->secret);
	for (unsigned mode = 0; mode < 01000; mode++) {
		bool good = mode == 0400 || mode == 0600;

		assert_int_equal(chmod(path, mode), 0);
		assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), good ? R_OK : R_SECRET_TOO_OPEN);
	}
	chmod(path, 0600);
	snprintf(other, sizeof(other), "%s/tokyo.crt", f->secret);
	chmod(other, 0664);
	assert_int_equal(load(f, "tokyo", CRED_CERT), R_CERT_UNUSABLE);
	assert_non_null(strstr(f->detail, "others may write"));
	chmod(other, 0644);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(load(f, "tokyo", CRED_KEY), R_SECRET_WRONG_OWNER);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(chmod(f->secret, 0777), 0);
	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_SECRET_DIR_OPEN);
	assert_int_equal(chmod(f->secret, 0700), 0);
	snprintf(other, sizeof(other), "%s/link.key", f->secret);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(load(f, "link", CRED_KEY), R_SECRET_NOT_FILE);
	spoil(f->secret, "tokyo.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0644);
	assert_int_equal(load(f, "tokyo", CRED_CERT), R_CERT_UNUSABLE);
	spoil(f->secret, "tokyo.crt", "", 0644);
	assert_int_equal(load(f, "tokyo", CRED_CERT), R_CERT_UNUSABLE);
	spoil(f->secret, "tokyo.key", "nothing\n", 0600);
	assert_int_equal(load(f, "tokyo", CRED_KEY), R_PRIVATE_KEY_UNUSABLE);
	/* an encrypted key, and a key in the certificate's file, which everybody may read */
	k = pki_key("p256");
	out = fopen(path, "w");
	assert_int_equal(PEM_write_PKCS8PrivateKey(out, k, EVP_aes_128_cbc(), "word", 4, NULL, NULL), 1);
	fclose(out);
	assert_int_equal(load(f, "tokyo", CRED_KEY), R_PRIVATE_KEY_UNUSABLE);
	assert_non_null(strstr(f->detail, "encrypted"));
	snprintf(other, sizeof(other), "%s/tokyo.crt", f->secret);
	out = fopen(other, "w");
	assert_int_equal(PEM_write_X509(out, f->ca), 1);
	assert_int_equal(PEM_write_PrivateKey(out, k, NULL, NULL, 0, NULL, NULL), 1);
	fclose(out);
	assert_int_equal(load(f, "tokyo", CRED_CERT), R_CERT_UNUSABLE);
	assert_non_null(strstr(f->detail, "private key in it"));
	EVP_PKEY_free(k);
}

static void
test_other_key(void **state)
{
	struct fix *f = *state;
	EVP_PKEY *k = pki_key("p256");

	put(f, f->own, "tokyo", "p256");
	pki_write_key(f->own, "tokyo", 0600, k);
	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_PRIVATE_KEY_OTHER);
	assert_int_equal(load(f, "tokyo", CRED_KEY), R_OK);
	EVP_PKEY_free(k);
	k = pki_key("ed25519");		/* of another kind */
	pki_write_key(f->own, "tokyo", 0600, k);
	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_PRIVATE_KEY_OTHER);
	EVP_PKEY_free(k);
}

/* Do two loads give the same certificate? Both are held until they are compared. */
static bool
kept(struct fix *f)
{
	struct cred a, b;
	bool same;

	assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT | CRED_KEY, &a, f->detail), R_OK);
	assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT | CRED_KEY, &b, f->detail), R_OK);
	same = a.cert == b.cert && a.key == b.key;
	cred_free(&a);
	cred_free(&b);
	return same;
}

/* Keymgr's own folder goes first; what was parsed is kept until the file is another one, and then counts at once. */
static void
test_kept(void **state)
{
	struct fix *f = *state;
	uint64_t changes;
	char from[256], to[256];
	struct cred c;

	put(f, f->secret, "tokyo", "p256");
	assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT, &c, f->detail), R_OK);
	assert_false(c.own);
	cred_free(&c);
	put(f, f->own, "tokyo", "p384");
	assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT, &c, f->detail), R_OK);
	assert_true(c.own);
	cred_free(&c);
	for (unsigned i = 0; i < 5000 && !kept(f); i++)	/* until the file is old enough */
		usleep(1000);
	assert_true(kept(f));
	changes = creds_changes(f->s);
	put(f, f->secret, "new", "p521");
	snprintf(from, sizeof(from), "%s/new.crt", f->secret);
	snprintf(to, sizeof(to), "%s/tokyo.crt", f->own);
	assert_int_equal(rename(from, to), 0);
	snprintf(from, sizeof(from), "%s/new.key", f->secret);
	snprintf(to, sizeof(to), "%s/tokyo.key", f->own);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(cred_load(f->s, "tokyo", CRED_CERT | CRED_KEY, &c, f->detail), R_OK);
	assert_int_equal(EVP_PKEY_get_bits(c.key), 521);
	cred_free(&c);
	assert_true(creds_changes(f->s) > changes);
	changes = creds_changes(f->s);
	unlink(to);			/* and one that went away is away */
	snprintf(to, sizeof(to), "%s/tokyo.key", f->secret);
	unlink(to);
	assert_int_equal(load(f, "tokyo", CRED_CERT | CRED_KEY), R_PRIVATE_KEY_MISSING);
	assert_true(creds_changes(f->s) > changes);
}

/* More files than are kept: all of them can be used, and as many as before are kept. */
static void
test_many(void **state)
{
	struct fix *f = *state;
	char name[32];

	for (unsigned i = 0; i < CRED_KEPT + 20; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		pki_write_certs(f->secret, name, 0644, 1, &f->ca);
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < CRED_KEPT + 20; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			assert_int_equal(load(f, name, CRED_CERT), R_OK);
		}
}

static void
test_anchor(void **state)
{
	struct fix *f = *state;
	struct pki v1 = { .dn = "CN=old", .v1 = true };
	X509 *x, *old = pki_cert(&v1, NULL);

	assert_int_equal(cred_anchor(f->s, "ca", &x, f->detail), R_TRUST_MISSING);
	pki_write_certs(f->own, "ca", 0600, 1, &f->ca);
	assert_int_equal(cred_anchor(f->s, "ca", &x, f->detail), R_OK);
	assert_int_equal(X509_cmp(x, f->ca), 0);
	X509_free(x);
	put(f, f->own, "tokyo", "p256");
	assert_int_equal(cred_anchor(f->s, "tokyo", &x, f->detail), R_NOT_A_CA);
	assert_null(x);
	pki_write_certs(f->own, "old", 0600, 1, &old);
	assert_int_equal(cred_anchor(f->s, "old", &x, f->detail), R_NOT_A_CA);
	X509_free(old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anchor, setup, teardown),
	};

	CRYPTO_secure_malloc_init(1 << 20, 32);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
