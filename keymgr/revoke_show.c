/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <strings.h>

#include "certtext.h"
#include "revoke_in.h"

/* Our own answer for peers (RFC 4806) */

static bool
issued(X509 *ca, X509 *x)
{
	bool ok = X509_check_issued(ca, x) == X509_V_OK && X509_get0_pubkey(ca) && X509_verify(x, X509_get0_pubkey(ca)) == 1;

	ERR_clear_error();
	return ok;
}

static X509 *
issuer_in(STACK_OF(X509) *chain, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *x = sk_X509_value(chain, i);

		if (issued(x, cert))
			return x;
	}
	return NULL;
}

/* Its file need not have the root: one of the CAs of the peers' paths may be it. */
static X509 *
issuer_known(const struct revoke *r, X509 *cert)
{
	for (struct issuer *i = r->sources.issuers; i; i = i->next)
		if (issued(i->cert, cert))
			return i->cert;
	return NULL;
}

static struct source *
responder_of(struct revoke *r, X509 *cert, X509 *issuer)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
	const char *url = sk_OPENSSL_STRING_num(urls) > 0 ? sk_OPENSSL_STRING_value(urls, 0) : NULL;
	struct issuer *i = url && strlen(url) < TRUST_URL ? issuer_get(&r->sources, issuer) : NULL;
	struct source *s = NULL;
	uint8_t *der = NULL;
	int n = i ? i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der) : 0;

	if (n > 2 && (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0))
		s = source_ocsp(&r->sources, url, false, "", i, bytes_of(der + 2, (size_t)n - 2));
	issuer_put(&r->sources, i);
	OPENSSL_free(der);
	X509_email_free(urls);
	ERR_clear_error();
	return s;
}

bool
revoke_staple(struct revoke *r, X509 *cert, STACK_OF(X509) *chain, struct bytes *der)
{
	X509 *beside = issuer_in(chain, cert), *issuer = beside ? beside : issuer_known(r, cert);
	struct source *s = issuer ? responder_of(r, cert, issuer) : NULL;
	bool good;

	*der = bytes_of(NULL, 0);
	if (s == NULL)
		return false;
	s->kept = true;
	source_put(s);
	source_look(s);
	good = source_fresh(s, r->sources.now());
	if (!good)
		source_ask(s);
	else if (s->answer.status == OCSP_GOOD)
		*der = s->answer_der;
	return der->n > 0;
}

/* Our own certificates */

/* From the certificate over those of its file to the anchor; nothing is judged but who issued whom. NULL: they do not lead there. */
static STACK_OF(X509) *
path_to(X509 *cert, STACK_OF(X509) *chain, X509 *anchor)
{
	STACK_OF(X509) *path = sk_X509_new_null();
	X509 *x = cert;

	while (path && x && sk_X509_push(path, x) > 0 && !issued(anchor, x))
		x = sk_X509_num(path) <= sk_X509_num(chain) ? issuer_in(chain, x) : NULL;
	if (path && x && X509_cmp(cert, anchor) != 0 && sk_X509_push(path, anchor) > 0)
		return path;
	sk_X509_free(path);
	return NULL;
}

bool
revoke_known(struct revoke *r, X509 *cert, STACK_OF(X509) *chain, const char *anchor, X509 *anchor_cert, char detail[static REVOKE_DETAIL])
{
	struct chain c = { .path = revoke_policy(r, anchor) == REVOKE_OFF ? NULL : path_to(cert, chain, anchor_cert) };
	struct verdict v = { .status = STATUS_UNKNOWN };
	struct path *p = NULL;

	if (c.path == NULL)
		return false;
	snprintf(c.anchor, sizeof(c.anchor), "%s", anchor);
	p = path_new(&r->sources, &r->places, bind_rule(r->bindings, anchor), &c);
	for (unsigned i = 0; p && i < p->n && v.status != STATUS_REVOKED; i++)
		verdict_of(&p->v[i], r->sources.now(), &v);
	if (v.status == STATUS_REVOKED)
		snprintf(detail, REVOKE_DETAIL, "%s", v.detail);
	path_put(p);
	sk_X509_free(c.path);
	return v.status == STATUS_REVOKED;
}

/* For people */

static const struct source *
newest_list(const struct revoke *r, const struct issuer *i)
{
	const struct source *best = NULL;

	for (const struct source *s = r->sources.list; s; s = s->next) {
		if (s->list.der == NULL || s->list_issuer != i || s->list.base.n)
			continue;
		if (best == NULL || crl_number_cmp(s->list.number, best->list.number) > 0 ||
		    (crl_number_cmp(s->list.number, best->list.number) == 0 && s->list.this_update > best->list.this_update))
			best = s;
	}
	return best;
}

static void
show_list(const struct revoke *r, const struct source *s, struct cert_info *c)
{
	char date[32];

	c->crl_this = s->list.this_update;
	c->crl_next = s->list.next_update;
	c->crl_checked = s->came > s->asked ? s->came : s->asked;
	c->crl_revoked = s->list.nentries;
	snprintf(c->crl_url, sizeof(c->crl_url), "%s", s->url);
	c->crl_reason = (uint16_t)s->reason;
	snprintf(c->crl_detail, sizeof(c->crl_detail), "%s", s->detail);
	if (source_fresh(s, r->sources.now()))
		return;
	certtext_date(s->list.next_update, date);
	c->crl_reason = R_CRL_STALE;
	snprintf(c->crl_detail, sizeof(c->crl_detail), "since %s%s%.200s", date, s->detail[0] ? "; " : "", s->detail);
}

/* Nothing: where it was looked for last, and why there is none. */
static void
show_failure(const struct revoke *r, const char *anchor, struct cert_info *c)
{
	c->crl_reason = R_CRL_MISSING;
	for (const struct source *s = r->sources.list; s; s = s->next) {
		if (s->kind != SOURCE_LIST || strcmp(s->anchor, anchor) != 0)
			continue;
		if (c->crl_url[0] && s->asked <= c->crl_checked)
			continue;
		snprintf(c->crl_url, sizeof(c->crl_url), "%s", s->url);
		c->crl_checked = s->asked;
		c->crl_reason = (uint16_t)(s->reason == R_OK ? R_CRL_MISSING : s->reason);
		snprintf(c->crl_detail, sizeof(c->crl_detail), "%s", s->asked ? s->detail : "it was not needed yet");
	}
}

void
revoke_describe(struct revoke *r, const char *anchor, X509 *cert, struct cert_info *c)
{
	const struct trust_rule *rule = bind_rule(r->bindings, anchor);
	struct issuer *i = issuer_get(&r->sources, cert);
	struct source *v[TRUST_URLS + 2];
	const struct source *s;
	unsigned n = 0;

	c->revocation = (uint8_t)revoke_policy(r, anchor);
	c->crl_reason = R_OK;
	if (i == NULL || c->revocation == REVOKE_OFF) {
		issuer_put(&r->sources, i);
		return;
	}
	if (r->own[0])
		v[n++] = source_file(&r->sources, r->own, anchor);
	if (r->secret[0])
		v[n++] = source_file(&r->sources, r->secret, anchor);
	for (unsigned k = 0; rule && k < rule->ncrls; k++)
		v[n++] = source_list(&r->sources, rule->crls[k], true, anchor);
	for (unsigned k = 0; k < n; k++)
		if (v[k])
			source_look(v[k]);
	s = newest_list(r, i);
	if (s)
		show_list(r, s, c);
	else
		show_failure(r, anchor, c);
	for (unsigned k = 0; k < n; k++)
		source_put(v[k]);
	issuer_put(&r->sources, i);
}
