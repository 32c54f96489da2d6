/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "apiserve.h"
#include "clock.h"
#include "leaving.h"

struct leaving {
	struct listener	*l;
	struct evhttp_connection *c;
	struct evbuffer_cb_entry *taken;
	uint64_t	since_ns;	/* that something was taken last */
	struct leaving	*next;
};

static struct evbuffer *
output_of(struct evhttp_connection *c)
{
	return bufferevent_get_output(evhttp_connection_get_bufferevent(c));
}

static void
on_taken(struct evbuffer *b, const struct evbuffer_cb_info *i, void *arg)
{
	struct leaving *v = arg;

	(void)b;
	if (i->n_deleted)
		v->since_ns = clock_now_ns();
}

/* It has left, or it was cut off. */
static void
on_left(struct evhttp_connection *c, void *arg)
{
	struct leaving *v = arg, **p;

	evbuffer_remove_cb_entry(output_of(c), v->taken);
	for (p = &v->l->leaving; *p != v; p = &(*p)->next)
		;
	*p = v->next;
	v->l->open--;
	free(v);
}

/* It has left, and its connection stays. */
static void
on_answered(struct evhttp_request *http, void *arg)
{
	struct evhttp_connection *c = evhttp_request_get_connection(http);

	evhttp_connection_set_closecb(c, NULL, NULL);
	on_left(c, arg);
}

/* Without memory it is only not among those that make room. */
static void
on_left_uncounted(struct evhttp_connection *c, void *arg)
{
	struct listener *l = arg;

	evhttp_connection_set_closecb(c, NULL, NULL);
	l->open--;
}

static void
on_answered_uncounted(struct evhttp_request *http, void *arg)
{
	on_left_uncounted(evhttp_request_get_connection(http), arg);
}

void
leaving_begin(struct listener *l, struct evhttp_request *http, bool stays)
{
	struct evhttp_connection *c = evhttp_request_get_connection(http);
	struct leaving *v = calloc(1, sizeof(*v));

	if (v)
		v->taken = evbuffer_add_cb(output_of(c), on_taken, v);
	if (!v || !v->taken) {
		free(v);
		evhttp_connection_set_closecb(c, on_left_uncounted, l);
		if (stays)
			evhttp_request_set_on_complete_cb(http, on_answered_uncounted, l);
		return;
	}
	v->l = l;
	v->c = c;
	v->since_ns = clock_now_ns();
	v->next = l->leaving;
	l->leaving = v;
	evhttp_connection_set_closecb(c, on_left, v);
	if (stays)
		evhttp_request_set_on_complete_cb(http, on_answered, v);
}

bool
leaving_make_room(struct listener *l)
{
	struct leaving *last = l->leaving;

	for (struct leaving *v = l->leaving; v; v = v->next)
		if (v->since_ns < last->since_ns)
			last = v;
	if (!last || clock_now_ns() - last->since_ns < LEAVING_STALL_S * NS_PER_S)
		return false;
	evhttp_connection_free(last->c);	/* on_left runs */
	return true;
}
