/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <string.h>

#include "trust.h"

/* Where the name stands, or belongs. */
static unsigned
place(const struct trust *t, const char *name, bool *there)
{
	unsigned i = 0;

	while (i < t->nnames && strcmp(t->names[i], name) < 0)
		i++;
	*there = i < t->nnames && strcmp(t->names[i], name) == 0;
	return i;
}

static void
add_name(struct trust *t, const char *name)
{
	bool there;
	unsigned i = place(t, name, &there);

	if (there || i == KEY_ANCHORS)
		return;
	if (t->nnames == KEY_ANCHORS)
		t->nnames--;
	memmove(&t->names[i + 1], &t->names[i], (t->nnames - i) * sizeof(t->names[0]));
	memset(t->names[i], 0, sizeof(t->names[i]));
	memcpy(t->names[i], name, strlen(name));
	t->nnames++;
}

static void
add_binding(void *arg, const struct binding *b)
{
	for (unsigned i = 0; i < b->ntrust; i++)
		add_name(arg, b->trust[i]);
}

/* SHA-1 of the whole SubjectPublicKeyInfo; it is a name, not a proof. */
static bool
key_hash(X509 *x, uint8_t out[static KEY_ANCHOR])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, out, NULL, EVP_sha1(), NULL);

	OPENSSL_free(der);
	ERR_clear_error();
	return ok;
}

void
trust_names(const struct bindings *all, struct trust *t)
{
	t->nnames = 0;
	bind_each(all, add_binding, t);
}

void
trust_load(struct creds *creds, struct trust *t)
{
	char detail[CRED_DETAIL];

	t->n = 0;
	t->lacking = false;
	memset(t->id, 0, sizeof(t->id));
	for (unsigned i = 0; i < t->nnames; i++) {
		bool twice = false;
		X509 *x;

		if (cred_anchor(creds, t->names[i], &x, detail) != R_OK) {
			t->lacking = true;	/* its tunnels say so */
			continue;
		}
		if (key_hash(x, t->id[t->n])) {
			for (unsigned k = 0; k < t->n; k++)
				twice = twice || memcmp(t->id[k], t->id[t->n], KEY_ANCHOR) == 0;
			t->n += !twice;
		}
		X509_free(x);
	}
	for (unsigned i = t->n; i < KEY_ANCHORS; i++)
		memset(t->id[i], 0, KEY_ANCHOR);
	t->changes = creds_changes(creds);
}

bool
trust_has(const struct trust *t, const struct binding *b)
{
	for (unsigned i = 0; i < b->ntrust; i++) {
		bool there;

		if (place(t, b->trust[i], &there) < KEY_ANCHORS && !there)
			return false;
	}
	return true;
}
