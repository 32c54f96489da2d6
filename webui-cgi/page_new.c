/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new tunnel in four steps: the profile, the other site, the networks, the proof; then the plan, the tunnel, and the file for the other side. What was said before goes along
 * in the form, nothing is kept between the steps, and every step checks all that it got. The result is a block of the site file like any other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "name.h"
#include "page.h"

static const char *const step_names[] = { "Profile", "Sites", "Networks", "Authentication", "Plan" };
static const char *const carried[] = { "there", "address", "here_address", "here_networks", "networks", "policy", "start", "auth", "trust" };
#define KNOWN	100	/* names of sites that are proposed */
#define CARRIED	(sizeof(carried) / sizeof(carried[0]))

static void
steps(struct page *p, int at)
{
	put(&p->out, L("<h1>New tunnel</h1><ol class=\"steps\">"));
	for (int i = 0; i < 5; i++) {
		put(&p->out, L("<li"));
		if (i == at)
			put(&p->out, L(" aria-current=\"step\""));
		put(&p->out, L("><b>"), i + 1, L("</b>"), step_names[i], L("</li>"));
	}
	put(&p->out, L("</ol>"));
}

/* The form of a step; own: the fields that it asks for itself. */
static void
begin(struct page *p, int step, const char *own)
{
	look_form(p, "/new");
	put(&p->out, L("<input type=\"hidden\" name=\"step\" value=\""), step + 1, L("\">"));
	for (size_t i = 0; i < CARRIED; i++) {
		char word[32];

		snprintf(word, sizeof(word), " %s ", carried[i]);
		if (*page_field(p, carried[i]) && !strstr(own, word))
			put(&p->out, L("<input type=\"hidden\" name=\""), carried[i], L("\" value=\""), page_field(p, carried[i]), L("\">"));
	}
}

static void
end(struct page *p, const char *words)
{
	put(&p->out, L("<p><button class=\"main\">"), words, L("</button></p></form>"));
}

static void
wrong(struct page *p, const char *why)
{
	if (!*why)
		return;
	p->status = 400;
	put(&p->out, L("<div class=\"note bad\" role=\"alert\"><p>"), why, L("</p></div>"));
}

static const json_t *
find_site(const json_t *sites, const char *name)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(sites, "sites"), i, s)
		if (strcmp(js_str(s, "name"), name) == 0)
			return s;
	return NULL;
}

static void
networks_of(const json_t *site, char out[600])
{
	const json_t *v;
	size_t i, n = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(site, "networks"), i, v)
		if (n < 600)
			n += (size_t)snprintf(out + n, 600 - n, "%s%s", i ? ", " : "", json_string_value(v));
}

static void
line(struct page *p, const char *name, const char *words, const char *help, bool required)
{
	put(&p->out, L("<label for=\""), name, L("\">"), words, L("</label><input id=\""), name, L("\" name=\""), name, L("\" maxlength=\"500\" spellcheck=\"false\" autocomplete=\"off\" value=\""),
	    page_field(p, name), L("\" aria-describedby=\""), name, L("-is\""));
	if (required)
		put(&p->out, L(" required"));
	if (strcmp(name, "there") == 0)
		put(&p->out, L(" list=\"sites\""));
	put(&p->out, L("><p class=\"dim\" id=\""), name, L("-is\">"), help, L("</p>"));
}

static void
step_sites(struct page *p, const json_t *sites, const char *why)
{
	const json_t *s;
	size_t i;

	steps(p, 1);
	wrong(p, why);
	put(&p->out, L("<p>From <strong>"), js_str(sites, "here"), L("</strong>, this gateway, to:</p>"));
	begin(p, 1, " there address here_address ");
	line(p, "there", "The other site", "A name: small letters, digits and hyphens. One that the file knows already, or a new one.", true);
	put(&p->out, L("<datalist id=\"sites\">"));
	json_array_foreach(json_object_get(sites, "sites"), i, s)
		if (i < KNOWN && strcmp(js_str(s, "name"), js_str(sites, "here")) != 0)
			put(&p->out, L("<option value=\""), js_str(s, "name"), L("\">"));
	put(&p->out, L("</datalist>"));
	line(p, "address", "Its address, when it is new", "As this gateway reaches it: 203.0.113.9, or any when it has no fixed one.", false);
	if (!find_site(sites, js_str(sites, "here")))
		line(p, "here_address", "This gateway's address", "As the other one reaches it.", true);
	end(p, "On to the networks");
}

