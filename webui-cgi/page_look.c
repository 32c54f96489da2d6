/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages to read: the audit log, the system. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "words.h"

/* ---- the audit log ---- */

static void
audit_row(struct html *h, const json_t *e)
{
	bool good = strcmp(js_str(e, "result"), "OK") == 0, own = strcmp(js_str(e, "detail"), js_str(e, "author")) == 0;

	put(h, good ? L("<tr><td>") : L("<tr class=\"bad\"><td>"));
	look_time(h, js_str(e, "time"));
	put(h, L("</td><td>"), strcmp(js_str(e, "author"), "-") == 0 ? "not known" : js_str(e, "author"), L("</td><td class=\"what\">"), js_str(e, "action"), L("</td><td class=\"long\">"), own ? "" : js_str(e, "detail"), L("</td><td class=\"long\">"));
	look_mark(h, good ? MARK_GOOD : MARK_BAD, good ? "done" : "not done");
	if (!good) {
		put(h, L(" "));
		look_reason(h, js_str(e, "result"));
	}
	put(h, L("</td><td class=\"from\">"), js_str(e, "origin"), L("</td></tr>"));
}

void
page_audit(struct page *p)
{
	const char *before = page_field(p, "before");
	long long last = 0;
	struct answer a;
	const json_t *e;
	size_t i;

	page_say(p, "Audit", "ikectl audit");
	if (!page_get(p, &a, *before ? URL(p, L("/v1/audit?limit=100&before="), SEG(before)) : "/v1/audit?limit=100"))
		return;
	put(&p->out, L("<h1>Audit</h1><p>Every request that was to change something, the newest first.</p><div class=\"wide\" role=\"region\" aria-label=\"Audit\" tabindex=\"0\">"
	    "<table class=\"stack\"><thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Who</th><th scope=\"col\">Action</th><th scope=\"col\">What</th>"
	    "<th scope=\"col\">Result</th><th scope=\"col\">From</th></tr></thead><tbody>"));
	json_array_foreach(json_object_get(a.body, "audit"), i, e) {
		audit_row(&p->out, e);
		last = js_int(e, "number");
	}
	put(&p->out, L("</tbody></table></div>"));
	if (last > 1)
		put(&p->out, L("<p class=\"pager\"><a class=\"button quiet\" href=\""), P("/audit?before="), last, L("\">Those before</a></p>"));
	answer_free(&a);
}

/* ---- the system ---- */

/* Does it count anything yet? */
static bool
any(const json_t *list)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)list, name, v)
		if (json_integer_value(v))
			return true;
	return false;
}

static void
counters(struct page *p, const char *title, const json_t *list)
{
	const char *name;
	json_t *v;

	if (!any(list))
		return;
	put(&p->out, L("<h2>"), title, L("</h2><div class=\"wide\" role=\"region\" aria-label=\""), title, L("\" tabindex=\"0\"><table class=\"counts\"><thead><tr>"
	    "<th scope=\"col\">What is counted</th><th scope=\"col\" class=\"num\">Count</th></tr></thead><tbody>"));
	json_object_foreach((json_t *)(uintptr_t)list, name, v)
		if (json_integer_value(v)) {
			put(&p->out, L("<tr><th scope=\"row\">"), words_counter(name) ? words_counter(name) : name, L(" <code>"), name, L("</code></th><td class=\"num\">"));
			look_number(&p->out, json_integer_value(v));
			put(&p->out, L("</td></tr>"));
		}
	put(&p->out, L("</tbody></table></div>"));
}

/* What causewayd says of the processes that it keeps. */
static void
daemons(struct page *p, const json_t *list)
{
	const json_t *d;
	size_t i;

	put(&p->out, L("<h2>Daemons</h2><div class=\"wide\" role=\"region\" aria-label=\"Daemons\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Program</th><th scope=\"col\">Process</th>"
	    "<th scope=\"col\">Version</th><th scope=\"col\">State</th><th scope=\"col\">Since (UTC)</th><th scope=\"col\" class=\"num\">Restarts</th><th scope=\"col\">Last end</th></tr></thead><tbody>"));
	json_array_foreach(list, i, d) {
		put(&p->out, L("<tr><th scope=\"row\">"), js_str(d, "program"), L("</th><td data-h=\"Process\">"), js_int(d, "pid"), L("</td><td data-h=\"Version\">"), js_str(d, "version"), L("</td><td data-h=\"State\">"));
		look_state(&p->out, js_str(d, "state"));
		put(&p->out, L("</td><td data-h=\"Since\">"));
		look_time(&p->out, js_str(d, "since"));
		put(&p->out, L("</td><td class=\"num\" data-h=\"Restarts\">"), js_int(d, "restarts"), L("</td><td data-h=\"Last end\">"), js_str(d, "last_exit"), L("</td></tr>"));
	}
	put(&p->out, L("</tbody></table></div>"));
}

void
page_system(struct page *p)
{
	struct answer a, c;
	const json_t *engine, *v;
	size_t i;

	page_say(p, "System", "ikectl status; ikectl counters; ikectl metrics");
	if (!page_get(p, &a, "/v1/status?tunnels=none"))
		return;
	p->live = true;
	engine = json_object_get(a.body, "engine");
	put(&p->out, L("<h1>System</h1><div id=\"live\">"));
	json_array_foreach(json_object_get(a.body, "troubles"), i, v)
		put(&p->out, L("<div class=\"note bad\"><p>"), js_str(v, "message"), L("</p></div>"));
	put(&p->out, L("<section class=\"card\"><dl class=\"facts\"><dt>Engine</dt><dd>"));
	look_host(&p->out, engine);
	put(&p->out, L(" <span class=\"dim\">engine: "), js_str(engine, "asked"), L("</span></dd><dt>Guard</dt><dd>"), js_str(engine, "guard"), L("</dd><dt>Clock</dt><dd>"));
	look_time(&p->out, js_str(a.body, "time"));
	put(&p->out, L(" UTC; certificates are judged by it</dd></dl></section>"));
	if (json_array_size(json_object_get(a.body, "processes")))
		daemons(p, json_object_get(a.body, "processes"));
	counters(p, "Packets dropped", json_object_get(a.body, "drops"));
	if (page_get(p, &c, "/v1/counters")) {
		counters(p, "IKE", json_object_get(c.body, "iked"));
		counters(p, "Engine and revision", json_object_get(c.body, "spdsync"));
		answer_free(&c);
	}
	put(&p->out, L("</div>"));
	answer_free(&a);
}
