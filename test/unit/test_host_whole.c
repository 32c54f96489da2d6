/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that ipsecd sends with their own IP header: whole, or in pieces that the other end can put together again. sendmsg is the
 * test's: it takes what fits a device of 1500 octets.
 */
#include "test.h"

#include <errno.h>
#include <sys/socket.h>

#include "wire_buf.h"

#define DEVICE	1500u
#define PIECES	16u

static struct { uint8_t b[2048]; size_t n; } sent[PIECES];
static unsigned nsent, refused;
static uint8_t random_octet;

void
host_random(void *p, size_t n)
{
	memset(p, random_octet, n);
}

void
wire_errors(struct wire_sock *s)
{
	refused++;
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	size_t n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		n += m->msg_iov[i].iov_len;
	if (n > DEVICE) {
		errno = EMSGSIZE;
		return -1;
	}
	assert_true(nsent < PIECES);
	n = 0;
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		memcpy(sent[nsent].b + n, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
		n += m->msg_iov[i].iov_len;
	}
	sent[nsent++].n = n;
	return (ssize_t)n;
}

static unsigned
two(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* A packet of so much text behind its header, in a buffer of the test's. */
static struct cw_pkt
packet(uint8_t *buf, uint8_t fam, unsigned hlen, size_t n, uint16_t piece)
{
	struct cw_pkt p = { .buf = buf, .cap = 70000, .off = hlen, .len = (uint32_t)n };

	memset(buf, 0, hlen);
	buf[0] = fam == 4 ? (uint8_t)(0x40 | hlen / 4) : 0x60;
	buf[fam == 4 ? 9 : 6] = 17;
	for (size_t i = 0; i < n; i++)
		buf[hlen + i] = (uint8_t)(i * 7 + i / 256);
	p.outer = (struct cw_outer){ .hlen = (uint16_t)hlen, .piece = piece, .dst = { fam, { 20, 0, 0, 2 } }, .proto = 17 };
	nsent = refused = 0;
	return p;
}

/* RFC 791 3.2: what the pieces are put together to. 0: they are none of one packet. */
static size_t
together4(uint8_t *to)
{
	size_t whole = 0, have = 0;

	for (unsigned i = 0; i < nsent; i++) {
		const uint8_t *h = sent[i].b;
		size_t hlen = (h[0] & 15) * 4u, at = (two(h + 6) & 0x1fff) * 8u, n = sent[i].n - hlen;

		if (two(h + 4) != two(sent[0].b + 4) || memcmp(h + 9, sent[0].b + 9, 1) != 0 || (h[6] & 0x40))
			return 0;
		if (two(h + 6) & 0x2000)
			assert_int_equal(n % 8, 0);
		else
			whole = at + n;
		memcpy(to + at, h + hlen, n);
		have += n;
	}
	return have == whole ? whole : 0;
}

static void
pieces4(void **state)
{
	static const size_t sizes[] = { 1481, 1489, 2960, 4000, 16000 };
	static const unsigned paths[] = { 0, 1500, 1280, 1400, 576 };
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 4, .proto = IPPROTO_RAW };
	static uint8_t buf[70000], got[70000];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
			for (unsigned hlen = 20; hlen <= 60; hlen += 20) {
				struct cw_pkt p = packet(buf, 4, hlen, sizes[i], (uint16_t)paths[k]);

				if (sizes[i] / 520 >= PIECES && paths[k] == 576)
					continue;
				assert_int_equal(wire_whole(&s, &p), 0);
				assert_true(nsent > 1);
				for (unsigned j = 0; j < nsent; j++)
					assert_true(sent[j].n <= (paths[k] ? paths[k] : 1280));
				assert_int_equal(together4(got), sizes[i]);
				assert_memory_equal(got, buf + hlen, sizes[i]);
			}
}

