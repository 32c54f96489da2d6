/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fetching.h"
#include "log.h"

#define TRIES	2	/* what may have been the end of keymgr-fetch is asked of it once more, and not for ever */

struct wanted {
	struct wanted	*next;
	struct fetching	*f;
	struct fetch	 req;
	uint8_t		*post;
	unsigned	 tries;		/* on links that ended */
	bool		 sent;
	uint64_t	 since_ns;	/* of the last sending, or of the beginning of the wait for a link */
	uint32_t	 call;
	fetching_done	*done;
	void		*arg;
};

struct fetching {
	struct event_base *base;
	struct proc	*proc;
	struct ipc	*link;
	struct event	*timer;
	struct wanted	*list, **tail;
	unsigned	 n;
	uint32_t	 last_id;
};

static void
wanted_free(struct wanted *w)
{
	struct fetching *f = w->f;
	struct wanted **pp = &f->list;

	while (*pp != w)
		pp = &(*pp)->next;
	*pp = w->next;
	if (w->next == NULL)
		f->tail = pp;
	f->n--;
	if (w->call)
		ipc_cancel(f->link, w->call);
	free(w->post);
	free(w);
}

static struct wanted *
find(const struct fetching *f, uint32_t id)
{
	struct wanted *w = f->list;

	while (w && w->req.id != id)
		w = w->next;
	return w;
}

static void
finish(struct wanted *w, enum reason r, const char *detail, struct bytes octets)
{
	fetching_done *done = w->done;
	void *arg = w->arg;
	char words[FETCH_DETAIL];

	snprintf(words, sizeof(words), "%s", detail);
	wanted_free(w);
	done(arg, r, words, octets);
}

/* Time: one look at all of them each second while there are any. */

static void
arm(struct fetching *f)
{
	struct timeval tv = { 1, 0 };

	if (f->list && !event_pending(f->timer, EV_TIMEOUT, NULL))
		event_add(f->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetching *f = arg;
	uint64_t now = clock_now_ns();
	struct wanted *w = f->list;

	while (w) {
		uint64_t age_s = (now - w->since_ns) / NS_PER_S;

		if (!w->sent && age_s >= FETCHING_PATIENCE_S) {
			finish(w, R_FETCH_DOWN, "", bytes_of(NULL, 0));
			w = f->list;	/* done may have changed the list */
		} else if (w->sent && age_s >= FETCHING_LIMIT_S) {
			finish(w, R_CRL_UNREACHABLE, "keymgr-fetch does not answer", bytes_of(NULL, 0));
			w = f->list;
		} else {
			w = w->next;
		}
	}
	arm(f);
}

/* Requests */

/* keymgr-fetch took it (and FETCH_DONE follows), or refused it at once. */
static void
on_taken(void *arg, enum reason r, struct rd *body)
{
	struct wanted *w = arg;
	char detail[FETCH_DETAIL] = "";

	w->call = 0;
	if (r == R_OK || r == R_FETCH_DOWN)	/* the link ended: on_down sees to it */
		return;
	str_get(body, detail, sizeof(detail));
	finish(w, r == R_URL_REFUSED ? r : R_CRL_UNREACHABLE, detail, bytes_of(NULL, 0));
}

static void
send_one(struct wanted *w)
{
	static uint8_t b[32 + FETCH_URL + FETCH_POST];
	struct wr wr = wr_of(b, sizeof(b));

	fetch_put(&wr, &w->req);
	w->call = ipc_call(w->f->link, FETCH_GET, wr_bytes(&wr), R_FETCH_DOWN, on_taken, w);
	w->sent = w->call != 0;
	w->since_ns = clock_now_ns();
}

uint32_t
fetching_get(struct fetching *f, const char *url, bool configured, struct bytes post, fetching_done *done, void *arg)
{
	struct wanted *w;

	if (f->n >= FETCHING_MAX || strlen(url) >= FETCH_URL || post.n > FETCH_POST || (w = calloc(1, sizeof(*w))) == NULL)
		return 0;
	if (post.n && (w->post = malloc(post.n)) == NULL) {
		free(w);
		return 0;
	}
	if (post.n)
		memcpy(w->post, post.p, post.n);
	w->f = f;
	w->req.configured = configured;
	w->req.post = bytes_of(w->post, post.n);
	snprintf(w->req.url, sizeof(w->req.url), "%s", url);
	w->done = done;
	w->arg = arg;
	do
		w->req.id = ++f->last_id;
	while (w->req.id == 0 || find(f, w->req.id));
	*f->tail = w;
	f->tail = &w->next;
	f->n++;
	w->since_ns = clock_now_ns();
	if (ipc_is_up(f->link))
		send_one(w);
	arm(f);
	return w->req.id;
}

void
fetching_cancel(struct fetching *f, uint32_t id)
{
	struct wanted *w = id ? find(f, id) : NULL;

	if (w)
		wanted_free(w);
}

/* Answers */

/* Nobody can shrink it under us (which would be SIGBUS) or change it while it is read: the seals say so, or it is not taken. */
static const uint8_t *
map_sealed(int fd, uint32_t size)
{
	const int need = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	struct stat st;
	void *p;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & need) != need || fstat(fd, &st) != 0 || st.st_size != (off_t)size)
		return NULL;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool
