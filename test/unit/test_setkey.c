/* SPDX-License-Identifier: BSD-2-Clause */
/* setkey's language: every form of a command, the FAQ's examples, every error with its place, and dumps to the octet. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "causeway/ipsec.h"
#include "setkey.h"
#include "test.h"

static unsigned
hosts(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why)
{
	unsigned n = 0;

	*why = "The name has no address.";
	if (strcmp(name, "A") == 0 && fam != 6)
		v[n++] = (struct addr){ 4, { 192, 0, 2, 1 } };
	if (strcmp(name, "B") == 0 && fam != 6)
		v[n++] = (struct addr){ 4, { 192, 0, 2, 2 } };
	if (strcmp(name, "both") == 0) {
		v[n++] = (struct addr){ 4, { 192, 0, 2, 3 } };
		v[n++] = (struct addr){ 6, { 0x20, 1 } };
	}
	return n;
}

static int service(const char *name) { return strcmp(name, "pop3") == 0 ? 110 : -1; }
static int protocol(const char *name) { return strcmp(name, "vrrp") == 0 ? 112 : -1; }
static const struct names names = { hosts, service, protocol };
static const struct engine ours = { .greeted = true, .known = true, .ifaces = true }, newer = { .greeted = true, .known = true, .old = true };
static const struct show plain;

/* The one command of a text, with its message, as it comes back from the wire's octets. */
static struct cmd c;
static struct lang_error e;
static struct pfkey_msg m, back;
static uint8_t wire[PFKEY_MSG_MAX];

static int
parse(const char *text)
{
	size_t i = 0;

	return lang_parse(bytes_of(text, strlen(text)), &i, &names, &c, &e);
}

static bool
encode(const char *text)
{
	struct wr w = wr_of(wire, sizeof(wire));
	const char *why;

	if (parse(text) != 1) {
		print_message("%s: %s. %s\n", text, e.text, e.hint);
		return false;
	}
	return cmd_message(&c, &c.src.v[0], &c.dst.v[0], &ours, &m, &e) && pfkey_put(&w, &m) && pfkey_get(wr_bytes(&w), &back, &why);
}

static char *
shown(void (*show)(FILE *, const struct pfkey_msg *, const struct show *), const struct show *o)
{
	static char *text;
	size_t n;
	FILE *f;

	free(text);
	f = open_memstream(&text, &n);
	show(f, &back, o);
	fclose(f);
	return text;
}

/* An interface: -dev among the options of SAs and policies, shown and printed where there is one. */
static void
test_iface(void **state)
{
	static const char *const good[] = {
		"spdadd 0.0.0.0/0 0.0.0.0/0 any -dev vpn0 -P out ipsec esp/tunnel/1.0.0.1-1.0.0.2/unique:7;",
		"spdadd ::/0 ::/0 any -lh 60 -dev vpn0 -lv 5 -P in discard;",
		"spdupdate 10.0.0.0/8 0.0.0.0/0 icmp 8,0 -dev vpn0 -P in ipsec esp/tunnel/1.0.0.2-1.0.0.1/use;",
		"spddelete 0.0.0.0/0 0.0.0.0/0 any -dev vpn0 -P out;",
		"add 1.0.0.1 1.0.0.2 esp 0x1000 -m tunnel -dev vpn0 -u 7 -E aes-gcm-16 0xdeadbeefdeadbeefdeadbeefdeadbeef01020304;",
		"getspi 1.0.0.1 1.0.0.2 esp 0x1000 -dev vpn0;",
	};
	static const char *const bad[] = { "", "/", "a/b", "..", "-P", "0123456789abcdef", "all", "default", "cw0", "\"a\"" };
	static const struct engine old = { .greeted = true, .known = true };
	char text[128];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(encode(good[i]));
		assert_true(back.has & PFKEY_HAS(CW_EXT_IFACE));
		assert_string_equal(back.iface, "vpn0");
		assert_false(cmd_message(&c, &c.src.v[0], &c.dst.v[0], &old, &m, &e));
		assert_non_null(strstr(e.hint, "-dev"));
	}
	assert_true(encode("get 1.0.0.1 1.0.0.2 esp 0x1000 -dev vpn0;") && !(back.has & PFKEY_HAS(CW_EXT_IFACE)));
	assert_true(encode("spdadd 0.0.0.0/0 0.0.0.0/0 any -P out discard;") && !(back.has & PFKEY_HAS(CW_EXT_IFACE)));
	assert_null(strstr(shown(show_policy, &plain), "dev="));
	assert_true(encode(good[0]));
	assert_non_null(strstr(shown(show_policy, &plain), "\n\tdev=vpn0\n"));
	assert_true(encode(good[4]));
	assert_non_null(strstr(shown(show_sa, &plain), "\n\tdev=vpn0\n"));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "spdadd 0.0.0.0/0 0.0.0.0/0 any -dev %s -P out discard;", bad[i]);
		if (parse(text) != -1)
			fail_msg("'%s' is taken", bad[i]);
	}
}

