/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keylog.h"

static int keylog_fd = -1;

void
keylog_open(const char *key_dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/test-ike-keys", key_dir);
	keylog_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
}

static const char *
encr_name(const struct suite *s)
{
	static char name[64];

	if (s->encr == ENCR_AES_CBC)
		snprintf(name, sizeof(name), "AES-CBC-%u [RFC3602]", s->key_bits);
	else
		snprintf(name, sizeof(name), "AES-GCM-%u with 16 octet ICV [RFC5282]", s->key_bits);
	return name;
}

static const char *
integ_name(const struct suite *s)
{
	switch (s->integ) {
	case INTEG_HMAC_SHA2_256_128: return "HMAC_SHA2_256_128 [RFC4868]";
	case INTEG_HMAC_SHA2_384_192: return "HMAC_SHA2_384_192 [RFC4868]";
	case INTEG_HMAC_SHA2_512_256: return "HMAC_SHA2_512_256 [RFC4868]";
	default: return "NONE [RFC4306]";
	}
}

static void
hex(struct wr *w, const struct secret *s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s->n; i++) {
		wr_u8(w, (uint8_t)digits[s->b[i] >> 4]);
		wr_u8(w, (uint8_t)digits[s->b[i] & 15]);
	}
}

void
keylog_write(const struct key_derive *d, const struct ike_keys *k)
{
	char line[8 * SECRET_CAP + 256];
	struct wr w = wr_of((uint8_t *)line, sizeof(line));
	char text[128];
	ssize_t n;

	if (keylog_fd < 0)
		return;
	snprintf(text, sizeof(text), "%016" PRIx64 ",%016" PRIx64 ",", d->spi_i, d->spi_r);
	wr_mem(&w, text, strlen(text));
	hex(&w, &k->sk_ei);
	wr_u8(&w, ',');
	hex(&w, &k->sk_er);
	snprintf(text, sizeof(text), ",\"%s\",", encr_name(&d->suite));
	wr_mem(&w, text, strlen(text));
	hex(&w, &k->sk_ai);
	wr_u8(&w, ',');
	hex(&w, &k->sk_ar);
	snprintf(text, sizeof(text), ",\"%s\"\n", integ_name(&d->suite));
	wr_mem(&w, text, strlen(text));
	n = wr_ok(&w) ? write(keylog_fd, line, w.n) : -1;
	(void)n;	/* the test misses the line */
	wipe(line, sizeof(line));
}
