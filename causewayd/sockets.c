/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"
#include "sockets.h"

#define MARK_OWN	0x4d00		/* contracts, "Routes and rules": our own sockets pass the guard and the rules by it */
#define WORKERS		1		/* natt sockets a family; ipsecd reads each in a thread of its own */
#define BUFFER		(8 << 20)	/* a burst at 10 Gbit/s while its reader is restarted */
#define PROTO_ESP	50
#define PANEL_GROUP	"www-data"	/* Debian's web servers */

enum kind { IKE, NATT, ESP };

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* DF is ours to set and the route's cached path MTU is not used: the engine has its own (contracts, "MTU, DF, DSCP, ECN"). */
static bool
set_options(int fd, int family, enum kind kind)
{
	bool ok = set(fd, SOL_SOCKET, SO_MARK, MARK_OWN);

	if (family == AF_INET)
		ok = ok && set(fd, IPPROTO_IP, IP_PKTINFO, 1) && set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	else
		ok = ok && (kind == ESP || set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
		    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
		    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
	if (kind == NATT)
		ok = ok && set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER))
		set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	if (!set(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER))
		set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER);
	return ok;
}

static bool
bind_any(int fd, int family, uint16_t port)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&a4, sizeof(a4)) == 0;
	return bind(fd, (struct sockaddr *)&a6, sizeof(a6)) == 0;
}

static bool
keep(struct sockets *s, const char *name, int fd, const char *path)
{
	struct socket_row *row = &s->row[s->n];

	if (s->n == SOCKETS) {
		close(fd);
		errno = ENFILE;
		return false;
	}
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->path, sizeof(row->path), "%s", path);
	row->fd = fd;
	s->n++;
	return true;
}

static bool
open_net(struct sockets *s, const char *name, int family, enum kind kind, uint16_t port, char *why, size_t cap)
{
	int type = (kind == ESP ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(family, type, kind == ESP ? PROTO_ESP : 0);

	/* A machine without IPv6 is served with IPv4. */
	if (fd < 0 && family == AF_INET6 && errno == EAFNOSUPPORT)
		return true;
	if (fd >= 0 && set_options(fd, family, kind) && (kind == ESP || bind_any(fd, family, port)))
		return keep(s, name, fd, "");
	if (fd >= 0 && family == AF_INET6 && errno == EADDRNOTAVAIL) {
		close(fd);
		return true;
	}
	if (errno == EADDRINUSE)
		snprintf(why, cap, "UDP port %u is in use by another program. Is another IKE daemon running, strongSwan perhaps?",
		    port);
	else if (kind == ESP)
		snprintf(why, cap, "The raw socket for protocol 50 cannot be opened: %s.", strerror(errno));
	else
		snprintf(why, cap, "The socket for UDP port %u cannot be opened: %s.", port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* Without it the user-space engine is slower, not wrong. */
static void
bundle(const struct sockets *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strncmp(s->row[i].name, "natt", 4) == 0)
			set(s->row[i].fd, IPPROTO_UDP, UDP_GRO, 1);
}

bool
sockets_open_net(struct sockets *s, bool kernel, uint16_t ike_port, uint16_t natt_port, char *why, size_t cap)
{
	bool ok = open_net(s, "ike4", AF_INET, IKE, ike_port, why, cap) &&
	    open_net(s, "ike6", AF_INET6, IKE, ike_port, why, cap);

	if (!kernel)
		ok = ok && open_net(s, "esp4", AF_INET, ESP, 0, why, cap) && open_net(s, "esp6", AF_INET6, ESP, 0, why, cap);
	for (int i = 0; ok && i < WORKERS; i++)
		ok = open_net(s, "natt4", AF_INET, NATT, natt_port, why, cap) &&
		    open_net(s, "natt6", AF_INET6, NATT, natt_port, why, cap);
	if (!kernel)
		bundle(s);
	return ok;
}

/* Linux's own ESP takes ESP in UDP from sockets that say so, and leaves IKE to them (RFC 3948). */
void
sockets_encap(const struct sockets *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strncmp(s->row[i].name, "natt", 4) == 0)
			set(s->row[i].fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP);
}

bool
sockets_spare(const struct sockets *s)
{
	bool ok = true;

	for (unsigned i = 0; i < s->n; i++)
		if (s->row[i].path[0] == '\0')
			ok = host_spare_socket(s->row[i].fd, strchr(s->row[i].name, '6') ? AF_INET6 : AF_INET) && ok;
	return ok;
}

/* The file's mode says who may connect; a group that does not exist, or that this user namespace does not map, leaves it to root alone. */
static bool
open_unix(struct sockets *s, const char *name, const char *run_dir, const char *file, int type, const char *group,
    char *why, size_t cap)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const struct group *gr = group ? getgrnam(group) : NULL;
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", run_dir, file);
	mode_t before;
	int fd = -1;
	bool ok;

	if (n < 0 || (size_t)n >= sizeof(a.sun_path)) {
		snprintf(why, cap, "The path of the run directory is too long for a Unix socket: %s", run_dir);
		return false;
	}
	unlink(a.sun_path);
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	before = umask(0177);
	ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	umask(before);
	if (ok && gr) {
		if (chown(a.sun_path, (uid_t)-1, gr->gr_gid) == 0)
			ok = chmod(a.sun_path, 0660) == 0;
		else
			ok = errno == EINVAL;
	}
	if (ok && listen(fd, 64) == 0)
		return keep(s, name, fd, a.sun_path);
	snprintf(why, cap, "The socket %s cannot be opened: %s.", a.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

bool
sockets_open_unix(struct sockets *s, bool kernel, const char *run_dir, const char *panel_group, char *why, size_t cap)
{
	if (panel_group[0] && getgrnam(panel_group) == NULL) {
		snprintf(why, cap, "The group '%s' of the gateway file's 'panel' does not exist.", panel_group);
		return false;
	}
	return (kernel || open_unix(s, "pfkey-listen", run_dir, "pfkey.sock", SOCK_SEQPACKET, NULL, why, cap)) &&
	    open_unix(s, "api-ro", run_dir, "ro.sock", SOCK_STREAM, "causeway-view", why, cap) &&
	    open_unix(s, "api-rw", run_dir, "rw.sock", SOCK_STREAM, "causeway-admin", why, cap) &&
	    open_unix(s, "api-files", run_dir, "files.sock", SOCK_SEQPACKET, "causeway-admin", why, cap) &&
	    open_unix(s, "api-panel", run_dir, "panel.sock", SOCK_STREAM, panel_group[0] ? panel_group : PANEL_GROUP, why, cap);
}

void
sockets_close(struct sockets *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->row[i].path[0])
			unlink(s->row[i].path);
		close(s->row[i].fd);
	}
	s->n = 0;
}
