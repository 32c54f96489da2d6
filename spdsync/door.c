/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who connects and says nothing costs a descriptor, and the descriptors are also those of the links: so they are counted for each
 * socket, and accepting pauses when there are enough. evhttp tells of a connection when it makes its bufferevent, and then only when
 * a request is whole; that it ended before is seen by its descriptor, which is closed or another socket's by then. They are looked
 * through five times a second while there are any.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "door.h"

#define LOOK_US		200000
#define DOOR_ROOM	(DOOR_MAX + 1)

struct visitor {
	int		fd;
	ino_t		socket;		/* what the descriptor was when it came */
	uint64_t	since;
	bool		asked;
};

struct door {
	struct evconnlistener	*listener;
	struct bufferevent	*fresh;		/* made for evhttp, which is about to give it a descriptor */
	struct event		*named, *look;
	unsigned		n;
	bool			paused;
	struct visitor		v[DOOR_ROOM];
};

static bool
socket_of(int fd, ino_t *ino)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	*ino = st.st_ino;
	return true;
}

static void
look_soon(struct door *d)
{
	struct timeval tv = { 0, LOOK_US };

	if (!event_pending(d->look, EV_TIMEOUT, NULL))
		event_add(d->look, &tv);
}

/* The newest connection has its descriptor by now. */
static void
take_fresh(struct door *d)
{
	struct visitor v = { .since = clock_now_ns() };

	if (!d->fresh)
		return;
	v.fd = bufferevent_getfd(d->fresh);
	if (socket_of(v.fd, &v.socket)) {
		if (d->n < DOOR_ROOM)
			d->v[d->n++] = v;
		else
			shutdown(v.fd, SHUT_RDWR);
	}
	bufferevent_decref(d->fresh);
	d->fresh = NULL;
	look_soon(d);
}

static void
forget_gone(struct door *d)
{
	unsigned kept = 0;
	ino_t ino;

	for (unsigned i = 0; i < d->n; i++)
		if (socket_of(d->v[i].fd, &ino) && ino == d->v[i].socket)
			d->v[kept++] = d->v[i];
	d->n = kept;
}

static void
on_named(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	take_fresh(arg);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;
	uint64_t now;

	(void)fd, (void)what;
	take_fresh(d);
	forget_gone(d);
	now = clock_now_ns();	/* not before the newest one's time */
	for (unsigned i = 0; i < d->n; i++)
		if (!d->v[i].asked && now - d->v[i].since > DOOR_ASK_S * NS_PER_S)
			shutdown(d->v[i].fd, SHUT_RDWR);	/* evhttp reads the end, and ends it */
	if (d->paused && d->n < DOOR_MAX)
		d->paused = evconnlistener_enable(d->listener) != 0;
	if (d->n || d->paused)
		look_soon(d);
}

/* evhttp accepted somebody and wants a bufferevent. Ours is kept until its descriptor is known, which is before it can read. */
static struct bufferevent *
on_accepted(struct event_base *base, void *arg)
{
	struct door *d = arg;
	struct bufferevent *b = bufferevent_socket_new(base, -1, 0);

	take_fresh(d);
	if (d->n + 1 >= DOOR_MAX)
		forget_gone(d);
	if (d->n + 1 >= DOOR_MAX && evconnlistener_disable(d->listener) == 0)
		d->paused = true;
	look_soon(d);
	if (!b)
		return NULL;
	bufferevent_incref(b);
	d->fresh = b;
	event_active(d->named, EV_TIMEOUT, 0);
	return b;
}

struct door *
door_new(struct event_base *base, struct evhttp *http, int fd)
{
	struct door *d = calloc(1, sizeof(*d));

	if (!d) {
		close(fd);
		return NULL;
	}
	d->named = event_new(base, -1, 0, on_named, d);
	d->look = evtimer_new(base, on_look, d);
	if (d->named && d->look)
		d->listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!d->listener) {
		close(fd);
		door_free(d);
		return NULL;
	}
	evhttp_set_bevcb(http, on_accepted, d);
	if (!evhttp_bind_listener(http, d->listener)) {
		evconnlistener_free(d->listener);	/* and fd with it */
		door_free(d);
		return NULL;
	}
	return d;
}

void
door_free(struct door *d)
{
	if (!d)
		return;
	if (d->fresh)
		bufferevent_decref(d->fresh);
	if (d->named)
		event_free(d->named);
	if (d->look)
		event_free(d->look);
	free(d);
}

static struct visitor *
find(struct door *d, struct evhttp_request *http)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evhttp_request_get_connection(http)));

	take_fresh(d);
	for (unsigned i = d->n; i-- > 0;)
		if (d->v[i].fd == fd)
			return &d->v[i];
	return NULL;
}

void
door_asked(struct door *d, struct evhttp_request *http)
{
	struct visitor *v = find(d, http);

	if (v)
		v->asked = true;
}

void
door_leave(struct door *d, struct evhttp_request *http)
{
	struct visitor *v = find(d, http);

	if (v)
		*v = d->v[--d->n];
}
