/* SPDX-License-Identifier: BSD-2-Clause */
/* spdsync/pcapng.c: its octets, read by another reader (here, and tcpdump's in test_capture), its bounds, and what does not fit. */
#include <stdlib.h>

#include "pcapng.h"
#include "test.h"

struct option { uint16_t code, len; const uint8_t *p; };
struct block { uint32_t type; const uint8_t *body; size_t n; };

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The i'th block of a file; false: there is none. A block whose two lengths differ fails the test. */
static bool
block(const struct wr *w, unsigned i, struct block *b)
{
	size_t at = 0;

	for (;;) {
		uint32_t len;

		if (at == w->n)
			return false;
		assert_true(w->n - at >= 12);
		len = le32(w->p + at + 4);
		assert_true(len % 4 == 0 && len >= 12 && len <= w->n - at);
		assert_int_equal(le32(w->p + at + len - 4), len);
		*b = (struct block){ le32(w->p + at), w->p + at + 8, len - 12 };
		if (i-- == 0)
			return true;
		at += len;
	}
}

/* An option behind the fixed part; p NULL: it is not there. The list must end as it should. */
static struct option
option(const struct block *b, size_t fixed, uint16_t code)
{
	struct option found = { 0 };
	size_t at = fixed;

	for (;;) {
		uint16_t c, len;

		assert_true(b->n - at >= 4);
		c = (uint16_t)(b->body[at] | b->body[at + 1] << 8);
		len = (uint16_t)(b->body[at + 2] | b->body[at + 3] << 8);
		at += 4;
		if (c == 0) {
			assert_int_equal(len, 0);
			assert_int_equal(at, b->n);
			return found;
		}
		assert_true((size_t)(len + 3) / 4 * 4 <= b->n - at);
		for (size_t k = len; k % 4; k++)
			assert_int_equal(b->body[at + k], 0);
		if (c == code)
			found = (struct option){ c, len, b->body + at };
		at += (size_t)(len + 3) / 4 * 4;
	}
}

static void
is_text(struct option o, const char *text)
{
	assert_non_null(o.p);
	assert_int_equal(o.len, strlen(text));
	assert_memory_equal(o.p, text, o.len);
}

