/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine as a whole: its life, its counters, its drops, and the clients of its PF_KEY side. */
#include "core.h"

static const struct {
	uint16_t	num;
	const char	*name, *sentence;
} drops[] = {
#define D(num, NAME, name, sentence) { num, "drop_" name, sentence },
#include <causeway/drop.def>
#undef D
};

static const char *const totals[] = {
	"plain_in", "plain_out", "wire_in", "wire_out", "acquires", "bytes_sealed", "bytes_opened", "drops",
	"comp_small", "comp_useless"
};

_Static_assert(CW_KINDS * 2 * CW_COUNTERS == HOST_STATS, "a host keeps as many counters as there are");
#define NDROPS	(sizeof(drops) / sizeof(drops[0]))
#define NTOTALS	(sizeof(totals) / sizeof(totals[0]))

const struct cw_bounds cw_bounds_most = { CW_SA_MAX, CW_SPD_MAX, CW_ICMP_A_SECOND };

static uint32_t
at_most(uint32_t v, uint32_t most)
{
	return v < most ? v : most;
}

void
cw_bounds_set(struct cw_engine *e, const struct cw_bounds *l)
{
	host_publish(e->bounds.sas, at_most(l->sas, cw_bounds_most.sas));
	host_publish(e->bounds.policies, at_most(l->policies, cw_bounds_most.policies));
	host_publish(e->bounds.icmp_errors, at_most(l->icmp_errors, cw_bounds_most.icmp_errors));
}

struct cw_engine *
cw_new(struct host *host)
{
	struct cw_engine *e = host_zalloc(sizeof(*e));

	if (!e)
		return NULL;
	e->stats = host_stats_new();
	if (!e->stats) {
		host_free(e);
		return NULL;
	}
	e->host = host;
	host_lock_init(&e->lock);
	host_random(&e->seed, sizeof(e->seed));
	e->next_id = 1;
	e->next_policy = 1;
	cw_knobs_init(e);
	e->deadline = NEVER;
	e->bounds = cw_bounds_most;
	e->icmp_tokens = e->bounds.icmp_errors;
	return e;
}

void
cw_free(struct cw_engine *e)
{
	struct cw_tuple *t;

	if (!e)
		return;
	e->knob[CW_KNOB_UNREACHABLE] = 0;	/* its host is about to go: nobody can be told any more */
	while (e->clients)
		cw_client_close(e, e->clients);
	while (e->sp_first)
		cw_spd_remove(e, e->sp_first);
	cw_sad_reap(e);
	while (e->sa_first)
		cw_sad_remove(e, e->sa_first);
	while ((t = e->tuples) != NULL) {
		e->tuples = t->next;
		host_free(t->table);
		host_free(t);
	}
	cw_due_free(e);
	cw_index_free(&e->by_spi);
	cw_index_free(&e->by_reqid);
	cw_index_free(&e->by_ends);
	cw_index_free(&e->sp_by_id);
	cw_index_free(&e->shades);
	cw_index_free(&e->nets);
	host_stats_free(e->stats);
	host_wipe(e->pf, sizeof(e->pf));
	host_free(e);
}

void
cw_count(struct cw_engine *e, unsigned reason, uint64_t n)
{
	if (reason >= CW_TOTAL_PLAIN_IN)
		return;
	host_stats_add(e->stats, reason, n);
	host_stats_add(e->stats, CW_TOTAL_DROPS, n);
}

void
cw_fail(struct cw_batch *b, struct cw_pkt *p, unsigned reason)
{
	cw_tally(b->e, p, reason, 1);
	cw_tally(b->e, p, CW_TOTAL_DROPS, 1);
	p->verdict = CW_DROPPED;
	p->drop = (uint16_t)reason;
	cw_seen_add(b->e, p);
	cw_batch_add(b, p);
}

void
cw_drop(struct cw_engine *e, struct cw_pkt *p, unsigned reason)
{
	struct cw_batch b = { .e = e, .out = host_drop_out };

	cw_fail(&b, p, reason);
	cw_batch_flush(&b);
}

