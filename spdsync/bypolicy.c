/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bypolicy.h"

#define IKE_LIFE_S	28800u		/* contracts, "Lifetimes" */
#define CHILD_LIFE_S	3600u
#define CHILD_BYTES	(64ull << 30)
#define CHILD_PACKETS	(1ull << 32)
#define WINDOW		1024u

bool
upolicy_get(const struct pfkey_msg *m, struct upolicy *p)
{
	const uint64_t need = PFKEY_HAS(SADB_X_EXT_POLICY) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);

	memset(p, 0, sizeof(*p));
	if ((m->has & need) != need || m->policy.type != CW_POLICY_IPSEC || m->policy.dir != CW_DIR_OUT || m->policy.n == 0 || m->policy.id == 0)
		return false;
	p->id = m->policy.id;
	p->src = (struct prefix){ m->src.ep.addr, m->src.prefixlen };
	p->dst = (struct prefix){ m->dst.ep.addr, m->dst.prefixlen };
	p->proto = m->src.proto == CW_ULPROTO_ANY ? 0 : m->src.proto;
	p->sport = m->src.ep.port;
	p->dport = m->dst.ep.port;
	p->nreq = m->policy.n;
	for (unsigned i = 0; i < p->nreq && i < 2; i++)
		p->req[i] = m->policy.req[i];
	return true;
}

