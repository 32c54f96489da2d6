/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys to octets. A key's PEM is made in the secure heap and copied once. */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "certfile.h"

static bool
append(BIO *bio, struct wr *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	if (n > 0)
		wr_mem(out, p, (size_t)n);
	BIO_free(bio);
	ERR_clear_error();
	return n > 0 && wr_ok(out);
}

bool
certfile_pem(X509 *own, unsigned n, X509 *const *inter, X509 *root, struct wr *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio && (own == NULL || PEM_write_bio_X509(bio, own));

	for (unsigned i = 0; ok && i < n; i++)
		ok = PEM_write_bio_X509(bio, inter[i]);
	ok = ok && (root == NULL || PEM_write_bio_X509(bio, root));
	if (ok)
		return append(bio, out);
	BIO_free(bio);
	return false;
}

bool
certfile_key_pem(EVP_PKEY *k, struct wr *out)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, k, NULL, NULL, 0, NULL, NULL))
		return append(bio, out);
	BIO_free(bio);
	return false;
}

bool
certfile_p12(const char *password, const char *name, EVP_PKEY *key, X509 *own, unsigned n, X509 *const *more, struct wr *out)
{
	STACK_OF(X509) *ca = sk_X509_new_null();
	PKCS12 *p12 = NULL;
	uint8_t *der = NULL;
	bool ok = ca != NULL;
	int len = 0;

	for (unsigned i = 0; ok && i < n; i++)
		ok = sk_X509_push(ca, more[i]) > 0;
	if (ok)
		p12 = PKCS12_create(password, name, key, own, ca, 0, 0, CERTFILE_P12_ROUNDS, CERTFILE_P12_ROUNDS, 0);
	len = p12 ? i2d_PKCS12(p12, &der) : -1;
	if (len > 0)
		wr_mem(out, der, (size_t)len);
	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS12_free(p12);
	sk_X509_free(ca);
	ERR_clear_error();
	return len > 0 && wr_ok(out);
}
