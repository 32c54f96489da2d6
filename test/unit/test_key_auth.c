/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs by certificate and by raw public key, over keymgr's links: made by one end, judged by the other, with a reason for each refusal. */
#include <fcntl.h>
#include <openssl/err.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_fix.h"
#include "msg_fetch.h"
#include "pki.h"
#include "revoke_in.h"
#include "sig.h"
#include "test.h"

#define ALL	(HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY))

/* Two ends, "a" (tokyo, the initiator) and "b" (newyork), each with a certificate of one CA. */
struct world {
	struct key_fix	*f;
	X509		*ca, *tokyo, *newyork;
	EVP_PKEY	*ca_key, *tokyo_key, *newyork_key;
	struct ends	 e;
	struct binding	 a, b;
	/* the last proof */
	uint8_t		 method;
	uint8_t		 data[SIG_MAX];
	size_t		 ndata;
	unsigned	 ncerts;
	struct key_cert	 certs[KEY_CERTS];
	uint8_t		 octets[KEY_CERTS_MAX];
	char		 words[KEY_WORDS];
};

static uint64_t later;

static uint64_t
wall(void)
{
	return PKI_NOW + later;
}

static enum reason
put(struct world *w, const struct binding *b)
{
	uint8_t buf[8192];
	struct wr out = wr_of(buf, sizeof(buf));

	binding_put(&out, b);
	return key_call(w->f, w->f->spdsync, BIND_PUT, &out);
}

static void
binding_of(struct binding *b, const char *tunnel, const char *local, const char *remote)
{
	*b = (struct binding){ .how_local = AUTH_BY_CERT, .how_remote = AUTH_BY_CERT, .ntrust = 1, .nreqids = 1, .reqids = { 7 } };
	snprintf(b->tunnel, sizeof(b->tunnel), "%s", tunnel);
	snprintf(b->id_local, sizeof(b->id_local), "fqdn:%s", local);
	snprintf(b->id_remote, sizeof(b->id_remote), "fqdn:%s", remote);
	snprintf(b->cert, sizeof(b->cert), "%.60s", local);
	strcpy(b->trust[0], "ca");
}

static void
credential(struct world *w, const char *name, const char *kind)
{
	EVP_PKEY *k = pki_key(kind);
	char san[NAME_CAP + 8], dn[NAME_CAP + 16];
	struct pki p = { .dn = dn, .key = k, .ca = w->ca, .ca_key = w->ca_key, .ext = { { "subjectAltName", san } } };
	X509 *x;

	snprintf(san, sizeof(san), "DNS:%s", name);
	snprintf(dn, sizeof(dn), "O=Example, CN=%s", name);
	x = pki_cert(&p, NULL);
	pki_write_certs(w->f->dir, name, 0644, 1, &x);
	pki_write_key(w->f->dir, name, 0600, k);
	X509_free(x);
	EVP_PKEY_free(k);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *f;

	key_wall = wall;
	key_setup(&f);
	w->f = f;
	w->ca = pki_ca("O=Example, CN=Example CA", NULL, NULL, &w->ca_key);
	pki_write_certs(w->f->dir, "ca", 0644, 1, &w->ca);
	credential(w, "tokyo", "p256");
	credential(w, "newyork", "p256");
	binding_of(&w->a, "a", "tokyo", "newyork");
	binding_of(&w->b, "b", "newyork", "tokyo");
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(put(w, &w->b), R_OK);
	key_ends(w->f, &w->e);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	void *f = w->f;
	char cmd[192];

	snprintf(cmd, sizeof(cmd), "rm -f %s/*.crt %s/*.key", w->f->dir, w->f->dir);
	assert_int_equal(system(cmd), 0);
	X509_free(w->ca);
	EVP_PKEY_free(w->ca_key);
	free(w);
	return key_teardown(&f);
}

static enum reason
call(struct world *w, uint16_t type, struct key_auth *a, const char *tunnel, const char *id)
{
	static uint8_t buf[IPC_MAX];
	uint8_t idb[ID_CAP];
	struct wr out = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));

	assert_true(id_to_wire(id, &iw));
	snprintf(a->tunnel, sizeof(a->tunnel), "%s", tunnel);
	a->id = wr_bytes(&iw);
	key_auth_put(&out, a);
	return key_call(w->f, w->f->iked, type, &out);
}

