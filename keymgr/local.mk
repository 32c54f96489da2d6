# SPDX-License-Identifier: BSD-2-Clause
# libkeymgr.a is all of keymgr but its main and its sandbox: the unit tests link it.
KEYMGR_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/keymgr

noinst_LIBRARIES += keymgr/libkeymgr.a
keymgr_libkeymgr_a_CPPFLAGS = $(KEYMGR_CPPFLAGS)
keymgr_libkeymgr_a_SOURCES = \
	keymgr/altname.c \
	keymgr/altname.h \
	keymgr/arrival.c \
	keymgr/auth.c \
	keymgr/auth.h \
	keymgr/bind.c \
	keymgr/bind.h \
	keymgr/box.c \
	keymgr/box.h \
	keymgr/ca.c \
	keymgr/ca.h \
	keymgr/ca_in.h \
	keymgr/ca_issue.c \
	keymgr/ca_store.c \
	keymgr/cache.c \
	keymgr/cache.h \
	keymgr/caindex.c \
	keymgr/caindex.h \
	keymgr/certfile.c \
	keymgr/certfile.h \
	keymgr/certfile_in.h \
	keymgr/certid.c \
	keymgr/certid.h \
	keymgr/certold.c \
	keymgr/certout.c \
	keymgr/certs.c \
	keymgr/certs.h \
	keymgr/certs_import.c \
	keymgr/certs_in.h \
	keymgr/certs_list.c \
	keymgr/certtext.c \
	keymgr/certtext.h \
	keymgr/chain.c \
	keymgr/chain.h \
	keymgr/chain_in.h \
	keymgr/chain_memo.c \
	keymgr/chain_memo.h \
	keymgr/chain_why.c \
	keymgr/child.c \
	keymgr/child.h \
	keymgr/childcomp.c keymgr/childtab.c \
	keymgr/childtab.h \
	keymgr/cred.c \
	keymgr/cred.h \
	keymgr/crl.c \
	keymgr/crl.h \
	keymgr/decode.c \
	keymgr/der.h \
	keymgr/derive.c \
	keymgr/derive.h \
	keymgr/distpoint.c \
	keymgr/fetching.c \
	keymgr/fetching.h \
	keymgr/handle.c \
	keymgr/handle.h \
	keymgr/ike.c \
	keymgr/ike.h \
	keymgr/ke.c \
	keymgr/ke.h \
	keymgr/psk.c \
	keymgr/psk.h \
	keymgr/pskfile.c \
	keymgr/psktxt.c \
	keymgr/psktxt.h \
	keymgr/keydir.c \
	keymgr/keydir.h \
	keymgr/keyjob.c \
	keymgr/keyjob.h \
	keymgr/keykind.c \
	keymgr/keykind.h \
	keymgr/ocspcheck.c \
	keymgr/ocspcheck.h \
	keymgr/p12.c \
	keymgr/path.c \
	keymgr/prf.c \
	keymgr/prf.h \
	keymgr/proof.c \
	keymgr/proof.h \
	keymgr/proof_cert.c \
	keymgr/proof_in.h \
	keymgr/revoke.c \
	keymgr/revoke.h \
	keymgr/revoke_in.h \
	keymgr/revoke_show.c \
	keymgr/sadb.c \
	keymgr/sadb.h \
	keymgr/serve.c \
	keymgr/serve.h \
	keymgr/serve_auth.c \
	keymgr/serve_auth.h \
	keymgr/serve_cert.c \
	keymgr/serve_cert.h \
	keymgr/serve_iked.c \
	keymgr/serve_iked.h \
	keymgr/sig.c \
	keymgr/sig.h \
	keymgr/sigalg.c \
	keymgr/source.c \
	keymgr/source.h \
	keymgr/source_in.h \
	keymgr/store.c \
	keymgr/store.h \
	keymgr/trust.c \
	keymgr/trust.h \
	keymgr/verdict.c \
	keymgr/verdict.h \
	keymgr/watch.c \
	keymgr/wipeheap.c \
	keymgr/wipeheap.h \
	keymgr/x509make.c \
	keymgr/x509make.h
