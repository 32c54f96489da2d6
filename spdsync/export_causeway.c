/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own site file with this tunnel alone. It says everything that the tunnel's digest covers, so both ends are equal; what is a default
 * is left out, as a person would. Names need no quotes (name.h); identities, addresses of lists and keys have them.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

static void
write_trust(FILE *f, const struct site_auth *a)
{
	fputs(a->ntrust == 1 ? "trust: " : "trust: [", f);
	for (unsigned i = 0; i < a->ntrust; i++)
		fprintf(f, "%s%s", i ? ", " : "", a->trust[i]);
	if (a->ntrust != 1)
		putc(']', f);
}

static void
write_side(FILE *f, const struct site_auth *a)
{
	putc('{', f);
	if (a->how == AUTH_BY_PSK)
		fprintf(f, "psk: %s", a->psk);
	else if (a->how == AUTH_BY_CERT) {
		fprintf(f, "certificate: %s, ", a->cert);
		write_trust(f, a);
	} else {
		char *b64 = malloc(a->public_key->n / 3 * 4 + 5);

		if (b64)
			EVP_EncodeBlock((uint8_t *)b64, a->public_key->der, (int)a->public_key->n);
		fprintf(f, "key: %s, public_key: \"%s\"", a->cert, b64 ? b64 : "");
		free(b64);
	}
	putc('}', f);
}

static void
write_site(FILE *f, const struct site *s)
{
	char buf[PREFIX_STR], address[SITE_ADDRESS_STR];

	fprintf(f, "  %s:\n    address: ", s->name);
	fprintf(f, site_is_any(s) ? "%s\n" : "\"%s\"\n", site_address_str(s, address));
	fputs("    networks: [", f);
	for (unsigned i = 0; i < s->nnets; i++)
		fprintf(f, "%s\"%s\"", i ? ", " : "", prefix_str(&s->nets[i], buf));
	fputs("]\n    id: ", f);
	str_quote(f, s->id);
	putc('\n', f);
}

static void
write_proposals(FILE *f, const char *key, const struct proposals *ps)
{
	char buf[400];

	fprintf(f, "    %s: [", key);
	for (unsigned i = 0; i < ps->n; i++)
		fprintf(f, "%s%s", i ? ", " : "", proposal_str(&ps->v[i], buf, sizeof(buf)));
	fputs("]\n", f);
}

static void
write_number(FILE *f, const char *key, uint64_t v, uint64_t usual, const char *unit)
{
	if (v != usual)
		fprintf(f, "    %s: %" PRIu64 "%s\n", key, v, unit);
}

static void
write_selectors(FILE *f, const struct site_child *c, const struct site *const ends[2], unsigned before)
{
	char proto[4];

	if (c->proto)
		fprintf(f, "%sprotocol: %s", before ? ", " : "", ts_proto_str(c->proto, proto));
	if (c->port[0] || c->port[1])
		fputs(", ports: {", f);
	for (unsigned side = 0; side < 2; side++)
		if (c->port[side])
			fprintf(f, "%s%s: %u", side && c->port[0] ? ", " : "", ends[side]->name, c->port[side]);
	if (c->port[0] || c->port[1])
		putc('}', f);
}

static void
write_children(struct ex *x)
{
	const struct site *ends[2] = { &x->all->sites[x->t->a], &x->all->sites[x->t->b] };

	if (ex_is_auto(x))
		return;
	fputs("    children:\n", x->body);
	for (unsigned i = 0; i < x->t->nchildren; i++) {
		const struct site_child *c = &x->t->children[i];
		unsigned sides = 0;

		fprintf(x->body, "      %s: {", c->name);
		for (unsigned side = 0; side < 2; side++) {
			char buf[PREFIX_STR];

			if (!c->nets[side])
				continue;
			fprintf(x->body, "%s%s: [", sides++ ? ", " : "", ends[side]->name);
			for (unsigned k = 0; k < c->nnets[side]; k++)
				fprintf(x->body, "%s\"%s\"", k ? ", " : "", prefix_str(&c->nets[side][k], buf));
			putc(']', x->body);
		}
		write_selectors(x->body, c, ends, sides);
		fputs("}\n", x->body);
	}
}

static void
write_iface(struct ex *x)
{
	const struct site_tunnel *t = x->t;
	unsigned n = 0;

	if (!tunnel_has_iface(t))
		return;
	fputs("    interface: ", x->body);
	if (strcmp(t->iface[0], t->iface[1]) == 0) {
		fprintf(x->body, "%s\n", t->iface[0]);
		return;
	}
	for (unsigned side = 0; side < 2; side++)
		if (t->iface[side][0])
			fprintf(x->body, "%s%s: %s", n++ ? ", " : "{", x->all->sites[side ? t->b : t->a].name, t->iface[side]);
	fputs("}\n", x->body);
}

