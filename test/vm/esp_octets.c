/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An encoder of ESP and AH of its own, from the RFCs and OpenSSL, that knows nothing of the engine or of Linux. It opens every ESP packet of
 * a capture with the SA's keys, makes the packet anew from what was inside, with the same IV and sequence number, and compares all
 * octets. Two engines whose packets are both equal to this one's would give the same octets from the same input. AH's header it makes anew from
 * what is around and behind it; what is behind AH, and ESP, goes through it too.
 *	esp_octets FILE.pcap <SAS
 *	esp_octets encap	(has the sockets of UDP port 4500 that XFRM wants, until it is killed)
 * A line of SAS: SPI CIPHER MAC esn|noesn KEYHEX|- AUTHKEYHEX|-, with the names of the tables below, and "-" for the MAC of what
 * authenticates by itself; as CIPHER "ah" is an SA of AH, and "ah64" one that pads to 64 bits with IPv4 too. A line is printed for each: SPI, how many packets there were, how many were equal, what the first that was
 * not is wrong in. Sequence numbers are taken to be below 2^32.
 */
#include "config.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { COPY, CBC, CTR, AEAD, GMAC, AH };
struct cipher {
	const char	*word, *name;	/* name: without the key's bits, where EVP has one for each size */
	bool		 sized;
	enum kind	 kind;
	uint8_t		 salt, iv, block, icv;
};
static const struct cipher ciphers[] = {
	{ "gcm",	"AES-%zu-GCM",		true,	AEAD,	4, 8, 4, 16 },	/* RFC 4106 */
	{ "chacha",	"ChaCha20-Poly1305",	false,	AEAD,	4, 8, 4, 16 },	/* RFC 7634 */
	{ "gmac",	"AES-%zu-GCM",		true,	GMAC,	4, 8, 4, 16 },	/* RFC 4543 */
	{ "cbc",	"AES-%zu-CBC",		true,	CBC,	0, 16, 16, 0 },	/* RFC 3602 */
	{ "ctr",	"AES-%zu-CTR",		true,	CTR,	4, 8, 4, 0 },	/* RFC 3686 */
	{ "camellia",	"CAMELLIA-%zu-CBC",	true,	CBC,	0, 16, 16, 0 },	/* RFC 4312 */
	{ "3des",	"DES-EDE3-CBC",		false,	CBC,	0, 8, 8, 0 },	/* RFC 2451 */
	{ "des",	"DES-CBC",		false,	CBC,	0, 8, 8, 0 },	/* RFC 2405 */
	{ "cast",	"CAST5-CBC",		false,	CBC,	0, 8, 8, 0 },	/* RFC 2451 */
	{ "blowfish",	"BF-CBC",		false,	CBC,	0, 8, 8, 0 },	/* RFC 2451 */
	{ "null",	NULL,			false,	COPY,	0, 0, 4, 0 },	/* RFC 2410 */
	{ "ah",		NULL,			false,	AH,	0, 0, 4, 0 },	/* RFC 4302; the block is what IPv4 pads to */
	{ "ah64",	NULL,			false,	AH,	0, 0, 8, 0 },
};
struct mac {
	const char	*word, *name, *of;	/* name NULL: xcbc() below */
	uint8_t		 icv;
};
static const struct mac macs[] = {
	{ "256",	"HMAC",	"SHA256",	16 },	/* RFC 4868 */
	{ "384",	"HMAC",	"SHA384",	24 },
	{ "512",	"HMAC",	"SHA512",	32 },
	{ "256-96",	"HMAC",	"SHA256",	12 },
	{ "sha1",	"HMAC",	"SHA1",		12 },	/* RFC 2404 */
	{ "md5",	"HMAC",	"MD5",		12 },	/* RFC 2403 */
	{ "rmd160",	"HMAC",	"RIPEMD160",	12 },	/* RFC 2857 */
	{ "xcbc",	NULL,	NULL,		12 },	/* RFC 3566 */
	{ "cmac",	"CMAC",	"AES-128-CBC",	12 },	/* RFC 4494 */
	{ "gmac",	"GMAC",	NULL,		24 },	/* RFC 4543 4: AH's, the IV and the tag */
	{ "none",	"",	NULL,		0 },
};

