/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules in the text are those that guard.c builds by netlink; test/scenario/t_ipsecd compares the two as "nft list" prints them.
 * nft 1.0.6 wants a newline before each closing brace.
 */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "causeway/pfkey.h"
#include "guard_file.h"

#define FIRST	"# causeway guard 1"
#define LAST	"# whole"
#define XFRM	"+xfrm"		/* in the place of the device's name, and no such name */
#define MARK_OWN	"meta mark set meta mark and 0xffff00ff or 0x4d00 "
#define MARK_LEAD	"meta mark set meta mark and 0xffff00ff or 0x200 "
#define MARK_LEAD_OWN	"meta mark set meta mark and 0xffff00ff or 0x300"
#define MARK_PASS	"meta mark set meta mark and 0xffff00ff or 0x400 "
#define OF_LINK		"\t\tip daddr 224.0.0.0/24 accept\n\t\tip daddr 255.255.255.255 accept\n" \
			"\t\tip6 daddr fe80::/10 accept\n\t\tip6 daddr & ff0f:: == ff01:: accept\n" \
			"\t\tip6 daddr & ff0f:: == ff02:: accept\n"

void
guard_want_fini(struct guard_want *g)
{
	pairs_fini(&g->in);
	pairs_fini(&g->out);
	pairs_fini(&g->clear);
	selectors_fini(&g->sel);
}

void
guard_sets_fini(struct guard_sets *s)
{
	pairs_fini(&s->in);
	pairs_fini(&s->out);
	pairs_fini(&s->loc);
	pairs_fini(&s->clear);
}

/* The networks that are ours although a wide remote contains them. */
static bool
own_networks(const struct guard_want *g, struct pairs *loc)
{
	struct pairs all = { NULL, 0, 0 }, nets = { NULL, 0, 0 }, apart = { NULL, 0, 0 };
	bool ok = pairs_add_all(&all, &g->in) && pairs_add_all(&all, &g->out);

	pairs_sort(&all);
	/* Interval sets refuse overlaps, so the networks pass through the same cutting as pairs do. */
	ok = ok && pairs_covered_locals(&all, &nets) && pairs_disjoint(&nets, &apart) && pairs_less_remotes(&apart, &all, loc);
	pairs_fini(&all);
	pairs_fini(&nets);
	pairs_fini(&apart);
	return ok;
}

bool
guard_sets_make(const struct guard_want *g, struct guard_sets *s)
{
	return own_networks(g, &s->loc) && pairs_disjoint(&g->in, &s->in) && pairs_disjoint(&g->out, &s->out) &&
	    pairs_disjoint(&g->clear, &s->clear);
}

struct text { char *p; size_t n, cap; bool bad; };

static void __attribute__((format(printf, 2, 3)))
say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->cap - t->n < 1024) {
		size_t cap = t->cap * 2 + 8192;
		char *p = t->bad ? NULL : realloc(t->p, cap);

		if (p == NULL) {
			t->bad = true;
			return;
		}
		t->p = p;
		t->cap = cap;
	}
	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, t->cap - t->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->cap - t->n)
		t->bad = true;
	else
		t->n += (size_t)n;
}

static void
say_comments(struct text *t, const struct guard_want *g)
{
	const struct pairs *side[3] = { &g->in, &g->out, &g->clear };
	static const char *const word[3] = { "in", "out", "clear" };
	char r[PREFIX_STR], l[PREFIX_STR], sel[SELECT_STR];

	say(t, FIRST "\n# state %s %s %u %u\n", g->open ? "open" : "closed", g->xfrm ? XFRM : g->tun, g->ike_port, g->natt_port);
	for (int d = 0; d < 3; d++)
		for (size_t i = 0; i < side[d]->n; i++)
			say(t, "# %s %s %s\n", word[d], prefix_str(&side[d]->v[i].remote, r), prefix_str(&side[d]->v[i].local, l));
	for (size_t i = 0; i < g->sel.n; i++)
		say(t, "# %s\n", selector_str(&g->sel.v[i], sel));
	say(t, "# end %zu\n", g->in.n + g->out.n + g->clear.n + g->sel.n);
}

