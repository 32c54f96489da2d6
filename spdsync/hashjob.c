/* SPDX-License-Identifier: BSD-2-Clause */
#include <crypt.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hashjob.h"

#define PREFIX	"$y$"		/* yescrypt; cost 0 is libcrypt's own: N=4096, r=32, 16 MiB, some 35 ms */

struct hashjob {
	struct hashjob	*next;
	struct secret	 password;
	char		 setting[HASH_CAP];	/* "" a new one */
	char		 made[HASH_CAP];
	hash_done	*done;			/* NULL: cancelled */
	void		*arg;
};

struct hashing {
	pthread_t	 thread;
	int		 pipe[2];
	struct event	*ready;
	bool		 busy;
	struct hashjob	*queue;			/* the first one is the thread's while busy */
	unsigned	 n;
};

static void
job_free(struct hashjob *j)
{
	if (j)
		wipe(j, sizeof(*j));
	free(j);
}

static void
compute(struct hashjob *j)
{
	struct crypt_data *d = calloc(1, sizeof(*d));
	char phrase[SECRET_CAP + 1], salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *setting = j->setting, *made;

	memcpy(phrase, j->password.b, j->password.n);
	phrase[j->password.n] = '\0';
	if (!*setting)
		setting = crypt_gensalt_rn(PREFIX, 0, NULL, 0, salt, sizeof(salt));
	made = d && setting ? crypt_r(phrase, setting, d) : NULL;
	if (made && made[0] != '*' && strlen(made) < sizeof(j->made))
		snprintf(j->made, sizeof(j->made), "%s", made);
	if (d)
		wipe(d, sizeof(*d));
	free(d);
	wipe(phrase, sizeof(phrase));
}

static void *
work(void *arg)
{
	struct hashing *h = arg;
	ssize_t n;

	compute(h->queue);
	n = write(h->pipe[1], "", 1);
	(void)n;			/* the pipe is ours and empty */
	return NULL;
}

/* Signals are the loop's: the thread inherits a mask without any. */
static void
begin(struct hashing *h)
{
	sigset_t all, before;

	if (h->busy || !h->queue)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	h->busy = pthread_create(&h->thread, NULL, work, h) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!h->busy)
		event_active(h->ready, EV_TIMEOUT, 0);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct hashing *h = arg;
	struct hashjob *j = h->queue;
	char c;

	if (!j || (!(what & EV_TIMEOUT) && read(fd, &c, 1) != 1))
		return;
	if (h->busy)
		pthread_join(h->thread, NULL);
	h->busy = false;
	h->queue = j->next;
	h->n--;
	begin(h);
	if (j->done)
		j->done(j->arg, j->made);
	job_free(j);
}

struct hashing *
hashing_new(struct event_base *base)
{
	struct hashing *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	if (pipe2(h->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(h);
		return NULL;
	}
	h->ready = event_new(base, h->pipe[0], EV_READ | EV_PERSIST, on_ready, h);
	if (h->ready && event_add(h->ready, NULL) == 0)
		return h;
	hashing_free(h);
	return NULL;
}

void
hashing_free(struct hashing *h)
{
	struct hashjob *j;

	if (!h)
		return;
	if (h->busy)
		pthread_join(h->thread, NULL);
	while ((j = h->queue) != NULL) {
		h->queue = j->next;
		job_free(j);
	}
	if (h->ready)
		event_free(h->ready);
	close(h->pipe[0]);
	close(h->pipe[1]);
	free(h);
}

struct hashjob *
hash_start(struct hashing *h, const struct secret *password, const char *setting, hash_done *done, void *arg)
{
	struct hashjob *j = h && h->n < HASH_QUEUE ? calloc(1, sizeof(*j)) : NULL, **p;

	if (!j)
		return NULL;
	if (!secret_set(&j->password, secret_bytes(password))) {
		free(j);
		return NULL;
	}
	snprintf(j->setting, sizeof(j->setting), "%s", setting ? setting : "");
	j->done = done;
	j->arg = arg;
	for (p = &h->queue; *p; p = &(*p)->next)
		;
	*p = j;
	h->n++;
	begin(h);
	return j;
}

void
hash_cancel(struct hashjob *j)
{
	if (j)
		j->done = NULL;
}