/* RFC 791 3.1: of the options the first piece has all, the others those alone whose highest bit is set. */
static void
options4(void **state)
{
	static const struct { uint8_t n, b[40], nlater, later[40]; } rows[] = {
		/* record route; the same and a router alert; loose source routing behind a no operation */
		{ 8, { 7, 7, 4, 0, 0, 0, 0, 0 }, 0, { 0 } },
		{ 12, { 7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0 }, 4, { 0x94, 4, 0, 0 } },
		{ 8, { 1, 0x83, 7, 4, 20, 0, 0, 9 }, 8, { 0x83, 7, 4, 20, 0, 0, 9, 0 } },
		{ 40, { 0x82, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x44, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 4, 1, 2, 1, 0 }, 16,
		    { 0x82, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x88, 4, 1, 2, 0 } },
		/* behind the end of the list there is none; and none of these is an option: no length, one that ends behind the header, none at all */
		{ 8, { 0, 0x94, 4, 0, 0, 0, 0, 0 }, 0, { 0 } },
		{ 4, { 0x94, 0, 0, 0 }, 0, { 0 } }, { 4, { 0x94, 1, 0, 0 }, 0, { 0 } }, { 8, { 0x94, 4, 0, 0, 0x83, 7, 4, 0 }, 4, { 0x94, 4, 0, 0 } },
		{ 4, { 1, 1, 1, 0x94 }, 0, { 0 } },
	};
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 4, .proto = IPPROTO_RAW };
	static uint8_t buf[70000], got[70000];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cw_pkt p = packet(buf, 4, 20u + rows[i].n, 4000, 1500);

		memcpy(buf + 20, rows[i].b, rows[i].n);
		assert_int_equal(wire_whole(&s, &p), 0);
		assert_int_equal(together4(got), 4000);
		assert_memory_equal(got, buf + 20 + rows[i].n, 4000);
		assert_int_equal(sent[0].b[0], 0x45 + rows[i].n / 4);
		assert_memory_equal(sent[0].b + 20, rows[i].b, rows[i].n);
		for (unsigned k = 1; k < nsent; k++) {
			assert_int_equal(sent[k].b[0], 0x45 + rows[i].nlater / 4);
			assert_memory_equal(sent[k].b + 20, rows[i].later, rows[i].nlater);
		}
	}
}

/* One that the packet has stays; one that it has not is none that the last one had, and never zero (the system would choose another). */
static void
identification(void **state)
{
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 4, .proto = IPPROTO_RAW };
	static uint8_t buf[70000], got[70000];
	unsigned last = 0;

	random_octet = 0xff;	/* the next one is where it ends */
	for (unsigned i = 0; i < 70000; i++) {
		struct cw_pkt p = packet(buf, 4, 20, 3000, 1500);
		unsigned id;

		assert_int_equal(wire_whole(&s, &p), 0);
		id = two(sent[0].b + 4);
		assert_int_not_equal(id, 0);
		assert_int_not_equal(id, last);
		assert_int_equal(together4(got), 3000);
		last = id;
	}
	for (unsigned id = 1; id <= 0xffff; id += 0x101) {
		struct cw_pkt p = packet(buf, 4, 20, 3000, 1500);

		buf[4] = (uint8_t)(id >> 8);
		buf[5] = (uint8_t)id;
		assert_int_equal(wire_whole(&s, &p), 0);
		assert_int_equal(two(sent[0].b + 4), id);
		assert_int_equal(together4(got), 3000);
	}
}

/* A packet that is a piece itself is cut on. */
static void
piece_of_a_piece(void **state)
{
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 4, .proto = IPPROTO_RAW };
	static uint8_t buf[70000];
	struct cw_pkt p = packet(buf, 4, 20, 1480, 1280);

	buf[4] = 0x12;
	buf[6] = 0x20;
	buf[7] = 185;		/* at 1480, and more follow */
	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(nsent, 2);
	assert_int_equal(two(sent[0].b + 6), 0x2000 | 185);
	assert_int_equal(two(sent[1].b + 6), 0x2000 | (185 + 1256 / 8));
	p = packet(buf, 4, 20, 1480, 1280);
	buf[4] = 0x12;
	buf[7] = 185;		/* the last one */
	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(two(sent[0].b + 6), 0x2000 | 185);
	assert_int_equal(two(sent[1].b + 6), 185 + 1256 / 8);
}

static void
whole(void **state)
{
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 4, .proto = IPPROTO_RAW };
	static uint8_t buf[70000];
	struct cw_pkt p = packet(buf, 4, 20, 1480, 1500);

	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(nsent, 1);
	assert_int_equal(two(sent[0].b + 4), 0);	/* the system chooses */
	p = packet(buf, 4, 20, 1481, 1500);
	buf[6] = 0x40;
	assert_int_equal(wire_whole(&s, &p), EMSGSIZE);	/* DF: it is not cut */
	assert_int_equal(nsent, 0);
}

static void
pieces6(void **state)
{
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 6, .proto = IPPROTO_RAW };
	static uint8_t buf[70000], got[70000];
	struct cw_pkt p = packet(buf, 6, 40, 4000, 1500);
	size_t have = 0;

	random_octet = 0x5a;
	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(nsent, 3);
	for (unsigned i = 0; i < nsent; i++) {
		const uint8_t *h = sent[i].b;
		size_t at = two(h + 42) & 0xfff8, n = sent[i].n - 48;

		assert_true(sent[i].n <= 1500);
		assert_int_equal(h[6], IPPROTO_FRAGMENT);
		assert_int_equal(h[40], 17);
		assert_int_equal(two(h + 4), n + 8);
		assert_int_equal(h[43] & 1, i + 1 < nsent);
		assert_memory_equal(h + 44, "\x5a\x5a\x5a\x5a", 4);
		memcpy(got + at, h + 48, n);
		have += n;
	}
	assert_int_equal(have, 4000);
	assert_memory_equal(got, buf + 40, 4000);
}

