/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sniff INTERFACE: what passes there, as a pcap file on stdout, until it is killed. For an ordinary user's quickstart: tcpdump, begun by
 * root, changes to another user, and a user namespace of one uid has none.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define SNAP		65536
#define ETHERNET	1

static bool
put(const void *head, size_t nh, const void *data, size_t nd)
{
	struct iovec v[2] = { { (void *)(uintptr_t)head, nh }, { (void *)(uintptr_t)data, nd } };

	return writev(STDOUT_FILENO, v, 2) == (ssize_t)(nh + nd);
}

static int
copy(int fd)
{
	static uint8_t packet[SNAP];
	const uint32_t file[6] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, SNAP, ETHERNET };
	ssize_t n;

	if (!put(file, sizeof(file), "", 0))
		return 1;
	while ((n = recv(fd, packet, sizeof(packet), MSG_TRUNC)) >= 0) {
		uint32_t kept = n < SNAP ? (uint32_t)n : SNAP, head[4];
		struct timeval now;

		gettimeofday(&now, NULL);
		head[0] = (uint32_t)now.tv_sec;
		head[1] = (uint32_t)now.tv_usec;
		head[2] = kept;
		head[3] = (uint32_t)n;
		if (!put(head, sizeof(head), packet, kept))
			return 1;
	}
	perror("sniff: recv");
	return 1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: sniff INTERFACE\n");
		return 2;
	}
	signal(SIGINT, SIG_DFL);	/* a shell's background programs have it ignored */
	a.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || a.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		perror("sniff");
		return 1;
	}
	fprintf(stderr, "sniff: listening on %s\n", argv[1]);
	return copy(fd);
}
