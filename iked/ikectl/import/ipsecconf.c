/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipsec.conf of Libreswan and of strongSwan's older programs, and ipsec.secrets. "left" is this gateway unless the file is of the other end:
 * there is no sign of it in the file, so it is said. Settings of "conn %default" hold for connections that follow, those of also= for one.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "msg_ike.h"

#define SETTINGS	60u
#define SECTIONS	200u

struct setting { unsigned line; char key[40], value[IMP_TEXT]; };
struct section { char name[IMP_TEXT]; unsigned line, n; struct setting v[SETTINGS]; };

static const char *const quiet[] = { "ikev2", "keyexchange", "fragmentation", "mobike", "dpddelay", "dpdtimeout", "dpdaction", "rekeymargin", "rekeyfuzz",
	"keyingtries", "rekey", "compress", "leftsendcert", "rightsendcert", "leftfirewall", "lefthostaccess", "nat-ikev1-method", "margintime", "closeaction",
	"leftnexthop", "rightnexthop", "initial-contact", "type", "also", "ikev1-policy", "authby", "auto", "retransmit-timeout", "retransmit-interval",
	"overlapip", "leftikeport", "rightikeport", "reauth", "uniqueids", "leftsourceip", "rightca", "leftupdown", NULL };

static void
take_proposals(struct imp *m, unsigned line, uint8_t proto, const char *value, struct imp_list *out)
{
	while (*value) {
		size_t n = strcspn(value, ",");
		struct imp_prop p = { .proto = proto };

		for (const char *w = value, *end = value + n; w < end; ) {
			/* Libreswan joins alternatives by '+'; "aes_gcm256-sha2;modp2048", the older "aes256-sha1;modp1024" */
			size_t k = strcspn(w, "-+;, !");

			if (w + k > end)
				k = (size_t)(end - w);
			imp_word(m, line, &p, w, k);
			w += k + 1;
		}
		imp_prop_end(m, line, &p, out);
		value += n + (value[n] == ',');
	}
}

static void
take_networks(struct imp *m, unsigned line, const char *value, struct imp_end *e)
{
	char one[IMP_TEXT];

	for (const char *s = value; *s; ) {
		size_t n;

		s += strspn(s, "{}, \t");
		n = strcspn(s, "{}, \t");
		if (n == 0)
			break;
		snprintf(one, sizeof(one), "%.*s", (int)(n < sizeof(one) ? n : sizeof(one) - 1), s);
		s += n;
		if (strncmp(one, "vhost:", 6) == 0 || strncmp(one, "vnet:", 5) == 0 || one[0] == '%')
			imp_note(m, line, "'%.60s' has no counterpart", one);
		else
			imp_net_add(m, line, &e->nets, one);
	}
}

/* What stands behind "left" or "right". */
static bool
end_key(struct imp *m, const struct setting *t, const char *what, struct imp_end *e)
{
	const char *v = t->value;

	if (*what == '\0') {
		snprintf(e->address, sizeof(e->address), "%s", strcmp(v, "%defaultroute") == 0 ? "" : v[0] == '%' ? "any" : v);
	} else if (strcmp(what, "id") == 0) {
		if (v[0] != '%')
			imp_id(m, t->line, v, e->id);
	} else if (strcmp(what, "subnet") == 0 || strcmp(what, "subnets") == 0)
		take_networks(m, t->line, v, e);
	else if (strcmp(what, "cert") == 0) {
		snprintf(e->cert, sizeof(e->cert), "%s", v);
		e->how = IMP_CERT;
	} else if (strcmp(what, "auth") == 0)
		e->how = strcmp(v, "secret") == 0 || strcmp(v, "psk") == 0 ? IMP_PSK : strncmp(v, "eap", 3) == 0 || strncmp(v, "xauth", 5) == 0 ? IMP_OTHER : IMP_CERT;
	else if (strcmp(what, "ca") == 0)
		snprintf(e->ca, sizeof(e->ca), "%s", v);
	else
		return false;
	return true;
}

