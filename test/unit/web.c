/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "web.h"

#define REQUEST_MAX	16384
#define MIB		(1u << 20)

struct request {
	char	head[REQUEST_MAX];	/* to the empty line */
	char	path[256];
	char	*body;
	size_t	nbody;
};

static void
put(int fd, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0) {
		ssize_t w = send(fd, from, n, MSG_NOSIGNAL);

		if (w <= 0)
			_exit(0);
		from += w;
		n -= (size_t)w;
	}
}

static void __attribute__((format(printf, 2, 3)))
say(int fd, const char *fmt, ...)
{
	char b[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	put(fd, b, strlen(b));
}

static void
pour(int fd, size_t n)
{
	static char b[65536];

	memset(b, 'x', sizeof(b));
	while (n > 0) {
		size_t step = n < sizeof(b) ? n : sizeof(b);

		put(fd, b, step);
		n -= step;
	}
}

static void
redirect(int fd, const char *to)
{
	say(fd, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", to);
}

static int
read_request(int fd, struct request *r)
{
	size_t n = 0, want = 0;
	const char *len;
	ssize_t got;

	for (;;) {
		r->head[n] = '\0';
		if ((r->body = strstr(r->head, "\r\n\r\n")) != NULL)
			break;
		if (n == sizeof(r->head) - 1 || (got = read(fd, r->head + n, sizeof(r->head) - 1 - n)) <= 0)
			return -1;
		n += (size_t)got;
	}
	r->body += 4;
	r->nbody = n - (size_t)(r->body - r->head);
	len = strcasestr(r->head, "\r\nContent-Length:");
	want = len ? strtoul(len + 17, NULL, 10) : 0;
	if (want > sizeof(r->head) - (size_t)(r->body - r->head))
		return -1;
	while (r->nbody < want) {
		if ((got = read(fd, r->body + r->nbody, want - r->nbody)) <= 0)
			return -1;
		r->nbody += (size_t)got;
	}
	return sscanf(r->head, "%*s %255s", r->path) == 1 ? 0 : -1;
}

static void
serve_file(int fd, const char *dir, const char *path)
{
	char name[512], b[65536];
	ssize_t n;
	int f;

	snprintf(name, sizeof(name), "%s%s", dir ? dir : "/nowhere", path);
	f = strstr(path, "..") ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	if (f < 0) {
		say(fd, "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nno\n");
		return;
	}
	say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	while ((n = read(f, b, sizeof(b))) > 0)
		put(fd, b, (size_t)n);
	close(f);
}

static int
is(const struct request *r, const char *path)
{
	return strcmp(r->path, path) == 0;
}

static void
misbehave(int fd, const struct request *r, const char *dir)
{
	unsigned hops;
	char to[64];

	if (is(r, "/slow"))
		for (;;)
			pause();
	if (is(r, "/garbage")) {
		say(fd, "\x16\x03\x01 this is no answer\r\n\r\n\r\n");
	} else if (is(r, "/loop")) {
		redirect(fd, "/loop");
	} else if (is(r, "/to-file")) {
		redirect(fd, "file:///etc/passwd");
	} else if (is(r, "/to-ftp")) {
		redirect(fd, "ftp://127.0.0.1/list");
	} else if (is(r, "/to-ok")) {
		redirect(fd, "/ok");
	} else if (sscanf(r->path, "/hops-%u", &hops) == 1) {
		snprintf(to, sizeof(to), hops > 1 ? "/hops-%u" : "/ok", hops - 1);
		redirect(fd, to);
	} else if (is(r, "/short")) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nonly this");
	} else {
		serve_file(fd, dir, r->path);
	}
}

static void
answer(int fd, const struct request *r, const char *dir)
{
	if (strncmp(r->head, "POST ", 5) == 0 && is(r, "/ok") && strcasestr(r->head, "\r\nContent-Type: application/ocsp-request\r\n")) {
		say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		put(fd, r->body, r->nbody);
	} else if (is(r, "/ok")) {
		say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfetched\n");
	} else if (is(r, "/empty")) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	} else if (is(r, "/big")) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n");
		pour(fd, 100000000);
	} else if (is(r, "/endless") || is(r, "/at-limit") || is(r, "/over-limit")) {
		say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		pour(fd, is(r, "/endless") ? 100000000 : is(r, "/at-limit") ? 20 * MIB : 20 * MIB + 1);
	} else if (is(r, "/drip")) {
		say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		for (;; usleep(50000))
			put(fd, "x", 1);
	} else {
		misbehave(fd, r, dir);
	}
}

