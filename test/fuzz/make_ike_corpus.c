/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds for fuzz_ike and fuzz_ike_inner, from messages that the program itself encodes: test/fuzz/make_ike_corpus DIR writes
 * DIR/ike/seed-KIND and DIR/ike_inner/seed-KIND. "make fuzz" grows from there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/ike_samples.h"
#include "wire/sk.h"

static void
save(const char *dir, const char *target, const char *tag, int kind, const void *head, size_t nhead, struct bytes b)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/seed-%s-%02d", dir, target, tag, kind);
	f = fopen(path, "wb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	fwrite(head, 1, nhead, f);
	fwrite(b.p, 1, b.n, f);
	fclose(f);
}

/* Sealed with a key of zeros, which fuzz_ike tries. */
static void
save_sealed(const char *dir, const struct sample *s, int kind)
{
	static const uint8_t zero[64];
	static uint8_t buf[MSG_MAX];
	const struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 128 };
	const struct suite cbc = { .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128 };
	struct sk_key k = { 0 };

	if (sk_key_set(&k, &gcm, bytes_of(zero, 20), bytes_of(zero, 0)))
		save(dir, "ike", "gcm", kind, "", 0, sk_seal(&k, &s->hdr, zero, s->first, bytes_of(s->b, s->n), buf, sizeof(buf)));
	if (sk_key_set(&k, &cbc, bytes_of(zero, 32), bytes_of(zero, 32)))
		save(dir, "ike", "cbc", kind, "", 0, sk_seal(&k, &s->hdr, zero, s->first, bytes_of(s->b, s->n), buf, sizeof(buf)));
	sk_key_wipe(&k);
}

/* The same in two pieces; and one whose numbers are the largest. */
static void
save_fragments(const char *dir, const struct sample *s, int kind)
{
	static const uint8_t zero[64];
	static uint8_t buf[MSG_MAX];
	const struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 128 };
	struct bytes chain = bytes_of(s->b, s->n);
	struct sk_key k = { 0 };

	if (!sk_key_set(&k, &gcm, bytes_of(zero, 20), bytes_of(zero, 0)))
		exit(1);
	for (uint16_t i = 1; i <= 3; i++) {
		size_t half = chain.n / 2, at = i == 2 ? half : 0;

		save(dir, "ike", i == 1 ? "first" : i == 2 ? "second" : "last", kind, "", 0,
		    sk_seal_fragment(&k, &s->hdr, zero, i == 1 ? s->first : PLD_NONE, i == 3 ? 65535 : i, i == 3 ? 65535 : 2,
		    bytes_of(chain.p + at, i == 3 ? 0 : i == 2 ? chain.n - half : half), buf, sizeof(buf)));
	}
	sk_key_wipe(&k);
}

/* Nine CERT payloads and requests: kinds that nobody knows, an empty one, some that are not a list of authorities. */
static void
save_certs(const char *dir, bool request)
{
	static const uint8_t kinds[] = { 4, 12, 13, 14, 15, 0, 255, 4, 4 }, octets[45] = { 1, 2, 3 };
	uint8_t buf[1024], head[2] = { request ? PLD_CERTREQ : PLD_CERT, EX_IKE_AUTH };
	struct msg_out o;

	msg_begin_inner(&o, buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(kinds); i++)
		pld_cert_put(&o, request, kinds[i], bytes_of(octets, i * 5));
	save(dir, "ike_inner", "certs", request, head, 2, msg_end(&o));
}

/* More transforms than there is room for: unknown ones, one of an unknown type, repeated ones, then known ones. */
static void
save_crowded(const char *dir, bool odd)
{
	static const struct { uint8_t type; uint16_t id; } known[] = { { 3, 12 }, { 2, 5 }, { 4, 31 }, { 3, 12 }, { 5, 0 } };
	static const uint8_t head[2] = { PLD_SA, EX_CREATE_CHILD_SA };
	const unsigned strange = 24, nknown = sizeof(known) / sizeof(known[0]), count = strange + nknown + odd;
	uint8_t buf[1024];
	struct msg_out o;
	size_t payload, proposal;

	msg_begin_inner(&o, buf, sizeof(buf));
	payload = pld_open(&o, PLD_SA);
	proposal = o.w.n;
	wr_u32(&o.w, 0);
	wr_u32(&o.w, 0x01010000 + count);
	for (unsigned i = 0; i < count; i++) {
		bool last = i + 1 == count;

		wr_u32(&o.w, last ? 8 : 0x03000008);
		if (i < strange)
			wr_u32(&o.w, 0x04000400 + i);
		else if (i < strange + nknown)
			wr_u32(&o.w, (uint32_t)known[i - strange].type << 24 | known[i - strange].id);
		else
			wr_u32(&o.w, 0x06000024);
	}
	wr_set16(&o.w, proposal + 2, o.w.n - proposal);
	pld_close(&o, payload);
	save(dir, "ike_inner", "crowded", odd, head, 2, msg_end(&o));
}

int
main(int argc, char **argv)
{
	static struct sample s;

	if (argc != 2) {
		fprintf(stderr, "usage: make_ike_corpus DIR\n");
		return 2;
	}
	save_crowded(argv[1], false);
	save_crowded(argv[1], true);
	save_certs(argv[1], false);
	save_certs(argv[1], true);
	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		uint8_t head[2];

		sample_full(&s, (enum msg_kind)k);
		head[0] = s.first;
		head[1] = (uint8_t)(s.hdr.exchange | (s.hdr.response ? 0x80 : 0));
		if (s.sealed) {
			save(argv[1], "ike_inner", "full", k, head, 2, bytes_of(s.b, s.n));
			save_sealed(argv[1], &s, k);
			if (k == KIND_AUTH_REQ)
				save_fragments(argv[1], &s, k);
		} else {
			save(argv[1], "ike", "full", k, "", 0, bytes_of(s.b, s.n));
		}
	}
	return 0;
}
