/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates: which ones end first and who uses them; requests, what other CAs issued, and the CA that lives here. Private keys never pass this way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

#define DAY		86400
#define SOON		(30 * DAY)
#define ROWS		30	/* of each list */

/* ---- what there is ---- */

static bool
waits(const json_t *c)
{
	return js_is(c, "private_key") && !js_is(c, "certificate");
}

static bool
well(const json_t *c)
{
	return strcmp(js_str(c, "reason"), "OK") == 0;
}

static void
state(struct html *h, const json_t *c)
{
	if (waits(c))
		look_mark(h, MARK_WAIT, "requested");
	else if (well(c))
		look_mark(h, MARK_GOOD, "good");
	else if (strcmp(js_str(c, "reason"), "CERT_EXPIRES_SOON") == 0)
		look_mark(h, MARK_WAIT, "ends soon");
	else
		look_mark(h, MARK_BAD, "not good");
}

/* "ends in 13 days", "ended 47 days ago", "ends in 9 years". */
static void
ends(struct html *h, const json_t *c)
{
	long long s = js_int(c, "expires_in_s"), days = (s < 0 ? -s : s) / DAY;

	if (!js_has(c, "expires_in_s"))
		return;
	put(h, s < 0 ? L("<span class=\"st bad\">ended ") : s < SOON ? L("<span class=\"st wait\">ends in ") : L("<span class=\"dim\">ends in "));
	if (days >= 730)
		put(h, days / 365, L(" years"));
	else
		put(h, days, days == 1 ? " day" : " days");
	put(h, s < 0 ? " ago" : "", L("</span>"));
}

static void
users(struct page *p, const json_t *c)
{
	const json_t *v;
	size_t i;

	put(&p->out, L("<dt>Used by</dt><dd>"));
	json_array_foreach(json_object_get(c, "used_by"), i, v)
		put(&p->out, L("<a href=\""), P("/tunnels/"), SEG(json_string_value(v)), L("\">"), json_string_value(v), L("</a> "));
	if (json_array_size(json_object_get(c, "used_by")) == 0)
		put(&p->out, "no tunnel");
	put(&p->out, L("</dd>"));
}

static void
facts(struct page *p, const json_t *c)
{
	struct html *h = &p->out;
	const json_t *v;
	size_t i;

	put(h, L("<dl class=\"facts\"><dt>Subject</dt><dd>"), js_str(c, "subject"), L("</dd><dt>Issuer</dt><dd>"), js_str(c, "issuer"), L("</dd><dt>Names</dt><dd>"));
	json_array_foreach(json_object_get(c, "names"), i, v)
		put(h, json_string_value(v), L(" "));
	put(h, L("</dd><dt>Key</dt><dd>"), js_str(c, "key"), js_is(c, "private_key") ? ", here" : ", not here", L("</dd><dt>Valid until</dt><dd>"));
	if (js_has(c, "not_after"))
		look_time(h, js_str(c, "not_after"));
	put(h, L("</dd>"));
	users(p, c);
	put(h, L("<dt>Fingerprint</dt><dd><code>"), js_str(c, "fingerprint_sha256"), L("</code></dd></dl>"));
}

/* A button of one form. */
static void
act(struct page *p, const char *what, const char *field, const char *value, const char *words, bool danger)
{
	look_form(p, "/certs");
	put(&p->out, L("<input type=\"hidden\" name=\"what\" value=\""), what, L("\"><input type=\"hidden\" name=\""), field, L("\" value=\""), value, L("\">"));
	put(&p->out, danger ? L("<button class=\"quiet danger\">") : L("<button class=\"quiet\">"), words, L("</button></form> "));
}

