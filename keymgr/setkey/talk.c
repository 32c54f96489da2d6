/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question after the other over one descriptor. Answers are matched by pid, number and type, so other programs' traffic on a
 * busy engine confuses nothing; an engine that is silent for TIMEOUT_MS is given up. Buffers that held keys are wiped.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "setkey.h"

#define TIMEOUT_MS	10000
#define RECEIVE_BUFFER	(4 << 20)

/* A PF_KEY socket of the system would load the stock af_key: it is asked for only where the module serves, or by name. */
bool
talk_open(struct talk *t, const char *path, char *why, size_t cap)
{
	bool kernel = strcmp(path, "kernel") == 0, module = access("/proc/net/causeway", F_OK) == 0;
	int room = RECEIVE_BUFFER;

	t->fd = kernel || module ? socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2) : dial_unix(path, SOCK_SEQPACKET);
	if (t->fd >= 0) {
		if (setsockopt(t->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
			setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
		return true;
	}
	if (kernel || module)
		snprintf(why, cap, "pfkey_open: %s", strerror(errno));
	else if (errno == ENOENT || errno == ECONNREFUSED)
		snprintf(why, cap, "pfkey_open: no engine serves at %s: is causewayd running? (-s names another socket, -s kernel the system's own)", path);
	else
		snprintf(why, cap, "pfkey_open: %s: %s", path, strerror(errno));
	return false;
}

void
talk_close(struct talk *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	wipe(t->buf, sizeof(t->buf));
}

static int
receive(struct talk *t, int timeout, size_t *octets)
{
	struct pollfd p = { t->fd, POLLIN, 0 };
	const char *why;
	size_t from;
	ssize_t n;
	int rc;

	do
		rc = poll(&p, 1, timeout);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ETIMEDOUT;
	n = rc < 0 ? -1 : recv(t->fd, t->buf, sizeof(t->buf), MSG_TRUNC);
	if (n < 0)
		return errno;
	if (n == 0)
		return ECONNRESET;
	/* what another said or was told: behind a base message of its own (RFC 2367 3.1.11) */
	from = n > 16 && t->buf[1] == SADB_X_PROMISC ? 16 : 0;
	if ((size_t)n > sizeof(t->buf) || !pfkey_get(bytes_of(t->buf + from, (size_t)n - from), &t->reply, &why))
		return EBADMSG;
	*octets = (size_t)n;
	return 0;
}

static int
send_it(struct talk *t, struct pfkey_msg *m)
{
	uint8_t out[PFKEY_MSG_MAX];
	struct wr w = wr_of(out, sizeof(out));
	int err = 0;

	m->seq = ++t->seq;
	m->pid = (uint32_t)getpid();
	if (!pfkey_put(&w, m))
		err = EMSGSIZE;
	else if (send(t->fd, out, w.n, MSG_NOSIGNAL) < 0)
		err = errno;
	if (!err && t->verbose)
		show_message(stdout, m, w.n);
	wipe(out, w.n);
	return err;
}

/* The next message that is an answer to us, of this type. */
static int
answer(struct talk *t, uint8_t type)
{
	size_t octets;
	int err;

	while ((err = receive(t, TIMEOUT_MS, &octets)) == 0) {
		if (t->reply.type != type || t->reply.pid != (uint32_t)getpid())
			continue;
		if (t->verbose)
			show_message(stdout, &t->reply, octets);
		return 0;
	}
	return err;
}

int
talk_ask(struct talk *t, struct pfkey_msg *m)
{
	int err = send_it(t, m);

	while (err == 0 && (err = answer(t, m->type)) == 0)
		if (t->reply.seq == m->seq)
			return t->reply.err;
	return err;
}

void
talk_greet(struct talk *t, struct engine *g, bool keyless)
{
	struct pfkey_msg m;

	*g = (struct engine){ 0 };
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_HELLO) | (keyless ? PFKEY_HAS(CW_EXT_KEYLESS) : 0);
	m.hello_version = CW_HELLO_VERSION;
	if (talk_ask(t, &m) != 0) {
		/* The kernel's own af_key registers for one protocol, never for all. */
		pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
		if (talk_ask(t, &m) != 0)
			return;
	}
	g->known = true;
	g->greeted = (t->reply.has & PFKEY_HAS(CW_EXT_HELLO)) && t->reply.hello_version == CW_HELLO_VERSION;
	g->other = (t->reply.has & PFKEY_HAS(CW_EXT_HELLO)) && !g->greeted;
	g->version = t->reply.hello_version;
	g->old = g->greeted && (t->reply.hello_features & CW_FEAT_OLD);
	g->ifaces = g->greeted && (t->reply.hello_features & CW_FEAT_IFACE);
	g->auth = t->reply.algs_auth;
	g->enc = t->reply.algs_encrypt;
}

int
talk_dump(struct talk *t, struct pfkey_msg *m, bool (*fn)(void *, const struct pfkey_msg *), void *arg)
{
	int err = send_it(t, m);

	while (err == 0) {
		err = answer(t, m->type);
		if (err || t->reply.err)
			return err ? err : t->reply.err;
		if (t->reply.has && !fn(arg, &t->reply))
			return EIO;
		if (t->reply.seq == 0 || !t->reply.has)
			return 0;
	}
	return err;
}

bool
talk_next(struct talk *t, size_t *octets)
{
	return receive(t, -1, octets) == 0;
}
