/* SPDX-License-Identifier: BSD-2-Clause */
/* Every route of the API, and which of them a path belongs to. */
#include <string.h>

#include "account.h"
#include "api.h"
#include "capture.h"
#include "certs.h"
#include "events.h"
#include "routes.h"

/* The first row whose path fits decides between 404 and 405. */
const struct route routes[] = {
	{ EVHTTP_REQ_GET,	"/v1/status",	ROLE_VIEWER,	KNOWN,	get_status },
	{ EVHTTP_REQ_GET,	"/v1/tunnels",	ROLE_VIEWER,	KNOWN,	get_tunnels },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*",	ROLE_VIEWER,	KNOWN,	get_tunnel },
	{ EVHTTP_REQ_PUT,	"/v1/tunnels/*",	ROLE_EDITOR,	KNOWN,	put_tunnel },
	{ EVHTTP_REQ_DELETE,	"/v1/tunnels/*",	ROLE_EDITOR,	PROVED,	delete_tunnel },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*/text",	ROLE_VIEWER,	KNOWN,	get_tunnel_text },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*/export",	ROLE_VIEWER,	KNOWN,	get_export },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*/traffic",	ROLE_VIEWER,	KNOWN,	get_traffic },
	{ EVHTTP_REQ_GET,	"/v1/traffic",	ROLE_VIEWER,	KNOWN,	get_traffic },
	{ EVHTTP_REQ_GET,	"/v1/sites",	ROLE_VIEWER,	KNOWN,	get_sites },
	{ EVHTTP_REQ_GET,	"/v1/sas",	ROLE_VIEWER,	KNOWN,	get_sas },
	{ EVHTTP_REQ_GET,	"/v1/policies",	ROLE_VIEWER,	KNOWN,	get_policies },
	{ EVHTTP_REQ_GET,	"/v1/explain/*",	ROLE_VIEWER,	KNOWN,	get_explain },
	{ EVHTTP_REQ_GET,	"/v1/counters",	ROLE_VIEWER,	KNOWN,	get_counters },
	{ EVHTTP_REQ_GET,	"/v1/revisions",	ROLE_VIEWER,	KNOWN,	get_revisions },
	{ EVHTTP_REQ_GET,	"/v1/revisions/*",	ROLE_VIEWER,	KNOWN,	get_revision },
	{ EVHTTP_REQ_GET,	"/v1/diff",	ROLE_VIEWER,	KNOWN,	get_diff },
	{ EVHTTP_REQ_GET,	"/v1/audit",	ROLE_VIEWER,	KNOWN,	get_audit },
	{ EVHTTP_REQ_GET,	"/v1/events",	ROLE_VIEWER,	KNOWN,	get_events },
	{ EVHTTP_REQ_GET,	"/metrics",	ROLE_VIEWER,	KNOWN,	get_metrics },
	{ EVHTTP_REQ_GET,	"/v1/certs",	ROLE_VIEWER,	KNOWN,	get_certs },
	{ EVHTTP_REQ_GET,	"/v1/ca/*/issued",	ROLE_VIEWER,	KNOWN,	get_issued },
	{ EVHTTP_REQ_POST,	"/v1/certs/import",	ROLE_ADMIN,	PROVED,	post_import },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/csr",	ROLE_ADMIN,	PROVED,	post_csr },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/export",	ROLE_ADMIN,	PROVED,	post_export },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/remove",	ROLE_ADMIN,	PROVED,	post_remove },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/init",	ROLE_ADMIN,	PROVED,	post_ca_init },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/issue",	ROLE_ADMIN,	PROVED,	post_ca_issue },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/revoke",	ROLE_ADMIN,	PROVED,	post_ca_revoke },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/crl",	ROLE_ADMIN,	PROVED,	post_ca_crl },
	{ EVHTTP_REQ_POST,	"/v1/secrets/*",	ROLE_ADMIN,	PROVED,	post_secret },
	{ EVHTTP_REQ_POST,	"/v1/secrets/*/remove",	ROLE_ADMIN,	PROVED,	post_secret_remove },
	{ EVHTTP_REQ_GET,	"/v1/racoon",	ROLE_VIEWER,	KNOWN,	get_racoon },
	{ EVHTTP_REQ_PUT,	"/v1/racoon",	ROLE_EDITOR,	KNOWN,	put_racoon },
	{ EVHTTP_REQ_DELETE,	"/v1/racoon",	ROLE_EDITOR,	PROVED,	delete_racoon },
	{ EVHTTP_REQ_POST,	"/v1/racoon/keys",	ROLE_ADMIN,	PROVED,	post_racoon_keys },
	{ EVHTTP_REQ_POST,	"/v1/check",	ROLE_VIEWER,	ASKED,	post_check },
	{ EVHTTP_REQ_POST,	"/v1/compare",	ROLE_VIEWER,	ASKED,	post_compare },
	{ EVHTTP_REQ_POST,	"/v1/apply",	ROLE_EDITOR,	KNOWN,	post_apply },
	{ EVHTTP_REQ_GET,	"/v1/confirm",	ROLE_VIEWER,	KNOWN,	get_confirm },
	{ EVHTTP_REQ_POST,	"/v1/confirm",	ROLE_EDITOR,	KNOWN,	post_confirm },
	{ EVHTTP_REQ_POST,	"/v1/undo",	ROLE_EDITOR,	KNOWN,	post_undo },
	{ EVHTTP_REQ_POST,	"/v1/rollback",	ROLE_EDITOR,	PROVED,	post_rollback },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/up",	ROLE_OPERATOR,	KNOWN,	post_up },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/down",	ROLE_OPERATOR,	KNOWN,	post_down },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/rekey",	ROLE_OPERATOR,	KNOWN,	post_rekey },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/restart",	ROLE_OPERATOR,	KNOWN,	post_restart },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/capture",	ROLE_ADMIN,	PROVED,	post_capture },
	{ EVHTTP_REQ_POST,	"/v1/guard/open",	ROLE_ADMIN,	PROVED,	post_open },
	{ EVHTTP_REQ_POST,	"/v1/guard/close",	ROLE_ADMIN,	PROVED,	post_close },
	{ EVHTTP_REQ_POST,	"/v1/shutdown",	ROLE_ADMIN,	PROVED,	post_shutdown },
	{ EVHTTP_REQ_POST,	"/v1/first-token",	ROLE_PERSON,	PROVED,	post_first_token },
	{ EVHTTP_REQ_POST,	"/v1/first-user",	ROLE_NONE,	KNOWN,	post_first_user },
	{ EVHTTP_REQ_POST,	"/v1/login",	ROLE_NONE,	KNOWN,	post_login },
	{ EVHTTP_REQ_POST,	"/v1/logout",	ROLE_VIEWER,	KNOWN,	post_logout },
	{ EVHTTP_REQ_GET,	"/v1/self",	ROLE_VIEWER,	KNOWN,	get_self },
	{ EVHTTP_REQ_POST,	"/v1/self/proof",	ROLE_VIEWER,	KNOWN,	post_proof },
	{ EVHTTP_REQ_POST,	"/v1/self/password",	ROLE_VIEWER,	KNOWN,	post_password },
	{ EVHTTP_REQ_DELETE,	"/v1/self/others",	ROLE_VIEWER,	KNOWN,	delete_others },
	{ EVHTTP_REQ_GET,	"/v1/users",	ROLE_ADMIN,	KNOWN,	get_users },
	{ EVHTTP_REQ_POST,	"/v1/users",	ROLE_PERSON,	PROVED,	post_users },
	{ EVHTTP_REQ_POST,	"/v1/users/*",	ROLE_PERSON,	PROVED,	post_user },
	{ EVHTTP_REQ_DELETE,	"/v1/users/*",	ROLE_PERSON,	PROVED,	delete_user },
	{ EVHTTP_REQ_GET,	"/v1/sessions",	ROLE_ADMIN,	KNOWN,	get_sessions },
	{ EVHTTP_REQ_DELETE,	"/v1/sessions/*",	ROLE_PERSON,	PROVED,	delete_session },
	{ EVHTTP_REQ_GET,	"/v1/tokens",	ROLE_ADMIN,	KNOWN,	get_tokens },
	{ EVHTTP_REQ_POST,	"/v1/tokens",	ROLE_PERSON,	PROVED,	post_tokens },
	{ EVHTTP_REQ_DELETE,	"/v1/tokens/*",	ROLE_PERSON,	PROVED,	delete_token },
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