static void
auth_key(struct imp *m, const struct setting *t, struct imp_conn *c)
{
	enum imp_how how = strstr(t->value, "secret") || strstr(t->value, "psk") ? IMP_PSK : strstr(t->value, "eap") || strstr(t->value, "xauth") ||
	    strcmp(t->value, "never") == 0 || strcmp(t->value, "null") == 0 ? IMP_OTHER : IMP_CERT;

	(void)m;
	if (c->here.how == IMP_UNSAID)
		c->here.how = how;
	if (c->peer.how == IMP_UNSAID)
		c->peer.how = how;
}

static bool
number_key(struct imp *m, const struct setting *t, struct imp_conn *c)
{
	static const struct { const char *key; int which; } keys[] = { { "ikelifetime", 0 }, { "salifetime", 1 }, { "keylife", 1 }, { "lifetime", 1 },
		{ "ipsec-lifetime", 1 }, { "lifebytes", 2 }, { "ipsec-max-bytes", 2 }, { "lifepackets", 3 }, { "ipsec-max-packets", 3 }, { "replay-window", 4 },
		{ "replay_window", 4 } };
	uint64_t *out[] = { &c->ike_life_s, &c->child_life_s, &c->child_bytes, &c->child_packets, &c->replay_window };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, t->key) != 0)
			continue;
		if (!(keys[i].which < 2 ? imp_duration : imp_number)(t->value, out[keys[i].which]))
			imp_note(m, t->line, "%s=%.60s is not understood", t->key, t->value);
		return true;
	}
	return false;
}

static void
one_key(struct imp *m, const struct setting *t, struct imp_conn *c)
{
	const char *k = t->key, *v = t->value;

	if (strncmp(k, "left", 4) == 0 && end_key(m, t, k + 4, &c->here))
		return;
	if (strncmp(k, "right", 5) == 0 && end_key(m, t, k + 5, &c->peer))
		return;
	if (number_key(m, t, c))
		return;
	if (strcmp(k, "ike") == 0)
		take_proposals(m, t->line, PROTO_IKE, v, &c->ike);
	else if (strcmp(k, "esp") == 0 || strcmp(k, "phase2alg") == 0)
		take_proposals(m, t->line, PROTO_ESP, v, &c->esp);
	else if (strcmp(k, "authby") == 0)
		auth_key(m, t, c);
	else if (strcmp(k, "auto") == 0)
		c->start = strcmp(v, "add") == 0 || strcmp(v, "ignore") == 0 || strcmp(v, "keep") == 0 ? START_RESPOND :
		    strcmp(v, "route") == 0 || strcmp(v, "ondemand") == 0 ? START_ON_DEMAND : START_ALWAYS;
	else if (strcmp(k, "encapsulation") == 0 || strcmp(k, "forceencaps") == 0)
		c->encap = strcmp(v, "yes") == 0 ? ENCAP_UDP : strcmp(k, "encapsulation") == 0 && strcmp(v, "no") == 0 ? ENCAP_ESP : ENCAP_AUTO;
	else if (strcmp(k, "pfs") == 0)
		c->no_pfs = strcmp(v, "no") == 0;
	else if (strcmp(k, "type") == 0)
		c->transport = strcmp(v, "transport") == 0;
	else if ((strcmp(k, "ikev2") == 0 && (strcmp(v, "no") == 0 || strcmp(v, "never") == 0)) ||
	    (strcmp(k, "keyexchange") == 0 && (strcmp(v, "ikev1") == 0)))
		imp_note(m, t->line, "connection '%.60s' is IKEv1: the peer must be changed to IKEv2", c->name);
	else if (strcmp(k, "compress") == 0 && strcmp(v, "yes") == 0)
		imp_note(m, t->line, "connection '%.60s': compression is not carried over", c->name);
	else {
		for (const char *const *q = quiet; *q; q++)
			if (strcmp(*q, k) == 0)
				return;
		imp_note(m, t->line, "connection '%.60s': %s is not carried over", c->name, k);
	}
}

/* ---- sections ---- */

struct ic {
	struct imp	*m;
	struct imp_at	 at;
	unsigned	 n;
	struct section	*v[SECTIONS];
	struct section	*now;	/* NULL: not of a connection */
};

