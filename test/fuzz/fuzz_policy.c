/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policies of ipsec_set_policy(3). First octet even: a text. What is taken is printed, and what was printed is the same policy, octet for
 * octet. Odd: the octets of a policy, as a program or its socket has them: what the engine takes the library can read, and
 * both read the same.
 */
#include <stdlib.h>
#include <string.h>

#include "causeway/ipsec.h"
#include "fuzz_core.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* The engine's reading of it: none, or the number of requests, direction and type that it says of itself. */
static bool
engine_takes(const char *policy, size_t n)
{
	struct sadb_x_policy x;
	struct cw_policy own;

	if (n < sizeof(x) || cw_policy_read((const uint8_t *)policy, n, &own) != 0)
		return false;
	memcpy(&x, policy, sizeof(x));
	if (x.sadb_x_policy_exttype != SADB_X_EXT_POLICY)
		return false;	/* a socket's, where the engine does not look at it; the library does */
	must(own.dir == x.sadb_x_policy_dir && own.type == x.sadb_x_policy_type && own.nreq <= CW_REQUESTS_MAX && (own.nreq > 0) == (own.type == CW_POLICY_IPSEC));
	return true;
}

static void
again(const char *policy, const char *text, bool same)
{
	char *back = ipsec_set_policy(text, (int)strlen(text)), *twice;

	must(back || !same);
	if (!back)
		return;
	must(!same || (ipsec_get_policylen(back) == ipsec_get_policylen((char *)(uintptr_t)policy) && memcmp(back, policy, (size_t)ipsec_get_policylen(back)) == 0));
	twice = ipsec_dump_policy(back, NULL);
	must(twice && strcmp(twice, text) == 0);
	free(twice);
	free(back);
}

static void
one_text(const uint8_t *p, size_t n)
{
	char *exact = malloc(n ? n : 1), *policy, *text;
	int len;

	must(exact != NULL);
	memcpy(exact, p, n);
	policy = ipsec_set_policy(exact, (int)n);
	must(ipsec_strerror()[0] != '\0' && (policy != NULL) == (strcmp(ipsec_strerror(), "Success") == 0));
	if (policy) {
		len = ipsec_get_policylen(policy);
		must(len >= (int)sizeof(struct sadb_x_policy));
		engine_takes(policy, (size_t)len);
		text = ipsec_dump_policy(policy, NULL);
		must(text != NULL);
		again(policy, text, true);
		free(text);
		text = ipsec_dump_policy(policy, "\n  ");
		must(text != NULL);
		free(text);
	}
	free(policy);
	free(exact);
}

static void
octets(const uint8_t *p, size_t n)
{
	char *exact, *text;
	uint16_t words;
	bool engine;

	if (n < sizeof(words))
		return;
	memcpy(&words, p, sizeof(words));
	if (words * 8u > n)	/* whose memory it is has as many octets as it says */
		return;
	n = words * 8u < sizeof(words) ? sizeof(words) : words * 8u;
	exact = malloc(n);
	must(exact != NULL);
	memcpy(exact, p, n);
	engine = engine_takes(exact, n);
	text = ipsec_dump_policy(exact, NULL);
	must(text || !engine);
	if (text)
		again(exact, text, false);
	free(text);
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1 || n > 65536)
		return 0;
	if (p[0] % 2)
		octets(p + 1, n - 1);
	else
		one_text(p + 1, n - 1);
	return 0;
}
