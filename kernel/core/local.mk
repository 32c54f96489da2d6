# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The engine, compiled against the seam of one host (the -I that finds host.h), and its tests.
CORE_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/kernel/user -I$(top_srcdir)/kernel/core
CORE_SOURCES = \
	kernel/core/acquire.c \
	kernel/core/ah.c \
	kernel/core/ah_icv.c \
	kernel/core/alg.c \
	kernel/core/check.c \
	kernel/core/comp.c \
	kernel/core/core.h \
	kernel/core/cw.h \
	kernel/core/due.c \
	kernel/core/engine.c \
	kernel/core/esp_in.c \
	kernel/core/bundle.c \
	kernel/core/esp_out.c \
	kernel/core/icmp.c \
	kernel/core/iface.c \
	kernel/core/index.c \
	kernel/core/ip.c \
	kernel/core/knob.c \
	kernel/core/old.c \
	kernel/core/own.c \
	kernel/core/pf.h \
	kernel/core/pf_decode.c \
	kernel/core/pf_drops.c \
	kernel/core/pf_encode.c \
	kernel/core/pf_event.c \
	kernel/core/pf_named.c \
	kernel/core/pf_promisc.c \
	kernel/core/pf_sa.c \
	kernel/core/pf_spd.c \
	kernel/core/pfkey.c \
	kernel/core/replay.c \
	kernel/core/sad.c \
	kernel/core/seen.c \
	kernel/core/spd.c \
	kernel/core/tap.c \
	kernel/include/causeway/drop.def \
	kernel/include/causeway/knob.def \
	kernel/include/causeway/pfkey.h
noinst_LIBRARIES += kernel/core/libcw.a kernel/user/libhost.a
kernel_core_libcw_a_CPPFLAGS = $(CORE_CPPFLAGS)
kernel_core_libcw_a_SOURCES = $(CORE_SOURCES) kernel/user/host.h
kernel_user_libhost_a_CPPFLAGS = $(CORE_CPPFLAGS)
kernel_user_libhost_a_SOURCES = \
	kernel/user/comp.c \
	kernel/user/comp.h \
	kernel/user/crypt.c \
	kernel/user/host_comp.c \
	kernel/user/host_openssl.c \
	kernel/user/kpdk.c \
	kernel/user/kpdk.h \
	kernel/user/xcbc.c \
	kernel/user/xcbc.h

# IPComp's DEFLATE.
UNIT_TESTS += test/unit/test_comp test/fuzz/replay_comp
check_PROGRAMS += test/unit/test_comp test/fuzz/replay_comp
test_unit_test_comp_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_comp_LDADD = kernel/user/libhost.a lib/libcauseway.a $(ZLIB_LIBS) $(CMOCKA_LIBS)
FUZZ_TARGETS += comp:kernel/user/comp.c
test_fuzz_replay_comp_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_comp.c
test_fuzz_replay_comp_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_comp_LDADD = kernel/user/libhost.a lib/libcauseway.a $(ZLIB_LIBS)

# What they share is compiled once: they are many.
check_LIBRARIES += test/unit/libcorerig.a
test_unit_libcorerig_a_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_libcorerig_a_SOURCES = test/unit/core_rig.c test/unit/core_rig.h
CORE_TEST_LIBS = test/unit/libcorerig.a kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS) $(CMOCKA_LIBS)
CORE_TESTS = test/unit/test_core_alg test/unit/test_core_esp test/unit/test_core_transport test/unit/test_core_bundle test/unit/test_core_comp test/unit/test_core_ah test/unit/test_core_ah_icv test/unit/test_core_ah_sa test/unit/test_core_old test/unit/test_core_replay test/unit/test_core_spd test/unit/test_core_pfkey \
	test/unit/test_core_life test/unit/test_core_drops test/unit/test_core_scale test/unit/test_known_faults test/unit/test_core_knobs test/unit/test_core_selectors test/unit/test_core_tap test/unit/test_core_iface
check_PROGRAMS += $(CORE_TESTS)
UNIT_TESTS += $(CORE_TESTS)
test_unit_test_core_alg_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_alg_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_transport_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_transport_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_bundle_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_bundle_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=host_seal,--wrap=host_open
test_unit_test_core_bundle_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_comp_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_comp_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_ah_sa_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_ah_sa_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_old_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_old_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_ah_icv_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_ah_icv_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_ah_SOURCES = test/unit/test_core_ah.c test/unit/core_ah_stacks.h test/unit/core_ends.h
test_unit_test_core_ah_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_ah_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_esp_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_esp_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_replay_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_replay_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_spd_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_spd_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_pfkey_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_pfkey_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_life_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_life_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_scale_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_scale_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_selectors_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_selectors_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_tap_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_tap_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_iface_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_iface_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_knobs_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_knobs_LDADD = $(CORE_TEST_LIBS)
test_unit_test_known_faults_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_known_faults_LDADD = $(CORE_TEST_LIBS)
test_unit_test_core_drops_CPPFLAGS = $(CORE_CPPFLAGS)
test_unit_test_core_drops_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=host_seal,--wrap=cw_sa_alive
test_unit_test_core_drops_LDADD = $(CORE_TEST_LIBS)

