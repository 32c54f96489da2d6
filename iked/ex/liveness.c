/* SPDX-License-Identifier: BSD-2-Clause */
/* Is the peer there? An empty INFORMATIONAL request (RFC 7296 2.4); the ordinary retransmissions decide. */
#include "ex/ex.h"

enum verdict
live_start(struct turn *tn)
{
	struct msg_out o;

	if (tn->x->kind != XK_LIVE)
		return V_PASS;
	msg_first(tn->e, &o);
	return send_request(tn->e, tn->ike, EX_INFORMATIONAL, &o) ? V_GO : V_PASS;
}
