/* SPDX-License-Identifier: BSD-2-Clause */
/* The revision that waits to be confirmed: what it is, confirm it, undo it. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "confirm.h"

void
get_confirm(struct req *r)
{
	const struct confirm *c = r->s->confirm;
	json_t *undone = json_null();

	if (c->undone[0])
		undone = json_pack("{s:I, s:o}", "revision", (json_int_t)c->undone_revision, "why", json_words(c->undone));
	req_reply(r, 200, json_pack("{s:o, s:o}", "pending", confirm_json(r->s), "undone", undone));
}

/* Is there one that waits, and is it the one that is meant? False: an error was sent. */
static bool
waits(struct req *r)
{
	const struct confirm *c = r->s->confirm;
	const char *text = req_query(r, "revision");
	char why[400];

	if (text && parse_count(text, INT64_MAX) == 0) {
		req_error(r, 400, R_REQUEST_INVALID, "'revision' is the number of a revision.", "");
	} else if (confirm_waits(r->s) && (!text || parse_count(text, INT64_MAX) == c->revision)) {
		return true;
	} else if (c->undone[0] && (!text || parse_count(text, INT64_MAX) == c->undone_revision)) {
		snprintf(why, sizeof(why), "Revision %llu was undone: %s.", (unsigned long long)c->undone_revision, c->undone);
		req_error(r, 409, R_CONFIRM_UNDONE, why, NULL);
	} else
		req_error(r, 409, R_CONFIRM_NONE, NULL, NULL);
	return false;
}

void
post_confirm(struct req *r)
{
	struct store_error err;
	uint64_t number;

	req_audit(r, "confirm", "");
	if (!waits(r))
		return;
	number = r->s->confirm->revision;
	if (!r->audit || !confirm_keep(r->s, r->audit, &err)) {
		req_error(r, 503, r->audit ? err.reason : R_NO_MEMORY, r->audit ? err.text : NULL, NULL);
		return;
	}
	req_audited(r);
	req_reply(r, 200, json_pack("{s:I, s:b}", "revision", (json_int_t)number, "confirmed", 1));
}

void
post_undo(struct req *r)
{
	struct store_error err;
	struct change c;
	char why[128];

	req_audit(r, "undo", "");
	if (!waits(r))
		return;
	if (!r->audit) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return;
	}
	snprintf(why, sizeof(why), "%.64s asked for it", r->author);
	if (!confirm_undo(r->s, r->audit, why, &c, &err)) {
		change_fini(&c);
		req_error(r, 503, err.reason, err.text, NULL);
		return;
	}
	req_audited(r);
	r->reply = apply_answer(&c, r->s->rev.number ? json_integer((json_int_t)r->s->rev.number) : json_null(), false);
	change_fini(&c);
	req_wait_settled(r);
}
