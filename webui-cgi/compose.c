/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "compose.h"

#define NETWORKS 16

bool
compose_address(const char *in)
{
	struct addr a;

	return strcmp(in, "any") == 0 || addr_parse(in, &a);
}

static unsigned
read_list(const char *in, struct prefix v[NETWORKS], char *why, size_t cap)
{
	char word[PREFIX_STR];
	unsigned n = 0;

	for (;;) {
		size_t len;

		in += strspn(in, ", ");
		len = strcspn(in, ", ");
		if (len == 0)
			break;
		snprintf(word, sizeof(word), "%.*s", (int)len, in);
		if (n == NETWORKS || len >= sizeof(word) || !prefix_parse(word, &v[n])) {
			snprintf(why, cap, n == NETWORKS ? "There are more than 16 networks." : "'%s' is no network. One looks like 10.0.1.0/24 or 2001:db8:1::/48.", word);
			return 0;
		}
		n++;
		in += len;
	}
	if (n == 0)
		snprintf(why, cap, "Name one network at least.");
	return n;
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && prefix_has(a->len < b->len ? a : b, a->len < b->len ? &b->addr : &a->addr);
}

static bool
say_overlap(const struct prefix *a, const struct prefix *b, char *why, size_t cap)
{
	char one[PREFIX_STR], other[PREFIX_STR];

	snprintf(why, cap, "%s and %s overlap: a packet could belong to either end.", prefix_str(a, one), prefix_str(b, other));
	return true;
}

bool
compose_networks(const char *in, char out[600], char *why, size_t cap)
{
	struct prefix v[NETWORKS];
	unsigned n = read_list(in, v, why, cap);
	char text[PREFIX_STR];
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (meet(&v[i], &v[k]))
				return !say_overlap(&v[k], &v[i], why, cap);
	for (unsigned i = 0; i < n && at < 600; i++)
		at += (size_t)snprintf(out + at, 600 - at, "%s%s", i ? ", " : "", prefix_str(&v[i], text));
	return n > 0 && at < 600;
}

bool
compose_overlap(const char *a, const char *b, char *why, size_t cap)
{
	struct prefix v[NETWORKS], w[NETWORKS];
	unsigned n = read_list(a, v, why, cap), m = read_list(b, w, why, cap);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < m; k++)
			if (meet(&v[i], &w[k]))
				return say_overlap(&v[i], &w[k], why, cap);
	return false;
}

static void
site_line(const struct new_site *s, const char *indent, char *out, size_t cap)
{
	out[0] = '\0';
	if (s->name[0])
		snprintf(out, cap, "%s%s: {address: %s, networks: [%s]}\n", indent, s->name, s->address, s->networks);
}

static void
tunnel_block(const struct new_tunnel *t, const char *in, char *out, size_t cap)
{
	bool order = strcmp(t->here, t->there) < 0;
	int n = snprintf(out, cap, "%s%s:\n%s%sbetween: [%s, %s]\n%s%sauth: {%s: %s}\n%s%spolicy: %s\n", in, t->name, in, in,
	    order ? t->here : t->there, order ? t->there : t->here, in, in,
	    t->cert ? "trust" : "psk", t->cert ? t->trust : t->name, in, in, t->policy);

	if (n > 0 && (size_t)n < cap)
		snprintf(out + n, cap - (size_t)n, "%s%sstart: %s\n", in, in, t->start);
}

void
compose_blocks(const struct new_tunnel *t, char *out, size_t cap)
{
	char a[800], b[800], c[800];

	site_line(&t->sites[0], "  ", a, sizeof(a));
	site_line(&t->sites[1], "  ", b, sizeof(b));
	tunnel_block(t, "  ", c, sizeof(c));
	snprintf(out, cap, "%s%s%stunnels:\n%s", *a || *b ? "sites:\n" : "", a, b, c);
}

/* The line "KEY:" at the beginning of a line; NULL: there is none. */
static const char *
find_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, key, n) == 0 && p[n] == ':' && (p[n + 1] == '\n' || p[n + 1] == '\0' || p[n + 1] == ' ' || p[n + 1] == '\r'))
			return p;
	return NULL;
}

/* How far the first block below a key is indented; two columns when there is none. */
static void
indent_of(const char *key, char out[16])
{
	const char *p = strchr(key, '\n');
	size_t n = 2;

	for (; p; p = strchr(p + 1, '\n')) {
		size_t blanks = strspn(p + 1, " ");

		if (p[1 + blanks] == '\n' || p[1 + blanks] == '\r' || p[1 + blanks] == '#')
			continue;
		n = blanks > 0 && blanks < 9 && p[1 + blanks] ? blanks : 2;
		break;
	}
	snprintf(out, 16, "%*s", (int)n, "");
}

/* What comes in below a key stands directly after its line. */
static char *
insert(char *text, const char *key, const char *(*make)(const struct new_tunnel *, const char *, char *, size_t), const struct new_tunnel *t)
{
	const char *at = text ? find_key(text, key) : NULL, *after;
	char in[16] = "  ", more[2048], *out = NULL;
	size_t head, n;

	if (!text)
		return NULL;
	if (at)
		indent_of(at, in);
	if (!*make(t, in, more, sizeof(more)))
		return text;
	n = strlen(text) + strlen(more) + strlen(key) + 8;
	out = malloc(n);
	if (out && at) {
		after = strchr(at, '\n');
		head = after ? (size_t)(after - text) + 1 : strlen(text);
		snprintf(out, n, "%.*s%s%s%s", (int)head, text, after ? "" : "\n", more, text + head);
	} else if (out) {
		snprintf(out, n, "%s%s%s:\n%s", text, *text && text[strlen(text) - 1] != '\n' ? "\n" : "", key, more);
	}
	free(text);
	return out;
}

static const char *
make_sites(const struct new_tunnel *t, const char *in, char *out, size_t cap)
{
	char a[900], b[900];

	site_line(&t->sites[0], in, a, sizeof(a));
	site_line(&t->sites[1], in, b, sizeof(b));
	snprintf(out, cap, "%s%s", a, b);
	return out;
}

static const char *
make_tunnel(const struct new_tunnel *t, const char *in, char *out, size_t cap)
{
	tunnel_block(t, in, out, cap);
	return out;
}

char *
compose_text(const char *text, const struct new_tunnel *t)
{
	char *out = strdup(*text ? text : "version: 1\n");

	out = insert(out, "sites", make_sites, t);
	return insert(out, "tunnels", make_tunnel, t);
}
