/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dgram.h"
#include "files.h"

#define TICKET	33

struct client {
	struct files	*files;
	struct client	*next;
	int		 fd, file;	/* the connection; what came over it, or -1 */
	char		 ticket[TICKET];
	struct event	*ev;
};

struct files {
	struct event_base *base;
	int		 fd;
	struct event	*ev;
	unsigned	 n;
	struct client	*clients;
};

static void
client_free(struct client *c)
{
	struct client **p;

	for (p = &c->files->clients; *p && *p != c; p = &(*p)->next)
		;
	if (*p) {
		*p = c->next;
		c->files->n--;
	}
	if (c->ev)
		event_free(c->ev);
	if (c->file >= 0)
		close(c->file);
	close(c->fd);
	free(c);
}

static bool
give_ticket(struct client *c)
{
	uint8_t r[(TICKET - 1) / 2];
	struct iovec iov = { c->ticket, TICKET - 1 };

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return false;
	for (size_t i = 0; i < sizeof(r); i++)
		snprintf(c->ticket + 2 * i, 3, "%02x", r[i]);
	return dgram_put(c->fd, &iov, 1, -1, MSG_DONTWAIT) == DGRAM_OK;
}

/* One message with a descriptor; a second one, the end, or two minutes end it. */
static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { FILES_S, 0 };
	struct client *c = arg;
	bool first = c->ticket[0] == '\0';
	uint8_t b[16];
	size_t n;
	int file;

	if ((what & EV_TIMEOUT) || dgram_get(fd, b, sizeof(b), &n, &file, MSG_DONTWAIT) != DGRAM_OK) {
		client_free(c);
		return;
	}
	if (!first || file < 0) {
		if (file >= 0)
			close(file);
		client_free(c);
		return;
	}
	c->file = file;
	if (!give_ticket(c) || event_add(c->ev, &tv) != 0)
		client_free(c);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { 10, 0 };
	struct files *f = arg;
	struct client *c;
	int s = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (s < 0)
		return;
	c = f->n < FILES_MAX ? calloc(1, sizeof(*c)) : NULL;
	if (c == NULL) {
		close(s);
		return;
	}
	*c = (struct client){ .files = f, .next = f->clients, .fd = s, .file = -1 };
	f->clients = c;
	f->n++;
	c->ev = event_new(f->base, s, EV_READ | EV_PERSIST, on_client, c);
	if (c->ev == NULL || event_add(c->ev, &tv) != 0)
		client_free(c);
}

struct files *
files_new(struct event_base *base)
{
	struct files *f = calloc(1, sizeof(*f));

	if (f) {
		f->base = base;
		f->fd = -1;
	}
	return f;
}

void
files_listen(struct files *f, int fd)
{
	if (f->ev)
		event_free(f->ev);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = fd;
	evutil_make_socket_nonblocking(fd);
	f->ev = event_new(f->base, fd, EV_READ | EV_PERSIST, on_accept, f);
	if (f->ev)
		event_add(f->ev, NULL);
}

int
files_take(struct files *f, const char *ticket)
{
	for (struct client *c = f ? f->clients : NULL; c; c = c->next)
		if (c->file >= 0 && strcmp(c->ticket, ticket) == 0) {
			int file = c->file;

			c->file = -1;
			return file;
		}
	return -1;
}

void
files_free(struct files *f)
{
	if (f == NULL)
		return;
	while (f->clients)
		client_free(f->clients);
	if (f->ev)
		event_free(f->ev);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}
