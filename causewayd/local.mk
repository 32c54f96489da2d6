# SPDX-License-Identifier: BSD-2-Clause
# causewayd, the supervisor. All but main.c is a library, so that the tests link it.
noinst_LIBRARIES += causewayd/libcausewayd.a
causewayd_libcausewayd_a_SOURCES = \
	causewayd/conf.c \
	causewayd/conf.h \
	causewayd/host.c \
	causewayd/host.h \
	causewayd/links.c \
	causewayd/links.h \
	causewayd/places.c \
	causewayd/places.h \
	causewayd/sockets.c \
	causewayd/sockets.h \
	causewayd/spawn.c \
	causewayd/spawn.h \
	causewayd/state.c \
	causewayd/state.h \
	causewayd/supervise.c \
	causewayd/supervise.h
daemon_PROGRAMS += causewayd/causewayd
causewayd_causewayd_SOURCES = causewayd/main.c
causewayd_causewayd_LDADD = causewayd/libcausewayd.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS) $(YAML_LIBS)

CAUSEWAYD_TEST_LIBS = causewayd/libcausewayd.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS) $(YAML_LIBS)
check_PROGRAMS += test/scenario/stub
test_scenario_stub_LDADD = $(CAUSEWAYD_TEST_LIBS)
check_PROGRAMS += test/unit/test_ipc test/unit/test_ipc_breach
UNIT_TESTS += test/unit/test_ipc test/unit/test_ipc_breach
test_unit_test_ipc_SOURCES = test/unit/test_ipc.c test/unit/ipc_fix.c test/unit/ipc_fix.h
test_unit_test_ipc_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
# The log is caught by the test: a breach is logged once.
test_unit_test_ipc_LDFLAGS = -Wl,--wrap=log_at
test_unit_test_ipc_breach_SOURCES = test/unit/test_ipc_breach.c test/unit/ipc_fix.c test/unit/ipc_fix.h
test_unit_test_ipc_breach_LDADD = $(test_unit_test_ipc_LDADD)
test_unit_test_ipc_breach_LDFLAGS = $(test_unit_test_ipc_LDFLAGS)
NET_TESTS += test/scenario/t_supervisor test/scenario/t_boundaries
EXTRA_DIST += doc/decisions/0041-host.md test/scenario/t_supervisor test/scenario/t_boundaries etc/systemd/causeway-guard.service

check_PROGRAMS += test/unit/test_conf test/unit/test_supervise
UNIT_TESTS += test/unit/test_conf test/unit/test_supervise
test_unit_test_conf_LDADD = $(CAUSEWAYD_TEST_LIBS) $(CMOCKA_LIBS)
test_unit_test_supervise_LDADD = $(CAUSEWAYD_TEST_LIBS) $(CMOCKA_LIBS)

FUZZ_TARGETS += conf:causewayd/conf.c
UNIT_TESTS += test/fuzz/replay_conf
check_PROGRAMS += test/fuzz/replay_conf
test_fuzz_replay_conf_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_conf.c
test_fuzz_replay_conf_LDADD = $(CAUSEWAYD_TEST_LIBS)

# The system users of the daemons: made only when asked for, as root.
install-users:
	@if command -v systemd-sysusers >/dev/null; then systemd-sysusers $(abs_top_srcdir)/etc/sysusers.d/causeway.conf; else \
	for g in $$($(SED) -n 's/^g *\([^ ]*\).*/\1/p' $(srcdir)/etc/sysusers.d/causeway.conf); do \
		getent group $$g >/dev/null || groupadd --system $$g || exit 1; done; \
	for u in $$($(SED) -n 's/^u *\([^ ]*\).*/\1/p' $(srcdir)/etc/sysusers.d/causeway.conf); do \
		getent passwd $$u >/dev/null || useradd --system --home-dir / --no-create-home --shell /usr/sbin/nologin $$u || exit 1; done; fi
.PHONY: install-users
