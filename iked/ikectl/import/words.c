/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other products' words in ours: algorithms, identities, networks. Every product spells algorithms its own way, but with capitals, hyphens
 * and underscores taken away they hardly differ, so one table serves all.
 */
#include <ctype.h>
#include <string.h>

#include "import.h"

static const struct {
	const char	*word;
	const char	*ours;	/* NULL: weak; "": means nothing here, without a note */
} table[] = {
	{ "aes", "aes128" }, { "rijndael", "aes128" }, { "aes128", "aes128" }, { "aes192", "aes192" }, { "aes256", "aes256" },
	{ "aescbc128", "aes128" }, { "aescbc192", "aes192" }, { "aescbc256", "aes256" }, { "aes128cbc", "aes128" }, { "aes256cbc", "aes256" },
	{ "aesgcm", "aes128gcm16" }, { "aesgcm128", "aes128gcm16" }, { "aesgcm192", "aes192gcm16" }, { "aesgcm256", "aes256gcm16" },
	{ "aes128gcm", "aes128gcm16" }, { "aes192gcm", "aes192gcm16" }, { "aes256gcm", "aes256gcm16" }, { "aes128gcm16", "aes128gcm16" },
	{ "aes192gcm16", "aes192gcm16" }, { "aes256gcm16", "aes256gcm16" }, { "aes128gcm128", "aes128gcm16" }, { "aes192gcm128", "aes192gcm16" },
	{ "aes256gcm128", "aes256gcm16" }, { "aesgcm16", "aes128gcm16" }, { "aesgcmc128", "aes128gcm16" }, { "aesgcmc256", "aes256gcm16" },
	{ "aesgcm16128", "aes128gcm16" }, { "aesgcm16256", "aes256gcm16" },
	{ "chacha20poly1305", "chacha20poly1305" },
	{ "sha256", "sha256" }, { "sha2256", "sha256" }, { "hmacsha2256", "sha256" }, { "hmacsha256", "sha256" }, { "sha2", "sha256" },
	{ "sha384", "sha384" }, { "sha2384", "sha384" }, { "hmacsha2384", "sha384" }, { "hmacsha384", "sha384" },
	{ "sha512", "sha512" }, { "sha2512", "sha512" }, { "hmacsha2512", "sha512" }, { "hmacsha512", "sha512" },
	{ "prfsha256", "prfsha256" }, { "prfsha384", "prfsha384" }, { "prfsha512", "prfsha512" },
	{ "modp2048", "modp2048" }, { "dh14", "modp2048" }, { "modp3072", "modp3072" }, { "dh15", "modp3072" }, { "modp4096", "modp4096" },
	{ "dh16", "modp4096" }, { "ecp256", "ecp256" }, { "dh19", "ecp256" }, { "ecp384", "ecp384" }, { "dh20", "ecp384" }, { "ecp521", "ecp521" },
	{ "dh21", "ecp521" }, { "x25519", "x25519" }, { "curve25519", "x25519" }, { "dh31", "x25519" }, { "x448", "x448" }, { "curve448", "x448" },
	{ "dh32", "x448" }, { "14", "modp2048" }, { "15", "modp3072" }, { "16", "modp4096" }, { "modpnone", "none" }, { "none", "none" },
	{ "grp14", "modp2048" }, { "grp15", "modp3072" }, { "grp16", "modp4096" }, { "grp19", "ecp256" }, { "grp20", "ecp384" }, { "grp21", "ecp521" },
	{ "esn", "esn" }, { "noesn", "noesn" }, { "null", "" },
	{ "des", NULL }, { "3des", NULL }, { "des3", NULL }, { "3descbc", NULL }, { "blowfish", NULL }, { "blowfish128", NULL }, { "blowfish256", NULL },
	{ "cast128", NULL }, { "cast", NULL }, { "rc4", NULL }, { "rc5", NULL }, { "idea", NULL }, { "nullenc", NULL }, { "nullsha256", NULL },
	{ "md5", NULL }, { "sha", NULL }, { "sha1", NULL }, { "hmacmd5", NULL }, { "hmacsha1", NULL }, { "hmacripemd160", NULL }, { "ripemd160", NULL },
	{ "prfmd5", NULL }, { "prfsha1", NULL }, { "modp768", NULL }, { "modp1024", NULL }, { "modp1536", NULL }, { "dh1", NULL }, { "dh2", NULL },
	{ "dh5", NULL }, { "dh22", NULL }, { "dh23", NULL }, { "dh24", NULL }, { "1", NULL }, { "2", NULL }, { "5", NULL }, { "grp1", NULL },
	{ "grp2", NULL }, { "grp5", NULL }, { "ecp192", NULL }, { "ecp224", NULL }, { "nonauth", NULL },
};

