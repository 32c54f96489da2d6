/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every name of an algorithm that setkey's manuals have, in each protocol that it may stand in, through setkey's language and messages into the
 * engine: it is done; or done with the switch "legacy", and without it refused with the switch's name; or refused by name, with the reason.
 */
#include "core_rig.h"
#include "setkey.h"

static unsigned
no_hosts(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why)
{
	(void)name; (void)fam; (void)v; (void)cap;
	*why = "";
	return 0;
}

static int none(const char *name) { (void)name; return -1; }
static const struct names names = { no_hosts, none, none };

enum outcome { DONE, WEAK, NEVER };
struct row {
	const char	*name;
	unsigned	 octets;	/* of its key */
	struct { enum outcome is; const char *why; } in[3];
};
#define D	{ DONE, NULL }
#define W(n)	{ WEAK, n " is weak" }
#define N(why)	{ NEVER, why }
#define OLD	{ WEAK, "esp-old is weak" }
#define AHOLD	{ WEAK, "ah-old is weak" }

/* In esp, with something to authenticate by where the algorithm does not itself; in esp-old. */
static const struct row ciphers[] = {
	{ "des-cbc", 8, { W("des-cbc"), OLD } },
	{ "des-32iv", 8, { N("des-32iv is for esp-old only"), OLD } },
	{ "des-deriv", 8, { N("des-deriv is not supported"), N("des-deriv is not for esp-old") } },
	{ "3des-cbc", 24, { W("3des-cbc"), OLD } },
	{ "3des-deriv", 24, { N("3des-deriv is not done"), N("3des-deriv is not done") } },
	{ "null", 0, { D, N("null is none") } },
	{ "simple", 0, { D, N("simple is none") } },
	{ "blowfish-cbc", 16, { W("blowfish-cbc"), OLD } },
	{ "cast128-cbc", 16, { W("cast128-cbc"), OLD } },
	{ "rijndael-cbc", 16, { D, OLD } },
	{ "aes-cbc", 32, { D, OLD } },
	{ "twofish-cbc", 32, { N("does not do twofish-cbc"), N("does not do twofish-cbc") } },
	{ "aes-ctr", 20, { D, N("aes-ctr is none") } },
	{ "camellia-cbc", 24, { D, OLD } },
	{ "aes-gcm-16", 20, { D, N("aes-gcm-16 is none") } },
	{ "aes-gmac", 36, { D, N("aes-gmac is none") } },
	{ "chacha20-poly1305", 36, { D, N("chacha20-poly1305 is none") } },
	{ "rc5-cbc", 16, { N("rc5-cbc is not done"), N("rc5-cbc is not done") } },
	{ "skipjack", 10, { N("skipjack is not done"), N("skipjack is not done") } },
};
/* In esp with AES-CBC, in ah, in ah-old. */
static const struct row macs[] = {
	{ "hmac-md5", 16, { W("hmac-md5"), W("hmac-md5"), AHOLD } },
	{ "hmac-sha1", 20, { D, D, AHOLD } },
	{ "keyed-md5", 16, { W("keyed-md5"), W("keyed-md5"), AHOLD } },
	{ "keyed-sha1", 20, { W("keyed-sha1"), W("keyed-sha1"), AHOLD } },
	{ "null", 0, { { WEAK, "ESP without authentication can be forged" }, N("AH does nothing but authenticate"), AHOLD } },
	{ "hmac-sha256", 32, { D, D, AHOLD } },
	{ "hmac-sha2-256", 32, { D, D, AHOLD } },
	{ "hmac-sha384", 48, { D, D, AHOLD } },
	{ "hmac-sha2-384", 48, { D, D, AHOLD } },
	{ "hmac-sha512", 64, { D, D, AHOLD } },
	{ "hmac-sha2-512", 64, { D, D, AHOLD } },
	{ "hmac-ripemd160", 20, { W("hmac-ripemd160"), W("hmac-ripemd160"), AHOLD } },
	{ "aes-xcbc-mac", 16, { D, D, AHOLD } },
	{ "hmac-sha256-96", 32, { D, D, AHOLD } },
	{ "aes-cmac", 16, { D, D, AHOLD } },
	{ "aes-128-gmac", 20, { N("is for AH"), D, N("goes by the sequence number") } },
	{ "aes-192-gmac", 28, { N("is for AH"), D, N("goes by the sequence number") } },
	{ "aes-256-gmac", 36, { N("is for AH"), D, N("goes by the sequence number") } },
	{ "tcp-md5", 16, { N("does not do tcp-md5"), N("does not do tcp-md5"), N("does not do tcp-md5") } },
};
static const struct row codecs[] = {
	{ "deflate", 0, { D } },
	{ "lzs", 0, { N("lzs is not done") } },
	{ "lzjh", 0, { N("lzjh is not done") } },
	{ "oui", 0, { N("oui is not done") } },
};
#define ROWS(v)	(sizeof(v) / sizeof((v)[0]))

static void
registered(struct host *h, struct engine *g)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = CW_HELLO_VERSION;
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	*g = (struct engine){ .greeted = true, .known = true, .old = m.hello_features & CW_FEAT_OLD, .auth = m.algs_auth, .enc = m.algs_encrypt };
	assert_true(g->old);
}

