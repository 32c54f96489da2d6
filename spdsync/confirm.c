/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "confirm.h"
#include "log.h"
#include "news.h"

#define AGAIN_S		5	/* an undo that the store refused is tried again */

static bool
is_up(const struct sync *s, const struct rt *rt)
{
	const struct tunnel_state *st = rt->state;

	if (!s->iked.up || !st || !st->ike_up)
		return false;
	for (unsigned i = 0; i < st->nchildren; i++)
		if (st->children[i].negotiated != CHILD_UP && st->children[i].negotiated != CHILD_REKEYING)
			return false;
	return true;
}

static void
clear(struct confirm *c)
{
	if (c->half)
		event_free(c->half);
	if (c->end)
		event_free(c->end);
	free(c->up);
	c->half = c->end = NULL;
	c->up = NULL;
	c->nup = 0;
	c->revision = c->back = 0;
}

bool
confirm_waits(const struct sync *s)
{
	return s->confirm->revision != 0;
}

void
confirm_forget(struct sync *s)
{
	s->confirm->undone[0] = '\0';
	s->confirm->undone_revision = 0;
}

void
confirm_fini(struct sync *s)
{
	clear(s->confirm);
}

/* ---- the undo ---- */

/* The text that comes back. It was in force here: it is not refused for what a new one would be. */
static bool
read_back(struct sync *s, uint64_t number, struct change *c, struct store_error *err)
{
	struct yt_error yerr;
	struct revision rev;

	if (number == 0)
		return true;	/* nothing was in force before */
	if (!store_get(s->store, number, &rev, err))
		return false;
	c->text = rev.text;
	c->n = rev.n;
	c->sites = sites_read(c->text, c->n, true, &yerr);
	if (!c->sites) {
		err->reason = yerr.reason;
		snprintf(err->text, sizeof(err->text), "Revision %llu cannot be read: %.400s", (unsigned long long)number, yerr.message);
		return false;
	}
	if (!plan_make(&c->plan, s->sites, c->sites, s->site, NULL, NULL)) {
		err->reason = R_NO_MEMORY;
		snprintf(err->text, sizeof(err->text), "There is not enough memory.");
		return false;
	}
	return true;
}

static bool
go_back(struct sync *s, uint64_t from, uint64_t to, const char *author, struct audit_row *who, const char *why, struct change *c,
    struct store_error *err)
{
	char comment[STORE_COMMENT];

	memset(c, 0, sizeof(*c));
	snprintf(comment, sizeof(comment), "undo of revision %llu: %.400s", (unsigned long long)from, why);
	c->author = author;
	if (!read_back(s, to, c, err) || !change_commit(s, c, who, comment, false, err))
		return false;
	clear(s->confirm);
	snprintf(s->confirm->undone, sizeof(s->confirm->undone), "%.255s", why);
	s->confirm->undone_revision = from;
	news_confirm(s, "undone", from, to, 0, why);
	log_at(LOG_WARN, NULL, "undone", R_CONFIRM_UNDONE, "Revision %llu was undone: %s", (unsigned long long)from, why);
	return true;
}

bool
confirm_undo(struct sync *s, struct audit_row *who, const char *why, struct change *c, struct store_error *err)
{
	return go_back(s, s->confirm->revision, s->confirm->back, "undo", who, why, c, err);
}

static void
by_itself(struct sync *s, uint64_t from, uint64_t to, const char *author, const char *why)
{
	struct audit_row who = { .origin = "spdsync", .action = "undo" };
	struct timeval again = { AGAIN_S, 0 };
	struct store_error err = { R_OK, "" };
	struct change c;

	snprintf(who.author, sizeof(who.author), "%s", author);
	if (!go_back(s, from, to, author, &who, why, &c, &err)) {
		log_at(LOG_ERROR, NULL, "undo_failed", err.reason, "Revision %llu could not be undone: %s", (unsigned long long)from, err.text);
		if (s->confirm->end)
			evtimer_add(s->confirm->end, &again);
	}
	change_fini(&c);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;
	char why[128];

	(void)fd, (void)what;
	snprintf(why, sizeof(why), "it was not confirmed within %u s", s->confirm->seconds);
	by_itself(s, s->confirm->revision, s->confirm->back, "undo", why);
}

