/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export-peer and compare: our own form reads back to the same digest; the others hold every value, escaped, and no secret; what they
 * cannot say is at the head. Whether the daemons of other makers take their files is test/interop's to prove.
 */
#include "test.h"

#include "compare.h"
#include "export.h"

#define SPKI	"MCowBQYDK2VwAyEAiSPBL6OumaIw8eCcBX4B8tXwEMsLW7HnKMAwwqzdltw="

static const char text[] =
    "version: 1\n"
    "trust:\n"
    "  ca: {revocation: strict, crl: [\"http://ca.example.org/ca.crl?a=1&b=2\", \"file:///srv/ca.crl\"], ocsp: \"http://ocsp.example.org\"}\n"
    "  old-ca: {revocation: off}\n"
    "sites:\n"
    "  a: {address: 192.0.2.1, networks: [10.0.1.0/24, 10.1.0.0/16, \"fd00:1::/64\"], auth: {certificate: a-gw, trust: ca}}\n"
    "  b: {address: 192.0.2.2, networks: [10.0.2.0/24, \"fd00:2::/64\"], id: 'dn:C=JP, O=Example, CN=b', auth: {trust: [ca, old-ca]}}\n"
    "  c: {address: 192.0.2.3, networks: [10.0.3.0/24], id: 'email:c@example.org', auth: {key: c-key, public_key: " SPKI "}}\n"
    "  d: {address: any, networks: [10.0.4.0/24], id: 'key:branch-4'}\n"
    "  e: {address: 192.0.2.5, networks: [10.0.5.0/24], id: 'fqdn:e\"q'}\n"
    "  f: {address: \"2001:db8::1\", networks: [\"fd00:6::/64\"], id: 'key:0x00ff'}\n"
    "  g: {address: \"2001:db8::2\", networks: [\"fd00:7::/64\"]}\n"
    "tunnels:\n"
    "  a-b: {between: [a, b], auth: sites, policy: modern, start: always}\n"
    "  a-c: {between: [c, a], auth: sites, policy: compatible, start: always}\n"
    "  a-d: {between: [a, d], auth: {psk: a-d-psk}, ike: [aes256gcm16-prfsha384-x25519-x448, aes256-sha256-modp2048], esp: [aes256-sha512-x25519-none-noesn,\n"
    "    aes192gcm16-esn], start: always, encapsulation: udp, ike_lifetime: 4h, ike_hard_lifetime: 5h, child_lifetime: 30m, child_hard_lifetime: 40m,\n"
    "    child_bytes: 1GiB, child_packets: 5000000, replay_window: 64}\n"
    "  a-e: {between: [a, e], auth: {a: {certificate: other, trust: ca}, e: {psk: e-psk}}, policy: modern, start: respond-only, encapsulation: esp}\n"
    "  f-g: {between: [f, g], auth: {f: {psk: one}, g: {psk: two}}, policy: modern, start: always}\n";

static struct sites *
must_read(const char *s)
{
	struct yt_error err;
	struct sites *all = sites_read(s, strlen(s), true, &err);

	if (!all)
		fail_msg("%s at %u:%u: %s\n%s", reason_row(err.reason)->name, err.line, err.column, err.message, s);
	return all;
}

static char *
export(const struct sites *all, enum export_for what, const char *tunnel, const char *here)
{
	char *out = export_peer(what, all, sites_find_tunnel(all, tunnel), here);

	assert_non_null(out);
	return out;
}

static void
has(const char *out, const char *what)
{
	if (!strstr(out, what))
		fail_msg("'%s' is not in:\n%s", what, out);
}

static void
has_not(const char *out, const char *what)
{
	if (strstr(out, what))
		fail_msg("'%s' is in:\n%s", what, out);
}

static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(export_find("causeway"), EXPORT_CAUSEWAY);
	assert_int_equal(export_find("fields"), EXPORT_FIELDS);
	assert_int_equal(export_find(""), -1);
	assert_int_equal(export_find("cisco"), -1);
}

