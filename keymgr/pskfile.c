/* SPDX-License-Identifier: BSD-2-Clause */
/* Where psk.txt lies: in the secrets directory, or, handed in, in keymgr's own folder. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keydir.h"
#include "psktxt.h"

/* The file's octets, wiped and freed by close_file(). */
struct file {
	uint8_t		*buf;
	size_t		 n;
	struct keyfile	 handed;	/* in the place of buf */
};

static enum reason
open_own(const char *dir, struct file *f, char detail[static STORE_DETAIL])
{
	struct stat st;
	int fd;
	enum reason r = store_open(dir, PSKTXT_FILE, STORE_SECRET, PSKTXT_MAX, &fd, &st, detail);

	if (r != R_OK)
		return r;
	f->buf = malloc((size_t)st.st_size + 1);
	if (f->buf == NULL)
		r = R_NO_MEMORY;
	else if (!store_read_fd(fd, f->buf, (size_t)st.st_size, &f->n)) {
		r = R_SECRET_INVALID;
		snprintf(detail, STORE_DETAIL, "%.256s/%s cannot be read", dir, PSKTXT_FILE);
	}
	close(fd);
	return r;
}

static enum reason
open_file(const char *dir, const char *key_dir, struct file *f, char detail[static STORE_DETAIL])
{
	char ignored[KEYDIR_DETAIL];
	enum reason r;

	memset(f, 0, sizeof(*f));
	detail[0] = '\0';
	r = open_own(dir, f, detail);
	if (r != R_SECRET_MISSING || !key_dir || !*key_dir || keydir_read(key_dir, PSKTXT_FILE, true, &f->handed, ignored) != R_OK)
		return r;
	detail[0] = '\0';
	return R_OK;
}

static struct bytes
octets(const struct file *f)
{
	return f->buf ? bytes_of(f->buf, f->n) : keyfile_bytes(&f->handed);
}

static void
close_file(struct file *f)
{
	if (f->buf)
		wipe(f->buf, f->n);
	free(f->buf);
	keyfile_free(&f->handed);
}

enum reason
psktxt_read(const char *dir, const char *key_dir, const char *identity, const struct addr *peer, struct secret *s, char detail[static STORE_DETAIL])
{
	char what[STORE_DETAIL], text[ADDR_STR], id[ADDR_STR + 4];
	struct file file;
	enum reason r = open_file(dir, key_dir, &file, detail);

	secret_wipe(s);
	if (r == R_OK) {
		r = psktxt_find(octets(&file), identity, s, what);
		if (r == R_SECRET_MISSING && peer && strncmp(identity, "ip:", 3) != 0) {
			char again[STORE_DETAIL];

			snprintf(id, sizeof(id), "ip:%s", addr_str(peer, text));
			if (psktxt_find(octets(&file), id, s, again) == R_OK)
				r = R_OK;
		}
		if (r != R_OK)
			snprintf(detail, STORE_DETAIL, "%.160s/%s: %.200s", file.buf ? dir : key_dir, PSKTXT_FILE, what);
	}
	close_file(&file);
	return r;
}

enum reason
psktxt_peers(const char *dir, const char *key_dir, struct addr *v, size_t cap, size_t *n, char detail[static STORE_DETAIL])
{
	struct file file;
	enum reason r = open_file(dir, key_dir, &file, detail);

	*n = r == R_OK ? psktxt_addresses(octets(&file), v, cap) : 0;
	close_file(&file);
	return r;
}

enum reason
psktxt_put(const char *dir, const char *key_dir, struct bytes text, unsigned *keys, char detail[static STORE_DETAIL])
{
	char why[KEYDIR_DETAIL];
	struct file own = { 0 };
	enum reason r;

	*keys = 0;
	detail[0] = '\0';
	if (text.n == 0 && key_dir && *key_dir) {
		r = keydir_remove(key_dir, PSKTXT_FILE, why);
		return r == R_NOT_FOUND ? R_OK : r;
	}
	r = psktxt_check(text, keys, detail);
	if (r != R_OK)
		return r;
	r = open_own(dir, &own, detail);
	if (r == R_OK && own.n == text.n && memcmp(own.buf, text.p, own.n) == 0) {
		close_file(&own);
		return R_OK;
	}
	close_file(&own);
	if (r != R_SECRET_MISSING) {
		snprintf(detail, STORE_DETAIL, "the file %.256s/%s is the administrator's, and counts", dir, PSKTXT_FILE);
		return R_SECRET_EXISTS;
	}
	detail[0] = '\0';
	if (!key_dir || !*key_dir)
		return R_KEYS_UNWRITABLE;
	r = keydir_write(key_dir, PSKTXT_FILE, text, why);
	if (r != R_OK)
		snprintf(detail, STORE_DETAIL, "%.380s", why);
	return r;
}