# What only tests build in (--enable-test-hooks).
if TEST_HOOKS
keymgr_libkeymgr_a_SOURCES += keymgr/keylog.c keymgr/keylog.h
endif

daemon_PROGRAMS += keymgr/keymgr
keymgr_keymgr_CPPFLAGS = $(KEYMGR_CPPFLAGS)
keymgr_keymgr_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
keymgr_keymgr_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
keymgr_keymgr_SOURCES = \
	keymgr/main.c \
	keymgr/sandbox.c \
	keymgr/sandbox.h

# Tests
KEY_TESTS = \
	test/unit/test_key_auth \
	test/unit/test_key_ca \
	test/unit/test_key_cert \
	test/unit/test_key_chain \
	test/unit/test_key_child \
	test/unit/test_key_cred \
	test/unit/test_key_crl \
	test/unit/test_key_engine \
	test/unit/test_key_kinds \
	test/unit/test_key_kdf \
	test/unit/test_key_psktxt \
	test/unit/test_key_ke \
	test/unit/test_key_revoke \
	test/unit/test_key_watch \
	test/unit/test_key_serve \
	test/unit/test_key_sig \
	test/unit/test_key_store \
	test/unit/test_key_wait \
	test/unit/test_key_wipe \
	test/unit/test_pfkey \
	test/unit/test_pfkey_client
check_PROGRAMS += $(KEY_TESTS)
UNIT_TESTS += $(KEY_TESTS)
EXTRA_DIST += test/unit/key_hex.h
# What they share is compiled once: they are many.
check_LIBRARIES += test/unit/libkeyfix.a
test_unit_libkeyfix_a_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_libkeyfix_a_SOURCES = \
	test/unit/auth_fix.c \
	test/unit/auth_fix.h \
	test/unit/key_engine.c \
	test/unit/key_fix.c \
	test/unit/key_fix.h \
	test/unit/pki.c \
	test/unit/pki.h \
	test/unit/revoke_fix.c \
	test/unit/revoke_fix.h
KEY_TEST_LIBS = test/unit/libkeyfix.a keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_unit_test_key_revoke_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_revoke_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_watch_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_watch_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_crl_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_crl_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_cred_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_cred_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_cert_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_cert_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_ca_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_ca_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_auth_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_auth_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_wait_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_wait_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_chain_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_chain_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_wipe_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_wipe_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_wipe_LDFLAGS = -Wl,--wrap=free
test_unit_test_key_sig_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_sig_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_kdf_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_kdf_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_ke_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_ke_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_psktxt_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_psktxt_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_store_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_store_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_serve_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_serve_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_child_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_child_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_kinds_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_kinds_LDADD = $(KEY_TEST_LIBS)
test_unit_test_key_engine_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_unit_test_key_engine_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=dgram_get
test_unit_test_key_engine_LDADD = $(KEY_TEST_LIBS)
test_unit_test_pfkey_LDADD = $(KEY_TEST_LIBS)
test_unit_test_pfkey_client_LDADD = $(KEY_TEST_LIBS)

# Messages of the engine and of any other PF_KEY speaker, as keymgr and spdsync read them.
FUZZ_TARGETS += pfkey_client:lib/pfkey.c,lib/pfkey_ext.c,lib/pfkey_private.c
UNIT_TESTS += test/fuzz/replay_pfkey_client
check_PROGRAMS += test/fuzz/replay_pfkey_client
test_fuzz_replay_pfkey_client_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_pfkey_client.c
test_fuzz_replay_pfkey_client_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)

# Files of secrets.
FUZZ_TARGETS += psktxt:keymgr/psktxt.c
UNIT_TESTS += test/fuzz/replay_psktxt
check_PROGRAMS += test/fuzz/replay_psktxt
test_fuzz_replay_psktxt_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_psktxt_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_psktxt.c
test_fuzz_replay_psktxt_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)

