/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small CA from files to files: what it makes is verified by OpenSSL's own path validation and looked at bit by bit, and a crash at
 * every single step that touches the disk leaves a CA that knows all it has issued, and a key that fits its certificate.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "altname.h"
#include "ca.h"
#include "certfile.h"
#include "certs.h"
#include "certtext.h"
#include "keyjob.h"
#include "keykind.h"
#include "test.h"
#include "x509make.h"

#define NOW	1800000000ull
#define DAY	86400ull

static char dir[32], detail[CA_DETAIL];
static struct bindings bindings;

/* The steps of a crash: what changes the disk goes through here, and the step that is asked for does not return. */

static long steps_left = -1;

static void
step(void)
{
	if (steps_left >= 0 && steps_left-- == 0)
		_exit(42);
}

int
rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int
unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	step();
	return syscall(SYS_write, fd, p, steps_left == 0 ? n / 2 : n);	/* and half of it may be there */
}

/* Files */

static int
setup(void **state)
{
	char ca[128];

	strcpy(dir, "/tmp/test_key_ca.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(ca, sizeof(ca), "%s/ca", dir);
	return mkdir(ca, 0700);
}

static void
clean(void)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf %s/* && mkdir %s/ca", dir, dir);
	assert_int_equal(system(cmd), 0);
}

static int
teardown(void **state)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static X509 *
cert(const char *name)
{
	char file[192];
	X509 *x;
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s.crt", dir, name);
	f = fopen(file, "re");
	x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	return x;
}

static EVP_PKEY *
key(const char *file)
{
	char path[192];
	EVP_PKEY *k;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	k = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	return k;
}

static X509_CRL *
crl(const char *name)
{
	char file[192];
	X509_CRL *c;
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s.crl", dir, name);
	f = fopen(file, "re");
	c = f ? PEM_read_X509_CRL(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	return c;
}

/* OpenSSL's verdict at a time, with the CA's own list. */
static int
verdict(X509 *x, X509 *anchor, X509_CRL *list, uint64_t now)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int err;

	X509_STORE_add_cert(store, anchor);
	if (list)
		X509_STORE_add_crl(store, list);
	assert_true(X509_STORE_CTX_init(ctx, store, x, NULL));
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE | (list ? X509_V_FLAG_CRL_CHECK : 0));
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)now);
	X509_verify_cert(ctx);
	err = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return err;
}

/* Requests */

static enum reason
init(const char *name, const char *kind, const char *url)
{
	struct ca_init q = { 0 };
	char made_kind[CERT_KEY_CAP];
	struct cert_made made;
	EVP_PKEY *k;
	enum reason r;

	strcpy(q.name, name);
	strcpy(q.key, kind);
	strcpy(q.crl_url, url);
	r = ca_init_check(dir, &q, made_kind, detail);
	if (r != R_OK)
		return r;
	k = keykind_new(made_kind);
	assert_non_null(k);
	r = ca_init_do(dir, &q, NOW, k, &made, detail);
	EVP_PKEY_free(k);
	return r;
}

static struct cert_made made;
static uint8_t pem[CERT_PEM_MAX];

static enum reason
run_issue(const struct ca_issue *q, uint64_t now)
{
	char kind[CERT_KEY_CAP];
	struct wr w = wr_of(pem, sizeof(pem));
	EVP_PKEY *k = NULL;
	enum reason r = ca_issue_check(dir, q, kind, detail);

	if (r != R_OK)
		return r;
	if (kind[0])
		k = keykind_new(kind);
	r = ca_issue_do(dir, q, now, k, &made, &w, detail);
	EVP_PKEY_free(k);
	return r;
}

static enum reason
issue(const char *site, const char *kind, const char *id)
{
	struct ca_issue q = { .ca = "ca" };

	strcpy(q.site, site);
	strcpy(q.key, kind);
	if (id)
		strcpy(q.ids[q.nids++], id);
	return run_issue(&q, NOW);
}

static enum reason
renew(const char *site, bool keep, struct bytes csr)
{
	struct ca_issue q = { .ca = "ca", .renew = 1, .keep_key = keep, .csr = csr };

	strcpy(q.site, site);
	return run_issue(&q, NOW + DAY);
}

