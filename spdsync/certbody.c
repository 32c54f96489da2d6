/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "certbody.h"

static const char *const whys[] = { "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
    NULL, NULL, NULL, "privilegeWithdrawn", "aACompromise" };

#define NWHYS	(sizeof(whys) / sizeof(whys[0]))

int
certbody_why(const char *name)
{
	for (size_t i = 0; i < NWHYS; i++)
		if (whys[i] && strcmp(whys[i], name) == 0)
			return (int)i;
	return -1;
}

const char *
certbody_why_name(unsigned why)
{
	return why < NWHYS ? whys[why] : NULL;
}

struct out {
	bool	 ok;
	char	*why;
	size_t	 cap;
};

static void
bad(struct out *o, const char *key, const char *what)
{
	if (o->ok)
		snprintf(o->why, o->cap, "'%s' %s.", key, what);
	o->ok = false;
}

static void
text(struct out *o, const char *key, const char *value, char *buf, size_t cap)
{
	if (value && strlen(value) >= cap)
		bad(o, key, "is too long");
	else
		snprintf(buf, cap, "%s", value ? value : "");
}

static void
name(struct out *o, const char *key, const char *value, char buf[static NAME_CAP])
{
	if (value && !name_ok(value))
		bad(o, key, "is not a name");
	else
		text(o, key, value, buf, NAME_CAP);
}

static uint32_t
days(struct out *o, json_int_t v)
{
	if (v < 0 || v > CERT_DAYS_MAX)
		bad(o, "days", "is from 1 to 36500");
	return o->ok ? (uint32_t)v : 0;
}

static unsigned
ids(struct out *o, json_t *list, char v[CERT_IDS][ID_CAP])
{
	json_t *id;
	size_t i;

	if (list && !json_is_array(list))
		bad(o, "ids", "is a list of identities");
	if (json_array_size(list) > CERT_IDS)
		bad(o, "ids", "has more than 8 of them");
	json_array_foreach(list, i, id) {
		uint8_t b[2 * ID_CAP + 2048];
		struct wr w = wr_of(b, sizeof(b));

		if (!o->ok)
			return 0;
		if (!json_is_string(id) || !id_to_wire(json_string_value(id), &w)) {
			bad(o, "ids", "holds what is no identity, as 'fqdn:tokyo.example.com', 'ip:192.0.2.1', 'email:' or 'dn:'");
			return 0;
		}
		text(o, "ids", json_string_value(id), v[i], ID_CAP);
	}
	return o->ok ? (unsigned)json_array_size(list) : 0;
}

/* An absent member keeps its initial value. The strings are j's. */

static bool
get_csr(json_t *j, json_error_t *e, struct cert_csr *c, struct out *o)
{
	const char *key = NULL, *subject = NULL;
	json_t *list = NULL;
	int keep = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?s, s?o, s?b}", "key", &key, "subject", &subject, "ids", &list, "keep_key", &keep) != 0)
		return false;
	text(o, "key", key, c->key, sizeof(c->key));
	text(o, "subject", subject, c->subject, sizeof(c->subject));
	c->keep_key = keep != 0;
	c->nids = ids(o, list, c->ids);
	return true;
}

static bool
get_import(json_t *j, json_error_t *e, struct certbody *b, struct out *o)
{
	struct cert_import *c = &b->import;
	const char *as = NULL, *trust = "ca", *pem = NULL;
	int replace = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?s, s?b, s?s}", "name", &as, "trust", &trust, "replace", &replace, "pem", &pem) != 0)
		return false;
	name(o, "name", as, c->name);
	name(o, "trust", trust, c->trust);
	c->replace = replace != 0;
	if (pem && (*pem == '\0' || strlen(pem) > sizeof(b->request)))
		bad(o, "pem", "is empty or too large");
	if (pem && strstr(pem, "PRIVATE KEY"))
		bad(o, "pem", "is a certificate; a private key comes by files.sock only");
	b->pem_n = pem && o->ok ? strlen(pem) : 0;
	memcpy(b->request, pem ? pem : "", b->pem_n);
	return true;
}

static bool
get_export(json_t *j, json_error_t *e, struct cert_export *c, struct out *o)
{
	const char *form = "pem";
	int with_key = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?b}", "form", &form, "with_key", &with_key) != 0)
		return false;
	if (strcmp(form, "pem") != 0 && strcmp(form, "p12") != 0)
		bad(o, "form", "is 'pem' or 'p12'");
	c->form = strcmp(form, "p12") == 0 ? CERT_AS_P12 : CERT_AS_PEM;
	c->with_key = with_key != 0;
	return true;
}