/* As setkey does it. Empty: the engine took it; else what setkey says. */
static const char *
say(struct host *h, const char *text)
{
	static struct lang_error e;
	static struct cmd c;
	struct engine g;
	struct pfkey_msg m;
	size_t i = 0;
	int err;

	registered(h, &g);
	e.hint[0] = '\0';
	if (lang_parse(bytes_of(text, strlen(text)), &i, &names, &c, &e) != 1)
		return e.hint;
	if (!cmd_message(&c, &c.src.v[0], &c.dst.v[0], &g, &m, &e))
		return e.hint;
	err = rig_call(h, 0, &m);
	if (err == 0)
		return "";
	cmd_refused(&c, err, &g, &e);
	return e.hint;
}

static void
expect(struct host *h, const char *text, enum outcome is, const char *why)
{
	for (unsigned legacy = 0; legacy < 2; legacy++) {
		bool taken = is == DONE || (is == WEAK && legacy);
		const char *said;

		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, legacy), 0);
		said = say(h, text);
		if (taken != (said[0] == '\0'))
			fail_msg("%s legacy %u: %s", text, legacy, said[0] ? said : "taken");
		if (!taken && legacy == (is == NEVER) && !strstr(said, why))
			fail_msg("%s legacy %u: %s; not: %s", text, legacy, said, why);
		if (is == WEAK && !taken && !strstr(said, "net.causeway.legacy=1"))
			fail_msg("%s: %s; it does not name the switch", text, said);
		say(h, "flush;");
	}
}

static const char *
key(unsigned octets)
{
	static char text[160];

	snprintf(text, sizeof(text), "0x%0*d", (int)octets * 2, 7);
	return octets ? text : "";
}

static bool
is_aead(const char *name)
{
	return strstr(name, "gcm") || strstr(name, "gmac") || strstr(name, "poly1305");
}

static void
in_esp(void **state)
{
	struct host *h = rig_new();
	char text[400];

	for (unsigned i = 0; i < ROWS(ciphers); i++) {
		const struct row *r = &ciphers[i];

		snprintf(text, sizeof(text), "add 20.0.0.1 20.0.0.2 esp 0x1000 -m tunnel -E %s %s %s;", r->name, key(r->octets),
		    is_aead(r->name) ? "" : "-A hmac-sha1 0x0000000000000000000000000000000000000007");
		expect(h, text, r->in[0].is, r->in[0].why);
		snprintf(text, sizeof(text), "add 20.0.0.1 20.0.0.2 esp-old 0x1000 -m tunnel -E %s %s;", r->name, key(r->octets));
		expect(h, text, r->in[1].is, r->in[1].why);
	}
	rig_free(h);
}

static void
by_a_mac(void **state)
{
	static const char *const front[] = { "esp 0x1000 -E aes-cbc 0x00000000000000000000000000000007", "ah 0x1000", "ah-old 0x1000" };
	struct host *h = rig_new();
	char text[400];

	for (unsigned i = 0; i < ROWS(macs); i++)
		for (unsigned k = 0; k < 3; k++) {
			snprintf(text, sizeof(text), "add 20.0.0.1 20.0.0.2 %s -A %s %s;", front[k], macs[i].name, key(macs[i].octets));
			expect(h, text, macs[i].in[k].is, macs[i].in[k].why);
		}
	expect(h, "add 20.0.0.1 20.0.0.2 esp-old 0x1000 -E des-cbc 0x0000000000000007 -A hmac-md5 0x00000000000000000000000000000007;", NEVER,
	    "esp-old has no ICV");
	expect(h, "add 20.0.0.1 20.0.0.2 tcp 0x1000 -A tcp-md5 \"secret\";", NEVER, "does not do TCP-MD5");
	rig_free(h);
}

static void
compressed(void **state)
{
	struct host *h = rig_new();
	char text[400];

	for (unsigned i = 0; i < ROWS(codecs); i++) {
		snprintf(text, sizeof(text), "add 20.0.0.1 20.0.0.2 ipcomp 0x1000 -C %s;", codecs[i].name);
		expect(h, text, codecs[i].in[0].is, codecs[i].in[0].why);
	}
	rig_free(h);
}

/* No name that setkey knows is missing above. */
static bool
stands(const struct row *v, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return true;
	return false;
}

static void
every_name(void **state)
{
	const char *const *v;

	for (v = algo_names(ALG_ENC); *v; v++)
		if (!stands(ciphers, ROWS(ciphers), *v))
			fail_msg("-E %s", *v);
	for (v = algo_names(ALG_AUTH); *v; v++)
		if (!stands(macs, ROWS(macs), *v))
			fail_msg("-A %s", *v);
	for (v = algo_names(ALG_COMP); *v; v++)
		if (!stands(codecs, ROWS(codecs), *v))
			fail_msg("-C %s", *v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_esp), cmocka_unit_test(by_a_mac), cmocka_unit_test(compressed), cmocka_unit_test(every_name),
	};

	host_legacy_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