/* The FAQ, letter for letter. */
static void
test_faq(void **state)
{
	static const struct { const char *text, *shown; } rows[] = {
		{ "add 10.1.1.1 20.1.1.1 esp 9876 -E 3des-cbc \"hogehogehogehogehogehoge\";",
		  "10.1.1.1 20.1.1.1 \n\tesp mode=any spi=9876(0x00002694) reqid=0(0x00000000)\n"
		  "\tE: 3des-cbc  686f6765 686f6765 686f6765 686f6765 686f6765 686f6765\n\tseq=0x00000000 replay=0 flags=0x00000040 state=mature \n" },
		{ "add 20.1.1.1 10.1.1.1 esp 10000 -E 3des-cbc 0xdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef;",
		  "20.1.1.1 10.1.1.1 \n\tesp mode=any spi=10000(0x00002710) reqid=0(0x00000000)\n"
		  "\tE: 3des-cbc  deadbeef deadbeef deadbeef deadbeef deadbeef deadbeef\n" },
		{ "add 10.1.1.1 20.1.1.1 esp 9876 -E rijndael-cbc \"hogehogehogehoge\";", "10.1.1.1 20.1.1.1 \n\tesp mode=any spi=9876(0x00002694) "
		  "reqid=0(0x00000000)\n\tE: aes-cbc  686f6765 686f6765 686f6765 686f6765\n" },
		{ "add 10.1.1.1 20.1.1.1 ah 9877 -A hmac-md5 \"hogehogehogehoge\";", "10.1.1.1 20.1.1.1 \n\tah mode=any spi=9877(0x00002695) "
		  "reqid=0(0x00000000)\n\tA: hmac-md5  686f6765 686f6765 686f6765 686f6765\n" },
		{ "add 20.1.1.1 10.1.1.1 ah 10001 -A hmac-md5 \"mogamogamogamoga\";", "20.1.1.1 10.1.1.1 \n\tah mode=any spi=10001(0x00002711) " },
		{ "add 20.0.0.1 20.0.0.2 esp 13245 -E blowfish-cbc \"blowfishtest.001\" ;", "20.0.0.1 20.0.0.2 \n\tesp mode=any spi=13245(0x000033bd) "
		  "reqid=0(0x00000000)\n\tE: blowfish-cbc  626c6f77 66697368 74657374 2e303031\n" },
		{ "add 20.0.0.2 20.0.0.1 esp 13246 -E blowfish-cbc 0xdeadbeefdeadbeefdeadbeefdeadbeef;", "20.0.0.2 20.0.0.1 \n\tesp " },
		{ "add 10.0.1.1 10.0.1.5 esp 1011 -E rijndael-cbc \"rijndaeltest.001\" ;", "10.0.1.1 10.0.1.5 \n\tesp mode=any spi=1011(" },
		{ "spdadd 10.1.1.1 20.1.1.1 any -P out ipsec esp/transport//use;",
		  "10.1.1.1[any] 20.1.1.1[any] any\n\tout ipsec\n\tesp/transport//use\n\tcreated:                       lastused:                     \n"
		  "\tlifetime: 0(s) validtime: 0(s)\n\tspid=0 seq=0 pid=0\n\trefcnt=0\n" },
		{ "spdadd 20.1.1.1 10.1.1.1 any -P in ipsec esp/transport//require;", "20.1.1.1[any] 10.1.1.1[any] any\n\tin ipsec\n\tesp/transport//require\n" },
		{ "spdadd 10.1.1.1 20.1.1.1 any -P out ipsec ah/transport//use;", "10.1.1.1[any] 20.1.1.1[any] any\n\tout ipsec\n\tah/transport//use\n" },
		{ "spdadd 10.1.1.1 20.1.1.1 any -P out ipsec esp/transport//use ah/transport//use;",
		  "10.1.1.1[any] 20.1.1.1[any] any\n\tout ipsec\n\tesp/transport//use\n\tah/transport//use\n" },
		{ "spdadd 10.0.1.0/24 10.0.2.0/24 any -P out ipsec esp/tunnel/20.0.0.1-20.0.0.2/require ;",
		  "10.0.1.0/24[any] 10.0.2.0/24[any] any\n\tout ipsec\n\tesp/tunnel/20.0.0.1-20.0.0.2/require\n" },
		{ "spdadd 10.0.1.5/32 0.0.0.0/0 any -P out ipsec esp/tunnel/10.0.1.5-10.0.1.1/require;",
		  "10.0.1.5[any] 0.0.0.0/0[any] any\n\tout ipsec\n\tesp/tunnel/10.0.1.5-10.0.1.1/require\n" },
		{ "spdadd A B any -P out ipsec esp/transport//require;", "192.0.2.1[any] 192.0.2.2[any] any\n\tout ipsec\n\tesp/transport//require\n" },
		{ "spdadd A[110] A tcp -P out none;", "192.0.2.1[110] 192.0.2.1[any] tcp\n\tout none\n\tcreated:" },
		{ "spdadd A A[110] tcp -P in none;", "192.0.2.1[any] 192.0.2.1[110] tcp\n\tin none\n\tcreated:" },
		{ "spdadd A[110] 0.0.0.0/0 tcp -P out ipsec ah/transport//require;", "192.0.2.1[110] 0.0.0.0/0[any] tcp\n\tout ipsec\n\tah/transport//require\n" },
		{ "spdadd 0.0.0.0/0 A[110] tcp -P in ipsec ah/transport//require;", "0.0.0.0/0[any] 192.0.2.1[110] tcp\n\tin ipsec\n\tah/transport//require\n" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text;

		assert_true(encode(rows[i].text));
		text = shown(c.verb == V_ADD ? show_sa : show_policy, &plain);
		if (strncmp(text, rows[i].shown, strlen(rows[i].shown)) != 0)
			fail_msg("%s\n%s\n%s", rows[i].text, text, rows[i].shown);
	}
}

/* Every form of the reference is read, and becomes the message that it should. */
static void
test_forms(void **state)
{
	static const struct { const char *text; uint8_t type, satype; } rows[] = {
		{ "add 1.1.1.1 2.2.2.2 esp 0x1000 -m tunnel -u 7 -r 64 -E aes-gcm-16 0x000102030405060708090a0b0c0d0e0f10111213;", SADB_ADD, SADB_SATYPE_ESP },
		{ "add -4 1.1.1.1 2.2.2.2 esp 300 -E null -A hmac-sha1 \"01234567890123456789\";", SADB_ADD, SADB_SATYPE_ESP },
		{ "add -6n ::1 ::2 ah 300 -m transport -A hmac-ripemd160 \"01234567890123456789\";", SADB_ADD, SADB_SATYPE_AH },
		{ "add 1.1.1.1[4500] 2.2.2.2[61234] esp-udp 300 -E aes-cbc \"0123456789abcdef\";", SADB_ADD, SADB_SATYPE_ESP },
		{ "add 1.1.1.1 2.2.2.2 ipcomp 3 -C deflate -R;", SADB_ADD, SADB_X_SATYPE_IPCOMP },
		{ "add 1.1.1.1 2.2.2.2 tcp 0x1000 -A tcp-md5 \"secret\";", SADB_ADD, SATYPE_TCP },
		{ "update 1.1.1.1 2.2.2.2 esp 300 -lh 3600 -ls 3000 -bh 100000 -bs 90000 -f nocyclic-seq -E aes-ctr \"0123456789abcdefsalt\";", SADB_UPDATE, SADB_SATYPE_ESP },
		{ "getspi 1.1.1.1 2.2.2.2 esp 0;", SADB_GETSPI, SADB_SATYPE_ESP },
		{ "getspi 1.1.1.1 2.2.2.2 ah 300 -m any;", SADB_GETSPI, SADB_SATYPE_AH },
		{ "get 1.1.1.1 2.2.2.2 esp 300;", SADB_GET, SADB_SATYPE_ESP },
		{ "delete 1.1.1.1 2.2.2.2 esp 300;", SADB_DELETE, SADB_SATYPE_ESP },
		{ "flush;", SADB_FLUSH, 0 }, { "flush esp;", SADB_FLUSH, SADB_SATYPE_ESP }, { "dump ah;", SADB_DUMP, SADB_SATYPE_AH },
		{ "spdupdate 10.0.0.0/8[any] 0.0.0.0/0[pop3] tcp -P in discard;", SADB_X_SPDUPDATE, 0 },
		{ "spddelete 10.0.0.0/8 0.0.0.0/0 any -P in;", SADB_X_SPDDELETE, 0 },
		{ "spddelete 10.0.0.0/8 0.0.0.0/0 any -P in ipsec esp/transport//use;", SADB_X_SPDDELETE, 0 },
		{ "spdadd 10.0.0.0/8 0.0.0.0/0 icmp 8,0 -lv 5 -lh 60 -P in none;", SADB_X_SPDADD, 0 },
		{ "spddelete 10.0.0.0/8 0.0.0.0/0 any -lh 60 -P in;", SADB_X_SPDDELETE, 0 },
		{ "spddump;", SADB_X_SPDDUMP, 0 }, { "spdflush ;", SADB_X_SPDFLUSH, 0 },
		{ "spdadd ::/0 ::/0 icmp6 135,0 -P out none;", SADB_X_SPDADD, 0 },
		{ "spdadd 1.1.1.1 2.2.2.2 gre 1.2.3.4 -P out none;", SADB_X_SPDADD, 0 },
		{ "spdadd 1.1.1.1 2.2.2.2 vrrp -P out none;", SADB_X_SPDADD, 0 },
		{ "# a comment; with a semicolon\n;; spdadd 1.1.1.1 2.2.2.2\n\t50 -P out\n prio high - 7 ipsec esp/tunnel/::1-::2/unique:3;", SADB_X_SPDADD, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(encode(rows[i].text));
		if (back.type != rows[i].type || back.satype != rows[i].satype)
			fail_msg("%s: type %u, satype %u", rows[i].text, back.type, back.satype);
	}
	assert_int_equal(parse("deleteall 1.1.1.1 2.2.2.2;"), 1);
	assert_int_equal(parse("deleteall 1.1.1.1 2.2.2.2 esp;"), 1);
	assert_int_equal(parse("exit;"), 1);
	assert_int_equal(parse("bye;"), 1);
	assert_int_equal(c.verb, V_EXIT);
	assert_int_equal(parse(" # nothing\n ;"), 0);
	assert_int_equal(parse("spdadd tagged \"x\" -P in none;"), 1);
	assert_true(c.tagged);
}

static void
test_values(void **state)
{
	assert_true(encode("add 1.1.1.1 2.2.2.2 esp 0x1000 -m tunnel -u 70000 -r 64 -lh 10 -bs 5 -E aes-cbc 0x1000102030405060708090a0b0c0d0e0 -A hmac-sha2-256 "
	    "\"#;456789012345678901234567890123\";"));
	assert_int_equal(back.sa.spi, 0x1000);
	assert_int_equal(back.sa.replay, 64);
	assert_int_equal(back.sa2.reqid, 70000);
	assert_int_equal(back.sa2.mode, CW_MODE_TUNNEL);
	assert_int_equal(back.hard.addtime, 10);
	assert_int_equal(back.soft.bytes, 5);
	assert_int_equal(back.key_encrypt.n, 16);
	assert_memory_equal(back.key_auth.p, "#;45", 4);
	assert_int_equal(back.sa.auth, SADB_X_AALG_SHA2_256HMAC);
	/* A policy's: since it came, and without use. */
	assert_true(encode("spdadd 10.0.0.0/8 0.0.0.0/0 icmp 8,0 -lv 5 -lh 60 -P in none;"));
	assert_int_equal(back.hard.addtime, 60);
	assert_int_equal(back.hard.usetime, 5);
	assert_int_equal(back.src.ep.port, 8);
	assert_int_equal(back.has & (PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD)), PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
	assert_non_null(strstr(shown(show_policy, &plain), "\tlifetime: 60(s) validtime: 5(s)\n"));
	back.has |= PFKEY_HAS(CW_EXT_STATS);	/* as an engine of ours has it */
	back.stats = (struct pfkey_stats){ .packets = 10, .bytes = 1ull << 40, .other = 3 };
	assert_non_null(strstr(shown(show_policy, &plain), "\n\tlifetime: 60(s) validtime: 5(s)\n\tpackets: 10 bytes: 1099511627776 dropped: 3\n\tspid="));
	assert_true(encode("spdupdate 10.0.0.0/8 0.0.0.0/0 any -P in none;"));
	assert_false(back.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
	assert_int_equal(parse("spdadd 10.0.0.0/8 0.0.0.0/0 any -lh -P in none;"), -1);
	assert_int_equal(parse("spdadd 10.0.0.0/8 0.0.0.0/0 any -ls 4 -P in none;"), -1);
	assert_non_null(strstr(e.hint, "-l"));
	/* Three digits are two octets: the odd one comes first. */
	assert_true(encode("add 1.1.1.1 2.2.2.2 esp 300 -E blowfish-cbc 0xabc0000000;") == true);
	assert_int_equal(parse("add 1.1.1.1 2.2.2.2 esp 300 -E blowfish-cbc 0xabc000000;"), 1);
	assert_int_equal(c.ekey.n, 5);
	assert_int_equal(c.ekey.b[0], 0x0a);
	assert_int_equal(c.ekey.b[1], 0xbc);
	assert_true(encode("add 1.1.1.1 2.2.2.2 esp 300 -r 1024 -E null;"));
	assert_int_equal(back.replay_window, 1024);
	assert_true(encode("spdadd 1.1.1.1 2.2.2.2 icmp 8,0 -P out none;"));
	assert_int_equal(back.src.ep.port, 8);
	assert_string_equal(strtok(shown(show_policy, &plain), "\n"), "1.1.1.1 2.2.2.2 icmp 8,0");
	assert_true(encode("spdadd 1.1.1.1 2.2.2.2 gre 1.2.3.4 -P out none;"));
	assert_int_equal(back.src.ep.port, 0x102);
	assert_int_equal(back.dst.ep.port, 0x304);
	assert_true(encode("add both both esp 300 -E null;"));
	assert_int_equal(c.src.n, 2);
	assert_int_equal(parse("get -4 1.1.1.1 2.2.2.2 esp 300;"), 1);
}

/* What is wrong, how it is said, in which column, and what may have been meant. */
static void
test_errors(void **state)
{
	static const struct { const char *text, *error; unsigned line, column; const char *hint; } rows[] = {
		{ "addd 1.1.1.1 2.2.2.2 esp 300;", "syntax error", 1, 1, "Did you mean add?" },
		{ "\n spdad 1.1.1.1 2.2.2.2 any -P in none;", "syntax error", 2, 2, "Did you mean spdadd?" },
		{ "add 1.1.1.1 2.2.2.2 esp 9;", "invalid SPI", 1, 25, "reserved" },
		{ "add 1.1.1.1 2.2.2.2 ipcomp 700 -C lzs;", "unsupported algorithm", 1, 35, "lzs is not done: it was never free" },
		{ "add 1.1.1.1 2.2.2.2 ipcomp 700 -C lzjh;", "unsupported algorithm", 1, 35, "lzjh is not done" },
		{ "add 1.1.1.1 2.2.2.2 ipcomp 70000 -C deflate;", "SPI too big.", 1, 28, "65535" },
		{ "add 1.1.1.1 2.2.2.2 esp 300;", "No algorithm specified", 1, 28, "too early" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E 3des-cbx \"x\";", "unsupported algorithm", 1, 32, "Did you mean 3des-cbc?" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E 3des-cbc \"12345678901234567890123\";", "Invalid key length", 1, 41, "192 bits (24 octets); this one has 23" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E 3des-cbc \"1234567890123456789012345\";", "Invalid key length", 1, 41, "25 octets" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc 0x0102;", "Invalid key length", 1, 40, "128, 192 or 256 bits" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E null \"x\";", "syntax error", 1, 37, "no key" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E des-32iv \"01234567\";", "algorithm mismatched", 1, 32, "esp-old" },
		{ "add 1.1.1.1 2.2.2.2 esp-old 300 -r 4 -E des-cbc \"01234567\";", "replay prevention cannot be used with ah/esp-old", 1, 33, "" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -m tunel -E null;", "Invalid ipsec mode", 1, 32, "Did you mean tunnel?" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -f cyclic -E null;", "invalid flag", 1, 32, "" },
		{ "add 1.1.1.1 ::1 esp 300 -E null;", "Family mismatch", 1, 5, "one family" },
		{ "add nowhere 1.1.1.1 esp 300 -E null;", "Invalid address specification", 1, 5, "no address" },
		{ "add -n A 1.1.1.1 esp 300 -E null;", "Invalid address specification", 1, 8, "not looked up" },
		{ "delete both 1.1.1.1 esp 300;", "multiple address specified", 1, 8, "several" },
		{ "spdadd 10.0.0.0/33 1.1.1.1 any -P in none;", "Invalid prefix length", 1, 17, "32" },
		{ "spdadd 1.1.1.1[50] 1.1.1.2 any -P in none;", "invalid upper layer protocol", 1, 28, "not in brackets" },
		{ "spdadd 1.1.1.1 1.1.1.2 icmpp -P in none;", "invalid upper layer protocol", 1, 24, "Did you mean icmp?" },
		{ "spdadd 1.1.1.1 1.1.1.2 icmp 8 -P in none;", "invalid an upper layer protocol spec", 1, 29, "type,code" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P inn none;", "Invalid direction", 1, 31, "Did you mean in?" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P in;", "Too few arguments", 1, 33, "" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P out ipsecc;", "Invalid security policy", 1, 35, "Did you mean ipsec?" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P out ipsec\n esp;", "Too few arguments", 2, 2, "PROTOCOL/MODE" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P out ipsec esp/tunnel//use;", "Invalid address specification", 1, 52, "both endpoints" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P out ipsec esp/tunnel/1.1.1.1-::1/use;", "Family mismatch", 1, 52, "" },
		{ "spdadd 1.1.1.1 1.1.1.2 any -P out ipsec esp/transport//requir;", "Invalid ipsec level", 1, 56, "Did you mean require?" },
		{ "spdadd 1.1.1.1 1.1.1.2 icmp6 8, -P in none;", "invalid an upper layer protocol spec", 1, 30, "type,code" },
		{ "spdadd 1.1.1.1 1.1.1.2 tcp 8,0 -P in none;", "invalid an upper layer protocol spec", 1, 28, "" },
		{ "spdadd 1.1.1.1 1.1.1.2 any 8 -P in none;", "invalid an upper layer protocol spec", 1, 28, "" },
		{ "spdadd 1.1.1.1 1.1.1.2 50 8,0 -P in none;", "invalid an upper layer protocol spec", 1, 27, "" },
		{ "spdadd 1.1.1.1 1.1.1.2 gre x -P in none;", "invalid an upper layer protocol spec", 1, 28, "GRE key" },
		{ "flush es;", "Invalid ipsec protocol", 1, 7, "Did you mean esp?" },
		{ "flush", "syntax error", 1, 6, "semicolon" },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"012", "syntax error", 1, 40, "no end" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place w;

		assert_int_equal(parse(rows[i].text), -1);
		w = lex_place(bytes_of(rows[i].text, strlen(rows[i].text)), e.at);
		if (strcmp(e.text, rows[i].error) != 0 || w.line != rows[i].line || w.column != rows[i].column || !strstr(e.hint, rows[i].hint))
			fail_msg("%s\n%u,%u: %s. %s", rows[i].text, w.line, w.column, e.text, e.hint);
	}
}

/* After a mistake the next command is read; and no command that was cut off is taken for a whole one. */
static void
test_going_on(void **state)
{
	static const char text[] = "addd x;spdflush;";
	static const char whole[] = "add 10.1.1.1 20.1.1.1 esp 9876 -u 3 -E aes-cbc \"hogehoge;ogehoge\" -A hmac-sha1 \"01234567890123456789\";";
	size_t i = 0;

	assert_int_equal(lang_parse(bytes_of(text, sizeof(text) - 1), &i, &names, &c, &e), -1);
	assert_int_equal(i, 7);
	assert_int_equal(lang_parse(bytes_of(text, sizeof(text) - 1), &i, &names, &c, &e), 1);
	assert_int_equal(c.verb, V_SPDFLUSH);
	assert_int_equal(lang_parse(bytes_of(text, sizeof(text) - 1), &i, &names, &c, &e), 0);
	for (size_t n = 1; n < sizeof(whole) - 1; n++) {
		uint8_t *exact = malloc(n);

		memcpy(exact, whole, n);
		i = 0;
		assert_int_equal(lang_parse(bytes_of(exact, n), &i, &names, &c, &e), -1);
		assert_int_equal(lex_command_end(bytes_of(exact, n)), 0);
		free(exact);
	}
	assert_int_equal(lex_command_end(bytes_of(whole, sizeof(whole) - 1)), sizeof(whole) - 1);
}

static void
test_keys_are_masked(void **state)
{
	static const char text[] = "flush; add a b esp 300 -E x \"very;secret\" 0x0123456789abcdef;";
	char line[200];

	lex_show_line(bytes_of(text, sizeof(text) - 1), 10, line, sizeof(line));
	assert_string_equal(line, "flush; add a b esp 300 -E x \"***********\" 0x****************;");
}

static void
test_policies(void **state)
{
	static const struct { const char *text, *again; uint32_t priority; } rows[] = {
		{ "out ipsec esp/transport//use", NULL, 0 },
		{ "in ipsec esp/tunnel/192.0.2.1-192.0.2.2/require", NULL, 0 },
		{ "in\n\tipsec\n\tah/transport", "in ipsec ah/transport//default", 0 },
		{ "in ipsec ah/transport/", "in ipsec ah/transport//default", 0 },
		{ "in ipsec ah/transport/::1-::2/", "in ipsec ah/transport/::1-::2/default", 0 },
		{ "fwd ipsec esp/tunnel/::1-::2/unique:16383 ipcomp/transport//use", NULL, 0 },
		{ "fwd ipsec esp/tunnel/::1-::2/unique#16384", NULL, 0 },
		{ "out ipsec esp/tunnel/1.1.1.1[4500]-2.2.2.2[4500]/use", NULL, 0 },
		{ "out ipsec esp/tunnel/me-any/use", "out ipsec esp/tunnel/0.0.0.0-0.0.0.0/use", 0 },
		{ "in bypass", NULL, 0 }, { "in entrust", NULL, 0 }, { "out discard", NULL, 0 }, { "out none", NULL, 0 }, { "out", NULL, 0 },
		{ "out prio low none", NULL, 0xc0000000u }, { "out priority def none", "out prio def none", 0x80000000u },
		{ "out prio high none", NULL, 0x40000000u }, { "out prio high + 5 none", NULL, 0x3ffffffbu },
		{ "out prio low-5 none", "out prio low - 5 none", 0xc0000005u }, { "out prio 100 none", "out prio def + 100 none", 0x7fffff9cu },
		{ "out prio -100 none", "out prio def - 100 none", 0x80000064u }, { "out prio - 100 none", "out prio def - 100 none", 0x80000064u },
	};
	struct pfkey_policy p;
	struct poltext_error pe;
	char text[200];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(poltext_parse(bytes_of(rows[i].text, strlen(rows[i].text)), &p, &pe));
		assert_int_equal(p.priority, rows[i].priority);
		assert_true(poltext_print(&p, NULL, false, text, sizeof(text)));
		assert_string_equal(text, rows[i].again ? rows[i].again : rows[i].text);
		assert_true(poltext_parse(bytes_of(text, strlen(text)), &p, &pe));
		for (size_t n = 0; n < strlen(text) + 1; n++)
			assert_false(poltext_print(&p, NULL, false, text, n) && n < strlen(rows[i].again ? rows[i].again : rows[i].text));
	}
}

/* What an engine refuses gets its place and a sentence. */
static void
test_refusals(void **state)
{
	static struct engine small = { .greeted = true, .known = true, .enc = { 1, { { .sadb_alg_id = 12 } } }, .auth = { 1, { { .sadb_alg_id = 5 } } } };
	static const struct { const char *text; int err; const char *error, *hint; unsigned column; } rows[] = {
		{ "add 1.1.1.1 2.2.2.2 ah 300 -A hmac-md5 \"0123456789abcdef\";", 93, "Not supported", "does not do AH", 21 },
		{ "add 1.1.1.1 2.2.2.2 ah 300 -A hmac-md5 \"0123456789abcdef\";", 1, "Operation not permitted", "hmac-md5 is weak. 'ipsecctl sysctl net.causeway.legacy=1'", 31 },
		{ "add 1.1.1.1 2.2.2.2 ah 300 -A null;", 22, "Invalid argument", "AH does nothing but authenticate", 31 },
		{ "add 1.1.1.1 2.2.2.2 ah 300 -A hmac-md5 \"0123456789abcdef\";", 95, "Not supported", "does not do hmac-md5. It has: ", 31 },
		{ "flush ipcomp;", 93, "Not supported", "IPComp", 7 },
		{ "add 1.1.1.1 2.2.2.2 ipcomp 3 -C deflate -R;", 22, "Invalid argument", "with -R from 256 on or 2", 28 },
		{ "spdadd 1.1.1.1 2.2.2.2 any -P out ipsec ipcomp/transport//use ipcomp/transport//use;", 22, "Invalid argument", "once in a policy", 30 },
		{ "spdadd 1.1.1.1 2.2.2.2 any -P out ipsec ipcomp/transport//use;", 93, "Not supported", "does not do ipcomp", 30 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E 3des-cbc \"hogehogehogehogehogehoge\";", 95, "Not supported", "does not do 3des-cbc. It has: aes-cbc.", 32 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"0123456789abcdef\" -A hmac-md5 \"0123456789abcdef\";", 95, "Not supported", "hmac-md5", 62 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"0123456789abcdef\";", 22, "Invalid argument", "not authenticated", 32 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"0123456789abcdef\";", 1, "Operation not permitted", "ESP without authentication can be forged. 'ipsecctl sysctl net.causeway.legacy=1'", 32 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"0123456789abcdef\" -A null;", 1, "Operation not permitted", "ESP without authentication", 32 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E des-cbc \"hogehoge\" -A hmac-md5 \"0123456789abcdef\";", 1, "Operation not permitted",
		  "des-cbc is weak. 'ipsecctl sysctl net.causeway.legacy=1'", 32 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E null -A hmac-md5 \"0123456789abcdef\";", 1, "Operation not permitted", "hmac-md5 is weak", 40 },
		{ "add 1.1.1.1 2.2.2.2 esp 300 -E aes-cbc \"0123456789abcdef\";", 17, "File exists", "delete it first", 25 },
		{ "add 1.1.1.1 2.2.2.2 esp-old 300 -E des-cbc \"hogehoge\";", 1, "Operation not permitted",
		  "esp-old is weak: it has neither ICV nor sequence number: packets can be forged, changed and sent again. 'ipsecctl sysctl net.causeway.legacy=1'", 21 },
		{ "add 1.1.1.1 2.2.2.2 ah-old 300 -A hmac-sha1 \"01234567890123456789\";", 1, "Operation not permitted", "ah-old is weak: it has no sequence number", 21 },
		{ "delete 1.1.1.1 2.2.2.2 esp 300;", 2, "No entry", "", 1 },
		{ "spddelete 1.1.1.1 2.2.2.2 any -P in;", 2, "No entry", "", 33 },
		{ "dump;", 2, "No SAD entries", "", 1 },
		{ "spdadd 1.1.1.1 2.2.2.2 any -P out ipsec ah/tunnel/1.1.1.1-2.2.2.2/use;", 93, "Not supported", "does not do ah", 30 },
		{ "spdadd 1.1.1.1 2.2.2.2 any -P out ipsec;", 22, "Invalid argument", "protect nothing", 30 },
		{ "spdadd 1.1.1.1 2.2.2.2 any -P out none;", 17, "File exists", "spdupdate", 30 },
	};
	static const char *const unsaid[] = {
		"add 1.1.1.1 2.2.2.2 esp-old 300 -E des-cbc \"01234567\";", "add 1.1.1.1 2.2.2.2 esp 300 -f zero-pad -E null;",
		"add 1.1.1.1 2.2.2.2 esp 300 -E des-deriv \"01234567\";", "add 1.1.1.1 2.2.2.2 esp 300 -ctx 1 1 \"x\" -E null;",
		"add 1.1.1.1 2.2.2.2 esp-udp 192.0.2.9 300 -E null;", "spdadd tagged \"x\" -P in none;",
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place w;

		assert_int_equal(parse(rows[i].text), 1);
		cmd_refused(&c, rows[i].err, &small, &e);
		w = lex_place(bytes_of(rows[i].text, strlen(rows[i].text)), e.at);
		if (strcmp(e.text, rows[i].error) != 0 || !strstr(e.hint, rows[i].hint) || w.column != rows[i].column)
			fail_msg("%s\n%u: %s. %s", rows[i].text, w.column, e.text, e.hint);
	}
	for (unsigned i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++) {
		assert_int_equal(parse(unsaid[i]), 1);
		assert_false(cmd_message(&c, &c.src.v[0], &c.dst.v[0], &ours, &m, &e));
		assert_string_equal(e.text, "Not supported");
		assert_true(e.hint[0] != '\0');
	}
}

/* Whatever an engine says to whichever command: a sentence, and none of them is what printf makes of no text. */
static void
test_every_refusal(void **state)
{
	static const char *const texts[] = {
		"add 1.1.1.1 2.2.2.2 esp 300 -E null -A hmac-sha1 \"01234567890123456789\";", "add 1.1.1.1 2.2.2.2 ah 300 -A null;",
		"update 1.1.1.1 2.2.2.2 ipcomp 3 -C deflate;", "getspi 1.1.1.1 2.2.2.2 esp 0;", "get 1.1.1.1 2.2.2.2 esp 300;",
		"delete 1.1.1.1 2.2.2.2 esp 300;", "deleteall 1.1.1.1 2.2.2.2;", "flush;", "dump;", "spdadd 1.1.1.1 2.2.2.2 any -P out none;",
		"spdupdate 1.1.1.1 2.2.2.2 any -P out ipsec ah/transport//use;", "spddelete 1.1.1.1 2.2.2.2 any -P in;", "spddump;", "spdflush;",
		"add 1.1.1.1 2.2.2.2 tcp 0x1000 -A tcp-md5 \"secret\";",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i]), 1);
		for (int err = 1; err < 140; err++) {
			cmd_refused(&c, err, &ours, &e);
			assert_true(strlen(e.text) >= 8 && e.at <= strlen(texts[i]));
			if (strstr(e.text, "null") || strstr(e.hint, "(null)"))
				fail_msg("%s\n%d: %s. %s", texts[i], err, e.text, e.hint);
			assert_int_equal(err == ENOENT, strncmp(e.text, "No ", 3) == 0 && strstr("No entry No SAD entries No SPD entries", e.text));
		}
	}
}

