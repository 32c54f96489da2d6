# SPDX-License-Identifier: BSD-2-Clause
# wire <- sa <- ex <- run: libikewire.a is bytes and structs, libike.a the machine, iked its effects.
IKED_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/iked

noinst_LIBRARIES += iked/libikewire.a
iked_libikewire_a_CPPFLAGS = $(IKED_CPPFLAGS)
iked_libikewire_a_SOURCES = \
	iked/wire/chain.c \
	iked/wire/cookie.c \
	iked/wire/cookie.h \
	iked/wire/frag.c \
	iked/wire/frag.h \
	iked/wire/hdr.c \
	iked/wire/msg.h \
	iked/wire/names.c \
	iked/wire/natd.c \
	iked/wire/natd.h \
	iked/wire/notify.def \
	iked/wire/notify.h \
	iked/wire/pld_auth.c \
	iked/wire/pld_delete.c \
	iked/wire/pld_id.c \
	iked/wire/pld_ke.c \
	iked/wire/pld_nonce.c \
	iked/wire/pld_notify.c \
	iked/wire/pld_sa.c \
	iked/wire/pld_ts.c \
	iked/wire/pld_vid.c \
	iked/wire/rules.c \
	iked/wire/rules.h \
	iked/wire/sk.c \
	iked/wire/sk.h \
	iked/wire/werr.def

EXTRA_DIST += doc/decisions/0020-iked.md doc/decisions/0042-large-ike-messages.md
noinst_LIBRARIES += iked/libike.a
iked_libike_a_CPPFLAGS = $(IKED_CPPFLAGS)
iked_libike_a_SOURCES = \
	iked/ex/auth.c \
	iked/ex/auth_end.c \
	iked/ex/auth_r.c \
	iked/ex/cert.c \
	iked/ex/child.c \
	iked/ex/child_r.c \
	iked/ex/delete.c \
	iked/ex/ex.h \
	iked/ex/init.c \
	iked/ex/init_r.c \
	iked/ex/liveness.c \
	iked/ex/nat.c \
	iked/ex/offer.c \
	iked/ex/rekey.c \
	iked/ex/rekey_r.c \
	iked/sa/able.c \
	iked/sa/call.c \
	iked/sa/child.c \
	iked/sa/counters.def \
	iked/sa/edges.c \
	iked/sa/edges.h \
	iked/sa/engine.c \
	iked/sa/engine.h \
	iked/sa/halfopen.c \
	iked/sa/ike_sa.c \
	iked/sa/input.c \
	iked/sa/match.c \
	iked/sa/ops.h \
	iked/sa/report.c \
	iked/sa/send.c \
	iked/sa/stray.c \
	iked/sa/tend.c \
	iked/sa/timer.c \
	iked/sa/timer.h \
	iked/sa/todo.c \
	iked/sa/tunnel.c \
	iked/sa/types.h \
	iked/sa/wait.c \
	iked/sa/window.c \
	iked/sa/window.h \
	iked/sa/xch.c

noinst_LIBRARIES += iked/libikerun.a
iked_libikerun_a_CPPFLAGS = $(IKED_CPPFLAGS)
iked_libikerun_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
iked_libikerun_a_SOURCES = \
	iked/run/act.c \
	iked/run/cmsg.c \
	iked/run/host.c \
	iked/run/iked.h \
	iked/run/link_key.c \
	iked/run/link_sync.c \
	iked/run/links.c \
	iked/run/outbox.c \
	iked/run/outbox.h \
	iked/run/sandbox.c \
	iked/run/sockets.c \
	iked/run/sockets.h \
	iked/run/waits.c \
	iked/run/waits.h \
	iked/run/warm.c
IKED_LIBS = iked/libike.a iked/libikewire.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)

dist_man_MANS += doc/iked.8
daemon_PROGRAMS += iked/iked
iked_iked_CPPFLAGS = $(IKED_CPPFLAGS)
iked_iked_SOURCES = iked/run/main.c iked/run/byhand.c iked/run/byhand.h
iked_iked_LDADD = iked/libikerun.a $(IKED_LIBS)

# The machine and the payload rules as DOT: make graph | dot -Tsvg
noinst_PROGRAMS += iked/ike-graph
iked_ike_graph_CPPFLAGS = $(IKED_CPPFLAGS)
iked_ike_graph_SOURCES = iked/run/graph.c
iked_ike_graph_LDADD = $(IKED_LIBS)

