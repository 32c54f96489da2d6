/* SPDX-License-Identifier: BSD-2-Clause */
/* Status: of every child three facts that are never mixed: wanted (the revision and the administrator), negotiated (iked), kernel (the engine). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "certwatch.h"
#include "confirm.h"
#include "clock.h"
#include "msg_esp.h"
#include "msg_sup.h"
#include "procs.h"
#include "names.h"

struct sums { bool in, out, foreign; uint64_t bytes_in, bytes_out, packets_in, packets_out; };

static json_t *
selectors(const struct ts_list *ts)
{
	char buf[2048];

	return ts->n ? json_words(ts_list_str(ts, buf, sizeof(buf))) : json_null();
}

json_t *
suite_json(uint8_t proto, const struct suite *su)
{
	char buf[200];

	return su->encr ? json_string(suite_str(proto, su, buf, sizeof(buf))) : json_null();
}

/* ---- the kernel's part ---- */

static void
sum_sas(const struct sync *s, const struct want_tunnel *w, unsigned child, struct sums *k)
{
	size_t n;
	const struct sa_info *a = sas_of(s, w->reqid[child], &n);

	memset(k, 0, sizeof(*k));
	for (; n > 0; n--, a++) {
		bool in = sas_in(a, w);

		if (a->state != SADB_SASTATE_MATURE && a->state != SADB_SASTATE_DYING)
			continue;
		if (!sas_ours(s, a))
			k->foreign = true;
		*(in ? &k->in : &k->out) = true;
		*(in ? &k->bytes_in : &k->bytes_out) += a->bytes;
		*(in ? &k->packets_in : &k->packets_out) += a->packets;
	}
}

static const char *
kernel_name(const struct sums *k)
{
	if (k->foreign)
		return "foreign";
	return k->in && k->out ? "both" : k->in ? "in" : k->out ? "out" : "none";
}

/* Wanted policies of every child that stand: counted once an answer. */
static unsigned (*
count_present(const struct sync *s))[IKE_CHILDREN]
{
	unsigned (*v)[IKE_CHILDREN] = calloc(s->want.n + 1u, sizeof(*v));

	for (size_t i = 0; v && i < s->want.spd.n; i++)
		if (s->want.spd.v[i].present)
			v[s->want.spd.v[i].tunnel][s->want.spd.v[i].child]++;
	return v;
}

/* ---- tunnels ---- */

const struct child_state *
child_state_of(const struct rt *rt, const char *name, bool *up)
{
	const struct child_state *c = NULL;

	for (unsigned i = 0; rt->state && i < rt->state->nchildren; i++)
		if (strcmp(rt->state->children[i].name, name) == 0)
			c = &rt->state->children[i];
	*up = c && (c->negotiated == CHILD_UP || c->negotiated == CHILD_REKEYING);
	return c;
}

static json_t *
child_brief(const struct sync *s, const struct want_tunnel *w, const struct rt *rt, unsigned child)
{
	const struct rates_child *seen = rates_of(&s->rates, w->reqid[child]), *rate = s->engine.up ? seen : NULL;
	const char *name = want_child_name(w, child);
	const struct child_state *c;
	struct sums k;
	bool up;

	c = child_state_of(rt, name, &up);
	sum_sas(s, w, child, &k);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", name, "wanted", !c || c->wanted ? "up" : "down", "negotiated", negotiated_name(c ? (enum child_negotiated)c->negotiated : CHILD_DOWN),
	    "kernel", kernel_name(&k), "rekey_in_s", up ? json_number(rt_left(rt, c->rekey_in_s)) : json_null(),
	    "rate_bytes_in", rate_json(rate, RATE_BYTES_IN), "rate_bytes_out", rate_json(rate, RATE_BYTES_OUT),
	    "last_in_s", rate_last_json(seen, RATE_PACKETS_IN), "last_out_s", rate_last_json(seen, RATE_PACKETS_OUT));
}

