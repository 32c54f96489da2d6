/* SPDX-License-Identifier: BSD-2-Clause */
/* The API's answers for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "sub.h"

#define RING	8
#define TEXT	1400

/*
 * The character at *s, which moves behind it, or what stands for it where a terminal would obey: its number. Those from U+0080 to U+009F are such, too,
 * two octets of UTF-8 each. keep: which of the first 32 are not. Octets in out.
 */
static size_t
next(const char **s, const char *keep, char out[static 5])
{
	unsigned char c = (unsigned char)**s, second = (unsigned char)(*s)[1];

	*s += 1;
	if (c == 0xc2 && second >= 0x80 && second < 0xa0) {
		*s += 1;
		c = second;
	} else if ((c >= 0x20 && c != 0x7f) || strchr(keep, c)) {
		out[0] = (char)c;
		return 1;
	}
	return (size_t)snprintf(out, 5, "\\x%02x", c);
}

const char *
shown(const char *s)
{
	static char ring[RING][TEXT];
	static unsigned at;
	char *out = ring[at++ % RING];
	size_t n = 0;

	if (s == NULL)
		return "-";
	while (*s && n < TEXT - 5)
		n += next(&s, "\n", out + n);
	out[n] = '\0';
	return out;
}

void
print_octets(const char *s, size_t len)
{
	const char *end = s + len;
	char one[5];

	while (s < end)
		fwrite(one, 1, next(&s, "\n\t", one), stdout);
}

const char *
text(json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);
	char number[24];

	if (!json_is_integer(v))
		return shown(json_string_value(v));
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return shown(number);
}

const char *
json_get(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

bool
ctl_goes_on(json_t *answer)
{
	return json_object_get(answer, "next") && !json_is_null(json_object_get(answer, "next"));
}

void
ctl_more(json_t *answer, const char *option, const char *what)
{
	if (ctl_goes_on(answer))
		printf("There are %s: %s %s\n", what, option, text(answer, "next"));
}

static bool
is(json_t *object, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && strcmp(s, value) == 0;
}

static bool
has(json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && *s;
}

static const char *
paint(const struct ctl *ctl, const char *state)
{
	static char out[4][96];
	static unsigned at;
	char *buf = out[at++ % 4];
	int colour = strcmp(state, "up") == 0 ? 32 : strcmp(state, "failed") == 0 || strcmp(state, "down") == 0 ? 31 : 33;

	if (!ctl->colour)
		return state;
	snprintf(buf, 96, "\033[%dm%.80s\033[0m", colour, state);
	return buf;
}

void
print_error(const struct ctl *ctl, json_t *e)
{
	if (has(e, "file") && json_is_integer(json_object_get(e, "line")))
		fprintf(stderr, "%s:%s:%s: %s\n", text(e, "file"), text(e, "line"), text(e, "column"), text(e, "message"));
	else
		fprintf(stderr, "ikectl: %s\n", text(e, "message"));
	if (has(e, "excerpt"))
		fprintf(stderr, "%s\n", text(e, "excerpt"));
	if (has(e, "hint"))
		fprintf(stderr, "  %s\n", text(e, "hint"));
	fprintf(stderr, "  (%s)\n", text(e, "reason"));
}

#define MANY	20	/* rows that say nothing but the same word: of more than these the number is told */

/* A row of which there is no more to say than its word. */
static bool
is_plain(json_t *row, const char *action)
{
	return is(row, "action", action) && !has(row, "why") && json_array_size(json_object_get(row, "children")) == 0;
}

static size_t
count_plain(json_t *plan, const char *action)
{
	size_t i, n = 0;
	json_t *row;

	json_array_foreach(plan, i, row)
		n += is_plain(row, action);
	return n;
}

void
print_plan_rows(const struct ctl *ctl, json_t *plan)
{
	size_t i, k, kept = count_plain(plan, "kept"), made = count_plain(plan, "new");
	json_t *row, *child;

	if (kept > MANY)
		printf("kept      %zu tunnels\n", kept);
	if (made > MANY)
		printf("new       %zu tunnels\n", made);
	json_array_foreach(plan, i, row) {
		if ((kept > MANY && is_plain(row, "kept")) || (made > MANY && is_plain(row, "new")))
			continue;
		printf("%-9s %s%s%s\n", text(row, "action"), text(row, "tunnel"), has(row, "why") ? ": " : "",
		    has(row, "why") ? text(row, "why") : "");
		json_array_foreach(json_object_get(row, "children"), k, child)
			printf("          child %s: %s\n", text(child, "child"), text(child, "action"));
	}
}

void
print_plan(const struct ctl *ctl, json_t *answer)
{
	json_t *row;
	size_t i;

	print_plan_rows(ctl, json_object_get(answer, "plan"));
	json_array_foreach(json_object_get(answer, "warnings"), i, row)
		printf("warning: %s%s%s %s (%s)\n", text(row, "tunnel"), is(row, "tunnel", "") ? "" : ": ", text(row, "message"), text(row, "hint"), text(row, "reason"));
	if (!json_is_integer(json_object_get(answer, "revision")))
		printf(i ? "the file has no mistake, but 'ikectl apply' refuses it as it stands\n" : "the file is good\n");
	else if (json_is_true(json_object_get(answer, "unchanged")))
		printf("nothing changed: revision %s\n", text(answer, "revision"));
	else
		printf("applied as revision %s%s\n", text(answer, "revision"),
		    json_is_true(json_object_get(answer, "in_sync")) ? "" : "; not everything is in place yet, see 'ikectl status'");
	if (json_is_object(json_object_get(answer, "confirm")))
		printf("it is undone in %s s unless 'ikectl confirm' comes\n", text(json_object_get(answer, "confirm"), "seconds"));
}

static void
print_seconds(const char *what, json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);
	json_int_t s = json_integer_value(v);

	if (!json_is_integer(v))
		return;
	if (s >= 7200)
		printf("%s%lldh%02lldm", what, (long long)s / 3600, (long long)s / 60 % 60);
	else if (s >= 120)
		printf("%s%lldm%02llds", what, (long long)s / 60, (long long)s % 60);
	else
		printf("%s%llds", what, (long long)s);
}

