/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame of all exports: who is who, the head with its notes, then the body; and the small questions that writers ask of a tunnel. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

const char *const export_words[] = { "causeway", "strongswan", "libreswan", "openiked", "fields", NULL };

static void (*const writers[])(struct ex *) = { export_causeway, export_strongswan, export_libreswan, export_openiked, export_fields };

int
export_find(const char *word)
{
	for (int i = 0; export_words[i]; i++)
		if (strcmp(export_words[i], word) == 0)
			return i;
	return -1;
}

void
ex_note(struct ex *x, const char *fmt, ...)
{
	va_list ap;

	if (x->nnotes++ == 0)
		fputs("#\n# What this file cannot say, or what has to be looked at:\n", x->notes);
	fputs("#  * ", x->notes);
	va_start(ap, fmt);
	vfprintf(x->notes, fmt, ap);
	va_end(ap);
	putc('\n', x->notes);
}

const char *
ex_id(const struct site *s, char *kind)
{
	const char *colon = strchr(s->id, ':');

	*kind = s->id[0];	/* the kinds differ in their first letter */
	return colon ? colon + 1 : s->id;
}

unsigned
ex_count(const struct proposal *p, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->t[i].type == type;
	return n;
}

bool
ex_has(const struct proposal *p, uint8_t type, uint16_t id)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == type && p->t[i].id == id)
			return true;
	return false;
}

uint64_t
ex_hard(uint64_t life_s, uint64_t hard_s)
{
	return hard_s ? hard_s : life_s + life_s / 10;
}

/* Networks without a partner of their family take no part; behind each stands the tail. f: NULL only counts. */
static unsigned
each_net(const struct ex *x, unsigned child, bool peer, const char *between, const char *tail, FILE *f)
{
	bool peer_is_a = x->peer == &x->all->sites[x->t->a];
	unsigned n, m, used = 0;
	const struct prefix *v = child_nets(x->all, x->t, child, peer_is_a == peer ? 0 : 1, &n);
	const struct prefix *w = child_nets(x->all, x->t, child, peer_is_a == peer ? 1 : 0, &m);
	char buf[PREFIX_STR];

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++)
			if (v[i].addr.fam == w[k].addr.fam) {
				if (f)
					fprintf(f, "%s%s%s", used ? between : "", prefix_str(&v[i], buf), tail);
				used++;
				break;
			}
	return used;
}

unsigned
ex_nets(const struct ex *x, unsigned child, bool peer)
{
	return each_net(x, child, peer, "", "", NULL);
}

void
ex_write_nets(const struct ex *x, unsigned child, bool peer, const char *between, const char *tail)
{
	each_net(x, child, peer, between, tail, x->body);
}

uint16_t
ex_port(const struct ex *x, unsigned child, bool peer)
{
	bool peer_is_a = x->peer == &x->all->sites[x->t->a];

	return x->t->children[child].port[peer_is_a == peer ? 0 : 1];
}

bool
ex_selects(const struct ex *x)
{
	for (unsigned i = 0; i < x->t->nchildren; i++)
		if (x->t->children[i].proto)
			return true;
	return false;
}

bool
ex_is_auto(const struct ex *x)
{
	return children_are_auto(x->t);
}

/* RFC 4303: outer header, UDP where it may be used, SPI and sequence number, IV, padding to the block with its two octets, ICV. */
unsigned
ex_overhead(const struct ex *x)
{
	bool six = x->here->address.fam == 6 || x->peer->address.fam == 6;
	unsigned worst = 0, outer = (six ? 40 : 20) + (x->t->encap == ENCAP_ESP ? 0 : 8) + 8;

	for (unsigned i = 0; i < x->t->esp->n; i++)
		for (unsigned k = 0; k < x->t->esp->v[i].n; k++) {
			const struct proposal *p = &x->t->esp->v[i];
			const struct alg *e = alg_find(p->t[k].type, p->t[k].id, p->t[k].key_bits), *m;
			unsigned icv = 0, n;

			if (!e || e->type != T_ENCR)
				continue;
			for (unsigned j = 0; j < p->n && !alg_is_aead(e); j++)
				if (p->t[j].type == T_INTEG && (m = alg_find(T_INTEG, p->t[j].id, 0)) && m->icv_len > icv)
					icv = m->icv_len;
			n = outer + e->iv_len + (alg_is_aead(e) ? e->icv_len : icv) + e->block - 1u + 2;
			if (n > worst)
				worst = n;
		}
	return worst;
}

void
ex_no_iface(struct ex *x)
{
	if (x->peer_iface[0])
		ex_note(x, "the interface %s: this text has policies for the networks instead, which works with the interface at the other end; what else is routed "
		    "there has to be in the networks of both ends", x->peer_iface);
}

static bool
begin(struct ex *x, const struct sites *all, const struct site_tunnel *t, const char *here)
{
	bool first = strcmp(all->sites[t->a].name, here) == 0;

	x->all = all;
	x->t = t;
	x->here = &all->sites[first ? t->a : t->b];
	x->peer = &all->sites[first ? t->b : t->a];
	x->peer_iface = t->iface[first ? 1 : 0];
	x->here_auth = &t->auth[first ? 0 : 1];
	x->peer_auth = &t->auth[first ? 1 : 0];
	/* Contracts, "Who initiates": one end is enough, and two that begin at once only make work. */
	x->peer_begins = t->start == START_ALWAYS && (site_is_any(x->peer) || (!first && !site_is_any(x->here)));
	return true;
}

char *
export_peer(enum export_for what, const struct sites *all, const struct site_tunnel *t, const char *here)
{
	char *body = NULL, *notes = NULL, *out = NULL;
	size_t nbody = 0, nnotes = 0;
	struct ex x = { .body = open_memstream(&body, &nbody), .notes = open_memstream(&notes, &nnotes) };
	bool ok = x.body && x.notes && begin(&x, all, t, here);

	if (ok) {
		fprintf(x.notes, "# Tunnel %s: the end of %s, for %s. Written by Causeway at %s.\n", t->name, x.peer->name,
		    export_words[what], x.here->name);
		writers[what](&x);
	}
	if (x.body && fclose(x.body) != 0)
		ok = false;
	if (x.notes && fclose(x.notes) != 0)
		ok = false;
	if (ok && (out = malloc(nnotes + nbody + 1)) != NULL) {
		memcpy(out, notes, nnotes);
		memcpy(out + nnotes, body, nbody + 1);
	}
	free(body);
	free(notes);
	return out;
}
