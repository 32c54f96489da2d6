/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be known of a path, and the verdict over one certificate of it by what is known now: RFC 5280 6.3.3 over the lists, RFC 6960 over
 * the answers. verdict_of asks nobody and changes nothing.
 */
#ifndef KEYMGR_VERDICT_H
#define KEYMGR_VERDICT_H

#include "chain.h"
#include "revoke.h"
#include "source.h"

#define SUBJECT_SOURCES	12
#define VERDICT_DETAIL	512

/* One certificate of a path, but for the anchor. */
struct subject {
	struct issuer	*issuer;
	uint8_t		 serial[SOURCE_SERIAL];
	uint8_t		 nserial;
	bool		 is_ca, full;	/* full: some address did not find a place in the table */
	uint8_t		 n;
	uint16_t	 named;		/* by bits of src: its own distribution points name them */
	struct source	*src[SUBJECT_SOURCES];
};

/* Of one chain, shared by the checks and watches for it. */
struct path {
	unsigned	 refs;
	struct sources	*all;
	char		 anchor[NAME_CAP];
	uint64_t	 not_after;
	unsigned	 n;
	struct subject	 v[];
};

struct path *path_new(struct sources *, const struct revoke_places *, const struct trust_rule *, const struct chain *);	/* NULL: no memory */
void path_put(struct path *);
/* A delta list's address that a list names joins its subject's sources. */
void subject_add(struct subject *, struct source *, bool named);

enum status { STATUS_GOOD, STATUS_REVOKED, STATUS_UNKNOWN };
struct verdict {
	enum status	status;
	enum reason	reason;		/* UNKNOWN: why; REVOKED: CERT_REVOKED */
	char		detail[VERDICT_DETAIL];
	const struct crl *base;		/* GOOD by this list, or NULL */
};
void verdict_of(const struct subject *, uint64_t now, struct verdict *);
/* "the certificate 0a:3f of CN=ca is revoked since 2026-01-02T03:04:05Z (keyCompromise), by " and the rest */
void verdict_revoked(const struct subject *, uint64_t when, int why, const char *by, struct verdict *);

#endif
