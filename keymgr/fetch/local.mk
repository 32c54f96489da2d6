# SPDX-License-Identifier: BSD-2-Clause
# keymgr-fetch. libfetch.a is all of it but its main and its sandbox: the tests link it.
FETCH_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/keymgr/fetch

noinst_LIBRARIES += keymgr/fetch/libfetch.a
keymgr_fetch_libfetch_a_CPPFLAGS = $(FETCH_CPPFLAGS)
keymgr_fetch_libfetch_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
keymgr_fetch_libfetch_a_SOURCES = \
	keymgr/fetch/fetch.h \
	keymgr/fetch/file.c \
	keymgr/fetch/get.c \
	keymgr/fetch/ldif.c \
	keymgr/fetch/serve.c \
	keymgr/fetch/url.c

daemon_PROGRAMS += keymgr/fetch/keymgr-fetch
keymgr_fetch_keymgr_fetch_CPPFLAGS = $(FETCH_CPPFLAGS)
keymgr_fetch_keymgr_fetch_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS) $(CURL_CFLAGS)
keymgr_fetch_keymgr_fetch_LDADD = keymgr/fetch/libfetch.a lib/libcauseway.a $(EVENT_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
keymgr_fetch_keymgr_fetch_SOURCES = \
	keymgr/fetch/main.c \
	keymgr/fetch/sandbox.c

# Tests
check_PROGRAMS += test/unit/test_fetch
UNIT_TESTS += test/unit/test_fetch
test_unit_test_fetch_CPPFLAGS = $(FETCH_CPPFLAGS) -I$(top_srcdir)/keymgr
test_unit_test_fetch_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
test_unit_test_fetch_SOURCES = test/unit/test_fetch.c test/unit/web.c test/unit/web.h
test_unit_test_fetch_LDADD = keymgr/fetch/libfetch.a keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

# In its sandbox, alone.
check_PROGRAMS += test/scenario/fetch_ask test/scenario/web
test_scenario_fetch_ask_CPPFLAGS = $(FETCH_CPPFLAGS) -I$(top_srcdir)/keymgr
test_scenario_fetch_ask_SOURCES = test/scenario/fetch_ask.c
test_scenario_fetch_ask_LDADD = keymgr/libkeymgr.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
test_scenario_web_SOURCES = test/scenario/web.c test/unit/web.c test/unit/web.h
NET_TESTS += test/scenario/t_fetch
EXTRA_DIST += test/scenario/t_fetch

# Addresses and LDAP answers.
FUZZ_TARGETS += fetch:keymgr/fetch/url.c,keymgr/fetch/ldif.c
UNIT_TESTS += test/fuzz/replay_fetch
check_PROGRAMS += test/fuzz/replay_fetch
test_fuzz_replay_fetch_CPPFLAGS = $(FETCH_CPPFLAGS)
test_fuzz_replay_fetch_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
test_fuzz_replay_fetch_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_fetch.c
test_fuzz_replay_fetch_LDADD = keymgr/fetch/libfetch.a lib/libcauseway.a $(EVENT_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS)
