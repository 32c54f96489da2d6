/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strongSwan's swanctl.conf: sections in braces, "key = value" to the end of the line. Children of a connection become the one child of a
 * tunnel. Keys that say what Causeway does anyway, or that are about the machine, are read over; every other one that is not carried is named.
 */
#include <string.h>

#include "import.h"
#include "msg_ike.h"

#define DEPTH	6u

struct sw {
	struct imp	*m;
	struct imp_at	 at;
	unsigned	 depth;
	char		 path[DEPTH][IMP_TEXT];
	struct imp_conn	*conn;
	struct imp_child *child;	/* that is read; NULL: no memory */
	/* of the secret that is read */
	char		 ids[IMP_IDS][IMP_TEXT], value[1100];
	unsigned	 nids, line;
};

static const char *const quiet[] = { "mobike", "dpd_delay", "dpd_timeout", "fragmentation", "unique", "send_cert", "send_certreq", "keyingtries",
	"over_time", "rand_time", "life_time", "life_bytes", "life_packets", "rand_bytes", "rand_packets", "dpd_action", "close_action", "childless", "revocation",
	"copy_df", "copy_ecn", "copy_dscp", "hostaccess", "policies", "inactivity", "sha256_96", "local_port", "remote_port", "pull", "priority", NULL };

