# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of lib/. Each is a cmocka program; test/run has it print TAP.
LIB_TESTS = test/unit/test_addr test/unit/test_alg test/unit/test_bytes test/unit/test_log test/unit/test_msg \
	test/unit/test_name test/unit/test_reason test/unit/test_ts
check_PROGRAMS += $(LIB_TESTS)
UNIT_TESTS += $(LIB_TESTS)
EXTRA_DIST += test/unit/test.h test/unit/msg_codecs.h test/unit/msg_samples.h
LIB_TEST_LIBS = lib/libcauseway.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_unit_test_addr_LDADD = $(LIB_TEST_LIBS)
test_unit_test_alg_LDADD = $(LIB_TEST_LIBS)
test_unit_test_bytes_LDADD = $(LIB_TEST_LIBS)
test_unit_test_log_LDADD = $(LIB_TEST_LIBS)
test_unit_test_msg_LDADD = $(LIB_TEST_LIBS)
test_unit_test_msg_SOURCES = test/unit/test_msg.c test/unit/msg_samples.c
test_unit_test_name_LDADD = $(LIB_TEST_LIBS)
test_unit_test_reason_LDADD = $(LIB_TEST_LIBS)
test_unit_test_ts_LDADD = $(LIB_TEST_LIBS)

# What reviews found, where it crosses the borders of one part's tests.
check_PROGRAMS += test/unit/test_review_key
UNIT_TESTS += test/unit/test_review_key
test_unit_test_review_key_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/keymgr
test_unit_test_review_key_LDADD = $(KEY_TEST_LIBS)
check_PROGRAMS += test/unit/test_review_core
UNIT_TESTS += test/unit/test_review_core
test_unit_test_review_core_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/kernel/user -I$(top_srcdir)/kernel/core
test_unit_test_review_core_LDADD = $(CORE_TEST_LIBS)
