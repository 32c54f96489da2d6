/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "crl.h"
#include "der.h"
#include "sig.h"

#define ENTRIES_MAX	2000000u	/* of 20 MiB: an entry has ten octets at least */

/* Extensions of lists and of entries (RFC 5280 5.2, 5.3): all are 2.5.29.x. */
enum { EXT_CRL_NUMBER = 20, EXT_REASON = 21, EXT_INVALIDITY = 24, EXT_DELTA = 27, EXT_IDP = 28, EXT_AKI = 35, EXT_FRESHEST = 46 };

/* Times */

static unsigned
two(const uint8_t *p, bool *ok)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		*ok = false;
	return (unsigned)((p[0] - '0') * 10 + (p[1] - '0'));
}

/* Days since 1970 of a date in the Gregorian calendar; the year counts from March, so that the leap day is its last. */
static int64_t
days_of(unsigned y, unsigned m, unsigned d)
{
	unsigned yy = m <= 2 ? y - 1 : y, doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

	return (int64_t)yy * 365 + yy / 4 - yy / 100 + yy / 400 + doy - 719468;
}

uint64_t
crl_time(uint8_t tag, struct bytes b)
{
	bool ok = true;
	unsigned y, mon, d, h, min, s;
	const uint8_t *p = b.p;
	int64_t t;

	if (!(tag == DER_UTC_TIME && b.n == 13) && !(tag == DER_TIME && b.n == 15))
		return 0;
	y = two(p, &ok);
	if (tag == DER_UTC_TIME)
		y += y < 50 ? 2000 : 1900;
	else
		y = y * 100 + two(p + 2, &ok);
	p += b.n - 11;
	mon = two(p, &ok);
	d = two(p + 2, &ok);
	h = two(p + 4, &ok);
	min = two(p + 6, &ok);
	s = two(p + 8, &ok);
	if (!ok || p[10] != 'Z' || mon < 1 || mon > 12 || d < 1 || d > 31 || h > 23 || min > 59 || s > 59 || y < 1970)
		return 0;
	t = ((days_of(y, mon, d) * 24 + h) * 60 + min) * 60 + s;
	return t > 0 ? (uint64_t)t : 0;
}

static uint64_t
get_time(struct rd *r)
{
	uint8_t tag;
	struct bytes b = der_any(r, &tag, NULL);
	uint64_t t = rd_ok(r) ? crl_time(tag, b) : 0;

	if (t == 0)
		rd_fail(r);
	return t;
}

/* Extensions */

struct ext {
	int	     id;		/* the last arc below 2.5.29, or -1 */
	bool	     critical;
	struct bytes value;
};

/* The next one; false at the end, or when something is wrong (then the cursor says so). */
static bool
ext_next(struct rd *r, struct ext *e)
{
	struct rd x;
	struct bytes oid;

	if (rd_left(r) == 0)
		return false;
	x = rd_of(der_get(r, DER_SEQUENCE));
	oid = der_get(&x, DER_OID);
	e->critical = der_flag(&x, DER_BOOLEAN);
	e->value = der_get(&x, DER_OCTETS);
	if (!rd_done(&x))
		rd_fail(r);
	e->id = oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d ? oid.p[2] : -1;
	return rd_ok(r);
}

/* A number without its leading zeros; RFC 5280 5.2.3: it is not negative. */
static bool
number_of(struct bytes ext, struct bytes *out)
{
	struct rd r = rd_of(ext);
	struct bytes b = der_get(&r, DER_INTEGER);

	if (!rd_done(&r) || b.n == 0 || b.n > CRL_NUMBER + 1 || (b.p[0] & 0x80))
		return false;
	while (b.n > 1 && b.p[0] == 0) {
		b.p++;
		b.n--;
	}
	*out = b;
	return true;
}

