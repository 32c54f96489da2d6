/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's tables as they are, joined with names: SAs, policies, counters. What is not ours is shown like the rest. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "clock.h"
#include "msg_esp.h"

static const char *
protocol_name(unsigned proto)
{
	return proto == 50 ? "esp" : proto == 51 ? "ah" : proto == 108 ? "ipcomp" : "other";
}

static const char *
mode_name(unsigned mode)
{
	return mode == CW_MODE_TUNNEL ? "tunnel" : mode == CW_MODE_TRANSPORT ? "transport" : "any";
}

/* ---- SAs ---- */

static const char *
encryption_name(unsigned id)
{
	switch (id) {
	case SADB_X_EALG_AESCBC: return "aes-cbc";
	case 20: return "aes-gcm-16";
	case CW_EALG_CHACHA20POLY1305: return "chacha20poly1305";
	case SADB_EALG_NULL: return "null";
	case 0: return "none";
	default: return "other";
	}
}

static json_t *
integrity_name(unsigned id)
{
	switch (id) {
	case 0: return json_null();
	case SADB_X_AALG_SHA2_256HMAC: return json_string("sha256");
	case SADB_X_AALG_SHA2_384HMAC: return json_string("sha384");
	case SADB_X_AALG_SHA2_512HMAC: return json_string("sha512");
	default: return json_string("other");
	}
}

static const char *
state_name(unsigned state)
{
	static const char *const names[] = { "larval", "mature", "dying", "dead" };

	return state < 4 ? names[state] : "dead";
}

static json_t *
direction(const struct sa_info *a, const struct want_tunnel *w)
{
	if (a->flags & (CW_SAF_IN | CW_SAF_OUT))
		return json_string(a->flags & CW_SAF_IN ? "in" : "out");
	if (w == NULL && !(a->flags & (CW_SAF_IN | CW_SAF_OUT)))
		return json_null();
	return json_string(sas_in(a, w) ? "in" : "out");
}

static json_t *
left(uint64_t lifetime, uint64_t age)
{
	return lifetime ? json_number(lifetime > age ? lifetime - age : 0) : json_null();
}

static json_t *
stats_json(const struct pfkey_stats *st)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "packets", (json_int_t)st->packets, "bytes", (json_int_t)st->bytes,
	    "sequence", (json_int_t)st->sequence, "drop_replay", (json_int_t)st->replay, "drop_icv", (json_int_t)st->icv,
	    "drop_selector", (json_int_t)st->selector, "drop_other", (json_int_t)st->other);
}

static json_t *
sa_json(struct sync *s, const struct sa_info *a, uint64_t now)
{
	const struct want_child *c = want_by_reqid(&s->want, a->reqid);
	const struct want_tunnel *w = c ? &s->want.v[c->tunnel] : NULL;
	uint64_t age = a->added && now > a->added ? now - a->added : 0;
	bool ours = sas_ours(s, a), in = false;
	char child[NAME_CAP] = "";
	const struct utunnel *u = w ? NULL : utunnel_of_sa(s, a, child, &in);
	json_t *j = json_pack("{s:o, s:o, s:s, s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:b, s:s, s:s, s:o}", "spi", json_sprintf("0x%08x", a->spi),
	    "direction", u ? json_string(in ? "in" : "out") : direction(a, w), "protocol", a->satype == SADB_SATYPE_AH ? "ah" : a->satype == SADB_SATYPE_ESP ? "esp" : "other",
	    "source", json_address(&a->src), "destination", json_address(&a->dst), "mode", mode_name(a->mode), "reqid", (json_int_t)a->reqid,
	    "tunnel", w ? json_string(w->t->name) : u ? json_string(u->name) : json_null(),
	    "child", w ? json_string(want_child_name(w, c->child)) : json_text(child),
	    "owner", json_text(a->owner), "ours", (int)ours, "state", state_name(a->state), "encryption", encryption_name(a->encrypt),
	    "integrity", integrity_name(a->auth));

	json_object_set_new(j, "source_port", a->natt ? json_number(a->sport) : json_null());
	json_object_set_new(j, "destination_port", a->natt ? json_number(a->dport) : json_null());
	json_object_set_new(j, "esn", json_boolean(a->flags & CW_SAF_ESN));
	json_object_set_new(j, "replay_window", json_number(a->replay));
	json_object_set_new(j, "bytes", json_number(a->bytes));
	json_object_set_new(j, "packets", json_number(a->packets));
	json_object_set_new(j, "age_s", json_number(age));
	json_object_set_new(j, "soft_in_s", left(a->soft_s, age));
	json_object_set_new(j, "hard_in_s", left(a->hard_s, age));
	json_object_set_new(j, "soft_bytes", json_number(a->soft_bytes));
	json_object_set_new(j, "hard_bytes", json_number(a->hard_bytes));
	json_object_set_new(j, "selectors", json_text(a->selectors));
	json_object_set_new(j, "interface", json_text(a->iface));
	json_object_set_new(j, "stats", a->has_stats ? stats_json(&a->stats) : json_null());
	return j;
}

