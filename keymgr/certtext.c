/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <stdio.h>
#include <time.h>

#include "altname.h"
#include "certtext.h"
#include "keykind.h"

uint64_t
certtext_time(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (t == NULL || !ASN1_TIME_to_tm(t, &tm))
		return 0;
	s = timegm(&tm);
	return s > 0 ? (uint64_t)s : 0;
}

void
certtext_date(uint64_t s, char buf[static 32])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, 32, "-");
}

static void
hex(const uint8_t *p, size_t n, char *buf, size_t cap)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && at + 3 <= cap; i++, at += 2)
		snprintf(buf + at, cap - at, "%02x", p[i]);
}

/* A serial number that is negative or longer than RFC 5280 allows is shown as far as it goes. */
void
certtext_serial(const X509 *x, char buf[static SERIAL_CAP])
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(x);

	hex(ASN1_STRING_get0_data(n), (size_t)ASN1_STRING_length(n), buf, SERIAL_CAP);
}

void
certtext_fingerprint(const X509 *x, char buf[static 65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	buf[0] = '\0';
	if (X509_digest(x, EVP_sha256(), sum, &n))
		hex(sum, n, buf, 65);
}

static void
names_of(const X509 *x, char *buf, size_t cap)
{
	GENERAL_NAMES *names = altname_of_cert(x);

	altname_text(names, buf, cap);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

static void
kind_of(X509 *x, char buf[static CERT_KEY_CAP])
{
	EVP_PKEY *k = X509_get0_pubkey(x);

	if (k)
		keykind_name(k, buf);
	else
		snprintf(buf, CERT_KEY_CAP, "unknown");
	ERR_clear_error();
}

void
certtext_made(X509 *x, struct cert_made *m)
{
	altname_dn(X509_get_subject_name(x), m->subject, sizeof(m->subject));
	certtext_serial(x, m->serial);
	names_of(x, m->names, sizeof(m->names));
	certtext_fingerprint(x, m->fingerprint);
	m->not_before = certtext_time(X509_get0_notBefore(x));
	m->not_after = certtext_time(X509_get0_notAfter(x));
	kind_of(x, m->key);
}

void
certtext_info(X509 *x, struct cert_info *c)
{
	altname_dn(X509_get_subject_name(x), c->subject, sizeof(c->subject));
	altname_dn(X509_get_issuer_name(x), c->issuer, sizeof(c->issuer));
	certtext_serial(x, c->serial);
	names_of(x, c->names, sizeof(c->names));
	certtext_fingerprint(x, c->fingerprint);
	c->not_before = certtext_time(X509_get0_notBefore(x));
	c->not_after = certtext_time(X509_get0_notAfter(x));
	c->is_ca = X509_check_ca(x) == 1;
	kind_of(x, c->key);
}