static json_t *
child_json(const struct sync *s, const struct want_tunnel *w, const struct rt *rt, unsigned child, unsigned present)
{
	const struct rates_child *seen = rates_of(&s->rates, w->reqid[child]), *rate = s->engine.up ? seen : NULL;
	const char *name = want_child_name(w, child);
	const struct child_state *c;
	struct ts_list local, remote;
	struct sums k;
	json_t *j;
	bool up;

	c = child_state_of(rt, name, &up);
	sum_sas(s, w, child, &k);
	want_selectors(w, child, &local, &remote);
	j = json_pack("{s:s, s:o, s:I, s:s, s:s, s:s, s:b, s:o, s:o}", "name", name,
	    "full_name", json_sprintf("%s/%s", w->t->name, name), "reqid", (json_int_t)w->reqid[child],
	    "wanted", !c || c->wanted ? "up" : "down", "negotiated", negotiated_name(c ? (enum child_negotiated)c->negotiated : CHILD_DOWN),
	    "kernel", kernel_name(&k), "proven", c && c->proven, "local_ts", selectors(&local), "remote_ts", selectors(&remote));
	json_object_set_new(j, "agreed_local_ts", up ? selectors(&c->local) : json_null());
	json_object_set_new(j, "agreed_remote_ts", up ? selectors(&c->remote) : json_null());
	json_object_set_new(j, "spi_in", up ? json_spi(c->spi_in) : json_null());
	json_object_set_new(j, "spi_out", up ? json_spi(c->spi_out) : json_null());
	json_object_set_new(j, "suite", up ? suite_json(PROTO_ESP, &c->suite) : json_null());
	json_object_set_new(j, "protocol", json_string("esp"));
	json_object_set_new(j, "ipcomp", json_false());
	json_object_set_new(j, "encapsulation", up ? json_string(c->udp ? "udp" : "esp") : json_null());
	json_object_set_new(j, "age_s", up ? json_number(rt_age(rt, c->since_s)) : json_null());
	json_object_set_new(j, "rekey_in_s", up ? json_number(rt_left(rt, c->rekey_in_s)) : json_null());
	json_object_set_new(j, "bytes_in", json_number(k.bytes_in));
	json_object_set_new(j, "bytes_out", json_number(k.bytes_out));
	json_object_set_new(j, "packets_in", json_number(k.packets_in));
	json_object_set_new(j, "packets_out", json_number(k.packets_out));
	json_object_set_new(j, "rate_bytes_in", rate_json(rate, RATE_BYTES_IN));
	json_object_set_new(j, "rate_bytes_out", rate_json(rate, RATE_BYTES_OUT));
	json_object_set_new(j, "last_in_s", rate_last_json(seen, RATE_PACKETS_IN));
	json_object_set_new(j, "last_out_s", rate_last_json(seen, RATE_PACKETS_OUT));
	json_object_set_new(j, "policies", json_pack("{s:i, s:i}", "wanted", (int)w->npolicies[child], "present", (int)present));
	return j;
}

json_t *
ike_json(const struct rt *rt)
{
	const struct tunnel_state *st = rt ? rt->state : NULL;
	char local[ENDPOINT_STR], remote[ENDPOINT_STR];

	if (!st || !st->ike_up)
		return json_null();
	return json_pack("{s:b, s:b, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "up", 1, "initiator", (int)st->ike_initiator,
	    "spi_i", json_sprintf("%016llx", (unsigned long long)st->spi_i), "spi_r", json_sprintf("%016llx", (unsigned long long)st->spi_r),
	    "suite", suite_json(PROTO_IKE, &st->ike_suite), "local", endpoint_str(&st->local, local), "remote", endpoint_str(&st->remote, remote),
	    "nat_local", (int)st->nat_local, "nat_remote", (int)st->nat_remote, "id_remote", json_text(st->id_remote),
	    "proved", json_words(st->proved), "age_s", json_number(rt_age(rt, st->since_s)),
	    "rekey_in_s", json_number(rt_left(rt, st->rekey_in_s)));
}

/* How one side proves itself. */
static json_t *
auth_json(const struct site_auth *a)
{
	static const char *const how[] = { "psk", "certificate", "key" };	/* order: enum auth_how */
	json_t *j = json_pack("{s:s}", "how", how[a->how]), *trust;

	if (a->how == AUTH_BY_PSK)
		json_object_set_new(j, "psk", json_string(a->psk));
	else
		json_object_set_new(j, a->how == AUTH_BY_CERT ? "certificate" : "key", json_string(a->cert));
	if (a->how == AUTH_BY_CERT) {
		trust = json_array();
		for (unsigned i = 0; i < a->ntrust; i++)
			json_array_append_new(trust, json_string(a->trust[i]));
		json_object_set_new(j, "trust", trust);
	}
	return j;
}

