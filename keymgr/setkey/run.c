/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * With -c messages go to the standard output and do not change the exit status, because scripts have relied on that for twenty
 * years; with -f they go to the standard error, name file and line, and do.
 */
#include <errno.h>
#include <stdlib.h>

#include "run.h"

static void
report(struct run *r, struct bytes text, const struct lang_error *e, bool parse)
{
	struct place w = lex_place(text, e->at);
	FILE *f = r->file ? stderr : stdout;
	struct bytes token = bytes_of(text.p + e->at, e->n);
	char line[240];

	r->failed = true;
	w.line += r->base_line;
	lex_show_line(text, e->at, line, sizeof(line));
	if (r->file)
		fprintf(f, "setkey: %s,%u: %s\n", r->file, w.line, e->text);
	else if (parse && token.n > 0 && token.n < 40 && token.p[0] != '"' && !memchr(token.p, '\n', token.n) && (token.n < 11 || token.p[0] != '0'))
		fprintf(f, "%s at `%.*s'\n", e->text, (int)token.n, (const char *)token.p);
	else
		fprintf(f, "%s.\n", e->text);
	if (e->hint[0])
		fprintf(f, "  %s\n", e->hint);
	if (parse || e->hint[0])
		fprintf(f, "  line %u, column %u:\n  %s\n", w.line, w.column, line);
	if ((parse || e->hint[0]) && w.column < sizeof(line))
		fprintf(f, "  %*s^\n", (int)w.column - 1, "");
	fflush(f);
}

struct deleting {
	struct run		*r;
	const struct cmd	*c;
	struct pfkey_msg	*v;
	size_t			n, cap;
};

static bool
collect(void *arg, const struct pfkey_msg *m)
{
	struct deleting *d = arg;
	struct pfkey_msg *grown;

	if (!addr_eq(&m->src.ep.addr, &d->c->src.v[0]) || !addr_eq(&m->dst.ep.addr, &d->c->dst.v[0]))
		return true;
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 16;
		grown = realloc(d->v, d->cap * sizeof(*grown));
		if (!grown)
			return false;
		d->v = grown;
	}
	pfkey_msg_init(&d->v[d->n], SADB_DELETE, m->satype);
	d->v[d->n].sa.spi = m->sa.spi;
	d->v[d->n].src = m->src;
	d->v[d->n].dst = m->dst;
	d->v[d->n].has = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	d->n++;
	return true;
}

/* Engines delete by SPI: so all of a pair are looked up first. */
static int
delete_all(struct run *r, const struct cmd *c)
{
	struct deleting d = { .r = r, .c = c };
	struct pfkey_msg m;
	int err;

	pfkey_msg_init(&m, SADB_DUMP, c->satype);
	err = talk_dump(r->talk, &m, collect, &d);
	if (err == 0 && d.n == 0)
		err = ENOENT;
	for (size_t i = 0; err == 0 && i < d.n; i++) {
		err = talk_ask(r->talk, &d.v[i]);
		if (err == ENOENT)
			err = 0;	/* it went meanwhile */
	}
	free(d.v);
	return err;
}

static bool
wants_fwd(const struct run *r, const struct cmd *c)
{
	bool on = r->fwd == FWD_ALWAYS || (r->fwd == FWD_AUTO && r->engine.known && !r->engine.greeted);

	return on && (c->verb == V_SPDADD || c->verb == V_SPDUPDATE || c->verb == V_SPDDELETE) && c->policy.dir == CW_DIR_IN;
}

