/* SPDX-License-Identifier: BSD-2-Clause */
/* Every page. A page that changes something is a POST, and what it takes is declared here. */
#include <string.h>

#include "name.h"
#include "page.h"

static const struct field no_fields[] = { { 0 } };
#define SAID	{ "said", F_NAME, 0, false, NULL }
#define CSRF	{ "csrf", F_TOKEN, 64, false, NULL }
static const struct field said[] = { SAID, { 0 } };
static const struct field csrf_only[] = { CSRF, { 0 } };
static const struct field login[] = { { "user", F_LINE, 64, true, NULL }, { "password", F_LINE, 1024, true, NULL }, { 0 } };
static const struct field first[] = {
	{ "token", F_TOKEN, 64, true, NULL }, { "user", F_NAME, 0, true, NULL }, { "password", F_LINE, 1024, true, NULL },
	{ "again", F_LINE, 1024, true, NULL }, { 0 },
};
static const struct field tunnels[] = {
	{ "match", F_LINE, 64, false, NULL }, { "state", F_CHOICE, 0, false, "up|rekeying|connecting|failed|down|not-up" },
	{ "offset", F_NUMBER, 1000000, false, NULL }, { 0 },
};
static const struct field act[] = { CSRF, { "what", F_CHOICE, 0, true, "up|down|restart|rekey" }, { "back", F_CHOICE, 0, false, "list" }, { 0 } };

const struct route routes[] = {
	{ M_GET,	"/login",		ROLE_NONE,	said,		page_login },
	{ M_POST,	"/login",		ROLE_NONE,	login,		page_login_post },
	{ M_GET,	"/first",		ROLE_NONE,	no_fields,	page_first },
	{ M_POST,	"/first",		ROLE_NONE,	first,		page_first_post },
	{ M_POST,	"/logout",		ROLE_VIEWER,	csrf_only,	page_logout_post },
	{ M_GET,	"/",			ROLE_VIEWER,	said,		page_overview },
	{ M_GET,	"/tunnels",		ROLE_VIEWER,	tunnels,	page_tunnels },
	{ M_GET,	"/tunnels/*",		ROLE_VIEWER,	said,		page_tunnel },
	{ M_POST,	"/tunnels/*/act",	ROLE_OPERATOR,	act,		page_tunnel_act },
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
