/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children of a tunnel: which networks of its two sites each of them joins, and of their packets all, or those of one protocol and with these ports.
 * A tunnel that says nothing has one, "net", with all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "siteauth.h"

const char *const sites_child_keys[] = { "protocol", "ports", NULL };

static bool
inside(const struct prefix *p, const struct site *s)
{
	for (unsigned i = 0; i < s->nnets; i++)
		if (s->nets[i].addr.fam == p->addr.fam && s->nets[i].len <= p->len && prefix_has(&s->nets[i], &p->addr))
			return true;
	return false;
}

static bool
read_nets(struct yt *yt, const struct yt_node *list, const struct site *s, struct site_child *c, unsigned side)
{
	if (list->n == 0 || list->n > SITE_NETS)
		return yt_fail_at(yt, list, R_VALUE_INVALID, "", "'%s' must have 1 to %d members.", s->name, SITE_NETS);
	c->nets[side] = calloc(list->n, sizeof(*c->nets[side]));
	if (!c->nets[side])
		return yt_fail_at(yt, list, R_NO_MEMORY, NULL, "There is not enough memory.");
	for (const struct yt_node *m = list->child; m; m = m->next) {
		struct prefix *p = &c->nets[side][c->nnets[side]];

		if (m->kind != YT_SCALAR || !m->text || !prefix_parse(m->text, p))
			return yt_fail_at(yt, m, R_VALUE_INVALID, "Write it like 10.0.1.0/24 or 2001:db8:1::/64; the host bits must be zero.",
			    "'%.64s' is not a network.", m->kind == YT_SCALAR && m->text ? m->text : "this");
		if (!inside(p, s))
			return yt_fail_at(yt, m, R_VALUE_INVALID, "Add it to 'networks' of the site, or name a part of one of them.",
			    "'%.64s' is not in the networks of '%s'.", m->text, s->name);
		for (unsigned i = 0; i < c->nnets[side]; i++)
			if (prefix_has(&c->nets[side][i], &p->addr) || prefix_has(p, &c->nets[side][i].addr))
				return yt_fail_at(yt, m, R_OVERLAP, "Keep the wider one.", "'%.64s' overlaps another network of the same child.", m->text);
		c->nnets[side]++;
	}
	return true;
}

static bool
read_ports(struct yt *yt, const struct yt_node *n, const char *const ends[2], struct site_child *c)
{
	const char *const keys[] = { ends[0], ends[1], NULL };

	if (!ts_proto_has_ports(c->proto))
		return yt_fail_at(yt, n, R_VALUE_INVALID, "Add 'protocol: tcp', or udp, sctp.", "'ports' are of a protocol that has ports.");
	if (!yt_only(yt, n, keys))
		return false;
	for (unsigned side = 0; side < 2; side++)
		c->port[side] = (uint16_t)yt_number(yt, n, ends[side], 1, UINT16_MAX, 0);
	return yt->err.reason == R_OK;
}

/* A site may have the name of one of these keys: then it is the site, as it was before there were such keys. */
static bool
read_selectors(struct yt *yt, const struct yt_node *n, const char *const ends[2], struct site_child *c)
{
	const struct yt_node *v[2];

	for (unsigned i = 0; i < 2; i++)
		v[i] = strcmp(ends[0], sites_child_keys[i]) == 0 || strcmp(ends[1], sites_child_keys[i]) == 0 ? NULL :
		    yt_get_kind(yt, n, sites_child_keys[i], i ? YT_MAP : YT_SCALAR, YT_MAY);
	if (yt->err.reason != R_OK)
		return false;
	if (v[0] && (!v[0]->text || (c->proto = ts_proto_parse(v[0]->text)) == 0))
		return yt_fail_at(yt, v[0], R_VALUE_INVALID, "It is icmp, tcp, udp, ipv6-icmp, sctp, or a number from 1 to 255.",
		    "'%.64s' is not a protocol.", v[0]->text ? v[0]->text : "");
	return !v[1] || read_ports(yt, v[1], ends, c);
}

static bool
read_child(struct yt *yt, const struct sites *all, const struct site_tunnel *t, const struct yt_node *n, struct site_child *c)
{
	const struct site *ends[2] = { &all->sites[t->a], &all->sites[t->b] };
	const char *const keys[] = { ends[0]->name, ends[1]->name, sites_child_keys[0], sites_child_keys[1], NULL };

	if (!name_ok(n->key))
		return yt_fail(yt, R_NAME_INVALID, n->key_line, n->key_column, "Names are lower-case letters, digits and inner hyphens, at most 63.",
		    "'%.80s' is not a name.", n->key);
	memcpy(c->name, n->key, strlen(n->key) + 1);
	c->line = n->key_line;
	c->column = n->key_column;
	if (n->kind != YT_MAP)
		return yt_fail_at(yt, n, R_VALUE_INVALID, "Write for example {tokyo: [10.0.1.0/24], newyork: [10.0.2.0/24]}.",
		    "The networks of the child's two ends are expected here.");
	if (!yt_only(yt, n, keys))
		return false;
	for (unsigned side = 0; side < 2; side++) {
		const struct yt_node *list = yt_get_kind(yt, n, keys[side], YT_LIST, YT_MAY);

		if (yt->err.reason != R_OK || (list && !read_nets(yt, list, ends[side], c, side)))
			return false;
	}
	return read_selectors(yt, n, keys, c);
}

bool
children_are_auto(const struct site_tunnel *t)
{
	const struct site_child *c = t->children;

	return t->nchildren == 1 && strcmp(c->name, CHILD_AUTO) == 0 && !c->nets[0] && !c->nets[1] && c->proto == 0;
}

bool
children_read(struct yt *yt, const struct sites *all, const struct yt_node *map, struct site_tunnel *t)
{
	const struct yt_node *n = yt_get_kind(yt, map, "children", YT_MAP, YT_MAY);

	if (yt->err.reason != R_OK)
		return false;
	if (n && (n->n == 0 || n->n > SITE_CHILDREN))
		return yt_fail_at(yt, n, R_VALUE_INVALID, "", "'children' must have 1 to %d members.", SITE_CHILDREN);
	t->nchildren = n ? n->n : 1;
	t->children = calloc(t->nchildren, sizeof(*t->children));
	if (!t->children)
		return yt_fail_at(yt, map, R_NO_MEMORY, NULL, "There is not enough memory.");
	if (!n) {
		strcpy(t->children[0].name, CHILD_AUTO);
		t->children[0].line = t->line;
		t->children[0].column = t->column;
		return true;
	}
	for (unsigned i = 0; i < n->n; i++)		/* in the order of their names, whatever that of the file */
		if (!read_child(yt, all, t, n->by_key[i], &t->children[i]))
			return false;
	return true;
}

void
children_free(struct site_tunnel *t)
{
	for (unsigned i = 0; t->children && i < t->nchildren; i++) {
		free(t->children[i].nets[0]);
		free(t->children[i].nets[1]);
	}
	free(t->children);
}

const struct prefix *
child_nets(const struct sites *all, const struct site_tunnel *t, unsigned child, unsigned side, unsigned *n)
{
	const struct site *s = &all->sites[side ? t->b : t->a];
	const struct site_child *c = &t->children[child];

	*n = c->nets[side] ? c->nnets[side] : s->nnets;
	return c->nets[side] ? c->nets[side] : s->nets;
}