static struct bytes
csr(const char *name, const char *id)
{
	static uint8_t out[CERT_PEM_MAX];
	struct cert_csr q = { .nids = 1 };
	char kind[CERT_KEY_CAP];
	struct wr w = wr_of(out, sizeof(out));
	EVP_PKEY *k = NULL;

	strcpy(q.name, name);
	strcpy(q.ids[0], id);
	assert_int_equal(certs_csr_check(dir, &q, kind, detail), R_OK);
	if (kind[0])
		k = keykind_new(kind);
	assert_int_equal(certs_csr_do(dir, &q, k, &made, &w, detail), R_OK);
	EVP_PKEY_free(k);
	return made.pem;
}

static enum reason
revoke_it(const char *site, const char *serial, uint8_t why)
{
	struct ca_revoke q = { .ca = "ca", .why = why };

	strcpy(q.site, site);
	strcpy(q.serial, serial);
	return ca_revoke_do(dir, &q, NOW + DAY, &made, detail);
}

/* What every certificate of ours has to have. */

static void
look_at(X509 *x, X509 *ca, const char *url)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	ASN1_BIT_STRING *usage;
	EXTENDED_KEY_USAGE *eku;
	CRL_DIST_POINTS *points;
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	int critical;
	void *p;

	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	assert_int_equal(BN_num_bits(n), 159);
	assert_false(BN_is_negative(n));
	BN_free(n);
	p = X509_get_ext_d2i(x, NID_basic_constraints, &critical, NULL);
	assert_non_null(p);
	assert_int_equal(critical, 1);
	assert_int_equal(((BASIC_CONSTRAINTS *)p)->ca != 0, x == ca);
	assert_int_equal(((BASIC_CONSTRAINTS *)p)->pathlen != NULL, x == ca);
	BASIC_CONSTRAINTS_free(p);
	usage = X509_get_ext_d2i(x, NID_key_usage, &critical, NULL);
	assert_int_equal(critical, 1);
	assert_int_equal(X509_get_key_usage(x), x == ca ? KU_KEY_CERT_SIGN | KU_CRL_SIGN : KU_DIGITAL_SIGNATURE);
	ASN1_BIT_STRING_free(usage);
	assert_non_null(X509_get0_subject_key_id(x));
	if (x == ca) {
		assert_int_equal(X509_get_pathlen(x), 0);
		return;
	}
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x), X509_get0_subject_key_id(ca)), 0);
	eku = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	assert_int_equal(critical, 0);
	assert_int_equal(sk_ASN1_OBJECT_num(eku), 3);
	EXTENDED_KEY_USAGE_free(eku);
	assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
	assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0), 1);
	points = X509_get_ext_d2i(x, NID_crl_distribution_points, &critical, NULL);
	assert_int_equal(points != NULL, url[0] != '\0');
	if (points) {
		GENERAL_NAME *g = sk_GENERAL_NAME_value(sk_DIST_POINT_value(points, 0)->distpoint->name.fullname, 0);

		assert_int_equal(g->type, GEN_URI);
		assert_int_equal(ASN1_STRING_length(g->d.uniformResourceIdentifier), strlen(url));
	}
	CRL_DIST_POINTS_free(points);
}

static void
test_kinds(void **state)
{
	static const char *const kinds[] = { "", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448", "rsa-2048", "rsa-3072" };
	const char *url = "http://ca.example.com/ca.crl";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char kind[CERT_KEY_CAP];
		X509 *ca, *x;
		X509_CRL *list;
		EVP_PKEY *k;

		clean();
		assert_int_equal(init("ca", kinds[i], i % 2 ? url : ""), R_OK);
		assert_int_equal(issue("tokyo", kinds[i], NULL), R_OK);
		ca = cert("ca");
		x = cert("tokyo");
		list = crl("ca");
		assert_true(ca && x && list);
		look_at(ca, ca, "");
		look_at(x, ca, i % 2 ? url : "");
		k = key("tokyo.key");
		assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x), k), 1);
		assert_string_equal(keykind_name(k, kind), kinds[i][0] ? kinds[i] : "ecdsa-p256");
		assert_true(keykind_works(k));
		assert_int_equal(verdict(x, ca, list, NOW), X509_V_OK);
		assert_int_equal(verdict(x, ca, NULL, NOW - MAKE_EARLY_S - 1), X509_V_ERR_CERT_NOT_YET_VALID);
		assert_int_equal(verdict(x, ca, NULL, NOW - MAKE_EARLY_S), X509_V_OK);
		assert_int_equal(verdict(x, ca, NULL, NOW + 397 * DAY + 1), X509_V_ERR_CERT_HAS_EXPIRED);
		assert_int_equal(verdict(ca, ca, NULL, NOW + 3650 * DAY - 1), X509_V_OK);
		assert_int_equal(X509_CRL_verify(list, X509_get0_pubkey(ca)), 1);
		assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), -1);
		EVP_PKEY_free(k);
		X509_free(ca);
		X509_free(x);
		X509_CRL_free(list);
	}
}

