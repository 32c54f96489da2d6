/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_CGI_SERVE_H
#define CAUSEWAY_CGI_SERVE_H

#include "page.h"

#define BODY_FIRST	16384	/* octets of a body that anybody may send: names and passwords are shorter */

/* The body of a request. What is longer than that is read by rest, once a session is known; false: it did not come. p is the caller's to free. */
struct body {
	char		*p;
	size_t		 n;
	bool		(*rest)(struct body *);
};

/*
 * Everything between a request and its answer: the route, the session, the checks, the page. The whole answer goes to out.
 * spdsync: its descriptor, or minus the errno of why there is none.
 */
void serve(char *const *env, int spdsync, struct body *, struct html *out);

#endif
