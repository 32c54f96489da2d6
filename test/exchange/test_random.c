/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ten thousand random schedules: a lossy, doubling, reordering network, keymgr answers out of order, and at random moments rekeys,
 * expiries, deletes, lost engines, lost key managers, killed ikeds. When the storm is over both ends must have one usable pair
 * for the policy and nothing left over; where there were only rekeys, and no message was lost, every packet must have arrived.
 * SCHEDULES=n sets how many, SEED=n runs one alone; a failure prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

#define STORM	(20 * SEC)
#ifdef __SANITIZE_ADDRESS__
#define USUAL	1000	/* check-san: each takes ten times as long */
#else
#define USUAL	10000
#endif

static void
soft(struct sim *m, void *arg)
{
	sim_soft(m, arg != NULL);
}

static void
hard(struct sim *m, void *arg)
{
	sim_hard(m, arg != NULL);
}

static void
rekey_ike(struct sim *m, void *arg)
{
	sim_command(m, arg != NULL, ENGINE_REKEY_SA);
}

static void
down_up(struct sim *m, void *arg)
{
	sim_command(m, arg != NULL, ENGINE_DOWN);
	sim_command(m, arg != NULL, ENGINE_UP);
}

static void
engine_down(struct sim *m, void *arg)
{
	sim_engine(m, arg != NULL, false);
}

static void
engine_up(struct sim *m, void *arg)
{
	sim_engine(m, arg != NULL, true);
}

static void
keymgr_up(struct sim *m, void *arg)
{
	sim_keymgr(m, arg != NULL, true, true);
}

static void
keymgr_down(struct sim *m, void *arg)
{
	sim_keymgr(m, arg != NULL, false, sim_random(&m->state) % 2);
	sim_at(m, 200 * MS, keymgr_up, arg);
}

static void
restart(struct sim *m, void *arg)
{
	sim_restart(m, arg != NULL);
}

enum weather { GENTLE, ROUGH, FAULTS };	/* rekeys only; with expiries and deletes; with losses of our own parts */

static void
storm(struct sim *m, uint64_t *r, enum weather w)
{
	static const unsigned choices[] = { [GENTLE] = 6, [ROUGH] = 8, [FAULTS] = 14 };
	unsigned n = 1 + sim_random(r) % 8;
	uint64_t burst = sim_random(r) % STORM;

	for (unsigned i = 0; i < n; i++) {
		void *side = sim_random(r) % 2 ? m : NULL;
		/* Half of all things happen nearly at once: that is where they collide. */
		uint64_t at = sim_random(r) % 2 ? burst + sim_random(r) % (60 * MS) : sim_random(r) % STORM;

		switch (sim_random(r) % choices[w]) {
		case 0: case 1: case 2: case 3: sim_at(m, at, soft, side); break;
		case 4: case 5: sim_at(m, at, rekey_ike, side); break;
		case 6: sim_at(m, at, hard, side); break;
		case 7: sim_at(m, at, down_up, side); break;
		case 8: case 9:
			sim_at(m, at, engine_down, side);
			sim_at(m, at + 300 * MS, engine_up, side);
			break;
		case 10: case 11: sim_at(m, at, keymgr_down, side); break;
		default: sim_at(m, at, restart, side); break;
		}
	}
}

/* One in four begins at both ends at once, one in four has no PFS. */
static void
begin(struct sim *m, uint64_t *r)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	bool both = sim_random(r) % 4 == 0, pfs = sim_random(r) % 4 != 0;

	assert_non_null(t);
	for (int i = 0; i < 2; i++) {
		const char *why;
		size_t at;

		sim_tunnel(&t[i], i);
		t[i].first |= both;
		if (!pfs) {
			t[i].esp.n = 1;
			assert_true(proposal_parse(PROTO_ESP, "aes256gcm16-esn", &t[i].esp.v[0], &why, &at));
		}
		sim_keymgr(m, i, true, false);
	}
	sim_put(m, &t[0], &t[1]);
	free(t);
}

/* keymgr takes its verdict back, of all IKE SAs that it has of the peer; the next one is good again. */
static void
invalid(struct sim *m, void *arg)
{
	struct side *s = &m->s[arg != NULL];

	for (unsigned i = 0; s->linked && i < SIM_HANDLES; i++) {
		uint8_t b[16];
		struct wr w = wr_of(b, sizeof(b));

		if (!s->ike[i].id)
			continue;
		wr_le32(&w, s->ike[i].id);
		wr_le16(&w, R_CERT_REVOKED);
		str_put(&w, "");
		sim_event(s, KEY_PEER_INVALID, wr_bytes(&w));
	}
}

