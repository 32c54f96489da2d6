/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keymgr-fetch: what keymgr asks for, from the network. A request becomes a job: it waits in line, runs as one transfer of libcurl's
 * multi interface beside the others, and ends with FETCH_DONE. No server, however slow, delays another one's answer: of one host
 * FETCH_PER_HOST jobs run at a time, and everything together may hold FETCH_HELD octets.
 */
#ifndef KEYMGR_FETCH_H
#define KEYMGR_FETCH_H

#include <curl/curl.h>

#include "ipc.h"
#include "msg_fetch.h"
#include "proc.h"

#define FETCH_PARALLEL	64u
#define FETCH_PER_HOST	4u
#define FETCH_WAITING	1024u		/* jobs in line at most */
#define FETCH_HELD	(128u << 20)	/* octets of all answers that are under way */
#define FETCH_REDIRECTS	3l
#define FETCH_HOST	256

enum scheme { SCHEME_NONE, SCHEME_HTTP, SCHEME_HTTPS, SCHEME_FILE, SCHEME_LDAP };

struct job {
	struct job	*next;
	struct fetcher	*f;
	uint32_t	 id;
	enum scheme	 scheme;
	char		 url[FETCH_URL];
	char		 host[FETCH_HOST];	/* with the port; whose turn it is */
	uint8_t		*post;
	size_t		 npost;
	bool		 runs;
	CURL		*easy;
	struct curl_slist *headers;
	int		 fd;			/* memfd, or -1 before the first octet */
	uint32_t	 size;
	enum reason	 spoilt;		/* why the rest is not taken, or R_OK */
	char		 error[CURL_ERROR_SIZE];
};

struct fetcher {
	struct event_base *base;
	struct proc	*proc;			/* NULL: without a supervisor */
	struct ipc	*link;
	const char	*crl_dir;
	CURLM		*multi;
	struct event	*timer;
	CURLM		*ldap;		/* transfers by LDAP, which libcurl does not tell what they wait for */
	struct event	*turn;		/* so each has its turn twenty times a second */
	struct job	*jobs, **tail;		/* in the order of their coming: those that run and those that wait */
	unsigned	 njobs, nruns;
	size_t		 held;
	long		 wait_ms;	/* FETCH_WAIT_S; a test is not that patient */
};

bool fetch_init(struct fetcher *, struct event_base *, const char *crl_dir);
void fetch_fini(struct fetcher *);
/* A descriptor from the supervisor: "keymgr"; taken. ctx is struct fetcher. */
void fetch_on_fd(void *ctx, const char *name, int fd);
/* Whoever can run is started. */
void fetch_next(struct fetcher *);
/* The job's answer goes to keymgr, and the job is over. detail may be NULL. */
void fetch_end(struct job *, enum reason, const char *detail);

/* get.c: libcurl. False: no memory. */
bool get_init(struct fetcher *);
bool get_start(struct job *);
void get_stop(struct job *);		/* allowed for a job that does not run */

/* What came is kept; false and job->spoilt: no more of it. */
bool keep_octets(struct job *, const void *, size_t);

/* file.c: a regular file that lies in dir. */
enum reason file_read(struct job *, const char *dir, char *detail, size_t cap);

/* url.c, pure. What it is and whom it asks; SCHEME_NONE: nothing that is fetched. */
enum scheme url_read(const char *url, char host[static FETCH_HOST]);
/* The name of the file below dir that a file: URL means, or NULL: it lies elsewhere. */
const char *url_file(const char *url, const char *dir);

/* ldif.c, pure: the first revocation list in what libcurl makes of an LDAP answer. Octets written to out, which has room for in.n; 0: none. */
size_t ldif_crl(struct bytes in, uint8_t *out);

extern const struct sandbox fetch_sandbox;

#endif
