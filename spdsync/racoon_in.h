/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reader's two files share. */
#ifndef CAUSEWAY_RACOON_IN_H
#define CAUSEWAY_RACOON_IN_H

#include <stdarg.h>

#include "racoon.h"

enum rtok_kind { RT_END, RT_WORD, RT_TEXT, RT_SIGN };	/* TEXT: it was quoted */

struct rtok {
	enum rtok_kind	kind;
	unsigned	line, column;
	char		text[RACOON_PATH];
};

struct rp {
	struct yt	yt;		/* for its error */
	const char	*p, *end;
	unsigned	line, column;
	struct rtok	t;		/* at hand */
	struct racoon	*r;
};

/* run NULL: it is read over to its ';'. note: and this is said; NULL nothing. run begins with the word at hand and ends with the last sign of the statement. */
struct rp_row {
	const char	*word, *note;
	bool		(*run)(struct rp *, void *arg);
};

bool rp_next(struct rp *);		/* false at the end, and after an error */
bool rp_is(const struct rp *, const char *word);
bool rp_word(struct rp *, const char *what);
bool rp_sign(struct rp *, const char *sign);
bool rp_rest(struct rp *);
bool rp_number(const char *text, uint64_t max, uint64_t *v);
bool rp_lifetime(struct rp *, uint64_t *life_s);
bool rp_statement(struct rp *, const struct rp_row *, const char *section, void *arg);
bool rp_section(struct rp *, const struct rp_row *, const char *section, void *arg);	/* from behind its '{' */
/* At what is at hand; always false. */
bool rp_fail(struct rp *, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void rp_note(struct rp *, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* v with room for one more behind its n, which is empty; NULL after an error, and v is as it was. */
void *rp_more(struct rp *, void *v, unsigned n, size_t size);

/* racoonsect.c */
bool racoon_read_remote(struct rp *, void *arg);
bool racoon_read_sainfo(struct rp *, void *arg);

#endif
