/* SPDX-License-Identifier: BSD-2-Clause */
/* Pre-shared keys that are handed in: on their way to keymgr they pass through here, are not looked at, and are wiped. No request gives one back. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "keymgrcall.h"
#include "secret.h"

#define SECRET_TEXT	4096

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	req_error(arg, 504, R_BUSY, "It is not done yet; it goes on.", "");
}

/* What keymgr said of the tunnels that name it was said before. */
static void
check_users(struct sync *s, const char *name)
{
	for (unsigned i = 0; i < s->nrt; i++) {
		const struct site_auth *here = want_auth(&s->want.v[i], true), *there = want_auth(&s->want.v[i], false);

		if ((here->how == AUTH_BY_PSK && strcmp(here->psk, name) == 0) || (there->how == AUTH_BY_PSK && strcmp(there->psk, name) == 0))
			keymgr_check(s, s->rt[i]);
	}
}

static void
put_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;
	char weak[512] = "";

	r->call = 0;
	if (reason != R_OK) {
		keymgr_fail(r, reason, body, NULL);
		return;
	}
	if (body && rd_left(body))
		str_get(body, weak, sizeof(weak));
	check_users(r->s, r->name);
	req_reply(r, 200, json_pack("{s:s, s:o}", "name", r->name, "weak", json_text(weak)));
}

void
post_secret(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	uint8_t *p = n ? evbuffer_pullup(in, -1) : NULL, buf[SECRET_TEXT + NAME_CAP + 8];
	const char *replace = req_query(r, "replace");
	struct wr w = wr_of(buf, sizeof(buf));

	if (!keymgr_named(r)) {
		;
	} else if (n == 0 || n > SECRET_TEXT || (replace && strcmp(replace, "yes") != 0)) {
		req_error(r, 400, replace && strcmp(replace, "yes") != 0 ? R_REQUEST_INVALID : R_SECRET_INVALID, NULL, NULL);
	} else {
		str_put(&w, r->name);
		wr_u8(&w, replace != NULL);
		wr_span(&w, bytes_of(p, n));
		req_audit(r, replace ? "another secret" : "new secret", r->name);
		keymgr_call(r, PSK_PUT, &w, -1, put_done, on_late);
	}
	if (p)
		wipe(p, n);
	wipe(buf, sizeof(buf));
}

void
post_secret_remove(struct req *r)
{
	keymgr_remove(r, PSK_REMOVE, "secret removal", keymgr_removed, on_late);
}
