/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking spdsync for a page, and what the reader is told when it says no. */
#include <stdio.h>
#include <string.h>

#include "page.h"

const char *
page_url(struct page *p)
{
	html_lit(&p->url, L("\n"));
	if (p->url.failed)
		return "/";
	p->url.p[p->url.n - 1] = '\0';
	return p->url.p;
}

const char *
page_field(const struct page *p, const char *name)
{
	const char *v = fields_get(p->rq.method == M_POST ? &p->form : &p->rq.query, name);

	return v ? v : "";
}

void
page_say(struct page *p, const char *title, const char *command)
{
	snprintf(p->title, sizeof(p->title), "%s", title);
	snprintf(p->command, sizeof(p->command), "%s", command);
}

void
page_go(struct page *p, const char *path)
{
	p->status = 303;
	snprintf(p->location, sizeof(p->location), "%s%s", p->rq.base, path);
}

void
page_fail(struct page *p, int status, const char *title, const char *message, const char *hint)
{
	html_free(&p->out);
	p->status = status;
	p->live = false;
	snprintf(p->title, sizeof(p->title), "%s", title);
	put(&p->out, L("<h1>"), title, L("</h1><div class=\"note bad\" role=\"alert\"><p>"), message, L("</p>"));
	if (hint && *hint)
		put(&p->out, L("<p>"), hint, L("</p>"));
	put(&p->out, L("</div>"));
}

/* The place of an error in a file, with the line and a caret. */
static void
say_place(struct page *p, const json_t *e)
{
	const char *excerpt = js_str(e, "excerpt");

	if (js_int(e, "line") > 0)
		put(&p->out, L("<p>Line "), js_int(e, "line"), L(", column "), js_int(e, "column"), L(":</p>"));
	if (*excerpt)
		put(&p->out, L("<pre class=\"code\" tabindex=\"0\">"), excerpt, L("</pre>"));
}

bool
page_session(struct page *p, const struct answer *a)
{
	const char *session = js_str(a->body, "session");

	if (strlen(session) >= sizeof(p->rq.session) || !*session)
		return false;
	snprintf(p->cookie, sizeof(p->cookie), "%s", session);
	strcpy(p->rq.session, session);		/* the asker's too */
	csrf_make(session, p->csrf);
	return true;
}

static void
refuse(struct page *p, const struct answer *a)
{
	if (a->status == 0) {
		page_fail(p, 503, "The gateway does not answer", a->why, "");
		return;
	}
	if (a->status == 401) {		/* the session has ended */
		page_go(p, "/login?said=ended");
		if (!p->rq.by_script)		/* what is live loads itself anew then, and is to be told the same */
			strcpy(p->cookie, "-");
		return;
	}
	if (strcmp(js_str(a->body, "reason"), "PROOF_OLD") == 0) {
		p->status = 403;
		page_proof_ask(p, "");
		return;
	}
	page_fail(p, a->status, a->status == 403 ? "You may not do that" : a->status == 404 ? "There is no such thing" : "It was not done",
	    *js_str(a->body, "message") ? js_str(a->body, "message") : "spdsync refused it.", js_str(a->body, "hint"));
	say_place(p, a->body);
	if (*js_str(a->body, "reason"))
		put(&p->out, L("<p class=\"dim\">Reason: <code>"), js_str(a->body, "reason"), L("</code></p>"));
}

bool
page_get(struct page *p, struct answer *a, const char *path)
{
	ask(&p->asker, a, "GET", path, NULL, 15);
	if (a->status == 200 && a->body)
		return true;
	refuse(p, a);
	answer_free(a);
	return false;
}

bool
page_post(struct page *p, struct answer *a, const char *method, const char *path, const char *body, unsigned deadline_s)
{
	ask(&p->asker, a, method, path, body ? body : "", deadline_s);
	if (a->status >= 200 && a->status < 300)
		return true;
	refuse(p, a);
	answer_free(a);
	return false;
}
