/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of algorithms and what follows from it alone: words to transforms and back. The rows stand in IANA's
 * numbers; their PF_KEY numbers are those of <linux/pfkeyv2.h>. Choosing among proposals is proposal.c.
 */
#include <stdio.h>

#include "alg.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/*
 * block: what the payload of ESP or SK is padded to; 4 for the AEADs because ESP wants its trailer to end there
 * (RFC 4303 2.4), which IKE allows too.
 */
static const struct alg table[] = {
	/* type, id, bits, name, key, salt, iv, icv, block, pfkey, pub */
	{ T_ENCR, ENCR_AES_CBC, 128, "aes128", 16, 0, 16, 0, 16, 12, 0 },
	{ T_ENCR, ENCR_AES_CBC, 192, "aes192", 24, 0, 16, 0, 16, 12, 0 },
	{ T_ENCR, ENCR_AES_CBC, 256, "aes256", 32, 0, 16, 0, 16, 12, 0 },
	{ T_ENCR, ENCR_AES_GCM_16, 128, "aes128gcm16", 20, 4, 8, 16, 4, 20, 0 },	/* RFC 4106, RFC 5282 */
	{ T_ENCR, ENCR_AES_GCM_16, 192, "aes192gcm16", 28, 4, 8, 16, 4, 20, 0 },
	{ T_ENCR, ENCR_AES_GCM_16, 256, "aes256gcm16", 36, 4, 8, 16, 4, 20, 0 },
	{ T_ENCR, ENCR_CHACHA20_POLY1305, 0, "chacha20poly1305", 36, 4, 8, 16, 4, 28, 0 }, /* RFC 7634: no Key Length */
	{ T_PRF, PRF_HMAC_SHA2_256, 0, "prfsha256", 32, 0, 0, 0, 0, 0, 0 },		/* RFC 4868 */
	{ T_PRF, PRF_HMAC_SHA2_384, 0, "prfsha384", 48, 0, 0, 0, 0, 0, 0 },
	{ T_PRF, PRF_HMAC_SHA2_512, 0, "prfsha512", 64, 0, 0, 0, 0, 0, 0 },
	{ T_INTEG, INTEG_NONE, 0, "nointeg", 0, 0, 0, 0, 0, 0, 0 },
	{ T_INTEG, INTEG_HMAC_SHA2_256_128, 0, "sha256", 32, 0, 0, 16, 0, 5, 0 },
	{ T_INTEG, INTEG_HMAC_SHA2_384_192, 0, "sha384", 48, 0, 0, 24, 0, 6, 0 },
	{ T_INTEG, INTEG_HMAC_SHA2_512_256, 0, "sha512", 64, 0, 0, 32, 0, 7, 0 },
	{ T_KE, KE_NONE, 0, "none", 0, 0, 0, 0, 0, 0, 0 },
	{ T_KE, KE_MODP2048, 0, "modp2048", 0, 0, 0, 0, 0, 0, 256 },			/* RFC 3526 */
	{ T_KE, KE_MODP3072, 0, "modp3072", 0, 0, 0, 0, 0, 0, 384 },
	{ T_KE, KE_MODP4096, 0, "modp4096", 0, 0, 0, 0, 0, 0, 512 },
	{ T_KE, KE_ECP256, 0, "ecp256", 0, 0, 0, 0, 0, 0, 64 },				/* RFC 5903 */
	{ T_KE, KE_ECP384, 0, "ecp384", 0, 0, 0, 0, 0, 0, 96 },
	{ T_KE, KE_ECP521, 0, "ecp521", 0, 0, 0, 0, 0, 0, 132 },
	{ T_KE, KE_X25519, 0, "x25519", 0, 0, 0, 0, 0, 0, 32 },				/* RFC 8031 */
	{ T_KE, KE_CURVE448, 0, "x448", 0, 0, 0, 0, 0, 0, 56 },
	{ T_ESN, ESN_YES, 0, "esn", 0, 0, 0, 0, 0, 0, 0 },
	{ T_ESN, ESN_NO, 0, "noesn", 0, 0, 0, 0, 0, 0, 0 },
};

const struct alg *
alg_find(enum transform_type type, uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < N(table); i++)
		if (table[i].type == type && table[i].id == id && (type != T_ENCR || table[i].key_bits == key_bits))
			return &table[i];
	return NULL;
}

