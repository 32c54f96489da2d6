/* SPDX-License-Identifier: BSD-2-Clause */
/* What every decoder needs: connections, notes and secrets, and the lexer's small steps. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

struct imp *
imp_new(void)
{
	struct imp *m = calloc(1, sizeof(*m));

	if (m) {
		m->file = "";
		m->tail = &m->conns;
		m->ntail = &m->notes;
	}
	return m;
}

void
imp_free(struct imp *m)
{
	if (!m)
		return;
	for (struct imp_conn *c = m->conns, *next; c; c = next) {
		next = c->next;
		secret_wipe(&c->secret);
		imp_children_free(c->children);
		free(c);
	}
	for (struct imp_secret *s = m->secrets, *next; s; s = next) {
		next = s->next;
		secret_wipe(&s->secret);
		free(s);
	}
	for (struct imp_note *n = m->notes, *next; n; n = next) {
		next = n->next;
		free(n);
	}
	free(m);
}

static void
note(struct imp *m, const char *file, unsigned line, const char *fmt, va_list ap)
{
	struct imp_note *n = m->nnotes < IMP_NOTES ? calloc(1, sizeof(*n)) : NULL;

	if (!n) {
		m->no_memory = m->no_memory || m->nnotes < IMP_NOTES;
		return;
	}
	m->nnotes++;
	n->file = file;
	n->line = line;
	vsnprintf(n->text, sizeof(n->text), fmt, ap);
	for (char *p = n->text; *p; p++)	/* it goes to terminals and into the comments of YAML, which is UTF-8 */
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	*m->ntail = n;
	m->ntail = &n->next;
}

void
imp_note(struct imp *m, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(m, m->file, line, fmt, ap);
	va_end(ap);
}

void
imp_drop(struct imp *m, struct imp_conn *c, const char *fmt, ...)
{
	char why[300];
	va_list ap;
	const char *file = m->file;

	if (c->dropped)
		return;
	c->dropped = true;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	m->file = c->file;
	imp_note(m, c->line, "the connection '%.60s' is left out: %s", c->name, why);
	m->file = file;
}

struct imp_conn *
imp_conn_add(struct imp *m, const char *name, unsigned line)
{
	struct imp_conn *c;

	if (m->nconns == IMP_CONNS)
		imp_note(m, line, "there are more than %u connections: the rest is left out", IMP_CONNS);
	c = m->nconns < IMP_CONNS ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		m->nconns = IMP_CONNS + 1;
		return NULL;
	}
	m->nconns++;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->file = m->file;
	c->line = line;
	*m->tail = c;
	m->tail = &c->next;
	return c;
}

