/* SPDX-License-Identifier: BSD-2-Clause */
/* What people bring, take and look at: requests for other CAs, import, export, removal, the list. From the files to the files. */
#ifndef KEYMGR_CERTS_H
#define KEYMGR_CERTS_H

#include "bind.h"
#include "certfile.h"
#include "cred.h"
#include "keydir.h"

#define CERTS_DETAIL	400

/* A request: as with ca.h, checked first, done when its key was made. kind "": the key is there. */
enum reason certs_csr_check(const char *dir, const struct cert_csr *, char kind[static CERT_KEY_CAP], char detail[static CERTS_DETAIL]);
enum reason certs_csr_do(const char *dir, const struct cert_csr *, EVP_PKEY *, struct cert_made *, struct wr *pem,
    char detail[static CERTS_DETAIL]);
enum reason certs_import(const char *dir, const struct cert_import *, const struct box *, struct cert_made *, char detail[static CERTS_DETAIL]);
enum reason certs_export(const char *dir, const struct cert_export *, struct bytes password, struct cert_made *, struct wr *out,
    char detail[static CERTS_DETAIL]);
enum reason certs_remove(const char *dir, const struct bindings *, const char *name, char detail[static CERTS_DETAIL]);

/* The next ones behind `after`, by name; what revocation says of an anchor is not in them. *n: how many of cap. */
struct certs_places {
	const char	*own, *secret;
	struct creds	*creds;		/* over both */
};
bool certs_list(const struct certs_places *, const struct bindings *, uint64_t now, const char *after, struct cert_info *v, unsigned cap, unsigned *n);

#endif