static void
test_refused(void **state)
{
	clean();
	assert_int_equal(issue("tokyo", "", NULL), R_CA_MISSING);
	assert_int_equal(init("ca", "rsa-1024", ""), R_KEY_KIND);
	assert_int_equal(init("ca", "dsa", ""), R_KEY_KIND);
	assert_int_equal(init("ca", "", "ldap://x/"), R_VALUE_INVALID);
	assert_int_equal(init("ca", "", "http://x/\n"), R_VALUE_INVALID);
	assert_int_equal(init("ca", "", ""), R_OK);
	assert_int_equal(init("ca", "", ""), R_CA_EXISTS);
	assert_int_equal(issue("ca", "", NULL), R_CERT_EXISTS);
	assert_int_equal(issue("tokyo", "", "key:x"), R_VALUE_INVALID);
	assert_int_equal(issue("tokyo", "", "nonsense"), R_VALUE_INVALID);
	assert_int_equal(issue("tokyo", "", NULL), R_OK);
	assert_int_equal(issue("tokyo", "", NULL), R_CERT_EXISTS);
	assert_non_null(strstr(detail, "renew"));
	assert_int_equal(init("tokyo", "", ""), R_CA_EXISTS);
	assert_int_equal(renew("osaka", false, bytes_of(NULL, 0)), R_NOT_ISSUED);
	assert_int_equal(revoke_it("osaka", "", 0), R_NOT_ISSUED);
	assert_int_equal(certs_remove(dir, &bindings, "ca", detail), R_CERT_IN_USE);
	assert_int_equal(certs_remove(dir, &bindings, "osaka", detail), R_NOT_FOUND);
	assert_int_equal(certs_remove(dir, &bindings, "tokyo", detail), R_OK);
	assert_null(key("tokyo.key"));
}

static void
test_names(void **state)
{
	struct ca_issue q = { .ca = "ca", .site = "tokyo", .nids = 4 };
	char text[CERT_NAMES];
	GENERAL_NAMES *names;
	X509 *x;

	clean();
	strcpy(q.ids[0], "fqdn:tokyo.example.com");
	strcpy(q.ids[1], "ip:2001:db8::1");
	strcpy(q.ids[2], "email:ike@example.com");
	strcpy(q.ids[3], "dn:C=JP, O=Example, CN=Tokyo");
	assert_int_equal(init("ca", "", ""), R_OK);
	assert_int_equal(run_issue(&q, NOW), R_OK);
	assert_string_equal(made.names, "fqdn:tokyo.example.com, ip:2001:db8::1, email:ike@example.com");
	assert_string_equal(made.subject, "C=JP, O=Example, CN=Tokyo");
	assert_int_equal(renew("tokyo", false, bytes_of(NULL, 0)), R_OK);	/* the same names again */
	x = cert("tokyo");
	names = altname_of_cert(x);
	altname_text(names, text, sizeof(text));
	assert_string_equal(text, "fqdn:tokyo.example.com, ip:2001:db8::1, email:ike@example.com");
	altname_dn(X509_get_subject_name(x), text, sizeof(text));
	assert_string_equal(text, "C=JP, O=Example, CN=Tokyo");
	GENERAL_NAMES_free(names);
	X509_free(x);
}