static void
print_child(const struct ctl *ctl, json_t *c)
{
	printf("    child %-10s %s (kernel: %s%s)  %s <-> %s\n", text(c, "name"), paint(ctl, text(c, "negotiated")), text(c, "kernel"),
	    json_is_true(json_object_get(c, "proven")) ? ", proven" : "", text(c, "local_ts"), text(c, "remote_ts"));
	if (!has(c, "suite"))
		return;
	printf("      %s%s over %s, in %s out %s", text(c, "suite"), json_is_true(json_object_get(c, "ipcomp")) ? ", IPComp" : "",
	    is(c, "encapsulation", "udp") ? "UDP" : is(c, "protocol", "ah") ? "protocol 51 (AH)" : "protocol 50",
	    text(c, "spi_in"), text(c, "spi_out"));
	print_seconds(", age ", c, "age_s");
	print_seconds(", rekey in ", c, "rekey_in_s");
	printf("\n      %s packets (%s bytes) in, %s packets (%s bytes) out\n", text(c, "packets_in"), text(c, "bytes_in"),
	    text(c, "packets_out"), text(c, "bytes_out"));
}

static void
print_labels(json_t *labels)
{
	const char *name;
	json_t *v;

	if (json_object_size(labels))
		printf("    labels");
	json_object_foreach(labels, name, v)
		printf(" %s=%s", shown(name), text(labels, name));
	if (json_object_size(labels))
		putchar('\n');
}

static void
print_tunnel(const struct ctl *ctl, json_t *t)
{
	json_t *ike = json_object_get(t, "ike"), *host = json_object_get(t, "remote_name"), *c;
	size_t i;

	printf("  %s: %s  %s -> %s (%s", text(t, "name"), paint(ctl, text(t, "state")), text(t, "local_site"), text(t, "remote_site"),
	    has(t, "remote") ? text(t, "remote") : has(host, "host") ? text(host, "host") : "any address");
	printf("%s%s)\n", has(host, "address") ? ", now " : "", has(host, "address") ? text(host, "address") : "");
	print_labels(json_object_get(t, "labels"));
	if (has(t, "interface"))
		printf("    interface %s%s%s\n", text(t, "interface"), has(t, "interface_state") ? ", " : "",
		    is(t, "interface_state", "routed") ? "with routes to the peer's networks" : text(t, "interface_state"));
	if (json_is_true(json_object_get(ike, "up"))) {
		printf("    IKE SA %s_i %s_r, %s, %s - %s", text(ike, "spi_i"), text(ike, "spi_r"), text(ike, "suite"), text(ike, "local"),
		    text(ike, "remote"));
		print_seconds(", age ", ike, "age_s");
		print_seconds(", rekey in ", ike, "rekey_in_s");
		printf("%s%s\n", json_is_true(json_object_get(ike, "nat_local")) ? ", we are behind a NAT" : "",
		    json_is_true(json_object_get(ike, "nat_remote")) ? ", the peer is behind a NAT" : "");
		if (has(ike, "proved"))
			printf("    The peer proved itself by %s\n", text(ike, "proved"));
	}
	if (!is(t, "reason", "OK")) {
		printf("    %s: %s%s%s\n", text(t, "reason"), text(t, "message"), has(t, "detail") ? " " : "",
		    has(t, "detail") ? text(t, "detail") : "");
		if (has(t, "hint"))
			printf("      %s\n", text(t, "hint"));
		if (json_is_integer(json_object_get(t, "retry_in_s")))
			print_seconds("      next try in ", t, "retry_in_s"), putchar('\n');
	}
	json_array_foreach(json_object_get(t, "children"), i, c)
		print_child(ctl, c);
}

