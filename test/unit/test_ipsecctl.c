/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings as people write them, each mistake with its sentence; and the counters' sections: every counter is told somewhere. */
#include <stdlib.h>

#include "knobs.h"
#include "sections.h"
#include "test.h"

static struct knob_error e;

static bool
parse(const char *text, const char *name, uint64_t value, bool is_set)
{
	struct cw_named k;
	bool set;

	return knob_parse(bytes_of(text, strlen(text)), &k, &set, &e) && strcmp(k.name, name) == 0 && k.value == value && set == is_set;
}

static bool
wrong(const char *text, const char *why)
{
	struct cw_named k;
	bool set;

	return !knob_parse(bytes_of(text, strlen(text)), &k, &set, &e) && strstr(e.text, why) != NULL;
}

static void
test_one(void **state)
{
	assert_true(parse("net.key.debug", "net.key.debug", 0, false));
	assert_true(parse("net.key.debug=1", "net.key.debug", 1, true));
	assert_true(parse("  net.key.spi_min_value =\t0x100 ", "net.key.spi_min_value", 256, true));
	assert_true(parse("net.key.spi_max_value=4294967295", "net.key.spi_max_value", 0xffffffff, true));
	assert_true(parse("net.key.preferred_oldsa=1", "net.key.prefered_oldsa", 1, true));
	assert_true(wrong("=1", "name is missing"));
	assert_true(wrong("", "name is missing"));
	assert_true(wrong("net.key.debug=", "no number"));
	assert_true(wrong("net.key.debug=0x", "no number"));
	assert_true(wrong("net.key.debug=-1", "no number"));
	assert_true(wrong("net.key.debug=1 2", "no number"));
	assert_true(wrong("net.key.debug=4294967296", "no number"));
	assert_true(wrong("net.key.debug=0x100000000", "no number"));
	assert_true(wrong("net key=1", "letters, digits"));
	assert_true(wrong("net.key.a_name_that_is_longer_than_any_there_is=1", "so long"));
}

static void
test_files(void **state)
{
	static const char good[] = "# settings\n\nnet.inet.ipsec.ecn = 0 # not copied\nnet.key.debug=1\r\nnet.inet.ipsec.ecn=1";
	static const struct { const char *text; unsigned line; const char *why; } bad[] = {
		{ "net.key.debug=1\nnet.key.debug\n", 2, "'=' and a value are missing" }, { "\n\n x y = 1\n", 3, "letters, digits" },
		{ "net.key.debug=yes", 1, "no number" },
	};
	struct cw_named v[CW_NAMED_MAX];
	char many[CW_NAMED_MAX * 4 + 8] = "";
	unsigned n;

	assert_true(knob_file(bytes_of(good, strlen(good)), v, &n, &e));
	assert_int_equal(n, 3);
	assert_string_equal(v[1].name, "net.key.debug");
	assert_int_equal(v[1].value, 1);
	assert_int_equal(v[2].value, 1);
	assert_true(knob_file(bytes_of("", 0), v, &n, &e));
	assert_int_equal(n, 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(knob_file(bytes_of(bad[i].text, strlen(bad[i].text)), v, &n, &e));
		assert_int_equal(e.line, bad[i].line);
		assert_non_null(strstr(e.text, bad[i].why));
	}
	for (unsigned i = 0; i <= CW_NAMED_MAX; i++)
		strcat(many, "a=1\n");
	assert_false(knob_file(bytes_of(many, strlen(many)), v, &n, &e));
	assert_int_equal(e.line, CW_NAMED_MAX + 1);
}

