/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: the events that spdsync keeps, newest first, each as a sentence; what failed is marked. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define LINES	100
#define CHOICES	60	/* names that are proposed at most */
#define NEWEST	(INT64_MAX - 1)	/* no event has this id */
#define LOOKED	300	/* events that one page looks through for those that failed */

static bool
is(const json_t *e, const char *key, const char *value)
{
	return strcmp(js_str(e, key), value) == 0;
}

/* ---- what each event says ---- */

static void
dim(struct html *h, const char *words, const char *value)
{
	if (*value)
		put(h, L(" <span class=\"dim\">"), words, L(" "), value, L("</span>"));
}

static void
why(struct html *h, const json_t *e)
{
	put(h, L(" "), js_str(e, "message"), L(" "), js_str(e, "detail"));
	look_code(h, js_str(e, "reason"));
}

static void
say_tunnel(struct html *h, const json_t *e)
{
	look_state(h, js_str(e, "state"));
	dim(h, "was", js_str(e, "was"));
	if (!is(e, "reason", "OK"))
		why(h, e);
	else if (is(e, "state", "gone"))
		put(h, L(" "), js_str(e, "message"));
}

static void
say_child(struct html *h, const json_t *e)
{
	bool same = is(e, "was", js_str(e, "negotiated"));

	put(h, js_str(e, "child"), L(" "));
	look_state(h, js_str(e, "negotiated"));
	if (!same)
		dim(h, "was", js_str(e, "was"));
	if (js_is(e, "rekeyed"))
		put(h, L(" It has new keys."));
	else if (same && js_is(e, "proven"))
		put(h, L(" The first packet came in by it."));
	if (!is(e, "wanted", "up"))
		dim(h, "wanted", js_str(e, "wanted"));
}

static void
say_ike(struct html *h, const json_t *e)
{
	look_state(h, js_is(e, "up") ? "up" : "down");
	if (js_is(e, "replaced"))
		put(h, L(" It has new keys."));
	dim(h, "peer", js_str(e, "id_remote"));
	dim(h, "at", js_str(e, "remote"));
}

static void
say_negotiation(struct html *h, const json_t *e)
{
	bool good = is(e, "reason", "OK");

	look_mark(h, good ? MARK_GOOD : MARK_BAD, good ? "agreed" : "failed");
	if (!good)
		why(h, e);
	dim(h, "child", js_str(e, "child"));
	dim(h, "exchange", js_str(e, "exchange"));
	dim(h, "with", js_str(e, "peer"));
}

static void
say_daemon(struct html *h, const json_t *e)
{
	put(h, js_str(e, "daemon"), L(" "));
	look_mark(h, js_is(e, "up") ? MARK_GOOD : MARK_BAD, js_is(e, "up") ? "up" : "not up");
}

static void
say_revision(struct html *h, const json_t *e)
{
	if (!js_int(e, "revision")) {
		put(h, "Nothing is applied yet.");
		return;
	}
	put(h, L("<a href=\""), P("/history/"), js_int(e, "revision"), L("\">Revision "), js_int(e, "revision"), L("</a> is in force, with "), js_int(e, "tunnels"),
	    js_int(e, "tunnels") == 1 ? " tunnel." : " tunnels.");
	dim(h, "by", js_str(e, "author"));
	if (*js_str(e, "comment"))
		put(h, L(" <q>"), js_str(e, "comment"), L("</q>"));
}

static void
say_confirm(struct html *h, const json_t *e)
{
	look_mark(h, is(e, "state", "confirmed") ? MARK_GOOD : is(e, "state", "undone") ? MARK_BAD : MARK_WAIT, js_str(e, "state"));
	put(h, L(" Revision "), js_int(e, "revision"));
	if (is(e, "state", "pending"))
		put(h, L(" is undone in "), SECS(js_int(e, "seconds")), L(" unless somebody confirms it."));
	if (is(e, "state", "undone") && js_has(e, "back_to"))
		put(h, L("; that before it was "), js_int(e, "back_to"), L("."));
	put(h, L(" "), js_str(e, "why"));
}

static void
say_in_sync(struct html *h, const json_t *e)
{
	bool good = js_is(e, "in_sync");

	look_mark(h, good ? MARK_GOOD : MARK_WAIT, good ? "in sync" : "not in sync");
	put(h, good ? " All daemons are as the revision wants them." : " The daemons are not yet all as the revision wants them.");
}

