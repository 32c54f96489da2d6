/* SPDX-License-Identifier: BSD-2-Clause */
/* What a browser sends in a query or a form: names and values. A page declares what it takes; anything else is refused before the page is asked. */
#ifndef CAUSEWAY_CGI_FIELDS_H
#define CAUSEWAY_CGI_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELDS_MAX	48
#define FIELDS_OCTETS	(1u << 20)	/* of one form; a site file goes through one */

struct fields {
	unsigned	 n;
	struct { const char *name, *value; } v[FIELDS_MAX];
	char		*text;		/* all of them stand here */
};

/* application/x-www-form-urlencoded, decoded once. False: too many or too long, a NUL, a bad escape, a name twice, or no memory. */
bool fields_decode(struct fields *, const char *in, size_t n);
void fields_free(struct fields *);
const char *fields_get(const struct fields *, const char *name);	/* NULL: not there */

enum field_type {
	F_END,
	F_NAME,		/* of a tunnel, a site, a user */
	F_NUMBER,	/* 0 to max */
	F_LINE,		/* max octets without control octets */
	F_HIDDEN,	/* the same, of a password or a key: no page gives it back */
	F_TEXT,		/* max octets; tabs and line ends too, which become "\n" */
	F_CHOICE,	/* one of "a|b|c" */
	F_TOKEN,	/* base64url and hexadecimal digits */
};
struct field {
	const char	*name;
	enum field_type	 type;
	uint64_t	 max;
	bool		 required;	/* there and not empty; one that is not may be empty */
	const char	*choices;
};

/* Does everything that was sent fit what was declared? If not, "why" is a sentence. F_TEXT values get plain line ends. */
bool fields_check(struct fields *, const struct field *declared, char *why, size_t cap);

#endif