static void
say_set(struct text *t, const char *name, const struct pairs *p, int fam, bool pair)
{
	char r[PREFIX_STR], l[PREFIX_STR];
	const char *type = fam == 4 ? "ipv4_addr" : "ipv6_addr";
	bool any = false;

	say(t, "\tset %s%d {\n\t\ttype %s%s%s\n\t\tflags interval\n", name, fam, type, pair ? " . " : "", pair ? type : "");
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].remote.addr.fam != fam)
			continue;
		say(t, any ? ",\n\t\t\t" : "\t\telements = { ");
		any = true;
		say(t, "%s", prefix_str(&p->v[i].remote, r));
		if (pair)
			say(t, " . %s", prefix_str(&p->v[i].local, l));
	}
	say(t, any ? " }\n\t}\n" : "\t}\n");
}

static void
say_key(struct text *t, const struct selector *s, bool summed)
{
	unsigned at = summed ? 64 : 32;

	say(t, " @th,0,16 & %#x == %#x @th,0,16 & %#x %s 0", GRE_KEY, GRE_KEY & 0xff00u, GRE_SUM, summed ? "!=" : "==");
	if (s->sport && s->dport)
		say(t, " @th,%u,32 %u", at, (unsigned)s->sport << 16 | s->dport);
	else
		say(t, " @th,%u,16 %u", s->sport ? at : at + 16, s->sport | s->dport);
}

static void
say_match(struct text *t, const struct selector *s, enum select_form form)
{
	char p[PREFIX_STR];
	bool v4 = s->src.addr.fam == 4;

	say(t, "\t\tmeta nfproto %s", v4 ? "ipv4" : "ipv6");
	if (s->src.len)
		say(t, " %s saddr %s", v4 ? "ip" : "ip6", prefix_str(&s->src, p));
	if (s->dst.len)
		say(t, " %s daddr %s", v4 ? "ip" : "ip6", prefix_str(&s->dst, p));
	if (select_keyed(s) && form != SELECT_LATER)
		say_key(t, s, form == SELECT_SUMMED);
	if (s->proto != CW_ULPROTO_ANY)
		say(t, " meta l4proto %u", s->proto);
	if (form == SELECT_LATER) {
		say(t, v4 ? " ip frag-off & 0x1fff != 0" : " frag frag-off != 0");
		return;
	}
	if (select_keyed(s))
		return;
	if (s->sport)
		say(t, s->proto == IPPROTO_MH ? " @th,16,8 %u" : select_icmp(s->proto) ? " @th,0,8 %u" : " th sport %u", s->sport);
	if (s->dport)
		say(t, select_icmp(s->proto) ? " @th,8,8 %u" : " th dport %u", s->dport);
}

static void
say_verdict(struct text *t, unsigned chain, enum select_verdict v)
{
	static const char *const words[] = { [SELECT_RETURN] = " return\n", [SELECT_ACCEPT] = " accept\n", [SELECT_MARK_LEAD] = " " MARK_LEAD "return\n" };

	if (v == SELECT_DROP)
		say(t, " counter name guard_%s drop\n", chain == SELECT_IN ? "in" : "out");
	else if (v == SELECT_MARK_PASS)
		say(t, " " MARK_PASS "%s\n", chain == SELECT_IN ? "accept" : "return");
	else
		say(t, "%s", words[v]);
}

/* What select_rules.c makes of the same list. */
static void
say_selectors(struct text *t, const struct guard_want *g)
{
	for (unsigned chain = 0; chain < SELECT_CHAINS; chain++) {
		say(t, "\tchain %s {\n", select_chains[chain]);
		for (size_t i = 0; i < g->sel.n; i++)
			for (unsigned form = 0; form < SELECT_FORMS; form++) {
				enum select_verdict v = select_verdict(chain, &g->sel.v[i], form);

				if (v == SELECT_NO_RULE)
					continue;
				say_match(t, &g->sel.v[i], form);
				say_verdict(t, chain, v);
			}
		say(t, "\t}\n");
	}
	say(t, "\tchain lead {\n\t\ttype filter hook prerouting priority -90; policy accept;\n");
	say(t, "\t\tiifname \"lo\" return\n\t\tiifname \"%s\" return\n\t\tfib daddr type local return\n", g->tun);
	say(t, "\t\tmeta l4proto 58 icmpv6 type 133-137 accept\n" OF_LINK "\t\tjump select_lead\n\t}\n");
	say(t, "\tchain lead_own {\n\t\ttype route hook output priority -90; policy accept;\n");
	say(t, "\t\tmeta mark and 0xff00 == 0x4d00 return\n\t\toifname \"lo\" return\n\t\tmeta l4proto 58 icmpv6 type 133-137 accept\n" OF_LINK
	    "\t\tjump select_lead\n\t\tmeta mark and 0xff00 == 0x200 " MARK_LEAD_OWN "\n\t}\n");
}