static void
step_networks(struct page *p, const json_t *sites, const char *why)
{
	const json_t *here = find_site(sites, js_str(sites, "here")), *there = find_site(sites, page_field(p, "there"));
	char nets[600];

	steps(p, 2);
	wrong(p, why);
	begin(p, 2, " here_networks networks ");
	if (here) {
		networks_of(here, nets);
		put(&p->out, L("<p>Networks of "), js_str(sites, "here"), L(", as the file has them: <strong>"), nets, L("</strong></p>"));
	} else
		line(p, "here_networks", "Networks behind this gateway", "With commas between: 10.0.1.0/24, 2001:db8:1::/48", true);
	if (there) {
		networks_of(there, nets);
		put(&p->out, L("<p>Networks of "), page_field(p, "there"), L(", as the file has them: <strong>"), nets, L("</strong></p>"));
	} else
		line(p, "networks", "Networks behind the other one", "With commas between. They may not overlap those of any other site.", true);
	end(p, "On to authentication");
}

static void
choice(struct page *p, const char *name, const char *const (*v)[2], unsigned n)
{
	const char *now = *page_field(p, name) ? page_field(p, name) : v[0][0];
	char head[40];

	for (unsigned i = 0; i < n; i++) {
		put(&p->out, L("<label class=\"check\"><input type=\"radio\" name=\""), name, L("\" value=\""), v[i][0], L("\""));
		if (strcmp(now, v[i][0]) == 0)
			put(&p->out, L(" checked"));
		snprintf(head, sizeof(head), "%.*s", (int)strcspn(v[i][1], ":"), v[i][1]);
		put(&p->out, L("><span><strong>"), head, L("</strong>"), v[i][1] + strlen(head), L("</span></label>"));
	}
}

static void
step_profile(struct page *p, const char *why)
{
	static const char *const policies[][2] = {
		{ "modern", "Modern: AES-GCM, elliptic curves. For another Causeway, and for anything of the last ten years." },
		{ "compatible", "Compatible: AES-CBC, SHA-2 and modp2048 besides. For older peers." },
		{ "legacy", "Legacy: what is left for peers that can do nothing else. Weak; it is refused unless the gateway's file allows it." },
	};
	static const char *const starts[][2] = {
		{ "always", "always: it is kept up" }, { "on-demand", "on demand: with the first packet" }, { "respond-only", "never from here: the other end begins" },
	};

	steps(p, 0);
	wrong(p, why);
	begin(p, 0, " policy start ");
	put(&p->out, L("<fieldset><legend>What the other end is</legend>"));
	choice(p, "policy", policies, 3);
	put(&p->out, L("</fieldset><fieldset><legend>When it is set up</legend>"));
	choice(p, "start", starts, 3);
	put(&p->out, L("</fieldset>"));
	end(p, "On to the sites");
}

static void
step_proof(struct page *p, const char *why)
{
	static const char *const ways[][2] = {
		{ "psk", "Pre-shared key: one of 256 random bits is made, shown once and never again; or the one that the other end has made" },
		{ "cert", "Certificates: each end has its own, from the CA below" },
		{ "manual", "Manual keys: nothing is negotiated, somebody changes the keys by hand" },
	};

	steps(p, 3);
	wrong(p, why);
	begin(p, 3, " auth trust ");
	put(&p->out, L("<fieldset><legend>How the two ends prove who they are</legend>"));
	choice(p, "auth", ways, 3);
	put(&p->out, L("</fieldset>"));
	line(p, "trust", "The CA, for certificates", "Its name under Certificates; 'ikectl ca init' makes one.", false);
	end(p, "Show the plan");
}

/* A network can be behind one gateway only: do these meet those of a site that has nothing to do with the tunnel? */
static bool
meets_any(const json_t *sites, const struct new_tunnel *t, const char *nets, char *why, size_t cap)
{
	char theirs[600], text[140];
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(sites, "sites"), i, s) {
		networks_of(s, theirs);
		if (strcmp(js_str(s, "name"), t->here) == 0 || strcmp(js_str(s, "name"), t->there) == 0 || !*theirs || !compose_overlap(nets, theirs, text, sizeof(text)))
			continue;
		snprintf(why, cap, "%.140s The second is behind the site '%.60s'.", text, js_str(s, "name"));
		return true;
	}
	return false;
}

