/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "name.h"
#include "psk.h"

#define FILE_CAP	(NAME_CAP + 8)

static void
file_of(const char *name, char out[static FILE_CAP])
{
	snprintf(out, FILE_CAP, "%s.psk", name);
}

enum reason
psk_read(const char *secret_dir, const char *key_dir, const char *name, struct secret *s, char detail[static PSK_DETAIL])
{
	char file[FILE_CAP], ignored[KEYDIR_DETAIL];
	struct keyfile f = { 0 };
	enum reason r = store_read(secret_dir, name, s, detail);

	if (r != R_SECRET_MISSING || !key_dir || !*key_dir)
		return r;
	file_of(name, file);
	if (keydir_read(key_dir, file, true, &f, ignored) != R_OK)
		return r;
	r = store_decode(keyfile_bytes(&f), s) ? R_OK : R_SECRET_INVALID;
	if (r == R_OK)
		detail[0] = '\0';
	else
		snprintf(detail, PSK_DETAIL, "%.256s/%.80s is empty, too long or wrongly encoded", key_dir, file);
	keyfile_free(&f);
	return r;
}

enum reason
psk_put(const char *secret_dir, const char *key_dir, const char *name, bool replace, struct bytes text, char detail[static PSK_DETAIL])
{
	char file[FILE_CAP], why[KEYDIR_DETAIL];
	struct secret s = { 0 };
	const char *weak;
	enum reason r;

	detail[0] = '\0';
	if (!name_ok(name) || !*key_dir)
		return name_ok(name) ? R_KEYS_UNWRITABLE : R_NAME_INVALID;
	file_of(name, file);
	/* Whatever is wrong with a file of the administrator's: one is there, and it counts. */
	r = store_read(secret_dir, name, &s, detail);
	secret_wipe(&s);
	if (r != R_SECRET_MISSING) {
		snprintf(detail, PSK_DETAIL, "the file %.256s/%.63s is the administrator's, and counts", secret_dir, name);
		return R_SECRET_EXISTS;
	}
	detail[0] = '\0';
	if (!replace && keydir_has(key_dir, file)) {
		snprintf(detail, PSK_DETAIL, "'%.63s' was handed in before", name);
		return R_SECRET_EXISTS;
	}
	if (text.n > STORE_FILE_MAX || !store_decode(text, &s))
		return R_SECRET_INVALID;
	weak = psk_weak(&s);
	secret_wipe(&s);
	r = keydir_write(key_dir, file, text, why);
	if (r != R_OK)
		snprintf(detail, PSK_DETAIL, "%.380s", why);
	else if (weak)
		snprintf(detail, PSK_DETAIL, "%s", weak);
	return r == R_OK && weak ? R_SECRET_WEAK : r;
}

struct search { const char *name, *tunnel; };

static void
find_user(void *arg, const struct binding *b)
{
	struct search *s = arg;

	if (strcmp(b->psk_local, s->name) == 0 || strcmp(b->psk_remote, s->name) == 0)
		s->tunnel = b->tunnel;
}

enum reason
psk_remove(const char *key_dir, const struct bindings *bindings, const char *name, char detail[static PSK_DETAIL])
{
	struct search s = { name, NULL };
	char file[FILE_CAP], why[KEYDIR_DETAIL] = "";
	enum reason r;

	detail[0] = '\0';
	file_of(name, file);
	if (!keydir_has(key_dir, file)) {
		snprintf(detail, PSK_DETAIL, "no secret '%.63s' was handed in; what is in the folder of secrets is the administrator's", name);
		return R_NOT_FOUND;
	}
	bind_each(bindings, find_user, &s);
	if (s.tunnel) {
		snprintf(detail, PSK_DETAIL, "by the tunnel %s", s.tunnel);
		return R_CERT_IN_USE;
	}
	r = keydir_remove(key_dir, file, why);
	snprintf(detail, PSK_DETAIL, "%.380s", why);
	return r;
}

/* ---- how good it is ---- */

/* How long the part is that it repeats; all of it when it does not. */
static size_t
period(const struct secret *s)
{
	for (size_t p = 1; p <= s->n / 2; p++)
		if (memcmp(s->b, s->b + p, s->n - p) == 0)
			return p;
	return s->n;
}

struct octets { unsigned distinct, kinds; bool readable, blanks; };

static struct octets
count(const struct secret *s)
{
	bool seen[256] = { false }, lower = false, upper = false, digit = false, other = false;
	struct octets o = { .readable = true };

	for (size_t i = 0; i < s->n; i++) {
		uint8_t c = s->b[i];

		o.distinct += !seen[c];
		seen[c] = true;
		o.readable &= c >= 0x20 && c < 0x7f;
		o.blanks |= c == ' ';
		lower |= c >= 'a' && c <= 'z';
		upper |= c >= 'A' && c <= 'Z';
		digit |= c >= '0' && c <= '9';
		other |= c > 0x20 && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9');
	}
	o.kinds = (unsigned)lower + upper + digit + other;
	return o;
}

/*
 * RFC 7296 2.15: a shared key has to have as many unpredictable bits as the strongest key that is negotiated; one that a person can remember has not.
 * Words count two bits a letter, what mixes letters and digits three, and what mixes more than that six.
 */
const char *
psk_weak(const struct secret *s)
{
	struct octets o = count(s);
	size_t n = period(s), bits = n * (!o.readable ? 8 : o.blanks || o.kinds < 2 ? 2 : o.kinds == 2 ? 3 : 6);

	if (s->n < 16)
		return "it has fewer than 16 octets";
	if (n < s->n && bits < 128)
		return "it repeats itself";
	if (o.distinct < 8)
		return "nearly all of its octets are the same";
	return bits < 128 ? "it can be read, and what can be read can be guessed" : NULL;
}
