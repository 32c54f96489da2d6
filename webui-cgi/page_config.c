/* SPDX-License-Identifier: BSD-2-Clause */
/* The site file: what is in force, what a change would do (the plan), the change itself under a countdown, and its confirmation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define PLAN_ROWS	200
#define MANY		100	/* tunnels whose file does not come with the page */
#define FILE_EDITED	(FIELDS_OCTETS / 2)	/* what a form has is longer by its percent signs */

/* "plan" of an answer as a table, with a line of numbers first. */
void
page_plan(struct page *p, const json_t *plan)
{
	static const struct { const char *action, *sign; struct lit class; } kinds[] = {
		{ "kept", "kept", { "up" } }, { "rekeyed", "new keys", { "wait" } }, { "restarted", "restarted", { "wait" } },
		{ "new", "new", { "up" } }, { "dropped", "dropped", { "bad" } },
	};
	long long counts[5] = { 0 };
	unsigned rows = 0;
	const json_t *one;
	size_t i;

	put(&p->out, L("<h2>What it does to the tunnels here</h2><p class=\"three\">"));
	json_array_foreach(plan, i, one)
		for (unsigned k = 0; k < 5; k++)
			counts[k] += strcmp(js_str(one, "action"), kinds[k].action) == 0;
	for (unsigned k = 0; k < 5; k++)
		put(&p->out, L("<span><strong>"), counts[k], L("</strong> <span class=\"st "), kinds[k].class, L("\">"), kinds[k].sign, L("</span></span> "));
	put(&p->out, L("</p>"));
	if (counts[0] == (long long)json_array_size(plan))
		return;
	put(&p->out, L("<div class=\"wide\" role=\"region\" aria-label=\"Plan\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Tunnel</th><th scope=\"col\">What becomes of it</th>"
	    "<th scope=\"col\">Why</th></tr></thead><tbody>"));
	json_array_foreach(plan, i, one)
		for (unsigned k = 1; k < 5 && rows < PLAN_ROWS; k++)
			if (strcmp(js_str(one, "action"), kinds[k].action) == 0 && ++rows)
				put(&p->out, L("<tr><th scope=\"row\">"), js_str(one, "tunnel"), L("</th><td><span class=\"st "), kinds[k].class, L("\">"), kinds[k].sign,
				    L("</span></td><td data-h=\"Why\">"), js_str(one, "why"), L("</td></tr>"));
	put(&p->out, L("</tbody></table></div>"));
	if (rows == PLAN_ROWS)
		put(&p->out, L("<p class=\"dim\">The first "), PLAN_ROWS, L(" are listed; the numbers above count all.</p>"));
}

void
page_warnings(struct page *p, const json_t *list)
{
	const json_t *w;
	size_t i;

	json_array_foreach(list, i, w)
		put(&p->out, L("<div class=\"note warn\"><p>"), js_str(w, "tunnel"), *js_str(w, "tunnel") ? L(": ") : L(""), js_str(w, "message"), L(" "), js_str(w, "hint"), L("</p></div>"));
}

/* Confirm or undo, with the seconds that are left. */
void
page_pending(struct page *p, const json_t *confirm)
{
	long long left = js_int(confirm, "seconds_left"), all = js_int(confirm, "seconds");

	if (!json_is_object(confirm))
		return;
	put(&p->out, L("<section class=\"pending\" aria-label=\"A change waits\"><p>Revision "), js_int(confirm, "revision"), L(" is on trial: it undoes itself in <strong id=\"seconds-left\">"),
	    left, L("</strong> seconds, and earlier when a tunnel does not come back.</p><progress id=\"left\" aria-label=\"Time left\" max=\""), all, L("\" value=\""), left, L("\"></progress>"));
	if (p->role >= ROLE_EDITOR) {
		look_form(p, "/config/confirm");
		put(&p->out, L("<input type=\"hidden\" name=\"revision\" value=\""), js_int(confirm, "revision"), L("\"><button class=\"main\" name=\"what\" value=\"confirm\">Keep it</button></form>"));
		look_form(p, "/config/confirm");
		put(&p->out, L("<input type=\"hidden\" name=\"revision\" value=\""), js_int(confirm, "revision"), L("\"><button class=\"danger\" name=\"what\" value=\"undo\">Undo it now</button></form>"));
	}
	put(&p->out, L("</section>"));
}

static void
last_undone(struct page *p, const json_t *undone)
{
	if (json_is_object(undone))
		put(&p->out, L("<div class=\"note warn\"><p>Revision "), js_int(undone, "revision"), L(" was undone: "), js_str(undone, "why"), L("</p></div>"));
}

/* The form of a whole file; text as it was, or as it was sent. */
static void
file_form(struct page *p, const char *text, const char *comment, const char *remove)
{
	look_form(p, "/config");
	put(&p->out, L("<label for=\"text\">Site file</label><textarea id=\"text\" name=\"text\" spellcheck=\"false\" autocomplete=\"off\" wrap=\"off\">"), text,
	    L("</textarea><label for=\"comment\">What changes, in words</label><input id=\"comment\" name=\"comment\" maxlength=\"200\" value=\""), comment,
	    L("\"><label for=\"remove\">Tunnels and sites that may go (names with commas, or all)</label><input id=\"remove\" name=\"remove\" maxlength=\"1000\" value=\""), remove,
	    L("\"><label for=\"seconds\">Undo by itself unless confirmed within</label><select id=\"seconds\" name=\"seconds\"><option value=\"120\">2 minutes</option>"
	    "<option value=\"600\">10 minutes</option><option value=\"30\">30 seconds</option><option value=\"0\">never: it stays at once</option></select>"
	    "<p class=\"buttons\"><button name=\"what\" value=\"plan\">Show what it does</button> <button class=\"main\" name=\"what\" value=\"apply\">Apply</button></p></form>"));
}

