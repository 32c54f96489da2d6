/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer comes first, everywhere: a semicolon or a # inside a quoted key is the key's, also with -c. The words of one command may
 * stand on any number of lines, of any length.
 */
#include "lang.h"

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static size_t
skip(struct bytes t, size_t i)
{
	for (; i < t.n; i++) {
		if (t.p[i] == '#') {
			while (i < t.n && t.p[i] != '\n')
				i++;
			if (i == t.n)
				break;
		} else if (!blank(t.p[i])) {
			break;
		}
	}
	return i;
}

static size_t
word_end(struct bytes t, size_t i)
{
	while (i < t.n && !blank(t.p[i]) && !memchr(";\"/[]", t.p[i], 5))
		i++;
	return i;
}

void
lex_next(struct lexer *lx, struct token *tok)
{
	struct bytes t = lx->text;
	size_t i = skip(t, lx->i);
	const uint8_t *quote;

	*tok = (struct token){ TOK_END, i, 0 };
	lx->i = i;
	if (i == t.n)
		return;
	tok->n = 1;
	switch (t.p[i]) {
	case ';':
		tok->kind = TOK_SEMICOLON;
		break;
	case '/':
		tok->kind = TOK_SLASH;
		break;
	case '[':
		tok->kind = TOK_OPEN;
		break;
	case ']':
		tok->kind = TOK_CLOSE;
		break;
	case '"':
		quote = memchr(t.p + i + 1, '"', t.n - i - 1);
		tok->kind = quote ? TOK_QUOTED : TOK_BAD;
		tok->n = quote ? (size_t)(quote - t.p) - i + 1 : t.n - i;
		break;
	default:
		tok->kind = TOK_WORD;
		tok->n = word_end(t, i) - i;
	}
	lx->i = i + tok->n;
}

size_t
lex_command_end(struct bytes text)
{
	struct lexer lx = { text, 0 };
	struct token tok;

	do
		lex_next(&lx, &tok);
	while (tok.kind != TOK_END && tok.kind != TOK_BAD && tok.kind != TOK_SEMICOLON);
	return tok.kind == TOK_SEMICOLON ? lx.i : 0;
}

struct place
lex_place(struct bytes text, size_t at)
{
	struct place w = { 1, 1 };

	for (size_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n') {
			w.line++;
			w.column = 1;
		} else {
			w.column++;
		}
	}
	return w;
}

/* What a token shows of itself. */
static void
mask(struct bytes text, const struct token *tok, size_t from, size_t to, char *buf)
{
	bool hex = tok->kind == TOK_WORD && tok->n > 10 && text.p[tok->at] == '0' && (text.p[tok->at + 1] | 0x20) == 'x';

	if (tok->kind != TOK_QUOTED && tok->kind != TOK_BAD && !hex)
		return;
	for (size_t i = tok->at + (hex ? 2 : 1); i < tok->at + tok->n; i++)
		if (i >= from && i < to && text.p[i] != '"')
			buf[i - from] = '*';
}

void
lex_show_line(struct bytes text, size_t at, char *buf, size_t cap)
{
	struct lexer lx = { text, 0 };
	struct token tok;
	size_t from = at < text.n ? at : text.n, to;

	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	for (to = from; to < text.n && text.p[to] != '\n' && to - from + 1 < cap; to++)
		buf[to - from] = (char)(text.p[to] == '\t' ? ' ' : text.p[to] < 0x20 || text.p[to] >= 0x7f ? '?' : text.p[to]);
	buf[to - from] = '\0';
	do {
		lex_next(&lx, &tok);
		if (tok.kind != TOK_END)
			mask(text, &tok, from, to, buf);
	} while (tok.kind != TOK_END && tok.at < to);
}
