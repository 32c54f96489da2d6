/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One record is one line and one write(2), so that records of several processes do not mix. The line is built without
 * gmtime_r, which would read the system's time zone file: a sandboxed daemon may not open one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define LINE_CAP	4096
#define MSG_CAP		2048

/* The program's log is the one thing that every layer above lib shares without a parameter. */
static const char *log_prog = "causeway";
static enum log_level log_max = LOG_INFO;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_init(const char *prog, enum log_level level)
{
	log_prog = prog;
	log_max = level;
}

bool
log_level_parse(const char *s, enum log_level *level)
{
	for (unsigned i = 0; i < 4; i++)
		if (strcmp(s, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

void
log_set_level(enum log_level level)
{
	log_max = level;
}

/* A line being built. Room for the closing quote, newline and terminator is kept back. */
struct line {
	char	*buf;
	size_t	 n, cap;
	bool	 full;
};

#define LINE_TAIL	6	/* the mark of a cut, quote, newline, terminator */

static void
line_add(struct line *l, const char *s, size_t n)
{
	if (l->full)
		return;
	if (l->n + n + LINE_TAIL > l->cap) {
		l->full = true;
		return;
	}
	memcpy(l->buf + l->n, s, n);
	l->n += n;
}

/* Octets of a well-formed UTF-8 sequence that is not a control, 0 if it is none. */
static size_t
utf8_len(const unsigned char *s)
{
	size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return n;
}

/* bare: the value stands without quotes, so a space would end it. */
static void
line_escaped(struct line *l, const char *s, bool bare)
{
	while (*s && !l->full) {
		unsigned char c = (unsigned char)*s;
		size_t n = c >= 0x80 ? utf8_len((const unsigned char *)s) : 1;
		char esc[5];

		if (n == 0 || c < ' ' || c == 0x7f || (bare && c == ' ')) {
			n = 1;
			snprintf(esc, sizeof(esc), "\\x%02x", c);
			line_add(l, esc, 4);
		} else if (c == '"' || c == '\\') {
			esc[0] = '\\';
			esc[1] = (char)c;
			line_add(l, esc, 2);
		} else
			line_add(l, s, n);
		s += n;
	}
}

static void
line_field(struct line *l, const char *key, const char *value)
{
	if (!value)
		return;
	line_add(l, key, strlen(key));
	line_escaped(l, value, true);
}

/* Days since 1970 to a date of the Gregorian calendar, counted in 400-year eras that begin on 1 March. */
static void
line_time(struct line *l, uint64_t unix_s)
{
	uint64_t days = unix_s / 86400 + 719468, era = days / 146097, doe = days % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	uint64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	uint64_t year = yoe + era * 400 + (month <= 2), s = unix_s % 86400;
	char t[64];
	int n = snprintf(t, sizeof(t), "time=%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(year % 10000), (unsigned)month,
	    (unsigned)day, (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));

	line_add(l, t, (size_t)n);
}

size_t
log_format(char *buf, size_t cap, uint64_t unix_s, enum log_level level, const char *prog, const struct log_ctx *ctx,
    const char *event, enum reason reason, const char *msg)
{
	struct line l = { buf, 0, cap, false };

	if (cap < LINE_TAIL + 1) {
		if (cap)
			buf[0] = '\0';
		return 0;
	}
	line_time(&l, unix_s);
	line_field(&l, " level=", level_names[(unsigned)level < 4 ? level : LOG_ERROR]);
	line_field(&l, " prog=", prog);
	line_field(&l, " event=", event);
	line_field(&l, " tunnel=", ctx ? ctx->tunnel : NULL);
	line_field(&l, " child=", ctx ? ctx->child : NULL);
	line_field(&l, " reason=", reason_row(reason)->name);
	line_add(&l, " msg=\"", 6);
	line_escaped(&l, msg, false);
	if (l.full) {
		memcpy(l.buf + l.n, "\xe2\x80\xa6", 3);
		l.n += 3;
	}
	memcpy(l.buf + l.n, "\"\n", 3);
	return l.n + 2;
}

void
log_at(enum log_level level, const struct log_ctx *ctx, const char *event, enum reason reason, const char *fmt, ...)
{
	char msg[MSG_CAP], line[LINE_CAP];
	int saved = errno;
	size_t n, at = 0;
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	n = log_format(line, sizeof(line), clock_wall_s(), level, log_prog, ctx, event, reason, msg);
	while (at < n) {
		ssize_t k = write(STDERR_FILENO, line + at, n - at);

		if (k > 0)
			at += (size_t)k;
		else if (errno != EINTR)
			break;	/* nobody reads the log: the service goes on */
	}
	errno = saved;
}

/* One line a second. */
bool
log_allow(struct log_limit *l, uint64_t now_ns, uint64_t *skipped)
{
	*skipped = 0;
	if (now_ns < l->next_ns) {
		l->skipped++;
		return false;
	}
	l->next_ns = now_ns + NS_PER_S;
	*skipped = l->skipped;
	l->skipped = 0;
	return true;
}