struct sa {
	uint32_t	spi;
	const struct cipher *cipher;
	const struct mac *mac;		/* NULL: the ICV is the cipher's */
	bool		esn;
	uint8_t		key[64], akey[64];
	size_t		nkey, nakey, icv, iv, block;
	unsigned	seen, equal;
	uint32_t	last;
	const char	*why;
};
static struct sa sas[1024];
static unsigned nsas;

static size_t
unhex(const char *s, uint8_t *out)
{
	size_t n = strcmp(s, "-") == 0 ? 0 : strlen(s) / 2;
	unsigned v;

	for (size_t i = 0; i < n && i < 64 && sscanf(s + 2 * i, "%2x", &v) == 1; i++)
		out[i] = (uint8_t)v;
	return n;
}

static void
read_sas(void)
{
	char cipher[16], hash[16], esn[8], key[160], akey[160];
	unsigned spi;

	while (nsas < 1024 && scanf("%x %15s %15s %7s %159s %159s", &spi, cipher, hash, esn, key, akey) == 6) {
		struct sa *s = &sas[nsas++];

		for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
			if (strcmp(ciphers[i].word, cipher) == 0)
				s->cipher = &ciphers[i];
		for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++)
			if (strcmp(macs[i].word, hash) == 0)
				s->mac = &macs[i];
		if (!s->cipher || (!s->mac && s->cipher->icv == 0)) {
			fprintf(stderr, "esp_octets: %s with %s: there is no such thing\n", cipher, hash);
			exit(2);
		}
		s->spi = spi;
		s->esn = strcmp(esn, "esn") == 0;
		s->nkey = unhex(key, s->key);
		s->nakey = unhex(akey, s->akey);
		s->iv = s->cipher->iv;
		s->block = s->cipher->block;
		s->icv = s->mac ? s->mac->icv : s->cipher->icv;
		s->why = "";
	}
}

/* RFC 4106 5, RFC 7634 2.1: SPI, the high half with ESN, the low half. */
static size_t
aad_of(const struct sa *s, const uint8_t *esp, uint8_t *aad)
{
	memcpy(aad, esp, 4);
	memset(aad + 4, 0, 4);
	memcpy(aad + (s->esn ? 8 : 4), esp + 4, 4);
	return s->esn ? 12 : 8;
}

static EVP_CIPHER *
cipher_of(const struct sa *s, size_t nkey)
{
	char name[32];

	if (s->cipher->sized)
		snprintf(name, sizeof(name), s->cipher->name, nkey * 8);
	else
		snprintf(name, sizeof(name), "%s", s->cipher->name);
	return EVP_CIPHER_fetch(NULL, name, NULL);
}

static void
aes_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	if (!c || EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) != 1 || EVP_EncryptUpdate(c, out, &n, in, 16) != 1)
		abort();
	EVP_CIPHER_CTX_free(c);
}

/* RFC 3566 4: three keys out of one; CBC, and the last block, padded or not, has a key of its own added. */
static void
xcbc(const uint8_t *key, const uint8_t *p, size_t n, uint8_t e[16])
{
	uint8_t k[3][16], one[16], b[16];

	for (unsigned i = 0; i < 3; i++) {
		memset(one, (int)i + 1, sizeof(one));
		aes_block(key, one, k[i]);
	}
	memset(e, 0, 16);
	do {
		size_t m = n < 16 ? n : 16;
		const uint8_t *last = n > 16 ? NULL : n == 16 ? k[1] : k[2];

		memset(b, 0, sizeof(b));
		memcpy(b, p, m);
		if (m < 16)
			b[m] = 0x80;
		for (unsigned i = 0; i < 16; i++)
			b[i] ^= e[i] ^ (last ? last[i] : 0);
		aes_block(k[0], b, e);
		p += m;
		n -= m;
	} while (n);
}