static int
by_id(const void *a, const void *b)
{
	const struct upolicy *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool
is_host(const struct prefix *p)
{
	return p->addr.fam && p->len == addr_bits(&p->addr) && !addr_is_any(&p->addr);
}

/*
 * What IKE has to negotiate, of one policy at most two such: one SA in each direction, of ESP or of AH, in a mode between two ends; and IPComp inside ESP. In tunnel mode
 * the packet that IPComp has made is ESP's in transport mode: one header, as RFC 7296 2.22 has it.
 */
struct demand {
	struct pfkey_request req;	/* of ESP or AH, with the mode and the ends of the child */
	uint8_t		comp;		/* enum child_comp */
	uint32_t	comp_reqid;
	uint8_t		inside;		/* struct uchild's */
};

/*
 * ESP and AH around one packet. RFC 7296 has no such bundles (3.3: one protocol in each proposal, and a CHILD_SA is of one); so there are two
 * children, one of each protocol, and that of the outer one is for what the inner one has made, between the same two gateways.
 */
static bool
is_pair(const struct upolicy *p)
{
	const struct pfkey_request *in = &p->req[0], *out = &p->req[1];

	return p->nreq == 2 && out->mode == CW_MODE_TRANSPORT &&
	    ((in->proto == IPPROTO_ESP && out->proto == IPPROTO_AH) || (in->proto == IPPROTO_AH && out->proto == IPPROTO_ESP));
}

static const char *
with_comp(const struct upolicy *p, struct demand *d)
{
	const struct pfkey_request *comp = &p->req[0], *esp = &p->req[1];

	d->req = *esp;
	d->comp_reqid = comp->reqid;
	d->comp = comp->level == CW_LEVEL_REQUIRE || comp->level == CW_LEVEL_UNIQUE ? COMP_DEMANDED : COMP_WANTED;
	if (comp->mode == CW_MODE_TRANSPORT && esp->mode == CW_MODE_TRANSPORT)
		return NULL;
	if (comp->mode == CW_MODE_TUNNEL && esp->mode == CW_MODE_TRANSPORT) {
		d->req.mode = CW_MODE_TUNNEL;
		d->req.src = comp->src;
		d->req.dst = comp->dst;
		d->comp = COMP_DEMANDED;	/* who makes the tunnel's header cannot be done without */
		return NULL;
	}
	return "its IPComp is not what IKE negotiates: write ipcomp/transport//use esp/transport//require, or ipcomp/tunnel/OURS-THEIRS/use esp/transport//require";
}

/* 0: *why IKE can make no SA for it. */
static unsigned
demand_of(const struct upolicy *p, struct demand d[static 2], const char **why)
{
	*d = (struct demand){ .req = p->req[0] };
	*why = NULL;
	if (is_pair(p)) {
		d[1] = (struct demand){ .req = p->req[1], .inside = p->req[0].proto };
		return 2;
	}
	if (p->nreq == 2 && p->req[0].proto == IPPROTO_COMP && p->req[1].proto == IPPROTO_ESP)
		*why = with_comp(p, d);
	else if (p->nreq > 1)
		*why = "it asks for several transforms, one inside the other, and IKE negotiates one, or IPComp with ESP around it, or ESP and AH of which the "
		    "outer one is in transport mode: enter the SAs with setkey";
	else if (p->req[0].proto == IPPROTO_COMP)
		*why = "it asks for IPComp alone, which protects nothing, and IKE negotiates it inside ESP: write ipcomp/transport//use esp/transport//require";
	return *why == NULL;
}

static const char *
unfit_reqid(const struct demand *d, const struct utaken *taken)
{
	if ((d->req.reqid && taken->reqid(taken->arg, d->req.reqid)) || (d->comp_reqid && taken->reqid(taken->arg, d->comp_reqid)))
		return "its reqid is that of a tunnel of the site file, whose SAs serve it";
	if (d->req.reqid >= BIND_NUMBERS || d->comp_reqid >= BIND_NUMBERS)
		return "its reqid is too large: take one under 2147483648";
	return NULL;
}

/* Why IKE can make no SA for it, whoever the peer is; NULL: it can. */
static const char *
unfit(const struct upolicy *p, const struct utaken *taken, struct demand d[static 2], unsigned *n)
{
	bool icmp = p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6;
	const struct pfkey_request *r = &d->req;
	const char *why;

	*n = demand_of(p, d, &why);
	for (unsigned i = 0; i < *n && !why; i++)
		why = unfit_reqid(&d[i], taken);
	if (why)
		return why;
	if (icmp && (p->sport || p->dport))
		return "it selects by ICMP type and code, and IKE negotiates no such selectors: leave them out";
	if ((p->proto == IPPROTO_GRE || p->proto == IPPROTO_MH) && (p->sport || p->dport))
		return "it selects by what has no place in IKE, a key of GRE or a type of MH: leave it out, or give it SAs by setkey";
	if (r->mode == CW_MODE_TUNNEL && (addr_is_any(&r->src) || addr_is_any(&r->dst)))
		return "it names no two ends of its tunnel: write them, as esp/tunnel/OURS-THEIRS/require";
	if (r->mode == CW_MODE_TUNNEL && r->src.fam != r->dst.fam)
		return "the ends of its tunnel are of two families";
	if (r->mode == CW_MODE_TUNNEL)
		return NULL;
	if (r->mode != CW_MODE_TRANSPORT)
		return "it leaves the mode open: write transport or tunnel";
	if (!is_host(&p->src))
		return "its source is not one address, and in transport mode IKE speaks from the packets' own: name this host's";
	if (prefix_has(&p->dst, &p->src.addr) && is_host(&p->dst))
		return "it is for packets of this host to itself, which need no protection: IKE does not speak with itself";
	return NULL;
}

static struct ts
selector(const struct prefix *p, uint8_t proto, uint16_t port)
{
	struct ts t = ts_from_prefix(p);

	t.proto = proto;
	if (port)
		t.port_lo = t.port_hi = port;
	return t;
}

struct build {
	struct umap	*m;
	size_t		cap, refused_cap;
	const struct racoon *conf;
	const struct utaken *taken;
	bool		ok;
};

static void
refuse(struct build *b, uint32_t id, const char *why)
{
	struct umap *m = b->m;

	if (m->nrefused && m->refused[m->nrefused - 1].id == id)
		return;
	if (m->nrefused == b->refused_cap) {
		size_t cap = b->refused_cap ? b->refused_cap * 2 : 16;
		struct urefused *v = reallocarray(m->refused, cap, sizeof(*v));

		if (!v) {
			b->ok = false;
			return;
		}
		m->refused = v;
		b->refused_cap = cap;
	}
	m->refused[m->nrefused++] = (struct urefused){ id, why };
}

static struct utunnel *
tunnel_for(struct build *b, const struct addr *local, const struct addr *remote)
{
	struct umap *m = b->m;

	for (size_t i = 0; i < m->n; i++)
		if (addr_eq(&m->v[i].local, local) && addr_eq(&m->v[i].remote, remote))
			return &m->v[i];
	if (m->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 8;
		struct utunnel *v = m->n >= BYPOLICY_MAX ? NULL : reallocarray(m->v, cap, sizeof(*v));

		if (!v) {
			b->ok = m->n >= BYPOLICY_MAX && b->ok;
			return NULL;
		}
		m->v = v;
		b->cap = cap;
	}
	memset(&m->v[m->n], 0, sizeof(m->v[0]));
	m->v[m->n].local = *local;
	m->v[m->n].remote = *remote;
	m->v[m->n].section = b->conf ? racoon_remote_of(b->conf, remote) : -1;
	return &m->v[m->n++];
}

static bool
same_proposal(const struct proposal *a, const struct proposal *b)
{
	bool same = a->proto == b->proto && a->n == b->n;

	for (unsigned i = 0; same && i < a->n; i++)
		same = a->t[i].type == b->t[i].type && a->t[i].id == b->t[i].id && a->t[i].key_bits == b->t[i].key_bits;
	return same;
}

/* Their places in the list of all, which they are added to; 0: it has no room for them. */
static uint16_t
places(struct proposals *all, const struct proposals *own)
{
	uint16_t mask = 0;

	for (unsigned i = 0; i < own->n; i++) {
		unsigned k = 0;

		while (k < all->n && !same_proposal(&all->v[k], &own->v[i]))
			k++;
		if (k == PROPOSALS_MAX)
			return 0;
		if (k == all->n)
			all->v[all->n++] = own->v[i];
		mask |= (uint16_t)(1u << k);
	}
	return mask;
}

static const struct proposals *
proposals_of(const struct uchild *c, const struct racoon *conf)
{
	const struct racoon_sainfo *s = &conf->sainfos[c->sainfo];

	return c->ah ? &s->ah : &s->esp;
}

static bool
have_room(const struct utunnel *t, const struct racoon *conf)
{
	struct proposals all = { 0 };

	for (unsigned i = 0; i < t->n; i++)
		if (places(&all, proposals_of(&t->child[i], conf)) == 0)
			return false;
	return true;
}

/* What racoon.conf has for the child that was just put last; NULL, or why it is not to be. */
static const char *
configure(struct utunnel *t, const struct racoon *conf)
{
	struct uchild *c = &t->child[t->n - 1];

	c->sainfo = -1;
	if (!conf)
		return NULL;
	if (t->section < 0)
		return "racoon.conf has no section 'remote' for its peer, and none for 'anonymous'";
	c->sainfo = c->inside ? c[-1].sainfo : racoon_sainfo_of(conf, &c->local, &c->remote);	/* as racoon had it: one for all of a policy */
	if (c->sainfo < 0)
		return "racoon.conf has no 'sainfo' for its packets, and none for 'anonymous'";
	if (c->ah && proposals_of(c, conf)->n == 0)
		return "the 'sainfo' of racoon.conf for its packets has no authentication_algorithm, which AH needs";
	return have_room(t, conf) ? NULL : "the sainfo sections of the policies between these two gateways have more than 16 proposals together";
}

/* False: it is refused. */
static bool
add_one(struct build *b, const struct upolicy *p, const struct demand *d, const struct addr *local, const struct addr *remote)
{
	struct utunnel *t = tunnel_for(b, local, remote);
	const char *why;
	struct prefix us = { *local, addr_bits(local) }, peer = { *remote, addr_bits(remote) };
	bool transport = d->req.mode == CW_MODE_TRANSPORT;
	struct uchild *c;

	if (t && t->n && t->child[t->n - 1].id == p->id && t->child[t->n - 1].inside >= d->inside)
		return true;	/* the peer has two lines in psk.txt */
	if (!t || t->n == IKE_CHILDREN) {
		refuse(b, p->id, t ? "16 policies before it name the same two gateways, and IKE takes no more of them" :
		    "there are too many pairs of gateways in the policies before it");
		return false;
	}
	c = &t->child[t->n++];
	c->id = p->id;
	c->reqid = d->req.reqid;
	c->transport = transport;
	c->ah = d->req.proto == IPPROTO_AH;
	c->comp = d->comp;
	c->comp_reqid = d->comp_reqid;
	c->local = selector(&p->src, p->proto, p->sport);
	c->remote = selector(transport ? &peer : &p->dst, p->proto, p->dport);
	if (d->inside) {
		c->inside = d->inside;
		c->local = selector(&us, d->inside, 0);
		c->remote = selector(&peer, d->inside, 0);
	}
	why = configure(t, b->conf);
	if (why) {
		memset(c, 0, sizeof(*c));
		t->n--;
		refuse(b, p->id, why);
	}
	return why == NULL;
}

/* All of a policy, or nothing. */
static void
add(struct build *b, const struct upolicy *p, const struct demand *d, unsigned n, const struct addr *local, const struct addr *remote)
{
	struct utunnel *t;

	if (!add_one(b, p, &d[0], local, remote) || n == 1 || add_one(b, p, &d[1], local, remote))
		return;
	t = tunnel_for(b, local, remote);
	if (t && t->n && t->child[t->n - 1].id == p->id)
		memset(&t->child[--t->n], 0, sizeof(t->child[0]));
}

/* A tunnel that nothing was put into is none. */
static void
drop_empty(struct umap *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].n)
			m->v[n++] = m->v[i];
	m->n = n;
}