/* A gateway that asks from afar: its key never comes here, and the chain has the CA's certificate. */
static void
test_request(void **state)
{
	struct ca_issue q = { .ca = "ca", .site = "newyork" };
	struct certfile f = { 0 };
	struct certchain c;
	struct cert_import imp = { .trust = "ca" };
	uint8_t box[16384];
	EVP_PKEY *k, *before;
	struct box b = { 0 };
	X509 *ca;

	clean();
	assert_int_equal(init("ca", "", ""), R_OK);
	q.csr = csr("newyork", "fqdn:ny.example.com");
	k = key("newyork.req.key");
	assert_non_null(k);
	assert_int_equal(run_issue(&q, NOW), R_OK);
	assert_string_equal(made.names, "fqdn:ny.example.com");	/* as was asked for */
	assert_false(made.has_cert || made.has_key);
	assert_null(cert("newyork"));
	assert_int_equal(certfile_read(made.pem, bytes_of(NULL, 0), &f, detail), R_OK);
	assert_int_equal(f.n, 2);
	assert_int_equal(certfile_chain(&f, &c, detail), R_OK);
	ca = cert("ca");
	assert_true(c.own == f.cert[0] && c.root == f.cert[1] && X509_cmp(c.root, ca) == 0);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(c.own), k), 1);
	assert_int_equal(verdict(c.own, ca, NULL, NOW), X509_V_OK);
	memcpy(box, made.pem.p, made.pem.n);
	b.file = bytes_of(box, made.pem.n);
	assert_int_equal(certs_import(dir, &imp, &b, &made, detail), R_OK);
	assert_string_equal(made.name, "newyork");
	assert_null(key("newyork.req.key"));
	before = key("newyork.key");
	assert_int_equal(EVP_PKEY_eq(before, k), 1);
	/* renewed with what the CA knows of it */
	assert_int_equal(renew("newyork", true, bytes_of(NULL, 0)), R_OK);
	certfile_free(&f);
	EVP_PKEY_free(k);
	EVP_PKEY_free(before);
	X509_free(ca);
	/* asked again: the key that waits is not lost, another kind is another request */
	q.csr = csr("newyork", "fqdn:ny.example.com");
	k = key("newyork.req.key");
	csr("newyork", "fqdn:ny.example.com");
	before = key("newyork.req.key");
	assert_int_equal(EVP_PKEY_eq(k, before), 1);
	EVP_PKEY_free(k);
	EVP_PKEY_free(before);
	q.csr = bytes_of("x", 1);
	assert_int_equal(run_issue(&q, NOW), R_CSR_INVALID);
}

/* A request whose signature is not of its key, or whose octets were changed anywhere. */
static void
test_forged_request(void **state)
{
	uint8_t copy[CERT_PEM_MAX];
	X509_REQ *req;
	BIO *bio;
	int n, taken = 0;
	uint8_t *der = NULL;

	clean();
	csr("newyork", "fqdn:newyork");
	bio = BIO_new_mem_buf(made.pem.p, (int)made.pem.n);
	req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	n = i2d_X509_REQ(req, &der);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		X509_REQ *r;

		memcpy(copy, der, (size_t)n);
		copy[i] ^= 1;
		r = certfile_request(bytes_of(copy, (size_t)n), detail);
		taken += r != NULL;
		X509_REQ_free(r);
		r = certfile_request(bytes_of(der, (size_t)i), detail);
		assert_null(r);
	}
	assert_int_equal(taken, 0);
	OPENSSL_free(der);
	X509_REQ_free(req);
	BIO_free(bio);
}

static void
test_renew(void **state)
{
	EVP_PKEY *first, *second, *third;
	char serial[64];
	X509 *x;

	clean();
	assert_int_equal(init("ca", "", ""), R_OK);
	assert_int_equal(issue("tokyo", "ecdsa-p384", "fqdn:t"), R_OK);
	first = key("tokyo.key");
	strcpy(serial, made.serial);
	assert_int_equal(renew("tokyo", false, bytes_of(NULL, 0)), R_OK);
	assert_string_not_equal(serial, made.serial);
	second = key("tokyo.key");
	assert_int_not_equal(EVP_PKEY_eq(first, second), 1);
	assert_string_equal(made.key, "ecdsa-p384");
	assert_int_equal(renew("tokyo", true, bytes_of(NULL, 0)), R_OK);
	third = key("tokyo.key");
	assert_int_equal(EVP_PKEY_eq(second, third), 1);
	x = cert("tokyo");
	assert_int_equal(certtext_time(X509_get0_notAfter(x)), NOW + (1 + 397) * DAY);
	X509_free(x);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
	EVP_PKEY_free(third);
}