static void
say_drift(struct html *h, const json_t *e)
{
	look_mark(h, MARK_WAIT, "put right");
	put(h, L(" "), js_int(e, "changes"), js_int(e, "changes") == 1 ? " policy that somebody else had changed." : " policies that somebody else had changed.");
	dim(h, "found by", js_str(e, "found_by"));
}

static void
say_guard(struct html *h, const json_t *e)
{
	look_mark(h, is(e, "guard", "closed") ? MARK_GOOD : MARK_WAIT, js_str(e, "guard"));
	if (is(e, "guard", "closed"))
		put(h, L(" What is to be protected cannot leave in the clear."));
}

static void
say_certificate(struct html *h, const json_t *e)
{
	bool soon = is(e, "reason", "CERT_EXPIRES_SOON");

	look_mark(h, soon ? MARK_WAIT : MARK_BAD, soon ? "ends soon" : "not good");
	why(h, e);
}

static void
say_command(struct html *h, const json_t *e)
{
	const char *what = is(e, "detail", js_str(e, "author")) ? "" : js_str(e, "detail");
	bool good = is(e, "result", "OK");

	if (!good)
		look_mark(h, MARK_BAD, "not done");
	if (!is(e, "author", "-"))
		put(h, L(" "), js_str(e, "author"), L(":"));
	put(h, L(" "), js_str(e, "action"), *what ? " " : "", what, good ? "" : ". ");
	if (!good)
		look_reason(h, js_str(e, "result"));
}

/* Of an event that came after this page was written: its members, as the command prints them. */
static void
say_members(struct html *h, const json_t *e)
{
	static const char *const shown[] = { "id", "time", "event", "tunnel" };
	const char *name;
	bool skip;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)e, name, v) {
		skip = false;
		for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			skip |= strcmp(name, shown[i]) == 0;
		if (skip)
			continue;
		if (json_is_string(v))
			dim(h, name, json_string_value(v));
		else if (json_is_integer(v))
			put(h, L(" <span class=\"dim\">"), name, L(" "), (long long)json_integer_value(v), L("</span>"));
		else if (json_is_true(v))
			put(h, L(" <span class=\"dim\">"), name, L("</span>"));
	}
}

/* ---- which of them failed ---- */

static bool bad_state(const json_t *e) { return is(e, "state", "failed") || is(e, "state", "undone"); }
static bool bad_child(const json_t *e) { return is(e, "negotiated", "failed"); }
static bool bad_reason(const json_t *e) { return !is(e, "reason", "OK"); }
static bool bad_cert(const json_t *e) { return !is(e, "reason", "CERT_EXPIRES_SOON"); }
static bool bad_result(const json_t *e) { return !is(e, "result", "OK"); }
static bool bad_daemon(const json_t *e) { return !js_is(e, "up"); }

static const struct { const char *name, *words; void (*say)(struct html *, const json_t *); bool (*bad)(const json_t *); } events[] = {
	{ "tunnel",		"tunnel",		say_tunnel,		bad_state },
	{ "child",		"child SA",		say_child,		bad_child },
	{ "ike",		"IKE SA",		say_ike,		NULL },
	{ "negotiation",	"negotiation",		say_negotiation,	bad_reason },
	{ "daemon",		"daemon",		say_daemon,		bad_daemon },
	{ "revision",		"revision",		say_revision,		NULL },
	{ "confirm",		"confirmation",		say_confirm,		bad_state },
	{ "in_sync",		"in sync",		say_in_sync,		NULL },
	{ "drift",		"drift",		say_drift,		NULL },
	{ "guard",		"guard",		say_guard,		NULL },
	{ "certificate",	"certificate",		say_certificate,	bad_cert },
	{ "command",		"command",		say_command,		bad_result },
};
#define EVENTS	(sizeof(events) / sizeof(events[0]))

/* EVENTS: one that is not known here. */
static unsigned
kind_of(const json_t *e)
{
	unsigned i = 0;

	while (i < EVENTS && !is(e, "event", events[i].name))
		i++;
	return i;
}

static bool
bad(const json_t *e)
{
	unsigned i = kind_of(e);

	return i < EVENTS && events[i].bad && events[i].bad(e);
}