static void
test_allowed(void **state)
{
	const struct cw_named table[2] = { { .name = "net.inet.ipsec.dfbit", .value = 2, .most = 2 }, { .name = "net.key.larval_lifetime", .least = 1, .most = 3600 } };
	const struct bytes t = bytes_of((const uint8_t *)table, sizeof(table));
	struct cw_named k = { .name = "net.key.larval_lifetime", .value = 3600 };

	assert_true(knob_allowed(t, &k, &e));
	k.value = 3601;
	assert_false(knob_allowed(t, &k, &e));
	assert_string_equal(e.text, "net.key.larval_lifetime: the value may be 1 to 3600");
	k.value = 0;
	assert_false(knob_allowed(t, &k, &e));
	k = (struct cw_named){ .name = "net.key.random_int", .value = 60 };
	assert_false(knob_allowed(t, &k, &e));
	assert_non_null(strstr(e.text, "nobody has to stir them"));
	k = (struct cw_named){ .name = "net.inet.ip.forwarding", .value = 1 };
	assert_false(knob_allowed(t, &k, &e));
	assert_non_null(strstr(e.text, "no setting of this name"));
}

static const char *const drops[] = {
#define D(num, NAME, name, sentence) "drop_" name,
#include <causeway/drop.def>
#undef D
};

static void
test_every_counter_is_told(void **state)
{
	static const char *const totals[] = { "plain_in", "plain_out", "wire_in", "wire_out", "acquires", "bytes_sealed", "bytes_opened", "drops" };

	for (unsigned i = 1; i < sizeof(drops) / sizeof(drops[0]); i++)
		if (!section_line_of(drops[i]))
			fail_msg("%s is on no line of ipsecctl stats", drops[i]);
	for (unsigned i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		if (!section_line_of(totals[i]))
			fail_msg("%s is on no line of ipsecctl stats", totals[i]);
	assert_null(section_line_of("drop"));
	assert_string_equal(section_line_of("drop_icv_wrong"), "packets with bad authentication");
}

static char *
printed(const struct counted *c, const char *only, bool zero, bool json)
{
	static char text[16384];
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (json)
		assert_true(sections_json(f, c));
	else
		sections_print(f, c, only, zero);
	fclose(f);
	return text;
}

static void
test_sections(void **state)
{
	const struct cw_named policy[] = { { .name = "drop_policy_clear", .value = 3, .value6 = 1 }, { .name = "drop_no_sa", .value = 2 },
	    { .name = "drop_no_sa_no_listener", .value = 5 } };
	const struct cw_named esp[] = { { .name = "drop_icv_wrong", .value = 7 }, { .name = "wire_in", .value6 = 9 }, { .name = "drop_inner_header", .value = 4 } };
	const struct cw_named tunnel[] = { { .name = "plain_out", .value = 11 } };
	struct counted c = { .kind = { [CW_KIND_POLICY] = bytes_of((const uint8_t *)policy, sizeof(policy)),
	    [CW_KIND_ESP] = bytes_of((const uint8_t *)esp, sizeof(esp)), [CW_KIND_TUNNEL] = bytes_of((const uint8_t *)tunnel, sizeof(tunnel)) } };

	assert_string_equal(printed(&c, NULL, false, false), "ipsec:\n\t7 outbound packets with no SA found\n"
	    "\t5 outbound packets that no key manager was there for\n\t3 inbound packets with policy violations\n"
	    "\t3 inbound packets in the clear where protection is required\nah:\nesp:\n\t7 packets with bad authentication\nipcomp:\n"
	    "ipip:\n\t11 packets taken out of a tunnel\n\t4 packets with a malformed header inside\n"
	    "ipsec6:\n\t1 inbound packets with policy violations\n\t1 inbound packets in the clear where protection is required\n"
	    "ah6:\nesp6:\n\t9 packets in\nipcomp6:\nipip6:\n");
	assert_string_equal(printed(&c, "esp", false, false), "esp:\n\t7 packets with bad authentication\nesp6:\n\t9 packets in\n");
	assert_non_null(strstr(printed(&c, "ah", true, false), "\t0 packets with bad authentication\n"));
	assert_non_null(strstr(printed(&c, NULL, false, true), "\"drop_icv_wrong\": 7"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one), cmocka_unit_test(test_files), cmocka_unit_test(test_allowed), cmocka_unit_test(test_every_counter_is_told),
		cmocka_unit_test(test_sections),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