static json_t *
labels_json(const struct site_tunnel *t)
{
	json_t *j = json_object();

	for (unsigned i = 0; i < t->nlabels; i++)
		json_object_set_new(j, t->labels[i].name, json_string(t->labels[i].value));
	return j;
}

static const char *
start_name(uint8_t start)
{
	return start == START_ALWAYS ? "always" : start == START_ON_DEMAND ? "on-demand" : "respond-only";
}

static json_t *
iface_state_json(const struct sync *s, const struct want_tunnel *w)
{
	static const char *const states[] = { "missing", "down", "unrouted", "routed" };	/* order: enum iface_state */
	int state = want_iface(w)[0] ? host_iface_state(s, want_iface(w)) : -1;

	return state >= 0 && state <= IFACE_ROUTED ? json_string(states[state]) : json_null();
}

static json_t *
tunnel_json(struct sync *s, unsigned i, unsigned (*present)[IKE_CHILDREN])
{
	const struct want_tunnel *w = &s->want.v[i];
	const struct rt *rt = s->rt[i];
	const struct reason_row *row;
	struct verdict v;
	json_t *j, *children;

	tunnel_verdict(s, w, rt, &v);
	row = reason_row(v.reason);
	j = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "name", w->t->name, "state", negotiated_name(v.state),
	    "local_site", w->local->name, "remote_site", w->remote->name, "local", json_address(&w->local->address),
	    "remote", json_address(&w->remote->address), "id_local", json_words(w->local->id), "id_remote", json_words(w->remote->id),
	    "start", start_name(w->t->start), "policy", json_text(w->t->policy));
	json_object_set_new(j, "interface", json_text(want_iface(w)));
	json_object_set_new(j, "interface_state", iface_state_json(s, w));
	json_object_set_new(j, "remote_name", names_json(s, w));
	json_object_set_new(j, "labels", labels_json(w->t));
	json_object_set_new(j, "reason", json_string(row->name));
	json_object_set_new(j, "message", json_string(verdict_message(&v)));
	json_object_set_new(j, "hint", json_string(row->hint));
	json_object_set_new(j, "detail", json_words(v.detail));
	json_object_set_new(j, "retry_in_s", v.retry ? json_number(v.retry_in_s) : json_null());
	json_object_set_new(j, "auth", json_pack("{s:o, s:o}", "local", auth_json(want_auth(w, true)), "remote", auth_json(want_auth(w, false))));
	json_object_set_new(j, "secret", rt->secret_known ? json_string(reason_row(rt->secret)->name) : json_null());
	json_object_set_new(j, "ike", ike_json(s->iked.up ? rt : NULL));
	children = json_array();
	for (unsigned k = 0; k < w->t->nchildren; k++)
		json_array_append_new(children, child_json(s, w, rt, k, present ? present[i][k] : 0));
	json_object_set_new(j, "children", children);
	return j;
}

/* What a list shows of a tunnel: the members of the same names, and few of them. */
static json_t *
tunnel_brief(struct sync *s, unsigned i)
{
	const struct want_tunnel *w = &s->want.v[i];
	const struct rt *rt = s->rt[i];
	const struct tunnel_state *st = s->iked.up ? rt->state : NULL;
	char at[ENDPOINT_STR];
	struct verdict v;
	json_t *j, *children = json_array();

	tunnel_verdict(s, w, rt, &v);
	for (unsigned k = 0; k < w->t->nchildren; k++)
		json_array_append_new(children, child_brief(s, w, rt, k));
	j = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "name", w->t->name, "state", negotiated_name(v.state), "remote_site", w->remote->name,
	    "remote", json_address(&w->remote->address), "reason", reason_row(v.reason)->name, "message", verdict_message(&v), "hint", reason_row(v.reason)->hint);
	json_object_set_new(j, "ike", st && st->ike_up ? json_pack("{s:s}", "remote", endpoint_str(&st->remote, at)) : json_null());
	json_object_set_new(j, "children", children);
	return j;
}

