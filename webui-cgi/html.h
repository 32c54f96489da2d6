/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer of pages. What goes into a page unescaped is a literal of this source, L("<td>"): the macro joins its argument to string literals, so
 * L(name) does not compile. Every char * is text and is escaped, whoever wrote it; so a page that forgets to escape cannot be written. put() takes
 * up to sixteen pieces and chooses by type:
 *	put(h, L("<a href=\""), P("/tunnels/"), SEG(name), L("\">"), name, L("</a>"));
 */
#ifndef CAUSEWAY_CGI_HTML_H
#define CAUSEWAY_CGI_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTML_MAX	(4u << 20)	/* a page that would be longer is refused */

struct html {
	char		*p;
	size_t		 n, cap;
	bool		 failed;	/* no memory, or too long; nothing more is written */
	const char	*base;		/* where the program stands in the server's paths */
};

struct lit { const char *lit; };
struct path { const char *lit; };
struct seg { const char *text; };
struct octets { uint64_t n; };
struct secs { int64_t s; };
struct rate { uint64_t n; };

#define L(s)	((struct lit){ "" s "" })
#define P(s)	((struct path){ "" s "" })	/* the base and a literal: the beginning of an address of ours */
#define SEG(s)	((struct seg){ (s) })		/* percent-encoded: one part of an address */
#define OCTETS(x) ((struct octets){ (x) })	/* 1.2 MiB */
#define RATE(x)	((struct rate){ (x) })		/* octets a second, as 1.2 Mbit/s */
#define SECS(x)	((struct secs){ (x) })		/* 3 min 20 s */

void html_lit(struct html *, struct lit);
void html_path(struct html *, struct path);
void html_seg(struct html *, struct seg);
void html_text(struct html *, const char *);	/* NULL writes nothing */
void html_int(struct html *, int64_t);
void html_uint(struct html *, uint64_t);
void html_octets(struct html *, struct octets);
void html_rate(struct html *, struct rate);
void html_secs(struct html *, struct secs);
void html_join(struct html *, const struct html *);	/* what another writer wrote */
void html_free(struct html *);
/* For the lines before a page (serve.c) and addresses; put() never comes here. */
void html_raw(struct html *, const char *);

#define PUT_ONE(h, x) _Generic((x), struct lit: html_lit, struct path: html_path, struct seg: html_seg, struct octets: html_octets, \
	struct rate: html_rate, struct secs: html_secs, char *: html_text, const char *: html_text, int: html_int, long: html_int, \
	long long: html_int, \
	unsigned: html_uint, unsigned long: html_uint, unsigned long long: html_uint)((h), (x));
#define PUT_1(h, x)		PUT_ONE(h, x)
#define PUT_2(h, x, ...)	PUT_ONE(h, x) PUT_1(h, __VA_ARGS__)
#define PUT_3(h, x, ...)	PUT_ONE(h, x) PUT_2(h, __VA_ARGS__)
#define PUT_4(h, x, ...)	PUT_ONE(h, x) PUT_3(h, __VA_ARGS__)
#define PUT_5(h, x, ...)	PUT_ONE(h, x) PUT_4(h, __VA_ARGS__)
#define PUT_6(h, x, ...)	PUT_ONE(h, x) PUT_5(h, __VA_ARGS__)
#define PUT_7(h, x, ...)	PUT_ONE(h, x) PUT_6(h, __VA_ARGS__)
#define PUT_8(h, x, ...)	PUT_ONE(h, x) PUT_7(h, __VA_ARGS__)
#define PUT_9(h, x, ...)	PUT_ONE(h, x) PUT_8(h, __VA_ARGS__)
#define PUT_10(h, x, ...)	PUT_ONE(h, x) PUT_9(h, __VA_ARGS__)
#define PUT_11(h, x, ...)	PUT_ONE(h, x) PUT_10(h, __VA_ARGS__)
#define PUT_12(h, x, ...)	PUT_ONE(h, x) PUT_11(h, __VA_ARGS__)
#define PUT_13(h, x, ...)	PUT_ONE(h, x) PUT_12(h, __VA_ARGS__)
#define PUT_14(h, x, ...)	PUT_ONE(h, x) PUT_13(h, __VA_ARGS__)
#define PUT_15(h, x, ...)	PUT_ONE(h, x) PUT_14(h, __VA_ARGS__)
#define PUT_16(h, x, ...)	PUT_ONE(h, x) PUT_15(h, __VA_ARGS__)
#define PUT_PICK(a, b, c, d, e, f, g, i, j, k, l, m, n, o, p, q, name, ...) name
#define put(h, ...) do { PUT_PICK(__VA_ARGS__, PUT_16, PUT_15, PUT_14, PUT_13, PUT_12, PUT_11, PUT_10, PUT_9, PUT_8, PUT_7, PUT_6, PUT_5, \
	PUT_4, PUT_3, PUT_2, PUT_1, )(h, __VA_ARGS__) } while (0)

#endif
