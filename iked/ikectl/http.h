/* SPDX-License-Identifier: BSD-2-Clause */
/* One request to spdsync's API over its Unix socket. */
#ifndef IKECTL_HTTP_H
#define IKECTL_HTTP_H

#include <jansson.h>
#include <stddef.h>

struct http {
	long	 status;	/* HTTP status; 0: the daemon could not be reached */
	json_t	*body;		/* the caller's; NULL when there was none or it was not JSON */
	char	 error[256];	/* why it could not be reached, "" otherwise */
	int	 timed_out;
	int	 denied;	/* this user may not open the socket */
};

/* body NULL: GET, else that method. timeout_s 0: none. The caller ends with http_free. */
void http_call(struct http *, const char *socket, const char *method, const char *path, const char *type, const void *body, size_t n,
    long timeout_s);
void http_free(struct http *);

#endif
