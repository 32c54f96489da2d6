/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "altname.h"
#include "dn.h"

#define DER_MAX	2048

enum { ID_IPV4 = 1, ID_FQDN = 2, ID_EMAIL = 3, ID_IPV6 = 5, ID_DN = 9 };	/* RFC 7296 3.5 */

static bool
add_name(GENERAL_NAMES *all, int type, struct bytes data)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	if (g && s && ASN1_STRING_set(s, data.p, (int)data.n)) {
		GENERAL_NAME_set0_value(g, type, s);
		if (sk_GENERAL_NAME_push(all, g) > 0)
			return true;
		s = NULL;
	}
	ASN1_STRING_free(s);
	GENERAL_NAME_free(g);
	return false;
}

/* The body of an ID payload says what kind it is and has the octets that a certificate holds too. */
static bool
add_id(GENERAL_NAMES *all, const char *id)
{
	uint8_t b[ID_CAP + 8 + DER_MAX];
	struct wr w = wr_of(b, sizeof(b));
	struct bytes data;

	if (!id_to_wire(id, &w))
		return false;
	data = bytes_of(b + 4, w.n - 4);
	switch (b[0]) {
	case ID_FQDN: return add_name(all, GEN_DNS, data);
	case ID_EMAIL: return add_name(all, GEN_EMAIL, data);
	case ID_IPV4:
	case ID_IPV6: return add_name(all, GEN_IPADD, data);
	case ID_DN: return true;
	default: return false;
	}
}

GENERAL_NAMES *
altname_make(unsigned n, const char ids[][ID_CAP], unsigned *bad)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();

	*bad = 0;
	for (unsigned i = 0; all && i < n; i++)
		if (!add_id(all, ids[i])) {
			*bad = i;
			GENERAL_NAMES_free(all);
			return NULL;
		}
	return all;
}

bool
altname_id(const GENERAL_NAME *g, char id[static ID_CAP])
{
	uint8_t b[ID_CAP + 8] = { 0 };
	struct wr w = wr_of(b, sizeof(b));
	const ASN1_STRING *s;
	int type;

	id[0] = '\0';
	s = GENERAL_NAME_get0_value(g, &type);
	if (s == NULL || (type != GEN_DNS && type != GEN_EMAIL && type != GEN_IPADD))
		return false;
	wr_u8(&w, type == GEN_DNS ? ID_FQDN : type == GEN_EMAIL ? ID_EMAIL : ASN1_STRING_length(s) == 4 ? ID_IPV4 : ID_IPV6);
	wr_be(&w, 0, 3);
	wr_mem(&w, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	if (!wr_ok(&w) || (type == GEN_IPADD && w.n != 8 && w.n != 20))
		return false;
	id_from_wire(wr_bytes(&w), id);
	return true;
}

void
altname_text(const GENERAL_NAMES *all, char *buf, size_t cap)
{
	static const char cut[] = ", \xe2\x80\xa6";
	char id[ID_CAP];
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		if (!altname_id(sk_GENERAL_NAME_value(all, i), id))
			continue;
		if (at + strlen(id) + 2 + sizeof(cut) > cap) {
			snprintf(buf + at, cap - at, "%s", at ? cut : cut + 2);
			return;
		}
		at += (size_t)snprintf(buf + at, cap - at, "%s%s", at ? ", " : "", id);
	}
}

GENERAL_NAMES *
altname_of_cert(const X509 *x)
{
	return X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
}

GENERAL_NAMES *
altname_of_request(X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	GENERAL_NAMES *all = exts ? X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL) : NULL;

	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return all;
}

void
altname_dn(const X509_NAME *name, char *buf, size_t cap)
{
	uint8_t *der = NULL;
	int n = i2d_X509_NAME(name, &der);
	BIO *out = NULL;
	char *text;
	long len;

	if (n > 0 && dn_from_der(bytes_of(der, (size_t)n), buf, cap)) {
		OPENSSL_free(der);
		return;
	}
	OPENSSL_free(der);
	buf[0] = '\0';
	out = BIO_new(BIO_s_mem());
	if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE) > 0) {
		len = BIO_get_mem_data(out, &text);
		snprintf(buf, cap, "%.*s", len > 4096 ? 4096 : (int)len, text);
	}
	BIO_free(out);
}

X509_NAME *
altname_dn_make(const char *text)
{
	uint8_t b[DER_MAX];
	struct wr w = wr_of(b, sizeof(b));
	const uint8_t *p = b;

	return dn_to_der(text, &w) ? d2i_X509_NAME(NULL, &p, (long)w.n) : NULL;
}
