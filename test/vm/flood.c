/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood: malformed packets for a gateway with the module, as Ethernet frames out of an interface.
 *	flood KIND IF MAC COUNT SEED [CORPUS]
 * From the outside (20.0.0.2 or fc00::2, to 20.0.0.1 or fc00::1): esp4 esp6 (every SPI, any length), udp4 udp6 (encapsulated to port
 * 4500), ext6 (behind chains of extension headers), frag4 (pieces that overlap), error (ICMP that quotes ESP), sealed4 sealed6 (the
 * ICV is right: SPI 0x1000, the key 00 01 02 ...; what is inside is wrong, or is a file of CORPUS), gsowire (offloaded, ESP in UDP).
 * From the inside (10.0.1.10 or fd00:1::10, to 10.0.2.10 or fd00:2::10): plain4 plain6, gso (offloaded). raw: no frames, but packets of
 * this namespace's own by raw sockets, and segments: its offloaded ESP in UDP from the outside; IF and MAC are not used. An interface that goes away ends it, without an error.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FRAME	9000u
#define OUT4	0x14000000u	/* 20.0.0.0 */

static uint64_t state;
static uint32_t seq = 1;
static const char *corpus[512];
static unsigned ncorpus;
static const char *corpus_dir;

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)(state >> 16) % below : 0;
}

static void
die(const char *why)
{
	fprintf(stderr, "flood: %s: %s\n", why, strerror(errno));
	exit(1);
}

static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v); }

static void
noise(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rnd(256);
}

static uint16_t
sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	if (n & 1)
		s += (uint32_t)p[n - 1] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static size_t length(void) { return rnd(3) ? rnd(64) : rnd(1400); }

/* -- IP headers; the length may be a lie -- */

static size_t
ip4(uint8_t *p, uint8_t proto, uint32_t src, uint32_t dst, size_t n, uint32_t frag)
{
	size_t head = rnd(8) ? 20 : 20 + 4 * rnd(11);

	memmove(p + head, p, n);
	noise(p + 20, head - 20);
	p[0] = (uint8_t)(0x40 | head / 4);
	p[1] = (uint8_t)rnd(256);
	put16(p + 2, (uint32_t)(rnd(16) ? head + n : rnd(65536)));
	put16(p + 4, rnd(4));
	put16(p + 6, frag);
	p[8] = (uint8_t)(rnd(16) ? 64 : rnd(3));
	p[9] = proto;
	put16(p + 10, 0);
	put32(p + 12, src);
	put32(p + 16, dst);
	put16(p + 10, sum(p, head, 0));
	return head + n;
}

static size_t
ip6(uint8_t *p, uint8_t next, const char *src, const char *dst, size_t n)
{
	memmove(p + 40, p, n);
	put32(p, 0x60000000 | rnd(1 << 20) | rnd(256) << 20);
	put16(p + 4, (uint32_t)(rnd(16) ? n : rnd(65536)));
	p[6] = next;
	p[7] = (uint8_t)(rnd(16) ? 64 : rnd(3));
	inet_pton(AF_INET6, src, p + 8);
	inet_pton(AF_INET6, dst, p + 24);
	return 40 + n;
}

/* A chain of headers before what stands in p, whose lengths are often wrong. The first one's number comes back. */
static uint8_t
chain(uint8_t *p, size_t *n, uint8_t next)
{
	static const uint8_t kinds[] = { 0, 60, 43, 44, 51, 135, 59 };

	for (unsigned k = rnd(5); k; k--) {
		size_t len = 8 * (1 + rnd(3));
		uint8_t kind = kinds[rnd(sizeof(kinds))];

		memmove(p + len, p, *n);
		noise(p, len);
		p[0] = next;
		p[1] = (uint8_t)(rnd(3) ? len / 8 - 1 : rnd(256));
		if (rnd(2))
			memset(p + 2, 0, len - 2);
		*n += len;
		next = kind;
	}
	return next;
}

