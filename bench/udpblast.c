/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udpblast: datagrams as fast as one sender can, and what of them arrives.
 *	udpblast send ADDRESS PORT SIZE SECONDS
 *	udpblast recv PORT SECONDS	waits for the first datagram, counts for SECONDS, prints Mbit/s of payload received
 *	udpblast each ADDRESS PORT SIZE COUNT	so many, one by one; prints the nanoseconds that one took
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	32

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
batch_of(struct mmsghdr *m, struct iovec *v, uint8_t *buf, size_t stride, size_t n)
{
	memset(m, 0, BATCH * sizeof(*m));
	for (unsigned i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){ buf + i * stride, n };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
}

static int
blast(const char *address, int port, size_t size, double seconds)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	static uint8_t buf[BATCH * 1500];
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	double end;

	if (fd < 0 || size > 1500 || inet_pton(AF_INET, address, &to.sin_addr) != 1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return 1;
	batch_of(m, v, buf, 1500, size);
	for (end = now_s() + seconds; now_s() < end;)
		if (sendmmsg(fd, m, BATCH, 0) < 0)
			usleep(100);
	return 0;
}

/* The first ones fill caches: of routes, of neighbours, of memory. */
static int
each(const char *address, int port, size_t size, unsigned n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	static uint8_t buf[1500];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	double begin = 0;

	if (fd < 0 || size > sizeof(buf) || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return 1;
	for (unsigned i = 0; i < n + 200; i++) {
		if (i == 200)
			begin = now_s();
		if (send(fd, buf, size, 0) < 0)
			return 1;
	}
	printf("%.0f\n", (now_s() - begin) * 1e9 / n);
	return 0;
}

static int
count(int port, double seconds)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	static uint8_t buf[BATCH * 2048];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), big = 4 << 20, n;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	double octets = 0, begin, end;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
	batch_of(m, v, buf, 2048, 2048);
	if (poll(&p, 1, 10000) != 1)
		return 1;
	begin = now_s();
	end = begin + seconds;
	while (now_s() < end) {
		n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			octets += m[i].msg_len;
		if (n <= 0)
			poll(&p, 1, 100);
	}
	printf("%.1f\n", octets * 8 / 1e6 / (now_s() - begin));
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return blast(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]), atof(argv[5]));
	if (argc == 4 && strcmp(argv[1], "recv") == 0)
		return count(atoi(argv[2]), atof(argv[3]));
	if (argc == 6 && strcmp(argv[1], "each") == 0)
		return each(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]), (unsigned)atoi(argv[5]));
	fprintf(stderr, "usage: udpblast send ADDRESS PORT SIZE SECONDS | recv PORT SECONDS | each ADDRESS PORT SIZE COUNT\n");
	return 2;
}
