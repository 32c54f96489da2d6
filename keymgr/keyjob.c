/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyjob.h"
#include "keykind.h"

struct keyjob {
	pthread_t	 thread;
	int		 pipe[2];	/* the thread says one octet when it is done */
	struct event	*ready;
	bool		 busy;
	char		 kind[CERT_KEY_CAP];
	EVP_PKEY	*key;		/* the thread's until it has spoken */
	keyjob_done	*done;
	void		*arg;
};

static void *
work(void *arg)
{
	struct keyjob *j = arg;
	ssize_t n;

	j->key = keykind_new(j->kind);
	n = write(j->pipe[1], "", 1);
	(void)n;			/* the pipe is ours and empty */
	return NULL;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct keyjob *j = arg;
	EVP_PKEY *key;
	char c;

	(void)what;
	if (read(fd, &c, 1) != 1 || !j->busy)
		return;
	pthread_join(j->thread, NULL);
	j->busy = false;
	key = j->key;
	j->key = NULL;
	j->done(j->arg, key);
}

struct keyjob *
keyjob_new(struct event_base *base)
{
	struct keyjob *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	if (pipe2(j->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(j);
		return NULL;
	}
	j->ready = event_new(base, j->pipe[0], EV_READ | EV_PERSIST, on_ready, j);
	if (j->ready && event_add(j->ready, NULL) == 0)
		return j;
	keyjob_free(j);
	return NULL;
}

void
keyjob_free(struct keyjob *j)
{
	if (j == NULL)
		return;
	if (j->busy) {
		pthread_join(j->thread, NULL);
		EVP_PKEY_free(j->key);
	}
	if (j->ready)
		event_free(j->ready);
	close(j->pipe[0]);
	close(j->pipe[1]);
	free(j);
}

/* Signals are the loop's: the thread inherits a mask without any. */
static bool
start(struct keyjob *j)
{
	sigset_t all, before;
	bool ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&j->thread, NULL, work, j) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

enum reason
keyjob_start(struct keyjob *j, const char *kind, keyjob_done *done, void *arg)
{
	bool slow;

	if (!keykind_made(kind, &slow))
		return R_KEY_KIND;
	if (!slow) {
		done(arg, keykind_new(kind));
		return R_OK;
	}
	if (j->busy)
		return R_BUSY;
	strcpy(j->kind, kind);
	j->key = NULL;
	j->done = done;
	j->arg = arg;
	j->busy = start(j);
	return j->busy ? R_OK : R_NO_MEMORY;
}
