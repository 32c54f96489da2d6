/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of racoon.conf: words, signs and quoted texts with their places, a table of statements for each section. A statement without a
 * function is read over; where that changes what happens a note says so.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "racoon.h"
#include "racoon_in.h"

/* ---- words ---- */

static bool
fail_here(struct rp *p, unsigned line, unsigned column, const char *hint, const char *what)
{
	return yt_fail(&p->yt, R_RACOON_INVALID, line, column, hint, "%s", what);
}

bool
rp_fail(struct rp *p, const char *hint, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_here(p, p->t.line, p->t.column, hint ? hint : "", text);
}

static void
step(struct rp *p)
{
	unsigned char c = (unsigned char)*p->p++;

	if (c == '\n') {
		p->line++;
		p->column = 1;
	} else if ((c & 0xc0) != 0x80)		/* characters, not octets, as the caret is set */
		p->column++;
}

static void
skip(struct rp *p)
{
	bool comment = false;

	for (; p->p < p->end && (comment || strchr(" \t\r\n#", *p->p)) && *p->p; step(p))
		comment = *p->p == '#' || (comment && *p->p != '\n');
}

static bool
word_char(char c)
{
	return c && !strchr(" \t\r\n#;{}(),\"[]", c);
}

/* The octets of one word or text; false: it is too long, or has octets that no text has. */
static bool
take(struct rp *p, bool quoted)
{
	size_t n = 0;

	for (; p->p < p->end && (quoted ? *p->p != '"' && *p->p != '\n' : word_char(*p->p)); step(p)) {
		if ((unsigned char)*p->p < 0x20 || *p->p == 0x7f)
			return fail_here(p, p->line, p->column, "", "There is a control character here.");
		if (n + 1 == sizeof(p->t.text))
			return rp_fail(p, "", "This word is too long.");
		p->t.text[n++] = *p->p;
	}
	p->t.text[n] = '\0';
	return true;
}

bool
rp_next(struct rp *p)
{
	skip(p);
	p->t.line = p->line;
	p->t.column = p->column;
	p->t.text[0] = '\0';
	p->t.kind = RT_END;
	if (p->yt.err.reason != R_OK || p->p == p->end)
		return false;
	if (*p->p == '"') {
		step(p);
		p->t.kind = RT_TEXT;
		if (!take(p, true))
			return false;
		if (p->p == p->end || *p->p != '"')
			return rp_fail(p, "", "This text has no '\"' at its end.");
		step(p);
		return true;
	}
	if (word_char(*p->p)) {
		p->t.kind = RT_WORD;
		return take(p, false);
	}
	if (*p->p == '\0')
		return rp_fail(p, "", "There is a control character here.");
	p->t.kind = RT_SIGN;
	p->t.text[0] = *p->p;
	p->t.text[1] = '\0';
	step(p);
	return true;
}

bool
rp_is(const struct rp *p, const char *word)
{
	return p->t.kind != RT_END && p->t.kind != RT_TEXT && strcmp(p->t.text, word) == 0;
}

/* The next one has to be a word or a quoted text. */
bool
rp_word(struct rp *p, const char *what)
{
	if (rp_next(p) && (p->t.kind == RT_WORD || (p->t.kind == RT_TEXT && p->t.text[0])))
		return true;
	return rp_fail(p, "", p->t.kind == RT_END ? "The file ends where %s is expected." : "Here %s is expected.", what);
}

bool
rp_sign(struct rp *p, const char *sign)
{
	if (rp_next(p) && rp_is(p, sign))
		return true;
	return rp_fail(p, "", p->t.kind == RT_END ? "The file ends where '%s' is expected." : "Here '%s' is expected.", sign);
}

/* To the ';' of a statement whose first word is at hand. */
bool
rp_rest(struct rp *p)
{
	while (rp_next(p))
		if (rp_is(p, ";"))
			return true;
		else if (rp_is(p, "{") || rp_is(p, "}"))
			break;
	return rp_fail(p, "", p->t.kind == RT_END ? "The file ends within a statement." : "A ';' is missing before this.");
}

/* From behind its '{' to the '}' that ends it. */
static bool
over_section(struct rp *p)
{
	for (unsigned open = 1; open;) {
		if (!rp_next(p))
			return rp_fail(p, "", "The file ends within a section.");
		open += rp_is(p, "{");
		open -= rp_is(p, "}");
	}
	return true;
}

