/* SPDX-License-Identifier: BSD-2-Clause */
/* racoon's words for algorithms in ours. Beside them stand words that racoon never had, for what is good today. */
#include <stdio.h>
#include <string.h>

#include "racoon.h"

/* ours: with %u the key's length is put in; NULL: weak. */
struct word { const char *word, *ours; unsigned bits; };

static const struct word encrs[] = {
	{ "aes", "aes%u", 128 }, { "rijndael", "aes%u", 128 }, { "aes_cbc", "aes%u", 128 }, { "aes_gcm", "aes%ugcm16", 128 }, { "aes_gcm_16", "aes%ugcm16", 128 },
	{ "chacha20_poly1305", "chacha20poly1305", 0 }, { "chacha20poly1305", "chacha20poly1305", 0 }, { "des", NULL, 0 }, { "des_iv32", NULL, 0 },
	{ "des_iv64", NULL, 0 }, { "3des", NULL, 0 }, { "blowfish", NULL, 0 }, { "cast128", NULL, 0 }, { "rc4", NULL, 0 }, { "rc5", NULL, 0 }, { "idea", NULL, 0 },
	{ "3idea", NULL, 0 }, { "twofish", NULL, 0 }, { "null_enc", NULL, 0 },
};

static const struct word integs[] = {
	{ "sha256", "sha256", 0 }, { "sha2_256", "sha256", 0 }, { "hmac_sha256", "sha256", 0 }, { "hmac_sha2_256", "sha256", 0 },
	{ "sha384", "sha384", 0 }, { "sha2_384", "sha384", 0 }, { "hmac_sha384", "sha384", 0 }, { "hmac_sha2_384", "sha384", 0 },
	{ "sha512", "sha512", 0 }, { "sha2_512", "sha512", 0 }, { "hmac_sha512", "sha512", 0 }, { "hmac_sha2_512", "sha512", 0 },
	{ "md5", NULL, 0 }, { "sha1", NULL, 0 }, { "hmac_md5", NULL, 0 }, { "hmac_sha1", NULL, 0 }, { "non_auth", NULL, 0 }, { "des", NULL, 0 }, { "3des", NULL, 0 },
};

static const struct word groups[] = {
	{ "14", "modp2048", 0 }, { "modp2048", "modp2048", 0 }, { "15", "modp3072", 0 }, { "modp3072", "modp3072", 0 }, { "16", "modp4096", 0 },
	{ "modp4096", "modp4096", 0 }, { "19", "ecp256", 0 }, { "ecp256", "ecp256", 0 }, { "20", "ecp384", 0 }, { "ecp384", "ecp384", 0 }, { "21", "ecp521", 0 },
	{ "ecp521", "ecp521", 0 }, { "31", "x25519", 0 }, { "x25519", "x25519", 0 }, { "32", "x448", 0 }, { "x448", "x448", 0 }, { "1", NULL, 0 },
	{ "modp768", NULL, 0 }, { "2", NULL, 0 }, { "modp1024", NULL, 0 }, { "5", NULL, 0 }, { "modp1536", NULL, 0 },
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct word *
find(const struct word *v, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].word, word) == 0)
			return &v[i];
	return NULL;
}

static enum racoon_word
take(const struct word *w, unsigned bits, char out[static 24])
{
	if (!w)
		return RW_UNKNOWN;
	if (!w->ours)
		return RW_WEAK;
	if (!w->bits)
		snprintf(out, 24, "%s", w->ours);
	else if (strchr(w->ours, 'g'))
		snprintf(out, 24, "aes%ugcm16", bits ? bits : w->bits);
	else
		snprintf(out, 24, "aes%u", bits ? bits : w->bits);
	return alg_by_name(out, strlen(out)) && (w->bits || !bits) ? RW_OK : RW_UNKNOWN;
}

enum racoon_word
racoon_encr(struct racoon_algs *a, const char *word, unsigned bits)
{
	enum racoon_word r = a->nencr == RACOON_WORDS || bits > 9999 ? RW_UNKNOWN : take(find(encrs, N(encrs), word), bits, a->encr[a->nencr]);

	if (r != RW_OK)
		return r;
	a->aead[a->nencr] = alg_is_aead(alg_by_name(a->encr[a->nencr], strlen(a->encr[a->nencr])));
	a->nencr++;
	return r;
}

enum racoon_word
racoon_integ(struct racoon_algs *a, const char *word)
{
	enum racoon_word r = a->ninteg == RACOON_WORDS ? RW_UNKNOWN : take(find(integs, N(integs), word), 0, a->integ[a->ninteg]);

	a->ninteg += r == RW_OK;
	return r;
}

enum racoon_word
racoon_group(struct racoon_algs *a, const char *word)
{
	return take(find(groups, N(groups), word), 0, a->group);
}

static void
add(char *text, size_t cap, const char *prefix, const char *word)
{
	size_t n = strlen(text), k = strlen(prefix) + strlen(word);

	for (const char *p = text; k && (p = strstr(p, word)) != NULL; p++)	/* said twice is said once */
		if ((p == text || p[-1] == '-') && (p[strlen(word)] == '-' || !p[strlen(word)]) && !*prefix)
			return;
	snprintf(text + n, cap - n, "%s%s%s", n ? "-" : "", prefix, word);
}

/* Ciphers of one kind: with a combined-mode cipher a hash is IKE's PRF alone, and nothing of ESP's. */
static bool
half(const struct racoon_algs *a, bool aead, uint8_t proto, struct proposals *out, const char **why)
{
	char text[512] = "";
	size_t at;

	for (unsigned i = 0; i < a->nencr; i++)
		if (a->aead[i] == aead)
			add(text, sizeof(text), "", a->encr[i]);
	if (!text[0])
		return true;
	for (unsigned i = 0; i < a->ninteg && (proto == PROTO_IKE || !aead); i++)
		add(text, sizeof(text), aead ? "prf" : "", a->integ[i]);
	if (a->group[0])
		add(text, sizeof(text), "", a->group);
	if (out->n == PROPOSALS_MAX) {
		*why = "there are too many proposals";
		return false;
	}
	if (!proposal_parse(proto, text, &out->v[out->n], why, &at))
		return false;
	out->n++;
	return true;
}

bool
racoon_ah(const struct racoon_algs *a, struct proposals *out, const char **why)
{
	char text[512] = "";
	size_t at;

	for (unsigned i = 0; i < a->ninteg; i++)
		add(text, sizeof(text), "", a->integ[i]);
	if (!text[0])
		return true;
	if (a->group[0])
		add(text, sizeof(text), "", a->group);
	out->n = proposal_parse(PROTO_AH, text, &out->v[0], why, &at);
	return out->n == 1;
}

bool
racoon_proposals(const struct racoon_algs *a, uint8_t proto, struct proposals *out, const char **why)
{
	*why = "an encryption algorithm is missing, such as 'aes 256'";
	return a->nencr && half(a, true, proto, out, why) && half(a, false, proto, out, why);
}
