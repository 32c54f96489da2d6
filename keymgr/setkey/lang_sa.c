/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands after the addresses of an SA: protocol, SPI, extensions, algorithms with their keys. */
#include "lang.h"

static const struct { const char *name; uint8_t satype; uint32_t flags; bool udp; } protos[] = {
	{ "esp",	SADB_SATYPE_ESP,	0,	 false },
	{ "esp-old",	SADB_SATYPE_ESP,	SAF_OLD, false },
	{ "esp-udp",	SADB_SATYPE_ESP,	0,	 true },
	{ "ah",		SADB_SATYPE_AH,		0,	 false },
	{ "ah-old",	SADB_SATYPE_AH,		SAF_OLD, false },
	{ "ipcomp",	SADB_X_SATYPE_IPCOMP,	0,	 false },
	{ "tcp",	SATYPE_TCP,		0,	 false },
};
#define PROTOS	(sizeof(protos) / sizeof(protos[0]))
static const char *const proto_words[] = { "esp", "esp-old", "esp-udp", "ah", "ah-old", "ipcomp", "tcp", NULL };
static const char *const option_words[] = { "-m", "-r", "-u", "-f", "-lh", "-ls", "-bh", "-bs", "-ctx", "-dev", "-E", "-A", "-C", NULL };

bool
lang_proto(struct parser *p)
{
	struct cmd *c = p->c;
	char word[ADDR_STR];

	c->at_proto = p->tok.at;
	for (unsigned i = 0; i < PROTOS; i++) {
		if (!lang_is(p, protos[i].name))
			continue;
		c->satype = protos[i].satype;
		c->flags |= protos[i].flags;
		c->udp = protos[i].udp;
		lang_step(p);
		/* esp-udp OA SPI: two words before the extensions instead of one, and the first is an address */
		if (c->udp && lang_word(p, word, sizeof(word)) && addr_parse(word, &c->natt_oa)) {
			c->at_extra = p->tok.at;
			lang_step(p);
		}
		return true;
	}
	return lang_fail_here(p, "Invalid ipsec protocol", proto_words);
}

static bool
spi(struct parser *p)
{
	uint64_t v;
	size_t at = p->c->at_spi = p->tok.at, n = p->tok.n;

	if (!lang_number(p, UINT32_MAX, &v, "invalid SPI"))
		return false;
	p->c->spi = (uint32_t)v;
	if (p->c->satype == SADB_X_SATYPE_IPCOMP && v > 0xffff)
		return lang_fail(p, at, n, "SPI too big.", "A CPI has 16 bits: 65535 at most.");
	if (v < 256 && p->c->satype != SADB_X_SATYPE_IPCOMP && (p->c->verb == V_ADD || p->c->verb == V_UPDATE || (p->c->verb == V_GETSPI && v)))
		return lang_fail(p, at, n, "invalid SPI", "SPIs from 0 to 255 are reserved.");
	return true;
}

static bool
mode(struct parser *p)
{
	static const char *const words[] = { "any", "transport", "tunnel", NULL };

	p->c->at_mode = p->tok.at;
	for (uint8_t i = 0; words[i]; i++)
		if (lang_is(p, words[i])) {
			p->c->mode = i;
			p->c->has_mode = true;
			lang_step(p);
			return true;
		}
	return lang_fail_here(p, "Invalid ipsec mode", words);
}

static bool
flag(struct parser *p)
{
	static const char *const words[] = { "zero-pad", "random-pad", "seq-pad", "nocyclic-seq", NULL };

	p->c->at_flags = p->tok.at;
	if (lang_is(p, "zero-pad"))
		p->c->flags |= SAF_ZEROPAD;
	else if (lang_is(p, "random-pad"))
		p->c->flags |= SAF_RANDPAD;
	else if (lang_is(p, "nocyclic-seq"))
		p->c->flags &= ~SAF_CYCSEQ;
	else if (!lang_is(p, "seq-pad"))
		return lang_fail_here(p, "invalid flag", words);
	lang_step(p);
	return true;
}

