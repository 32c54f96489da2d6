/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forge: what an attacker on the outside link does. It writes whole Ethernet frames to an interface:
 *	forge IF clear SRC DST COUNT		UDP packets in the clear with forged inner addresses, to the gateway's MAC
 *	forge IF replay FILE.pcap COUNT		the last COUNT ESP packets of a capture, as they were
 *	forge IF flip FILE.pcap COUNT		the same with one bit of the ICV and one of the sequence number flipped
 *	forge IF cut FILE.pcap COUNT		the same cut to 12 octets of ESP
 *	forge IF bits FILE.pcap NUMBER AT BITS	one of them, the first is 1, with these bits of one octet of its IP packet changed
 *	forge IF cuts FILE.pcap NUMBER MOST	one of them, cut to every length of ESP from 0 to MOST octets, each once
 *	forge IF flips FILE.pcap NUMBER OCTETS	one of them, with one bit changed of the first OCTETS from ESP's header on: each bit once
 * AH and IPComp count as ESP does.
 *	forge IF pieces FILE.pcap NUMBER PIECE...	one of all its frames in fragments, in this order. PIECE is FROM-[TO|+MORE][@OFFSET]: those octets of
 *		what follows the IP header (past its end it begins anew), said to be of that OFFSET and not of FROM. Without TO: up to
 *		the end or so many beyond it, and the last one; a PIECE 0- alone is the packet as it was, 0-@0 with IPv6 has a fragment header all the same. Each call has an identification of its own; with AH and IPv4, which covers it, the packet's.
 * The destination MAC is that of the first frame of the capture given by -m FILE (clear), or the frame's own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES	65536
#define FRAME	65600

struct frame {
	uint8_t		*p;
	uint32_t	 n;
};

static struct frame frames[FRAMES];
static unsigned nframes;

static void
die(const char *why)
{
	fprintf(stderr, "forge: %s: %s\n", why, strerror(errno));
	exit(1);
}

static uint16_t
checksum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Where ESP begins in the frame, 0: it is not ESP. */
static size_t
esp_at(const struct frame *f)
{
	const uint8_t *p = f->p;
	size_t ip = 14, up;
	uint8_t proto;

	if (f->n < 14 + 40)
		return 0;
	if (p[12] == 0x08 && p[13] == 0x00) {
		up = ip + (p[ip] & 15) * 4u;
		proto = p[ip + 9];
	} else if (p[12] == 0x86 && p[13] == 0xdd) {
		up = ip + 40;
		proto = p[ip + 6];
	} else {
		return 0;
	}
	if (proto == 50 || proto == 51 || proto == 108)
		return up;
	if (proto != 17 || f->n < up + 8 + 16)
		return 0;
	if ((p[up + 2] << 8 | p[up + 3]) != 4500)
		return 0;
	up += 8;
	return p[up] | p[up + 1] | p[up + 2] | p[up + 3] ? up : 0;
}

static void
load(const char *name, bool only_esp)
{
	uint32_t head[6], rec[4];
	FILE *f = fopen(name, "re");

	if (!f || fread(head, sizeof(head), 1, f) != 1)
		die(name);
	while (nframes < FRAMES && fread(rec, sizeof(rec), 1, f) == 1 && rec[2] <= FRAME) {
		struct frame *fr = &frames[nframes];

		fr->n = rec[2];
		fr->p = malloc(fr->n ? fr->n : 1);
		if (!fr->p || fread(fr->p, 1, fr->n, f) != fr->n)
			break;
		if (only_esp && !esp_at(fr))
			free(fr->p);
		else
			nframes++;
	}
	fclose(f);
}

/* Lengths and checksums of the outer headers fit again after a cut. A UDP checksum of 0 means "none" (IPv4 only). */
static void
resize(struct frame *f, size_t n)
{
	size_t up = 14 + 40;

	f->n = (uint32_t)n;
	if (f->p[12] == 0x08) {
		up = 14 + (f->p[14] & 15) * 4u;
		f->p[16] = (uint8_t)((n - 14) >> 8);
		f->p[17] = (uint8_t)(n - 14);
		f->p[24] = f->p[25] = 0;
		uint16_t sum = checksum(f->p + 14, up - 14, 0);
		f->p[24] = (uint8_t)(sum >> 8);
		f->p[25] = (uint8_t)sum;
	} else {
		f->p[18] = (uint8_t)((n - up) >> 8);
		f->p[19] = (uint8_t)(n - up);
	}
}