/* The old forms are for an engine that says it has them: another one would make the new ones of them. */
static void
test_old_forms(void **state)
{
	static const struct { const char *text; uint32_t flags; uint8_t satype, encrypt, auth; } rows[] = {
		{ "add 1.1.1.1 2.2.2.2 esp-old 300 -E des-32iv \"01234567\";", 0x51, SADB_SATYPE_ESP, 2, 0 },
		{ "add 1.1.1.1 2.2.2.2 esp-old 300 -f zero-pad -E 3des-cbc \"012345678901234567890123\";", 0x241, SADB_SATYPE_ESP, 3, 0 },
		{ "add 1.1.1.1 2.2.2.2 esp-old 300 -f random-pad -E des-cbc \"01234567\" -A null;", 0x141, SADB_SATYPE_ESP, 2, 0 },
		{ "add 1.1.1.1 2.2.2.2 ah-old 300 -A keyed-md5 \"0123456789abcdef\";", 0x41, SADB_SATYPE_AH, 0, 249 },
		{ "add 1.1.1.1 2.2.2.2 ah-old 300 -A null;", 0x41, SADB_SATYPE_AH, 0, 251 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].text), 1);
		assert_false(cmd_message(&c, &c.src.v[0], &c.dst.v[0], &ours, &m, &e));
		assert_true(cmd_message(&c, &c.src.v[0], &c.dst.v[0], &newer, &m, &e));
		assert_int_equal(m.sa.flags, rows[i].flags);
		assert_int_equal(m.satype, rows[i].satype);
		assert_int_equal(m.sa.encrypt, rows[i].encrypt);
		assert_int_equal(m.sa.auth, rows[i].auth);
		assert_int_equal(m.sa.replay, 0);
		assert_non_null(cmd_weak_form(&c));
	}
	assert_int_equal(parse("add 1.1.1.1 2.2.2.2 ah-old 300 -f zero-pad -A null;"), 1);
	assert_false(cmd_message(&c, &c.src.v[0], &c.dst.v[0], &newer, &m, &e));
}

