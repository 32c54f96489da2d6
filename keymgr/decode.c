/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of a secret's file to the secret: pure, no file is touched here. */
#include "store.h"

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
decode_hex(struct bytes in, struct wr *out)
{
	if (in.n % 2)
		return false;
	for (size_t i = 0; i < in.n; i += 2) {
		int hi = hex_digit(in.p[i]), lo = hex_digit(in.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		wr_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4, with its padding, and with zero bits under it (3.5): one secret has one text. */
static bool
decode_base64(struct bytes in, struct wr *out)
{
	if (in.n % 4)
		return false;
	for (size_t i = 0; i < in.n; i += 4) {
		unsigned pad = 0;
		uint32_t v = 0;

		if (i + 4 == in.n)
			pad = in.p[i + 3] != '=' ? 0 : in.p[i + 2] != '=' ? 1 : 2;
		for (unsigned k = 0; k < 4; k++) {
			int d = k < 4 - pad ? base64_digit(in.p[i + k]) : 0;

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
			return false;
		for (unsigned k = 0; k < 3 - pad; k++)
			wr_u8(out, (uint8_t)(v >> (16 - 8 * k)));
	}
	return true;
}

static bool
has_prefix(struct bytes *line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (line->n < n || memcmp(line->p, prefix, n) != 0)
		return false;
	line->p += n;
	line->n -= n;
	return true;
}

bool
store_hex(struct bytes hex, struct secret *s)
{
	struct wr w = wr_of(s->b, sizeof(s->b));
	bool ok = decode_hex(hex, &w) && wr_ok(&w) && w.n > 0;

	s->n = w.n;
	if (!ok)
		secret_wipe(s);
	return ok;
}

bool
store_decode(struct bytes file, struct secret *s)
{
	const uint8_t *nl = file.n ? memchr(file.p, '\n', file.n) : NULL;
	struct bytes line = bytes_of(file.p, nl ? (size_t)(nl - file.p) : file.n);
	struct wr w;
	bool ok = true;

	secret_wipe(s);
	w = wr_of(s->b, sizeof(s->b));
	if (has_prefix(&line, "hex:"))
		ok = decode_hex(line, &w);
	else if (has_prefix(&line, "base64:"))
		ok = decode_base64(line, &w);
	else
		wr_span(&w, line);
	s->n = w.n;
	if (ok && wr_ok(&w) && s->n > 0)
		return true;
	secret_wipe(s);
	return false;
}
