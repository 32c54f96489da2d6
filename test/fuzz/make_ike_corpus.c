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

int
main(int argc, char **argv)
{
	static struct sample s;

	if (argc != 2) {
		fprintf(stderr, "usage: make_ike_corpus DIR\n");
		return 2;
	}
	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		uint8_t head[2];

		sample_full(&s, (enum msg_kind)k);
		head[0] = s.first;
		head[1] = (uint8_t)(s.hdr.exchange | (s.hdr.response ? 0x80 : 0));
		if (s.sealed) {
			save(argv[1], "ike_inner", "full", k, head, 2, bytes_of(s.b, s.n));
			save_sealed(argv[1], &s, k);
		} else {
			save(argv[1], "ike", "full", k, "", 0, bytes_of(s.b, s.n));
		}
	}
	return 0;
}