json_t *
tunnels_json(struct sync *s, const unsigned *which, size_t n, bool brief)
{
	unsigned (*present)[IKE_CHILDREN] = brief ? NULL : count_present(s);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, brief ? tunnel_brief(s, which[i]) : tunnel_json(s, which[i], present));
	free(present);
	return list;
}

/* label: NULL, or what labels_match() takes. */
static json_t *
all_tunnels(struct sync *s, const char *label)
{
	unsigned (*present)[IKE_CHILDREN] = count_present(s);
	json_t *list = json_array();

	for (unsigned i = 0; i < s->nrt; i++)
		if (!label || labels_match(s->want.v[i].t, label))
			json_array_append_new(list, tunnel_json(s, i, present));
	free(present);
	return list;
}

static void
tunnels_now(void *arg)
{
	struct req *r = arg;

	if (tunnels_in_parts(r)) {
		json_t *part = tunnels_part(r);

		if (part)
			req_reply(r, 200, part);
	} else
		req_reply(r, 200, json_pack("{s:o}", "tunnels", all_tunnels(r->s, req_query(r, "label"))));
}

void
get_tunnels(struct req *r)
{
	r->late = tunnels_now;
	sas_refresh(r->s, tunnels_now, r);
}

static void
tunnel_now(void *arg)
{
	struct req *r = arg;
	const struct want_tunnel *w = want_find(&r->s->want, r->name);
	const struct utunnel *u = umap_find(&r->s->demand.map, r->name);
	unsigned (*present)[IKE_CHILDREN];
	json_t *j;

	if (!w && u) {
		req_reply(r, 200, utunnel_json(r->s, u));
		return;
	}
	if (!w) {
		no_tunnel(r, "tunnel");
		return;
	}
	present = count_present(r->s);
	j = tunnel_json(r->s, (unsigned)(w - r->s->want.v), present);
	free(present);
	req_reply(r, 200, j);
}

void
get_tunnel(struct req *r)
{
	r->late = tunnel_now;
	sas_refresh(r->s, tunnel_now, r);
}

/* ---- status ---- */

/* A kernel's engine that is not there is another thing than one that is being started again. */
static json_t *
engine_trouble(const struct sync *s)
{
	bool missing = strcmp(s->proc->engine, "module") == 0 && s->host.up && s->host.version[0] == '\0';
	const char *other = missing ? "" : s->engine.other;
	const struct reason_row *row = reason_row(missing ? R_ENGINE_NOT_LOADED : *other ? R_ENGINE_VERSION : R_ENGINE_DOWN);
	json_t *message = missing ? json_sprintf("%s %s", row->sentence, row->hint) :
	    *other ? json_sprintf("%s In numbers: %s.", row->sentence, other) : json_string(row->sentence);

	return json_pack("{s:s, s:o}", "reason", row->name, "message", message);
}

/* Of those that keymgr made, IKE takes care. */
static void
old_keys(const struct sync *s, json_t *list)
{
	const struct reason_row *row = reason_row(R_KEYS_OLD);
	uint64_t now = clock_wall_s();
	const struct sa_info *first = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < s->engine.nsas; i++)
		if (!sas_ours(s, &s->engine.sas[i]) && sas_old_keys(&s->engine.sas[i], now)) {
			n++;
			first = first ? first : &s->engine.sas[i];
		}
	if (n)
		json_array_append_new(list, json_pack("{s:s, s:o}", "reason", row->name, "message",
		    json_sprintf("%s It concerns %u, the first with SPI 0x%08x. %s", row->sentence, n, first->spi, row->hint)));
}

