/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside lib/pfkey*.c: an extension's codec, and integers in host order. pfkey_ext.c has the extensions of the standard,
 * pfkey_private.c those of <causeway/pfkey.h>, pfkey.c the message around them.
 */
#ifndef CAUSEWAY_PFKEY_EXT_H
#define CAUSEWAY_PFKEY_EXT_H

#include "pfkey.h"

/* put writes what follows {len, type}; get reads it to its last octet, padding included, or fails the cursor. */
struct pfkey_ext {
	uint16_t	type;
	void		(*put)(struct wr *, const struct pfkey_msg *);
	void		(*get)(struct rd *, struct pfkey_msg *);
};

extern const struct pfkey_ext pfkey_exts[], pfkey_private_exts[];
extern const unsigned pfkey_nexts, pfkey_nprivate_exts;

static inline void wr_h16(struct wr *w, uint16_t v) { wr_mem(w, &v, sizeof(v)); }
static inline void wr_h32(struct wr *w, uint32_t v) { wr_mem(w, &v, sizeof(v)); }
static inline void wr_h64(struct wr *w, uint64_t v) { wr_mem(w, &v, sizeof(v)); }
static inline uint16_t rd_h16(struct rd *r) { uint16_t v; rd_copy(r, &v, sizeof(v)); return v; }
static inline uint32_t rd_h32(struct rd *r) { uint32_t v; rd_copy(r, &v, sizeof(v)); return v; }
static inline uint64_t rd_h64(struct rd *r) { uint64_t v; rd_copy(r, &v, sizeof(v)); return v; }

static inline void
wr_zero(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p)
		memset(p, 0, n);
}

#endif
