/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenIKED's iked.conf: one policy. The pre-shared key is a macro that this file does not define, so iked refuses the file until somebody
 * does.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "export.h"

static const char *
word_of(const struct transform *t, bool child)
{
	static const struct { uint8_t type; uint16_t id, bits; const char *word; bool child_only; } words[] = {
		{ T_ENCR, ENCR_AES_CBC, 128, "aes-128", false }, { T_ENCR, ENCR_AES_CBC, 192, "aes-192", false },
		{ T_ENCR, ENCR_AES_CBC, 256, "aes-256", false }, { T_ENCR, ENCR_AES_GCM_16, 128, "aes-128-gcm", false },
		{ T_ENCR, ENCR_AES_GCM_16, 256, "aes-256-gcm", false }, { T_ENCR, ENCR_AES_GCM_16, 192, "aes-192-gcm", true },
		{ T_ENCR, ENCR_CHACHA20_POLY1305, 0, "chacha20-poly1305", true },
		{ T_PRF, PRF_HMAC_SHA2_256, 0, "hmac-sha2-256", false }, { T_PRF, PRF_HMAC_SHA2_384, 0, "hmac-sha2-384", false },
		{ T_PRF, PRF_HMAC_SHA2_512, 0, "hmac-sha2-512", false }, { T_INTEG, INTEG_HMAC_SHA2_256_128, 0, "hmac-sha2-256", false },
		{ T_INTEG, INTEG_HMAC_SHA2_384_192, 0, "hmac-sha2-384", false }, { T_INTEG, INTEG_HMAC_SHA2_512_256, 0, "hmac-sha2-512", false },
		{ T_KE, KE_MODP2048, 0, "modp2048", false }, { T_KE, KE_MODP3072, 0, "modp3072", false }, { T_KE, KE_MODP4096, 0, "modp4096", false },
		{ T_KE, KE_ECP256, 0, "ecp256", false }, { T_KE, KE_ECP384, 0, "ecp384", false }, { T_KE, KE_ECP521, 0, "ecp521", false },
		{ T_KE, KE_X25519, 0, "curve25519", false }, { T_KE, KE_NONE, 0, "none", true },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].type == t->type && words[i].id == t->id && words[i].bits == t->key_bits && (child || !words[i].child_only))
			return words[i].word;
	return NULL;
}

static bool
knows(const struct proposal *p, uint8_t type, bool child)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == type && word_of(&p->t[i], child))
			return true;
	return false;
}

static void
write_type(FILE *f, const char *key, const struct proposal *p, uint8_t type, bool child)
{
	for (unsigned i = 0; i < p->n; i++) {
		const char *w = p->t[i].type == type ? word_of(&p->t[i], child) : NULL;

		if (w)
			fprintf(f, " %s %s", key, w);
	}
}

static void
write_proposals(struct ex *x, const char *key, const struct proposals *ps, bool child)
{
	unsigned n = 0;
	char word[32];

	for (unsigned i = 0; i < ps->n; i++) {
		const struct proposal *p = &ps->v[i];
		bool cbc = ex_has(p, T_ENCR, ENCR_AES_CBC), esn = ex_has(p, T_ESN, ESN_YES), noesn = ex_has(p, T_ESN, ESN_NO);

		for (unsigned k = 0; k < p->n; k++)
			if (p->t[k].type != T_ESN && !(p->t[k].type == T_INTEG && p->t[k].id == INTEG_NONE) && !word_of(&p->t[k], child))
				ex_note(x, "the %s algorithm %s: it is left out", child ? "ESP" : "IKE",
				    alg_str(p->t[k].type, p->t[k].id, p->t[k].key_bits, word));
		if (!knows(p, T_ENCR, child) || (cbc && !knows(p, T_INTEG, child)) || (!child && (!knows(p, T_KE, child) || !knows(p, T_PRF, child))))
			continue;
		fprintf(x->body, " \\\n\t%s", key);
		write_type(x->body, "enc", p, T_ENCR, child);
		write_type(x->body, "prf", p, T_PRF, child);
		write_type(x->body, "auth", p, T_INTEG, child);
		write_type(x->body, "group", p, T_KE, child);
		if (child && esn != noesn)
			fputs(esn ? " esn" : " noesn", x->body);
		n++;
	}
	if (n == 0)
		ex_note(x, "none of the %s proposals: OpenIKED takes its own", child ? "ESP" : "IKE");
}

/* A policy has one child there. */
static void
write_flows(struct ex *x)
{
	bool peer_is_a = x->peer == &x->all->sites[x->t->a];
	unsigned n, m;
	const struct prefix *v = child_nets(x->all, x->t, 0, peer_is_a ? 0 : 1, &n), *w = child_nets(x->all, x->t, 0, peer_is_a ? 1 : 0, &m);
	char from[PREFIX_STR], to[PREFIX_STR], proto[4];
	uint16_t sport = ex_port(x, 0, true), dport = ex_port(x, 0, false);

	if (x->t->children[0].proto)
		fprintf(x->body, " proto %s", ts_proto_str(x->t->children[0].proto, proto));
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++) {
			if (v[i].addr.fam != w[k].addr.fam)
				continue;
			fprintf(x->body, " \\\n\tfrom %s", prefix_str(&v[i], from));
			if (sport)
				fprintf(x->body, " port %u", sport);
			fprintf(x->body, " to %s", prefix_str(&w[k], to));
			if (dport)
				fprintf(x->body, " port %u", dport);
		}
	for (unsigned i = 1; i < x->t->nchildren; i++)
		ex_note(x, "the child '%s': OpenIKED makes one child for a peer, and here it is '%s'", x->t->children[i].name, x->t->children[0].name);
}