static void
test_revoke(void **state)
{
	struct ca_issued v[8];
	struct ca_crl q = { .ca = "ca", .days = 7, .der = 1 };
	X509_CRL *list;
	X509 *x, *ca;
	uint8_t *der;
	const uint8_t *p;
	unsigned n;
	size_t len;

	clean();
	assert_int_equal(init("ca", "", ""), R_OK);
	assert_int_equal(issue("tokyo", "", NULL), R_OK);
	assert_int_equal(issue("osaka", "", NULL), R_OK);
	x = cert("osaka");
	ca = cert("ca");
	assert_int_equal(revoke_it("osaka", "", 1), R_OK);
	assert_int_equal(made.count, 1);
	assert_int_equal(made.crl_revoked, 1);
	assert_int_equal(revoke_it("osaka", "", 1), R_NOT_ISSUED);
	assert_non_null(strstr(detail, "already"));
	list = crl("ca");
	assert_int_equal(verdict(x, ca, list, NOW + 2 * DAY), X509_V_ERR_CERT_REVOKED);
	X509_free(x);
	x = cert("tokyo");
	assert_int_equal(verdict(x, ca, list, NOW + 2 * DAY), X509_V_OK);
	assert_int_equal(verdict(x, ca, list, NOW + 32 * DAY), X509_V_ERR_CRL_HAS_EXPIRED);
	X509_CRL_free(list);
	certtext_serial(x, v[0].serial);
	for (char *c = v[0].serial; *c; c++)	/* as other programs print it */
		*c = (char)(*c >= 'a' ? *c - 32 : *c);
	assert_int_equal(revoke_it("", v[0].serial, 0), R_OK);
	assert_string_equal(made.name, "tokyo");
	assert_int_equal(ca_crl_do(dir, &q, NOW + 3 * DAY, &made, &der, &len, detail), R_OK);
	assert_int_equal(made.crl_number, 4);
	p = der;
	list = d2i_X509_CRL(NULL, &p, (long)len);
	assert_int_equal(verdict(x, ca, list, NOW + 3 * DAY), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(certtext_time(X509_CRL_get0_nextUpdate(list)), NOW + 10 * DAY);
	free(der);
	X509_CRL_free(list);
	assert_int_equal(ca_list_do(dir, "ca", 0, v, 8, &n, detail), R_OK);
	assert_int_equal(n, 2);
	assert_string_equal(v[1].site, "osaka");
	assert_int_equal(v[1].revoked, NOW + DAY);
	assert_int_equal(v[1].why, 1);
	assert_int_equal(ca_list_do(dir, "ca", 1, v, 8, &n, detail), R_OK);
	assert_int_equal(n, 1);
	/* half of the seven days are over: a new one is made; before that the old one stays */
	ca_tend(dir, NOW + 5 * DAY);
	list = crl("ca");
	assert_int_equal(certtext_time(X509_CRL_get0_lastUpdate(list)), NOW + 3 * DAY - MAKE_EARLY_S);
	X509_CRL_free(list);
	ca_tend(dir, NOW + 7 * DAY);
	list = crl("ca");
	assert_int_equal(certtext_time(X509_CRL_get0_nextUpdate(list)), NOW + 14 * DAY);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), 2);
	X509_CRL_free(list);
	X509_free(x);
	X509_free(ca);
}

/* One crash at every step of an operation. */