static const char *
read_scope(struct bytes ext, struct crl *c)
{
	struct rd r = rd_of(ext), seq = rd_of(der_get(&r, DER_SEQUENCE)), point;
	struct bytes b, relative = { NULL, 0 };
	bool indirect, attributes, reasons;

	if (der_maybe(&seq, DER_MADE(0), &b)) {
		point = rd_of(b);
		if (!der_maybe(&point, DER_MADE(0), &c->scope_names))
			relative = der_get(&point, DER_MADE(1));
		if (!rd_done(&point))
			rd_fail(&seq);
	}
	c->only_users = der_flag(&seq, DER_PLAIN(1));
	c->only_cas = der_flag(&seq, DER_PLAIN(2));
	reasons = der_maybe(&seq, DER_PLAIN(3), &b);
	indirect = der_flag(&seq, DER_PLAIN(4));
	attributes = der_flag(&seq, DER_PLAIN(5));
	if (!rd_done(&r) || !rd_done(&seq))
		return "its issuing distribution point is malformed";
	c->scope = ext;
	if (indirect)
		return "it is an indirect list, of certificates of other CAs too, and those are not supported";
	if (attributes)
		return "it is a list of attribute certificates";
	if (reasons)
		return "it is a list of some reasons for revocation only, and those are not supported";
	if (relative.n)
		return "its issuing distribution point is named relative to its issuer, which is not supported";
	return NULL;
}

static const char *
read_freshest(struct bytes ext, struct crl *c)
{
	struct distpoint v[DISTPOINTS];
	unsigned n = distpoint_read(ext, v), urls = 0;

	if (n == 0)
		return "its freshest CRL extension is malformed";
	for (unsigned i = 0; i < n; i++) {
		struct rd names = rd_of(v[i].names);

		while (urls < CRL_URLS && distpoint_url(&names, c->fresh[urls]))
			urls++;
	}
	return NULL;
}

static const char *
read_ext(const struct ext *e, struct crl *c)
{
	struct rd r, seq;

	switch (e->id) {
	case EXT_CRL_NUMBER:
		return number_of(e->value, &c->number) ? NULL : "its number is malformed";
	case EXT_DELTA:
		return number_of(e->value, &c->base) ? NULL : "its base number is malformed";
	case EXT_IDP:
		return read_scope(e->value, c);
	case EXT_FRESHEST:
		return read_freshest(e->value, c);
	case EXT_AKI:
		r = rd_of(e->value);
		seq = rd_of(der_get(&r, DER_SEQUENCE));
		der_maybe(&seq, DER_PLAIN(0), &c->key_id);
		return rd_ok(&r) && rd_ok(&seq) ? NULL : "its authority key identifier is malformed";
	default:
		return e->critical ? "it has a critical extension that is not known here" : NULL;
	}
}

static const char *
read_exts(struct bytes in, struct crl *c)
{
	struct rd r = rd_of(in), seq = rd_of(der_get(&r, DER_SEQUENCE));
	uint64_t seen = 0;
	struct ext e;

	while (ext_next(&seq, &e)) {
		const char *why = e.id >= 0 && e.id < 64 && (seen >> e.id & 1) ? "it has an extension twice" : read_ext(&e, c);

		if (why)
			return why;
		if (e.id >= 0 && e.id < 64)
			seen |= 1ull << e.id;
	}
	if (!rd_done(&r) || !rd_done(&seq))
		return "its extensions are malformed";
	return c->base.n && c->number.n == 0 ? "it is a delta list without a number" : NULL;
}

/* Entries */

/* One of them. unknown: it has a critical extension that we cannot follow (RFC 5280 5.3: then the whole list is of no use). */
static bool
entry_next(struct rd *r, struct bytes *serial, struct crl_entry *e, bool *unknown)
{
	struct rd seq, list, value;
	struct bytes b;
	struct ext x;

	seq = rd_of(der_get(r, DER_SEQUENCE));
	*serial = der_get(&seq, DER_INTEGER);
	e->when = get_time(&seq);
	e->why = -1;
	if (rd_left(&seq) > 0) {
		list = rd_of(der_get(&seq, DER_SEQUENCE));
		while (ext_next(&list, &x)) {
			if (x.id == EXT_REASON) {
				value = rd_of(x.value);
				b = der_get(&value, DER_ENUMERATED);
				if (b.n != 1 || !rd_done(&value))
					rd_fail(&list);
				else
					e->why = b.p[0];
			} else if (x.critical && x.id != EXT_INVALIDITY) {
				*unknown = true;
			}
		}
		if (!rd_done(&list))
			rd_fail(r);
	}
	if (!rd_done(&seq) || serial->n == 0)
		rd_fail(r);
	return rd_ok(r);
}