/* "host: module 0.1, Linux 6.1.0, loaded (engine: auto); guard closed" */
static void
print_host(json_t *engine)
{
	bool user = is(engine, "host", "user"), there = has(engine, "version");

	printf("host: %s", text(engine, "host"));
	if (user)
		printf(" (ipsecd%s%s)", there ? " " : "", there ? text(engine, "version") : "");
	else
		printf("%s%s, %s", there ? " " : "", there ? text(engine, "version") : "",
		    !there ? "not loaded" : is(engine, "host", "module") ? "loaded" : "in use");
	if (is(engine, "asked", "auto"))
		printf(", chosen by itself");
	printf("; guard %s\n", text(engine, "guard"));
}

static void
print_gateway(const struct ctl *ctl, json_t *s)
{
	json_t *engine = json_object_get(s, "engine"), *daemons = json_object_get(s, "daemons"), *rev = json_object_get(s, "revision");
	json_t *drops = json_object_get(s, "drops"), *row;
	const char *name;
	size_t i;

	printf("site %s", text(s, "site"));
	if (json_is_object(rev))
		printf(", revision %s of %s by %s", text(rev, "number"), text(rev, "time"), text(rev, "author"));
	else
		printf(", nothing applied yet");
	printf("%s\n", json_is_true(json_object_get(s, "in_sync")) ? "" : ", not in sync yet");
	if (json_is_object(json_object_get(s, "confirm")))
		printf("revision %s waits for 'ikectl confirm': undone in %s s\n", text(json_object_get(s, "confirm"), "revision"),
		    text(json_object_get(s, "confirm"), "seconds_left"));
	print_host(engine);
	printf("daemons:");
	json_object_foreach(daemons, name, row)
		printf(" %s %s", shown(name), paint(ctl, text(daemons, name)));
	putchar('\n');
	json_array_foreach(json_object_get(s, "troubles"), i, row)
		printf("trouble: %s\n", text(row, "message"));
	if (json_object_size(drops)) {
		printf("dropped:");
		json_object_foreach(drops, name, row)
			printf(" %s=%s", shown(name), text(drops, name));
		putchar('\n');
	}
	printf("tunnels:%s\n", json_array_size(json_object_get(s, "tunnels")) ? "" : " none");
}

void
print_status(const struct ctl *ctl, json_t *s)
{
	json_t *t;
	size_t i;

	if (has(s, "site"))
		print_gateway(ctl, s);
	json_array_foreach(json_object_get(s, "tunnels"), i, t)
		print_tunnel(ctl, t);
	json_array_foreach(json_object_get(s, "by_policies"), i, t)
		print_tunnel(ctl, t);
	if (json_object_get(s, "matching"))
		printf("%zu of %s tunnels that match, of %s in all\n", json_array_size(json_object_get(s, "tunnels")), text(s, "matching"), text(s, "total"));
	ctl_more(s, "--after", "more");
}

/* What belongs to an interface is for what is routed there alone. */
static void
print_iface(json_t *o)
{
	if (has(o, "interface"))
		printf(" dev %s", text(o, "interface"));
}

void
print_sas(const struct ctl *ctl, json_t *answer)
{
	json_t *sa;
	size_t i;

	json_array_foreach(json_object_get(answer, "sas"), i, sa) {
		printf("%s %-3s %s -> %s %s/%s %s", text(sa, "spi"), text(sa, "direction"), text(sa, "source"), text(sa, "destination"),
		    text(sa, "protocol"), text(sa, "mode"), text(sa, "encryption"));
		if (has(sa, "integrity"))
			printf("-%s", text(sa, "integrity"));
		printf("%s %s reqid %s", json_is_true(json_object_get(sa, "esn")) ? "-esn" : "", text(sa, "state"), text(sa, "reqid"));
		print_iface(sa);
		if (has(sa, "tunnel"))
			printf(" (%s/%s)", text(sa, "tunnel"), text(sa, "child"));
		else if (!json_is_true(json_object_get(sa, "ours")))
			printf(" (not ours)");
		printf(" %s packets", text(sa, "packets"));
		print_seconds(", age ", sa, "age_s");
		print_seconds(", ends in ", sa, "hard_in_s");
		putchar('\n');
	}
}