static bool
is_one(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* The next of a list with commas; false: no more. */
static bool
next_of(const char **s, char out[IMP_TEXT])
{
	size_t n;

	*s += strspn(*s, ", \t");
	n = strcspn(*s, ",");
	if (n == 0)
		return false;
	snprintf(out, IMP_TEXT, "%.*s", (int)(n < IMP_TEXT ? n : IMP_TEXT - 1), *s);
	*s += n;
	for (n = strlen(out); n && (out[n - 1] == ' ' || out[n - 1] == '\t'); n--)
		out[n - 1] = '\0';
	return true;
}

static void
take_proposals(struct sw *s, unsigned line, uint8_t proto, const char *value, struct imp_list *out)
{
	char one[IMP_TEXT];

	while (next_of(&value, one)) {
		struct imp_prop p = { .proto = proto };

		if (strcmp(one, "default") == 0)
			continue;	/* an empty list becomes a preset */
		for (const char *w = one; *w; ) {
			size_t n = strcspn(w, "-");

			imp_word(s->m, line, &p, w, n);
			w += n + (w[n] == '-');
		}
		imp_prop_end(s->m, line, &p, out);
	}
}

static void
take_time(struct sw *s, unsigned line, const char *key, const char *value, uint64_t *out)
{
	if (!imp_duration(value, out))
		imp_note(s->m, line, "%s = %.60s is no time that is understood", key, value);
}

static void
take_address(struct sw *s, unsigned line, const char *value, struct imp_end *e)
{
	char one[IMP_TEXT];

	if (!next_of(&value, one))
		return;
	if (next_of(&value, e->address))
		imp_note(s->m, line, "an end with several addresses: the first is taken");
	snprintf(e->address, sizeof(e->address), "%s", one[0] == '%' ? "any" : one);
}

static void
conn_key(struct sw *s, unsigned line, const char *key, const char *value)
{
	struct imp_conn *c = s->conn;

	if (strcmp(key, "version") == 0) {
		if (strcmp(value, "1") == 0)
			imp_note(s->m, line, "version = 1: Causeway speaks IKEv2 only, so the peer must be changed to it");
	} else if (strcmp(key, "local_addrs") == 0)
		take_address(s, line, value, &c->here);
	else if (strcmp(key, "remote_addrs") == 0)
		take_address(s, line, value, &c->peer);
	else if (strcmp(key, "proposals") == 0)
		take_proposals(s, line, PROTO_IKE, value, &c->ike);
	else if (strcmp(key, "rekey_time") == 0)
		take_time(s, line, key, value, &c->ike_life_s);
	else if (strcmp(key, "encap") == 0)
		c->encap = strcmp(value, "yes") == 0 ? ENCAP_UDP : ENCAP_AUTO;
	else if (!is_one(quiet, key))
		imp_note(s->m, line, "connection '%.60s': %.60s is not carried over", c->name, key);
}

static void
end_key(struct sw *s, unsigned line, const char *section, const char *key, const char *value)
{
	struct imp_end *e = strncmp(section, "local", 5) == 0 ? &s->conn->here : &s->conn->peer;

	if (strcmp(key, "auth") == 0)
		e->how = strcmp(value, "psk") == 0 ? IMP_PSK : strncmp(value, "pubkey", 6) == 0 || strncmp(value, "rsa", 3) == 0 ||
		    strncmp(value, "ecdsa", 5) == 0 || strncmp(value, "ike:", 4) == 0 ? IMP_CERT : IMP_OTHER;
	else if (strcmp(key, "id") == 0) {
		if (strcmp(value, "%any") != 0)
			imp_id(s->m, line, value, e->id);
	} else if (strcmp(key, "certs") == 0)
		snprintf(e->cert, sizeof(e->cert), "%.255s", value);
	else if (strcmp(key, "cacerts") == 0)
		snprintf(e->ca, sizeof(e->ca), "%.255s", value);
	else if (!is_one(quiet, key))
		imp_note(s->m, line, "connection '%.60s': %.20s.%.60s is not carried over", s->conn->name, section, key);
}

static void
take_networks(struct sw *s, unsigned line, const char *value, struct imp_end *e)
{
	char one[IMP_TEXT];

	while (next_of(&value, one))
		if (strncmp(one, "dynamic", 7) == 0)
			e->dynamic = true;
		else
			imp_net_add(s->m, line, &e->nets, one);
}

/* The child's, and with them the connection's. */
static void
child_networks(struct sw *s, unsigned line, const char *value, bool local)
{
	struct imp_end *end = local ? &s->conn->here : &s->conn->peer;
	struct imp_nets was = end->nets, *own = s->child ? local ? &s->child->here : &s->child->peer : NULL;

	end->nets.n = 0;
	take_networks(s, line, value, end);
	if (own)
		*own = end->nets;
	imp_nets_join(s->m, line, &was, &end->nets);
	end->nets = was;
}

static void
child_key(struct sw *s, unsigned line, const char *key, const char *value)
{
	struct imp_conn *c = s->conn;

	if (strcmp(key, "local_ts") == 0)
		child_networks(s, line, value, true);
	else if (strcmp(key, "remote_ts") == 0)
		child_networks(s, line, value, false);
	else if (strcmp(key, "esp_proposals") == 0)
		take_proposals(s, line, PROTO_ESP, value, &c->esp);
	else if (strcmp(key, "rekey_time") == 0)
		take_time(s, line, key, value, &c->child_life_s);
	else if (strcmp(key, "rekey_bytes") == 0 || strcmp(key, "rekey_packets") == 0) {
		if (!imp_number(value, key[6] == 'b' ? &c->child_bytes : &c->child_packets))
			imp_note(s->m, line, "%s = %.60s is no number", key, value);
	} else if (strcmp(key, "replay_window") == 0) {
		if (!imp_number(value, &c->replay_window))
			imp_note(s->m, line, "%s = %.60s is no number", key, value);
	} else if (strcmp(key, "mode") == 0) {
		c->transport = strcmp(value, "transport") == 0;
		if (!c->transport && strcmp(value, "tunnel") != 0)
			imp_note(s->m, line, "connection '%.60s': mode = %.20s: a tunnel is made of it", c->name, value);
	} else if (strcmp(key, "start_action") == 0) {
		if (strcmp(value, "none") != 0)
			c->start = strcmp(value, "trap") == 0 ? START_ON_DEMAND : START_ALWAYS;
	} else if (!is_one(quiet, key))
		imp_note(s->m, line, "connection '%.60s', child '%.60s': %.60s is not carried over", c->name, s->path[3], key);
}

static void
secret_key(struct sw *s, unsigned line, const char *key, const char *value)
{
	if (strcmp(key, "secret") == 0) {
		snprintf(s->value, sizeof(s->value), "%s", value);
		s->line = line;
	} else if (strncmp(key, "id", 2) == 0) {
		if (s->nids < IMP_IDS)
			snprintf(s->ids[s->nids++], IMP_TEXT, "%.255s", value);
		else
			imp_note(s->m, line, "a pre-shared key for more than %u identities", IMP_IDS);
	}
}

static void
key(struct sw *s, unsigned line, const char *name, const char *value)
{
	const char *top = s->depth ? s->path[0] : "";

	if (strcmp(top, "connections") == 0 && s->depth >= 2) {
		if (!s->conn)
			return;
		if (s->depth == 2)
			conn_key(s, line, name, value);
		else if (s->depth == 3 && (strncmp(s->path[2], "local", 5) == 0 || strncmp(s->path[2], "remote", 6) == 0))
			end_key(s, line, s->path[2], name, value);
		else if (s->depth == 4 && strcmp(s->path[2], "children") == 0)
			child_key(s, line, name, value);
		else
			imp_note(s->m, line, "%.60s is not carried over", name);
	} else if (strcmp(top, "secrets") == 0 && s->depth == 2 && strncmp(s->path[1], "ike", 3) == 0)
		secret_key(s, line, name, value);
}

static void
opened(struct sw *s, unsigned line)
{
	const char *top = s->path[0], *name = s->path[s->depth - 1];

	if (s->depth == 1 && strcmp(top, "connections") != 0 && strcmp(top, "secrets") != 0)
		imp_note(s->m, line, "the section '%.60s' is not carried over", top);
	if (s->depth == 2 && strcmp(top, "connections") == 0) {
		s->conn = imp_conn_add(s->m, name, line);
		s->child = NULL;
	}
	if (s->depth == 2 && strcmp(top, "secrets") == 0) {
		s->nids = 0;
		s->value[0] = '\0';
		if (strncmp(name, "ike", 3) != 0)
			imp_note(s->m, line, "the secret '%.60s' is not a pre-shared key of IKE: private keys come by 'ikectl cert import'", name);
	}
	if (s->depth == 4 && s->conn && strcmp(s->path[2], "children") == 0)
		s->child = imp_child_add(s->m, s->conn, name);
}

static void
closed(struct sw *s)
{
	if (s->depth == 2 && strcmp(s->path[0], "secrets") == 0 && s->value[0]) {
		struct imp_secret *x = imp_secret_add(s->m, s->line, s->value, strlen(s->value));

		for (unsigned i = 0; i < s->nids; i++)
			imp_secret_id(s->m, x, s->line, s->ids[i]);
		wipe(s->value, sizeof(s->value));
	}
	if (s->depth == 2)
		s->conn = NULL;
	s->depth--;
}

/* Not kept: its braces are counted, so that what follows is where it belongs. */
static void
skip_section(struct sw *s, unsigned line)
{
	unsigned open = 1;

	imp_note(s->m, line, "a section nested deeper than strongSwan has them is left out");
	for (; s->at.p < s->at.end && open; s->at.p++) {
		if (*s->at.p == '\n')
			s->at.line++;
		open += *s->at.p == '{';
		open -= *s->at.p == '}';
	}
}

static void
statement(struct sw *s)
{
	char name[IMP_TEXT], value[1100];
	unsigned line = s->at.line;

	if (!imp_take(&s->at, " \t\r={}#:", true, name, sizeof(name))) {
		s->at.p++;	/* a stray '=' or such */
		imp_note(s->m, line, "a name is missing here");
		return;
	}
	imp_skip(&s->at, false);
	if (strcmp(name, "include") == 0 && (s->at.p == s->at.end || *s->at.p != '=')) {
		imp_take(&s->at, "\r#", true, value, sizeof(value));
		imp_note(s->m, line, "include %.100s: import that file by itself", value);
		return;
	}
	if (imp_char(&s->at, '=')) {
		imp_skip(&s->at, false);
		value[0] = '\0';
		imp_take(&s->at, "\r#}", true, value, sizeof(value));
		for (size_t n = strlen(value); n && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
			value[n - 1] = '\0';
		key(s, line, name, value);
		wipe(value, sizeof(value));
		return;
	}
	if (imp_char(&s->at, ':')) {
		imp_take(&s->at, "{#", true, value, sizeof(value));
		imp_note(s->m, line, "'%.60s' takes over the settings of '%.60s': write them out before importing", name, value);
	}
	imp_skip(&s->at, true);
	if (!imp_char(&s->at, '{')) {
		imp_note(s->m, line, "'%.60s' is neither a setting nor a section", name);
		return;
	}
	if (s->depth == DEPTH) {
		skip_section(s, line);
		return;
	}
	snprintf(s->path[s->depth++], IMP_TEXT, "%s", name);
	opened(s, line);
}

void
imp_swanctl(struct imp *m, const char *text, size_t n)
{
	struct sw s = { .m = m, .at = imp_at(text, n) };

	for (imp_skip(&s.at, true); s.at.p < s.at.end; imp_skip(&s.at, true))
		if (imp_char(&s.at, '}')) {
			if (s.depth == 0)
				imp_note(m, s.at.line, "a brace is closed that was not opened");
			else
				closed(&s);
		} else
			statement(&s);
	if (s.depth)
		imp_note(m, s.at.line, "the file ends inside a section: was it copied completely?");
	while (s.depth)
		closed(&s);
	wipe(s.value, sizeof(s.value));
}