static enum reason
sign_by(struct world *w, bool initiator, uint16_t hashes)
{
	struct key_auth a = { .ike = initiator ? w->e.ike_i : w->e.ike_r, .initiator = initiator, .hashes = hashes,
	    .message = initiator ? w->e.request : w->e.response };
	enum reason r = call(w, KEY_AUTH_SIGN, &a, initiator ? "a" : "b", initiator ? "fqdn:tokyo" : "fqdn:newyork");
	struct rd rd = key_answer(w->f);
	struct wr o = wr_of(w->octets, sizeof(w->octets));
	struct key_proof p;

	if (r != R_OK)
		return r;
	assert_true(key_proof_get(&rd, &p) && rd_done(&rd) && p.data.n <= sizeof(w->data));
	w->method = p.method;
	memcpy(w->data, p.data.p, w->ndata = p.data.n);
	w->ncerts = p.ncerts;
	for (unsigned i = 0; i < p.ncerts; i++) {
		size_t at = o.n;

		wr_span(&o, p.certs[i].data);
		w->certs[i] = (struct key_cert){ p.certs[i].encoding, bytes_of(w->octets + at, p.certs[i].data.n) };
	}
	return r;
}

/* The last proof, judged by the other end. */
static enum reason
verify_as(struct world *w, bool initiators, const char *id)
{
	struct key_auth a = { .ike = initiators ? w->e.ike_r : w->e.ike_i, .initiator = initiators, .method = w->method,
	    .message = initiators ? w->e.request : w->e.response, .data = bytes_of(w->data, w->ndata), .ncerts = w->ncerts };
	enum reason r;
	struct rd rd;

	memcpy(a.certs, w->certs, sizeof(a.certs));
	r = call(w, KEY_AUTH_VERIFY, &a, initiators ? "b" : "a", id);
	rd = key_answer(w->f);
	w->words[0] = '\0';
	if (r == R_OK) {
		str_get(&rd, w->words, sizeof(w->words));
		assert_true(rd_done(&rd));
	} else
		assert_true(w->f->detail[0]);
	return r;
}

static enum reason
verify(struct world *w)
{
	return verify_as(w, true, "fqdn:tokyo");
}

static void
says(struct world *w, const char *what)
{
	if (!strstr(w->f->detail, what))
		fail_msg("\"%s\" is not in: %s", what, w->f->detail);
}

/* May the responder install a child? Only after the initiator's proof was good. */
static enum reason
child(struct world *w)
{
	static uint32_t number = 100;
	struct key_child c;
	enum reason r;
	uint32_t spi = key_spi_new(w->f, ++number, &r);

	assert_int_equal(r, R_OK);
	key_child(&c, number, w->e.ike_r, false, KEY_IN | KEY_OUT, spi, 0x4000 + number, &w->e);
	snprintf(c.name, sizeof(c.name), "b/net");
	return key_install(w->f, &c);
}

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
	later = 20ull * 365 * 86400;
	watch_tend(w->f->k.revoke);
	key_spin(w->f);
	later = 0;
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

/*
 * Verdicts that wait: keymgr-fetch is played by the test, and has not answered yet.
 */
struct slow {
	struct ipc	*link;
	unsigned	 asked;
	uint32_t	 id;		/* of the last request */
	bool		 done;		/* the waiting verdict came */
	enum reason	 reason;
	char		 detail[512];
};

static bool
on_get(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct slow *s = ctx;
	struct fetch g;

	assert_true(fetch_get(&m->body, &g) && rd_done(&m->body));
	s->asked++;
	s->id = g.id;
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static const struct ipc_row get_rows[] = { { FETCH_GET, "FETCH_GET", IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD, on_get } };
static const struct ipc_table get_table = { "test-fetch", get_rows, 1, NULL, NULL };

static void
on_verdict(void *arg, enum reason r, struct rd *body)
{
	struct slow *s = arg;
	struct bytes b = r == R_OK ? rd_rest(body) : span_get(body);

	s->done = true;
	s->reason = r;
	snprintf(s->detail, sizeof(s->detail), "%.*s", (int)b.n, (const char *)b.p);
}

/* Strict, with a list at an address; the proof of tokyo is asked about and waits. */
static void
begin_slow(struct world *w, struct slow *s)
{
	struct trust_rule rule = { .name = "ca", .revocation = REVOKE_STRICT, .ncrls = 1, .crls = { "http://crl.example/ca.crl" } };
	uint8_t buf[4096];
	struct wr out = wr_of(buf, sizeof(buf));
	int v[2];

	memset(s, 0, sizeof(*s));
	key_socketpair(v);
	s->link = ipc_new(w->f->base, v[1], &get_table, s);
	serve_on_fd(&w->f->k, "fetch", v[0]);
	trust_rule_put(&out, &rule);
	assert_int_equal(key_call(w->f, w->f->spdsync, BIND_TRUST, &out), R_OK);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
}

static void
post_verify(struct world *w, struct slow *s)
{
	static uint8_t buf[IPC_MAX];
	uint8_t idb[ID_CAP];
	struct wr out = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));
	struct key_auth a = { .ike = w->e.ike_r, .initiator = 1, .method = w->method, .message = w->e.request, .data = bytes_of(w->data, w->ndata),
	    .ncerts = w->ncerts, .tunnel = "b" };

	memcpy(a.certs, w->certs, sizeof(a.certs));
	assert_true(id_to_wire("fqdn:tokyo", &iw));
	a.id = wr_bytes(&iw);
	key_auth_put(&out, &a);
	s->done = false;
	assert_int_not_equal(ipc_call(w->f->iked, KEY_AUTH_VERIFY, wr_bytes(&out), R_KEYMGR_DOWN, on_verdict, s), 0);
	key_spin(w->f);
}

