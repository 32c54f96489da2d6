/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy for one socket, where the engine cannot look into sockets: its local address, protocol and port are the selectors of a
 * policy in the engine. In user space the system has to be told, too, that this socket's packets go through the engine: it is bound
 * to the engine's device, so that nothing of it leaves or comes in by another way. The descriptor to the engine is marked keyless.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "causeway/ipsec.h"
#include "dial.h"
#include "ipsec_in.h"

#define SOCKET		"/run/causeway/pfkey.sock"
#define DEVICE		"cw0"		/* ipsecd's */
#define MARK_OWN	0x4d00		/* what the rules and the guard let pass in the clear */
#define TIMEOUT_MS	10000

struct bind {
	int		pf;
	bool		user;		/* the engine is ipsecd */
	uint32_t	seq;
	struct pfkey_msg ask, want, reply;
	uint8_t		buf[PFKEY_MSG_MAX];
};

static int
fail(int err, const char *text)
{
	ipsec_in_fail(text);
	errno = err;
	return -1;
}

/* 0 and b->reply, or an errno. */
static int
receive(struct bind *b)
{
	struct pollfd p = { b->pf, POLLIN, 0 };
	ssize_t n;

	do {
		if (poll(&p, 1, TIMEOUT_MS) <= 0)
			return ETIMEDOUT;
		n = recv(b->pf, b->buf, sizeof(b->buf), 0);
		if (n <= 0)
			return n == 0 ? ECONNRESET : errno;
		if (!pfkey_get(bytes_of(b->buf, (size_t)n), &b->reply, NULL))
			return EBADMSG;
	} while (b->reply.type != b->ask.type || b->reply.pid != (uint32_t)getpid());
	return b->reply.err;
}

static int
send_it(struct bind *b)
{
	struct wr w = wr_of(b->buf, sizeof(b->buf));

	b->ask.seq = ++b->seq;
	b->ask.pid = (uint32_t)getpid();
	return !pfkey_put(&w, &b->ask) ? EMSGSIZE : send(b->pf, b->buf, w.n, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int
ask(struct bind *b)
{
	int err = send_it(b);

	while (err == 0 && (err = receive(b)) == 0 && b->reply.seq != b->seq)
		;
	return err;
}

static int
greet(struct bind *b, const char *engine)
{
	b->user = access("/proc/net/causeway", F_OK) != 0;
	b->pf = b->user ? dial_unix(engine ? engine : SOCKET, SOCK_SEQPACKET) : socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2);
	if (b->pf < 0)
		return fail(errno, errno == ENOENT || errno == ECONNREFUSED ? "no engine serves" : "the engine's socket is for root alone");
	pfkey_msg_init(&b->ask, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	b->ask.has = PFKEY_HAS(CW_EXT_HELLO) | PFKEY_HAS(CW_EXT_KEYLESS);
	b->ask.hello_version = CW_HELLO_VERSION;
	if (ask(b) != 0 || !(b->reply.has & PFKEY_HAS(CW_EXT_HELLO)))
		return fail(EPROTONOSUPPORT, "the engine is not Causeway's");
	return b->reply.hello_version == CW_HELLO_VERSION ? 0 : fail(EPROTONOSUPPORT, "the engine is of another revision than this library");
}

static bool
end_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *), struct endpoint *e)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	return get(fd, (struct sockaddr *)&a, &n) == 0 && endpoint_from_sa((struct sockaddr *)&a, n, e);
}

static int get_local(int fd, struct sockaddr *a, socklen_t *n) { return getsockname(fd, a, n); }
static int get_peer(int fd, struct sockaddr *a, socklen_t *n) { return getpeername(fd, a, n); }

/* The selectors of what the socket sends (dir out) or gets. */
static int
selectors(struct bind *b, int fd)
{
	struct endpoint here, there = { 0 };
	struct prefix local, remote;
	int proto = 0;
	socklen_t n = sizeof(proto);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &n) != 0)
		return fail(errno, "this is no socket");
	if (proto != 6 && proto != 17 && proto != 33 && proto != 132 && proto != 136)
		return fail(EPROTONOSUPPORT, "the socket's protocol has no ports by which its packets could be told from others'");
	if (!end_of(fd, get_local, &here) || here.port == 0)
		return fail(EINVAL, "the socket is not bound: bind it to a local address and port first, so that its packets can be told from others'");
	if (addr_is_any(&here.addr))
		return fail(EINVAL, "the socket is bound to every address: bind it to one, or the policy would be for other sockets and hosts, too");
	local = (struct prefix){ here.addr, addr_bits(&here.addr) };
	remote = (struct prefix){ { here.addr.fam, { 0 } }, 0 };
	if (end_of(fd, get_peer, &there))
		remote = (struct prefix){ there.addr, addr_bits(&there.addr) };
	if (remote.addr.fam != local.addr.fam)
		return fail(EINVAL, "the socket's two addresses are of different families");
	if (b->want.policy.dir == CW_DIR_OUT)
		pfkey_set_selector(&b->want, &local, &remote, (uint8_t)proto, here.port, there.port);
	else
		pfkey_set_selector(&b->want, &remote, &local, (uint8_t)proto, there.port, here.port);
	return 0;
}