static bool
get_init(json_t *j, json_error_t *e, struct ca_init *c, struct out *o)
{
	const char *key = NULL, *subject = NULL, *url = NULL;
	json_int_t d = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?s, s?s, s?I}", "key", &key, "subject", &subject, "crl_url", &url, "days", &d) != 0)
		return false;
	text(o, "key", key, c->key, sizeof(c->key));
	text(o, "subject", subject, c->subject, sizeof(c->subject));
	text(o, "crl_url", url, c->crl_url, sizeof(c->crl_url));
	c->days = days(o, d);
	return true;
}

static bool
get_issue(json_t *j, json_error_t *e, struct certbody *b, struct out *o)
{
	const char *site = NULL, *key = NULL, *csr = NULL;
	struct ca_issue *c = &b->issue;
	int renew = 0, keep = 0;
	json_t *list = NULL;
	json_int_t d = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s:s, s?s, s?o, s?I, s?s, s?b, s?b}", "site", &site, "key", &key, "ids", &list, "days", &d,
	    "csr", &csr, "renew", &renew, "keep_key", &keep) != 0)
		return false;
	name(o, "site", site, c->site);
	text(o, "key", key, c->key, sizeof(c->key));
	c->nids = ids(o, list, c->ids);
	c->days = days(o, d);
	c->renew = renew != 0;
	c->keep_key = keep != 0;
	if (c->keep_key && !c->renew)
		bad(o, "keep_key", "is for a renewal");
	if (csr && (c->key[0] || c->keep_key))
		bad(o, "csr", "brings its key: 'key' and 'keep_key' have no meaning beside it");
	if (csr && (*csr == '\0' || strlen(csr) > sizeof(b->request)))
		bad(o, "csr", "is empty or too large");
	if (csr && o->ok) {
		memcpy(b->request, csr, strlen(csr));
		c->csr = bytes_of(b->request, strlen(csr));
	}
	return true;
}

static bool
get_revoke(json_t *j, json_error_t *e, struct ca_revoke *c, struct out *o)
{
	const char *site = NULL, *serial = NULL, *why = "unspecified";

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?s, s?s}", "site", &site, "serial", &serial, "why", &why) != 0)
		return false;
	if ((site != NULL) == (serial != NULL))
		bad(o, "site", "or 'serial' has to say what is revoked: one of them");
	name(o, "site", site, c->site);
	text(o, "serial", serial, c->serial, sizeof(c->serial));
	if (serial && (*serial == '\0' || serial[strspn(serial, "0123456789abcdefABCDEF")] != '\0'))
		bad(o, "serial", "is a number in hexadecimal");
	if (certbody_why(why) < 0)
		bad(o, "why", "is one of unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, "
		    "privilegeWithdrawn, aACompromise");
	else
		c->why = (uint8_t)certbody_why(why);
	return true;
}

static bool
get_crl(json_t *j, json_error_t *e, struct ca_crl *c, struct out *o)
{
	json_int_t d = 0;
	int der = 0;

	if (json_unpack_ex(j, e, JSON_STRICT, "{s?I, s?b}", "days", &d, "der", &der) != 0)
		return false;
	c->days = days(o, d);
	c->der = der != 0;
	return true;
}

static bool
get(json_t *j, json_error_t *e, struct certbody *b, struct out *o)
{
	switch (b->kind) {
	case BODY_CSR: return get_csr(j, e, &b->csr, o);
	case BODY_IMPORT: return get_import(j, e, b, o);
	case BODY_EXPORT: return get_export(j, e, &b->export, o);
	case BODY_INIT: return get_init(j, e, &b->init, o);
	case BODY_ISSUE: return get_issue(j, e, b, o);
	case BODY_REVOKE: return get_revoke(j, e, &b->revoke, o);
	case BODY_CRL: return get_crl(j, e, &b->crl, o);
	}
	return false;
}

bool
certbody_get(const char *in, size_t n, enum certbody_kind kind, struct certbody *b, char *why, size_t cap)
{
	struct out o = { true, why, cap };
	json_error_t e = { .text = "" };
	json_t *j;

	memset(b, 0, sizeof(*b));
	b->kind = kind;
	j = n ? json_loadb(in, n, JSON_REJECT_DUPLICATES, &e) : json_object();
	if (j == NULL) {
		snprintf(why, cap, "The body is not JSON: %.100s.", e.text);
		return false;
	}
	if (!get(j, &e, b, &o)) {
		snprintf(why, cap, "The body is not what this route takes: %.120s.", e.text);
		o.ok = false;
	}
	json_decref(j);
	if (!o.ok)
		memset(b, 0, sizeof(*b));
	return o.ok;
}
