/* SPDX-License-Identifier: BSD-2-Clause */
/* The bodies of requests about accounts: every member, its limits, truncation at every octet; and what is no password. */
#include "test.h"

#include "accountbody.h"

static char why[200];

static bool
get(enum accountbody_kind kind, const char *text, struct accountbody *b)
{
	why[0] = '\0';
	return accountbody_get(text, strlen(text), kind, b, why, sizeof(why));
}

static void
refuses(enum accountbody_kind kind, const char *text, const char *sentence)
{
	static const struct accountbody none;
	struct accountbody b;

	memset(&b, 0x55, sizeof(b));
	assert_false(get(kind, text, &b));
	assert_non_null(strstr(why, sentence));
	assert_memory_equal(&b, &none, sizeof(b));	/* wiped */
}

static bool
holds(const struct secret *s, const char *text)
{
	return s->n == strlen(text) && memcmp(s->b, text, s->n) == 0;
}

static void
test_members(void **state)
{
	struct accountbody b;

	(void)state;
	assert_true(get(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":\"p\\u00e4ss \\\" word\"}", &b));
	assert_string_equal(b.user, "ann");
	assert_true(holds(&b.password, "p\xc3\xa4ss \" word"));
	assert_int_equal(b.token.n, 0);
	assert_int_equal(b.role, ROLE_NONE);
	assert_int_equal(b.disabled, -1);
	assert_true(get(ACCOUNT_LOGIN, "{\"user\":\"No name\",\"password\":\"\"}", &b));	/* costs what a wrong password costs */
	assert_string_equal(b.user, "");
	assert_int_equal(b.password.n, 0);
	assert_true(get(ACCOUNT_FIRST, "{\"token\":\"cwf_x\",\"user\":\"root\",\"password\":\"pp\"}", &b));
	assert_true(holds(&b.token, "cwf_x"));
	assert_string_equal(b.user, "root");
	assert_true(holds(&b.password, "pp"));
	assert_true(get(ACCOUNT_NEW, "{\"role\":\"editor\",\"user\":\"bob\",\"password\":\"pp\"}", &b));
	assert_int_equal(b.role, ROLE_EDITOR);
	assert_true(get(ACCOUNT_CHANGE, "{}", &b));
	assert_int_equal(b.role, ROLE_NONE);
	assert_int_equal(b.disabled, -1);
	assert_int_equal(b.password.n, 0);
	assert_true(get(ACCOUNT_CHANGE, "{\"disabled\":false}", &b));
	assert_int_equal(b.disabled, 0);
	assert_true(get(ACCOUNT_CHANGE, "{\"disabled\":true,\"role\":\"operator\",\"password\":\"new\"}", &b));
	assert_int_equal(b.disabled, 1);
	assert_int_equal(b.role, ROLE_OPERATOR);
	assert_true(holds(&b.password, "new"));
	assert_true(get(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"admin\",\"days\":3650}", &b));
	assert_string_equal(b.name, "prom");
	assert_int_equal(b.role, ROLE_ADMIN);
	assert_int_equal(b.days, 3650);
	accountbody_wipe(&b);
	assert_int_equal(b.days, 0);
}

static void
test_limits(void **state)
{
	char text[700], name[65];
	struct accountbody b;

	(void)state;
	snprintf(text, sizeof(text), "{\"user\":\"ann\",\"password\":\"%0500d\"}", 0);
	assert_true(get(ACCOUNT_LOGIN, text, &b));
	assert_int_equal(b.password.n, 500);
	snprintf(text, sizeof(text), "{\"user\":\"ann\",\"password\":\"%0501d\"}", 0);
	refuses(ACCOUNT_LOGIN, text, "500 octets");
	snprintf(text, sizeof(text), "{\"token\":\"%064d\",\"user\":\"a\",\"password\":\"p\"}", 0);
	assert_true(get(ACCOUNT_FIRST, text, &b));
	snprintf(text, sizeof(text), "{\"token\":\"%065d\",\"user\":\"a\",\"password\":\"p\"}", 0);
	refuses(ACCOUNT_FIRST, text, "'token' is too long");
	memset(name, 'a', 64);
	name[64] = '\0';
	snprintf(text, sizeof(text), "{\"user\":\"%s\",\"password\":\"p\",\"role\":\"viewer\"}", name);
	refuses(ACCOUNT_NEW, text, "'user' is not a name");
	snprintf(text, sizeof(text), "{\"user\":\"%s\",\"password\":\"p\",\"role\":\"viewer\"}", name + 1);
	assert_true(get(ACCOUNT_NEW, text, &b));
	assert_string_equal(b.user, name + 1);
	refuses(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":0}", "'days'");
	refuses(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":-1}", "'days'");
	refuses(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":3651}", "'days'");
	refuses(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":4294967297}", "'days'");	/* 1 in 32 bits */
	refuses(ACCOUNT_TOKEN, "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":1.5}", "members");
	refuses(ACCOUNT_TOKEN, "{\"name\":\"Prom\",\"role\":\"viewer\",\"days\":1}", "'name'");
	refuses(ACCOUNT_NEW, "{\"user\":\"bob\",\"password\":\"p\",\"role\":\"\"}", "'role'");
	refuses(ACCOUNT_NEW, "{\"user\":\"bob\",\"password\":\"p\",\"role\":\"Admin\"}", "'role'");
	refuses(ACCOUNT_NEW, "{\"user\":\"bob\",\"password\":\"\",\"role\":\"admin\"}", "empty");
	refuses(ACCOUNT_NEW, "{\"user\":\"\",\"password\":\"p\",\"role\":\"admin\"}", "'user'");
	refuses(ACCOUNT_CHANGE, "{\"password\":\"\"}", "empty");
}

