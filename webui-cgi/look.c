/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame around every page, and the small parts that pages share. No style and no script stands in a page: the policy of main.c forbids both. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "page.h"
#include "reason.h"

static const struct { const char *path, *words, *group; enum role role; } menu[] = {
	{ "/", "Overview", NULL, ROLE_VIEWER },
	{ "/tunnels", "Tunnels", NULL, ROLE_VIEWER },
	{ "/new", "New tunnel", NULL, ROLE_EDITOR },
	{ "/config", "Configuration", NULL, ROLE_VIEWER },
	{ "/history", "History", NULL, ROLE_VIEWER },
	{ "/policies", "Policies", "Look inside", ROLE_VIEWER },
	{ "/sas", "SAs", NULL, ROLE_VIEWER },
	{ "/certs", "Certificates", NULL, ROLE_VIEWER },
	{ "/log", "Log", NULL, ROLE_VIEWER },
	{ "/audit", "Audit", "Manage", ROLE_VIEWER },
	{ "/users", "Users", NULL, ROLE_ADMIN },
	{ "/system", "System", NULL, ROLE_VIEWER },
};

static void
hidden_token(struct page *p)
{
	put(&p->out, L("<input type=\"hidden\" name=\"csrf\" value=\""), p->csrf, L("\">"));
}

void
look_form(struct page *p, const char *path)
{
	put(&p->out, L("<form method=\"post\" action=\""), P(""), path, L("\">"));
	hidden_token(p);
}

void
look_form_id(struct page *p, const char *id)
{
	put(&p->out, L("<form method=\"post\" id=\""), id, L("\">"));
	hidden_token(p);
}

void
look_form_name(struct page *p, const char *head, const char *name, const char *tail)
{
	put(&p->out, L("<form method=\"post\" action=\""), P(""), head, SEG(name), tail, L("\">"));
	hidden_token(p);
}

void
look_mark(struct html *h, enum mark mark, const char *word)
{
	static const struct { const char *sign; struct lit class; } v[] = {
		[MARK_GOOD] = { "●", { "up" } }, [MARK_WAIT] = { "◐", { "wait" } }, [MARK_BAD] = { "✕", { "bad" } }, [MARK_OFF] = { "○", { "down" } },
		[MARK_ODD] = { "◆", { "bad" } },
	};

	put(h, L("<span class=\"st "), v[mark].class, L("\"><span aria-hidden=\"true\">"), v[mark].sign, L("</span> "), word, L("</span>"));
}

