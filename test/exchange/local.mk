# SPDX-License-Identifier: BSD-2-Clause
# Two IKE engines back to back under a virtual clock.
EXCHANGE_TESTS = test/exchange/test_setup test/exchange/test_collide test/exchange/test_random \
	test/exchange/test_edges test/exchange/test_hostile test/exchange/test_loss test/exchange/test_window
check_PROGRAMS += $(EXCHANGE_TESTS)
UNIT_TESTS += $(EXCHANGE_TESTS)
check_LIBRARIES += test/exchange/libsim.a
test_exchange_libsim_a_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_libsim_a_SOURCES = \
	test/exchange/sim.c \
	test/exchange/sim.h \
	test/exchange/sim_check.c \
	test/exchange/sim_key.c
EXCHANGE_LIBS = test/exchange/libsim.a iked/libike.a iked/libikewire.a lib/libcauseway.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_exchange_test_setup_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_setup_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_collide_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_collide_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_random_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_random_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_edges_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_edges_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_loss_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_loss_LDADD = $(EXCHANGE_LIBS)

check_PROGRAMS += test/exchange/test_review
UNIT_TESTS += test/exchange/test_review
test_exchange_test_review_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_review_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_hostile_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_hostile_LDADD = $(EXCHANGE_LIBS)
test_exchange_test_window_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_window_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_peer_errors
UNIT_TESTS += test/exchange/test_peer_errors
test_exchange_test_peer_errors_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_peer_errors_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_times
UNIT_TESTS += test/exchange/test_times
test_exchange_test_times_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_times_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_certs
UNIT_TESTS += test/exchange/test_certs
test_exchange_test_certs_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_certs_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_certs_hostile
UNIT_TESTS += test/exchange/test_certs_hostile
test_exchange_test_certs_hostile_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_certs_hostile_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_frags
UNIT_TESTS += test/exchange/test_frags
test_exchange_test_frags_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_frags_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_frags_hostile
UNIT_TESTS += test/exchange/test_frags_hostile
test_exchange_test_frags_hostile_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_frags_hostile_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_demand
UNIT_TESTS += test/exchange/test_demand
test_exchange_test_demand_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_demand_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_kinds
UNIT_TESTS += test/exchange/test_kinds
test_exchange_test_kinds_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_kinds_LDADD = $(EXCHANGE_LIBS)
check_PROGRAMS += test/exchange/test_stray
UNIT_TESTS += test/exchange/test_stray
test_exchange_test_stray_CPPFLAGS = $(IKED_CPPFLAGS)
test_exchange_test_stray_LDADD = $(EXCHANGE_LIBS)

# A peer who says what he likes: the whole of the engine, of which what is no decoder has no 90 % to reach.
FUZZ_TARGETS += peer:iked/wire/natd.c
UNIT_TESTS += test/fuzz/replay_peer
check_PROGRAMS += test/fuzz/replay_peer
test_fuzz_replay_peer_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_replay_peer_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_peer.c
test_fuzz_replay_peer_LDADD = test/exchange/libsim.a iked/libike.a iked/libikewire.a lib/libcauseway.a $(CRYPTO_LIBS)
