/* SPDX-License-Identifier: BSD-2-Clause */
/* Between revoke.c (checks), watch.c (what lives longer) and revoke_show.c. */
#ifndef KEYMGR_REVOKE_IN_H
#define KEYMGR_REVOKE_IN_H

#include "verdict.h"

#define CHECKS_MAX	4096u
#define CHECK_LIMIT_S	15u	/* FETCH_WAIT_S and some waiting in line; a peer does not wait for ever */
#define TEND_S		10u
#define WATCH_BUCKETS	1024u

struct check {
	struct check	*next;
	struct revoke	*r;
	uint32_t	 id;
	uint64_t	 since_ns;
	struct path	*path;
	enum ocsp_status in_band;	/* about the end's certificate, when has_in_band */
	bool		 has_in_band;
	struct ocsp_answer in_band_answer;
	char		 in_band_fault[OCSP_DETAIL];
	bool		 dirty;		/* something came since it was looked at */
	revoke_done	*done;
	void		*arg;
};

struct watch {
	struct watch	*next;
	uint32_t	 ike;
	struct path	*path;
};

struct revoke {
	struct event_base *base;
	const struct bindings *bindings;
	struct revoke_places places;
	char		 own[256], secret[256];
	struct sources	 sources;
	struct check	*checks;
	unsigned	 nchecks;
	uint32_t	 last_id;
	bool		 stepping;
	struct event	*timer;		/* each second while there are checks */
	struct event	*tend;
	struct watch	*watches[WATCH_BUCKETS];
	revoke_invalid	*invalid;
	void		*ctx;
};

enum revocation revoke_policy(const struct revoke *, const char *anchor);
/* Delta lists that the base of this verdict names: true when one of them is under way. */
bool revoke_ask_deltas(struct revoke *, struct path *, struct subject *, const struct verdict *);
/* watch.c: a source changed; time passed. */
void watch_changed(struct revoke *, const struct source *);
void watch_tend(struct revoke *);

#endif
