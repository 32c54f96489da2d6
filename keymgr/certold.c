/* SPDX-License-Identifier: BSD-2-Clause */
/* Old PKCS#12 files are encrypted with RC2; the provider that still has it lives in a library context of its own: nothing else can meet it. */
#include <openssl/err.h>
#include <openssl/provider.h>

#include "certfile_in.h"

static OSSL_LIB_CTX *old;
static OSSL_PROVIDER *old_legacy, *old_default;

bool
certfile_start(void)
{
	old = OSSL_LIB_CTX_new();
	if (old == NULL)
		return false;
	old_default = OSSL_PROVIDER_load(old, "default");
	old_legacy = OSSL_PROVIDER_load(old, "legacy");
	ERR_clear_error();
	return old_default && old_legacy;
}

void
certfile_end(void)
{
	if (old_legacy)
		OSSL_PROVIDER_unload(old_legacy);
	if (old_default)
		OSSL_PROVIDER_unload(old_default);
	OSSL_LIB_CTX_free(old);
	old = NULL;
	old_legacy = old_default = NULL;
}

OSSL_LIB_CTX *
certfile_old(void)
{
	return old;
}
