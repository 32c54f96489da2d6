/* SPDX-License-Identifier: BSD-2-Clause */
/* The payload rules: whole messages of every kind, and every row of the table taken away from a copy in its turn. */
#include "test.h"

#include "ike_samples.h"

static enum werr
check(const struct rule *v, size_t n, const struct sample *s, enum msg_kind *kind, uint8_t *bad)
{
	struct msg *m = malloc(sizeof(*m));
	enum werr e;

	assert_non_null(m);
	assert_int_equal(sample_get(s, m), WE_OK);
	e = rules_check(v, n, m, kind);
	*bad = m->bad;
	free(m);
	return e;
}

static void
test_every_kind_passes(void **state)
{
	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		static struct sample s;
		enum msg_kind kind;
		uint8_t bad;

		sample_full(&s, (enum msg_kind)k);
		assert_true(s.n > 0);
		assert_int_equal(check(ike_rules, ike_nrules, &s, &kind, &bad), WE_OK);
		assert_int_equal(kind, k);
		assert_int_equal(bad, 0);
	}
}

/* The message that this row is about: it carries the row's payload, and everything its kind must. */
static void
sample_for(struct sample *s, const struct rule *row)
{
	bool rekey = row->notify == N_REKEY_SA || row->kind == KIND_CHILD_REKEY_REQ;
	uint32_t payloads = PLD_BIT(row->pld);
	bool plain = row->pld == PLD_NOTIFY && row->notify == 0;

	for (size_t i = 0; i < ike_nrules; i++) {
		if (ike_rules[i].kind != row->kind || ike_rules[i].min == 0)
			continue;
		payloads |= PLD_BIT(ike_rules[i].pld);
		if (ike_rules[i].pld == PLD_NOTIFY && ike_rules[i].notify == 0)
			plain = true;
	}
	sample_make(s, row->kind, payloads, rekey, plain);
}

static void
test_every_row_is_needed(void **state)
{
	struct rule *copy = malloc(ike_nrules * sizeof(*copy));

	assert_non_null(copy);
	for (size_t i = 0; i < ike_nrules; i++) {
		static struct sample s;
		enum msg_kind kind;
		uint8_t bad;

		memcpy(copy, ike_rules, i * sizeof(*copy));
		memcpy(copy + i, ike_rules + i + 1, (ike_nrules - i - 1) * sizeof(*copy));
		sample_for(&s, &ike_rules[i]);
		assert_int_equal(check(ike_rules, ike_nrules, &s, &kind, &bad), WE_OK);
		assert_int_equal(kind, ike_rules[i].kind);
		assert_int_equal(check(copy, ike_nrules - 1, &s, &kind, &bad), WE_UNEXPECTED);
		assert_int_equal(bad, ike_rules[i].pld);
	}
	free(copy);
}

static void
test_missing(void **state)
{
	for (size_t i = 0; i < ike_nrules; i++) {
		static struct sample s;
		const struct rule *row = &ike_rules[i];
		uint32_t payloads = 0;
		enum msg_kind kind;
		enum werr e;
		uint8_t bad;

		/* SA, AUTH and REKEY_SA tell the kinds apart: without them it is another kind, which must not pass either. */
		if (row->min == 0 || row->pld == PLD_SK)
			continue;
		for (size_t k = 0; k < ike_nrules; k++)
			if (ike_rules[k].kind == row->kind && ike_rules[k].min > 0 && k != i)
				payloads |= PLD_BIT(ike_rules[k].pld);
		sample_make(&s, row->kind, payloads, row->kind == KIND_CHILD_REKEY_REQ && row->notify == 0, row->pld != PLD_NOTIFY);
		e = check(ike_rules, ike_nrules, &s, &kind, &bad);
		if (row->notify == N_REKEY_SA)
			assert_true(e == WE_OK && kind == KIND_CHILD_REQ);
		else
			assert_true(e == WE_MISSING || e == WE_UNEXPECTED);
		if (kind == row->kind)
			assert_int_equal(bad, row->pld);
	}
}