on_done(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct fetching *f = ctx;
	int fd = ipc_take_fd(l);
	const uint8_t *p = NULL;
	struct fetched d;
	struct wanted *w;
	bool ok;

	ok = fetched_get(&m->body, &d) && rd_done(&m->body) && (fd >= 0) == (d.reason == R_OK) &&
	    (d.reason == R_OK || d.reason == R_CRL_UNREACHABLE || d.reason == R_CRL_TOO_LARGE || d.reason == R_URL_REFUSED);
	if (ok && d.reason == R_OK)
		ok = (p = map_sealed(fd, d.size)) != NULL;
	if (fd >= 0)
		close(fd);
	w = ok ? find(f, d.id) : NULL;
	if (w && w->sent)	/* else: given up meanwhile */
		finish(w, (enum reason)d.reason, d.detail, bytes_of(p, p ? d.size : 0));
	if (p)
		munmap((void *)(uintptr_t)p, d.size);
	return ok;
}

/* The link */

static void
on_up(void *ctx, struct ipc *l)
{
	struct fetching *f = ctx;

	for (struct wanted *w = f->list; w; w = w->next)
		if (!w->sent && w->tries < TRIES)
			send_one(w);
}

static void
link_lost(struct fetching *f)
{
	struct wanted *w = f->list, *next;

	f->link = NULL;
	for (; w; w = next) {
		next = w->next;
		w->call = 0;
		if (!w->sent)
			continue;
		w->sent = false;
		w->since_ns = clock_now_ns();
		if (++w->tries >= TRIES)
			w->since_ns -= FETCHING_PATIENCE_S * NS_PER_S;
	}
	arm(f);
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct fetching *f = ctx;

	link_lost(f);
	if (f->proc)
		proc_link_lost(f->proc, "fetch");
	log_info(NULL, "link_down", "The link to keymgr-fetch ended.");
}

static const struct ipc_row rows[] = {
	{ FETCH_DONE,	"FETCH_DONE",	IPC_AFTER_HELLO,	32 + FETCH_DETAIL,	on_done },
};

static const struct ipc_table table = { "keymgr-fetch", rows, 1, on_up, on_down };

void
fetching_link(struct fetching *f, int fd)
{
	if (f->link) {
		ipc_free(f->link);
		link_lost(f);
	}
	f->link = ipc_new(f->base, fd, &table, f);
}

void
fetching_proc(struct fetching *f, struct proc *p)
{
	f->proc = p;
}

struct fetching *
fetching_new(struct event_base *base)
{
	struct fetching *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->base = base;
	f->tail = &f->list;
	f->timer = event_new(base, -1, 0, on_timer, f);
	if (f->timer)
		return f;
	free(f);
	return NULL;
}

void
fetching_free(struct fetching *f)
{
	if (f == NULL)
		return;
	ipc_free(f->link);
	f->link = NULL;
	while (f->list)
		wanted_free(f->list);
	event_free(f->timer);
	free(f);
}