static void
udp_sum(struct frame *f)
{
	bool v4 = f->p[12] == 0x08;
	size_t up = v4 ? 14 + (f->p[14] & 15) * 4u : 14 + 40;
	uint8_t *u = f->p + up;
	size_t n = f->n - up;
	uint32_t pseudo = 17 + (uint32_t)n;
	const uint8_t *a = v4 ? f->p + 26 : f->p + 22;

	if ((v4 ? f->p[23] : f->p[20]) != 17)
		return;
	for (size_t i = 0; i < (v4 ? 8 : 32); i += 2)
		pseudo += (uint32_t)a[i] << 8 | a[i + 1];
	u[4] = (uint8_t)(n >> 8);
	u[5] = (uint8_t)n;
	u[6] = u[7] = 0;
	uint16_t sum = checksum(u, n, pseudo);
	if (sum == 0)
		sum = 0xffff;
	u[6] = (uint8_t)(sum >> 8);
	u[7] = (uint8_t)sum;
}

static int
open_if(const char *name)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die(name);
	return fd;
}

static void
put(int fd, const struct frame *f)
{
	if (write(fd, f->p, f->n) != (ssize_t)f->n)
		die("write");
}

static void
clear_text(int fd, const char *src, const char *dst, int count, const uint8_t *mac)
{
	uint8_t p[128] = { 0 };
	struct frame f = { p, 0 };
	bool v6 = strchr(src, ':') != NULL;
	size_t up = v6 ? 54 : 34, n = up + 8 + 18;

	memcpy(p, mac, 12);
	p[12] = v6 ? 0x86 : 0x08;
	p[13] = v6 ? 0xdd : 0x00;
	p[14] = v6 ? 0x60 : 0x45;
	if (v6) {
		p[20] = 17;
		p[21] = 64;
	} else {
		p[22] = 64;
		p[23] = 17;
	}
	if (inet_pton(v6 ? AF_INET6 : AF_INET, src, p + (v6 ? 22 : 26)) != 1 || inet_pton(v6 ? AF_INET6 : AF_INET, dst, p + (v6 ? 38 : 30)) != 1)
		die("address");
	p[up] = 0x30;
	p[up + 2] = 0x30;
	p[up + 3] = 0x39;
	resize(&f, n);
	udp_sum(&f);
	for (int i = 0; i < count; i++)
		put(fd, &f);
}

/* What routers may do to a packet; the checksum of an IPv4 header fits again, as they would make it. */
static void
bits(struct frame *f, unsigned at, uint8_t mask)
{
	if (14 + at >= f->n)
		die("beyond the packet");
	f->p[14 + at] ^= mask;
	if (f->p[12] == 0x08) {
		uint16_t sum;

		f->p[24] = f->p[25] = 0;
		sum = checksum(f->p + 14, (f->p[14] & 15) * 4u, 0);
		f->p[24] = (uint8_t)(sum >> 8);
		f->p[25] = (uint8_t)sum;
	}
}

/* Many in a row, but no faster than an interface's queue takes them. */
static void
put_copy(int fd, const struct frame *f, size_t n, size_t at, uint8_t mask)
{
	uint8_t p[FRAME];
	struct frame copy = { p, f->n };

	memcpy(p, f->p, f->n);
	if (n < f->n)
		resize(&copy, n);
	if (mask)
		p[at] ^= mask;
	udp_sum(&copy);
	put(fd, &copy);
	usleep(200);
}

static int
sweep(int fd, const struct frame *f, bool cuts, unsigned most)
{
	size_t at = esp_at(f);

	if (at + most >= f->n) {
		fprintf(stderr, "forge: the frame has only %zu octets of ESP\n", f->n - at);
		return 1;
	}
	for (unsigned n = 0; cuts && n <= most; n++)
		put_copy(fd, f, at + n, 0, 0);
	for (unsigned bit = 0; !cuts && bit < most * 8; bit++)
		put_copy(fd, f, f->n, at + bit / 8, (uint8_t)(0x80 >> bit % 8));
	return 0;
}

