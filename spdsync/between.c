/* SPDX-License-Identifier: BSD-2-Clause */
/* What concerns the gateway at the other end: its part of a tunnel in its own language, and its site file beside ours. */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "compare.h"
#include "export.h"

/* GET /v1/tunnels/NAME/export?for=FORMAT */
void
get_export(struct req *r)
{
	const char *word = req_query(r, "for");
	int what = export_find(word ? word : "causeway");
	const struct site_tunnel *t = r->s->sites ? sites_find_tunnel(r->s->sites, r->name) : NULL;
	char *text;

	if (what < 0) {
		req_error(r, 400, R_REQUEST_INVALID, "There is no such format to export to.", "It can be causeway, strongswan, libreswan, openiked or fields.");
		return;
	}
	if (!t || !tunnel_has_site(r->s->sites, t, r->s->site)) {
		no_tunnel(r, "tunnel");
		return;
	}
	text = export_peer((enum export_for)what, r->s->sites, t, r->s->site);
	if (!text) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return;
	}
	req_reply(r, 200, json_pack("{s:s, s:s, s:o}", "tunnel", t->name, "for", export_words[what], "text", json_words(text)));
	free(text);
}

/* ---- compare ---- */

static void
take_tunnel(void *arg, const char *name, const char *peer, enum compare_state state)
{
	static const char *const words[] = { "same", "differs", "only_here", "only_there" };

	json_array_append_new(arg, json_pack("{s:s, s:s, s:s, s:[]}", "tunnel", name, "peer", peer, "state", words[state], "fields"));
}

static void
take_field(void *arg, const char *field, const char *here, const char *there)
{
	json_t *last = json_array_get(arg, json_array_size(arg) - 1);

	json_array_append_new(json_object_get(last, "fields"), json_pack("{s:s, s:o, s:o}", "field", field, "here", json_words(here),
	    "there", json_words(there)));
}

/* POST /v1/compare: the other end's file; nothing is changed. */
void
post_compare(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	struct yt_error err;
	struct compare_sink sink = { NULL, take_tunnel, take_field };
	struct sites *theirs;

	if (!r->s->sites) {
		req_error(r, 404, R_NOT_FOUND, "No site file was applied here yet.", NULL);
		return;
	}
	/* Their file may use what is switched off here: it is read, not applied. */
	theirs = sites_read(evbuffer_get_length(in) ? (const char *)evbuffer_pullup(in, -1) : "", evbuffer_get_length(in), true, &err);
	if (!theirs) {
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : 400, &err);
		return;
	}
	sink.arg = json_array();
	compare_sites(r->s->sites, theirs, r->s->site, &sink);
	sites_free(theirs);
	req_reply(r, 200, json_pack("{s:s, s:o}", "site", r->s->site, "tunnels", sink.arg));
}