static void
say_chains(struct text *t, const struct guard_want *g)
{
	say(t, "\tchain pre {\n\t\ttype filter hook prerouting priority -300; policy accept;\n");
	say(t, "\t\tiifname \"lo\" accept\n");
	if (g->xfrm)
		say(t, "\t\tmeta secpath exists meta mark set meta mark and 0xffff00ff accept\n");
	else
		say(t, "\t\tiifname \"%s\" meta mark set meta mark and 0xffff00ff or 0x100 accept\n\t\tiifgroup %u accept\n", g->tun, CW_IFACES_GROUP);
	say(t, "\t\tmeta l4proto 58 icmpv6 type 133-137 accept\n" OF_LINK "\t\tmeta l4proto 50 fib daddr type local " MARK_OWN "accept\n"
	    "\t\tmeta l4proto 51 fib daddr type local " MARK_OWN "accept\n\t\tmeta l4proto 108 fib daddr type local " MARK_OWN "accept\n");
	say(t, "\t\tmeta l4proto 17 th dport %u fib daddr type local " MARK_OWN "accept\n", g->ike_port);
	say(t, "\t\tmeta l4proto 17 th dport %u fib daddr type local " MARK_OWN "accept\n", g->natt_port);
	say(t, "\t\tmeta nfproto ipv4 meta l4proto 17 ip frag-off & 0x1fff != 0 fib daddr type local " MARK_OWN "accept\n");
	say(t, "\t\tmeta nfproto ipv6 meta l4proto 17 frag frag-off != 0 fib daddr type local " MARK_OWN "accept\n");
	say(t, "\t\tmeta nfproto ipv6 frag nexthdr 51 frag frag-off != 0 fib daddr type local " MARK_OWN "accept\n");
	say(t, "\t\tmeta nfproto ipv6 frag nexthdr 60 frag frag-off != 0 fib daddr type local " MARK_OWN "accept\n");
	say(t, "\t\tip saddr @loc4 ip daddr @loc4 fib saddr . iif oif exists accept\n");
	say(t, "\t\tip6 saddr @loc6 ip6 daddr @loc6 fib saddr . iif oif exists accept\n");
	if (!g->xfrm)
		say(t, "\t\tip saddr . ip daddr @clear4 ip daddr . ip saddr != @out4 " MARK_PASS "\n"
		    "\t\tip6 saddr . ip6 daddr @clear6 ip6 daddr . ip6 saddr != @out6 " MARK_PASS "\n");
	if (g->sel.n)
		say(t, "\t\tjump select_in\n");
	say(t, "\t\tip saddr . ip daddr @in4 counter name guard_in drop\n\t\tip6 saddr . ip6 daddr @in6 counter name guard_in drop\n\t}\n");
	say(t, "\tchain post {\n\t\ttype filter hook postrouting priority -300; policy accept;\n");
	say(t, "\t\tmeta mark and 0xff00 == 0x4d00 accept\n\t\toifname \"lo\" accept\n");
	if (g->xfrm)
		say(t, "\t\trt ipsec exists accept\n\t\tmeta l4proto 50 fib saddr type local accept\n"
		    "\t\tmeta l4proto 17 th sport %u fib saddr type local accept\n", g->natt_port);
	else
		say(t, "\t\toifname \"%s\" accept\n\t\toifgroup %u accept\n", g->tun, CW_IFACES_GROUP);
	say(t, "\t\tmeta l4proto 58 icmpv6 type 133-137 accept\n" OF_LINK);
	say(t, "\t\tip saddr @loc4 ip daddr @loc4 accept\n\t\tip6 saddr @loc6 ip6 daddr @loc6 accept\n");
	if (g->sel.n)
		say(t, "\t\tjump select_out\n");
	say(t, "\t\tip daddr . ip saddr @out4 counter name guard_out drop\n\t\tip6 daddr . ip6 saddr @out6 counter name guard_out drop\n\t}\n");
}

