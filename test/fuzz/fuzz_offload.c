/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TUN's offloads: an octet of choice, a vnet header, and a packet to finish or split; or packets, each after two octets of
 * length, to join. What is joined splits again into as many packets as went in.
 */
#include <stdlib.h>

#include "gro.h"
#include "gso.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
split(const struct virtio_net_hdr *vh, const uint8_t *p, size_t n, unsigned want)
{
	static uint8_t out[65536];
	struct gso g;
	size_t got, sum = 0;

	if (!gso_begin(&g, vh, p, n)) {
		if (want)
			abort();
		return;
	}
	while ((got = gso_next(&g, out, sizeof(out))) > 0)
		sum += got - g.hlen;
	if (sum != n - g.hlen || (want && g.n != want))
		abort();
}

static void
on_out(void *ctx, struct iovec *iov, unsigned n, size_t len, unsigned packets)
{
	static uint8_t flat[65536];
	struct virtio_net_hdr vh;
	size_t at = 0;

	memcpy(&vh, iov[0].iov_base, sizeof(vh));
	for (unsigned i = 1; i < n; i++) {
		if (at + iov[i].iov_len > sizeof(flat))
			abort();
		memcpy(flat + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	if (at != len)
		abort();
	if (packets > 1)
		split(&vh, flat, at, packets);
}

static void
join(struct rd *r)
{
	static uint8_t mem[1 << 20];
	struct gro g;
	size_t at = 0;

	gro_init(&g, on_out, NULL);
	while (rd_left(r)) {
		struct bytes p = rd_bytes(r, rd_u16(r));

		if (!rd_ok(r) || at + p.n > sizeof(mem))
			break;
		if (p.n)
			memcpy(mem + at, p.p, p.n);
		gro_add(&g, mem + at, p.n);
		at += p.n;
	}
	gro_flush(&g);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t pkt[65536];
	struct rd r = rd_of(bytes_of(data, size));
	struct virtio_net_hdr vh;
	struct bytes p;

	if (rd_u8(&r) & 1) {
		join(&r);
		return 0;
	}
	rd_copy(&r, &vh, sizeof(vh));
	p = rd_rest(&r);
	if (!rd_ok(&r) || p.n > 65535)
		return 0;
	if (p.n)
		memcpy(pkt, p.p, p.n);
	split(&vh, pkt, p.n, 0);
	gso_finish(&vh, pkt, p.n);
	return 0;
}