static bool
context(struct parser *p)
{
	uint64_t v;

	p->c->context = true;
	p->c->at_extra = p->tok.at;
	if (!lang_number(p, 255, &v, "syntax error") || !lang_number(p, 255, &v, "syntax error"))
		return false;
	if (p->tok.kind != TOK_QUOTED)
		return lang_fail_here(p, "syntax error", NULL);
	lang_step(p);
	return true;
}

static bool
lifetime(struct parser *p, bool *has, uint64_t *field)
{
	*has = true;
	return lang_number(p, UINT64_MAX, field, "syntax error");
}

static bool
number_into(struct parser *p, uint64_t max, uint32_t *field)
{
	uint64_t v;

	if (!lang_number(p, max, &v, "syntax error"))
		return false;
	*field = (uint32_t)v;
	return true;
}

/* 1: there was one; 0: something else stands here; -1: error. */
static int
extension(struct parser *p)
{
	struct cmd *c = p->c;
	static const char *const words[] = { "-m", "-r", "-u", "-f", "-lh", "-ls", "-bh", "-bs", "-ctx", "-dev" };
	const unsigned n = sizeof(words) / sizeof(words[0]);
	unsigned i;
	size_t at = p->tok.at;

	for (i = 0; i < n && !lang_is(p, words[i]); i++)
		;
	if (i == n)
		return 0;
	if (i == n - 1)
		return lang_iface(p) ? 1 : -1;
	lang_step(p);
	switch (i) {
	case 0:
		return mode(p) ? 1 : -1;
	case 1:
		if (!number_into(p, 4096, &c->replay))
			return -1;
		if (c->replay == 0 || !(c->flags & SAF_OLD))
			return 1;
		lang_fail(p, at, p->tok.at - at, "replay prevention cannot be used with ah/esp-old", NULL);
		return -1;
	case 2:
		return number_into(p, UINT32_MAX, &c->reqid) ? 1 : -1;
	case 3:
		return flag(p) ? 1 : -1;
	case 4:
		return lifetime(p, &c->has_hard, &c->hard.addtime) ? 1 : -1;
	case 5:
		return lifetime(p, &c->has_soft, &c->soft.addtime) ? 1 : -1;
	case 6:
		return lifetime(p, &c->has_hard, &c->hard.bytes) ? 1 : -1;
	case 7:
		return lifetime(p, &c->has_soft, &c->soft.bytes) ? 1 : -1;
	default:
		return context(p) ? 1 : -1;
	}
}

/* Keys */

static int
hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* An odd number of digits: the first alone is the first octet. */
static bool
hex_key(struct bytes digits, struct secret *key)
{
	uint8_t octets[SECRET_CAP];
	size_t n = 0, i = 0;
	bool ok = digits.n > 0 && (digits.n + 1) / 2 <= sizeof(octets);

	if (ok && digits.n % 2) {
		ok = hex(digits.p[0]) >= 0;
		octets[n++] = (uint8_t)hex(digits.p[0]);
		i = 1;
	}
	for (; ok && i < digits.n; i += 2) {
		int hi = hex(digits.p[i]), lo = hex(digits.p[i + 1]);

		ok = hi >= 0 && lo >= 0;
		octets[n++] = (uint8_t)((unsigned)hi << 4 | (unsigned)lo);
	}
	ok = ok && secret_set(key, bytes_of(octets, n));
	wipe(octets, sizeof(octets));
	return ok;
}

static bool
key(struct parser *p, const struct algo *a, struct secret *k)
{
	struct bytes w = lang_text(p);
	bool is_hex = p->tok.kind == TOK_WORD && w.n > 2 && w.p[0] == '0' && (w.p[1] | 0x20) == 'x';
	char lengths[64];
	bool ok;

	if (a->max == 0) {
		if (p->tok.kind == TOK_QUOTED || is_hex)
			return lang_fail(p, p->tok.at, p->tok.n, "syntax error", "%s has no key.", a->name);
		return true;
	}
	if (p->tok.kind == TOK_QUOTED) {
		ok = secret_set(k, bytes_of(w.p + 1, w.n - 2));
		p->c->readable_key = true;
	} else if (is_hex) {
		ok = hex_key(bytes_of(w.p + 2, w.n - 2), k);
	} else {
		if (p->tok.kind == TOK_BAD || p->tok.kind == TOK_END)
			return lang_fail_here(p, "syntax error", NULL);
		return lang_fail(p, p->tok.at, p->tok.n, "syntax error", "Here comes the key of %s: \"text\", or 0x and hexadecimal digits.", a->name);
	}
	if (!ok || !algo_key_fits(a, k->n * 8)) {
		algo_lengths(a, lengths, sizeof(lengths));
		return lang_fail(p, p->tok.at, p->tok.n, "Invalid key length", "A key of %s has %s; this one has %zu octets.", a->name, lengths, k->n);
	}
	lang_step(p);
	return true;
}

