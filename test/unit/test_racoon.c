/* SPDX-License-Identifier: BSD-2-Clause */
/* racoon.conf: what its sections mean, which of them is whose, and the error with its place for what cannot be taken. */
#include "test.h"

#include <netinet/in.h>

#include "racoon.h"

#define PROPOSAL "proposal { encryption_algorithm aes 256; hash_algorithm sha256; authentication_method pre_shared_key; dh_group modp2048; }"

static struct racoon *
good(const char *text)
{
	struct yt_error err;
	struct racoon *r = racoon_read(text, strlen(text), &err);

	if (!r)
		fail_msg("%u:%u: %s\n%s\n%s", err.line, err.column, err.message, err.excerpt, err.hint);
	return r;
}

static void
bad(const char *text, unsigned line, unsigned column, const char *message)
{
	struct yt_error err = { 0 };
	struct racoon *r = racoon_read(text, strlen(text), &err);

	if (r)
		fail_msg("taken: %s", text);
	if (err.line != line || err.column != column || !strstr(err.message, message))
		fail_msg("%s\n%u:%u: %s, and not %u:%u: %s\n%s", text, err.line, err.column, err.message, line, column, message, err.excerpt);
	assert_int_equal(err.reason, R_RACOON_INVALID);
	assert_non_null(strchr(err.excerpt, '^'));
}

static const char *
said(const struct proposals *p)
{
	static char buf[1024];

	return proposals_str(p, buf, sizeof(buf));
}

static bool
noted(const struct racoon *r, unsigned line, const char *text)
{
	for (unsigned i = 0; i < r->nnotes; i++)
		if (r->notes[i].line == line && strstr(r->notes[i].text, text))
			return true;
	return false;
}

/* A section that inherits has all of the other one, until it says something else. */
static void
test_inherit(void **state)
{
	struct racoon *r = good("remote \"a\" { remote_address 192.0.2.1; my_identifier fqdn \"here\"; peers_identifier fqdn \"there\"; passive on; nat_traversal force;\n"
	    "lifetime time 7 min; " PROPOSAL " }\nremote 192.0.2.2 inherit \"a\" { }\nremote 192.0.2.3 inherit \"a\" { passive off; nat_traversal on; lifetime time 9 min; }");

	assert_int_equal(r->nremotes, 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct racoon_remote *m = &r->remotes[i];

		assert_true(m->passive == (i < 2) && m->udp == (i < 2) && m->life_s == (i < 2 ? 420u : 540u));
		assert_string_equal(m->id_local, "fqdn:here");
		assert_string_equal(m->id_remote, "fqdn:there");
		assert_string_equal(said(&m->ike), said(&r->remotes[0].ike));
		assert_int_equal(m->address.b[3], i + 1);
	}
	racoon_free(r);
}

/* Without sections it serves nobody, and says so. */
static void
test_missing(void **state)
{
	static const struct { const char *text, *lacks; unsigned line; } v[] = {
		{ "", "no sections 'remote' and 'sainfo'", 1 },
		{ "path pre_shared_key \"/etc/racoon/psk.txt\";\nlog debug;\n", "no sections 'remote' and 'sainfo'", 3 },
		{ "remote anonymous { " PROPOSAL " }", "no section 'sainfo'", 1 },
		{ "sainfo anonymous { encryption_algorithm aes 256; authentication_algorithm hmac_sha256; compression_algorithm deflate; }", "no section 'remote'", 1 },
	};
	char full[256 * RACOON_NOTES] = "";
	struct racoon *r;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		r = good(v[i].text);
		assert_true(noted(r, v[i].line, v[i].lacks) && noted(r, v[i].line, "no policy is served"));
		racoon_free(r);
	}
	for (unsigned i = 0; i < RACOON_NOTES + 5; i++)
		strcat(full, "timer { }\n");
	r = good(full);
	assert_true(noted(r, RACOON_NOTES + 6, "no policy is served"));
	racoon_free(r);
}