/* RFC 4303 3.3.2.1: over the whole packet, then the high half with ESN. */
static void
mac(const struct sa *s, const uint8_t *esp, size_t n, uint8_t *icv)
{
	static uint8_t all[70000];
	uint8_t out[64];
	size_t got;

	if (s->icv == 0)
		return;
	memcpy(all, esp, n);
	memset(all + n, 0, 4);
	n += s->esn ? 4 : 0;
	if (!s->mac->name)
		xcbc(s->akey, all, n, out);
	else if (!EVP_Q_mac(NULL, s->mac->name, NULL, s->mac->of, NULL, s->akey, s->nakey, all, n, out, sizeof(out), &got))
		abort();
	memcpy(icv, out, s->icv);
}

/* AES-GMAC over what AH covers, after the IV that the packet has; the nonce begins with the salt at the key's end (RFC 4543 3.2). */
static void
gmac(const struct sa *s, const uint8_t *p, size_t n, const uint8_t *iv, uint8_t *icv)
{
	uint8_t nonce[12];
	char cipher[16];
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string("iv", nonce, sizeof(nonce)), OSSL_PARAM_utf8_string("cipher", cipher, 11), OSSL_PARAM_END };
	size_t got;

	snprintf(cipher, sizeof(cipher), "AES-%zu-GCM", (s->nakey - 4) * 8);
	memcpy(nonce, s->akey + s->nakey - 4, 4);
	memcpy(nonce + 4, iv, 8);
	memcpy(icv, iv, 8);
	if (!EVP_Q_mac(NULL, "GMAC", NULL, NULL, params, s->akey, s->nakey - 4, p, n, icv + 8, 16, &got))
		abort();
}

/*
 * Text in place. Opening an AEAD fails on a wrong ICV; sealing writes it. NULL leaves all as it is (RFC 2410), GMAC too: there the
 * IV and the text are the rest of what is authenticated (RFC 4543 3.3).
 */
static bool
apply(const struct sa *s, uint8_t *esp, size_t text, bool seal)
{
	enum kind kind = s->cipher->kind;
	EVP_CIPHER_CTX *c = kind == COPY ? NULL : EVP_CIPHER_CTX_new();
	uint8_t *p = esp + 8 + s->iv, iv[16] = { 0 }, aad[12];
	bool aead = kind == AEAD || kind == GMAC, ok;
	size_t nkey = s->nkey - s->cipher->salt, naad = aad_of(s, esp, aad);
	EVP_CIPHER *with;
	int n = 0;

	if (!c)
		return kind == COPY;
	with = cipher_of(s, nkey);
	memcpy(iv, s->key + nkey, s->cipher->salt);
	memcpy(iv + s->cipher->salt, esp + 8, s->iv);
	iv[15] |= kind == CTR;	/* RFC 3686 4: the counter of blocks begins at one */
	ok = with && EVP_CipherInit_ex2(c, with, NULL, NULL, seal, NULL) == 1 && EVP_CIPHER_CTX_set_key_length(c, (int)nkey) == 1 &&
	    EVP_CipherInit_ex2(c, NULL, s->key, iv, seal, NULL) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1;
	if (ok && aead && !seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, p + text) == 1;
	if (ok && aead)
		ok = EVP_CipherUpdate(c, NULL, &n, aad, (int)naad) == 1;
	if (kind == GMAC)
		ok = ok && EVP_CipherUpdate(c, NULL, &n, esp + 8, (int)(s->iv + text)) == 1 && EVP_CipherFinal_ex(c, p, &n) == 1;
	else
		ok = ok && EVP_CipherUpdate(c, p, &n, p, (int)text) == 1 && EVP_CipherFinal_ex(c, p + n, &n) == 1;
	if (ok && aead && seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, p + text) == 1;
	EVP_CIPHER_CTX_free(c);
	EVP_CIPHER_free(with);
	return ok;
}