static void
write_tunnel(struct ex *x)
{
	static const char *const starts[] = { "respond-only", "always", "on-demand" }, *const encaps[] = { "auto", "udp", "esp" };
	const struct site_tunnel *t = x->t;
	const struct site *a = &x->all->sites[t->a], *b = &x->all->sites[t->b];
	FILE *f = x->body;

	fprintf(f, "tunnels:\n  %s:\n    between: [%s, %s]\n", t->name, a->name, b->name);
	if (t->auth[0].how == AUTH_BY_PSK && t->auth[1].how == AUTH_BY_PSK && strcmp(t->auth[0].psk, t->auth[1].psk) == 0) {
		fprintf(f, "    auth: {psk: %s}\n", t->auth[0].psk);
	} else {
		fprintf(f, "    auth:\n      %s: ", a->name);
		write_side(f, &t->auth[0]);
		fprintf(f, "\n      %s: ", b->name);
		write_side(f, &t->auth[1]);
		putc('\n', f);
	}
	if (t->policy[0])
		fprintf(f, "    policy: %s\n", t->policy);
	else {
		write_proposals(f, "ike", t->ike);
		write_proposals(f, "esp", t->esp);
	}
	fprintf(f, "    start: %s\n", starts[t->start]);
	if (t->encap != ENCAP_AUTO)
		fprintf(f, "    encapsulation: %s\n", encaps[t->encap]);
	write_iface(x);
	write_number(f, "ike_lifetime", t->ike_life_s, 8 * 3600, "s");
	write_number(f, "ike_hard_lifetime", t->ike_hard_s, 0, "s");
	write_number(f, "child_lifetime", t->child_life_s, 3600, "s");
	write_number(f, "child_hard_lifetime", t->child_hard_s, 0, "s");
	write_number(f, "child_bytes", t->child_bytes, 64ull << 30, "");
	write_number(f, "child_packets", t->child_packets, 1ull << 32, "");
	write_number(f, "replay_window", t->replay_window, 1024, "");
	for (unsigned i = 0; i < t->nlabels; i++)
		fprintf(f, "%s%s: \"%s\"%s", i ? ", " : "    labels: {", t->labels[i].name, t->labels[i].value, i + 1 < t->nlabels ? "" : "}\n");
	write_children(x);
}

/* The rules of the CAs that this tunnel trusts: a rule that nothing of the file uses is refused. */
static void
write_rules(struct ex *x)
{
	static const char *const words[] = { "off", "soft", "strict" };
	bool any = false;

	for (unsigned i = 0; i < x->all->nrules; i++) {
		const struct trust_rule *r = &x->all->rules[i];
		bool used = false;

		for (unsigned k = 0; k < 2; k++)
			for (unsigned j = 0; j < x->t->auth[k].ntrust; j++)
				used = used || strcmp(x->t->auth[k].trust[j], r->name) == 0;
		if (!used)
			continue;
		fprintf(x->body, "%s  %s:\n    revocation: %s\n", any ? "" : "trust:\n", r->name, words[r->revocation]);
		any = true;
		for (unsigned k = 0; k < r->ncrls; k++) {
			fputs(k ? ", " : "    crl: [", x->body);
			str_quote(x->body, r->crls[k]);
			if (k + 1 == r->ncrls)
				fputs("]\n", x->body);
		}
		if (r->ocsp[0]) {
			fputs("    ocsp: ", x->body);
			str_quote(x->body, r->ocsp);
			putc('\n', x->body);
		}
	}
}

static void
write_needs(struct ex *x)
{
	const struct site_auth *a = x->peer_auth, *b = x->here_auth;

	fprintf(x->body, "#\n# On the gateway of %s: 'site: %s' in causeway.yaml, and 'ikectl apply' with this file", x->peer->name, x->peer->name);
	if (a->how == AUTH_BY_PSK)
		fprintf(x->body, ";\n# the pre-shared key, the same as here, in the file %s of its directory of secrets, mode 0600", a->psk);
	else
		fprintf(x->body, ";\n# its own %s with the name %s ('ikectl csr', 'ikectl cert import')", a->how == AUTH_BY_KEY ? "key" : "certificate and key",
		    a->cert);
	if (b->how == AUTH_BY_PSK && (a->how != AUTH_BY_PSK || strcmp(a->psk, b->psk) != 0))
		fprintf(x->body, ";\n# the pre-shared key by which it knows this end, in the file %s of its directory of secrets", b->psk);
	for (unsigned i = 0; b->how == AUTH_BY_CERT && i < b->ntrust; i++)
		fprintf(x->body, ";\n# the certificate of the CA %s ('ikectl cert import')", b->trust[i]);
	fputs(".\n# A gateway that has other tunnels adds these blocks to its own file.\n", x->body);
}

void
export_causeway(struct ex *x)
{
	write_needs(x);
	fputs("version: 1\n", x->body);
	write_rules(x);
	fputs("sites:\n", x->body);
	write_site(x->body, &x->all->sites[x->t->a]);
	write_site(x->body, &x->all->sites[x->t->b]);
	write_tunnel(x);
}
