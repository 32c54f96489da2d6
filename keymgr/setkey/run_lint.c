/* SPDX-License-Identifier: BSD-2-Clause */
/* What lint.c finds, said: when a policy is added, and by --lint of a file or of the engine. */
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>

#include <jansson.h>

#include "bootguard.h"
#include "run.h"

static bool
collect(void *arg, const struct pfkey_msg *m)
{
	struct lint_policy p;

	return !lint_of(m, &p) || lint_put(arg, &p) != NULL;
}

/* The engine's policies, without a word of it on the terminal. */
static bool
load(struct run *r)
{
	bool verbose = r->talk && r->talk->verbose;
	struct pfkey_msg m;
	int err = 0;

	r->lint = lint_new();
	if (!r->lint)
		return false;
	if (!r->talk)
		return true;
	r->talk->verbose = false;
	pfkey_msg_init(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	err = talk_dump(r->talk, &m, collect, r->lint);
	r->talk->verbose = verbose;
	return err == 0 || err == ENOENT;
}

static bool
adds(const struct cmd *c)
{
	return c->verb == V_SPDADD || c->verb == V_SPDUPDATE;
}

/* One dump for all that are added: what others do meanwhile is missed, and only a warning hangs on it. */
void
run_lint_before(struct run *r, const struct cmd *c)
{
	if (adds(c) && !r->lint && !load(r)) {
		lint_free(r->lint);
		r->lint = lint_new();
	}
}

static const char *
who(const struct lint_policy *p, char *buf, size_t cap)
{
	char text[LINT_TEXT];

	if (p->line)
		snprintf(buf, cap, "the policy of line %u (%s)", p->line, lint_text(p, text));
	else
		snprintf(buf, cap, "policy %u (%s)", p->id, lint_text(p, text));
	return buf;
}

void
run_lint_after(struct run *r, struct bytes text, const struct cmd *c, const struct pfkey_msg *m)
{
	const struct lint_policy *mine, *by;
	char first[LINT_TEXT + 64];
	struct lint_policy p;
	unsigned line;

	if (!r->lint || (!adds(c) && c->verb != V_SPDDELETE && c->verb != V_SPDFLUSH))
		return;
	if (c->verb == V_SPDFLUSH) {
		lint_clear(r->lint);
		return;
	}
	if (!lint_of(m, &p))
		return;
	if (c->verb == V_SPDDELETE) {
		lint_take(r->lint, &p);
		return;
	}
	line = lex_place(text, c->at).line + r->base_line;
	p.line = line;
	mine = lint_put(r->lint, &p);
	by = mine && !r->linting ? lint_shadow(r->lint, mine) : NULL;
	if (!by)
		return;
	if (r->file)
		fprintf(stderr, "setkey: %s,%u: WARNING: no packet reaches this policy: %s comes first and covers all of it\n", r->file, line,
		    who(by, first, sizeof(first)));
	else
		fprintf(stderr, "setkey: line %u: WARNING: no packet reaches this policy: %s comes first and covers all of it\n", line,
		    who(by, first, sizeof(first)));
}

/* --lint */

struct finding {
	struct run	*r;
	unsigned	found;
	bool		first;
};

static json_t *
as_json(const struct lint_policy *p)
{
	char text[LINT_TEXT];

	return p->line ? json_pack("{s:I, s:s}", "line", (json_int_t)p->line, "policy", lint_text(p, text)) :
	    json_pack("{s:I, s:s}", "id", (json_int_t)p->id, "policy", lint_text(p, text));
}

static void
say_json(struct finding *f, json_t *o)
{
	fputs(f->first ? "[\n" : ",\n", stdout);
	f->first = false;
	json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(o);
}

static bool
one(void *arg, const struct lint_policy *p)
{
	struct finding *f = arg;
	const struct lint_policy *by = lint_shadow(f->r->lint, p);
	char mine[LINT_TEXT + 64], first[LINT_TEXT + 64];

	if (!by)
		return true;
	f->found++;
	if (f->r->json)
		say_json(f, json_pack("{s:s, s:o, s:o}", "finding", "shadowed", "shadowed", as_json(p), "by", as_json(by)));
	else
		printf("No packet reaches %s: %s comes first and covers all of it.\n", who(p, mine, sizeof(mine)), who(by, first, sizeof(first)));
	return true;
}

struct ends {
	struct ifaddrs	*mine;
	unsigned	sas, in;
};

static bool
is_mine(const struct ifaddrs *v, const struct addr *a)
{
	struct endpoint e;

	for (; v; v = v->ifa_next)
		if (v->ifa_addr && endpoint_from_sa(v->ifa_addr, v->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), &e) &&
		    addr_eq(&e.addr, a))
			return true;
	return false;
}

static bool
look_at_sa(void *arg, const struct pfkey_msg *m)
{
	struct ends *e = arg;

	e->sas++;
	e->in += is_mine(e->mine, &m->dst.ep.addr);
	return true;
}

/* Row 51 of the FAQ: at the peer the policies change over and the SAs do not. Who changes both receives nothing. */
static void
look_at_sas(struct finding *f)
{
	static const char text[] = "No SA has an address of this machine as its destination, so nothing can be received: the add lines are the same on both "
	    "machines, only -P in and -P out change over.";
	struct ends e = { 0 };
	struct pfkey_msg m;

	if (getifaddrs(&e.mine) != 0)
		return;
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
	if (talk_dump(f->r->talk, &m, look_at_sa, &e) == 0 && e.sas > 0 && e.in == 0) {
		f->found++;
		if (f->r->json)
			say_json(f, json_pack("{s:s, s:s}", "finding", "no_inbound_sa", "text", text));
		else
			puts(text);
	}
	freeifaddrs(e.mine);
}

bool
run_lint(struct run *r, struct bytes text)
{
	struct finding f = { .r = r, .first = true };
	bool ok;

	r->linting = true;	/* what is found is said once, below */
	ok = text.p ? run_file(r, text) : load(r);
	if (!ok) {
		if (!text.p)
			fputs("setkey: the engine's policies could not be read\n", stderr);
		r->failed = true;
		return false;
	}
	if (r->lint)
		lint_each(r->lint, one, &f);
	if (!text.p)
		look_at_sas(&f);
	if (r->json)
		fputs(f.first ? "[]\n" : "\n]\n", stdout);
	return f.found == 0;
}

/* Each command as far as it can be read: a file that setkey -f refuses as a whole is closed as far as it goes. */
bool
run_guard(struct run *r, struct bytes text)
{
	bool whole;

	r->linting = true;
	whole = run_text(r, text);
	if (!r->lint)
		r->lint = lint_new();
	if (!r->lint || !bootguard_print(stdout, r->lint))
		return false;
	return whole;
}