void
cw_dropped_ends(const struct cw_pkt *p, struct cw_addr *src, struct cw_addr *dst)
{
	const uint8_t *h = cw_pkt_data(p);
	unsigned ver = p->len ? h[0] >> 4 : 0, n = ver == 4 ? 4 : 16, at = ver == 4 ? 12 : 8;

	*src = *dst = (struct cw_addr){ 0 };
	if (p->bank >= cw_bank(CW_KIND_ESP, 4)) {
		*src = p->outer.src;
		*dst = p->outer.dst;
	} else if ((ver == 4 || ver == 6) && p->len >= at + 2 * n) {
		src->fam = dst->fam = (uint8_t)ver;
		memcpy(src->b, h + at, n);
		memcpy(dst->b, h + at + n, n);
	}
}

uint64_t
cw_counter(const struct cw_engine *e, unsigned i)
{
	uint64_t v = 0;

	for (unsigned kind = 0; kind < CW_KIND_TUNNEL; kind++)	/* tunnels count the others' packets once more */
		v += cw_counter_of(e, kind, 4, i) + cw_counter_of(e, kind, 6, i);
	return v;
}

uint64_t
cw_counter_of(const struct cw_engine *e, unsigned kind, unsigned fam, unsigned i)
{
	return i < CW_COUNTERS && kind < CW_KINDS ? host_stats_read(e->stats, cw_bank(kind, fam) * CW_COUNTERS + i) : 0;
}

const char *
cw_counter_name(unsigned i)
{
	if (i >= CW_TOTAL_PLAIN_IN && i < CW_TOTAL_PLAIN_IN + NTOTALS)
		return totals[i - CW_TOTAL_PLAIN_IN];
	for (unsigned k = 1; k < NDROPS; k++)
		if (drops[k].num == i)
			return drops[k].name;
	return NULL;
}

const char *
cw_drop_sentence(unsigned reason)
{
	for (unsigned k = 0; k < NDROPS; k++)
		if (drops[k].num == reason)
			return drops[k].sentence;
	return NULL;
}

/* Before the time that stands, the host is told: it may be asleep until then. */
void
cw_wake(struct cw_engine *e, uint64_t at)
{
	bool sooner;

	if (at >= host_load(e->deadline))
		return;
	host_lock(&e->lock);
	sooner = at < e->deadline;
	if (sooner)
		host_publish(e->deadline, at);
	host_unlock(&e->lock);
	if (sooner)
		host_wake(e->host);
}

void
cw_icmp_source(struct cw_engine *e, const struct cw_addr *a)
{
	if (a->fam == 4)
		e->icmp4 = *a;
	else if (a->fam == 6)
		e->icmp6 = *a;
}

struct cw_client *
cw_client_open(struct cw_engine *e, void *cookie, unsigned flags, uint32_t opener)
{
	unsigned kept = opener && opener != e->suite ? CW_CLIENTS_KEPT : 0;
	struct cw_client *c;

	if (e->nclients + kept >= CW_CLIENTS_MAX || !(c = host_zalloc(sizeof(*c))))
		return NULL;
	c->cookie = cookie;
	c->opener = opener;
	c->flags = flags & CW_CLIENT_KEYLESS ? CW_CLIENT_KEYLESS : flags;
	e->nclients++;
	host_lock(&e->lock);
	c->next = e->clients;
	e->clients = c;
	host_unlock(&e->lock);
	return c;
}

void
cw_client_close(struct cw_engine *e, struct cw_client *c)
{
	struct cw_client **at = &e->clients;

	while (*at && *at != c)
		at = &(*at)->next;
	if (!*at)
		return;
	cw_tap_close(e, c);
	host_lock(&e->lock);
	*at = c->next;
	e->npromisc -= c->promisc;
	host_unlock(&e->lock);
	e->nclients--;
	host_free(c);
}

unsigned
cw_client_flags(const struct cw_client *c)
{
	return c->flags;
}
