/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <stdio.h>
#include <strings.h>

#include "altname.h"
#include "certid.h"

enum { ID_IPV4 = 1, ID_FQDN = 2, ID_EMAIL = 3, ID_IPV6 = 5, ID_DN = 9 };	/* RFC 7296 3.5 */

/* Names of hosts know no case. Both have their length, so that no NUL in one ends it. */
static bool
same_host(struct bytes a, struct bytes b)
{
	if (a.n != b.n || a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t x = a.p[i], y = b.p[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return true;
}

static bool
host_matches(struct bytes pattern, struct bytes host)
{
	const uint8_t *dot;

	if (same_host(pattern, host))
		return true;
	if (pattern.n < 3 || memcmp(pattern.p, "*.", 2) != 0 || host.n == 0)
		return false;
	dot = memchr(host.p, '.', host.n);
	if (dot == NULL || dot == host.p)
		return false;
	return same_host(bytes_of(pattern.p + 1, pattern.n - 1), bytes_of(dot, host.n - (size_t)(dot - host.p)));
}

static bool
name_is(const GENERAL_NAME *g, uint8_t type, struct bytes data)
{
	const ASN1_STRING *s;
	struct bytes have;
	int kind;

	s = GENERAL_NAME_get0_value(g, &kind);
	if (kind != (type == ID_FQDN ? GEN_DNS : type == ID_EMAIL ? GEN_EMAIL : GEN_IPADD) || s == NULL)
		return false;
	have = bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	return type == ID_FQDN ? host_matches(have, data) : have.n && bytes_eq(have, data);
}

static bool
in_names(const X509 *x, uint8_t type, struct bytes data)
{
	GENERAL_NAMES *names = altname_of_cert(x);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = name_is(sk_GENERAL_NAME_value(names, i), type, data);
	GENERAL_NAMES_free(names);
	return found;
}

/* By the form of RFC 5280 7.1: neither the kind of string nor case and repeated spaces count. An empty name is nobody's. */
static bool
is_subject(const X509 *x, struct bytes der)
{
	const uint8_t *p = der.p;
	X509_NAME *name = der.n && der.n < 4096 ? d2i_X509_NAME(NULL, &p, (long)der.n) : NULL;
	bool ok;

	ok = name && p == der.p + der.n && X509_NAME_entry_count(name) > 0 && X509_NAME_cmp(name, X509_get_subject_name(x)) == 0;
	X509_NAME_free(name);
	return ok;
}

bool
certid_has(const X509 *x, struct bytes id)
{
	struct rd r = rd_of(id);
	uint8_t type = rd_u8(&r);
	struct bytes data;
	bool found = false;

	rd_bytes(&r, 3);	/* RESERVED */
	data = rd_rest(&r);
	if (!rd_ok(&r) || data.n == 0)
		return false;
	if (type == ID_DN)
		found = is_subject(x, data);
	else if (type == ID_FQDN || type == ID_EMAIL || (type == ID_IPV4 && data.n == 4) || (type == ID_IPV6 && data.n == 16))
		found = in_names(x, type, data);
	ERR_clear_error();
	return found;
}

const char *
certid_text(const X509 *x, char *buf, size_t cap)
{
	GENERAL_NAMES *names = altname_of_cert(x);
	size_t at;

	altname_text(names, buf, cap);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	at = strlen(buf);
	if (X509_NAME_entry_count(X509_get_subject_name(x)) > 0 && cap - at > 8) {
		at += (size_t)snprintf(buf + at, cap - at, "%sdn:", at ? ", " : "");
		altname_dn(X509_get_subject_name(x), buf + at, cap - at);
	}
	return buf;
}
