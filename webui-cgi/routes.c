/* SPDX-License-Identifier: BSD-2-Clause */
/* Every page. A page that changes something is a POST, and what it takes is declared here. */
#include <string.h>

#include "name.h"
#include "page.h"

static const struct field no_fields[] = { { 0 } };
#define SAID	{ "said", F_NAME, 0, false, NULL }
#define CSRF	{ "csrf", F_TOKEN, 64, false, NULL }
/* The reader's password, where what is dangerous wants it again (page_proof.c). */
#define PROOF	{ "proof", F_HIDDEN, 1024, false, NULL }
#define SPAN	{ "span", F_CHOICE, 0, false, "2h|1d|31d" }
static const struct field said[] = { SAID, { 0 } };
static const struct field said_span[] = { SAID, SPAN, { 0 } };
/* A file that would be most of its page is there when it is asked for. */
#define WHOLE	{ "whole", F_CHOICE, 0, false, "yes" }
static const struct field said_whole[] = { SAID, WHOLE, { 0 } };
static const struct field whole[] = { WHOLE, { 0 } };
static const struct field cert_lists[] = { SAID, { "offset", F_NUMBER, 1000000, false, NULL }, { "issued", F_NUMBER, 1000000, false, NULL }, { 0 } };
static const struct field csrf_only[] = { CSRF, { 0 } };
static const struct field login[] = { { "user", F_LINE, 64, true, NULL }, { "password", F_HIDDEN, 1024, true, NULL }, { 0 } };
static const struct field first[] = {
	{ "token", F_TOKEN, 64, true, NULL }, { "user", F_NAME, 0, true, NULL }, { "password", F_HIDDEN, 1024, true, NULL },
	{ "again", F_HIDDEN, 1024, true, NULL }, { 0 },
};
/* Which part of the list of tunnels. */
#define ASKED	{ "match", F_LINE, 64, false, NULL }, { "state", F_CHOICE, 0, false, "up|rekeying|connecting|failed|down|not-up" }, { "offset", F_NUMBER, 1000000, false, NULL }
static const struct field tunnels[] = { SAID, { "of", F_NAME, 0, false, NULL }, ASKED, { 0 } };
static const struct field act[] = { CSRF, { "what", F_CHOICE, 0, true, "up|down|restart|rekey" }, { "back", F_CHOICE, 0, false, "list" }, ASKED, { 0 } };

#define SECONDS	{ "seconds", F_NUMBER, 86400, false, NULL }
#define TEXT	{ "text", F_TEXT, FIELDS_OCTETS, false, NULL }
#define COMMENT	{ "comment", F_LINE, 200, false, NULL }
#define ROLE	{ "role", F_CHOICE, 0, true, "viewer|operator|editor|admin" }
static const struct field config[] = { CSRF, PROOF, TEXT, COMMENT, SECONDS, { "remove", F_LINE, 1000, false, NULL }, { "what", F_CHOICE, 0, true, "plan|apply" }, { 0 } };
static const struct field confirm[] = { CSRF, { "revision", F_NUMBER, INT64_MAX, true, NULL }, { "what", F_CHOICE, 0, true, "confirm|undo" }, { 0 } };
static const struct field rollback[] = { CSRF, PROOF, SECONDS, { 0 } };
static const struct field block[] = { CSRF, PROOF, TEXT, COMMENT, SECONDS, { "was", F_TOKEN, 64, true, NULL }, { "what", F_CHOICE, 0, true, "save|remove" }, { 0 } };
static const struct field export[] = { { "for", F_CHOICE, 0, false, "causeway|strongswan|libreswan|openiked|fields" }, { 0 } };
static const struct field part[] = { { "offset", F_NUMBER, 1000000, false, NULL }, { 0 } };
#define LOGS { "before", F_NUMBER, INT64_MAX, false, NULL }, { "match", F_LINE, 64, false, NULL }, { "event", F_CHOICE, 0, false, \
	"failed|tunnel|child|ike|negotiation|daemon|revision|confirm|in_sync|drift|guard|certificate|command" }