/* -- what is in them -- */

static size_t
esp(uint8_t *p)
{
	static const uint32_t spis[] = { 0x1000, 0x1001, 0x2000, 0x2001, 0x3000, 0x3001, 0x4000, 0, 1, 255, 256, 0xffffffff };
	size_t n = length();

	noise(p, n + 8);
	put32(p, rnd(8) ? spis[rnd(sizeof(spis) / sizeof(spis[0]))] : rnd(0));
	put32(p + 4, rnd(4) ? seq++ : rnd(0x7fffffff));
	return rnd(8) ? n + 8 : rnd(9);
}

static size_t
udp(uint8_t *p, size_t n, uint32_t sport, uint32_t dport)
{
	memmove(p + 8, p, n);
	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, (uint32_t)(rnd(8) ? n + 8 : rnd((uint32_t)n + 20)));
	put16(p + 6, 0);
	return n + 8;
}

/* TCP, UDP, ICMP, ESP or nothing known, with lengths that fit or do not. */
static size_t
upper(uint8_t *p, uint8_t *proto)
{
	static const uint8_t protos[] = { 6, 6, 17, 1, 58, 50, 51, 4, 41, 47, 132, 255, 59 };
	size_t n = length();

	*proto = protos[rnd(sizeof(protos))];
	noise(p, n + 24);
	if (*proto == 6) {		/* SYN with options that end nowhere */
		p[12] = (uint8_t)(rnd(4) ? 0x50 + 0x10 * rnd(11) : rnd(256));
		p[13] = (uint8_t)(rnd(2) ? 2 : rnd(64));
		if (rnd(2))
			memcpy(p + 20, "\2\4\377\377", 4);
		else
			p[20 + rnd(3)] = (uint8_t)rnd(6);
	} else if (*proto == 17) {
		put16(p + 4, (uint32_t)(rnd(2) ? n : rnd(70)));
	} else if (*proto == 50) {
		put32(p, rnd(2) ? 0x1000 : 0x2000);
	}
	return n;
}

static size_t
inner4(uint8_t *p, uint32_t src, uint32_t dst)
{
	static const uint32_t others[] = { 0x0a000101, OUT4 + 1, 0, 0xffffffff, 0xe0000001, 0x7f000001, 0x0a0001ff };
	uint8_t proto;
	size_t n = upper(p, &proto);

	if (rnd(8) == 0)
		dst = others[rnd(7)];
	if (rnd(16) == 0)
		src = others[rnd(7)];
	return ip4(p, proto, src, dst, n, rnd(6) ? rnd(2) << 14 : rnd(65536));
}

static size_t
inner6(uint8_t *p, const char *src, const char *dst)
{
	static const char *const others[] = { "fd00:1::1", "fc00::1", "::", "ff02::1", "::1", "::ffff:10.0.1.10", "fe80::1" };
	uint8_t proto;
	size_t n = upper(p, &proto);

	proto = chain(p, &n, proto);
	return ip6(p, proto, rnd(16) ? src : others[rnd(7)], rnd(8) ? dst : others[rnd(7)], n);
}

/* Some octets of what is right already. */
static void
damage(uint8_t *p, size_t n)
{
	if (n && rnd(3) == 0)
		for (unsigned k = 1 + rnd(4); k; k--)
			p[rnd((uint32_t)(n < 60 ? n : 60))] ^= (uint8_t)(1 << rnd(8));
}

static size_t
from_corpus(uint8_t *p)
{
	char name[512];
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", corpus_dir, corpus[rnd(ncorpus)]);
	f = fopen(name, "re");
	if (!f)
		die(name);
	n = fread(p, 1, 1400, f);
	fclose(f);
	if (n < 2)
		return 0;
	memmove(p, p + 2, n - 2);	/* what they are and how they came */
	return n - 2;
}

