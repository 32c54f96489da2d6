/* SPDX-License-Identifier: BSD-2-Clause */
/* How much somebody who proved nothing can make the other end write: he did IKE_SA_INIT, so his messages are authentic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"
#include "wire/sk.h"

static enum fate
no_auth(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	return h->exchange == EX_IKE_AUTH ? FATE_DROP : FATE_AS_USUAL;
}

/* Payload type 100, critical or not, with a length that runs over the end. */
static void
throw(struct sim *m, struct ikesa *from, bool response, uint32_t id, bool broken)
{
	static const uint8_t critical[4] = { 0, 0x80, 0, 4 }, cut[4] = { 0, 0, 0xff, 0xff };
	struct ike_hdr h = { .spi_i = from->spi_i, .spi_r = from->spi_r, .version = 0x20, .exchange = EX_IKE_AUTH, .initiator = true,
	    .response = response, .id = id };
	uint8_t buf[256], iv[16];
	struct bytes b;

	sk_iv_counter(from->iv++, iv);
	b = sk_seal(&from->sk_out, &h, iv, 100, bytes_of(broken ? cut : critical, 4), buf, sizeof(buf));
	assert_true(b.n > 0);
	engine_packet(m->s[B].e, &m->s[B].addr, &m->s[A].addr, false, b, m->now);
}

static struct ikesa *
only_sa(struct engine *e)
{
	for (unsigned i = 0; i < HASH; i++)
		if (e->by_spi[i])
			return e->by_spi[i];
	return NULL;
}

static void
flood(bool response, uint32_t id, uint32_t step, bool broken)
{
	struct sim *m = calloc(1, sizeof(*m));
	struct ikesa *a;
	struct todo *t;
	unsigned records = 0, lines = 0;

	sim_init(m, 1);
	m->filter = no_auth;
	sim_begin(m);
	sim_run(m, 400 * MS);
	a = only_sa(m->s[A].e);
	assert_true(a && a->sk_out.encr && only_sa(m->s[B].e));
	for (unsigned i = 0; i < 1000; i++, id += step) {
		throw(m, a, response, id, broken);
		while ((t = engine_take(m->s[B].e)) != NULL) {
			records += t->kind == TODO_RECORD;
			lines += t->kind == TODO_LOG;
			todo_free(t);
		}
	}
	assert_true(records <= 2);
	assert_true(lines <= 2);
	sim_fini(m);
	free(m);
}

static void
test_answers_to_nothing(void **state)
{
	flood(true, 77, 0, true);
}

static void
test_outside_window(void **state)
{
	flood(false, 77, 0, true);
}

static void
test_critical_row(void **state)
{
	flood(false, 1, 1, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_to_nothing),
		cmocka_unit_test(test_outside_window),
		cmocka_unit_test(test_critical_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
