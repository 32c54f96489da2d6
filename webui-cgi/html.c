/* SPDX-License-Identifier: BSD-2-Clause */
/* Escaping, in one place. Text is UTF-8; what is not, control octets, and marks that turn the direction of writing are shown as U+FFFD. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

static void
append(struct html *h, const char *s, size_t n)
{
	size_t cap = h->cap ? h->cap : 8192;
	char *p;

	if (h->failed || n > HTML_MAX - h->n) {
		h->failed = true;
		return;
	}
	while (cap < h->n + n)
		cap *= 2;
	if (cap != h->cap) {
		p = realloc(h->p, cap);
		if (!p) {
			h->failed = true;
			return;
		}
		h->p = p;
		h->cap = cap;
	}
	memcpy(h->p + h->n, s, n);
	h->n += n;
}

static void
append_str(struct html *h, const char *s)
{
	append(h, s, strlen(s));
}

void
html_raw(struct html *h, const char *s)
{
	append_str(h, s);
}

void
html_lit(struct html *h, struct lit s)
{
	append_str(h, s.lit);
}

void
html_path(struct html *h, struct path s)
{
	html_text(h, h->base);
	append_str(h, s.lit);
}

void
html_seg(struct html *h, struct seg s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char hex[4];

	for (const char *p = s.text ? s.text : ""; *p; p++) {
		if (strchr(plain, *p)) {
			append(h, p, 1);
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)*p);
		append(h, hex, 3);
	}
}

/* The length of the UTF-8 sequence at p, and what it says; 0: there is none. */
static size_t
utf8(const unsigned char *p, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 && p[0] < 0xf8 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;

	if (n == 0 || p[0] >= 0xf8)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c >= least[n] && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff) ? n : 0;
}

static bool
unprintable(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0x061c;
}

void
html_text(struct html *h, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = 0;
	size_t n;

	for (; p && *p; p += n ? n : 1) {
		n = utf8(p, &c);
		if (n == 0 || unprintable(c))
			append(h, "\xef\xbf\xbd", 3);
		else if (c == '&')
			append(h, "&amp;", 5);
		else if (c == '<')
			append(h, "&lt;", 4);
		else if (c == '>')
			append(h, "&gt;", 4);
		else if (c == '"')
			append(h, "&quot;", 6);
		else if (c == '\'')
			append(h, "&#39;", 5);
		else
			append(h, (const char *)p, n);
	}
}

void
html_int(struct html *h, int64_t v)
{
	char text[24];

	append(h, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, v));
}

void
html_uint(struct html *h, uint64_t v)
{
	char text[24];

	append(h, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, v));
}

void
html_octets(struct html *h, struct octets o)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	char text[32];
	double v = (double)o.n;
	unsigned u = 0;

	for (; v >= 1000 && u < 6; u++)
		v /= 1024;
	append(h, text, (size_t)snprintf(text, sizeof(text), u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]));
}

/* Networks are measured in bits, and by thousands. */
void
html_rate(struct html *h, struct rate r)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s" };
	double v = (double)r.n * 8;
	char text[32];
	unsigned u = 0;

	for (; v >= 999.5 && u < 5; u++)
		v /= 1000;
	append(h, text, (size_t)snprintf(text, sizeof(text), v < 1000 ? "%.3g %s" : "%.0f %s", v, units[u]));
}

void
html_secs(struct html *h, struct secs t)
{
	static const struct { int64_t s; const char *name, *next; int64_t part; } units[] = {
		{ 86400, "d", "h", 3600 }, { 3600, "h", "min", 60 }, { 60, "min", "s", 1 },
	};
	uint64_t s = t.s < 0 ? (uint64_t)-(t.s + 1) + 1 : (uint64_t)t.s;
	char text[64];
	int n = snprintf(text, sizeof(text), "%s%" PRIu64 " s", t.s < 0 ? "-" : "", s);

	for (unsigned i = 0; i < 3; i++) {
		uint64_t unit = (uint64_t)units[i].s;

		if (s < unit)
			continue;
		n = snprintf(text, sizeof(text), "%s%" PRIu64 " %s %" PRIu64 " %s", t.s < 0 ? "-" : "", s / unit, units[i].name,
		    s % unit / (uint64_t)units[i].part, units[i].next);
		break;
	}
	append(h, text, (size_t)n);
}

void
html_join(struct html *h, const struct html *other)
{
	h->failed |= other->failed;
	if (other->n)
		append(h, other->p, other->n);
}

void
html_free(struct html *h)
{
	free(h->p);
	h->p = NULL;
	h->n = h->cap = 0;
}
