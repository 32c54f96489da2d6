/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies and the engine: dump, compare, do what the comparison says, look again when somebody else changed the table. One run
 * at a time; what comes meanwhile asks for another. A new engine (a new descriptor) begins with an empty table and an ordinary run.
 */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "log.h"
#include "news.h"
#include "sync.h"
#include "system.h"

static void push(struct sync *);
static bool wants_none(const struct sync *);

static void
retry_later(struct sync *s)
{
	struct timeval second = { 1, 0 };

	evtimer_add(s->engine.retry, &second);
}

/* Who was overtaken looks again at once, but not twice: an engine that goes on refusing would keep both busy for nothing. */
static bool
look_at_once(struct sync *s)
{
	struct engine *e = &s->engine;
	bool at_once = e->race && !e->raced;

	if (e->race && e->raced)
		retry_later(s);
	e->raced = at_once;
	e->race = false;
	return at_once;
}

/* Its name may become free. */
static void
refused(struct sync *s)
{
	struct timeval a_while = { 10, 0 };

	if (!s->engine.said)
		log_warn(NULL, "interface", "The engine does not make an interface that a tunnel has in the site file (%s); it is tried again.", strerror(s->engine.refused));
	s->engine.said = true;
	evtimer_add(s->engine.retry, &a_while);
}

/* The run is over. */
static void
finish(struct sync *s)
{
	struct engine *e = &s->engine;
	bool stale = e->push_gen != e->gen, raced = look_at_once(s);

	e->busy = false;
	s->reconciles++;
	if (e->refused)
		refused(s);
	if (e->failed) {
		log_warn(NULL, "policies", "%u changes of policies failed (%s); they are tried again.", e->failed, strerror(e->last_err));
		retry_later(s);
	} else if (!stale) {
		if (e->came)
			s->host.synced = false;
		if (!e->stands)
			log_info(NULL, "policies", "%zu policies stand in the engine.", wants_none(s) ? 0 : s->want.spd.n - e->blocked);
		e->stands = true;
		e->came = false;
		e->said = e->said && e->refused;
	}
	if (e->again || stale || raced) {
		engine_reconcile(s, e->by_event);
		return;
	}
	e->by_event = false;
	if (e->ended && e->stands)
		e->ended(s);
	else
		sync_progress(s);
}

/* The number that the engine gave a policy, so that it can be deleted one day without a look at the whole table. */
static void
note_id(struct sync *s, const struct pfkey_msg *reply)
{
	struct spd_entry said, *want;

	if (!reply || !spd_entry_get(reply, &said) || said.id == 0)
		return;
	want = spd_find(&s->want.spd, &said);
	if (want && want->reqid == said.reqid)
		want->id = said.id;
}

bool
engine_has_ifaces(const struct sync *s)
{
	if (system_is(s->proc->engine))
		return false;
	return !s->engine.up || (pfkey_features(s->engine.pf) & CW_FEAT_IFACE);
}

const struct site_tunnel *
engine_lacks_iface(const struct sync *s, const struct sites *all)
{
	if (engine_has_ifaces(s))
		return NULL;
	for (unsigned i = 0; i < all->ntunnels; i++) {
		const struct site_tunnel *t = &all->tunnels[i];

		if ((t->iface[0][0] && strcmp(all->sites[t->a].name, s->site) == 0) || (t->iface[1][0] && strcmp(all->sites[t->b].name, s->site) == 0))
			return t;
	}
	return NULL;
}

/* A policy that others stand in the place of, or that this engine cannot have. */
static bool
is_out(const struct sync *s, const struct spd_op *op)
{
	return op->kind == SPD_BLOCKED || (op->kind != SPD_DELETE && op->e.iface[0] && !engine_has_ifaces(s));
}

static void
op_done(void *arg, int err, const struct pfkey_msg *reply)
{
	struct sync *s = arg;
	struct engine *e = &s->engine;

	e->flight--;
	if (!err)
		note_id(s, reply);
	/* ENOENT for a deletion: somebody was faster, and the table is as we want it. */
	if (err && err != ENOENT) {
		e->failed++;
		e->last_err = err;
	}
	if (err == ENOENT || err == EEXIST)
		e->race = true;
	if (e->up)
		push(s);
}

/* An interface that the engine does not make, because its name is taken, is no other tunnel's trouble; that one's is closed by what discards. */
static void
iface_done(void *arg, int err, const struct pfkey_msg *reply)
{
	struct sync *s = arg;
	struct spd_entry said, *want = NULL;

	if (!err && reply && spd_entry_get(reply, &said))
		want = spd_find(&s->want.spd, &said);
	if (want) {
		s->engine.came |= s->engine.said && !want->present;
		want->present = true;
	}
	if (err && err != ECONNRESET)
		s->engine.refused = err;
	op_done(s, err == ECONNRESET ? err : 0, reply);
}

