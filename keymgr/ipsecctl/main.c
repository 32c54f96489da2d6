/* SPDX-License-Identifier: BSD-2-Clause */
/* ipsecctl: the engine's settings by their sysctl names, and its counters as "netstat -sn" tells them. Over PF_KEY, from either host. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "knobs.h"
#include "sections.h"
#include "setkey.h"

#define FILE_MOST	65536u

static struct talk talk = { .fd = -1 };

static int
usage(void)
{
	fputs("usage: ipsecctl [-s SOCKET] sysctl [-n] [--json] [NAME[=VALUE] ...]\n"
	    "       ipsecctl [-s SOCKET] sysctl -f FILE\n"
	    "       ipsecctl [-s SOCKET] stats [-z] [--json] [ipsec|ah|esp|ipcomp|ipip]\n"
	    "       ipsecctl -V\n", stderr);
	return 2;
}

/* The engine's table of something, in memory of its own (or with n entries to set before). errno or 0. */
static int
ask(unsigned what, const struct cw_named *v, unsigned n, struct bytes *table)
{
	struct pfkey_msg m;
	uint8_t *copy;
	int err;

	pfkey_msg_init(&m, CW_MSG_NAMED, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_NAMED);
	m.named_what = (uint16_t)what;
	m.named = bytes_of((const uint8_t *)v, n * sizeof(*v));
	err = talk_ask(&talk, &m);
	if (err)
		return err;
	copy = malloc(talk.reply.named.n ? talk.reply.named.n : 1);
	if (!copy)
		return ENOMEM;
	if (talk.reply.named.n)
		memcpy(copy, talk.reply.named.p, talk.reply.named.n);
	*table = bytes_of(copy, talk.reply.named.n);
	return 0;
}

static int
refused(int err)
{
	if (err == EOPNOTSUPP)
		fputs("ipsecctl: this engine's host cannot do that: what no policy names never comes to ipsecd. The module can.\n", stderr);
	else if (err == EINVAL)
		fputs("ipsecctl: the engine refuses these values together\n", stderr);
	else
		fprintf(stderr, "ipsecctl: %s\n", strerror(err));
	return 1;
}

static int
set(struct bytes *table, const struct cw_named *v, unsigned n)
{
	void *old = (void *)(uintptr_t)table->p;
	int err = ask(CW_NAMED_KNOBS, v, n, table);

	if (err)
		return refused(err);
	free(old);
	return 0;
}

static void
show(const struct cw_named *k, bool bare, bool json, bool first)
{
	if (json)
		printf("%s\"%s\": %llu", first ? "{" : ", ", k->name, (unsigned long long)k->value);
	else if (bare)
		printf("%llu\n", (unsigned long long)k->value);
	else
		printf("%s = %llu\n", k->name, (unsigned long long)k->value);
}

static int
from_file(const char *name, struct bytes *table)
{
	static struct cw_named v[CW_NAMED_MAX];
	static uint8_t text[FILE_MOST];
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	struct knob_error e = { 0 };
	bool ok = f != NULL;
	unsigned n = 0;
	size_t got;

	if (!f) {
		fprintf(stderr, "ipsecctl: %s: %s\n", name, strerror(errno));
		return 1;
	}
	got = fread(text, 1, sizeof(text), f);
	if (ferror(f) || got == sizeof(text)) {
		fprintf(stderr, "ipsecctl: %s cannot be read, or is longer than 64 KiB\n", name);
		ok = false;
	}
	if (f != stdin)
		fclose(f);
	if (!ok)
		return 1;
	ok = knob_file(bytes_of(text, got), v, &n, &e);
	for (unsigned i = 0; ok && i < n; i++)
		ok = knob_allowed(*table, &v[i], &e);
	if (!ok) {
		if (e.line)
			fprintf(stderr, "ipsecctl: %s,%u: %s; nothing was set\n", name, e.line, e.text);
		else
			fprintf(stderr, "ipsecctl: %s: %s; nothing was set\n", name, e.text);
		return 1;
	}
	return n ? set(table, v, n) : 0;
}

