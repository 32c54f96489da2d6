/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keymgr holds every secret of the suite and never meets the network. It starts as root, makes OpenSSL load all that it will ever load, drops
 * to its own user and closes the sandbox; after that its descriptors, its clock and the secrets directory are all it has.
 */
#include "config.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "alg.h"
#include "certfile.h"
#include "keykind.h"
#ifdef CAUSEWAY_TEST_HOOKS
#include "keylog.h"
#endif
#include "log.h"
#include "prf.h"
#include "proc.h"
#include "sandbox.h"
#include "serve.h"
#include "serve_cert.h"
#include "wipeheap.h"

#define SECURE_HEAP	(4u << 20)	/* IKE_KE_MAX private values and CRED_KEPT private keys, with room to spare */

/* Keys of all kinds but RSA's, which take long to make: RSA shares everything with them but its arithmetic. */
static bool
warm_up_signatures(void)
{
	static const char *const kinds[] = { "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448" };
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *k = keykind_new(kinds[i]);

		ok = k && keykind_works(k);
		EVP_PKEY_free(k);
	}
	return ok;
}

/* Every algorithm once: providers, tables and the generator's seed are in memory when the sandbox closes. */
static bool
warm_up(void)
{
	static const uint16_t groups[] = { KE_X25519, KE_CURVE448, KE_ECP256, KE_ECP384, KE_ECP521, KE_MODP2048, KE_MODP3072, KE_MODP4096 };
	static const uint16_t prfs[] = { PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512 };
	struct bytes in = bytes_of("warm", 4);
	struct secret out = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(groups) / sizeof(groups[0]); i++) {
		uint8_t pub[KE_PUB_MAX];
		struct wr w = wr_of(pub, sizeof(pub));
		struct ke k;

		ok = ke_new(&k, groups[i], &w) == KE_OK && ke_secret(&k, wr_bytes(&w), &out) == KE_OK;
		ke_wipe(&k);
	}
	for (size_t i = 0; ok && i < sizeof(prfs) / sizeof(prfs[0]); i++)
		ok = prf(prfs[i], in, &in, 1, &out);
	secret_wipe(&out);
	return ok && warm_up_signatures();
}

static bool
openssl_start(void)
{
	/* no openssl.cnf: it could load engines and providers, and it is a file */
	if (!wipeheap_start() || !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL))
		return false;
	if (CRYPTO_secure_malloc_init(SECURE_HEAP, 32) == 0 || OSSL_PROVIDER_load(NULL, "default") == NULL)
		return false;
	return warm_up();
}

int
main(int argc, char **argv)
{
	struct event_base *base;
	struct keymgr k;
	struct proc p;
	int fd;

	if (!openssl_start()) {
		fprintf(stderr, "keymgr: OpenSSL cannot be initialised: %s\n", ERR_reason_error_string(ERR_get_error()));
		return 1;
	}
	proc_start(&p, "keymgr", argc, argv);
	if (!certfile_start())
		log_warn(NULL, "no_legacy", "OpenSSL's provider 'legacy' is not installed: old PKCS#12 files cannot be read.");
	base = event_base_new();
	if (base == NULL || !serve_init(&k, base, p.secret_dir, p.key_dir, NULL)) {
		log_error(NULL, "start_failed", "There is no memory to start with.");
		return 1;
	}
#ifdef CAUSEWAY_TEST_HOOKS
	keylog_open(p.key_dir);
#endif
	k.proc = &p;
	fetching_proc(k.fetching, &p);
	proc_confine(&p, &keymgr_sandbox);
	serve_cert_start(&k);
	while ((fd = proc_take(&p, "spdsync")) >= 0)	/* bindings before those who need them */
		serve_on_fd(&k, "spdsync", fd);
	while ((fd = proc_take(&p, "iked")) >= 0)
		serve_on_fd(&k, "iked", fd);
	while ((fd = proc_take(&p, "fetch")) >= 0)
		serve_on_fd(&k, "fetch", fd);
	while ((fd = proc_take(&p, "pfkey")) >= 0)
		serve_on_fd(&k, "pfkey", fd);
	proc_ready(&p, base, serve_on_fd, &k);
	event_base_dispatch(base);
	serve_leave(&k);
	proc_end(&p);
	serve_fini(&k);
	certfile_end();
	event_base_free(base);
	return 0;
}