static void
push(struct sync *s)
{
	struct engine *e = &s->engine;
	struct pfkey_msg m;

	if (e->push_gen != e->gen)
		e->at = e->ops.n;	/* want changed: the rest is no longer what is wanted */
	while (e->up && e->at < e->ops.n && e->flight < PUSH_WINDOW) {
		struct spd_op *op = &e->ops.v[e->at++];

		bool iface = op->kind != SPD_DELETE && op->e.iface[0];

		if (is_out(s, op))
			continue;
		spd_op_put(op, &m);
		e->flight++;
		if (op->kind != SPD_DELETE && !iface)
			s->want.spd.v[op->want].present = true;
		if (pfkey_call(e->pf, &m, iface ? iface_done : op_done, s) == 0) {
			e->flight--;
			e->failed++;
			e->last_err = ENOBUFS;
		}
	}
	if (e->up && e->busy && e->flight == 0 && e->at >= e->ops.n)
		finish(s);
}

static void
count_ops(struct sync *s)
{
	struct engine *e = &s->engine;
	size_t n = 0;

	e->blocked = 0;
	for (size_t i = 0; i < e->ops.n; i++) {
		if (e->ops.v[i].kind == SPD_BLOCKED)
			e->blocked++;
		else if (!is_out(s, &e->ops.v[i]) && !(e->refused && e->ops.v[i].e.iface[0]))
			n++;
	}
	if (n && e->stands)
		news_drift(s, n, e->by_event);
	if (n && e->stands && e->by_event) {
		s->repairs_event += n;
		log_warn(NULL, "repair", "Somebody else changed the engine's policies; %zu changes put it right.", n);
	} else if (n && e->stands)
		s->repairs_pass += n;
	if (n)
		e->stands = false;
	e->refused = 0;
}

static bool
reqid_known(void *store, uint32_t reqid)
{
	return store_has_reqid(store, reqid);
}

static void
dump_entry(void *arg, const struct pfkey_msg *m)
{
	struct sync *s = arg;
	struct spd_entry entry;

	if (!spd_entry_get(m, &entry))
		return;
	if (entry.dir > CW_DIR_FWD)
		return;		/* Linux shows the policies of sockets too */
	if (system_is(s->proc->engine))
		system_owner(&entry, reqid_known, s->store);
	demand_entry(s, m, &entry);
	if (!spd_add(&s->engine.have, &entry))
		s->engine.failed++;
}

/*
 * The guard was taken away (ikectl open). Beside a kernel's engine the policies have to go with it: routes lead past ipsecd, but
 * nothing leads past the kernel's hooks.
 */
static bool
is_open(const struct sync *s)
{
	return s->host.guard == 0 && proc_kernel_engine(s->proc);
}

/* Nor at the end of the suite, where the engine would keep them. */
static bool
wants_none(const struct sync *s)
{
	return s->engine.ended != NULL || is_open(s);
}

void
engine_end(struct sync *s, void (*ended)(struct sync *))
{
	s->engine.ended = ended;
	s->engine.stands = false;
	engine_reconcile(s, false);
}

void
engine_guard(struct sync *s, int guard)
{
	bool was = is_open(s);

	if (guard != s->host.guard)
		news_guard(s, guard);
	s->host.guard = guard;
	if (was == is_open(s))
		return;
	s->engine.stands = false;
	engine_reconcile(s, false);
}

static void
dump_done(void *arg, int err, const struct pfkey_msg *reply)
{
	static struct spd none;
	struct sync *s = arg;
	struct engine *e = &s->engine;

	(void)reply;
	if (!e->up)
		return;
	if (err || e->failed) {
		e->failed++;
		e->last_err = err ? err : ENOMEM;
		e->ops.n = e->at = 0;
		finish(s);
		return;
	}
	demand_settle(s);
	spd_sort(&e->have);
	e->at = 0;
	e->push_gen = e->gen;
	for (size_t i = 0; wants_none(s) && i < s->want.spd.n; i++)
		s->want.spd.v[i].present = false;
	if (!spd_diff(wants_none(s) ? &none : &s->want.spd, &e->have, &e->ops)) {
		e->failed++;
		e->last_err = ENOMEM;
		e->ops.n = 0;
	}
	count_ops(s);
	push(s);
}

