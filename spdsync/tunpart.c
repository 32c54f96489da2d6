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
	const char	*match;
	unsigned	 state;		/* one of them, NOT_UP or ANY */
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
	return !*p->match || strstr(w->t->name, p->match) || strstr(w->remote->name, p->match);
}

static int
by_badness(const void *a, const void *b, void *arg)
{
	unsigned i = *(const unsigned *)a, k = *(const unsigned *)b;
	int d = tunnel_badness(state_of(arg, k)) - tunnel_badness(state_of(arg, i));

	return d ? d : i < k ? -1 : i > k;
}

static bool
read_query(struct req *r, struct part *p, size_t *limit, size_t *offset)
{
	const char *from = req_query(r, "offset"), *state = req_query(r, "state"), *match = req_query(r, "match");

	*limit = (size_t)parse_count(req_query(r, "limit"), 1000);
	*offset = from && strcmp(from, "0") != 0 ? (size_t)parse_count(from, 1000000) : 0;
	if (*limit == 0 || (from && strcmp(from, "0") != 0 && *offset == 0))
		return false;
	p->match = match ? match : "";
	p->state = ANY;
	if (!state || !*state)
		return true;
	p->state = strcmp(state, "not-up") == 0 ? NOT_UP : ANY;
	for (unsigned i = 0; i < STATES; i++)
		if (strcmp(state, negotiated_name((enum child_negotiated)i)) == 0)
			p->state = i;
	return p->state != ANY;
}

void
tunnels_part(struct req *r)
{
	struct part p = { .s = r->s };
	size_t limit, offset;
	const char *order = req_query(r, "order");
	json_t *list, *counts;

	if (!read_query(r, &p, &limit, &offset)) {
		req_error(r, 400, R_REQUEST_INVALID, "'limit' is 1 to 1000, 'offset' a number, 'state' a state or 'not-up'.", "");
		return;
	}
	p.v = calloc(r->s->nrt + 1u, sizeof(*p.v));
	for (unsigned i = 0; p.v && i < r->s->nrt; i++) {
		enum child_negotiated n = state_of(r->s, i);

		p.counts[n]++;
		if (fits(&p, i, n))
			p.v[p.n++] = i;
	}
	if (p.n && order && strcmp(order, "worst") == 0)
		qsort_r(p.v, p.n, sizeof(*p.v), by_badness, r->s);
	if (offset > p.n)
		offset = p.n;
	list = tunnels_json(r->s, p.v + offset, p.n - offset < limit ? p.n - offset : limit);
	counts = json_object();
	for (unsigned i = 0; i < STATES; i++)
		json_object_set_new(counts, negotiated_name((enum child_negotiated)i), json_integer((json_int_t)p.counts[i]));
	free(p.v);
	req_reply(r, 200, json_pack("{s:I, s:I, s:o, s:o, s:o}", "total", (json_int_t)r->s->nrt, "matching", (json_int_t)p.n,
	    "counts", counts, "rates", rates_now_json(r->s), "tunnels", list));
}
