/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON bodies of requests about certificates, to the messages that keymgr gets: pure. */
#ifndef CAUSEWAY_CERTBODY_H
#define CAUSEWAY_CERTBODY_H

#include <stdbool.h>

#include "msg_cert.h"

enum certbody_kind { BODY_CSR, BODY_IMPORT, BODY_EXPORT, BODY_INIT, BODY_ISSUE, BODY_REVOKE, BODY_CRL };

/* Names that are in the path stay "": the caller fills them in. */
struct certbody {
	enum certbody_kind kind;
	union {
		struct cert_csr		csr;
		struct cert_import	import;
		struct cert_export	export;
		struct ca_init		init;
		struct ca_issue		issue;
		struct ca_revoke	revoke;
		struct ca_crl		crl;
	};
	uint8_t	request[CERT_PEM_MAX];		/* what issue.csr borrows, or an import's "pem" */
	size_t	pem_n;				/* its octets; 0: it comes in a box */
};

/* False and a sentence. An empty body is an empty object. */
bool certbody_get(const char *text, size_t n, enum certbody_kind, struct certbody *, char *why, size_t cap);
/* RFC 5280 5.3.1's names: "keyCompromise"; -1 unknown. NULL for a number without a name. */
int certbody_why(const char *name);
const char *certbody_why_name(unsigned why);

#endif
