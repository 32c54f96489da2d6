/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of certificates and keys as others make them, good, cut and hostile; what import does with them; the list. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "altname.h"
#include "box.h"
#include "ca.h"
#include "certs.h"
#include "keykind.h"
#include "pki.h"
#include "test.h"

#define NONE	bytes_of(NULL, 0)

static char dir[32], secret[48], detail[CERTS_DETAIL];
static struct bindings bindings;
static X509 *root, *middle, *leaf;
static EVP_PKEY *root_key, *middle_key, *leaf_key;
static uint8_t buf[4][65536];

static int
setup(void **state)
{
	char ca[48];

	strcpy(dir, "/tmp/test_key_cert.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(ca, sizeof(ca), "%s/ca", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	assert_int_equal(mkdir(ca, 0700) | mkdir(secret, 0700), 0);
	assert_true(certfile_start());
	root = pki_ca("O=Example, CN=root", NULL, NULL, &root_key);
	middle = pki_ca("O=Example, CN=middle", root, root_key, &middle_key);
	leaf = pki_leaf("O=Example, CN=tokyo", "DNS:tokyo.example.com,DNS:tokyo", middle, middle_key, &leaf_key);
	return 0;
}

static int
teardown(void **state)
{
	char cmd[64];

	certfile_end();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static int
clean(void **state)
{
	char cmd[192];

	snprintf(cmd, sizeof(cmd), "rm -f %s/*.* %s/ca/* %s/*", dir, dir, secret);
	bind_fini(&bindings);
	memset(&bindings, 0, sizeof(bindings));
	return system(cmd);
}

/* Octets of files; each call has its own buffer, four at a time. */

static struct bytes
taken(BIO *bio)
{
	static unsigned at;
	uint8_t *to = buf[at++ % 4];
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	assert_true(n > 0 && (size_t)n <= sizeof(buf[0]));
	memcpy(to, p, (size_t)n);
	BIO_free(bio);
	return bytes_of(to, (size_t)n);
}

static struct bytes
pem_of(unsigned n, X509 *const *v, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (key)
		assert_true(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	for (unsigned i = 0; i < n; i++)
		assert_true(PEM_write_bio_X509(bio, v[i]));
	return taken(bio);
}

static struct bytes
encrypted(EVP_PKEY *key, bool traditional)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (traditional)
		assert_true(PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(), (const uint8_t *)"secret", 6, NULL, NULL));
	else
		assert_true(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL));
	return taken(bio);
}

static struct bytes
p12_of(const char *password, int key_nid, int cert_nid, int rounds, int mac_rounds)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *a = OSSL_PROVIDER_load(ctx, "default"), *b = OSSL_PROVIDER_load(ctx, "legacy");
	STACK_OF(X509) *ca = sk_X509_new_null();
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes out;
	PKCS12 *p12;

	assert_true(a && b);
	sk_X509_push(ca, root);
	sk_X509_push(ca, middle);
	p12 = PKCS12_create_ex(password, "tokyo", leaf_key, leaf, ca, key_nid, cert_nid, rounds, mac_rounds, 0, ctx, NULL);
	assert_non_null(p12);
	assert_true(i2d_PKCS12_bio(bio, p12));
	out = taken(bio);
	PKCS12_free(p12);
	sk_X509_free(ca);
	OSSL_PROVIDER_unload(a);
	OSSL_PROVIDER_unload(b);
	OSSL_LIB_CTX_free(ctx);
	return out;
}

static enum reason
reads(struct bytes file, const char *password, unsigned ncerts, bool key)
{
	struct certfile f = { 0 };
	enum reason r = certfile_read(file, bytes_of(password, strlen(password)), &f, detail);

	if (r == R_OK && (f.n != ncerts || (f.key != NULL) != key))
		fail_msg("%u certificates, %s key", f.n, f.key ? "a" : "no");
	if (r == R_OK && key)
		assert_int_equal(EVP_PKEY_eq(f.key, leaf_key), 1);
	certfile_free(&f);
	assert_int_equal(ERR_peek_error(), 0);
	return r;
}

