/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * racoon.conf. Whom to talk to and for which networks stands in setkey's policies (setkey.c), which are read before; a remote section adds
 * identities and algorithms of IKE to the connections with its address, a sainfo section those of ESP. Both may be for anonymous.
 * racoon speaks IKEv1: the note of that is the first of all.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "msg_ike.h"

#define WORD	IMP_TEXT

struct rc {
	struct imp	*m;
	struct imp_at	 at;
	unsigned	 line;
	char		 word[WORD];
};

/* The settings of a section, until it is known whose they are. */
struct remote {
	char		 address[IMP_TEXT];
	struct imp_end	 here, peer;
	struct imp_list	 ike;
	uint64_t	 life_s;
	bool		 passive, force_udp;
};

/* The next word or sign; false at the end of the text. */
static bool
next(struct rc *s)
{
	imp_skip(&s->at, true);
	if (s->at.p == s->at.end)
		return false;
	s->line = s->at.line;
	if (!imp_take(&s->at, " \t\r;{},#()", false, s->word, WORD)) {
		s->word[0] = *s->at.p++;
		s->word[1] = '\0';
	}
	return true;
}

static bool
is(const struct rc *s, const char *w)
{
	return strcmp(s->word, w) == 0;
}

/* To the end of the statement. */
static void
rest(struct rc *s)
{
	while (!is(s, ";") && !is(s, "}") && next(s))
		;
}

/* A section whose settings are not carried over, from its brace to the one that ends it. */
static void
skip_section(struct rc *s)
{
	unsigned open = 1;

	while (open && next(s)) {
		open += is(s, "{");
		open -= is(s, "}");
	}
}

/* "time 1 hour" */
static void
take_time(struct rc *s, uint64_t *out)
{
	char text[WORD * 2 + 1];
	unsigned line = s->line;

	if (!next(s) || !is(s, "time")) {
		imp_note(s->m, line, "a lifetime by volume is not carried over");
		rest(s);
		return;
	}
	next(s);
	snprintf(text, sizeof(text), "%s", s->word);
	if (strspn(text, "0123456789") == strlen(text) && next(s) && !is(s, ";"))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", s->word);
	if (!imp_duration(text, out))
		imp_note(s->m, line, "the lifetime '%.60s' is not understood", text);
	rest(s);
}

/* my_identifier and peers_identifier: kind and text */
static void
take_id(struct rc *s, char out[ID_CAP])
{
	char kind[32], text[WORD + 8];
	unsigned line = s->line;

	next(s);
	snprintf(kind, sizeof(kind), "%.31s", s->word);
	if (!next(s) || is(s, ";"))
		return;		/* "address" alone: its own, which is the default */
	if (strcmp(kind, "keyid") == 0)
		snprintf(text, sizeof(text), "keyid:%s", s->word);
	else if (strcmp(kind, "fqdn") == 0)
		snprintf(text, sizeof(text), "fqdn:%s", s->word);
	else
		snprintf(text, sizeof(text), "%s", s->word);
	if (strcmp(kind, "keyid") == 0 && (is(s, "file") || is(s, "tag")))
		imp_note(s->m, line, "a key identity of a file is not carried over");
	else
		imp_id(s->m, line, text, out);
	rest(s);
}

/* "aes 256" is one word to imp_word. Ends on "," or ";". */
static void
take_algorithm(struct rc *s, struct imp_prop *p)
{
	char text[2 * WORD];
	unsigned line = s->line;

	snprintf(text, sizeof(text), "%s", s->word);
	if (next(s) && strspn(s->word, "0123456789") == strlen(s->word)) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", s->word);
		next(s);
	}
	imp_word(s->m, line, p, text, strlen(text));
}

static void
proposal(struct rc *s, struct remote *r)
{
	struct imp_prop p = { .proto = PROTO_IKE };
	unsigned line = s->line;

	while (next(s) && !is(s, "}")) {
		if (is(s, "encryption_algorithm") || is(s, "hash_algorithm") || is(s, "dh_group")) {
			if (next(s))
				take_algorithm(s, &p);
		} else if (is(s, "authentication_method")) {
			next(s);
			r->here.how = r->peer.how = is(s, "pre_shared_key") ? IMP_PSK : is(s, "rsasig") ? IMP_CERT : IMP_OTHER;
		} else if (is(s, "lifetime")) {
			take_time(s, &r->life_s);
			continue;
		} else if (!is(s, ";"))
			imp_note(s->m, s->line, "'%.40s' is not carried over", s->word);
		rest(s);
	}
	imp_prop_end(s->m, line, &p, &r->ike);
}

