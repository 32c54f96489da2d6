/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies to text, in the words that poltext.c reads. */
#include <stdio.h>

#include "poltext.h"

struct out {
	char	*p;
	size_t	n, cap;
	bool	bad;
};

static void
put(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (o->bad || n >= o->cap - o->n) {
		o->bad = true;
		return;
	}
	memcpy(o->p + o->n, s, n + 1);
	o->n += n;
}

static const char *
word(const char *const *list, unsigned n, unsigned i)
{
	return i < n ? list[i] : "unknown";
}

const char *
poltext_type(unsigned type)
{
	static const char *const v[] = { "discard", "none", "ipsec", "entrust", "bypass" };

	return word(v, 5, type);
}

const char *
poltext_dir(unsigned dir)
{
	static const char *const v[] = { "any", "in", "out", "fwd", "in(socket)", "out(socket)" };

	return word(v, 6, dir);
}

const char *
poltext_proto(unsigned proto)
{
	return proto == 50 ? "esp" : proto == 51 ? "ah" : proto == 108 ? "ipcomp" : "unknown";
}

const char *
poltext_mode(unsigned mode)
{
	static const char *const v[] = { "any", "transport", "tunnel" };

	return word(v, 3, mode);
}

const char *
poltext_level(unsigned level)
{
	static const char *const v[] = { "default", "use", "require", "unique" };

	return word(v, 4, level);
}

static void
put_end(struct out *o, const struct addr *a, uint16_t port, bool ports)
{
	char text[ADDR_STR], in_brackets[8];

	put(o, addr_str(a, text));
	if (!ports && port == 0)
		return;
	snprintf(in_brackets, sizeof(in_brackets), "[%u]", port);
	put(o, in_brackets);
}

static void
put_request(struct out *o, const struct pfkey_request *q, bool ports)
{
	char id[16];

	put(o, poltext_proto(q->proto));
	put(o, "/");
	put(o, poltext_mode(q->mode));
	put(o, "/");
	if (q->src.fam) {
		put_end(o, &q->src, q->sport, ports);
		put(o, "-");
		put_end(o, &q->dst, q->dport, ports);
	}
	put(o, "/");
	put(o, poltext_level(q->level));
	if (q->reqid) {
		snprintf(id, sizeof(id), "%c%u", q->reqid > POLTEXT_REQID_MANUAL ? '#' : ':', q->reqid);
		put(o, id);
	}
}

bool
poltext_request(const struct pfkey_request *q, bool ports, char *buf, size_t cap)
{
	struct out o = { buf, 0, cap, cap == 0 };

	put_request(&o, q, ports);
	return !o.bad;
}

/* The nearest of the three bases, and the distance from it. */
static void
put_priority(struct out *o, uint32_t value)
{
	static const struct { const char *name; int64_t value; } bases[] = {
		{ "high", 0x40000000 }, { "def", 0x80000000ll }, { "low", 0xc0000000ll },
	};
	unsigned b = value < 0x60000000u ? 0 : value < 0xa0000000u ? 1 : 2;
	int64_t off = bases[b].value - (int64_t)value;
	char text[32];

	put(o, " prio ");
	put(o, bases[b].name);
	if (off == 0)
		return;
	snprintf(text, sizeof(text), " %c %lld", off > 0 ? '+' : '-', (long long)(off > 0 ? off : -off));
	put(o, text);
}

bool
poltext_print(const struct pfkey_policy *p, const char *delim, bool ports, char *buf, size_t cap)
{
	struct out o = { buf, 0, cap, cap == 0 };

	put(&o, poltext_dir(p->dir));
	if (p->type == POLTEXT_DIR_ONLY)
		return !o.bad;
	if (p->priority)
		put_priority(&o, p->priority);
	put(&o, " ");
	put(&o, poltext_type(p->type));
	for (unsigned i = 0; i < p->n && i < PFKEY_REQUESTS; i++) {
		put(&o, delim ? delim : " ");
		put_request(&o, &p->req[i], ports);
	}
	return !o.bad;
}
