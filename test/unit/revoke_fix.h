/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation with everything around it in one process: a CA, an intermediate, an end; bindings with one rule; and keymgr-fetch's side of the
 * link played by the test, which answers what was asked in the order that it likes. Time stands until the test moves it.
 */
#ifndef TEST_REVOKE_FIX_H
#define TEST_REVOKE_FIX_H

#include "test.h"

#include "pki.h"
#include "revoke.h"

#define URL_ROOT	"http://ca.example/root.crl"
#define URL_SUB		"http://ca.example/sub.crl"
#define URL_OCSP	"http://ocsp.example/"
#define URL_DELTA	"http://ca.example/delta.crl"
#define ASKED		64

struct asked {
	uint32_t	id;
	bool		configured, answered;
	char		url[FETCH_URL];
	uint8_t		post[FETCH_POST];
	size_t		npost;
};

struct got {
	unsigned	n;
	enum reason	reason;
	char		detail[REVOKE_DETAIL];
};

struct ended {
	unsigned	n;
	uint32_t	ike;
	enum reason	reason;
	char		detail[REVOKE_DETAIL];
};

struct world {
	struct event_base *base;
	struct bindings	bindings;
	struct fetching	*fetching;
	struct revoke	*revoke;
	struct ipc	*server;
	char		dir[64];	/* cache/, own/, secret/ in it */
	struct asked	asked[ASKED];
	unsigned	nasked;
	struct ended	ended;
	X509		*root, *sub, *end;	/* end <- sub <- root */
	EVP_PKEY	*root_key, *sub_key;
	struct chain	chain;		/* end, sub, root */
	struct chain	plain;		/* an end of the root's own: one list is enough */
	X509		*leaf;
};

extern uint64_t world_now;	/* PKI_NOW at the start of each test */

/* ext: of the certificate "leaf" below the root, besides the usual; NULL-terminated. */
void world_make(struct world *, enum revocation, const struct pki_ext *ext);
void world_end(struct world *);
void world_rule(struct world *, enum revocation, const char *crl, const char *ocsp);
/* A new keymgr, with what is on disk. */
void world_restart(struct world *);
void world_link(struct world *);
void world_unlink(struct world *);
/* Until nothing moves. */
void world_spin(struct world *);
/* Ten seconds pass, as often as said. */
void world_pass(struct world *, uint64_t seconds);

/* What is asked and not answered now, by its URL: exactly n of them, or the test fails. The last one's index. */
unsigned world_wants(struct world *, const char *url, unsigned n);
void world_give(struct world *, const char *url, struct bytes);		/* each pending request for it */
void world_refuse(struct world *, const char *url, enum reason, const char *detail);

void world_check(struct world *, const struct chain *, struct bytes in_band, struct got *);
void got_is(const struct got *, enum reason, const char *words);

/* Lists and answers, malloc'ed DER; the times are relative to PKI_NOW. */
struct bytes list_of(X509 *ca, EVP_PKEY *key, long number, long from, long to, long revoked);
struct bytes list_with(const struct pki_crl *);
void bytes_free(struct bytes);

#endif