static void
remote_word(struct rc *s, struct remote *r)
{
	static const char *const quiet[] = { "exchange_mode", "doi", "situation", "initial_contact", "proposal_check", "support_proxy", "ike_frag", "esp_frag",
		"dpd_delay", "dpd_retry", "dpd_maxfail", "rekey", "nonce_size", "verify_identifier", "verify_cert", "send_cert", "send_cr", "match_empty_cr", "ph1id",
		"weak_phase1_check", ";", NULL };
	unsigned line = s->line;

	if (is(s, "proposal")) {
		next(s);
		proposal(s, r);
		return;
	}
	if (is(s, "my_identifier"))
		take_id(s, r->here.id);
	else if (is(s, "peers_identifier"))
		take_id(s, r->peer.id);
	else if (is(s, "lifetime"))
		take_time(s, &r->life_s);
	else if (is(s, "remote_address")) {
		next(s);
		snprintf(r->address, sizeof(r->address), "%s", s->word);
	} else if (is(s, "passive")) {
		next(s);
		r->passive = is(s, "on");
	} else if (is(s, "nat_traversal")) {
		next(s);
		r->force_udp = is(s, "force");
	} else if (is(s, "certificate_type")) {
		next(s);
		next(s);
		snprintf(r->here.cert, sizeof(r->here.cert), "%s", s->word);
	} else if (is(s, "ca_type")) {
		next(s);
		next(s);
		snprintf(r->peer.ca, sizeof(r->peer.ca), "%s", s->word);
	} else if (is(s, "generate_policy"))
		imp_note(s->m, line, "generate_policy: the networks of the peers must be written into the site file");
	else {
		const char *const *q = quiet;

		while (*q && strcmp(*q, s->word) != 0)
			q++;
		if (!*q)
			imp_note(s->m, line, "'%.40s' is not carried over", s->word);
	}
	rest(s);
}

static void
merge(struct imp_conn *c, const struct remote *r)
{
	struct imp_nets here = c->here.nets, peer = c->peer.nets;
	char ha[IMP_TEXT], pa[IMP_TEXT];

	memcpy(ha, c->here.address, sizeof(ha));
	memcpy(pa, c->peer.address, sizeof(pa));
	c->here = r->here;
	c->peer = r->peer;
	memcpy(c->here.address, ha, sizeof(ha));
	memcpy(c->peer.address, pa, sizeof(pa));
	c->here.nets = here;
	c->peer.nets = peer;
	c->ike = r->ike;
	c->ike_life_s = r->life_s;
	c->start = r->passive ? START_RESPOND : START_ON_DEMAND;	/* the kernel asks it when there is a packet */
	c->encap = r->force_udp ? ENCAP_UDP : ENCAP_AUTO;
}

/* remote NAME|ADDRESS|anonymous [inherit NAME] { ... } */
static void
remote(struct rc *s)
{
	struct remote *r = calloc(1, sizeof(*r));
	unsigned line = s->line;
	bool used = false, anonymous;

	if (!r) {
		s->m->no_memory = true;
		return;
	}
	next(s);
	snprintf(r->address, sizeof(r->address), "%.*s", (int)strcspn(s->word, "["), s->word);
	while (next(s) && !is(s, "{"))
		if (is(s, "inherit"))
			imp_note(s->m, s->line, "inherit: write the settings out before importing");
	while (next(s) && !is(s, "}"))
		remote_word(s, r);
	anonymous = strcmp(r->address, "anonymous") == 0;
	for (struct imp_conn *c = s->m->conns; c; c = c->next)
		if (strcmp(c->peer.address, r->address) == 0 || (anonymous && c->ike.n == 0 && c->here.how == IMP_UNSAID)) {
			merge(c, r);
			used = true;
		}
	if (!used)
		imp_note(s->m, line, "remote %.60s: no policy of setkey's has this endpoint, so there is no tunnel", r->address);
	free(r);
}

/* One end of a sainfo: "anonymous", or "address|subnet ADDRESS[/LEN] [PORT] PROTOCOL", or a name; the word is its first. */
static void
sainfo_end(struct rc *s, struct imp_nets *out)
{
	if (is(s, "address") || is(s, "subnet")) {
		struct imp drop = { .nnotes = IMP_NOTES };	/* what is odd here was said of the policy */

		next(s);
		imp_net_add(&drop, s->line, out, s->word);
		next(s);
		if (s->word[0] == '[')
			next(s);
	}
}

