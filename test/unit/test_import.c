/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ikectl import: realistic files of each format (those of the fuzz corpus) become a site file that the parser of site files takes, with what
 * was lost named by file and line; secrets find their tunnels and are not in the text. What export-peer writes is read back as it was.
 */
#include "test.h"

#include "compare.h"
#include "export.h"
#include "import.h"
#include "site.h"

struct files { char *first, *second, *third; };

/* A file of the corpus without its first octet, in its parts. */
static char *
load(const char *name, struct files *f)
{
	const char *top = getenv("top_srcdir");
	char path[4096], *text = calloc(1, 1 << 16), *cut;
	FILE *in;

	snprintf(path, sizeof(path), "%s/test/fuzz/corpus/import/%s", top ? top : ".", name);
	in = fopen(path, "r");
	if (!in || !text)
		fail_msg("%s is not there", path);
	assert_true(fread(text, 1, (1 << 16) - 1, in) > 0);
	fclose(in);
	f->first = text + 1;
	f->second = (cut = strstr(f->first, "\n%%\n")) ? cut + 4 : NULL;
	if (cut)
		cut[1] = '\0';
	f->third = f->second && (cut = strstr(f->second, "\n%%\n")) ? cut + 4 : NULL;
	if (cut)
		cut[1] = '\0';
	return text;
}

struct result { char *text; struct imp *m; struct sites *sites; };

static struct result
finish(struct imp *m)
{
	struct result r = { .m = m };
	struct yt_error err;
	size_t n;
	FILE *f = open_memstream(&r.text, &n);

	assert_true(imp_emit(m, f));
	fclose(f);
	r.sites = sites_read(r.text, n, false, &err);
	if (!r.sites)
		fail_msg("%u:%u: %s\n%s", err.line, err.column, err.message, r.text);
	return r;
}

static void
result_free(struct result *r)
{
	sites_free(r->sites);
	imp_free(r->m);
	free(r->text);
}

static void
has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in:\n%s", what, text);
}

static void
has_not(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("'%s' is in:\n%s", what, text);
}

static void
secret_is(const struct result *r, const char *conn, const char *want)
{
	for (const struct imp_conn *c = r->m->conns; c; c = c->next)
		if (strcmp(c->name, conn) == 0) {
			assert_int_equal(c->has_secret, want != NULL);
			if (want)
				assert_true(secret_eq(&c->secret, bytes_of(want, strlen(want))));
			return;
		}
	fail_msg("there is no connection %s", conn);
}

static void
test_swanctl(void **state)
{
	struct files f;
	char *text = load("swanctl-net", &f);
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "swanctl.conf";
	imp_swanctl(m, f.first, strlen(f.first));
	r = finish(m);
	has(r.text, "  hq:\n    address: \"192.0.2.1\"\n    networks: [\"10.1.0.0/16\", \"10.2.0.0/16\"]\n    id: \"fqdn:hq.example.org\"\n");
	has(r.text, "  oslo:\n    address: \"198.51.100.7\"\n    networks: [\"10.7.0.0/24\", \"10.7.1.0/24\"]\n");
	has(r.text, "  branch-oslo:\n    between: [hq, oslo]\n    auth: {psk: branch-oslo}\n    ike: [aes256gcm16-prfsha384-ecp384, aes256-sha256-modp2048]\n"
	    "    esp: [aes256gcm16-ecp384]\n    start: on-demand\n    encapsulation: udp\n    ike_lifetime: 14400s\n    child_lifetime: 3600s\n"
	    "    child_bytes: 500000000\n    child_packets: 1000000\n    replay_window: 128\n");
	has(r.text, "    id: \"dn:C=IT, O=Example, CN=rome\"\n");
	has(r.text, "      hq: {trust: exampleca}\n");
	has(r.text, "    id: \"key:0x00ff\"\n");
	has(r.text, "#  swanctl.conf:8: the algorithm '3des' is weak");
	has(r.text, "#  swanctl.conf:31: connection 'branch-oslo', child 'lan': updown is not carried over\n");
	has(r.text, "#  swanctl.conf:42: version = 1");
	has(r.text, "    address: \"rome.example.org\"\n");
	has(r.text, "the connection 'roadwarriors' is left out: it uses a kind of authentication for single users");
	has(r.text, "connection 'hosts' is transport mode");
	has(r.text, "include conf.d/*.conf: import that file by itself");
	has(r.text, "this gateway has several addresses or identities, so it is several sites (hq, gateway)");
	has_not(r.text, "quoted");
	has_not(r.text, "knows me");
	secret_is(&r, "branch-oslo", "a \"quoted\" secret # 1");
	secret_is(&r, "hosts", "everybody knows me");
	secret_is(&r, "branch-rome", NULL);
	result_free(&r);
	free(text);
}