static const struct field tunnel_logs[] = { LOGS, { 0 } };
static const struct field logs[] = { LOGS, { "tunnel", F_NAME, 0, false, NULL }, { 0 } };
static const struct field revisions[] = { SAID, { "before", F_NUMBER, INT64_MAX, false, NULL }, { 0 } };
static const struct field audit[] = { { "before", F_NUMBER, INT64_MAX, false, NULL }, { 0 } };
static const struct field new_tunnel[] = {
	CSRF, PROOF, SECONDS, { "step", F_NUMBER, 5, true, NULL }, { "there", F_NAME, 0, false, NULL }, { "address", F_LINE, 63, false, NULL },
	{ "here_address", F_LINE, 63, false, NULL }, { "here_networks", F_LINE, 500, false, NULL }, { "networks", F_LINE, 500, false, NULL },
	{ "policy", F_CHOICE, 0, false, "modern|compatible|legacy" }, { "start", F_CHOICE, 0, false, "always|on-demand|respond-only" },
	{ "auth", F_CHOICE, 0, false, "psk|cert|manual" }, { "trust", F_NAME, 0, false, NULL }, { "secret", F_HIDDEN, 2000, false, NULL }, { 0 },
};
static const struct field accounts[] = {
	SAID, { "users-after", F_NAME, 0, false, NULL }, { "sessions-before", F_NUMBER, INT64_MAX, false, NULL },
	{ "tokens-before", F_NUMBER, INT64_MAX, false, NULL }, { 0 },
};
static const struct field user_new[] = { CSRF, PROOF, { "user", F_NAME, 0, true, NULL }, { "password", F_HIDDEN, 1024, true, NULL }, ROLE, { 0 } };
static const struct field user[] = {
	CSRF, PROOF, { "password", F_HIDDEN, 1024, false, NULL }, { "role", F_CHOICE, 0, false, "viewer|operator|editor|admin" },
	{ "disabled", F_CHOICE, 0, false, "yes" }, { "what", F_CHOICE, 0, true, "save|remove" }, { 0 },
};
static const struct field secret[] = { CSRF, PROOF, { "what", F_CHOICE, 0, true, "new|put" }, { "secret", F_HIDDEN, 2000, false, NULL }, { 0 } };
static const struct field certs[] = {
	CSRF, PROOF, { "what", F_CHOICE, 0, true, "csr|import|init|issue|renew|revoke|remove" }, { "name", F_NAME, 0, false, NULL }, { "ca", F_NAME, 0, false, NULL },
	{ "site", F_NAME, 0, false, NULL }, { "serial", F_TOKEN, 63, false, NULL }, { "pem", F_TEXT, 32000, false, NULL },
	{ "key", F_CHOICE, 0, false, "ecdsa-p256|ecdsa-p384|ed25519|rsa-3072|rsa-4096" }, { "replace", F_CHOICE, 0, false, "yes" }, { 0 },
};
static const struct field account[] = {
	CSRF, { "what", F_CHOICE, 0, true, "password|others" }, { "now", F_HIDDEN, 1024, false, NULL }, { "password", F_HIDDEN, 1024, false, NULL },
	{ "again", F_HIDDEN, 1024, false, NULL }, { 0 },
};
static const struct field by_id[] = { CSRF, PROOF, { "id", F_NUMBER, INT64_MAX, true, NULL }, { 0 } };
static const struct field token[] = { CSRF, PROOF, { "name", F_NAME, 0, true, NULL }, ROLE, { "days", F_NUMBER, 3650, true, NULL }, { 0 } };

