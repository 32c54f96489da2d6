/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One transfer: libcurl's multi interface over the project's event loop. Names are resolved by threads of libcurl's. Its LDAP names no socket
 * once the connection stands, and would hear of a server's answer at its end of time only: those transfers are asked by the clock.
 * The server's certificate is not checked, by decision (doc/decisions/0031-revocation.md): what is fetched is signed itself, and a check
 * that needs a revocation list that needs a check has no beginning (RFC 5280 8).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"

#define LDAP_FACTOR	2u	/* base64 and names around what is wanted */

/* A file in memory takes what comes: a list of 20 MiB is never in this process's heap. */
bool
keep_octets(struct job *j, const void *p, size_t n)
{
	size_t max = j->scheme == SCHEME_LDAP ? LDAP_FACTOR * (size_t)FETCH_MAX : FETCH_MAX;
	const uint8_t *from = p;

	if (n > max - j->size)
		j->spoilt = R_CRL_TOO_LARGE;
	else if (n > FETCH_HELD - j->f->held)
		j->spoilt = R_BUSY;
	else if (j->fd < 0 && (j->fd = memfd_create("fetched", MFD_CLOEXEC | MFD_ALLOW_SEALING)) < 0)
		j->spoilt = R_NO_MEMORY;
	if (j->spoilt != R_OK)
		return false;
	for (size_t done = 0; done < n; ) {
		ssize_t w = write(j->fd, from + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			j->spoilt = R_NO_MEMORY;
			return false;
		}
		done += (size_t)w;
		j->size += (uint32_t)w;
		j->f->held += (size_t)w;
	}
	return true;
}

static size_t
on_octets(char *p, size_t size, size_t n, void *arg)
{
	return keep_octets(arg, p, size * n) ? size * n : 0;
}

/* Ends */

static enum reason
verdict(struct job *j, CURLcode rc, char *detail, size_t cap)
{
	long status = 0;

	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (j->spoilt != R_OK || rc == CURLE_FILESIZE_EXCEEDED) {
		snprintf(detail, cap, "%s", j->spoilt == R_BUSY ? "too much is being fetched at once" :
		    j->spoilt == R_NO_MEMORY ? "no memory" : "it is larger than 20 MiB");
		return j->spoilt == R_CRL_TOO_LARGE || j->spoilt == R_OK ? R_CRL_TOO_LARGE : R_CRL_UNREACHABLE;
	}
	/* without a redirect it is an answer in no HTTP that is spoken here */
	if ((rc == CURLE_UNSUPPORTED_PROTOCOL && status >= 300 && status < 400) || rc == CURLE_URL_MALFORMAT) {
		snprintf(detail, cap, "%s%.200s", status ? "a redirect leads there: " : "", j->error[0] ? j->error : curl_easy_strerror(rc));
		return R_URL_REFUSED;
	}
	if (rc != CURLE_OK) {
		snprintf(detail, cap, "%s", j->error[0] ? j->error : curl_easy_strerror(rc));
		return R_CRL_UNREACHABLE;
	}
	if (j->scheme != SCHEME_LDAP && status != 200) {
		snprintf(detail, cap, "HTTP status %ld", status);
		return R_CRL_UNREACHABLE;
	}
	return R_OK;
}

/* The text of an LDAP answer is replaced by the list in it. */
static enum reason
take_out_list(struct job *j, char *detail, size_t cap)
{
	uint8_t *in = j->size ? mmap(NULL, j->size, PROT_READ, MAP_PRIVATE, j->fd, 0) : MAP_FAILED;
	uint8_t *out = in == MAP_FAILED ? NULL : malloc(j->size);
	size_t n = out ? ldif_crl(bytes_of(in, j->size), out) : 0, mapped = j->size;

	if (n > 0 && n <= FETCH_MAX) {
		close(j->fd);
		j->f->held -= j->size;
		j->fd = -1;
		j->size = 0;
		keep_octets(j, out, n);
	}
	free(out);
	if (in != MAP_FAILED)
		munmap(in, mapped);
	if (n > FETCH_MAX || j->spoilt != R_OK)
		return R_CRL_TOO_LARGE;
	snprintf(detail, cap, "the directory's answer has no revocation list");
	return n > 0 ? R_OK : R_CRL_UNREACHABLE;
}

