/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "comp.h"

/* Raw streams without zlib's header. Linux expands with a window of 2^11 octets and nothing larger, so nothing larger is sent. */
#define WINDOW_OUT	(-11)
#define WINDOW_IN	(-15)

struct comp {
	z_stream	out, in;
	bool		has_out, has_in, large;
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What n octets may expand to. */
static size_t
bound(size_t n)
{
	return n > CW_COMP_FLOOR / CW_COMP_RATIO ? n * CW_COMP_RATIO : CW_COMP_FLOOR;
}

struct comp *
comp_new(void)
{
	struct comp *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->has_out = deflateInit2(&c->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_OUT, 8, Z_DEFAULT_STRATEGY) == Z_OK;
	c->has_in = inflateInit2(&c->in, WINDOW_IN) == Z_OK;
	if (!c->has_out || !c->has_in) {
		comp_free(c);
		return NULL;
	}
	return c;
}

void
comp_free(struct comp *c)
{
	if (c == NULL)
		return;
	if (c->has_out)
		deflateEnd(&c->out);
	if (c->has_in)
		inflateEnd(&c->in);
	free(c);
}

static void
feed(z_stream *z, const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	z->next_in = (uint8_t *)in;	/* zlib does not write there */
	z->avail_in = (uInt)n;
	z->next_out = out;
	z->avail_out = (uInt)cap;
}

size_t
comp_shrink(struct comp *c, const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	size_t made;

	if (n <= CW_COMP_HEADER + 1 || n > UINT16_MAX || deflateReset(&c->out) != Z_OK)
		return 0;
	feed(&c->out, in, n, out, least(cap, n - CW_COMP_HEADER - 1));
	if (deflate(&c->out, Z_FINISH) != Z_STREAM_END)
		return 0;
	made = c->out.total_out;
	return n <= bound(made) ? made : 0;
}

size_t
comp_expand(struct comp *c, const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	int end;

	c->large = false;
	if (n == 0 || n > UINT16_MAX || inflateReset(&c->in) != Z_OK)
		return 0;
	feed(&c->in, in, n, out, least(least(cap, bound(n)), UINT16_MAX));
	end = inflate(&c->in, Z_FINISH);
	if (end == Z_STREAM_END && c->in.avail_in == 0)
		return c->in.total_out;
	c->large = end == Z_BUF_ERROR && c->in.avail_out == 0;
	return 0;
}

bool
comp_was_large(const struct comp *c)
{
	return c->large;
}
