/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenIKED's iked.conf: macros, "set", and policies of one logical line, which goes on behind a backslash and, as its grammar does not end at
 * line ends inside of a policy, until a word begins the next statement. Words are taken one by one; what a word asks for is in a table.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "msg_ike.h"

#define MACROS	64u
#define WORD	1100u

struct ik {
	struct imp	*m;
	struct imp_at	 at;
	unsigned	 nmacros;
	struct { char name[64], value[WORD]; } macro[MACROS];
	char		 word[WORD];	/* the word that is next */
	bool		 have, quoted;
	unsigned	 line;		/* where it began */
};

static const char *
macro(const struct ik *s, const char *name)
{
	for (unsigned i = s->nmacros; i > 0; i--)
		if (strcmp(s->macro[i - 1].name, name) == 0)
			return s->macro[i - 1].value;
	return NULL;
}

static void
skip(struct ik *s)
{
	for (;;) {
		imp_skip(&s->at, true);
		if (s->at.p + 1 < s->at.end && *s->at.p == '\\' && (s->at.p[1] == '\n' || s->at.p[1] == '\r'))
			s->at.p++;
		else
			return;
	}
}

/* Fills word with the next one, macros replaced; false at the end. */
static bool
peek(struct ik *s)
{
	const char *v;

	if (s->have)
		return true;
	skip(s);
	if (s->at.p == s->at.end)
		return false;
	s->line = s->at.line;
	s->quoted = *s->at.p == '"';
	if (!imp_take(&s->at, " \t\r,{}()=#", true, s->word, sizeof(s->word))) {
		s->word[0] = *s->at.p++;	/* one of the signs */
		s->word[1] = '\0';
	}
	if (!s->quoted && s->word[0] == '$') {
		v = macro(s, s->word + 1);
		if (v)
			snprintf(s->word, sizeof(s->word), "%s", v);
		else
			imp_note(s->m, s->line, "the macro '%.60s' is not defined", s->word);
		s->quoted = true;
	}
	return s->have = true;
}

static bool
is(struct ik *s, const char *word)
{
	return peek(s) && !s->quoted && strcmp(s->word, word) == 0;
}

static bool
eat(struct ik *s, const char *word)
{
	if (!is(s, word))
		return false;
	s->have = false;
	return true;
}

/* The value behind a key word. */
static const char *
value(struct ik *s)
{
	if (!peek(s))
		return "";
	s->have = false;
	return s->word;
}

/* ---- a policy ---- */

struct policy {
	struct ik	*s;
	struct imp_conn	*c;
	struct imp_prop	 prop;
	struct imp_list	*list;		/* where prop goes; NULL: none is open */
	struct imp_nets	 pair;
};

static void
end_prop(struct policy *p)
{
	if (p->list)
		imp_prop_end(p->s->m, p->s->line, &p->prop, p->list);
	p->list = NULL;
}

static void
take_net(struct policy *p, struct imp_end *e)
{
	unsigned line = p->s->line;
	char net[IMP_TEXT];

	snprintf(net, sizeof(net), "%.255s", value(p->s));
	if (strcmp(net, "any") == 0)
		snprintf(net, sizeof(net), "0.0.0.0/0");
	if (strcmp(net, "dynamic") == 0)
		imp_note(p->s->m, line, "dynamic addresses are not carried over");
	else
		imp_net_add(p->s->m, line, &e->nets, net);
	if (eat(p->s, "(")) {
		imp_note(p->s->m, p->s->line, "translation of '%s' to '%.60s' is not carried over", net, value(p->s));
		eat(p->s, ")");
	}
	if (eat(p->s, "port"))
		imp_note(p->s->m, p->s->line, "port %.40s: the child is for all of them until you give it 'protocol:' and 'ports:'", value(p->s));
}

static void
take_proposal_word(struct policy *p, uint8_t proto, struct imp_list *list)
{
	end_prop(p);
	memset(&p->prop, 0, sizeof(p->prop));
	p->prop.proto = proto;
	p->list = list;
}