static void
take(struct build *b, const struct upolicy *p, const struct addr *peers, size_t npeers)
{
	struct demand d[2];
	unsigned n;
	const char *why = unfit(p, b->taken, d, &n);
	bool any = false;

	if (why) {
		refuse(b, p->id, why);
	} else if (d->req.mode == CW_MODE_TUNNEL) {
		add(b, p, d, n, &d->req.src, &d->req.dst);
	} else if (is_host(&p->dst)) {
		add(b, p, d, n, &p->src.addr, &p->dst.addr);
	} else {
		b->m->by_peers = true;
		for (size_t i = 0; i < npeers; i++)
			if (prefix_has(&p->dst, &peers[i]) && !addr_eq(&peers[i], &p->src.addr)) {
				add(b, p, d, n, &p->src.addr, &peers[i]);
				any = true;
			}
		if (!any)
			refuse(b, p->id, "it names no single peer, and psk.txt has a key for none of its destinations");
	}
}

static bool
name_free(const struct umap *m, size_t before, const char *name, const struct utaken *taken)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return false;
	return !taken->name(taken->arg, name);
}

/* "spd-192-0-2-1": of several of our addresses towards one peer the first has the plain name. */
static void
name_one(struct umap *m, size_t i, unsigned *next, const struct utaken *taken)
{
	struct utunnel *t = &m->v[i];
	bool first = i == 0 || !addr_eq(&m->v[i - 1].remote, &t->remote);	/* they are sorted by the peer */
	char text[ADDR_STR];
	size_t n;

	addr_str(&t->remote, text);
	n = strlen(text);
	for (char *p = text; *p; p++)
		if (*p == '.' || *p == ':')
			*p = '-';
	snprintf(t->name, sizeof(t->name), BYPOLICY_PREFIX "%.40s%s", text, text[n - 1] == '-' ? "0" : "");
	if (first)
		*next = 2;
	while ((!first && *next == 2) || !name_free(m, i, t->name, taken))
		snprintf(t->name, sizeof(t->name), BYPOLICY_PREFIX "%.40s-x%u", text, (*next)++);
}

