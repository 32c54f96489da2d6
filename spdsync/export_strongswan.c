/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strongSwan's swanctl.conf, version 5.8 and newer. Its algorithm words are ours. A proposal that may do without PFS becomes two, as
 * "none" is known from 6.0.2 on only.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

static void
write_id(struct ex *x, const struct site *s)
{
	static const struct { char kind; const char *prefix; } kinds[] = { { 'f', "fqdn:" }, { 'e', "email:" }, { 'd', "" }, { 'k', "keyid:" } };
	char kind, text[ID_CAP + 16];
	const char *v = ex_id(s, &kind);

	snprintf(text, sizeof(text), "%s", v);		/* ip: an address is one without a prefix */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			snprintf(text, sizeof(text), "%s%s%s", kinds[i].prefix, kind == 'k' && strncmp(v, "0x", 2) == 0 ? "#" : "",
			    kind == 'k' && strncmp(v, "0x", 2) == 0 ? v + 2 : v);
	str_quote(x->body, text);
}

static void
write_proposal(FILE *f, const struct proposal *p, bool pfs, bool first)
{
	char word[32];
	unsigned n = 0;

	fputs(first ? "" : ", ", f);
	for (unsigned i = 0; i < p->n; i++) {
		const struct transform *t = &p->t[i];

		if (t->type == T_KE && (!pfs || t->id == KE_NONE))
			continue;
		fprintf(f, "%s%s", n++ ? "-" : "", alg_str(t->type, t->id, t->key_bits, word));
	}
}

static void
write_proposals(FILE *f, const char *indent, const char *key, const struct proposals *ps)
{
	bool first = true;

	fprintf(f, "%s%s = ", indent, key);
	for (unsigned i = 0; i < ps->n; i++) {
		const struct proposal *p = &ps->v[i];
		unsigned groups = ex_count(p, T_KE), none = ex_has(p, T_KE, KE_NONE);

		if (groups > none) {
			write_proposal(f, p, true, first);
			first = false;
		}
		if (groups == none) {
			write_proposal(f, p, false, first);
			first = false;
		}
	}
	for (unsigned i = 0; i < ps->n; i++)	/* without PFS last: it is what is wanted least */
		if (ex_has(&ps->v[i], T_KE, KE_NONE) && ex_count(&ps->v[i], T_KE) > 1)
			write_proposal(f, &ps->v[i], false, first);
	putc('\n', f);
}

/* A public key as the PEM file that strongSwan wants, behind comment signs. */
static void
write_public(FILE *f, const struct site_key *k, const char *name)
{
	char *b64 = malloc(k->n / 3 * 4 + 5);
	int n = b64 ? EVP_EncodeBlock((uint8_t *)b64, k->der, (int)k->n) : 0;

	fprintf(f, "# The file pubkey/%s.pem beside this one:\n#\n#-----BEGIN PUBLIC KEY-----\n", name);
	for (int i = 0; i < n; i += 64)
		fprintf(f, "#%.64s\n", b64 + i);
	fputs("#-----END PUBLIC KEY-----\n#\n", f);
	free(b64);
}

static void
write_side(struct ex *x, bool local)
{
	const struct site_auth *a = local ? x->peer_auth : x->here_auth;
	const struct site *s = local ? x->peer : x->here;
	FILE *f = x->body;

	fprintf(f, "    %s {\n      auth = %s\n      id = ", local ? "local" : "remote", a->how == AUTH_BY_PSK ? "psk" : "pubkey");
	write_id(x, s);
	putc('\n', f);
	if (local && a->how == AUTH_BY_CERT)
		fprintf(f, "      certs = %s.crt\n", a->cert);
	for (unsigned i = 0; !local && a->how == AUTH_BY_CERT && i < a->ntrust; i++)
		fprintf(f, "%s%s.crt%s", i ? ", " : "      cacerts = ", a->trust[i], i + 1 == a->ntrust ? "\n" : "");
	if (a->how == AUTH_BY_KEY)
		fprintf(f, "      pubkeys = %s.pem\n", s->name);
	fputs("    }\n", f);
}

/* "[tcp/443]" behind each network */
static const char *
selector(const struct ex *x, unsigned child, bool peer, char buf[static 16])
{
	uint8_t proto = x->t->children[child].proto;
	uint16_t port = ex_port(x, child, peer);
	char name[4];

	buf[0] = '\0';
	if (port)
		snprintf(buf, 16, "[%.4s/%u]", ts_proto_str(proto, name), port);
	else if (proto)
		snprintf(buf, 16, "[%.9s]", ts_proto_str(proto, name));
	return buf;
}