/* From the fields to a tunnel, as far as "upto" steps were made; why is a sentence when something cannot be, and the number of its step is returned. */
static int
gather(struct page *p, const json_t *sites, int upto, struct new_tunnel *t, char *why, size_t cap)
{
	const json_t *here = find_site(sites, js_str(sites, "here")), *there = find_site(sites, page_field(p, "there"));
	char here_nets[600], there_nets[600];
	const char *first;

	memset(t, 0, sizeof(*t));
	snprintf(t->here, sizeof(t->here), "%s", js_str(sites, "here"));
	snprintf(t->there, sizeof(t->there), "%s", page_field(p, "there"));
	if (upto < 2)
		return -1;
	snprintf(why, cap, "The other site needs a name that is not this gateway's.");
	if (!name_ok(t->there) || strcmp(t->here, t->there) == 0)
		return 1;
	/* Both ends make the same block of it: the names in their order, whichever end this is. */
	first = strcmp(t->here, t->there) < 0 ? t->here : t->there;
	if (snprintf(t->name, sizeof(t->name), "%s-%s", first, first == t->here ? t->there : t->here) >= (int)sizeof(t->name))
		return 1;
	snprintf(why, cap, "A new site needs an address: one like 203.0.113.9, or any.");
	if ((!there && !compose_address(page_field(p, "address"))) || (!here && !compose_address(page_field(p, "here_address"))))
		return 1;
	if (upto < 3)
		return -1;
	networks_of(here, here_nets);
	networks_of(there, there_nets);
	if ((!here && !compose_networks(page_field(p, "here_networks"), here_nets, why, cap)) ||
	    (!there && !compose_networks(page_field(p, "networks"), there_nets, why, cap)) || compose_overlap(here_nets, there_nets, why, cap) ||
	    (!here && meets_any(sites, t, here_nets, why, cap)) || (!there && meets_any(sites, t, there_nets, why, cap)))
		return 2;
	if (!here) {
		snprintf(t->sites[0].name, 64, "%s", t->here);
		snprintf(t->sites[0].address, 64, "%s", page_field(p, "here_address"));
		memcpy(t->sites[0].networks, here_nets, sizeof(here_nets));
	}
	if (!there) {
		snprintf(t->sites[1].name, 64, "%s", t->there);
		snprintf(t->sites[1].address, 64, "%s", page_field(p, "address"));
		memcpy(t->sites[1].networks, there_nets, sizeof(there_nets));
	}
	snprintf(t->policy, sizeof(t->policy), "%s", *page_field(p, "policy") ? page_field(p, "policy") : "modern");
	snprintf(t->start, sizeof(t->start), "%s", *page_field(p, "start") ? page_field(p, "start") : "always");
	t->cert = strcmp(page_field(p, "auth"), "cert") == 0;
	snprintf(t->trust, sizeof(t->trust), "%s", page_field(p, "trust"));
	if (upto >= 4 && strcmp(page_field(p, "auth"), "manual") == 0) {
		snprintf(why, cap, "Manual keys are no part of a site file: 'setkey -f FILE' loads them, on both gateways (setkey(8) shows such a file).");
		return 3;
	}
	snprintf(why, cap, "Certificates need the name of a CA to trust.");
	return upto >= 4 && t->cert && !name_ok(t->trust) ? 3 : -1;
}

/* The whole text with the tunnel in it. */
static char *
whole_text(struct page *p, const struct new_tunnel *t)
{
	struct answer status, rev;
	long long number;
	char *text;

	if (!page_get(p, &status, "/v1/status?tunnels=none"))
		return NULL;
	number = js_int(json_object_get(status.body, "revision"), "number");
	answer_free(&status);
	if (number == 0)
		return compose_text("", t);
	if (!page_get(p, &rev, URL(p, L("/v1/revisions/"), number)))
		return NULL;
	text = compose_text(js_str(rev.body, "text"), t);
	answer_free(&rev);
	return text;
}

