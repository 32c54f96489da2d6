/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DNS server for scenarios: dns ADDRESS FILE. It answers questions on ADDRESS, UDP and TCP port 53, from FILE, which it reads for each: lines
 * "NAME ADDRESS TTL". A name that is not there does not exist; "NAME silent 0" is never answered; "NAME cut 0" has an answer by TCP only.
 * Each question is a line on stdout, with the word "tcp" where it came so.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t
name_of(const unsigned char *q, size_t n, char out[256])
{
	size_t at = 12, k = 0;

	while (at < n && q[at] && at + q[at] < n && k + q[at] < 254) {
		if (k)
			out[k++] = '.';
		memcpy(out + k, q + at + 1, q[at]);
		k += q[at];
		at += q[at] + 1u;
	}
	out[k] = '\0';
	return at + 1;		/* past the name */
}

/* The answer's length, or 0: none is given. q has 4096 octets. */
static size_t
answer(unsigned char *q, size_t n, const char *file, int tcp)
{
	char name[256], line[512], owner[256], address[64];
	size_t end = name_of(q, n, name) + 4;
	unsigned type, ttl, found = 0, count = 0, cut = 0;
	FILE *f = fopen(file, "r");

	if (!f || end > n)
		exit(1);
	type = (unsigned)q[end - 4] << 8 | q[end - 3];
	printf("%s %u%s\n", name, type, tcp ? " tcp" : "");
	fflush(stdout);
	n = end;
	while (fgets(line, sizeof(line), f)) {
		unsigned char a[16];
		int fam = type == 28 ? AF_INET6 : AF_INET;
		size_t len = type == 28 ? 16 : 4;

		if (sscanf(line, "%255s %63s %u", owner, address, &ttl) != 3 || strcasecmp(owner, name) != 0)
			continue;
		found = 1;
		if (strcmp(address, "silent") == 0) {
			fclose(f);
			return 0;
		}
		cut |= !tcp && strcmp(address, "cut") == 0;
		if (cut || inet_pton(fam, address, a) != 1 || n + 12 + len > 1200)
			continue;
		memcpy(q + n, (unsigned char[]){ 0xc0, 12, 0, (unsigned char)type, 0, 1, (unsigned char)(ttl >> 24), (unsigned char)(ttl >> 16),
		    (unsigned char)(ttl >> 8), (unsigned char)ttl, 0, (unsigned char)len }, 12);
		memcpy(q + n + 12, a, len);
		n += 12 + len;
		count++;
	}
	fclose(f);
	q[2] = cut ? 0x83 : 0x81;
	q[3] = found ? 0x80 : 0x83;
	memcpy(q + 4, (unsigned char[]){ 0, 1, 0, (unsigned char)count, 0, 0, 0, 0 }, 8);
	return n;
}

/* One question of each who connects. */
static void
by_tcp(int listener, const char *file)
{
	int c = accept(listener, NULL, NULL);
	unsigned char q[4096];
	ssize_t n = c >= 0 ? recv(c, q, sizeof(q), 0) : -1;
	size_t out = n > 14 ? answer(q + 2, (size_t)n - 2, file, 1) : 0;

	q[0] = (unsigned char)(out >> 8);
	q[1] = (unsigned char)out;
	if (out) {
		send(c, q, 1, MSG_NOSIGNAL);	/* in pieces, as a network may bring it */
		usleep(20000);
		send(c, q + 1, 9, MSG_NOSIGNAL);
		usleep(20000);
		send(c, q + 10, out - 8, MSG_NOSIGNAL);
	}
	close(c);
}

int
main(int argc, char **argv)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), t = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct pollfd p[2] = { { s, POLLIN, 0 }, { t, POLLIN, 0 } };
	struct sockaddr_in me = { .sin_family = AF_INET, .sin_port = htons(53) };
	unsigned char q[4096];

	if (argc != 3 || inet_pton(AF_INET, argv[1], &me.sin_addr) != 1 || bind(s, (struct sockaddr *)&me, sizeof(me)) != 0 ||
	    setsockopt(t, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 || bind(t, (struct sockaddr *)&me, sizeof(me)) != 0 || listen(t, 8) != 0)
		return 1;
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n;
		size_t out;

		if (poll(p, 2, -1) > 0 && p[1].revents)
			by_tcp(t, argv[2]);
		n = recvfrom(s, q, sizeof(q), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
		out = n > 12 ? answer(q, (size_t)n, argv[2], 0) : 0;

		if (out)
			sendto(s, q, out, 0, (struct sockaddr *)&from, len);
	}
}
