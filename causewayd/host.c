/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "pfkey.h"

#define RECEIVE	(8 << 20)	/* who leaves more unread is cut off (causeway.4) */

bool
host_module_is_there(void)
{
	return access(HOST_PROC, F_OK) == 0;
}

bool
host_module_runs(void)
{
	FILE *f = fopen(HOST_PROC, "re");
	char line[128];
	bool runs = false;

	while (f && !runs && fgets(line, sizeof(line), f))
		runs = strcmp(line, "running 1\n") == 0;
	if (f)
		fclose(f);
	return runs;
}

enum conf_engine
host_choose(enum conf_engine asked)
{
	if (asked != CONF_AUTO)
		return asked;
	return host_module_is_there() ? CONF_MODULE : CONF_USER;
}

bool
host_is_kernel(enum conf_engine e)
{
	return e == CONF_MODULE || e == CONF_SYSTEM;
}

/* Its answer stands in the queue when send returns; it is left to nobody, so that the daemon's own begins with the next. */
static bool
mark_keyless(int fd)
{
	struct pfkey_msg m;
	uint8_t buf[512];
	struct wr w = wr_of(buf, sizeof(buf));
	const struct sadb_msg *answer = (const struct sadb_msg *)buf;
	bool ok = false;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	m.pid = (uint32_t)getpid();
	m.seq = 1;
	m.has = PFKEY_HAS(CW_EXT_HELLO) | PFKEY_HAS(CW_EXT_KEYLESS);
	m.hello_version = CW_HELLO_VERSION;
	if (!pfkey_put(&w, &m) || send(fd, buf, w.n, MSG_NOSIGNAL) < 0)
		return false;
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= (ssize_t)sizeof(*answer))
		if (answer->sadb_msg_type == SADB_REGISTER && answer->sadb_msg_seq == 1)
			ok = answer->sadb_msg_errno == 0;
	return ok;
}

int
host_pfkey_open(enum conf_engine e, bool keyless, enum reason *why)
{
	int fd, size = RECEIVE;

	*why = e == CONF_SYSTEM ? R_ENGINE_TAKEN : R_ENGINE_NOT_LOADED;
	if (!host_is_kernel(e) || host_module_is_there() != (e == CONF_MODULE))
		return -1;
	fd = socket(PF_KEY, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, PF_KEY_V2);
	*why = R_ENGINE_NO_SOCKET;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (!keyless || e == CONF_SYSTEM || mark_keyless(fd))	/* the system's knows no such mark */
		return fd;
	close(fd);
	return -1;
}

bool
host_spare_socket(int fd, int family)
{
	struct sadb_x_policy p = { .sadb_x_policy_len = sizeof(p) / 8, .sadb_x_policy_exttype = SADB_X_EXT_POLICY,
		.sadb_x_policy_type = CW_POLICY_BYPASS };
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, option = family == AF_INET ? IP_IPSEC_POLICY : IPV6_IPSEC_POLICY;

	for (uint8_t dir = CW_DIR_IN; dir <= CW_DIR_OUT; dir++) {
		p.sadb_x_policy_dir = dir;
		if (setsockopt(fd, level, option, &p, sizeof(p)) != 0)
			return false;
	}
	return true;
}
