/* SPDX-License-Identifier: BSD-2-Clause */
/* keymgr's answers about certificates as JSON (doc/api.md). */
#include <stdio.h>
#include <string.h>

#include "certbody.h"
#include "certs.h"

/* "fqdn:a, ip:b" to a list; no name holds a space. */
static json_t *
names_json(const char *names)
{
	json_t *list = json_array();

	for (const char *p = names; *p; ) {
		size_t n = strcspn(p, ",");
		char one[CERT_NAMES];

		snprintf(one, sizeof(one), "%.*s", (int)n, p);
		json_array_append_new(list, json_words(one));
		p += n;
		p += strspn(p, ", ");
	}
	return list;
}

static json_t *
time_json(uint64_t t)
{
	return t ? json_time(t) : json_null();
}

static void
add_verdict(json_t *j, unsigned reason, const char *sentence, const char *detail)
{
	const struct reason_row *row = reason_row(reason);

	json_object_set_new(j, "reason", json_string(row->name));
	json_object_set_new(j, "message", json_words(sentence ? sentence : row->sentence));
	json_object_set_new(j, "hint", json_words(row->hint));
	json_object_set_new(j, "detail", json_words(detail));
}

/* The table speaks of this gateway's certificate; the one of a CA has the same faults. */
static const char *
sentence_of(const struct cert_info *c)
{
	bool ca = c->is_anchor || c->is_ca;

	if (ca && c->reason == R_OUR_CERT_EXPIRED)
		return "The CA's certificate has expired.";
	if (ca && c->reason == R_OUR_CERT_NOT_YET_VALID)
		return "The CA's certificate is not valid yet.";
	return NULL;
}

static json_t *
trust_json(const struct cert_info *c)
{
	static const char *const policies[] = { "off", "soft", "strict" };
	const char *sentence = c->crl_reason == R_CRL_MISSING && c->revocation != REVOKE_STRICT ? "No revocation list of this CA is known." : NULL;
	json_t *j, *crl;

	if (!c->is_anchor && !c->issues)
		return json_null();
	crl = json_pack("{s:o, s:o, s:o, s:I, s:o}", "this_update", time_json(c->crl_this), "next_update", time_json(c->crl_next),
	    "checked", time_json(c->crl_checked), "revoked", (json_int_t)c->crl_revoked, "url", json_text(c->crl_url));
	add_verdict(crl, c->crl_reason, sentence, c->crl_detail);
	j = json_pack("{s:s, s:o}", "revocation", policies[c->revocation < 3 ? c->revocation : 0], "crl", crl);
	return j;
}

json_t *
cert_info_json(const struct cert_info *c, uint64_t now)
{
	json_t *users = json_array(), *j;

	for (unsigned i = 0; i < c->nusers && i < CERT_USERS; i++)
		json_array_append_new(users, json_words(c->users[i]));
	j = json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "name", c->name, "kept", c->own ? "keymgr" : "file",
	    "certificate", c->has_cert, "private_key", c->has_key, "is_ca", c->is_ca, "issues", c->issues, "key", json_text(c->key),
	    "subject", json_text(c->subject), "issuer", json_text(c->issuer), "serial", json_text(c->serial), "names", names_json(c->names),
	    "fingerprint_sha256", json_text(c->fingerprint));
	json_object_set_new(j, "public_key", json_text(c->public_key));
	json_object_set_new(j, "not_before", time_json(c->not_before));
	json_object_set_new(j, "not_after", time_json(c->not_after));
	json_object_set_new(j, "expires_in_s", c->not_after ? json_integer((json_int_t)c->not_after - (json_int_t)now) : json_null());
	add_verdict(j, c->reason, sentence_of(c), c->detail);
	json_object_set_new(j, "trust", trust_json(c));
	json_object_set_new(j, "used_by", users);
	json_object_set_new(j, "used_by_count", json_integer(c->nusers));
	return j;
}

json_t *
cert_made_json(const struct cert_made *c)
{
	json_t *j, *crl = json_null();
	char pem[CERT_PEM_MAX + 1];

	if (c->crl_number)
		crl = json_pack("{s:I, s:o, s:I}", "number", (json_int_t)c->crl_number, "next_update", time_json(c->crl_next), "revoked",
		    (json_int_t)c->crl_revoked);
	snprintf(pem, sizeof(pem), "%.*s", (int)c->pem.n, c->pem.n ? (const char *)c->pem.p : "");
	j = json_pack("{s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "name", c->name, "ca", json_text(c->ca),
	    "key", json_text(c->key), "certificate", c->has_cert, "private_key", c->has_key, "subject", json_text(c->subject),
	    "serial", json_text(c->serial), "names", names_json(c->names), "fingerprint_sha256", json_text(c->fingerprint),
	    "not_before", time_json(c->not_before), "not_after", time_json(c->not_after), "crl", crl, "count", (json_int_t)c->count,
	    "pem", json_text(pem));
	return j;
}

json_t *
ca_issued_json(const struct ca_issued *c, uint64_t now)
{
	const char *why = certbody_why_name(c->why);

	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o}", "serial", c->serial, "site", c->site, "names", names_json(c->names),
	    "not_after", time_json(c->not_after), "expired", c->not_after <= now, "revoked", time_json(c->revoked),
	    "why", c->revoked && why ? json_string(why) : json_null());
}