/* Nothing is guessed at: a member more, one twice, another type, an octet 0 that would cut a password off. */
static void
test_strict(void **state)
{
	(void)state;
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":\"hidden\",\"role\":\"admin\"}", "members");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"user\":\"bob\",\"password\":\"hidden\"}", "not JSON");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":\"hid\\u0000den\"}", "not JSON");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":\"hid\xff\"}", "not JSON");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":12345678}", "members");
	refuses(ACCOUNT_LOGIN, "{\"user\":[\"ann\"],\"password\":\"hidden\"}", "members");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\"}", "members");
	refuses(ACCOUNT_LOGIN, "[\"ann\",\"hidden\"]", "members");
	refuses(ACCOUNT_LOGIN, "{\"user\":\"ann\",\"password\":\"hidden\"} hidden", "not JSON");
	assert_null(strstr(why, "hidden"));
	refuses(ACCOUNT_LOGIN, "", "not JSON");
	refuses(ACCOUNT_CHANGE, "{\"disabled\":1}", "members");
	refuses(ACCOUNT_CHANGE, "{\"role\":null}", "members");
	refuses((enum accountbody_kind)99, "{}", "members");
}

static void
test_truncated(void **state)
{
	static const char *const whole[] = { "{\"user\":\"ann\",\"password\":\"pp\"}", "{\"token\":\"cwf_x\",\"user\":\"root\",\"password\":\"pp\"}",
	    "{\"user\":\"bob\",\"password\":\"pp\",\"role\":\"viewer\"}", "{\"role\":\"admin\",\"password\":\"pp\",\"disabled\":true}",
	    "{\"name\":\"prom\",\"role\":\"viewer\",\"days\":30}" };
	struct accountbody b;

	(void)state;
	for (int kind = ACCOUNT_LOGIN; kind <= ACCOUNT_TOKEN; kind++) {
		assert_true(get((enum accountbody_kind)kind, whole[kind], &b));
		for (size_t n = 0; n < strlen(whole[kind]); n++) {
			char *cut = strndup(whole[kind], n);	/* so that a sanitizer sees a look past its end */

			assert_false(accountbody_get(cut, n, (enum accountbody_kind)kind, &b, why, sizeof(why)));
			free(cut);
		}
		for (int other = ACCOUNT_LOGIN; other <= ACCOUNT_TOKEN; other++)
			assert_true(get((enum accountbody_kind)other, whole[kind], &b) == (other == kind));
	}
}

static bool
good(const char *password, const char *user)
{
	struct secret s = { 0 };

	assert_true(secret_set(&s, bytes_of(password, strlen(password))));
	return password_good(&s, user);
}

static void
test_passwords(void **state)
{
	char text[512];

	(void)state;
	assert_true(good("a sentence of mine", "ann"));
	assert_true(good("8 octets", "ann"));
	assert_false(good("7 octet", "ann"));
	assert_false(good("", "ann"));
	assert_false(good("aaaaaaaaaaaaaaaa", "ann"));
	assert_false(good("PassWord123", "ann"));
	assert_false(good("administrator", "ann"));
	assert_false(good("Annabella", "annabella"));
	assert_true(good("annabella", "bob"));
	/* What is guessed first: words with something added, written otherwise, said again; rows of keys. */
	static const char *const first[] = { "12345678", "123456789", "1234567890", "123123123", "11111111", "87654321", "password", "passw0rd", "P@ssw0rd!", "password1234", "qwertyui", "qwerty123", "qwertz123",
	    "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "zaq12wsx", "iloveyou", "iloveyou2", "sunshine84", "trustno1", "letmein1", "Welcome2026", "Summer2026!", "admin1234", "changeme1", "causeway1",
	    "causeway-admin", "abcd1234", "abc12345", "aa123456", "asdfghjkl", "q1w2e3r4", "secret123", "gateway1", "cisco123", "test1234", "testtest", "passwordpassword", "qwertyuiopasdfgh",
	    "Admin!Admin!Admin!", "abababababababab", "server-server-1", "Pa55word99", "monkey123", "football12" };
	static const char *const fine[] = { "correct horse battery", "k3#Zp9qL", "my secret is none of yours", "Brot&Butter", "tr0ub4dor&3", "zwei Rehe im Wald", "\xc3\xa4pfel und birnen" };

	for (unsigned i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (good(first[i], "ann"))
			fail_msg("%s is taken", first[i]);
	for (unsigned i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (!good(fine[i], "ann"))
			fail_msg("%s is not taken", fine[i]);
	assert_false(good("annabella2026", "annabella"));
	snprintf(text, sizeof(text), "a sentence of mine%0482d", 0);
	assert_true(good(text, "ann"));
	snprintf(text, sizeof(text), "a sentence of mine%0483d", 0);
	assert_false(good(text, "ann"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
