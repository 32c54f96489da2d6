/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "certfile.h"
#include "certfile_in.h"
#include "keykind.h"
#include "msg_cert.h"
#include "secret.h"

#define SAY(detail, ...)	snprintf(detail, CERTFILE_DETAIL, __VA_ARGS__)

bool
box_get(struct bytes in, struct box *b)
{
	struct rd r = rd_of(in);
	uint32_t file = rd_le32(&r), key = rd_le32(&r), password = rd_le32(&r);

	*b = (struct box){ 0 };
	if (in.n > CERT_BOX_MAX)
		return false;
	b->file = rd_bytes(&r, file);
	b->key = rd_bytes(&r, key);
	b->password = rd_bytes(&r, password);
	if (rd_done(&r))
		return true;
	*b = (struct box){ 0 };
	return false;
}

void
certfile_free(struct certfile *f)
{
	EVP_PKEY_free(f->key);
	for (unsigned i = 0; i < f->n; i++)
		X509_free(f->cert[i]);
	*f = (struct certfile){ 0 };
}

enum reason
certfile_add_cert(struct certfile *f, X509 *x, char detail[static CERTFILE_DETAIL])
{
	if (x == NULL) {
		SAY(detail, "a certificate in it is malformed");
		return R_CREDENTIAL_UNREADABLE;
	}
	for (unsigned i = 0; i < f->n; i++)
		if (X509_cmp(f->cert[i], x) == 0) {
			X509_free(x);
			return R_OK;
		}
	if (f->n == CERTFILE_CERTS) {
		X509_free(x);
		SAY(detail, "it holds more than %d certificates", CERTFILE_CERTS);
		return R_CREDENTIAL_UNREADABLE;
	}
	f->cert[f->n++] = x;
	return R_OK;
}

enum reason
certfile_add_key(struct certfile *f, EVP_PKEY *k, char detail[static CERTFILE_DETAIL])
{
	char kind[CERT_KEY_CAP];

	if (k == NULL) {
		SAY(detail, "the private key in it is malformed or of an unknown kind");
		return R_PRIVATE_KEY_UNUSABLE;
	}
	if (!keykind_taken(k)) {
		SAY(detail, "the private key is of the kind %s", keykind_name(k, kind));
		EVP_PKEY_free(k);
		return R_KEY_KIND;
	}
	if (f->key && EVP_PKEY_eq(f->key, k) != 1) {
		EVP_PKEY_free(k);
		SAY(detail, "there are two different private keys");
		return R_CREDENTIAL_UNREADABLE;
	}
	EVP_PKEY_free(f->key);
	f->key = k;
	if (keykind_works(k))
		return R_OK;
	SAY(detail, "the private key is damaged: its two halves do not fit");
	return R_PRIVATE_KEY_UNUSABLE;
}

/* PEM */

struct pass { struct bytes b; bool asked; };

static int
give_password(char *buf, int size, int writing, void *arg)
{
	struct pass *p = arg;

	p->asked = true;
	if (p->b.n == 0 || p->b.n > (size_t)size)
		return -1;
	memcpy(buf, p->b.p, p->b.n);
	return (int)p->b.n;
}

/* Of a block with "Proc-Type: 4,ENCRYPTED" the octets are deciphered in place. */
static bool
decipher(const char *header, uint8_t *data, long *n, struct pass *pass)
{
	EVP_CIPHER_INFO info;
	char copy[256];

	if (header[0] == '\0')
		return true;
	snprintf(copy, sizeof(copy), "%s", header);
	return PEM_get_EVP_CIPHER_INFO(copy, &info) && PEM_do_header(&info, data, n, give_password, pass);
}

static EVP_PKEY *
key_of_p8(PKCS8_PRIV_KEY_INFO *p8)
{
	EVP_PKEY *k = p8 ? EVP_PKCS82PKEY(p8) : NULL;

	PKCS8_PRIV_KEY_INFO_free(p8);
	return k;
}

static enum reason
encrypted_p8(const uint8_t *p, long n, struct bytes password, struct certfile *f, uint32_t *rounds, char detail[static CERTFILE_DETAIL])
{
	X509_SIG *sig = d2i_X509_SIG(NULL, &p, n);
	PKCS8_PRIV_KEY_INFO *p8;
	const X509_ALGOR *alg;
	enum reason r;

	if (sig == NULL)
		return certfile_add_key(f, NULL, detail);
	X509_SIG_get0(sig, &alg, NULL);
	r = password.n ? certfile_rounds(alg, rounds, detail) : R_PASSWORD_WRONG;
	p8 = r == R_OK ? PKCS8_decrypt(sig, (const char *)password.p, (int)password.n) : NULL;
	X509_SIG_free(sig);
	if (r == R_OK && p8 == NULL)
		r = R_PASSWORD_WRONG;
	if (r == R_PASSWORD_WRONG)
		SAY(detail, password.n ? "the private key cannot be deciphered with it" : "the private key is encrypted");
	return r == R_OK ? certfile_add_key(f, key_of_p8(p8), detail) : r;
}

