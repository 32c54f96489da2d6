/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_CGI_SERVE_H
#define CAUSEWAY_CGI_SERVE_H

#include "page.h"

/*
 * Everything between a request and its answer: the route, the session, the checks, the page. in: the body. The whole answer goes to out.
 * spdsync: its descriptor, or minus the errno of why there is none.
 */
void serve(char *const *env, int spdsync, const char *in, size_t n, struct html *out);

#endif
