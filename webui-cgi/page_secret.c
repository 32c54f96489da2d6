/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pre-shared keys: made here, or typed in, and handed to spdsync, which hands them to keymgr. One that was made here is shown on the page that answers
 * and on no other; nothing reads one back. A weak one is warned about, and taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "page.h"

bool
secret_make(char out[SECRET_CAP])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char r[33] = { 0 };
	char *to = out + sizeof("base64:") - 1;

	if (getrandom(r, 32, 0) != 32)
		return false;
	strcpy(out, "base64:");
	for (int i = 0; i < 33; i += 3) {
		unsigned v = (unsigned)r[i] << 16 | (unsigned)r[i + 1] << 8 | (i + 2 < 32 ? r[i + 2] : 0u);

		for (int k = 18; k >= 0; k -= 6)
			*to++ = digits[v >> k & 63];
	}
	to[-1] = '=';	/* 32 octets: the last group has two */
	*to = '\0';
	explicit_bzero(r, sizeof(r));
	return true;
}

static void
show_once(struct page *p, const char *secret)
{
	put(&p->out, L("<section class=\"card\"><h2>The secret</h2><p>It is shown now and never again. keymgr has it here; give it to the other end by a way that nobody "
	    "else reads: its panel takes it, or <code>ikectl secret put NAME FILE</code>.</p><pre class=\"code secret\" id=\"secret\" tabindex=\"0\">"), secret,
	    L("</pre><button type=\"button\" data-copy=\"secret\" hidden>Copy</button></section>"));
}

static void
weak(struct page *p, const json_t *answer)
{
	if (js_has(answer, "weak"))
		put(&p->out, L("<div class=\"note warn\" role=\"alert\"><p>This secret is easy to guess: "), js_str(answer, "weak"), L(". It is kept all the same. A key that a person can "
		    "remember protects nothing for long: let one be made, of 256 random bits.</p></div>"));
}

bool
secret_give(struct page *p, const char *name, const char *typed, bool replace)
{
	char made[SECRET_CAP] = "";
	struct answer a;

	if (!*typed && !secret_make(made)) {
		look_note(&p->out, "bad", "The system gave no random octets; make the secret yourself: head -c 32 /dev/urandom | base64");
		return false;
	}
	ask(&p->asker, &a, "POST", URL(p, L("/v1/secrets/"), SEG(name), replace ? "?replace=yes" : ""), *typed ? typed : made, 30);
	if (a.status == 200) {
		if (*typed)
			look_note(&p->out, "good", "keymgr has the secret.");
		weak(p, a.body);
		if (!*typed)
			show_once(p, made);
	} else {
		put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>The secret was not taken: "), *js_str(a.body, "message") ? js_str(a.body, "message") : a.why, L(" "),
		    js_str(a.body, "hint"), L("</p></div>"));
	}
	explicit_bzero(made, sizeof(made));
	replace = a.status == 200;
	answer_free(&a);
	return replace;
}

/* ---- the page of a tunnel's secret ---- */

static void
forms(struct page *p)
{
	put(&p->out, L("<section class=\"card\"><h2>Make a new one</h2><p>256 random bits, shown once. The other end needs it too before keys are next negotiated from nothing; what is up stays up.</p>"));
	look_form_name(p, "/tunnels/", p->name, "/secret");
	put(&p->out, L("<button class=\"main\" name=\"what\" value=\"new\">Make a secret</button></form></section><section class=\"card\"><h2>Hand in one</h2>"));
	look_form_name(p, "/tunnels/", p->name, "/secret");
	put(&p->out, L("<label for=\"typed\">The secret that the other end has</label><input id=\"typed\" name=\"secret\" type=\"password\" autocomplete=\"off\" maxlength=\"2000\" required "
	    "aria-describedby=\"typed-is\"><p class=\"dim\" id=\"typed-is\">As it was shown there: base64:…, hex:…, or plain text.</p>"));
	page_proof_field(p);
	put(&p->out, L("<button name=\"what\" value=\"put\">Hand it in</button></form></section>"));
}

static bool
begin(struct page *p, struct answer *a)
{
	char title[96], command[160];

	snprintf(title, sizeof(title), "%s: secret", p->name);
	snprintf(command, sizeof(command), "ikectl secret new NAME --replace; ikectl secret put NAME FILE");
	page_say(p, title, command);
	if (!page_get(p, a, URL(p, L("/v1/tunnels/"), SEG(p->name))))
		return false;
	page_tunnel_tabs(p, "/secret");
	return true;
}

/* The name of our pre-shared key; "": this tunnel has none. */
static const char *
psk_name(const json_t *tunnel)
{
	return js_str(json_object_get(json_object_get(tunnel, "auth"), "local"), "psk");
}

void
page_secret(struct page *p)
{
	struct answer a;
	const char *state;

	if (!begin(p, &a))
		return;
	state = js_str(a.body, "secret");
	if (!*psk_name(a.body)) {
		look_note(&p->out, "info", "This tunnel proves itself by certificates or keys; there is no secret to hand in.");
	} else {
		put(&p->out, L("<p>Its name is <code>"), psk_name(a.body), L("</code>. "), strcmp(state, "OK") == 0 ? "keymgr has one." : *state ? "keymgr cannot use one: " : "",
		    strcmp(state, "OK") == 0 ? "" : state, L("</p>"));
		if (p->role >= ROLE_ADMIN)
			forms(p);
		else
			look_note(&p->out, "info", "An administrator hands in secrets.");
	}
	answer_free(&a);
}

void
page_secret_post(struct page *p)
{
	bool new = strcmp(page_field(p, "what"), "new") == 0;
	struct answer a;

	if (page_proof_needed(p) || !begin(p, &a))
		return;
	if (!*psk_name(a.body))
		look_note(&p->out, "bad", "This tunnel has no secret.");
	else if (!new && !*page_field(p, "secret"))
		look_note(&p->out, "bad", "The secret is empty.");
	else
		secret_give(p, psk_name(a.body), new ? "" : page_field(p, "secret"), true);
	put(&p->out, L("<p><a class=\"button\" href=\""), P("/tunnels/"), SEG(p->name), L("\">Back to the tunnel</a></p>"));
	answer_free(&a);
}
