/* SPDX-License-Identifier: BSD-2-Clause */
/* The language's parser: verbs, hosts and what all commands share. lang_sa.c has the rest of SAs, lang_spd.c that of policies. */
#include <stdarg.h>
#include <stdio.h>

#include "lang.h"
#include "yamltree.h"

static const char *const verbs[] = {
	"add", "update", "getspi", "get", "delete", "deleteall", "flush", "dump", "spdadd", "spdupdate", "spddelete", "spddump", "spdflush",
	"exit", "quit", "bye", NULL
};

struct bytes
lang_text(const struct parser *p)
{
	return bytes_of(p->lx.text.p + p->tok.at, p->tok.n);
}

bool
lang_is(const struct parser *p, const char *word)
{
	return p->tok.kind == TOK_WORD && bytes_eq(lang_text(p), bytes_of(word, strlen(word)));
}

void
lang_step(struct parser *p)
{
	lex_next(&p->lx, &p->tok);
}

bool
lang_fail(struct parser *p, size_t at, size_t n, const char *text, const char *hint, ...)
{
	va_list ap;

	p->e->at = at;
	p->e->n = n;
	snprintf(p->e->text, sizeof(p->e->text), "%s", text);
	p->e->hint[0] = '\0';
	if (hint) {
		va_start(ap, hint);
		vsnprintf(p->e->hint, sizeof(p->e->hint), hint, ap);
		va_end(ap);
	}
	return false;
}

bool
lang_fail_here(struct parser *p, const char *text, const char *const *words)
{
	char word[64];
	const char *near;

	if (p->tok.kind == TOK_BAD)
		return lang_fail(p, p->tok.at, 1, "syntax error", "This quoted string has no end.");
	if (p->tok.kind == TOK_END)
		return lang_fail(p, p->tok.at, 0, "syntax error", "The text ends in the middle of a command: a semicolon ends it.");
	if (words && lang_word(p, word, sizeof(word)) && (near = yt_nearest(word, words)) != NULL)
		return lang_fail(p, p->tok.at, p->tok.n, text, "Did you mean %s?", near);
	if (p->tok.kind == TOK_SEMICOLON)
		return lang_fail(p, p->tok.at, p->tok.n, text, "The command ends too early.");
	return lang_fail(p, p->tok.at, p->tok.n, text, NULL);
}

/* The token as a string; false when it is no word, or too long. */
bool
lang_word(struct parser *p, char *buf, size_t cap)
{
	struct bytes w = lang_text(p);

	if (p->tok.kind != TOK_WORD || w.n >= cap || memchr(w.p, '\0', w.n))
		return false;
	memcpy(buf, w.p, w.n);
	buf[w.n] = '\0';
	return true;
}

static int
digit(uint8_t c, unsigned base)
{
	int v = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;

	return v < (int)base ? v : -1;
}

bool
lang_number(struct parser *p, uint64_t max, uint64_t *v, const char *text)
{
	struct bytes w = lang_text(p);
	unsigned base = w.n > 2 && w.p[0] == '0' && (w.p[1] | 0x20) == 'x' ? 16 : 10;
	size_t i = base == 16 ? 2 : 0;

	*v = 0;
	if (p->tok.kind != TOK_WORD)
		return lang_fail_here(p, text, NULL);
	for (; i < w.n; i++) {
		int d = digit(w.p[i], base);

		if (d < 0)
			return lang_fail(p, p->tok.at, p->tok.n, text, "A number was expected here, decimal or 0x and hexadecimal.");
		if (*v > (max - (unsigned)d) / base)
			return lang_fail(p, p->tok.at, p->tok.n, text, "The largest number here is %llu.", (unsigned long long)max);
		*v = *v * base + (unsigned)d;
	}
	lang_step(p);
	return true;
}

bool
lang_host(struct parser *p, struct hosts *h)
{
	char word[256];
	const char *why = NULL;

	*h = (struct hosts){ 0 };
	if (!lang_word(p, word, sizeof(word)))
		return lang_fail_here(p, "syntax error", NULL);
	if (addr_parse(word, &h->v[0])) {
		if (p->fam && p->fam != h->v[0].fam)
			return lang_fail(p, p->tok.at, p->tok.n, "Invalid address family", "-%u asks for IPv%u.", p->fam, p->fam);
		h->n = 1;
	} else {
		if (p->numeric || !p->names || !p->names->hosts)
			return lang_fail(p, p->tok.at, p->tok.n, "Invalid address specification", "This is no numeric address, and names are not looked up here.");
		h->n = p->names->hosts(word, p->fam, h->v, HOSTS_MAX, &why);
		h->named = true;
		if (h->n == 0)
			return lang_fail(p, p->tok.at, p->tok.n, "Invalid address specification", "%s", why ? why : "The name has no address.");
	}
	h->plen = addr_bits(&h->v[0]);
	lang_step(p);
	return true;
}

static bool
port(struct parser *p, struct hosts *h)
{
	char word[64];
	uint64_t v = 0;
	int service;

	if (p->tok.kind != TOK_OPEN)
		return true;
	lang_step(p);
	h->has_port = true;
	if (lang_is(p, "any")) {
		lang_step(p);
	} else if (lang_word(p, word, sizeof(word)) && digit((uint8_t)word[0], 10) < 0) {
		service = p->names && p->names->service ? p->names->service(word) : -1;
		if (service < 0)
			return lang_fail(p, p->tok.at, p->tok.n, "syntax error", "No service has this name; a port is a number, a service's name, or any.");
		v = (uint64_t)service;
		lang_step(p);
	} else if (!lang_number(p, 65535, &v, "syntax error")) {
		return false;
	}
	h->port = (uint16_t)v;
	if (p->tok.kind != TOK_CLOSE)
		return lang_fail_here(p, "syntax error", NULL);
	lang_step(p);
	return true;
}

