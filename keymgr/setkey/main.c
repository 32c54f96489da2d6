/* SPDX-License-Identifier: BSD-2-Clause */
/* setkey: manual keys and policies. Options as on NetBSD, with a few more (-e, -O, -s, --json). */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define FILE_MAX	(64u << 20)

enum job { NOTHING, COMMANDS, SCRIPT, DUMP, FLUSH, LISTEN, LINT };
enum reading { RUN, LINT_FILE, GUARD_FILE };	/* what is done with a file of commands */
struct options {
	enum job	job;
	const char	*file, *sock;
	bool		policies, dry, verbose, strict, hex, json, hide_sockets;
	enum reading	reading;
	unsigned	stamps;
	struct show	show;
	enum fwd	fwd;
};

static void
usage(void)
{
	puts("usage: setkey [-env] [-kr] [-s SOCKET] -c\n"
	    "       setkey [-nv] [-kr] [-s SOCKET] -f FILE\n"
	    "       setkey [-agNOPlptv] [--json] [-s SOCKET] -D\n"
	    "       setkey [-Pv] [-s SOCKET] -F\n"
	    "       setkey [-H] [-s SOCKET] -x\n"
	    "       setkey --lint [--json] [-s SOCKET] [-f FILE]\n"
	    "       setkey --guard -f FILE\n"
	    "       setkey [-v] FILE ...\n"
	    "       setkey -V");
	exit(1);
}

/* Names */

static unsigned
look_up_host(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why)
{
	struct addrinfo hints = { .ai_family = fam == 4 ? AF_INET : fam == 6 ? AF_INET6 : AF_UNSPEC, .ai_socktype = SOCK_DGRAM }, *list, *ai;
	int rc = getaddrinfo(name, NULL, &hints, &list);
	struct endpoint e;
	unsigned n = 0;

	if (rc) {
		*why = gai_strerror(rc);
		return 0;
	}
	for (ai = list; ai && n < cap; ai = ai->ai_next)
		if (endpoint_from_sa(ai->ai_addr, ai->ai_addrlen, &e))
			v[n++] = e.addr;
	freeaddrinfo(list);
	return n;
}

static int
look_up_service(const char *name)
{
	const struct servent *s = getservbyname(name, NULL);

	return s ? ntohs((uint16_t)s->s_port) : -1;
}

static int
look_up_protocol(const char *name)
{
	const struct protoent *p = getprotobyname(name);

	return p ? p->p_proto : -1;
}

static const struct names system_names = { look_up_host, look_up_service, look_up_protocol };

/* Files */

static bool
has_keys(struct bytes text)
{
	struct lexer lx = { text, 0 };
	struct token tok;
	bool begin = true, keys = false;

	for (lex_next(&lx, &tok); tok.kind != TOK_END && tok.kind != TOK_BAD; lex_next(&lx, &tok)) {
		struct bytes w = bytes_of(text.p + tok.at, tok.n);

		keys = keys || (begin && (bytes_eq(w, bytes_of("add", 3)) || bytes_eq(w, bytes_of("update", 6))));
		begin = tok.kind == TOK_SEMICOLON;
	}
	return keys;
}

/* Keys that others can read are no keys; and nobody else may decide what is protected. */
static bool
private_enough(FILE *f, const char *name, struct bytes text)
{
	struct stat st;

	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		fprintf(stderr, "setkey: %s belongs to another user: chown it to root\n", name);
	else if (st.st_mode & 022)
		fprintf(stderr, "setkey: %s can be written by others: chmod 600 %s\n", name, name);
	else if ((st.st_mode & 044) && has_keys(text))
		fprintf(stderr, "setkey: %s holds keys and can be read by others: chmod 600 %s\n", name, name);
	else
		return true;
	return false;
}

