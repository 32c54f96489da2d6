/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "certtext.h"
#include "dn.h"
#include "verdict.h"

enum { WHY_REMOVED = 8 };	/* removeFromCRL: a delta list gives back what was held */

static void
name_of(const struct issuer *i, char *buf, size_t cap)
{
	uint8_t *der = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(i->cert), &der);

	if (n <= 0 || !dn_from_der(bytes_of(der, (size_t)n), buf, cap))
		snprintf(buf, cap, "its CA");
	OPENSSL_free(der);
}

void
verdict_revoked(const struct subject *s, uint64_t when, int why, const char *by, struct verdict *v)
{
	char name[160], date[32], serial[2 * SOURCE_SERIAL + 1] = "";
	const char *word = crl_why_name(why);

	for (unsigned i = 0; i < s->nserial; i++)
		if (i > 0 || s->serial[0] || s->nserial == 1)
			snprintf(serial + strlen(serial), 3, "%02x", s->serial[i]);
	name_of(s->issuer, name, sizeof(name));
	certtext_date(when, date);
	v->status = STATUS_REVOKED;
	v->reason = R_CERT_REVOKED;
	snprintf(v->detail, sizeof(v->detail), "the certificate %s of %s is revoked since %s%s%s%s, by %.200s", serial, name, date,
	    word[0] ? " (" : "", word, word[0] ? ")" : "", by);
}

/* Lists */

/* RFC 5280 6.3.3 (b)(2): is the certificate one of those that the list is about? */
static bool
in_scope(const struct subject *s, const struct crl *c)
{
	if ((c->only_users && s->is_ca) || (c->only_cas && !s->is_ca))
		return false;
	if (c->scope_names.n == 0)
		return true;
	for (unsigned i = 0; i < s->n; i++)
		if ((s->named >> i & 1) && distpoint_has(c->scope_names, s->src[i]->url))
			return true;
	return false;
}

static bool
is_list(const struct subject *s, const struct source *src)
{
	return src->list.der && src->list_issuer == s->issuer;
}

/* Of several lists of one scope the one with the highest number is the truth, fresh or not. */
static bool
is_superseded(const struct subject *s, const struct crl *c)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct crl *o = &s->src[i]->list;
		int cmp;

		if (!is_list(s, s->src[i]) || o == c || o->base.n || !bytes_eq(o->scope, c->scope))
			continue;
		cmp = o->number.n && c->number.n ? crl_number_cmp(o->number, c->number) : 0;
		if (cmp > 0 || (cmp == 0 && o->this_update > c->this_update))
			return true;
	}
	return false;
}

/* RFC 5280 5.2.4: same issuer and scope, made for this list's number or a lower one, and newer than it. The newest of them. */
static const struct source *
delta_for(const struct subject *s, const struct crl *c)
{
	const struct source *best = NULL;

	for (unsigned i = 0; i < s->n; i++) {
		const struct crl *d = &s->src[i]->list;

		if (!is_list(s, s->src[i]) || d->base.n == 0 || c->number.n == 0 || !bytes_eq(d->scope, c->scope))
			continue;
		if (crl_number_cmp(d->base, c->number) > 0 || crl_number_cmp(d->number, c->number) <= 0)
			continue;
		if (best == NULL || crl_number_cmp(d->number, best->list.number) > 0)
			best = s->src[i];
	}
	return best;
}

static void
list_says(const struct subject *s, const struct source *src, const struct crl_entry *e, struct verdict *v)
{
	char by[VERDICT_DETAIL], number[2 * CRL_NUMBER + 3] = "";
	const struct crl *c = &src->list;
	uint64_t n = 0;

	for (size_t i = 0; i < c->number.n; i++)
		n = n << 8 | c->number.p[i];
	if (c->number.n && c->number.n <= 8)
		snprintf(number, sizeof(number), "number %llu ", (unsigned long long)n);
	snprintf(by, sizeof(by), "the list %sof %.160s", number, src->url);
	verdict_revoked(s, e->when, e->why, by, v);
}