static json_t *
troubles(struct sync *s)
{
	const struct reason_row *unused = reason_row(R_ENGINE_UNUSED);
	json_t *list = json_array();

	if (!s->engine.up)
		json_array_append_new(list, engine_trouble(s));
	if (s->supervisor && strstr(s->supervisor, SUP_MODULE_UNUSED))
		json_array_append_new(list, json_pack("{s:s, s:o}", "reason", unused->name, "message", json_sprintf("%s %s", unused->sentence, unused->hint)));
	if (!s->keymgr.up)
		json_array_append_new(list, json_pack("{s:s, s:s}", "reason", "KEYMGR_DOWN", "message", reason_row(R_KEYMGR_DOWN)->sentence));
	if (!s->iked.up)
		json_array_append_new(list, json_pack("{s:s, s:s}", "reason", "IKED_DOWN", "message", reason_row(R_IKED_DOWN)->sentence));
	if (s->sites && !sites_find(s->sites, s->site))
		json_array_append_new(list, json_pack("{s:s, s:s}", "reason", "SITE_UNKNOWN", "message", reason_row(R_SITE_UNKNOWN)->sentence));
	if (s->engine.blocked)
		json_array_append_new(list, json_pack("{s:n, s:o}", "reason", "message",
		    json_sprintf("%u policies are kept out by others of the same selectors; 'ikectl show policies' lists them.", s->engine.blocked)));
	if (s->host.guard == 0)
		json_array_append_new(list, json_pack("{s:n, s:s}", "reason", "message", "The guard is open: protected networks can be reached in the clear."));
	for (unsigned i = 0; i < s->host.ntroubles; i++)
		json_array_append_new(list, json_pack("{s:n, s:o}", "reason", "message", json_words(s->host.troubles[i])));
	old_keys(s, list);
	certwatch_troubles(s->certs, list);
	return list;
}

/* Which engine serves, and what was asked for. */
static json_t *
json_engine(const struct sync *s)
{
	const struct host *h = &s->host;

	return json_pack("{s:s, s:s, s:o, s:b, s:b, s:s}", "host", s->proc->engine, "asked", s->proc->engine_asked,
	    "version", json_text(h->version[0] ? h->version : NULL), "up", (int)s->engine.up, "synced", (int)h->synced,
	    "guard", h->guard < 0 ? "unknown" : h->guard ? "closed" : "open");
}

/* It has no link to us: the supervisor's list is all that is known of it. */
static bool
fetch_is_up(const struct sync *s)
{
	const char *line = s->supervisor ? strstr(s->supervisor, "keymgr-fetch ") : NULL;
	size_t n = line ? strcspn(line, "\n") : 0;

	return line && memmem(line, n, " state=ready ", 13) != NULL;
}

static void
status_now(void *arg)
{
	struct req *r = arg;
	struct sync *s = r->s;
	const struct host *h = &s->host;
	const char *tunnels = req_query(r, "tunnels");
	json_t *part = tunnels_in_parts(r) ? tunnels_part(r) : json_object(), *j;

	if (!part)
		return;
	j = json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:{s:s, s:s, s:s, s:s, s:s}, s:o, s:o, s:o, s:o}", "site", s->site, "time", json_time(clock_wall_s()),
	    "revision", s->rev.number ? json_revision(&s->rev, s->rev.number) : json_null(), "in_sync", (int)sync_settled(s), "confirm", confirm_json(s),
	    "engine", json_engine(s),
	    "daemons", "ipsecd", h->up ? "up" : "down", "keymgr", s->keymgr.up ? "up" : "down", "iked", s->iked.up ? "up" : "down",
	    "keymgr-fetch", fetch_is_up(s) ? "up" : "down", "spdsync-resolve", names_up(s->names) ? "up" : "down",
	    "supervisor", json_text(s->supervisor), "processes", procs_json(s->supervisor), "certificates", certwatch_counts(s->certs), "troubles", troubles(s));

	if (s->demand.map.n)
		json_object_set_new(j, "by_policies", utunnels_json(s));
	json_object_set(j, "drops", r->drops);
	json_object_update(j, part);
	if (tunnels && strcmp(tunnels, "none") == 0)
		json_object_set_new(j, "tunnels", json_null());
	else if (!json_object_get(j, "tunnels"))
		json_object_set_new(j, "tunnels", all_tunnels(s, req_query(r, "label")));
	json_decref(part);
	req_reply(r, 200, j);
}

static void
status_counted(struct req *r, json_t *counters)
{
	const char *name;
	json_t *value;

	r->drops = json_object();
	json_object_foreach(counters, name, value)
		if (strncmp(name, "drop", 4) == 0 && json_integer_value(value) != 0)
			json_object_set(r->drops, name, value);
	r->late = status_now;
	sas_refresh(r->s, status_now, r);
}

void
get_status(struct req *r)
{
	engine_counters(r, status_counted);
}