static bool
read_all(FILE *f, struct bytes *text)
{
	size_t n = 0, cap = 65536, got;
	char *buf = malloc(cap), *grown;

	while (buf && (got = fread(buf + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n < cap)
			continue;
		grown = cap < FILE_MAX ? malloc(cap * 2) : NULL;
		if (grown)
			memcpy(grown, buf, n);
		wipe(buf, n);
		free(buf);
		buf = grown;
		cap *= 2;
	}
	*text = bytes_of(buf, n);
	return buf && !ferror(f);
}

static FILE *
open_file(const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");

	if (!f)
		fprintf(stderr, "setkey: %s: %s\n", name, strerror(errno));
	return f;
}

static bool
with_file(struct run *r, const char *name, bool script, enum reading reading)
{
	struct bytes text = { NULL, 0 };
	FILE *f = open_file(name);
	bool ok;

	if (!f)
		return false;
	r->file = name;
	ok = read_all(f, &text);
	if (!ok)
		fprintf(stderr, "setkey: %s cannot be read, or is larger than 64 MiB\n", name);
	if (ok && reading == GUARD_FILE)
		ok = run_guard(r, text);
	else
		ok = ok && (!script || private_enough(f, name, text)) &&
		    (reading == LINT_FILE ? run_lint(r, text) : script ? run_file(r, text) : run_decode(r, text));
	if (text.p) {
		wipe((void *)(uintptr_t)text.p, text.n);
		free((void *)(uintptr_t)text.p);
	}
	if (f != stdin)
		fclose(f);
	return ok;
}

static void
dump_forever(struct run *r, uint8_t type)
{
	do {
		run_dump(r, type, SADB_SATYPE_UNSPEC);
		if (r->show.short_form)
			sleep(1);
	} while (r->show.short_form && !r->failed);
}

static int
work(struct run *r, const struct options *o, char **files)
{
	bool ok = true;

	switch (o->job) {
	case COMMANDS:
		run_input(r, stdin);
		return o->strict && r->failed;
	case SCRIPT:
		ok = with_file(r, o->file, true, o->reading);
		break;
	case DUMP:
		dump_forever(r, o->policies ? SADB_X_SPDDUMP : SADB_DUMP);
		break;
	case FLUSH:
		run_flush(r, o->policies ? SADB_X_SPDFLUSH : SADB_FLUSH);
		break;
	case LISTEN:
		run_listen(r, o->hex, o->stamps);
		break;
	case NOTHING:
		for (; *files; files++)
			ok = with_file(r, *files, false, RUN) && ok;
		break;
	case LINT:
		ok = run_lint(r, bytes_of(NULL, 0));
		break;
	}
	return !ok || r->failed;
}

static void
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'J' }, { "lint", no_argument, NULL, 'L' },
		{ "guard", no_argument, NULL, 'G' }, { NULL, 0, NULL, 0 } };
	int c;

	*o = (struct options){ .sock = "/run/causeway/pfkey.sock" };
	while ((c = getopt_long(argc, argv, "acdef:FDgHhklnNOPprs:tvVx?", longs, NULL)) != -1) {
		switch (c) {
		case 'a': o->show.all = true; break;
		case 'c': o->job = COMMANDS; break;
		case 'd': break;
		case 'D': o->job = DUMP; break;
		case 'e': o->strict = true; break;
		case 'f': o->job = SCRIPT; o->file = optarg; break;
		case 'F': o->job = FLUSH; break;
		case 'g': o->show.scope = SCOPE_GLOBAL; break;
		case 'H': case 'h': o->hex = true; break;
		case 'J': o->json = true; break;
		case 'k': o->fwd = FWD_NEVER; break;
		case 'l': o->show.short_form = true; break;
		case 'G': o->reading = GUARD_FILE; break;
		case 'L': o->reading = LINT_FILE; break;
		case 'n': o->dry = true; break;
		case 'N': o->hide_sockets = true; break;
		case 'O': o->show.old = true; break;
		case 'P': o->policies = true; break;
		case 'p': o->show.ports = true; break;
		case 'r': o->fwd = FWD_ALWAYS; break;
		case 's': o->sock = optarg; break;
		case 't': o->show.scope = SCOPE_DEVICE; break;
		case 'v': o->verbose = true; break;
		case 'V': puts("setkey (Causeway) " PACKAGE_VERSION); exit(1);
		case 'x': o->job = LISTEN; o->stamps++; break;
		default: usage();
		}
	}
	if (o->reading == LINT_FILE && o->job == NOTHING && !o->dry)
		o->job = LINT;
	if (o->reading != RUN && o->job != SCRIPT && o->job != LINT)
		usage();
	o->dry = o->dry || (o->reading != RUN && o->job == SCRIPT);
	if (o->job == NOTHING ? optind == argc : optind != argc)
		usage();
}

int
main(int argc, char **argv)
{
	static struct talk talk = { .fd = -1 };
	struct run r = { .names = &system_names };
	struct options o;
	char why[256], text[PFKEY_VERSION_TEXT];
	int status;

	read_options(argc, argv, &o);
	r.show = o.show;
	r.show.now = time(NULL);
	r.fwd = o.fwd;
	r.json = o.json;
	r.hide_sockets = o.hide_sockets;
	talk.verbose = o.verbose;
	if (!o.dry && o.job != NOTHING) {
		if (!talk_open(&talk, o.sock, why, sizeof(why))) {
			fprintf(stderr, "setkey: %s\n", why);
			return 1;
		}
		r.talk = &talk;
		talk_greet(&talk, &r.engine, o.job == LISTEN);
		if (r.engine.other) {
			fprintf(stderr, "setkey: %s\n", pfkey_version_text(text, r.engine.version));
			talk_close(&talk);
			return 1;
		}
	} else if (o.dry) {
		r.engine.greeted = r.engine.old = r.engine.ifaces = true;	/* what ours could do, counts */
	} else if (o.verbose) {
		r.talk = &talk;		/* says only that everything is to be shown */
	}
	status = work(&r, &o, argv + optind);
	talk_close(&talk);
	lint_free(r.lint);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("setkey: standard output");
		status = 1;
	}
	return status;
}
