/* SPDX-License-Identifier: BSD-2-Clause */
/* The other pages of one tunnel: its block in the site file, the file for the other end, and what happened to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

void
page_tunnel_tabs(struct page *p, const char *at)
{
	static const struct { const char *tail, *words; } v[] = {
		{ "", "State" }, { "/config", "Configuration" }, { "/secret", "Secret" }, { "/export", "For the other end" }, { "/log", "Log" },
	};

	put(&p->out, L("<div class=\"pagehead\"><h1>"), p->name, L("</h1>"));
	if (!*at)
		page_tunnel_actions(p);
	put(&p->out, L("</div><ul class=\"tabs\">"));
	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		put(&p->out, L("<li><a href=\""), P("/tunnels/"), SEG(p->name), v[i].tail, L("\""));
		if (strcmp(v[i].tail, at) == 0)
			put(&p->out, L(" aria-current=\"page\""));
		put(&p->out, L(">"), v[i].words, L("</a></li>"));
	}
	put(&p->out, L("</ul>"));
}

static void
say(struct page *p, const char *what, const char *command)
{
	char title[128], line[200];

	snprintf(title, sizeof(title), "%s: %s", p->name, what);
	snprintf(line, sizeof(line), command, p->name);
	page_say(p, title, line);
}

static void
block_form(struct page *p, const char *text, const char *was)
{
	look_form_name(p, "/tunnels/", p->name, "/config");
	put(&p->out, L("<input type=\"hidden\" name=\"was\" value=\""), was, L("\"><label for=\"text\">Its block in the site file</label>"
	    "<textarea id=\"text\" name=\"text\" spellcheck=\"false\" autocomplete=\"off\" wrap=\"off\">"), text,
	    L("</textarea><label for=\"comment\">What changes, in words</label><input id=\"comment\" name=\"comment\" maxlength=\"200\" value=\""), page_field(p, "comment"),
	    L("\"><label for=\"seconds\">Undo by itself unless confirmed within</label><select id=\"seconds\" name=\"seconds\"><option value=\"120\">2 minutes</option>"
	    "<option value=\"600\">10 minutes</option><option value=\"30\">30 seconds</option><option value=\"0\">never: it stays at once</option></select>"
	    "<p class=\"buttons\"><button class=\"main\" name=\"what\" value=\"save\">Apply</button> <button class=\"danger\" name=\"what\" value=\"remove\">Remove the tunnel</button></p></form>"));
}

void
page_tunnel_config(struct page *p)
{
	struct answer a;

	say(p, "configuration", "ikectl edit %s");
	if (!page_get(p, &a, URL(p, L("/v1/tunnels/"), SEG(p->name), L("/text"))))
		return;
	page_tunnel_tabs(p, "/config");
	if (p->role >= ROLE_EDITOR)
		block_form(p, js_str(a.body, "text"), js_str(a.body, "sha256"));
	else
		put(&p->out, L("<pre class=\"code\" tabindex=\"0\">"), js_str(a.body, "text"), L("</pre>"));
	answer_free(&a);
}

void
page_tunnel_config_post(struct page *p)
{
	bool remove = strcmp(page_field(p, "what"), "remove") == 0;
	const char *seconds = page_field(p, "seconds"), *path;
	struct answer a;

	say(p, "configuration", "ikectl edit %s");
	if (atoll(seconds) >= 2)
		path = URL(p, L("/v1/tunnels/"), SEG(p->name), L("?file=block&was="), SEG(page_field(p, "was")), L("&comment="), SEG(page_field(p, "comment")),
		    L("&confirm="), SEG(seconds));
	else
		path = URL(p, L("/v1/tunnels/"), SEG(p->name), L("?file=block&was="), SEG(page_field(p, "was")), L("&comment="), SEG(page_field(p, "comment")));
	if (!page_post(p, &a, remove ? "DELETE" : "PUT", path, remove ? "" : page_field(p, "text"), 60)) {
		if (!remove && p->status != 303 && !p->asks)
			block_form(p, page_field(p, "text"), page_field(p, "was"));
		return;
	}
	answer_free(&a);
	page_go(p, "/config?said=applied");
}

void
page_export(struct page *p)
{
	static const struct { const char *name, *words; } v[] = {
		{ "causeway", "Causeway" }, { "strongswan", "strongSwan" }, { "libreswan", "Libreswan" }, { "openiked", "OpenIKED" }, { "fields", "another panel" },
	};
	const char *format = *page_field(p, "for") ? page_field(p, "for") : "causeway";
	struct answer a;

	say(p, "for the other end", "ikectl export-peer %s --for ");
	strncat(p->command, format, sizeof(p->command) - strlen(p->command) - 1);
	if (!page_get(p, &a, URL(p, L("/v1/tunnels/"), SEG(p->name), L("/export?for="), SEG(format))))
		return;
	page_tunnel_tabs(p, "/export");
	put(&p->out, L("<p>What the other end needs, in its own words; no secret is in it.</p><ul class=\"tabs\">"));
	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		put(&p->out, L("<li><a href=\""), P("/tunnels/"), SEG(p->name), L("/export?for="), v[i].name, L("\""));
		if (strcmp(v[i].name, format) == 0)
			put(&p->out, L(" aria-current=\"true\""));
		put(&p->out, L(">"), v[i].words, L("</a></li>"));
	}
	put(&p->out, L("</ul><pre class=\"code\" id=\"text\" tabindex=\"0\">"), js_str(a.body, "text"),
	    L("</pre><button type=\"button\" data-copy=\"text\" hidden>Copy</button>"));
	answer_free(&a);
}