/* enc, auth, prf and group name algorithms; "prf hmac-sha2-256" is another than "auth hmac-sha2-256". */
static void
take_algorithm(struct policy *p, bool prf)
{
	unsigned line = p->s->line;
	struct imp_prop *q = &p->prop;
	const char *w = value(p->s);
	unsigned n = q->n;

	if (!p->list)
		return;
	imp_word(p->s->m, line, q, w, strlen(w));
	if (prf && q->n > n && q->v[n]->type == T_INTEG)
		q->v[n] = alg_find(T_PRF, (uint16_t)(q->v[n]->id - INTEG_HMAC_SHA2_256_128 + PRF_HMAC_SHA2_256), 0);
}

static void
take_psk(struct policy *p)
{
	unsigned line = p->s->line;
	struct imp_secret *x;
	const char *v;

	p->c->here.how = p->c->peer.how = IMP_PSK;
	if (eat(p->s, "file")) {
		imp_note(p->s->m, line, "the pre-shared key is in the file %.100s: bring it by hand", value(p->s));
		return;
	}
	v = value(p->s);
	x = imp_secret_add(p->s->m, line, v, strlen(v));
	if (x) {	/* of this policy alone: it goes where it belongs at once */
		p->c->has_secret = secret_set(&p->c->secret, secret_bytes(&x->secret));
		p->s->m->secrets = x->next;
		secret_wipe(&x->secret);
		free(x);
	}
	wipe(p->s->word, sizeof(p->s->word));
}

static void
take_number(struct policy *p, const char *key, bool octets, uint64_t *out)
{
	char text[IMP_TEXT];
	unsigned line = p->s->line;
	uint64_t factor = 1;
	size_t n;

	snprintf(text, sizeof(text), "%.255s", value(p->s));
	n = strlen(text);
	if (octets && n > 1 && strchr("KMGkmg", text[n - 1])) {
		factor = strchr("Kk", text[n - 1]) ? 1u << 10 : strchr("Mm", text[n - 1]) ? 1u << 20 : 1u << 30;
		text[n - 1] = '\0';
	}
	if (!(octets ? imp_number : imp_duration)(text, out) || *out > UINT64_MAX / factor)
		imp_note(p->s->m, line, "%s %.60s is not understood", key, text);
	else
		*out *= factor;
}

static void
take_address(struct policy *p, char out[IMP_TEXT])
{
	const char *v = value(p->s);

	snprintf(out, IMP_TEXT, "%.255s", strcmp(v, "0.0.0.0/0") == 0 ? "any" : v);
}

/* One word of a policy and what it takes; false: it belongs to no policy. */
static bool
policy_word(struct policy *p)
{
	struct imp_conn *c = p->c;
	struct ik *s = p->s;

	if (eat(s, "from") || eat(s, ","))
		take_net(p, &c->here);
	else if (eat(s, "to"))
		take_net(p, &c->peer);
	else if (eat(s, "local"))
		take_address(p, c->here.address);
	else if (eat(s, "peer"))
		take_address(p, c->peer.address);
	else if (eat(s, "ikesa"))
		take_proposal_word(p, PROTO_IKE, &c->ike);
	else if (eat(s, "childsa"))
		take_proposal_word(p, PROTO_ESP, &c->esp);
	else if (eat(s, "enc") || eat(s, "auth") || eat(s, "group"))
		take_algorithm(p, false);
	else if (eat(s, "prf"))
		take_algorithm(p, true);
	else if (is(s, "esn") || is(s, "noesn"))
		take_algorithm(p, false);
	else if (eat(s, "srcid"))
		imp_id(s->m, s->line, value(s), c->here.id);
	else if (eat(s, "dstid"))
		imp_id(s->m, s->line, value(s), c->peer.id);
	else if (eat(s, "ikelifetime"))
		take_number(p, "ikelifetime", false, &c->ike_life_s);
	else if (eat(s, "lifetime"))
		take_number(p, "lifetime", false, &c->child_life_s);
	else if (eat(s, "bytes"))
		take_number(p, "bytes", true, &c->child_bytes);
	else if (eat(s, "psk"))
		take_psk(p);
	else if (eat(s, "proto"))
		imp_note(s->m, s->line, "proto %.40s: the child is for all of them until you give it 'protocol:' and 'ports:'", value(s));
	else if (eat(s, "rdomain") || eat(s, "tag") || eat(s, "tap") || eat(s, "iface"))
		imp_note(s->m, s->line, "a policy's tag, interface or routing domain is not carried over: %.40s", value(s));
	else if (eat(s, "config") || eat(s, "request")) {
		imp_note(s->m, s->line, "address assignment (%.40s) is not carried over", value(s));
		value(s);
	} else if (eat(s, "eap")) {
		value(s);
		c->peer.how = IMP_OTHER;
	} else if (eat(s, "ah"))
		imp_drop(s->m, c, "AH");
	else if (eat(s, "active"))
		c->start = START_ALWAYS;
	else if (eat(s, "transport"))
		c->transport = true;
	else if (eat(s, "natt"))
		c->encap = ENCAP_UDP;
	else if (eat(s, "ipcomp"))
		imp_note(s->m, s->line, "compression is not carried over");
	else
		return eat(s, "passive") || eat(s, "esp") || eat(s, "tunnel") || eat(s, "inet") || eat(s, "inet6") || eat(s, "default") ||
		    eat(s, "quick") || eat(s, "skip") || eat(s, "rsa") || eat(s, "ecdsa256") || eat(s, "ecdsa384") || eat(s, "ecdsa521") ||
		    eat(s, "rfc7427") || eat(s, "any") || eat(s, "{") || eat(s, "}");
	return true;
}

