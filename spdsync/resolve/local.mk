# SPDX-License-Identifier: BSD-2-Clause
# spdsync-resolve. libresolve.a is all of it but its main and its sandbox: the tests link it.
RESOLVE_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/spdsync/resolve

noinst_LIBRARIES += spdsync/resolve/libresolve.a
spdsync_resolve_libresolve_a_CPPFLAGS = $(RESOLVE_CPPFLAGS)
spdsync_resolve_libresolve_a_SOURCES = \
	spdsync/resolve/ask.c \
	spdsync/resolve/dns.c \
	spdsync/resolve/dns.h \
	spdsync/resolve/files.c \
	spdsync/resolve/resolve.h \
	spdsync/resolve/serve.c \
	spdsync/resolve/tcp.c

daemon_PROGRAMS += spdsync/resolve/spdsync-resolve
spdsync_resolve_spdsync_resolve_CPPFLAGS = $(RESOLVE_CPPFLAGS)
spdsync_resolve_spdsync_resolve_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
spdsync_resolve_spdsync_resolve_LDADD = spdsync/resolve/libresolve.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
spdsync_resolve_spdsync_resolve_SOURCES = \
	spdsync/resolve/main.c \
	spdsync/resolve/sandbox.c

# Tests
check_PROGRAMS += test/unit/test_resolve
UNIT_TESTS += test/unit/test_resolve
test_unit_test_resolve_CPPFLAGS = $(RESOLVE_CPPFLAGS)
test_unit_test_resolve_LDADD = spdsync/resolve/libresolve.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

# A DNS server for scenarios.
check_PROGRAMS += test/scenario/dns
test_scenario_dns_SOURCES = test/scenario/dns.c

# Answers of the DNS, and the resolver's files.
FUZZ_TARGETS += dns:spdsync/resolve/dns.c,spdsync/resolve/files.c
UNIT_TESTS += test/fuzz/replay_dns
check_PROGRAMS += test/fuzz/replay_dns
test_fuzz_replay_dns_CPPFLAGS = $(RESOLVE_CPPFLAGS)
test_fuzz_replay_dns_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_dns.c
test_fuzz_replay_dns_LDADD = spdsync/resolve/libresolve.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)