/* The sample that is installed. */
static void
test_sample(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[4096], text[8192] = "";
	struct racoon *r;
	FILE *f;

	snprintf(path, sizeof(path), "%s/etc/samples/racoon.conf", top ? top : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	r = good(text);
	assert_string_equal(r->psk, "/etc/racoon/psk.txt");
	assert_int_equal(r->nnotes, 0);
	assert_int_equal(r->nremotes, 1);
	assert_true(r->remotes[0].anonymous);
	assert_int_equal(r->remotes[0].life_s, 8 * 3600);
	assert_string_equal(said(&r->remotes[0].ike), "aes256-sha256-modp3072-prfsha256");
	assert_int_equal(r->nsainfos, 1);
	assert_int_equal(r->sainfos[0].life_s, 3600);
	assert_string_equal(said(&r->sainfos[0].esp), "aes256gcm16-modp3072-esn-noesn, aes256-sha256-modp3072-esn-noesn");
	racoon_free(r);
}

/* The file that racoon's users have: with everything of it. */
static void
test_all(void **state)
{
	struct racoon *r = good(
	    "path include \"/etc/racoon\";\n"
	    "path pre_shared_key \"/etc/racoon/psk.txt\" ; # the keys\n"
	    "log debug;\n"
	    "padding { maximum_length 20; randomize off; strict_check off; exclusive_tail off; }\n"
	    "listen { isakmp 192.0.2.1 [500]; }\n"
	    "timer { counter 5; interval 20 sec; persend 1; phase1 30 sec; phase2 15 sec; }\n"
	    "remote 192.0.2.2 [500] {\n"
	    "	exchange_mode main,aggressive;\n"
	    "	doi ipsec_doi; situation identity_only;\n"
	    "	my_identifier user_fqdn \"sakane@kame.example\";\n"
	    "	peers_identifier fqdn \"b.example\";\n"
	    "	nonce_size 16; lifetime time 1 min; initial_contact on; support_proxy on; proposal_check obey; passive on; nat_traversal force;\n"
	    "	dpd_delay 20;\n"
	    "	proposal { encryption_algorithm aes_gcm 128; hash_algorithm sha384; authentication_method pre_shared_key ; dh_group 19 ; lifetime time 20 hour; }\n"
	    "	" PROPOSAL "\n"
	    "}\n"
	    "remote \"second\" inherit 192.0.2.2 { remote_address 2001:db8::2 [500]; passive off; }\n"
	    "remote anonymous { " PROPOSAL " }\n"
	    "sainfo address 192.0.2.1 any address 192.0.2.2/32[80] tcp { encryption_algorithm 3des, blowfish 448, aes 192 ; authentication_algorithm hmac_sha1, hmac_sha512 ; }\n"
	    "sainfo anonymous { pfs_group ecp256; lifetime time 30 sec; lifetime byte 50 MB; encryption_algorithm rijndael; authentication_algorithm hmac_sha256; compression_algorithm deflate; }\n");
	struct addr two, other;
	struct ts a, b;
	struct prefix p;

	assert_string_equal(r->remotes[0].id_local, "email:sakane@kame.example");
	assert_string_equal(r->remotes[0].id_remote, "fqdn:b.example");
	assert_int_equal(r->remotes[0].life_s, 20 * 3600);
	assert_true(r->remotes[0].passive && r->remotes[0].udp);
	assert_string_equal(said(&r->remotes[0].ike), "aes128gcm16-prfsha384-ecp256, aes256-sha256-modp2048-prfsha256");
	assert_string_equal(said(&r->remotes[1].ike), said(&r->remotes[0].ike));
	assert_false(r->remotes[1].passive);
	assert_true(r->remotes[1].udp);
	assert_int_equal(r->nremotes, 3);
	assert_string_equal(said(&r->sainfos[0].esp), "aes192-sha512-esn-noesn");
	assert_string_equal(said(&r->sainfos[1].esp), "aes128-sha256-ecp256-esn-noesn");
	assert_int_equal(r->sainfos[1].life_s, 30);
	assert_true(noted(r, 4, "padding") && noted(r, 5, "listen:") && noted(r, 6, "timer") && noted(r, 13, "dpd_delay"));
	assert_true(noted(r, 19, "'3des' is left out") && noted(r, 19, "'blowfish' is left out") && noted(r, 19, "hmac_sha1") && noted(r, 20, "volume"));

	assert_true(addr_parse("192.0.2.2", &two) && addr_parse("2001:db8::2", &other));
	assert_int_equal(racoon_remote_of(r, &two), 0);
	assert_int_equal(racoon_remote_of(r, &other), 1);
	assert_true(addr_parse("192.0.2.3", &other));
	assert_int_equal(racoon_remote_of(r, &other), 2);
	assert_true(prefix_parse("192.0.2.1", &p));
	a = ts_from_prefix(&p);
	assert_true(prefix_parse("192.0.2.2", &p));
	b = ts_from_prefix(&p);
	assert_int_equal(racoon_sainfo_of(r, &a, &b), 1);	/* wider than the narrow one */
	b.proto = IPPROTO_TCP;
	b.port_lo = b.port_hi = 80;
	assert_int_equal(racoon_sainfo_of(r, &a, &b), 0);
	racoon_free(r);
	r = good("");
	assert_int_equal(racoon_remote_of(r, &two), -1);
	assert_int_equal(racoon_sainfo_of(r, &a, &b), -1);
	racoon_free(r);
}

static void
test_places(void **state)
{
	bad("remoet anonymous {}", 1, 1, "'remoet' is no statement");
	bad("\n\tpath pre_shared_key;", 2, 21, "name of a file");
	bad("path pre_shared_key \"x", 1, 21, "no '\"'");
	bad("path nothing \"x\";", 1, 6, "no path of 'nothing'");
	bad("path pre_shared_key \"x\";\npath pre_shared_key \"y\";", 2, 21, "already, on line 1");
	bad("include \"x\";", 1, 1, "not read");
	bad("log loud;", 1, 5, "no level");
	bad("timer { counter 5;", 1, 19, "ends within a section");
	bad("remote www.example {}", 1, 8, "no address");
	bad("remote anonymous { }", 1, 8, "no proposal");
	bad("remote anonymous { " PROPOSAL " }\nremote anonymous {", 2, 8, "a section already, on line 1");
	bad("remote anonymous { passive maybe; }", 1, 28, "'on' or 'off'");
	bad("remote anonymous { generate_policy on; }", 1, 36, "makes no policies");
	bad("remote anonymous { certificate_type x509 \"a\" \"b\"; }", 1, 20, "pre-shared keys");
	bad("remote anonymous { my_identifier asn1dn; }", 1, 34, "not 'asn1dn'");
	bad("remote anonymous { my_identifier keyid file \"x\"; }", 1, 40, "not read from files");
	bad("remote anonymous { proposal { encryption_algorithm 3des; } }", 1, 52, "'3des' is weak");
	bad("remote anonymous { proposal { encryption_algorithm aes 333; } }", 1, 52, "'aes'");
	bad("remote anonymous { proposal { encryption_algorithm aes; hash_algorithm md5; } }", 1, 72, "'md5' is weak");
	bad("remote anonymous { proposal { dh_group 2; } }", 1, 40, "'2' is weak");
	bad("remote anonymous { proposal { authentication_method rsasig; } }", 1, 53, "not with 'rsasig'");
	bad("remote anonymous { proposal { encryption_algorithm aes; hash_algorithm sha256; dh_group 14; } }", 1, 20, "authentication_method is missing");
	bad("remote anonymous { lifetime time 8 days; }", 1, 36, "no unit");
	bad("remote anonymous { lifetime time 1 sec; }", 1, 34, "5 seconds to");
	bad("remote anonymous { lifetime time x sec; }", 1, 34, "no number");
	bad("remote \"b\" { " PROPOSAL " }", 1, 8, "no remote_address");
	bad("remote anonymous inherit 192.0.2.1 { }", 1, 26, "before this one");
	bad("remote anonymous { xauth_login \"x\"; }", 1, 20, "single users");
	bad("sainfo anonymous from fqdn \"x\" {}", 1, 18, "single users");
	bad("sainfo fqdn \"x\" anonymous {}", 1, 8, "not 'fqdn'");
	bad("sainfo address 192.0.2.1/24 any anonymous {}", 1, 16, "no address");
	bad("sainfo address 192.0.2.1[99999] any anonymous {}", 1, 26, "no port");
	bad("sainfo address 192.0.2.1 foo anonymous {}", 1, 26, "no protocol");
	bad("sainfo anonymous { encryption_algorithm des, 3des; }", 1, 41, "Nothing of this is left");
	bad("sainfo anonymous { encryption_algorithm aes; }", 1, 1, "integrity algorithm is missing");
	bad("sainfo anonymous { encryption_algorithm aes authentication_algorithm x; }", 1, 45, "',' or ';'");
	bad("sainfo anonymous { lifetime time 1 hour }", 1, 41, "';' is expected");
	bad("# \xc3\xa4\xc3\xb6\n \"\xc3\xa4\" x", 2, 2, "no statement");
	bad("x\x01", 1, 2, "control character");
}

/* Every beginning of a good file is taken or refused, and read to its end. */
static void
test_cut(void **state)
{
	static const char text[] = "path pre_shared_key \"a\"; remote 192.0.2.1 [500] { lifetime time 1 hour; my_identifier address; " PROPOSAL
	    "} remote \"x\" inherit 192.0.2.1 { remote_address 192.0.2.2 [500]; } sainfo address 10.0.0.0/8 [any] any subnet 192.0.2.0/24 tcp "
	    "{ encryption_algorithm aes 256, 3des; authentication_algorithm hmac_sha256; }";

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		char *cut = malloc(n + 1);	/* to the octet, for the sanitizers */
		struct yt_error err = { 0 };
		struct racoon *r;

		assert_non_null(cut);
		memcpy(cut, text, n);
		r = racoon_read(cut, n, &err);
		if (!r)
			assert_true(err.reason == R_RACOON_INVALID && err.line == 1 && err.column <= n + 1 && err.message[0]);
		racoon_free(r);
		free(cut);
	}
	racoon_free(good(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing), cmocka_unit_test(test_inherit), cmocka_unit_test(test_sample), cmocka_unit_test(test_all), cmocka_unit_test(test_places), cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
