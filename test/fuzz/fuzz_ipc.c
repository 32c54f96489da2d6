/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every message of lib/msg_*.c; the first octet picks one. What a getter accepts, the putter must write back to the very
 * octets that were read, and what it refuses must be left all zero: both are checked here. 0xff is the start of a daemon: what the supervisor says before GO.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/msg_codecs.h"
#include "ipc.h"
#include "proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_ipc: %s\n", what);
	abort();
}

enum { SAYS_NO_HELLO = 1, SAYS_FD = 2, SAYS_OTHER = 4, SAYS_RAW = 8 };

/* A message: u8 of these bits, u8 type, u16 length of its body. Its descriptor has a number that nobody has: nothing is closed here. */
static const char *
say(struct proc *p, struct rd *r, bool *hello, bool *go)
{
	uint8_t how = rd_u8(r), type = rd_u8(r), buf[2048];
	int fd = how & SAYS_FD ? 1000 : -1;
	unsigned had = p->nfds;
	struct wr w = wr_of(buf, sizeof(buf));
	size_t len = rd_u16(r);
	struct bytes body = rd_bytes(r, len < rd_left(r) ? len : rd_left(r));
	const char *why;

	if (!(how & SAYS_RAW)) {
		wr_le16(&w, type);
		wr_le16(&w, how & SAYS_OTHER ? IPC_VERSION + 1 : IPC_VERSION);
		wr_le32(&w, 0);
	}
	wr_span(&w, body);
	if (!wr_ok(&w))
		return "too long";
	why = proc_said(p, wr_bytes(&w), &fd, hello, go);
	must(p->nfds == had || (p->nfds == had + 1 && fd == -1 && (how & SAYS_FD)), "a descriptor came from nowhere, or is in two places");
	must(!*go || (why == NULL && *hello), "it begins without a word");
	return why;
}

static void
start(struct bytes in)
{
	struct rd r = rd_of(in);
	bool hello = false, go = false;
	uint8_t buf[32];
	struct wr w = wr_of(buf, sizeof(buf));
	int fd = -1;
	struct proc p;

	memset(&p, 0, sizeof(p));
	wr_le16(&w, IPC_HELLO);
	wr_le16(&w, IPC_VERSION);
	wr_le32(&w, 0);
	str_put(&w, PACKAGE_VERSION);
	if (in.n && !(in.p[0] & SAYS_NO_HELLO))
		must(proc_said(&p, wr_bytes(&w), &fd, &hello, &go) == NULL && hello && !go, "our own version is refused");
	while (rd_left(&r) && !go && say(&p, &r, &hello, &go) == NULL)
		;
	must(p.nfds <= PROC_FDS, "too many descriptors");
	for (unsigned i = 0; i < p.nfds; i++)
		must(p.fds[i].fd == 1000 && memchr(p.fds[i].name, 0, sizeof(p.fds[i].name)), "a descriptor that did not come");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct codec *c;
	uint8_t *obj, *out;
	struct rd r;
	struct wr w;

	if (n == 0 || n > 65536)
		return 0;
	if (data[0] == 0xff) {
		start(bytes_of(data + 1, n - 1));
		return 0;
	}
	c = &codecs[data[0] % NCODECS];
	obj = malloc(c->size);
	out = malloc(n);
	if (!obj || !out)
		abort();
	memset(obj, 0xa5, c->size);
	r = rd_of(bytes_of(data + 1, n - 1));
	w = wr_of(out, n - 1);
	if (c->get(&r, obj)) {
		c->put(&w, obj);
		must(wr_ok(&w) && rd_ok(&r), "what was read cannot be written");
		must(w.n == (size_t)(r.p - (data + 1)) && memcmp(out, data + 1, w.n) == 0, "what was read is written otherwise");
	} else {
		for (size_t i = 0; i < c->size; i++)
			must(obj[i] == 0, "a refused message left something behind");
		must(!rd_ok(&r), "a refused message left its cursor good");
	}
	free(out);
	free(obj);
	return 0;
}
