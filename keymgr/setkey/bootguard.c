/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order is the policies' own: the first match counts. What may pass in the clear (none, bypass, level use) is accepted where its
 * selectors can be said exactly; a drop may be a little wider than its policy, never narrower. Of fragments without their ports it
 * is as in the engine: what protects takes them, and what lets pass has to be sure (RFC 4301 7).
 */
#include <stdlib.h>

#include "bootguard.h"

struct list {
	const struct lint_policy	**v;
	unsigned			n, cap;
};

static bool
collect(void *arg, const struct lint_policy *p)
{
	struct list *l = arg;
	const struct lint_policy **v;

	if (l->n == l->cap) {
		v = realloc(l->v, (l->cap ? l->cap * 2 : 64) * sizeof(*v));
		if (!v)
			return false;
		l->v = v;
		l->cap = l->cap ? l->cap * 2 : 64;
	}
	l->v[l->n++] = p;
	return true;
}

static int
by_order(const void *x, const void *y)
{
	const struct lint_policy *a = *(const struct lint_policy *const *)x, *b = *(const struct lint_policy *const *)y;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool
is_in(const struct lint_policy *p)
{
	return p->dir != CW_DIR_OUT;
}

static const struct prefix *remote(const struct lint_policy *p) { return is_in(p) ? &p->src : &p->dst; }
static const struct prefix *local(const struct lint_policy *p) { return is_in(p) ? &p->dst : &p->src; }

static bool
inside(const struct prefix *wide, const struct prefix *p)
{
	return wide->addr.fam == p->addr.fam && wide->len <= p->len && prefix_has(wide, &p->addr);
}

static void
pair(FILE *f, const struct prefix *src, const struct prefix *dst)
{
	const char *ip = src->addr.fam == 4 ? "ip" : "ip6";
	char s[PREFIX_STR], d[PREFIX_STR];

	fprintf(f, "\t\t%s saddr %s %s daddr %s ", ip, prefix_str(src, s), ip, prefix_str(dst, d));
}

static bool
has_ports(const struct lint_policy *p)
{
	return p->proto == 6 || p->proto == 17 || p->proto == 33 || p->proto == 132 || p->proto == 136;
}

/* False: the filter has no words for what narrows it; the protocol is what was said. */
static bool
upper(FILE *f, const struct lint_policy *p)
{
	if (p->proto == CW_ULPROTO_ANY)
		return true;
	fprintf(f, "meta l4proto %u ", p->proto);
	if (!p->sport && !p->dport)
		return true;
	if (has_ports(p)) {
		if (p->sport)
			fprintf(f, "th sport %u ", p->sport);
		if (p->dport)
			fprintf(f, "th dport %u ", p->dport);
		return true;
	}
	if (p->proto != 1 && p->proto != 58)
		return false;
	/* a type or a code of 0 is any, as in the policy itself */
	if (p->sport)
		fprintf(f, "%s type %u ", p->proto == 1 ? "icmp" : "icmpv6", p->sport);
	if (p->dport)
		fprintf(f, "%s code %u ", p->proto == 1 ? "icmp" : "icmpv6", p->dport);
	return true;
}

/* Networks of ours see each other under a policy for everything, but for parts of them that another policy names as remote. */
static void
spare_own(FILE *f, const struct list *l, const struct lint_policy *p, const char *mine)
{
	const struct prefix *own = local(p);

	if (!inside(remote(p), own))
		return;
	for (unsigned i = 0; i < l->n; i++) {
		const struct lint_policy *q = l->v[i];

		if (q->clear_ok || is_in(q) != is_in(p) || inside(remote(q), own) || !inside(own, remote(q)))
			continue;
		pair(f, is_in(p) ? remote(q) : own, is_in(p) ? own : remote(q));
		fprintf(f, "counter drop\n");
	}
	if (mine)
		fprintf(f, is_in(p) ? "%sfib saddr . iif oif exists accept\n" : "%saccept\n", mine);
}

/* The words of a rule without its verdict, to be freed. NULL: no memory. */
static char *
words(const struct lint_policy *p, const struct prefix *src, const struct prefix *dst, bool *exact)
{
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	if (!m)
		return NULL;
	pair(m, src, dst);
	*exact = upper(m, p);
	fclose(m);
	return text;
}

static bool
rule(FILE *f, const struct list *l, const struct lint_policy *p)
{
	bool exact, own_exact;
	char *text = words(p, &p->src, &p->dst, &exact), *own = words(p, local(p), local(p), &own_exact);

	if (text && own && p->clear_ok && exact)
		fprintf(f, "%saccept\n", text);
	if (text && own && !p->clear_ok) {
		spare_own(f, l, p, own_exact ? own : NULL);
		fprintf(f, "%scounter drop\n", text);
		if (p->sport || p->dport) {
			pair(f, &p->src, &p->dst);
			fprintf(f, "meta l4proto %u %s != 0 counter drop\n", p->proto, p->src.addr.fam == 4 ? "ip frag-off & 0x1fff" : "frag frag-off");
		}
	}
	free(own);
	free(text);
	return text && own;
}

static bool
chain(FILE *f, const struct list *l, bool in)
{
	const char *dir = in ? "iifname" : "oifname", *here = in ? "daddr" : "saddr", *port = in ? "dport" : "sport";
	bool ok = true;

	fprintf(f, "\tchain %s {\n\t\ttype filter hook %s priority -300; policy accept;\n", in ? "pre" : "post", in ? "prerouting" : "postrouting");
	fprintf(f, "\t\t%s \"lo\" accept\n\t\t%s \"" BOOTGUARD_DEVICE "\" accept\n", dir, dir);
	fprintf(f, "\t\tmeta l4proto 58 icmpv6 type 133-137 accept\n\t\tip daddr 224.0.0.0/24 accept\n\t\tip daddr 255.255.255.255 accept\n"
	    "\t\tip6 daddr fe80::/10 accept\n\t\tip6 daddr & ff0f:: == ff01:: accept\n\t\tip6 daddr & ff0f:: == ff02:: accept\n");
	fprintf(f, "\t\tmeta l4proto { 50, 51, 108 } fib %s type local accept\n\t\tmeta l4proto 17 th %s { 500, 4500 } fib %s type local accept\n", here, port, here);
	for (unsigned i = 0; i < l->n; i++)
		if (is_in(l->v[i]) == in)
			ok = rule(f, l, l->v[i]) && ok;
	fprintf(f, "\t}\n");
	return ok;
}

bool
bootguard_print(FILE *f, const struct lint *lint)
{
	struct list l = { 0 };
	unsigned n = 0;
	bool ok;

	lint_each(lint, collect, &l);
	lint_each(lint, lint_count, &n);
	ok = n == l.n;
	if (ok) {
		if (l.n)
			qsort(l.v, l.n, sizeof(*l.v), by_order);
		fprintf(f, "table inet " BOOTGUARD_TABLE "\ndelete table inet " BOOTGUARD_TABLE "\ntable inet " BOOTGUARD_TABLE " {\n");
		ok = chain(f, &l, true);
		ok = chain(f, &l, false) && ok;
		fprintf(f, "}\n");
	}
	free(l.v);
	return ok;
}
