/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmsg.h"
#include "dgram.h"

union control { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; };

enum dgram
dgram_put(int sock, const struct iovec *iov, unsigned n, int fd, int flags)
{
	union control ctl;
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	ssize_t rc;

	if (fd >= 0) {
		memset(&ctl, 0, sizeof(ctl));
		m.msg_control = ctl.b;
		m.msg_controllen = sizeof(ctl.b);
		ctl.h.cmsg_level = SOL_SOCKET;
		ctl.h.cmsg_type = SCM_RIGHTS;
		ctl.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ctl.h), &fd, sizeof(int));
	}
	do
		rc = sendmsg(sock, &m, flags | MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	if (rc >= 0)
		return DGRAM_OK;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? DGRAM_NOT_NOW : DGRAM_CLOSED;
}

/* Keep the first descriptor, close the rest: alignment gives room for two, and a hostile sender would leak them to us. */
static unsigned
take_descriptors(const struct msghdr *m, int *keep)
{
	size_t at = 0;
	struct cmsg c;
	unsigned n = 0;

	while (cmsg_next(m, &at, &c)) {
		if (c.level != SOL_SOCKET || c.type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < c.data.n / sizeof(int); i++, n++) {
			int fd;

			memcpy(&fd, c.data.p + i * sizeof(int), sizeof(int));
			if (*keep < 0)
				*keep = fd;
			else
				close(fd);
		}
	}
	return n;
}

enum dgram
dgram_get(int sock, void *buf, size_t cap, size_t *n, int *fd, int flags)
{
	union control ctl;
	struct iovec iov = { buf, cap };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = fd ? ctl.b : NULL, .msg_controllen = fd ? sizeof(ctl.b) : 0 };
	enum dgram rc = DGRAM_OK;
	ssize_t got;

	if (fd)
		*fd = -1;
	*n = 0;
	do
		got = recvmsg(sock, &m, fd ? flags | MSG_CMSG_CLOEXEC : flags);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? DGRAM_NOT_NOW : errno == ENOBUFS ? DGRAM_CUT : DGRAM_CLOSED;
	if ((fd && take_descriptors(&m, fd) > 1) || (m.msg_flags & MSG_CTRUNC))
		rc = DGRAM_DESCRIPTORS;
	else if (m.msg_flags & MSG_TRUNC)
		rc = DGRAM_LONG;
	else if (got == 0)
		rc = DGRAM_CLOSED;
	if (fd && rc != DGRAM_OK && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	*n = (size_t)got;
	return rc;
}
