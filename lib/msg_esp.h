/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spdsync to ipsecd (what PF_KEY has no words for), and between ipsecd and iked (the relay of IKE messages on UDP 4500). */
#ifndef CAUSEWAY_MSG_ESP_H
#define CAUSEWAY_MSG_ESP_H

#include "addr.h"
#include "name.h"

enum {	/* spdsync - ipsecd */
	ESP_COUNTERS = 16,	/* u16 after -> u16 n, n * {str name, u64 value}: every drop reason and the totals, by name */
	ESP_OPEN = 17,		/* -> : take the guard, the rules and the unreachable routes away (ikectl open) */
	ESP_CLOSE = 18,		/* -> : put them back */
	ESP_INFO = 19,		/* -> str host (user module system), str version ("": it is not there), u8 guard loaded, u16 n, n * {str trouble}: foreign routes and so on;
				 * u16 n, n * {str name, u8 enum iface_state}: of the interfaces that ESP_ROUTES named */
	ESP_SYNCED = 20,	/* -> : the policies of the applied revision all stand; the saved guard may now be replaced by what they say */
	ESP_KEEP = 21,		/* -> : guard and routes stay as they are until the end, whatever becomes of the policies (ikectl shutdown) */
	ESP_ROUTES = 22,	/* u8 first, u16 n, n * struct esp_route -> : what is routed to tunnels' interfaces from the next SYNCED on; first: and nothing else */
	ESP_TROUBLE = 32	/* event: the list of ESP_INFO changed */
};

enum {	/* ipsecd - iked */
	RELAY_IKE = 16,		/* event: struct relay: one IKE message that came on UDP 4500, without its non-ESP marker */
	RELAY_SEND = 17		/* event of iked: struct relay: send this one, with the marker, in IP fragments where the path needs them */
};

/* One network at the other end of a tunnel that is an interface. local: a network here, for the preferred source of what this host sends. */
struct esp_route {
	char		iface[IFACE_CAP];
	struct prefix	remote, local;
};

enum iface_state { IFACE_MISSING, IFACE_DOWN, IFACE_UNROUTED, IFACE_ROUTED };	/* UNROUTED: it is up, and somebody else has a route in the place of ours */

struct relay {
	struct endpoint	local, remote;
	struct bytes	data;
};

void esp_route_put(struct wr *, const struct esp_route *);
bool esp_route_get(struct rd *, struct esp_route *);
void relay_put(struct wr *, const struct relay *);
bool relay_get(struct rd *, struct relay *);

#endif