/* Both prove themselves with certificates, verdicts take their time, messages are cut, and sometimes a verdict is taken back. */
static void
certificates(struct sim *m, uint64_t seed, enum weather w)
{
	uint64_t r = seed * 104729 + 3;

	sim_fragments(m, sim_random(&r) % 2 ? 0 : (uint16_t)(200 + sim_random(&r) % 1000));
	for (int i = 0; i < 2; i++) {
		m->s[i].ncerts = 1 + (unsigned)(sim_random(&r) % 3);
		m->s[i].cert_len = 100 + sim_random(&r) % 1500;
		m->s[i].verify_ns = sim_random(&r) % 3 ? sim_random(&r) % (2 * SEC) : sim_random(&r) % (25 * SEC);
	}
	for (unsigned n = w == GENTLE ? 0 : sim_random(&r) % 3; n; n--)
		sim_at(m, sim_random(&r) % (2 * STORM), invalid, sim_random(&r) % 2 ? m : NULL);
}

static const char *
schedule(uint64_t seed, bool certs)
{
	struct sim m;
	const char *why;
	uint64_t r = seed * 7919 + 1;
	enum weather w = sim_random(&r) % 3;
	bool up, whole;

	sim_init(&m, seed);
	m.loss = sim_random(&r) % 2 ? 0 : sim_random(&r) % 200;
	m.dup = sim_random(&r) % 2 ? 0 : sim_random(&r) % 100;
	m.spread = sim_random(&r) % 2 ? 0 : sim_random(&r) % (80 * MS);
	m.delay = 1 + sim_random(&r) % (40 * MS);
	m.key_delay = sim_random(&r) % (5 * MS);
	m.key_spread = sim_random(&r) % 2 ? 0 : sim_random(&r) % (50 * MS);
	if (certs)
		certificates(&m, seed, w);
	begin(&m, &r);
	up = (w == GENTLE || sim_random(&r) % 4) && sim_until(&m, sim_up, 60 * SEC);
	/* With both ends at rest, and a network that delivers in the end, every packet must arrive from now on. */
	whole = up && w == GENTLE && !m.loss && !sim_check(&m, 1);
	m.traffic = true;
	m.next_packet = m.now;
	storm(&m, &r, w);
	sim_run(&m, STORM + SEC);
	m.loss = m.dup = 0;
	m.traffic = false;
	why = sim_check(&m, 1);
	if (!why && whole && m.esp_lost + m.esp_no_out)
		why = "packets were lost in a rekey";
	for (int i = 0; i < 2; i++)
		if (m.s[i].sent[EX_IKE_SA_INIT & 3] > 100 || m.s[i].sent[EX_CREATE_CHILD_SA & 3] > 300)
			why = "a stampede";
	sim_fini(&m);
	return why;
}

/* Those that once found something and lie outside the usual ten thousand. */
static void
test_found(void **state)
{
	static const uint64_t found[] = { 15774, 16049, 18202, 20114, 20715, 73653 };
	const char *why;

	for (unsigned i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		if ((why = schedule(found[i], false)))
			fail_msg("seed %llu: %s", (unsigned long long)found[i], why);
}

static void
schedules(unsigned usual, bool certs)
{
	const char *one = getenv("SEED"), *many = getenv("SCHEDULES"), *why;
	unsigned n = many ? (unsigned)atoi(many) : usual, bad = 0;

	if (one) {
		why = schedule(strtoull(one, NULL, 10), certs);
		if (why)
			fail_msg("seed %s: %s", one, why);
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		if ((why = schedule(seed, certs))) {
			print_message("# seed %llu: %s\n", (unsigned long long)seed, why);
			if (++bad == 10)
				break;
		}
	if (bad)
		fail_msg("%u schedules failed", bad);
}

static void
test_random(void **state)
{
	schedules(USUAL, false);
}

static void
test_certificates(void **state)
{
	schedules(USUAL / 5, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_found), cmocka_unit_test(test_random), cmocka_unit_test(test_certificates) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