static bool
is(const char *name, const char *what)
{
	return strcmp(name, what) == 0;
}

static enum reason
pem_block(const char *name, const char *header, uint8_t *data, long n, struct bytes password, struct certfile *f, uint32_t *rounds,
    char detail[static CERTFILE_DETAIL])
{
	struct pass pass = { password, false };
	const uint8_t *p = data;

	if (is(name, PEM_STRING_X509) || is(name, PEM_STRING_X509_OLD) || is(name, PEM_STRING_X509_TRUSTED))
		return certfile_add_cert(f, d2i_X509(NULL, &p, n), detail);
	if (is(name, PEM_STRING_PKCS8))
		return encrypted_p8(data, n, password, f, rounds, detail);
	if (!is(name, PEM_STRING_PKCS8INF) && !is(name, PEM_STRING_RSA) && !is(name, PEM_STRING_ECPRIVATEKEY))
		return R_OK;		/* EC PARAMETERS and what else there may be */
	if (!decipher(header, data, &n, &pass)) {
		SAY(detail, pass.asked && password.n ? "the private key cannot be deciphered with it" : "the private key is encrypted");
		return R_PASSWORD_WRONG;
	}
	if (is(name, PEM_STRING_PKCS8INF))
		return certfile_add_key(f, key_of_p8(d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, n)), detail);
	return certfile_add_key(f, d2i_PrivateKey(is(name, PEM_STRING_RSA) ? EVP_PKEY_RSA : EVP_PKEY_EC, NULL, &p, n), detail);
}

static enum reason
read_pem(struct bytes file, struct bytes password, struct certfile *f, char detail[static CERTFILE_DETAIL])
{
	BIO *in = BIO_new_mem_buf(file.p, (int)file.n);
	uint32_t rounds = CERTFILE_ROUNDS;
	enum reason r = in ? R_OK : R_NO_MEMORY;
	char *name, *header;
	uint8_t *data;
	long n;

	for (unsigned blocks = 0; r == R_OK && blocks < 4 * CERTFILE_CERTS; blocks++) {
		if (!PEM_read_bio_ex(in, &name, &header, &data, &n, PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)) {
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
				SAY(detail, "a block of PEM in it is damaged");
				r = R_CREDENTIAL_UNREADABLE;
			}
			break;
		}
		r = pem_block(name, header, data, n, password, f, &rounds, detail);
		OPENSSL_secure_free(name);
		OPENSSL_secure_free(header);
		OPENSSL_secure_clear_free(data, (size_t)n);
	}
	BIO_free(in);
	return r;
}

/* DER */

/* One SEQUENCE and nothing behind it; PKCS#12 may be BER of indefinite length. */
static bool
is_sequence(struct bytes file)
{
	struct rd r = rd_of(file);
	uint8_t tag = rd_u8(&r), first = rd_u8(&r);
	uint64_t n = first < 0x80 ? first : first <= 0x84 ? rd_be(&r, first & 0x7f) : UINT64_MAX;

	return rd_ok(&r) && tag == 0x30 && (first == 0x80 || n == rd_left(&r));
}

/* Which of the forms it is shows only when it can be read to its last octet as that. */
static enum reason
read_der(struct bytes file, struct bytes password, struct certfile *f, char detail[static CERTFILE_DETAIL])
{
	uint32_t rounds = CERTFILE_ROUNDS;
	const uint8_t *p = file.p;
	bool whole = is_sequence(file);
	X509 *x = whole ? d2i_X509(NULL, &p, (long)file.n) : NULL;
	PKCS8_PRIV_KEY_INFO *p8;
	X509_SIG *sig;
	EVP_PKEY *k;
	PKCS12 *p12;

	if (x)
		return certfile_add_cert(f, x, detail);
	p = file.p;
	if (whole && (p12 = certfile_p12_get(&p, (long)file.n)) != NULL)
		return certfile_read_p12(p12, password, f, detail);
	p = file.p;
	if (whole && (p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)file.n)) != NULL)
		return certfile_add_key(f, key_of_p8(p8), detail);
	p = file.p;
	if (whole && (sig = d2i_X509_SIG(NULL, &p, (long)file.n)) != NULL) {
		X509_SIG_free(sig);
		return encrypted_p8(file.p, (long)file.n, password, f, &rounds, detail);
	}
	for (int i = 0; whole && i < 2; i++) {
		p = file.p;
		if ((k = d2i_PrivateKey(i ? EVP_PKEY_EC : EVP_PKEY_RSA, NULL, &p, (long)file.n)) != NULL)
			return certfile_add_key(f, k, detail);
	}
	SAY(detail, "it is neither PEM nor DER of a certificate, a private key or PKCS#12");
	return R_CREDENTIAL_UNREADABLE;
}

