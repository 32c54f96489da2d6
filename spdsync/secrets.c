/* SPDX-License-Identifier: BSD-2-Clause */
/* Pre-shared keys that are handed in: on their way to keymgr they pass through here, are not looked at, and are wiped. No request gives one back. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "secret.h"

#define SECRET_TEXT	4096

static void
fail(struct req *r, enum reason reason, struct rd *body)
{
	const struct reason_row *row = reason_row(reason);
	int code = reason == R_NOT_FOUND ? 404 : reason == R_SECRET_EXISTS || reason == R_CERT_IN_USE ? 409 : reason == R_KEYMGR_DOWN ? 503 :
	    reason == R_SECRET_INVALID || reason == R_NAME_INVALID ? 400 : 502;
	char detail[512] = "", text[1100];
	size_t n = strlen(row->sentence);

	if (body && rd_left(body))
		str_get(body, detail, sizeof(detail));
	snprintf(text, sizeof(text), "%.*s%s%s.", (int)(n && row->sentence[n - 1] == '.' ? n - 1 : n), row->sentence, detail[0] ? ": " : "", detail);
	req_error(r, code, reason, text, NULL);
}

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
		fail(r, reason, body);
		return;
	}
	if (body && rd_left(body))
		str_get(body, weak, sizeof(weak));
	check_users(r->s, r->name);
	req_reply(r, 200, json_pack("{s:s, s:o}", "name", r->name, "weak", json_text(weak)));
}

static void
remove_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;

	r->call = 0;
	if (reason != R_OK)
		fail(r, reason, body);
	else
		req_reply(r, 200, json_pack("{s:s, s:b}", "name", r->name, "done", 1));
}

static void
call(struct req *r, uint16_t type, const struct wr *w, ipc_done *done)
{
	struct pump *k = &r->s->keymgr;
	unsigned wait_s;

	if (!req_wait(r, &wait_s))
		return;
	r->call_link = k->ipc;
	r->call = k->up && wr_ok(w) ? ipc_call(k->ipc, type, wr_bytes(w), R_KEYMGR_DOWN, done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_KEYMGR_DOWN, NULL, NULL);
	else
		req_timer(r, wait_s, on_late);
}

static bool
named(struct req *r)
{
	if (name_ok(r->name))
		return true;
	req_error(r, 400, R_NAME_INVALID, NULL, NULL);
	return false;
}

void
post_secret(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	uint8_t *p = n ? evbuffer_pullup(in, -1) : NULL, buf[SECRET_TEXT + NAME_CAP + 8];
	const char *replace = req_query(r, "replace");
	struct wr w = wr_of(buf, sizeof(buf));

	if (!named(r)) {
		;
	} else if (n == 0 || n > SECRET_TEXT || (replace && strcmp(replace, "yes") != 0)) {
		req_error(r, 400, replace && strcmp(replace, "yes") != 0 ? R_REQUEST_INVALID : R_SECRET_INVALID, NULL, NULL);
	} else {
		str_put(&w, r->name);
		wr_u8(&w, replace != NULL);
		wr_span(&w, bytes_of(p, n));
		req_audit(r, replace ? "another secret" : "new secret", r->name);
		call(r, PSK_PUT, &w, put_done);
	}
	if (p)
		wipe(p, n);
	wipe(buf, sizeof(buf));
}

void
post_secret_remove(struct req *r)
{
	uint8_t buf[128];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!named(r))
		return;
	str_put(&w, r->name);
	req_audit(r, "secret removal", r->name);
	call(r, PSK_REMOVE, &w, remove_done);
}
