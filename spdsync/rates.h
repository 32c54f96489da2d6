/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much each child carries: now, and over the last hours, days and the last month. The totals that come in only grow (tally.h), so a rekey is
 * not seen here. What is kept is rings of numbers per second, one sample 8 octets: 120 minutes, then five minutes for a day, then two hours
 * for 31 days; 6 KiB a child, and nothing for a child that never carried anything. It begins with spdsync, and ends with it.
 */
#ifndef CAUSEWAY_RATES_H
#define CAUSEWAY_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATE_BYTES_IN, RATE_BYTES_OUT, RATE_PACKETS_IN, RATE_PACKETS_OUT, RATE_KINDS };

#define RATES_TIERS	3
struct rates_tier { const char *name; unsigned minutes, slots; };	/* of one sample; how many are kept */
extern const struct rates_tier rates_tiers[RATES_TIERS];
#define RATES_SLOTS	(120 + 288 + 372)
#define RATES_LIVE_MS	4000	/* a rate is of no shorter time */

struct rates_ring {
	uint64_t	part[RATES_TIERS][RATE_KINDS];	/* of the sample that is not whole yet */
	uint16_t	v[RATES_SLOTS][RATE_KINDS];	/* rates_pack() */
};
struct rates_child {
	uint32_t	reqid;
	bool		live;			/* per_s is known */
	uint64_t	seen[RATE_KINDS], kept[RATE_KINDS];	/* totals: at the last look, at the last sample */
	uint64_t	per_s[RATE_KINDS];
	uint64_t	last[2], last_ms[2];	/* packets in and out at the last look; at which look there were new ones, 0: at none */
	uint64_t	alone, alone_ms;	/* packets out since the last look that found one in; at which look the first of them were there */
	struct rates_ring *ring;		/* NULL: nothing but zeros */
};
struct rates {
	uint64_t	minutes;		/* samples since the beginning */
	uint64_t	looked_ms, kept_ms;	/* 0: never */
	size_t		n;
	struct rates_child *v;			/* sorted by reqid */
	struct rates_child whole;		/* all of them together */
	/* while a look goes on */
	struct rates_child *next;
	size_t		at, taken, cap;
	bool		first;			/* nobody looked before: when what is counted came is not known */
	uint64_t	now_ms;
	uint64_t	live_ms, slots;		/* since the last look, 0: not long enough; whole minutes since the last sample */
};

/*
 * A look at all totals: begin, take each child in the order of the reqids (n at most), end. now_ms never goes back. minute: a sample is due; the
 * time since the last one is shared among the minutes that it was. False: no memory, and nothing is taken.
 */
bool rates_begin(struct rates *, uint64_t now_ms, bool minute, size_t n);
void rates_take(struct rates *, uint32_t reqid, const uint64_t total[RATE_KINDS]);
void rates_end(struct rates *);
void rates_fini(struct rates *);

const struct rates_child *rates_of(const struct rates *, uint32_t reqid);	/* NULL: not known */
/* How long ago a look found new packets, which came between it and the look before. False: none did. */
bool rates_last(const struct rates_child *, unsigned kind, uint64_t now_ms, uint64_t *ago_ms);	/* kind: of packets */
/* So many packets have gone out since one came in, and so long ago that was seen. False: not many, or not long. */
bool rates_unanswered(const struct rates_child *, uint64_t now_ms, uint64_t *packets, uint64_t *ago_ms);
/* Samples of a tier that there are, and adds those of a child per second to out, oldest first. */
unsigned rates_count(const struct rates *, unsigned tier);
void rates_add(const struct rates *, const struct rates_child *, unsigned tier, uint64_t (*out)[RATE_KINDS]);

/* A number as 16 bits: six of exponent, ten of mantissa; exact below 2048, elsewhere within 1/2048. */
uint16_t rates_pack(uint64_t);
uint64_t rates_unpack(uint16_t);

#endif