static void
cert(struct page *p, const json_t *c)
{
	struct html *h = &p->out;

	put(h, L("<details class=\"card\""));
	if (!well(c) && !waits(c))
		put(h, L(" open"));
	put(h, L("><summary><strong>"), js_str(c, "name"), L("</strong> "));
	state(h, c);
	put(h, L(" "));
	ends(h, c);
	put(h, L(" <span class=\"dim\">"), js_is(c, "issues") ? "a CA that lives here" : js_is(c, "is_ca") ? "a CA" : "", L("</span></summary>"));
	if (!well(c))
		put(h, L("<p>"), js_str(c, "message"), L(" "), js_str(c, "hint"), L(" "), js_str(c, "detail"), L("</p>"));
	facts(p, c);
	if (p->role >= ROLE_ADMIN && strcmp(js_str(c, "kept"), "keymgr") == 0 && !js_is(c, "issues") && json_array_size(json_object_get(c, "used_by")) == 0) {
		put(h, L("<div class=\"buttons\">"));
		act(p, "remove", "name", js_str(c, "name"), "Remove", true);
		put(h, L("</div>"));
	}
	put(h, L("</details>"));
}

/* Where one is in a list, and its other parts; the other list of the page stays where it is. */
static void
part(struct page *p, const char *list, const char *other, size_t skip, size_t shown, size_t all)
{
	const char *const words[] = { "Previous", "Next" };
	size_t at[2] = { skip > ROWS ? skip - ROWS : 0, skip + shown };

	if (skip == 0 && shown == all)
		return;
	put(&p->out, L("<p class=\"pager\"><span>"), shown ? skip + 1 : skip, L("–"), skip + shown, L(" of "), all, L("</span>"));
	for (int i = 0; i < 2; i++)
		if (i == 0 ? skip > 0 : skip + shown < all) {
			put(&p->out, L(" <a class=\"button quiet\" href=\""), P("/certs?"), list, L("="), at[i]);
			if (*page_field(p, other))
				put(&p->out, L("&amp;"), other, L("="), SEG(page_field(p, other)));
			put(&p->out, L("\">"), words[i], L("</a>"));
		}
	put(&p->out, L("</p>"));
}

/* ---- the CA that lives here ---- */

static void
issued(struct page *p, const char *ca)
{
	size_t i, skip = (size_t)atoll(page_field(p, "issued"));
	const json_t *list, *one;
	struct answer a;

	ask(&p->asker, &a, "GET", URL(p, L("/v1/ca/"), SEG(ca), L("/issued?limit="), ROWS, L("&offset="), skip), NULL, 15);
	list = json_object_get(a.body, "issued");
	put(&p->out, L("<h3>What it has issued</h3><div class=\"wide\" role=\"region\" aria-label=\"Issued by "), ca, L("\" tabindex=\"0\"><table class=\"rows\"><thead><tr><th scope=\"col\">Site</th>"
	    "<th scope=\"col\">Serial</th><th scope=\"col\">Valid until (UTC)</th><th scope=\"col\">State</th></tr></thead><tbody>"));
	json_array_foreach(list, i, one) {
		put(&p->out, L("<tr><th scope=\"row\">"), js_str(one, "site"), L("</th><td data-h=\"Serial\"><code>"), js_str(one, "serial"), L("</code></td><td data-h=\"Valid until\">"));
		look_time(&p->out, js_str(one, "not_after"));
		put(&p->out, L("</td><td>"));
		if (js_has(one, "revoked"))
			{
			look_mark(&p->out, MARK_BAD, "revoked");
			put(&p->out, L(" <span class=\"dim\">"), js_str(one, "why"), L("</span>"));
		} else if (js_is(one, "expired"))
			look_mark(&p->out, MARK_OFF, "expired");
		else if (p->role >= ROLE_ADMIN) {
			look_form(p, "/certs");
			put(&p->out, L("<input type=\"hidden\" name=\"ca\" value=\""), ca, L("\"><input type=\"hidden\" name=\"site\" value=\""), js_str(one, "site"),
			    L("\"><input type=\"hidden\" name=\"serial\" value=\""), js_str(one, "serial"),
			    L("\"><button class=\"quiet\" name=\"what\" value=\"renew\">Renew</button> <button class=\"quiet danger\" name=\"what\" value=\"revoke\">Revoke</button></form>"));
		}
		put(&p->out, L("</td></tr>"));
	}
	put(&p->out, L("</tbody></table></div>"));
	part(p, "issued", "offset", skip, json_array_size(list), (size_t)js_int(a.body, "total"));
	answer_free(&a);
}