void
rp_note(struct rp *p, unsigned line, const char *fmt, ...)
{
	struct racoon *r = p->r;
	va_list ap;

	if (r->nnotes == RACOON_NOTES)
		return;
	va_start(ap, fmt);
	vsnprintf(r->notes[r->nnotes].text, sizeof(r->notes[0].text), fmt, ap);
	va_end(ap);
	r->notes[r->nnotes++].line = line;
}

void *
rp_more(struct rp *p, void *v, unsigned n, size_t size)
{
	/* It is full at each power of two: a section has kilobytes, and a file few of them. */
	if ((n & (n - 1)) == 0)
		v = reallocarray(v, n ? n * 2 : 1, size);
	if (v)
		memset((char *)v + n * size, 0, size);
	else
		yt_fail(&p->yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	return v;
}

/* ---- statements ---- */

bool
rp_number(const char *text, uint64_t max, uint64_t *v)
{
	*v = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*v = *v * 10 + (uint64_t)(*text - '0');
		if (*v > max)
			return false;
	}
	return true;
}

/* "lifetime time 8 hours;", "lifetime byte 50 MB;" */
bool
rp_lifetime(struct rp *p, uint64_t *life_s)
{
	static const struct { const char *unit; uint64_t s; } units[] = { { "sec", 1 }, { "secs", 1 }, { "second", 1 }, { "seconds", 1 },
		{ "min", 60 }, { "mins", 60 }, { "minute", 60 }, { "minutes", 60 }, { "hour", 3600 }, { "hours", 3600 } };
	struct rtok at;
	uint64_t v;

	if (!rp_word(p, "'time' or 'byte'"))
		return false;
	if (rp_is(p, "byte")) {
		rp_note(p, p->t.line, "a lifetime by volume is left out: an SA ends after 64 GiB or 2^32 packets");
		return rp_rest(p);
	}
	if (!rp_is(p, "time"))
		return rp_fail(p, "lifetime time 8 hours;", "A lifetime is of 'time' or 'byte', not '%s'.", p->t.text);
	if (!rp_word(p, "a number"))
		return false;
	at = p->t;
	if (!rp_number(p->t.text, 1u << 30, &v))
		return rp_fail(p, "lifetime time 8 hours;", "'%s' is no number.", p->t.text);
	if (!rp_word(p, "a unit of time"))
		return false;
	*life_s = 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (rp_is(p, units[i].unit))
			*life_s = v * units[i].s;
	if (v && *life_s == 0)
		return rp_fail(p, "Units are sec, min and hour.", "'%s' is no unit of time.", p->t.text);
	if (*life_s < 5 || *life_s > 30 * 86400) {
		p->t = at;
		return rp_fail(p, "", "A lifetime is 5 seconds to 720 hours.");
	}
	return rp_sign(p, ";");
}

/*
 * One statement of a section, its first word at hand. False: an error, or what is no statement of it.
 */
bool
rp_statement(struct rp *p, const struct rp_row *rows, const char *section, void *arg)
{
	const char *names[80], *near;
	size_t n = 0;

	for (; rows[n].word; n++) {
		names[n] = rows[n].word;
		if (!rp_is(p, rows[n].word))
			continue;
		if (rows[n].note)
			rp_note(p, p->t.line, "'%s': %s", rows[n].word, rows[n].note);
		return rows[n].run ? rows[n].run(p, arg) : rp_rest(p);
	}
	names[n] = NULL;
	near = p->t.kind == RT_WORD ? yt_nearest(p->t.text, names) : NULL;
	if (near) {
		char hint[80];

		snprintf(hint, sizeof(hint), "Did you mean '%s'?", near);
		return rp_fail(p, hint, "'%s' is no statement of %s.", p->t.text, section);
	}
	return rp_fail(p, "", "'%s' is no statement of %s.", p->t.text, section);
}

bool
rp_section(struct rp *p, const struct rp_row *rows, const char *section, void *arg)
{
	while (rp_next(p) && !rp_is(p, "}"))
		if (!rp_is(p, ";") && !rp_statement(p, rows, section, arg))
			return false;
	return rp_is(p, "}") || rp_fail(p, "", "The file ends within %s.", section);
}

/* ---- the file ---- */

