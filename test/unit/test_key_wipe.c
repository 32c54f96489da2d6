/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL's ordinary memory is wiped before it is given back. Linked with --wrap=free: what comes to free(3) is looked at. */
#include <malloc.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "pki.h"
#include "test.h"
#include "wipeheap.h"

void __real_free(void *);
void __wrap_free(void *);

static const uint8_t *needle;
static size_t needle_len;
static unsigned frees, found;

void
__wrap_free(void *p)
{
	if (p && needle) {
		frees++;
		found += memmem(p, malloc_usable_size(p), needle, needle_len) != NULL;
	}
	__real_free(p);
}

static void
test_blocks(void **state)
{
	char *p = OPENSSL_malloc(100), *q;

	assert_non_null(p);
	needle = (const uint8_t *)"a secret";
	needle_len = 8;
	memcpy(p, "a secret", 9);
	p = OPENSSL_realloc(p, 50);		/* smaller: the same block */
	assert_string_equal(p, "a secret");
	q = OPENSSL_realloc(p, 100000);		/* larger: another one */
	assert_string_equal(q, "a secret");
	OPENSSL_free(q);
	p = OPENSSL_realloc(NULL, 20);
	memcpy(p, "a secret", 9);
	assert_null(OPENSSL_realloc(p, 0));
	OPENSSL_free(NULL);
	assert_true(frees >= 3);
	assert_int_equal(found, 0);
	p = strdup("a secret");			/* the control: without OpenSSL it is seen */
	assert_non_null(p);
	free(p);
	assert_int_equal(found, 1);
	needle = NULL;
}

/* A private key is written and read, and nothing of its number is left where it passed. */
static void
test_key(void **state)
{
	EVP_PKEY *k = pki_key("ed25519"), *again;
	uint8_t priv[32];
	BIO *b = BIO_new(BIO_s_mem());
	size_t n = sizeof(priv);

	assert_int_equal(EVP_PKEY_get_raw_private_key(k, priv, &n), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL), 1);
	frees = found = 0;
	needle = priv;
	needle_len = 32;
	again = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	assert_non_null(again);
	EVP_PKEY_free(again);
	BIO_free(b);
	EVP_PKEY_free(k);
	assert_true(frees > 10);
	assert_int_equal(found, 0);
	needle = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_key),
	};

	if (!wipeheap_start()) {
		fprintf(stderr, "OpenSSL has allocated already\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