/* Other words that swanctl has for the same; they are read, and never written. */
static const struct {
	const char	*name;
	uint16_t	 group;
} aliases[] = { { "curve25519", KE_X25519 }, { "curve448", KE_CURVE448 } };

static bool
is_word(const char *word, const char *s, size_t n)
{
	return strlen(word) == n && memcmp(word, s, n) == 0;
}

const struct alg *
alg_by_name(const char *s, size_t n)
{
	for (size_t i = 0; i < N(aliases); i++)
		if (is_word(aliases[i].name, s, n))
			return alg_find(T_KE, aliases[i].group, 0);
	for (size_t i = 0; i < N(table); i++)
		if (is_word(table[i].name, s, n))
			return &table[i];
	return NULL;
}

const char *
alg_str(enum transform_type type, uint16_t id, uint16_t key_bits, char buf[static 32])
{
	static const char *const types[] = { "type", "encr", "prf", "integ", "ke", "esn" };
	const struct alg *a = alg_find(type, id, key_bits);
	const char *t = (unsigned)type < N(types) ? types[type] : types[0];

	if (a)
		snprintf(buf, 32, "%s", a->name);
	else if (key_bits)
		snprintf(buf, 32, "%s-%u/%u", t, id, key_bits);
	else
		snprintf(buf, 32, "%s-%u", t, id);
	return buf;
}

/* What the words of one proposal have said so far. */
struct words {
	uint8_t		 proto;
	struct proposal	*p;
	bool		 has[T_ESN + 1];
	bool		 aead, classic, mac;
};

/* Append one word's transform; NULL, or why it may not stand here. */
static const char *
word_add(struct words *ws, const struct alg *a)
{
	struct proposal *p = ws->p;

	if (!a)
		return "no such algorithm";
	if (ws->proto == PROTO_IKE && (a->type == T_ESN || (a->type == T_KE && a->id == KE_NONE)))
		return "this word belongs to ESP proposals";
	if (ws->proto != PROTO_IKE && a->type == T_PRF)
		return "this word belongs to IKE proposals";
	if (ws->proto == PROTO_AH && a->type == T_ENCR)
		return "AH encrypts nothing: this word belongs to ESP proposals";
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == a->type && p->t[i].id == a->id && p->t[i].key_bits == a->key_bits)
			return "this word is given twice";
	if (p->n >= PROPOSAL_TRANSFORMS)
		return "too many words in one proposal";
	ws->has[a->type] = true;
	if (a->type == T_ENCR)
		*(alg_is_aead(a) ? &ws->aead : &ws->classic) = true;
	if (a->type == T_INTEG && a->id != INTEG_NONE)
		ws->mac = true;
	p->t[p->n++] = (struct transform){ (uint8_t)a->type, a->id, a->key_bits };
	return NULL;
}

/* swanctl's habit: in "aes256-sha256-modp2048" the integrity algorithm names the PRF too. */
static const char *
prf_from_integ(struct words *ws)
{
	const char *why = NULL;

	for (unsigned i = 0, n = ws->p->n; i < n && !why; i++)
		if (ws->p->t[i].type == T_INTEG && ws->p->t[i].id != INTEG_NONE)
			why = word_add(ws, alg_find(T_PRF, (uint16_t)(ws->p->t[i].id - INTEG_HMAC_SHA2_256_128 +
			    PRF_HMAC_SHA2_256), 0));
	return why;
}

/* What the whole must have (RFC 7296 3.3.3), after the last word. */
static const char *
words_end(struct words *ws)
{
	const char *why = NULL;

	if (!ws->has[T_ENCR] && ws->proto != PROTO_AH)
		return "an encryption algorithm is missing, such as aes256gcm16";
	if (ws->aead && ws->classic)
		return "combined-mode and other ciphers need a proposal each";
	if (ws->aead && ws->mac)
		return "a combined-mode cipher takes no integrity algorithm";
	if (!ws->aead && !ws->mac)
		return "an integrity algorithm is missing, such as sha256";
	if (ws->proto == PROTO_IKE && !ws->has[T_PRF])
		why = ws->aead ? "a PRF is missing, such as prfsha256" : prf_from_integ(ws);
	if (!why && ws->proto == PROTO_IKE && !ws->has[T_KE])
		why = "a key exchange group is missing, such as x25519";
	if (!why && ws->proto != PROTO_IKE && !ws->has[T_ESN]) {
		why = word_add(ws, alg_find(T_ESN, ESN_YES, 0));
		if (!why)
			why = word_add(ws, alg_find(T_ESN, ESN_NO, 0));
	}
	return why;
}

