/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, strings of our links, identities both ways. */
#include "test.h"

#include "name.h"

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "-a", "a-", "A", "a.b", "a/b", "a_b", "a b", "\xc3\xa9", "a\n",
	    "a234567890123456789012345678901234567890123456789012345678901234" };

	assert_true(name_ok("a") && name_ok("0") && name_ok("a-b") && name_ok("tokyo-newyork") && name_ok("a--b"));
	assert_true(name_ok("a23456789012345678901234567890123456789012345678901234567890123"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (name_ok(bad[i]))
			fail_msg("'%s' was accepted", bad[i]);
	assert_true(name_ok_n("ab/c", 2));
	assert_false(name_ok_n("ab\0c", 4) || name_ok_n("ab", 0));
}

static void
test_make(void **state)
{
	static const struct { const char *text, *name; } d[] = {
		{ "tokyo", "tokyo" }, { "Tokyo.Example.ORG", "tokyo-example-org" }, { "  a  _b__ ", "a-b" }, { "--", "" }, { "", "" }, { "\xc3\xa9t\xc3\xa9", "t" },
	};
	char out[NAME_CAP], text[200], quoted[32];
	FILE *f = fmemopen(quoted, sizeof(quoted), "w");

	for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++) {
		name_make(d[i].text, strlen(d[i].text), NAME_CAP - 1, out);
		assert_string_equal(out, d[i].name);
	}
	name_make("abc.pem", 3, NAME_CAP - 1, out);
	assert_string_equal(out, "abc");
	name_make("abc-def", 7, 4, out);	/* cut, and then without the hyphen */
	assert_string_equal(out, "abc");
	memset(text, 'q', sizeof(text));
	name_make(text, sizeof(text), sizeof(text), out);
	assert_true(name_ok(out) && strlen(out) == NAME_CAP - 1);
	assert_non_null(f);
	str_quote(f, "a\"b\\c");
	fclose(f);
	assert_string_equal(quoted, "\"a\\\"b\\\\c\"");
}

static void
test_strings(void **state)
{
	uint8_t b[32];
	char s[6];
	struct wr w = wr_of(b, sizeof(b));
	struct rd r;

	str_put(&w, "hello");
	assert_int_equal(w.n, 7);
	r = rd_of(wr_bytes(&w));
	str_get(&r, s, sizeof(s));
	assert_true(rd_done(&r));
	assert_string_equal(s, "hello");
	r = rd_of(wr_bytes(&w));
	str_get(&r, s, sizeof(s) - 1);		/* no room for the terminator */
	assert_false(rd_ok(&r));
	assert_string_equal(s, "");
	for (size_t k = 0; k < w.n; k++) {
		r = rd_of(bytes_of(b, k));
		str_get(&r, s, sizeof(s));
		assert_false(rd_ok(&r));
		assert_string_equal(s, "");
	}
	b[4] = '\0';
	r = rd_of(wr_bytes(&w));
	str_get(&r, s, sizeof(s));
	assert_false(rd_ok(&r));
	assert_string_equal(s, "");
	w = wr_of(b, sizeof(b));
	span_put(&w, bytes_of(b, 0x10000));	/* a length that does not fit its field; nothing is read */
	assert_false(wr_ok(&w));
}

static void
test_id_round(void **state)
{
	static const struct { const char *text; uint8_t type; size_t n; } ids[] = {
		{ "fqdn:tokyo", 2, 5 }, { "fqdn:gw1.example.com", 2, 15 }, { "email:joe@example.com", 3, 15 },
		{ "ip:20.0.0.1", 1, 4 }, { "ip:2001:db8::1", 5, 16 }, { "key:branch-17", 11, 9 }, { "key:0x00ff10", 11, 3 },
		{ "key:0x3078", 11, 2 }, { "dn:CN=tokyo", 9, 18 }, { "dn:C=JP, O=Example Corp, CN=gw 1", 9, 53 },
		{ "dn:DC=example, E=joe@example.com, serialNumber=7", 9, 71 },
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint8_t b[128];
		char text[ID_CAP];
		struct wr w = wr_of(b, sizeof(b));

		assert_true(id_to_wire(ids[i].text, &w));
		assert_int_equal(w.n, 4 + ids[i].n);
		assert_int_equal(b[0], ids[i].type);
		assert_int_equal(b[1] | b[2] | b[3], 0);
		assert_string_equal(id_from_wire(wr_bytes(&w), text), ids[i].text);
		for (size_t cap = 0; cap < w.n; cap++) {
			struct wr tight = wr_of(b, cap);

			assert_false(id_to_wire(ids[i].text, &tight));
		}
	}
}