static const char *
read_entries(struct crl *c)
{
	struct rd r = rd_of(c->entries);
	struct crl_entry e;
	struct bytes serial;
	bool unknown = false;

	while (rd_left(&r) > 0) {
		if (!entry_next(&r, &serial, &e, &unknown))
			return "an entry is malformed";
		if (unknown)
			return "an entry has a critical extension that is not known here";
		if (++c->nentries > ENTRIES_MAX)
			return "it has too many entries";
	}
	return NULL;
}

/* The list */

static const char *
read_tbs(struct crl *c)
{
	struct rd whole = rd_of(c->tbs), r = rd_of(der_get(&whole, DER_SEQUENCE));
	struct bytes version, alg, b, exts = { NULL, 0 };
	bool v2 = der_maybe(&r, DER_INTEGER, &version), has_exts;
	const char *why;
	uint8_t tag;

	if (v2 && (version.n != 1 || version.p[0] != 1))
		return "it is of an unknown version";
	der_any(&r, &tag, &alg);
	der_any(&r, &tag, &c->issuer);
	if (tag != DER_SEQUENCE)
		rd_fail(&r);
	c->this_update = get_time(&r);
	if (der_is(&r, DER_UTC_TIME) || der_is(&r, DER_TIME))
		c->next_update = get_time(&r);
	der_maybe(&r, DER_SEQUENCE, &c->entries);
	has_exts = der_maybe(&r, DER_MADE(0), &exts);
	if (!rd_done(&r) || !rd_done(&whole))
		return "it is malformed";
	if (!bytes_eq(alg, c->alg))	/* RFC 5280 5.1.1.2 */
		return "it names two different signature algorithms";
	if (has_exts && !v2)
		return "it has extensions, which its version does not allow";
	b = exts;
	why = has_exts ? read_exts(b, c) : NULL;
	if (why == NULL && c->next_update == 0)	/* RFC 5280 5.1.2.5 */
		why = "it does not say when the next one comes";
	return why ? why : read_entries(c);
}

/* What DER of a length says, without the octets behind it: some servers add a newline. */
static bool
is_pem(struct bytes in)
{
	static const char head[] = "-----BEGIN ";

	return in.n > sizeof(head) && memmem(in.p, in.n < 4096 ? in.n : 4096, head, sizeof(head) - 1) != NULL && in.p[0] != DER_SEQUENCE;
}

static bool
copy_der(struct bytes in, struct crl *c)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long n = 0;
	BIO *b;

	if (!is_pem(in)) {
		c->der = malloc(in.n ? in.n : 1);
		c->n = in.n;
		if (c->der && in.n)
			memcpy(c->der, in.p, in.n);
		return c->der != NULL;
	}
	b = BIO_new_mem_buf(in.p, (int)in.n);
	if (b && PEM_read_bio(b, &name, &header, &der, &n) && strcmp(name, PEM_STRING_X509_CRL) == 0 && n > 0 &&
	    (c->der = malloc((size_t)n)) != NULL) {
		memcpy(c->der, der, (size_t)n);
		c->n = (size_t)n;
	}
	BIO_free(b);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	ERR_clear_error();
	return c->der != NULL;
}