/* The own form of each tunnel, written at each of its ends, is read back to the same definition. */
static void
test_own_form(void **state)
{
	struct sites *all = must_read(text);

	(void)state;
	for (unsigned i = 0; i < all->ntunnels; i++) {
		const struct site_tunnel *t = &all->tunnels[i], *u;

		for (unsigned k = 0; k < 2; k++) {
			char *out = export(all, EXPORT_CAUSEWAY, t->name, all->sites[k ? t->b : t->a].name);
			struct sites *back = must_read(out);

			assert_int_equal(back->ntunnels, 1);
			assert_int_equal(back->nsites, 2);
			u = sites_find_tunnel(back, t->name);
			assert_memory_equal(u->digest, t->digest, sizeof(t->digest));
			assert_int_equal(back->nrules, strcmp(t->name, "a-b") == 0 ? 2 : t->auth[0].ntrust || t->auth[1].ntrust ? 1 : 0);
			if (back->nrules) {
				const struct trust_rule *r = sites_find_rule(back, "ca"), *s = sites_find_rule(all, "ca");

				assert_int_equal(r->revocation, s->revocation);
				assert_int_equal(r->ncrls, s->ncrls);
				assert_string_equal(r->crls[0], s->crls[0]);
				assert_string_equal(r->crls[1], s->crls[1]);
				assert_string_equal(r->ocsp, s->ocsp);
			}
			sites_free(back);
			free(out);
		}
	}
	sites_free(all);
}

static void
test_strongswan(void **state)
{
	struct sites *all = must_read(text);
	char *out = export(all, EXPORT_STRONGSWAN, "a-d", "a");

	(void)state;
	has(out, "  a-d {\n    version = 2\n    remote_addrs = 192.0.2.1\n    encap = yes\n");
	has(out, "    proposals = aes256gcm16-prfsha384-x25519-x448, aes256-sha256-modp2048-prfsha256\n");
	has(out, "    rekey_time = 14400s\n    over_time = 3600s\n");
	has(out, "    local {\n      auth = psk\n      id = \"keyid:branch-4\"\n    }\n");
	has(out, "      id = \"fqdn:a\"\n");
	has(out, "        local_ts = 10.0.4.0/24\n        remote_ts = 10.0.1.0/24, 10.1.0.0/16\n");
	has(out, "        esp_proposals = aes256-sha512-x25519-noesn, aes192gcm16-esn, aes256-sha512-noesn\n");
	has(out, "        rekey_time = 1800s\n        life_time = 2400s\n        rekey_bytes = 1073741824\n        rekey_packets = 5000000\n");
	has(out, "        replay_window = 64\n        start_action = start\n        dpd_action = restart\n");
	has(out, "/etc/causeway/secrets/a-d-psk");
	has(out, "\n#    secret = \"\"\n");
	free(out);
	out = export(all, EXPORT_STRONGSWAN, "a-b", "a");
	has(out, "      certs = b.crt\n");
	has(out, "      id = \"C=JP, O=Example, CN=b\"\n");
	has(out, "      cacerts = ca.crt\n");
	has(out, "        local_ts = 10.0.2.0/24, fd00:2::/64\n");
	has(out, "        start_action = none\n");
	has_not(out, "secret =");
	free(out);
	out = export(all, EXPORT_STRONGSWAN, "a-c", "a");
	has(out, "id = \"email:c@example.org\"\n      pubkeys = c.pem\n");
	has(out, "#-----BEGIN PUBLIC KEY-----\n#" SPKI "\n#-----END PUBLIC KEY-----\n");
	has(out, "        start_action = start\n");
	free(out);
	out = export(all, EXPORT_STRONGSWAN, "a-e", "a");
	has(out, "id = \"fqdn:e\\\"q\"\n");
	free(out);
	out = export(all, EXPORT_STRONGSWAN, "f-g", "g");
	has(out, "id = \"keyid:#00ff\"");
	has(out, "    local_addrs = 2001:db8::1\n    remote_addrs = 2001:db8::2\n");
	has(out, "#  * the two ends have different pre-shared keys (one and two)");
	free(out);
	sites_free(all);
}

