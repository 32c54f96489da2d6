/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The byte cursor. Everything that enters or leaves a Causeway process as octets is read by a
 * struct rd and written by a struct wr. Both live on the stack, own nothing and are sticky: after
 * the first read past the end (or write past the room) every further call returns zero (or does
 * nothing), and one test at the end is the verdict. Plain names are network byte order, as all
 * packets are; the _le names are little endian, as all IPC between our own daemons is.
 * struct bytes borrows: who wants to keep the octets copies them.
 */
#ifndef CAUSEWAY_BYTES_H
#define CAUSEWAY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t	*p;
	size_t		 n;
};

struct rd {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 bad;
};

struct wr {
	uint8_t		*p;
	size_t		 n;	/* octets written */
	size_t		 cap;
	bool		 bad;
};

static inline struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline struct rd
rd_of(struct bytes in)
{
	return (struct rd){ in.p, in.n ? in.p + in.n : in.p, false };
}

static inline size_t
rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

static inline bool
rd_ok(const struct rd *r)
{
	return !r->bad;
}

/* True when nothing failed and every octet was consumed. */
static inline bool
rd_done(const struct rd *r)
{
	return !r->bad && r->p == r->end;
}

static inline void
rd_fail(struct rd *r)
{
	r->bad = true;
}

/* Borrow the next n octets; an empty span after any failure. */
static inline struct bytes
rd_bytes(struct rd *r, size_t n)
{
	struct bytes b = { r->p, n };

	if (r->bad || n > (size_t)(r->end - r->p)) {
		r->bad = true;
		return (struct bytes){ NULL, 0 };
	}
	if (n)
		r->p += n;
	return b;
}

static inline struct bytes
rd_rest(struct rd *r)
{
	return rd_bytes(r, rd_left(r));
}

/* A child cursor over the next n octets: it cannot read past them. */
static inline struct rd
rd_sub(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	struct rd sub = rd_of(b);

	sub.bad = r->bad;
	return sub;
}

static inline uint64_t
rd_be(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static inline uint64_t
rd_le(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = b.n; i > 0; i--)
		v = v << 8 | b.p[i - 1];
	return v;
}

static inline uint8_t  rd_u8(struct rd *r)  { return (uint8_t)rd_be(r, 1); }
static inline uint16_t rd_u16(struct rd *r) { return (uint16_t)rd_be(r, 2); }
static inline uint32_t rd_u32(struct rd *r) { return (uint32_t)rd_be(r, 4); }
static inline uint64_t rd_u64(struct rd *r) { return rd_be(r, 8); }
static inline uint16_t rd_le16(struct rd *r) { return (uint16_t)rd_le(r, 2); }
static inline uint32_t rd_le32(struct rd *r) { return (uint32_t)rd_le(r, 4); }
static inline uint64_t rd_le64(struct rd *r) { return rd_le(r, 8); }

/* Copy exactly n octets to out; out is zeroed when they are not there. */
static inline void
rd_copy(struct rd *r, void *out, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	if (b.n == n && n)
		memcpy(out, b.p, n);
	else if (n)
		memset(out, 0, n);
}

static inline struct wr
wr_of(void *p, size_t cap)
{
	return (struct wr){ p, 0, cap, false };
}

static inline bool
wr_ok(const struct wr *w)
{
	return !w->bad;
}

static inline struct bytes
wr_bytes(const struct wr *w)
{
	return (struct bytes){ w->p, w->bad ? 0 : w->n };
}

/* Room for n octets, to be filled by the caller; NULL when there is none. */
static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *p;

	if (w->bad || n > w->cap - w->n) {
		w->bad = true;
		return NULL;
	}
	p = w->p + w->n;
	w->n += n;
	return p;
}

static inline void
wr_mem(struct wr *w, const void *p, size_t n)
{
	uint8_t *to = wr_room(w, n);

	if (to && n)
		memcpy(to, p, n);
}

static inline void
wr_span(struct wr *w, struct bytes b)
{
	wr_mem(w, b.p, b.n);
}

static inline void
wr_be(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	for (size_t i = n; p && i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

static inline void
wr_le(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	for (size_t i = 0; p && i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline void wr_u8(struct wr *w, uint8_t v)   { wr_be(w, v, 1); }
static inline void wr_u16(struct wr *w, uint16_t v) { wr_be(w, v, 2); }
static inline void wr_u32(struct wr *w, uint32_t v) { wr_be(w, v, 4); }
static inline void wr_u64(struct wr *w, uint64_t v) { wr_be(w, v, 8); }
static inline void wr_le16(struct wr *w, uint16_t v) { wr_le(w, v, 2); }
static inline void wr_le32(struct wr *w, uint32_t v) { wr_le(w, v, 4); }
static inline void wr_le64(struct wr *w, uint64_t v) { wr_le(w, v, 8); }

/* Open a field of known width whose value (a length, say) is known later; give the result to wr_set16. */
static inline size_t
wr_mark16(struct wr *w)
{
	size_t at = w->n;

	wr_u16(w, 0);
	return at;
}

/* Back-patch a big-endian 16-bit field; a value that does not fit makes the whole write bad. */
static inline void
wr_set16(struct wr *w, size_t at, size_t v)
{
	if (w->bad || v > 0xffff || at + 2 > w->n) {
		w->bad = true;
		return;
	}
	w->p[at] = (uint8_t)(v >> 8);
	w->p[at + 1] = (uint8_t)v;
}

#endif
