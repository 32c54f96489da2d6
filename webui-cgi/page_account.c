/* SPDX-License-Identifier: BSD-2-Clause */
/* One's own account: who one is here, one's password, and the end of one's other sessions. */
#include <stdlib.h>
#include <string.h>

#include "page.h"

static void
others(struct page *p)
{
	put(&p->out, L("<section class=\"card\"><h2>Elsewhere</h2>"));
	if (p->others == 0) {
		put(&p->out, L("<p class=\"dim\">You are signed in nowhere else.</p></section>"));
		return;
	}
	put(&p->out, L("<p>You are signed in "), p->others, p->others == 1 ? " more time." : " more times.", L("</p>"));
	look_form(p, "/account");
	put(&p->out, L("<button name=\"what\" value=\"others\">Sign out there</button></form></section>"));
}

static void
account(struct page *p, const char *wrong)
{
	static const char *const roles[] = { "", "viewer: reads everything but secrets", "operator: reads, and brings tunnels up and down", "editor: changes the configuration too",
	    "admin: everything, users and secrets too" };

	page_say(p, "Your account", "ikectl user password NAME; ikectl session list");
	put(&p->out, L("<h1>Your account</h1>"));
	if (*wrong)
		put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>"), wrong, L("</p></div>"));
	else
		look_said(p, page_field(p, "said"));
	put(&p->out, L("<section class=\"card\"><dl class=\"facts\"><dt>Name</dt><dd>"), p->user, L("</dd><dt>Role</dt><dd>"), roles[p->role], L("</dd><dt>Signed in until</dt><dd>"));
	look_time(&p->out, p->until);
	put(&p->out, L(" UTC, or half an hour without a page</dd></dl></section><section class=\"card\"><h2>A new password</h2>"));
	look_form(p, "/account");
	put(&p->out, L("<label for=\"now\">The one you have</label><input id=\"now\" name=\"now\" type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\" required>"
	    "<label for=\"password\">The new one</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\" minlength=\"8\" required "
	    "aria-describedby=\"pw-is\"><p class=\"dim\" id=\"pw-is\">Eight characters at least, better fifteen; a sentence is fine. Your other sessions end.</p>"
	    "<label for=\"again\">The new one again</label><input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\" required>"
	    "<p><button class=\"main\" name=\"what\" value=\"password\">Change it</button></p></form></section>"));
	others(p);
}

void
page_account(struct page *p)
{
	account(p, "");
}

static void
change(struct page *p)
{
	json_t *j = json_pack("{s:s, s:s}", "password", page_field(p, "now"), "new", page_field(p, "password"));
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	struct answer a;

	json_decref(j);
	ask(&p->asker, &a, "POST", "/v1/self/password", text ? text : "", 30);
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	if (a.status == 200 && page_session(p, &a)) {
		page_go(p, "/account?said=password");
	} else if (a.status == 401 && strcmp(js_str(a.body, "reason"), "LOGIN_FAILED") != 0) {
		page_go(p, "/login?said=ended");
		strcpy(p->cookie, "-");
	} else {
		p->status = a.status ? a.status : 503;
		account(p, a.status == 401 ? "That is not the password that you have." : a.status ? js_str(a.body, "message") : a.why);
	}
	answer_free(&a);
}

void
page_account_post(struct page *p)
{
	struct answer a;

	if (strcmp(page_field(p, "what"), "others") == 0) {
		if (page_post(p, &a, "DELETE", "/v1/self/others", "", 15)) {
			answer_free(&a);
			page_go(p, "/account?said=others");
		}
	} else if (strcmp(page_field(p, "password"), page_field(p, "again")) != 0) {
		p->status = 400;
		account(p, "The two new passwords are not the same.");
	} else {
		change(p);
	}
}
