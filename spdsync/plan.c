/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"
#include "want.h"

static int
cmp_row(const void *a, const void *b)
{
	return strcmp(((const struct plan_row *)a)->tunnel, ((const struct plan_row *)b)->tunnel);
}

static const struct site_tunnel *
ours(const struct sites *all, const char *name, const char *our_site)
{
	const struct site_tunnel *t = all ? sites_find_tunnel(all, name) : NULL;

	return t && tunnel_has_site(all, t, our_site) ? t : NULL;
}

const char *
fate_name(enum fate f)
{
	static const char *const names[] = { "kept", "rekeyed", "restarted", "dropped", "new" };	/* order: enum fate */

	return names[f];
}

/* ---- one tunnel that was and is ---- */

/* The digest says it all but for the order of the networks; it spares ten thousand tunnels the comparison. */
static bool
is_same(const struct sites *old, const struct site_tunnel *a, const struct sites *new, const struct site_tunnel *b)
{
	return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 && site_same_nets(&old->sites[a->a], &new->sites[b->a]) &&
	    site_same_nets(&old->sites[a->b], &new->sites[b->b]);
}

static enum fate
worst(enum fate a, enum fate b)
{
	return b <= FATE_RESTARTED && b > a ? b : a;
}

static void
add_child(struct plan_row *r, const char *name, enum fate fate)
{
	snprintf(r->children[r->nchildren].name, sizeof(r->children[0].name), "%s", name);
	r->children[r->nchildren++].fate = fate;
}

/* The children that fare otherwise than the tunnel. */
static bool
children(struct plan_row *r, const struct tunnel *old, const struct tunnel *new, const struct tunnel_diff *d)
{
	r->children = calloc(2 * IKE_CHILDREN, sizeof(*r->children));
	if (!r->children)
		return false;
	for (unsigned i = 0; i < d->nold; i++)
		if (d->child[i].fate != r->fate)
			add_child(r, old->children[i].name, d->child[i].fate);
	for (unsigned i = 0; i < new->nchildren; i++)
		if (d->is_new[i])
			add_child(r, new->children[i].name, FATE_NEW);
	if (r->nchildren == 0) {
		free(r->children);
		r->children = NULL;
	}
	return true;
}

/* The two definitions as iked is told them; which number a child has does not matter here, only that it stays. */
static bool
compare(struct plan_row *r, const struct want_tunnel *a, const struct want_tunnel *b, const struct suite *in_use)
{
	struct tunnel *m = calloc(2, sizeof(*m));
	struct tunnel_diff d;
	bool ok, stays;

	if (!m)
		return false;
	want_tunnel_msg(a, false, &m[0]);
	want_tunnel_msg(b, false, &m[1]);
	tunnel_compare(&m[0], &m[1], &d);
	stays = d.fate == FATE_REKEYED && in_use && suite_allowed(&m[1].ike, in_use);
	r->ike = stays ? FATE_KEPT : d.fate;
	r->fate = r->ike;
	for (unsigned i = 0; i < d.nold; i++)
		r->fate = worst(r->fate, d.child[i].fate);
	r->why = plan_why(a, b, d.fields, stays);
	ok = children(r, &m[0], &m[1], &d);
	free(m);
	return ok;
}

static bool
row_of(struct plan_row *r, const struct sites *old, const struct sites *new, const struct site_tunnel *t, const char *our_site,
    plan_suite *in_use, void *arg)
{
	const struct site_tunnel *before = ours(old, t->name, our_site);
	struct want_tunnel a, b;

	snprintf(r->tunnel, sizeof(r->tunnel), "%s", t->name);
	r->ike = r->fate = before ? FATE_KEPT : FATE_NEW;
	if (!before || is_same(old, before, new, t))
		return true;
	want_tunnel_of(&a, old, before, our_site);
	want_tunnel_of(&b, new, t, our_site);
	return compare(r, &a, &b, in_use ? in_use(arg, t->name) : NULL);
}

bool
plan_make(struct plan *p, const struct sites *old, const struct sites *new, const char *our_site, plan_suite *in_use, void *arg)
{
	bool ok = true;

	memset(p, 0, sizeof(*p));
	p->v = calloc((old ? old->ntunnels : 0) + new->ntunnels + 1u, sizeof(*p->v));
	for (unsigned i = 0; p->v && ok && i < new->ntunnels; i++)
		if (tunnel_has_site(new, &new->tunnels[i], our_site))
			ok = row_of(&p->v[p->n++], old, new, &new->tunnels[i], our_site, in_use, arg);
	for (unsigned i = 0; p->v && ok && old && i < old->ntunnels; i++) {
		const struct site_tunnel *t = &old->tunnels[i];
		struct plan_row *r = &p->v[p->n];

		if (!tunnel_has_site(old, t, our_site) || ours(new, t->name, our_site))
			continue;
		snprintf(r->tunnel, sizeof(r->tunnel), "%s", t->name);
		r->ike = r->fate = FATE_DROPPED;
		r->why = strdup(sites_find_tunnel(new, t->name) ? "it does not end at this site any more" : "it is not in the file");
		p->n++;
	}
	if (!p->v || !ok) {
		plan_fini(p);
		return false;
	}
	qsort(p->v, p->n, sizeof(p->v[0]), cmp_row);
	return true;
}

