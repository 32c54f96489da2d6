# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ipsecd, the engine's host in user space. libipsecd.a has its pure parts, for the daemon and for their tests.
noinst_LIBRARIES += kernel/user/libipsecd.a
kernel_user_libipsecd_a_CPPFLAGS = $(CORE_CPPFLAGS)
kernel_user_libipsecd_a_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) -O3
kernel_user_libipsecd_a_SOURCES = \
	kernel/user/csum.c \
	kernel/user/csum.h \
	kernel/user/gro.c \
	kernel/user/gro.h \
	kernel/user/gso.c \
	kernel/user/gso.h \
	kernel/user/guard_file.c \
	kernel/user/guard_file.h \
	kernel/user/nl_read.c \
	kernel/user/nl_read.h \
	kernel/user/pairs.c \
	kernel/user/pairs.h \
	kernel/user/proc_counters.c \
	kernel/user/proc_counters.h \
	kernel/user/proc_counters_read.c \
	kernel/user/route_list.c \
	kernel/user/routes.h \
	kernel/user/select.c \
	kernel/user/select.h \
	kernel/user/select_text.c \
	kernel/user/trouble.c \
	kernel/user/trouble.h \
	kernel/user/wire_cmsg.c \
	kernel/user/wire_cmsg.h \
	kernel/user/wire_split.h

daemon_PROGRAMS += kernel/user/ipsecd
kernel_user_ipsecd_CPPFLAGS = $(CORE_CPPFLAGS)
kernel_user_ipsecd_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) $(NFTNL_CFLAGS) $(SECCOMP_CFLAGS)
kernel_user_ipsecd_LDADD = kernel/user/libipsecd.a kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a \
	$(NFTNL_LIBS) $(MNL_LIBS) $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS) $(ZLIB_LIBS)
kernel_user_ipsecd_SOURCES = \
	kernel/user/beside.c \
	kernel/user/beside.h \
	kernel/user/ctl.c \
	kernel/user/ctl.h \
	kernel/user/device.c \
	kernel/user/device.h \
	kernel/user/droplog.c \
	kernel/user/droplog.h \
	kernel/user/guard.c \
	kernel/user/guard.h \
	kernel/user/guard_disk.c \
	kernel/user/guard_disk.h \
	kernel/user/guard_expr.c \
	kernel/user/guard_expr.h \
	kernel/user/guard_rules.c \
	kernel/user/ifaces.c \
	kernel/user/ifaces.h \
	kernel/user/ipsecd.h \
	kernel/user/main.c \
	kernel/user/net.c \
	kernel/user/net.h \
	kernel/user/nl.c \
	kernel/user/nl.h \
	kernel/user/policies.c \
	kernel/user/policies.h \
	kernel/user/policies_own.c \
	kernel/user/pool.c \
	kernel/user/pool.h \
	kernel/user/relay.c \
	kernel/user/ifroutes.c \
	kernel/user/ifroutes.h \
	kernel/user/routes.c \
	kernel/user/sadb.c \
	kernel/user/sadb.h \
	kernel/user/sandbox.c \
	kernel/user/seam.c \
	kernel/user/select_rules.c \
	kernel/user/stand_in.c \
	kernel/user/tun.c \
	kernel/user/tun.h \
	kernel/user/wire.c \
	kernel/user/wire.h \
	kernel/user/wire_buf.h \
	kernel/user/wire_err.c \
	kernel/user/wire_in.c \
	kernel/user/wire_out.c \
	kernel/user/wire_whole.c

# Scenarios of ipsecd alone: a supervisor that only hands over sockets, and a tool for manual SAs.
check_PROGRAMS += test/scenario/fake_sup test/scenario/pfkey_tool test/scenario/pfkey_crowd
test_scenario_fake_sup_SOURCES = test/scenario/fake_sup.c
test_scenario_fake_sup_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS)
test_scenario_pfkey_crowd_SOURCES = test/scenario/pfkey_crowd.c
test_scenario_pfkey_crowd_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS)
test_scenario_pfkey_tool_SOURCES = test/scenario/pfkey_tool.c
test_scenario_pfkey_tool_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS)
NET_TESTS += test/scenario/t_ipsecd test/scenario/t_ipsecd_path test/scenario/t_selectors
EXTRA_DIST += test/scenario/ipsecd.sh test/scenario/forged.sh test/scenario/t_ipsecd test/scenario/t_ipsecd_path test/scenario/t_selectors