static void
test_repeated(void **state)
{
	static const uint8_t nonce[32];
	uint8_t buf[512];
	struct msg_out o;
	struct msg m;
	enum msg_kind kind;
	char text[WERR_STR];
	const struct ike_hdr h = { .spi_i = 1, .exchange = EX_IKE_SA_INIT };
	const struct proposals ps = { .n = 1, .v[0] = { .proto = PROTO_IKE, .n = 1, .t[0] = { T_ENCR, 20, 128 } } };

	msg_begin(&o, buf, sizeof(buf), &h);
	pld_sa_put(&o, &ps, bytes_of(NULL, 0));
	pld_ke_put(&o, 31, bytes_of(nonce, 32));
	pld_nonce_put(&o, bytes_of(nonce, 32));
	pld_nonce_put(&o, bytes_of(nonce, 32));
	assert_int_equal(msg_get_outer(msg_end(&o), &m), WE_OK);
	assert_int_equal(rules_check(ike_rules, ike_nrules, &m, &kind), WE_REPEATED);
	assert_int_equal(m.bad, PLD_NONCE);
	assert_string_equal(werr_str(WE_REPEATED, m.bad, text), "two Nonce payloads (RFC 7296 2.5)");
	assert_int_equal(werr_notify(WE_REPEATED), N_INVALID_SYNTAX);
}

static void
test_not_encrypted(void **state)
{
	uint8_t buf[512];
	struct msg_out o;
	struct msg m;
	enum msg_kind kind;
	const struct ike_hdr h = { .spi_i = 1, .spi_r = 2, .exchange = EX_INFORMATIONAL };

	msg_begin(&o, buf, sizeof(buf), &h);
	pld_delete_put(&o, PROTO_IKE, NULL, 0);
	assert_int_equal(msg_get_outer(msg_end(&o), &m), WE_OK);
	assert_int_equal(rules_check(ike_rules, ike_nrules, &m, &kind), WE_SK_MISSING);
	/* Something beside SK: a Delete that anybody could have added to a message without integrity has no standing. */
	m.outer |= PLD_BIT(PLD_SK);
	m.seen |= PLD_BIT(PLD_SK);
	assert_int_equal(rules_check(ike_rules, ike_nrules, &m, &kind), WE_SK_MISSING);
	m.opened = true;
	assert_int_equal(rules_check(ike_rules, ike_nrules, &m, &kind), WE_OUTSIDE_SK);
	assert_int_equal(m.bad, PLD_DELETE);
}

static void
test_unexpected_payloads(void **state)
{
	static const uint8_t odd[] = { PLD_EAP, PLD_SKF };

	for (int k = KIND_INIT_REQ; k < KIND_MAX; k++) {
		for (unsigned i = 0; i < sizeof(odd); i++) {
			static struct sample s;
			struct rule row = { (enum msg_kind)k, odd[i], 0, 0, 1, "" };
			enum msg_kind kind;
			uint8_t bad;

			sample_for(&s, &row);
			if (odd[i] == PLD_SKF && k <= KIND_INIT_RSP_NOTIFY) {	/* in the clear beside others it is refused at once */
				struct msg *m = malloc(sizeof(*m));

				assert_non_null(m);
				assert_int_equal(sample_get(&s, m), WE_FRAGMENT);
				free(m);
				continue;
			}
			assert_int_equal(check(ike_rules, ike_nrules, &s, &kind, &bad), WE_UNEXPECTED);
			assert_int_equal(bad, odd[i]);
		}
	}
}

static void
test_names(void **state)
{
	char buf[WERR_STR];

	for (int k = 0; k < KIND_MAX; k++)
		assert_non_null(msg_kind_name((enum msg_kind)k));
	for (int e = 0; e < WE_MAX; e++)
		assert_true(strlen(werr_str((enum werr)e, PLD_KE, buf)) > 5);
	assert_string_equal(pld_name(PLD_TSR), "TSr");
	assert_string_equal(exchange_name(EX_CREATE_CHILD_SA), "CREATE_CHILD_SA");
	assert_string_equal(exchange_name(1), "an unknown exchange");
	assert_string_equal(notify_name(N_NO_PROPOSAL_CHOSEN), "NO_PROPOSAL_CHOSEN");
	assert_null(notify_name(12345));
	assert_non_null(notify_sentence(12345));
	assert_non_null(notify_sentence(22345));
	assert_string_equal(notify_name(40961), "CAUSEWAY_DIGEST");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_passes),
		cmocka_unit_test(test_every_row_is_needed),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_not_encrypted),
		cmocka_unit_test(test_unexpected_payloads),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
