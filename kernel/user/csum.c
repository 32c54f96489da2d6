/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One's complement sums do not depend on the octet order as long as the result is stored as it was read (RFC 1071 section 2),
 * so everything here works on memory order, 32 bits at a time into a 64-bit sum.
 */
#include <arpa/inet.h>
#include <string.h>

#include "csum.h"

uint64_t
csum_add(uint64_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t lane[4] = { 0, 0, 0, 0 };

	for (; n >= 16; n -= 16, p += 16) {
		uint32_t v[4];

		memcpy(v, p, 16);
		for (int i = 0; i < 4; i++)
			lane[i] += v[i];
	}
	sum += (lane[0] & 0xffffffff) + (lane[0] >> 32) + (lane[1] & 0xffffffff) + (lane[1] >> 32);
	sum += (lane[2] & 0xffffffff) + (lane[2] >> 32) + (lane[3] & 0xffffffff) + (lane[3] >> 32);
	for (; n >= 2; n -= 2, p += 2) {
		uint16_t v;

		memcpy(&v, p, 2);
		sum += v;
	}
	if (n) {
		uint16_t v = 0;

		memcpy(&v, p, 1);
		sum += v;
	}
	return sum;
}

uint16_t
csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t
csum_pseudo(const uint8_t *ip, uint8_t proto, size_t len)
{
	uint64_t sum = ip[0] >> 4 == 4 ? csum_add(0, ip + 12, 8) : csum_add(0, ip + 8, 32);
	uint32_t n = htonl((uint32_t)len), p = htonl(proto);

	sum = csum_add(sum, &n, sizeof(n));
	return csum_add(sum, &p, sizeof(p));
}

void
csum_ipv4(uint8_t *ip, size_t hlen)
{
	uint16_t c;

	ip[10] = ip[11] = 0;
	c = (uint16_t)~csum_fold(csum_add(0, ip, hlen));
	memcpy(ip + 10, &c, 2);
}

bool
csum_tcp_ok(const uint8_t *ip, size_t iphlen, size_t len)
{
	return csum_fold(csum_add(csum_pseudo(ip, 6, len - iphlen), ip + iphlen, len - iphlen)) == 0xffff;
}