void
plan_fini(struct plan *p)
{
	for (unsigned i = 0; p->v && i < p->n; i++) {
		free(p->v[i].why);
		free(p->v[i].children);
	}
	free(p->v);
	memset(p, 0, sizeof(*p));
}

/* ---- may it? ---- */

static bool
listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	if (!list)
		return false;
	if (strcmp(list, "all") == 0)
		return true;
	for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* The names that are lost, and whether one of them was not confirmed. */
struct lost { unsigned n, unconfirmed; char names[300]; };

static void
lose(struct lost *l, const char *name, const char *remove)
{
	l->n++;
	if (listed(remove, name))
		return;
	l->unconfirmed++;
	if (strlen(l->names) + strlen(name) + 8 < sizeof(l->names))
		snprintf(l->names + strlen(l->names), sizeof(l->names) - strlen(l->names), "%s%s", l->names[0] ? ", " : "", name);
	else if (!strstr(l->names, "…"))
		strcat(l->names, " …");
}

static bool
is_beginning(const char *text, size_t n, const char *of, size_t of_n)
{
	return n < of_n && memcmp(text, of, n) == 0;
}

/* The file of that name, looked for from where the last one was found: both texts have them in the same order as a rule. */
static bool
find_file(const char *text, size_t n, size_t *at, const struct yt_file *like, struct yt_file *f)
{
	size_t began = *at;

	for (bool again = false;;) {
		if (!yt_next_file(text, n, at, f)) {
			if (again)
				return false;
			again = true;
			*at = 0;
		} else if (f->name_n == like->name_n && memcmp(f->name, like->name, f->name_n) == 0) {
			return true;
		} else if (again && *at > began) {
			return false;
		}
	}
}

/* Where the text ends too early, when that is all that is wrong with it: it is the beginning of the other one, or one of its files is of its namesake. */
static size_t
cut_at(const char *text, size_t n, const char *old, size_t old_n)
{
	struct yt_file f, was;
	size_t at = 0, from = 0;

	if (is_beginning(text, n, old, old_n))
		return n;
	while (yt_next_file(text, n, &at, &f))
		if (find_file(old, old_n, &from, &f, &was) && is_beginning(f.text, f.n, was.text, was.n))
			return at;
	return 0;
}

bool
plan_allowed(const struct sites *old, const char *old_text, size_t old_n, const struct sites *new, const char *text, size_t n,
    const char *remove, struct yt_error *err)
{
	struct yt yt = { .text = text, .n = n };
	struct lost l = { 0 };
	unsigned line, column;
	char hint[400], list[300];
	size_t cut;

	if (!old)
		return true;
	for (unsigned i = 0; i < old->ntunnels; i++)
		if (!sites_find_tunnel(new, old->tunnels[i].name))
			lose(&l, old->tunnels[i].name, remove);
	for (unsigned i = 0; i < old->nsites; i++)
		if (!sites_find(new, old->sites[i].name))
			lose(&l, old->sites[i].name, remove);
	for (unsigned i = 0; i < old->nrules; i++)
		if (!sites_find_rule(new, old->rules[i].name))
			lose(&l, old->rules[i].name, remove);
	yt_end(&yt, &line, &column);
	if (l.unconfirmed) {
		snprintf(list, sizeof(list), "%s", l.unconfirmed > 8 ? "all" : l.names);
		for (char *p = strstr(list, ", "); p; p = strstr(p, ", "))
			memmove(p + 1, p + 2, strlen(p + 2) + 1);
		snprintf(hint, sizeof(hint), yt_in_parts(text, n) ? "Was a file lost or cut? If they shall go, say: ikectl apply --remove %s DIRECTORY" :
		    "Was the file copied completely? If they shall go, say: ikectl apply --remove %s FILE", list);
		yt_fail(&yt, R_YAML_TRUNCATED, line, column, hint, yt_in_parts(text, n) ? "The files end without these, which are in force: %s." :
		    "The file ends without these, which are in force: %s.", l.names);
	} else if (l.n == 0 && (cut = cut_at(text, n, old_text, old_n)) != 0) {
		struct yt until = { .text = text, .n = cut };

		yt_end(&until, &line, &column);
		yt_fail(&yt, R_YAML_TRUNCATED, line, column, "Was the file copied completely? If nothing shall follow, end it with a comment line.",
		    "The file is only the beginning of the one in force.");
	}
	*err = yt.err;
	return yt.err.reason == R_OK;
}
