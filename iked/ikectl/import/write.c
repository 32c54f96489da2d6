/* SPDX-License-Identifier: BSD-2-Clause */
/* The site file of an import: its notes as comments, then sites and tunnels. Every value that may hold a sign of YAML is quoted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "msg_ike.h"

#define DAY	86400u

/* The name of a CA's certificate from a file's name or a subject; Causeway's names are narrower than either. */
static void
ca_name(const struct imp_end *other, char out[NAME_CAP])
{
	const char *from = strrchr(other->ca, '/') ? strrchr(other->ca, '/') + 1 : other->ca;

	name_make(from, strcspn(from, ".,"), NAME_CAP - 1, out);
	if (!out[0] || other->ca[0] == '%')
		snprintf(out, NAME_CAP, "ca");
}

static void
write_side(FILE *f, const struct imp_conn *c, const struct imp_end *e, const struct imp_end *by)
{
	char ca[NAME_CAP];

	if (e->how == IMP_PSK) {
		fprintf(f, "{psk: %s}", c->psk);
		return;
	}
	ca_name(by, ca);
	fprintf(f, "{trust: %s}", ca);
}

static void
write_list(FILE *f, const char *key, const struct imp_list *list, const struct proposals *usual)
{
	char text[400];

	fprintf(f, "    %s: [", key);
	for (unsigned i = 0; i < list->n; i++)
		fprintf(f, "%s%s", i ? ", " : "", list->v[i]);
	for (unsigned i = 0; list->n == 0 && i < usual->n; i++)
		fprintf(f, "%s%s", i ? ", " : "", proposal_str(&usual->v[i], text, sizeof(text)));
	fputs("]\n", f);
}

static void
write_algorithms(FILE *f, const struct imp_conn *c)
{
	struct proposals ike, esp;

	if (c->ike.n == 0 && c->esp.n == 0) {
		fputs("    policy: compatible\n", f);
		return;
	}
	preset_find("compatible", &ike, &esp);
	write_list(f, "ike", &c->ike, &ike);
	write_list(f, "esp", &c->esp, &esp);
}

/* Kept within what a site file takes; 0 is not said. */
static void
write_limit(struct imp *m, FILE *f, const struct imp_conn *c, const char *key, uint64_t v, uint64_t lo, uint64_t hi, const char *unit)
{
	uint64_t kept = v < lo ? lo : v > hi ? hi : v;

	if (v == 0)
		return;
	if (kept != v)
		imp_note(m, 0, "connection '%.60s': %s is %" PRIu64 " instead of %" PRIu64, c->name, key, kept, v);
	fprintf(f, "    %s: %" PRIu64 "%s\n", key, kept, unit);
}

static void
write_nets(FILE *f, const struct imp_nets *nets)
{
	char net[PREFIX_STR];

	putc('[', f);
	for (unsigned k = 0; k < nets->n; k++)
		fprintf(f, "%s\"%s\"", k ? ", " : "", prefix_str(&nets->v[k], net));
	putc(']', f);
}

static void
write_children(FILE *f, const struct emit_tunnel *t, const char *here, const char *peer)
{
	fputs("    children:\n", f);
	for (const struct imp_child *x = t->conn->children; x; x = x->next) {
		if (!x->kept)
			continue;
		fprintf(f, "      %s: {%s: ", x->name, here);
		write_nets(f, &x->here);
		fprintf(f, ", %s: ", peer);
		write_nets(f, &x->peer);
		fputs("}\n", f);
	}
}

