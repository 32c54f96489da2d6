/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a signature in AUTH says of itself: an AlgorithmIdentifier in DER (RFC 7427 3 and its appendix A). Lengths have their shortest
 * form, nothing follows, and of RSASSA-PSS's parameters only what RFC 8247 3.2 asks for can be said here: one hash for the message and MGF1.
 */
#include "dn.h"
#include "sig.h"

enum { DER_INTEGER = 0x02, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30, DER_EXPLICIT = 0xa0 };
enum params { P_NONE, P_NULL, P_PSS };	/* P_NULL: NULL, or nothing (RFC 4055 5) */

#define OID_RSA		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1
#define OID_ECDSA	0x2a, 0x86, 0x48, 0xce, 0x3d, 4

static const struct row {
	uint8_t		oid[10], len;
	enum sig_kind	kind;
	uint8_t		hash;
	enum params	params;
} rows[] = {
	{ { OID_RSA, 5 }, 9, SIG_RSA_PKCS1, HASH_SHA1, P_NULL },
	{ { OID_RSA, 11 }, 9, SIG_RSA_PKCS1, HASH_SHA2_256, P_NULL },
	{ { OID_RSA, 12 }, 9, SIG_RSA_PKCS1, HASH_SHA2_384, P_NULL },
	{ { OID_RSA, 13 }, 9, SIG_RSA_PKCS1, HASH_SHA2_512, P_NULL },
	{ { OID_RSA, 10 }, 9, SIG_RSA_PSS, 0, P_PSS },
	{ { OID_ECDSA, 1 }, 7, SIG_ECDSA, HASH_SHA1, P_NONE },
	{ { OID_ECDSA, 3, 2 }, 8, SIG_ECDSA, HASH_SHA2_256, P_NONE },
	{ { OID_ECDSA, 3, 3 }, 8, SIG_ECDSA, HASH_SHA2_384, P_NONE },
	{ { OID_ECDSA, 3, 4 }, 8, SIG_ECDSA, HASH_SHA2_512, P_NONE },
	{ { 0x2b, 0x65, 0x70 }, 3, SIG_ED25519, HASH_IDENTITY, P_NONE },
	{ { 0x2b, 0x65, 0x71 }, 3, SIG_ED448, HASH_IDENTITY, P_NONE },
};

static const struct hash {
	uint8_t	oid[9], len, hash;
} hashes[] = {
	{ { 0x2b, 14, 3, 2, 26 }, 5, HASH_SHA1 },
	{ { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 }, 9, HASH_SHA2_256 },
	{ { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2 }, 9, HASH_SHA2_384 },
	{ { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3 }, 9, HASH_SHA2_512 },
};

static const uint8_t oid_mgf1[] = { OID_RSA, 8 };

#define NROWS	(sizeof(rows) / sizeof(rows[0]))
#define NHASHES	(sizeof(hashes) / sizeof(hashes[0]))

/* Reading */

static void
null_or_nothing(struct rd *r)
{
	if (rd_left(r)) {
		struct rd none = der_get(r, DER_NULL);

		if (!rd_done(&none))
			rd_fail(r);
	}
}

/* The AlgorithmIdentifier of a hash; 0 when it is none of ours. */
static uint8_t
hash_get(struct rd *r)
{
	struct rd seq = der_get(r, DER_SEQUENCE), oid = der_get(&seq, DER_OID);
	struct bytes b = rd_rest(&oid);

	null_or_nothing(&seq);
	if (!rd_done(&seq))
		rd_fail(r);
	for (size_t i = 0; rd_ok(r) && i < NHASHES; i++)
		if (bytes_eq(b, bytes_of(hashes[i].oid, hashes[i].len)))
			return hashes[i].hash;
	return 0;
}

/* [1] mgf1 over which hash; 0: another function. */
static uint8_t
mgf_get(struct rd *r)
{
	struct rd seq = der_get(r, DER_SEQUENCE), oid = der_get(&seq, DER_OID);
	struct bytes b = rd_rest(&oid);
	uint8_t hash = hash_get(&seq);

	if (!rd_done(&seq))
		rd_fail(r);
	return bytes_eq(b, bytes_of(oid_mgf1, sizeof(oid_mgf1))) ? hash : 0;
}

/* A number from 0 to 32767, in its shortest form. */
static uint16_t
number_get(struct rd *r)
{
	struct rd n = der_get(r, DER_INTEGER);
	size_t len = rd_left(&n);
	uint16_t v = (uint16_t)rd_be(&n, len == 1 || len == 2 ? len : 1);

	if (!rd_done(&n) || (len == 1 && v > 0x7f) || (len == 2 && (v < 0x80 || v > 0x7fff)))
		rd_fail(r);
	return v;
}