static void
test_forms(void **state)
{
	X509 *const all[] = { leaf, middle, root };
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes b;

	assert_int_equal(reads(pem_of(3, all, NULL), "", 3, false), R_OK);
	assert_int_equal(reads(pem_of(3, all, leaf_key), "ignored", 3, true), R_OK);
	assert_int_equal(reads(pem_of(0, all, leaf_key), "", 0, true), R_OK);
	b = pki_der(leaf);
	assert_int_equal(reads(b, "", 1, false), R_OK);
	free((void *)(uintptr_t)b.p);
	assert_true(i2d_PKCS8PrivateKey_bio(bio, leaf_key, NULL, NULL, 0, NULL, NULL));
	assert_int_equal(reads(taken(bio), "", 0, true), R_OK);
	bio = BIO_new(BIO_s_mem());
	assert_true(i2d_PrivateKey_bio(bio, leaf_key));			/* SEC1 */
	assert_int_equal(reads(taken(bio), "", 0, true), R_OK);
	bio = BIO_new(BIO_s_mem());
	assert_true(i2d_PKCS8PrivateKey_bio(bio, leaf_key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL));
	b = taken(bio);
	assert_int_equal(reads(b, "secret", 0, true), R_OK);
	assert_int_equal(reads(b, "", 0, true), R_PASSWORD_WRONG);
	for (int traditional = 0; traditional < 2; traditional++) {
		b = encrypted(leaf_key, traditional);
		assert_int_equal(reads(b, "secret", 0, true), R_OK);
		assert_int_equal(reads(b, "Secret", 0, true), R_PASSWORD_WRONG);
		assert_int_equal(reads(b, "", 0, true), R_PASSWORD_WRONG);
		assert_non_null(strstr(detail, "encrypted"));
	}
	assert_int_equal(reads(bytes_of("hello", 5), "", 0, false), R_CREDENTIAL_UNREADABLE);
	assert_int_equal(reads(NONE, "", 0, false), R_CREDENTIAL_UNREADABLE);
	assert_int_equal(reads(bytes_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 59), "", 0, false), R_CREDENTIAL_UNREADABLE);
	assert_int_equal(reads(bytes_of("-----BEGIN CERTIFICATE-----\nA*", 30), "", 0, false), R_CREDENTIAL_UNREADABLE);
}

static void
test_p12(void **state)
{
	struct bytes b = p12_of("secret", 0, 0, 0, 0);
	uint8_t *p;

	assert_int_equal(reads(b, "secret", 3, true), R_OK);
	assert_int_equal(reads(b, "Secret", 3, true), R_PASSWORD_WRONG);
	assert_int_equal(reads(b, "", 3, true), R_PASSWORD_WRONG);
	assert_non_null(strstr(detail, "has a password"));
	/* as openssl made them before version 3: RC2 of 40 bits and triple DES */
	b = p12_of("secret", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC, 0, 0);
	assert_int_equal(reads(b, "secret", 3, true), R_OK);
	assert_int_equal(reads(b, "x", 3, true), R_PASSWORD_WRONG);
	assert_int_equal(reads(p12_of("secret", -1, -1, 0, 0), "secret", 3, true), R_OK);	/* nothing in it is encrypted */
	assert_int_equal(reads(p12_of("", 0, 0, 0, 0), "", 3, true), R_OK);
	assert_int_equal(reads(p12_of(NULL, 0, 0, 0, 0), "", 3, true), R_OK);
	assert_int_equal(reads(p12_of("secret", 0, 0, 0, -1), "secret", 3, true), R_CREDENTIAL_UNREADABLE);	/* no checksum */
	/* rounds that would take minutes are not begun: 65536 becomes 8388607, once in the checksum, once in the cipher */
	b = p12_of("secret", 0, 0, 2048, 65536);
	p = memmem(b.p, b.n, "\x02\x03\x01\x00\x00", 5);
	assert_non_null(p);
	memcpy(p + 2, "\x7f\xff\xff", 3);
	assert_int_equal(reads(b, "secret", 3, true), R_CREDENTIAL_UNREADABLE);
	assert_non_null(strstr(detail, "rounds"));
}