static void
ca_card(struct page *p, const char *ca)
{
	put(&p->out, L("<section class=\"card\"><h2>CA "), ca, L("</h2>"));
	issued(p, ca);
	if (p->role >= ROLE_ADMIN) {
		put(&p->out, L("<details><summary>Issue a certificate</summary>"));
		look_form(p, "/certs");
		put(&p->out, L("<input type=\"hidden\" name=\"ca\" value=\""), ca, L("\"><label for=\"site-"), ca, L("\">For the site</label><input id=\"site-"), ca,
		    L("\" name=\"site\" maxlength=\"63\" spellcheck=\"false\" autocomplete=\"off\" required><label for=\"csr-"), ca,
		    L("\">Its request, when its key is elsewhere</label><textarea class=\"short\" id=\"csr-"), ca,
		    L("\" name=\"pem\" spellcheck=\"false\" autocomplete=\"off\" placeholder=\"-----BEGIN CERTIFICATE REQUEST-----\"></textarea>"
		    "<p><button name=\"what\" value=\"issue\">Issue</button></p></form></details>"));
	}
	put(&p->out, L("</section>"));
}

/* ---- forms ---- */

static void
key_select(struct html *h, const char *id)
{
	static const char *const kinds[] = { "ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072", "rsa-4096" };

	put(h, L("<label for=\""), id, L("\">Key</label><select id=\""), id, L("\" name=\"key\">"));
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		put(h, L("<option>"), kinds[i], L("</option>"));
	put(h, L("</select>"));
}

static void
name_field(struct html *h, const char *id, const char *words, const char *value)
{
	put(h, L("<label for=\""), id, L("\">"), words, L("</label><input id=\""), id, L("\" name=\"name\" maxlength=\"63\" spellcheck=\"false\" autocomplete=\"off\" required value=\""), value, L("\">"));
}

static void
forms(struct page *p, bool ca)
{
	struct html *h = &p->out;

	put(h, L("<h2>More</h2><details class=\"card\"><summary>Request a certificate from another CA</summary>"));
	look_form(p, "/certs");
	name_field(h, "csr-name", "Name, as the site file has it", "");
	key_select(h, "csr-key");
	put(h, L("<p class=\"dim\">The private key is made by keymgr and stays there; the request is shown.</p><button name=\"what\" value=\"csr\">Make the request</button></form></details>"
	    "<details class=\"card\"><summary>Put in a certificate</summary>"));
	look_form(p, "/certs");
	put(h, L("<label for=\"pem\">What the CA sent (PEM, its own certificates after it)</label><textarea class=\"short\" id=\"pem\" name=\"pem\" spellcheck=\"false\" autocomplete=\"off\" required "
	    "placeholder=\"-----BEGIN CERTIFICATE-----\"></textarea><label class=\"check\"><input type=\"checkbox\" name=\"replace\" value=\"yes\">It may take the place of one that is there</label>"
	    "<button name=\"what\" value=\"import\">Put it in</button></form></details>"));
	if (ca)
		return;
	put(h, L("<details class=\"card\"><summary>Make a CA on this gateway</summary>"));
	look_form(p, "/certs");
	name_field(h, "ca-name", "Its name", "ca");
	key_select(h, "ca-key");
	put(h, L("<p class=\"dim\">For a handful of gateways of one owner. Its certificate is what the others trust.</p><button name=\"what\" value=\"init\">Make the CA</button></form></details>"));
}

void
page_certs(struct page *p)
{
	size_t i, skip = (size_t)atoll(page_field(p, "offset"));
	const json_t *list, *issuing, *c;
	struct answer a;

	page_say(p, "Certificates", "ikectl show certs; ikectl csr NAME; ikectl cert import FILE; ikectl ca list");
	if (!page_get(p, &a, URL(p, L("/v1/certs?order=worst&limit="), ROWS, L("&offset="), skip)))
		return;
	issuing = json_object_get(a.body, "issuing");
	list = json_object_get(a.body, "certs");
	put(&p->out, L("<h1>Certificates</h1>"));
	look_said(p, page_field(p, "said"));
	if (js_int(a.body, "total") == 0)
		look_note(&p->out, "info", "There is none here yet. Make a CA on this gateway, or request a certificate from another one.");
	json_array_foreach(list, i, c)
		cert(p, c);
	part(p, "offset", "issued", skip, json_array_size(list), (size_t)js_int(a.body, "total"));
	json_array_foreach(issuing, i, c)
		ca_card(p, json_string_value(c));
	if (p->role >= ROLE_ADMIN)
		forms(p, json_array_size(issuing) != 0);
	answer_free(&a);
}

