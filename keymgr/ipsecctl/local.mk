# SPDX-License-Identifier: BSD-2-Clause
# Settings and counters of the engine, over the same talk as setkey's.
IPSECCTL_CPPFLAGS = $(SETKEY_CPPFLAGS) -I$(top_srcdir)/keymgr/ipsecctl
noinst_LIBRARIES += keymgr/ipsecctl/libipsecctl.a
keymgr_ipsecctl_libipsecctl_a_CPPFLAGS = $(IPSECCTL_CPPFLAGS)
keymgr_ipsecctl_libipsecctl_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
keymgr_ipsecctl_libipsecctl_a_SOURCES = \
	keymgr/ipsecctl/knobs.c \
	keymgr/ipsecctl/knobs.h \
	keymgr/ipsecctl/sections.c \
	keymgr/ipsecctl/sections.h
sbin_PROGRAMS += keymgr/ipsecctl/ipsecctl
keymgr_ipsecctl_ipsecctl_CPPFLAGS = $(IPSECCTL_CPPFLAGS)
keymgr_ipsecctl_ipsecctl_LDADD = keymgr/ipsecctl/libipsecctl.a $(SETKEY_LIBS)
keymgr_ipsecctl_ipsecctl_SOURCES = keymgr/ipsecctl/main.c keymgr/setkey/talk.c

UNIT_TESTS += test/unit/test_ipsecctl
check_PROGRAMS += test/unit/test_ipsecctl
test_unit_test_ipsecctl_CPPFLAGS = $(IPSECCTL_CPPFLAGS)
test_unit_test_ipsecctl_LDADD = keymgr/ipsecctl/libipsecctl.a $(SETKEY_LIBS) $(CMOCKA_LIBS)

# Files of settings, which people write.
FUZZ_TARGETS += knobs:keymgr/ipsecctl/knobs.c
UNIT_TESTS += test/fuzz/replay_knobs
check_PROGRAMS += test/fuzz/replay_knobs
test_fuzz_replay_knobs_CPPFLAGS = $(IPSECCTL_CPPFLAGS)
test_fuzz_replay_knobs_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_knobs.c
test_fuzz_replay_knobs_LDADD = keymgr/ipsecctl/libipsecctl.a

NET_TESTS += test/scenario/t_knobs
EXTRA_DIST += test/scenario/t_knobs