static void
write_tunnel(struct imp *m, FILE *f, const struct emit_site *sites, const struct emit_tunnel *t)
{
	const struct imp_conn *c = t->conn;
	const struct emit_site *here = &sites[t->here], *peer = &sites[t->peer];

	fprintf(f, "  %s:\n    between: [%s, %s]\n", t->name, here->name, peer->name);
	if (c->here.how == IMP_PSK && c->peer.how == IMP_PSK)
		fprintf(f, "    auth: {psk: %s}\n", c->psk);
	else {
		fprintf(f, "    auth:\n      %s: ", here->name);
		write_side(f, c, &c->here, &c->peer);
		fprintf(f, "\n      %s: ", peer->name);
		write_side(f, c, &c->peer, &c->peer);
		putc('\n', f);
	}
	write_algorithms(f, c);
	fprintf(f, "    start: %s\n", c->start == START_ALWAYS ? "always" : c->start == START_ON_DEMAND ? "on-demand" : "respond-only");
	if (c->encap != ENCAP_AUTO)
		fprintf(f, "    encapsulation: %s\n", c->encap == ENCAP_UDP ? "udp" : "esp");
	write_limit(m, f, c, "ike_lifetime", c->ike_life_s, 5, 30 * DAY, "s");
	write_limit(m, f, c, "child_lifetime", c->child_life_s, 3, 30 * DAY, "s");
	write_limit(m, f, c, "child_bytes", c->child_bytes, 1u << 20, UINT64_MAX, "");
	write_limit(m, f, c, "child_packets", c->child_packets, 1000, UINT64_MAX, "");
	write_limit(m, f, c, "replay_window", c->replay_window, 32, 4096, "");
	if (t->nchildren)
		write_children(f, t, here->name, peer->name);
}

/* What has to be done by hand: it is said of the tunnels at last, when it is known what they are. */
static void
say_todo(struct imp *m, const struct emit_site *sites, const struct emit_tunnel *t)
{
	const struct imp_conn *c = t->conn;
	char ca[NAME_CAP];

	m->file = c->file;
	if (c->ike.n == 0 || c->esp.n == 0)
		imp_note(m, c->line, "tunnel '%s': the file has no algorithms for %s that Causeway has; 'compatible' is taken", t->name,
		    c->ike.n == 0 && c->esp.n == 0 ? "IKE and ESP" : c->ike.n == 0 ? "IKE" : "ESP");
	if (c->psk[0] && !c->has_secret)
		imp_note(m, c->line, "tunnel '%s': the pre-shared key is not in the files that were read: put it into the secret file %s", t->name, c->psk);
	else if (c->psk[0])
		imp_note(m, c->line, "tunnel '%s': the pre-shared key is not in the site file; --secrets writes it as the secret file %s", t->name, c->psk);
	if (c->here.how == IMP_CERT)
		imp_note(m, c->line, "tunnel '%s': bring this gateway's certificate%s%.100s and its key: ikectl cert import --name %s", t->name,
		    c->here.cert[0] ? " " : "", c->here.cert, sites[t->here].name);
	if (c->peer.how == IMP_CERT) {
		ca_name(&c->peer, ca);
		imp_note(m, c->line, "tunnel '%s': bring the CA's certificate: ikectl cert import --name %s", t->name, ca);
	}
	m->file = "";
}

void
emit_write(struct imp *m, const struct emit_site *sites, unsigned nsites, const struct emit_tunnel *tunnels, unsigned ntunnels, FILE *out)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f) {
		m->no_memory = true;
		return;
	}
	for (unsigned i = 0; i < ntunnels; i++) {
		write_tunnel(m, f, sites, &tunnels[i]);
		say_todo(m, sites, &tunnels[i]);
	}
	fclose(f);
	fputs("# Made by 'ikectl import'. Look through it before 'ikectl apply'", out);
	fputs(m->notes ? "; what could not be carried over, and what is to be done:\n" : ".\n", out);
	for (const struct imp_note *x = m->notes; x; x = x->next)
		if (x->line)
			fprintf(out, "#  %s:%u: %s\n", x->file, x->line, x->text);
		else
			fprintf(out, "#  %s%s%s\n", x->file, x->file[0] ? ": " : "", x->text);
	fputs("version: 1\nsites:\n", out);
	for (unsigned i = 0; i < nsites; i++) {
		fprintf(out, "  %s:\n    address: \"%s\"\n    networks: ", sites[i].name, sites[i].address);
		write_nets(out, &sites[i].nets);
		putc('\n', out);
		if (sites[i].id[0]) {
			fputs("    id: ", out);
			str_quote(out, sites[i].id);
			putc('\n', out);
		}
	}
	fputs("tunnels:\n", out);
	if (text)
		fputs(text, out);
	free(text);
}