void
imp_word(struct imp *m, unsigned line, struct imp_prop *p, const char *word, size_t n)
{
	char key[40];
	size_t k = 0;

	for (size_t i = 0; i < n && k < sizeof(key) - 1; i++)
		if (word[i] != '_' && word[i] != '-' && word[i] != ' ' && word[i] != '!')
			key[k++] = (char)tolower((unsigned char)word[i]);
	key[k] = '\0';
	if (k == 0)
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].word, key) != 0)
			continue;
		if (!table[i].ours) {
			imp_note(m, line, "the algorithm '%.*s' is weak: Causeway does not have it, and it is left out", (int)(n < 60 ? n : 60), word);
			p->lost = true;
		} else if (table[i].ours[0] && p->n < PROPOSAL_TRANSFORMS)
			p->v[p->n++] = alg_by_name(table[i].ours, strlen(table[i].ours));
		return;
	}
	imp_note(m, line, "the algorithm '%.*s' is not one of Causeway's: it is left out", (int)(n < 60 ? n : 60), word);
	p->lost = true;
}

static bool
has_type(const struct imp_prop *p, enum transform_type type)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i]->type == type && !(type == T_KE && p->v[i]->id == KE_NONE))
			return true;
	return false;
}

static void
add(char *text, const char *word)
{
	size_t n = strlen(text), k = strlen(word);

	if (n + k + 2 > IMP_PROPOSAL)
		return;
	for (const char *p = text; (p = strstr(p, word)) != NULL; p += k)	/* twice is an error */
		if ((p == text || p[-1] == '-') && (p[k] == '-' || p[k] == '\0'))
			return;
	snprintf(text + n, IMP_PROPOSAL - n, "%s%s", n ? "-" : "", word);
}

/*
 * Ciphers of both kinds in one proposal become two. With a combined-mode cipher an integrity word is the PRF (IKE) or nothing (ESP); other
 * products take it so too.
 */
static void
half(struct imp *m, unsigned line, const struct imp_prop *p, bool aead, struct imp_list *out)
{
	static const char *const prfs[] = { "prfsha256", "prfsha384", "prfsha512" };
	char text[IMP_PROPOSAL] = "";
	struct proposal parsed;
	const char *why;
	size_t at;

	for (unsigned i = 0; i < p->n; i++) {
		const struct alg *a = p->v[i];

		if ((a->type == T_ENCR && alg_is_aead(a) != aead) || (a->type == T_PRF && p->proto == PROTO_ESP) ||
		    (a->type == T_ESN && p->proto == PROTO_IKE) || (a->type == T_KE && a->id == KE_NONE && p->proto == PROTO_IKE))
			continue;
		if (a->type == T_INTEG && aead) {
			if (p->proto == PROTO_IKE && !has_type(p, T_PRF) && a->id >= INTEG_HMAC_SHA2_256_128)
				add(text, prfs[a->id - INTEG_HMAC_SHA2_256_128]);
		} else
			add(text, a->name);
	}
	if (aead && p->proto == PROTO_IKE && !has_type(p, T_PRF) && !has_type(p, T_INTEG))
		add(text, "prfsha256");
	if (!proposal_parse(p->proto, text, &parsed, &why, &at)) {
		imp_note(m, line, "the %s proposal '%.120s' is left out: %s", p->proto == PROTO_IKE ? "IKE" : "ESP", text, why);
		return;
	}
	for (unsigned i = 0; i < out->n; i++)
		if (strcmp(out->v[i], text) == 0)
			return;
	if (out->n == IMP_PROPOSALS)
		imp_note(m, line, "a connection with more than %u proposals: '%.120s' is left out", IMP_PROPOSALS, text);
	else
		memcpy(out->v[out->n++], text, sizeof(text));
}

void
imp_prop_end(struct imp *m, unsigned line, const struct imp_prop *p, struct imp_list *out)
{
	bool aead = false, classic = false;

	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i]->type == T_ENCR)
			*(alg_is_aead(p->v[i]) ? &aead : &classic) = true;
	if (aead)
		half(m, line, p, true, out);
	if (classic)
		half(m, line, p, false, out);
	if (!aead && !classic && (p->n || p->lost))
		imp_note(m, line, "an %s proposal is left out: no encryption algorithm of it remains", p->proto == PROTO_IKE ? "IKE" : "ESP");
}

/* ---- identities ---- */

static bool
fits(const char *kind, const char *value, char out[ID_CAP])
{
	uint8_t body[512];
	struct wr w = wr_of(body, sizeof(body));

	return (size_t)snprintf(out, ID_CAP, "%s:%s", kind, value) < ID_CAP && id_to_wire(out, &w);
}

