/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of certificates, keys and requests as they are imported, the password being "secret". The first octet says what it is: a file, a
 * box, a request. What is taken is whole: an own certificate or a root, in an order in which each issued the one before.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "certfile.h"
#include "keykind.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct certfile *f)
{
	char detail[CERTFILE_DETAIL];
	struct certchain c;

	if (f->n > CERTFILE_CERTS || (f->key && !keykind_taken(f->key)))
		abort();
	if (certfile_chain(f, &c, detail) != R_OK)
		return;
	if (c.own == NULL && c.root == NULL && f->key == NULL)
		abort();
	for (unsigned i = 0; i < c.n; i++)
		if (!certfile_issued(c.inter[i], i ? c.inter[i - 1] : c.own))
			abort();
	if (c.own && f->key && EVP_PKEY_eq(X509_get0_pubkey(c.own), f->key) != 1)
		abort();
}

static void
read_one(struct bytes file, struct bytes key, struct bytes password)
{
	char detail[CERTFILE_DETAIL];
	struct certfile f = { 0 };
	enum reason r = certfile_read(file, password, &f, detail);

	if (r == R_OK && key.n)
		r = certfile_read(key, password, &f, detail);
	if (r == R_OK)
		check(&f);
	else if (detail[0] == '\0')
		abort();
	certfile_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bool started;
	char detail[CERTFILE_DETAIL];
	struct box b;
	X509_REQ *req;

	if (!started)
		certfile_start();
	started = true;
	if (n == 0)
		return 0;
	switch (p[0] % 3) {
	case 0:
		read_one(bytes_of(p + 1, n - 1), bytes_of(NULL, 0), bytes_of("secret", 6));
		break;
	case 1:
		if (box_get(bytes_of(p + 1, n - 1), &b))
			read_one(b.file, b.key, b.password);
		break;
	default:
		req = certfile_request(bytes_of(p + 1, n - 1), detail);
		if (req && !keykind_taken(X509_REQ_get0_pubkey(req)))
			abort();
		X509_REQ_free(req);
	}
	if (ERR_peek_error() != 0)
		abort();
	return 0;
}
