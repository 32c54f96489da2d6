/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of children: by number, by inbound SPI, by outbound SPI; and what it keeps of each. Only child.c changes it. */
#ifndef KEYMGR_CHILDTAB_H
#define KEYMGR_CHILDTAB_H

#include "child.h"

#define CHILD_BUCKETS	4096u

enum side {
	SIDE_NONE,
	SIDE_ASKED,	/* in: GETSPI is on its way */
	SIDE_LARVAL,	/* in: has an SPI, no keys */
	SIDE_HELD,	/* out: keys wait for CHILD_SEND */
	SIDE_ADDING,
	SIDE_LIVE
};

/* An outbound SA that waits, with its keys, and that of IPComp which goes in before it. */
struct held {
	struct sa_spec		spec, comp;
	struct ts_list		ts_src, ts_dst, all_src, all_dst;
	struct child_keys	keys;
};

struct child {
	struct child	*next_num, *next_in, *next_out, *next_cpi[2];	/* by CPI: in, out */
	unsigned	 refs;		/* requests under way */
	bool		 dropped;	/* out of the table; the last reference frees it */
	bool		 kept;		/* outlived its link */
	bool		 seen_in, seen_out, stray;	/* by the dump after a link that was cut off; stray: nobody asked for it */
	enum side	 in, out;
	uint32_t	 child, reqid, spi_in, spi_out;	/* reqid: the number that iked calls so (msg_bind.h) */
	uint16_t	 cpi_in, cpi_out;	/* 0: none. In: it has its place in the engine */
	bool		 comp_out;	/* the outbound one of IPComp stands in the engine */
	enum reason	 comp_bad;	/* why the engine did not take one of IPComp */
	struct bound_terms terms;
	struct endpoint	 local, remote;
	char		 name[CHILD_NAME_CAP];
	uint64_t	 renew_at;
	struct held	*held;
};

struct children {
	struct sadb		*sadb;
	const struct child_ops	*ops;
	void			*ctx;
	struct event		*timer;
	unsigned		 n, nlarval;
	bool			 resync;	/* the dump is compared with the table */
	uint32_t		 last_kept;
	unsigned		 flushed;	/* which kinds, while children are told */
	struct child		*by_num[CHILD_BUCKETS], *by_in[CHILD_BUCKETS], *by_out[CHILD_BUCKETS], *by_cpi[2][CHILD_BUCKETS];
};

/* num 0: one of ours is chosen. NULL: too many, or no memory. */
struct child *childtab_new(struct children *, uint32_t num);
struct child *childtab_find(const struct children *, uint32_t num);
struct child *childtab_find_in(const struct children *, bool ah, uint32_t spi, const struct addr *local);	/* local NULL: any */
struct child *childtab_find_out(const struct children *, bool ah, uint32_t spi, const struct addr *remote);
struct child *childtab_find_cpi(const struct children *, uint32_t cpi, const struct addr *dst, bool *in);
struct child *childtab_find_pair(const struct children *, bool ah, uint32_t spi_in, uint32_t spi_out);
void childtab_set_in(struct children *, struct child *, enum side);
void childtab_set_out(struct children *, struct child *, enum side);	/* NONE: what is held is wiped */
void childtab_set_spi_in(struct children *, struct child *, uint32_t);
void childtab_set_spi_out(struct children *, struct child *, uint32_t);
void childtab_set_cpi_in(struct children *, struct child *, uint16_t);
void childtab_set_cpi_out(struct children *, struct child *, uint16_t);
void childtab_renumber(struct children *, struct child *);	/* a number of ours */
void childtab_drop(struct children *, struct child *);
void childtab_unref(struct children *, struct child *);
/* run may drop the child it is given, no other. */
void childtab_each(struct children *, void (*run)(struct children *, struct child *));

void held_free(struct held *);

/* childcomp.c: of an SA of ESP with these selectors: the SA of IPComp beside it, and the selectors that are left for ESP. */
void child_comp(const struct sa_spec *esp, const struct bound_terms *, uint16_t cpi, const struct ts_list *ts_src, const struct ts_list *ts_dst,
    struct sa_spec *comp, struct ts_list *esp_src, struct ts_list *esp_dst);

void children_renew_due(struct children *);	/* child.c, for the timer */

#endif
