/* SPDX-License-Identifier: BSD-2-Clause */
/* Every route of the API, and which of them a path belongs to. */
#include <string.h>

#include "api.h"
#include "certs.h"
#include "events.h"
#include "routes.h"

/* The first row whose path fits decides between 404 and 405. */
const struct route routes[] = {
	{ EVHTTP_REQ_GET,	"/v1/status",		get_status },
	{ EVHTTP_REQ_GET,	"/v1/tunnels",		get_tunnels },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*",	get_tunnel },
	{ EVHTTP_REQ_PUT,	"/v1/tunnels/*",	put_tunnel },
	{ EVHTTP_REQ_DELETE,	"/v1/tunnels/*",	delete_tunnel },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*/text",	get_tunnel_text },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*/export",	get_export },
	{ EVHTTP_REQ_GET,	"/v1/sites",		get_sites },
	{ EVHTTP_REQ_GET,	"/v1/sas",		get_sas },
	{ EVHTTP_REQ_GET,	"/v1/policies",		get_policies },
	{ EVHTTP_REQ_GET,	"/v1/explain/*",	get_explain },
	{ EVHTTP_REQ_GET,	"/v1/counters",		get_counters },
	{ EVHTTP_REQ_GET,	"/v1/revisions",	get_revisions },
	{ EVHTTP_REQ_GET,	"/v1/revisions/*",	get_revision },
	{ EVHTTP_REQ_GET,	"/v1/diff",		get_diff },
	{ EVHTTP_REQ_GET,	"/v1/audit",		get_audit },
	{ EVHTTP_REQ_GET,	"/v1/events",		get_events },
	{ EVHTTP_REQ_GET,	"/metrics",		get_metrics },
	{ EVHTTP_REQ_GET,	"/v1/certs",		get_certs },
	{ EVHTTP_REQ_GET,	"/v1/ca/*/issued",	get_issued },
	{ EVHTTP_REQ_POST,	"/v1/certs/import",	post_import },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/csr",	post_csr },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/export",	post_export },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/remove",	post_remove },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/init",	post_ca_init },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/issue",	post_ca_issue },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/revoke",	post_ca_revoke },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/crl",		post_ca_crl },
	{ EVHTTP_REQ_POST,	"/v1/check",		post_check },
	{ EVHTTP_REQ_POST,	"/v1/compare",		post_compare },
	{ EVHTTP_REQ_POST,	"/v1/apply",		post_apply },
	{ EVHTTP_REQ_GET,	"/v1/confirm",		get_confirm },
	{ EVHTTP_REQ_POST,	"/v1/confirm",		post_confirm },
	{ EVHTTP_REQ_POST,	"/v1/undo",		post_undo },
	{ EVHTTP_REQ_POST,	"/v1/rollback",		post_rollback },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/up",	post_up },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/down",	post_down },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/rekey",	post_rekey },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/restart", post_restart },
	{ EVHTTP_REQ_POST,	"/v1/guard/open",	post_open },
	{ EVHTTP_REQ_POST,	"/v1/guard/close",	post_close },
	{ EVHTTP_REQ_POST,	"/v1/shutdown",		post_shutdown },
};


const size_t nroutes = sizeof(routes) / sizeof(routes[0]);

bool
route_fits(const char *pattern, const char *path, char *name, size_t cap)
{
	const char *star = strchr(pattern, '*'), *end;
	size_t head, n;

	if (!star)
		return strcmp(pattern, path) == 0;
	head = (size_t)(star - pattern);
	if (strncmp(pattern, path, head) != 0)
		return false;
	end = strchr(path + head, '/');
	n = end ? (size_t)(end - path) - head : strlen(path + head);
	if (n == 0 || n >= cap || strcmp(star + 1, end ? end : "") != 0)
		return false;
	memcpy(name, path + head, n);
	name[n] = '\0';
	return true;
}