static void
test_rounds_of_the_cipher(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	X509_SIG *sig;
	X509_ALGOR *alg = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 65536, NULL, 0, NULL, NID_hmacWithSHA256);
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(leaf_key);
	struct bytes b;
	uint8_t *p;

	sig = PKCS8_set0_pbe("secret", 6, p8, alg);
	assert_non_null(sig);
	assert_true(i2d_PKCS8_bio(bio, sig));
	b = taken(bio);
	assert_int_equal(reads(b, "secret", 0, true), R_OK);
	p = memmem(b.p, b.n, "\x02\x03\x01\x00\x00", 5);
	assert_non_null(p);
	memcpy(p + 2, "\x7f\xff\xff", 3);
	assert_int_equal(reads(b, "secret", 0, true), R_CREDENTIAL_UNREADABLE);
	assert_non_null(strstr(detail, "rounds"));
	memcpy(p + 2, "\xff\xff\xff", 3);	/* negative */
	assert_int_equal(reads(b, "secret", 0, true), R_CREDENTIAL_UNREADABLE);
	X509_SIG_free(sig);
	PKCS8_PRIV_KEY_INFO_free(p8);
}

/* scrypt's cost is the file's to choose: it is not done at all. */
static void
test_scrypt(void **state)
{
	X509_ALGOR *alg = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, 2, 1, 1);
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(leaf_key);
	BIO *bio = BIO_new(BIO_s_mem());
	X509_SIG *sig = PKCS8_set0_pbe("secret", 6, p8, alg);

	assert_true(sig && i2d_PKCS8_bio(bio, sig));
	assert_int_equal(reads(taken(bio), "secret", 0, true), R_CREDENTIAL_UNREADABLE);
	X509_SIG_free(sig);
	PKCS8_PRIV_KEY_INFO_free(p8);
}

static void
test_cut(void **state)
{
	X509 *const all[] = { leaf, middle, root };
	struct bytes files[4];

	files[0] = pem_of(3, all, leaf_key);
	files[1] = p12_of("secret", 0, 0, 1, 1);
	files[2] = pki_der(leaf);
	files[3] = encrypted(leaf_key, false);
	for (int i = 0; i < 4; i++)
		for (size_t n = 0; n < files[i].n; n += i == 0 ? 7 : 1) {
			struct certfile f = { 0 };
			uint8_t *cut = malloc(n ? n : 1);

			memcpy(cut, files[i].p, n);
			if (certfile_read(bytes_of(cut, n), bytes_of("secret", 6), &f, detail) == R_OK && i > 0 && files[i].n - n > 1)
				fail_msg("file %d of %zu octets was taken", i, n);
			certfile_free(&f);
			free(cut);
		}
	free((void *)(uintptr_t)files[2].p);
}

static void
test_keys(void **state)
{
	X509 *const one[] = { leaf };
	EVP_PKEY *other = pki_key("p256");
	struct certfile f = { 0 };
	struct certchain c;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *k = NULL;

	assert_int_equal(reads(pem_of(0, NULL, pki_key("rsa1024")), "", 0, true), R_KEY_KIND);
	assert_non_null(strstr(detail, "rsa-1024"));
	assert_int_equal(reads(pem_of(0, NULL, pki_key("rsa2048e3")), "", 0, true), R_KEY_KIND);
	/* a curve by its parameters is no named curve */
	ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	assert_true(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_secp256k1) > 0);
	assert_true(EVP_PKEY_keygen(ctx, &k) > 0);
	assert_int_equal(reads(pem_of(0, NULL, k), "", 0, true), R_KEY_KIND);
	EVP_PKEY_free(k);
	EVP_PKEY_CTX_free(ctx);
	assert_int_equal(certfile_read(pem_of(1, one, other), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_PRIVATE_KEY_OTHER);
	assert_int_equal(certfile_read(pem_of(0, NULL, leaf_key), NONE, &f, detail), R_CREDENTIAL_UNREADABLE);	/* two keys */
	certfile_free(&f);
	EVP_PKEY_free(other);
}

