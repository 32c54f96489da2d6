/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libreswan's ipsec.conf, version 4 and newer: the peer is "left". Its quoted words have no escape, so a value with a quote in it cannot be
 * said; that and what it has no algorithm for becomes a note.
 */
#include <inttypes.h>
#include <string.h>

#include "export.h"

static const char *
word_of(const struct transform *t)
{
	static const struct { uint8_t type; uint16_t id, bits; const char *word; } words[] = {
		{ T_ENCR, ENCR_AES_CBC, 128, "aes128" }, { T_ENCR, ENCR_AES_CBC, 192, "aes192" }, { T_ENCR, ENCR_AES_CBC, 256, "aes256" },
		{ T_ENCR, ENCR_AES_GCM_16, 128, "aes_gcm128" }, { T_ENCR, ENCR_AES_GCM_16, 192, "aes_gcm192" },
		{ T_ENCR, ENCR_AES_GCM_16, 256, "aes_gcm256" }, { T_ENCR, ENCR_CHACHA20_POLY1305, 0, "chacha20_poly1305" },
		{ T_PRF, PRF_HMAC_SHA2_256, 0, "sha2_256" }, { T_PRF, PRF_HMAC_SHA2_384, 0, "sha2_384" }, { T_PRF, PRF_HMAC_SHA2_512, 0, "sha2_512" },
		{ T_INTEG, INTEG_HMAC_SHA2_256_128, 0, "sha2_256" }, { T_INTEG, INTEG_HMAC_SHA2_384_192, 0, "sha2_384" },
		{ T_INTEG, INTEG_HMAC_SHA2_512_256, 0, "sha2_512" },
		{ T_KE, KE_MODP2048, 0, "dh14" }, { T_KE, KE_MODP3072, 0, "dh15" }, { T_KE, KE_MODP4096, 0, "dh16" }, { T_KE, KE_ECP256, 0, "dh19" },
		{ T_KE, KE_ECP384, 0, "dh20" }, { T_KE, KE_ECP521, 0, "dh21" }, { T_KE, KE_X25519, 0, "dh31" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].type == t->type && words[i].id == t->id && words[i].bits == t->key_bits)
			return words[i].word;
	return NULL;
}

/* The words of one type joined by '+'; how many were written. */
static unsigned
write_type(FILE *f, const char *before, const struct proposal *p, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++) {
		const char *w = p->t[i].type == type ? word_of(&p->t[i]) : NULL;

		if (w)
			fprintf(f, "%s%s", n++ ? "+" : before, w);
	}
	return n;
}

/* Has the proposal anything that Libreswan knows of this type? */
static bool
knows(const struct proposal *p, uint8_t type)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == type && word_of(&p->t[i]))
			return true;
	return false;
}

static void
note_unknown(struct ex *x, const struct proposal *p)
{
	char word[32];

	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type != T_ESN && !(p->t[i].type == T_INTEG && p->t[i].id == INTEG_NONE) &&
		    !(p->t[i].type == T_KE && p->t[i].id == KE_NONE) && !word_of(&p->t[i]))
			ex_note(x, "the algorithm %s: it is left out", alg_str(p->t[i].type, p->t[i].id, p->t[i].key_bits, word));
}

static bool
is_aead(const struct proposal *p)
{
	return !ex_has(p, T_ENCR, ENCR_AES_CBC);
}

static void
write_ike(struct ex *x)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->t->ike->n; i++) {
		const struct proposal *p = &x->t->ike->v[i];

		note_unknown(x, p);
		if (!knows(p, T_ENCR) || !knows(p, T_PRF) || !knows(p, T_KE))
			continue;
		write_type(x->body, n++ ? "," : "  ike=", p, T_ENCR);
		write_type(x->body, "-", p, is_aead(p) ? T_PRF : T_INTEG);	/* one word is both with a cipher that needs integrity */
		write_type(x->body, "-", p, T_KE);
	}
	fputs(n ? "\n" : "", x->body);
	if (n == 0)
		ex_note(x, "none of the IKE proposals: there is no 'ike=' line");
}

static const struct transform *
first_group(const struct proposal *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == T_KE && word_of(&p->t[i]))
			return &p->t[i];
	return NULL;
}

static bool
esp_usable(const struct proposal *p)
{
	return knows(p, T_ENCR) && (is_aead(p) || knows(p, T_INTEG));
}