static uint32_t
mix(uint32_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * 16777619u;
	return h;
}

static uint32_t
mix_ts(uint32_t h, const struct ts *t)
{
	h = mix(h, &t->proto, sizeof(t->proto));
	h = mix(h, &t->port_lo, sizeof(t->port_lo));
	h = mix(h, &t->port_hi, sizeof(t->port_hi));
	h = mix(h, t->lo.b, sizeof(t->lo.b));
	return mix(h, t->hi.b, sizeof(t->hi.b));
}

#define NUMBERS	(1u << 17)	/* places for them: twice as many as there can be children */

static bool
number_put(uint32_t *set, uint32_t number)
{
	uint32_t i = number * 2654435761u >> 15;

	for (; set[i]; i = (i + 1) & (NUMBERS - 1))
		if (set[i] == number)
			return false;
	set[i] = number;
	return true;
}

/* From what the child is, so that it has the same number after a restart, and another one when it becomes another. */
static bool
number_children(struct umap *m)
{
	uint32_t *set = calloc(NUMBERS, sizeof(*set));

	for (size_t i = 0; set && i < m->n; i++)
		for (unsigned k = 0; k < m->v[i].n; k++) {
			struct uchild *c = &m->v[i].child[k];
			uint32_t h = mix(2166136261u, m->v[i].name, strlen(m->v[i].name));

			h = mix(h, &c->id, sizeof(c->id));
			h = mix(h, &c->reqid, sizeof(c->reqid));
			h = mix(h, &c->transport, sizeof(c->transport));
			if (c->ah || c->comp) {
				h = mix(h, &c->ah, sizeof(c->ah));
				h = mix(h, &c->comp, sizeof(c->comp));
				h = mix(h, &c->comp_reqid, sizeof(c->comp_reqid));
			}
			c->number = mix_ts(mix_ts(h, &c->local), &c->remote) | BIND_NUMBERS;
			while (!number_put(set, c->number))
				c->number = (c->number + 1) | BIND_NUMBERS;
		}
	free(set);
	return set != NULL;
}