/* All that are named are looked at before one is set. */
static int
by_name(char **argv, struct bytes *table, bool bare, bool json)
{
	static struct cw_named v[CW_NAMED_MAX], names[CW_NAMED_MAX];
	unsigned n = 0, all = 0;
	struct knob_error e = { 0 };
	struct cw_named k;
	bool is_set;

	for (; argv[all] && all < CW_NAMED_MAX; all++) {
		struct cw_named *x = &names[all];

		if (!knob_parse(bytes_of(argv[all], strlen(argv[all])), x, &is_set, &e) ||
		    (!is_set && (x->value = knob_find(*table, x->name, &k) ? k.value : UINT32_MAX, 0)) || !knob_allowed(*table, x, &e)) {
			fprintf(stderr, "ipsecctl: %s\n", e.text);
			return 1;
		}
		if (is_set)
			v[n++] = *x;
	}
	if (n && set(table, v, n) != 0)
		return 1;
	for (unsigned i = 0; i < all; i++)
		if (knob_find(*table, names[i].name, &k))
			show(&k, bare, json, i == 0);
	if (json)
		puts(all ? "}" : "{}");
	return 0;
}

static int
do_sysctl(int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'J' }, { NULL, 0, NULL, 0 } };
	struct bytes table = { NULL, 0 };
	bool bare = false, json = false;
	const char *file = NULL;
	struct cw_named k;
	int c, err, status = 0;

	optind = 1;
	while ((c = getopt_long(argc, argv, "anf:", longs, NULL)) != -1) {
		switch (c) {
		case 'a': break;
		case 'n': bare = true; break;
		case 'f': file = optarg; break;
		case 'J': json = true; break;
		default: return usage();
		}
	}
	if (file && optind != argc)
		return usage();
	err = ask(CW_NAMED_KNOBS, NULL, 0, &table);
	if (err)
		return refused(err);
	if (file) {
		status = from_file(file, &table);
	} else if (optind < argc) {
		status = by_name(argv + optind, &table, bare, json);
	} else {
		for (size_t i = 0; i + sizeof(k) <= table.n; i += sizeof(k)) {
			memcpy(&k, table.p + i, sizeof(k));
			show(&k, bare, json, i == 0);
		}
		if (json)
			puts("}");
	}
	free((void *)(uintptr_t)table.p);
	return status;
}

static int
do_stats(int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'J' }, { NULL, 0, NULL, 0 } };
	struct counted all = { 0 };
	bool zero = false, json = false, known = false;
	int c, err = 0;

	optind = 1;
	while ((c = getopt_long(argc, argv, "z", longs, NULL)) != -1) {
		switch (c) {
		case 'z': zero = true; break;
		case 'J': json = true; break;
		default: return usage();
		}
	}
	for (unsigned i = 0; optind < argc && i < SECTIONS; i++)
		known = known || strcmp(argv[optind], section_names[i]) == 0;
	if (optind + 1 < argc || (optind < argc && (!known || json)))
		return usage();
	for (unsigned i = 0; i < CW_KINDS && err == 0; i++)
		err = ask(CW_NAMED_KIND + i, NULL, 0, &all.kind[i]);
	if (err)
		return refused(err);
	if (!json)
		sections_print(stdout, &all, argv[optind], zero);
	else if (!sections_json(stdout, &all))
		return refused(ENOMEM);
	for (unsigned i = 0; i < CW_KINDS; i++)
		free((void *)(uintptr_t)all.kind[i].p);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *sock = "/run/causeway/pfkey.sock";
	struct engine engine;
	char why[256], text[PFKEY_VERSION_TEXT];
	int c, status;

	while ((c = getopt(argc, argv, "+s:V")) != -1) {
		switch (c) {
		case 's': sock = optarg; break;
		case 'V': puts("ipsecctl (Causeway) " PACKAGE_VERSION); return 0;
		default: return usage();
		}
	}
	if (optind == argc || (strcmp(argv[optind], "sysctl") != 0 && strcmp(argv[optind], "stats") != 0))
		return usage();
	if (!talk_open(&talk, sock, why, sizeof(why))) {
		fprintf(stderr, "ipsecctl: %s\n", why);
		return 1;
	}
	talk_greet(&talk, &engine, false);
	if (engine.other) {
		fprintf(stderr, "ipsecctl: %s\n", pfkey_version_text(text, engine.version));
		return 1;
	}
	if (!engine.greeted) {
		fputs("ipsecctl: the engine is not Causeway's; it has settings and counters of its own\n", stderr);
		return 1;
	}
	argc -= optind;
	argv += optind;
	status = strcmp(argv[0], "sysctl") == 0 ? do_sysctl(argc, argv) : do_stats(argc, argv);
	talk_close(&talk);
	if (fflush(stdout) != 0) {
		perror("ipsecctl: standard output");
		status = 1;
	}
	return status;
}