static int
crash(void (*op)(void), long at)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		steps_left = at;
		op();
		steps_left = -1;
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What has to be true whatever happened: the CA works, its list is the index's, every certificate is in the index, keys fit. */
static void
consistent(const char *const *sites)
{
	struct ca_issued v[16];
	ASN1_INTEGER *number;
	X509_CRL *list;
	unsigned n;
	X509 *ca;

	keydir_recover(dir);
	ca_tend(dir, NOW + DAY);
	assert_int_equal(ca_list_do(dir, "ca", 0, v, 16, &n, detail), R_OK);
	ca = cert("ca");
	list = crl("ca");
	assert_true(ca && list);
	number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	assert_non_null(number);
	ASN1_INTEGER_free(number);
	for (; *sites; sites++) {
		char file[64], serial[64];
		X509 *x = cert(*sites);
		EVP_PKEY *k;
		bool found = false, revoked = false;
		int want;

		if (x == NULL)
			continue;
		snprintf(file, sizeof(file), "%s.key", *sites);
		k = key(file);
		assert_non_null(k);
		assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x), k), 1);
		certtext_serial(x, serial);
		for (unsigned i = 0; i < n; i++)
			if (strcmp(v[i].serial, serial) == 0) {
				found = true;
				revoked = v[i].revoked != 0;
			}
		assert_true(found);
		want = revoked ? X509_V_ERR_CERT_REVOKED : X509_V_OK;
		assert_int_equal(verdict(x, ca, list, NOW + DAY), want);
		EVP_PKEY_free(k);
		X509_free(x);
	}
	X509_CRL_free(list);
	X509_free(ca);
}

static void op_issue(void) { issue("tokyo", "", NULL); }
static void op_renew(void) { renew("tokyo", false, bytes_of(NULL, 0)); }
static void op_revoke(void) { revoke_it("tokyo", "", 1); }
static void op_init(void) { init("ca", "", ""); }

static void
test_crashes(void **state)
{
	static const char *const sites[] = { "tokyo", NULL };
	static void (*const ops[])(void) = { op_issue, op_renew, op_revoke };
	long total = 0;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		for (long at = 0;; at++) {
			int rc;

			clean();
			assert_int_equal(init("ca", "", ""), R_OK);
			if (i > 0)
				assert_int_equal(issue("tokyo", "", NULL), R_OK);
			rc = crash(ops[i], at);
			consistent(sites);
			if (i > 0)
				assert_true(keydir_has(dir, "tokyo.crt"));
			if (rc == 0)
				break;
			assert_int_equal(rc, 42);
			total++;
		}
	assert_true(total > 20);
	/* a CA that was never finished is made again */
	for (long at = 0;; at++) {
		int rc;

		clean();
		rc = crash(op_init, at);
		keydir_recover(dir);
		ca_tend(dir, NOW);
		if (!ca_lives(dir, "ca"))
			assert_int_equal(init("ca", "", ""), R_OK);
		assert_int_equal(issue("tokyo", "", NULL), R_OK);
		consistent(sites);
		if (rc == 0)
			break;
	}
}

static void
test_modes(void **state)
{
	char cmd[256];

	clean();
	umask(0);
	assert_int_equal(init("ca", "", ""), R_OK);
	assert_int_equal(issue("tokyo", "", NULL), R_OK);
	csr("newyork", "fqdn:newyork");
	umask(022);
	snprintf(cmd, sizeof(cmd), "test $(find %s -type f | wc -l) = 7 && test -z \"$(find %s -type f ! -perm 600)\"", dir, dir);
	assert_int_equal(system(cmd), 0);
}

/* A key that takes long is made beside everything else; one at a time, and the quick ones at once. */

static EVP_PKEY *job_key;
static unsigned jobs;

static void
job_done(void *arg, EVP_PKEY *k)
{
	EVP_PKEY_free(job_key);
	job_key = k;
	jobs++;
}

static void
test_job(void **state)
{
	struct event_base *base = event_base_new();
	struct keyjob *j = keyjob_new(base);
	char kind[CERT_KEY_CAP];

	assert_non_null(j);
	assert_int_equal(keyjob_start(j, "dsa", job_done, NULL), R_KEY_KIND);
	assert_int_equal(keyjob_start(j, "rsa-3072", job_done, NULL), R_OK);
	assert_int_equal(jobs, 0);
	assert_int_equal(keyjob_start(j, "rsa-2048", job_done, NULL), R_BUSY);
	assert_int_equal(keyjob_start(j, "ed25519", job_done, NULL), R_OK);
	assert_int_equal(jobs, 1);
	assert_string_equal(keykind_name(job_key, kind), "ed25519");
	while (jobs == 1)
		event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(keykind_name(job_key, kind), "rsa-3072");
	assert_int_equal(keyjob_start(j, "rsa-2048", job_done, NULL), R_OK);
	keyjob_free(j);		/* its thread ends first, and nobody is told */
	assert_int_equal(jobs, 2);
	EVP_PKEY_free(job_key);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_forged_request),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_revoke),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_job),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
