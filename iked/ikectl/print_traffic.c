/* SPDX-License-Identifier: BSD-2-Clause */
/* How much a tunnel carries, or all of them: now, and in the samples that spdsync keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl.h"

#define EVERY_MAX	(366 * 24 * 3600)

static const char *
rate(json_int_t v, char out[32])
{
	static const char *const units[] = { "B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s" };
	double d = (double)v;
	unsigned u = 0;

	for (; d >= 1000 && u < 4; u++)
		d /= 1024;
	snprintf(out, 32, u && d < 100 ? "%.1f %s" : "%.0f %s", d, units[u]);
	return out;
}

static void
print_now(json_t *one, const char *name)
{
	json_t *now = json_object_get(one, "now"), *in = json_object_get(now, "bytes_in"), *out = json_object_get(now, "bytes_out");
	char a[32], b[32];

	printf("%-24s now %12s in %12s out\n", name, json_is_integer(in) ? rate(json_integer_value(in), a) : "-",
	    json_is_integer(out) ? rate(json_integer_value(out), b) : "-");
}

void
print_traffic(const struct ctl *ctl, json_t *answer)
{
	json_t *in = json_object_get(answer, "bytes_in"), *out = json_object_get(answer, "bytes_out"), *c;
	size_t n = json_array_size(in), most = ctl->limit ? strtoul(ctl->limit, NULL, 10) : 20, k;
	long long every = json_integer_value(json_object_get(answer, "every_s"));
	struct tm end = { 0 };
	char a[32], b[32], when[32];
	time_t t, until;

	print_now(answer, json_is_string(json_object_get(answer, "tunnel")) ? text(answer, "tunnel") : "all tunnels");
	json_array_foreach(json_object_get(answer, "children"), k, c)
		print_now(c, text(c, "name"));
	if (!strptime(text(answer, "until"), "%Y-%m-%dT%H:%M:%SZ", &end) || every < 1 || every > EVERY_MAX)
		return;
	until = timegm(&end);
	printf("\n%-20s %12s %12s   (UTC; means of %lld s each)\n", "FROM", "IN", "OUT", every);
	for (size_t i = n > most ? n - most : 0; i < n; i++) {
		t = until - (time_t)((long long)(n - i) * every);
		if (gmtime_r(&t, &end) == NULL)
			return;
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &end);
		printf("%-20s %12s %12s\n", when, rate(json_integer_value(json_array_get(in, i)), a), rate(json_integer_value(json_array_get(out, i)), b));
	}
}
