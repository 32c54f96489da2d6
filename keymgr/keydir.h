/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keymgr's own folder of certificates and keys: NAME.crt and NAME.key of a credential, NAME.crt alone of a trust anchor, NAME.crl of a
 * CA's, NAME.req.key that waits for its certificate; in ca/ NAME.key and NAME.index of a CA that lives here. Everything is 0600.
 * A file is written beside its place, made durable and then put there, so that a crash leaves the old one or the new one. A certificate
 * and its key go together: NAME.new.key is written first; NAME.new.crt, once it is there, says that both are to take their places.
 */
#ifndef KEYMGR_KEYDIR_H
#define KEYMGR_KEYDIR_H

#include "reason.h"
#include "name.h"

#define KEYDIR_FILE_MAX		(8u << 20)	/* octets of one: a list of 100,000 revoked certificates has about 4 MiB */
#define KEYDIR_DETAIL		400

/* A file's content, in OpenSSL's secure heap when it is of a key. */
struct keyfile {
	uint8_t	*p;
	size_t	 n;
	bool	 secure;
};

/* file: a path below dir. R_OK, R_NOT_FOUND or R_KEYS_UNWRITABLE with a sentence. */
enum reason keydir_read(const char *dir, const char *file, bool secure, struct keyfile *, char detail[static KEYDIR_DETAIL]);
void keyfile_free(struct keyfile *);
static inline struct bytes keyfile_bytes(const struct keyfile *f) { return bytes_of(f->p, f->n); }
bool keydir_has(const char *dir, const char *file);
enum reason keydir_write(const char *dir, const char *file, struct bytes, char detail[static KEYDIR_DETAIL]);
/* Nothing is said of a file that is not there. */
enum reason keydir_remove(const char *dir, const char *file, char detail[static KEYDIR_DETAIL]);
/* Both or neither; an empty key: the one that is there stays. */
enum reason keydir_write_pair(const char *dir, const char *name, struct bytes crt, struct bytes key, char detail[static KEYDIR_DETAIL]);
/* At the start: what a crash left half done is finished or taken away, here and in ca/. */
void keydir_recover(const char *dir);

/* Every name that has a file with this suffix (".crt") here, sorted, each once; the caller frees the array. False: no memory or no folder. */
struct keydir_names { unsigned n; char (*v)[NAME_CAP]; };
bool keydir_names(const char *dir, const char *const *suffixes, struct keydir_names *);

#endif