# The same under several threads, against a seam with real locks (test/unit/threads), watched by ThreadSanitizer; the build
# with the other sanitizers, which cannot be had together with it, runs it for ASan.
check_PROGRAMS += test/unit/test_core_threads
UNIT_TESTS += test/unit/test_core_threads
EXTRA_DIST += test/unit/threads/host.h
if !SANITIZERS
THREAD_FLAGS = -g -O1 -fsanitize=thread
endif
test_unit_test_core_threads_SOURCES = test/unit/test_core_threads.c $(CORE_SOURCES)
test_unit_test_core_threads_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit/threads -I$(top_srcdir)/kernel/core -I$(top_srcdir)/test/unit
test_unit_test_core_threads_CFLAGS = $(AM_CFLAGS) $(THREAD_FLAGS)
test_unit_test_core_threads_LDFLAGS = $(AM_LDFLAGS) $(THREAD_FLAGS) -pthread
test_unit_test_core_threads_LDADD = lib/libcauseway.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

# ESP (also behind the cipher) and PF_KEY messages.
FUZZ_TARGETS += esp:kernel/core/esp_in.c,kernel/core/icmp.c,kernel/core/ip.c
UNIT_TESTS += test/fuzz/replay_esp
check_PROGRAMS += test/fuzz/replay_esp
test_fuzz_replay_esp_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_esp.c
test_fuzz_replay_esp_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_esp_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
# IPComp's packets, which anybody may send.
EXTRA_DIST += doc/decisions/0073-ipcomp.md doc/decisions/0076-ah.md doc/decisions/0083-old-forms.md
FUZZ_TARGETS += ipcomp:kernel/core/comp.c
UNIT_TESTS += test/fuzz/replay_ipcomp
check_PROGRAMS += test/fuzz/replay_ipcomp
test_fuzz_replay_ipcomp_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_ipcomp.c
test_fuzz_replay_ipcomp_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_ipcomp_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
# AH's, headers in front of it included.
FUZZ_TARGETS += ah:kernel/core/ah.c,kernel/core/ah_icv.c
UNIT_TESTS += test/fuzz/replay_ah
check_PROGRAMS += test/fuzz/replay_ah
test_fuzz_replay_ah_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_ah.c
test_fuzz_replay_ah_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_ah_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
# The old forms of both.
FUZZ_TARGETS += old:kernel/core/old.c
UNIT_TESTS += test/fuzz/replay_old
check_PROGRAMS += test/fuzz/replay_old
test_fuzz_replay_old_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_old.c
test_fuzz_replay_old_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_old_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
FUZZ_TARGETS += pfkey:kernel/core/pf_decode.c,kernel/core/pf_named.c,kernel/core/pf_drops.c,kernel/core/pf_promisc.c,kernel/core/pf_sa.c,kernel/core/pf_spd.c,kernel/core/pfkey.c
UNIT_TESTS += test/fuzz/replay_pfkey
check_PROGRAMS += test/fuzz/replay_pfkey
test_fuzz_replay_pfkey_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_pfkey.c
test_fuzz_replay_pfkey_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_pfkey_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)

# What nothing protects, both ways; and the policies of programs and their sockets.
FUZZ_TARGETS += clear:kernel/core/check.c policy:lib/poltext.c,lib/poltext_print.c,lib/ipsec_policy.c,kernel/core/pf_spd.c
UNIT_TESTS += test/fuzz/replay_clear test/fuzz/replay_policy
check_PROGRAMS += test/fuzz/replay_clear test/fuzz/replay_policy
test_fuzz_replay_clear_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_clear.c
test_fuzz_replay_clear_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_clear_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
test_fuzz_replay_policy_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_core.c test/fuzz/fuzz_core.h test/fuzz/fuzz_policy.c
test_fuzz_replay_policy_CPPFLAGS = $(CORE_CPPFLAGS)
test_fuzz_replay_policy_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)

# The seam: what the core needs from its host is on an allow list, and nothing else.
EXTRA_DIST += kernel/core/seam kernel/core/seam.allow
UNIT_TESTS += kernel/core/seam
seam: kernel/core/libcw.a
	@$(TESTENV) $(srcdir)/kernel/core/seam
.PHONY: seam
