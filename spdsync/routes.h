/* SPDX-License-Identifier: BSD-2-Clause */
/* The API's routes. */
#ifndef CAUSEWAY_ROUTES_H
#define CAUSEWAY_ROUTES_H

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>

#include "accounts.h"

struct req;
/*
 * ASKED: it changes nothing, by whatever method, so ro.sock takes it too.
 * PROVED: a session must have shown its user's password lately (accounts.h), because this gives rights or secrets, or takes tunnels away.
 */
enum proof { KNOWN, ASKED, PROVED };
struct route {
	enum evhttp_cmd_type method;
	const char	*path;		/* "*" stands for one name */
	enum role	 role;		/* what it takes; ROLE_NONE: also without a session */
	enum proof	 proof;
	void		(*run)(struct req *);
};

extern const struct route routes[];
extern const size_t nroutes;

/* Does the path fit? The part that "*" stands for goes to name. */
bool route_fits(const char *pattern, const char *path, char *name, size_t cap);

#endif
