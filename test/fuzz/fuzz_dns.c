/* SPDX-License-Identifier: BSD-2-Clause */
/* What a DNS server says, and the resolver's files. The first octet: bit 0 the type asked for. The number and the question are fixed. */
#include <stdlib.h>
#include <string.h>

#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A question that is asked comes back as an answer without records: it is for us. */
static void
question(const uint8_t *p, size_t n)
{
	uint8_t buf[DNS_SIZE];
	char host[HOST_CAP + 8];
	struct dns_answer a;
	size_t len;

	if (n >= sizeof(host))
		return;
	memcpy(host, p, n);
	host[n] = '\0';
	len = dns_question(0x1234, host, DNS_A, buf, sizeof(buf));
	if ((len != 0) != host_ok(host) || (len && (dns_question(0x1234, host, DNS_A, buf, len - 1) != 0)))
		abort();
	if (len == 0)
		return;
	buf[2] = 0x81;
	if (!dns_answer(bytes_of(buf, len), 0x1234, host, DNS_A, &a) || a.n != 0 || a.cut)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct addr servers[DNS_SERVERS], hosts[RESOLVE_ADDRS];
	struct dns_answer a;

	if (n == 0)
		return 0;
	question(p, n);
	if (dns_answer(bytes_of(p + 1, n - 1), 0x1234, "gw.example.org", p[0] & 1 ? DNS_AAAA : DNS_A, &a) &&
	    (a.n > RESOLVE_ADDRS || a.ttl_s > RESOLVE_TTL_MAX || (a.cut && a.n)))
		abort();
	for (unsigned i = 0; i < a.n; i++)
		if (a.addr[i].fam != (p[0] & 1 ? 6 : 4))
			abort();
	if (dns_servers(bytes_of(p, n), servers) > DNS_SERVERS || dns_hosts(bytes_of(p, n), "gw.example.org", hosts) > RESOLVE_ADDRS)
		abort();
	return 0;
}
