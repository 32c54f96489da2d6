/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "certwatch.h"
#include "log.h"
#include "msg_cert.h"
#include "news.h"

struct trouble {
	enum reason	reason;
	char		text[640];
};

struct end { char name[NAME_CAP]; uint64_t not_after; bool good; };

struct found {
	unsigned	n;
	struct trouble	v[CERTWATCH_MAX];
	unsigned	nends;
	struct end	ends[CERTWATCH_ENDS];
	unsigned	all, soon, bad, lists;
};

struct certwatch {
	struct sync	*s;
	struct event	*timer;
	uint32_t	 call;		/* in flight; 0 none */
	bool		 again;		/* when that one is done */
	struct found	 known, fresh;	/* the last look's; the one that is under way */
};

/* "tokyo: The certificate expires within 30 days: in 12 days, 2026-12-24T10:00:00Z. Renew it: ..." */
static void
add(struct found *f, const char *name, unsigned reason, const char *detail)
{
	const struct reason_row *row = reason_row(reason);
	struct trouble *t = &f->v[f->n];
	size_t n = strlen(row->sentence);

	if (f->n == CERTWATCH_MAX)
		return;
	f->n++;
	t->reason = (enum reason)row->num;
	snprintf(t->text, sizeof(t->text), "%s: %.*s%s%s. %s", name, (int)n - 1, row->sentence, detail[0] ? ": " : "", detail, row->hint);
}

/* A list that nobody asked for yet is no trouble; where the policy is strict, the tunnel says that it is missing. */
static bool
list_matters(const struct cert_info *c)
{
	return c->is_anchor && c->revocation != REVOKE_OFF && c->crl_reason != R_OK && c->crl_reason != R_CRL_MISSING;
}

static void
judge(struct found *f, const struct cert_info *c)
{
	if (c->has_cert && f->nends < CERTWATCH_ENDS) {
		struct end *e = &f->ends[f->nends++];

		snprintf(e->name, sizeof(e->name), "%s", c->name);
		e->not_after = c->not_after;
		e->good = c->reason == R_OK || !(c->nusers || c->issues);
	}
	f->all++;
	if (c->reason != R_OK && (c->nusers || c->issues)) {
		*(c->reason == R_CERT_EXPIRES_SOON ? &f->soon : &f->bad) += 1;
		add(f, c->name, c->reason, c->detail);
	}
	if (list_matters(c)) {
		f->lists++;
		add(f, c->name, c->crl_reason, c->crl_detail);
	}
}

static bool
is_known(const struct found *f, const struct trouble *t)
{
	for (unsigned i = 0; i < f->n; i++)
		if (strcmp(f->v[i].text, t->text) == 0)
			return true;
	return false;
}

static void
begin(struct found *f)
{
	f->n = f->nends = f->all = f->soon = f->bad = f->lists = 0;
}

/* A line in the log for what was not there before; days that pass make it new. */
static void
finish(struct certwatch *w)
{
	for (unsigned i = 0; i < w->fresh.n; i++)
		if (!is_known(&w->known, &w->fresh.v[i])) {
			log_at(LOG_WARN, NULL, "certificate", w->fresh.v[i].reason, "%s", w->fresh.v[i].text);
			news_certificate(w->s, w->fresh.v[i].reason, w->fresh.v[i].text);
		}
	w->known = w->fresh;
	begin(&w->fresh);
}

static void ask(struct certwatch *, const char *after);

static void
on_page(void *arg, enum reason reason, struct rd *body)
{
	struct cert_info *c = malloc(sizeof(*c));
	struct certwatch *w = arg;
	char after[NAME_CAP] = "";
	unsigned n = 0;

	w->call = 0;
	if (reason == R_OK && c) {
		n = rd_le16(body);
		for (unsigned i = 0; i < n && cert_info_get(body, c); i++) {
			judge(&w->fresh, c);
			snprintf(after, sizeof(after), "%s", c->name);
		}
		if (!rd_ok(body))
			n = 0;
		else if (n == 0)
			finish(w);
	} else if (body)
		rd_rest(body);
	free(c);
	if (n)
		ask(w, after);
	else if (w->again)
		certwatch_look(w);
}

static void
ask(struct certwatch *w, const char *after)
{
	uint8_t buf[128];
	struct wr out = wr_of(buf, sizeof(buf));

	str_put(&out, after);
	w->call = w->s->keymgr.up ? ipc_call(w->s->keymgr.ipc, CERT_LIST, wr_bytes(&out), R_KEYMGR_DOWN, on_page, w) : 0;
}

void
certwatch_look(struct certwatch *w)
{
	if (w == NULL)
		return;
	w->again = w->call != 0;
	if (w->again)
		return;
	begin(&w->fresh);
	ask(w, "");
}

void
certwatch_link_gone(struct certwatch *w)
{
	if (w) {
		w->call = 0;
		w->again = false;
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	certwatch_look(arg);
}

struct certwatch *
certwatch_new(struct sync *s)
{
	struct certwatch *w = calloc(1, sizeof(*w));
	struct timeval tv = { CERTWATCH_S, 0 };

	if (w == NULL)
		return NULL;
	w->s = s;
	w->timer = event_new(s->base, -1, EV_PERSIST, on_timer, w);
	if (w->timer && event_add(w->timer, &tv) == 0)
		return w;
	certwatch_free(w);
	return NULL;
}

void
certwatch_free(struct certwatch *w)
{
	if (w && w->timer)
		event_free(w->timer);
	free(w);
}

void
certwatch_each(const struct certwatch *w, void (*run)(void *, const char *, uint64_t, bool), void *arg)
{
	for (unsigned i = 0; w && i < w->known.nends; i++)
		run(arg, w->known.ends[i].name, w->known.ends[i].not_after, w->known.ends[i].good);
}

void
certwatch_troubles(const struct certwatch *w, json_t *list)
{
	for (unsigned i = 0; w && i < w->known.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}", "reason", reason_row(w->known.v[i].reason)->name, "message",
		    json_words(w->known.v[i].text)));
}

json_t *
certwatch_counts(const struct certwatch *w)
{
	static const struct found none;
	const struct found *f = w ? &w->known : &none;

	return json_pack("{s:I, s:I, s:I, s:I}", "all", (json_int_t)f->all, "ending", (json_int_t)f->soon, "bad", (json_int_t)f->bad, "lists_bad", (json_int_t)f->lists);
}
