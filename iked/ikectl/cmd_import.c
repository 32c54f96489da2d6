/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ikectl import": other makers' files to a site file (import/). Here are the files and the messages. Secrets go nowhere unless a directory is
 * named for them, and then into files that only their owner reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "import/import.h"
#include "sub.h"

typedef void decoder(struct imp *, const char *text, size_t n);

/* The files of each format, in the order in which they are named, and what they are; the decoder of the first may come last. */
static const struct format {
	const char	*name, *files;
	unsigned	 max;
	decoder		*run[3];
	unsigned	 order[3];
} formats[] = {
	{ "swanctl.conf", "FILE", 1, { imp_swanctl }, { 0 } },
	{ "ipsec.conf", "FILE [IPSEC.SECRETS]", 2, { imp_ipsecconf, imp_ipsecsecrets }, { 0, 1 } },
	{ "iked.conf", "FILE", 1, { imp_ikedconf }, { 0 } },
	{ "racoon.conf", "FILE SETKEY.CONF [PSK.TXT]", 3, { imp_racoon, imp_setkey, imp_psktxt }, { 1, 0, 2 } },
	{ "setkey.conf", "FILE", 1, { imp_setkey }, { 0 } },
};
#define NFORMATS (sizeof(formats) / sizeof(formats[0]))

static const struct format *
find(const char *name)
{
	for (size_t i = 0; i < NFORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	fprintf(stderr, "ikectl: there is no format '%s' to import; there are:\n", name);
	for (size_t i = 0; i < NFORMATS; i++)
		fprintf(stderr, "  ikectl import %s %s\n", formats[i].name, formats[i].files);
	return NULL;
}

/* A file's name as comments and messages may hold it. */
static char *
printable(const char *name)
{
	char *s = strdup(name);

	for (char *p = s; p && *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	return s;
}

static bool
read_files(const struct ctl *ctl, const struct format *f, struct imp *m, int argc, char **argv, char *names[3])
{
	for (unsigned i = 0; i < f->max; i++) {
		unsigned k = f->order[i];
		char *text;
		size_t n;

		if (k >= (unsigned)argc)
			continue;
		text = ctl_slurp(ctl, argv[k], &n);
		names[k] = text ? printable(argv[k]) : NULL;
		if (!names[k]) {
			free(text);
			return false;
		}
		m->file = names[k];
		f->run[k](m, text, n);
		wipe(text, n);
		free(text);
	}
	return true;
}

static bool
write_secret(const char *dir, const struct imp_conn *c)
{
	char path[4096], text[2 * SECRET_CAP + 8];
	size_t n = imp_secret_file(&c->secret, text, sizeof(text));
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, c->psk);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ok = fd >= 0 && n > 0 && write(fd, text, n) == (ssize_t)n;
	wipe(text, sizeof(text));
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok)
		fprintf(stderr, "ikectl: %s: written\n", path);
	else
		fprintf(stderr, "ikectl: %s: %s\n", path, errno == EEXIST ? "it is there already, and stays as it is" : strerror(errno));
	return ok;
}

static bool
write_secrets(const char *dir, const struct imp *m)
{
	bool ok = true;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		fprintf(stderr, "ikectl: %s: %s\n", dir, strerror(errno));
		return false;
	}
	for (const struct imp_conn *c = m->conns; c; c = c->next)
		if (!c->dropped && c->has_secret && c->psk[0])
			ok = write_secret(dir, c) && ok;
	return ok;
}

static void
print_notes(const struct imp *m)
{
	for (const struct imp_note *n = m->notes; n; n = n->next)
		if (n->line)
			fprintf(stderr, "%s:%u: %s\n", n->file, n->line, n->text);
		else
			fprintf(stderr, "%s%s%s\n", n->file, n->file[0] ? ": " : "", n->text);
}

/* What could not be carried over, with its place; no line where it belongs to none. */
static json_t *
notes_json(const struct imp *m)
{
	json_t *all = json_array();

	for (const struct imp_note *n = m->notes; n; n = n->next) {
		json_t *note = json_object();

		set_text(note, "file", n->file);
		if (n->line)
			json_object_set_new(note, "line", json_integer(n->line));
		set_text(note, "text", n->text);
		json_array_append_new(all, note);
	}
	return all;
}

/* The text goes into its file when one is named, and else into the answer. */
static void
print_json(const struct ctl *ctl, const struct imp *m, const char *text)
{
	json_t *answer = json_object();

	if (!ctl->output)
		set_text(answer, "text", text);
	json_object_set_new(answer, "notes", notes_json(m));
	ctl_json(answer);
	json_decref(answer);
}

static void
refuse(const struct ctl *ctl, const struct imp *m, const char *why)
{
	json_t *answer;

	fprintf(stderr, "ikectl: %s\n", why);
	if (!ctl->json)
		return;
	answer = json_pack("{s:s, s:o}", "message", why, "notes", notes_json(m));
	ctl_json(answer);
	json_decref(answer);
}

/* Into the file that is named, or as the answer. */
static bool
put_text(const struct ctl *ctl, const struct imp *m, const char *text, size_t n)
{
	FILE *out = ctl->output ? fopen(ctl->output, "wxe") : stdout;
	bool ok = out != NULL;

	if (ok && (ctl->output || !ctl->json))
		ok = fwrite(text, 1, n, out) == n;
	if (ok && ctl->json)
		print_json(ctl, m, text);
	if (out)
		ok = (out == stdout ? fflush(out) : fclose(out)) == 0 && ok;
	if (!ok)
		fprintf(stderr, "ikectl: %s: %s\n", ctl->output ? ctl->output : "standard output", strerror(errno));
	return ok;
}

static int
write_site_file(const struct ctl *ctl, struct imp *m)
{
	char *text = NULL;
	size_t n = 0;
	FILE *mem = open_memstream(&text, &n);
	bool any = mem && imp_emit(m, mem), ok;

	ok = mem && fclose(mem) == 0 && any && !m->no_memory;
	if (!ok || !ctl->json)
		print_notes(m);
	if (!ok)
		refuse(ctl, m, m->no_memory || !mem ? "there is not enough memory" : "no connection could be carried over");
	ok = ok && put_text(ctl, m, text, n);
	free(text);
	return ok && (!ctl->secrets || write_secrets(ctl->secrets, m)) ? CTL_OK : CTL_FAILED;
}

int
cmd_import(const struct ctl *ctl, int argc, char **argv)
{
	const struct format *f = find(argv[0]);
	char *names[3] = { NULL, NULL, NULL };
	struct imp *m;
	int rc = CTL_FAILED;

	if (!f || argc - 1 > (int)f->max) {
		if (f)
			fprintf(stderr, "usage: ikectl import %s %s\n", f->name, f->files);
		return CTL_USAGE;
	}
	m = imp_new();
	if (m && read_files(ctl, f, m, argc - 1, argv + 1, names))
		rc = write_site_file(ctl, m);
	imp_free(m);
	for (unsigned i = 0; i < 3; i++)
		free(names[i]);
	return rc;
}
