/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, and what libcurl makes of an LDAP answer: neither comes from a friend. */
#include <stdlib.h>

#include "fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char url[FETCH_URL], host[FETCH_HOST];
	uint8_t *out = malloc(n + 1);
	const char *name;
	enum scheme s;
	size_t k = n < sizeof(url) - 1 ? n : sizeof(url) - 1;

	if (out == NULL)
		return 0;
	if (ldif_crl(bytes_of(p, n), out) > n)
		abort();
	free(out);
	memcpy(url, p, k);
	url[k] = '\0';
	s = url_read(url, host);
	if ((s == SCHEME_HTTP || s == SCHEME_HTTPS || s == SCHEME_LDAP) != (host[0] != '\0'))
		abort();
	if (s == SCHEME_FILE && (name = url_file(url, "/etc/causeway/crl")) != NULL && (strchr(name, '/') || name[0] == '.' || name[0] == '\0'))
		abort();
	return 0;
}