static int
by_ends(const void *a, const void *b)
{
	const struct utunnel *x = a, *y = b;
	int c = addr_cmp(&x->remote, &y->remote);

	return c ? c : addr_cmp(&x->local, &y->local);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct utunnel *)a)->name, ((const struct utunnel *)b)->name);
}

bool
umap_build(struct umap *m, struct upolicy *p, size_t n, const struct addr *peers, size_t npeers, const struct racoon *conf, const struct utaken *taken)
{
	struct build b = { .m = m, .conf = conf, .taken = taken, .ok = true };
	unsigned next = 2;

	memset(m, 0, sizeof(*m));
	if (n)
		qsort(p, n, sizeof(*p), by_id);
	for (size_t i = 0; i < n && b.ok; i++)
		take(&b, &p[i], peers, npeers);
	if (!b.ok) {
		umap_fini(m);
		return false;
	}
	drop_empty(m);
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), by_ends);
	for (size_t i = 0; i < m->n; i++)
		name_one(m, i, &next, taken);
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), by_name);
	if (m->n == 0 || number_children(m))
		return true;
	umap_fini(m);
	return false;
}

void
umap_fini(struct umap *m)
{
	free(m->v);
	free(m->refused);
	memset(m, 0, sizeof(*m));
}

const struct utunnel *
umap_find(const struct umap *m, const char *name)
{
	struct utunnel key;

	if (strlen(name) >= sizeof(key.name) || m->n == 0)
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, m->v, m->n, sizeof(*m->v), by_name);
}

static const struct racoon_remote *
section_of(const struct utunnel *t, const struct racoon *conf)
{
	return conf && t->section >= 0 ? &conf->remotes[t->section] : NULL;
}

