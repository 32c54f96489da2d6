/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy language's parser: words, then the parts of each. Every error names the octets that it is about. */
#include <stdlib.h>

#include "poltext.h"

struct pt {
	struct bytes		in;
	size_t			i;
	struct pfkey_policy	*p;
	struct poltext_error	*e;
};

static const char *const dirs[] = { "in", "out", "fwd", NULL };
static const char *const types[] = { "discard", "none", "ipsec", "entrust", "bypass", NULL };
static const char *const after_dir[] = { "discard", "none", "ipsec", "entrust", "bypass", "prio", "priority", NULL };
static const char *const bases[] = { "low", "def", "high", NULL };
static const char *const protos[] = { "esp", "ah", "ipcomp", NULL };
static const char *const modes[] = { "transport", "tunnel", NULL };
static const char *const levels[] = { "default", "use", "require", "unique", NULL };
static const uint8_t proto_numbers[] = { 50, 51, 108 };

static bool
fail(struct pt *t, struct bytes at, const char *text, const char *hint, const char *const *words)
{
	*t->e = (struct poltext_error){ (size_t)(at.p - t->in.p), at.n, text, hint, words };
	return false;
}

static bool
is(struct bytes w, const char *s)
{
	return w.n == strlen(s) && memcmp(w.p, s, w.n) == 0;
}

/* The word's place in a list, or -1. */
static int
lookup(struct bytes w, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (is(w, list[i]))
			return i;
	return -1;
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word; of length 0, at the end of the text, when there is none. */
static struct bytes
peek(struct pt *t)
{
	size_t end;

	while (t->i < t->in.n && blank(t->in.p[t->i]))
		t->i++;
	for (end = t->i; end < t->in.n && !blank(t->in.p[end]); end++)
		;
	return bytes_of(t->in.p + t->i, end - t->i);
}

static struct bytes
next(struct pt *t)
{
	struct bytes w = peek(t);

	t->i += w.n;
	return w;
}

/* Up to the separator, which goes too. True when there was one. */
static bool
cut(struct bytes *rest, char sep, struct bytes *part)
{
	const uint8_t *p = rest->n ? memchr(rest->p, sep, rest->n) : NULL;

	*part = bytes_of(rest->p, p ? (size_t)(p - rest->p) : rest->n);
	*rest = bytes_of(rest->p + part->n + (p ? 1 : 0), rest->n - part->n - (p ? 1 : 0));
	return p != NULL;
}

static bool
number(struct bytes w, uint64_t max, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
		*v = *v * 10 + (unsigned)(w.p[i] - '0');
		if (*v > max)
			return false;
	}
	return w.n > 0;
}

/* Priorities */

static bool
base_offset(struct pt *t, int64_t base, int64_t *value)
{
	struct bytes w = peek(t), digits;
	uint64_t n = 0;
	int sign;

	*value = base;
	if (w.n == 0 || (w.p[0] != '+' && w.p[0] != '-'))
		return true;
	sign = w.p[0] == '-' ? -1 : 1;
	next(t);
	digits = bytes_of(w.p + 1, w.n - 1);
	if (digits.n == 0)
		digits = next(t);
	if (!number(digits, 0x3fffffff, &n))
		return fail(t, digits.n ? digits : w, "Priority offset from base not in valid range [0, 1073741823]", NULL, NULL);
	*value = base + sign * (int64_t)n;
	return true;
}

/* The kernel's value sorts the other way round: the smaller goes first. */
static bool
priority(struct pt *t)
{
	static const int64_t base[] = { -1073741824, 0, 1073741824 };
	struct bytes w = next(t), digits = w;
	int64_t value;
	uint64_t n;
	int b;

	if (w.n == 0)
		return fail(t, w, "Too few arguments", "After prio comes a number, or low, def or high.", bases);
	b = lookup(w, bases);
	/* "low+5" without a space */
	for (int i = 0; b < 0 && bases[i]; i++) {
		size_t len = strlen(bases[i]);

		if (w.n > len && memcmp(w.p, bases[i], len) == 0 && (w.p[len] == '+' || w.p[len] == '-')) {
			t->i -= w.n - len;
			b = i;
		}
	}
	if (b >= 0) {
		if (!base_offset(t, base[b], &value))
			return false;
	} else {
		if (w.p[0] == '-')
			digits = w.n > 1 ? bytes_of(w.p + 1, w.n - 1) : next(t);
		if (!number(digits, w.p[0] == '-' ? 2147483647u : 2147483648u, &n))
			return fail(t, w, "Priority offset not in valid range [-2147483647, 2147483648]", NULL, bases);
		value = w.p[0] == '-' ? -(int64_t)n : (int64_t)n;
	}
	t->p->priority = (uint32_t)(0x80000000ll - value);
	return true;
}

/* Requests */

static bool
address(struct pt *t, struct bytes w, struct addr *a, uint16_t *port)
{
	struct bytes name, in_brackets;
	char text[ADDR_STR];
	uint64_t v = 0;

	*port = 0;
	if (cut(&w, '[', &name)) {
		if (!cut(&w, ']', &in_brackets) || w.n > 0 || !number(in_brackets, 65535, &v))
			return fail(t, bytes_of(name.p, name.n ? name.n : 1), "Invalid address specification", "A port in brackets is a number up to 65535.", NULL);
		*port = (uint16_t)v;
	}
	if (name.n == 0 || name.n >= sizeof(text))
		return fail(t, name, "Invalid address specification", NULL, NULL);
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (strlen(text) != name.n || !addr_parse(text, a))
		return fail(t, name, "Invalid address specification", "Tunnel endpoints are numeric addresses, never names.", NULL);
	return true;
}

