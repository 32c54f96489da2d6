/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of tunnels: 50 a page, so that the page stays light however many there are; the filter works in spdsync. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define ROWS 50
#define LAST_SAID 10	/* seconds: what is sooner is now, as the rate beside it */

static void
filter(struct page *p, const json_t *counts)
{
	static const char *const states[] = { "not-up", "failed", "connecting", "down", "up", "rekeying" };

	put(&p->out, L("<form method=\"get\" action=\""), P("/tunnels"), L("\" role=\"search\" class=\"filter\"><label for=\"match\">Name or site</label>"
	    "<input id=\"match\" name=\"match\" type=\"search\" maxlength=\"64\" value=\""), page_field(p, "match"),
	    L("\"><label for=\"state\">State</label><select id=\"state\" name=\"state\"><option value=\"\">all</option>"));
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		put(&p->out, L("<option value=\""), states[i], L("\""));
		if (strcmp(page_field(p, "state"), states[i]) == 0)
			put(&p->out, L(" selected"));
		put(&p->out, L(">"), i == 0 ? "not up" : states[i]);
		if (i > 0)
			put(&p->out, L(" ("), js_int(counts, states[i]), L(")"));
		put(&p->out, L("</option>"));
	}
	put(&p->out, L("</select><button>Show</button></form>"));
}

/* Of all children together: now, and when it was last. */
static void
rates(struct html *h, const json_t *children, const char *key, const char *last)
{
	long long ago = -1;
	const json_t *c;
	uint64_t sum = 0;
	bool known = false;
	size_t i;

	json_array_foreach(children, i, c) {
		known |= js_has(c, key);
		sum += (uint64_t)js_int(c, key);
		if (js_has(c, last) && (ago < 0 || js_int(c, last) < ago))
			ago = js_int(c, last);
	}
	if (known && sum)
		put(h, RATE(sum));
	else if (known)
		put(h, L("<span class=\"dim\">0</span>"));
	if (ago >= LAST_SAID) {
		put(h, L("<br><span class=\"dim small\">"));
		look_last(h, ago);
		put(h, L("</span>"));
	}
}

/* Down is what somebody commanded, of all children. */
static const char *
wanted(const json_t *children)
{
	const json_t *c;
	size_t i;

	json_array_foreach(children, i, c)
		if (strcmp(js_str(c, "wanted"), "down") != 0)
			return "up";
	return "down";
}

/* How many children are up, where there are several. */
static void
count(struct html *h, const json_t *children)
{
	const json_t *c;
	int up = 0;
	size_t i;

	json_array_foreach(children, i, c)
		up += strcmp(js_str(c, "negotiated"), "up") == 0 || strcmp(js_str(c, "negotiated"), "rekeying") == 0;
	if (json_array_size(children) > 1)
		put(h, L("<br><span class=\"dim small\">"), up, L(" of "), (int)json_array_size(children), L(" children</span>"));
}

static void
row(struct page *p, const json_t *t)
{
	const json_t *children = json_object_get(t, "children"), *c = json_array_get(children, 0), *ike = json_object_get(t, "ike");
	struct html *h = &p->out;

	put(h, L("<tr><th scope=\"row\"><a href=\""), P("/tunnels/"), SEG(js_str(t, "name")), L("\">"), js_str(t, "name"), L("</a></th><td data-h=\"Wanted\">"), wanted(children), L("</td><td data-h=\"Negotiated\">"));
	look_state(h, js_str(t, "state"));
	count(h, children);
	put(h, L("</td><td data-h=\"Engine SAs\">"));
	look_engine(h, js_str(c, "kernel"));
	put(h, L("</td><td class=\"peer\" data-h=\"Peer\">"), js_str(t, "remote_site"), L("<br><span class=\"dim small\">"));
	put(h, json_is_object(ike) ? js_str(ike, "remote") : js_has(t, "remote") ? js_str(t, "remote") : "any address", L("</span></td><td class=\"num\" data-h=\"In\">"));
	rates(h, children, "rate_bytes_in", "last_in_s");
	put(h, L("</td><td class=\"num\" data-h=\"Out\">"));
	rates(h, children, "rate_bytes_out", "last_out_s");
	put(h, L("</td><td class=\"num\" data-h=\"New keys in\">"));
	if (js_has(c, "rekey_in_s"))
		put(h, SECS(js_int(c, "rekey_in_s")));
	if (p->role >= ROLE_OPERATOR) {
		put(h, L("</td><td class=\"acts\">"));
		page_tunnel_buttons(p, js_str(t, "name"), js_str(t, "state"));
	}
	put(h, L("</td></tr>"));
}

/* What the buttons of all rows share; it leads back to this part of the list. */
static void
act_form(struct page *p)
{
	static const char *const kept[] = { "match", "state", "offset" };

	if (p->role < ROLE_OPERATOR)
		return;
	look_form_id(p, "act");
	put(&p->out, L("<input type=\"hidden\" name=\"back\" value=\"list\">"));
	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		put(&p->out, L("<input type=\"hidden\" name=\""), kept[i], L("\" value=\""), page_field(p, kept[i]), L("\">"));
	put(&p->out, L("</form>"));
}

void
page_tunnels(struct page *p)
{
	long long offset = atoll(page_field(p, "offset"));
	struct answer list;
	const json_t *t;
	size_t i;

	page_say(p, "Tunnels", "ikectl status");
	p->live = true;
	if (!page_get(p, &list, URL(p, L("/v1/tunnels?brief=yes&limit="), ROWS, L("&offset="), offset, L("&match="), SEG(page_field(p, "match")), L("&state="),
	    SEG(page_field(p, "state")))))
		return;
	put(&p->out, L("<div class=\"pagehead\"><h1>Tunnels</h1>"));
	if (p->role >= ROLE_EDITOR)
		put(&p->out, L("<a class=\"button main\" href=\""), P("/new"), L("\">New tunnel</a>"));
	put(&p->out, L("</div>"));
	look_said_of(p, page_field(p, "of"), page_field(p, "said"));
	filter(p, json_object_get(list.body, "counts"));
	act_form(p);
	put(&p->out, L("<div id=\"live\"><div class=\"wide\" role=\"region\" aria-label=\"Tunnels\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Tunnel</th>"
	    "<th scope=\"col\">Wanted</th><th scope=\"col\">Negotiated</th><th scope=\"col\">Engine SAs</th><th scope=\"col\">Peer</th><th scope=\"col\" class=\"num\">In</th>"
	    "<th scope=\"col\" class=\"num\">Out</th><th scope=\"col\" class=\"num\">New keys in</th>"), p->role >= ROLE_OPERATOR ? L("<th scope=\"col\">Command</th>") : L(""),
	    L("</tr></thead><tbody>"));
	json_array_foreach(json_object_get(list.body, "tunnels"), i, t)
		row(p, t);
	put(&p->out, L("</tbody></table></div>"));
	if (json_array_size(json_object_get(list.body, "tunnels")) == 0)
		put(&p->out, L("<p class=\"dim\">"), js_int(list.body, "total") ? "No tunnel is like that." : "There is no tunnel here yet.", L("</p>"));
	look_pager(p, "/tunnels", offset, (long long)json_array_size(json_object_get(list.body, "tunnels")), js_int(list.body, "matching"), ROWS, page_field(p, "match"),
	    page_field(p, "state"));
	put(&p->out, L("</div>"));
	answer_free(&list);
}
