/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caindex.h"

#define MAGIC	"causeway-ca 1"

/* Decoding: a field is what stands before the next tab, a line what stands before the next newline. */

static struct bytes
cut(struct rd *r, uint8_t at, bool *found)
{
	size_t n = rd_left(r);
	const uint8_t *p = n ? memchr(r->p, at, n) : NULL;
	struct bytes b = rd_bytes(r, p ? (size_t)(p - r->p) : n);

	*found = p != NULL;
	if (p)
		rd_u8(r);
	return b;
}

static struct bytes
field(struct rd *line)
{
	bool more;

	return cut(line, '\t', &more);
}

static void
text(struct rd *line, char *buf, size_t cap)
{
	struct bytes b = field(line);

	memset(buf, 0, cap);
	if (b.n >= cap || (b.n && memchr(b.p, 0, b.n)))
		rd_fail(line);
	else if (b.n)
		memcpy(buf, b.p, b.n);
}

static uint64_t
number(struct rd *line, uint64_t max)
{
	struct bytes b = field(line);
	uint64_t v = 0;

	if (b.n == 0 || b.n > 18)
		rd_fail(line);
	for (size_t i = 0; i < b.n && rd_ok(line); i++) {
		if (b.p[i] < '0' || b.p[i] > '9')
			rd_fail(line);
		v = v * 10 + (uint64_t)(b.p[i] - '0');
	}
	if (v > max)
		rd_fail(line);
	return rd_ok(line) ? v : 0;
}

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_serial(const char *s)
{
	for (size_t i = 0; s[i]; i++)
		if (hex_digit((uint8_t)s[i]) < 0)
			return false;
	return s[0] != '\0';
}

static unsigned
hex(struct rd *line, uint8_t *buf, size_t cap)
{
	struct bytes b = field(line);

	if (b.n % 2 || b.n / 2 > cap) {
		rd_fail(line);
		return 0;
	}
	for (size_t i = 0; i < b.n; i += 2) {
		int hi = hex_digit(b.p[i]), lo = hex_digit(b.p[i + 1]);

		if (hi < 0 || lo < 0) {
			rd_fail(line);
			return 0;
		}
		buf[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return (unsigned)(b.n / 2);
}

static bool
row_get(struct rd *line, struct caindex *ix)
{
	char ids[CERT_IDS][ID_CAP];
	uint8_t key[CAINDEX_KEY];
	struct caindex_row row = { .key = key, .ids = ids };

	text(line, row.serial, sizeof(row.serial));
	row.not_after = number(line, UINT64_MAX);
	row.revoked = number(line, UINT64_MAX);
	row.why = (uint8_t)number(line, 10);
	text(line, row.site, sizeof(row.site));
	row.nkey = hex(line, key, sizeof(key));
	while (rd_left(line) && row.nids < CERT_IDS) {
		text(line, ids[row.nids], ID_CAP);
		if (ids[row.nids++][0] == '\0')
			rd_fail(line);
	}
	return rd_done(line) && is_serial(row.serial) && name_ok(row.site) && caindex_add(ix, &row);
}

static bool
line_get(struct rd *line, struct caindex *ix)
{
	char what[16];

	text(line, what, sizeof(what));
	if (strcmp(what, "cert") == 0)
		return row_get(line, ix);
	if (strcmp(what, "crl-number") == 0)
		ix->crl_number = number(line, UINT64_MAX);
	else if (strcmp(what, "crl-days") == 0)
		ix->crl_days = (uint32_t)number(line, CERT_DAYS_MAX);
	else if (strcmp(what, "crl-url") == 0)
		text(line, ix->crl_url, sizeof(ix->crl_url));
	else
		return false;
	return rd_done(line);
}

bool
caindex_decode(struct bytes in, struct caindex *ix, unsigned *line)
{
	struct rd r = rd_of(in);
	bool whole = true;

	memset(ix, 0, sizeof(*ix));
	for (*line = 1; rd_left(&r) && whole; ++*line) {
		struct bytes b = cut(&r, '\n', &whole);
		struct rd l = rd_of(b);

		/* The last line has its newline too: one that was cut says less than was written. */
		if (!whole || (*line == 1 ? !bytes_eq(b, bytes_of(MAGIC, strlen(MAGIC))) : !line_get(&l, ix))) {
			caindex_free(ix);
			return false;
		}
	}
	return *line > 1;
}

/* Encoding */

static void
row_put(FILE *f, const struct caindex_row *row)
{
	fprintf(f, "cert\t%s\t%" PRIu64 "\t%" PRIu64 "\t%u\t%s\t", row->serial, row->not_after, row->revoked, row->why, row->site);
	for (unsigned i = 0; i < row->nkey; i++)
		fprintf(f, "%02x", row->key[i]);
	for (unsigned i = 0; i < row->nids; i++)
		fprintf(f, "\t%s", row->ids[i]);
	fputc('\n', f);
}

uint8_t *
caindex_encode(const struct caindex *ix, uint64_t now, size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);
	bool ok;

	if (f == NULL)
		return NULL;
	fprintf(f, "%s\ncrl-number\t%" PRIu64 "\ncrl-days\t%u\n", MAGIC, ix->crl_number, ix->crl_days);
	if (ix->crl_url[0])
		fprintf(f, "crl-url\t%s\n", ix->crl_url);
	for (unsigned i = 0; i < ix->n; i++)
		if (ix->row[i].not_after + CAINDEX_KEEP_S >= now)
			row_put(f, &ix->row[i]);
	ok = !ferror(f);
	if (fclose(f) != 0 || !ok) {
		free(text);
		return NULL;
	}
	return (uint8_t *)text;
}

/* The list */

static void
row_free(struct caindex_row *row)
{
	free(row->key);
	free(row->ids);
}

void
caindex_free(struct caindex *ix)
{
	for (unsigned i = 0; i < ix->n; i++)
		row_free(&ix->row[i]);
	free(ix->row);
	memset(ix, 0, sizeof(*ix));
}

static void *
copy_of(const void *p, size_t n)
{
	void *c = malloc(n ? n : 1);

	if (c && n)
		memcpy(c, p, n);
	return c;
}

bool
caindex_add(struct caindex *ix, const struct caindex_row *row)
{
	struct caindex_row c = *row;

	if (ix->n >= CAINDEX_MAX)
		return false;
	if (ix->n == ix->cap) {
		unsigned cap = ix->cap ? ix->cap * 2 : 16;
		void *v = reallocarray(ix->row, cap, sizeof(*ix->row));

		if (v == NULL)
			return false;
		ix->row = v;
		ix->cap = cap;
	}
	c.key = copy_of(row->key, row->nkey);
	c.ids = copy_of(row->ids, row->nids * sizeof(*row->ids));
	if (c.key == NULL || c.ids == NULL) {
		row_free(&c);
		return false;
	}
	ix->row[ix->n++] = c;
	return true;
}

bool
caindex_issue(struct caindex *ix, const struct caindex_row *row)
{
	if (!caindex_add(ix, row))
		return false;
	for (unsigned i = 0; i + 1 < ix->n; i++)
		if (strcmp(ix->row[i].site, row->site) == 0)
			ix->row[i].nkey = 0;
	return true;
}

const struct caindex_row *
caindex_newest(const struct caindex *ix, const char *site)
{
	for (unsigned i = ix->n; i-- > 0;)
		if (strcmp(ix->row[i].site, site) == 0)
			return &ix->row[i];
	return NULL;
}