static void
ids(const struct utunnel *t, const struct racoon_remote *r, char local[static ID_CAP], char remote[static ID_CAP])
{
	char text[ADDR_STR];

	snprintf(local, ID_CAP, "ip:%s", addr_str(&t->local, text));
	snprintf(remote, ID_CAP, "ip:%s", addr_str(&t->remote, text));
	if (r && r->id_local[0])
		memcpy(local, r->id_local, ID_CAP);
	if (r && r->id_remote[0])
		memcpy(remote, r->id_remote, ID_CAP);
}

/* As racoon.conf has it. */
static void
conf_msg(const struct utunnel *t, const struct racoon *conf, const struct racoon_remote *r, struct tunnel *m)
{
	m->ike = r->ike;
	if (r->life_s)
		m->ike_life_s = r->life_s;
	if (r->passive)
		m->start = START_RESPOND;
	if (r->udp)
		m->encap = ENCAP_UDP;
	memset(&m->esp, 0, sizeof(m->esp));
	for (unsigned i = 0; i < t->n; i++) {
		m->children[i].esp = places(&m->esp, proposals_of(&t->child[i], conf));
		m->children[i].life_s = conf->sainfos[t->child[i].sainfo].life_s;
	}
}

void
uchild_name(const struct uchild *c, char name[static NAME_CAP])
{
	snprintf(name, NAME_CAP, "p%u%s", (unsigned)c->id, !c->inside ? "" : c->ah ? "-ah" : "-esp");
}

void
utunnel_msg(const struct utunnel *t, const struct racoon *conf, struct tunnel *m)
{
	const struct racoon_remote *r = section_of(t, conf);
	struct proposals ah;

	memset(m, 0, sizeof(*m));
	memcpy(m->name, t->name, sizeof(m->name));
	m->local = t->local;
	m->remote = t->remote;
	ids(t, r, m->id_local, m->id_remote);
	m->start = START_ON_DEMAND;
	m->auth_local = m->auth_remote = AUTH_BY_PSK;
	m->ike_life_s = IKE_LIFE_S;
	m->child_life_s = CHILD_LIFE_S;
	m->child_life_bytes = CHILD_BYTES;
	m->child_life_packets = CHILD_PACKETS;
	m->replay_window = WINDOW;
	preset_find("compatible", &m->ike, &m->esp);
	preset_ah(&ah);
	m->esp.v[m->esp.n++] = ah.v[0];
	m->nchildren = t->n;
	for (unsigned i = 0; i < t->n; i++) {
		struct tunnel_child *c = &m->children[i];

		uchild_name(&t->child[i], c->name);
		c->reqid = t->child[i].number;
		c->mode = t->child[i].transport ? CHILD_TRANSPORT : CHILD_TUNNEL;
		c->ah = t->child[i].ah;
		c->comp = t->child[i].comp;
		c->local.n = c->remote.n = 1;
		c->local.v[0] = t->child[i].local;
		c->remote.v[0] = t->child[i].remote;
	}
	if (r)
		conf_msg(t, conf, r, m);
}

void
utunnel_binding(const struct utunnel *t, const struct racoon *conf, struct binding *b)
{
	memset(b, 0, sizeof(*b));
	memcpy(b->tunnel, t->name, sizeof(b->tunnel));
	ids(t, section_of(t, conf), b->id_local, b->id_remote);
	b->peer = t->remote;
	b->how_local = b->how_remote = AUTH_BY_PSK;
	b->policies = 1;
	b->nreqids = t->n;
	for (unsigned i = 0; i < t->n; i++) {
		b->reqids[i] = t->child[i].number;
		b->policy[i] = (struct bound_policy){ .id = t->child[i].id, .reqid = t->child[i].reqid, .transport = t->child[i].transport, .ah = t->child[i].ah,
		    .comp = t->child[i].comp != COMP_NONE, .comp_reqid = t->child[i].comp_reqid };
	}
}
