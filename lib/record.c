/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts of a negotiation record: texts for people, always cut to fit and never in the middle of a character. */
#include <stdarg.h>
#include <stdio.h>

#include "msg_ike.h"

/* Put the mark of a cut at the end of a full buffer, without leaving half of a UTF-8 sequence before it. */
static void
mark_cut(char *buf, size_t cap)
{
	static const char cut[] = "\xe2\x80\xa6";
	size_t at = cap - sizeof(cut);

	while (at > 0 && ((unsigned char)buf[at] & 0xc0) == 0x80)
		at--;
	memcpy(buf + at, cut, sizeof(cut));
}

void
record_fact(struct record *m, const char *key, const char *fmt, ...)
{
	struct fact *f;
	va_list ap;
	int n;

	if (m->nfacts >= IKE_FACTS)
		return;
	f = &m->facts[m->nfacts++];
	snprintf(f->key, sizeof(f->key), "%s", key);
	va_start(ap, fmt);
	n = vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	if (n < 0)
		f->text[0] = '\0';
	else if ((size_t)n >= sizeof(f->text))
		mark_cut(f->text, sizeof(f->text));
}
