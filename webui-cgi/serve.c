/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request to an answer, in one order for all pages: decode; is there such a route; whose session; may a form from there be obeyed; do the
 * fields fit; then the page. What is not allowed ends before the page is asked.
 */
#include <stdio.h>
#include <string.h>

#include "serve.h"

static const char *
status_words(int status)
{
	static const struct { int status; const char *words; } v[] = {
		{ 200, "OK" }, { 303, "See Other" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (v[i].status == status)
			return v[i].words;
	return "Error";
}

/* No octet below 0x20 goes into a header, whoever wrote it. */
static void
header(struct html *out, const char *name, const char *value)
{
	char line[600];
	int n = snprintf(line, sizeof(line), "%s: %s", name, value);

	for (int i = 0; i < n && i < (int)sizeof(line); i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return;
	if (n < 0 || n >= (int)sizeof(line))
		return;
	html_raw(out, line);
	html_raw(out, "\r\n");
}

static void
headers(struct page *p, struct html *out)
{
	char line[256];

	snprintf(line, sizeof(line), "%d %s", p->status, status_words(p->status));
	header(out, "Status", line);
	header(out, "Content-Type", "text/html; charset=utf-8");
	header(out, "Cache-Control", "no-store");
	header(out, "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
	    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
	header(out, "X-Content-Type-Options", "nosniff");
	header(out, "X-Frame-Options", "DENY");
	/* Not "no-referrer": with that browsers say "Origin: null" of our own forms. */
	header(out, "Referrer-Policy", "same-origin");
	header(out, "Cross-Origin-Opener-Policy", "same-origin");
	header(out, "Cross-Origin-Resource-Policy", "same-origin");
	header(out, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
	if (p->rq.tls)
		header(out, "Strict-Transport-Security", "max-age=31536000");
	if (p->status == 405)
		header(out, "Allow", p->rq.method == M_POST ? "GET, HEAD" : "POST");
	if (strcmp(p->cookie, "-") == 0)
		header(out, "Set-Cookie", "__Host-causeway=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	else if (p->cookie[0]) {
		snprintf(line, sizeof(line), "__Host-causeway=%s; Path=/; Secure; HttpOnly; SameSite=Strict", p->cookie);
		header(out, "Set-Cookie", line);
	}
	if (p->location[0])
		header(out, "Location", p->location);
	html_raw(out, "\r\n");
}

/* The route of this path; its method is another matter. */
static const struct route *
find(struct page *p, bool *other)
{
	for (size_t i = 0; i < nroutes; i++) {
		if (!route_fits(routes[i].path, p->rq.path, p->name, sizeof(p->name)))
			continue;
		if (routes[i].method == p->rq.method)
			return &routes[i];
		*other = true;
	}
	return NULL;
}

static enum role
role_of(const char *name)
{
	static const char *const v[] = { "viewer", "operator", "editor", "admin" };

	for (int i = 0; i < 4; i++)
		if (strcmp(v[i], name) == 0)
			return (enum role)(ROLE_VIEWER + i);
	return ROLE_NONE;
}

/* Who is it? False: nobody, and the answer is made. */
static bool
know(struct page *p)
{
	struct answer a;

	if (!p->rq.session[0]) {
		if (p->rq.method == M_GET)
			page_go(p, "/login");
		else
			page_fail(p, 401, "Please sign in", "Your session has ended; nothing was done.", "Sign in and send it again.");
		return false;
	}
	if (!page_get(p, &a, "/v1/self"))
		return false;
	snprintf(p->user, sizeof(p->user), "%s", js_str(a.body, "user"));
	p->role = role_of(js_str(a.body, "role"));
	p->proof_s = js_int(a.body, "proof_s");
	p->others = js_int(a.body, "others");
	snprintf(p->until, sizeof(p->until), "%s", js_str(a.body, "expires"));
	if (js_has(a.body, "confirm"))
		p->pending_s = js_int(json_object_get(a.body, "confirm"), "seconds_left");
	answer_free(&a);
	csrf_make(p->rq.session, p->csrf);
	return true;
}

/* A form is obeyed when the browser says that a page of ours sent it, and when it holds the token of this session. */
static bool
obeyed(struct page *p)
{
	if (p->rq.foreign) {
		page_fail(p, 403, "This did not come from the panel", "The browser says that another site sent this form; nothing was done.", "");
		return false;
	}
	if (p->route->role != ROLE_NONE && !csrf_good(p->rq.session, page_field(p, "csrf"))) {
		page_fail(p, 403, "This page is of another session", "You have signed in anew since this page was made; nothing was done.", "Load the page again, and send it again.");
		return false;
	}
	return true;
}

/* The form, once it is known who sends it: who did not sign in sends short ones. */
static bool
take_form(struct page *p, struct body *b)
{
	if (p->rq.body > BODY_FIRST && p->route->role == ROLE_NONE) {
		page_fail(p, 413, "That form cannot be read", "It is too long.", "");
		return false;
	}
	if ((p->rq.body > BODY_FIRST && !b->rest(b)) || !fields_decode(&p->form, b->p, b->n)) {
		page_fail(p, 400, "That form cannot be read", "It is too long, or not written as forms are.", "");
		return false;
	}
	return true;
}

static void
answer_page(struct page *p, struct body *b)
{
	bool other = false;
	char why[160];

	p->route = find(p, &other);
	if (!p->route) {
		if (other)
			page_fail(p, 405, "Not this way", "This page takes the other method.", "");
		else
			page_fail(p, 404, "There is no such page", "The panel has no page of this address.", "");
		return;
	}
	if (p->rq.strange) {
		page_fail(p, 403, "This did not come from the panel", "Another site asked for this page as a part of itself.", "");
		return;
	}
	if (p->route->role != ROLE_NONE && !know(p))
		return;
	if (p->rq.method == M_POST && !take_form(p, b))
		return;
	if (p->rq.method == M_POST && !obeyed(p))
		return;
	if (!fields_check(p->rq.method == M_POST ? &p->form : &p->rq.query, p->route->fields, why, sizeof(why))) {
		page_fail(p, 400, "That cannot be", why, "");
		return;
	}
	if (p->rq.method == M_POST && p->rq.query.n) {
		page_fail(p, 400, "That cannot be", "A form has no query.", "");
		return;
	}
	if (p->role < p->route->role) {
		page_fail(p, 403, "You may not do that", "Your role does not go that far.", "Ask an administrator of this gateway.");
		return;
	}
	if (p->rq.method == M_POST && p->route->role != ROLE_NONE && *page_field(p, "proof") && !page_proof_take(p))
		return;
	p->route->run(p);
}

static void
refused(struct page *p, enum verdict v)
{
	static const struct { int status; const char *words; } why[] = {
		[RQ_BAD] = { 400, "The request cannot be read." }, [RQ_METHOD] = { 405, "The panel knows GET and POST." },
		[RQ_TYPE] = { 415, "A form is sent as application/x-www-form-urlencoded." }, [RQ_LONG] = { 413, "The request is too long." },
		[RQ_CLEAR] = { 403, "The panel is served over TLS only; use https." },
	};

	page_fail(p, why[v].status, "That cannot be", why[v].words, "");
}

void
serve(char *const *env, int spdsync, struct body *b, struct html *out)
{
	struct page p = { .status = 200 };
	struct html whole = { 0 };
	enum verdict v = request_decode(&p.rq, env);

	p.out.base = whole.base = p.rq.base;
	p.asker = (struct asker){ spdsync, p.rq.session, p.rq.client };
	if (v != RQ_OK)
		refused(&p, v);
	else
		answer_page(&p, b);
	if (p.status != 303)
		look_page(&p, &whole);
	if (p.out.failed || whole.failed) {
		html_free(&whole);
		whole.failed = false;
		p.status = 503;
		put(&whole, L("<!DOCTYPE html><html lang=\"en\"><title>Causeway</title><p>The page would be too long.</p></html>"));
	}
	headers(&p, out);
	if (!p.rq.head)
		html_join(out, &whole);
	html_free(&whole);
	html_free(&p.out);
	html_free(&p.url);
	explicit_bzero(p.rq.session, sizeof(p.rq.session));
	fields_free(&p.form);
	request_free(&p.rq);
}
