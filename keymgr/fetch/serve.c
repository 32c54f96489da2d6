/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch.h"
#include "log.h"

static void
job_free(struct job *j)
{
	struct fetcher *f = j->f;
	struct job **pp = &f->jobs;

	while (*pp != j)
		pp = &(*pp)->next;
	*pp = j->next;
	if (j->next == NULL)
		f->tail = pp;
	f->njobs--;
	f->nruns -= j->runs;
	f->held -= j->size;
	get_stop(j);
	if (j->fd >= 0)
		close(j->fd);
	free(j->post);
	free(j);
}

static void
forget_all(struct fetcher *f)
{
	while (f->jobs)
		job_free(f->jobs);
}

/* What servers say gets into logs and status: printable, or it is replaced. */
static void
plain(char *to, size_t cap, const char *s)
{
	snprintf(to, cap, "%s", s);
	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
}

void
fetch_end(struct job *j, enum reason r, const char *detail)
{
	struct fetched d = { .id = j->id };
	uint8_t b[16 + FETCH_DETAIL];
	struct wr w = wr_of(b, sizeof(b));

	if (r == R_OK && j->size == 0) {
		r = R_CRL_UNREACHABLE;
		detail = "the answer is empty";
	}
	if (r == R_OK && fcntl(j->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
		r = R_CRL_UNREACHABLE;
		detail = "no memory";
	}
	d.reason = (uint16_t)r;
	d.size = r == R_OK ? j->size : 0;
	plain(d.detail, sizeof(d.detail), r == R_OK || detail == NULL ? "" : detail);
	log_at(LOG_DEBUG, NULL, "fetched", r, "%s: %u octets%s%s.", j->url, d.size, d.detail[0] ? ": " : "", d.detail);
	fetched_put(&w, &d);
	if (r == R_OK)
		ipc_send_fd(j->f->link, FETCH_DONE, 0, wr_bytes(&w), j->fd);
	else
		ipc_event(j->f->link, FETCH_DONE, wr_bytes(&w));
	job_free(j);
}

static unsigned
host_runs(const struct fetcher *f, const char *host)
{
	unsigned n = 0;

	for (const struct job *j = f->jobs; j; j = j->next)
		n += j->runs && strcmp(j->host, host) == 0;
	return n;
}

static void
run(struct job *j)
{
	char detail[FETCH_DETAIL] = "";
	enum reason r;

	j->runs = true;
	j->f->nruns++;
	if (j->scheme == SCHEME_FILE) {
		r = file_read(j, j->f->crl_dir, detail, sizeof(detail));
		fetch_end(j, r, r == R_CRL_TOO_LARGE ? "it is larger than 20 MiB" : detail);
	} else if (!get_start(j)) {
		fetch_end(j, R_CRL_UNREACHABLE, "no memory");
	}
}

void
fetch_next(struct fetcher *f)
{
	for (struct job *j = f->jobs, *next; j && f->nruns < FETCH_PARALLEL; j = next) {
		next = j->next;
		if (!j->runs && host_runs(f, j->host) < FETCH_PER_HOST)
			run(j);
	}
}

/* keymgr's link */

static struct job *
job_new(struct fetcher *f, const struct fetch *req, enum scheme scheme, const char *host)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL || (req->post.n && (j->post = malloc(req->post.n)) == NULL)) {
		free(j);
		return NULL;
	}
	j->f = f;
	j->fd = -1;
	j->id = req->id;
	j->scheme = scheme;
	snprintf(j->url, sizeof(j->url), "%s", req->url);
	snprintf(j->host, sizeof(j->host), "%s", host);
	j->npost = req->post.n;
	if (j->npost)
		memcpy(j->post, req->post.p, j->npost);
	*f->tail = j;
	f->tail = &j->next;
	f->njobs++;
	return j;
}

static bool
on_get(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct fetcher *f = ctx;
	char host[FETCH_HOST];
	enum scheme scheme;
	struct fetch req;

	if (!fetch_get(&m->body, &req) || !rd_done(&m->body))
		return false;
	scheme = url_read(req.url, host);
	if (scheme == SCHEME_NONE || (!req.configured && scheme != SCHEME_HTTP && scheme != SCHEME_HTTPS) ||
	    (req.post.n && scheme != SCHEME_HTTP && scheme != SCHEME_HTTPS)) {
		ipc_fail(l, m, R_URL_REFUSED, req.url);
		return true;
	}
	if (f->njobs >= FETCH_WAITING || job_new(f, &req, scheme, host) == NULL) {
		ipc_fail(l, m, R_BUSY, "too many addresses wait to be fetched");
		return true;
	}
	ipc_reply(l, m, bytes_of(NULL, 0));
	fetch_next(f);
	return true;
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct fetcher *f = ctx;

	f->link = NULL;
	forget_all(f);
	if (f->proc)
		proc_link_lost(f->proc, "keymgr");
	log_info(NULL, "link_down", "The link to keymgr ended; what it asked for is forgotten.");
}

static const struct ipc_row rows[] = {
	{ FETCH_GET,	"FETCH_GET",	IPC_AFTER_HELLO,	16 + FETCH_URL + FETCH_POST,	on_get },
};

static const struct ipc_table table = { "keymgr-fetch", rows, 1, NULL, on_down };

void
fetch_on_fd(void *ctx, const char *name, int fd)
{
	struct fetcher *f = ctx;

	if (strcmp(name, "keymgr") != 0) {
		log_warn(NULL, "fd_unknown", "A descriptor with an unknown name came and was closed.");
		close(fd);
		return;
	}
	ipc_free(f->link);
	forget_all(f);
	f->link = ipc_new(f->base, fd, &table, f);
}

bool
fetch_init(struct fetcher *f, struct event_base *base, const char *crl_dir)
{
	memset(f, 0, sizeof(*f));
	f->base = base;
	f->crl_dir = crl_dir;
	f->tail = &f->jobs;
	f->wait_ms = FETCH_WAIT_S * 1000l;
	return get_init(f);
}

void
fetch_fini(struct fetcher *f)
{
	ipc_free(f->link);
	f->link = NULL;
	forget_all(f);
	curl_multi_cleanup(f->multi);
	curl_multi_cleanup(f->ldap);
	if (f->timer)
		event_free(f->timer);
	if (f->turn)
		event_free(f->turn);
}
