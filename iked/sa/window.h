/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message-id window of one IKE SA, RFC 7296 2.1 to 2.3, size 1 both ways. It keeps our outstanding request until its
 * response comes, and the last response until the peer's next request shows that it arrived. It knows nothing of payloads.
 */
#ifndef IKED_SA_WINDOW_H
#define IKED_SA_WINDOW_H

#include "bytes.h"

#define WINDOW_TRIES	7	/* retransmissions at 0.5, 1, 2, 4, 8, 16, 32 s after the first sending; dead at 64 s */

struct window {
	uint32_t	next_out;	/* our next request's id */
	bool		busy;		/* request next_out - 1 waits for its response */
	uint8_t		*req;
	size_t		nreq, req_part;	/* it left in datagrams of that many octets, and the rest */
	unsigned	tries;
	uint64_t	sent_at;
	uint32_t	next_in;	/* the id of the peer's next request */
	bool		working;	/* request next_in is being worked on */
	uint8_t		*rsp;		/* answer to request next_in - 1 */
	size_t		nrsp, rsp_part;
};

enum window_verdict { WIN_NEW, WIN_REPEAT, WIN_WORKING, WIN_OUTSIDE };

/*
 * Our request with id next_out leaves: keep a copy. It is one datagram, or several of part octets each but the last (RFC 7383: the same
 * fragments are sent again). False: no memory, nothing changed.
 */
bool window_send(struct window *, struct bytes request, size_t part, uint64_t now);
/* The same id again with other octets: IKE_SA_INIT after COOKIE. */
bool window_send_again(struct window *, struct bytes request, uint64_t now);
bool window_is_response(const struct window *, uint32_t id);	/* to what we wait for? */
void window_response(struct window *);				/* it came, and it was authentic */
/* When to send again; UINT64_MAX when nothing waits. */
uint64_t window_resend_at(const struct window *);
/* The octets to send again and one more try counted; empty: all tries are used up. */
struct bytes window_resend(struct window *);

enum window_verdict window_request(const struct window *, uint32_t id);
void window_work(struct window *);				/* begins on request next_in */
bool window_answer(struct window *, struct bytes response, size_t part);	/* its response leaves */
struct bytes window_reply(const struct window *);		/* for a repeat */
void window_fini(struct window *);

#endif
