/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The requests and answers of msg_cert.h about the small CA, and those that make, bring and take away certificates. */
#include "msg.h"
#include "msg_cert.h"

static void
ids_put(struct wr *w, unsigned n, const char ids[CERT_IDS][ID_CAP])
{
	if (n > CERT_IDS)
		w->bad = true;
	wr_u8(w, (uint8_t)n);
	for (unsigned i = 0; i < n && wr_ok(w); i++)
		str_put(w, ids[i]);
}

static unsigned
ids_get(struct rd *r, char ids[CERT_IDS][ID_CAP])
{
	unsigned n = msg_u8(r, CERT_IDS);

	for (unsigned i = 0; i < n && rd_ok(r); i++)
		msg_text(r, ids[i], ID_CAP);
	return n;
}

static uint32_t
days_get(struct rd *r)
{
	uint32_t days = rd_le32(r);

	msg_need(r, days <= CERT_DAYS_MAX);
	return days;
}

/* RFC 5280 5.3.1: 7 is not used, 6 and 8 are for what is taken back, which is not done here. */
static uint8_t
why_get(struct rd *r)
{
	uint8_t why = msg_u8(r, 10);

	msg_need(r, why < 6 || why > 8);
	return why;
}

void
cert_csr_put(struct wr *w, const struct cert_csr *c)
{
	str_put(w, c->name);
	str_put(w, c->key);
	str_put(w, c->subject);
	wr_u8(w, c->keep_key);
	ids_put(w, c->nids, c->ids);
}

bool
cert_csr_get(struct rd *r, struct cert_csr *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->name);
	str_get(r, c->key, sizeof(c->key));
	str_get(r, c->subject, sizeof(c->subject));
	c->keep_key = msg_u8(r, 1);
	c->nids = ids_get(r, c->ids);
	msg_need(r, c->nids > 0);
	return msg_end(r, c, sizeof(*c));
}

void
cert_import_put(struct wr *w, const struct cert_import *c)
{
	str_put(w, c->name);
	str_put(w, c->trust);
	wr_u8(w, c->replace);
}

bool
cert_import_get(struct rd *r, struct cert_import *c)
{
	memset(c, 0, sizeof(*c));
	msg_name_opt(r, c->name);
	msg_name(r, c->trust);
	c->replace = msg_u8(r, 1);
	return msg_end(r, c, sizeof(*c));
}

void
cert_export_put(struct wr *w, const struct cert_export *c)
{
	str_put(w, c->name);
	wr_u8(w, c->form);
	wr_u8(w, c->with_key);
}

bool
cert_export_get(struct rd *r, struct cert_export *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->name);
	c->form = msg_u8(r, CERT_AS_P12);
	c->with_key = msg_u8(r, 1);
	return msg_end(r, c, sizeof(*c));
}

void
ca_init_put(struct wr *w, const struct ca_init *c)
{
	str_put(w, c->name);
	str_put(w, c->key);
	str_put(w, c->subject);
	str_put(w, c->crl_url);
	wr_le32(w, c->days);
}

bool
ca_init_get(struct rd *r, struct ca_init *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->name);
	str_get(r, c->key, sizeof(c->key));
	str_get(r, c->subject, sizeof(c->subject));
	str_get(r, c->crl_url, sizeof(c->crl_url));
	c->days = days_get(r);
	return msg_end(r, c, sizeof(*c));
}

void
ca_issue_put(struct wr *w, const struct ca_issue *c)
{
	str_put(w, c->ca);
	str_put(w, c->site);
	str_put(w, c->key);
	wr_le32(w, c->days);
	wr_u8(w, c->renew);
	wr_u8(w, c->keep_key);
	ids_put(w, c->nids, c->ids);
	span_put(w, c->csr);
}

bool
ca_issue_get(struct rd *r, struct ca_issue *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->ca);
	msg_name(r, c->site);
	str_get(r, c->key, sizeof(c->key));
	c->days = days_get(r);
	c->renew = msg_u8(r, 1);
	c->keep_key = msg_u8(r, 1);
	c->nids = ids_get(r, c->ids);
	c->csr = msg_span(r, 0, CERT_PEM_MAX);
	msg_need(r, c->renew || !c->keep_key);
	return msg_end(r, c, sizeof(*c));
}

void
ca_revoke_put(struct wr *w, const struct ca_revoke *c)
{
	str_put(w, c->ca);
	str_put(w, c->site);
	str_put(w, c->serial);
	wr_u8(w, c->why);
}

bool
ca_revoke_get(struct rd *r, struct ca_revoke *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->ca);
	msg_name_opt(r, c->site);
	str_get(r, c->serial, sizeof(c->serial));
	c->why = why_get(r);
	msg_need(r, (c->site[0] != '\0') != (c->serial[0] != '\0'));
	return msg_end(r, c, sizeof(*c));
}

void
ca_crl_put(struct wr *w, const struct ca_crl *c)
{
	str_put(w, c->ca);
	wr_le32(w, c->days);
	wr_u8(w, c->der);
}

bool
ca_crl_get(struct rd *r, struct ca_crl *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->ca);
	c->days = days_get(r);
	c->der = msg_u8(r, 1);
	return msg_end(r, c, sizeof(*c));
}

void
cert_made_put(struct wr *w, const struct cert_made *c)
{
	str_put(w, c->name);
	str_put(w, c->ca);
	str_put(w, c->key);
	wr_u8(w, c->has_cert);
	wr_u8(w, c->has_key);
	str_put(w, c->subject);
	str_put(w, c->serial);
	str_put(w, c->names);
	str_put(w, c->fingerprint);
	wr_le64(w, c->not_before);
	wr_le64(w, c->not_after);
	wr_le64(w, c->crl_number);
	wr_le64(w, c->crl_next);
	wr_le32(w, c->crl_revoked);
	wr_le32(w, c->count);
	span_put(w, c->pem);
}

bool
cert_made_get(struct rd *r, struct cert_made *c)
{
	memset(c, 0, sizeof(*c));
	msg_name(r, c->name);
	msg_name_opt(r, c->ca);
	str_get(r, c->key, sizeof(c->key));
	c->has_cert = msg_u8(r, 1);
	c->has_key = msg_u8(r, 1);
	str_get(r, c->subject, sizeof(c->subject));
	str_get(r, c->serial, sizeof(c->serial));
	str_get(r, c->names, sizeof(c->names));
	str_get(r, c->fingerprint, sizeof(c->fingerprint));
	c->not_before = rd_le64(r);
	c->not_after = rd_le64(r);
	c->crl_number = rd_le64(r);
	c->crl_next = rd_le64(r);
	c->crl_revoked = rd_le32(r);
	c->count = rd_le32(r);
	c->pem = msg_span(r, 0, CERT_PEM_MAX);
	return msg_end(r, c, sizeof(*c));
}

void
ca_issued_put(struct wr *w, const struct ca_issued *c)
{
	str_put(w, c->serial);
	str_put(w, c->site);
	str_put(w, c->names);
	wr_le64(w, c->not_after);
	wr_le64(w, c->revoked);
	wr_u8(w, c->why);
}

bool
ca_issued_get(struct rd *r, struct ca_issued *c)
{
	memset(c, 0, sizeof(*c));
	msg_text(r, c->serial, sizeof(c->serial));
	msg_name(r, c->site);
	str_get(r, c->names, sizeof(c->names));
	c->not_after = rd_le64(r);
	c->revoked = rd_le64(r);
	c->why = why_get(r);
	return msg_end(r, c, sizeof(*c));
}
