/* SPDX-License-Identifier: BSD-2-Clause */
/* resolv.conf and hosts. Pure. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dns.h"

#define WORD	256

/* The next line without its comment; false: there is none. */
static bool
next_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *nl;
	size_t n;

	if (in->n == 0)
		return false;
	nl = memchr(in->p, '\n', in->n);
	n = nl ? (size_t)(nl - in->p) : in->n;
	*line = bytes_of(in->p, n);
	n += nl != NULL;
	*in = bytes_of(in->p + n, in->n - n);
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] == '#' || line->p[i] == ';')
			line->n = i;
	return true;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
next_word(struct bytes *line, char out[WORD])
{
	size_t at = 0, n;

	while (at < line->n && is_space(line->p[at]))
		at++;
	for (n = at; n < line->n && !is_space(line->p[n]); n++)
		;
	if (n == at)
		return false;
	snprintf(out, WORD, "%.*s", (int)(n - at < WORD ? n - at : WORD - 1), (const char *)line->p + at);
	*line = bytes_of(line->p + n, line->n - n);
	return true;
}

unsigned
dns_servers(struct bytes conf, struct addr out[static DNS_SERVERS])
{
	struct bytes line;
	char word[WORD];
	unsigned n = 0;

	while (n < DNS_SERVERS && next_line(&conf, &line))
		if (next_word(&line, word) && strcmp(word, "nameserver") == 0 && next_word(&line, word) && addr_parse(word, &out[n]))
			n++;
	return n;
}

unsigned
dns_hosts(struct bytes file, const char *host, struct addr out[static RESOLVE_ADDRS])
{
	struct bytes line;
	char word[WORD];
	unsigned n = 0;

	while (n < RESOLVE_ADDRS && next_line(&file, &line)) {
		struct addr a;

		if (!next_word(&line, word) || !addr_parse(word, &a) || addr_is_any(&a))
			continue;
		while (next_word(&line, word))
			if (strcasecmp(word, host) == 0) {
				out[n++] = a;
				break;
			}
	}
	return n;
}
