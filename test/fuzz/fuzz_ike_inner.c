/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands inside SK, given directly: first octet the first payload's type, second the exchange (and 0x80: a response), then the
 * chain. A peer who has the keys can send all of this.
 */
#include <stdlib.h>

#include "../unit/ike_samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_comp(const struct msg *m)
{
	for (unsigned i = 0; i < m->nnotify; i++) {
		struct bytes d = m->notify[i].data;
		uint16_t cpi;
		uint8_t transform;

		if (ipcomp_get(d, &cpi, &transform) != (d.n == 3) || (d.n == 3 && (cpi != (d.p[0] << 8 | d.p[1]) || transform != d.p[2])))
			abort();
	}
}

static void
check_again(const struct msg *m)
{
	static uint8_t buf[MSG_MAX];
	static struct msg again;
	struct msg_out o;
	struct bytes out;

	if ((msg_has(m, PLD_TSI) && m->tsi.n == 0) || (msg_has(m, PLD_TSR) && m->tsr.n == 0))
		return;
	msg_begin_inner(&o, buf, sizeof(buf));
	sample_again(&o, m);
	out = msg_end(&o);
	again = (struct msg){ .sk_first = o.first };
	if (wr_ok(&o.w) && (msg_get_inner(&again, out) != WE_OK || !sample_same(m, &again)))
		abort();
}

/* The answer to their first proposal, taken from it. */
static void
check_chosen(const struct wire_sa *sa)
{
	static struct msg again;
	uint8_t buf[256];
	struct msg_out o;
	struct suite s;
	struct proposals ours;

	if (sa->proposals.n == 0 || !proposals_accept(&sa->proposals, &sa->proposals.v[0], &s))
		return;
	ours = (struct proposals){ .n = 1, .v[0] = sa->proposals.v[0] };
	msg_begin_inner(&o, buf, sizeof(buf));
	pld_sa_put_chosen(&o, sa->num[0], ours.v[0].proto, &s, sa->spi[0]);
	again = (struct msg){ .sk_first = PLD_SA };
	if (msg_get_inner(&again, msg_end(&o)) != WE_OK || again.sa.num[0] != sa->num[0])
		abort();
	/* and the same as an offer of one */
	msg_begin_inner(&o, buf, sizeof(buf));
	pld_sa_put(&o, &ours, sa->spi[0]);
	again = (struct msg){ .sk_first = PLD_SA };
	if (msg_get_inner(&again, msg_end(&o)) != WE_OK || memcmp(&again.sa.proposals.v[0], &ours.v[0], sizeof(ours.v[0])) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct msg m;
	struct rd r = rd_of(bytes_of(p, n));
	enum msg_kind kind;
	char text[WERR_STR];
	enum werr e;
	uint8_t ex;

	memset(&m, 0, sizeof(m));
	m.sk_first = rd_u8(&r);
	ex = rd_u8(&r);
	m.hdr.exchange = ex & 0x7f;
	m.hdr.response = (ex & 0x80) != 0;
	m.seen = m.outer = PLD_BIT(PLD_SK);
	if (!rd_ok(&r))
		return 0;
	e = msg_get_inner(&m, rd_rest(&r));
	werr_str(e, m.bad, text);
	werr_notify(e);
	if (e != WE_OK)
		return 0;
	e = rules_check(ike_rules, ike_nrules, &m, &kind);
	werr_str(e, m.bad, text);
	msg_kind_name(kind);
	msg_error(&m);
	for (unsigned i = 0; i < m.nnotify; i++)
		if (notify_sentence(m.notify[i].type) == NULL || (notify_name(m.notify[i].type) == NULL && m.notify[i].type == N_COOKIE))
			abort();
	if (m.sa.proposals.n > 0 && (spi32(m.sa.spi[0]) != 0 || spi64(m.sa.spi[0]) != 0) && m.sa.spi[0].n < 4)
		abort();
	for (unsigned i = 0; i < m.ndelete; i++)
		if (delete_spi(&m.del[i], m.del[i].n) != 0)
			abort();
	check_comp(&m);
	check_again(&m);
	check_chosen(&m.sa);
	return 0;
}
