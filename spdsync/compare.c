/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every field that the digest covers (sitecheck.c) becomes a text at both ends, and what is not equal is told. So when the digests differ,
 * this finds out why: a test holds the two against each other.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define VALUE	6144

struct pair {
	const struct compare_sink *sink;
	unsigned	n;
	char		here[VALUE], there[VALUE];
};

static void
told(struct pair *p, const char *site, const char *field)
{
	char name[NAME_CAP + 32];

	if (strcmp(p->here, p->there) == 0)
		return;
	p->n++;
	snprintf(name, sizeof(name), "%s%s%s", site ? site : "", site ? "." : "", field);
	p->sink->field(p->sink->arg, name, p->here, p->there);
}

static int
cmp_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The networks in one order: that of the file does not count. */
static void
networks_str(const struct site *s, char out[VALUE])
{
	char v[SITE_NETS][PREFIX_STR];
	size_t n = 0;

	for (unsigned i = 0; i < s->nnets; i++)
		prefix_str(&s->nets[i], v[i]);
	qsort(v, s->nnets, sizeof(v[0]), cmp_text);
	out[0] = '\0';
	for (unsigned i = 0; i < s->nnets; i++)
		n += (size_t)snprintf(out + n, VALUE - n, "%s%s", i ? ", " : "", v[i]);
}

/* 16 octets of the key's SHA-256 tell keys apart as well as the key does, and can be read aloud. */
static void
key_str(const struct site_key *k, char out[64])
{
	uint8_t sum[32];
	size_t n = 0;

	if (EVP_Digest(k->der, k->n, sum, NULL, EVP_sha256(), NULL) != 1) {
		snprintf(out, 64, "?");
		return;
	}
	for (unsigned i = 0; i < 16; i++)
		n += (size_t)snprintf(out + n, 64 - n, "%02x", sum[i]);
}

static void
auth_str(const struct site_auth *a, char out[VALUE])
{
	char key[64];
	size_t n;

	if (a->how == AUTH_BY_PSK) {
		snprintf(out, VALUE, "pre-shared key %s", a->psk);
		return;
	}
	if (a->how == AUTH_BY_KEY) {
		key_str(a->public_key, key);
		snprintf(out, VALUE, "key %s, public key with SHA-256 %s", a->cert, key);
		return;
	}
	n = (size_t)snprintf(out, VALUE, "certificate %s, trust", a->cert);
	for (unsigned i = 0; i < a->ntrust; i++)
		n += (size_t)snprintf(out + n, VALUE - n, " %s", a->trust[i]);
}

static void
number_field(struct pair *p, const char *field, uint64_t here, uint64_t there)
{
	snprintf(p->here, VALUE, "%" PRIu64, here);
	snprintf(p->there, VALUE, "%" PRIu64, there);
	told(p, NULL, field);
}

static void
site_fields(struct pair *p, const struct site *x, const struct site *y)
{
	char a[SITE_ADDRESS_STR];

	snprintf(p->here, VALUE, "%s", site_address_str(x, a));
	snprintf(p->there, VALUE, "%s", site_address_str(y, a));
	told(p, x->name, "address");
	networks_str(x, p->here);
	networks_str(y, p->there);
	told(p, x->name, "networks");
	snprintf(p->here, VALUE, "%s", x->id);
	snprintf(p->there, VALUE, "%s", y->id);
	told(p, x->name, "id");
}

/* The same two sites, in whatever order; the order itself is a field: it says who begins. */
static bool
ends_fields(struct pair *p, const struct sites *ours, const struct site_tunnel *t, const struct sites *theirs, const struct site_tunnel *u)
{
	const struct site *v[2] = { &ours->sites[t->a], &ours->sites[t->b] }, *w[2] = { &theirs->sites[u->a], &theirs->sites[u->b] };
	bool crossed = strcmp(v[0]->name, w[1]->name) == 0 && strcmp(v[1]->name, w[0]->name) == 0;

	snprintf(p->here, VALUE, "%s, %s", v[0]->name, v[1]->name);
	snprintf(p->there, VALUE, "%s, %s", w[0]->name, w[1]->name);
	told(p, NULL, "between");
	if (!crossed && (strcmp(v[0]->name, w[0]->name) != 0 || strcmp(v[1]->name, w[1]->name) != 0))
		return false;
	for (unsigned i = 0; i < 2; i++) {
		unsigned k = crossed ? 1 - i : i;

		site_fields(p, v[i], w[k]);
		auth_str(&t->auth[i], p->here);
		auth_str(&u->auth[k], p->there);
		told(p, v[i]->name, "auth");
	}
	return true;
}

