/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"
#include "siteauth.h"

static void
add_why(char *why, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(why);
	va_list ap;

	if (n && n + 2 < cap) {
		memcpy(why + n, ", ", 3);
		n += 2;
	}
	va_start(ap, fmt);
	vsnprintf(why + n, cap - n, fmt, ap);
	va_end(ap);
}

static bool
same_nets(const struct site *a, const struct site *b)
{
	if (a->nnets != b->nnets)
		return false;
	for (unsigned i = 0; i < a->nnets; i++)
		if (a->nets[i].len != b->nets[i].len || !addr_eq(&a->nets[i].addr, &b->nets[i].addr))
			return false;
	return true;
}

static void
site_why(const struct site *a, const struct site *b, struct plan_row *r)
{
	if (strcmp(a->name, b->name) != 0)
		add_why(r->why, sizeof(r->why), "'%s' instead of '%s'", b->name, a->name);
	if (!addr_eq(&a->address, &b->address))
		add_why(r->why, sizeof(r->why), "address of '%s'", b->name);
	if (strcmp(a->id, b->id) != 0)
		add_why(r->why, sizeof(r->why), "id of '%s'", b->name);
	if (!same_nets(a, b))
		add_why(r->why, sizeof(r->why), "networks of '%s'", b->name);
}

static bool
same_proposals(const struct proposals *a, const struct proposals *b)
{
	uint8_t x[8192], y[8192];
	struct wr wx = wr_of(x, sizeof(x)), wy = wr_of(y, sizeof(y));

	proposals_put(&wx, a);
	proposals_put(&wy, b);
	return wr_ok(&wx) && wr_ok(&wy) && bytes_eq(wr_bytes(&wx), wr_bytes(&wy));
}

/* What differs. Only "start" alone lets the SAs of the tunnel live. */
static void
compare(const struct sites *old, const struct site_tunnel *a, const struct sites *new, const struct site_tunnel *b, struct plan_row *r)
{
	site_why(&old->sites[a->a], &new->sites[b->a], r);
	site_why(&old->sites[a->b], &new->sites[b->b], r);
	if (!auth_same(&a->auth[0], &b->auth[0]) || !auth_same(&a->auth[1], &b->auth[1]))
		add_why(r->why, sizeof(r->why), "auth");
	if (!same_proposals(a->ike, b->ike))
		add_why(r->why, sizeof(r->why), "IKE proposals");
	if (!same_proposals(a->esp, b->esp))
		add_why(r->why, sizeof(r->why), "ESP proposals");
	if (a->encap != b->encap)
		add_why(r->why, sizeof(r->why), "encapsulation");
	if (a->ike_life_s != b->ike_life_s || a->child_life_s != b->child_life_s || a->child_bytes != b->child_bytes ||
	    a->child_packets != b->child_packets || a->ike_hard_s != b->ike_hard_s || a->child_hard_s != b->child_hard_s)
		add_why(r->why, sizeof(r->why), "lifetimes");
	if (a->replay_window != b->replay_window)
		add_why(r->why, sizeof(r->why), "replay_window");
	r->action = r->why[0] ? PLAN_REKEYED : PLAN_KEPT;
	if (a->start != b->start)
		add_why(r->why, sizeof(r->why), "start");
	if (memcmp(a->digest, b->digest, sizeof(a->digest)) != 0 && r->why[0] == '\0')
		add_why(r->why, sizeof(r->why), "the order of the networks");
}

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

bool
plan_make(struct plan *p, const struct sites *old, const struct sites *new, const char *our_site)
{
	memset(p, 0, sizeof(*p));
	p->v = calloc((old ? old->ntunnels : 0) + new->ntunnels + 1u, sizeof(*p->v));
	if (!p->v)
		return false;
	for (unsigned i = 0; i < new->ntunnels; i++) {
		const struct site_tunnel *t = &new->tunnels[i], *before = ours(old, t->name, our_site);
		struct plan_row *r = &p->v[p->n];

		if (!tunnel_has_site(new, t, our_site))
			continue;
		snprintf(r->tunnel, sizeof(r->tunnel), "%s", t->name);
		r->action = PLAN_NEW;
		if (before)
			compare(old, before, new, t, r);
		p->n++;
	}
	for (unsigned i = 0; old && i < old->ntunnels; i++) {
		const struct site_tunnel *t = &old->tunnels[i];
		struct plan_row *r = &p->v[p->n];

		if (!tunnel_has_site(old, t, our_site) || ours(new, t->name, our_site))
			continue;
		snprintf(r->tunnel, sizeof(r->tunnel), "%s", t->name);
		r->action = PLAN_DROPPED;
		add_why(r->why, sizeof(r->why), sites_find_tunnel(new, t->name) ? "it does not end at this site any more" : "it is not in the file");
		p->n++;
	}
	qsort(p->v, p->n, sizeof(p->v[0]), cmp_row);
	return true;
}

void
plan_fini(struct plan *p)
{
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
		add_why(l->names, sizeof(l->names), "%s", name);
	else if (!strstr(l->names, "…"))
		strcat(l->names, " …");
}

bool
plan_allowed(const struct sites *old, const char *old_text, size_t old_n, const struct sites *new, const char *text, size_t n,
    const char *remove, struct yt_error *err)
{
	struct yt yt = { .text = text, .n = n };
	struct lost l = { 0 };
	unsigned line, column;
	char hint[400], list[300];

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
		snprintf(hint, sizeof(hint), "Was the file copied completely? If they shall go, say: ikectl apply --remove %s FILE", list);
		yt_fail(&yt, R_YAML_TRUNCATED, line, column, hint, "The file ends without these, which are in force: %s.", l.names);
	} else if (l.n == 0 && n < old_n && memcmp(text, old_text, n) == 0)
		yt_fail(&yt, R_YAML_TRUNCATED, line, column, "Was the file copied completely? If nothing shall follow, end it with a comment line.",
		    "The file is only the beginning of the one in force.");
	*err = yt.err;
	return yt.err.reason == R_OK;
}