void
look_state(struct html *h, const char *state)
{
	static const struct { const char *name; enum mark mark; } v[] = {
		{ "up", MARK_GOOD }, { "rekeying", MARK_GOOD }, { "connecting", MARK_WAIT }, { "failed", MARK_BAD }, { "ready", MARK_GOOD }, { "starting", MARK_WAIT }, { "down", MARK_OFF },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (strcmp(v[i].name, state) == 0) {
			look_mark(h, v[i].mark, state);
			return;
		}
	put(h, L("<span class=\"st\">"), state, L("</span>"));
}

void
look_engine(struct html *h, const char *kernel)
{
	static const struct { const char *name; enum mark mark; const char *words; } v[] = {
		{ "both", MARK_GOOD, "in and out" }, { "in", MARK_WAIT, "in only" }, { "out", MARK_WAIT, "out only" }, { "none", MARK_OFF, "none" },
		{ "foreign", MARK_ODD, "foreign" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (strcmp(v[i].name, kernel) == 0)
			look_mark(h, v[i].mark, v[i].words);
}

void
look_host(struct html *h, const json_t *engine)
{
	static const struct { const char *host, *words; } v[] = {
		{ "user", "ipsecd, in user space" }, { "module", "Causeway's kernel module" }, { "system", "the system's own IPsec" },
	};
	const char *host = js_str(engine, "host");

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (strcmp(v[i].host, host) == 0)
			host = v[i].words;
	put(h, host, *js_str(engine, "version") ? ", version " : "", js_str(engine, "version"), js_is(engine, "up") ? ": serves" : ": does not serve");
}

void
look_code(struct html *h, const char *code)
{
	if (*code && strcmp(code, "OK") != 0)
		put(h, L(" <code class=\"dim small\">"), code, L("</code>"));
}

void
look_reason(struct html *h, const char *code)
{
	int n = reason_by_name(code);

	if (n >= 0)
		put(h, reason_row((unsigned)n)->sentence);
	look_code(h, code);
}

/* 2026-01-02T03:04:05Z as "2026-01-02 03:04:05". */
void
look_time(struct html *h, const char *t)
{
	char text[32];

	snprintf(text, sizeof(text), "%.20s", t);
	if (strlen(text) == 20) {
		text[10] = ' ';
		text[19] = '\0';
	}
	put(h, L("<time datetime=\""), t, L("\">"), text, L("</time>"));
}

void
look_last(struct html *h, long long s)
{
	static const struct { long long s; const char *name; } units[] = { { 86400, " d ago" }, { 3600, " h ago" }, { 60, " min ago" }, { 1, " s ago" } };

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (s >= 10 && s >= units[i].s) {
			put(h, s / units[i].s, units[i].name);
			return;
		}
	put(h, "now");
}

void
look_note(struct html *h, const char *kind, const char *text)
{
	put(h, L("<div class=\"note "), kind, L("\" role=\"status\"><p>"), text, L("</p></div>"));
}

void
look_number(struct html *h, long long v)
{
	char text[32];

	if (v < 1000) {
		put(h, v);
		return;
	}
	look_number(h, v / 1000);
	snprintf(text, sizeof(text), ",%03lld", v % 1000);
	put(h, text);
}

void
look_pager(struct page *p, const char *path, long long offset, long long shown, long long total, long long rows, const char *match, const char *state)
{
	const long long at[2] = { offset > rows ? offset - rows : 0, offset + shown };
	const char *const words[] = { "Previous", "Next" };
	struct html *h = &p->out;

	put(h, L("<p class=\"pager\"><span>"));
	look_number(h, shown ? offset + 1 : 0);
	put(h, L("–"));
	look_number(h, offset + shown);
	put(h, L(" of "));
	look_number(h, total);
	put(h, L("</span>"));
	for (int i = 0; i < 2; i++) {
		if (i == 0 ? offset <= 0 : offset + shown >= total)
			continue;
		put(h, L(" <a class=\"button quiet\" href=\""), P(""), path, L("?offset="), at[i]);
		if (*match)
			put(h, L("&amp;match="), SEG(match));
		if (*state)
			put(h, L("&amp;state="), SEG(state));
		put(h, L("\">"), words[i], L("</a>"));
	}
	put(h, L("</p>"));
}

void
look_said(struct page *p, const char *said)
{
	look_said_of(p, "", said);
}

void
look_said_of(struct page *p, const char *of, const char *said)
{
	static const struct { const char *said, *words; } v[] = {
		{ "up", "The tunnel is up." }, { "down", "The tunnel is down, and stays down until it is brought up." },
		{ "restart", "The tunnel was taken down and is up again." }, { "rekey", "The tunnel has new keys." },
		{ "applied", "The revision is in force." }, { "confirmed", "The change is confirmed and stays." },
		{ "undone", "The change is undone." }, { "saved", "It is saved." }, { "removed", "It is removed." },
		{ "password", "You have a new password; your other sessions have ended." }, { "others", "Your other sessions have ended." },
		{ "ended", "The session has ended; please sign in again." }, { "out", "You are signed out." },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (strcmp(v[i].said, said) == 0)
			put(&p->out, L("<div class=\"note good\" role=\"status\"><p>"), of, *of ? ": " : "", v[i].words, L("</p></div>"));
}

static void
put_menu(struct page *p, struct html *h)
{
	size_t len;

	put(h, L("<nav aria-label=\"Pages\"><ul>"));
	for (unsigned i = 0; i < sizeof(menu) / sizeof(menu[0]); i++) {
		len = strlen(menu[i].path);
		if (menu[i].role > p->role)
			continue;
		if (menu[i].group)
			put(h, L("</ul><h2>"), menu[i].group, L("</h2><ul>"));
		put(h, L("<li><a href=\""), P(""), menu[i].path, L("\""));
		if (strcmp(p->rq.path, menu[i].path) == 0 || (len > 1 && strncmp(p->rq.path, menu[i].path, len) == 0 && p->rq.path[len] == '/'))
			put(h, L(" aria-current=\"page\""));
		put(h, L(">"), menu[i].words, L("</a></li>"));
	}
	put(h, L("</ul></nav>"));
}

static void
put_head(struct page *p, struct html *h)
{
	put(h, L("<header class=\"top\"><a class=\"brand\" href=\""), P("/"), L("\"><svg aria-hidden=\"true\" viewBox=\"0 0 32 20\" width=\"32\" height=\"20\">"
	    "<path d=\"M1 13h30M4 13c2-9 8-9 12-9s10 0 12 9M9 13V7M16 13V4M23 13V7\"/></svg>Causeway</a>"));
	if (p->role != ROLE_NONE)
		put(h, L("<a class=\"unfold\" href=\"#menu\">Menu</a>"));
	put(h, L("</header>"));
}

/* Beside the pages' menu in the source, so that it folds with it; on a wide screen it stands in the bar above. */
static void
put_account(struct page *p, struct html *h)
{
	static const char *const roles[] = { "", "viewer", "operator", "editor", "admin" };

	put(h, L("<form aria-label=\"Account\" method=\"post\" action=\""), P("/logout"), L("\"><input type=\"hidden\" name=\"csrf\" value=\""), p->csrf,
	    L("\"><a class=\"who\" href=\""), P("/account"), L("\">"), p->user, L(" <span class=\"dim\">"), roles[p->role], L("</span></a> <button class=\"quiet\">Sign out</button></form>"));
}

/* Several stand in p->command with "; " between; each is a piece that can be copied by itself. */
static void
put_commands(struct html *h, const char *list)
{
	char one[sizeof(((struct page *)0)->command)];
	size_t n;

	for (; *list; list += n + (list[n] ? 2 : 0)) {
		const char *end = strstr(list, "; ");

		n = end ? (size_t)(end - list) : strlen(list);
		snprintf(one, sizeof(one), "%.*s", (int)n, list);
		put(h, L(" <code class=\"same\">"), one, L("</code>"));
	}
}

static void
put_foot(struct page *p, struct html *h)
{
	put(h, L("<footer>"));
	if (p->command[0]) {
		put(h, L("<p><span class=\"dim\">The same on the gateway</span>"));
		put_commands(h, p->command);
		put(h, L("</p>"));
	}
	/* Who has not signed in learns no version. */
	if (p->role != ROLE_NONE)
		put(h, L("<p class=\"dim\">Causeway " PACKAGE_VERSION "</p>"));
	put(h, L("</footer>"));
}

void
look_page(struct page *p, struct html *h)
{
	put(h, L("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	    "<meta name=\"color-scheme\" content=\"light dark\"><title>"), p->title, L(" - Causeway</title><link rel=\"stylesheet\" href=\""),
	    P("/static/causeway.css"), L("\"><link rel=\"icon\" type=\"image/svg+xml\" href=\""), P("/static/causeway.svg"),
	    L("\"><script src=\""), P("/static/causeway.js"), L("\" defer></script></head>\n<body"));
	if (p->live)
		put(h, L(" data-live=\"5\""));
	put(h, L("><a class=\"skip\" href=\"#main\">Skip to the page</a>"));
	put_head(p, h);
	put(h, L("<div class=\"frame\">"));
	if (p->role != ROLE_NONE) {
		put(h, L("<div class=\"menu\" id=\"menu\"><a class=\"fold\" href=\"#main\">Close</a>"));
		put_menu(p, h);
		put_account(p, h);
		put(h, L("</div>"));
	}
	put(h, L("<main id=\"main\" tabindex=\"-1\">\n"));
	html_join(h, &p->out);
	if (p->live)
		put(h, L("<noscript><p class=\"dim\">Shown as of now; <a href=\"\">load it again</a> for what has changed.</p></noscript>"));
	put(h, L("\n</main></div>"));
	put_foot(p, h);
	put(h, L("</body></html>\n"));
}
