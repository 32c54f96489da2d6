/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include "cmsg.h"

bool
cmsg_next(const struct msghdr *m, size_t *at, struct cmsg *c)
{
	const uint8_t *p = m->msg_control;
	struct cmsghdr h;
	size_t left;

	if (p == NULL || *at > m->msg_controllen || m->msg_controllen - *at < sizeof(h))
		return false;
	p += *at;
	left = m->msg_controllen - *at;
	memcpy(&h, p, sizeof(h));
	if (h.cmsg_len < CMSG_LEN(0) || h.cmsg_len > left)
		return false;
	c->level = h.cmsg_level;
	c->type = h.cmsg_type;
	c->data = bytes_of(p + CMSG_LEN(0), h.cmsg_len - CMSG_LEN(0));
	*at += CMSG_ALIGN(h.cmsg_len) < left ? CMSG_ALIGN(h.cmsg_len) : left;	/* the last may lack its padding */
	return true;
}