/* ---- parts of long lists ---- */

/* "limit" and "offset"; without them all of it. False after an error. */
static bool
part_of(struct req *r)
{
	const char *limit = req_query(r, "limit"), *offset = req_query(r, "offset");

	r->most = limit ? (size_t)parse_count(limit, 1000) : SIZE_MAX;
	r->from = offset && strcmp(offset, "0") != 0 ? (size_t)parse_count(offset, 1000000) : 0;
	r->seen = r->foreign = 0;
	if (r->most && (r->from || !offset || strcmp(offset, "0") == 0))
		return true;
	req_error(r, 400, R_REQUEST_INVALID, "'limit' is 1 to 1000, 'offset' a number.", "");
	return false;
}

/* One more; is it in the part? */
static bool
in_part(struct req *r, bool ours)
{
	r->foreign += !ours;
	return r->seen++ >= r->from && r->seen - 1 - r->from < r->most;
}

static void
part_reply(struct req *r, const char *name, json_t *list)
{
	req_reply(r, 200, json_pack("{s:o, s:I, s:I, s:b}", name, list, "total", (json_int_t)r->seen, "foreign", (json_int_t)r->foreign,
	    "more", (int)(r->from + json_array_size(list) < r->seen)));
}

static void
sas_now(void *arg)
{
	struct req *r = arg;
	const struct engine *e = &r->s->engine;
	json_t *list = json_array();
	uint64_t now = clock_wall_s();

	if (!e->up) {
		json_decref(list);
		req_error(r, 503, R_ENGINE_DOWN, NULL, NULL);
		return;
	}
	for (size_t i = 0; i < e->nsas; i++)
		if (in_part(r, sas_ours(r->s, &e->sas[i])))
			json_array_append_new(list, sa_json(r->s, &e->sas[i], now));
	part_reply(r, "sas", list);
}

void
get_sas(struct req *r)
{
	if (part_of(r))
		sas_refresh(r->s, sas_now, r);
}

/* ---- policies ---- */

static json_t *
requests_json(const struct pfkey_policy *p)
{
	static const char *const levels[] = { "default", "use", "require", "unique" };
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "protocol", protocol_name(p->req[i].proto),
		    "mode", mode_name(p->req[i].mode), "level", p->req[i].level < 4 ? levels[p->req[i].level] : "other",
		    "reqid", (json_int_t)p->req[i].reqid, "source", json_address(&p->req[i].src), "destination", json_address(&p->req[i].dst)));
	return list;
}

static json_t *
prefix_json(const struct prefix *p)
{
	char buf[PREFIX_STR];

	return json_string(prefix_str(p, buf));
}

/* When it came and was used, and what went by it: of the system's own engine the last of it is not known. */
static void
policy_past(json_t *j, const struct pfkey_msg *m)
{
	bool counts = m->has & PFKEY_HAS(CW_EXT_STATS);

	json_object_set_new(j, "created", m->current.addtime ? json_time(m->current.addtime) : json_null());
	json_object_set_new(j, "last_used", m->current.usetime ? json_time(m->current.usetime) : json_null());
	json_object_set_new(j, "packets", counts ? json_number(m->stats.packets) : json_null());
	json_object_set_new(j, "bytes", counts ? json_number(m->stats.bytes) : json_null());
	json_object_set_new(j, "dropped", counts ? json_number(m->stats.other) : json_null());
}