/* The group that all proposals have to begin with, then the proposal's others. */
static void
write_groups(FILE *f, const struct proposal *p, const struct transform *first)
{
	fprintf(f, ";%s", word_of(first));
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == T_KE && p->t[i].id != first->id && word_of(&p->t[i]))
			fprintf(f, "+%s", word_of(&p->t[i]));
}

/*
 * One 'pfs' for all: a list that may do without it still does it, with the groups that it has. And where it must, all proposals have to begin with
 * the same group, because Libreswan has no INVALID_KE_PAYLOAD for children: the first one, and of the proposals those that have it.
 */
static void
write_esp(struct ex *x)
{
	bool yes = false, no = false, bare = false, left_out = false;
	const struct transform *group = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < x->t->esp->n; i++) {
		const struct proposal *p = &x->t->esp->v[i];

		bare = bare || !knows(p, T_KE);
		if (!group && esp_usable(p))
			group = first_group(p);
	}
	for (unsigned i = 0; i < x->t->esp->n; i++) {
		const struct proposal *p = &x->t->esp->v[i];

		note_unknown(x, p);
		yes = yes || ex_has(p, T_ESN, ESN_YES);
		no = no || ex_has(p, T_ESN, ESN_NO);
		if (!esp_usable(p))
			continue;
		if (!bare && !ex_has(p, T_KE, group->id)) {
			left_out = true;
			continue;
		}
		write_type(x->body, n++ ? "," : "  esp=", p, T_ENCR);
		if (!is_aead(p))
			write_type(x->body, "-", p, T_INTEG);
		if (bare)
			write_type(x->body, ";", p, T_KE);
		else
			write_groups(x->body, p, group);
	}
	fprintf(x->body, "%s  pfs=%s\n  esn=%s\n", n ? "\n" : "", bare ? "no" : "yes", yes && no ? "either" : yes ? "yes" : "no");
	if (n == 0)
		ex_note(x, "none of the ESP proposals: there is no 'esp=' line");
	if (left_out)
		ex_note(x, "the ESP proposals without %s, which are left out: all of them have to begin with one group there", word_of(group));
}

/* In ipsec.conf (quotes) and in ipsec.secrets: '@' a name, nothing an address or mail address, '@#' octets. */
static void
write_id(FILE *f, const struct site *s)
{
	char kind;
	const char *v = ex_id(s, &kind);

	if (kind == 'k') {
		fputs("@#", f);
		if (strncmp(v, "0x", 2) == 0)
			fputs(v + 2, f);
		else
			for (; *v; v++)
				fprintf(f, "%02x", (uint8_t)*v);
		return;
	}
	fprintf(f, "%s%s", kind == 'f' ? "@" : "", v);
}

static const char *
port_or_any(uint16_t port, char buf[static 8])
{
	snprintf(buf, 8, port ? "%u" : "%%any", port);
	return buf;
}

static void
write_end(struct ex *x, unsigned child, const char *side, const struct site *s, bool left)
{
	const struct site_auth *a = left ? x->peer_auth : x->here_auth;
	char address[SITE_ADDRESS_STR], proto[4], port[8];
	FILE *f = x->body;

	fprintf(f, "  %s=%s\n", side, left && s->address.fam == 0 ? "%defaultroute" : site_is_any(s) ? "%any" : site_address_str(s, address));
	if (strchr(s->id, '"'))
		ex_note(x, "the identity of %s, which has a quote in it: write '%sid=' yourself", s->name, side);
	else {
		fprintf(f, "  %sid=\"", side);
		write_id(f, s);
		fputs("\"\n", f);
	}
	fprintf(f, "  %ssubnet=", side);
	ex_write_nets(x, child, left, ",", "");
	putc('\n', f);
	if (x->t->children[child].proto)
		fprintf(f, "  %sprotoport=%s/%s\n", side, ts_proto_str(x->t->children[child].proto, proto), port_or_any(ex_port(x, child, left), port));
	if (left && a->how == AUTH_BY_CERT)
		fprintf(f, "  leftcert=%s\n  leftsendcert=always\n", a->cert);
	if (!left && a->how == AUTH_BY_CERT)
		fprintf(f, "  rightca=\"%%same\"\n");
}