/* "/C=JP/O=Example/CN=a" and "C=JP,O=Example,CN=a" are "C=JP, O=Example, CN=a". */
static bool
fits_dn(const char *s, char out[ID_CAP])
{
	char dn[ID_CAP];
	char sep = *s == '/' ? '/' : ',';
	size_t n = 0;

	for (s += *s == '/'; *s && n + 3 < sizeof(dn); s++)
		if (*s == sep) {
			dn[n++] = ',';
			dn[n++] = ' ';
			while (s[1] == ' ')
				s++;
		} else
			dn[n++] = *s;
	dn[n] = '\0';
	return fits("dn", dn, out);
}

bool
imp_id(struct imp *m, unsigned line, const char *s, char out[ID_CAP])
{
	static const struct { const char *prefix, *kind; } prefixes[] = { { "fqdn:", "fqdn" }, { "dns:", "fqdn" }, { "email:", "email" },
		{ "rfc822:", "email" }, { "userfqdn:", "email" }, { "ipv4:", "ip" }, { "ipv6:", "ip" }, { "keyid:#", "key:0x" }, { "keyid:", "key" } };
	struct addr a;
	char text[ID_CAP];
	bool ok = false;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(s, prefixes[i].prefix, n) != 0)
			continue;
		if (strcmp(prefixes[i].kind, "key:0x") == 0)
			ok = (size_t)snprintf(text, sizeof(text), "0x%s", s + n) < sizeof(text) && fits("key", text, out);
		else
			ok = fits(prefixes[i].kind, s + n, out);
		if (ok)
			return true;
	}
	if (strncmp(s, "asn1dn:", 7) == 0)
		s += 7;
	if (strncmp(s, "@#", 2) == 0)
		ok = (size_t)snprintf(text, sizeof(text), "0x%s", s + 2) < sizeof(text) && fits("key", text, out);
	else if (strncmp(s, "@@", 2) == 0)
		ok = fits("email", s + 2, out);
	else if (*s == '@')
		ok = fits("fqdn", s + 1, out);
	else if (strchr(s, '='))
		ok = fits_dn(s, out);
	else if (strchr(s, '@'))
		ok = fits("email", s, out);
	else if (addr_parse(s, &a))
		ok = fits("ip", s, out);
	else
		ok = fits("fqdn", s, out);
	if (!ok) {
		imp_note(m, line, "the identity '%.80s' has no form in a site file", s);
		out[0] = '\0';
	}
	return ok;
}

/* ---- networks ---- */

static void
net_put(struct imp *m, unsigned line, struct imp_nets *nets, const struct prefix *p)
{
	char text[PREFIX_STR];

	for (unsigned i = 0; i < nets->n; i++)
		if (nets->v[i].len == p->len && addr_eq(&nets->v[i].addr, &p->addr))
			return;
	if (nets->n == IMP_NETS)
		imp_note(m, line, "more than %u networks at one end: '%.60s' is left out", IMP_NETS, prefix_str(p, text));
	else
		nets->v[nets->n++] = *p;
}

void
imp_nets_join(struct imp *m, unsigned line, struct imp_nets *nets, const struct imp_nets *more)
{
	for (unsigned i = 0; i < more->n; i++)
		net_put(m, line, nets, &more->v[i]);
}

void
imp_net_add(struct imp *m, unsigned line, struct imp_nets *nets, const char *word)
{
	const char *slash = strchr(word, '/'), *extra = strpbrk(word, "[ ");
	char text[IMP_TEXT], host[IMP_TEXT];
	struct addr lo, hi;
	struct prefix p;
	uint64_t len;

	if (extra)
		imp_note(m, line, "protocol and port of '%.60s': the child is for all of them until you give it 'protocol:' and 'ports:'", word);
	snprintf(text, sizeof(text), "%.*s", extra ? (int)(extra - word) : (int)sizeof(text) - 1, word);
	if (!prefix_parse(text, &p)) {
		/* Host bits set are what others take as well: 10.0.1.7/24 is 10.0.1.0/24 to them. */
		snprintf(host, sizeof(host), "%.*s", slash ? (int)(slash - word) : 0, word);
		if (!slash || !addr_parse(host, &p.addr) || !imp_number(text + (slash - word) + 1, &len) || len > addr_bits(&p.addr)) {
			imp_note(m, line, "'%.80s' is no network that a site can have", word);
			return;
		}
		p.len = (uint8_t)len;
		prefix_range(&p, &lo, &hi);
		p.addr = lo;
		imp_note(m, line, "'%.60s' has host bits: its network is taken", word);
	}
	net_put(m, line, nets, &p);
}
