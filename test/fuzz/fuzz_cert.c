/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer's certificates: u8 length and octets of an ID payload's body, then u16 length and octets of each certificate. The last one is the
 * trust anchor too, so that whole paths are reached. What is accepted has the identity, ends in the anchor and is not out of date; what is
 * refused says why.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "certid.h"
#include "chain.h"

#define NOW	1800000000

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct key_cert certs[KEY_CERTS];
	struct chain_request q = { .certs = certs, .now = NOW };
	struct rd r = rd_of(bytes_of(p, n));
	char detail[CHAIN_DETAIL], text[64];
	struct chain out = { 0 };
	const uint8_t *last;
	enum reason verdict;

	q.id = rd_bytes(&r, rd_u8(&r));
	while (rd_left(&r) && q.ncerts < KEY_CERTS)
		certs[q.ncerts++] = (struct key_cert){ CERT_X509, rd_bytes(&r, rd_u16(&r)) };
	if (!rd_ok(&r) || q.ncerts == 0)
		return 0;
	last = certs[q.ncerts - 1].data.p;
	q.anchors[0].cert = last ? d2i_X509(NULL, &last, (long)certs[q.ncerts - 1].data.n) : NULL;
	q.nanchors = q.anchors[0].cert != NULL;
	strcpy(q.anchors[0].name, "ca");
	ERR_clear_error();
	verdict = chain_validate(&q, &out, detail);
	if ((verdict == R_OK) != (out.path != NULL) || (verdict != R_OK && verdict != R_NO_MEMORY && detail[0] == '\0') || ERR_peek_error())
		abort();
	if (verdict == R_OK) {
		if (!certid_has(sk_X509_value(out.path, 0), q.id) || out.not_after < NOW || out.anchor[0] == '\0')
			abort();
		certid_text(sk_X509_value(out.path, 0), text, sizeof(text));
	}
	chain_free(&out);
	X509_free(q.anchors[0].cert);
	return 0;
}