static bool
fits(const struct imp_nets *want, const struct imp_nets *have)
{
	if (want->n == 0)
		return true;
	for (unsigned i = 0; i < have->n; i++)
		if (want->v[0].len == have->v[i].len && addr_eq(&want->v[0].addr, &have->v[i].addr))
			return true;
	return false;
}

static void
sainfo(struct rc *s)
{
	struct imp_nets here = { 0 }, peer = { 0 };
	struct imp_prop p = { .proto = PROTO_ESP };
	struct imp_list esp = { 0 };
	unsigned line = s->line;
	uint64_t life = 0;
	bool used = false;

	next(s);
	sainfo_end(s, &here);
	if (next(s) && !is(s, "{"))
		sainfo_end(s, &peer);
	while (!is(s, "{") && next(s))
		;
	while (next(s) && !is(s, "}")) {
		if (is(s, "encryption_algorithm") || is(s, "authentication_algorithm") || is(s, "pfs_group")) {
			while (next(s) && !is(s, ";") && !is(s, "}"))
				if (!is(s, ",")) {
					take_algorithm(s, &p);
					if (is(s, ";") || is(s, "}"))
						break;
				}
		} else if (is(s, "lifetime")) {
			take_time(s, &life);
			continue;
		} else if (!is(s, "compression_algorithm") && !is(s, ";"))
			imp_note(s->m, s->line, "'%.40s' is not carried over", s->word);
		rest(s);
	}
	imp_prop_end(s->m, line, &p, &esp);
	for (struct imp_conn *c = s->m->conns; c; c = c->next)
		if (fits(&here, &c->here.nets) && fits(&peer, &c->peer.nets) && (here.n || peer.n || c->esp.n == 0)) {
			c->esp = esp;
			c->child_life_s = life;
			used = true;
		}
	if (!used)
		imp_note(s->m, line, "a sainfo that belongs to no policy is left out");
}

void
imp_racoon(struct imp *m, const char *text, size_t n)
{
	struct rc s = { .m = m, .at = imp_at(text, n) };

	imp_note(m, 0, "racoon speaks IKEv1 and Causeway IKEv2: both ends must be changed at the same time, or the peer first be given a program that has IKEv2");
	while (next(&s)) {
		if (is(&s, "remote"))
			remote(&s);
		else if (is(&s, "sainfo"))
			sainfo(&s);
		else if (is(&s, "path")) {
			unsigned line = s.line;

			next(&s);
			if (is(&s, "pre_shared_key") && next(&s))
				imp_note(m, line, "the pre-shared keys are in %.100s: give it as the third file", s.word);
			rest(&s);
		} else if (is(&s, "include")) {
			unsigned line = s.line;

			next(&s);
			imp_note(m, line, "include %.100s: put its text where it is included", s.word);
			rest(&s);
		} else if (is(&s, "{"))
			skip_section(&s);
		else if (is(&s, "listen") || is(&s, "padding") || is(&s, "timer") || is(&s, "privsep"))
			continue;	/* about the machine; the section comes next */
		else if (is(&s, "mode_cfg") || is(&s, "ldapcfg") || is(&s, "radiuscfg"))
			imp_note(m, s.line, "%.20s is not carried over: it is for single users", s.word);
		else if (is(&s, "log") || is(&s, "complex_bundle") || is(&s, "gss_id_enc") || is(&s, "pfkey_buffer"))
			rest(&s);
		else if (!is(&s, ";") && !is(&s, "}")) {
			imp_note(m, s.line, "'%.60s' begins no statement that is understood", s.word);
			rest(&s);
		}
	}
}

/* psk.txt: an identity, blanks, and the key to the end of the line. */
void
imp_psktxt(struct imp *m, const char *text, size_t n)
{
	struct imp_at at = imp_at(text, n);
	char id[IMP_TEXT], key[1100];

	for (imp_skip(&at, true); at.p < at.end; imp_skip(&at, true)) {
		unsigned line = at.line;
		struct imp_secret *x;
		size_t k;

		if (!imp_take(&at, " \t\r", false, id, sizeof(id))) {
			at.p++;
			continue;
		}
		while (at.p < at.end && (*at.p == ' ' || *at.p == '\t'))
			at.p++;
		k = 0;
		while (at.p < at.end && *at.p != '\n' && k < sizeof(key))
			key[k++] = *at.p++;
		while (at.p < at.end && *at.p != '\n')
			at.p++;
		if (k && key[k - 1] == '\r')
			k--;
		x = imp_secret_add(m, line, key, k < sizeof(key) ? k : 0);
		imp_secret_id(m, x, line, id);
	}
	wipe(key, sizeof(key));
}