UNIT_TESTS += test/unit/t_ike_graph
EXTRA_DIST += test/unit/t_ike_graph

graph: iked/ike-graph
	@./iked/ike-graph

.PHONY: graph

# Tests of wire/ and of the pure parts of run/.
IKED_WIRE_LIBS = iked/libikewire.a lib/libcauseway.a $(CRYPTO_LIBS)
IKED_WIRE_TESTS = test/unit/test_ike_frag test/unit/test_ike_rules test/unit/test_ike_sk test/unit/test_ike_wire
check_PROGRAMS += $(IKED_WIRE_TESTS)
UNIT_TESTS += $(IKED_WIRE_TESTS)
EXTRA_DIST += test/unit/ike_samples.h
test_unit_test_ike_frag_CPPFLAGS = $(IKED_CPPFLAGS)
test_unit_test_ike_frag_LDADD = $(IKED_WIRE_LIBS) $(CMOCKA_LIBS)
test_unit_test_ike_rules_CPPFLAGS = $(IKED_CPPFLAGS)
test_unit_test_ike_rules_SOURCES = test/unit/test_ike_rules.c test/unit/ike_samples.c
test_unit_test_ike_rules_LDADD = $(IKED_WIRE_LIBS) $(CMOCKA_LIBS)
test_unit_test_ike_sk_CPPFLAGS = $(IKED_CPPFLAGS)
test_unit_test_ike_sk_LDADD = $(IKED_WIRE_LIBS) $(CMOCKA_LIBS)
test_unit_test_ike_wire_CPPFLAGS = $(IKED_CPPFLAGS)
test_unit_test_ike_wire_SOURCES = test/unit/test_ike_wire.c test/unit/ike_samples.c
test_unit_test_ike_wire_LDADD = $(IKED_WIRE_LIBS) $(CMOCKA_LIBS)

FUZZ_TARGETS += ike:iked/wire/hdr.c,iked/wire/chain.c
UNIT_TESTS += test/fuzz/replay_ike
check_PROGRAMS += test/fuzz/replay_ike
test_fuzz_replay_ike_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_replay_ike_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_ike.c test/unit/ike_samples.c
test_fuzz_replay_ike_LDADD = $(IKED_WIRE_LIBS)
IKED_PLD = iked/wire/pld_
FUZZ_TARGETS += ike_inner:iked/wire/rules.c,$(IKED_PLD)sa.c,$(IKED_PLD)ke.c,$(IKED_PLD)id.c,$(IKED_PLD)auth.c,$(IKED_PLD)nonce.c,$(IKED_PLD)notify.c,$(IKED_PLD)delete.c,$(IKED_PLD)ts.c,$(IKED_PLD)vid.c
UNIT_TESTS += test/fuzz/replay_ike_inner
check_PROGRAMS += test/fuzz/replay_ike_inner
test_fuzz_replay_ike_inner_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_replay_ike_inner_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_ike_inner.c test/unit/ike_samples.c
test_fuzz_replay_ike_inner_LDADD = $(IKED_WIRE_LIBS)
FUZZ_TARGETS += sk:iked/wire/sk.c,iked/wire/cookie.c
UNIT_TESTS += test/fuzz/replay_sk
check_PROGRAMS += test/fuzz/replay_sk
test_fuzz_replay_sk_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_replay_sk_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_sk.c
test_fuzz_replay_sk_LDADD = $(IKED_WIRE_LIBS)
FUZZ_TARGETS += frag:iked/wire/frag.c
UNIT_TESTS += test/fuzz/replay_frag
check_PROGRAMS += test/fuzz/replay_frag
test_fuzz_replay_frag_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_replay_frag_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_frag.c
test_fuzz_replay_frag_LDADD = $(IKED_WIRE_LIBS)
EXTRA_PROGRAMS += test/fuzz/make_ike_corpus
test_fuzz_make_ike_corpus_CPPFLAGS = $(IKED_CPPFLAGS)
test_fuzz_make_ike_corpus_SOURCES = test/fuzz/make_ike_corpus.c test/unit/ike_samples.c
test_fuzz_make_ike_corpus_LDADD = $(IKED_WIRE_LIBS)

check_PROGRAMS += test/unit/test_ike_run
UNIT_TESTS += test/unit/test_ike_run
test_unit_test_ike_run_CPPFLAGS = $(IKED_CPPFLAGS)
test_unit_test_ike_run_LDADD = iked/libikerun.a $(IKED_LIBS) $(CMOCKA_LIBS)