/* RFC 4055 3.1. Without hash and mask function it is SHA-1; trailerField can be there with its only value (RFC 7427 A.4.3 writes it). */
static void
pss_get(struct rd *r, struct sig_alg *a)
{
	struct rd seq = der_get(r, DER_SEQUENCE), field;
	uint8_t mgf = HASH_SHA1;

	a->hash = HASH_SHA1;
	a->salt = 20;
	if (rd_left(&seq) && seq.p[0] == DER_EXPLICIT) {
		field = der_get(&seq, DER_EXPLICIT);
		a->hash = hash_get(&field);
		if (!rd_done(&field))
			rd_fail(r);
	}
	if (rd_left(&seq) && seq.p[0] == (DER_EXPLICIT | 1)) {
		field = der_get(&seq, DER_EXPLICIT | 1);
		mgf = mgf_get(&field);
		if (!rd_done(&field))
			rd_fail(r);
	}
	if (rd_left(&seq) && seq.p[0] == (DER_EXPLICIT | 2)) {
		field = der_get(&seq, DER_EXPLICIT | 2);
		a->salt = number_get(&field);
		if (!rd_done(&field))
			rd_fail(r);
	}
	if (rd_left(&seq)) {
		field = der_get(&seq, DER_EXPLICIT | 3);
		if (number_get(&field) != 1 || !rd_done(&field))
			rd_fail(r);
	}
	if (!rd_done(&seq) || a->hash == 0 || mgf != a->hash)
		rd_fail(r);
}

bool
sig_alg_get(struct bytes in, struct sig_alg *a)
{
	struct rd r = rd_of(in), seq = der_get(&r, DER_SEQUENCE), oid = der_get(&seq, DER_OID);
	struct bytes b = rd_rest(&oid);

	*a = (struct sig_alg){ 0 };
	for (size_t i = 0; rd_ok(&oid) && i < NROWS; i++) {
		const struct row *row = &rows[i];

		if (!bytes_eq(b, bytes_of(row->oid, row->len)))
			continue;
		a->kind = row->kind;
		a->hash = row->hash;
		if (row->params == P_PSS)
			pss_get(&seq, a);
		else if (row->params == P_NULL)
			null_or_nothing(&seq);
		return rd_done(&seq) && rd_done(&r);
	}
	return false;
}

bool
sig_data_get(struct bytes data, struct sig_alg *a, struct bytes *signature)
{
	struct rd r = rd_of(data);
	struct bytes alg = rd_bytes(&r, rd_u8(&r));

	*signature = rd_rest(&r);
	return rd_ok(&r) && signature->n > 0 && sig_alg_get(alg, a);
}

/* Writing: everything is shorter than 128 octets, so a length is one octet, put where it belongs afterwards. */

static size_t
open_der(struct wr *w, uint8_t tag)
{
	wr_u8(w, tag);
	wr_u8(w, 0);
	return w->n;
}

static void
close_der(struct wr *w, size_t at)
{
	if (wr_ok(w))
		w->p[at - 1] = (uint8_t)(w->n - at);
}

static void
oid_put(struct wr *w, const uint8_t *oid, size_t n)
{
	wr_u8(w, DER_OID);
	wr_u8(w, (uint8_t)n);
	wr_mem(w, oid, n);
}

static void
hash_put(struct wr *w, uint8_t hash)
{
	size_t at = open_der(w, DER_SEQUENCE);

	for (size_t i = 0; i < NHASHES; i++)
		if (hashes[i].hash == hash)
			oid_put(w, hashes[i].oid, hashes[i].len);
	wr_u16(w, DER_NULL << 8);
	close_der(w, at);
}

/* As OpenIKED compares it octet by octet: NULL with each hash, no trailerField. */
static void
pss_put(struct wr *w, const struct sig_alg *a)
{
	size_t seq = open_der(w, DER_SEQUENCE), field, mgf;

	field = open_der(w, DER_EXPLICIT);
	hash_put(w, a->hash);
	close_der(w, field);
	field = open_der(w, DER_EXPLICIT | 1);
	mgf = open_der(w, DER_SEQUENCE);
	oid_put(w, oid_mgf1, sizeof(oid_mgf1));
	hash_put(w, a->hash);
	close_der(w, mgf);
	close_der(w, field);
	field = open_der(w, DER_EXPLICIT | 2);
	wr_u8(w, DER_INTEGER);
	wr_u8(w, 1);
	wr_u8(w, (uint8_t)a->salt);
	close_der(w, field);
	close_der(w, seq);
}

void
sig_alg_put(struct wr *w, const struct sig_alg *a)
{
	size_t seq = open_der(w, DER_SEQUENCE);

	for (size_t i = 0; i < NROWS; i++) {
		const struct row *row = &rows[i];

		if (row->kind != a->kind || (row->params != P_PSS && row->hash != a->hash))
			continue;
		oid_put(w, row->oid, row->len);
		if (row->params == P_PSS)
			pss_put(w, a);
		else if (row->params == P_NULL)
			wr_u16(w, DER_NULL << 8);
	}
	close_der(w, seq);
}
