/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines in the log for what the engine drops and refuses, while net.inet.ipsec.debug, its IPv6 twin or net.key.debug says so. */
#ifndef CAUSEWAY_DROPLOG_H
#define CAUSEWAY_DROPLOG_H

#include "cw.h"
#include "log.h"

/* One line a second for each reason, so that a flood for one hides no other; the next line says how many were left out. */
struct droplog {
	struct log_limit drop[CW_TOTAL_PLAIN_IN], pfkey;
};
void droplog_packets(struct droplog *, struct cw_engine *, struct cw_pkt **v, unsigned n);
void droplog_pfkey(struct droplog *, struct cw_engine *, const uint8_t *msg, size_t len);

#endif
