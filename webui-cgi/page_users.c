/* SPDX-License-Identifier: BSD-2-Clause */
/* Users, their sessions, and tokens for programs. A token is shown once, on the page that made it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

static void
role_select(struct page *p, const char *id, const char *now)
{
	static const char *const v[] = { "viewer", "operator", "editor", "admin" };

	put(&p->out, L("<label for=\""), id, L("\">Role</label><select id=\""), id, L("\" name=\"role\">"));
	for (unsigned i = 0; i < 4; i++) {
		put(&p->out, L("<option"));
		if (strcmp(v[i], now) == 0)
			put(&p->out, L(" selected"));
		put(&p->out, L(">"), v[i], L("</option>"));
	}
	put(&p->out, L("</select>"));
}

static void
user_card(struct page *p, const json_t *u)
{
	const char *name = js_str(u, "user");
	char id[96];

	put(&p->out, L("<details class=\"card\"><summary><strong>"), name, L("</strong> "), js_str(u, "role"), js_is(u, "disabled") ? ", disabled" : "", L("</summary>"));
	look_form_name(p, "/users/", name, "");
	snprintf(id, sizeof(id), "role-%.63s", name);
	role_select(p, id, js_str(u, "role"));
	snprintf(id, sizeof(id), "password-%.63s", name);
	put(&p->out, L("<label for=\""), id, L("\">New password (empty: as it was)</label><input id=\""), id,
	    L("\" name=\"password\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\">"));
	put(&p->out, L("<label class=\"check\"><input type=\"checkbox\" name=\"disabled\" value=\"yes\""));
	if (js_is(u, "disabled"))
		put(&p->out, L(" checked"));
	put(&p->out, L(">May not sign in</label><p class=\"buttons\"><button name=\"what\" value=\"save\">Save</button> <button class=\"danger\" name=\"what\" value=\"remove\">Remove</button></p></form></details>"));
}

static void
new_user(struct page *p)
{
	put(&p->out, L("<details class=\"card\"><summary>A new user</summary>"));
	look_form(p, "/users");
	put(&p->out, L("<label for=\"user\">Name</label><input id=\"user\" name=\"user\" maxlength=\"63\" autocapitalize=\"none\" spellcheck=\"false\" autocomplete=\"off\" required>"
	    "<label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" maxlength=\"1024\" required>"));
	role_select(p, "role", "viewer");
	page_proof_field(p);
	put(&p->out, L("<p><button class=\"main\">Make this user</button></p></form></details>"));
}

#define ROWS 20	/* of each of the three lists */

/* Where a list goes on, by the name or the number that its last row has; the other lists begin anew there. */
static void
goes_on(struct page *p, const json_t *answer, const char *field, const char *at)
{
	const json_t *next = json_object_get(answer, "next");

	if (!*page_field(p, field) && !js_has(answer, "next"))
		return;
	put(&p->out, L("<p class=\"pager\">"));
	if (*page_field(p, field))
		put(&p->out, L("<a class=\"button quiet\" href=\""), P("/users#"), at, L("\">First "), at, L("</a> "));
	if (js_has(answer, "next")) {
		put(&p->out, L("<a class=\"button quiet\" href=\""), P("/users?"), field, L("="));
		if (json_is_string(next))
			put(&p->out, SEG(json_string_value(next)));
		else
			put(&p->out, json_integer_value(next));
		put(&p->out, L("#"), at, L("\">More "), at, L("</a>"));
	}
	put(&p->out, L("</p>"));
}

static const char *
part_of(struct page *p, const char *list, const char *key, const char *field)
{
	if (!*page_field(p, field))
		return URL(p, list, ROWS);
	return URL(p, list, ROWS, L("&"), key, L("="), SEG(page_field(p, field)));
}

static void
sessions(struct page *p)
{
	struct answer a;
	const json_t *s;
	size_t i;

	ask(&p->asker, &a, "GET", part_of(p, "/v1/sessions?limit=", "before", "sessions-before"), NULL, 15);
	put(&p->out, L("<h2 id=\"sessions\">Sessions</h2><div class=\"wide\" role=\"region\" aria-label=\"Sessions\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">User</th><th scope=\"col\">From</th>"
	    "<th scope=\"col\">Since (UTC)</th><th scope=\"col\">Until (UTC)</th><th scope=\"col\">End</th></tr></thead><tbody>"));
	json_array_foreach(json_object_get(a.body, "sessions"), i, s) {
		bool own = js_is(s, "own");

		put(&p->out, L("<tr><th scope=\"row\">"), js_str(s, "user"), own ? L(" <span class=\"tag\">this session</span>") : L(""), L("</th><td data-h=\"From\">"), js_str(s, "client"), L("</td><td data-h=\"Since\">"));
		look_time(&p->out, js_str(s, "created"));
		put(&p->out, L("</td><td data-h=\"Until\">"));
		look_time(&p->out, js_str(s, "expires"));
		put(&p->out, L("</td><td>"));
		look_form(p, "/sessions/end");
		put(&p->out, L("<input type=\"hidden\" name=\"id\" value=\""), js_int(s, "id"), L("\"><button class=\"quiet\">End</button></form></td></tr>"));
	}
	put(&p->out, L("</tbody></table></div>"));
	goes_on(p, a.body, "sessions-before", "sessions");
	answer_free(&a);
}

