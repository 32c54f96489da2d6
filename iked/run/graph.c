/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ike-graph ("make graph"): the machine as DOT, from the tables that the daemon runs: the edges of sa/edges.c, and for each kind of
 * message a box with the payloads that it must (!) and may (?) carry, from wire/rules.c.
 */
#include <stdio.h>

#include "sa/edges.h"
#include "wire/rules.h"

static void
print_edge(const struct edge *e)
{
	printf("\t%s -> %s [label=\"%s\\n%s\\n%s\"%s];\n", place_name(e->from), place_name(e->to), on_name(e->on), e->name, e->rfc,
	    e->on >= ON_KE ? ", style=dashed" : "");
}

static void
print_rule(const struct rule *r)
{
	printf("%s%s", r->min > 0 ? "!" : "?", pld_name(r->pld));
	if (r->notify != 0)
		printf("(%s)", notify_name(r->notify));
	if (r->max > 1)
		printf(" 0-%u", r->max);
	printf("\\l");
}

static void
print_kind(enum msg_kind k)
{
	printf("\tkind%d [shape=note, label=\"%s\\n", (int)k, msg_kind_name(k));
	for (size_t i = 0; i < ike_nrules; i++)
		if (ike_rules[i].kind == k)
			print_rule(&ike_rules[i]);
	printf("\"];\n");
}

int
main(void)
{
	printf("// %zu edges, %zu payload rules. Solid: a message; dashed: an answer of keymgr, a wish of our own, or silence.\n",
	    ike_nedges, ike_nrules);
	printf("digraph ike {\n\trankdir=TB;\n\tnode [shape=box, fontname=\"sans-serif\"];\n\tedge [fontsize=9];\n");
	for (size_t i = 0; i < ike_nedges; i++)
		print_edge(&ike_edges[i]);
	for (int k = KIND_NONE + 1; k < KIND_MAX; k++)
		print_kind((enum msg_kind)k);
	printf("}\n");
	return ferror(stdout) ? 1 : 0;
}