static void
test_dump_layout(void **state)
{
	struct show o = { .now = 1764000005, .old = true };
	char *text;
	size_t n;
	FILE *f;

	setenv("TZ", "UTC0", 1);
	assert_true(encode("add 192.0.2.1[4500] 192.0.2.2 esp-udp 0x1000 -m tunnel -u 5 -r 32 -lh 100 -ls 80 -E aes-cbc \"0123456789abcdef\" "
	    "-A hmac-sha512 \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\";"));
	back.current = (struct pfkey_lifetime){ .packets = 3, .bytes = 252, .addtime = 1764000000, .usetime = 1764000001 };
	back.pid = 1234;
	assert_string_equal(shown(show_sa, &o),
	    "192.0.2.1[4500] 192.0.2.2[4500] \n"
	    "\tesp-udp mode=tunnel spi=4096(0x00001000) reqid=5(0x00000005)\n"
	    "\tE: aes-cbc  30313233 34353637 38396162 63646566\n"
	    "\tA: hmac-sha512  30313233 34353637 38396162 63646566 30313233 34353637 38396162 63646566\n"
	    " 30313233 34353637 38396162 63646566 30313233 34353637 38396162 63646566\n"
	    "\tseq=0x00000000 replay=32 flags=0x00000040 state=mature \n"
	    "\tcreated: Nov 24 16:00:00 2025\tcurrent: Nov 24 16:00:05 2025\n"
	    "\tdiff: 5(s)\thard: 100(s)\tsoft: 80(s)\n"
	    "\tlast: Nov 24 16:00:01 2025\thard: 0(s)\tsoft: 0(s)\n"
	    "\tcurrent: 252(bytes)\thard: 0(bytes)\tsoft: 0(bytes)\n"
	    "\tallocated: 3\thard: 0\tsoft: 0\n"
	    "\tsadb_seq=0 pid=1234 refcnt=0\n");
	assert_string_equal(shown(show_sa_line, &o), "0005 esp M 00001000   5/100 192.0.2.1[4500] -> 192.0.2.2[4500] \n");
	o.old = false;		/* a key is one line, and so is IPComp's algorithm: who reads line by line goes wrong otherwise */
	assert_non_null(strstr(shown(show_sa, &o), "\n\tA: hmac-sha512  30313233 34353637 38396162 63646566 30313233 34353637 38396162 63646566 "
	    "30313233 34353637 38396162 63646566 30313233 34353637 38396162 63646566\n\tseq="));
	back.sa.state = SADB_SASTATE_DEAD;
	assert_string_equal(shown(show_sa, &o), "");

	f = open_memstream(&text, &n);
	assert_true(show_sa_json(f, &back));
	show_message(f, &back, 96);
	fclose(f);
	assert_non_null(strstr(text, "\"spi\":4096,\"reqid\":5,\"encryption\":\"aes-cbc\",\"authentication\":\"hmac-sha512\""));
	assert_null(strstr(text, "30313233"));
	assert_null(strstr(text, "0123456789abcdef"));
	free(text);
	assert_true(encode("add 192.0.2.1 192.0.2.2 ipcomp 0x300 -m transport -C deflate;"));
	for (unsigned old = 0; old < 2; old++) {
		const char *want = old ? "192.0.2.1 192.0.2.2 \n\tipcomp mode=transport spi=768(0x00000300) reqid=0(0x00000000)\n\tC: deflate \tseq=" :
		    "192.0.2.1 192.0.2.2 \n\tipcomp mode=transport spi=768(0x00000300) reqid=0(0x00000000)\n\tC: deflate \n\tseq=";

		o.old = old;
		assert_int_equal(strncmp(shown(show_sa, &o), want, strlen(want)), 0);
	}
	assert_true(encode("spdadd 10.0.1.0/24 10.0.2.0/24[25] tcp -P out ipsec esp/tunnel/192.0.2.1-192.0.2.2/unique:5;"));
	f = open_memstream(&text, &n);
	assert_true(show_policy_json(f, &back));
	fclose(f);
	assert_non_null(strstr(text, "\"source\":\"10.0.1.0/24\",\"destination\":\"10.0.2.0/24\",\"protocol\":6,\"source_port\":0,\"destination_port\":25,\"direction\":\"out\""));
	assert_non_null(strstr(text, "\"level\":\"unique\",\"reqid\":5"));
	assert_non_null(strstr(text, "\"last_used\":null,\"packets\":null,\"bytes\":null,\"dropped\":null,"));
	free(text);
	back.has |= PFKEY_HAS(CW_EXT_STATS);
	back.stats = (struct pfkey_stats){ .packets = 10, .bytes = 840, .other = 3 };
	f = open_memstream(&text, &n);
	assert_true(show_policy_json(f, &back));
	fclose(f);
	assert_non_null(strstr(text, "\"packets\":10,\"bytes\":840,\"dropped\":3,"));
	free(text);
}

