/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IKE datagram before decryption: header, chain up to SK, payload rules; and what a wrong key makes of its SK payload. What was
 * accepted is written again and must read the same.
 */
#include <stdlib.h>

#include "../unit/ike_samples.h"
#include "wire/sk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_again(const struct msg *m)
{
	static uint8_t buf[MSG_MAX];
	static struct msg again;
	struct msg_out o;
	struct bytes out;

	if ((msg_has(m, PLD_TSI) && m->tsi.n == 0) || (msg_has(m, PLD_TSR) && m->tsr.n == 0))
		return;		/* nothing that we could ask for */
	msg_begin(&o, buf, sizeof(buf), &m->hdr);
	sample_again(&o, m);
	out = msg_end(&o);
	if (out.n > 0 && (msg_get_outer(out, &again) != WE_OK || !sample_same(m, &again)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct { uint16_t encr, bits, integ, ne, na; } suites[] = {
		{ ENCR_AES_GCM_16, 128, INTEG_NONE, 20, 0 }, { ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128, 32, 32 } };
	static const uint8_t zero[64];
	static struct msg m;
	static uint8_t buf[MSG_MAX];
	enum msg_kind kind;
	char text[WERR_STR];
	enum werr e = msg_get_outer(bytes_of(p, n), &m);

	werr_str(e, m.bad, text);
	if (e != WE_OK)
		return 0;
	rules_check(ike_rules, ike_nrules, &m, &kind);
	for (unsigned i = 0; i < 2 && (msg_has(&m, PLD_SK) || m.frags); i++) {
		const struct suite s = { .encr = suites[i].encr, .key_bits = suites[i].bits, .integ = suites[i].integ };
		struct sk_key k = { 0 };
		struct bytes plain;

		if (!sk_key_set(&k, &s, bytes_of(zero, suites[i].ne), bytes_of(zero, suites[i].na)))
			abort();
		if (sk_open(&k, &m, buf, sizeof(buf), &plain) == WE_OK && msg_get_inner(&m, plain) == WE_OK)
			rules_check(ike_rules, ike_nrules, &m, &kind);
		sk_key_wipe(&k);
	}
	if (!msg_has(&m, PLD_SK) && !m.frags)
		check_again(&m);
	return 0;
}
