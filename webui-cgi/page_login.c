/* SPDX-License-Identifier: BSD-2-Clause */
/* Signing in, the first user, and signing out. A page without a session says nothing of the gateway, not even its version. */
#include <stdio.h>
#include <string.h>

#include "page.h"

static void
login_form(struct page *p, const char *wrong)
{
	page_say(p, "Sign in", "");
	put(&p->out, L("<div class=\"card narrow\"><h1>Sign in</h1>"));
	if (*wrong)
		put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>"), wrong, L("</p></div>"));
	if (p->rq.method == M_GET)
		look_said(p, page_field(p, "said"));
	put(&p->out, L("<form method=\"post\" action=\""), P("/login"), L("\"><label for=\"user\">Name</label>"
	    "<input id=\"user\" name=\"user\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" required autofocus>"
	    "<label for=\"password\">Password</label>"
	    "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\" required>"
	    "<p><button class=\"main\">Sign in</button></p></form>"
	    "<p class=\"dim\">Nobody has signed in on this gateway yet? <a href=\""), P("/first"), L("\">Make the first user</a>.</p></div>"));
}

void
page_login(struct page *p)
{
	login_form(p, "");
}

/* A JSON body of names and values that are texts. Caller frees. */
static char *
body_of(const char *const *v)
{
	json_t *j = json_object();
	char *text;

	for (; *v; v += 2)
		json_object_set_new(j, v[0], json_string(v[1]));
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

static void
take_session(struct page *p, const struct answer *a)
{
	if (page_session(p, a))
		page_go(p, "/");
}

/* What a refused sign-in says: one sentence for a wrong name and a wrong password, spdsync's own when it slows down. */
static const char *
refusal(const struct answer *a)
{
	if (a->status == 0)
		return a->why;
	return *js_str(a->body, "message") ? js_str(a->body, "message") : "That name and that password do not belong together.";
}

static void
sign_in(struct page *p, const char *path, const char *const *fields, void (*form)(struct page *, const char *))
{
	char *body = body_of(fields);
	struct answer a;

	ask(&p->asker, &a, "POST", path, body ? body : "", 30);
	if (a.status == 200 && *js_str(a.body, "session")) {
		take_session(p, &a);
	} else {
		p->status = a.status ? a.status : 503;
		form(p, refusal(&a));
	}
	if (body)
		explicit_bzero(body, strlen(body));
	free(body);
	answer_free(&a);
}

void
page_login_post(struct page *p)
{
	const char *const v[] = { "user", page_field(p, "user"), "password", page_field(p, "password"), NULL };

	sign_in(p, "/v1/login", v, login_form);
}

static void
first_form(struct page *p, const char *wrong)
{
	page_say(p, "The first user", "");
	put(&p->out, L("<div class=\"card narrow\"><h1>The first user</h1><p>There is no default password. On the gateway, as root, run</p>"
	    "<pre class=\"code\"><code>ikectl user first</code></pre><p>and enter here the token that it prints. It is good once.</p>"));
	if (*wrong)
		put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>"), wrong, L("</p></div>"));
	put(&p->out, L("<form method=\"post\" action=\""), P("/first"), L("\"><label for=\"token\">Token</label>"
	    "<input id=\"token\" name=\"token\" autocomplete=\"off\" spellcheck=\"false\" maxlength=\"64\" required>"
	    "<label for=\"user\">Name</label>"
	    "<input id=\"user\" name=\"user\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"63\" required aria-describedby=\"user-is\">"
	    "<p class=\"dim\" id=\"user-is\">Small letters, digits and hyphens.</p>"
	    "<label for=\"password\">Password</label>"
	    "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\" minlength=\"8\" required aria-describedby=\"pw-is\">"
	    "<p class=\"dim\" id=\"pw-is\">Eight characters at least, better fifteen; a sentence is fine.</p>"
	    "<label for=\"again\">The password again</label>"
	    "<input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\" required>"
	    "<p><button class=\"main\">Make this user</button></p></form></div>"));
}

void
page_first(struct page *p)
{
	first_form(p, "");
}

void
page_first_post(struct page *p)
{
	const char *const v[] = { "token", page_field(p, "token"), "user", page_field(p, "user"), "password", page_field(p, "password"), NULL };

	if (strcmp(page_field(p, "password"), page_field(p, "again")) != 0) {
		p->status = 400;
		first_form(p, "The two passwords are not the same.");
		return;
	}
	sign_in(p, "/v1/first-user", v, first_form);
}

void
page_logout_post(struct page *p)
{
	struct answer a;

	ask(&p->asker, &a, "POST", "/v1/logout", "", 10);
	answer_free(&a);
	page_go(p, "/login?said=out");
	strcpy(p->cookie, "-");
}