/* ipsec_set_policy(3): set and dump are each other's inverse, and lengths are those of the host's layout. */
static void
test_ipsec_policy(void **state)
{
	static const struct { const char *text; int n; } rows[] = {
		{ "in bypass", 16 }, { "out ipsec esp/transport//require", 32 }, { "out entrust", 16 },
		{ "in ipsec esp/tunnel/10.0.0.1-10.0.0.2/unique:7 ah/transport//use", 80 }, { "out ipsec esp/tunnel/::1-::2/use", 88 },
	};
	static const struct { const char *text, *error; } bad[] = {
		{ "in", "Too few arguments" }, { "on bypass", "Invalid direction" }, { "in ipsec esp", "Too few arguments" },
		{ "in ipsec esp/tunnel//use", "Invalid address specification" }, { "in ipsec esp/tunnel/::1-1.1.1.1/use", "Family mismatch" },
	};
	char nonsense[16] = { 2, 0, SADB_EXT_SA }, short_one[8] = { 1, 0, SADB_X_EXT_POLICY };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *p = ipsec_set_policy(rows[i].text, (int)strlen(rows[i].text)), *text;

		assert_non_null(p);
		assert_int_equal(ipsec_get_policylen(p), rows[i].n);
		assert_non_null(text = ipsec_dump_policy(p, NULL));
		assert_string_equal(text, rows[i].text);
		assert_string_equal(ipsec_strerror(), "Success");
		free(text);
		free(p);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(ipsec_set_policy(bad[i].text, (int)strlen(bad[i].text)));
		assert_string_equal(ipsec_strerror(), bad[i].error);
	}
	assert_null(ipsec_dump_policy(nonsense, NULL));
	assert_null(ipsec_dump_policy(short_one, NULL));
	assert_null(ipsec_dump_policy(NULL, NULL));
	assert_string_equal(ipsec_strerror(), "Invalid security policy");
}