static void
test_libreswan(void **state)
{
	struct sites *all = must_read(text);
	char *out = export(all, EXPORT_LIBRESWAN, "a-d", "a");

	(void)state;
	has(out, "conn a-d\n  ikev2=insist\n  left=%defaultroute\n  leftid=\"@#6272616e63682d34\"\n  leftsubnet=10.0.4.0/24\n");
	has(out, "  right=192.0.2.1\n  rightid=\"@a\"\n  rightsubnet=10.0.1.0/24,10.1.0.0/16\n  authby=secret\n");
	has(out, "  ike=aes_gcm256-sha2_384-dh31,aes256-sha2_256-dh14\n");
	has(out, "#  * the algorithm x448: it is left out\n");
	has(out, "  esp=aes256-sha2_512;dh31,aes_gcm192\n  pfs=no\n  esn=either\n");
	has(out, "  ikelifetime=14400s\n  salifetime=1800s\n  replay-window=64\n  encapsulation=yes\n");
	has(out, "  dpdaction=restart\n  auto=start\n");
	has(out, "#  * several networks in one child before Libreswan 5.0");
	has(out, "#  @#6272616e63682d34 @a : PSK \"\"\n");
	free(out);
	out = export(all, EXPORT_LIBRESWAN, "a-b", "a");
	has(out, "  leftid=\"C=JP, O=Example, CN=b\"\n");
	has(out, "  leftcert=b\n  leftsendcert=always\n");
	has(out, "  esp=aes_gcm256;dh31+dh20,aes_gcm128;dh31+dh19+dh15\n  pfs=yes\n");
	has(out, "  rightca=\"%same\"\n  authby=rsa-sha2,ecdsa-sha2\n");
	has(out, "  dpdaction=clear\n  auto=add\n");
	has_not(out, "PSK");
	free(out);
	out = export(all, EXPORT_LIBRESWAN, "a-c", "a");
	has(out, "  esp=aes_gcm256;dh31+dh20,aes_gcm128;dh31+dh19+dh15,chacha20_poly1305;dh31+dh19+dh20+dh15+dh14,"
	    "aes256+aes128-sha2_256+sha2_384+sha2_512;dh31+dh19+dh20+dh15+dh14\n  pfs=yes\n");
	has(out, "#  * the ESP proposals without dh31, which are left out: all of them have to begin with one group there\n");
	free(out);
	out = export(all, EXPORT_LIBRESWAN, "a-e", "a");
	has(out, "#  * the identity of e, which has a quote in it: write 'leftid=' yourself\n");
	has_not(out, "\n  leftid=");
	has(out, "  leftauth=secret\n  rightauth=rsasig\n");
	has(out, "  encapsulation=no\n");
	free(out);
	sites_free(all);
}

static void
test_openiked(void **state)
{
	struct sites *all = must_read(text);
	char *out = export(all, EXPORT_OPENIKED, "a-d", "a");

	(void)state;
	has(out, "ikev2 \"a-d\" active esp \\\n\tfrom 10.0.4.0/24 to 10.0.1.0/24 \\\n\tfrom 10.0.4.0/24 to 10.1.0.0/16 \\\n\tpeer 192.0.2.1");
	has(out, "\tikesa enc aes-256-gcm prf hmac-sha2-384 group curve25519 \\\n\tikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 group modp2048");
	has(out, "\tchildsa enc aes-256 auth hmac-sha2-512 group curve25519 group none noesn \\\n\tchildsa enc aes-192-gcm esn");
	has(out, "#  * the IKE algorithm x448: it is left out\n");
	has(out, "#  * the identity key:branch-4 of d");
	has(out, "dstid \"a\" \\\n\tikelifetime 14400 lifetime 1800 bytes 1073741824 \\\n\tpsk $psk_a_d\n");
	has(out, "\n#psk_a_d = \"\"\n");
	free(out);
	out = export(all, EXPORT_OPENIKED, "a-b", "a");
	has(out, " passive esp");
	has(out, "srcid \"/C=JP/O=Example/CN=b\" dstid \"a\"");
	has(out, "from fd00:2::/64 to fd00:1::/64");
	has_not(out, "psk");
	free(out);
	out = export(all, EXPORT_OPENIKED, "a-e", "a");
	has(out, "a policy of OpenIKED has one of the two");
	has(out, "srcid \"e\\\"q\"");
	free(out);
	sites_free(all);
}

