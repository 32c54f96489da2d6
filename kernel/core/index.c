/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hashes that grow. An object hangs in an index by a link, which has two ways to the next one: a table that is full is followed
 * by a larger one, chained by the other way, so that whoever walks the old one is not led astray; the old one goes when
 * nobody walks it any more. Control calls change an index, read sections walk it. The newest of a hash comes first.
 */
#include "core.h"

#define SMALLEST	64u

/* Chains of the larger table keep the order of those they come from: each of them goes to two, and what is next goes to its end. */
static void
spread(struct cw_slots *to, const struct cw_slots *from, uint32_t i)
{
	struct cw_link **low = &to->bucket[i], **high = &to->bucket[i + from->buckets];

	for (struct cw_link *l = from->bucket[i]; l; l = l->next[from->way]) {
		struct cw_link ***end = l->hash & from->buckets ? &high : &low;

		l->next[to->way] = NULL;
		l->at = *end;
		**end = l;
		*end = &l->next[to->way];
	}
}

/*
 * Room for one more. A table that cannot grow for want of memory goes on with longer chains; false: there is none at all. Where
 * it grows this waits for the read sections.
 */
bool
cw_index_room(struct cw_index *ix)
{
	struct cw_slots *from = ix->slots, *to;
	uint32_t buckets = from ? from->buckets * 2 : SMALLEST;

	if (from && (ix->count < from->buckets || buckets == 0))
		return true;
	to = host_zalloc(sizeof(*to) + buckets * sizeof(to->bucket[0]));
	if (!to)
		return from != NULL;
	to->buckets = buckets;
	to->way = from ? !from->way : 0;
	for (uint32_t i = 0; from && i < from->buckets; i++)
		spread(to, from, i);
	host_publish(ix->slots, to);
	if (from) {
		host_synchronize();	/* the next growth uses the old ways again */
		host_free(from);
	}
	return true;
}

/* After cw_index_room, which may be longer ago. */
void
cw_index_add(struct cw_index *ix, struct cw_link *l, uint32_t hash)
{
	struct cw_slots *s = ix->slots;
	struct cw_link **head = &s->bucket[hash & (s->buckets - 1)];

	l->hash = hash;
	l->at = head;
	l->next[s->way] = *head;
	if (*head)
		(*head)->at = &l->next[s->way];
	host_publish(*head, l);
	ix->count++;
}

/* Nothing, where it is not in. Who stands at it still finds the rest: it is not to be freed or added again before a grace period. */
void
cw_index_del(struct cw_index *ix, struct cw_link *l)
{
	struct cw_link *next;

	if (!l->at)
		return;
	next = l->next[ix->slots->way];
	host_publish(*l->at, next);
	if (next)
		next->at = l->at;
	l->at = NULL;
	ix->count--;
}

/* One that takes the place of another, which is out then. */
void
cw_index_swap(struct cw_index *ix, struct cw_link *l, struct cw_link *by)
{
	uint8_t way = ix->slots->way;

	by->hash = l->hash;
	by->at = l->at;
	by->next[way] = l->next[way];
	if (l->next[way])
		l->next[way]->at = &by->next[way];
	host_publish(*l->at, by);
	l->at = NULL;
}

void
cw_index_free(struct cw_index *ix)
{
	host_free(ix->slots);
	ix->slots = NULL;
}

struct cw_walk
cw_index_walk(const struct cw_index *ix, uint32_t hash)
{
	const struct cw_slots *s = host_load(ix->slots);
	struct cw_walk w = { .hash = hash };

	if (s) {
		w.way = s->way;
		w.at = host_load(s->bucket[hash & (s->buckets - 1)]);
	}
	return w;
}

/* The next one of this hash, which may yet be another's; NULL: no more. */
struct cw_link *
cw_index_next(struct cw_walk *w)
{
	struct cw_link *l = w->at;

	while (l && l->hash != w->hash)
		l = host_load(l->next[w->way]);
	w->at = l ? host_load(l->next[w->way]) : NULL;
	return l;
}
