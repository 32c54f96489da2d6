/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What certificates say of themselves, in words: the first octet is 'c' two certificates (u16 length and octets of the first, which the second issued),
 * 'r' a request, 'i' identities to put into one, a line each, 'n' a distinguished name. No text has a control octet, whatever a name holds.
 */
#include <openssl/err.h>
#include <stdlib.h>

#include "altname.h"
#include "certtext.h"
#include "verdict.h"

#define NOW	1800000000

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static uint64_t
now(void)
{
	return NOW;
}

static void
plain(const char *s, size_t cap)
{
	must(memchr(s, 0, cap) != NULL);
	for (; *s; s++)
		must((unsigned char)*s >= 0x20 && *s != 0x7f);
}

/* Where it may be asked whether the certificate is revoked. Nobody is asked. */
static void
places(X509 *x, X509 *issuer, uint8_t how)
{
	struct trust_rule rule = { .ncrls = 1, .crls = { "http://ca/configured" }, .ocsp = "http://ca/ocsp" };
	struct chain c = { .path = sk_X509_new_null(), .anchor = "a", .not_after = NOW };
	struct revoke_places at = { .own = how & 2 ? "/nonexistent/own" : "", .secret = how & 2 ? "/nonexistent/secret" : NULL };
	struct sources all;
	struct path *p;

	must(c.path && sk_X509_push(c.path, x) && sk_X509_push(c.path, issuer) && sources_init(&all, NULL, "", now, 300));
	p = path_new(&all, &at, how & 1 ? &rule : NULL, &c);
	if (p) {
		must(p->n == 1 && p->v[0].issuer && p->v[0].nserial > 0 && p->v[0].nserial <= SOURCE_SERIAL && p->v[0].n <= SUBJECT_SOURCES);
		for (unsigned i = 0; i < p->v[0].n; i++) {
			const struct source *s = p->v[0].src[i];

			must(strlen(s->url) < TRUST_URL + 32 && s->refs == 1 && s->flight == 0);
		}
		path_put(p);
	}
	for (const struct source *s = all.list; s; s = s->next)
		must(s->refs == 0);
	sources_fini(&all);
	must(all.issuers == NULL);
	sk_X509_free(c.path);
}

static void
certificates(struct rd *r)
{
	uint8_t how = rd_u8(r);
	size_t n = rd_u16(r);
	struct bytes first = rd_bytes(r, n), second = rd_rest(r);
	const uint8_t *p = first.p, *q = second.p;
	X509 *x = first.n ? d2i_X509(NULL, &p, (long)first.n) : NULL, *issuer = second.n ? d2i_X509(NULL, &q, (long)second.n) : NULL;
	struct cert_info info;
	struct cert_made made;
	char date[32];

	if (x) {
		memset(&info, 0xa5, sizeof(info));
		memset(&made, 0xa5, sizeof(made));
		ERR_clear_error();
		certtext_info(x, &info);
		certtext_made(x, &made);
		plain(info.subject, sizeof(info.subject));
		plain(info.issuer, sizeof(info.issuer));
		plain(info.names, sizeof(info.names));
		plain(info.serial, sizeof(info.serial));
		plain(info.key, sizeof(info.key));
		plain(made.names, sizeof(made.names));
		must(strlen(info.fingerprint) == 64 && strlen(info.serial) % 2 == 0 && strcmp(info.serial, made.serial) == 0 && strcmp(info.subject, made.subject) == 0);
		must(info.not_after == made.not_after && info.not_before == made.not_before && strcmp(info.key, made.key) == 0);
		certtext_date(info.not_after, date);
		certtext_date(info.not_after + ((uint64_t)how << 56), date);
		plain(date, sizeof(date));
		must(ERR_peek_error() == 0);
	}
	if (x && issuer)
		places(x, issuer, how);
	X509_free(x);
	X509_free(issuer);
	ERR_clear_error();
}

static void
request(struct rd *r)
{
	struct bytes der = rd_rest(r);
	const uint8_t *p = der.p;
	X509_REQ *req = der.n ? d2i_X509_REQ(NULL, &p, (long)der.n) : NULL;
	char buf[256], few[40];
	GENERAL_NAMES *names;

	if (req) {
		names = altname_of_request(req);
		altname_text(names, buf, sizeof(buf));
		altname_text(names, few, sizeof(few));
		plain(buf, sizeof(buf));
		plain(few, sizeof(few));
		must(strlen(few) <= strlen(buf) + 4);
		GENERAL_NAMES_free(names);
		altname_dn(X509_REQ_get_subject_name(req), buf, sizeof(buf));
		plain(buf, sizeof(buf));
	}
	X509_REQ_free(req);
	ERR_clear_error();
}

/* What was put in comes out, as its one way of writing has it. */
static void
identities(struct rd *r)
{
	char ids[8][ID_CAP] = { { 0 } }, again[8][ID_CAP] = { { 0 } }, text[8 * ID_CAP], twice[8 * ID_CAP];
	struct bytes in = rd_rest(r);
	unsigned n = 0, bad = 0, k = 0;
	GENERAL_NAMES *names, *more;

	for (size_t at = 0; at < in.n && n < 8; n++) {
		const uint8_t *end = memchr(in.p + at, '\n', in.n - at);
		size_t len = end ? (size_t)(end - in.p) - at : in.n - at;

		memcpy(ids[n], in.p + at, len < ID_CAP ? len : ID_CAP - 1);
		at += len + 1;
	}
	names = altname_make(n, ids, &bad);
	must(names || bad < n);
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
		must(altname_id(sk_GENERAL_NAME_value(names, i), again[k++]));
	if (names) {
		more = altname_make(k, again, &bad);
		must(more != NULL && sk_GENERAL_NAME_num(more) == (int)k);
		altname_text(names, text, sizeof(text));
		altname_text(more, twice, sizeof(twice));
		must(strcmp(text, twice) == 0);
		GENERAL_NAMES_free(more);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

static void
subject(struct rd *r)
{
	char text[ID_CAP + 1] = "", one[1024], two[1024];
	struct bytes in = rd_rest(r);
	X509_NAME *name, *again;

	if (in.n)
		memcpy(text, in.p, in.n < ID_CAP ? in.n : ID_CAP);
	name = altname_dn_make(text);
	if (name) {
		altname_dn(name, one, sizeof(one));
		again = altname_dn_make(one);
		must(again != NULL && X509_NAME_cmp(name, again) == 0);
		altname_dn(again, two, sizeof(two));
		must(strcmp(one, two) == 0);
		X509_NAME_free(again);
	}
	X509_NAME_free(name);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(bytes_of(p, n));

	switch (rd_u8(&r)) {
	case 'c': certificates(&r); break;
	case 'r': request(&r); break;
	case 'i': identities(&r); break;
	case 'n': subject(&r); break;
	}
	return 0;
}