static void
write_auth(struct ex *x)
{
	const struct site_auth *l = x->peer_auth, *r = x->here_auth;
	FILE *f = x->body;

	if (l->how == AUTH_BY_PSK && r->how == AUTH_BY_PSK) {
		fputs("  authby=secret\n", f);
		return;
	}
	if (l->how != r->how) {
		fprintf(f, "  leftauth=%s\n  rightauth=%s\n", l->how == AUTH_BY_PSK ? "secret" : "rsasig", r->how == AUTH_BY_PSK ? "secret" : "rsasig");
		ex_note(x, "the kind of key of the end that has a certificate or key: write ecdsa for rsasig where it is ECDSA");
		return;
	}
	fputs("  authby=rsa-sha2,ecdsa-sha2\n", f);
	ex_note(x, "the kind of the certificates' keys: 4.10 signs as RSA when both are named, so keep the one that is right in 'authby='");
}

static void
write_files(struct ex *x)
{
	const struct site_auth *l = x->peer_auth, *r = x->here_auth;
	FILE *f = x->body;

	if (l->how == AUTH_BY_CERT)
		fprintf(f, "# 'ipsec import' takes its certificate and key as a PKCS#12 file with the friendly name %s.\n", l->cert);
	for (unsigned i = 0; i < r->ntrust; i++)
		fprintf(f, "# 'ipsec certutil -A -n %s -t CT,, -i %s.crt' takes the CA's certificate ('ikectl ca export' prints it).\n", r->trust[i],
		    r->trust[i]);
	if (l->how == AUTH_BY_KEY || r->how == AUTH_BY_KEY)
		ex_note(x, "public keys without a certificate: see leftrsasigkey= and leftecdsakey= in ipsec.conf(5)");
	if (l->how != AUTH_BY_PSK && r->how != AUTH_BY_PSK)
		return;
	fprintf(f, "# The pre-shared key goes into /etc/ipsec.secrets (mode 0600), between the quotes of this line. Here it is the file\n"
	    "# /etc/causeway/secrets/%s; what stands there behind \"hex:\" is written 0x..., behind \"base64:\" 0s..., without quotes.\n#  ",
	    l->how == AUTH_BY_PSK ? l->psk : r->psk);
	write_id(f, x->peer);
	putc(' ', f);
	write_id(f, x->here);
	fputs(" : PSK \"\"\n", f);
}

static void
write_conn(struct ex *x, unsigned child)
{
	const struct site_tunnel *t = x->t;
	FILE *f = x->body;

	fprintf(f, "conn %s%s%s\n  ikev2=insist\n", t->name, ex_is_auto(x) ? "" : "-", ex_is_auto(x) ? "" : t->children[child].name);
	write_end(x, child, "left", x->peer, true);
	write_end(x, child, "right", x->here, false);
	write_auth(x);
	write_ike(x);
	write_esp(x);
	fprintf(f, "  ikelifetime=%" PRIu64 "s\n  salifetime=%" PRIu64 "s\n  replay-window=%u\n", t->ike_life_s, t->child_life_s, t->replay_window);
	fprintf(f, "  encapsulation=%s\n  fragmentation=yes\n  mobike=no\n  dpddelay=30\n  dpdtimeout=120\n  dpdaction=%s\n  auto=%s\n",
	    t->encap == ENCAP_UDP ? "yes" : t->encap == ENCAP_ESP ? "no" : "auto",
	    x->peer_begins ? "restart" : t->start == START_ON_DEMAND ? "hold" : "clear",
	    x->peer_begins ? "start" : t->start == START_ON_DEMAND ? "ondemand" : "add");
}

void
export_libreswan(struct ex *x)
{
	FILE *f = x->body;
	bool several = false;

	fputs("#\n# A file of /etc/ipsec.d; then 'ipsec auto --add' or a restart.\n", f);
	write_files(x);
	for (unsigned i = 0; i < x->t->nchildren; i++) {
		write_conn(x, i);
		several |= ex_nets(x, i, true) > 1 || ex_nets(x, i, false) > 1;
	}
	if (several)
		ex_note(x, "several networks in one child before Libreswan 5.0: older ones refuse the lists of leftsubnet= and rightsubnet=");
	ex_note(x, "limits by octets and packets before Libreswan 5.0: this end replaces the keys for both");
	ex_no_iface(x);
}
