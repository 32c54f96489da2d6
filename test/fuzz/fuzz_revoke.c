/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr-fetch brings, as keymgr takes it: an octet says whether it is a list, an answer of OCSP, or distribution points. Before it a
 * good list is known that revokes certificate 7: whatever comes, that stays revoked unless a newer list of the CA itself says otherwise,
 * and what was refused says why.
 */
#include <stdlib.h>

#include "der.h"
#include "log.h"
#include "revoke_ca.h"
#include "source_in.h"
#include "verdict.h"

#define NOW	1800000000

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static EVP_PKEY *key;
static X509 *ca;

static uint64_t
now(void)
{
	return NOW;
}

/* Each entry of a list that was taken is found again. */
static void
look_up_all(const struct crl *c)
{
	struct rd r = rd_of(c->entries);
	struct crl_entry e;

	for (int i = 0; i < 100 && rd_left(&r) > 0; i++) {
		struct rd entry = rd_of(der_get(&r, DER_SEQUENCE));

		if (!crl_find(c, der_get(&entry, DER_INTEGER), &e))
			abort();
		crl_why_name(e.why);
	}
}

static void
points(struct bytes in)
{
	struct distpoint v[DISTPOINTS];
	unsigned n = distpoint_read(in, v);
	char url[TRUST_URL];

	for (unsigned i = 0; i < n; i++) {
		struct rd names = rd_of(v[i].names);

		while (distpoint_url(&names, url))
			distpoint_has(v[i].names, url);
	}
}

static void
arrives(struct bytes in, bool list)
{
	struct sources all;
	struct subject s = { .serial = { 7 }, .nserial = 1 };
	struct source *src;
	struct verdict v;
	uint8_t q[512];

	if (!sources_init(&all, NULL, "", now, 300) || (s.issuer = issuer_get(&all, ca)) == NULL)
		abort();
	src = list ? source_list(&all, "http://ca/list", false, "a") : source_ocsp(&all, "http://ca/ocsp", false, "a", s.issuer, bytes_of(s.serial, 1));
	subject_add(&s, src, true);
	source_arrived(src, R_OK, "", in);
	if ((src->reason == R_OK) != (src->list.der || src->answer_der.n) || (src->reason != R_OK && src->detail[0] == '\0'))
		abort();
	if (!list && ocsp_request(ca, bytes_of(in.p, in.n < SOURCE_SERIAL ? in.n : SOURCE_SERIAL), bytes_of(s.serial, 1), q, sizeof(q)) > sizeof(q))
		abort();
	if (src->list.der) {
		look_up_all(&src->list);
		source_arrived(src, R_OK, "", in);	/* the same again is no older one */
		if (src->reason != R_OK)
			abort();
	}
	verdict_of(&s, NOW, &v);
	if (v.status != STATUS_GOOD && v.detail[0] == '\0')
		abort();
	for (unsigned i = 0; i < s.n; i++)
		source_put(s.src[i]);
	issuer_put(&all, s.issuer);
	sources_fini(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (key == NULL) {
		log_set_level(LOG_ERROR);
		key = revoke_ca_key();
		ca = revoke_ca_cert(key);
	}
	if (n == 0)
		return 0;
	if (p[0] == 'd')
		points(bytes_of(p + 1, n - 1));
	else
		arrives(bytes_of(p + 1, n - 1), p[0] == 'l');
	return 0;
}
