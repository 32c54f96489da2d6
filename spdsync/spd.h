/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies as spdsync compares them, and the comparison: spd_diff(want, have) -> operations. Pure, idempotent: after its
 * operations were done, the same comparison gives none. What is not ours is never touched (contracts, "Ownership of entries").
 */
#ifndef CAUSEWAY_SPD_H
#define CAUSEWAY_SPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "name.h"

struct pfkey_msg;

#define SPD_OWNER	"spdsync"

enum spd_owner { SPD_FOREIGN, SPD_OURS, SPD_UNSAID };	/* UNSAID: no OWNER; ours if reqid and selectors stand in the store */

struct spd_entry {
	/* the key */
	uint8_t		dir;		/* CW_DIR_* */
	struct prefix	src, dst;
	uint8_t		proto;		/* 0 any */
	uint16_t	sport, dport;	/* 0 any */
	char		iface[IFACE_CAP];	/* the SPD's part that it is in: that of an interface; "": the ordinary one */
	/* what it says */
	bool		discard;	/* nothing may pass; else: */
	uint32_t	priority, reqid;
	bool		plain;		/* have: as we write them: one esp/tunnel/unique step, from any, in also to any; or that discards */
	struct addr	peer;		/* out: the tunnel's other end; any or fam 0: what the SA says */
	/* have; want: as the engine numbered it, 0 not known */
	uint32_t	id;
	enum spd_owner	owner;
	/* want */
	unsigned	tunnel;		/* index into the wanted tunnels */
	unsigned	child;		/* of that tunnel */
	bool		present;	/* it stands in the engine */
};

struct spd {
	size_t		 n, cap;
	struct spd_entry *v;
};

enum spd_op_kind { SPD_ADD, SPD_UPDATE, SPD_DELETE, SPD_BLOCKED };

struct spd_op {
	enum spd_op_kind kind;
	struct spd_entry e;		/* ADD, UPDATE: the wanted one; DELETE, BLOCKED: the present one */
	size_t		 want;		/* index of the wanted one; not for DELETE */
};

struct spd_ops {
	size_t		n, cap;
	struct spd_op	*v;
};

bool spd_add(struct spd *, const struct spd_entry *);	/* false: no memory */
void spd_sort(struct spd *);
void spd_fini(struct spd *);
/* Both are sorted. Marks want's entries present where have has them. False: no memory. */
bool spd_diff(struct spd *want, const struct spd *have, struct spd_ops *);
void spd_ops_fini(struct spd_ops *);
struct spd_entry *spd_find(const struct spd *, const struct spd_entry *key);	/* sorted; NULL: there is none */
/* The sorted list without what stands under one tunnel, with other entries (sorted) instead; out has room for all. */
void spd_splice(const struct spd *, unsigned tunnel, bool without, const struct spd *with, struct spd *out);

/* Contracts, "Policy order": the longer prefix wins; of the same prefixes who names a protocol, then ports. */
uint32_t spd_priority(const struct spd_entry *);

/* have.c: an SPDDUMP entry to ours; false when it has no selector. And ours to a request. */
bool spd_entry_get(const struct pfkey_msg *, struct spd_entry *);
void spd_op_put(const struct spd_op *, struct pfkey_msg *);

#endif