/* GOOD, REVOKED or stale by one list and its delta list. */
static void
judge_list(const struct subject *s, const struct source *src, uint64_t now, struct verdict *v)
{
	const struct source *delta = delta_for(s, &src->list);
	struct bytes serial = bytes_of(s->serial, s->nserial);
	uint64_t end = src->list.next_update;
	struct crl_entry e;
	char date[32];

	if (delta && delta->list.next_update > end)
		end = delta->list.next_update;
	if (delta && crl_find(&delta->list, serial, &e)) {
		if (e.why != WHY_REMOVED) {
			list_says(s, delta, &e, v);
			return;
		}
	} else if (crl_find(&src->list, serial, &e)) {
		list_says(s, src, &e, v);	/* also by a list that is out of date: a revocation is not taken back by time */
		return;
	}
	if (v->status == STATUS_GOOD)
		return;
	if (end + src->all->skew >= now) {
		v->status = STATUS_GOOD;
		v->base = &src->list;
		return;
	}
	certtext_date(end, date);
	v->reason = R_CRL_STALE;
	snprintf(v->detail, sizeof(v->detail), "the list of %.200s is out of date since %s%s%.150s", src->url, date, src->reason != R_OK ? "; " : "",
	    src->reason != R_OK ? src->detail : "");
}

/* Why a source told nothing; the reasons that help most go before the others. */

static unsigned
rank(enum reason r)
{
	static const enum reason order[] = { R_OK, R_CRL_MISSING, R_CRL_UNREACHABLE, R_URL_REFUSED, R_OCSP_INVALID, R_CRL_TOO_LARGE, R_CRL_INVALID,
	    R_FETCH_DOWN, R_CRL_STALE };

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (order[i] == r)
			return i;
	return 0;
}

static void
no_help(struct verdict *v, enum reason r, const struct source *src, const char *words)
{
	if (rank(r) <= rank(v->reason))
		return;
	v->reason = r;
	snprintf(v->detail, sizeof(v->detail), "%.250s%s%.220s", src->url, words[0] ? ": " : "", words);
}

static void
judge_failure(const struct subject *s, const struct source *src, struct verdict *v)
{
	char name[160], words[200];

	if (src->list.der && src->list_issuer != s->issuer) {
		name_of(src->list_issuer, name, sizeof(name));
		snprintf(words, sizeof(words), "it is a list of %s", name);
		/* one that the site file names may well be meant for another CA below the same anchor */
		no_help(v, src->configured ? R_CRL_MISSING : R_CRL_INVALID, src, words);
	} else if (src->list.der && !in_scope(s, &src->list)) {
		no_help(v, R_CRL_INVALID, src, "it is not about this certificate, by its issuing distribution point");
	} else if (src->reason != R_OK && (src->kind != SOURCE_FILE || src->reason != R_CRL_MISSING)) {
		no_help(v, src->reason, src, src->detail);
	} else if (src->flight) {
		no_help(v, R_CRL_UNREACHABLE, src, "no answer yet");
	} else if (src->list.der && src->list.base.n) {
		no_help(v, R_CRL_MISSING, src, "it is a delta list, and there is no list that it belongs to");
	}
}

static void
judge_answer(const struct subject *s, const struct source *src, uint64_t now, struct verdict *v)
{
	const struct ocsp_answer *a = &src->answer;
	char by[VERDICT_DETAIL];

	if (a->status == OCSP_REVOKED) {
		snprintf(by, sizeof(by), "the OCSP responder %.160s", src->url);
		verdict_revoked(s, a->when, a->why, by, v);
	} else if (!source_fresh(src, now)) {
		if (v->status != STATUS_GOOD)
			no_help(v, src->reason != R_OK ? src->reason : R_OCSP_INVALID, src, src->reason != R_OK ? src->detail : "its answer is out of date");
	} else if (a->status == OCSP_GOOD) {
		v->status = STATUS_GOOD;
	} else if (v->status != STATUS_GOOD) {
		no_help(v, R_OCSP_INVALID, src, "the responder does not know the certificate");
	}
}

void
verdict_of(const struct subject *s, uint64_t now, struct verdict *v)
{
	*v = (struct verdict){ .status = STATUS_UNKNOWN };
	for (unsigned i = 0; i < s->n && v->status != STATUS_REVOKED; i++) {
		const struct source *src = s->src[i];

		if (src->kind == SOURCE_OCSP && src->answer_der.n)
			judge_answer(s, src, now, v);
		else if (is_list(s, src) && !src->list.base.n && in_scope(s, &src->list)) {
			if (!is_superseded(s, &src->list))
				judge_list(s, src, now, v);
		} else if (v->status != STATUS_GOOD)
			judge_failure(s, src, v);
	}
	if (v->status == STATUS_UNKNOWN && v->reason == R_OK) {
		v->reason = R_CRL_MISSING;
		snprintf(v->detail, sizeof(v->detail), "%s", s->full ? "too many addresses of lists and responders are in use" :
		    "neither the certificate nor the site file says where a list is");
	}
}
