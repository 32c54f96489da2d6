/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of JSON that every answer is made of. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"

json_t *
json_words(const char *text)
{
	json_t *j = json_string(text);
	char *clean;

	if (j)
		return j;
	/* Not UTF-8: it came from outside. What is not ASCII becomes a question mark. */
	clean = strdup(text ? text : "");
	for (char *p = clean; p && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(clean ? clean : "");
	free(clean);
	return j;
}

json_t *
json_text(const char *text)
{
	return text && *text ? json_words(text) : json_null();
}

json_t *
json_time(uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	char buf[32];

	if (!gmtime_r(&t, &tm) || strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(buf);
}

json_t *
json_spi(uint32_t spi)
{
	return spi ? json_sprintf("0x%08x", spi) : json_null();
}

json_t *
json_number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

json_t *
json_address(const struct addr *a)
{
	char buf[ADDR_STR];

	return a->fam ? json_string(addr_str(a, buf)) : json_null();
}
