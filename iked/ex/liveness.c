/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the peer there? An INFORMATIONAL request (RFC 7296 2.4), empty but for another Causeway, which is told the digest of our definition of
 * the tunnel and answers with its own: so both know when the two files became equal, or different, while the IKE SA lives. The ordinary
 * retransmissions decide.
 */
#include "ex/ex.h"

void
digest_put(struct msg_out *o, const struct ikesa *s)
{
	if (s->causeway && s->t)
		pld_notify_put(o, 0, bytes_of(NULL, 0), N_CAUSEWAY_DIGEST, bytes_of(s->t->cfg.digest, sizeof(s->t->cfg.digest)));
}

/* True: the message has one. */
bool
digest_take(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_CAUSEWAY_DIGEST);
	struct ikesa *s = tn->ike;
	bool was = ikesa_differs(s);

	if (!n || n->data.n != sizeof(s->digest) || !s->causeway)
		return false;
	memcpy(s->digest, n->data.p, sizeof(s->digest));
	s->has_digest = true;
	if (ikesa_differs(s) != was) {
		todo_log(tn->e, LOG_INFO, "definition", was ? R_OK : R_CONFIG_DIFFERS, s->t->cfg.name, NULL,
		    was ? "The two ends have the same definition of this tunnel now." : "The two ends have different definitions of this tunnel now.");
		tun_changed(tn->e, s->t);
	}
	return true;
}

enum verdict
live_start(struct turn *tn)
{
	struct msg_out o;

	if (tn->x->kind != XK_LIVE)
		return V_PASS;
	msg_first(tn->e, &o);
	digest_put(&o, tn->ike);
	stray_put(&o, tn->ike);
	return send_request(tn->e, tn->ike, EX_INFORMATIONAL, &o) ? V_GO : V_PASS;
}