static bool
ends(struct pt *t, struct bytes w, struct pfkey_request *q)
{
	struct bytes whole = w, src;
	bool me_any = is(w, "me-any"), any_me = is(w, "any-me");

	if (w.n == 0)
		return q->mode != CW_MODE_TUNNEL || fail(t, w, "Invalid address specification", "Tunnel mode needs both endpoints: esp/tunnel/SRC-DST/require.", NULL);
	if (me_any || any_me) {
		if (t->p->dir != (me_any ? CW_DIR_OUT : CW_DIR_IN))
			return fail(t, w, "Invalid direction", "me-any is for out, any-me is for in.", NULL);
		q->src.fam = q->dst.fam = 4;
		return true;
	}
	if (!cut(&w, '-', &src))
		return fail(t, whole, "Invalid address specification", "Both endpoints are needed, joined by a hyphen; the level comes after one more slash.", NULL);
	if (!address(t, src, &q->src, &q->sport) || !address(t, w, &q->dst, &q->dport))
		return false;
	if (q->src.fam != q->dst.fam)
		return fail(t, whole, "Family mismatch", "Both endpoints have to be IPv4, or both IPv6.", NULL);
	return true;
}

/* "unique:7"; the engine's own ids are printed with #, so that is read too. */
static bool
level(struct pt *t, struct bytes w, struct pfkey_request *q)
{
	struct bytes name = w;
	uint64_t id;
	int l;

	if (w.n == 0)
		return true;
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] == ':' || w.p[i] == '#') {
			struct bytes digits = bytes_of(w.p + i + 1, w.n - i - 1);

			name.n = i;
			if (!number(digits, UINT32_MAX, &id) || id == 0)
				return fail(t, w, "Invalid ipsec level", "The number after unique: is from 1 to 4294967295.", NULL);
			q->reqid = (uint32_t)id;
			break;
		}
	l = lookup(name, levels);
	if (l < 0)
		return fail(t, name, "Invalid ipsec level", NULL, levels);
	q->level = (uint8_t)l;
	return true;
}

static bool
request(struct pt *t, struct bytes w)
{
	struct pfkey_request *q = &t->p->req[t->p->n];
	struct bytes whole = w, proto, mode, addrs;
	int i;

	if (t->p->n == PFKEY_REQUESTS)
		return fail(t, w, "No buffers available", "A policy has eight requests at most.", NULL);
	*q = (struct pfkey_request){ 0 };
	if (!cut(&w, '/', &proto) || w.n == 0) {
		i = lookup(proto, protos);
		return i < 0 ? fail(t, proto, "Invalid ipsec protocol", NULL, protos) :
		    fail(t, whole, "Too few arguments", "A request is PROTOCOL/MODE/[SRC-DST]/LEVEL.", NULL);
	}
	i = lookup(proto, protos);
	if (i < 0)
		return fail(t, proto, "Invalid ipsec protocol", NULL, protos);
	q->proto = proto_numbers[i];
	cut(&w, '/', &mode);
	i = lookup(mode, modes);
	if (i < 0)
		return fail(t, mode, "Invalid ipsec mode", NULL, modes);
	q->mode = (uint8_t)(i + 1);
	cut(&w, '/', &addrs);
	if (memchr(whole.p, '/', whole.n) && w.n && memchr(w.p, '/', w.n))
		return fail(t, whole, "syntax error", "A request has four parts at most.", NULL);
	if (!ends(t, addrs, q) || !level(t, w, q))
		return false;
	t->p->n++;
	return true;
}

bool
poltext_parse(struct bytes text, struct pfkey_policy *p, struct poltext_error *e)
{
	struct pt t = { text, 0, p, e };
	struct bytes w = next(&t);
	int i = lookup(w, dirs);

	*p = (struct pfkey_policy){ .type = POLTEXT_DIR_ONLY };
	*e = (struct poltext_error){ 0 };
	if (i < 0)
		return fail(&t, w, w.n ? "Invalid direction" : "Too few arguments", NULL, dirs);
	p->dir = (uint8_t)(i + 1);
	w = next(&t);
	if (w.n == 0)
		return true;
	if (is(w, "prio") || is(w, "priority")) {
		if (!priority(&t))
			return false;
		w = next(&t);
		if (w.n == 0)
			return fail(&t, w, "Too few arguments", "After the priority comes what to do: ipsec, none or discard.", types);
	}
	i = lookup(w, types);
	if (i < 0)
		return fail(&t, w, "Invalid security policy", NULL, p->priority ? types : after_dir);
	p->type = (uint16_t)i;
	for (w = next(&t); w.n; w = next(&t)) {
		if (p->type != CW_POLICY_IPSEC)
			return fail(&t, w, "syntax error", "Only an ipsec policy has requests.", NULL);
		if (!request(&t, w))
			return false;
	}
	return true;
}