/* Several at once, each with words of its own; *arg: what came out wrong. */
static void *
parsing(void *arg)
{
	static const char *const good[] = {
		"in ipsec esp/tunnel/192.0.2.1-192.0.2.2/require", "out prio high + 5 none", "fwd ipsec ah/transport/::1-::2/default", "out discard",
	};
	static const struct { const char *text, *error; } bad[] = {
		{ "on bypass", "Invalid direction" }, { "in ipsec esp", "Too few arguments" }, { "in ipsec esp/tunnel//use", "Invalid address specification" },
		{ "in ipsec esp/tunnel/::1-1.1.1.1/use", "Family mismatch" },
	};
	unsigned *wrong = arg, me = *wrong;

	*wrong = 0;
	for (unsigned i = 0; i < 20000; i++) {
		struct poltext_error pe;
		struct pfkey_policy p;
		char text[200];

		if (!poltext_parse(bytes_of(good[me], strlen(good[me])), &p, &pe) || !poltext_print(&p, NULL, false, text, sizeof(text)) ||
		    strcmp(text, good[me]) != 0)
			++*wrong;
		if (ipsec_set_policy(bad[me].text, (int)strlen(bad[me].text)) || strcmp(ipsec_strerror(), bad[me].error) != 0)
			++*wrong;
	}
	return NULL;
}

