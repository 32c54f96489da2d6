/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcurl gives an LDAP answer as text: "DN: ...", then a line with a tab, the attribute's name and ":: " and base64 for each value.
 * RFC 4523 2.3: a list is the value of certificateRevocationList, authorityRevocationList or deltaRevocationList.
 */
#include <openssl/evp.h>
#include <strings.h>

#include "fetch.h"

static bool
is_list(const char *name, size_t n)
{
	static const char *const names[] = { "certificateRevocationList", "authorityRevocationList", "deltaRevocationList" };

	for (unsigned i = 0; i < 3; i++) {
		size_t len = strlen(names[i]);

		if (n >= len && strncasecmp(name, names[i], len) == 0 &&
		    (n == len || (n == len + 7 && strncasecmp(name + len, ";binary", 7) == 0)))
			return true;
	}
	return false;
}

/* Every four characters make up to three octets, so out is never longer than in. */
static size_t
base64(const char *p, size_t n, uint8_t *out)
{
	size_t pad = 0;
	int got;

	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == ' '))
		n--;
	while (pad < n && pad < 2 && p[n - 1 - pad] == '=')
		pad++;
	if (n == 0 || n % 4 != 0 || memchr(p, '=', n - pad) || n > FETCH_MAX * 2u)
		return 0;
	got = EVP_DecodeBlock(out, (const unsigned char *)p, (int)n);
	return got < 0 || (size_t)got < pad ? 0 : (size_t)got - pad;
}

size_t
ldif_crl(struct bytes in, uint8_t *out)
{
	const char *p = (const char *)in.p, *end = p + in.n;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end, *colon;
		size_t n;

		if (*p == '\t')
			p++;
		colon = memchr(p, ':', (size_t)(stop - p));
		if (colon && stop - colon > 3 && colon[1] == ':' && colon[2] == ' ' && is_list(p, (size_t)(colon - p)) &&
		    (n = base64(colon + 3, (size_t)(stop - colon - 3), out)) > 0)
			return n;
		p = nl ? nl + 1 : end;
	}
	return 0;
}