static void
policy_entry(void *arg, const struct pfkey_msg *m)
{
	static const char *const directions[] = { "any", "in", "out", "fwd" };
	static const char *const policy_actions[] = { "discard", "none", "ipsec", "entrust", "bypass" };
	struct req *r = arg;
	const struct want_child *c;
	const struct want_tunnel *w;
	struct spd_entry e;
	char proto[8] = "any";
	json_t *j;

	if (!spd_entry_get(m, &e) || !in_part(r, e.owner == SPD_OURS))
		return;
	c = want_by_reqid(&r->s->want, e.reqid);
	w = c ? &r->s->want.v[c->tunnel] : NULL;
	if (e.proto)
		snprintf(proto, sizeof(proto), "%u", e.proto);
	j = json_pack("{s:I, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:I, s:o, s:o, s:b, s:o, s:o}",
	    "id", (json_int_t)e.id, "direction", e.dir < 4 ? directions[e.dir] : "other",
	    "action", m->policy.type < 5 ? policy_actions[m->policy.type] : "other", "source", prefix_json(&e.src),
	    "destination", prefix_json(&e.dst), "protocol", proto, "source_port", e.sport ? json_number(e.sport) : json_null(),
	    "destination_port", e.dport ? json_number(e.dport) : json_null(), "priority", (json_int_t)e.priority,
	    "requests", requests_json(&m->policy), "owner", e.owner == SPD_UNSAID ? json_null() : json_words(m->owner),
	    "ours", e.owner == SPD_OURS, "tunnel", w && e.owner == SPD_OURS ? json_string(w->t->name) : json_null(),
	    "child", w && e.owner == SPD_OURS ? json_string(want_child_name(w, c->child)) : json_null());
	json_object_set_new(j, "interface", m->has & PFKEY_HAS(CW_EXT_IFACE) ? json_string(m->iface) : json_null());
	policy_past(j, m);
	json_array_append_new(r->counters, j);
}

static void
policies_done(void *arg, int err, const struct pfkey_msg *reply)
{
	struct req *r = arg;
	json_t *list = r->counters;

	(void)reply;
	r->dump = 0;
	if (err) {
		req_error(r, 503, R_ENGINE_DOWN, err == ECONNRESET ? NULL : strerror(err), NULL);
		return;
	}
	r->counters = NULL;
	part_reply(r, "policies", list);
}

void
get_policies(struct req *r)
{
	struct pfkey_msg m;

	if (!part_of(r))
		return;
	if (!r->s->engine.up) {
		req_error(r, 503, R_ENGINE_DOWN, NULL, NULL);
		return;
	}
	r->counters = json_array();
	pfkey_msg_init(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	r->dump = pfkey_dump(r->s->engine.pf, &m, policy_entry, policies_done, r);
	if (r->dump == 0)
		req_error(r, 503, R_ENGINE_DOWN, NULL, NULL);
}

/* ---- counters: ipsecd gives them in pages ---- */

static void ask_page(struct req *);

static void
counted(struct req *r, json_t *counters)
{
	void (*next)(struct req *, json_t *) = r->counted;

	r->counted = NULL;
	next(r, counters);
}

static void
page_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;
	char name[128];
	unsigned n;

	r->call = 0;
	if (reason != R_OK) {
		counted(r, NULL);
		return;
	}
	n = rd_le16(body);
	for (unsigned i = 0; i < n && rd_ok(body); i++) {
		uint64_t v;

		str_get(body, name, sizeof(name));
		v = rd_le64(body);
		if (rd_ok(body))
			json_object_set_new(r->counters, name, json_number(v));
	}
	r->paged += n;
	if (n == 0 || !rd_ok(body) || r->paged > 4096)
		counted(r, r->counters);
	else
		ask_page(r);
}

static void
ask_page(struct req *r)
{
	struct host *h = &r->s->host;
	uint8_t buf[2];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le16(&w, (uint16_t)r->paged);
	r->call_link = h->ipc;
	r->call = h->up ? ipc_call(h->ipc, ESP_COUNTERS, wr_bytes(&w), R_ENGINE_DOWN, page_done, r) : 0;
	if (r->call == 0)
		counted(r, r->paged ? r->counters : NULL);
}

void
engine_counters(struct req *r, void (*next)(struct req *, json_t *))
{
	r->counters = json_object();
	r->counted = next;
	r->paged = 0;
	ask_page(r);
}

static void
counters_now(struct req *r, json_t *engine)
{
	struct sync *s = r->s;
	json_t *iked = json_object();

	for (unsigned i = 0; i < s->niked_counters; i++)
		json_object_set_new(iked, s->iked_counters[i].name, json_number(s->iked_counters[i].value));
	req_reply(r, 200, json_pack("{s:o, s:o, s:{s:I, s:I, s:I, s:I}}", "engine", engine ? json_incref(engine) : json_null(), "iked", iked,
	    "spdsync", "repairs", (json_int_t)(s->repairs_event + s->repairs_pass), "repairs_event", (json_int_t)s->repairs_event,
	    "reconciles", (json_int_t)s->reconciles, "applies", (json_int_t)s->applies));
}

void
get_counters(struct req *r)
{
	engine_counters(r, counters_now);
}