/* "C=JP, O=Example, CN=tokyo" is "/C=JP/O=Example/CN=tokyo" there. */
static void
write_id(struct ex *x, const char *key, const struct site *s)
{
	char kind, dn[ID_CAP + 1];
	const char *v = ex_id(s, &kind);
	size_t n = 0;

	if (kind == 'k') {
		ex_note(x, "the identity %s of %s: OpenIKED has no key identities to write", s->id, s->name);
		return;
	}
	if (kind == 'd') {
		dn[n++] = '/';
		for (const char *p = v; *p && n < sizeof(dn) - 1; p++)
			if (*p == ',' && p[1] == ' ')
				dn[n++] = '/', p++;
			else
				dn[n++] = *p;
		dn[n] = '\0';
		v = dn;
	}
	fprintf(x->body, " %s ", key);
	str_quote(x->body, v);
}

static void
macro_name(const struct ex *x, char out[NAME_CAP + 8])
{
	snprintf(out, NAME_CAP + 8, "psk_%s", x->t->name);
	for (char *p = out; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
}

static void
write_proof(struct ex *x)
{
	const struct site_auth *p = x->peer_auth, *h = x->here_auth;
	char macro[NAME_CAP + 8];

	if (p->how == AUTH_BY_PSK && h->how == AUTH_BY_PSK) {
		macro_name(x, macro);
		fprintf(x->body, " \\\n\tpsk $%s", macro);
	}
	putc('\n', x->body);
	if ((p->how == AUTH_BY_PSK) != (h->how == AUTH_BY_PSK))
		ex_note(x, "a pre-shared key at one end and a certificate at the other: a policy of OpenIKED has one of the two");
	else if (p->how == AUTH_BY_PSK && strcmp(p->psk, h->psk) != 0)
		ex_note(x, "two pre-shared keys, one for each end: OpenIKED has one");
}

static void
write_files(struct ex *x)
{
	const struct site_auth *p = x->peer_auth, *h = x->here_auth;
	char macro[NAME_CAP + 8];
	FILE *f = x->body;

	if (p->how == AUTH_BY_PSK && h->how == AUTH_BY_PSK) {
		macro_name(x, macro);
		fprintf(f, "# Take the sign of comment away and put the pre-shared key between the quotes. Here it is the file\n"
		    "# /etc/causeway/secrets/%s; what stands there behind \"hex:\" is written 0x...\n#%s = \"\"\n", p->psk, macro);
		return;
	}
	if (p->how == AUTH_BY_CERT)
		fprintf(f, "# Its certificate is a file of /etc/iked/certs, its private key /etc/iked/private/local.key.\n");
	for (unsigned i = 0; i < h->ntrust; i++)
		fprintf(f, "# The CA's certificate %s is a file of /etc/iked/ca ('ikectl ca export' prints it here).\n", h->trust[i]);
	if (h->how == AUTH_BY_KEY)
		fprintf(f, "# The public key of %s, in PEM, is a file of /etc/iked/pubkeys with the name of its identity.\n", x->here->name);
}

void
export_openiked(struct ex *x)
{
	const struct site_tunnel *t = x->t;
	char address[SITE_ADDRESS_STR];
	FILE *f = x->body;

	fputs("#\n# A part of /etc/iked.conf (mode 0600); 'iked -n' looks whether it is right.\n", f);
	write_files(x);
	fputs("set fragmentation\nset nomobike\n", f);
	fprintf(f, "ikev2 \"%s\" %s esp", t->name, x->peer_begins ? "active" : "passive");
	write_flows(x);
	/* Left out, it is any; "local any" is refused with "active". */
	fputs(" \\\n\t", f);
	if (x->peer->address.fam)
		fprintf(f, "local %s ", addr_str(&x->peer->address, address));
	fprintf(f, "peer %s", site_address_str(x->here, address));
	write_proposals(x, "ikesa", t->ike, false);
	write_proposals(x, "childsa", t->esp, true);
	fputs(" \\\n\t", f);
	write_id(x, "srcid", x->peer);
	write_id(x, "dstid", x->here);
	fprintf(f, " \\\n\tikelifetime %" PRIu64 " lifetime %" PRIu64 " bytes %" PRIu64, t->ike_life_s, t->child_life_s, t->child_bytes);
	write_proof(x);
	ex_note(x, "a limit by packets, and the replay window: this end has them");
	if (t->encap == ENCAP_UDP)
		ex_note(x, "ESP in UDP where there is no NAT: add 'natt' behind 'esp' of the policy with OpenIKED 7.5 and newer");
	ex_note(x, "on Linux, OpenIKED 7 has neither AES-GCM nor SHA-256 for ESP: use 'esp: [aes256-sha512-x25519-noesn]' in the tunnel");
	ex_no_iface(x);
}
