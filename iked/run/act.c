/* SPDX-License-Identifier: BSD-2-Clause */
/* The only file that turns the engine's effects into something that happens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "run/iked.h"

#define SLEEP_MAX_NS	(5 * NS_PER_S)	/* libevent sleeps on another clock, which a suspended machine stops */

/* What is local to this host and of the moment (a full buffer, a filter) is like a lost datagram: retransmission deals with it. */
static void
send_it(struct iked *k, const struct todo *t)
{
	int err;

	if (t->u.send.natt && t->u.send.marker && links_send_large(k, &t->u.send.local, &t->u.send.remote, bytes_of(t->octets, t->n)))
		return;
	err = sockets_send(k->sockets, &t->u.send.local, &t->u.send.remote, t->u.send.natt, t->u.send.marker,
	    bytes_of(t->octets, t->n));

	if (err == ENETUNREACH || err == EHOSTUNREACH || err == EADDRNOTAVAIL || err == ECONNREFUSED || err == EAFNOSUPPORT)
		engine_unreachable(k->engine, &t->u.send.remote, err, clock_now_ns());
}

/* One line for every change of a state. What a stranger can cause is one line a second, with the number of those left out. */
static void
log_it(struct iked *k, const struct todo *t)
{
	struct log_ctx ctx = {
		.tunnel = t->u.log.tunnel[0] ? t->u.log.tunnel : NULL,
		.child = t->u.log.child[0] ? t->u.log.child : NULL };
	uint64_t skipped = 0;

	if (ctx.tunnel == NULL && t->u.log.level <= LOG_INFO && !log_allow(&k->strangers, clock_now_ns(), &skipped))
		return;
	log_at(t->u.log.level, &ctx, t->u.log.event, t->u.log.reason, "%s", (const char *)t->octets);
	if (skipped > 0)
		log_info(NULL, "skipped", "%llu lines of that kind were left out.", (unsigned long long)skipped);
}

static const char *
fact(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->nfacts; i++)
		if (strcmp(r->facts[i].key, key) == 0)
			return r->facts[i].text;
	return NULL;
}

/*
 * Where a negotiation chokes: which attribute, what is here and what there; or, where the peer refuses and says no more, what it was offered. One line a
 * second, whoever causes it; "ikectl explain" has every one.
 */
static void
log_difference(struct iked *k, const struct record *r)
{
	const char *what = fact(r, "difference"), *offered = fact(r, "offered"), *peer = fact(r, "peer"), *exchange = fact(r, "exchange");
	struct log_ctx ctx = { .tunnel = r->tunnel[0] ? r->tunnel : NULL, .child = r->child[0] ? r->child : NULL };
	uint64_t skipped = 0;

	if (r->reason == R_OK || (!what && !offered) || !log_allow(&k->failures, clock_now_ns(), &skipped))
		return;
	log_at(LOG_WARN, &ctx, "negotiation", (enum reason)r->reason, "%s with %s: %s %s%.600s", exchange ? exchange : "IKE", peer ? peer : "the peer",
	    reason_row((enum reason)r->reason)->sentence, what ? "" : "It was offered: ", what ? what : offered);
	if (skipped > 0)
		log_info(NULL, "skipped", "%llu lines of that kind were left out.", (unsigned long long)skipped);
}

static void
act(struct iked *k, struct todo *t)
{
	switch (t->kind) {
	case TODO_SEND:
		send_it(k, t);
		break;
	case TODO_KEY_CALL:
		key_call(k, t->u.key.type, t->u.key.call, bytes_of(t->octets, t->n));
		break;
	case TODO_STATE:
		sync_state(k, t->u.state.tunnel);
		break;
	case TODO_RECORD:
		log_difference(k, t->u.record);
		sync_record(k, t->u.record);
		break;
	case TODO_DONE:
		sync_done(k, t->u.done.tag, t->u.done.reason, t->u.done.detail);
		break;
	case TODO_LOG:
		log_it(k, t);
		break;
	}
}

static void
set_timer(struct iked *k)
{
	uint64_t now = clock_now_ns(), at = engine_next(k->engine), ns;
	struct timeval tv;

	if (at == UINT64_MAX) {
		event_del(k->timer);
		return;
	}
	ns = at <= now ? 0 : at - now;
	if (ns > SLEEP_MAX_NS)
		ns = SLEEP_MAX_NS;
	ns += 999;	/* not before its time */
	tv.tv_sec = (time_t)(ns / NS_PER_S);
	tv.tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
	event_add(k->timer, &tv);
}

/* Effects may call back into an input (a send that fails at once): that input's effects wait for their turn in this loop. */
void
iked_turn(struct iked *k)
{
	struct todo *t;

	if (k->turning)
		return;
	k->turning = true;
	while ((t = engine_take(k->engine)) != NULL) {
		act(k, t);
		todo_free(t);
	}
	k->turning = false;
	set_timer(k);
}