/* One fragment: n octets of the payload from from on, at offset. */
static void
put_piece(int fd, const struct frame *whole, size_t up, unsigned from, unsigned n, unsigned offset, bool more)
{
	const uint32_t id = (uint32_t)getpid() << 8 | 0x80000000u;
	bool v4 = whole->p[12] == 0x08;
	size_t payload = whole->n - up, at = up;
	uint8_t p[FRAME + 8];
	struct frame f = { p, 0 };

	memcpy(p, whole->p, up);
	if (v4 && p[23] != 51) {
		p[18] = (uint8_t)(id >> 16);
		p[19] = (uint8_t)(id >> 8);
	}
	if (v4) {
		p[20] = (uint8_t)(offset >> 11 | (more ? 0x20 : 0));
		p[21] = (uint8_t)(offset >> 3);
	} else {
		p[at] = p[20];
		p[at + 1] = 0;
		p[at + 2] = (uint8_t)(offset >> 8);
		p[at + 3] = (uint8_t)((offset & 0xf8) | more);
		memcpy(p + at + 4, &id, 4);
		p[20] = 44;
		at += 8;
	}
	for (unsigned i = 0; i < n; i++)
		p[at + i] = whole->p[up + (from + i) % payload];
	resize(&f, at + n);
	put(fd, &f);
	usleep(200);
}

static int
pieces(int fd, struct frame *f, char **how)
{
	size_t up = f->p[12] == 0x08 ? 14 + (f->p[14] & 15) * 4u : 14 + 40;

	udp_sum(f);
	if (*how && strcmp(*how, "0-") == 0 && !how[1]) {
		put(fd, f);
		return 0;
	}
	for (; *how; how++) {
		char *s = *how;
		unsigned from = (unsigned)strtoul(s, &s, 10), to = 0, offset = from;
		bool more;

		if (*s++ != '-')
			return 2;
		more = *s >= '0' && *s <= '9';
		to = more ? (unsigned)strtoul(s, &s, 10) : (unsigned)(f->n - up);
		if (*s == '+')
			to += (unsigned)strtoul(s + 1, &s, 10);
		if (*s == '@')
			offset = (unsigned)strtoul(s + 1, &s, 10);
		if (from >= to || to - from > 1472 || offset % 8 || offset > 65528 || *s)
			return 2;
		put_piece(fd, f, up, from, to - from, offset, more);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int fd, count;

	if (argc < 5) {
		fprintf(stderr, "usage: forge IF clear SRC DST COUNT FILE | forge IF replay|flip|cut FILE COUNT | forge IF bits FILE NUMBER AT BITS | forge IF cuts|flips FILE NUMBER OCTETS | forge IF pieces FILE NUMBER PIECE...\n");
		return 2;
	}
	fd = open_if(argv[1]);
	if (strcmp(argv[2], "clear") == 0 && argc == 7) {
		load(argv[6], true);
		if (!nframes)
			die("no ESP frame to take the MAC addresses from");
		clear_text(fd, argv[3], argv[4], atoi(argv[5]), frames[nframes - 1].p);
		return 0;
	}
	load(argv[3], strcmp(argv[2], "pieces") != 0);
	count = atoi(argv[4]);
	if (count <= 0 || (unsigned)count > nframes) {
		fprintf(stderr, "forge: the capture has only %u such frames\n", nframes);
		return 1;
	}
	if (strcmp(argv[2], "pieces") == 0)
		return pieces(fd, &frames[count - 1], argv + 5);
	if (strcmp(argv[2], "bits") == 0 && argc == 7) {
		bits(&frames[count - 1], (unsigned)strtoul(argv[5], NULL, 0), (uint8_t)strtoul(argv[6], NULL, 0));
		put(fd, &frames[count - 1]);
		return 0;
	}
	if ((strcmp(argv[2], "cuts") == 0 || strcmp(argv[2], "flips") == 0) && argc == 6)
		return sweep(fd, &frames[count - 1], argv[2][0] == 'c', (unsigned)strtoul(argv[5], NULL, 0));
	for (unsigned i = nframes - (unsigned)count; i < nframes; i++) {
		struct frame *f = &frames[i];

		if (strcmp(argv[2], "flip") == 0) {
			f->p[f->n - 1] ^= 1;
			f->p[esp_at(f) + 5] ^= 0x10;	/* a number that was not received yet: else it is a replay first */
		}
		if (strcmp(argv[2], "cut") == 0)
			resize(f, esp_at(f) + 12);
		else if (strcmp(argv[2], "flip") != 0 && strcmp(argv[2], "replay") != 0)
			return 2;
		udp_sum(f);
		put(fd, f);
	}
	return 0;
}
