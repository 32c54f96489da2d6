/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of other makers: the first octet picks the format, a line "%%" begins the next file of it. Whatever the octets are, what is written
 * is a site file that the parser of site files takes whole, or nothing is and a note says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "site.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok, const char *what, const char *text, const char *more)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_import: %s: %s\n%s\n", what, more, text);
	abort();
}

/* The part of the text before the next "%%" line, which is then behind it. */
static struct bytes
part(struct bytes *rest)
{
	static const char mark[] = "\n%%\n";
	struct bytes head = *rest;

	for (size_t i = 0; i + sizeof(mark) - 1 <= rest->n; i++)
		if (memcmp(rest->p + i, mark, sizeof(mark) - 1) == 0) {
			head.n = i + 1;
			*rest = bytes_of(rest->p + i + sizeof(mark) - 1, rest->n - i - (sizeof(mark) - 1));
			return head;
		}
	*rest = bytes_of(rest->p, 0);
	return head;
}

static void
decode(struct imp *m, char format, struct bytes rest)
{
	struct bytes one = part(&rest), two = part(&rest);

	m->file = "first";
	if (format == 's')
		imp_swanctl(m, (const char *)one.p, one.n);
	else if (format == 'k')
		imp_ikedconf(m, (const char *)one.p, one.n);
	else if (format == 'i') {
		imp_ipsecconf(m, (const char *)one.p, one.n);
		imp_ipsecsecrets(m, (const char *)two.p, two.n);
	} else {
		imp_setkey(m, (const char *)one.p, one.n);
		imp_racoon(m, (const char *)two.p, two.n);
		imp_psktxt(m, (const char *)rest.p, rest.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct imp *m = n ? imp_new() : NULL;
	char *text = NULL, secret[2 * SECRET_CAP + 8];
	struct yt_error err;
	struct sites *s;
	size_t len;
	FILE *f;

	if (!m)
		return 0;
	decode(m, (char)data[0], bytes_of(data + 1, n - 1));
	f = open_memstream(&text, &len);
	if (f && imp_emit(m, f)) {
		fclose(f);
		s = sites_read(text, len, false, &err);
		must(s != NULL, "the site file is refused", text, err.message);
		must(s->ntunnels > 0, "the site file has no tunnel", text, "");
		sites_free(s);
	} else if (f) {
		fclose(f);
		must(m->nconns == 0 || m->notes || m->no_memory, "nothing was written, and nobody says why", "", "");
	}
	for (const struct imp_secret *x = m->secrets; x; x = x->next)
		must(imp_secret_file(&x->secret, secret, sizeof(secret)) > 0, "a secret that cannot be written", "", "");
	free(text);
	imp_free(m);
	return 0;
}
