/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "clock.h"
#include "log.h"
#include "names.h"

#define TTL_MIN_S	5u	/* not asked more often, whatever the DNS says */
#define RETRY_MIN_S	10u	/* after a failure, doubling */
#define RETRY_MAX_S	300u
#define FLIGHT		64u	/* names that are being looked up at a time */

struct name {
	char		host[HOST_CAP];
	uint32_t	id;
	bool		wanted, asked;
	unsigned	n;
	struct addr	v[RESOLVE_ADDRS];
	enum reason	reason;		/* of the last lookup */
	char		detail[RESOLVE_DETAIL];
	unsigned	retry_s;
	uint64_t	due_ns;		/* 0: at once */
};

struct names {
	struct sync	*s;
	struct ipc	*ipc;
	bool		up;
	struct event	*timer;
	uint32_t	last_id;
	unsigned	n, cap, flight;
	struct name	**v;		/* sorted by host */
};

/* ---- which address ---- */

const struct addr *
names_pick(const struct addr *v, unsigned n, uint8_t fam)
{
	for (unsigned want = 4; want <= 6; want += 2)
		for (unsigned i = 0; i < n; i++)
			if (v[i].fam == want && (fam == 0 || fam == want))
				return &v[i];
	return NULL;
}

void
names_keep(const struct addr *old, unsigned nold, struct addr *told, unsigned n)
{
	for (unsigned fam = 4; fam <= 6; fam += 2) {
		const struct addr *used = names_pick(old, nold, (uint8_t)fam);

		for (unsigned i = 0; used && i < n; i++)
			if (addr_eq(&told[i], used)) {
				struct addr a = told[i];

				memmove(told + 1, told, i * sizeof(*told));
				told[0] = a;
				break;
			}
	}
}

/* ---- the list ---- */

