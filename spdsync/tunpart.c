/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of the list of tunnels, for clients that show a page of it: what a page costs does not grow with what the list weighs as JSON. */
#include <stdlib.h>
#include <string.h>

#include "api.h"

#define STATES	5	/* enum child_negotiated */
#define NOT_UP	STATES
#define ANY	(STATES + 1)

struct part {
	struct sync	*s;
	const char	*match, *label, *after;	/* label NULL, after "": not asked for */
	unsigned	 state;		/* one of them, NOT_UP or ANY */
	bool		 worst, brief;
	size_t		 limit, offset;	/* limit 0: all */
	size_t		 n, counts[STATES];
	unsigned	*v;		/* those that match, as indices of rt */
};

static enum child_negotiated
state_of(const struct sync *s, unsigned i)
{
	enum child_negotiated n = tunnel_worst(s->rt[i]->state);

	return n < STATES ? n : CHILD_FAILED;
}

static bool
fits(const struct part *p, unsigned i, enum child_negotiated n)
{
	const struct want_tunnel *w = &p->s->want.v[i];

	if (p->state == NOT_UP ? n == CHILD_UP || n == CHILD_REKEYING : p->state != ANY && (unsigned)n != p->state)
		return false;
	if (p->label && !labels_match(w->t, p->label))
		return false;
	return !*p->match || strstr(w->t->name, p->match) || strstr(w->remote->name, p->match);
}

static int
by_badness(const void *a, const void *b, void *arg)
{
	unsigned i = *(const unsigned *)a, k = *(const unsigned *)b;
	int d = tunnel_badness(state_of(arg, k)) - tunnel_badness(state_of(arg, i));

	return d ? d : i < k ? -1 : i > k;
}

/* A number of the query, or 0. False: it is none. */
static bool
number(struct req *r, const char *key, uint64_t max, size_t *v)
{
	const char *text = req_query(r, key);

	*v = text ? (size_t)parse_count(text, max) : 0;
	return !text || *v > 0;
}

static bool
read_query(struct req *r, struct part *p)
{
	const char *state = req_query(r, "state"), *match = req_query(r, "match"), *order = req_query(r, "order"),
	    *after = req_query(r, "after"), *from = req_query(r, "offset"), *brief = req_query(r, "brief");

	if (!number(r, "limit", LIST_MAX, &p->limit) || (from && strcmp(from, "0") != 0 && !number(r, "offset", 1000000, &p->offset)))
		return false;
	p->match = match ? match : "";
	p->after = after ? after : "";
	p->label = req_query(r, "label");
	p->worst = order && strcmp(order, "worst") == 0;
	p->brief = brief && strcmp(brief, "yes") == 0;
	p->state = ANY;
	if (brief && !p->brief)
		return false;
	if (p->worst && *p->after)
		return false;
	if (!state || !*state)
		return true;
	p->state = strcmp(state, "not-up") == 0 ? NOT_UP : ANY;
	for (unsigned i = 0; i < STATES; i++)
		if (strcmp(state, negotiated_name((enum child_negotiated)i)) == 0)
			p->state = i;
	return p->state != ANY;
}

/* Those that match, in the order that was asked for. False: no memory. */
static bool
collect(struct part *p)
{
	struct sync *s = p->s;

	if ((p->v = calloc(s->nrt + 1u, sizeof(*p->v))) == NULL)
		return false;
	for (unsigned i = 0; i < s->nrt; i++) {
		enum child_negotiated n = state_of(s, i);

		p->counts[n]++;
		if (fits(p, i, n))
			p->v[p->n++] = i;
	}
	if (p->n && p->worst)
		qsort_r(p->v, p->n, sizeof(*p->v), by_badness, s);
	while (*p->after && p->offset < p->n && strcmp(s->rt[p->v[p->offset]]->name, p->after) <= 0)
		p->offset++;
	if (p->offset > p->n)
		p->offset = p->n;
	return true;
}

bool
tunnels_in_parts(struct req *r)
{
	static const char *const keys[] = { "limit", "offset", "after", "match", "state", "order", "brief" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (req_query(r, keys[i]))
			return true;
	return false;
}

json_t *
tunnels_part(struct req *r)
{
	struct part p = { .s = r->s };
	size_t n;
	json_t *j, *counts;
	bool more;

	if (!read_query(r, &p)) {
		req_error(r, 400, R_REQUEST_INVALID, "'limit' is 1 to 1000, 'offset' a number, 'state' a state or 'not-up', 'brief' is yes; 'after' goes with the order of names only.", "");
		return NULL;
	}
	if (!collect(&p)) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return NULL;
	}
	n = p.n - p.offset;
	more = p.limit && n > p.limit;
	n = more ? p.limit : n;
	counts = json_object();
	for (unsigned i = 0; i < STATES; i++)
		json_object_set_new(counts, negotiated_name((enum child_negotiated)i), json_integer((json_int_t)p.counts[i]));
	j = json_pack("{s:I, s:I, s:o, s:o, s:o, s:b, s:o}", "total", (json_int_t)r->s->nrt, "matching", (json_int_t)p.n, "counts", counts,
	    "rates", rates_now_json(r->s), "tunnels", tunnels_json(r->s, p.v + p.offset, n, p.brief), "more", (int)more,
	    "next", more && !p.worst ? json_string(r->s->rt[p.v[p.offset + n - 1]]->name) : json_null());
	free(p.v);
	return j;
}
