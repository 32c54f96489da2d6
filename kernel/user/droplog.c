/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "droplog.h"

#include <linux/pfkeyv2.h>
#include <stdio.h>

#include "addr.h"
#include "clock.h"

static const char *
text(const struct cw_addr *a, char buf[static ADDR_STR])
{
	struct addr b = { a->fam, { 0 } };

	if (a->fam == 0)
		return "?";
	memcpy(b.b, a->b, sizeof(b.b));
	return addr_str(&b, buf);
}

static void
one(struct droplog *l, const struct cw_pkt *p, uint64_t now)
{
	char s[ADDR_STR], d[ADDR_STR], spi[32] = "", more[64] = "";
	struct cw_addr src, dst;
	uint64_t skipped;

	if (p->drop >= CW_TOTAL_PLAIN_IN || !log_allow(&l->drop[p->drop], now, &skipped))
		return;
	cw_dropped_ends(p, &src, &dst);
	if (p->spi)
		snprintf(spi, sizeof(spi), ", SPI 0x%08x", p->spi);
	if (skipped)
		snprintf(more, sizeof(more), " (%llu more since the last line)", (unsigned long long)skipped);
	log_info(NULL, "drop", "Dropped (%s): from %s to %s%s. %s%s", cw_counter_name(p->drop), text(&src, s), text(&dst, d), spi,
	    cw_drop_sentence(p->drop), more);
}

void
droplog_packets(struct droplog *l, struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	bool four = cw_knob(e, CW_KNOB_DEBUG4), six = cw_knob(e, CW_KNOB_DEBUG6);
	uint64_t now;

	if (!four && !six)
		return;
	now = clock_now_ns();
	for (unsigned i = 0; i < n; i++)
		if (v[i]->bank & 1 ? six : four)
			one(l, v[i], now);
}

void
droplog_pfkey(struct droplog *l, struct cw_engine *e, const uint8_t *msg, size_t len)
{
	struct sadb_msg m;
	uint64_t skipped;

	if (!cw_knob(e, CW_KNOB_KEY_DEBUG) || len < sizeof(m))
		return;
	memcpy(&m, msg, sizeof(m));
	if (m.sadb_msg_errno && log_allow(&l->pfkey, clock_now_ns(), &skipped))
		log_info(NULL, "pfkey_refused", "PF_KEY message %u of process %u was refused: %s.", m.sadb_msg_type, m.sadb_msg_pid,
		    strerror(m.sadb_msg_errno));
}