static unsigned
place(const struct names *m, const char *host)
{
	unsigned lo = 0, hi = m->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (strcmp(m->v[mid]->host, host) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct name *
find(const struct names *m, const char *host)
{
	unsigned at = m && host ? place(m, host) : 0;

	return m && host && at < m->n && strcmp(m->v[at]->host, host) == 0 ? m->v[at] : NULL;
}

static struct name *
add(struct names *m, const char *host)
{
	unsigned at = place(m, host);
	struct name *x;

	if (m->n == m->cap) {
		unsigned cap = m->cap ? 2 * m->cap : 16;
		struct name **v = realloc(m->v, cap * sizeof(*v));

		if (!v)
			return NULL;
		m->v = v;
		m->cap = cap;
	}
	x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	snprintf(x->host, sizeof(x->host), "%s", host);
	if (++m->last_id == 0)
		m->last_id = 1;
	x->id = m->last_id;
	x->n = store_host_get(m->s->store, host, x->v, RESOLVE_ADDRS);
	memmove(m->v + at + 1, m->v + at, (m->n - at) * sizeof(*m->v));
	m->v[at] = x;
	m->n++;
	return x;
}

/* ---- asking ---- */

static void pump(struct names *);

static void
asked(void *arg, enum reason reason, struct rd *body)
{
	(void)arg, (void)body;
	if (reason != R_OK)
		log_at(LOG_WARN, NULL, "resolve_refused", reason, "spdsync-resolve does not look a name up: %s", reason_row(reason)->sentence);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	pump(arg);
}

/* Asks for what is due, and comes again when the next one is. */
static void
pump(struct names *m)
{
	uint64_t now = clock_now_ns(), next = now + 3600 * NS_PER_S;
	struct timeval tv;

	for (unsigned i = 0; m->up && i < m->n; i++) {
		struct name *x = m->v[i];
		struct resolve req = { .id = x->id };
		uint8_t buf[8 + HOST_CAP];
		struct wr w = wr_of(buf, sizeof(buf));

		if (x->asked)
			continue;
		if (x->due_ns > now || m->flight >= FLIGHT) {
			next = x->due_ns < next ? x->due_ns : next;
			continue;
		}
		snprintf(req.host, sizeof(req.host), "%s", x->host);
		resolve_put(&w, &req);
		if (!ipc_call(m->ipc, RESOLVE_ASK, wr_bytes(&w), R_RESOLVE_DOWN, asked, m))
			break;
		x->asked = true;
		m->flight++;
	}
	next = next > now + NS_PER_S / 5 ? next - now : NS_PER_S / 5;
	tv = (struct timeval){ (time_t)(next / NS_PER_S), (suseconds_t)(next % NS_PER_S / 1000) };
	if (m->up && m->n)
		event_add(m->timer, &tv);
}

/* ---- answers ---- */

/* iked hears of the tunnels that go there, and of no others. */
static void
moved(struct sync *s, const struct name *x)
{
	for (unsigned i = 0; i < s->want.n; i++) {
		const char *host = s->want.v[i].remote->host;

		if (host && strcmp(host, x->host) == 0)
			peers_due(s, s->rt[i]);
	}
	peers_pump(s);
	sync_progress(s);
}

static void
addresses(struct sync *s, struct name *x, const struct resolved *r)
{
	struct addr v[RESOLVE_ADDRS];
	char text[ADDR_STR];
	struct store_error err;

	memcpy(v, r->addr, sizeof(v));
	names_keep(x->v, x->n, v, r->n);
	if (x->n == r->n && memcmp(x->v, v, r->n * sizeof(v[0])) == 0)
		return;
	memcpy(x->v, v, sizeof(v));
	x->n = r->n;
	log_info(NULL, "host", "%s is %s%s.", x->host, addr_str(names_pick(v, r->n, 0), text), r->n > 1 ? ", and more" : "");
	if (!store_host_put(s->store, x->host, x->v, x->n, &err))
		log_at(LOG_WARN, NULL, "store", err.reason, "%s", err.text);
	moved(s, x);
}

static void
failed(struct name *x, const struct resolved *r)
{
	enum reason reason = (enum reason)r->reason;

	if (x->reason != reason)
		log_at(LOG_WARN, NULL, "host", reason, "%s: %s%s%s%s", x->host, r->detail, r->detail[0] ? ". " : "", reason_row(reason)->sentence,
		    x->n ? " The address that was known before stays in use." : "");
	x->retry_s = x->retry_s ? 2 * x->retry_s : RETRY_MIN_S;
	if (x->retry_s > RETRY_MAX_S)
		x->retry_s = RETRY_MAX_S;
}

static bool
on_done(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct sync *s = ctx;
	struct names *all = s->names;
	struct resolved r;
	struct name *x = NULL;
	uint64_t wait_s;

	(void)l;
	if (!resolved_get(&m->body, &r) || !rd_done(&m->body))
		return false;
	for (unsigned i = 0; i < all->n && !x; i++)
		if (all->v[i]->id == r.id)
			x = all->v[i];
	if (all->flight)
		all->flight--;
	if (x && x->asked) {
		x->asked = false;
		if (r.reason == R_OK) {
			addresses(s, x, &r);
			x->retry_s = 0;
		} else {
			failed(x, &r);
		}
		x->reason = (enum reason)r.reason;
		snprintf(x->detail, sizeof(x->detail), "%s", r.detail);
		wait_s = x->retry_s ? x->retry_s : r.ttl_s > TTL_MIN_S ? r.ttl_s : TTL_MIN_S;
		x->due_ns = clock_now_ns() + wait_s * NS_PER_S;
	}
	pump(all);
	return true;
}

/* ---- the link ---- */

static void
forget(struct names *m)
{
	m->ipc = NULL;
	m->up = false;
	m->flight = 0;
	for (unsigned i = 0; i < m->n; i++)
		m->v[i]->asked = false;
}

static void
on_up(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	(void)l;
	s->names->up = true;
	log_info(NULL, "resolve_up", "The link to spdsync-resolve is up.");
	pump(s->names);
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	if (s->names->ipc != l)
		return;
	log_warn(NULL, "resolve_down", "The link to spdsync-resolve ended.");
	forget(s->names);
	proc_link_lost(s->proc, "resolve");
}

static const struct ipc_row rows[] = {
	{ RESOLVE_DONE,	"DONE",	IPC_AFTER_HELLO,	64 + RESOLVE_ADDRS * 17 + RESOLVE_DETAIL,	on_done },
};

static const struct ipc_table table = { "spdsync-resolve", rows, 1, on_up, on_down };

bool
names_up(const struct names *n)
{
	return n && n->up;
}

void
names_attach(struct sync *s, int fd)
{
	ipc_free(s->names->ipc);
	forget(s->names);
	s->names->ipc = ipc_new(s->base, fd, &table, s);
}

/* ---- what is wanted ---- */

void
names_follow(struct sync *s)
{
	struct names *m = s->names;
	unsigned k = 0;

	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++)
		m->v[i]->wanted = false;
	for (unsigned i = 0; i < s->want.n; i++) {
		const char *host = s->want.v[i].remote->host;
		struct name *x = host ? find(m, host) : NULL;

		if (host && !x)
			x = add(m, host);
		if (x)
			x->wanted = true;
	}
	for (unsigned i = 0; i < m->n; i++) {
		if (m->v[i]->wanted) {
			m->v[k++] = m->v[i];
			continue;
		}
		m->flight -= m->v[i]->asked && m->flight;
		free(m->v[i]);
	}
	m->n = k;
	pump(m);
}

static const struct addr *
address(const struct sync *s, const struct want_tunnel *w)
{
	const struct name *x = find(s->names, w->remote->host);

	return x ? names_pick(x->v, x->n, w->local->address.fam) : NULL;
}

void
names_fill(const struct sync *s, const struct want_tunnel *w, struct tunnel *t)
{
	const struct addr *a;

	if (!w->remote->host)
		return;
	a = address(s, w);
	if (a) {
		t->remote = *a;
		return;
	}
	t->start = START_RESPOND;
	t->first = 0;
}

enum reason
names_why(const struct sync *s, const struct want_tunnel *w, const char **detail)
{
	const struct name *x = find(s->names, w->remote->host);

	if (!w->remote->host || address(s, w))
		return R_OK;
	*detail = x ? x->detail : NULL;
	if (!s->names || !s->names->up)
		return R_RESOLVE_DOWN;
	if (x && x->reason == R_OK && x->n)
		*detail = "it has no address of the family of this gateway's";
	return !x || x->reason == R_OK ? R_HOST_UNKNOWN : x->reason;
}

json_t *
names_json(const struct sync *s, const struct want_tunnel *w)
{
	const struct name *x = find(s->names, w->remote->host);
	const struct addr *a = address(s, w);
	json_t *list = json_array();
	char buf[ADDR_STR];

	if (!w->remote->host) {
		json_decref(list);
		return json_null();
	}
	for (unsigned i = 0; x && i < x->n; i++)
		json_array_append_new(list, json_string(addr_str(&x->v[i], buf)));
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:o}", "host", w->remote->host, "address", a ? json_string(addr_str(a, buf)) : json_null(),
	    "addresses", list, "reason", reason_row(x ? x->reason : R_HOST_UNKNOWN)->name,
	    "message", x && x->reason != R_OK ? reason_row(x->reason)->sentence : "", "detail", json_words(x ? x->detail : ""));
}

struct names *
names_new(struct sync *s)
{
	struct names *m = calloc(1, sizeof(*m));

	if (m && !(m->timer = event_new(s->base, -1, 0, on_timer, m))) {
		free(m);
		return NULL;
	}
	if (m)
		m->s = s;
	return m;
}

void
names_free(struct names *m)
{
	if (!m)
		return;
	ipc_free(m->ipc);
	event_free(m->timer);
	for (unsigned i = 0; i < m->n; i++)
		free(m->v[i]);
	free(m->v);
	free(m);
}