/* ESP with the key that the gateway has for 0x1000; only what is inside is wrong. */
static size_t
seal(uint8_t *p, size_t n, uint8_t next)
{
	static const uint8_t key[20] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 };
	uint8_t nonce[12], aad[12] = { 0 };	/* 64-bit sequence numbers */
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned pad = (4 - (n + 2) % 4) % 4 + 4 * (rnd(8) ? 0 : rnd(20));
	int len;

	for (unsigned i = 1; i <= pad; i++)
		p[n++] = (uint8_t)(rnd(500) ? i : rnd(256));
	p[n++] = (uint8_t)(rnd(12) ? pad : rnd(256));
	p[n++] = (uint8_t)(rnd(12) ? next : rnd(256));
	if (rnd(40) == 0)
		n = 4 * (1 + rnd(3));	/* shorter than any header */
	memmove(p + 16, p, n);
	put32(p, 0x1000);
	put32(p + 4, seq++);
	noise(p + 8, 8);
	memcpy(nonce, key + 16, 4);
	memcpy(nonce + 4, p + 8, 8);
	memcpy(aad, p, 4);
	memcpy(aad + 8, p + 4, 4);
	if (!c || EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce) != 1 || EVP_EncryptUpdate(c, NULL, &len, aad, 12) != 1 ||
	    EVP_EncryptUpdate(c, p + 16, &len, p + 16, (int)n) != 1 || EVP_EncryptFinal_ex(c, p + 16, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, p + 16 + n) != 1)
		die("cipher");
	EVP_CIPHER_CTX_free(c);
	return 16 + n + 16;
}

static size_t
sealed(uint8_t *p)
{
	bool v4 = rnd(2);
	size_t n;

	if (ncorpus && rnd(4) == 0)
		return seal(p, from_corpus(p), v4 ? 4 : 41);
	n = v4 ? inner4(p, 0x0a00020a, 0x0a00010a) : inner6(p, "fd00:2::10", "fd00:1::10");
	damage(p, n);
	return seal(p, n, v4 ? 4 : 41);
}

static size_t
quoted(uint8_t *p, bool v4)
{
	size_t n = esp(p), head = v4 ? ip4(p, 50, OUT4 + 1, OUT4 + 2, n, 0) : ip6(p, 50, "fc00::1", "fc00::2", n);

	if (rnd(8) == 0)
		head = rnd((uint32_t)head);
	memmove(p + 8, p, head);
	put32(p, v4 ? 0x03040000 : 0x02000000);
	put32(p + 4, rnd(2) ? rnd(1600) : rnd(0));
	if (!v4)
		return head + 8;
	put16(p + 2, sum(p, head + 8, 0));
	return head + 8;
}

/* -- frames -- */

struct kind {
	const char	*name;
	uint16_t	 type;
	bool		 gso;
	size_t		(*make)(uint8_t *);
};

static size_t esp4(uint8_t *p) { size_t n = esp(p); return ip4(p, 50, OUT4 + 2, OUT4 + 1, n, 0); }
static size_t esp6(uint8_t *p) { size_t n = esp(p); return ip6(p, 50, "fc00::2", "fc00::1", n); }
static size_t udp4(uint8_t *p) { size_t n = udp(p, esp(p), rnd(2) ? 4500 : rnd(65536), 4500); return ip4(p, 17, OUT4 + 2, OUT4 + 1, n, 0); }
static size_t udp6(uint8_t *p) { size_t n = udp(p, esp(p), 4500, 4500); return ip6(p, 17, "fc00::2", "fc00::1", n); }
static size_t sealed4(uint8_t *p) { size_t n = sealed(p); return ip4(p, 50, OUT4 + 2, OUT4 + 1, n, 0); }
static size_t sealed6(uint8_t *p) { size_t n = sealed(p); return ip6(p, 50, "fc00::2", "fc00::1", n); }
static size_t frag4(uint8_t *p) { size_t n = esp(p); return ip4(p, rnd(3) ? 50 : 17, OUT4 + 2, OUT4 + 1, n, rnd(2) << 13 | rnd(40)); }
static size_t error4(uint8_t *p) { size_t n = quoted(p, true); return ip4(p, 1, OUT4 + 2, OUT4 + 1, n, 0); }
static size_t plain4(uint8_t *p) { size_t n = inner4(p, 0x0a00010a, 0x0a00020a); damage(p + 20, n - 20); return n; }
static size_t plain6(uint8_t *p) { size_t n = inner6(p, "fd00:1::10", "fd00:2::10"); damage(p + 40, n - 40); return n; }

