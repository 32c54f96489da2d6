/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of fields for people who type them into another vendor's form: in the words that such forms use, with the group numbers. */
#include <inttypes.h>
#include <string.h>

#include "export.h"

static void
field(struct ex *x, const char *name)
{
	fprintf(x->body, "%-28s ", name);
}

static void
write_proposals(struct ex *x, const char *name, const struct proposals *ps)
{
	static const struct { uint8_t type; const char *what; } types[] = { { T_ENCR, "encryption" }, { T_INTEG, "integrity" },
		{ T_PRF, "PRF" }, { T_KE, "group" }, { T_ESN, "sequence numbers" } };
	char word[32];

	for (unsigned i = 0; i < ps->n; i++) {
		fprintf(x->body, "%s proposal %u\n", name, i + 1);
		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
			unsigned n = 0;

			if (ex_count(&ps->v[i], types[k].type) == 0)
				continue;
			fprintf(x->body, "  %-26s ", types[k].what);
			for (unsigned j = 0; j < ps->v[i].n; j++) {
				const struct transform *t = &ps->v[i].t[j];

				if (t->type != types[k].type)
					continue;
				fprintf(x->body, "%s%s", n++ ? " or " : "", t->type == T_KE && t->id == KE_NONE ? "none (no PFS)" :
				    alg_str(t->type, t->id, t->key_bits, word));
				if (t->type == T_KE && t->id != KE_NONE)
					fprintf(x->body, " (group %u)", t->id);
			}
			putc('\n', x->body);
		}
	}
}

static void
write_site(struct ex *x, const char *whose, const struct site *s)
{
	char name[64], address[SITE_ADDRESS_STR], proto[4];

	snprintf(name, sizeof(name), "%s address", whose);
	field(x, name);
	fprintf(x->body, "%s\n", site_is_any(s) ? "any (it changes; this end begins)" : site_address_str(s, address));
	snprintf(name, sizeof(name), "%s identity", whose);
	field(x, name);
	fprintf(x->body, "%s\n", s->id);
	for (unsigned i = 0; i < x->t->nchildren; i++) {
		snprintf(name, sizeof(name), "%s networks", whose);
		field(x, name);
		ex_write_nets(x, i, s == x->peer, ", ", "");
		if (x->t->children[i].proto)
			fprintf(x->body, ", %s", ts_proto_str(x->t->children[i].proto, proto));
		if (ex_port(x, i, s == x->peer))
			fprintf(x->body, " port %u", ex_port(x, i, s == x->peer));
		if (!ex_is_auto(x))
			fprintf(x->body, " (%s)", x->t->children[i].name);
		putc('\n', x->body);
	}
}

static void
write_proof(struct ex *x, const char *name, const struct site_auth *a, const char *secret)
{
	field(x, name);
	if (a->how == AUTH_BY_PSK)
		fprintf(x->body, "pre-shared key; on %s it is /etc/causeway/secrets/%s and is told by another way than this list\n", secret, a->psk);
	else if (a->how == AUTH_BY_KEY)
		fputs("a public key without a certificate\n", x->body);
	else {
		fputs("a certificate (the identity must be in it), from the CA ", x->body);
		for (unsigned i = 0; i < a->ntrust; i++)
			fprintf(x->body, "%s%s", i ? " or " : "", a->trust[i]);
		putc('\n', x->body);
	}
}

static void
write_lifetimes(struct ex *x)
{
	const struct site_tunnel *t = x->t;

	field(x, "IKE lifetime");
	fprintf(x->body, "%" PRIu64 " seconds (given up after %" PRIu64 ")\n", t->ike_life_s, ex_hard(t->ike_life_s, t->ike_hard_s));
	field(x, "ESP lifetime");
	fprintf(x->body, "%" PRIu64 " seconds (given up after %" PRIu64 ")\n", t->child_life_s, ex_hard(t->child_life_s, t->child_hard_s));
	field(x, "ESP volume");
	fprintf(x->body, "%" PRIu64 " octets or %" PRIu64 " packets\n", t->child_bytes, t->child_packets);
	field(x, "Who replaces keys");
	fputs("either end, before the lifetime ends; no lifetimes are negotiated in IKEv2\n", x->body);
}

static void
write_pfs(struct ex *x)
{
	bool seen[64] = { false }, none = false;
	char word[32];
	unsigned n = 0;

	field(x, "PFS group");
	for (unsigned i = 0; i < x->t->esp->n; i++)
		for (unsigned k = 0; k < x->t->esp->v[i].n; k++) {
			const struct transform *t = &x->t->esp->v[i].t[k];

			if (t->type != T_KE || t->id >= 64)
				continue;
			if (t->id == KE_NONE)
				none = true;
			else if (!seen[t->id]) {
				seen[t->id] = true;
				fprintf(x->body, "%s%s (group %u)", n++ ? ", " : "", alg_str(T_KE, t->id, 0, word), t->id);
			}
		}
	fprintf(x->body, "%s\n", n == 0 ? "none" : none ? "; or none" : "; required");
}

void
export_fields(struct ex *x)
{
	static const char *const encaps[] = { "in UDP 4500 where a NAT is found, else IP protocol 50 (both are received)", "always in UDP 4500",
		"IP protocol 50" };
	unsigned inner = 1500 - ex_overhead(x);
	char theirs[NAME_CAP + 16];

	fputs("#\n", x->body);
	field(x, "Name");
	fprintf(x->body, "%s\n", x->t->name);
	field(x, "IKE version");
	fputs("2 (version 1 is not spoken)\n", x->body);
	field(x, "Ports");
	fputs("UDP 500 and 4500, IP protocol 50\n", x->body);
	write_site(x, "Your", x->peer);
	write_site(x, "Peer's", x->here);
	snprintf(theirs, sizeof(theirs), "%s", x->here->name);
	write_proof(x, "You prove yourself by", x->peer_auth, theirs);
	write_proof(x, "The peer proves itself by", x->here_auth, theirs);
	field(x, "Who begins");
	fputs(x->peer_begins ? "you, and always again\n" : x->t->start == START_ALWAYS ? "the peer; you answer\n" :
	    x->t->start == START_ON_DEMAND ? "who has the first packet\n" : "you, when you want\n", x->body);
	write_proposals(x, "IKE", x->t->ike);
	write_proposals(x, "ESP", x->t->esp);
	write_pfs(x);
	write_lifetimes(x);
	field(x, "Mode and selectors");
	fprintf(x->body, "tunnel; %s, %s\n", ex_is_auto(x) ? "one child SA with all networks of both ends" : "one child SA for each name in brackets",
	    ex_selects(x) ? "protocol and port as they stand behind its networks" : "any protocol, any port");
	field(x, "Replay window");
	fprintf(x->body, "%u packets\n", x->t->replay_window);
	field(x, "Dead peer detection");
	fputs("on; asked after 30 s of sending without an answer, dead after 63 s of asking\n", x->body);
	field(x, "NAT traversal");
	fprintf(x->body, "on; ESP %s; keepalive every 20 s\n", encaps[x->t->encap]);
	field(x, "IKE fragmentation");
	fputs("on (RFC 7383)\n", x->body);
	field(x, "MTU");
	fprintf(x->body, "%u on a path of 1500 octets; TCP MSS %u (IPv4), %u (IPv6); DF is copied\n", inner, inner - 40, inner - 60);
	ex_no_iface(x);
	ex_note(x, "IKEv1, mode config%s: the tunnel has none of them", ex_selects(x) ? " and XAUTH" : ", XAUTH and policies by port");
}
