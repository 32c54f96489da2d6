/* SPDX-License-Identifier: BSD-2-Clause */
/* Revisions, what one changed, and going back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define TEXT_SHOWN	16000	/* octets of the text that stand on the page; what is longer is there when it is asked for */
#define DIFF_SHOWN	8000	/* and of the difference, whose lines are marked each */

static void
revision_row(struct page *p, const json_t *r)
{
	put(&p->out, L("<tr><th scope=\"row\"><a href=\""), P("/history/"), js_int(r, "number"), L("\">"), js_int(r, "number"), L("</a>"));
	put(&p->out, js_is(r, "current") ? " in force" : "", L("</th><td data-h=\"Time\">"));
	look_time(&p->out, js_str(r, "time"));
	put(&p->out, L("</td><td data-h=\"By\">"), js_str(r, "author"), L("</td><td data-h=\"Comment\">"), js_str(r, "comment"), L("</td></tr>"));
}

void
page_history(struct page *p)
{
	const char *before = page_field(p, "before");
	struct answer a;
	const json_t *r;
	size_t i;

	page_say(p, "History", "ikectl history; ikectl diff A B; ikectl rollback N");
	if (!page_get(p, &a, *before ? URL(p, L("/v1/revisions?limit=100&before="), SEG(before)) : "/v1/revisions?limit=100"))
		return;
	put(&p->out, L("<h1>History</h1>"));
	look_said(p, page_field(p, "said"));
	put(&p->out, L("<div class=\"wide\" role=\"region\" aria-label=\"Revisions\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Revision</th><th scope=\"col\">Time (UTC)</th>"
	    "<th scope=\"col\">By</th><th scope=\"col\">Comment</th></tr></thead><tbody>"));
	json_array_foreach(json_object_get(a.body, "revisions"), i, r)
		revision_row(p, r);
	put(&p->out, L("</tbody></table></div>"));
	if (json_array_size(json_object_get(a.body, "revisions")) == 0)
		look_note(&p->out, "info", "Nothing was applied yet.");
	if (js_has(a.body, "next"))
		put(&p->out, L("<p class=\"pager\"><a class=\"button quiet\" href=\""), P("/history?before="), js_int(a.body, "next"), L("\">Those before</a></p>"));
	answer_free(&a);
}

static void
rest(struct page *p, const char *what, const json_t *answer, const char *shown)
{
	if (js_int(answer, "octets") > (long long)strlen(shown))
		put(&p->out, L("<p class=\"dim\">"), what, L(" is longer: <a href=\""), P("/history/"), p->name, L("?whole=yes\">show all of it</a>.</p>"));
}

/* A unified diff, a line a span; the sign at its beginning says the same as the colour. */
static void
show_diff(struct page *p, const char *diff)
{
	put(&p->out, L("<pre class=\"code diff\" tabindex=\"0\">"));
	while (*diff) {
		size_t n = strcspn(diff, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1), diff);
		if (*line == '+')
			put(&p->out, L("<span class=\"add\">"), line, L("</span>\n"));
		else if (*line == '-')
			put(&p->out, L("<span class=\"del\">"), line, L("</span>\n"));
		else if (*line == '@')
			put(&p->out, L("<span class=\"at\">"), line, L("</span>\n"));
		else
			put(&p->out, line, L("\n"));
		diff += n + (diff[n] == '\n');
	}
	put(&p->out, L("</pre>"));
}

static void
roll_form(struct page *p, const char *number)
{
	look_form_name(p, "/history/", number, "/rollback");
	put(&p->out, L("<label for=\"seconds\">Undo by itself unless confirmed within</label><select id=\"seconds\" name=\"seconds\"><option value=\"120\">2 minutes</option>"
	    "<option value=\"600\">10 minutes</option><option value=\"0\">never</option></select><p><button>Go back to this revision</button></p></form>"));
}

void
page_revision(struct page *p)
{
	bool whole = *page_field(p, "whole");
	char title[96], command[200];
	struct answer a, diff;

	snprintf(title, sizeof(title), "Revision %s", p->name);
	snprintf(command, sizeof(command), "ikectl show config %s; ikectl rollback %s", p->name, p->name);
	page_say(p, title, command);
	if (!page_get(p, &a, whole ? URL(p, L("/v1/revisions/"), SEG(p->name)) : URL(p, L("/v1/revisions/"), SEG(p->name), L("?head="), TEXT_SHOWN)))
		return;
	put(&p->out, L("<h1>"), title, L("</h1><p>By "), js_str(a.body, "author"), L(", "));
	look_time(&p->out, js_str(a.body, "time"));
	put(&p->out, L(" UTC. "), js_is(a.body, "current") ? "It is in force." : "", L("</p>"));
	if (*js_str(a.body, "comment"))
		put(&p->out, L("<p><q>"), js_str(a.body, "comment"), L("</q></p>"));
	ask(&p->asker, &diff, "GET", whole ? URL(p, L("/v1/diff?to="), SEG(p->name)) : URL(p, L("/v1/diff?to="), SEG(p->name), L("&head="), DIFF_SHOWN), NULL, 15);
	if (diff.status == 200) {
		put(&p->out, L("<h2>What it changed</h2>"));
		show_diff(p, js_str(diff.body, "diff"));
		rest(p, "What changed", diff.body, js_str(diff.body, "diff"));
	}
	answer_free(&diff);
	if (!js_is(a.body, "current") && p->role >= ROLE_EDITOR)
		roll_form(p, p->name);
	put(&p->out, L("<h2>Its text</h2><pre class=\"code\" tabindex=\"0\">"), js_str(a.body, "text"), L("</pre>"));
	rest(p, "The text", a.body, js_str(a.body, "text"));
	answer_free(&a);
}

void
page_rollback_post(struct page *p)
{
	long long seconds = atoll(page_field(p, "seconds"));
	struct answer a;

	if (seconds >= 2 ? !page_post(p, &a, "POST", URL(p, L("/v1/rollback?to="), SEG(p->name), L("&confirm="), seconds), "", 60) :
	    !page_post(p, &a, "POST", URL(p, L("/v1/rollback?to="), SEG(p->name)), "", 60))
		return;
	answer_free(&a);
	page_go(p, "/config?said=applied");
}