static const struct section *
find(const struct ic *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->v[i]->name, name) == 0)
			return s->v[i];
	return NULL;
}

/* The settings of a section: its own win, then those of what it names by also=, one level deep as they are used. */
static void
apply(struct ic *s, const struct section *from, struct imp_conn *c, unsigned deep)
{
	for (unsigned i = 0; i < from->n; i++)
		if (strcmp(from->v[i].key, "also") == 0) {
			const struct section *other = find(s, from->v[i].value);

			if (other && deep < 4)
				apply(s, other, c, deep + 1);
			else
				imp_note(s->m, from->v[i].line, "also=%.60s: there is no such connection", from->v[i].value);
		}
	for (unsigned i = 0; i < from->n; i++) {
		const char *k = from->v[i].key;

		if (strcmp(k, "ike") == 0)
			c->ike.n = 0;
		if (strcmp(k, "esp") == 0 || strcmp(k, "phase2alg") == 0)
			c->esp.n = 0;
		one_key(s->m, &from->v[i], c);
	}
}

static void
head(struct ic *s, unsigned line, const char *what)
{
	char name[IMP_TEXT] = "";

	s->now = NULL;
	imp_skip(&s->at, false);
	imp_take(&s->at, " \t\r#", false, name, sizeof(name));
	if (strcmp(what, "include") == 0)
		imp_note(s->m, line, "include %.100s: import that file by itself", name);
	else if (strcmp(what, "conn") != 0) {
		if (strcmp(what, "config") != 0 && strcmp(what, "version") != 0)
			imp_note(s->m, line, "'%.40s %.60s' is not carried over", what, name);
	} else if (s->n == SECTIONS)
		imp_note(s->m, line, "more than %u connections: the rest is left out", SECTIONS);
	else if ((s->now = s->v[s->n] = calloc(1, sizeof(**s->v))) != NULL) {
		snprintf(s->now->name, sizeof(s->now->name), "%s", name);
		s->now->line = line;
		s->n++;
	} else
		s->m->no_memory = true;
	while (s->at.p < s->at.end && *s->at.p != '\n')
		s->at.p++;
}

static void
setting(struct ic *s, unsigned line)
{
	struct setting t = { .line = line };
	bool is;

	imp_take(&s->at, " \t\r=#", false, t.key, sizeof(t.key));
	imp_skip(&s->at, false);
	is = imp_char(&s->at, '=');
	imp_skip(&s->at, false);
	if (is)
		imp_take(&s->at, "\r#", false, t.value, sizeof(t.value));
	while (s->at.p < s->at.end && *s->at.p != '\n')
		s->at.p++;
	for (size_t n = strlen(t.value); n && (t.value[n - 1] == ' ' || t.value[n - 1] == '\t'); n--)
		t.value[n - 1] = '\0';
	if (!is)
		imp_note(s->m, line, "'%s' is no setting", t.key);
	else if (s->now && s->now->n == SETTINGS)
		imp_note(s->m, line, "a connection with more than %u settings: '%s' is left out", SETTINGS, t.key);
	else if (s->now)
		s->now->v[s->now->n++] = t;
}

/* Is it named by another's also=, and nothing by itself? */
static bool
is_part(const struct ic *s, const struct section *x)
{
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < s->v[i]->n; k++)
			if (s->v[i] != x && strcmp(s->v[i]->v[k].key, "also") == 0 && strcmp(s->v[i]->v[k].value, x->name) == 0)
				return true;
	return false;
}

/*
 * Libreswan's default, and what pfs=yes means: where esp= names no group, a child takes one of IKE's. strongSwan's is none. So both are
 * offered, and neither is insisted on.
 */