const char *
crl_read(struct bytes in, struct crl *c)
{
	struct rd r, seq;
	struct bytes bits;
	const char *why;
	uint8_t tag;

	memset(c, 0, sizeof(*c));
	if (in.n > CRL_MAX * 3ull / 2)
		return "it is too large";
	if (!copy_der(in, c))
		return "it is neither DER nor PEM of a list";
	r = rd_of(bytes_of(c->der, c->n));
	seq = rd_of(der_get(&r, DER_SEQUENCE));
	der_any(&seq, &tag, &c->tbs);
	if (tag != DER_SEQUENCE)
		rd_fail(&seq);
	der_any(&seq, &tag, &c->alg);
	bits = der_get(&seq, DER_BITS);
	if (!rd_done(&r) || !rd_done(&seq) || bits.n < 2 || bits.p[0] != 0) {
		crl_free(c);
		return "it is malformed";
	}
	c->signature = bytes_of(bits.p + 1, bits.n - 1);
	why = read_tbs(c);
	if (why)
		crl_free(c);
	return why;
}

void
crl_free(struct crl *c)
{
	free(c->der);
	free(c->index);
	memset(c, 0, sizeof(*c));
}

bool
crl_signed_by(const struct crl *c, EVP_PKEY *key, const char **why)
{
	static char detail[SIG_DETAIL];
	char name[SIG_NAME];
	uint8_t data[256 + SIG_MAX];
	struct wr w = wr_of(data, sizeof(data));
	struct sig_alg alg;
	enum reason r;

	*why = "";
	if (c->alg.n > 255) {
		*why = "its signature algorithm is malformed";
		return false;
	}
	/* as method 14 of IKE has it: the algorithm's length, the algorithm, the signature (RFC 7427 3) */
	wr_u8(&w, (uint8_t)c->alg.n);
	wr_span(&w, c->alg);
	wr_span(&w, c->signature);
	if (!wr_ok(&w))
		return false;
	r = sig_check(key, false, AUTH_METHOD_SIGNATURE, wr_bytes(&w), c->tbs, &alg, name, detail);
	if (r == R_SIGNATURE_NOT_OFFERED)
		*why = detail;
	return r == R_OK;
}

/* The index: a table of places, searched from where the serial number's hash says. */

static uint32_t
hash(struct bytes b)
{
	static uint64_t seed;
	uint64_t h;

	if (seed == 0 && RAND_bytes((unsigned char *)&seed, sizeof(seed)) != 1)
		seed = 1;
	seed |= 1;
	h = seed;
	for (size_t i = 0; i < b.n; i++) {
		h = (h ^ b.p[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

bool
crl_index(struct crl *c)
{
	struct rd r = rd_of(c->entries);
	uint32_t size = 16;

	while (size < c->nentries * 2u)
		size *= 2;
	c->index = calloc(size, sizeof(*c->index));
	c->mask = size - 1;
	if (c->index == NULL)
		return false;
	while (rd_left(&r) > 0) {
		uint32_t at = (uint32_t)(r.p - c->entries.p), i;
		struct rd entry = rd_of(der_get(&r, DER_SEQUENCE));

		for (i = hash(der_get(&entry, DER_INTEGER)) & c->mask; c->index[i]; i = (i + 1) & c->mask)
			continue;
		c->index[i] = at + 1;
	}
	return true;
}

bool
crl_find(const struct crl *c, struct bytes serial, struct crl_entry *e)
{
	bool unknown = false, found = false;
	struct crl_entry one;

	/* Of a number that stands there twice, the last counts: a certificate may be held, given back and held again. */
	for (uint32_t i = hash(serial) & c->mask; c->index[i]; i = (i + 1) & c->mask) {
		uint32_t at = c->index[i] - 1;
		struct rd r = rd_of(bytes_of(c->entries.p + at, c->entries.n - at));
		struct bytes s;

		if (entry_next(&r, &s, &one, &unknown) && bytes_eq(s, serial)) {
			*e = one;
			found = true;
		}
	}
	return found;
}

int
crl_number_cmp(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

const char *
crl_why_name(int why)
{
	static const char *const names[] = { "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
	    "cessationOfOperation", "certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise" };

	return why >= 0 && (size_t)why < sizeof(names) / sizeof(names[0]) ? names[why] : "";
}