/* A number that tells this tunnel's XFRM interface from others there: of its name, so that two texts do not have the same. */
static uint32_t
if_id(const struct ex *x)
{
	uint32_t h = 2166136261u;

	for (const char *s = x->t->name; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h % 0x7ffffffe + 1;
}

static void
write_iface(struct ex *x)
{
	unsigned n;
	const struct prefix *v = child_nets(x->all, x->t, 0, x->here == &x->all->sites[x->t->a] ? 0 : 1, &n);
	char buf[PREFIX_STR];

	if (!x->peer_iface[0])
		return;
	fprintf(x->body, "#\n# The tunnel is an interface of the system's; to be made before it comes up:\n#  ip link add %s type xfrm if_id %" PRIu32 "\n#  ip link set %s up\n",
	    x->peer_iface, if_id(x), x->peer_iface);
	for (unsigned i = 0; i < n; i++)
		fprintf(x->body, "#  ip route add %s dev %s\n", prefix_str(&v[i], buf), x->peer_iface);
	fputs("# and, so that charon makes no routes of its own: 'install_routes = no' in strongswan.conf.\n", x->body);
}

/* What is routed to an interface is its child's, unless the child names networks. */
static void
write_ts(struct ex *x, unsigned child, bool peer, const char *tail)
{
	unsigned side = (peer ? x->peer : x->here) == &x->all->sites[x->t->a] ? 0 : 1;

	if (x->peer_iface[0] && !x->t->children[child].nets[side])
		fprintf(x->body, "0.0.0.0/0%s, ::/0%s", tail, tail);
	else
		ex_write_nets(x, child, peer, ", ", tail);
}

static void
write_child(struct ex *x, unsigned child)
{
	const struct site_tunnel *t = x->t;
	FILE *f = x->body;
	char tail[16];

	fprintf(f, "      %s {\n        local_ts = ", t->children[child].name);
	write_ts(x, child, true, selector(x, child, true, tail));
	fputs("\n        remote_ts = ", f);
	write_ts(x, child, false, selector(x, child, false, tail));
	putc('\n', f);
	if (x->peer_iface[0])
		fprintf(f, "        if_id_in = %" PRIu32 "\n        if_id_out = %" PRIu32 "\n", if_id(x), if_id(x));
	write_proposals(f, "        ", "esp_proposals", t->esp);
	fprintf(f, "        rekey_time = %" PRIu64 "s\n        life_time = %" PRIu64 "s\n", t->child_life_s, ex_hard(t->child_life_s, t->child_hard_s));
	fprintf(f, "        rekey_bytes = %" PRIu64 "\n        rekey_packets = %" PRIu64 "\n", t->child_bytes, t->child_packets);
	fprintf(f, "        replay_window = %u\n        start_action = %s\n        dpd_action = %s\n      }\n", t->replay_window,
	    x->peer_begins ? "start" : t->start == START_ON_DEMAND ? "trap" : "none", x->peer_begins ? "restart" : "clear");
}

/* Whoever forgets the secret has none: strongSwan refuses the tunnel then. */
static void
write_secret(struct ex *x)
{
	FILE *f = x->body;

	if (x->peer_auth->how != AUTH_BY_PSK && x->here_auth->how != AUTH_BY_PSK)
		return;
	fprintf(f, "\n# Take the signs of comment away and put the pre-shared key between the quotes. Here it is the file\n"
	    "# /etc/causeway/secrets/%s; what stands there behind \"hex:\" is written 0x..., behind \"base64:\" it is 0s...\n"
	    "#secrets {\n#  ike-%s {\n#    id-a = ", x->peer_auth->how == AUTH_BY_PSK ? x->peer_auth->psk : x->here_auth->psk, x->t->name);
	write_id(x, x->here);
	fputs("\n#    id-b = ", f);
	write_id(x, x->peer);
	fputs("\n#    secret = \"\"\n#  }\n#}\n", f);
	if (x->peer_auth->how == AUTH_BY_PSK && x->here_auth->how == AUTH_BY_PSK && strcmp(x->peer_auth->psk, x->here_auth->psk) != 0)
		ex_note(x, "the two ends have different pre-shared keys (%s and %s); strongSwan has one for a pair of identities",
		    x->peer_auth->psk, x->here_auth->psk);
}

static void
write_files(struct ex *x)
{
	if (x->peer_auth->how == AUTH_BY_CERT)
		fprintf(x->body, "# Its certificate is x509/%s.crt, the private key private/%s.key beside this file.\n", x->peer_auth->cert, x->peer_auth->cert);
	if (x->peer_auth->how == AUTH_BY_KEY) {
		fprintf(x->body, "# Its private key is private/%s.key beside this file.\n", x->peer->name);
		write_public(x->body, x->peer_auth->public_key, x->peer->name);
	}
	for (unsigned i = 0; i < x->here_auth->ntrust; i++)
		fprintf(x->body, "# The CA's certificate is x509ca/%s.crt beside this file ('ikectl ca export' prints it).\n", x->here_auth->trust[i]);
	if (x->here_auth->how == AUTH_BY_KEY)
		write_public(x->body, x->here_auth->public_key, x->here->name);
}

void
export_strongswan(struct ex *x)
{
	const struct site_tunnel *t = x->t;
	char address[SITE_ADDRESS_STR];
	FILE *f = x->body;

	fputs("#\n# A file of /etc/swanctl/conf.d; then 'swanctl --load-all'.\n", f);
	write_files(x);
	write_iface(x);
	fprintf(f, "connections {\n  %s {\n    version = 2\n", t->name);
	if (x->peer->address.fam)
		fprintf(f, "    local_addrs = %s\n", addr_str(&x->peer->address, address));
	fprintf(f, "    remote_addrs = %s\n", site_is_any(x->here) ? "%any" : site_address_str(x->here, address));
	fprintf(f, "    encap = %s\n    mobike = no\n    fragmentation = yes\n    dpd_delay = 30s\n", t->encap == ENCAP_UDP ? "yes" : "no");
	write_proposals(f, "    ", "proposals", t->ike);
	fprintf(f, "    rekey_time = %" PRIu64 "s\n    over_time = %" PRIu64 "s\n", t->ike_life_s,
	    ex_hard(t->ike_life_s, t->ike_hard_s) - t->ike_life_s);
	write_side(x, true);
	write_side(x, false);
	fputs("    children {\n", x->body);
	for (unsigned i = 0; i < x->t->nchildren; i++)
		write_child(x, i);
	fputs("    }\n", x->body);
	fputs("  }\n}\n", f);
	write_secret(x);
	if (t->encap == ENCAP_ESP)
		ex_note(x, "ESP without UDP behind a NAT: strongSwan uses UDP when it finds one");
	ex_note(x, "with strongSwan's user-space IPsec (kernel-libipsec) write 'encap = yes' and take '-esn' out of esp_proposals: it has neither "
	    "ESP without UDP nor extended sequence numbers");
}