FUZZ_TARGETS += secret:keymgr/decode.c
UNIT_TESTS += test/fuzz/replay_secret
check_PROGRAMS += test/fuzz/replay_secret
test_fuzz_replay_secret_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_secret_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_secret.c
test_fuzz_replay_secret_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)

# What signatures say of themselves.
FUZZ_TARGETS += sig:keymgr/sigalg.c
UNIT_TESTS += test/fuzz/replay_sig
check_PROGRAMS += test/fuzz/replay_sig
test_fuzz_replay_sig_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_sig_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_sig.c
test_fuzz_replay_sig_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)

# A peer's certificates.
FUZZ_TARGETS += cert:keymgr/certid.c,keymgr/chain.c
UNIT_TESTS += test/fuzz/replay_cert
check_PROGRAMS += test/fuzz/replay_cert
test_fuzz_replay_cert_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_cert_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_cert.c
test_fuzz_replay_cert_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)

# Certificates and requests in words.
FUZZ_TARGETS += names:keymgr/altname.c,keymgr/certtext.c,keymgr/path.c
UNIT_TESTS += test/fuzz/replay_names
check_PROGRAMS += test/fuzz/replay_names
test_fuzz_replay_names_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_names_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_names.c
test_fuzz_replay_names_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)

# Files that are imported, and a CA's index.
FUZZ_TARGETS += certfile:keymgr/certfile.c,keymgr/p12.c caindex:keymgr/caindex.c
UNIT_TESTS += test/fuzz/replay_certfile test/fuzz/replay_caindex
check_PROGRAMS += test/fuzz/replay_certfile test/fuzz/replay_caindex
test_fuzz_replay_certfile_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_certfile_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_certfile.c
test_fuzz_replay_certfile_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)
test_fuzz_replay_caindex_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_caindex_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_caindex.c
test_fuzz_replay_caindex_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)

# A hostile iked.
FUZZ_TARGETS += keylink:keymgr/serve_iked.c,keymgr/proof.c
UNIT_TESTS += test/fuzz/replay_keylink
check_PROGRAMS += test/fuzz/replay_keylink
test_fuzz_replay_keylink_CPPFLAGS = $(KEYMGR_CPPFLAGS) -I$(top_srcdir)/test/unit
test_fuzz_replay_keylink_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_keylink.c
test_fuzz_replay_keylink_LDADD = $(KEY_TEST_LIBS)

# All groups and ciphers in the sandboxed daemons, on packets.
NET_TESTS += test/scenario/t_groups
EXTRA_DIST += test/scenario/t_groups

# All ways to prove who one is, in the sandboxed daemons, and what is said when it fails.
NET_TESTS += test/scenario/t_proofs
EXTRA_DIST += test/scenario/t_proofs

# Revocation lists and OCSP answers, as they come from keymgr-fetch.
FUZZ_TARGETS += revoke:keymgr/crl.c,keymgr/distpoint.c,keymgr/ocspcheck.c
UNIT_TESTS += test/fuzz/replay_revoke
check_PROGRAMS += test/fuzz/replay_revoke
EXTRA_PROGRAMS += test/fuzz/make_revoke_corpus
test_fuzz_replay_revoke_CPPFLAGS = $(KEYMGR_CPPFLAGS)
test_fuzz_replay_revoke_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_revoke.c test/fuzz/revoke_ca.h
test_fuzz_replay_revoke_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)
test_fuzz_make_revoke_corpus_CPPFLAGS = $(KEYMGR_CPPFLAGS) -I$(top_srcdir)/test/unit
test_fuzz_make_revoke_corpus_SOURCES = test/fuzz/make_revoke_corpus.c test/fuzz/revoke_ca.h
test_fuzz_make_revoke_corpus_LDADD = $(KEY_TEST_LIBS)
