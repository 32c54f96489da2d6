/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * causeway.cgi: the panel, one process a request. It holds no secret but the session of who asks, opens no file, and is closed in before it looks
 * at the first octet of the request: by then the body is read and the one connection, to spdsync, is made. The socket's name comes from the web server's configuration (CAUSEWAY_PANEL_SOCKET), never from a request:
 * what a request brings arrives in variables that begin with HTTP_, and in those of RFC 3875.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "sandbox.h"
#include "serve.h"

#define SOCKET	"/run/causeway/panel.sock"

extern char **environ;

static void
limit(int what, rlim_t max)
{
	struct rlimit r = { max, max };

	if (setrlimit(what, &r) != 0) {
		perror("causeway.cgi: setrlimit");
		exit(1);
	}
}

static const char *
variable(const char *name)
{
	const char *v = getenv(name);

	return v ? v : "";
}

/* The body, as long as it was said to be and no longer than max. False: it did not all come. */
static bool
read_body(struct body *b, size_t max)
{
	size_t want = strtoul(variable("CONTENT_LENGTH"), NULL, 10);
	ssize_t got;

	if (want == 0 || want > max)
		return want == 0;
	b->p = malloc(want);
	while (b->p && b->n < want && (got = read(STDIN_FILENO, b->p + b->n, want - b->n)) > 0)
		b->n += (size_t)got;
	return b->n == want;
}

static bool
read_rest(struct body *b)
{
	return read_body(b, FIELDS_OCTETS);
}

static bool
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(STDOUT_FILENO, p, n);

		if (wrote <= 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

int
main(void)
{
	static struct proc p = { .name = "causeway.cgi" };
	const char *socket = *variable("CAUSEWAY_PANEL_SOCKET") ? variable("CAUSEWAY_PANEL_SOCKET") : SOCKET;
	struct html out = { 0 };
	struct body body = { .rest = read_rest };
	char csrf[65];
	bool done;
	int fd;

	closefrom(STDERR_FILENO + 1);	/* whatever the web server left open */
	limit(RLIMIT_CPU, 10);
#ifndef __SANITIZE_ADDRESS__		/* whose shadow takes terabytes of addresses */
	limit(RLIMIT_AS, 512u << 20);
#endif
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 16);
	csrf_make("warm up", csrf);	/* OpenSSL loads what it needs while it may, */
	json_object_seed(0);		/* and jansson reads /dev/urandom */
	read_body(&body, BODY_FIRST);	/* first: a sender who takes his time takes no place at spdsync's socket; one who is known may */
	fd = dial_unix(socket, SOCK_STREAM | SOCK_NONBLOCK);
	if (fd < 0)
		fd = -errno;
	proc_confine(&p, &cgi_sandbox);
	serve(environ, fd, &body, &out);
	done = !out.failed && write_all(out.p, out.n);
	if (body.p)
		explicit_bzero(body.p, body.n);
	free(body.p);
	html_free(&out);
	return done ? 0 : 1;
}