/* ---- secrets ---- */

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
from_hex(struct secret *s, const char *t, size_t n)
{
	if (n % 2 || n / 2 > SECRET_CAP || n == 0)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		int hi = hex(t[i]), lo = hex(t[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		s->b[s->n++] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static bool
from_base64(struct secret *s, const char *t, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;

	while (n && t[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *d = t[i] ? strchr(digits, t[i]) : NULL;

		if (!d || s->n == SECRET_CAP)
			return false;
		bits = bits << 6 | (unsigned)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			s->b[s->n++] = (uint8_t)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	return s->n > 0;
}

struct imp_secret *
imp_secret_add(struct imp *m, unsigned line, const char *text, size_t n)
{
	struct imp_secret *s = calloc(1, sizeof(*s));
	bool ok;

	if (!s) {
		m->no_memory = true;
		return NULL;
	}
	if (n > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		ok = from_hex(&s->secret, text + 2, n - 2);
	else if (n > 2 && text[0] == '0' && (text[1] == 's' || text[1] == 'S'))
		ok = from_base64(&s->secret, text + 2, n - 2);
	else
		ok = n > 0 && secret_set(&s->secret, bytes_of(text, n));
	if (!ok) {
		imp_note(m, line, "a pre-shared key that is empty, too long, or not the hexadecimal or base64 text that it says it is");
		secret_wipe(&s->secret);
		free(s);
		return NULL;
	}
	s->next = m->secrets;
	m->secrets = s;
	return s;
}

void
imp_secret_id(struct imp *m, struct imp_secret *s, unsigned line, const char *foreign)
{
	if (!s || strcmp(foreign, "%any") == 0 || strcmp(foreign, "%any6") == 0)
		return;
	if (s->nids == IMP_IDS)
		imp_note(m, line, "a pre-shared key for more than %u identities", IMP_IDS);
	else if (imp_id(m, line, foreign, s->ids[s->nids]))
		s->nids++;
}

/* Printable text is written as it is, unless it looks like one of the other forms. */
size_t
imp_secret_file(const struct secret *s, char *out, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	bool plain = s->n > 0 && !(s->n >= 4 && memcmp(s->b, "hex:", 4) == 0) && !(s->n >= 7 && memcmp(s->b, "base64:", 7) == 0);
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		plain = plain && s->b[i] > ' ' && s->b[i] < 0x7f;
	if (s->n == 0 || cap < 2 * s->n + 6)
		return 0;
	if (plain) {
		memcpy(out, s->b, s->n);
		n = s->n;
	} else {
		memcpy(out, "hex:", 4);
		n = 4;
		for (size_t i = 0; i < s->n; i++) {
			out[n++] = digits[s->b[i] >> 4];
			out[n++] = digits[s->b[i] & 15];
		}
	}
	out[n++] = '\n';
	return n;
}

/* ---- the lexer ---- */

void
imp_skip(struct imp_at *a, bool lines)
{
	for (; a->p < a->end; a->p++) {
		if (*a->p == '#')
			while (a->p < a->end && *a->p != '\n')
				a->p++;
		if (a->p == a->end)
			return;
		if (*a->p == '\n') {
			if (!lines)
				return;
			a->line++;
		} else if (*a->p != ' ' && *a->p != '\t' && *a->p != '\r')
			return;
	}
}

bool
imp_char(struct imp_at *a, char c)
{
	if (a->p == a->end || *a->p != c)
		return false;
	a->p++;
	return true;
}

static void
put(char *out, size_t cap, size_t *n, char c)
{
	if (c != '\0' && *n + 1 < cap)
		out[(*n)++] = c;
}

bool
imp_take(struct imp_at *a, const char *stops, bool escapes, char *out, size_t cap)
{
	size_t n = 0;
	bool any = false;

	if (imp_char(a, '"')) {
		any = true;
		while (a->p < a->end && *a->p != '"') {
			if (*a->p == '\n')
				a->line++;
			if (escapes && *a->p == '\\' && a->p + 1 < a->end)
				a->p++;
			put(out, cap, &n, *a->p++);
		}
		imp_char(a, '"');
	} else
		for (; a->p < a->end && *a->p != '\n' && (*a->p == '\0' || !strchr(stops, *a->p)); any = true)
			put(out, cap, &n, *a->p++);
	out[n] = '\0';
	return any;
}

bool
imp_number(const char *s, uint64_t *v)
{
	if (*s < '0' || *s > '9')
		return false;
	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		if (*v > (UINT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(*s - '0');
	}
	return *s == '\0';
}

bool
imp_duration(const char *s, uint64_t *seconds)
{
	static const struct { const char *unit; uint64_t factor; } units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
		{ "w", 604800 }, { "sec", 1 }, { "second", 1 }, { "min", 60 }, { "minute", 60 }, { "hour", 3600 } };
	size_t digits = strspn(s, "0123456789"), n = strlen(s + digits);
	char number[24];

	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, s, digits);
	number[digits] = '\0';
	if (!imp_number(number, seconds) || *seconds > 1u << 30)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s + digits, units[i].unit) == 0 || (n > 3 && s[digits + n - 1] == 's' && strlen(units[i].unit) == n - 1 &&
		    memcmp(s + digits, units[i].unit, n - 1) == 0)) {
			*seconds *= units[i].factor;
			return true;
		}
	return false;
}
