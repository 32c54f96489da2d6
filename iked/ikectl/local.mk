# SPDX-License-Identifier: BSD-2-Clause
# Other makers' configuration files, for "ikectl import".
noinst_LIBRARIES += iked/ikectl/libimport.a
iked_ikectl_libimport_a_SOURCES = \
	iked/ikectl/import/children.c \
	iked/ikectl/import/emit.c \
	iked/ikectl/import/emit.h \
	iked/ikectl/import/ikedconf.c \
	iked/ikectl/import/import.h \
	iked/ikectl/import/ipsecconf.c \
	iked/ikectl/import/model.c \
	iked/ikectl/import/racoon.c \
	iked/ikectl/import/setkey.c \
	iked/ikectl/import/swanctl.c \
	iked/ikectl/import/words.c \
	iked/ikectl/import/write.c

# What spdsync answers, for people.
noinst_LIBRARIES += iked/ikectl/libanswers.a
iked_ikectl_libanswers_a_CPPFLAGS = $(SETKEY_CPPFLAGS)
iked_ikectl_libanswers_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
iked_ikectl_libanswers_a_SOURCES = \
	iked/ikectl/answer.c \
	iked/ikectl/answer.h \
	iked/ikectl/print.c \
	iked/ikectl/print_cert.c \
	iked/ikectl/print_event.c \
	iked/ikectl/print_racoon.c \
	iked/ikectl/print_rev.c \
	iked/ikectl/print_traffic.c \
	iked/ikectl/racoondiff.c \
	iked/ikectl/racoondiff.h

sbin_PROGRAMS += iked/ikectl/ikectl
iked_ikectl_ikectl_CPPFLAGS = $(SETKEY_CPPFLAGS)
iked_ikectl_ikectl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
iked_ikectl_ikectl_SOURCES = \
	iked/ikectl/alias.c \
	iked/ikectl/box.c \
	iked/ikectl/box.h \
	iked/ikectl/cmd.c \
	iked/ikectl/cmd_bundle.c \
	iked/ikectl/cmd_ca.c \
	iked/ikectl/cmd_capture.c \
	iked/ikectl/cmd_cert.c \
	iked/ikectl/cmd_confirm.c \
	iked/ikectl/cmd_edit.c \
	iked/ikectl/dir.c \
	iked/ikectl/cmd_import.c \
	iked/ikectl/cmd_peer.c \
	iked/ikectl/cmd_events.c \
	iked/ikectl/cmd_trace.c \
	iked/ikectl/cmd_traffic.c \
	iked/ikectl/cmd_racoon.c \
	iked/ikectl/cmd_rev.c \
	iked/ikectl/cmd_secret.c \
	iked/ikectl/command.h \
	iked/ikectl/complete.c \
	iked/ikectl/cmd_user.c \
	iked/ikectl/ctl.h \
	iked/ikectl/http.c \
	iked/ikectl/http.h \
	iked/ikectl/main.c \
	iked/ikectl/sub.h \
	iked/ikectl/tar.c \
	iked/ikectl/tar.h \
	iked/ikectl/routelead.c \
	iked/ikectl/routelead.h \
	iked/ikectl/trace.c \
	iked/ikectl/trace.h \
	keymgr/setkey/talk.c
iked_ikectl_ikectl_LDADD = iked/ikectl/libanswers.a iked/ikectl/libimport.a keymgr/setkey/libsetkey.a lib/libcauseway.a $(JANSSON_LIBS) $(CURL_LIBS) $(YAML_LIBS) $(CRYPTO_LIBS) $(EVENT_LIBS)
UNIT_TESTS += test/unit/t_ikectl test/unit/test_bundle test/unit/test_commands
EXTRA_DIST += test/unit/t_ikectl test/unit/test_bundle test/unit/test_commands

# What is imported is read by the parser of site files.
check_PROGRAMS += test/unit/test_import
UNIT_TESTS += test/unit/test_import
test_unit_test_import_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/spdsync -I$(top_srcdir)/iked/ikectl/import
test_unit_test_import_LDADD = iked/ikectl/libimport.a $(SPDSYNC_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test/unit/test_racoon_diff
UNIT_TESTS += test/unit/test_racoon_diff
test_unit_test_racoon_diff_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/iked/ikectl
test_unit_test_racoon_diff_LDADD = iked/ikectl/libanswers.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

FUZZ_TARGETS += import:iked/ikectl/import/children.c,iked/ikectl/import/emit.c,iked/ikectl/import/ikedconf.c,iked/ikectl/import/ipsecconf.c,iked/ikectl/import/model.c,iked/ikectl/import/racoon.c,iked/ikectl/import/setkey.c,iked/ikectl/import/swanctl.c,iked/ikectl/import/words.c,iked/ikectl/import/write.c
UNIT_TESTS += test/fuzz/replay_import
check_PROGRAMS += test/fuzz/replay_import
test_fuzz_replay_import_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_import.c
test_fuzz_replay_import_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/spdsync -I$(top_srcdir)/iked/ikectl/import
test_fuzz_replay_import_LDADD = iked/ikectl/libimport.a $(SPDSYNC_LIBS)
FUZZ_TARGETS += answers:iked/ikectl/answer.c,iked/ikectl/print.c,iked/ikectl/print_cert.c,iked/ikectl/print_event.c,iked/ikectl/print_racoon.c,iked/ikectl/print_rev.c,iked/ikectl/print_traffic.c,iked/ikectl/racoondiff.c,spdsync/procs.c
UNIT_TESTS += test/fuzz/replay_answers
check_PROGRAMS += test/fuzz/replay_answers
test_fuzz_replay_answers_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_answers.c
test_fuzz_replay_answers_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/spdsync -I$(top_srcdir)/iked/ikectl
test_fuzz_replay_answers_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_replay_answers_LDADD = iked/ikectl/libanswers.a spdsync/libspdsync.a lib/libcauseway.a $(JANSSON_LIBS)
NET_TESTS += test/scenario/t_trace
EXTRA_DIST += test/scenario/t_trace