static bool
path(struct rp *p, void *arg)
{
	static const char *const unused[] = { "include", "certificate", "backupsa", "script", "pidfile" };
	struct racoon *r = p->r;

	(void)arg;
	if (!rp_word(p, "what the path is of"))
		return false;
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (rp_is(p, unused[i])) {
			rp_note(p, p->t.line, "'path %s' is not used", unused[i]);
			return rp_rest(p);
		}
	if (!rp_is(p, "pre_shared_key"))
		return rp_fail(p, "path pre_shared_key \"/etc/racoon/psk.txt\";", "There is no path of '%s'.", p->t.text);
	if (!rp_word(p, "the name of a file"))
		return false;
	if (r->psk_line)
		return rp_fail(p, "", "The file of the pre-shared keys is named already, on line %u.", r->psk_line);
	snprintf(r->psk, sizeof(r->psk), "%s", p->t.text);
	r->psk_line = p->t.line;
	r->psk_column = p->t.column;
	return rp_sign(p, ";");
}

static bool
include(struct rp *p, void *arg)
{
	(void)arg;
	return rp_fail(p, "Put the text of that file in its place.", "Other files are not read.");
}

static bool
log_level(struct rp *p, void *arg)
{
	static const char *const levels[] = { "error", "warning", "notify", "info", "debug", "debug2" };

	(void)arg;
	if (!rp_word(p, "a level"))
		return false;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (rp_is(p, levels[i]))
			return rp_sign(p, ";");
	return rp_fail(p, "error, warning, notify, info, debug or debug2", "'%s' is no level of the log.", p->t.text);
}

static bool
over(struct rp *p, void *arg)
{
	(void)arg;
	return rp_sign(p, "{") && over_section(p);
}

static const struct rp_row file_rows[] = {
	{ "path", NULL, path }, { "include", NULL, include }, { "log", NULL, log_level }, { "remote", NULL, racoon_read_remote }, { "sainfo", NULL, racoon_read_sainfo },
	{ "padding", "ESP's padding is the least that the cipher needs, and is checked", over },
	{ "timer", "requests are repeated after 0.5 s, doubling to 32 s; NAT keepalives go every 20 s", over },
	{ "listen", "addresses and ports are those of 'listen:' in the gateway file", over },
	{ "privsep", "every daemon has a user of its own anyway", over },
	{ "mode_cfg", "addresses for single users are not given", over }, { "ldapcfg", "users are not asked for", over },
	{ "radiuscfg", "users are not asked for", over }, { "pfkey_buffer", NULL, NULL }, { "complex_bundle", NULL, NULL }, { "gss_id_enc", NULL, NULL },
	{ NULL, NULL, NULL }
};

/* It is no error, and serves nobody: as racoon, which answered nobody then. Said also where there were more notes than there is room for. */
static void
note_missing(struct rp *p)
{
	const char *lacks = p->r->nremotes == 0 && p->r->nsainfos == 0 ? "sections 'remote' and 'sainfo'" : p->r->nremotes == 0 ? "section 'remote'" :
	    p->r->nsainfos == 0 ? "section 'sainfo'" : NULL;

	if (!lacks)
		return;
	if (p->r->nnotes == RACOON_NOTES)
		p->r->nnotes--;
	rp_note(p, p->line, "the file has no %s: while it is in force no policy is served; write them, 'anonymous' for everybody, or 'ikectl racoon remove'", lacks);
}

struct racoon *
racoon_read(const char *text, size_t n, struct yt_error *err)
{
	struct rp p = { .yt = { .text = text, .n = n }, .p = text, .end = text + n, .line = 1, .column = 1, .r = calloc(1, sizeof(*p.r)) };
	bool ok = p.r != NULL;

	if (ok) {
		p.r->notes = calloc(RACOON_NOTES, sizeof(*p.r->notes));
		ok = p.r->notes != NULL;
	}
	if (!ok)
		yt_fail(&p.yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	else if (n > RACOON_MAX)
		ok = yt_fail(&p.yt, R_TOO_LARGE, 0, 0, "", "A racoon.conf has at most 64 KiB.");
	while (ok && rp_next(&p))
		ok = rp_is(&p, ";") || rp_statement(&p, file_rows, "racoon.conf", NULL);
	if (p.yt.err.reason == R_OK) {
		note_missing(&p);
		return p.r;
	}
	*err = p.yt.err;
	racoon_free(p.r);
	return NULL;
}

void
racoon_free(struct racoon *r)
{
	if (!r)
		return;
	free(r->remotes);
	free(r->sainfos);
	free(r->notes);
	free(r);
}