/* The file of many tunnels: it may be edited here, but it does not come with every look at this page. */
static void
long_file(struct page *p, long long tunnels)
{
	put(&p->out, L("<section class=\"card\"><h2>The site file</h2><p>It has "));
	look_number(&p->out, tunnels);
	put(&p->out, L(" tunnels of this gateway. The block of one of them is edited on <a href=\""), P("/tunnels"), L("\">its own page</a>.</p><p><a class=\"button\" href=\""),
	    P("/config?whole=yes"), L("\">"), p->role >= ROLE_EDITOR ? "Edit the whole file" : "Show the whole file", L("</a></p></section>"));
}

static void
file(struct page *p, const char *text)
{
	size_t n = strlen(text);

	if (p->role >= ROLE_EDITOR && n <= FILE_EDITED)
		file_form(p, text, "", "");
	else
		put(&p->out, n > FILE_EDITED ? L("<p>It is too long for a form: 'ikectl apply FILE' takes it, and each tunnel's page has its block.</p>") : L(""), L("<pre class=\"code\" tabindex=\"0\">"), text,
		    L("</pre>"));
}

void
page_config(struct page *p)
{
	struct answer status, rev, confirm;
	bool there;

	page_say(p, "Configuration", "ikectl plan FILE; ikectl apply --confirm 120 FILE; ikectl confirm");
	if (!page_get(p, &status, "/v1/status?limit=1&brief=yes"))
		return;
	there = json_is_object(json_object_get(status.body, "revision"));
	put(&p->out, L("<h1>Configuration</h1>"));
	look_said(p, page_field(p, "said"));
	if (page_get(p, &confirm, "/v1/confirm")) {
		page_pending(p, json_object_get(confirm.body, "pending"));
		last_undone(p, json_object_get(confirm.body, "undone"));
		answer_free(&confirm);
	}
	memset(&rev, 0, sizeof(rev));
	if (js_int(status.body, "total") > MANY && !*page_field(p, "whole"))
		long_file(p, js_int(status.body, "total"));
	else if (!there || page_get(p, &rev, URL(p, L("/v1/revisions/"), js_int(json_object_get(status.body, "revision"), "number")))) {
		if (!there)
			look_note(&p->out, "info", "Nothing is applied yet: paste a site file, or make the first tunnel.");
		file(p, there ? js_str(rev.body, "text") : "version: 1\nsites:\ntunnels:\n");
		answer_free(&rev);
	}
	answer_free(&status);
}

static void
planned(struct page *p, const json_t *answer)
{
	page_say(p, "Plan", "ikectl plan FILE");
	put(&p->out, L("<h1>Plan</h1>"));
	look_note(&p->out, "info", "Nothing was changed yet.");
	page_warnings(p, json_object_get(answer, "warnings"));
	page_plan(p, json_object_get(answer, "plan"));
	put(&p->out, L("<h2>The file</h2>"));
	file_form(p, page_field(p, "text"), page_field(p, "comment"), page_field(p, "remove"));
}

/* The file as it was sent stays on the page of its error: nobody types it twice. */
static void
keep_text(struct page *p)
{
	if (p->status == 303 || p->asks || !*page_field(p, "text"))
		return;
	put(&p->out, L("<h2>The file as you sent it</h2>"));
	file_form(p, page_field(p, "text"), page_field(p, "comment"), page_field(p, "remove"));
}

void
page_config_post(struct page *p)
{
	bool apply = strcmp(page_field(p, "what"), "apply") == 0;
	long long seconds = atoll(page_field(p, "seconds"));
	struct html url = { 0 };
	struct answer a;

	put(&url, L("/v1/"), apply ? "apply" : "check", L("?file=panel&remove="), SEG(page_field(p, "remove")));
	if (apply)
		put(&url, L("&comment="), SEG(page_field(p, "comment")));
	if (apply && seconds >= 2)
		put(&url, L("&confirm="), seconds);
	html_raw(&url, " ");
	if (url.failed)
		return;
	url.p[url.n - 1] = '\0';
	if (!page_post(p, &a, "POST", url.p, page_field(p, "text"), 60)) {
		keep_text(p);
	} else {
		if (apply)
			page_go(p, "/config?said=applied");
		else
			planned(p, a.body);
		answer_free(&a);
	}
	html_free(&url);
}

void
page_confirm_post(struct page *p)
{
	bool keep = strcmp(page_field(p, "what"), "confirm") == 0;
	struct answer a;

	if (!page_post(p, &a, "POST", URL(p, L("/v1/"), keep ? "confirm" : "undo", L("?revision="), SEG(page_field(p, "revision"))), "", 60))
		return;
	answer_free(&a);
	page_go(p, keep ? "/config?said=confirmed" : "/config?said=undone");
}