bool
lang_end(struct parser *p, struct hosts *h)
{
	return lang_host(p, h) && port(p, h);
}

bool
lang_range(struct parser *p, struct hosts *h)
{
	uint64_t v;

	if (!lang_host(p, h))
		return false;
	if (p->tok.kind == TOK_SLASH) {
		lang_step(p);
		if (!lang_number(p, addr_bits(&h->v[0]), &v, "Invalid prefix length"))
			return false;
		h->plen = (uint8_t)v;
		h->has_plen = true;
	}
	return port(p, h);
}

/* -4, -6 and -n before the addresses, alone or together. */
static bool
address_options(struct parser *p)
{
	struct bytes w;

	p->fam = 0;
	p->numeric = false;
	for (w = lang_text(p); p->tok.kind == TOK_WORD && w.n > 1 && w.p[0] == '-'; lang_step(p), w = lang_text(p)) {
		for (size_t i = 1; i < w.n; i++) {
			if (w.p[i] == 'n')
				p->numeric = true;
			else if (w.p[i] == '4' || w.p[i] == '6')
				p->fam = (uint8_t)(w.p[i] - '0');
			else
				return lang_fail(p, p->tok.at, p->tok.n, "syntax error", "Before the addresses there may be -4, -6 and -n.");
		}
	}
	return true;
}

static bool
same_family(struct parser *p, size_t at, size_t n)
{
	for (unsigned i = 0; i < p->c->src.n; i++)
		for (unsigned k = 0; k < p->c->dst.n; k++)
			if (p->c->src.v[i].fam == p->c->dst.v[k].fam)
				return true;
	return lang_fail(p, at, n, "Family mismatch", "Source and destination have to be of one family, IPv4 or IPv6.");
}

/* Where only one pair will do. */
static bool
single(struct parser *p, size_t at, size_t n)
{
	if (p->c->src.n == 1 && p->c->dst.n == 1)
		return true;
	return lang_fail(p, at, n, "multiple address specified", "The name has several addresses; write the one that is meant.");
}

static bool
pair(struct parser *p, bool (*end)(struct parser *, struct hosts *), bool one)
{
	size_t at;

	if (!address_options(p))
		return false;
	at = p->tok.at;
	return end(p, &p->c->src) && end(p, &p->c->dst) && same_family(p, at, p->tok.at - at) &&
	    (!one || single(p, at, p->tok.at - at));
}

static bool
optional_proto(struct parser *p)
{
	return p->tok.kind == TOK_SEMICOLON || lang_proto(p);
}

static bool
tagged(struct parser *p)
{
	p->c->at_extra = p->tok.at;
	p->c->tagged = true;
	lang_step(p);
	if (p->tok.kind != TOK_QUOTED)
		return lang_fail_here(p, "syntax error", NULL);
	lang_step(p);
	return lang_policy(p);
}

static bool
arguments(struct parser *p)
{
	switch (p->c->verb) {
	case V_ADD:
	case V_UPDATE:
	case V_GETSPI:
	case V_GET:
		return pair(p, lang_end, false) && lang_sa_rest(p);
	case V_DELETE:
		return pair(p, lang_end, true) && lang_sa_rest(p);
	case V_DELETEALL:
		return pair(p, lang_host, true) && optional_proto(p);
	case V_FLUSH:
	case V_DUMP:
		return optional_proto(p);
	case V_SPDADD:
	case V_SPDUPDATE:
		if (lang_is(p, "tagged"))
			return tagged(p);
		/* fall through */
	case V_SPDDELETE:
		return pair(p, lang_range, true) && lang_policy_rest(p);
	default:
		return true;
	}
}

static bool
command(struct parser *p)
{
	for (int i = 0; verbs[i]; i++) {
		if (!lang_is(p, verbs[i]))
			continue;
		p->c->verb = i < V_EXIT ? (enum verb)i : V_EXIT;
		lang_step(p);
		if (!arguments(p))
			return false;
		return p->tok.kind == TOK_SEMICOLON || lang_fail_here(p, "syntax error", NULL);
	}
	return lang_fail_here(p, "syntax error", verbs);
}

int
lang_parse(struct bytes text, size_t *i, const struct names *names, struct cmd *c, struct lang_error *e)
{
	struct parser p = { .lx = { text, *i }, .names = names, .c = c, .e = e };
	bool ok;

	do
		lang_step(&p);
	while (p.tok.kind == TOK_SEMICOLON);	/* empty commands */
	*c = (struct cmd){ .at = p.tok.at, .upper = CW_ULPROTO_ANY, .flags = SAF_CYCSEQ };
	*i = p.lx.i;
	if (p.tok.kind == TOK_END)
		return 0;
	ok = command(&p);
	if (!ok) {
		cmd_wipe(c);
		while (p.tok.kind != TOK_SEMICOLON && p.tok.kind != TOK_END && p.tok.kind != TOK_BAD)
			lang_step(&p);
	}
	*i = c->end = p.lx.i;
	return ok ? 1 : -1;
}

void
cmd_wipe(struct cmd *c)
{
	secret_wipe(&c->ekey);
	secret_wipe(&c->akey);
}