static void
add_groups(struct imp_conn *c)
{
	char words[IMP_PROPOSAL] = "";
	const struct alg *a;

	for (unsigned i = 0; i < c->ike.n; i++)
		for (const char *w = c->ike.v[i]; *w; ) {
			size_t k = strcspn(w, "-"), n = strlen(words);

			a = alg_by_name(w, k);
			if (a && a->type == T_KE && !strstr(words, a->name) && n + k + 2 < sizeof(words))
				snprintf(words + n, sizeof(words) - n, "-%s", a->name);
			w += k + (w[k] == '-');
		}
	for (unsigned i = 0; i < c->esp.n; i++) {
		char *v = c->esp.v[i];
		struct proposal p;
		bool has = false;
		const char *why;
		size_t at;

		if (!proposal_parse(PROTO_ESP, v, &p, &why, &at))
			continue;
		for (unsigned k = 0; k < p.n; k++)
			has = has || p.t[k].type == T_KE;
		if (!has && words[0] && strlen(v) + strlen(words) + sizeof("-none") <= IMP_PROPOSAL) {
			strcat(v, words);
			strcat(v, "-none");
		}
	}
}

static void
finish(struct ic *s)
{
	const struct section *usual = find(s, "%default");

	for (unsigned i = 0; i < s->n; i++) {
		struct imp_conn *c;

		if (s->v[i] == usual || is_part(s, s->v[i]) || !(c = imp_conn_add(s->m, s->v[i]->name, s->v[i]->line)))
			continue;
		if (usual)
			apply(s, usual, c, 4);
		apply(s, s->v[i], c, 0);
		if (!c->no_pfs)
			add_groups(c);
		if (c->here.nets.n == 0)
			c->here.dynamic = true;
		if (c->peer.nets.n == 0)
			c->peer.dynamic = true;
	}
	if (s->n)
		imp_note(s->m, 0, "'left' is taken as this gateway; if it is the other one, the two sites only have each other's place");
	for (unsigned i = 0; i < s->n; i++)
		free(s->v[i]);
}

void
imp_ipsecconf(struct imp *m, const char *text, size_t n)
{
	struct ic s = { .m = m, .at = imp_at(text, n) };

	while (s.at.p < s.at.end) {
		bool indented = *s.at.p == ' ' || *s.at.p == '\t';
		unsigned line = s.at.line;
		char word[40];

		imp_skip(&s.at, false);
		if (s.at.p < s.at.end && *s.at.p == '\n') {
			s.at.p++;
			s.at.line++;
		} else if (s.at.p == s.at.end)
			break;
		else if (indented)
			setting(&s, line);
		else if (imp_take(&s.at, " \t\r#", false, word, sizeof(word)))
			head(&s, line, word);
	}
	finish(&s);
}

/* "@a @b : PSK "secret"", one a line; other kinds are private keys. */
void
imp_ipsecsecrets(struct imp *m, const char *text, size_t n)
{
	struct imp_at at = imp_at(text, n);
	char word[1100];

	for (imp_skip(&at, true); at.p < at.end; imp_skip(&at, true)) {
		char ids[IMP_IDS][IMP_TEXT];
		unsigned nids = 0, line = at.line;
		struct imp_secret *x = NULL;

		/* The colon that ends the list stands alone or at the end of the last word; those inside an IPv6 address do neither. */
		for (bool more = true; more && imp_take(&at, " \t\r", false, word, sizeof(word)); imp_skip(&at, false)) {
			size_t k = strlen(word);

			if (k && word[k - 1] == ':') {
				word[k - 1] = '\0';
				more = false;
			}
			if (word[0] && nids < IMP_IDS)
				snprintf(ids[nids++], IMP_TEXT, "%.255s", word);
		}
		if (imp_take(&at, " \t\r", false, word, sizeof(word)) && (strcmp(word, "PSK") == 0 || strcmp(word, "psk") == 0)) {
			imp_skip(&at, false);
			word[0] = '\0';
			imp_take(&at, " \t\r", false, word, sizeof(word));
			x = imp_secret_add(m, line, word, strlen(word));
			for (unsigned i = 0; i < nids; i++)
				imp_secret_id(m, x, line, ids[i]);
		} else
			imp_note(m, line, "a secret that is no pre-shared key: private keys come by 'ikectl cert import'");
		while (at.p < at.end && *at.p != '\n')
			at.p++;
	}
	wipe(word, sizeof(word));
}
