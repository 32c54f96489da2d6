/* SPDX-License-Identifier: BSD-2-Clause */
/* One tunnel: how it is, what can be done with it, and why it is not up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "words.h"

static void
fact(struct html *h, const char *words, const char *value)
{
	if (*value)
		put(h, L("<dt>"), words, L("</dt><dd>"), value, L("</dd>"));
}

static const struct { const char *what, *words, *states; } acts[] = {
	{ "up", "Bring up", " down failed connecting " }, { "restart", "Restart", " up rekeying failed connecting " }, { "rekey", "New keys", " up rekeying " },
	{ "down", "Take down", " up rekeying failed connecting " },
};
#define ACTS	(sizeof(acts) / sizeof(acts[0]))

/* A restart is on the tunnel's own page. Taking down is asked about where a script can: in a list the next row is near. */
void
page_tunnel_buttons(struct page *p, const char *name, const char *state)
{
	char word[24];

	snprintf(word, sizeof(word), " %s ", state);
	for (unsigned i = 0; i < ACTS; i++) {
		if (i == 1 || !strstr(acts[i].states, word))
			continue;
		put(&p->out, L("<button form=\"act\" class=\"quiet\" formaction=\""), P("/tunnels/"), SEG(name), L("/act\" name=\"what\" value=\""), acts[i].what, L("\""));
		if (i == 3)
			put(&p->out, L(" data-ask=\"Take "), name, L(" down? Nothing goes through it until it is brought up.\""));
		put(&p->out, L(">"), acts[i].words, L("</button> "));
	}
}

void
page_tunnel_actions(struct page *p)
{
	char word[24];

	if (p->role < ROLE_OPERATOR)
		return;
	look_form_name(p, "/tunnels/", p->name, "/act");
	snprintf(word, sizeof(word), " %s ", p->state);
	put(&p->out, L("<div class=\"buttons\">"));
	for (unsigned i = 0; i < ACTS; i++)
		if (strstr(acts[i].states, word))
			put(&p->out, i == 0 ? L("<button class=\"main\" name=\"what\" value=\"") : i == 3 ? L("<button class=\"danger\" name=\"what\" value=\"") :
			    L("<button name=\"what\" value=\""), acts[i].what, L("\">"), acts[i].words, L("</button> "));
	put(&p->out, L("</div></form>"));
}

static void
ike(struct page *p, const json_t *t)
{
	const json_t *i = json_object_get(t, "ike");
	struct html *h = &p->out;

	put(h, L("<section class=\"card\"><h2>IKE SA</h2>"));
	if (!json_is_object(i)) {
		put(h, L("<p class=\"dim\">There is none now.</p></section>"));
		return;
	}
	put(h, L("<dl class=\"facts\">"));
	fact(h, "From here", js_str(i, "local"));
	fact(h, "To the peer", js_str(i, "remote"));
	fact(h, "NAT", js_is(i, "nat_local") ? "this end is behind one" : js_is(i, "nat_remote") ? "the peer is behind one" : "none seen");
	fact(h, "Peer is", js_str(i, "id_remote"));
	fact(h, "Proved by", js_str(i, "proved"));
	fact(h, "Algorithms", js_str(i, "suite"));
	fact(h, "Begun by", js_is(i, "initiator") ? "this gateway" : "the peer");
	put(h, L("<dt>Age</dt><dd>"), SECS(js_int(i, "age_s")), L("</dd><dt>New keys in</dt><dd>"), SECS(js_int(i, "rekey_in_s")), L("</dd></dl></section>"));
}

static void
carried(struct html *h, const char *words, const json_t *c, const char *bytes, const char *packets, const char *last)
{
	put(h, L("<dt>"), words, L("</dt><dd>"), OCTETS((uint64_t)js_int(c, bytes)), L(", "), js_int(c, packets), L(" packets"));
	if (js_has(c, last)) {
		put(h, L(", the last "));
		look_last(h, js_int(c, last));
	}
	put(h, L("</dd>"));
}

static void
child(struct page *p, const json_t *c)
{
	const json_t *pol = json_object_get(c, "policies");
	struct html *h = &p->out;

	put(h, L("<section class=\"card\"><h3>"), js_str(c, "full_name"), L("</h3><p class=\"three\"><span>wanted "));
	look_state(h, js_str(c, "wanted"));
	put(h, L("</span><span>negotiated "));
	look_state(h, js_str(c, "negotiated"));
	put(h, L("</span><span>SAs in the engine "));
	look_engine(h, js_str(c, "kernel"));
	put(h, L("</span></p><dl class=\"facts\">"));
	fact(h, "Networks here", *js_str(c, "agreed_local_ts") ? js_str(c, "agreed_local_ts") : js_str(c, "local_ts"));
	fact(h, "Networks there", *js_str(c, "agreed_remote_ts") ? js_str(c, "agreed_remote_ts") : js_str(c, "remote_ts"));
	fact(h, "Algorithms", js_str(c, "suite"));
	fact(h, "Carried as", strcmp(js_str(c, "encapsulation"), "udp") == 0 ? "ESP in UDP" : strcmp(js_str(c, "encapsulation"), "esp") == 0 ? "ESP" :
	    strcmp(js_str(c, "encapsulation"), "ah") == 0 ? "AH" : "");
	fact(h, "SPI in", js_str(c, "spi_in"));
	fact(h, "SPI out", js_str(c, "spi_out"));
	carried(h, "In", c, "bytes_in", "packets_in", "last_in_s");
	carried(h, "Out", c, "bytes_out", "packets_out", "last_out_s");
	if (js_has(c, "age_s"))
		put(h, L("<dt>Age</dt><dd>"), SECS(js_int(c, "age_s")), L("</dd><dt>New keys in</dt><dd>"), SECS(js_int(c, "rekey_in_s")), L("</dd>"));
	put(h, L("<dt>Policies</dt><dd>"), js_int(pol, "present"), L(" of "), js_int(pol, "wanted"), L(" stand; reqid "), js_int(c, "reqid"), L("</dd></dl></section>"));
}

