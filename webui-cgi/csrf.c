/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "page.h"

static const unsigned char words[] = "causeway csrf";

void
csrf_make(const char *session, char out[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[32];
	unsigned n = 0;

	out[0] = '\0';
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!session[0] || !HMAC(EVP_sha256(), session, (int)strlen(session), words, sizeof(words) - 1, mac, &n) || n != sizeof(mac))
		return;
	for (unsigned i = 0; i < sizeof(mac); i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[64] = '\0';
}

bool
csrf_good(const char *session, const char *sent)
{
	char want[65];

	csrf_make(session, want);
	return want[0] && strlen(sent) == 64 && CRYPTO_memcmp(want, sent, 64) == 0;
}