static void
test_id_bad_text(void **state)
{
	static const char *const bad[] = { "", "tokyo", "fqdn:", "fqdn", "FQDN:a", "fqdn:a b", "fqdn:a\\x", "fqdn:a\n", "email:a",
	    "email:", "ip:10.0.0.256", "ip:any", "ip:", "key:", "key:0x", "key:0xA0", "key:0x123", "key:0xzz", "foo:bar", ":x",
	    "dn:", "dn:tokyo", "dn:CN=", "dn:CN=a,O=b", "dn:CN=a, ", "dn:XX=a", "dn:CN= a", "dn:CN=a ", "dn:CN=a\\,b", "dn:cn=a",
	    "dn:CN=a=b", "dn:CN=\xc3\xa9" };
	char longest[ID_CAP + 8], text[ID_CAP];
	uint8_t b[512];
	struct wr w;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w = wr_of(b, sizeof(b));
		if (id_to_wire(bad[i], &w))
			fail_msg("'%s' was accepted", bad[i]);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "fqdn:", 5);
	for (size_t n = ID_CAP; n >= ID_CAP - 8; n--)		/* what is accepted comes back whole */
		for (unsigned dn = 0; dn < 2; dn++) {
			memcpy(longest, dn ? "dn:O=" : "fqdn:", 5);
			longest[n] = '\0';
			w = wr_of(b, sizeof(b));
			assert_int_equal(id_to_wire(longest, &w), n <= ID_CAP - 4);
			if (n <= ID_CAP - 4)
				assert_string_equal(id_from_wire(wr_bytes(&w), text), longest);
		}
}

static void
from(const char *body, size_t n, const char *text)
{
	char buf[ID_CAP];

	assert_string_equal(id_from_wire(bytes_of(body, n), buf), text);
}

static void
test_id_from_wire(void **state)
{
	char body[600], a[ID_CAP], b[ID_CAP];

	from("\x02\0\0\0a\nb\\", 8, "fqdn:a\\x0ab\\x5c");
	from("\x02\0\0\0\xff\0", 6, "fqdn:\\xff\\x00");
	from("\x02\x01\x02\x03g", 5, "fqdn:g");			/* reserved octets are ignored */
	from("\x01\0\0\0\x14\0\0", 7, "type-1:140000");		/* too short for an address */
	from("\x05\0\0\0\x14\0\0\x01", 8, "type-5:14000001");
	from("\xc9\0\0\0\x01\x02", 6, "type-201:0102");
	from("\x0b\0\0\0", 4, "key:0x");
	from("\x0b\0\0\0\x30x12", 8, "key:0x30783132");	/* text that looks like our hex stays distinct */
	from("\x02\0\0", 3, "malformed");
	from("", 0, "malformed");
	from("\x09\0\0\0\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01G", 18, "dn:CN=G");	/* PrintableString too */
	from("\x09\0\0\0\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x04\x01G", 18, "type-9:300c310a30080603550403040147");
	from("\x09\0\0\0\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x63\x13\x01G", 18, "type-9:300c310a30080603550463130147");
	from("\x09\0\0\0\x30\x81\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01G", 19,
	    "type-9:30810c310a30080603550403130147");	/* a length that is not minimal */
	from("\x09\0\0\0\x30\0", 6, "type-9:3000");
	memset(body, 'a', sizeof(body));
	memcpy(body, "\x02\0\0\0", 4);
	id_from_wire(bytes_of(body, sizeof(body)), a);
	id_from_wire(bytes_of(body, sizeof(body) - 1), b);
	assert_true(strlen(a) < ID_CAP && strlen(a) > 200);
	assert_string_equal(a + strlen(a) - 3, "\xe2\x80\xa6");
	assert_string_equal(a, b);
	for (size_t n = 0; n < sizeof(body); n++)
		for (uint8_t type = 0; type < 12; type++) {
			body[0] = (char)type;
			body[4] = (char)n;
			assert_true(strlen(id_from_wire(bytes_of(body, n), a)) < ID_CAP);
		}
}

static void
test_ifaces(void **state)
{
	static const char *const good[] = { "v", "vpn0", "Tokyo-1", "to-site.2_longs", "cw1", "lo0", "a.", "a_b" };
	static const char *const bad[] = { "", ".", "..", "0vpn", "-a", "_a", "a/b", "a b", "a:b", "a%d", "a\"", "a\n", "a\xc3\xa4", "to-site.2_longer", "lo", "cw0", "all", "default",
	    "bonding_masters", "tunl0", "sit0", "gre0", "ip_vti0" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!iface_ok(good[i]))
			fail_msg("'%s' is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (iface_ok(bad[i]))
			fail_msg("'%s' is taken", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_make), cmocka_unit_test(test_ifaces),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_id_round),
		cmocka_unit_test(test_id_bad_text),
		cmocka_unit_test(test_id_from_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