static void
test_order(void **state)
{
	X509 *const wrong[] = { root, leaf, middle, root }, *const no_root[] = { middle, leaf }, *const just_root[] = { root };
	X509 *const strangers[] = { leaf, pki_leaf("CN=other", "DNS:other", root, root_key, NULL) };
	X509 *const roots[] = { root, pki_ca("CN=root two", NULL, NULL, NULL) };
	X509 *many[CERTFILE_CERTS + 1];
	struct certfile f = { 0 };
	struct certchain c;

	assert_int_equal(certfile_read(pem_of(4, wrong, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(f.n, 3);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);
	assert_int_equal(X509_cmp(c.own, leaf), 0);
	assert_int_equal(X509_cmp(c.root, root), 0);
	assert_true(c.n == 1 && X509_cmp(c.inter[0], middle) == 0);
	certfile_free(&f);
	assert_int_equal(certfile_read(pem_of(2, no_root, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);
	assert_true(c.n == 1 && c.root == NULL && X509_cmp(c.own, leaf) == 0);
	certfile_free(&f);
	assert_int_equal(certfile_read(pem_of(1, just_root, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);
	assert_true(c.own == NULL && X509_cmp(c.root, root) == 0);
	certfile_free(&f);
	assert_int_equal(certfile_read(pem_of(2, strangers, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_CREDENTIAL_UNREADABLE);
	certfile_free(&f);
	assert_int_equal(certfile_read(pem_of(2, strangers, leaf_key), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);		/* the key tells */
	assert_int_equal(X509_cmp(c.own, leaf), 0);
	certfile_free(&f);
	assert_int_equal(certfile_read(pem_of(2, roots, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_CREDENTIAL_UNREADABLE);
	certfile_free(&f);
	for (unsigned i = 0; i <= CERTFILE_CERTS; i++)
		many[i] = pki_leaf("CN=many", "DNS:many", root, root_key, NULL);
	assert_int_equal(certfile_read(pem_of(CERTFILE_CERTS + 1, many, NULL), NONE, &f, detail), R_CREDENTIAL_UNREADABLE);
	certfile_free(&f);
	for (unsigned i = 0; i <= CERTFILE_CERTS; i++)
		X509_free(many[i]);
	X509_free(strangers[1]);
	X509_free(roots[1]);
}

/* Two CAs that certify each other: the walk upwards ends. */
static void
test_loop(void **state)
{
	EVP_PKEY *ka = pki_key("p256"), *kb = pki_key("p256");
	struct pki a = { .dn = "CN=a", .key = ka, .ext = { { "basicConstraints", "critical,CA:TRUE" } } };
	struct pki b = { .dn = "CN=b", .key = kb, .ext = { { "basicConstraints", "critical,CA:TRUE" } } };
	X509 *self_a = pki_cert(&a, NULL), *self_b = pki_cert(&b, NULL), *v[3];
	struct certfile f = { 0 };
	struct certchain c;

	a.ca = self_b;
	a.ca_key = kb;
	b.ca = self_a;
	b.ca_key = ka;
	v[0] = pki_cert(&a, NULL);
	v[1] = pki_cert(&b, NULL);
	v[2] = pki_leaf("CN=x", "DNS:x", self_a, ka, NULL);
	assert_int_equal(certfile_read(pem_of(3, v, NULL), NONE, &f, detail), R_OK);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);
	assert_true(c.own && X509_cmp(c.own, v[2]) == 0 && c.n == 2 && c.root == NULL);
	certfile_free(&f);
	for (int i = 0; i < 3; i++)
		X509_free(v[i]);
	X509_free(self_a);
	X509_free(self_b);
	EVP_PKEY_free(ka);
	EVP_PKEY_free(kb);
}

static void
test_box(void **state)
{
	static const uint8_t good[] = { 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'a', 'b', 'c', 'p' };
	uint8_t copy[sizeof(good)];
	struct box b;

	assert_true(box_get(bytes_of(good, sizeof(good)), &b));
	assert_true(bytes_eq(b.file, bytes_of("abc", 3)) && b.key.n == 0 && bytes_eq(b.password, bytes_of("p", 1)));
	for (size_t n = 0; n < sizeof(good); n++) {
		memcpy(copy, good, n);
		assert_false(box_get(bytes_of(copy, n), &b));
		assert_int_equal(b.file.n + b.key.n + b.password.n, 0);
	}
	memcpy(copy, good, sizeof(good));
	copy[3] = copy[7] = copy[11] = 0xff;
	assert_false(box_get(bytes_of(copy, sizeof(copy)), &b));
}

/* Nothing but a memory file is read: it keeps nobody waiting. */
static void
test_box_file(void **state)
{
	static const char good[] = "\1\0\0\0\0\0\0\0\0\0\0\0x";
	struct boxfile f;
	int fd[2], mem = memfd_create("test", MFD_CLOEXEC), dev = open("/dev/zero", O_RDWR | O_CLOEXEC), disk = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(write(fd[1], good, sizeof(good) - 1), sizeof(good) - 1);
	assert_false(boxfile_read(fd[0], &f));
	assert_false(boxfile_read(-1, &f));
	assert_false(boxfile_read(dev, &f));
	assert_false(boxfile_read(disk, &f));
	assert_false(boxfile_write(fd[1], bytes_of("x", 1)));
	assert_false(boxfile_write(dev, bytes_of("x", 1)));
	assert_false(boxfile_read(mem, &f));		/* empty */
	assert_true(boxfile_write(mem, bytes_of(good, sizeof(good) - 1)));
	assert_true(boxfile_read(mem, &f));
	assert_true(bytes_eq(bytes_of(f.p, f.n), bytes_of(good, sizeof(good) - 1)));
	boxfile_free(&f);
	assert_true(boxfile_write(mem, bytes_of("0123456789ab", 12)));	/* what was there is gone */
	assert_true(boxfile_read(mem, &f) && f.n == 12);
	boxfile_free(&f);
	assert_int_equal(ftruncate(mem, CERT_BOX_MAX + 1), 0);
	assert_false(boxfile_read(mem, &f));
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	close(mem);
	close(dev);
	close(disk);
}

/* Import */

static struct cert_made made;

static enum reason
import(struct bytes file, struct bytes key, const char *password, const char *name, const char *trust, bool replace)
{
	struct box b = { .file = file, .key = key, .password = bytes_of(password, strlen(password)) };
	struct cert_import q = { .replace = replace };

	strcpy(q.name, name);
	strcpy(q.trust, trust);
	return certs_import(dir, &q, &b, &made, detail);
}

static bool
there(const char *file)
{
	return keydir_has(dir, file);
}

static void
test_import(void **state)
{
	X509 *const all[] = { root, middle, leaf }, *const own[] = { leaf };
	X509 *other_root = pki_ca("CN=other root", NULL, NULL, NULL), *const other[] = { other_root };
	EVP_PKEY *other_key;
	X509 *second = pki_leaf("O=Example, CN=tokyo", "DNS:tokyo", middle, middle_key, &other_key), *const seconds[] = { second };

	assert_int_equal(import(pem_of(3, all, NULL), NONE, "", "", "ca", false), R_PRIVATE_KEY_MISSING);
	assert_false(there("ca.crt"));		/* all or nothing */
	assert_int_equal(import(pem_of(0, NULL, leaf_key), NONE, "", "", "ca", false), R_CREDENTIAL_UNREADABLE);
	assert_int_equal(import(pem_of(3, all, NULL), pem_of(0, NULL, middle_key), "", "", "ca", false), R_OK);	/* the key says which is the own one */
	assert_int_equal(clean(state), 0);
	assert_int_equal(import(p12_of("secret", 0, 0, 0, 0), NONE, "secret", "", "ca", false), R_OK);
	assert_string_equal(made.name, "tokyo");	/* the first of its names that can be one */
	assert_string_equal(made.ca, "ca");
	assert_true(there("tokyo.crt") && there("tokyo.key") && there("ca.crt"));
	assert_int_equal(import(pem_of(3, all, leaf_key), NONE, "", "", "ca", false), R_OK);	/* the same again */
	assert_int_equal(import(pem_of(1, seconds, other_key), NONE, "", "", "ca", false), R_CERT_EXISTS);
	assert_int_equal(import(pem_of(1, own, NULL), NONE, "", "tokyo", "ca", false), R_OK);	/* its key is here */
	assert_int_equal(import(pem_of(1, seconds, NULL), NONE, "", "tokyo", "ca", false), R_PRIVATE_KEY_OTHER);
	assert_int_equal(import(pem_of(1, seconds, other_key), NONE, "", "", "ca", true), R_OK);
	assert_int_equal(import(pem_of(1, other, NULL), NONE, "", "", "ca", false), R_CERT_EXISTS);
	assert_non_null(strstr(detail, "O=Example, CN=root"));
	assert_int_equal(import(pem_of(1, other, NULL), NONE, "", "", "other", false), R_OK);
	assert_int_equal(import(pem_of(1, other, NULL), NONE, "", "", "ca", true), R_OK);
	assert_int_equal(import(pem_of(1, other, NULL), NONE, "", "", "tokyo", true), R_CERT_EXISTS);	/* a key is there */
	assert_int_equal(import(pem_of(3, all, leaf_key), NONE, "", "ca", "ca", true), R_VALUE_INVALID);
	X509_free(other_root);
	X509_free(second);
	EVP_PKEY_free(other_key);
}

static void
test_import_anchors(void **state)
{
	X509 *const mid[] = { middle };
	struct pki self = { .dn = "CN=self", .ext = { { "subjectAltName", "DNS:self" } } };
	X509 *peer = pki_cert(&self, NULL), *const peers[] = { peer };

	assert_int_equal(import(pem_of(1, mid, NULL), NONE, "", "", "middle", false), R_OK);	/* an intermediate alone */
	assert_true(there("middle.crt") && !there("middle.key"));
	assert_int_equal(import(pem_of(1, peers, NULL), NONE, "", "", "peer", false), R_NOT_A_CA);
	X509_free(peer);
}

static void
test_export(void **state)
{
	X509 *const all[] = { root, middle, leaf };
	struct cert_export q = { .name = "tokyo", .form = CERT_AS_P12 };
	uint8_t out[32768];
	struct wr w = wr_of(out, sizeof(out));

	assert_int_equal(certs_export(dir, &q, bytes_of("x", 1), &made, &w, detail), R_NOT_FOUND);
	assert_int_equal(import(pem_of(3, all, leaf_key), NONE, "", "", "ca", false), R_OK);
	assert_int_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_PASSWORD_WRONG);
	assert_int_equal(certs_export(dir, &q, bytes_of("secret", 6), &made, &w, detail), R_OK);
	assert_int_equal(reads(wr_bytes(&w), "secret", 3, true), R_OK);
	assert_int_equal(reads(wr_bytes(&w), "", 3, true), R_PASSWORD_WRONG);
	q.form = CERT_AS_PEM;
	w = wr_of(out, sizeof(out));
	assert_int_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_OK);
	assert_int_equal(reads(wr_bytes(&w), "", 3, false), R_OK);	/* the anchor too: it can be imported as it is */
	q.with_key = 1;
	w = wr_of(out, sizeof(out));
	assert_int_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_OK);
	assert_int_equal(reads(wr_bytes(&w), "", 3, true), R_OK);
	strcpy(q.name, "ca");
	w = wr_of(out, sizeof(out));
	assert_int_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_PRIVATE_KEY_MISSING);
	q.with_key = 0;
	assert_int_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_OK);
	q.with_key = 1;
	strcpy(q.name, "tokyo");
	w = wr_of(out, 100);
	assert_int_not_equal(certs_export(dir, &q, NONE, &made, &w, detail), R_OK);
}

/* The list */

static void
bind_tunnel(const char *tunnel, const char *cert, const char *trust)
{
	struct binding b = { .how_local = AUTH_BY_CERT, .how_remote = AUTH_BY_CERT, .ntrust = 1 };

	strcpy(b.tunnel, tunnel);
	strcpy(b.cert, cert);
	strcpy(b.trust[0], trust);
	assert_true(bind_put(&bindings, &b));
}

static void
test_list(void **state)
{
	X509 *const all[] = { root, middle, leaf };
	struct cert_info v[8], page[2];
	struct pki old = { .dn = "CN=old", .ca = root, .ca_key = root_key, .from = -100 * PKI_DAY, .to = -PKI_DAY };
	struct pki soon = { .dn = "CN=soon", .ca = root, .ca_key = root_key, .from = -PKI_DAY, .to = 29 * PKI_DAY };
	struct certs_places places = { dir, secret, creds_new(dir, secret) };
	EVP_PKEY *k;
	X509 *x;
	unsigned n, m;

	assert_int_equal(import(pem_of(3, all, leaf_key), NONE, "", "", "ca", false), R_OK);
	x = pki_cert(&old, &k);
	pki_write_certs(secret, "old", 0600, 1, &x);
	pki_write_key(secret, "old", 0600, leaf_key);		/* of another certificate */
	X509_free(x);
	EVP_PKEY_free(k);
	x = pki_cert(&soon, &k);
	pki_write_certs(secret, "soon", 0600, 1, &x);
	pki_write_key(secret, "soon", 0600, k);
	X509_free(x);
	EVP_PKEY_free(k);
	bind_tunnel("c-d", "tokyo", "ca");
	bind_tunnel("a-b", "tokyo", "ca");
	bind_tunnel("e-f", "gone", "nowhere");
	assert_true(certs_list(&places, &bindings, PKI_NOW, "", v, 8, &n));
	assert_int_equal(n, 6);
	assert_string_equal(v[0].name, "ca");
	assert_true(v[0].is_anchor && v[0].is_ca && !v[0].has_key && v[0].own && v[0].reason == R_OK && v[0].nusers == 2);
	assert_string_equal(v[0].users[0], "a-b");
	assert_string_equal(v[1].name, "gone");
	assert_true(v[1].reason == R_CERT_MISSING && !v[1].has_cert && v[1].nusers == 1);
	assert_string_equal(v[2].name, "nowhere");
	assert_int_equal(v[2].reason, R_TRUST_MISSING);
	assert_string_equal(v[3].name, "old");
	assert_true(v[3].reason == R_PRIVATE_KEY_OTHER && !v[3].own);
	assert_string_equal(v[4].name, "soon");
	assert_true(v[4].reason == R_CERT_EXPIRES_SOON && v[4].has_key && strstr(v[4].detail, "in 29 days"));
	assert_string_equal(v[5].name, "tokyo");
	assert_true(v[5].reason == R_OK && v[5].has_key && v[5].nusers == 2 && !v[5].is_anchor);
	assert_string_equal(v[5].names, "fqdn:tokyo.example.com, fqdn:tokyo");
	assert_string_equal(v[5].issuer, "O=Example, CN=middle");
	n = 0;
	for (const char *after = ""; certs_list(&places, &bindings, PKI_NOW, after, page, 2, &m) && m; after = v[n - 1].name)
		for (unsigned i = 0; i < m; i++)
			assert_string_equal(page[i].name, v[n++].name);
	assert_int_equal(n, 6);
	assert_int_equal(certs_remove(dir, &bindings, "ca", detail), R_CERT_IN_USE);
	assert_non_null(strstr(detail, "tunnel"));
	bind_fini(&bindings);
	assert_int_equal(certs_remove(dir, &bindings, "ca", detail), R_OK);
	assert_int_equal(certs_remove(dir, &bindings, "old", detail), R_NOT_FOUND);	/* the administrator's */
	pki_write_key(secret, "soon", 0644, leaf_key);
	assert_true(certs_list(&places, &bindings, PKI_NOW, "old", v, 1, &n) && n == 1);
	assert_true(v[0].reason == R_SECRET_TOO_OPEN && v[0].has_cert && !v[0].has_key);
	creds_free(places.creds);
}

/* An address has four octets or sixteen; any other number of them is nobody's identity. */
static void
test_addresses(void **state)
{
	char id[ID_CAP];

	(void)state;
	for (int n = 0; n <= 33; n++) {
		GENERAL_NAME *g = GENERAL_NAME_new();
		ASN1_STRING *s = ASN1_OCTET_STRING_new();

		assert_true(g && s && ASN1_STRING_set(s, "0123456789abcdef0123456789abcdefg", n));
		GENERAL_NAME_set0_value(g, GEN_IPADD, s);
		assert_int_equal(altname_id(g, id), n == 4 || n == 16);
		assert_string_equal(id, n == 4 ? "ip:48.49.50.51" : n == 16 ? "ip:3031:3233:3435:3637:3839:6162:6364:6566" : "");
		GENERAL_NAME_free(g);
	}
}

/* A name that cannot be an identity is shown all the same, and nothing in it is obeyed by a terminal. */
static void
test_odd_name(void **state)
{
	static const char *const odd[] = { "a\nb", "a\033[31mb", "a\x7f", "a\xc2\x9b" "31m" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		X509_NAME *n = X509_NAME_new();

		assert_true(n && X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)odd[i], -1, -1, 0));
		altname_dn(n, text, sizeof(text));
		assert_true(text[0] != '\0' && strchr(text, 'a'));
		for (const char *p = text; *p; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
		X509_NAME_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_odd_name),
		cmocka_unit_test(test_p12),
		cmocka_unit_test(test_rounds_of_the_cipher),
		cmocka_unit_test(test_scrypt),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_box),
		cmocka_unit_test(test_box_file),
		cmocka_unit_test_setup(test_import, clean),
		cmocka_unit_test_setup(test_import_anchors, clean),
		cmocka_unit_test_setup(test_export, clean),
		cmocka_unit_test_setup(test_list, clean),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
