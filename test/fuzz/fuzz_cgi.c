/* SPDX-License-Identifier: BSD-2-Clause */
/* The CGI environment, lines up to an empty one, and a body: decoded as a form and as an answer of spdsync; what comes out is written as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "html.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define VARIABLES 32

static const struct field declared[] = {
	{ "name", F_NAME, 0, true, NULL }, { "n", F_NUMBER, 1000, false, NULL }, { "line", F_LINE, 16, false, NULL }, { "text", F_TEXT, 64, false, NULL },
	{ "pick", F_CHOICE, 0, false, "up|down" }, { "tok", F_TOKEN, 16, false, NULL }, { 0 },
};

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_cgi: %s\n", what);
	abort();
}

static void
as_text(const char *s)
{
	struct html h = { 0 };

	put(&h, s, SEG(s));
	for (size_t i = 0; i < h.n; i++)
		must(h.p[i] != '<' && h.p[i] != '>' && h.p[i] != '"' && h.p[i] != '\'', "text that is not escaped");
	html_free(&h);
}

static void
as_form(const char *p, size_t n)
{
	struct fields f;
	char why[160];

	if (fields_decode(&f, p, n)) {
		fields_check(&f, declared, why, sizeof(why));
		for (unsigned i = 0; i < f.n; i++)
			as_text(f.v[i].value);
	}
	fields_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *env[VARIABLES + 1], *p, *body;
	unsigned nenv = 0;
	struct request r;
	size_t at, len;
	int status;

	if (!text)
		abort();
	memcpy(text, data, n);
	text[n] = '\0';
	body = memmem(text, n, "\n\n", 2);
	if (body) {
		*body = '\0';
		body += 2;
	} else
		body = text + n;
	for (p = strtok(text, "\n"); p && nenv < VARIABLES; p = strtok(NULL, "\n"))
		env[nenv++] = p;
	env[nenv] = NULL;
	if (request_decode(&r, env) == RQ_OK) {
		must(r.path[0] == '/' && !strstr(r.path, "..") && strpbrk(r.path, " \n\"<") == NULL, "a path");
		must(strpbrk(r.base, " \n\"<:") == NULL && strpbrk(r.session, " \n\";") == NULL && strpbrk(r.client, " \r\n") == NULL, "a value");
	}
	request_free(&r);
	len = n - (size_t)(body - text);
	as_form(body, len);
	if (answer_decode(body, len, &status, &at, &len) == ANSWER_OK)
		must(at + len <= n && status >= 200 && status <= 599, "an answer");
	free(text);
	return 0;
}