/* LDAP, RFC 4511: as much of it as one search takes. */

/* Tag and length in the long form of four octets, so that everything has a known size. */
static uint8_t *
ber(uint8_t *p, uint8_t tag, size_t n)
{
	*p++ = tag;
	*p++ = 0x84;
	for (int i = 3; i >= 0; i--)
		*p++ = (uint8_t)(n >> (8 * i));
	return p;
}

static size_t
ldap_entry(uint8_t *out, uint8_t id, const uint8_t *list, size_t n)
{
	static const char attr[] = "certificateRevocationList;binary";
	const size_t a = sizeof(attr) - 1, head = 6;
	size_t vals = head + n, one = head + a + head + vals, attrs = head + one, entry = head + 5 + head + attrs;
	uint8_t *p = ber(out, 0x30, 3 + head + entry);

	memcpy(p, (uint8_t[]){ 2, 1, id }, 3);
	p = ber(p + 3, 0x64, entry);
	p = ber(p, 0x04, 5);
	memcpy(p, "cn=ca", 5);
	p = ber(p + 5, 0x30, attrs);
	p = ber(p, 0x30, one);
	p = ber(p, 0x04, a);
	memcpy(p, attr, a);
	p = ber(p + a, 0x31, vals);
	p = ber(p, 0x04, n);
	memcpy(p, list, n);
	return (size_t)(p + n - out);
}

static void
ldap_serve(int fd, const char *file)
{
	static uint8_t in[4096], list[65536], out[sizeof(list) + 256];
	FILE *f = fopen(file, "rb");
	size_t n = f ? fread(list, 1, sizeof(list), f) : 0;
	ssize_t got;

	/* each request is small and comes whole: 30 len 02 01 id op ...; its answer takes some time, as from a server that is not near */
	while ((got = read(fd, in, sizeof(in))) > 7) {
		size_t at = in[1] & 0x80 ? 2 + (in[1] & 0x7f) : 2;
		uint8_t id = in[at + 2], op = in[at + 3];
		uint8_t done[] = { 0x30, 12, 2, 1, id, op == 0x60 ? 0x61 : 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0 };

		usleep(200000);
		if (op == 0x63)
			put(fd, out, ldap_entry(out, id, list, n));
		if (op == 0x60 || op == 0x63)
			put(fd, done, sizeof(done));
		else
			break;
	}
}

static _Noreturn void
serve(int listener, const char *dir, const char *ldap)
{
	static struct request r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			close(listener);
			if (ldap)
				ldap_serve(fd, ldap);
			else if (read_request(fd, &r) == 0)
				answer(fd, &r, dir);
			shutdown(fd, SHUT_WR);
			while (read(fd, r.head, sizeof(r.head)) > 0)
				continue;
			_exit(0);
		}
		close(fd);
	}
}

static pid_t
start(const char *address, uint16_t *port, const char *dir, const char *ldap)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	pid_t pid;

	inet_pton(AF_INET, address, &a.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 256) != 0 || getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		perror("web");
		exit(1);
	}
	*port = ntohs(a.sin_port);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		serve(fd, dir, ldap);
	close(fd);
	return pid;
}

pid_t
web_start(const char *address, uint16_t *port, const char *dir)
{
	return start(address, port, dir, NULL);
}

pid_t
ldap_start(const char *address, uint16_t *port, const char *file)
{
	return start(address, port, NULL, file);
}

void
web_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