/* ---- what is done ---- */

static void
show_pem(struct page *p, const char *title, const char *words, const json_t *answer)
{
	put(&p->out, L("<h1>"), title, L("</h1><p>"), words, L("</p><pre class=\"code\" id=\"made\" tabindex=\"0\">"), js_str(answer, "pem"),
	    L("</pre><p class=\"buttons\"><button type=\"button\" data-copy=\"made\" hidden>Copy</button> <a class=\"button\" href=\""), P("/certs"), L("\">Back to the certificates</a></p>"));
}

static bool
has_pem(struct page *p)
{
	if (strstr(page_field(p, "pem"), "PRIVATE KEY")) {
		page_fail(p, 400, "That holds a private key", "A private key does not go through a browser; nothing was kept of it. Treat it as known to others.",
		    "Make the request here, so that its key never leaves keymgr; or 'ikectl cert import FILE' on the gateway.");
		return false;
	}
	return true;
}

/* The question for what was pressed; NULL after an error. */
static const char *
question(struct page *p, const char *what, json_t **body)
{
	const char *ca = page_field(p, "ca"), *name = page_field(p, "name"), *site = page_field(p, "site"), *pem = page_field(p, "pem");
	const char *key = *page_field(p, "key") ? page_field(p, "key") : "ecdsa-p256";

	*body = NULL;
	if (strcmp(what, "csr") == 0) {
		*body = json_pack("{s:s}", "key", key);
		return URL(p, L("/v1/certs/"), SEG(name), L("/csr"));
	}
	if (strcmp(what, "init") == 0) {
		*body = json_pack("{s:s}", "key", key);
		return URL(p, L("/v1/ca/"), SEG(name), L("/init"));
	}
	if (strcmp(what, "remove") == 0)
		return URL(p, L("/v1/certs/"), SEG(name), L("/remove"));
	if (strcmp(what, "import") == 0) {
		*body = json_pack("{s:s, s:b}", "pem", pem, "replace", *page_field(p, "replace") != '\0');
		return "/v1/certs/import";
	}
	if (strcmp(what, "revoke") == 0) {
		*body = json_pack("{s:s, s:s}", "serial", page_field(p, "serial"), "why", "unspecified");
		return URL(p, L("/v1/ca/"), SEG(ca), L("/revoke"));
	}
	*body = strcmp(what, "renew") == 0 ? json_pack("{s:s, s:b}", "site", site, "renew", 1) : *pem ? json_pack("{s:s, s:s}", "site", site, "csr", pem) : json_pack("{s:s}", "site", site);
	return URL(p, L("/v1/ca/"), SEG(ca), L("/issue"));
}

void
page_certs_post(struct page *p)
{
	const char *what = page_field(p, "what"), *path;
	struct answer a;
	json_t *body;
	char *text;
	bool good;

	page_say(p, "Certificates", "ikectl csr NAME; ikectl cert import FILE; ikectl ca list");
	if (!has_pem(p))
		return;
	path = question(p, what, &body);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	good = page_post(p, &a, "POST", path, text, 70);
	free(text);
	json_decref(body);
	if (!good)
		return;
	if (strcmp(what, "csr") == 0)
		show_pem(p, "The request", "Send it to the CA; what comes back is put in on the page of the certificates.", a.body);
	else if (*js_str(a.body, "pem"))
		show_pem(p, "The certificate", "With its CA's own, for the gateway that the request came from.", a.body);
	else
		page_go(p, "/certs?said=saved");
	answer_free(&a);
}
