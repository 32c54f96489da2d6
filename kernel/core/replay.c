/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The anti-replay window, RFC 4303 3.4.3 and A2: a ring of bits, so that moving the window clears whole words and never
 * shifts. check is done before the cipher (cheap refusal) and again with update after the ICV was right: nothing that an
 * attacker sends moves the window.
 */
#include "core.h"

bool
cw_replay_init(struct cw_replay *r, uint32_t window)
{
	*r = (struct cw_replay){ .window = window };
	if (window == 0)
		return true;
	r->words = (window + 63) / 64 + 1;
	r->ring = host_zalloc(r->words * sizeof(r->ring[0]));
	return r->ring != NULL;
}

void
cw_replay_fini(struct cw_replay *r)
{
	host_free(r->ring);
	*r = (struct cw_replay){ 0 };
}

bool
cw_replay_infer(const struct cw_replay *r, bool esn, uint32_t low, uint64_t *seq)
{
	uint32_t tl = (uint32_t)r->top, th = (uint32_t)(r->top >> 32);
	uint32_t bottom = tl - r->window + 1;	/* may wrap: then the window spans two high halves */

	*seq = low;
	if (!esn)
		return true;
	if (tl >= r->window - 1) {
		if (low < bottom && th++ == UINT32_MAX)
			return false;
	} else if (low >= bottom) {
		if (th-- == 0)
			return false;
	}
	*seq = (uint64_t)th << 32 | low;
	return true;
}

unsigned
cw_replay_check(const struct cw_replay *r, uint64_t seq)
{
	if (seq == 0)
		return CW_DROP_SEQUENCE_ZERO;
	if (r->window == 0 || seq > r->top)
		return CW_DROP_NONE;
	if (r->top - seq >= r->window)
		return CW_DROP_REPLAY_OLD;
	if (r->ring[seq / 64 % r->words] >> (seq % 64) & 1)
		return CW_DROP_REPLAY_DUPLICATE;
	return CW_DROP_NONE;
}

void
cw_replay_update(struct cw_replay *r, uint64_t seq)
{
	if (r->window == 0) {
		if (seq > r->top)
			r->top = seq;
		return;
	}
	if (seq > r->top) {
		uint64_t from = r->top / 64, steps = seq / 64 - from;

		if (steps > r->words)
			steps = r->words;
		for (uint64_t i = 1; i <= steps; i++)
			r->ring[(from + i) % r->words] = 0;
		r->top = seq;
	}
	r->ring[seq / 64 % r->words] |= 1ull << (seq % 64);
}