static bool
algorithm(struct parser *p, enum alg_kind kind, const struct algo **a, size_t *at)
{
	*at = p->tok.at;
	*a = p->tok.kind == TOK_WORD ? algo_find(kind, lang_text(p)) : NULL;
	if (!*a && p->tok.kind == TOK_WORD && algo_never(lang_text(p)))
		return lang_fail(p, *at, p->tok.n, "unsupported algorithm", "%.*s is not done: %s.", (int)lang_text(p).n, (const char *)lang_text(p).p,
		    algo_never(lang_text(p)));
	if (!*a)
		return lang_fail_here(p, "unsupported algorithm", algo_names(kind));
	if (((*a)->flags & SAF_IV4B) && !(p->c->flags & SAF_OLD))
		return lang_fail(p, *at, p->tok.n, "algorithm mismatched", "des-32iv is for esp-old only.");
	if (((*a)->flags & SAF_DERIV) && (p->c->flags & SAF_OLD))
		return lang_fail(p, *at, p->tok.n, "algorithm mismatched", "des-deriv is not for esp-old.");
	p->c->flags |= (*a)->flags;
	lang_step(p);
	return true;
}

static bool
algorithms(struct parser *p)
{
	struct cmd *c = p->c;
	bool any = false;

	if (lang_is(p, "-E")) {
		if (c->satype != SADB_SATYPE_ESP)
			return lang_fail(p, p->tok.at, p->tok.n, "Protocol mismatch", "-E is for esp.");
		lang_step(p);
		if (!algorithm(p, ALG_ENC, &c->enc, &c->at_enc) || !key(p, c->enc, &c->ekey))
			return false;
		any = true;
	}
	if (lang_is(p, "-A")) {
		if (c->satype == SADB_X_SATYPE_IPCOMP)
			return lang_fail(p, p->tok.at, p->tok.n, "Protocol mismatch", "-A is for esp, ah and tcp.");
		lang_step(p);
		if (!algorithm(p, ALG_AUTH, &c->auth, &c->at_auth) || !key(p, c->auth, &c->akey))
			return false;
		any = true;
	}
	if (!any && lang_is(p, "-C")) {
		if (c->satype != SADB_X_SATYPE_IPCOMP)
			return lang_fail(p, p->tok.at, p->tok.n, "Protocol mismatch", "-C is for ipcomp.");
		lang_step(p);
		if (!algorithm(p, ALG_COMP, &c->comp, &c->at_enc))
			return false;
		if (lang_is(p, "-R")) {
			c->flags |= SAF_RAWCPI;
			lang_step(p);
		}
		any = true;
	}
	if (!any)
		return lang_fail_here(p, p->tok.kind == TOK_SEMICOLON ? "No algorithm specified" : "syntax error", option_words);
	return true;
}

bool
lang_sa_rest(struct parser *p)
{
	struct cmd *c = p->c;
	int rc;

	if (!lang_proto(p) || !spi(p))
		return false;
	while ((rc = extension(p)) > 0)
		;
	if (rc < 0)
		return false;
	if (c->verb != V_ADD && c->verb != V_UPDATE)
		return p->tok.kind == TOK_SEMICOLON || lang_fail_here(p, "syntax error", option_words);
	if (!algorithms(p))
		return false;
	if (c->has_hard && c->has_soft && ((c->hard.addtime && c->soft.addtime > c->hard.addtime) || (c->hard.bytes && c->soft.bytes > c->hard.bytes)))
		return lang_fail(p, c->at, 0, "Invalid argument", "The soft lifetime is longer than the hard one.");
	return true;
}
