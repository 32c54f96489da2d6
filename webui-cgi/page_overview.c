/* SPDX-License-Identifier: BSD-2-Clause */
/* The overview: what is wrong first, then what is well. */
#include <stdio.h>
#include <string.h>

#include "page.h"

static void
tile(struct html *h, const char *kind, long long n, const char *words, const char *path)
{
	put(h, L("<li class=\"tile "), kind, L("\"><a href=\""), P(""), path, L("\"><strong>"), n, L("</strong> "), words, L("</a></li>"));
}

/* Of those that tunnels use. Where there are no certificates there is nothing to say of them. */
static void
cert_tile(struct page *p, const json_t *c)
{
	long long soon = js_int(c, "ending"), bad = js_int(c, "bad"), lists = js_int(c, "lists_bad"), n = soon + bad + lists;
	const char *words = soon && soon == n ? soon == 1 ? "certificate ends soon" : "certificates end soon" : lists && lists == n ? lists == 1 ? "revocation list out of date" :
	    "revocation lists out of date" : n == 1 ? "certificate is not good" : "certificates to look at";

	if (js_int(c, "all"))
		tile(&p->out, bad || lists ? "bad" : soon ? "wait" : "calm", n, words, "/certs");
}

static void
tiles(struct page *p, const json_t *status)
{
	const json_t *counts = json_object_get(status, "counts");
	long long up = js_int(counts, "up") + js_int(counts, "rekeying"), wait = js_int(counts, "connecting"), bad = js_int(counts, "failed"),
	    down = js_int(counts, "down");
	size_t troubles = json_array_size(json_object_get(status, "troubles"));

	put(&p->out, L("<ul class=\"tiles\">"));
	tile(&p->out, bad ? "bad" : "calm", bad, bad == 1 ? "tunnel failed" : "tunnels failed", "/tunnels?state=failed");
	tile(&p->out, wait ? "wait" : "calm", wait, "connecting", "/tunnels?state=connecting");
	tile(&p->out, "calm", down, "down", "/tunnels?state=down");
	tile(&p->out, up ? "good" : "calm", up, "up", "/tunnels?state=up");
	cert_tile(p, json_object_get(status, "certificates"));
	tile(&p->out, troubles ? "bad" : "calm", (long long)troubles, troubles == 1 ? "trouble" : "troubles", "/system");
	put(&p->out, L("</ul>"));
}

static void
troubles(struct page *p, const json_t *status)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "troubles"), i, one)
		put(&p->out, L("<li class=\"bad\"><span class=\"st bad\"><span aria-hidden=\"true\">✕</span> gateway</span><p>"), js_str(one, "message"), L("</p></li>"));
	if (!js_is(status, "in_sync"))
		put(&p->out, L("<li class=\"wait\"><span class=\"st wait\"><span aria-hidden=\"true\">◐</span> gateway</span><p>The daemons are not yet all as the revision wants them.</p></li>"));
}

static void
wrong(struct page *p, const json_t *status)
{
	const json_t *t;
	size_t i;

	put(&p->out, L("<h2>What is wrong</h2><ul class=\"wrong\">"));
	troubles(p, status);
	json_array_foreach(json_object_get(status, "tunnels"), i, t) {
		put(&p->out, L("<li class=\""), strcmp(js_str(t, "state"), "failed") == 0 ? L("bad") : strcmp(js_str(t, "state"), "connecting") == 0 ? L("wait") : L("calm"), L("\">"));
		look_state(&p->out, js_str(t, "state"));
		put(&p->out, L(" <a href=\""), P("/tunnels/"), SEG(js_str(t, "name")), L("\">"), js_str(t, "name"), L("</a><p>"), js_str(t, "message"), L(" <span class=\"dim\">"));
		put(&p->out, js_str(t, "hint"), L("</span></p></li>"));
	}
	put(&p->out, L("</ul>"));
	if (js_int(status, "matching") > (long long)json_array_size(json_object_get(status, "tunnels")))
		put(&p->out, L("<p><a href=\""), P("/tunnels?state=not-up"), L("\">All "), js_int(status, "matching"), L(" that are not up</a></p>"));
}

static void
gateway(struct page *p, const json_t *status)
{
	const json_t *engine = json_object_get(status, "engine"), *rev = json_object_get(status, "revision"), *daemons = json_object_get(status, "daemons"), *v;
	const char *name;

	put(&p->out, L("<section class=\"card\"><h2>This gateway</h2><dl class=\"facts\"><dt>Site</dt><dd>"), js_str(status, "site"), L("</dd><dt>Revision</dt><dd>"));
	if (json_is_object(rev)) {
		put(&p->out, L("<a href=\""), P("/history"), L("\">"), js_int(rev, "number"), L("</a> by "), js_str(rev, "author"), L(", "));
		look_time(&p->out, js_str(rev, "time"));
		if (*js_str(rev, "comment"))
			put(&p->out, L(" <q>"), js_str(rev, "comment"), L("</q>"));
	} else
		put(&p->out, L("nothing is applied yet"));
	put(&p->out, L("</dd><dt>Engine</dt><dd>"));
	look_host(&p->out, engine);
	put(&p->out, L("</dd><dt>Guard</dt><dd>"), js_str(engine, "guard"), L("</dd><dt>Daemons</dt><dd>"));
	json_object_foreach((json_t *)(uintptr_t)daemons, name, v) {
		put(&p->out, L("<span class=\"pair\">"), name, L(" "));
		look_state(&p->out, json_string_value(v));
		put(&p->out, L("</span> "));
	}
	put(&p->out, L("</dd></dl></section>"));
}

void
page_overview(struct page *p)
{
	struct answer a;
	size_t bad;

	page_say(p, "Overview", "ikectl status");
	p->live = true;
	/* The status with the part of the list that is shown: one question. */
	if (!page_get(p, &a, "/v1/status?state=not-up&order=worst&limit=12&brief=yes"))
		return;
	bad = json_array_size(json_object_get(a.body, "tunnels")) + json_array_size(json_object_get(a.body, "troubles"));
	put(&p->out, L("<h1>"), js_str(a.body, "site"), L("</h1>"));
	look_said(p, page_field(p, "said"));
	put(&p->out, L("<div id=\"live\">"));
	tiles(p, a.body);
	if (bad || !js_is(a.body, "in_sync"))
		wrong(p, a.body);
	else if (js_int(a.body, "total"))
		look_note(&p->out, "good", "Everything that is wanted is there.");
	else
		put(&p->out, L("<div class=\"card empty\"><h2>There is no tunnel here yet</h2><p>A tunnel joins the networks of this gateway with those of another one.</p>"), p->role >= ROLE_EDITOR ? L("<p><a class=\"button main\" href=\"") : L("<p hidden><a href=\""), P("/new"), L("\">Make the first one</a></p></div>"));
	page_traffic(p, NULL);
	page_lately(p, 8);
	gateway(p, a.body);
	put(&p->out, L("</div>"));
	answer_free(&a);
}