void
engine_reconcile(struct sync *s, bool by_event)
{
	struct engine *e = &s->engine;
	struct pfkey_msg m;

	e->by_event |= by_event;
	if (!e->up)
		return;
	if (e->busy) {
		e->again = true;
		return;
	}
	e->busy = true;
	e->again = false;
	e->failed = 0;
	e->have.n = 0;
	e->ops.n = e->at = 0;
	e->push_gen = e->gen;
	demand_begin(s);
	pfkey_msg_init(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	if (pfkey_dump(e->pf, &m, dump_entry, dump_done, s) == 0) {
		e->busy = false;
		retry_later(s);
	}
}

/*
 * What an edit changed, by itself: the rest of the table is not looked at. When the table is not as it was wanted, or a policy's number is
 * not known, it is looked at after all.
 */
void
engine_delta(struct sync *s, struct spd_ops *ops, bool moved)
{
	struct engine *e = &s->engine;
	bool known = e->up && !e->busy && e->stands && !e->blocked && !wants_none(s);

	for (size_t i = 0; i < ops->n; i++)
		known = known && (ops->v[i].kind != SPD_DELETE || ops->v[i].e.id);
	if (ops->n == 0 && !(moved && e->busy))
		return;
	e->gen++;	/* what is on its way counts places in the list as it was */
	e->stands = false;
	s->host.synced = false;
	if (!known) {
		engine_reconcile(s, false);
		return;
	}
	e->busy = true;
	e->again = false;
	e->failed = 0;
	e->at = 0;
	e->push_gen = e->gen;
	spd_ops_fini(&e->ops);
	e->ops = *ops;
	memset(ops, 0, sizeof(*ops));
	push(s);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	engine_reconcile(arg, false);
}

static void
on_event(void *ctx, const struct pfkey_msg *m)
{
	if (m->type == CW_MSG_TAPPED) {
		capture_told(ctx, m);
		return;
	}
	tally_event(ctx, m);
	if (pfkey_changes_policies(m))	/* SAs are keymgr's business */
		engine_reconcile(ctx, true);
}

static void
lost(struct sync *s)
{
	struct engine *e = &s->engine;

	if (e->up)
		news_daemon(s, "engine", false);
	e->pf = NULL;
	capture_engine_lost(s);
	e->up = e->busy = e->again = e->by_event = e->stands = false;
	e->flight = 0;
	e->ops.n = e->at = 0;
	for (size_t i = 0; i < s->want.spd.n; i++)
		s->want.spd.v[i].present = false;
	tally_engine_lost(s);
	e->nsas = 0;
	sas_wake(s);
	sync_progress(s);
}

static void
on_down(void *ctx, const char *why)
{
	struct sync *s = ctx;
	bool other = pfkey_is_other(s->engine.pf);

	if (!other)
		log_warn(NULL, "engine_down", "The engine's PF_KEY link ended: %s", why);
	else if (strcmp(s->engine.other, why) != 0)
		log_at(LOG_WARN, NULL, "engine_version", R_ENGINE_VERSION, "No policy is entered: %s.", why);
	snprintf(s->engine.other, sizeof(s->engine.other), "%s", other ? why : "");
	proc_link_lost(s->proc, "pfkey");
	lost(s);
}

static void
begin(struct sync *s)
{
	s->engine.up = true;
	s->engine.other[0] = '\0';
	news_daemon(s, "engine", true);
	log_info(NULL, "engine_up", "The engine answers on PF_KEY.");
	engine_reconcile(s, false);
}

static void
hello_done(void *arg, int err, const struct pfkey_msg *reply)
{
	struct sync *s = arg;

	(void)reply;
	if (err == ECONNRESET)
		return;		/* down() follows */
	if (err) {
		log_error(NULL, "engine", "The engine refused REGISTER: %s.", strerror(err));
		return;
	}
	begin(s);
}

void
engine_attach(struct sync *s, int fd)
{
	static const struct pfkey_ops ops = { on_event, on_down };
	struct engine *e = &s->engine;

	if (e->pf) {
		e->up = false;
		api_link_gone(s->api, NULL);
		pfkey_free(e->pf);
		lost(s);
	}
	if (!e->retry)
		e->retry = evtimer_new(s->base, on_retry, s);
	e->pf = e->retry ? pfkey_new(s->base, fd, &ops, s) : NULL;
	if (e->pf && system_is(s->proc->engine)) {
		begin(s);	/* it has no answer to HELLO, and for REGISTER it would look for every algorithm first */
	} else if (!e->pf || !pfkey_hello(e->pf, SADB_SATYPE_UNSPEC, true, hello_done, s)) {
		log_error(NULL, "engine", "The engine's link could not be set up.");
		proc_link_lost(s->proc, "pfkey");
	}
}

void
engine_fini(struct sync *s)
{
	struct engine *e = &s->engine;

	e->up = false;
	if (e->pf)
		pfkey_free(e->pf);
	if (e->retry)
		event_free(e->retry);
	spd_fini(&e->have);
	spd_ops_fini(&e->ops);
	e->pf = NULL;
	e->retry = NULL;
}
