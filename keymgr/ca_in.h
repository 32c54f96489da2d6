/* SPDX-License-Identifier: BSD-2-Clause */
/* A CA while a request works on it: loaded whole, saved whole. */
#ifndef KEYMGR_CA_IN_H
#define KEYMGR_CA_IN_H

#include "ca.h"

struct ca {
	const char	*dir;
	char		 name[NAME_CAP];
	X509		*cert;
	EVP_PKEY	*key;
	struct caindex	 ix;
};

enum reason ca_load(struct ca *, const char *dir, const char *name, char detail[static CA_DETAIL]);
void ca_free(struct ca *);
enum reason ca_save(struct ca *, uint64_t now, char detail[static CA_DETAIL]);
enum reason ca_save_key(const char *dir, const char *file, EVP_PKEY *, char detail[static CA_DETAIL]);
/* A new list: the index gets its number first, then the list stands beside the CA's certificate. made gets what is said of it. */
enum reason ca_publish(struct ca *, uint64_t now, struct cert_made *, char detail[static CA_DETAIL]);
/* One certificate of dir/FILE, or NULL. */
X509 *ca_read_cert(const char *dir, const char *file, char detail[static CA_DETAIL]);
EVP_PKEY *ca_read_key(const char *dir, const char *file, char detail[static CA_DETAIL]);

bool ca_has(const char *dir, const char *name, const char *suffix);
/* The kind of a key that is to be made; "" is the default one. */
enum reason ca_check_kind(const char *kind, char out[static CERT_KEY_CAP], char detail[static CA_DETAIL]);

#define CA_CRL_FILE	"%s.crl"

#endif