static void
policy(struct ik *s)
{
	struct policy p = { .s = s };
	char name[IMP_TEXT];
	unsigned line = s->line;

	snprintf(name, sizeof(name), "policy-%u", s->m->nconns + 1);
	if (peek(s) && s->quoted)
		snprintf(name, sizeof(name), "%.255s", value(s));
	p.c = imp_conn_add(s->m, name, line);
	if (!p.c)
		return;
	while (peek(s) && policy_word(&p))
		;
	end_prop(&p);
	if (p.c->here.how == IMP_UNSAID)
		p.c->here.how = p.c->peer.how == IMP_OTHER ? IMP_OTHER : IMP_CERT;
	if (p.c->peer.how == IMP_UNSAID)
		p.c->peer.how = IMP_CERT;
}

/* What follows an unknown word may be a password: it ends with its line, and is not told. */
static void
skip_line(struct ik *s)
{
	while (s->at.p < s->at.end && *s->at.p != '\n')
		s->at.p++;
	s->have = false;
}

static void
statement(struct ik *s)
{
	char name[64];
	unsigned line;

	if (eat(s, "ikev2")) {
		policy(s);
		return;
	}
	if (eat(s, "include")) {
		imp_note(s->m, s->line, "include %.100s: import that file by itself", value(s));
		return;
	}
	if (eat(s, "set")) {
		line = s->line;
		snprintf(name, sizeof(name), "%.63s", value(s));
		if (strcmp(name, "fragmentation") != 0 && strcmp(name, "nomobike") != 0 && strcmp(name, "mobike") != 0 && strcmp(name, "couple") != 0 &&
		    strcmp(name, "active") != 0)
			imp_note(s->m, line, "set %s is not carried over", name);
		if (strcmp(name, "ocsp") == 0 || strcmp(name, "cert_partial_chain") == 0 || strcmp(name, "dpd_check_interval") == 0)
			value(s);
		return;
	}
	if (is(s, "user")) {
		imp_note(s->m, s->line, "user: names and passwords of single users are not carried over");
		skip_line(s);
		return;
	}
	line = s->line;
	snprintf(name, sizeof(name), "%.63s", value(s));
	if (!eat(s, "=")) {
		imp_note(s->m, line, "'%s' begins no statement that is understood: its line is left out", name);
		if (s->line == line)
			skip_line(s);
		return;
	}
	if (s->nmacros == MACROS) {
		imp_note(s->m, line, "more than %u macros", MACROS);
		value(s);
		return;
	}
	snprintf(s->macro[s->nmacros].name, sizeof(name), "%s", name);
	snprintf(s->macro[s->nmacros].value, WORD, "%s", value(s));
	s->nmacros++;
}

void
imp_ikedconf(struct imp *m, const char *text, size_t n)
{
	struct ik *s = calloc(1, sizeof(*s));

	if (!s) {
		m->no_memory = true;
		return;
	}
	s->m = m;
	s->at = imp_at(text, n);
	while (peek(s))
		statement(s);
	wipe(s, sizeof(*s));	/* macros hold keys, too */
	free(s);
}