/* ---- the filter ---- */

static bool
wants_failed(const struct page *p)
{
	return strcmp(page_field(p, "event"), "failed") == 0;
}

static void
option(struct html *h, const char *value, const char *words, const char *chosen)
{
	put(h, L("<option value=\""), value, L("\""));
	if (strcmp(value, chosen) == 0)
		put(h, L(" selected"));
	put(h, L(">"), words, L("</option>"));
}

/* A tunnel's name is typed; those that the events at hand name are proposed. */
static void
tunnel_field(struct page *p)
{
	put(&p->out, L("<label for=\"tunnel\">Tunnel</label><input id=\"tunnel\" name=\"tunnel\" maxlength=\"63\" spellcheck=\"false\" autocomplete=\"off\" list=\"tunnels\" value=\""),
	    page_field(p, "tunnel"), L("\">"));
}

static void
propose(struct page *p, const json_t *seen)
{
	const char *name;
	unsigned n = 0;
	json_t *v;

	put(&p->out, L("<datalist id=\"tunnels\">"));
	json_object_foreach((json_t *)(uintptr_t)seen, name, v)
		if (*name && n++ < CHOICES)
			put(&p->out, L("<option value=\""), name, L("\">"));
	put(&p->out, L("</datalist>"));
}

static void
filter(struct page *p, bool of_one)
{
	struct html *h = &p->out;
	const char *event = page_field(p, "event");

	put(h, L("<form method=\"get\" role=\"search\" class=\"filter\"><label for=\"event\">Event</label><select id=\"event\" name=\"event\"><option value=\"\">all</option>"));
	option(h, "failed", "what failed", event);
	for (unsigned i = 0; i < EVENTS; i++)
		option(h, events[i].name, events[i].words, event);
	put(h, L("</select>"));
	if (!of_one)
		tunnel_field(p);
	put(h, L("<label for=\"match\">Has the word</label><input id=\"match\" name=\"match\" type=\"search\" maxlength=\"64\" value=\""), page_field(p, "match"), L("\"><button>Show</button></form>"));
}

/* ---- the page ---- */

static void
row(struct page *p, const json_t *e, bool of_one)
{
	unsigned kind = kind_of(e);
	struct html *h = &p->out;

	put(h, bad(e) ? L("<tr class=\"bad\"><td>") : L("<tr><td>"));
	look_time(h, js_str(e, "time"));
	put(h, L("</td><td>"), kind < EVENTS ? events[kind].words : js_str(e, "event"), L("</td>"));
	if (!of_one) {
		put(h, L("<td class=\"name\">"));
		if (*js_str(e, "tunnel"))
			put(h, L("<a href=\""), P("/tunnels/"), SEG(js_str(e, "tunnel")), L("\">"), js_str(e, "tunnel"), L("</a>"));
		put(h, L("</td>"));
	}
	put(h, L("<td class=\"what\">"));
	kind < EVENTS ? events[kind].say(h, e) : say_members(h, e);
	put(h, L("</td></tr>"));
}

static void
head(struct page *p, const char *name, bool of_one)
{
	put(&p->out, L("<div class=\"wide\" role=\"region\" aria-label=\""), name,
	    L("\" tabindex=\"0\"><table class=\"stack\"><thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Event</th>"));
	if (!of_one)
		put(&p->out, L("<th scope=\"col\">Tunnel</th>"));
	put(&p->out, L("<th scope=\"col\">What happened</th></tr></thead><tbody>"));
}

static void
before_link(struct page *p, long long before, bool none)
{
	put(&p->out, L("<p class=\"pager\"><a class=\"button quiet\" href=\""), P(""), p->rq.path, L("?before="), before);
	put(&p->out, L("&amp;match="), SEG(page_field(p, "match")), L("&amp;event="), SEG(page_field(p, "event")));
	if (*page_field(p, "tunnel"))
		put(&p->out, L("&amp;tunnel="), SEG(page_field(p, "tunnel")));
	put(&p->out, L("\">"), none ? "Look further back" : "Those before", L("</a></p>"));
}

struct reading {
	const char	*of;		/* the one tunnel whose page this is, or "" */
	long long	 before;	/* what was read until now begins with this id */
	long long	 oldest;	/* of all that are kept */
	size_t		 shown, looked;
	json_t		*seen;		/* names of tunnels */
};

