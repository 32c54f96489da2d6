/* SPDX-License-Identifier: BSD-2-Clause */
#include <strings.h>

#include "fetch.h"

static const struct { const char *prefix; enum scheme scheme; } schemes[] = {
	{ "http://", SCHEME_HTTP }, { "https://", SCHEME_HTTPS }, { "file:///", SCHEME_FILE }, { "ldap://", SCHEME_LDAP },
};

enum scheme
url_read(const char *url, char host[static FETCH_HOST])
{
	const char *p, *at;
	size_t n;

	host[0] = '\0';
	for (p = url; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '\\')	/* RFC 3986: what is not ASCII is escaped */
			return SCHEME_NONE;
	for (unsigned i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i].prefix);
		if (strncasecmp(url, schemes[i].prefix, n) != 0)
			continue;
		if (schemes[i].scheme == SCHEME_FILE)
			return SCHEME_FILE;
		p = url + n;
		n = strcspn(p, "/?#");
		at = memchr(p, '@', n);
		if (at)		/* a user's name and password are nothing that a revocation list needs */
			return SCHEME_NONE;
		if (n == 0 || n >= FETCH_HOST)
			return SCHEME_NONE;
		memcpy(host, p, n);
		host[n] = '\0';
		return schemes[i].scheme;
	}
	return SCHEME_NONE;
}

const char *
url_file(const char *url, const char *dir)
{
	const char *path = url + strlen("file://");
	size_t n = strlen(dir);

	if (n == 0 || strncmp(path, dir, n) != 0 || path[n] != '/')
		return NULL;
	path += n + 1;
	return path[0] == '\0' || path[0] == '.' || strpbrk(path, "/%?#") ? NULL : path;
}