static void
token_rows(struct page *p, const json_t *list)
{
	const json_t *t;
	size_t i;

	put(&p->out, L("<div class=\"wide\" role=\"region\" aria-label=\"Tokens\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Name</th>"
	    "<th scope=\"col\">Role</th><th scope=\"col\">Until (UTC)</th><th scope=\"col\">Remove</th></tr></thead><tbody>"));
	json_array_foreach(list, i, t) {
		put(&p->out, L("<tr><th scope=\"row\">"), js_str(t, "name"), L("</th><td data-h=\"Role\">"), js_str(t, "role"), L("</td><td data-h=\"Until\">"));
		look_time(&p->out, js_str(t, "expires"));
		put(&p->out, L("</td><td>"));
		look_form(p, "/tokens/end");
		put(&p->out, L("<input type=\"hidden\" name=\"id\" value=\""), js_int(t, "id"), L("\"><button class=\"quiet\">Remove</button></form></td></tr>"));
	}
	put(&p->out, L("</tbody></table></div>"));
}

static void
tokens(struct page *p)
{
	struct answer a;

	ask(&p->asker, &a, "GET", part_of(p, "/v1/tokens?limit=", "before", "tokens-before"), NULL, 15);
	put(&p->out, L("<h2 id=\"tokens\">Tokens for programs</h2>"));
	if (json_array_size(json_object_get(a.body, "tokens")))
		token_rows(p, json_object_get(a.body, "tokens"));
	else
		put(&p->out, L("<p class=\"dim\">There is none.</p>"));
	goes_on(p, a.body, "tokens-before", "tokens");
	answer_free(&a);
	put(&p->out, L("<details class=\"card\"><summary>A new token</summary>"));
	look_form(p, "/tokens");
	put(&p->out, L("<label for=\"token-name\">Name</label><input id=\"token-name\" name=\"name\" maxlength=\"63\" spellcheck=\"false\" autocomplete=\"off\" required>"));
	role_select(p, "token-role", "viewer");
	put(&p->out, L("<label for=\"days\">Days it is good for</label><input id=\"days\" name=\"days\" inputmode=\"numeric\" maxlength=\"4\" value=\"90\" required><p><button class=\"main\">Make a token</button></p></form></details>"));
}

void
page_users(struct page *p)
{
	struct answer a;
	const json_t *u;
	size_t i;

	page_say(p, "Users", "ikectl user list; ikectl session list; ikectl token list");
	if (!page_get(p, &a, part_of(p, "/v1/users?limit=", "after", "users-after")))
		return;
	put(&p->out, L("<h1 id=\"users\">Users</h1>"));
	look_said(p, page_field(p, "said"));
	json_array_foreach(json_object_get(a.body, "users"), i, u)
		user_card(p, u);
	goes_on(p, a.body, "users-after", "users");
	new_user(p);
	sessions(p);
	tokens(p);
	answer_free(&a);
}

/* Sends a body and leads back; true when it was done and the answer is the caller's. */
static bool
send_json(struct page *p, struct answer *a, const char *method, const char *path, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	bool good = page_post(p, a, method, path, text, 30);

	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(j);
	return good;
}

static void
back(struct page *p, struct answer *a, const char *said)
{
	answer_free(a);
	page_go(p, said);
}

void
page_users_post(struct page *p)
{
	struct answer a;

	if (send_json(p, &a, "POST", "/v1/users", json_pack("{s:s, s:s, s:s}", "user", page_field(p, "user"), "password", page_field(p, "password"), "role", page_field(p, "role"))))
		back(p, &a, "/users?said=saved");
}

void
page_user_post(struct page *p)
{
	bool remove = strcmp(page_field(p, "what"), "remove") == 0;
	json_t *j = remove ? NULL : json_pack("{s:s, s:b}", "role", page_field(p, "role"), "disabled", *page_field(p, "disabled") != '\0');
	struct answer a;

	if (j && *page_field(p, "password"))
		json_object_set_new(j, "password", json_string(page_field(p, "password")));
	if (send_json(p, &a, remove ? "DELETE" : "POST", URL(p, L("/v1/users/"), SEG(p->name)), j))
		back(p, &a, remove ? "/users?said=removed" : "/users?said=saved");
}

void
page_session_end(struct page *p)
{
	struct answer a;

	if (page_post(p, &a, "DELETE", URL(p, L("/v1/sessions/"), SEG(page_field(p, "id"))), "", 15))
		back(p, &a, "/users?said=removed");
}

void
page_token_end(struct page *p)
{
	struct answer a;

	if (page_post(p, &a, "DELETE", URL(p, L("/v1/tokens/"), SEG(page_field(p, "id"))), "", 15))
		back(p, &a, "/users?said=removed");
}

void
page_tokens_post(struct page *p)
{
	struct answer a;

	page_say(p, "A new token", "ikectl token add NAME --role viewer --days 90");
	if (!send_json(p, &a, "POST", "/v1/tokens", json_pack("{s:s, s:s, s:i}", "name", page_field(p, "name"), "role", page_field(p, "role"), "days", atoi(page_field(p, "days")))))
		return;
	put(&p->out, L("<h1>A new token</h1><p>It is shown now and never again:</p><pre class=\"code secret\" id=\"secret\" tabindex=\"0\">"), js_str(a.body, "token"),
	    L("</pre><button type=\"button\" data-copy=\"secret\" hidden>Copy</button><p><a href=\""), P("/users"), L("\">Back to the users</a></p>"));
	answer_free(&a);
}
