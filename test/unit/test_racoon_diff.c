/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between two hosts' racoon.conf: each thing alone, both ways round, and nothing where one is the other's mirror. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "racoondiff.h"

#define REMOTE(address, mine, theirs, ike, life, passive) "{\"address\": " address ", \"id_local\": " mine ", \"id_remote\": " theirs ", \"ike\": \"" ike \
	"\", \"lifetime_s\": " life ", \"passive\": " passive "}"
#define SAINFO(local, remote, esp, life) "{\"local\": " local ", \"remote\": " remote ", \"esp\": \"" esp "\", \"lifetime_s\": " life "}"
#define CONF(remotes, sainfos) "{\"remotes\": [" remotes "], \"sainfos\": [" sainfos "]}"
#define ANY CONF(REMOTE("null", "null", "null", "a", "null", "false"), SAINFO("null", "null", "e", "null"))

static json_t *
diff(const char *ours, const char *theirs, const char *there, const char *here)
{
	json_t *a = json_loads(ours, 0, NULL), *b = json_loads(theirs, 0, NULL), *list;

	assert_true(a && b);
	list = racoon_diff(a, b, there, here);
	json_decref(a);
	json_decref(b);
	return list;
}

static void
is_same(const char *ours, const char *theirs, const char *there, const char *here)
{
	json_t *list = diff(ours, theirs, there, here);

	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
}

/* One thing differs, and is told from each end. */
static void
differs(const char *ours, const char *theirs, const char *field, const char *here, const char *there)
{
	json_t *list = diff(ours, theirs, NULL, NULL), *f = json_array_get(list, 0);

	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(f, "field")), field);
	assert_string_equal(json_string_value(json_object_get(f, "here")), here);
	assert_string_equal(json_string_value(json_object_get(f, "there")), there);
	json_decref(list);
	list = diff(theirs, ours, NULL, NULL);
	assert_int_equal(json_array_size(list), 1);
	f = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(f, "here")), there);
	json_decref(list);
}

static void
test_same(void **state)
{
	static const char ours[] = CONF(REMOTE("\"20.0.0.2\"", "\"fqdn:a\"", "\"fqdn:b\"", "a", "60", "true") "," REMOTE("null", "null", "null", "z", "null", "false"),
	    SAINFO("\"10.0.1.0/24\"", "null", "e", "null") "," SAINFO("null", "null", "f", "5")),
	    theirs[] = CONF(REMOTE("\"20.0.0.1\"", "\"fqdn:b\"", "\"fqdn:a\"", "a", "60", "false"),
	    SAINFO("null", "null", "f", "5") "," SAINFO("null", "\"10.0.1.0/24\"", "e", "null"));

	is_same(ANY, ANY, NULL, NULL);
	is_same(ANY, ANY, "20.0.0.2", "20.0.0.1");
	is_same(ours, theirs, "20.0.0.2", "20.0.0.1");
	is_same(theirs, ours, "20.0.0.1", "20.0.0.2");
}

/* A section that only one has is said by who it is for. */
static void
lacking(void)
{
	static const char none[] = CONF("", SAINFO("null", "null", "e", "null"));
	json_t *list = diff(ANY, none, NULL, NULL), *back = diff(none, ANY, NULL, NULL);

	assert_true(json_array_size(list) == 1 && json_array_size(back) == 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "there")), "no section is for this host");
	assert_string_equal(json_string_value(json_object_get(json_array_get(back, 0), "here")), "no section is for the other host");
	json_decref(list);
	json_decref(back);
}

static void
test_differs(void **state)
{
	differs(ANY, CONF(REMOTE("null", "null", "null", "b", "null", "false"), SAINFO("null", "null", "e", "null")), "proposals of IKE", "a", "b");
	differs(ANY, CONF(REMOTE("null", "null", "null", "a", "60", "false"), SAINFO("null", "null", "e", "null")), "lifetime of IKE", "as preset", "60 s");
	differs(ANY, CONF(REMOTE("null", "null", "\"fqdn:a\"", "a", "null", "false"), SAINFO("null", "null", "e", "null")), "identity of this host", "its address", "fqdn:a");
	differs(ANY, CONF(REMOTE("null", "\"fqdn:b\"", "null", "a", "null", "false"), SAINFO("null", "null", "e", "null")), "identity of the other host", "its address",
	    "fqdn:b");
	differs(ANY, CONF(REMOTE("null", "null", "null", "a", "null", "false"), SAINFO("null", "null", "f", "null")), "proposals of sainfo anonymous - anonymous", "e", "f");
	differs(ANY, CONF(REMOTE("null", "null", "null", "a", "null", "false"), SAINFO("null", "null", "e", "9")), "lifetime of sainfo anonymous - anonymous", "as preset", "9 s");
	lacking();
	differs(ANY, CONF(REMOTE("null", "null", "null", "a", "null", "false"), SAINFO("null", "null", "e", "null") "," SAINFO("\"10.0.2.0/24\"", "null", "e", "null")),
	    "sainfo anonymous - 10.0.2.0/24", "there is none", "there is a section");
#define PASSIVE CONF(REMOTE("null", "null", "null", "a", "null", "true"), SAINFO("null", "null", "e", "null"))
	differs(PASSIVE, PASSIVE, "who begins", "passive", "passive");
	is_same(ANY, PASSIVE, NULL, NULL);
#define AH(which) CONF(REMOTE("null", "null", "null", "a", "null", "false"), "{\"local\": null, \"remote\": null, \"esp\": \"e\", \"ah\": " which ", \"lifetime_s\": null}")
	is_same(AH("\"s\""), AH("\"s\""), NULL, NULL);
	is_same(AH("null"), ANY, NULL, NULL);
	differs(AH("\"s\""), AH("\"t\""), "proposals of AH of sainfo anonymous - anonymous", "s", "t");
	differs(AH("\"s\""), AH("null"), "proposals of AH of sainfo anonymous - anonymous", "s", "none");
}

/* A section for another host is none for this one. */
static void
test_address(void **state)
{
	static const char one[] = CONF(REMOTE("\"20.0.0.9\"", "null", "null", "a", "null", "false"), SAINFO("null", "null", "e", "null"));
	static const char two[] = CONF(REMOTE("\"20.0.0.8\"", "null", "null", "a", "null", "false") "," REMOTE("\"20.0.0.9\"", "null", "null", "a", "null", "false"),
	    SAINFO("null", "null", "e", "null"));
	json_t *list = diff(one, ANY, "20.0.0.2", "20.0.0.1");

	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	is_same(one, ANY, "20.0.0.9", "20.0.0.1");
	is_same(one, ANY, NULL, NULL);
	list = diff(two, ANY, NULL, NULL);	/* which of them is not said: none is taken for the other host's */
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "here")), "no section is for the other host");
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same), cmocka_unit_test(test_differs), cmocka_unit_test(test_address) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
