/* SPDX-License-Identifier: BSD-2-Clause */
/* What a DNS server says, and the resolver's files. The first octet: bit 0 the type asked for. The number and the question are fixed. */
#include <stdlib.h>

#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct addr servers[DNS_SERVERS], hosts[RESOLVE_ADDRS];
	struct dns_answer a;

	if (n == 0)
		return 0;
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