static size_t
ext6(uint8_t *p)
{
	size_t n = esp(p);
	uint8_t next = chain(p, &n, rnd(3) ? 50 : 17);

	return ip6(p, next, "fc00::2", "fc00::1", n);
}

static size_t
error6(uint8_t *p)
{
	size_t n = quoted(p, false);
	uint32_t pseudo = 58 + (uint32_t)n + 2 * 0xfc00 + 3;

	put16(p + 2, sum(p, n, pseudo));
	return ip6(p, 58, "fc00::2", "fc00::1", n);
}

static size_t
gso_plain(uint8_t *p)
{
	uint8_t proto = rnd(2) ? 6 : 17;
	size_t n = 100 + rnd(8000);

	noise(p, n);
	if (proto == 6)
		p[12] = (uint8_t)(rnd(4) ? 0x50 : rnd(256));
	else
		put16(p + 4, (uint32_t)(rnd(4) ? n : rnd(65536)));
	return ip4(p, proto, 0x0a00010a, 0x0a00020a, n, 0);
}

static size_t
gso_wire(uint8_t *p)
{
	size_t n = 100 + rnd(8000);

	noise(p, n);
	for (size_t at = 0; at + 8 < n; at += 200)
		put32(p + at, 0x1000);
	return ip4(p, 17, OUT4 + 2, OUT4 + 1, udp(p, n, 4500, 4500), 0);
}

static const struct kind kinds[] = {
	{ "esp4", ETH_P_IP, false, esp4 },
	{ "esp6", ETH_P_IPV6, false, esp6 },
	{ "udp4", ETH_P_IP, false, udp4 },
	{ "udp6", ETH_P_IPV6, false, udp6 },
	{ "ext6", ETH_P_IPV6, false, ext6 },
	{ "frag4", ETH_P_IP, false, frag4 },
	{ "error4", ETH_P_IP, false, error4 },
	{ "error6", ETH_P_IPV6, false, error6 },
	{ "sealed4", ETH_P_IP, false, sealed4 },
	{ "sealed6", ETH_P_IPV6, false, sealed6 },
	{ "plain4", ETH_P_IP, false, plain4 },
	{ "plain6", ETH_P_IPV6, false, plain6 },
	{ "gso", ETH_P_IP, true, gso_plain },
	{ "gsowire", ETH_P_IP, true, gso_wire },
};

static int
open_if(const char *name, const char *mac, bool gso, struct ether_header *eth)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;
	unsigned m[6];

	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die(name);
	if (gso && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0)
		die("PACKET_VNET_HDR");
	if (sscanf(mac, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6)
		die("MAC");
	for (int i = 0; i < 6; i++)
		eth->ether_dhost[i] = (uint8_t)m[i];
	memcpy(eth->ether_shost, "\2\0\0\0\0\1", 6);
	return fd;
}

static struct virtio_net_hdr
offload(const uint8_t *ip)
{
	uint16_t up = (uint16_t)(14 + (ip[0] & 15) * 4);
	bool tcp = ip[9] == 6;
	struct virtio_net_hdr v = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = tcp ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_UDP,
		.csum_start = up, .csum_offset = tcp ? 16 : 6, .hdr_len = (uint16_t)(up + (tcp ? 20 : 8)),
		.gso_size = (uint16_t)(rnd(2) ? 1000 : 20 + rnd(2000)),
	};

	if (rnd(8) == 0)
		v.hdr_len = (uint16_t)rnd(200);
	if (rnd(8) == 0)
		v.csum_start = (uint16_t)rnd(100);
	return v;
}