static void
show_plan(struct page *p, const struct new_tunnel *t)
{
	char *text = whole_text(p, t), blocks[2600];
	struct answer a;

	if (!text)
		return;
	if (page_post(p, &a, "POST", "/v1/check?file=panel", text, 30)) {
		steps(p, 4);
		compose_blocks(t, blocks, sizeof(blocks));
		put(&p->out, L("<p>This comes into the site file; everything else stays as it is.</p><pre class=\"code\" tabindex=\"0\">"), blocks, L("</pre>"));
		page_plan(p, json_object_get(a.body, "plan"));
		begin(p, 4, " ");
		put(&p->out, L("<label for=\"seconds\">Undo by itself unless confirmed within</label><select id=\"seconds\" name=\"seconds\"><option value=\"0\">never: it is new, and changes no other</option>"
		    "<option value=\"120\">2 minutes</option></select>"));
		if (!t->cert && p->role >= ROLE_ADMIN)
			put(&p->out, L("<label for=\"secret-in\">The secret, if the other end has made one</label><input id=\"secret-in\" name=\"secret\" type=\"password\" autocomplete=\"off\" "
			    "maxlength=\"2000\" aria-describedby=\"secret-is\"><p class=\"dim\" id=\"secret-is\">As it was shown there. Left empty, one of 256 random bits is made and shown once.</p>"));
		if (!t->cert && p->role >= ROLE_ADMIN)
			page_proof_field(p);
		end(p, "Make the tunnel");
		answer_free(&a);
	}
	free(text);
}

static void
done(struct page *p, const struct new_tunnel *t, const json_t *answer)
{
	page_say(p, "The tunnel is made", "ikectl apply FILE; ikectl export-peer TUNNEL --for causeway");
	steps(p, -1);
	put(&p->out, L("<div class=\"note good\" role=\"status\"><p>Revision "), js_int(answer, "revision"), L(" has the tunnel "), t->name, L(".</p></div>"));
	if (js_has(answer, "confirm"))
		page_pending(p, json_object_get(answer, "confirm"));
	if (!t->cert && p->role >= ROLE_ADMIN)
		secret_give(p, t->name, page_field(p, "secret"), false);
	else if (!t->cert)
		look_note(&p->out, "warn", "Its secret is not there yet: an administrator hands it in, on the tunnel's page 'Secret'.");
	else
		put(&p->out, L("<p>Each end needs its certificate: <a href=\""), P("/certs"), L("\">Certificates</a>.</p>"));
	put(&p->out, L("<p><a class=\"button\" href=\""), P("/tunnels/"), SEG(t->name), L("/export\">The file for the other side</a> <a class=\"button\" href=\""), P("/tunnels/"),
	    SEG(t->name), L("\">Watch it come up</a></p>"));
}

static void
make(struct page *p, const struct new_tunnel *t)
{
	bool secret = !t->cert && p->role >= ROLE_ADMIN;
	char *text;
	long long seconds = atoll(page_field(p, "seconds"));
	struct answer a;
	bool good;

	/* Before the tunnel is made: its secret must not be what is refused. */
	if (secret && page_proof_needed(p))
		return;
	text = whole_text(p, t);
	if (!text)
		return;
	if (seconds >= 2)
		good = page_post(p, &a, "POST", URL(p, L("/v1/apply?file=panel&comment="), SEG("new tunnel "), SEG(t->name), L("&confirm="), seconds), text, 60);
	else
		good = page_post(p, &a, "POST", URL(p, L("/v1/apply?file=panel&comment="), SEG("new tunnel "), SEG(t->name)), text, 60);
	free(text);
	if (!good)
		return;
	done(p, t, a.body);
	answer_free(&a);
}

void
page_new(struct page *p)
{
	page_say(p, "New tunnel", "ikectl edit TUNNEL");
	step_profile(p, "");
}

void
page_new_post(struct page *p)
{
	int step = atoi(page_field(p, "step")), bad;
	struct new_tunnel t;
	struct answer sites;
	char why[400];

	page_say(p, "New tunnel", "ikectl edit TUNNEL");
	if (!page_get(p, &sites, "/v1/sites"))
		return;
	bad = gather(p, sites.body, step, &t, why, sizeof(why));
	if (bad < 0)
		why[0] = '\0';
	switch (bad >= 0 ? bad : step) {
	case 0: step_profile(p, why); break;
	case 1: step_sites(p, sites.body, why); break;
	case 2: step_networks(p, sites.body, why); break;
	case 3: step_proof(p, why); break;
	case 4: show_plan(p, &t); break;
	default: make(p, &t); break;
	}
	answer_free(&sites);
}