static void
on_half(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;
	char why[256];

	(void)fd, (void)what;
	for (unsigned i = 0; i < s->confirm->nup; i++) {
		const struct rt *rt = rt_find(s, s->confirm->up[i]);

		if (!rt || is_up(s, rt))
			continue;	/* that the file drops it was meant */
		snprintf(why, sizeof(why), "'%s' was up before and did not come up again within %u s", s->confirm->up[i],
		    (s->confirm->seconds + 1) / 2);
		by_itself(s, s->confirm->revision, s->confirm->back, "undo", why);
		return;
	}
}

/* ---- the time ---- */

bool
confirm_prepare(struct sync *s, unsigned seconds)
{
	struct confirm *c = s->confirm;

	clear(c);
	c->seconds = seconds;
	c->up = calloc(s->nrt + 1u, sizeof(*c->up));
	c->half = evtimer_new(s->base, on_half, s);
	c->end = evtimer_new(s->base, on_end, s);
	if (!c->up || !c->half || !c->end) {
		clear(c);
		return false;
	}
	for (unsigned i = 0; i < s->nrt; i++)
		if (is_up(s, s->rt[i]))
			memcpy(c->up[c->nup++], s->rt[i]->name, sizeof(c->up[0]));
	return true;
}

void
confirm_begin(struct sync *s)
{
	struct timeval half = { (time_t)(s->confirm->seconds / 2), s->confirm->seconds % 2 * 500000 };
	struct timeval end = { (time_t)s->confirm->seconds, 0 };
	struct store_error err;
	struct confirm *c = s->confirm;

	c->revision = s->rev.number;
	c->end_ns = clock_now_ns() + c->seconds * NS_PER_S;
	if (!store_confirmed(s->store, &c->back, &err))
		log_at(LOG_ERROR, NULL, "confirm", err.reason, "%s", err.text);
	evtimer_add(c->half, &half);
	evtimer_add(c->end, &end);
	news_confirm(s, "pending", c->revision, c->back, c->seconds, "");
	log_info(NULL, "confirm", "Revision %llu is undone in %u s unless it is confirmed.", (unsigned long long)c->revision, c->seconds);
}

bool
confirm_keep(struct sync *s, struct audit_row *who, struct store_error *err)
{
	if (!store_confirm(s->store, s->confirm->revision, who, err))
		return false;
	news_confirm(s, "confirmed", s->confirm->revision, 0, 0, "");
	log_info(NULL, "confirm", "Revision %llu is confirmed.", (unsigned long long)s->confirm->revision);
	clear(s->confirm);
	return true;
}

void
confirm_boot(struct sync *s)
{
	struct store_error err;
	uint64_t confirmed;

	if (!store_confirmed(s->store, &confirmed, &err)) {
		log_at(LOG_ERROR, NULL, "confirm", err.reason, "%s", err.text);
		return;
	}
	if (confirmed != s->rev.number)
		by_itself(s, s->rev.number, confirmed, "boot", "spdsync was started anew before it was confirmed");
}

json_t *
confirm_json(const struct sync *s)
{
	const struct confirm *c = s->confirm;
	uint64_t now = clock_now_ns(), left = c->end_ns > now ? c->end_ns - now : 0;

	if (!confirm_waits(s))
		return json_null();
	return json_pack("{s:I, s:o, s:i, s:I}", "revision", (json_int_t)c->revision, "back_to",
	    c->back ? json_integer((json_int_t)c->back) : json_null(), "seconds", (int)c->seconds,
	    "seconds_left", (json_int_t)((left + NS_PER_S - 1) / NS_PER_S));
}
