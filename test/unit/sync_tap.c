/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "sync_tap.h"

/* None is lost here: what is counted as lost later was lost by who is tested. */
static void
send_all(int fd, const uint8_t *p, size_t n)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (send(fd, p, n, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN || poll(&room, 1, 10000) != 1) {
			perror("engine: send");
			return;
		}
	}
}

static void
packets(int fd, const struct pfkey_tap *tap, unsigned n, unsigned size)
{
	static uint8_t ip[1500] = { 0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 1, 5, 10, 0, 2, 6, 0, 7, 0, 9, 0, 9, 0, 0, 'x' };
	uint8_t buf[PFKEY_MSG_MAX];
	struct pfkey_msg m;

	ip[2] = (uint8_t)(size >> 8);
	ip[3] = (uint8_t)size;
	for (unsigned i = 0; i < n; i++) {
		struct wr w = wr_of(buf, sizeof(buf));

		pfkey_msg_init(&m, CW_MSG_TAPPED, SADB_SATYPE_UNSPEC);
		m.has = PFKEY_HAS(CW_EXT_TAPPED);
		m.tapped = (struct pfkey_tapped){ .id = tap->id, .reqid = tap->reqid[0], .spi = 0x1000 + i, .whole = size, .dir = i % 2 ? CW_DIR_IN : CW_DIR_OUT,
		    .proto = 50, .when_ns = clock_now_ns(), .octets = bytes_of(ip, size), .reason = i == 1 ? 33 : 0, .lost = i == 2 ? 5 : 0 };
		if (pfkey_put(&w, &m))
			send_all(fd, buf, w.n);
	}
}

void
taps_answer(struct taps *t, struct pfkey_msg *m)
{
	m->err = m->tap.n ? t->refuse : 0;
	if (m->tap.n && !m->err)
		t->last = m->tap;
}

bool
taps_command(struct taps *t, int fd, const char *verb, const char *a, const char *b)
{
	if (a && strcmp(verb, "notaps") == 0)
		t->refuse = strcmp(a, "busy") == 0 ? EBUSY : strcmp(a, "none") == 0 ? EOPNOTSUPP : 0;
	else if (a && strcmp(verb, "taps") == 0)
		packets(fd, &t->last, (unsigned)strtoul(a, NULL, 10), b ? (unsigned)strtoul(b, NULL, 10) : 29);
	else
		return false;
	return true;
}
