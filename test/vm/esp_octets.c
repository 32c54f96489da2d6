/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An encoder of ESP of its own, from the RFCs and OpenSSL, that knows nothing of the engine or of Linux. It opens every ESP packet of
 * a capture with the SA's keys, makes the packet anew from what was inside, with the same IV and sequence number, and compares all
 * octets. Two engines whose packets are both equal to this one's would give the same octets from the same input.
 *	esp_octets FILE.pcap <SAS
 *	esp_octets encap	(has the sockets of UDP port 4500 that XFRM wants, until it is killed)
 * A line of SAS: SPI gcm|chacha|cbc|null HASHBITS|- esn|noesn KEYHEX|- AUTHKEYHEX|-. A line is printed for each: SPI, how many packets there
 * were, how many were equal, what the first that was not is wrong in. Sequence numbers are taken to be below 2^32.
 */
#include "config.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sa {
	uint32_t	spi;
	char		kind[8];
	bool		esn, mac;	/* mac: the ICV is an HMAC's, not the cipher's */
	uint8_t		key[64], akey[64];
	size_t		nkey, nakey, icv, iv, block;
	unsigned	hash, seen, equal;
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
	char kind[8], hash[8], esn[8], key[160], akey[160];
	unsigned spi;

	while (nsas < 1024 && scanf("%x %7s %7s %7s %159s %159s", &spi, kind, hash, esn, key, akey) == 6) {
		struct sa *s = &sas[nsas++];

		s->spi = spi;
		snprintf(s->kind, sizeof(s->kind), "%s", kind);
		s->esn = strcmp(esn, "esn") == 0;
		s->nkey = unhex(key, s->key);
		s->nakey = unhex(akey, s->akey);
		s->hash = (unsigned)atoi(hash);
		s->mac = s->hash != 0;
		s->iv = !s->mac ? 8 : strcmp(kind, "cbc") == 0 ? 16 : 0;
		s->block = strcmp(kind, "cbc") == 0 ? 16 : 4;
		s->icv = s->mac ? s->hash / 16 : 16;
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

static const EVP_CIPHER *
cipher_of(const struct sa *s, size_t *nkey)
{
	*nkey = s->nkey - (s->mac ? 0 : 4);
	if (strcmp(s->kind, "chacha") == 0)
		return EVP_chacha20_poly1305();
	if (!s->mac)
		return *nkey == 16 ? EVP_aes_128_gcm() : *nkey == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
	return *nkey == 16 ? EVP_aes_128_cbc() : *nkey == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
}

/* RFC 4868, RFC 4303 3.3.2.1: over the whole packet, then the high half with ESN. */
static void
mac(const struct sa *s, const uint8_t *esp, size_t n, uint8_t *icv)
{
	static uint8_t all[70000];
	const EVP_MD *md = s->hash == 256 ? EVP_sha256() : s->hash == 384 ? EVP_sha384() : EVP_sha512();
	uint8_t out[64];

	memcpy(all, esp, n);
	memset(all + n, 0, 4);
	HMAC(md, s->akey, (int)s->nakey, all, n + (s->esn ? 4 : 0), out, NULL);
	memcpy(icv, out, s->icv);
}

/* Text in place. Opening an AEAD fails on a wrong ICV; sealing writes it. NULL leaves all as it is (RFC 2410). */
static bool
apply(const struct sa *s, uint8_t *esp, size_t text, bool seal)
{
	EVP_CIPHER_CTX *c = s->iv ? EVP_CIPHER_CTX_new() : NULL;
	uint8_t *p = esp + 8 + s->iv, nonce[12], aad[12];
	bool aead = !s->mac, ok;
	size_t nkey, naad = aad_of(s, esp, aad);
	const EVP_CIPHER *kind = cipher_of(s, &nkey);
	int n;

	if (!c)
		return s->iv == 0;
	memcpy(nonce, s->key + nkey, 4);
	memcpy(nonce + 4, esp + 8, 8);
	ok = EVP_CipherInit_ex(c, kind, NULL, s->key, aead ? nonce : esp + 8, seal) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1;
	if (ok && aead && !seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, p + text) == 1;
	if (ok && aead)
		ok = EVP_CipherUpdate(c, NULL, &n, aad, (int)naad) == 1;
	ok = ok && EVP_CipherUpdate(c, p, &n, p, (int)text) == 1 && EVP_CipherFinal_ex(c, p + n, &n) == 1;
	if (ok && aead && seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, p + text) == 1;
	EVP_CIPHER_CTX_free(c);
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

static void
take(const uint8_t *esp, size_t n)
{
	uint32_t spi, seq;

	if (n < 8)
		return;
	memcpy(&spi, esp, 4);
	memcpy(&seq, esp + 4, 4);
	for (unsigned i = 0; i < nsas; i++) {
		struct sa *s = &sas[i];
		const char *why;

		if (s->spi != ntohl(spi))
			continue;
		why = ntohl(seq) == s->last + 1 ? compare(s, esp, n) : "sequence number";
		s->last = ntohl(seq);
		s->seen++;
		if (!why)
			s->equal++;
		else if (!*s->why)
			s->why = why;
	}
}

/* Ethernet, IPv4 or IPv6 without extensions, ESP or ESP in UDP. */
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
		proto = p[23];
	} else if (p[12] == 0x86 && p[13] == 0xdd) {
		at = 54;
		end = 54 + (size_t)(p[18] << 8 | p[19]);
		proto = p[20];
	} else {
		return;
	}
	if (proto == 17)
		at += 8;
	if ((proto == 17 || proto == 50) && end <= n && at < end)
		take(p + at, end - at);
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
