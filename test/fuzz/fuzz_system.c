/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system says. The first octet: 'c' ancillary data as ipsecd and iked read it, 'n' messages of rtnetlink one behind the other, 'p'
 * /proc/net/causeway. Whatever it is, nothing is read beyond it, and what is taken is in its bounds.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

#include "../../iked/run/sockets.h"
#include "../../kernel/user/nl_read.h"
#include "../../kernel/user/proc_counters.h"
#include "../../kernel/user/wire_cmsg.h"
#include "cmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* The first octet is the message's flags. */
static void
ancillary(const uint8_t *p, size_t n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 1, .sin_addr.s_addr = 1 };
	struct addr from = { 6, { 0xfe, 0x80 } }, local, asked;
	uint8_t head[CW_AH_FRONT], control[CMSG_ROOM] __attribute__((aligned(8)));
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to) }, put = { 0 };
	struct wire_beside b;
	struct endpoint peer;
	size_t at = 0, got;
	struct cmsg c;
	int err;

	if (n == 0)
		return;
	m.msg_flags = p[0] & 1 ? MSG_CTRUNC : 0;
	m.msg_control = n > 1 ? (void *)(uintptr_t)(p + 1) : NULL;
	m.msg_controllen = n - 1;
	while (cmsg_next(&m, &at, &c))
		must(at <= n - 1 && c.data.p >= p + 1 && c.data.n <= (size_t)(p + n - c.data.p));
	wire_beside(&m, &b);
	must(b.local.fam == 0 || b.local.fam == 4 || b.local.fam == 6);
	got = wire_header6(&m, IPPROTO_AH, 100, &from, &b, head);
	must(got == 0 || (got >= 40 && got <= CW_AH_FRONT && head[0] >> 4 == 6));
	wire_too_big(&m);
	if (icmp_error_get(&m, &peer, &err))
		must(peer.addr.fam == 4);
	if (!pktinfo_get(&m, &local))
		return;
	/* What came is what an answer asks for. */
	must(local.fam == 4 || local.fam == 6);
	pktinfo_put(&put, control, &local);
	must(put.msg_controllen <= sizeof(control) && (put.msg_controllen == 0) == addr_is_any(&local));
	at = 0;
	if (!cmsg_next(&put, &at, &c))
		return;
	if (local.fam == 4)	/* the source is asked for in another member than the destination is told in */
		memcpy((uint8_t *)(uintptr_t)c.data.p + offsetof(struct in_pktinfo, ipi_addr), c.data.p + offsetof(struct in_pktinfo, ipi_spec_dst), 4);
	must(pktinfo_get(&put, &asked) && addr_eq(&asked, &local));
}

static int
on_message(const struct nlmsghdr *h, void *arg)
{
	struct nl_link l;
	struct nl_route r;
	struct nl_addr a;
	int error;

	if (nl_get_link(h, &l))
		must(memchr(l.name, 0, sizeof(l.name)) && memchr(l.kind, 0, sizeof(l.kind)));
	if (nl_get_route(h, &r))
		must(r.dst.len <= addr_bits(&r.dst.addr) && (r.src.fam == 0 || r.src.fam == r.dst.addr.fam));
	if (nl_get_addr(h, &a))
		must(a.addr.fam == 4 || a.addr.fam == 6);
	nl_get_error(h, &error);
	return MNL_CB_OK;
}

static void
netlink(const uint8_t *p, size_t n)
{
	int left = (int)nl_whole(p, n);

	must(left >= 0 && (size_t)left <= n);
	if (left == 0)
		return;
	mnl_cb_run(p, (size_t)left, 0, 0, on_message, NULL);
	/* Errors do not come to it through mnl_cb_run(); nl_many() goes through the messages so. */
	for (const struct nlmsghdr *h = (const void *)p; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		on_message(h, NULL);
}

static void
counters(const uint8_t *p, size_t n)
{
	static struct proc_counters c;

	proc_counters_get(bytes_of(p, n), &c);
	must(c.n <= PROC_COUNTERS && memchr(c.version, 0, sizeof(c.version)));
	for (unsigned i = 0; i < c.n; i++)
		must(c.v[i].name[0] > ' ' && memchr(c.v[i].name, 0, sizeof(c.v[i].name)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *exact;

	if (n < 1)
		return 0;
	exact = malloc(n > 1 ? n - 1 : 1);	/* behind the first octet nothing is aligned, and netlink's is */
	if (exact == NULL)
		abort();
	memcpy(exact, p + 1, n - 1);
	switch (p[0]) {
	case 'c': ancillary(exact, n - 1); break;
	case 'n': netlink(exact, n - 1); break;
	case 'p': counters(exact, n - 1); break;
	}
	free(exact);
	return 0;
}