static bool
inside(const struct pfkey_address *wide, const struct pfkey_address *a)
{
	struct prefix p = { wide->ep.addr, wide->prefixlen };

	return wide->prefixlen <= a->prefixlen && wide->ep.addr.fam == a->ep.addr.fam && prefix_has(&p, &a->ep.addr) &&
	    (wide->ep.port == 0 || wide->ep.port == a->ep.port);
}

/* Is there one that would go before? Policies without a priority come in order of arrival, and ours would be the last of them. */
static int
first(struct bind *b)
{
	const struct pfkey_msg *want = &b->want;
	int err;

	pfkey_msg_init(&b->ask, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	for (err = send_it(b); err == 0 && (err = receive(b)) == 0; ) {
		const struct pfkey_msg *m = &b->reply;
		bool any = m->src.proto == 0 || m->src.proto == CW_ULPROTO_ANY || m->src.proto == want->src.proto;

		if (m->policy.priority == 0 && m->policy.dir == want->policy.dir && any && inside(&m->src, &want->src) && inside(&m->dst, &want->dst))
			return fail(EEXIST, "a policy that is there already comes first and covers all of this socket's packets");
		if (m->seq == 0)
			break;
	}
	return err == 0 || err == ENOENT ? 0 : fail(err, strerror(err));
}

/* What the system does with this socket's packets: through the engine's device, or past it. */
static int
lead(struct bind *b, int fd)
{
	unsigned mark = MARK_OWN;

	if (!b->user)
		return 0;
	if (b->want.policy.type == CW_POLICY_BYPASS && b->want.policy.dir == CW_DIR_IN)
		return fail(EOPNOTSUPP, "ipsecd cannot let in the clear what the guard keeps out");
	if (b->want.policy.type == CW_POLICY_BYPASS)
		return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0 ? 0 : fail(errno, "the socket cannot be marked");
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, DEVICE, sizeof(DEVICE)) == 0 ? 0 :
	    fail(errno, "the socket cannot be bound to the engine's device");
}

static int
work(struct bind *b, int fd, bool add, const char *policy, const char *engine)
{
	char owner[32];
	int err;

	if (!ipsec_in_read(policy, &b->reply))
		return fail(EINVAL, "Invalid security policy");
	pfkey_msg_init(&b->want, add ? SADB_X_SPDADD : SADB_X_SPDDELETE, SADB_SATYPE_UNSPEC);
	b->want.policy = b->reply.policy;
	b->want.has = PFKEY_HAS(SADB_X_EXT_POLICY);
	if (b->want.policy.dir != CW_DIR_IN && b->want.policy.dir != CW_DIR_OUT)
		return fail(EINVAL, "Invalid direction");
	if (b->want.policy.type != CW_POLICY_IPSEC && b->want.policy.type != CW_POLICY_BYPASS)
		return fail(EINVAL, "a socket's policy is ipsec or bypass");
	if (selectors(b, fd) != 0)
		return -1;
	if (add) {
		snprintf(owner, sizeof(owner), "socket:%d", (int)getpid());
		pfkey_set_owner(&b->want, owner);
	} else {
		b->want.policy.n = 0;
	}
	if (greet(b, engine) != 0 || (add && (first(b) != 0 || lead(b, fd) != 0)))
		return -1;
	b->ask = b->want;
	err = ask(b);
	if (err)
		return fail(err, err == EEXIST ? "this address, protocol and port has a policy already" : err == EOPNOTSUPP || err == EPROTONOSUPPORT ?
		    "the engine does not do what this policy asks for" : err == ENOENT ? "No entry" : strerror(err));
	ipsec_in_fail("Success");
	return 0;
}

static int
run(int fd, bool add, const char *policy, const char *engine)
{
	struct bind *b = policy ? calloc(1, sizeof(*b)) : NULL;
	int rc, err;

	if (!b)
		return fail(policy ? ENOMEM : EINVAL, policy ? "No buffers available" : "Invalid argument");
	b->pf = -1;
	rc = work(b, fd, add, policy, engine);
	err = errno;
	if (b->pf >= 0)
		close(b->pf);
	free(b);
	errno = err;
	return rc;
}

int
ipsec_bind_policy(int fd, const char *policy, const char *engine)
{
	return run(fd, true, policy, engine);
}

int
ipsec_unbind_policy(int fd, const char *policy, const char *engine)
{
	return run(fd, false, policy, engine);
}