static void
head(void **state)
{
	uint8_t buf[PCAPNG_BEGIN_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct block b;

	assert_true(pcapng_begin(&w, "Causeway 0.1", "tokyo-newyork", "both", 1500));
	assert_true(block(&w, 0, &b));
	assert_int_equal(b.type, 0x0A0D0D0A);
	assert_int_equal(le32(b.body), 0x1A2B3C4D);
	assert_memory_equal(b.body + 4, "\1\0\0\0\377\377\377\377\377\377\377\377", 12);
	is_text(option(&b, 16, 4), "Causeway 0.1");
	assert_true(block(&w, 1, &b));
	assert_int_equal(b.type, 1);
	assert_memory_equal(b.body, "\145\0\0\0\334\5\0\0", 8);		/* LINKTYPE_RAW, 1500 */
	is_text(option(&b, 8, 2), "tokyo-newyork");
	is_text(option(&b, 8, 3), "both");
	is_text(option(&b, 8, 9), "\11");
	assert_false(block(&w, 2, &b));
}

static void
packets(void **state)
{
	uint8_t buf[4096], body[70];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pcapng_packet p = { .when_ns = 0x0102030405060708, .inbound = true, .comment = "child net, SPI 0x00001000" };
	struct block b;

	memset(body, 0x5a, sizeof(body));
	for (unsigned n = 60; n < 68; n++) {	/* every padding */
		w.n = 0;
		p.octets = bytes_of(body, n);
		p.whole = n + 9;
		assert_true(pcapng_packet(&w, &p));
		assert_true(w.n <= PCAPNG_PACKET_MAX(n));
		assert_true(block(&w, 0, &b));
		assert_int_equal(b.type, 6);
		assert_int_equal(le32(b.body), 0);
		assert_int_equal(le32(b.body + 4), 0x01020304);
		assert_int_equal(le32(b.body + 8), 0x05060708);
		assert_int_equal(le32(b.body + 12), n);
		assert_int_equal(le32(b.body + 16), n + 9);
		assert_memory_equal(b.body + 20, body, n);
		is_text(option(&b, 20 + (n + 3) / 4 * 4, 1), "child net, SPI 0x00001000");
		assert_memory_equal(option(&b, 20 + (n + 3) / 4 * 4, 2).p, "\1\0\0\0", 4);
		assert_null(option(&b, 20 + (n + 3) / 4 * 4, 4).p);
	}
	w.n = 0;
	p.inbound = false;
	p.lost = 0x1234;
	p.comment = "";
	p.octets = bytes_of(body, 64);
	assert_true(pcapng_packet(&w, &p) && block(&w, 0, &b));
	assert_memory_equal(option(&b, 84, 2).p, "\2\0\0\0", 4);
	assert_memory_equal(option(&b, 84, 4).p, "\64\22\0\0\0\0\0\0", 8);
	assert_null(option(&b, 84, 1).p);
}

static void
statistics(void **state)
{
	uint8_t buf[256];
	struct wr w = wr_of(buf, sizeof(buf));
	struct block b;

	assert_true(pcapng_end(&w, 7, 10, 3) && block(&w, 0, &b));
	assert_int_equal(b.type, 5);
	assert_memory_equal(option(&b, 12, 4).p, "\15\0\0\0\0\0\0\0", 8);
	assert_memory_equal(option(&b, 12, 5).p, "\3\0\0\0\0\0\0\0", 8);
}

/* What is too long for an option is cut, and between two characters. */
static void
long_texts(void **state)
{
	char text[2 * PCAPNG_TEXT_MAX];
	uint8_t buf[PCAPNG_BEGIN_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct block b;

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_true(pcapng_begin(&w, text, text, text, 1));
	assert_true(block(&w, 1, &b));
	assert_int_equal(option(&b, 8, 2).len, PCAPNG_TEXT_MAX);
	memcpy(text + PCAPNG_TEXT_MAX - 1, "\xe2\x82\xac", 3);
	w.n = 0;
	assert_true(pcapng_begin(&w, text, text, text, 1) && block(&w, 1, &b));
	assert_int_equal(option(&b, 8, 2).len, PCAPNG_TEXT_MAX - 1);
}

/* In a buffer of every size that is too small: no, and nothing behind it is touched (the sanitizers look). */
static void
no_room(void **state)
{
	uint8_t whole[PCAPNG_PACKET_MAX(40)];
	struct pcapng_packet p = { .when_ns = 1, .octets = bytes_of("0123456789012345678901234567890123456789", 40), .whole = 40, .lost = 1, .comment = "c" };
	struct wr w = wr_of(whole, sizeof(whole));
	size_t n, begin, end;

	assert_true(pcapng_end(&w, 1, 1, 1));
	end = w.n;
	w.n = 0;
	assert_true(pcapng_begin(&w, "p", "i", "d", 1));
	begin = w.n;
	w.n = 0;
	assert_true(pcapng_packet(&w, &p));
	n = w.n;
	for (size_t k = 0; k < n; k++) {
		uint8_t *part = malloc(k ? k : 1);
		struct wr small = wr_of(part, k);

		assert_false(pcapng_packet(&small, &p));
		assert_int_equal(wr_bytes(&small).n, 0);
		small = wr_of(part, k);
		assert_int_equal(pcapng_begin(&small, "p", "i", "d", 1), k >= begin);
		small = wr_of(part, k);
		assert_int_equal(pcapng_end(&small, 1, 1, 1), k >= end);
		free(part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head), cmocka_unit_test(packets), cmocka_unit_test(statistics), cmocka_unit_test(long_texts), cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
