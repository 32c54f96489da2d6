/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's reasons: which field of a tunnel changed, from what to what, in the words of the site file. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "siteauth.h"
#include "want.h"

#define VALUE	200	/* one value, cut with "…" */

struct words { char text[2400]; size_t n; };

static void __attribute__((format(printf, 2, 3)))
say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->n + 3 < sizeof(w->text) && w->n) {
		memcpy(w->text + w->n, "; ", 3);
		w->n += 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(w->text + w->n, sizeof(w->text) - w->n, fmt, ap);
	va_end(ap);
	w->n = n < 0 || w->n + (size_t)n >= sizeof(w->text) ? sizeof(w->text) - 1 : w->n + (size_t)n;
}

/* A text that may have been cut in the middle of a character or of a word says that it was. */
static void
cut(char out[VALUE], size_t whole)
{
	size_t n = VALUE - 4;

	if (whole < VALUE)
		return;
	while (n && ((unsigned char)out[n] & 0xc0) == 0x80)
		n--;
	memcpy(out + n, "…", 4);
}

static const char *
address(const struct addr *a, char buf[static ADDR_STR])
{
	return a->fam ? addr_str(a, buf) : "any";
}

static void
networks(const struct site *s, char out[VALUE])
{
	char buf[PREFIX_STR];
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < s->nnets && n < VALUE; i++)
		n += (size_t)snprintf(out + n, VALUE - n, "%s%s", i ? ", " : "", prefix_str(&s->nets[i], buf));
	cut(out, n);
}

static void
auth(const struct site_auth *a, char out[VALUE])
{
	size_t n;

	switch (a->how) {
	case AUTH_BY_PSK: n = (size_t)snprintf(out, VALUE, "psk '%s'", a->psk); break;
	case AUTH_BY_CERT:
		n = (size_t)snprintf(out, VALUE, "certificate '%s' trusted by", a->cert);
		for (unsigned i = 0; i < a->ntrust && n < VALUE; i++)
			n += (size_t)snprintf(out + n, VALUE - n, "%s '%s'", i ? "," : "", a->trust[i]);
		break;
	default: n = (size_t)snprintf(out, VALUE, "key '%s'", a->cert); break;
	}
	cut(out, n);
}

static void
sites_why(struct words *w, const struct site *a, const struct site *b, bool address_differs, bool id_differs, bool nets_differ)
{
	char x[ADDR_STR], y[ADDR_STR], m[VALUE], n[VALUE];

	if (strcmp(a->name, b->name) != 0)
		say(w, "'%s' instead of '%s'", b->name, a->name);
	if (address_differs)
		say(w, "address of '%s': %s -> %s", b->name, address(&a->address, x), address(&b->address, y));
	if (id_differs)
		say(w, "id of '%s': %s -> %s", b->name, a->id, b->id);
	if (nets_differ && !site_same_nets(a, b)) {	/* else it is a child's that differ */
		networks(a, m);
		networks(b, n);
		say(w, "networks of '%s': %s -> %s", b->name, m, n);
	}
}

static void
auth_why(struct words *w, const struct want_tunnel *a, const struct want_tunnel *b)
{
	char x[VALUE], y[VALUE];

	for (int local = 1; local >= 0; local--) {
		const struct site_auth *p = want_auth(a, local), *q = want_auth(b, local);
		const char *name = local ? b->local->name : b->remote->name;

		if (auth_same(p, q) || (!local && q->how == AUTH_BY_PSK && auth_same(q, want_auth(b, true)) && auth_same(p, want_auth(a, true))))
			continue;	/* one secret for both ends is said once */
		auth(p, x);
		auth(q, y);
		if (strcmp(x, y) == 0)
			say(w, "auth of '%s': another public key or trust", name);
		else if (q->how == AUTH_BY_PSK && auth_same(q, want_auth(b, !local)))
			say(w, "auth: %s -> %s", x, y);
		else
			say(w, "auth of '%s': %s -> %s", name, x, y);
	}
}