# The pure parts: the TUN's offloads, the saved guard, pairs and routes.
IPSECD_TEST_LIBS = kernel/user/libipsecd.a lib/libcauseway.a $(CRYPTO_LIBS)
check_PROGRAMS += test/unit/test_offload test/unit/test_guard
UNIT_TESTS += test/unit/test_offload test/unit/test_guard
test_unit_test_offload_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_offload_LDADD = $(IPSECD_TEST_LIBS) $(CMOCKA_LIBS)
test_unit_test_guard_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_guard_LDADD = $(IPSECD_TEST_LIBS) $(CMOCKA_LIBS)
# Beside a kernel's engine: its counters, its policies.
check_PROGRAMS += test/unit/test_beside
UNIT_TESTS += test/unit/test_beside
test_unit_test_beside_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_beside_SOURCES = test/unit/test_beside.c kernel/user/policies.c
test_unit_test_beside_LDADD = $(IPSECD_TEST_LIBS) $(EVENT_LIBS) $(CMOCKA_LIBS)
# What the system says: ancillary data, rtnetlink, the module's counters.
check_PROGRAMS += test/unit/test_system test/fuzz/replay_system
UNIT_TESTS += test/unit/test_system test/fuzz/replay_system
test_unit_test_system_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_system_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
test_unit_test_system_LDADD = $(IPSECD_TEST_LIBS) $(MNL_LIBS) $(CMOCKA_LIBS)
FUZZ_TARGETS += system:lib/cmsg.c,iked/run/cmsg.c,kernel/user/nl_read.c,kernel/user/proc_counters.c,kernel/user/wire_cmsg.c
test_fuzz_replay_system_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_system.c iked/run/cmsg.c
test_fuzz_replay_system_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/iked
test_fuzz_replay_system_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
test_fuzz_replay_system_LDADD = $(IPSECD_TEST_LIBS) $(MNL_LIBS)
# PF_KEY clients that read late, without the engine.
check_PROGRAMS += test/unit/test_sadb
UNIT_TESTS += test/unit/test_sadb
test_unit_test_sadb_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_sadb_LDADD = lib/libcauseway.a $(CMOCKA_LIBS) $(EVENT_LIBS)
test_unit_test_sadb_SOURCES = test/unit/test_sadb.c kernel/user/sadb.c
# The host's own drops: its packet code around the engine, with descriptors of the test's.
check_PROGRAMS += test/unit/test_host_drops
UNIT_TESTS += test/unit/test_host_drops
test_unit_test_host_drops_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_host_drops_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) $(NFTNL_CFLAGS) $(SECCOMP_CFLAGS)
test_unit_test_host_drops_LDADD = kernel/user/libipsecd.a kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a \
	$(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS) $(ZLIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_host_drops_SOURCES = test/unit/test_host_drops.c kernel/user/pool.c kernel/user/relay.c kernel/user/seam.c \
	kernel/user/device.c kernel/user/droplog.c kernel/user/tun.c kernel/user/wire.c kernel/user/wire_err.c kernel/user/wire_in.c kernel/user/wire_out.c \
	kernel/user/wire_whole.c
check_PROGRAMS += test/unit/test_host_whole
UNIT_TESTS += test/unit/test_host_whole
test_unit_test_host_whole_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_host_whole_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_unit_test_host_whole_SOURCES = test/unit/test_host_whole.c kernel/user/wire_whole.c
# Netlink: which routes are told of, and answers that are not all there.
check_PROGRAMS += test/unit/test_nl
UNIT_TESTS += test/unit/test_nl
test_unit_test_nl_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_nl_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
test_unit_test_nl_SOURCES = test/unit/test_nl.c kernel/user/nl.c kernel/user/routes.c
test_unit_test_nl_LDADD = $(IPSECD_TEST_LIBS) $(MNL_LIBS) $(CMOCKA_LIBS)
FUZZ_TARGETS += guard:kernel/user/guard_file.c,kernel/user/pairs.c,kernel/user/select_text.c offload:kernel/user/gro.c,kernel/user/gso.c,kernel/user/csum.c
UNIT_TESTS += test/fuzz/replay_guard test/fuzz/replay_offload
check_PROGRAMS += test/fuzz/replay_guard test/fuzz/replay_offload
test_fuzz_replay_guard_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_guard.c
test_fuzz_replay_guard_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_guard_LDADD = $(IPSECD_TEST_LIBS)
test_fuzz_replay_offload_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_offload.c
test_fuzz_replay_offload_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_offload_LDADD = $(IPSECD_TEST_LIBS)

# The manual page and the decisions of this folder.
dist_man_MANS += doc/ipsecd.8
EXTRA_DIST += doc/decisions/0011-ipsecd.md
# What stands when the suite ends over a kernel's engine (ESP_KEEP).
check_PROGRAMS += test/unit/test_keep
UNIT_TESTS += test/unit/test_keep
test_unit_test_keep_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_keep_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS) $(NFTNL_CFLAGS)
test_unit_test_keep_LDADD = $(IPSECD_TEST_LIBS) $(NFTNL_LIBS) $(MNL_LIBS) $(EVENT_LIBS) $(SECCOMP_LIBS) $(CMOCKA_LIBS)
test_unit_test_keep_SOURCES = test/unit/test_keep.c kernel/user/net.c kernel/user/nl.c kernel/user/guard.c kernel/user/guard_disk.c \
	kernel/user/guard_expr.c kernel/user/guard_rules.c kernel/user/ifroutes.c kernel/user/routes.c kernel/user/select_rules.c