/* The engine took what its switch "legacy" lets in: say why it should be off. */
static void
warn_weak(struct bytes text, const struct run *r, const struct cmd *c)
{
	const struct algo *a = algo_weak(c->enc) ? c->enc : algo_weak(c->auth) ? c->auth : NULL;
	unsigned line = lex_place(text, c->at).line;

	if (cmd_weak_form(c))
		fprintf(stderr, "setkey: %s,%u: WARNING: %s is weak: %s\n", r->file ? r->file : "-", line, cmd_form(c), cmd_weak_form(c));
	if (a)
		fprintf(stderr, "setkey: %s,%u: WARNING: %s is weak: %s\n", r->file ? r->file : "-", line, a->name, algo_weak(a));
	else if (cmd_is_open(c) && !cmd_weak_form(c))
		fprintf(stderr, "setkey: %s,%u: WARNING: ESP without authentication can be forged and changed on its way\n", r->file ? r->file : "-", line);
}

static bool
one_pair(struct run *r, struct bytes text, const struct cmd *c, const struct addr *src, const struct addr *dst)
{
	struct lang_error e;
	struct pfkey_msg m;
	int err;

	if (!cmd_message(c, src, dst, &r->engine, &m, &e)) {
		report(r, text, &e, false);
		return false;
	}
	run_lint_before(r, c);
	if (!r->talk) {
		run_lint_after(r, text, c, &m);
		return true;
	}
	err = talk_ask(r->talk, &m);
	if (err == 0)
		run_lint_after(r, text, c, &m);
	if (err == 0 && (c->verb == V_ADD || c->verb == V_UPDATE))
		warn_weak(text, r, c);
	if (err == 0 && c->verb == V_GET) {
		if (r->json)
			fputs(show_sa_json(stdout, &r->talk->reply) ? "\n" : "", stdout);
		else
			show_sa(stdout, &r->talk->reply, &r->show);
	}
	/* Whoever lets the engine choose has no other way to know which SA to fill by update. */
	if (err == 0 && c->verb == V_GETSPI && c->spi == 0 && !r->json)
		printf("spi=%u(0x%08x)\n", r->talk->reply.sa.spi, r->talk->reply.sa.spi);
	else if (err == 0 && c->verb == V_GETSPI && c->spi == 0)
		printf("{\"spi\": %u}\n", r->talk->reply.sa.spi);
	if (err == 0 && wants_fwd(r, c)) {
		message_to_fwd(&m);
		err = talk_ask(r->talk, &m);
	}
	if (err) {
		cmd_refused(c, err, &r->engine, &e);
		report(r, text, &e, false);
	}
	return err == 0;
}

static void
execute(struct run *r, struct bytes text, const struct cmd *c)
{
	static const struct addr none;
	struct lang_error e;
	int err;

	if (c->verb == V_DUMP || c->verb == V_SPDDUMP) {
		if (r->talk)
			run_dump(r, c->verb == V_DUMP ? SADB_DUMP : SADB_X_SPDDUMP, c->satype);
		return;
	}
	if (c->verb == V_DELETEALL && r->talk) {
		err = delete_all(r, c);
		if (err) {
			cmd_refused(c, err, &r->engine, &e);
			report(r, text, &e, false);
		}
		return;
	}
	if (c->src.n == 0) {
		one_pair(r, text, c, &none, &none);
		return;
	}
	for (unsigned i = 0; i < c->src.n; i++)
		for (unsigned k = 0; k < c->dst.n; k++)
			if (c->src.v[i].fam == c->dst.v[k].fam && !one_pair(r, text, c, &c->src.v[i], &c->dst.v[k]))
				return;
}

/* What is allowed and not wise. */
static void
warn(const struct run *r, struct bytes text, const struct cmd *c)
{
	if (!r->file || !c->readable_key)
		return;
	fprintf(stderr, "setkey: %s,%u: WARNING: a key of readable text is easily guessed; take one from /dev/urandom, as 0x and hexadecimal digits\n",
	    r->file, lex_place(text, c->at).line);
}

