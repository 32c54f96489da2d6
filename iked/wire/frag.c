/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "secret.h"
#include "wire/frag.h"

void
frags_free(struct frags *f)
{
	for (unsigned i = 0; f->v && i < f->total; i++)
		if (f->v[i].p) {
			wipe(f->v[i].p, f->v[i].n);
			free(f->v[i].p);
		}
	free(f->v);
	*f = (struct frags){ 0 };
}

static bool
begin(struct frags *f, const struct msg *m)
{
	frags_free(f);
	f->v = calloc(m->frags, sizeof(f->v[0]));
	if (!f->v)
		return false;
	f->id = m->hdr.id;
	f->exchange = m->hdr.exchange;
	f->total = m->frags;
	return true;
}

enum frag_verdict
frags_add(struct frags *f, const struct msg *m, struct bytes part, size_t room)
{
	bool same = f->total != 0 && f->id == m->hdr.id && f->exchange == m->hdr.exchange;
	uint8_t *copy;

	if (m->frags == 0 || m->frags > FRAGS_MAX || part.n > room || (same && m->frags < f->total))
		return FRAG_IGNORED;
	if ((!same || m->frags > f->total) && !begin(f, m))
		return FRAG_IGNORED;
	if (f->v[m->frag - 1].p || f->octets + part.n > room)
		return FRAG_IGNORED;
	copy = malloc(part.n ? part.n : 1);
	if (!copy)
		return FRAG_IGNORED;
	if (part.n)
		memcpy(copy, part.p, part.n);
	f->v[m->frag - 1].p = copy;
	f->v[m->frag - 1].n = part.n;
	f->octets += part.n;
	f->have++;
	if (m->frag == 1)
		f->first = m->sk_first;
	return f->have == f->total ? FRAG_WHOLE : FRAG_KEPT;
}

enum werr
frags_take(const struct frags *f, struct msg *m, void *buf, size_t cap, struct bytes *chain)
{
	struct wr w = wr_of(buf, cap > MSG_MAX ? MSG_MAX : cap);

	for (unsigned i = 0; i < f->total; i++)
		wr_mem(&w, f->v[i].p, f->v[i].n);
	if (!wr_ok(&w))
		return WE_FRAGMENT;
	*chain = wr_bytes(&w);
	m->sk_first = f->first;
	m->frag = m->frags = 0;
	m->seen = m->outer = PLD_BIT(PLD_SK);
	return WE_OK;
}
