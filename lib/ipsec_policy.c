/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The codec writes and reads whole messages: a policy is one between a header and the end. */
#include <stdio.h>
#include <stdlib.h>

#include "causeway/ipsec.h"
#include "ipsec_in.h"
#include "poltext.h"

#define HEADER	sizeof(struct sadb_msg)

static _Thread_local char last_error[160] = "Success";

void *
ipsec_in_fail(const char *text)
{
	snprintf(last_error, sizeof(last_error), "%s", text);
	return NULL;
}
#define fail	ipsec_in_fail

const char *
ipsec_strerror(void)
{
	return last_error;
}

char *
ipsec_set_policy(const char *text, int len)
{
	uint8_t buf[2048];
	struct wr w = wr_of(buf, sizeof(buf));
	struct poltext_error e;
	struct pfkey_msg *m;
	char *out = NULL;

	if (!text || len < 0)
		return fail("Invalid argument");
	m = malloc(sizeof(*m));
	if (!m)
		return fail("No buffers available");
	pfkey_msg_init(m, 0, 0);
	m->has = PFKEY_HAS(SADB_X_EXT_POLICY);
	if (!poltext_parse(bytes_of(text, strnlen(text, (size_t)len)), &m->policy, &e))
		fail(e.text);
	else if (m->policy.type == POLTEXT_DIR_ONLY)
		fail("Too few arguments");
	else if (!pfkey_put(&w, m) || (out = malloc(w.n - HEADER)) == NULL)
		fail("No buffers available");
	else {
		memcpy(out, buf + HEADER, w.n - HEADER);
		fail("Success");
	}
	free(m);
	return out;
}

int
ipsec_get_policylen(char *policy)
{
	uint16_t words;

	if (!policy)
		return -1;
	memcpy(&words, policy, sizeof(words));
	return words * 8;
}

bool
ipsec_in_read(const char *policy, struct pfkey_msg *m)
{
	int n = ipsec_get_policylen((char *)(uintptr_t)policy);
	struct sadb_msg h = { .sadb_msg_version = PF_KEY_V2, .sadb_msg_len = (uint16_t)((HEADER + (size_t)n) / 8) };
	uint8_t *octets = n >= 16 && n <= 4096 ? malloc(HEADER + (size_t)n) : NULL;
	bool ok = false;

	if (octets) {
		memcpy(octets, &h, HEADER);
		memcpy(octets + HEADER, policy, (size_t)n);
		ok = pfkey_get(bytes_of(octets, HEADER + (size_t)n), m, NULL) && (m->has & PFKEY_HAS(SADB_X_EXT_POLICY));
	}
	free(octets);
	return ok;
}

char *
ipsec_dump_policy(char *policy, char *delim)
{
	size_t cap = 256 + PFKEY_REQUESTS * (160 + (delim ? strlen(delim) : 1));
	struct pfkey_msg *m = malloc(sizeof(*m));
	char *text = malloc(cap);
	bool ok = m && text && ipsec_in_read(policy, m) && poltext_print(&m->policy, delim, false, text, cap);

	fail(ok ? "Success" : "Invalid security policy");
	free(m);
	if (!ok) {
		free(text);
		return NULL;
	}
	return text;
}