static void
test_ipsec(void **state)
{
	struct files f;
	char *text = load("ipsec-libreswan", &f);
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "ipsec.conf";
	imp_ipsecconf(m, f.first, strlen(f.first));
	m->file = "ipsec.secrets";
	imp_ipsecsecrets(m, f.second, strlen(f.second));
	r = finish(m);
	has(r.text, "  west:\n    address: \"203.0.113.1\"\n    networks: [\"10.0.1.0/24\", \"10.0.2.0/24\", \"203.0.113.1/32\"]\n    id: \"fqdn:west\"\n");
	has(r.text, "  west-east:\n    between: [west, east]\n    auth: {psk: west-east}\n"
	    "    ike: [aes256gcm16-prfsha512-ecp384, aes256-sha256-sha512-modp2048-ecp256]\n"
	    "    esp: [aes256gcm16-ecp384-modp2048-ecp256-none, aes128-sha256-modp2048]\n    start: always\n    encapsulation: udp\n");
	has(r.text, "    child_bytes: 1048576\n");
	has(r.text, "connection 'west-east': child_bytes is 1048576 instead of 100000");
	has(r.text, "#  ipsec.conf:35: connection 'west-north' is IKEv1");
	has(r.text, "  cert-south:\n    between: [gateway, cert-south]\n");
	has(r.text, "the file does not say this gateway's address");
	has(r.text, "the connection 'clear' is left out");
	has(r.text, "#  ipsec.conf:71: also=nothing: there is no such connection\n");
	has(r.text, "'left' is taken as this gateway");
	secret_is(&r, "west-east", "west and east");
	secret_is(&r, "west-north", "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20");
	has_not(r.text, "west and east");
	result_free(&r);
	free(text);
}

/* Children keep their networks, a connection between the same two becomes one, and what a site file refuses is left out. */
static void
test_children(void **state)
{
	static const char text[] = "connections { a { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n local { auth = psk }\n remote { auth = psk }\n"
	    " children { lan { local_ts = 10.1.0.0/16, 10.3.0.0/16\n remote_ts = 10.2.0.0/16 }\n voice { local_ts = 10.1.9.0/24\n remote_ts = 10.2.9.0/24 }\n"
	    " again { local_ts = 10.1.9.0/24\n remote_ts = 10.2.9.0/24 } } }\n"
	    " b { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n local { auth = psk }\n remote { auth = psk }\n"
	    " children { lan { local_ts = 10.5.0.0/16\n remote_ts = 10.6.0.0/16 } } }\n"
	    " c { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.3\n local { auth = psk }\n remote { auth = psk }\n"
	    " children { net { local_ts = 10.1.9.0/24\n remote_ts = 10.7.0.0/16 } } }\n"
	    " d { local_addrs = 192.0.2.7\n remote_addrs = 192.0.2.8\n local { auth = psk }\n remote { auth = psk }\n"
	    " children { part { local_ts = 10.1.9.0/24\n remote_ts = 10.8.0.0/16 } } }\n"
	    " e { local_addrs = 192.0.2.7\n remote_addrs = 192.0.2.9\n local { auth = psk }\n remote { auth = psk }\n"
	    " children { net { local_ts = 10.1.0.0/16\n remote_ts = 10.9.0.0/16 } } } }\n";
	const struct site_tunnel *t;
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "swanctl.conf";
	imp_swanctl(m, text, sizeof(text) - 1);
	r = finish(m);
	has(r.text, "      lan: {gateway: [\"10.1.0.0/16\", \"10.3.0.0/16\"], a: [\"10.2.0.0/16\"]}\n      voice: {gateway: [\"10.1.9.0/24\"], a: [\"10.2.9.0/24\"]}\n"
	    "      lan-2: {gateway: [\"10.5.0.0/16\"], a: [\"10.6.0.0/16\"]}\n");
	has(r.text, "tunnel 'a': the child 'again' is left out");
	has(r.text, "      net: {gateway: [\"10.1.9.0/24\"], c: [\"10.7.0.0/16\"]}\n");
	has_not(r.text, "joins all");
	has(r.text, "      part: {gateway-2: [\"10.1.9.0/24\"], d: [\"10.8.0.0/16\"]}\n");	/* one network of one, and narrower */
	t = sites_find_tunnel(r.sites, "a");
	assert_non_null(t);
	assert_int_equal(t->nchildren, 3);
	result_free(&r);
}