/* The policy parser has no state but its arguments', its errors are each thread's own, and a library says nothing on anybody's standard error. */
static void
test_reentrant(void **state)
{
	unsigned wrong[4];
	pthread_t id[4];
	int v[2], was = dup(STDERR_FILENO);
	char said[16];

	assert_int_equal(pipe2(v, O_NONBLOCK), 0);
	assert_true(was >= 0 && dup2(v[1], STDERR_FILENO) >= 0);
	for (unsigned i = 0; i < 4; i++) {
		wrong[i] = i;
		assert_int_equal(pthread_create(&id[i], NULL, parsing, &wrong[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	dup2(was, STDERR_FILENO);
	close(was);
	close(v[1]);
	assert_int_equal(read(v[0], said, sizeof(said)), 0);
	close(v[0]);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(wrong[i], 0);
}

static void
test_forward_twin(void **state)
{
	assert_true(encode("spdadd 10.0.1.0/24 10.0.2.0/24 any -P in ipsec esp/tunnel/192.0.2.1-192.0.2.2/unique:5;"));
	message_to_fwd(&back);
	assert_int_equal(back.policy.dir, CW_DIR_FWD);
	assert_int_equal(back.policy.req[0].level, CW_LEVEL_REQUIRE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iface),
		cmocka_unit_test(test_faq), cmocka_unit_test(test_forms), cmocka_unit_test(test_values), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_going_on), cmocka_unit_test(test_keys_are_masked), cmocka_unit_test(test_policies), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_every_refusal), cmocka_unit_test(test_reentrant),
		cmocka_unit_test(test_old_forms), cmocka_unit_test(test_dump_layout), cmocka_unit_test(test_forward_twin), cmocka_unit_test(test_ipsec_policy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