static void
test_fields(void **state)
{
	struct sites *all = must_read(text);
	char *out = export(all, EXPORT_FIELDS, "a-d", "a");

	(void)state;
	has(out, "Your address                 any (it changes; this end begins)\n");
	has(out, "Peer's networks              10.0.1.0/24, 10.1.0.0/16\n");
	has(out, "IKE proposal 2\n  encryption                 aes256\n  integrity                  sha256\n");
	has(out, "  group                      x25519 (group 31) or none (no PFS)\n");
	has(out, "PFS group                    x25519 (group 31); or none\n");
	has(out, "IKE lifetime                 14400 seconds (given up after 18000)\n");
	has(out, "always in UDP 4500");
	/* 20 IP, 8 UDP, 8 ESP, 16 IV, 15 + 2 padding, 32 ICV */
	has(out, "MTU                          1399 on a path of 1500 octets; TCP MSS 1359 (IPv4), 1339 (IPv6)");
	free(out);
	out = export(all, EXPORT_FIELDS, "a-b", "b");
	has(out, "a certificate (the identity must be in it), from the CA ca\n");
	has(out, "Who begins                   you, and always again\n");
	free(out);
	sites_free(all);
}

/* ---- compare ---- */

static char told[4096];

static void
on_tunnel(void *arg, const char *name, const char *peer, enum compare_state s)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s(%s):%d\n", name, peer, s);
}

static void
on_field(void *arg, const char *field, const char *here, const char *there)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), " %s: %s | %s\n", field, here, there);
}

static const struct compare_sink sink = { NULL, on_tunnel, on_field };

static const char plain[] =
    "version: 1\n"
    "sites:\n"
    "  a: {address: 192.0.2.1, networks: [10.0.1.0/24, 10.1.0.0/16]}\n"
    "  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
    "  c: {address: 192.0.2.3, networks: [10.0.3.0/24]}\n"
    "tunnels:\n"
    "  a-b: {between: [a, b], auth: {psk: a-b}, policy: modern, start: always}\n"
    "  a-c: {between: [a, c], auth: {psk: a-c}, policy: modern, start: always}\n"
    "  b-c: {between: [b, c], auth: {psk: b-c}, policy: modern, start: always}\n";

static char *
with(const char *from, const char *to)
{
	const char *at = strstr(plain, from);
	char *out = malloc(sizeof(plain) + strlen(to));

	assert_true(at && out);
	sprintf(out, "%.*s%s%s", (int)(at - plain), plain, to, at + strlen(from));
	return out;
}

static void
compared(const char *other, const char *want)
{
	struct sites *ours = must_read(plain), *theirs = must_read(other);

	told[0] = '\0';
	compare_sites(ours, theirs, "a", &sink);
	assert_string_equal(told, want);
	sites_free(ours);
	sites_free(theirs);
}