char *
guard_text(const struct guard_want *g, const struct guard_sets *s, size_t *len)
{
	struct text t = { NULL, 0, 0, false };

	say_comments(&t, g);
	/* The first line makes sure that the second has something to delete; nft loads a file as one transaction. */
	say(&t, "table inet causeway\ndelete table inet causeway\n");
	if (!g->open) {
		say(&t, "table inet causeway {\n\tcounter guard_in {\n\t}\n\tcounter guard_out {\n\t}\n");
		for (int fam = 4; fam <= 6; fam += 2) {
			say_set(&t, "loc", &s->loc, fam, false);
			say_set(&t, "in", &s->in, fam, true);
			say_set(&t, "out", &s->out, fam, true);
			say_set(&t, "clear", &s->clear, fam, true);
		}
		if (g->sel.n)
			say_selectors(&t, g);
		say_chains(&t, g);
		say(&t, "}\n");
	}
	say(&t, LAST "\n");
	if (t.bad) {
		free(t.p);
		return NULL;
	}
	*len = t.n;
	return t.p;
}

/* The next line without its newline; false at the end, and for a last line that has none. */
static bool
line_next(struct rd *r, char *buf, size_t cap)
{
	size_t n = 0;

	while (rd_left(r)) {
		char c = (char)rd_u8(r);

		if (c == '\n') {
			buf[n] = '\0';
			return true;
		}
		if (n + 1 >= cap || c == '\0')
			return false;
		buf[n++] = c;
	}
	return false;
}

static bool
decode_state(const char *line, struct guard_want *g)
{
	char word[16], rest[2];
	unsigned ike, natt;

	if (sscanf(line, "# state %15s %15s %u %u%1s", word, g->tun, &ike, &natt, rest) != 4 || ike > 0xffff || natt > 0xffff)
		return false;
	g->ike_port = (uint16_t)ike;
	g->natt_port = (uint16_t)natt;
	g->open = strcmp(word, "open") == 0;
	g->xfrm = strcmp(g->tun, XFRM) == 0;
	if (g->xfrm)
		g->tun[0] = '\0';
	/* The name goes into text for nft and into a device request: only what such a name may hold. */
	for (const char *p = g->tun; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
			return false;
	return g->open || strcmp(word, "closed") == 0;
}

static bool
decode_pair(const char *line, struct guard_want *g)
{
	char dir[8], remote[PREFIX_STR], local[PREFIX_STR], rest[2];
	struct pair p;

	if (sscanf(line, "# %7s %51s %51s%1s", dir, remote, local, rest) != 3)
		return false;
	if (!prefix_parse(remote, &p.remote) || !prefix_parse(local, &p.local) || p.remote.addr.fam != p.local.addr.fam)
		return false;
	if (strcmp(dir, "in") == 0)
		return pairs_add(&g->in, &p);
	if (strcmp(dir, "clear") == 0)
		return pairs_add(&g->clear, &p);
	return strcmp(dir, "out") == 0 && pairs_add(&g->out, &p);
}

static bool
decode_selector(const char *line, struct guard_want *g)
{
	struct selector one;

	return g->sel.n < SELECT_MAX && strncmp(line, "# ", 2) == 0 && selector_parse(line + 2, &one) && selectors_add(&g->sel, &one);
}

bool
guard_decode(struct bytes text, struct guard_want *g, const char **why)
{
	struct rd r = rd_of(text);
	char line[256];
	size_t count;

	memset(g, 0, sizeof(*g));
	*why = "it does not begin as a guard file does";
	if (!line_next(&r, line, sizeof(line)) || strcmp(line, FIRST) != 0 || !line_next(&r, line, sizeof(line)) || !decode_state(line, g))
		goto bad;
	*why = "a line of its list is neither a pair of networks nor a selector";
	for (;;) {
		if (!line_next(&r, line, sizeof(line)))
			goto bad;
		if (sscanf(line, "# end %zu", &count) == 1)
			break;
		if (!decode_pair(line, g) && !decode_selector(line, g))
			goto bad;
	}
	*why = "it is not whole";
	if (count != g->in.n + g->out.n + g->clear.n + g->sel.n || text.n < sizeof(LAST) || memcmp(text.p + text.n - sizeof(LAST), LAST "\n", sizeof(LAST)) != 0)
		goto bad;
	pairs_sort(&g->in);
	pairs_sort(&g->out);
	pairs_sort(&g->clear);
	return true;
bad:
	guard_want_fini(g);
	return false;
}