void
print_policies(const struct ctl *ctl, json_t *answer)
{
	json_t *p, *r;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "policies"), i, p) {
		printf("%-3s %s -> %s %s %s", text(p, "direction"), text(p, "source"), text(p, "destination"), text(p, "protocol"),
		    text(p, "action"));
		json_array_foreach(json_object_get(p, "requests"), k, r)
			printf(" %s/%s/%s-%s/%s:%s", text(r, "protocol"), text(r, "mode"), text(r, "source"), text(r, "destination"),
			    text(r, "level"), text(r, "reqid"));
		print_iface(p);
		if (has(p, "tunnel"))
			printf(" (%s/%s)", text(p, "tunnel"), text(p, "child"));
		else if (!json_is_true(json_object_get(p, "ours")))
			printf(" (not ours)");
		if (json_is_integer(json_object_get(p, "packets")))	/* the system's own engine counts none */
			printf(" %s packets (%s bytes), %s dropped", text(p, "packets"), text(p, "bytes"), text(p, "dropped"));
		printf(", %s", has(p, "last_used") ? "last used " : "never used");
		if (has(p, "last_used"))
			printf("%s", text(p, "last_used"));
		putchar('\n');
	}
}

static bool
same_record(json_t *a, json_t *b)
{
	return strcmp(text(a, "reason"), text(b, "reason")) == 0 && strcmp(text(a, "child"), text(b, "child")) == 0 &&
	    json_equal(json_object_get(a, "facts"), json_object_get(b, "facts"));
}

/* The advice that was printed already is not printed again. */
static void
print_record(const struct ctl *ctl, json_t *r, size_t times, json_t *first, const char *said)
{
	json_t *facts = json_object_get(r, "facts"), *v;
	bool good = is(r, "reason", "OK");
	const char *key;

	printf("\n%s %s%s%s%s%s", text(r, "time"), has(r, "child") ? "child " : "", has(r, "child") ? text(r, "child") : "",
	    has(r, "child") ? ": " : "", good ? "" : text(r, "reason"), good ? "" : ": ");
	printf("%s", good ? "It came up." : text(r, "message"));
	if (times > 1)
		printf(" (%zu times since %s)", times, text(first, "time"));
	putchar('\n');
	if (has(r, "hint") && !(said && is(r, "reason", said)))
		printf("  what to do: %s\n", text(r, "hint"));
	json_object_foreach(facts, key, v)
		printf("  %-14s %s\n", shown(key), text(facts, key));
}

void
print_negotiation(const struct ctl *ctl, json_t *record)
{
	print_record(ctl, record, 1, record, NULL);
}

static void
print_now(const struct ctl *ctl, json_t *e, json_t *now)
{
	const char *why = text(now, "reason");
	bool good = is(now, "reason", "OK");

	printf("%s is %s.", text(e, "tunnel"), paint(ctl, text(now, "state")));
	if (!good || !is(now, "state", "up"))	/* else its message is that it is up */
		printf(" %s%s%s%s%s", good ? "" : why, good ? "" : ": ", text(now, "message"), has(now, "detail") ? " " : "", has(now, "detail") ? text(now, "detail") : "");
	putchar('\n');
	if (has(now, "hint"))
		printf("  what to do: %s\n", text(now, "hint"));
	if (json_is_integer(json_object_get(now, "retry_in_s")))
		print_seconds("  next try in ", now, "retry_in_s"), putchar('\n');
}

void
print_explain(const struct ctl *ctl, json_t *e)
{
	json_t *now = json_object_get(e, "now"), *records = json_object_get(e, "records");
	size_t n = json_array_size(records), same;

	if (json_is_object(now))
		print_now(ctl, e, now);
	if (n == 0)
		printf("Nothing was negotiated yet.\n");
	for (size_t i = 0; i < n; i += same) {
		json_t *r = json_array_get(records, i);

		for (same = 1; i + same < n && same_record(r, json_array_get(records, i + same)); same++)
			;
		print_record(ctl, r, same, json_array_get(records, i + same - 1), json_string_value(json_object_get(now, "reason")));
	}
}

void
print_counters(const struct ctl *ctl, json_t *answer)
{
	json_t *group, *v;
	const char *who, *name;

	json_object_foreach(answer, who, group)
		json_object_foreach(group, name, v)
			printf("%s.%s %s\n", shown(who), shown(name), text(group, name));
}