/* "name: networks of the one site - of the other, tcp, port 443 at newyork" of each child, the sites in the order of their names. */
static void
children_str(const struct sites *all, const struct site_tunnel *t, char out[VALUE])
{
	bool swap = strcmp(all->sites[t->a].name, all->sites[t->b].name) > 0;
	size_t n = 0;
	char buf[PREFIX_STR], proto[4];

	out[0] = '\0';
	for (unsigned i = 0; i < t->nchildren && n < VALUE; i++) {
		const struct site_child *c = &t->children[i];

		n += (size_t)snprintf(out + n, VALUE - n, "%s%s:", i ? "; " : "", t->children[i].name);
		for (unsigned side = 0; side < 2; side++) {
			unsigned m;
			const struct prefix *v = child_nets(all, t, i, side ^ swap, &m);

			for (unsigned k = 0; k < m && n < VALUE; k++)
				n += (size_t)snprintf(out + n, VALUE - n, "%s%s", k ? ", " : side ? " - " : " ", prefix_str(&v[k], buf));
		}
		if (c->proto && n < VALUE)
			n += (size_t)snprintf(out + n, VALUE - n, ", %s", ts_proto_str(c->proto, proto));
		for (unsigned side = 0; side < 2; side++)
			if (c->port[side ^ swap] && n < VALUE)
				n += (size_t)snprintf(out + n, VALUE - n, ", port %u at %s", c->port[side ^ swap], all->sites[side ^ swap ? t->b : t->a].name);
	}
}

/* Of each end that has one; the sites in the order of their names. */
static void
iface_str(const struct sites *all, const struct site_tunnel *t, char out[VALUE])
{
	bool swap = strcmp(all->sites[t->a].name, all->sites[t->b].name) > 0;
	size_t n = 0;

	snprintf(out, VALUE, "none");
	for (unsigned side = 0; side < 2; side++)
		if (t->iface[side ^ swap][0])
			n += (size_t)snprintf(out + n, VALUE - n, "%s%s at %s", n ? ", " : "", t->iface[side ^ swap], all->sites[side ^ swap ? t->b : t->a].name);
}

unsigned
compare_tunnel(const struct sites *ours, const struct site_tunnel *t, const struct sites *theirs, const struct site_tunnel *u,
    const struct compare_sink *sink)
{
	static const char *const starts[] = { "respond-only", "always", "on-demand" }, *const encaps[] = { "auto", "udp", "esp" };
	struct pair p = { .sink = sink };

	if (!ends_fields(&p, ours, t, theirs, u))
		return p.n;
	if (!children_are_auto(t) || !children_are_auto(u)) {
		children_str(ours, t, p.here);
		children_str(theirs, u, p.there);
		told(&p, NULL, "children");
	}
	iface_str(ours, t, p.here);
	iface_str(theirs, u, p.there);
	told(&p, NULL, "interface");
	proposals_str(t->ike, p.here, VALUE);
	proposals_str(u->ike, p.there, VALUE);
	told(&p, NULL, "ike");
	proposals_str(t->esp, p.here, VALUE);
	proposals_str(u->esp, p.there, VALUE);
	told(&p, NULL, "esp");
	snprintf(p.here, VALUE, "%s", starts[t->start]);
	snprintf(p.there, VALUE, "%s", starts[u->start]);
	told(&p, NULL, "start");
	snprintf(p.here, VALUE, "%s", encaps[t->encap]);
	snprintf(p.there, VALUE, "%s", encaps[u->encap]);
	told(&p, NULL, "encapsulation");
	number_field(&p, "ike_lifetime", t->ike_life_s, u->ike_life_s);
	number_field(&p, "ike_hard_lifetime", t->ike_hard_s, u->ike_hard_s);
	number_field(&p, "child_lifetime", t->child_life_s, u->child_life_s);
	number_field(&p, "child_hard_lifetime", t->child_hard_s, u->child_hard_s);
	number_field(&p, "child_bytes", t->child_bytes, u->child_bytes);
	number_field(&p, "child_packets", t->child_packets, u->child_packets);
	number_field(&p, "replay_window", t->replay_window, u->replay_window);
	return p.n;
}

static const char *
other_end(const struct sites *all, const struct site_tunnel *t, const char *here)
{
	return strcmp(all->sites[t->a].name, here) == 0 ? all->sites[t->b].name : all->sites[t->a].name;
}

void
compare_sites(const struct sites *ours, const struct sites *theirs, const char *here, const struct compare_sink *sink)
{
	for (unsigned i = 0; i < ours->ntunnels; i++) {
		const struct site_tunnel *t = &ours->tunnels[i], *u = sites_find_tunnel(theirs, t->name);
		const char *peer = other_end(ours, t, here);
		bool same;

		if (!tunnel_has_site(ours, t, here))
			continue;
		if (!u) {
			if (sites_find(theirs, peer))
				sink->tunnel(sink->arg, t->name, peer, COMPARE_ONLY_HERE);
			continue;
		}
		same = memcmp(t->digest, u->digest, sizeof(t->digest)) == 0;
		sink->tunnel(sink->arg, t->name, peer, same ? COMPARE_SAME : COMPARE_DIFFERS);
		if (!same)
			compare_tunnel(ours, t, theirs, u, sink);
	}
	for (unsigned i = 0; i < theirs->ntunnels; i++) {
		const struct site_tunnel *u = &theirs->tunnels[i];

		if (tunnel_has_site(theirs, u, here) && !sites_find_tunnel(ours, u->name))
			sink->tunnel(sink->arg, u->name, other_end(theirs, u, here), COMPARE_ONLY_THERE);
	}
}