static void
frames(const struct kind *k, const char *name, const char *mac, unsigned long count)
{
	static uint8_t buf[FRAME * 2];
	struct ether_header eth = { .ether_type = htons(k->type) };
	int fd = open_if(name, mac, k->gso, &eth);
	struct virtio_net_hdr v;
	unsigned long refused = 0;

	for (unsigned long i = 0; i < count; i++) {
		size_t n = k->make(buf);
		struct iovec io[3] = { { &v, k->gso ? sizeof(v) : 0 }, { &eth, sizeof(eth) }, { buf, n } };

		if (!k->gso && n > 1500)
			continue;
		v = offload(buf);
		if (writev(fd, io, 3) >= 0)
			continue;
		if (errno == ENXIO || errno == ENODEV || errno == ENETDOWN)
			break;
		refused++;	/* the system has looked at it itself */
	}
	close(fd);
	if (refused == count)
		die("nothing was sent");
}

/* A gateway's own packets: headers that the system takes as they are. */
static void
own(unsigned long count)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a00020a) };
	struct sockaddr_in6 b = { .sin6_family = AF_INET6 };
	int f4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), f6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	static uint8_t buf[FRAME];

	inet_pton(AF_INET6, "fd00:2::10", &b.sin6_addr);
	if (f4 < 0 || f6 < 0)
		die("raw socket");
	for (unsigned long i = 0; i < count; i++) {
		size_t n = i & 1 ? inner4(buf, 0x0a000101, 0x0a00020a) : inner6(buf, "fd00:1::1", "fd00:2::10");

		if (i & 1)
			sendto(f4, buf, n, MSG_DONTWAIT, (struct sockaddr *)&a, sizeof(a));
		else
			sendto(f6, buf, n, MSG_DONTWAIT, (struct sockaddr *)&b, sizeof(b));
	}
}

/* ESP in UDP that the system itself offloads. */
static void
segments(unsigned long count)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(4500) }, there = here;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	static uint8_t buf[FRAME];

	there.sin_addr.s_addr = htonl(OUT4 + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		die("UDP socket");
	for (unsigned long i = 0; i < count; i++) {
		int size = (int)(8 + rnd(1400));
		size_t n = 8 + rnd(8000);

		noise(buf, n);
		for (size_t at = 0; at + 8 < n; at += (size_t)size) {
			put32(buf + at, 0x2000);
			put32(buf + at + 4, seq++);
		}
		setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size));
		send(fd, buf, n, MSG_DONTWAIT);
	}
}

static void
read_corpus(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *x;

	if (!d)
		die(dir);
	corpus_dir = dir;
	while ((x = readdir(d)) != NULL && ncorpus < 512)
		if (x->d_name[0] != '.')
			corpus[ncorpus++] = strdup(x->d_name);
	closedir(d);
}

int
main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: flood KIND IF MAC COUNT SEED [CORPUS]\n");
		return 2;
	}
	state = strtoull(argv[5], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
	seq = (uint32_t)(strtoull(argv[5], NULL, 0) << 16) + 1;	/* of two runs, none is a replay to the other */
	if (argc > 6)
		read_corpus(argv[6]);
	if (strcmp(argv[1], "raw") == 0) {
		own(strtoul(argv[4], NULL, 0));
		return 0;
	}
	if (strcmp(argv[1], "segments") == 0) {
		segments(strtoul(argv[4], NULL, 0));
		return 0;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0) {
			frames(&kinds[i], argv[2], argv[3], strtoul(argv[4], NULL, 0));
			return 0;
		}
	fprintf(stderr, "flood: there is no '%s'\n", argv[1]);
	return 2;
}