/* The packet from what is inside: the fewest octets of padding, counted from 1 (RFC 4303 2.4). NULL: it is the same. */
static const char *
compare(const struct sa *s, const uint8_t *wire, size_t n)
{
	static uint8_t a[70000], b[70000];
	size_t head = 8 + s->iv, text = n - head - s->icv, inner, pad;
	uint8_t icv[64], *p = a + head, next;

	if (n < head + s->icv + s->block || n > 65535)
		return "length";
	memcpy(a, wire, n);
	if (s->mac) {
		mac(s, a, n - s->icv, icv);
		if (memcmp(icv, a + n - s->icv, s->icv) != 0)
			return "ICV";
	}
	if (text % s->block != 0 || !apply(s, a, text, false))
		return "ICV";
	next = p[text - 1];
	if (next != 4 && next != 41)	/* transport mode: what is inside does not say how long it is */
		inner = text - 2 - p[text - 2];
	else if (text < 20 + 2)
		return "length";
	else
		inner = next == 4 ? (size_t)(p[2] << 8 | p[3]) : (size_t)(p[4] << 8 | p[5]) + 40;
	if ((next == 4 || next == 41) && p[0] >> 4 != (next == 4 ? 4 : 6))
		return "version";
	if (inner + 2 > text)
		return "inner length";
	memcpy(b, a, head + inner);
	pad = (s->block - (inner + 2) % s->block) % s->block;
	for (size_t i = 0; i < pad; i++)
		b[head + inner + i] = (uint8_t)(i + 1);
	b[head + inner + pad] = (uint8_t)pad;
	b[head + inner + pad + 1] = next;
	if (inner + pad + 2 != text || memcmp(a, b, head + text) != 0)
		return "padding or trailer";
	if (!apply(s, b, text, true))
		return "encryption";
	if (s->mac)
		mac(s, b, n - s->icv, b + n - s->icv);
	return memcmp(b, wire, n) == 0 ? NULL : "octets";
}

/*
 * RFC 4302 2 and 3.3.3.1: next header, length, nothing, SPI and number; the ICV, and padding to 32 bits, with IPv6 to 64, of which the sender
 * has the choice, like an IV's. The ICV is over the IP header without what changes on the way, this header with no ICV, and what follows.
 */
static const char *
compare_ah(const struct sa *s, const uint8_t *ip, size_t hlen, const uint8_t *wire, size_t n)
{
	static uint8_t b[70000];
	bool four = ip[0] >> 4 == 4;
	size_t step = four ? s->block : 8, len = (12 + s->icv + step - 1) / step * step;
	uint8_t *ah = b + hlen, icv[64];

	if (n < len || hlen + n > 65535 || hlen != (four ? 20u : 40u))
		return "length";
	memcpy(b, ip, hlen);
	if (four)
		b[1] = b[6] = b[7] = b[8] = b[10] = b[11] = 0;
	else
		b[1] = b[2] = b[3] = b[7] = 0;
	b[0] &= four ? 0xff : 0xf0;
	memset(ah, 0, len);
	ah[0] = wire[0];
	ah[1] = (uint8_t)(len / 4 - 2);
	memcpy(ah + 4, wire + 4, 8);
	memcpy(ah + 12 + s->icv, wire + 12 + s->icv, n - 12 - s->icv);
	if (s->icv == 24 && strcmp(s->mac->word, "gmac") == 0)
		gmac(s, b, hlen + n, wire + 12, icv);
	else
		mac(s, b, hlen + n, icv);
	memcpy(ah + 12, icv, s->icv);
	if (memcmp(ah, wire, 12) != 0)
		return "header";
	return memcmp(ah, wire, len) == 0 ? NULL : "ICV";
}

