/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "knobs.h"

/* What KAME's engine needs to be told and this one does not. */
static const struct { const char *name, *why; } absent[] = {
	{ "net.key.random_int", "random numbers are the system's own, and nobody has to stir them" },
	{ "net.key.blockacq_count", "one ACQUIRE stands for net.key.blockacq_lifetime seconds, however many packets come" },
	{ "net.key.esp_keymin", "algorithms and key lengths are the key manager's to choose; the engine proposes none" },
	{ "net.key.esp_auth", "ESP that is not authenticated is refused, whatever is proposed" },
	{ "net.key.ah_keymin", "algorithms and key lengths are the key manager's to choose; the engine proposes none" },
};

static bool
fail(struct knob_error *e, const char *fmt, const char *name, const char *rest)
{
	snprintf(e->text, sizeof(e->text), fmt, name, rest);
	return false;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes
trim(struct bytes b)
{
	while (b.n && is_blank(b.p[0]))
		b = bytes_of(b.p + 1, b.n - 1);
	while (b.n && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

static bool
number(struct bytes b, uint64_t *v)
{
	unsigned base = b.n > 2 && b.p[0] == '0' && (b.p[1] | 0x20) == 'x' ? 16 : 10;

	*v = 0;
	for (size_t i = base == 16 ? 2 : 0; i < b.n; i++) {
		uint8_t c = b.p[i];
		unsigned d = c >= '0' && c <= '9' ? c - 48u : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)(c | 0x20) - 'a' + 10 : 99;

		if (d >= base || *v > (UINT32_MAX - d) / base)
			return false;
		*v = *v * base + d;
	}
	return b.n > 0;
}

bool
knob_parse(struct bytes text, struct cw_named *k, bool *set, struct knob_error *e)
{
	const uint8_t *eq = text.n ? memchr(text.p, '=', text.n) : NULL;
	struct bytes name = trim(bytes_of(text.p, eq ? (size_t)(eq - text.p) : text.n)), value;
	uint64_t v;

	*k = (struct cw_named){ .name = "" };
	*set = eq != NULL;
	if (name.n == 0)
		return fail(e, "a setting's name is missing%s%s", "", "");
	if (name.n >= sizeof(k->name))
		return fail(e, "no setting has so long a name%s%s", "", "");
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return fail(e, "a setting's name has letters, digits, dots and underscores%s%s", "", "");
	memcpy(k->name, name.p, name.n);
	if (strcmp(k->name, "net.key.preferred_oldsa") == 0)	/* as FreeBSD spells it */
		memcpy(k->name, "net.key.prefered_oldsa", sizeof("net.key.prefered_oldsa"));
	if (!eq)
		return true;
	value = trim(bytes_of(eq + 1, text.n - (size_t)(eq + 1 - text.p)));
	if (!number(value, &v))
		return fail(e, "%s: the value is no number, decimal or 0x and hexadecimal, up to 4294967295%s", k->name, "");
	k->value = v;
	return true;
}

static bool
one_line(struct bytes line, struct cw_named *v, unsigned *n, struct knob_error *e)
{
	const uint8_t *comment = line.n ? memchr(line.p, '#', line.n) : NULL;
	bool set;

	if (comment)
		line.n = (size_t)(comment - line.p);
	line = trim(line);
	if (line.n == 0)
		return true;
	if (*n == CW_NAMED_MAX)
		return fail(e, "there are more settings than there can be%s%s", "", "");
	if (!knob_parse(line, &v[*n], &set, e))
		return false;
	if (!set)
		return fail(e, "%s: '=' and a value are missing%s", v[*n].name, "");
	++*n;
	return true;
}

bool
knob_file(struct bytes text, struct cw_named v[static CW_NAMED_MAX], unsigned *n, struct knob_error *e)
{
	*n = 0;
	for (e->line = 1; text.n; e->line++) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t len = end ? (size_t)(end - text.p) : text.n;

		if (!one_line(bytes_of(text.p, len), v, n, e))
			return false;
		len += end != NULL;
		text = bytes_of(text.p + len, text.n - len);
	}
	e->line = 0;
	return true;
}

bool
knob_find(struct bytes table, const char *name, struct cw_named *k)
{
	for (size_t i = 0; i + sizeof(*k) <= table.n; i += sizeof(*k)) {
		memcpy(k, table.p + i, sizeof(*k));
		if (strcmp(k->name, name) == 0)
			return true;
	}
	return false;
}

bool
knob_allowed(struct bytes table, const struct cw_named *k, struct knob_error *e)
{
	struct cw_named have;
	char bounds[64];

	if (!knob_find(table, k->name, &have)) {
		for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
			if (strcmp(k->name, absent[i].name) == 0)
				return fail(e, "%s is not here: %s", k->name, absent[i].why);
		return fail(e, "%s: there is no setting of this name%s", k->name, "");
	}
	if (k->value >= have.least && k->value <= have.most)
		return true;
	snprintf(bounds, sizeof(bounds), "%u to %u", have.least, have.most);
	return fail(e, "%s: the value may be %s", k->name, bounds);
}