bool
run_file(struct run *r, struct bytes text)
{
	struct lang_error e;
	struct cmd c;
	size_t i = 0;
	int rc;

	while ((rc = lang_parse(text, &i, r->names, &c, &e)) != 0) {
		if (rc < 0)
			report(r, text, &e, true);
		else
			warn(r, text, &c);
		cmd_wipe(&c);
	}
	if (r->failed)
		return false;
	for (i = 0; lang_parse(text, &i, r->names, &c, &e) == 1 && c.verb != V_EXIT; cmd_wipe(&c))
		execute(r, text, &c);
	cmd_wipe(&c);
	fflush(stdout);
	return true;
}

bool
run_text(struct run *r, struct bytes text)
{
	struct lang_error e;
	struct cmd c;
	size_t i = 0;
	int rc;

	while ((rc = lang_parse(text, &i, r->names, &c, &e)) != 0 && (rc < 0 || c.verb != V_EXIT)) {
		if (rc < 0)
			report(r, text, &e, true);
		else
			execute(r, text, &c);
		cmd_wipe(&c);
	}
	cmd_wipe(&c);
	return !r->failed;
}

/* One command of a running input. False: it says that this is the end. */
static bool
run_one(struct run *r, struct bytes text)
{
	struct lang_error e;
	struct cmd c;
	size_t i = 0;
	int rc = lang_parse(text, &i, r->names, &c, &e);
	bool on = rc != 1 || c.verb != V_EXIT;

	if (rc < 0)
		report(r, text, &e, true);
	else if (rc > 0 && on)
		execute(r, text, &c);
	cmd_wipe(&c);
	fflush(stdout);
	return on;
}

/* Octets. No line with a key is longer: getline would leave what it had read of it where it is when it looks for more room. */
#define LINE_ROOM	65536

void
run_input(struct run *r, FILE *in)
{
	size_t n = 0, cap = 0, room = LINE_ROOM, end;
	char *buf = NULL, *line = malloc(room), *grown;
	bool on = true;
	ssize_t got;

	while (on && (got = getline(&line, &room, in)) > 0) {
		if (n + (size_t)got > cap) {
			cap = (n + (size_t)got) * 2;
			grown = malloc(cap);
			if (!grown)
				break;
			if (buf) {
				memcpy(grown, buf, n);
				wipe(buf, n);
			}
			free(buf);
			buf = grown;
		}
		memcpy(buf + n, line, (size_t)got);
		n += (size_t)got;
		while (on && (end = lex_command_end(bytes_of(buf, n))) > 0) {
			on = run_one(r, bytes_of(buf, end));
			r->base_line += lex_place(bytes_of(buf, end), end).line - 1;
			memmove(buf, buf + end, n - end);
			n -= end;
		}
	}
	if (on && n)
		run_one(r, bytes_of(buf, n));	/* says that a semicolon is missing, or is blank */
	if (buf)
		wipe(buf, cap);
	if (line)
		wipe(line, room);
	free(buf);
	free(line);
}

/* Dumps */

struct dumping {
	struct run	*r;
	bool		sad, first;
	unsigned	hidden;		/* policies of sockets that -N leaves out */
};

/* Linux and the BSDs number directions of sockets' policies behind the others', or say no selectors. */
static bool
of_socket(const struct pfkey_msg *m)
{
	return m->policy.dir > CW_DIR_FWD || !(m->has & PFKEY_HAS(SADB_EXT_ADDRESS_SRC)) || strncmp(m->owner, "socket:", 7) == 0;
}

static bool
print_entry(void *arg, const struct pfkey_msg *m)
{
	struct dumping *d = arg;
	bool ok = true;

	if (!d->sad && (d->r->show.scope == SCOPE_DEVICE || (d->r->hide_sockets && of_socket(m)))) {
		d->hidden += d->r->show.scope != SCOPE_DEVICE;
		return true;
	}
	if (d->r->json) {
		fputs(d->first ? "[\n" : ",\n", stdout);
		ok = d->sad ? show_sa_json(stdout, m) : show_policy_json(stdout, m);
	} else if (!d->sad) {
		show_policy(stdout, m, &d->r->show);
	} else if (d->r->show.short_form) {
		show_sa_line(stdout, m, &d->r->show);
	} else {
		show_sa(stdout, m, &d->r->show);
	}
	d->first = false;
	return ok;
}

