/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What spdsync answers, as ikectl prints it: the first octet picks the printer, the rest is JSON; 'v' is the event stream, in pieces; 'P' are causewayd's
 * lines, which spdsync makes JSON of. What is printed has nothing in it that a terminal obeys, whatever a peer sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "bytes.h"
#include "procs.h"
#include "racoondiff.h"
#include "sub.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
harmless(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i], after = i + 1 < n ? (unsigned char)s[i + 1] : 0;

		must((c >= 0x20 || c == '\n' || c == '\t') && c != 0x7f);
		must(c != 0xc2 || after < 0x80 || after >= 0xa0);
	}
}

static void
print(uint8_t what, const struct ctl *ctl, json_t *j)
{
	json_t *list;

	switch (what) {
	case 'p': print_plan(ctl, j); break;
	case 's': print_status(ctl, j); break;
	case 'a': print_sas(ctl, j); break;
	case 'o': print_policies(ctl, j); break;
	case 'e': print_explain(ctl, j); break;
	case 'n': print_negotiation(ctl, j); break;
	case 'c': print_counters(ctl, j); break;
	case 'u': print_audit(ctl, j); break;
	case 'd': print_diff(ctl, j); break;
	case 'h': print_history(ctl, j); break;
	case 'C': print_certs(ctl, j); break;
	case 'i': print_issued(ctl, j); break;
	case 'm': print_made("a certificate", j); break;
	case 'E': print_error(ctl, j); break;
	case 'b': print_body(ctl, j); break;
	case 'k': print_compare(ctl, j); break;
	case 't': print_traffic(ctl, j); break;
	case 'r': print_racoon(j); break;
	case 'R': print_racoon_text(ctl, j); break;
	case 'N': print_racoon_notes(j, "FILE"); break;
	case 'D':
		list = racoon_diff(json_array_get(j, 0), json_array_get(j, 1), json_string_value(json_array_get(j, 2)), json_string_value(json_array_get(j, 3)));
		print_racoon_differences(list);
		json_decref(list);
		break;
	}
}

static void
on_line(void *arg, const char *line)
{
	json_t *j = event_line(line, arg);

	must(strlen(arg) < 32);
	if (j)
		print_event(j);
	json_decref(j);
}

/* The first octet: how large the pieces are. */
static void
stream(struct rd *r)
{
	size_t piece = (size_t)rd_u8(r) + 1;
	struct answer a = { NULL, 0 };
	char id[32] = "";

	while (rd_left(r)) {
		struct bytes b = rd_bytes(r, piece < rd_left(r) ? piece : rd_left(r));

		must(answer_add(&a, b.p, b.n));
		answer_lines(&a, on_line, id);
		must(a.p[a.n] == '\0' && memchr(a.p, '\n', a.n) == NULL);
	}
	free(a.p);
}

static void
lines(struct rd *r)
{
	struct bytes in = rd_rest(r);
	char *line = malloc(in.n + 1), *dump;
	json_t *j, *again;

	must(line != NULL);
	if (in.n)
		memcpy(line, in.p, in.n);
	line[in.n] = '\0';
	j = procs_json(line);
	dump = json_dumps(j, 0);
	again = dump ? json_loads(dump, 0, NULL) : NULL;
	must(json_is_array(j) && again && json_equal(j, again));
	json_decref(again);
	json_decref(j);
	free(dump);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct ctl ctl = { .limit = "50" };
	FILE *was_out = stdout, *was_err = stderr, *to;
	struct rd r = rd_of(bytes_of(p, n));
	struct answer a = { NULL, 0 };
	uint8_t what = rd_u8(&r);
	char *said = NULL;
	size_t len = 0;
	json_t *j;

	if (what == 'P') {
		lines(&r);
		return 0;
	}
	to = open_memstream(&said, &len);
	must(to != NULL);
	stdout = stderr = to;
	if (what == 'v') {
		stream(&r);
	} else {
		must(answer_add(&a, r.p, rd_left(&r)));
		j = answer_json(&a);
		must(a.p == NULL);
		print(what, &ctl, j);
		json_decref(j);
	}
	fclose(to);
	stdout = was_out;
	stderr = was_err;
	harmless(said, len);
	free(said);
	return 0;
}