bool
proposal_parse(uint8_t proto, const char *s, struct proposal *p, const char **why, size_t *at)
{
	struct words ws = { .proto = proto, .p = p };
	size_t i = 0, n;

	memset(p, 0, sizeof(*p));
	p->proto = proto;
	*at = 0;
	do {
		n = strcspn(s + i, "-");
		*why = n ? word_add(&ws, alg_by_name(s + i, n)) : "a word is missing";
		*at = i;
		i += n + 1;
	} while (!*why && s[i - 1] == '-');
	if (!*why) {
		*why = words_end(&ws);
		*at = *why ? strlen(s) : 0;
	}
	if (*why)
		memset(p, 0, sizeof(*p));
	return *why == NULL;
}

/* Append to a text, cut at cap; the terminator always fits. */
static void
add(char *buf, size_t cap, size_t *n, const char *s)
{
	size_t k = strlen(s);

	if (cap == 0)
		return;
	if (k > cap - 1 - *n)
		k = cap - 1 - *n;
	memcpy(buf + *n, s, k);
	*n += k;
	buf[*n] = '\0';
}

static void
proposal_add(const struct proposal *p, char *buf, size_t cap, size_t *n)
{
	char word[32];

	for (unsigned i = 0; i < p->n && i < PROPOSAL_TRANSFORMS; i++) {
		if (i)
			add(buf, cap, n, "-");
		add(buf, cap, n, alg_str(p->t[i].type, p->t[i].id, p->t[i].key_bits, word));
	}
}

const char *
proposal_str(const struct proposal *p, char *buf, size_t cap)
{
	size_t n = 0;

	add(buf, cap, &n, "");
	proposal_add(p, buf, cap, &n);
	return buf;
}

const char *
proposals_str(const struct proposals *ps, char *buf, size_t cap)
{
	size_t n = 0;

	add(buf, cap, &n, "");
	for (unsigned i = 0; i < ps->n && i < PROPOSALS_MAX; i++) {
		if (i)
			add(buf, cap, &n, ", ");
		proposal_add(&ps->v[i], buf, cap, &n);
	}
	return buf;
}

const char *
suite_str(uint8_t proto, const struct suite *s, char *buf, size_t cap)
{
	struct proposal p = { .proto = proto };

	if (proto != PROTO_AH)
		p.t[p.n++] = (struct transform){ T_ENCR, s->encr, s->key_bits };
	if (s->integ != INTEG_NONE)
		p.t[p.n++] = (struct transform){ T_INTEG, s->integ, 0 };
	if (proto == PROTO_IKE)
		p.t[p.n++] = (struct transform){ T_PRF, s->prf, 0 };
	if (s->ke != KE_NONE)
		p.t[p.n++] = (struct transform){ T_KE, s->ke, 0 };
	if (proto != PROTO_IKE)
		p.t[p.n++] = (struct transform){ T_ESN, s->esn, 0 };
	return proposal_str(&p, buf, cap);
}

/*
 * The presets (contracts, "Presets"), as literal proposals. "legacy" is a promise to old peers that the table cannot
 * keep better than "compatible" does: it has nothing weaker than SHA-2 and modp2048.
 */
#define MODERN_IKE	"aes256gcm16-prfsha384-x25519-ecp384", "aes128gcm16-prfsha256-x25519-ecp256-modp3072"
#define COMPAT_GROUPS	"x25519-ecp256-ecp384-modp3072-modp2048"
#define COMPAT_IKE	MODERN_IKE, "aes256gcm16-aes128gcm16-prfsha256-prfsha384-prfsha512-ecp256-modp2048", \
	"chacha20poly1305-prfsha256-" COMPAT_GROUPS, \
	"aes256-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-" COMPAT_GROUPS
#define COMPAT_ESP	"aes256gcm16-x25519-ecp384-none", "aes128gcm16-x25519-ecp256-modp3072-none", \
	"aes256gcm16-aes128gcm16-ecp256-modp2048", "chacha20poly1305-" COMPAT_GROUPS "-none", \
	"aes256-aes128-sha256-sha384-sha512-" COMPAT_GROUPS "-none"
#define COMPAT_AH	"sha256-sha384-sha512-" COMPAT_GROUPS "-none"