/* What is not understood may be a secret: of its line only the first word is told. */
static void
test_iked_secrets(void **state)
{
	static const char text[] = "user \"jo\" \"swordfish\"\nradius secret swordfish\nikev2 \"s\" active esp from 10.1.0.0/24 to 10.2.0.0/24 "
	    "local 192.0.2.1 peer GW.example.org srcid a dstid b psk \"swordfish\"\n";
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "iked.conf";
	imp_ikedconf(m, text, sizeof(text) - 1);
	r = finish(m);
	has(r.text, "#  iked.conf:1: user: names and passwords of single users are not carried over");
	has(r.text, "#  iked.conf:2: 'radius' begins no statement that is understood: its line is left out");
	has(r.text, "    address: \"gw.example.org\"\n");
	has_not(r.text, "swordfish");
	secret_is(&r, "s", "swordfish");
	result_free(&r);
}

static void
test_iked(void **state)
{
	struct files f;
	char *text = load("iked-plain", &f);
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "iked.conf";
	imp_ikedconf(m, f.first, strlen(f.first));
	r = finish(m);
	has(r.text, "  west:\n    between: [hq, oslo]\n    auth: {psk: west}\n    ike: [aes256gcm16-prfsha384-x25519, aes256-prfsha256-sha256-modp2048]\n"
	    "    esp: [aes256gcm16-x25519-esn, aes128-sha256-none]\n    start: always\n    ike_lifetime: 14400s\n    child_lifetime: 3600s\n"
	    "    child_bytes: 524288000\n");
	has(r.text, "    networks: [\"10.1.0.0/16\", \"10.2.0.0/16\"]\n");
	has(r.text, "    id: \"dn:C=IT, O=Example, CN=rome\"\n");
	has(r.text, "      certs: {trust: ca}\n    policy: compatible\n    start: respond-only\n    encapsulation: udp\n");
	has(r.text, "#  iked.conf:23: the pre-shared key is in the file /etc/iked/psk");
	has(r.text, "the connection 'rw' is left out: AH\n");
	has(r.text, "translation of '10.3.0.0/16' to '10.99.0.0/16' is not carried over");
	has(r.text, "the macro '$unknown' is not defined");
	secret_is(&r, "west", "Don't panic");
	secret_is(&r, "nat", "ab");
	has_not(r.text, "panic");
	result_free(&r);
	free(text);
}

