/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the API's routes, a line each: what test_openapi holds the OpenAPI file against. With an argument: those that want the password again. */
#include <stdio.h>

#include "routes.h"

static const char *
method_name(enum evhttp_cmd_type m)
{
	return m == EVHTTP_REQ_GET ? "get" : m == EVHTTP_REQ_POST ? "post" : m == EVHTTP_REQ_PUT ? "put" : m == EVHTTP_REQ_DELETE ? "delete" : "other";
}

int
main(int argc, char **argv)
{
	(void)argv;
	for (size_t i = 0; i < nroutes; i++)
		if (argc < 2 || routes[i].proof == PROVED)
			printf("%s %s %s\n", method_name(routes[i].method), routes[i].path, routes[i].role ? role_name(routes[i].role) : "none");
	return 0;
}
