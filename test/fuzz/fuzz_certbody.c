/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON of requests about certificates: what is taken is a message that keymgr takes, once its names are filled in. */
#include <stdlib.h>
#include <string.h>

#include "certbody.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define BOTH(type, member) do { \
		struct type back; \
		type##_put(&w, &b->member); \
		r = rd_of(wr_bytes(&w)); \
		if (!wr_ok(&w) || !type##_get(&r, &back)) \
			abort(); \
	} while (0)

static void
check(struct certbody *b)
{
	static uint8_t buf[65536];
	struct wr w = wr_of(buf, sizeof(buf));
	struct rd r;

	switch (b->kind) {
	case BODY_CSR:
		strcpy(b->csr.name, "a");
		if (b->csr.nids == 0)
			strcpy(b->csr.ids[b->csr.nids++], "fqdn:a");
		BOTH(cert_csr, csr);
		break;
	case BODY_IMPORT: BOTH(cert_import, import); break;
	case BODY_EXPORT: strcpy(b->export.name, "a"); BOTH(cert_export, export); break;
	case BODY_INIT: strcpy(b->init.name, "a"); BOTH(ca_init, init); break;
	case BODY_ISSUE: strcpy(b->issue.ca, "a"); BOTH(ca_issue, issue); break;
	case BODY_REVOKE: strcpy(b->revoke.ca, "a"); BOTH(ca_revoke, revoke); break;
	case BODY_CRL: strcpy(b->crl.ca, "a"); BOTH(ca_crl, crl); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct certbody b;
	char why[300] = "";

	if (n == 0)
		return 0;
	if (certbody_get((const char *)p + 1, n - 1, (enum certbody_kind)(p[0] % (BODY_CRL + 1)), &b, why, sizeof(why)))
		check(&b);
	else if (why[0] == '\0')
		abort();
	return 0;
}