static void
test_racoon(void **state)
{
	struct files f;
	char *text = load("racoon-net", &f);
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "setkey.conf";
	imp_setkey(m, f.first, strlen(f.first));
	m->file = "racoon.conf";
	imp_racoon(m, f.second, strlen(f.second));
	m->file = "psk.txt";
	imp_psktxt(m, f.third, strlen(f.third));
	r = finish(m);
	has(r.text, "  tokyo:\n    address: \"20.0.0.1\"\n    networks: [\"10.0.1.0/24\"]\n    id: \"fqdn:tokyo.example.org\"\n");
	has(r.text, "    id: \"email:ny@example.org\"\n");
	has(r.text, "    auth: {psk: 20-0-0-1-20-0-0-2}\n    ike: [aes256-sha256-modp2048]\n    esp: [modp2048-aes256-sha256]\n    start: on-demand\n"
	    "    encapsulation: udp\n    ike_lifetime: 600s\n    child_lifetime: 43200s\n");
	has(r.text, "    ike: [aes128-sha512-modp3072]\n    esp: [aes128-sha512]\n    start: respond-only\n");
	has(r.text, "#  racoon.conf: racoon speaks IKEv1");
	has(r.text, "#  racoon.conf:28: the algorithm '3des' is weak");
	has(r.text, "#  racoon.conf:46: the algorithm 'blowfish448' is not one of Causeway's");
	has(r.text, "#  racoon.conf:42: remote 20.0.0.78: no policy of setkey's has this endpoint");
	has(r.text, "#  setkey.conf:13: an SA with a key in the file");
	has(r.text, "#  setkey.conf:12: a policy that is not understood is left out\n");
	secret_is(&r, "20.0.0.1-20.0.0.2", "tokyo to ny");	/* by the address, as in main mode; it is the first of the two that fit */
	has_not(r.text, "0123456789abcdef");
	result_free(&r);
	free(text);
}

/* What a site file would not take is left out with the reason, and the rest stands. */
static void
test_refusals(void **state)
{
	static const char text[] =
	    "connections {\n"
	    " one { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n children { c { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16, 10.1.7.0/24 } } }\n"
	    " two { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.3\n children { c { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16 } } }\n"
	    " three { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n children { c { local_ts = 10.3.0.0/16\n remote_ts = 10.4.0.0/16 } } }\n"
	    " four { local_addrs = 192.0.2.1\n remote_addrs = 2001:db8::1\n }\n"
	    " five { remote_addrs = %any\n }\n"
	    " six { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.6\n children { c { local_ts = 10.2.0.0/17\n remote_ts = 10.6.0.0/16 } } }\n"
	    " seven { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.7\n children { c { local_ts = 10.1.0.0/16\n remote_ts = fd00::/64 } } }\n"
	    "}\n";
	struct imp *m = imp_new();
	struct result r;

	(void)state;
	m->file = "f";
	imp_swanctl(m, text, sizeof(text) - 1);
	r = finish(m);
	assert_int_equal(r.sites->ntunnels, 1);
	has(r.text, "the network 10.1.7.0/24 of the peer overlaps one of this gateway's");
	has(r.text, "the connection 'two' is left out: another connection joins the same two networks");
	has(r.text, "connection 'three' becomes part of the tunnel 'one'");
	has(r.text, "    networks: [\"10.1.0.0/16\", \"10.3.0.0/16\"]\n");
	has(r.text, "the connection 'four' is left out: its two addresses are the same, or of different families");
	has(r.text, "the connection 'five' is left out: neither end has an address");
	has(r.text, "the connection 'six' is left out: a network of one end, as all its connections together have them, overlaps");
	has(r.text, "the connection 'seven' is left out: no pair of networks remains");
	result_free(&r);
}

static void
test_nothing(void **state)
{
	struct imp *m = imp_new();
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	imp_swanctl(m, "", 0);
	imp_ipsecconf(m, "", 0);
	imp_ipsecsecrets(m, "", 0);
	imp_ikedconf(m, "", 0);
	imp_setkey(m, "", 0);
	imp_racoon(m, "", 0);
	imp_psktxt(m, "", 0);
	assert_false(imp_emit(m, f));
	fclose(f);
	assert_string_equal(text, "");
	free(text);
	imp_free(m);
}

static void
test_secret_file(void **state)
{
	static const struct { const char *secret, *file; } cases[] = { { "plain", "plain\n" }, { "with blank", "hex:7769746820626c616e6b\n" },
		{ "hex:12", "hex:6865783a3132\n" }, { "base64:", "hex:6261736536343a\n" }, { "\n", "hex:0a\n" } };
	char out[2 * SECRET_CAP + 8];
	struct secret s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n;

		memset(&s, 0, sizeof(s));
		assert_true(secret_set(&s, bytes_of(cases[i].secret, strlen(cases[i].secret))));
		n = imp_secret_file(&s, out, sizeof(out));
		assert_int_equal(n, strlen(cases[i].file));
		assert_memory_equal(out, cases[i].file, n);
		assert_int_equal(imp_secret_file(&s, out, 3), 0);
		secret_wipe(&s);
	}
}