const struct route routes[] = {
	{ M_GET,	"/login",		ROLE_NONE,	said,		page_login },
	{ M_POST,	"/login",		ROLE_NONE,	login,		page_login_post },
	{ M_GET,	"/first",		ROLE_NONE,	no_fields,	page_first },
	{ M_POST,	"/first",		ROLE_NONE,	first,		page_first_post },
	{ M_POST,	"/logout",		ROLE_VIEWER,	csrf_only,	page_logout_post },
	{ M_GET,	"/account",		ROLE_VIEWER,	said,		page_account },
	{ M_POST,	"/account",		ROLE_VIEWER,	account,	page_account_post },
	{ M_GET,	"/",			ROLE_VIEWER,	said_span,		page_overview },
	{ M_GET,	"/tunnels",		ROLE_VIEWER,	tunnels,	page_tunnels },
	{ M_GET,	"/tunnels/*",		ROLE_VIEWER,	said_span,		page_tunnel },
	{ M_POST,	"/tunnels/*/act",	ROLE_OPERATOR,	act,		page_tunnel_act },
	{ M_GET,	"/tunnels/*/config",	ROLE_VIEWER,	no_fields,	page_tunnel_config },
	{ M_POST,	"/tunnels/*/config",	ROLE_EDITOR,	block,		page_tunnel_config_post },
	{ M_GET,	"/tunnels/*/export",	ROLE_VIEWER,	export,		page_export },
	{ M_GET,	"/tunnels/*/secret",	ROLE_VIEWER,	no_fields,	page_secret },
	{ M_POST,	"/tunnels/*/secret",	ROLE_ADMIN,	secret,		page_secret_post },
	{ M_GET,	"/tunnels/*/log",	ROLE_VIEWER,	tunnel_logs,	page_tunnel_log },
	{ M_GET,	"/new",			ROLE_EDITOR,	no_fields,	page_new },
	{ M_POST,	"/new",			ROLE_EDITOR,	new_tunnel,	page_new_post },
	{ M_GET,	"/config",		ROLE_VIEWER,	said_whole,		page_config },
	{ M_POST,	"/config",		ROLE_EDITOR,	config,		page_config_post },
	{ M_POST,	"/config/confirm",	ROLE_EDITOR,	confirm,	page_confirm_post },
	{ M_GET,	"/history",		ROLE_VIEWER,	revisions,		page_history },
	{ M_GET,	"/history/*",		ROLE_VIEWER,	whole,	page_revision },
	{ M_POST,	"/history/*/rollback",	ROLE_EDITOR,	rollback,	page_rollback_post },
	{ M_GET,	"/policies",		ROLE_VIEWER,	part,	page_policies },
	{ M_GET,	"/sas",			ROLE_VIEWER,	part,	page_sas },
	{ M_GET,	"/certs",		ROLE_VIEWER,	cert_lists,		page_certs },
	{ M_POST,	"/certs",		ROLE_ADMIN,	certs,		page_certs_post },
	{ M_GET,	"/log",			ROLE_VIEWER,	logs,	page_log },
	{ M_GET,	"/audit",		ROLE_VIEWER,	audit,		page_audit },
	{ M_GET,	"/system",		ROLE_VIEWER,	no_fields,	page_system },
	{ M_GET,	"/users",		ROLE_ADMIN,	accounts,	page_users },
	{ M_POST,	"/users",		ROLE_ADMIN,	user_new,	page_users_post },
	{ M_POST,	"/users/*",		ROLE_ADMIN,	user,		page_user_post },
	{ M_POST,	"/sessions/end",	ROLE_ADMIN,	by_id,		page_session_end },
	{ M_POST,	"/tokens",		ROLE_ADMIN,	token,		page_tokens_post },
	{ M_POST,	"/tokens/end",		ROLE_ADMIN,	by_id,		page_token_end },
};
const size_t nroutes = sizeof(routes) / sizeof(routes[0]);

bool
route_fits(const char *pattern, const char *path, char *name, size_t cap)
{
	const char *star = strchr(pattern, '*');
	size_t head, n;

	if (!star)
		return strcmp(pattern, path) == 0;
	head = (size_t)(star - pattern);
	if (strncmp(pattern, path, head) != 0)
		return false;
	n = strcspn(path + head, "/");
	if (n >= cap || !name_ok_n(path + head, n) || strcmp(star + 1, path + head + n) != 0)
		return false;
	memcpy(name, path + head, n);
	name[n] = '\0';
	return true;
}
