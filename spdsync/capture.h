/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POST /v1/tunnels/NAME/capture: the decrypted side of a tunnel as pcapng, while it happens. A capture is bounded in time, packets, octets
 * and rate; the engine counts what it does not tell, we count what the reader does not take. It ends with its client, its session or
 * token, its tunnel or the engine, and stands in the audit log when it begins and when it ended (doc/decisions/0075-capture.md).
 */
#ifndef CAUSEWAY_CAPTURE_H
#define CAUSEWAY_CAPTURE_H

#include <stdint.h>

#define CAPTURE_SECONDS		600u	/* unless the query says another time; most 3600 */
#define CAPTURE_RATE		1000u	/* packets a second, unless it says so; most CW_TAP_RATE_MAX */
#define CAPTURE_OCTETS		(64u << 20)	/* of one answer, at most */
#define CAPTURE_WAITING		(1u << 20)	/* octets that a reader has not taken; packets beyond are lost to it */

struct req;
struct sync;
struct pfkey_msg;
struct capture;
struct captures { struct capture *first; unsigned n; uint32_t last_id; };

void post_capture(struct req *);
void capture_told(struct sync *, const struct pfkey_msg *);	/* CW_MSG_TAPPED */
void capture_engine_lost(struct sync *);
void capture_tunnel_gone(struct sync *, const char *tunnel);

#endif