static int
child_of(const struct site_tunnel *t, const char *name)
{
	for (unsigned i = 0; i < t->nchildren; i++)
		if (strcmp(t->children[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* The file names networks of children at their sites. */
static bool
child_nets_differ(const struct want_tunnel *a, unsigned i, const struct want_tunnel *b, unsigned k)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct site_child *c = &a->t->children[i], *d = &b->t->children[k];

		if (!c->nets[side] != !d->nets[side] || c->nnets[side] != d->nnets[side])
			return true;
		for (unsigned m = 0; m < c->nnets[side]; m++)
			if (c->nets[side][m].len != d->nets[side][m].len || !addr_eq(&c->nets[side][m].addr, &d->nets[side][m].addr))
				return true;
	}
	return false;
}

static bool
selectors_differ(const struct site_child *a, const struct site_child *b)
{
	return a->proto != b->proto || a->port[0] != b->port[0] || a->port[1] != b->port[1];
}

static void
children_why(struct words *w, const struct want_tunnel *a, const struct want_tunnel *b)
{
	for (unsigned i = 0; i < b->t->nchildren; i++) {
		int k = child_of(a->t, b->t->children[i].name);

		if (k < 0)
			say(w, "the child '%s' is new", b->t->children[i].name);
		else if (child_nets_differ(a, (unsigned)k, b, i))
			say(w, "networks of the child '%s'", b->t->children[i].name);
		if (k >= 0 && selectors_differ(&a->t->children[k], &b->t->children[i]))
			say(w, "protocol or ports of the child '%s'", b->t->children[i].name);
	}
	for (unsigned i = 0; i < a->t->nchildren; i++)
		if (child_of(b->t, a->t->children[i].name) < 0)
			say(w, "the child '%s' goes", a->t->children[i].name);
}

static void
proposals_why(struct words *w, const char *key, const struct site_tunnel *a, const struct site_tunnel *b, const struct proposals *p,
    const struct proposals *q, const char *note)
{
	char x[VALUE] = "", y[VALUE] = "", px[4096], qx[4096];

	if (a->policy[0])
		snprintf(x, sizeof(x), "policy '%s'", a->policy);
	else
		cut(x, (size_t)snprintf(x, sizeof(x), "%s", proposals_str(p, px, sizeof(px))));
	if (b->policy[0])
		snprintf(y, sizeof(y), "policy '%s'", b->policy);
	else
		cut(y, (size_t)snprintf(y, sizeof(y), "%s", proposals_str(q, qx, sizeof(qx))));
	say(w, "%s: %s -> %s%s", key, x, y, note);
}

static const char *
seconds(uint64_t s, char buf[static 32])
{
	if (s == 0)
		return "110 %";
	if (s % 86400 == 0)
		snprintf(buf, 32, "%llud", (unsigned long long)s / 86400);
	else if (s % 3600 == 0)
		snprintf(buf, 32, "%lluh", (unsigned long long)s / 3600);
	else if (s % 60 == 0)
		snprintf(buf, 32, "%llum", (unsigned long long)s / 60);
	else
		snprintf(buf, 32, "%llus", (unsigned long long)s);
	return buf;
}

static const char *
octets(uint64_t v, char buf[static 32])
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB", "TiB" };
	unsigned u = 0;

	while (v && v % 1024 == 0 && u < 4) {
		v /= 1024;
		u++;
	}
	snprintf(buf, 32, "%llu%s", (unsigned long long)v, units[u]);
	return buf;
}

/* What holds from the next SA on: the one that lives keeps what it was made with. */
static void
later_why(struct words *w, const struct site_tunnel *a, const struct site_tunnel *b, uint32_t f)
{
	static const char *const encaps[] = { "auto", "udp", "esp" };	/* order: enum encap_mode */
	const struct { uint32_t bit; const char *key; uint64_t from, to; } lives[] = {
		{ TD_IKE_LIFE, "ike_lifetime", a->ike_life_s, b->ike_life_s }, { TD_IKE_HARD, "ike_hard_lifetime", a->ike_hard_s, b->ike_hard_s },
		{ TD_CHILD_LIFE, "child_lifetime", a->child_life_s, b->child_life_s },
		{ TD_CHILD_HARD, "child_hard_lifetime", a->child_hard_s, b->child_hard_s },
	};
	char x[32], y[32];
	size_t before = w->n;

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		if (f & lives[i].bit)
			say(w, "%s: %s -> %s", lives[i].key, seconds(lives[i].from, x), seconds(lives[i].to, y));
	if (f & TD_BYTES)
		say(w, "child_bytes: %s -> %s", octets(a->child_bytes, x), octets(b->child_bytes, y));
	if (f & TD_PACKETS)
		say(w, "child_packets: %llu -> %llu", (unsigned long long)a->child_packets, (unsigned long long)b->child_packets);
	if (f & TD_WINDOW)
		say(w, "replay_window: %u -> %u", a->replay_window, b->replay_window);
	if (f & TD_ENCAP)
		say(w, "encapsulation: %s -> %s", encaps[a->encap], encaps[b->encap]);
	if (w->n != before)
		say(w, "from the next keys on");
}

static void
iface_why(struct words *w, const struct want_tunnel *old, const struct want_tunnel *new)
{
	const char *a = want_iface(old), *b = want_iface(new);

	if (strcmp(a, b) != 0)
		say(w, "interface: %s -> %s", a[0] ? a : "none", b[0] ? b : "none");
}

char *
plan_why(const struct want_tunnel *old, const struct want_tunnel *new, uint32_t f, bool ike_stays)
{
	static const char *const starts[] = { "respond-only", "always", "on-demand" };	/* order: enum start_mode */
	const struct site_tunnel *a = old->t, *b = new->t;
	struct words w = { .n = 0 };

	sites_why(&w, old->local, new->local, f & TD_LOCAL, f & TD_ID_LOCAL, f & TD_TS_LOCAL);
	sites_why(&w, old->remote, new->remote, f & TD_REMOTE, f & TD_ID_REMOTE, f & TD_TS_REMOTE);
	children_why(&w, old, new);
	iface_why(&w, old, new);
	if (f & TD_PROOFS)
		auth_why(&w, old, new);
	if (f & TD_IKE)
		proposals_why(&w, "IKE proposals", a, b, a->ike, b->ike, ike_stays ? " (what the IKE SA uses stays among them)" : "");
	if (f & TD_ESP)
		proposals_why(&w, "ESP proposals", a, b, a->esp, b->esp, "");
	later_why(&w, a, b, f);
	if (a->start != b->start)
		say(&w, "start: %s -> %s", starts[a->start], starts[b->start]);
	else if (f & (TD_START | TD_FIRST))
		say(&w, "who begins");
	return w.n ? strdup(w.text) : NULL;
}