static void
list_comes(struct world *w, struct slow *s, const struct pki_revoked *v, unsigned n)
{
	X509_CRL *crl = pki_crl(&(struct pki_crl){ .ca = w->ca, .key = w->ca_key, .this_update = -3600, .next_update = PKI_DAY, .number = 1, .n = n, .v = v });
	struct bytes der = pki_crl_der(crl);
	struct fetched d = { .id = s->id, .reason = R_OK, .size = (uint32_t)der.n };
	uint8_t buf[1024];
	struct wr out = wr_of(buf, sizeof(buf));
	int fd = memfd_create("list", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(write(fd, der.p, der.n), (ssize_t)der.n);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	fetched_put(&out, &d);
	assert_true(ipc_send_fd(s->link, FETCH_DONE, 0, wr_bytes(&out), fd));
	close(fd);
	key_spin(w->f);
	free((void *)(uintptr_t)der.p);
	X509_CRL_free(crl);
}

static void
end_slow(struct world *w, struct slow *s)
{
	ipc_free(s->link);
	key_spin(w->f);
}

static void
test_waits(void **state)
{
	struct world *w = *state;
	uint8_t pub[KE_PUB_MAX];
	struct slow s;
	size_t n;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_false(s.done);
	assert_int_equal(s.asked, 1);
	assert_int_equal(child(w), R_NOT_PERMITTED);		/* and until then there are no keys */
	assert_true(key_ke(w->f, KE_X25519, pub, &n));		/* others do not wait */
	assert_int_equal(sign_by(w, false, ALL), R_OK);
	assert_false(s.done);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	assert_int_equal(child(w), R_OK);
	end_slow(w, &s);
}

static void
test_waits_revoked(void **state)
{
	struct world *w = *state;
	struct pki_revoked r = { .when = -7200, .why = 1 };
	const uint8_t *p;
	struct slow s;
	X509 *x;

	begin_slow(w, &s);
	p = w->certs[0].data.p;
	x = d2i_X509(NULL, &p, (long)w->certs[0].data.n);
	r.serial = ASN1_INTEGER_get(X509_get0_serialNumber(x));
	X509_free(x);
	post_verify(w, &s);
	list_comes(w, &s, &r, 1);
	assert_true(s.done);
	assert_int_equal(s.reason, R_CERT_REVOKED);
	assert_non_null(strstr(s.detail, "2027-01-15T06:00:00Z"));
	assert_int_equal(child(w), R_NOT_PERMITTED);
	end_slow(w, &s);
}

/* What happens meanwhile: the SA goes, the tunnel is changed, or goes, or the link does. */
static void
test_meanwhile(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_int_equal(key_remove(w->f, KEY_RM_IKE, w->e.ike_r), R_OK);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_NOT_FOUND);
	end_slow(w, &s);
}

static void
test_meanwhile_changed(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_int_equal(put(w, &w->b), R_OK);		/* said again, and the same: nothing changed */
	post_verify(w, &s);
	assert_false(s.done);
	strcpy(w->b.id_remote, "fqdn:osaka");
	assert_int_equal(put(w, &w->b), R_OK);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_BUSY);
	assert_int_equal(child(w), R_NOT_PERMITTED);
	end_slow(w, &s);
}

static void
test_meanwhile_link(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	for (unsigned i = 0; i < 10; i++)
		post_verify(w, &s);
	ipc_free(w->f->iked);		/* its calls are dropped with it */
	w->f->iked = NULL;
	key_spin(w->f);
	list_comes(w, &s, NULL, 0);
	assert_false(s.done);
	key_attach_iked(w->f);
	key_ends(w->f, &w->e);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	post_verify(w, &s);
	assert_false(s.done);		/* what came meanwhile served nobody; it is asked for again */
	assert_int_equal(s.asked, 2);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	end_slow(w, &s);
}

/* No more of them than are counted; the rest hears so, and the link lives. */
static void
test_many_wait(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	for (unsigned i = 0; i < 4096; i++) {
		post_verify(w, &s);
		assert_false(s.done);
	}
	post_verify(w, &s);
	assert_true(s.done);
	assert_int_equal(s.reason, R_BUSY);
	assert_int_equal(s.asked, 1);		/* all of them ask for the same list */
	list_comes(w, &s, NULL, 0);
	post_verify(w, &s);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	end_slow(w, &s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_permission, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_auth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mixed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trust_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peer_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_intermediate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_trust, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_wait, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