/* Why, in words, and what to do. */
static void
verdict(struct page *p, const json_t *t)
{
	bool ok = strcmp(js_str(t, "reason"), "OK") == 0;

	put(&p->out, L("<p class=\"state\">"));
	look_state(&p->out, js_str(t, "state"));
	put(&p->out, L(" <span class=\"dim\">"), js_str(t, "local_site"), L(" to "), js_str(t, "remote_site"), L(", "), js_str(t, "id_remote"));
	if (*js_str(t, "interface"))
		put(&p->out, L(", by the interface "), js_str(t, "interface"));
	put(&p->out, L("</span></p>"));
	if (ok)
		return;
	put(&p->out, L("<div class=\"note warn\"><p>"), js_str(t, "message"), L("</p><p>"), js_str(t, "hint"), L("</p><p class=\"dim\">"), js_str(t, "detail"));
	look_code(&p->out, js_str(t, "reason"));
	put(&p->out, L("</p></div>"));
	if (js_has(t, "retry_in_s"))
		put(&p->out, L("<p>The next try is in "), SECS(js_int(t, "retry_in_s")), L(".</p>"));
}

static void
record(struct page *p, const json_t *r, bool newest)
{
	const json_t *facts = json_object_get(r, "facts"), *v;
	struct html *h = &p->out;
	const char *name;

	put(h, L("<details class=\"card\""));
	if (newest)
		put(h, L(" open"));
	put(h, L("><summary>"));
	look_time(h, js_str(r, "time"));
	put(h, L(" "), js_str(r, "message"), L("</summary>"));
	put(h, L("<div class=\"told\">"));
	page_ladder(p, r);
	put(h, L("<div>"));
	if (*js_str(r, "hint"))
		put(h, L("<p>"), js_str(r, "hint"), L("</p>"));
	put(h, L("<dl class=\"facts\">"));
	json_object_foreach((json_t *)(uintptr_t)facts, name, v)
		fact(h, words_fact(name) ? words_fact(name) : name, json_is_string(v) ? json_string_value(v) : "");
	put(h, L("<dt>Reason</dt><dd>"), js_str(r, "reason"), L("</dd></dl></div></div></details>"));
}

static void
explain(struct page *p)
{
	struct answer a;
	const json_t *r;
	size_t i;

	ask(&p->asker, &a, "GET", URL(p, L("/v1/explain/"), SEG(p->name)), NULL, 15);
	put(&p->out, L("<h2 id=\"explain\">The last negotiations</h2>"));
	if (json_array_size(json_object_get(a.body, "records")) == 0)
		put(&p->out, L("<p>Nothing is kept: none failed, and none was long ago.</p>"));
	json_array_foreach(json_object_get(a.body, "records"), i, r)
		record(p, r, i == 0);
	answer_free(&a);
}

/* The packets do not come this way: doc/decisions/0087. */
static void
capture(struct page *p)
{
	char command[128];

	if (p->role < ROLE_ADMIN)
		return;
	snprintf(command, sizeof(command), "ikectl capture %s FILE", p->name);
	put(&p->out, L("<section class=\"card\"><h2>What it carries</h2><p>Packets before encryption and after decryption, as pcapng for Wireshark or tcpdump, are shown on the gateway and not here: "
	    "<code>"), command, L("</code></p><p class=\"dim\">For administrators; the audit log has who looked, and for how long.</p></section>"));
}

void
page_tunnel(struct page *p)
{
	struct answer a;
	const json_t *c;
	char command[240];
	size_t i;

	snprintf(command, sizeof(command), "ikectl status %s; ikectl traffic %s; ikectl explain %s", p->name, p->name, p->name);
	page_say(p, p->name, command);
	if (!page_get(p, &a, URL(p, L("/v1/tunnels/"), SEG(p->name))))
		return;
	p->live = true;
	snprintf(p->state, sizeof(p->state), "%s", js_str(a.body, "state"));
	page_tunnel_tabs(p, "");
	look_said(p, page_field(p, "said"));
	put(&p->out, L("<div id=\"live\">"));
	verdict(p, a.body);
	page_traffic(p, p->name);
	put(&p->out, L("<h2>Children</h2>"));
	json_array_foreach(json_object_get(a.body, "children"), i, c)
		child(p, c);
	ike(p, a.body);
	put(&p->out, L("</div>"));
	explain(p);
	capture(p);
	answer_free(&a);
}

void
page_tunnel_act(struct page *p)
{
	const char *what = page_field(p, "what");
	struct answer a;

	if (!page_post(p, &a, "POST", URL(p, L("/v1/tunnels/"), SEG(p->name), L("/"), what), "", 70))
		return;
	answer_free(&a);
	if (*page_field(p, "back"))
		page_go(p, URL(p, L("/tunnels?said="), what, L("&of="), SEG(p->name), L("&match="), SEG(page_field(p, "match")), L("&state="), SEG(page_field(p, "state")),
		    L("&offset="), SEG(page_field(p, "offset"))));
	else
		page_go(p, URL(p, L("/tunnels/"), SEG(p->name), L("?said="), what));
}
