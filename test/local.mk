# SPDX-License-Identifier: BSD-2-Clause
# The test targets of the contracts. Every one of them runs test/run over TAP programs; its last line is "N passed, N failed".
EXTRA_DIST += test/run test/subbuild test/all test/lint/source test/lint/doc test/lint/drops test/lint/scenarios
if !SANITIZERS
UNIT_TESTS += test/lint/source test/lint/doc test/lint/drops test/lint/scenarios
endif
TESTENV = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' MAKE='$(MAKE)' srcdir='$(srcdir)'
# The name of the suite that UNIT_TESTS run as: check-san runs the same ones in a build folder of its own.
SUITE = check
# What tests themselves are made of: half of what a build compiles is that, and nothing in it is to be fast. Their own arithmetic
# is not what the sanitizer of undefined behaviour is for; their memory is watched, since what is tested may write there.
test/unit/%.o test/exchange/%.o test/fuzz/%.o: CFLAGS += -O0 -fno-sanitize=undefined
# So many tests at once. Most of a scenario is waiting for a state; each has namespaces of its own.
CHECK_JOBS = 3
NET_JOBS = 5
# Two have much to do, and two wait for time limits of a daemon: they begin, so that the others go on beside them.
CHECK_FIRST = test/web/test_cgi test/unit/test_edits test/unit/test_spdsync test/unit/test_events
# Those that take longest begin, so that none of them is left over in the end. The first counts every single packet: it is alone.
NET_ALONE = test/scenario/t_kill
NET_FIRST = $(NET_ALONE) test/scenario/t_boundaries test/scenario/t_quickstart test/scenario/t_rekey test/scenario/t_explain_certs \
	test/scenario/t_ike_comp test/interop/t_strongswan test/scenario/t_certs test/scenario/t_leak test/scenario/t_drift

check-local: $(check_PROGRAMS)
	@$(TESTENV) JOBS=$(CHECK_JOBS) $(srcdir)/test/run $(SUITE) \
	$(CHECK_FIRST) $(filter-out $(CHECK_FIRST),$(UNIT_TESTS))
# What check-san does not say: what is about the sources and the objects, and the fault at each access of a disk, of which it takes a few.
CHECK_PLAIN = test/unit/test_store_kill
check-plain: all
	@+$(MAKE) -s $(CHECK_PLAIN)
	@$(TESTENV) JOBS=$(CHECK_JOBS) $(srcdir)/test/run check $(CHECK_PLAIN) $(filter test/lint/% kernel/core/seam,$(UNIT_TESTS))

check-san: san-made
	@$(MAKE) -s -C build-san SUITE=check-san check
# Its build is most of its time. check-all begins it beside the other tests, and whoever comes second waits for the first.
san-made:
	@+$(TESTENV) $(srcdir)/test/subbuild san --enable-sanitizers -- check-programs
# Behind all, not beside it: all is another make, and both would write the same archives.
check-programs: all
	@+$(MAKE) -s check-programs-made
check-programs-made: $(check_LIBRARIES) $(check_PROGRAMS)
# Those among them that scenarios start: all that are no tests of their own.
tools: all
	@+$(MAKE) -s tools-made
tools-made: $(filter-out $(UNIT_TESTS),$(check_PROGRAMS))

# Scenarios run what is installed below the build folder; what is there already is not put there anew, since others may run it just now.
scenario-root: tools
	@exec 9>scenario-root.lock && flock 9 && $(MAKE) -s install INSTALL='install -C' DESTDIR= prefix='$(abs_builddir)/inst' >scenario-root.log 2>&1 || { tail -20 scenario-root.log; false; }
	@test "$$(id -u)" != 0 || $(MAKE) -s install-users

check-net: scenario-root
	@if test "$$(id -u)" = 0; then $(TESTENV) JOBS=$(NET_JOBS) ALONE='$(NET_ALONE)' \
	$(srcdir)/test/run check-net $(NET_FIRST) $(filter-out $(NET_FIRST),$(NET_TESTS)); \
	else echo "check-net needs root: it makes network namespaces"; test -z "$$CI"; fi

