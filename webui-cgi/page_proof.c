/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What gives rights or secrets, or takes tunnels away, wants the password of who does it once more, when the session has not shown it in the last
 * minutes: spdsync refuses it then. The page that asks carries the whole form, so that nothing is typed twice but what no page gives back, and
 * comes back to the same address. The session goes on under a new name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

static void
password_field(struct page *p)
{
	put(&p->out, L("<label for=\"proof\">Your own password</label><input id=\"proof\" name=\"proof\" type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\" required "
	    "aria-describedby=\"proof-is\"><p class=\"dim\" id=\"proof-is\">Asked again before what gives rights or secrets, or takes tunnels away; then not for five minutes.</p>"));
}

void
page_proof_field(struct page *p)
{
	if (p->proof_s < PROOF_SOON)
		password_field(p);
}

/* One field of the form as it was sent, or, of what is not given back, room to type it again. */
static void
carry(struct page *p, const struct field *d, const char *value)
{
	static const struct { const char *name, *words; } hidden[] = {
		{ "password", "The password that you typed for the user" }, { "secret", "The secret that you typed" },
	};

	if (strcmp(d->name, "csrf") == 0 || strcmp(d->name, "proof") == 0 || !*value)
		return;
	if (d->type == F_HIDDEN) {
		for (unsigned i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
			if (strcmp(hidden[i].name, d->name) == 0)
				put(&p->out, L("<label for=\"hidden\">"), hidden[i].words, L("</label><input id=\"hidden\" name=\""), d->name,
				    L("\" type=\"password\" autocomplete=\"off\" maxlength=\"2000\" required>"));
		return;
	}
	put(&p->out, L("<input type=\"hidden\" name=\""), d->name, L("\" value=\""), value, L("\">"));
}

void
page_proof_ask(struct page *p, const char *wrong)
{
	const struct field *d;

	html_free(&p->out);
	p->asks = true;
	p->live = false;
	page_say(p, "Your password, please", "");
	put(&p->out, L("<div class=\"card narrow\"><h1>Your password, please</h1>"));
	if (*wrong)
		put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>"), wrong, L("</p></div>"));
	else
		put(&p->out, L("<p>Nothing was changed yet.</p>"));
	look_form(p, p->rq.path);
	for (d = p->route->fields; d->type != F_END; d++)
		carry(p, d, page_field(p, d->name));
	password_field(p);
	put(&p->out, L("<p class=\"buttons\"><button class=\"main\">Go on</button> <a class=\"button quiet\" href=\""), P("/"), L("\">Leave it</a></p></form></div>"));
}

bool
page_proof_needed(struct page *p)
{
	if (p->proof_s > 0)
		return false;
	p->status = 403;
	page_proof_ask(p, "");
	return true;
}

bool
page_proof_take(struct page *p)
{
	json_t *j = json_pack("{s:s}", "password", page_field(p, "proof"));
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	struct answer a;
	bool good;

	json_decref(j);
	ask(&p->asker, &a, "POST", "/v1/self/proof", text ? text : "", 30);
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	good = a.status == 200 && page_session(p, &a);
	if (good) {
		p->proof_s = PROOF_SOON;
	} else if (a.status == 401 && strcmp(js_str(a.body, "reason"), "LOGIN_FAILED") != 0) {
		page_go(p, "/login?said=ended");
		strcpy(p->cookie, "-");
	} else {
		p->status = a.status ? a.status : 503;
		page_proof_ask(p, a.status == 401 ? "That is not your password; nothing was done." : a.status ? js_str(a.body, "message") : a.why);
	}
	answer_free(&a);
	return good;
}
