/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where revocation is learned from: an address of a list, a responder asked about one certificate, or a local file. Each is there once, however
 * many certificates and tunnels need it, so that equal requests are one. A source holds what it gave last and was valid, and why it gave
 * nothing else; one that failed is not asked again for SOURCE_AGAIN_S, so that a dead server is not asked at each handshake.
 */
#ifndef KEYMGR_SOURCE_H
#define KEYMGR_SOURCE_H

#include "cache.h"
#include "crl.h"
#include "fetching.h"
#include "ocspcheck.h"
#include "msg_bind.h"
#include "name.h"

#define SOURCES_MAX	16384u		/* one for each peer with OCSP, and lists */
#define SOURCE_BUCKETS	1024u
#define SOURCE_AGAIN_S	60u
#define SOURCE_SERIAL	24u		/* octets of a serial number, with a leading zero */
#define SOURCE_LISTS	(256u << 20)	/* octets of all lists in memory */
#define SOURCE_ANCHOR	(64u << 20)	/* and of those of one anchor */

/* A CA in a path that was found valid: its name and key. Lists and answers are compared with it by pointer. */
struct issuer {
	struct issuer	*next;
	uint8_t		 id[32];	/* SHA-256 of its Name and its SubjectPublicKeyInfo */
	X509		*cert;
	unsigned	 refs;
	bool		 may_sign;	/* lists, by its key usage */
};

enum source_kind { SOURCE_LIST, SOURCE_OCSP, SOURCE_FILE };

struct source {
	struct source	*next, *same;	/* same: in its bucket */
	struct sources	*all;
	enum source_kind kind;
	uint8_t		 key[CACHE_KEY];
	char		*url;		/* of a FILE its path */
	bool		 configured;
	char		 anchor[NAME_CAP];	/* on whose behalf it was first needed */
	unsigned	 refs;		/* paths that have it */
	bool		 kept;		/* refreshed although nobody's path has it: the answer about our own certificate */
	uint64_t	 used;
	/* what it gave */
	struct crl	 list;		/* list.der NULL: none */
	struct issuer	*list_issuer;	/* who signed it */
	struct ocsp_answer answer;
	struct bytes	 answer_der;	/* empty: none; owned */
	uint64_t	 came;
	/* OCSP: about what */
	struct issuer	*issuer;
	uint8_t		 serial[SOURCE_SERIAL];
	size_t		 nserial;
	uint8_t		 nonce[OCSP_NONCE];
	/* asking */
	bool		 looked;	/* into the cache */
	uint32_t	 flight;	/* fetching's number, or 0 */
	uint64_t	 asked, again, refresh;	/* wall time: last asked; not before; before it runs out */
	enum reason	 reason;	/* of the last try, R_OK before the first */
	char		 detail[FETCH_DETAIL];
	/* FILE: as it was when it was read */
	uint64_t	 ino, size;
	struct timespec	 mtime;
};

struct sources {
	struct fetching	*fetching;
	struct cache	*cache;
	uint64_t	(*now)(void);
	uint64_t	 skew;
	struct source	*list, *bucket[SOURCE_BUCKETS];
	unsigned	 n;
	struct issuer	*issuers;
	void		(*changed)(void *ctx, struct source *);	/* an answer came, good or bad, or a file is another one */
	void		*ctx;
};

bool sources_init(struct sources *, struct fetching *, const char *cache_dir, uint64_t (*now)(void), uint64_t skew);
void sources_fini(struct sources *);

/* A reference; NULL: no memory. */
struct issuer *issuer_get(struct sources *, X509 *);
void issuer_put(struct sources *, struct issuer *);

/* A reference each; NULL: no memory, or too many. */
struct source *source_list(struct sources *, const char *url, bool configured, const char *anchor);
struct source *source_file(struct sources *, const char *dir, const char *anchor);
struct source *source_ocsp(struct sources *, const char *url, bool configured, const char *anchor, struct issuer *, struct bytes serial);
void source_ref(struct source *);
void source_put(struct source *);

/* What is at hand without the network: the cache the first time, a file each time it is another one. */
void source_look(struct source *);
/* Has what it gave last not run out yet? */
bool source_fresh(const struct source *, uint64_t now);
/* Ask for it, if it is not being asked and may be asked again. True: an answer is under way. */
bool source_ask(struct source *);
/* Watched ones that run out soon are asked, files are looked at. */
void sources_tend(struct sources *);

#endif
