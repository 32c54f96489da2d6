/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and the CA in the API: keymgr does it, here is who may ask and in what words. */
#ifndef CAUSEWAY_CERTS_H
#define CAUSEWAY_CERTS_H

#include "api.h"
#include "msg_cert.h"

void get_certs(struct req *);
void get_issued(struct req *);
void post_csr(struct req *);
void post_import(struct req *);
void post_export(struct req *);
void post_remove(struct req *);
void post_ca_init(struct req *);
void post_ca_issue(struct req *);
void post_ca_revoke(struct req *);
void post_ca_crl(struct req *);
void post_secret(struct req *);		/* secrets.c */
void post_secret_remove(struct req *);

/* certjson.c */
json_t *cert_info_json(const struct cert_info *, uint64_t now);
json_t *cert_made_json(const struct cert_made *);
json_t *ca_issued_json(const struct ca_issued *, uint64_t now);

#endif