/* The rows of a part of the events, the newest first. */
static void
part_rows(struct page *p, struct reading *r, const json_t *list)
{
	const json_t *e;

	for (size_t i = json_array_size(list); i > 0 && r->shown < LINES; i--) {
		e = json_array_get(list, i - 1);
		r->before = js_int(e, "id");
		json_object_set_new(r->seen, js_str(e, "tunnel"), json_true());
		if (wants_failed(p) && !bad(e))
			continue;
		row(p, e, *r->of);
		r->shown++;
	}
}

/* One question: some before those that were read. False: there are no more, or the page says why not. */
static bool
read_part(struct page *p, struct reading *r)
{
	const json_t *list;
	struct answer a;
	bool more;

	if (!page_get(p, &a, URL(p, L("/v1/events?follow=0&newest="), LINES, L("&before="), r->before, L("&tunnel="), SEG(*r->of ? r->of : page_field(p, "tunnel")), L("&event="),
	    SEG(wants_failed(p) ? "" : page_field(p, "event")), L("&match="), SEG(page_field(p, "match")))))
		return false;
	list = json_object_get(a.body, "events");
	r->oldest = js_int(a.body, "oldest");
	r->looked += json_array_size(list);
	part_rows(p, r, list);
	/* A whole part, or one whose rest has no place here. */
	more = json_array_size(list) && r->before > r->oldest && (json_array_size(list) == LINES || js_int(json_array_get(list, 0), "id") < r->before);
	answer_free(&a);
	return more;
}

/* The events are read backwards, a part at a time: all that are kept may be megabytes. */
static void
table(struct page *p, const char *of)
{
	bool filtered = *of || *page_field(p, "match") || *page_field(p, "event") || *page_field(p, "tunnel"), more = true;
	struct reading r = { .of = of, .before = *page_field(p, "before") ? atoll(page_field(p, "before")) : NEWEST, .seen = json_object() };

	filter(p, *of);
	put(&p->out, L("<div id=\"live\">"));
	head(p, "Log", *of);
	do
		more = read_part(p, &r);
	while (more && r.shown < LINES && r.looked < LOOKED);
	if (p->status != 200) {
		json_decref(r.seen);
		return;
	}
	put(&p->out, L("</tbody></table></div>"));
	if (r.shown == 0 && more)
		put(&p->out, L("<p class=\"dim\">Nothing like that among the "), (int)r.looked, L(" events that were looked at.</p>"));
	else if (r.shown == 0)
		put(&p->out, L("<p class=\"dim\">Nothing "), filtered ? "like that" : "yet", L("; spdsync keeps the last events, the system's log all.</p>"));
	if (more)
		before_link(p, r.before, r.shown == 0);
	if (!*of)
		propose(p, r.seen);
	put(&p->out, L("</div>"));
	json_decref(r.seen);
}

void
page_lately(struct page *p, size_t rows)
{
	const json_t *list;
	struct answer a;

	ask(&p->asker, &a, "GET", URL(p, L("/v1/events?follow=0&newest="), rows), NULL, 15);
	list = json_object_get(a.body, "events");
	if (json_array_size(list)) {
		put(&p->out, L("<div class=\"pagehead\"><h2>Lately</h2><a href=\""), P("/log"), L("\">The log</a></div>"));
		head(p, "Lately", false);
		for (size_t i = json_array_size(list); i > 0; i--)
			row(p, json_array_get(list, i - 1), false);
		put(&p->out, L("</tbody></table></div>"));
	}
	answer_free(&a);
}

void
page_log(struct page *p)
{
	page_say(p, "Log", "ikectl events");
	p->live = true;
	put(&p->out, L("<h1>Log</h1><p>The newest first.</p>"));
	table(p, "");
}

void
page_tunnel_log(struct page *p)
{
	char title[96], command[200];

	snprintf(title, sizeof(title), "%s: log", p->name);
	snprintf(command, sizeof(command), "ikectl events %s; journalctl -u causeway -g 'tunnel=%s '", p->name, p->name);
	page_say(p, title, command);
	p->live = true;
	page_tunnel_tabs(p, "/log");
	table(p, p->name);
}
