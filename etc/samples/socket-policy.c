/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket with policies of its own (ipsec_set_policy(3)). Says "hello" to a peer by UDP and waits for the answer, or answers others:
 *	socket-policy [-e ENGINE] LOCAL PORT PEER PORT [POLICY ...]
 *	socket-policy [-e ENGINE] -l LOCAL PORT [POLICY ...]
 * A policy is "out ipsec esp/tunnel/192.0.2.1-192.0.2.2/require" and the like. To be built with
 *	cc socket-policy.c $(pkg-config --cflags --libs causeway-ipsec)
 */
#include <causeway/ipsec.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct sockaddr_in
address(const char *ip, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)) };

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "%s is no IPv4 address\n", ip);
		exit(2);
	}
	return a;
}

static int
set_policy(int s, const char *text, const char *engine, int option)
{
	char *policy = ipsec_set_policy(text, (int)strlen(text)), *shown;
	int rc;

	if (policy == NULL) {
		fprintf(stderr, "%s: %s\n", text, ipsec_strerror());
		return -1;
	}
	if (option)	/* the module alone has it, and the socket need not be bound */
		rc = setsockopt(s, IPPROTO_IP, IP_IPSEC_POLICY, policy, (socklen_t)ipsec_get_policylen(policy));
	else
		rc = ipsec_bind_policy(s, policy, engine);
	if (rc != 0 && option)
		perror(text);
	else if (rc != 0)
		fprintf(stderr, "%s: %s\n", text, ipsec_strerror());
	else if ((shown = ipsec_dump_policy(policy, NULL)) != NULL) {
		printf("%d octets: %s\n", ipsec_get_policylen(policy), shown);
		free(shown);
	}
	free(policy);
	return rc;
}

int
main(int argc, char **argv)
{
	struct timeval patience = { 2, 0 };
	const char *engine = NULL;
	struct sockaddr_in here, there;
	socklen_t n = sizeof(there);
	int c, s, listening = 0, unbound = 0, option = 0;
	char text[64];
	ssize_t got;

	while ((c = getopt(argc, argv, "+e:lou")) != -1) {
		if (c == 'e')
			engine = optarg;
		else if (c == 'l')
			listening = 1;
		else if (c == 'o')
			option = 1;	/* by setsockopt(2), as on NetBSD */
		else if (c == 'u')
			unbound = 1;	/* to see what the library says of it */
		else
			return 2;
	}
	argv += optind;
	if (argc - optind < (listening ? 2 : 4))
		return 2;
	here = address(argv[0], argv[1]);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0 || (!unbound && bind(s, (struct sockaddr *)&here, sizeof(here)) != 0)) {
		perror("socket");
		return 1;
	}
	for (char **p = argv + (listening ? 2 : 4); *p; p++)
		if (set_policy(s, *p, engine, option) != 0)
			return 1;
	fflush(stdout);
	while (listening) {
		got = recvfrom(s, text, sizeof(text), 0, (struct sockaddr *)&there, &n);
		if (got < 0 || sendto(s, text, (size_t)got, 0, (struct sockaddr *)&there, n) != got)
			perror("answer");
	}
	there = address(argv[2], argv[3]);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (sendto(s, "hello", 5, 0, (struct sockaddr *)&there, sizeof(there)) != 5)
		perror("send");
	got = recv(s, text, sizeof(text), 0);
	printf("%s\n", got == 5 ? "answered" : "no answer");
	return got == 5 ? 0 : 1;
}
