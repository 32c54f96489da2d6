/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The racoon.conf that says how IKE serves policies: read, kept in the store and put in force, or only looked at; and the keys that it names, which
 * pass through here on their way to keymgr and are wiped.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "clock.h"
#include "keymgrcall.h"
#include "msg_cert.h"
#include "secret.h"

static json_t *
notes_json(const struct racoon *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->nnotes; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}", "line", (int)c->notes[i].line, "text", json_words(c->notes[i].text)));
	return list;
}

static json_t *
proposals_json(const struct proposals *p)
{
	char text[4096];

	return json_words(proposals_str(p, text, sizeof(text)));
}

static json_t *
remotes_json(const struct racoon *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->nremotes; i++) {
		const struct racoon_remote *m = &c->remotes[i];
		char text[ADDR_STR];

		json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:b, s:s}", "line", (int)m->line, "address",
		    m->anonymous ? json_null() : json_words(addr_str(&m->address, text)), "id_local", json_text(m->id_local), "id_remote", json_text(m->id_remote),
		    "ike", proposals_json(&m->ike), "lifetime_s", m->life_s ? json_integer((json_int_t)m->life_s) : json_null(), "passive", (int)m->passive,
		    "encapsulation", m->udp ? "udp" : "auto"));
	}
	return list;
}

static json_t *
end_json(const struct racoon_end *e)
{
	char text[TS_STR];

	return e->any ? json_null() : json_words(ts_str(&e->ts, text));
}

static json_t *
sainfos_json(const struct racoon *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->nsainfos; i++) {
		const struct racoon_sainfo *m = &c->sainfos[i];

		json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "line", (int)m->line, "local", end_json(&m->here), "remote", end_json(&m->peer),
		    "esp", proposals_json(&m->esp), "ah", m->ah.n ? proposals_json(&m->ah) : json_null(), "lifetime_s", m->life_s ? json_integer((json_int_t)m->life_s) : json_null()));
	}
	return list;
}

/* keys: the file that it names, and where keymgr reads keys that are not handed in. */
static json_t *
racoon_json(const struct sync *s, const struct racoon *c)
{
	char own[sizeof(s->proc->secret_dir) + 16];

	snprintf(own, sizeof(own), "%s/psk.txt", s->proc->secret_dir);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "keys", json_text(c->psk), "keys_line", c->psk_line ? json_integer((json_int_t)c->psk_line) : json_null(),
	    "keys_read", json_words(own), "remotes", remotes_json(c), "sainfos", sainfos_json(c), "notes", notes_json(c));
}

void
get_racoon(struct req *r)
{
	struct stored_racoon v;
	json_t *j;

	if (!store_racoon_get(r->s->store, &v)) {
		req_error(r, 503, R_STORE_FAILED, NULL, NULL);
		return;
	}
	if (!v.text) {
		req_error(r, 404, R_NOT_FOUND, "There is no racoon.conf in force: policies are served by the preset 'compatible'.", "'ikectl racoon put' brings one.");
		return;
	}
	j = racoon_json(r->s, r->s->demand.next_due ? r->s->demand.next : r->s->demand.conf);
	json_object_set_new(j, "time", json_time(v.time_s));
	json_object_set_new(j, "author", json_words(v.author));
	json_object_set_new(j, "file", json_text(v.file));
	json_object_set_new(j, "text", json_words(v.text));
	free(v.text);
	req_reply(r, 200, j);
}

/* Takes conf. */
static void
put_in_force(struct req *r, struct racoon *conf, char *text, size_t n)
{
	struct stored_racoon v = { .time_s = clock_wall_s(), .text = text, .n = n };
	struct store_error err;
	json_t *j = racoon_json(r->s, conf);

	snprintf(v.author, sizeof(v.author), "%s", r->author);
	snprintf(v.file, sizeof(v.file), "%s", r->file);
	if (!store_racoon_put(r->s->store, &v, req_line(r), &err)) {
		racoon_free(conf);
		json_decref(j);
		req_error(r, 503, err.reason, err.text, NULL);
		return;
	}
	req_told(r);
	if (demand_configure(r->s, conf)) {
		req_reply(r, 200, j);
		return;
	}
	json_decref(j);
	req_error(r, 503, R_NO_MEMORY, NULL, NULL);
}

void
put_racoon(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	const char *check = req_query(r, "check");
	struct racoon *conf = NULL;
	struct yt_error err = { 0 };
	char *text = malloc(n + 1);

	if (!check)
		req_audit(r, "racoon.conf", r->file);
	if (!text || (n && evbuffer_remove(in, text, n) != (int)n))
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	else if (check && strcmp(check, "yes") != 0)
		req_error(r, 400, R_REQUEST_INVALID, "'check' is 'yes', or not given.", "");
	else if ((conf = racoon_read(text, n, &err)) == NULL)
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : err.reason == R_TOO_LARGE ? 413 : 400, &err);
	else if (check) {
		req_reply(r, 200, racoon_json(r->s, conf));
		racoon_free(conf);
	} else
		put_in_force(r, conf, text, n);
	free(text);
}

void
delete_racoon(struct req *r)
{
	struct store_error err;

	req_audit(r, "racoon.conf", "taken away");
	if (!store_racoon_delete(r->s->store, req_line(r), &err)) {
		req_error(r, 503, err.reason, err.text, NULL);
		return;
	}
	req_told(r);
	if (demand_configure(r->s, NULL))
		req_reply(r, 200, json_pack("{s:b}", "done", 1));
	else
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
}

/* ---- psk.txt ---- */

#define KEYS_MAX	(60u * 1024u)	/* one message to keymgr */

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	req_error(arg, 504, R_BUSY, "It is not done yet; it goes on.", "");
}

static void
keys_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;
	unsigned keys;

	r->call = 0;
	if (reason != R_OK) {
		keymgr_fail(r, reason, body, NULL);
		return;
	}
	keys = body ? rd_le16(body) : 0;
	demand_ask(r->s);
	req_reply(r, 200, json_pack("{s:i}", "keys", (int)keys));
}

void
post_racoon_keys(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	uint8_t *p = n ? evbuffer_pullup(in, -1) : NULL, *buf = malloc(KEYS_MAX);
	struct wr w = wr_of(buf, buf ? KEYS_MAX : 0);

	if (n > KEYS_MAX) {
		req_error(r, 413, R_TOO_LARGE, "A psk.txt of more than 60 KiB is not handed in.", "Put it into the secrets directory.");
	} else if (!buf) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	} else {
		wr_mem(&w, p, n);
		req_audit(r, n ? "pre-shared keys" : "pre-shared keys taken away", "psk.txt");
		keymgr_call(r, PSKTXT_PUT, &w, -1, keys_done, on_late);
		wipe(buf, n);
	}
	if (p)
		wipe(p, n);
	free(buf);
}
