/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "interface:" of a tunnel: one name for both ends, or for each site its own, or for one of them alone. At an end that has one, the tunnel's
 * traffic is what is routed there (doc/decisions/0103-tunnels-as-interfaces.md); at one that has none, its policies choose it as ever.
 */
#include <stdlib.h>
#include <string.h>

#include "siteauth.h"

bool
tunnel_has_iface(const struct site_tunnel *t)
{
	return t->iface[0][0] || t->iface[1][0];
}

static bool
read_one(struct yt *yt, const struct yt_node *n, char out[static IFACE_CAP])
{
	if (n->kind != YT_SCALAR || !n->text || !iface_ok(n->text))
		return yt_fail_at(yt, n, R_NAME_INVALID, "It is a letter and then letters, digits, '.', '_' or '-', at most 15, like vpn0; lo, cw0 and names of the system's own devices are taken.",
		    "'%.40s' is not a name for an interface.", n->kind == YT_SCALAR && n->text ? n->text : "this");
	memcpy(out, n->text, strlen(n->text) + 1);
	return true;
}

bool
iface_read(struct yt *yt, const struct sites *all, const struct yt_node *map, struct site_tunnel *t)
{
	const char *const ends[] = { all->sites[t->a].name, all->sites[t->b].name, NULL };
	const struct yt_node *n = yt_get(yt, map, "interface", YT_MAY), *end;

	if (!n)
		return yt->err.reason == R_OK;
	if (n->kind == YT_SCALAR && read_one(yt, n, t->iface[0])) {
		memcpy(t->iface[1], t->iface[0], IFACE_CAP);
		return true;
	}
	if (n->kind == YT_SCALAR)
		return false;
	if (n->kind != YT_MAP || n->n == 0)
		return yt_fail_at(yt, n, R_VALUE_INVALID, "Write 'interface: vpn0', or for each end its own: {tokyo: vpn0, newyork: vpn1}.", "The name of an interface is expected here.");
	if (!yt_only(yt, n, ends))
		return false;
	for (unsigned side = 0; side < 2; side++) {
		end = yt_get(yt, n, ends[side], YT_MAY);
		if (end && !read_one(yt, end, t->iface[side]))
			return false;
	}
	return yt->err.reason == R_OK;
}

/* Where a tunnel has an interface. */
struct place { unsigned site; const char *name; const struct site_tunnel *t; };

static int
cmp_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->site != y->site ? (x->site < y->site ? -1 : 1) : strcmp(x->name, y->name);
}

static bool
clash(struct yt *yt, const struct sites *all, const struct site_tunnel *at, const struct site_tunnel *x, const struct site_tunnel *y, unsigned site, const char *name)
{
	return yt_fail(yt, R_OVERLAP, at->line, at->column, "Give each tunnel of a gateway its own interface.", "The tunnels '%s' and '%s' both have the interface '%s' at '%s'.",
	    x->name, y->name, name, all->sites[site].name);
}

bool
ifaces_check(struct yt *yt, const struct sites *all)
{
	struct place *v = calloc(2u * all->ntunnels + 1u, sizeof(*v));
	size_t n = 0;

	if (!v)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	for (unsigned i = 0; i < all->ntunnels; i++)
		for (unsigned side = 0; side < 2; side++)
			if (all->tunnels[i].iface[side][0])
				v[n++] = (struct place){ side ? all->tunnels[i].b : all->tunnels[i].a, all->tunnels[i].iface[side], &all->tunnels[i] };
	qsort(v, n, sizeof(*v), cmp_place);
	for (size_t i = 1; i < n && yt->err.reason == R_OK; i++)
		if (cmp_place(&v[i - 1], &v[i]) == 0) {
			bool later = v[i].t->line > v[i - 1].t->line;
			const struct place *first = later ? &v[i - 1] : &v[i], *late = later ? &v[i] : &v[i - 1];

			clash(yt, all, late->t, first->t, late->t, late->site, late->name);
		}
	free(v);
	return yt->err.reason == R_OK;
}

/* Its namesake is the one whose place it takes. */
bool
iface_check_others(struct yt *yt, const struct sites *all, const struct site_tunnel *t)
{
	for (unsigned i = 0; i < all->ntunnels; i++) {
		const struct site_tunnel *o = &all->tunnels[i];

		for (unsigned side = 0; strcmp(o->name, t->name) != 0 && side < 2; side++)
			for (unsigned other = 0; other < 2; other++)
				if (t->iface[side][0] && (side ? t->b : t->a) == (other ? o->b : o->a) && strcmp(t->iface[side], o->iface[other]) == 0)
					return clash(yt, all, t, t, o, side ? t->b : t->a, t->iface[side]);
	}
	return true;
}
