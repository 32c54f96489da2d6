/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "name.h"
#include "procs.h"

/* The value of key in the words of a line; n 0: it is not there, or empty. */
static const char *
value_of(const char *line, size_t len, const char *key, size_t *n)
{
	size_t want = strlen(key);

	for (size_t at = 0; at < len; at += *n + 1) {
		const char *end = memchr(line + at, ' ', len - at);

		*n = end ? (size_t)(end - (line + at)) : len - at;
		if (*n > want && strncmp(line + at, key, want) == 0 && line[at + want] == '=') {
			*n -= want + 1;
			return line + at + want + 1;
		}
	}
	*n = 0;
	return "";
}

static json_t *
text_of(const char *line, size_t len, const char *key)
{
	size_t n;
	const char *v = value_of(line, len, key, &n);
	json_t *j = n == 0 || (n == 4 && strncmp(v, "none", 4) == 0) ? NULL : json_stringn(v, n);

	return j ? j : json_null();	/* what is no UTF-8 is no text either */
}

static json_t *
number_of(const char *line, size_t len, const char *key)
{
	json_int_t v = 0;
	size_t n;
	const char *p = value_of(line, len, key, &n);

	if (n == 0 || n > 9)
		return json_null();
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return json_null();
		v = v * 10 + (p[i] - '0');
	}
	return json_integer(v);
}

json_t *
procs_json(const char *text)
{
	json_t *list = json_array();

	for (size_t len; text && *text; text += len + (text[len] == '\n')) {
		size_t n, name, pid;

		len = strcspn(text, "\n");
		name = len ? strcspn(text, " \n") : 0;
		value_of(text, len, "pid", &pid);
		if (!name_ok_n(text, name) || pid == 0)	/* a line that speaks of no process */
			continue;
		n = name < len ? name + 1 : len;
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "program", json_stringn(text, name), "pid", number_of(text + n, len - n, "pid"),
		    "state", text_of(text + n, len - n, "state"), "since", text_of(text + n, len - n, "since"), "version", text_of(text + n, len - n, "version"), "restarts", number_of(text + n, len - n, "restarts"),
		    "last_exit", text_of(text + n, len - n, "last_exit")));
	}
	return list;
}
