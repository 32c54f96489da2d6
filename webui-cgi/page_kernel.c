/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine holds: policies and SAs. Those that Causeway did not make are shown, marked, and never touched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define ROWS 50

static void
owner(struct page *p, const json_t *e)
{
	if (!js_is(e, "ours"))
		put(&p->out, L("<span class=\"st wait\"><span aria-hidden=\"true\">◆</span> foreign</span> "), js_str(e, "owner"));
	else if (js_has(e, "tunnel"))
		put(&p->out, L("<a href=\""), P("/tunnels/"), SEG(js_str(e, "tunnel")), L("\">"), js_str(e, "tunnel"), L("</a>/"), js_str(e, "child"));
	else
		put(&p->out, "ours");
}

static void
head(struct page *p, const char *title, const json_t *answer)
{
	put(&p->out, L("<h1>"), title, L("</h1><div id=\"live\"><p>"), js_int(answer, "total"), L(" in all, "), js_int(answer, "foreign"),
	    L(" of them foreign: made by others, shown here, never touched.</p><div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\""), title, L("\"><table class=\"rows\"><thead><tr>"));
}

static void
end(struct page *p, const char *path, const json_t *answer, const char *name)
{
	put(&p->out, L("</tbody></table></div>"));
	look_pager(p, path, atoll(page_field(p, "offset")), (long long)json_array_size(json_object_get(answer, name)), js_int(answer, "total"), ROWS, "", "");
	put(&p->out, L("</div>"));
}

static void
begin_row(struct page *p, const json_t *e)
{
	if (js_is(e, "ours"))
		put(&p->out, L("<tr><td>"));
	else
		put(&p->out, L("<tr class=\"foreign\"><td>"));
	owner(p, e);
}

/* What went by it, what did not, and when it was last of use. Where the engine does not count, nothing is said to be zero. */
static void
policy_past(struct html *h, const json_t *e)
{
	put(h, L("</td><td class=\"num\" data-h=\"Passed\">"));
	if (js_has(e, "packets")) {
		look_number(h, js_int(e, "packets"));
		put(h, js_int(e, "packets") == 1 ? " packet" : " packets", L("<br><span class=\"dim small\">"), OCTETS((uint64_t)js_int(e, "bytes")), L("</span>"));
	} else
		put(h, L("<span class=\"dim\">not counted</span>"));
	put(h, L("</td><td class=\"num\" data-h=\"Dropped\">"));
	if (js_int(e, "dropped")) {
		put(h, L("<span class=\"st bad\">"));
		look_number(h, js_int(e, "dropped"));
		put(h, L("</span>"));
	} else if (js_has(e, "dropped"))
		put(h, L("<span class=\"dim\">0</span>"));
	put(h, L("</td><td data-h=\"Last used\">"));
	if (js_has(e, "last_used"))
		look_time(h, js_str(e, "last_used"));
	else
		put(h, L("<span class=\"dim\">never</span>"));
	if (js_has(e, "created")) {
		put(h, L("<br><span class=\"dim small made\">made "));
		look_time(h, js_str(e, "created"));
		put(h, L("</span>"));
	}
}

static void
policy_row(struct page *p, const json_t *e)
{
	const json_t *rq;
	size_t i;

	begin_row(p, e);
	put(&p->out, L("</td><td data-h=\"Way\">"), js_str(e, "direction"), L("</td><td data-h=\"From\">"), js_str(e, "source"), L("</td><td data-h=\"To\">"), js_str(e, "destination"), L("</td><td data-h=\"Protocol\">"),
	    js_str(e, "protocol"), L("</td><td data-h=\"Action\">"), js_str(e, "action"));
	json_array_foreach(json_object_get(e, "requests"), i, rq)
		put(&p->out, L(" "), js_str(rq, "protocol"), L("/"), js_str(rq, "mode"), L("/"), js_str(rq, "level"), L(":"), js_int(rq, "reqid"));
	policy_past(&p->out, e);
	put(&p->out, L("</td></tr>"));
}

void
page_policies(struct page *p)
{
	const json_t *list, *e;
	struct answer a;
	size_t i;

	page_say(p, "Policies", "ikectl show policies");
	if (!page_get(p, &a, URL(p, L("/v1/policies?limit="), ROWS, L("&offset="), atoll(page_field(p, "offset")))))
		return;
	p->live = true;
	list = json_object_get(a.body, "policies");
	head(p, "Policies", a.body);
	put(&p->out, L("<th scope=\"col\">Belongs to</th><th scope=\"col\">Way</th><th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Protocol</th>"
	    "<th scope=\"col\">Action</th><th scope=\"col\" class=\"num\">Passed</th><th scope=\"col\" class=\"num\">Dropped</th><th scope=\"col\">Last used (UTC)</th></tr></thead><tbody>"));
	json_array_foreach(list, i, e)
		policy_row(p, e);
	end(p, "/policies", a.body, "policies");
	put(&p->out, L("<p class=\"dim small\">Passed: packets that went on their way by the policy, and their octets in the clear: before they are encrypted, or after they are decrypted. "
	    "Dropped: packets that the policy met and refused, that had no SA in time, or that were too big.</p>"));
	answer_free(&a);
}

static void
sa_row(struct page *p, const json_t *e)
{
	begin_row(p, e);
	put(&p->out, L("</td><td data-h=\"SPI\"><code>"), js_str(e, "spi"), L("</code></td><td data-h=\"Way\">"), js_str(e, "direction"), L("</td><td data-h=\"From\">"), js_str(e, "source"), L("</td><td data-h=\"To\">"),
	    js_str(e, "destination"), L("</td><td data-h=\"State\">"), js_str(e, "state"), L("</td><td data-h=\"Algorithms\">"), js_str(e, "encryption"));
	put(&p->out, L(" "), js_str(e, "integrity"), js_is(e, "esn") ? " esn" : "", L("</td><td class=\"num\" data-h=\"Carried\">"), OCTETS((uint64_t)js_int(e, "bytes")),
	    L("</td><td class=\"num\" data-h=\"Age\">"), SECS(js_int(e, "age_s")), L("</td></tr>"));
}

void
page_sas(struct page *p)
{
	const json_t *list, *e;
	struct answer a;
	size_t i;

	page_say(p, "SAs", "ikectl show sas");
	if (!page_get(p, &a, URL(p, L("/v1/sas?limit="), ROWS, L("&offset="), atoll(page_field(p, "offset")))))
		return;
	p->live = true;
	list = json_object_get(a.body, "sas");
	head(p, "SAs", a.body);
	put(&p->out, L("<th scope=\"col\">Belongs to</th><th scope=\"col\">SPI</th><th scope=\"col\">Way</th><th scope=\"col\">From</th><th scope=\"col\">To</th>"
	    "<th scope=\"col\">State</th><th scope=\"col\">Algorithms</th><th scope=\"col\" class=\"num\">Carried</th><th scope=\"col\" class=\"num\">Age</th></tr></thead><tbody>"));
	json_array_foreach(list, i, e)
		sa_row(p, e);
	end(p, "/sas", a.body, "sas");
	answer_free(&a);
}
