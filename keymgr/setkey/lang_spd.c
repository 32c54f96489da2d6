/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands after the addresses of a policy: upper protocol, what narrows it, and the policy itself. */
#include <stdio.h>

#include "lang.h"

/* The names that mean the same everywhere; the others are /etc/protocols'. The first of a number is printed. */
static const struct { const char *name; uint8_t number; } uppers[] = {
	{ "any", CW_ULPROTO_ANY }, { "icmp", 1 }, { "igmp", 2 }, { "ip4", 4 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6", 41 }, { "gre", 47 },
	{ "esp", 50 }, { "ah", 51 }, { "icmp6", 58 }, { "ipv6-icmp", 58 }, { "ospf", 89 }, { "ipcomp", 108 }, { "sctp", 132 }, { "mh", 135 },
};
#define UPPERS	(sizeof(uppers) / sizeof(uppers[0]))

int
upper_number(struct bytes name)
{
	for (unsigned i = 0; i < UPPERS; i++)
		if (bytes_eq(name, bytes_of(uppers[i].name, strlen(uppers[i].name))))
			return uppers[i].number;
	return -1;
}

const char *
upper_name(unsigned proto)
{
	for (unsigned i = 0; i < UPPERS; i++)
		if (uppers[i].number == proto)
			return uppers[i].name;
	return NULL;
}

static bool
upper(struct parser *p)
{
	static const char *const words[] = { "any", "icmp", "icmp6", "tcp", "udp", "gre", "esp", "ah", "sctp", "mh", "ip4", "ipcomp", NULL };
	struct cmd *c = p->c;
	char word[64];
	uint64_t v;
	int n;

	c->at_proto = p->tok.at;
	if (p->tok.kind != TOK_WORD)
		return lang_fail_here(p, "invalid upper layer protocol", words);
	if (lang_text(p).p[0] >= '0' && lang_text(p).p[0] <= '9') {
		if (!lang_number(p, 255, &v, "invalid upper layer protocol"))
			return false;
		c->upper = (uint8_t)v;
		return true;
	}
	n = upper_number(lang_text(p));
	if (n < 0 && p->names && p->names->protocol && lang_word(p, word, sizeof(word)))
		n = p->names->protocol(word);
	if (n < 0)
		return lang_fail_here(p, "invalid upper layer protocol", words);
	c->upper = (uint8_t)n;
	lang_step(p);
	return true;
}

static bool
decimal(const char **s, uint64_t max, uint64_t *v)
{
	const char *begin = *s;

	for (*v = 0; **s >= '0' && **s <= '9'; (*s)++) {
		*v = *v * 10 + (unsigned)(**s - '0');
		if (*v > max)
			return false;
	}
	return *s != begin;
}

/* "8,0" or a GRE key, a number or four in dots: they go where ports would. */
static bool
misc(struct parser *p)
{
	struct cmd *c = p->c;
	char word[64];
	const char *s = word;
	uint64_t a, b, k[4] = { 0 };
	unsigned n = 0;

	if (p->tok.kind != TOK_WORD || lang_text(p).p[0] == '-')
		return true;
	if (!lang_word(p, word, sizeof(word)))
		return lang_fail_here(p, "invalid an upper layer protocol spec", NULL);
	if (c->upper == 1 || c->upper == 58 || c->upper == 135) {
		if (!decimal(&s, 255, &a) || *s++ != ',' || !decimal(&s, 255, &b) || *s)
			return lang_fail(p, p->tok.at, p->tok.n, "invalid an upper layer protocol spec", "Here may stand type,code: two numbers up to 255, as in 8,0.");
		c->misc_src = (uint16_t)a;
		c->misc_dst = (uint16_t)b;
	} else if (c->upper == 47) {
		while (n < 4 && decimal(&s, n ? 255 : UINT32_MAX, &k[n]) && (n++, *s == '.'))
			s++;
		if (*s || (n != 1 && n != 4) || (n == 4 && k[0] > 255))
			return lang_fail(p, p->tok.at, p->tok.n, "invalid an upper layer protocol spec", "A GRE key is a number, or four in dots.");
		a = n == 1 ? k[0] : k[0] << 24 | k[1] << 16 | k[2] << 8 | k[3];
		c->misc_src = (uint16_t)(a >> 16);
		c->misc_dst = (uint16_t)a;
	} else {
		return lang_fail_here(p, "invalid an upper layer protocol spec", NULL);
	}
	lang_step(p);
	return true;
}

static bool
label(struct parser *p)
{
	uint64_t v;

	if (!lang_is(p, "-ctx"))
		return true;
	p->c->context = true;
	p->c->at_extra = p->tok.at;
	lang_step(p);
	if (!lang_number(p, 255, &v, "syntax error") || !lang_number(p, 255, &v, "syntax error"))
		return false;
	if (p->tok.kind != TOK_QUOTED)
		return lang_fail_here(p, "syntax error", NULL);
	lang_step(p);
	return true;
}

bool
lang_iface(struct parser *p)
{
	struct cmd *c = p->c;
	char word[CW_IFACE_LEN] = "";

	lang_step(p);
	c->at_iface = p->tok.at;
	if (!lang_word(p, word, sizeof(word)) || !cw_iface_name_ok(strncpy(c->iface, word, sizeof(c->iface)))) {
		memset(c->iface, 0, sizeof(c->iface));
		return lang_fail(p, p->tok.at, p->tok.n, "invalid interface name",
		    "It has 1 to 15 letters, digits, '.', '_' and '-', begins with a letter or a digit, and is not all, default or cw0.");
	}
	lang_step(p);
	return true;
}

/* How long the policy lasts: since it came (-lh, as for SAs), and without being used (-lv, validtime); and the interface that it is of. */
static bool
options(struct parser *p)
{
	struct cmd *c = p->c;

	while (lang_is(p, "-lh") || lang_is(p, "-lv") || lang_is(p, "-dev")) {
		uint64_t *field = lang_is(p, "-lh") ? &c->hard.addtime : &c->hard.usetime;

		if (lang_is(p, "-dev")) {
			if (!lang_iface(p))
				return false;
			continue;
		}
		lang_step(p);
		if (!lang_number(p, UINT64_MAX, field, "syntax error"))
			return false;
		c->has_hard = true;
	}
	return true;
}

/* libipsec's error, at its place in the command, with the word that was probably meant. */
static bool
policy_error(struct parser *p, size_t from, const struct poltext_error *e)
{
	struct token end = p->tok;
	struct bytes text = bytes_of(p->lx.text.p + from + e->at, e->n);

	p->tok = (struct token){ TOK_WORD, from + e->at, e->n };
	lang_fail_here(p, e->text, e->n ? e->words : NULL);
	if (e->hint)
		snprintf(p->e->hint, sizeof(p->e->hint), "%s", e->hint);
	else if (text.n && text.p[0] == '#')
		snprintf(p->e->hint, sizeof(p->e->hint), "There are no comments inside a policy.");
	p->tok = end;
	return false;
}

bool
lang_policy(struct parser *p)
{
	static const char *const words[] = { "-P", "-lh", "-lv", "-dev", NULL };
	struct cmd *c = p->c;
	struct poltext_error e;
	size_t from;

	if (!lang_is(p, "-P"))
		return lang_fail_here(p, "syntax error", words);
	from = c->at_policy = p->lx.i;
	do
		lang_step(p);
	while (p->tok.kind != TOK_SEMICOLON && p->tok.kind != TOK_END && p->tok.kind != TOK_BAD);
	if (p->tok.kind != TOK_SEMICOLON)
		return lang_fail_here(p, "syntax error", NULL);
	if (!poltext_parse(bytes_of(p->lx.text.p + from, p->tok.at - from), &c->policy, &e))
		return policy_error(p, from, &e);
	if (c->policy.type == POLTEXT_DIR_ONLY && c->verb != V_SPDDELETE)
		return lang_fail(p, p->tok.at, p->tok.n, "Too few arguments", "After the direction comes what to do: ipsec, none or discard.");
	return true;
}

bool
lang_policy_rest(struct parser *p)
{
	struct cmd *c = p->c;

	if (!upper(p) || !misc(p) || !label(p) || !options(p))
		return false;
	if (c->upper == CW_ULPROTO_ANY && (c->src.port || c->dst.port))
		return lang_fail(p, c->at_proto, 3, "invalid upper layer protocol",
		    "Ports belong to a protocol: write tcp or udp instead of any. To name a protocol by its number, write the number here, not in brackets.");
	if ((c->misc_src || c->misc_dst) && (c->src.has_port || c->dst.has_port))
		return lang_fail(p, c->at_proto, 0, "invalid an upper layer protocol spec", "Ports in brackets and type,code exclude each other.");
	return lang_policy(p);
}