# The same in a QEMU guest with Debian's kernel, which has what this machine's kernel may lack (ESP, PF_KEY, netem): peers that need it,
# and scenarios of the user host over the kernel module, under the same names. KERNEL=6.12 is Debian 13's.
# VM_FLAGS="-i FILE.ko -m MODULE -e NAME=VALUE ..." goes to test/vm/run, which says what there is.
KERNEL =
VM_FLAGS =
VM_RUN = $(srcdir)/test/vm/run $(if $(KERNEL),-k $(KERNEL))
# One job more than the guest has processors: each waits now and then.
VM_JOBS = 3
# It wants the module for itself, and puts it back.
VM_ALONE = test/vm/t_module
check-vm: scenario-root
	@if command -v qemu-system-x86_64 >/dev/null || test -n "$$CI"; then \
	$(TESTENV) JOBS=$(VM_JOBS) ALONE='$(VM_ALONE)' $(VM_RUN) -M 2000 -i module $(VM_FLAGS) check-vm $(VM_TESTS) $(VM_FIRST); \
	else echo "check-vm needs the Debian package qemu-system-x86"; fi
# What the guest boots from, and the module for its kernel: check-all begins to make them beside the first tests.
vm-made:
	@if command -v qemu-system-x86_64 >/dev/null; then $(TESTENV) $(VM_RUN) $(VM_FLAGS) -B; fi

# All of them over the module, each in a guest of its own; some minutes each, where the guest is emulated, so check-vm runs the most
# telling ones only.
over-module/%:
	@$(TESTENV) $(VM_RUN) $(VM_FLAGS) -i module check-vm $*
# Some of them make programs with test hooks, which is for here and not for an emulated processor to do.
$(addprefix over-module/test/scenario/,t_drift t_boundaries t_dissect): build-hooks-made
build-hooks-made: scenario-root
	@$(TESTENV) $(srcdir)/test/subbuild hooks --enable-test-hooks
	@$(MAKE) -s -C build-hooks all test/unit/sync_world >build-hooks/made.log 2>&1 || { tail -20 build-hooks/made.log; false; }
check-vm-scenarios: scenario-root
	@+$(TESTENV) $(srcdir)/test/all $(addprefix over-module/,$(VM_SCENARIOS))

# What takes longer: not part of check-all.
check-vm-more: scenario-root
	@$(TESTENV) $(VM_RUN) -T -t 3600 $(VM_FLAGS) check-vm-more $(VM_MORE)

# A thousand times: some minutes.
check-vm-reload: scenario-root
	@$(TESTENV) $(VM_RUN) $(VM_FLAGS) -e RELOADS=1000 check-vm-reload test/vm/t_reload

# The module's builds for Debian 12's and 13's kernels, sparse and DKMS; about two minutes, not part of check-all.
check-module: all
	@$(TESTENV) $(srcdir)/test/run check-module test/vm/t_build

# The whole matrix of peers, here and in the guest: strongSwan, Libreswan, OpenIKED, Linux's own ESP.
interop: scenario-root
	@$(TESTENV) $(srcdir)/test/run interop $(filter test/interop/%,$(NET_TESTS))
	@$(TESTENV) $(VM_RUN) -t 3600 $(VM_FLAGS) interop $(INTEROP_VM)

# Not part of check-all: two hundred random kills and edits, ten minutes. SEED=n repeats a run.
soak: scenario-root
	@LEAK_ROUNDS=200 $(TESTENV) $(srcdir)/test/run soak test/scenario/t_leak

# Scenarios mostly wait: the processors are free for the sanitized build then. A browser beside them would take what they need to lose no
# packet; it waits as well, and unit tests have no packets to lose.
# Unit tests run once in it, with sanitizers: what is optimized runs in the scenarios.
check-all:
	@+nice -n 19 $(MAKE) -s san-made >san-made.log 2>&1 & \
	nice -n 19 $(MAKE) -s web/made >web-made.log 2>&1 & \
	nice -n 19 $(MAKE) -s vm-made >vm-made.log 2>&1 & \
	$(TESTENV) $(srcdir)/test/all check-plain check-net check-web+check-san check-vm

.PHONY: check-plain tools tools-made scenario-root build-hooks-made san-made check-programs check-programs-made check-san check-net check-module check-vm vm-made check-vm-more check-vm-reload check-vm-scenarios interop soak check-all

include test/exchange/local.mk
include test/unit/local.mk
include test/fuzz/local.mk
include test/scenario/local.mk
include test/vm/local.mk