void
run_dump(struct run *r, uint8_t type, uint8_t satype)
{
	struct dumping d = { r, type == SADB_DUMP, true, 0 };
	struct pfkey_msg m;
	int err;

	r->show.now = time(NULL);
	pfkey_msg_init(&m, type, satype);
	err = talk_dump(r->talk, &m, print_entry, &d);
	if (r->json && (err == 0 || err == ENOENT)) {
		fputs(d.first ? "[]\n" : "\n]\n", stdout);
	} else if (err == ENOENT || (err == 0 && d.first && !d.hidden)) {
		printf("No %s entries.\n", d.sad ? "SAD" : "SPD");
	} else if (err) {
		fprintf(r->file ? stderr : stdout, "%s.\n", err == EPROTONOSUPPORT || err == EOPNOTSUPP ? "Not supported" : strerror(err));
		r->failed = true;
	} else if (d.hidden) {
		printf("%u policies of sockets are not shown.\n", d.hidden);
	}
	fflush(stdout);
}

void
run_flush(struct run *r, uint8_t type)
{
	struct pfkey_msg m;
	int err;

	pfkey_msg_init(&m, type, SADB_SATYPE_UNSPEC);
	err = talk_ask(r->talk, &m);
	if (err) {
		fprintf(stderr, "setkey: %s\n", strerror(err));
		r->failed = true;
	}
}

static void
print_heard(struct run *r, size_t octets, bool hex, unsigned stamps)
{
	struct timespec now;
	char text[32] = "";
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (stamps > 1)
		printf("%lld.%06ld\n", (long long)now.tv_sec, now.tv_nsec / 1000);
	else if (localtime_r(&now.tv_sec, &tm) && strftime(text, sizeof(text), "%T", &tm))
		printf("%s.%06ld\n", text, now.tv_nsec / 1000);
	show_message(stdout, &r->talk->reply, octets);
	if (hex)
		show_hex(stdout, r->talk->buf, octets);
	fflush(stdout);
}

void
run_listen(struct run *r, bool hex, unsigned stamps)
{
	struct pfkey_msg m;
	size_t octets;

	pfkey_msg_init(&m, SADB_X_PROMISC, 1);
	if (talk_ask(r->talk, &m) != 0)
		fprintf(stderr, "setkey: this engine cannot show what others say to it; shown is what it tells everybody\n");
	while (talk_next(r->talk, &octets))
		print_heard(r, octets, hex, stamps);
}

bool
run_decode(struct run *r, struct bytes octets)
{
	struct pfkey_msg m;
	const char *why;
	uint16_t words;
	size_t n;

	while (octets.n > 0) {
		if (octets.n < sizeof(struct sadb_msg)) {
			fprintf(stderr, "setkey: %s: the last message is cut off\n", r->file);
			return false;
		}
		memcpy(&words, octets.p + 4, sizeof(words));
		n = words * 8u;
		if (n < sizeof(struct sadb_msg) || n > octets.n || !pfkey_get(bytes_of(octets.p, n), &m, &why)) {
			fprintf(stderr, "setkey: %s: %s\n", r->file, n > octets.n || n < 16 ? "a message is cut off, or this is no file of PF_KEY messages" : why);
			return false;
		}
		if (r->talk && r->talk->verbose)
			show_message(stdout, &m, n);
		else if (m.has & PFKEY_HAS(SADB_X_EXT_POLICY))
			show_policy(stdout, &m, &r->show);
		else if (m.has & PFKEY_HAS(SADB_EXT_SA))
			show_sa(stdout, &m, &r->show);
		else
			show_message(stdout, &m, n);
		octets = bytes_of(octets.p + n, octets.n - n);
	}
	return true;
}
