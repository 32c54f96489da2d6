/* SPDX-License-Identifier: BSD-2-Clause */
/* The request as the web server hands it to a CGI program (RFC 3875): about fifteen variables of the environment, and a body. Decoding is pure. */
#ifndef CAUSEWAY_CGI_REQUEST_H
#define CAUSEWAY_CGI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

#define REQUEST_PATH	256
#define REQUEST_TOKEN	64
#define REQUEST_VALUE	8192	/* of one variable */

enum method { M_GET, M_POST };
enum verdict {
	RQ_OK,
	RQ_BAD,		/* 400 */
	RQ_METHOD,	/* 405 */
	RQ_TYPE,	/* 415: the body is no form */
	RQ_LONG,	/* 413 */
	RQ_CLEAR,	/* 403: not TLS, and not from this machine */
};

struct request {
	enum method	 method;
	bool		 head;			/* HEAD: a GET whose page is not sent */
	char		 base[128];		/* SCRIPT_NAME: where the program stands */
	char		 path[REQUEST_PATH];	/* PATH_INFO */
	char		 client[64];		/* REMOTE_ADDR, no header */
	char		 session[REQUEST_TOKEN];	/* of the cookie; "" none */
	bool		 tls;
	bool		 foreign;		/* a page of another origin asked for it, or nobody said that it is ours */
	bool		 by_script;		/* a script fetches it, and no window goes there */
	bool		 strange;		/* a page of another site fetches it as a part of itself */
	size_t		 body;			/* CONTENT_LENGTH */
	struct fields	 query;
};

/* env: NAME=VALUE as of execve(2), ended by NULL. */
enum verdict request_decode(struct request *, char *const *env);
void request_free(struct request *);

#endif
