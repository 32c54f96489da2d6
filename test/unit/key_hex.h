/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets written as hexadecimal text in tests of keymgr. */
#ifndef KEY_HEX_H
#define KEY_HEX_H

#include "bytes.h"
#include "test.h"

struct hex {
	size_t	n;
	uint8_t	b[1024];
};

static inline struct hex
hex(const char *s)
{
	struct hex h = { 0 };

	for (unsigned v; *s; s += 2) {
		assert_int_equal(sscanf(s, "%2x", &v), 1);
		assert_true(h.n < sizeof(h.b));
		h.b[h.n++] = (uint8_t)v;
	}
	return h;
}

static inline struct bytes
hex_bytes(const struct hex *h)
{
	return bytes_of(h->b, h->n);
}

#define assert_hex(b_, s_) do { \
	struct hex want_ = hex(s_); \
	struct bytes have_ = (b_); \
	assert_int_equal(have_.n, want_.n); \
	assert_memory_equal(have_.p, want_.b, want_.n); \
} while (0)

#endif