/* Children for one protocol and its ports, in every form; our own reads back to the same. */
/* An interface at the peer's end: what to make there, and with what; ours is none of its business. */
static void
test_interface(void **state)
{
	static const char with[] = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\ntunnels:\n"
	    "  a-b: {between: [a, b], auth: {psk: k}, policy: modern, start: always, interface: {%s}}\n";
	char both[700], ours[700];
	struct sites *all, *back;
	char *out;

	(void)state;
	snprintf(both, sizeof(both), with, "a: vpn0, b: vpn1");
	snprintf(ours, sizeof(ours), with, "a: vpn0");
	all = must_read(both);
	out = export(all, EXPORT_CAUSEWAY, "a-b", "a");
	back = must_read(out);
	assert_memory_equal(sites_find_tunnel(back, "a-b")->digest, sites_find_tunnel(all, "a-b")->digest, 32);
	sites_free(back);
	free(out);
	out = export(all, EXPORT_STRONGSWAN, "a-b", "a");
	has(out, "#  ip link add vpn1 type xfrm if_id ");
	has(out, "#  ip link set vpn1 up\n#  ip route add 10.0.1.0/24 dev vpn1\n");
	has(out, "        local_ts = 0.0.0.0/0, ::/0\n        remote_ts = 0.0.0.0/0, ::/0\n        if_id_in = ");
	free(out);
	for (int what = EXPORT_LIBRESWAN; what <= EXPORT_FIELDS; what++) {
		out = export(all, (enum export_for)what, "a-b", "a");
		has(out, "#  * the interface vpn1: ");
		has_not(out, "0.0.0.0/0");
		free(out);
	}
	sites_free(all);
	all = must_read(ours);
	out = export(all, EXPORT_STRONGSWAN, "a-b", "a");
	has(out, "        local_ts = 10.0.2.0/24\n        remote_ts = 10.0.1.0/24\n");
	has_not(out, "if_id");
	free(out);
	sites_free(all);
}

static void
test_selectors(void **state)
{
	static const char many[] = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24, 10.0.3.0/24]}\n"
	    "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: x}\n    policy: modern\n    start: always\n    children:\n"
	    "      all: {protocol: 47}\n      dns: {a: [10.0.1.0/25], protocol: udp, ports: {b: 53}}\n      web: {protocol: tcp, ports: {a: 80, b: 8080}}\n",
	    one[] = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
	    "tunnels:\n  a-b: {between: [a, b], auth: {psk: x}, policy: modern, start: always, children: {net: {protocol: tcp, ports: {b: 443}}}}\n";
	struct sites *all = must_read(many), *back;
	char *out = export(all, EXPORT_STRONGSWAN, "a-b", "a");

	(void)state;
	has(out, "local_ts = 10.0.2.0/24[tcp/8080], 10.0.3.0/24[tcp/8080]\n        remote_ts = 10.0.1.0/24[tcp/80]\n");
	has(out, "local_ts = 10.0.2.0/24[udp/53], 10.0.3.0/24[udp/53]\n        remote_ts = 10.0.1.0/25[udp]\n");
	has(out, "remote_ts = 10.0.1.0/24[47]\n");
	free(out);
	out = export(all, EXPORT_LIBRESWAN, "a-b", "a");
	has(out, "leftprotoport=udp/53\n");
	has(out, "rightprotoport=udp/%any\n");
	has(out, "leftprotoport=47/%any\n");
	free(out);
	out = export(all, EXPORT_FIELDS, "a-b", "a");
	has(out, "10.0.2.0/24, 10.0.3.0/24, udp port 53 (dns)");
	has(out, "10.0.1.0/25, udp (dns)");
	has(out, "protocol and port as they stand behind");
	has_not(out, "any port");
	has_not(out, "policies by port");
	free(out);
	out = export(all, EXPORT_CAUSEWAY, "a-b", "b");
	has(out, "web: {protocol: tcp, ports: {a: 80, b: 8080}}");
	has(out, "dns: {a: [\"10.0.1.0/25\"], protocol: udp, ports: {b: 53}}");
	back = must_read(out);
	assert_memory_equal(back->tunnels[0].digest, all->tunnels[0].digest, 32);
	sites_free(back);
	free(out);
	sites_free(all);
	out = with("policy: modern", "policy: modern, children: {net: {protocol: tcp, ports: {b: 443}}}");
	compared(out, "a-b(b):1\n children: net: 10.0.1.0/24, 10.1.0.0/16 - 10.0.2.0/24 | net: 10.0.1.0/24, 10.1.0.0/16 - 10.0.2.0/24, tcp, port 443 at b\na-c(c):0\n");
	free(out);
	all = must_read(one);
	out = export(all, EXPORT_OPENIKED, "a-b", "a");
	has(out, "esp proto tcp \\\n\tfrom 10.0.2.0/24 port 443 to 10.0.1.0/24 \\\n");
	free(out);
	out = export(all, EXPORT_CAUSEWAY, "a-b", "a");
	back = must_read(out);
	assert_memory_equal(back->tunnels[0].digest, all->tunnels[0].digest, 32);
	sites_free(back);
	free(out);
	sites_free(all);
}

