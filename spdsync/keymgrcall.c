/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "keymgrcall.h"

static int
status_of(enum reason r)
{
	switch (r) {
	case R_NOT_FOUND: case R_CA_MISSING: case R_NOT_ISSUED:
		return 404;
	case R_CA_EXISTS: case R_CERT_EXISTS: case R_CERT_IN_USE: case R_SECRET_EXISTS:
		return 409;
	case R_KEYMGR_DOWN: case R_BUSY:
		return 503;
	case R_VALUE_INVALID: case R_REQUEST_INVALID: case R_CSR_INVALID: case R_KEY_KIND: case R_CREDENTIAL_UNREADABLE: case R_PASSWORD_WRONG:
	case R_PRIVATE_KEY_OTHER: case R_PRIVATE_KEY_MISSING: case R_PRIVATE_KEY_UNUSABLE: case R_NOT_A_CA: case R_NAME_INVALID: case R_SECRET_INVALID:
		return 400;
	default:
		return 502;
	}
}

void
keymgr_fail(struct req *r, enum reason reason, struct rd *body, const char *missing)
{
	const char *sentence = reason_row(reason)->sentence, *hint = NULL;
	char detail[512] = "", text[1100];
	size_t n = strlen(sentence);

	if (body && rd_left(body))
		str_get(body, detail, sizeof(detail));
	if (n && sentence[n - 1] == '.')
		n--;
	snprintf(text, sizeof(text), "%.*s%s%s.", (int)n, sentence, detail[0] ? ": " : "", detail);
	if (reason == R_NOT_FOUND)
		hint = missing;
	else if (reason == R_BUSY || reason == R_VALUE_INVALID)
		hint = "";
	req_error(r, status_of(reason), reason, text, hint);
}

bool
keymgr_named(struct req *r)
{
	if (name_ok(r->name))
		return true;
	req_error(r, 400, R_NAME_INVALID, NULL, NULL);
	return false;
}

void
keymgr_call(struct req *r, uint16_t type, const struct wr *w, int fd, ipc_done *done, void (*late)(evutil_socket_t, short, void *))
{
	struct pump *k = &r->s->keymgr;
	unsigned wait_s;

	if (!req_wait(r, &wait_s))
		return;
	r->call_link = k->ipc;
	r->call = k->up && wr_ok(w) ? ipc_call_fd(k->ipc, type, wr_bytes(w), fd, R_KEYMGR_DOWN, done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_KEYMGR_DOWN, NULL, NULL);
	else
		req_timer(r, wait_s, late);
}

void
keymgr_removed(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;

	r->call = 0;
	if (reason != R_OK)
		keymgr_fail(r, reason, body, NULL);
	else
		req_reply(r, 200, json_pack("{s:s, s:b}", "name", r->name, "done", 1));
}

void
keymgr_remove(struct req *r, uint16_t type, const char *action, ipc_done *done, void (*late)(evutil_socket_t, short, void *))
{
	uint8_t buf[NAME_CAP + 8];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!keymgr_named(r))
		return;
	str_put(&w, r->name);
	req_audit(r, action, r->name);
	keymgr_call(r, type, &w, -1, done, late);
}
