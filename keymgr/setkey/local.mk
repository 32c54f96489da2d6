# SPDX-License-Identifier: BSD-2-Clause
# libsetkey.a is all of setkey but its main and its socket.
SETKEY_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/keymgr/setkey
noinst_LIBRARIES += keymgr/setkey/libsetkey.a
keymgr_setkey_libsetkey_a_CPPFLAGS = $(SETKEY_CPPFLAGS)
keymgr_setkey_libsetkey_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
keymgr_setkey_libsetkey_a_SOURCES = \
	keymgr/setkey/algo.c \
	keymgr/setkey/bootguard.c \
	keymgr/setkey/bootguard.h \
	keymgr/setkey/lang.c \
	keymgr/setkey/lang.h \
	keymgr/setkey/lang_sa.c \
	keymgr/setkey/lang_spd.c \
	keymgr/setkey/lex.c \
	keymgr/setkey/lint.c \
	keymgr/setkey/lint.h \
	keymgr/setkey/message.c \
	keymgr/setkey/refuse.c \
	keymgr/setkey/setkey.h \
	keymgr/setkey/show.c \
	keymgr/setkey/show_json.c \
	keymgr/setkey/show_message.c

SETKEY_LIBS = keymgr/setkey/libsetkey.a lib/libcauseway.a $(JANSSON_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS)
sbin_PROGRAMS += keymgr/setkey/setkey
keymgr_setkey_setkey_CPPFLAGS = $(SETKEY_CPPFLAGS)
keymgr_setkey_setkey_LDADD = $(SETKEY_LIBS)
keymgr_setkey_setkey_SOURCES = \
	keymgr/setkey/main.c \
	keymgr/setkey/run.c \
	keymgr/setkey/run.h \
	keymgr/setkey/run_lint.c \
	keymgr/setkey/talk.c

UNIT_TESTS += test/unit/test_setkey
check_PROGRAMS += test/unit/test_setkey
test_unit_test_setkey_CPPFLAGS = $(SETKEY_CPPFLAGS)
test_unit_test_setkey_LDADD = $(SETKEY_LIBS) $(CMOCKA_LIBS)

# All of setkey but its main.
UNIT_TESTS += test/unit/test_setkey_run
check_PROGRAMS += test/unit/test_setkey_run
test_unit_test_setkey_run_CPPFLAGS = $(SETKEY_CPPFLAGS)
test_unit_test_setkey_run_SOURCES = test/unit/test_setkey_run.c keymgr/setkey/run.c keymgr/setkey/run_lint.c keymgr/setkey/talk.c
test_unit_test_setkey_run_LDADD = $(SETKEY_LIBS) $(CMOCKA_LIBS)
# And that: how it reads a file.
UNIT_TESTS += test/unit/test_setkey_files
EXTRA_DIST += test/unit/test_setkey_files

UNIT_TESTS += test/unit/test_setkey_lint
check_PROGRAMS += test/unit/test_setkey_lint
test_unit_test_setkey_lint_CPPFLAGS = $(SETKEY_CPPFLAGS)
test_unit_test_setkey_lint_LDADD = $(SETKEY_LIBS) $(CMOCKA_LIBS)

# With the engine itself: each name is done, or refused by name.
UNIT_TESTS += test/unit/test_setkey_names
check_PROGRAMS += test/unit/test_setkey_names
test_unit_test_setkey_names_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/keymgr/setkey
test_unit_test_setkey_names_LDADD = keymgr/setkey/libsetkey.a $(CORE_TEST_LIBS) $(SETKEY_LIBS)

# Files and lines that people write, and policies.
FUZZ_TARGETS += setkey:keymgr/setkey/lex.c,keymgr/setkey/lang.c,keymgr/setkey/lang_sa.c,keymgr/setkey/lang_spd.c,lib/poltext.c
UNIT_TESTS += test/fuzz/replay_setkey
check_PROGRAMS += test/fuzz/replay_setkey
test_fuzz_replay_setkey_CPPFLAGS = $(SETKEY_CPPFLAGS)
test_fuzz_replay_setkey_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_setkey.c
test_fuzz_replay_setkey_LDADD = $(SETKEY_LIBS)

# Two gateways keyed by hand.
NET_TESTS += test/scenario/t_setkey test/scenario/t_algorithms
EXTRA_DIST += test/scenario/t_setkey test/scenario/t_algorithms
