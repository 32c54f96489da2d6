/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics as text, in both forms; and values that come from outside. */
#include "test.h"

#include "om.h"

static void
expect(struct om *o, const char *want)
{
	size_t n;
	const char *text = om_end(o, &n);

	assert_non_null(text);
	assert_string_equal(text, want);
	assert_int_equal(n, strlen(want));
	om_fini(o);
}

static void
write_all(struct om *o)
{
	om_family(o, OM_INFO, "a_build", NULL, "Which.");
	om_uint(o, 1, "version", "0.1", NULL);
	om_family(o, OM_COUNTER, "a_bytes", "bytes", "Octets.");
	om_uint(o, UINT64_MAX, "tunnel", "x", "direction", "in", NULL);
	om_family(o, OM_GAUGE, "a_up", NULL, "Up.");
	om_uint(o, 0, NULL);
}

static void
test_forms(void **state)
{
	struct om o;

	(void)state;
	om_init(&o, true);
	write_all(&o);
	expect(&o, "# TYPE a_build info\n# HELP a_build Which.\na_build_info{version=\"0.1\"} 1\n"
	    "# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes Octets.\na_bytes_total{tunnel=\"x\",direction=\"in\"} 18446744073709551615\n"
	    "# TYPE a_up gauge\n# HELP a_up Up.\na_up 0\n# EOF\n");
	om_init(&o, false);
	write_all(&o);
	expect(&o, "# TYPE a_build_info gauge\n# HELP a_build_info Which.\na_build_info{version=\"0.1\"} 1\n"
	    "# TYPE a_bytes_total counter\n# HELP a_bytes_total Octets.\na_bytes_total{tunnel=\"x\",direction=\"in\"} 18446744073709551615\n"
	    "# TYPE a_up gauge\n# HELP a_up Up.\na_up 0\n");
}

static void
value(const char *text, const char *want)
{
	char line[256];
	struct om o;

	om_init(&o, true);
	om_family(&o, OM_GAUGE, "a", NULL, "H.");
	om_uint(&o, 1, "l", text, NULL);
	snprintf(line, sizeof(line), "# TYPE a gauge\n# HELP a H.\na{l=\"%s\"} 1\n# EOF\n", want);
	expect(&o, line);
}

/* Nothing that a label says ends it, or makes a line. */
static void
test_values(void **state)
{
	(void)state;
	value("", "");
	value(NULL, "");
	value("a\"b\\c\nd", "a\\\"b\\\\c\\nd");
	value("\x01\x7f", "?\x7f");
	value("\xc3\xa4", "\xc3\xa4");
	value("\xc3", "?");
	value("\xc0\x80", "??");
	value("\xed\xa0\x80", "???");
	value("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	value("\xf4\x90\x80\x80", "????");
	value("\xe2\x82", "??");
}

static void
test_much(void **state)
{
	struct om o;
	size_t n;

	(void)state;
	om_init(&o, false);
	om_family(&o, OM_COUNTER, "a", NULL, "H.");
	for (unsigned i = 0; i < 20000; i++)
		om_uint(&o, i, "tunnel", "a-tunnel-with-a-name", NULL);
	assert_non_null(om_end(&o, &n));
	assert_true(n > 20000 * 30);
	om_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms), cmocka_unit_test(test_values), cmocka_unit_test(test_much) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