static void
finish(struct job *j, CURLcode rc)
{
	char detail[FETCH_DETAIL] = "";
	enum reason r = verdict(j, rc, detail, sizeof(detail));

	if (r == R_OK && j->scheme == SCHEME_LDAP)
		r = take_out_list(j, detail, sizeof(detail));
	fetch_end(j, r, detail);
}

static void
collect(struct fetcher *f, CURLM *multi)
{
	struct CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(multi, &left)) != NULL) {
		struct job *j = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&j);
		finish(j, m->data.result);
	}
	fetch_next(f);
}

/* The loop */

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *f = arg;
	int running;

	curl_multi_socket_action(f->multi, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0), &running);
	collect(f, f->multi);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *f = arg;
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(f, f->multi);
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *old)
{
	struct fetcher *f = arg;
	struct event *ev = old;

	if (ev)
		event_free(ev);
	ev = NULL;
	if (what != CURL_POLL_REMOVE) {
		ev = event_new(f->base, fd, (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0)),
		    on_socket, f);
		if (ev)		/* else the transfer ends by its time */
			event_add(ev, NULL);
	}
	curl_multi_assign(f->multi, fd, ev);
	return 0;
}

static int
watch_time(CURLM *multi, long ms, void *arg)
{
	struct fetcher *f = arg;
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (ms < 0)
		event_del(f->timer);
	else
		event_add(f->timer, &tv);
	return 0;
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *f = arg;
	int running = 0;

	curl_multi_perform(f->ldap, &running);
	if (running == 0)
		event_del(f->turn);
	collect(f, f->ldap);
}

bool
get_init(struct fetcher *f)
{
	f->multi = curl_multi_init();
	f->timer = event_new(f->base, -1, 0, on_timer, f);
	f->ldap = curl_multi_init();
	f->turn = event_new(f->base, -1, EV_PERSIST, on_turn, f);
	return f->multi && f->timer && f->ldap && f->turn && curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
	    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f) == CURLM_OK &&
	    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, watch_time) == CURLM_OK &&
	    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f) == CURLM_OK;
}

/* A transfer */

#define SET(option, value)	(ok = ok && curl_easy_setopt(j->easy, (option), (value)) == CURLE_OK)

static bool
set_up(struct job *j)
{
	bool ok = true;

	SET(CURLOPT_PRIVATE, j);
	SET(CURLOPT_URL, j->url);
	SET(CURLOPT_PROTOCOLS_STR, j->scheme == SCHEME_LDAP ? "ldap" : "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 1l);
	SET(CURLOPT_MAXREDIRS, FETCH_REDIRECTS);
	SET(CURLOPT_TIMEOUT_MS, j->f->wait_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_MAX);
	SET(CURLOPT_NOSIGNAL, 1l);
	SET(CURLOPT_QUICK_EXIT, 1l);		/* who gives up does not wait for the thread that still asks for a name */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_SSL_VERIFYPEER, 0l);
	SET(CURLOPT_SSL_VERIFYHOST, 0l);
	SET(CURLOPT_FORBID_REUSE, 1l);
	SET(CURLOPT_USERAGENT, "Causeway");
	SET(CURLOPT_ERRORBUFFER, j->error);
	SET(CURLOPT_WRITEFUNCTION, on_octets);
	SET(CURLOPT_WRITEDATA, j);
	if (j->npost) {
		j->headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
		SET(CURLOPT_POSTFIELDSIZE, (long)j->npost);
		SET(CURLOPT_POSTFIELDS, j->post);
		SET(CURLOPT_HTTPHEADER, j->headers);
		ok = ok && j->headers;
	}
	return ok;
}

static CURLM *multi_of(const struct job *j) { return j->scheme == SCHEME_LDAP ? j->f->ldap : j->f->multi; }

bool
get_start(struct job *j)
{
	static const struct timeval turn = { 0, 50000 };

	j->easy = curl_easy_init();
	return j->easy && set_up(j) && curl_multi_add_handle(multi_of(j), j->easy) == CURLM_OK &&
	    (j->scheme != SCHEME_LDAP || event_add(j->f->turn, &turn) == 0);
}

void
get_stop(struct job *j)
{
	if (j->easy) {
		curl_multi_remove_handle(multi_of(j), j->easy);
		curl_easy_cleanup(j->easy);
	}
	curl_slist_free_all(j->headers);
	j->easy = NULL;
	j->headers = NULL;
}