/* RFC 8200 4.5: options of each hop and routing headers, and what is before these, are in each piece; the rest is in the first alone. */
static void
headers6(void **state)
{
	static const struct { uint8_t n, kind[4], eighths[4], front, next; } rows[] = {
		{ 1, { 0 }, { 1 }, 48, 40 }, { 1, { 43 }, { 3 }, 64, 40 }, { 1, { 60 }, { 1 }, 40, 6 }, { 2, { 0, 60 }, { 1, 2 }, 48, 40 },
		{ 3, { 0, 43, 60 }, { 1, 3, 1 }, 72, 48 }, { 4, { 0, 60, 43, 60 }, { 2, 1, 3, 1 }, 88, 64 }, { 2, { 60, 43 }, { 1, 3 }, 72, 48 },
		{ 1, { 0 }, { 27 }, 0xff, 40 },
	};
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 6, .proto = IPPROTO_RAW };
	static uint8_t buf[70000], got[70000];

	random_octet = 0x5a;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned mtu = 1280; mtu <= 1500; mtu++) {
			unsigned hlen = 40, front = rows[i].front == 0xff ? 256 : rows[i].front, at = 40;
			struct cw_pkt p;
			size_t have = 0, want;
			uint8_t next;

			for (unsigned k = 0; k < rows[i].n; k++)
				hlen += rows[i].eighths[k] * 8u;
			p = packet(buf, 6, hlen, 4000, (uint16_t)mtu);
			for (unsigned k = 0; k < rows[i].n; at += rows[i].eighths[k++] * 8u) {
				memset(buf + at, 0x11 * (int)(k + 1), rows[i].eighths[k] * 8u);
				buf[at] = k + 1 < rows[i].n ? rows[i].kind[k + 1] : 50;
				buf[at + 1] = (uint8_t)(rows[i].eighths[k] - 1);
			}
			buf[6] = rows[i].kind[0];
			next = buf[rows[i].next];
			want = hlen - front + 4000;
			assert_int_equal(wire_whole(&s, &p), 0);
			assert_in_range(nsent, 3, 5);
			for (unsigned k = 0; k < nsent; k++) {
				uint8_t *h = sent[k].b, *f = h + front;
				size_t n = sent[k].n - front - 8;

				assert_true(sent[k].n <= mtu && (k + 1 == nsent || sent[k].n + 8 > mtu));
				assert_int_equal(two(h + 4), sent[k].n - 40);
				assert_int_equal(h[rows[i].next], IPPROTO_FRAGMENT);
				assert_int_equal(f[0], next);
				assert_int_equal(f[1], 0);
				assert_int_equal(two(f + 2) & 0xfff8, have);
				assert_int_equal(two(f + 2) & 7, k + 1 < nsent);
				assert_memory_equal(f + 4, "\x5a\x5a\x5a\x5a", 4);
				h[rows[i].next] = next;
				h[4] = h[5] = 0;
				assert_memory_equal(h, buf, front);
				memcpy(got + have, f + 8, n);
				have += n;
			}
			assert_int_equal(have, want);
			assert_memory_equal(got, buf + front, want);
		}
}

/* What is a piece already, has more in front than is kept for it, or says of its headers what cannot be. */
static void
not_cut6(void **state)
{
	struct wire w = { .nsocks = 0 };
	struct wire_sock s = { .w = &w, .fam = 6, .proto = IPPROTO_RAW };
	static uint8_t buf[70000];
	struct cw_pkt p = packet(buf, 6, 48, 4000, 1500);

	buf[6] = 44;
	buf[40] = 50;
	assert_int_equal(wire_whole(&s, &p), EMSGSIZE);
	p = packet(buf, 6, 56, 4000, 1500);
	buf[6] = 0;
	buf[40] = 44;
	buf[48] = 50;
	assert_int_equal(wire_whole(&s, &p), EMSGSIZE);
	p = packet(buf, 6, 264, 4000, 1500);
	buf[6] = 0;
	buf[40] = 50;
	buf[41] = 27;
	assert_int_equal(wire_whole(&s, &p), EMSGSIZE);
	buf[41] = 28;		/* longer than there is: not a header of each piece */
	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(sent[0].b[6], IPPROTO_FRAGMENT);
	p = packet(buf, 6, 256, 1200, 1500);
	buf[6] = 0;
	buf[40] = 50;
	buf[41] = 26;
	assert_int_equal(wire_whole(&s, &p), 0);
	assert_int_equal(nsent, 1);
	assert_int_equal(sent[0].n, 1456);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces4), cmocka_unit_test(options4), cmocka_unit_test(identification), cmocka_unit_test(piece_of_a_piece), cmocka_unit_test(whole),
		cmocka_unit_test(pieces6), cmocka_unit_test(headers6), cmocka_unit_test(not_cut6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