static const struct preset {
	const char	*name;
	const char	*ike[6], *esp[6];
} presets[] = {
	{ "modern", { MODERN_IKE }, { "aes256gcm16-x25519-ecp384", "aes128gcm16-x25519-ecp256-modp3072" } },
	{ "compatible", { COMPAT_IKE }, { COMPAT_ESP } },
	{ "legacy", { COMPAT_IKE }, { COMPAT_ESP } },
};

static void
preset_fill(uint8_t proto, const char *const text[6], struct proposals *ps)
{
	const char *why;
	size_t at;

	memset(ps, 0, sizeof(*ps));
	for (unsigned i = 0; i < 6 && text[i]; i++)
		if (proposal_parse(proto, text[i], &ps->v[ps->n], &why, &at))
			ps->n++;
}

bool
preset_find(const char *name, struct proposals *ike, struct proposals *esp)
{
	memset(ike, 0, sizeof(*ike));
	memset(esp, 0, sizeof(*esp));
	for (size_t i = 0; i < N(presets); i++) {
		if (strcmp(presets[i].name, name) != 0)
			continue;
		preset_fill(PROTO_IKE, presets[i].ike, ike);
		preset_fill(PROTO_ESP, presets[i].esp, esp);
		return true;
	}
	return false;
}

void
preset_ah(struct proposals *ah)
{
	static const char *const text[6] = { COMPAT_AH };

	preset_fill(PROTO_AH, text, ah);
}

void
proposals_put(struct wr *w, const struct proposals *ps)
{
	if (ps->n > PROPOSALS_MAX) {
		w->bad = true;
		return;
	}
	wr_u8(w, (uint8_t)ps->n);
	for (unsigned i = 0; i < ps->n; i++) {
		const struct proposal *p = &ps->v[i];

		if (p->n > PROPOSAL_TRANSFORMS)
			w->bad = true;
		wr_u8(w, p->proto);
		wr_u8(w, p->n);
		for (unsigned k = 0; k < p->n && wr_ok(w); k++) {
			wr_u8(w, p->t[k].type);
			wr_le16(w, p->t[k].id);
			wr_le16(w, p->t[k].key_bits);
		}
	}
}

/* Our own links carry proposals of our own files only: a transform that is not in the table breaks the contract. */
static bool
proposal_get(struct rd *r, struct proposal *p)
{
	p->proto = rd_u8(r);
	p->n = rd_u8(r);
	if (p->proto < PROTO_IKE || p->proto > PROTO_ESP || p->n > PROPOSAL_TRANSFORMS)
		return false;
	for (unsigned k = 0; k < p->n; k++) {
		struct transform *t = &p->t[k];

		t->type = rd_u8(r);
		t->id = rd_le16(r);
		t->key_bits = rd_le16(r);
		if (!rd_ok(r) || !alg_find(t->type, t->id, t->key_bits) || (t->type != T_ENCR && t->key_bits))
			return false;
	}
	return rd_ok(r);
}

void
proposals_get(struct rd *r, struct proposals *ps)
{
	unsigned n = rd_u8(r);

	memset(ps, 0, sizeof(*ps));
	if (n > PROPOSALS_MAX)
		rd_fail(r);
	for (unsigned i = 0; i < n && rd_ok(r); i++) {
		if (!proposal_get(r, &ps->v[i]))
			rd_fail(r);
		ps->n = i + 1;
	}
	if (!rd_ok(r))
		memset(ps, 0, sizeof(*ps));
}

void
suite_put(struct wr *w, const struct suite *s)
{
	wr_le16(w, s->encr);
	wr_le16(w, s->key_bits);
	wr_le16(w, s->prf);
	wr_le16(w, s->integ);
	wr_le16(w, s->ke);
	wr_le16(w, s->esn);
}

/* A suite that is not negotiated yet is all zero. */
void
suite_get(struct rd *r, struct suite *s)
{
	s->encr = rd_le16(r);
	s->key_bits = rd_le16(r);
	s->prf = rd_le16(r);
	s->integ = rd_le16(r);
	s->ke = rd_le16(r);
	s->esn = rd_le16(r);
	if ((s->encr || s->key_bits) && !alg_find(T_ENCR, s->encr, s->key_bits))
		rd_fail(r);
	if ((s->prf && !alg_find(T_PRF, s->prf, 0)) || !alg_find(T_INTEG, s->integ, 0) || !alg_find(T_KE, s->ke, 0) ||
	    !alg_find(T_ESN, s->esn, 0))
		rd_fail(r);
	if (!rd_ok(r))
		memset(s, 0, sizeof(*s));
}
