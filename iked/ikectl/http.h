/* SPDX-License-Identifier: BSD-2-Clause */
/* One request to spdsync's API over its Unix socket. */
#ifndef IKECTL_HTTP_H
#define IKECTL_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http {
	long	 status;	/* HTTP status; 0: the daemon could not be reached */
	json_t	*body;		/* the caller's; NULL when there was none or it was not JSON */
	char	 error[256];	/* why it could not be reached, "" otherwise */
	int	 timed_out;
	int	 broken;	/* it ended before its end; status is of its beginning where the answer is lines */
	int	 denied;	/* this user may not open the socket */
};

/* body NULL: GET, else that method. timeout_s 0: none. The caller ends with http_free. */
void http_call(struct http *, const char *socket, const char *method, const char *path, const char *type, const void *body, size_t n,
    long timeout_s);
/*
 * A GET whose answer is lines that come for as long as it lasts; of one that is not 200 it keeps the body as above. idle runs about once
 * a second, whether something comes or not; NULL: none.
 */
void http_lines(struct http *, const char *socket, const char *path, long timeout_s, void (*line)(void *arg, const char *), void (*idle)(void *arg), void *arg);
/* A POST without a body whose answer goes to take as it comes, until that says false; of one that is not 200 the body is kept as above. */
void http_copy(struct http *, const char *socket, const char *path, long timeout_s, bool (*take)(void *arg, const void *, size_t), void *arg);
/* A GET whose answer is text. The caller's, NULL when there was none. */
char *http_text(struct http *, const char *socket, const char *path, long timeout_s);
void http_free(struct http *);

#endif
