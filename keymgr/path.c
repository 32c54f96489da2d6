/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <strings.h>

#include "verdict.h"

/* The extension's octets, borrowed. */
static struct bytes
ext_of(const X509 *x, int nid)
{
	int at = X509_get_ext_by_NID(x, nid, -1);
	const ASN1_OCTET_STRING *v = at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(x, at)) : NULL;

	return v ? bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)) : bytes_of(NULL, 0);
}

static bool
serial_of(const X509 *x, struct subject *s)
{
	uint8_t *der = NULL;
	int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);
	bool ok = n > 2 && n - 2 <= (int)sizeof(s->serial);	/* short form: tag, length, content */

	if (ok) {
		memcpy(s->serial, der + 2, (size_t)n - 2);
		s->nserial = (uint8_t)(n - 2);
	}
	OPENSSL_free(der);
	return ok;
}

void
subject_add(struct subject *s, struct source *src, bool named)
{
	unsigned i = 0;

	if (src == NULL) {
		s->full = true;
		return;
	}
	while (i < s->n && s->src[i] != src)
		i++;
	if (i < s->n || i == SUBJECT_SOURCES) {
		source_put(src);
	} else {
		s->src[s->n++] = src;
	}
	if (named && i < SUBJECT_SOURCES)
		s->named |= (uint16_t)(1u << i);
}

/*
 * Points of the certificate and of its freshest list. One with a CRL issuer of its own (an indirect list) or for some reasons only is
 * none of ours.
 */
static void
add_points(struct subject *s, struct sources *all, struct bytes ext, const char *anchor)
{
	struct distpoint v[DISTPOINTS];
	unsigned n = ext.n ? distpoint_read(ext, v) : 0;
	char url[TRUST_URL];

	for (unsigned i = 0; i < n; i++) {
		struct rd names = rd_of(v[i].names);

		while (!v[i].issuer.n && !v[i].some_reasons && distpoint_url(&names, url))
			subject_add(s, source_list(all, url, false, anchor), true);
	}
}

static void
add_responders(struct subject *s, struct sources *all, X509 *x, const struct trust_rule *rule, const char *anchor)
{
	struct bytes serial = bytes_of(s->serial, s->nserial);
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);

	if (rule && rule->ocsp[0])
		subject_add(s, source_ocsp(all, rule->ocsp, true, anchor, s->issuer, serial), false);
	for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && i < 2; i++) {
		const char *url = sk_OPENSSL_STRING_value(urls, i);

		if (strlen(url) < TRUST_URL && (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0))
			subject_add(s, source_ocsp(all, url, false, anchor, s->issuer, serial), false);
	}
	X509_email_free(urls);
	ERR_clear_error();
}

static bool
subject_init(struct subject *s, struct sources *all, const struct revoke_places *places, X509 *x, X509 *issuer, const struct trust_rule *rule,
    const char *anchor)
{
	if ((s->issuer = issuer_get(all, issuer)) == NULL || !serial_of(x, s))
		return false;
	s->is_ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
	if (places->own && places->own[0])
		subject_add(s, source_file(all, places->own, anchor), false);
	if (places->secret && places->secret[0])
		subject_add(s, source_file(all, places->secret, anchor), false);
	for (unsigned i = 0; rule && i < rule->ncrls; i++)
		subject_add(s, source_list(all, rule->crls[i], true, anchor), false);
	add_points(s, all, ext_of(x, NID_crl_distribution_points), anchor);
	add_points(s, all, ext_of(x, NID_freshest_crl), anchor);
	add_responders(s, all, x, rule, anchor);
	return true;
}

struct path *
path_new(struct sources *all, const struct revoke_places *places, const struct trust_rule *rule, const struct chain *c)
{
	unsigned n = (unsigned)sk_X509_num(c->path) - 1;	/* nobody but its owner takes an anchor back */
	struct path *p = calloc(1, sizeof(*p) + n * sizeof(p->v[0]));

	if (p == NULL)
		return NULL;
	p->refs = 1;
	p->all = all;
	p->not_after = c->not_after;
	memcpy(p->anchor, c->anchor, sizeof(p->anchor));
	for (; p->n < n; p->n++) {
		if (!subject_init(&p->v[p->n], all, places, sk_X509_value(c->path, (int)p->n), sk_X509_value(c->path, (int)p->n + 1), rule, c->anchor)) {
			p->n++;
			path_put(p);
			return NULL;
		}
	}
	for (unsigned i = 0; i < n; i++)	/* when all CAs of the path are known */
		for (unsigned k = 0; k < p->v[i].n; k++)
			source_look(p->v[i].src[k]);
	return p;
}

void
path_put(struct path *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		struct subject *s = &p->v[i];

		for (unsigned k = 0; k < s->n; k++)
			source_put(s->src[k]);
		issuer_put(p->all, s->issuer);
	}
	free(p);
}
