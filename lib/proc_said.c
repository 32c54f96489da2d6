/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "ipc.h"
#include "msg_sup.h"
#include "proc.h"

static const char malformed[] = "The supervisor sent a malformed message.";
static const char other[] = "The supervisor is of another version of the suite: restart causewayd.";

static const char *
take_config(struct proc *p, struct rd *body)
{
	struct msg_sup_config c;

	if (!msg_sup_config_get(body, &c))
		return "The supervisor's settings are malformed.";
	snprintf(p->user, sizeof(p->user), "%s", c.user);
	snprintf(p->run_dir, sizeof(p->run_dir), "%s", c.run_dir);
	snprintf(p->state_dir, sizeof(p->state_dir), "%s", c.state_dir);
	snprintf(p->secret_dir, sizeof(p->secret_dir), "%s", c.secret_dir);
	snprintf(p->key_dir, sizeof(p->key_dir), "%s", c.key_dir);
	snprintf(p->crl_dir, sizeof(p->crl_dir), "%s", c.crl_dir);
	snprintf(p->guard_file, sizeof(p->guard_file), "%s", c.guard_file);
	snprintf(p->site, sizeof(p->site), "%s", c.site);
	snprintf(p->engine, sizeof(p->engine), "%s", c.engine);
	snprintf(p->engine_asked, sizeof(p->engine_asked), "%s", c.engine_asked);
	p->ike_port = c.ike_port;
	p->natt_port = c.natt_port;
	p->legacy = c.legacy;
	p->log_level = c.log_level;
	return NULL;
}

static const char *
take_fd(struct proc *p, struct rd *body, int *fd)
{
	struct proc_fd f = { .fd = *fd };

	str_get(body, f.name, sizeof(f.name));
	if (!rd_done(body))
		return malformed;
	if (p->nfds == PROC_FDS || *fd < 0)
		return "The supervisor's descriptors are not what they should be.";
	p->fds[p->nfds++] = f;
	*fd = -1;
	return NULL;
}

static const char *
take_hello(struct rd *body)
{
	char version[32];

	str_get(body, version, sizeof(version));
	return rd_ok(body) && ipc_same_major(version, PACKAGE_VERSION) ? NULL : other;
}

const char *
proc_said(struct proc *p, struct bytes in, int *fd, bool *hello, bool *go)
{
	struct rd r = rd_of(in);
	uint16_t type = rd_le16(&r), version = rd_le16(&r);
	const char *why = NULL;

	rd_le32(&r);
	if (rd_ok(&r) && version != IPC_VERSION)
		return other;
	if (!rd_ok(&r) || *hello != (type != IPC_HELLO))
		return malformed;
	switch (type) {
	case IPC_HELLO: why = take_hello(&r); *hello = why == NULL; break;
	case SUP_CONFIG: why = take_config(p, &r); break;
	case SUP_FD: why = take_fd(p, &r, fd); break;
	case SUP_GO: break;
	default: why = "The supervisor sent a message of an unknown type.";
	}
	if (why == NULL && !rd_done(&r))
		why = malformed;
	*go = why == NULL && type == SUP_GO;
	return why;
}