/* ---- what export-peer writes ---- */

static char told[2048];

static void
on_field(void *arg, const char *field, const char *here, const char *there)
{
	(void)arg, (void)here, (void)there;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s ", field);
}

static void
back(enum export_for what, void (*decode)(struct imp *, const char *, size_t), const char *site, const char *differs)
{
	const struct compare_sink sink = { NULL, NULL, on_field };
	struct yt_error err;
	struct sites *all = sites_read(site, strlen(site), false, &err);
	struct imp *m = imp_new();
	struct result r;
	char *text;

	assert_non_null(all);
	text = export_peer(what, all, &all->tunnels[0], "tokyo");
	decode(m, text, strlen(text));
	r = finish(m);
	told[0] = '\0';
	compare_tunnel(all, &all->tunnels[0], r.sites, sites_find_tunnel(r.sites, "tokyo-newyork"), &sink);
	if (strcmp(told, differs) != 0)
		fail_msg("differs: %s\n%s\n%s", told, text, r.text);
	free(text);
	result_free(&r);
	sites_free(all);
}

static void
test_exported(void **state)
{
	static const char site[] =
	    "version: 1\nsites:\n"
	    "  tokyo: {address: 20.0.0.1, networks: [10.0.1.0/24, 10.9.0.0/16]}\n"
	    "  newyork: {address: 20.0.0.2, networks: [10.0.2.0/24, \"fd00::/64\"]}\n"
	    "tunnels:\n"
	    "  tokyo-newyork: {between: [newyork, tokyo], auth: {psk: tokyo-newyork}, ike: [aes256gcm16-prfsha384-x25519-ecp384, aes128-sha256-prfsha256-modp3072],\n"
	    "    esp: [aes256gcm16-x25519-ecp384-noesn, aes128-sha256-modp3072-noesn], start: always, ike_lifetime: 4h, child_lifetime: 30m, child_bytes: 1GiB}\n";
	static const char plain[] =
	    "version: 1\nsites:\n"
	    "  tokyo: {address: 20.0.0.1, networks: [10.0.1.0/24]}\n"
	    "  newyork: {address: 20.0.0.2, networks: [10.0.2.0/24]}\n"
	    "tunnels:\n"
	    "  tokyo-newyork: {between: [newyork, tokyo], auth: {psk: tokyo-newyork}, policy: modern, start: always}\n   \n";
	char *demand = strdup(plain), *always = demand ? strstr(demand, "start: always") : NULL;

	(void)state;
	assert_non_null(always);
	memcpy(always, "start: on-demand}\n", sizeof("start: on-demand}\n"));
	/* Networks that have no partner of their family at the other end are not told: fd00::/64 is lost. */
	back(EXPORT_STRONGSWAN, imp_swanctl, site, "newyork.networks ");
	back(EXPORT_STRONGSWAN, imp_swanctl, plain, "");
	/* ipsec.conf has one "esn" for all, and no word for a PRF beside an integrity algorithm. */
	back(EXPORT_LIBRESWAN, imp_ipsecconf, plain, "");
	back(EXPORT_LIBRESWAN, imp_ipsecconf, site, "newyork.networks ike esp child_bytes ");
	back(EXPORT_STRONGSWAN, imp_swanctl, demand, "");
	back(EXPORT_LIBRESWAN, imp_ipsecconf, demand, "");
	back(EXPORT_OPENIKED, imp_ikedconf, plain, "");
	back(EXPORT_OPENIKED, imp_ikedconf, site, "newyork.networks ike ");
	free(demand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swanctl), cmocka_unit_test(test_ipsec), cmocka_unit_test(test_children), cmocka_unit_test(test_iked), cmocka_unit_test(test_iked_secrets), cmocka_unit_test(test_racoon),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_nothing), cmocka_unit_test(test_secret_file), cmocka_unit_test(test_exported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
