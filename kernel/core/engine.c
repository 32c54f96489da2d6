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
	"plain_in", "plain_out", "wire_in", "wire_out", "acquires", "bytes_sealed", "bytes_opened", "drops"
};

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
	e->deadline = NEVER;
	e->bounds = cw_bounds_most;
	e->icmp_tokens = e->bounds.icmp_errors;
	e->nested_end = &e->nested;
	return e;
}

void
cw_free(struct cw_engine *e)
{
	struct cw_tuple *t;

	if (!e)
		return;
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
	cw_count(b->e, reason, 1);
	p->verdict = CW_DROPPED;
	p->drop = (uint16_t)reason;
	cw_batch_add(b, p);
}

void
cw_drop(struct cw_engine *e, struct cw_pkt *p, unsigned reason)
{
	struct cw_batch b = { .e = e, .out = host_drop_out };

	cw_fail(&b, p, reason);
	cw_batch_flush(&b);
}

uint64_t
cw_counter(const struct cw_engine *e, unsigned i)
{
	return i < CW_COUNTERS ? host_stats_read(e->stats, i) : 0;
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
cw_client_open(struct cw_engine *e, void *cookie, unsigned flags)
{
	struct cw_client *c;

	if (e->nclients >= CW_CLIENTS_MAX || !(c = host_zalloc(sizeof(*c))))
		return NULL;
	c->cookie = cookie;
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