static void
test_compare(void **state)
{
	static const struct { const char *from, *to, *want; } cases[] = {
		{ "version", "version", "a-b(b):0\na-c(c):0\n" },
		{ "10.0.1.0/24, 10.1.0.0/16", "10.1.0.0/16, 10.0.1.0/24", "a-b(b):0\na-c(c):0\n" },
		{ "192.0.2.2", "any", "a-b(b):1\n b.address: 192.0.2.2 | any\na-c(c):0\n" },
		{ "10.0.2.0/24", "10.0.2.0/25", "a-b(b):1\n b.networks: 10.0.2.0/24 | 10.0.2.0/25\na-c(c):0\n" },
		{ "10.0.2.0/24]", "10.0.2.0/24], id: 'fqdn:x'", "a-b(b):1\n b.id: fqdn:b | fqdn:x\na-c(c):0\n" },
		{ "[a, b]", "[b, a]", "a-b(b):1\n between: a, b | b, a\na-c(c):0\n" },
		{ "[a, b]", "[a, d]", NULL },
		{ "{psk: a-b}", "{psk: x}", "a-b(b):1\n a.auth: pre-shared key a-b | pre-shared key x\n b.auth: pre-shared key a-b | pre-shared key x\na-c(c):0\n" },
		{ "{psk: a-b}", "{trust: [ca, cb]}",
		    "a-b(b):1\n a.auth: pre-shared key a-b | certificate a, trust ca cb\n b.auth: pre-shared key a-b | certificate b, trust ca cb\na-c(c):0\n" },
		{ "start: always", "start: respond-only", "a-b(b):1\n start: always | respond-only\na-c(c):0\n" },
		{ "start: always}", "start: always, encapsulation: esp}", "a-b(b):1\n encapsulation: auto | esp\na-c(c):0\n" },
		{ "start: always}", "start: always, ike_lifetime: 7h, replay_window: 32}",
		    "a-b(b):1\n ike_lifetime: 28800 | 25200\n replay_window: 1024 | 32\na-c(c):0\n" },
		{ "policy: modern", "ike: [aes256gcm16-prfsha384-x25519-ecp384, aes128gcm16-prfsha256-x25519-ecp256-modp3072], esp: [aes256gcm16-x25519-esn]",
		    "a-b(b):1\n esp: aes256gcm16-x25519-ecp384-esn-noesn, aes128gcm16-x25519-ecp256-modp3072-esn-noesn | aes256gcm16-x25519-esn\na-c(c):0\n" },
		{ "start: always}", "start: always, interface: vpn0}", "a-b(b):1\n interface: none | vpn0 at a, vpn0 at b\na-c(c):0\n" },
		{ "start: always}", "start: always, interface: {b: vpn1}}", "a-b(b):1\n interface: none | vpn1 at b\na-c(c):0\n" },
		{ "  a-c: {", "  a-x: {", "a-b(b):0\na-c(c):2\na-x(c):3\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *other;

		if (!cases[i].want)
			continue;
		other = with(cases[i].from, cases[i].to);
		compared(other, cases[i].want);
		free(other);
	}
	/* A partner's file that knows nothing of c. */
	compared("version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24, 10.1.0.0/16]}\n"
	    "  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\ntunnels:\n"
	    "  a-b: {between: [a, b], auth: {psk: a-b}, policy: modern, start: always}\n", "a-b(b):0\n");
	/* Two other sites under the same name of a tunnel. */
	compared("version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  d: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
	    "tunnels:\n  a-b: {between: [a, d], auth: {psk: a-b}, policy: modern, start: always}\n", "a-b(b):1\n between: a, b | a, d\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_own_form), cmocka_unit_test(test_strongswan), cmocka_unit_test(test_libreswan),
		cmocka_unit_test(test_openiked), cmocka_unit_test(test_fields), cmocka_unit_test(test_selectors), cmocka_unit_test(test_interface), cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