/* ip: the header in front of it, of AH; NULL: this is ESP. */
static void
take(const uint8_t *ip, size_t hlen, const uint8_t *esp, size_t n)
{
	uint32_t spi, seq;

	if (n < 12)
		return;
	memcpy(&spi, esp + (ip ? 4 : 0), 4);
	memcpy(&seq, esp + (ip ? 8 : 4), 4);
	for (unsigned i = 0; i < nsas; i++) {
		struct sa *s = &sas[i];
		const char *why;

		if (s->spi != ntohl(spi) || (s->cipher->kind == AH) != (ip != NULL))
			continue;
		if (ntohl(seq) != s->last + 1)
			why = "sequence number";
		else
			why = ip ? compare_ah(s, ip, hlen, esp, n) : compare(s, esp, n);
		s->last = ntohl(seq);
		s->seen++;
		if (!why)
			s->equal++;
		else if (!*s->why)
			s->why = why;
	}
}

/* Ethernet, IPv4 or IPv6 without extensions; ESP, ESP in UDP, AH, and ESP in AH. Pieces of packets are left out. */
static void
frame(const uint8_t *p, size_t n)
{
	size_t at, end;
	uint8_t proto;

	if (n < 14 + 40)
		return;
	if (p[12] == 0x08 && p[13] == 0) {
		at = 14 + (size_t)(p[14] & 15) * 4;
		end = 14 + (size_t)(p[16] << 8 | p[17]);
		proto = p[20] & 0x3f || p[21] ? 0 : p[23];
	} else if (p[12] == 0x86 && p[13] == 0xdd) {
		at = 54;
		end = 54 + (size_t)(p[18] << 8 | p[19]);
		proto = p[20];
	} else {
		return;
	}
	if (end > n || at + 12 > end)
		return;
	if (proto == 51) {
		take(p + 14, at - 14, p + at, end - at);
		proto = p[at];
		at += (p[at + 1] + 2u) * 4;
	}
	if (proto == 17)
		at += 8;
	if ((proto == 17 || proto == 50) && at < end)
		take(NULL, 0, p + at, end - at);
}

static int
encap(void)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(4500) };
	int s4 = socket(AF_INET, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0), on = 1, kind = UDP_ENCAP_ESPINUDP;

	if (setsockopt(s6, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) || bind(s4, (struct sockaddr *)&a4, sizeof(a4)) ||
	    bind(s6, (struct sockaddr *)&a6, sizeof(a6)) || setsockopt(s4, IPPROTO_UDP, UDP_ENCAP, &kind, sizeof(kind)) ||
	    setsockopt(s6, IPPROTO_UDP, UDP_ENCAP, &kind, sizeof(kind))) {
		perror("esp_octets: UDP port 4500");
		return 1;
	}
	return pause();
}

int
main(int argc, char **argv)
{
	static uint8_t buf[262144];
	uint32_t head[6], rec[4];
	FILE *f;
	bool good = true;

	if (argc == 2 && strcmp(argv[1], "encap") == 0)
		return encap();
	f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!f || fread(head, sizeof(head), 1, f) != 1 || head[0] != 0xa1b2c3d4) {
		fprintf(stderr, "esp_octets: no capture\n");
		return 2;
	}
	if (!OSSL_PROVIDER_load(NULL, "default") || !OSSL_PROVIDER_load(NULL, "legacy")) {
		fprintf(stderr, "esp_octets: OpenSSL has no provider 'legacy'\n");
		return 2;
	}
	read_sas();
	while (fread(rec, sizeof(rec), 1, f) == 1 && rec[2] <= sizeof(buf) && fread(buf, 1, rec[2], f) == rec[2])
		frame(buf, rec[2]);
	for (unsigned i = 0; i < nsas; i++) {
		printf("%08x %u %u %s\n", sas[i].spi, sas[i].seen, sas[i].equal, sas[i].why);
		good = good && sas[i].seen > 0 && sas[i].seen == sas[i].equal;
	}
	fclose(f);
	return good ? 0 : 1;
}