enum reason
certfile_read(struct bytes file, struct bytes password, struct certfile *f, char detail[static CERTFILE_DETAIL])
{
	enum reason r;

	detail[0] = '\0';
	if (file.n == 0 || file.n > CERT_BOX_MAX) {
		SAY(detail, "the file is empty or too large");
		return R_CREDENTIAL_UNREADABLE;
	}
	ERR_clear_error();
	r = memmem(file.p, file.n, "-----BEGIN ", 11) ? read_pem(file, password, f, detail) : read_der(file, password, f, detail);
	ERR_clear_error();
	if (r == R_OK && f->n == 0 && f->key == NULL) {
		SAY(detail, "there is neither a certificate nor a private key in it");
		r = R_CREDENTIAL_UNREADABLE;
	}
	return r;
}

/* Order */

bool
certfile_issued(X509 *issuer, X509 *subject)
{
	EVP_PKEY *k = X509_get0_pubkey(issuer);
	bool ok;

	ok = k && keykind_taken(k) && X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(subject)) == 0 &&
	    X509_verify(subject, k) == 1;
	ERR_clear_error();
	return ok;
}

static bool
issued_another(const struct certfile *f, X509 *x)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->cert[i] != x && certfile_issued(x, f->cert[i]))
			return true;
	return false;
}

static enum reason
find_own(const struct certfile *f, struct certchain *c, char detail[static CERTFILE_DETAIL])
{
	unsigned candidates = 0;

	for (unsigned i = 0; i < f->n && f->key; i++) {
		EVP_PKEY *k = X509_get0_pubkey(f->cert[i]);

		if (k && EVP_PKEY_eq(k, f->key) == 1) {
			c->own = f->cert[i];
			return R_OK;
		}
	}
	if (f->key && f->n) {
		SAY(detail, "the private key belongs to none of the certificates");
		return R_PRIVATE_KEY_OTHER;
	}
	for (unsigned i = 0; i < f->n; i++)
		if (!certfile_issued(f->cert[i], f->cert[i]) && !issued_another(f, f->cert[i])) {
			c->own = f->cert[i];
			candidates++;
		}
	if (candidates <= 1)
		return R_OK;
	SAY(detail, "it holds %u certificates that are not of a CA, and no private key tells which is the own one", candidates);
	return R_CREDENTIAL_UNREADABLE;
}

enum reason
certfile_chain(const struct certfile *f, struct certchain *c, char detail[static CERTFILE_DETAIL])
{
	X509 *at, *next;
	enum reason r;

	*c = (struct certchain){ 0 };
	r = find_own(f, c, detail);
	for (at = c->own; r == R_OK && at; at = next) {
		next = NULL;
		for (unsigned i = 0; i < f->n && next == NULL; i++)
			if (f->cert[i] != at && f->cert[i] != c->own && certfile_issued(f->cert[i], at))
				next = f->cert[i];
		for (unsigned i = 0; i < c->n && next; i++)
			if (c->inter[i] == next)
				next = NULL;	/* a loop */
		if (next && certfile_issued(next, next)) {
			c->root = next;
			next = NULL;
		} else if (next)
			c->inter[c->n++] = next;
	}
	for (unsigned i = 0; r == R_OK && i < f->n && c->own == NULL; i++) {
		if (!certfile_issued(f->cert[i], f->cert[i]))
			continue;
		if (c->root) {
			SAY(detail, "it holds the certificates of several CAs; bring each in its own file");
			r = R_CREDENTIAL_UNREADABLE;
		}
		c->root = f->cert[i];
	}
	if (r == R_OK && c->own == NULL && c->root == NULL && f->key == NULL) {
		SAY(detail, "no certificate is in it");
		r = R_CREDENTIAL_UNREADABLE;
	}
	ERR_clear_error();
	return r;
}

/* Requests */

static X509_REQ *
request_parse(struct bytes in)
{
	BIO *bio = BIO_new_mem_buf(in.p, (int)in.n);
	const uint8_t *p = in.p;
	X509_REQ *req = NULL;

	if (bio && memmem(in.p, in.n, "-----BEGIN ", 11))
		req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	else if (bio)
		req = d2i_X509_REQ(NULL, &p, (long)in.n);
	BIO_free(bio);
	return req;
}

X509_REQ *
certfile_request(struct bytes in, char detail[static CERTFILE_DETAIL])
{
	X509_REQ *req = in.n && in.n <= CERT_PEM_MAX ? request_parse(in) : NULL;
	EVP_PKEY *k = req ? X509_REQ_get0_pubkey(req) : NULL;
	char kind[CERT_KEY_CAP];
	bool ok = false;

	if (req == NULL)
		SAY(detail, "it is not a PKCS#10 request in PEM or DER");
	else if (k == NULL)
		SAY(detail, "its public key is malformed or of an unknown kind");
	else if (!keykind_taken(k))
		SAY(detail, "its key is of the kind %s", keykind_name(k, kind));
	else if (X509_REQ_verify(req, k) != 1)
		SAY(detail, "its signature is wrong: whoever made it does not have that key");
	else
		ok = true;
	ERR_clear_error();
	if (ok)
		return req;
	X509_REQ_free(req);
	return NULL;
}
