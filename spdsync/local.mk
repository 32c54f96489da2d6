# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += spdsync/libspdsync.a
spdsync_libspdsync_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
spdsync_libspdsync_a_SOURCES = \
	spdsync/account.c \
	spdsync/account.h \
	spdsync/accountapi.c \
	spdsync/accountbody.c \
	spdsync/accountbody.h \
	spdsync/accountself.c \
	spdsync/accounts.c \
	spdsync/accounts.h \
	spdsync/act.c \
	spdsync/act.h \
	spdsync/actbody.c \
	spdsync/api.c \
	spdsync/api.h \
	spdsync/apijson.c \
	spdsync/procs.c \
	spdsync/procs.h \
	spdsync/apiserve.h \
	spdsync/apply.c \
	spdsync/between.c \
	spdsync/bypolicy.c \
	spdsync/bypolicy.h \
	spdsync/capture.c \
	spdsync/capture.h \
	spdsync/certbody.c \
	spdsync/certbody.h \
	spdsync/certjson.c \
	spdsync/certs.c \
	spdsync/certs.h \
	spdsync/certwatch.c \
	spdsync/certwatch.h \
	spdsync/change.c \
	spdsync/change.h \
	spdsync/compare.c \
	spdsync/compare.h \
	spdsync/confirm.c \
	spdsync/confirm.h \
	spdsync/confirmapi.c \
	spdsync/demand.c \
	spdsync/demand.h \
	spdsync/diff.c \
	spdsync/door.c \
	spdsync/door.h \
	spdsync/edit.c \
	spdsync/edit.h \
	spdsync/editapi.c \
	spdsync/engine.c \
	spdsync/events.c \
	spdsync/events.h \
	spdsync/evring.c \
	spdsync/keymgrcall.c \
	spdsync/keymgrcall.h \
	spdsync/leaving.c \
	spdsync/list.c \
	spdsync/evring.h spdsync/leaving.h \
	spdsync/explain.c \
	spdsync/export.c \
	spdsync/export.h \
	spdsync/export_causeway.c \
	spdsync/export_fields.c \
	spdsync/export_libreswan.c \
	spdsync/export_openiked.c \
	spdsync/export_strongswan.c \
	spdsync/files.c \
	spdsync/files.h \
	spdsync/hashjob.c \
	spdsync/hashjob.h \
	spdsync/have.c \
	spdsync/host.c \
	spdsync/names.c \
	spdsync/names.h \
	spdsync/news.c \
	spdsync/news.h \
	spdsync/metrics.c \
	spdsync/om.c \
	spdsync/om.h \
	spdsync/one.c \
	spdsync/one.h \
	spdsync/pcapng.c \
	spdsync/pcapng.h \
	spdsync/peers.c \
	spdsync/plan.c \
	spdsync/plan.h \
	spdsync/planwhy.c \
	spdsync/racoon.c \
	spdsync/racoon.h \
	spdsync/racoon_in.h \
	spdsync/racoonalg.c \
	spdsync/racoonapi.c \
	spdsync/racoonsect.c \
	spdsync/rates.c \
	spdsync/rates.h \
	spdsync/ratesapi.c \
	spdsync/records.c \
	spdsync/req.c \
	spdsync/revisions.c \
	spdsync/routes.c \
	spdsync/routes.h \
	spdsync/sas.c \
	spdsync/show.c \
	spdsync/showbypolicy.c \
	spdsync/showkernel.c \
	spdsync/secrets.c \
	spdsync/site.c \
	spdsync/site.h \
	spdsync/siteauth.c \
	spdsync/siteauth.h \
	spdsync/sitelist.c \
	spdsync/sitecheck.c \
	spdsync/siteiface.c \
	spdsync/sitechild.c \
	spdsync/sitelabel.c \
	spdsync/spd.h \
	spdsync/sql.c \
	spdsync/sql.h \
	spdsync/store.c \
	spdsync/store.h \
	spdsync/store_in.h \
	spdsync/storeaudit.c \
	spdsync/storehost.c \
	spdsync/storeracoon.c \
	spdsync/storereqid.c \
	spdsync/storetext.c \
	spdsync/sync.c \
	spdsync/sync.h \
	spdsync/system.c \
	spdsync/system.h \
	spdsync/tally.c \
	spdsync/tally.h \
	spdsync/textdiff.c \
	spdsync/textdiff.h \
	spdsync/tunpart.c \
	spdsync/throttle.c \
	spdsync/want.c \
	spdsync/want.h \
	spdsync/wiping.c \
	spdsync/wiping.h
SPDSYNC_LIBS = spdsync/libspdsync.a lib/libcauseway.a $(EVENT_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS) $(CRYPT_LIBS)

daemon_PROGRAMS += spdsync/spdsync
spdsync_spdsync_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
spdsync_spdsync_SOURCES = \
	spdsync/main.c \
	spdsync/sandbox.c \
	spdsync/sandbox.h
spdsync_spdsync_LDADD = $(SPDSYNC_LIBS)

STORE_MIGRATIONS = db/migrations/0001.sql db/migrations/0002.sql db/migrations/0003.sql db/migrations/0004.sql \
	db/migrations/0005.sql \
	db/migrations/0006.sql \
	db/migrations/0007.sql
EXTRA_DIST += db/embed.sh db/schema.sql $(STORE_MIGRATIONS)
spdsync/store_sql.h: db/embed.sh $(STORE_MIGRATIONS)
	@$(MKDIR_P) spdsync
	$(AM_V_GEN)cd $(srcdir) && sh db/embed.sh $(STORE_MIGRATIONS) >'$(abs_top_builddir)/spdsync/store_sql.h.tmp'
	@mv spdsync/store_sql.h.tmp spdsync/store_sql.h
spdsync/libspdsync_a-store.$(OBJEXT): spdsync/store_sql.h
CLEANFILES += spdsync/store_sql.h

# A world of fakes around the real daemon; test/unit/test_spdsync asks it with curl.
check_PROGRAMS += test/unit/sync_world
UNIT_TESTS += test/unit/test_accounts test/unit/test_panel_line
EXTRA_DIST += test/unit/test_accounts test/unit/test_panel_line
test_unit_sync_world_SOURCES = test/unit/sync_world.c test/unit/sync_crowd.c test/unit/sync_crowd.h test/unit/sync_tap.c test/unit/sync_tap.h
test_unit_sync_world_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)

SPDSYNC_TESTS = test/unit/test_accountbody test/unit/test_bypolicy test/unit/test_children test/unit/test_diff test/unit/test_edit test/unit/test_evring test/unit/test_om test/unit/test_export test/unit/test_one test/unit/test_parts test/unit/test_pcapng test/unit/test_plan test/unit/test_procs test/unit/test_racoon test/unit/test_rates test/unit/test_sessions test/unit/test_site test/unit/test_siteauth test/unit/test_store test/unit/test_store_kill test/unit/test_textdiff test/unit/test_yaml
check_PROGRAMS += $(SPDSYNC_TESTS)
UNIT_TESTS += $(SPDSYNC_TESTS)
SPDSYNC_TEST_LIBS = $(SPDSYNC_LIBS) $(CMOCKA_LIBS)
SPDSYNC_TEST_FLAGS = $(AM_CFLAGS) -I$(top_srcdir)/spdsync
test_unit_test_yaml_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_accountbody_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_accountbody_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_sessions_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_sessions_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_site_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_site_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_siteauth_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_siteauth_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_children_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_children_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_bypolicy_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_bypolicy_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_racoon_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_racoon_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_diff_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_diff_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_edit_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_edit_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_export_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_export_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_om_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_om_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_evring_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_evring_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_one_CFLAGS = $(SPDSYNC_TEST_FLAGS) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
test_unit_test_one_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_procs_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_procs_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_parts_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_parts_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_pcapng_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_pcapng_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_plan_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_plan_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_rates_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_rates_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_store_kill_SOURCES = test/unit/test_store_kill.c test/unit/faultvfs.c test/unit/faultvfs.h
test_unit_test_store_kill_CFLAGS = $(SPDSYNC_TEST_FLAGS) $(SQLITE_CFLAGS)
test_unit_test_store_kill_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_store_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_store_LDADD = $(SPDSYNC_TEST_LIBS)
test_unit_test_textdiff_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_test_textdiff_LDADD = $(SPDSYNC_TEST_LIBS)
UNIT_TESTS += test/unit/test_spdsync
EXTRA_DIST += test/unit/test_spdsync test/unit/world.sh
UNIT_TESTS += test/unit/test_capture test/unit/test_edits test/unit/test_events test/unit/test_readers test/unit/test_openapi
EXTRA_DIST += test/unit/test_capture test/unit/test_edits test/unit/test_events test/unit/test_readers test/unit/test_openapi test/unit/openapi.py test/unit/random_edits.py
check_PROGRAMS += test/unit/yaml_words
test_unit_yaml_words_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS) $(JANSSON_CFLAGS)
test_unit_yaml_words_LDADD = $(YAML_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += test/unit/routes_list
test_unit_routes_list_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_unit_routes_list_LDADD = $(SPDSYNC_LIBS)

# Site files, and the JSON of commands.
FUZZ_TARGETS += site:lib/yamltree.c,lib/yamlget.c,lib/yamlparts.c,spdsync/site.c,spdsync/siteauth.c,spdsync/sitecheck.c,spdsync/sitechild.c,spdsync/siteiface.c,spdsync/sitelabel.c,spdsync/edit.c act:spdsync/actbody.c racoon:spdsync/racoon.c,spdsync/racoonalg.c,spdsync/racoonsect.c certbody:spdsync/certbody.c accountbody:spdsync/accountbody.c request:spdsync/routes.c,spdsync/revisions.c,spdsync/tunpart.c
UNIT_TESTS += test/fuzz/replay_site
check_PROGRAMS += test/fuzz/replay_site
test_fuzz_replay_site_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_site.c
test_fuzz_replay_site_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_fuzz_replay_site_LDADD = $(SPDSYNC_LIBS)
UNIT_TESTS += test/fuzz/replay_racoon
check_PROGRAMS += test/fuzz/replay_racoon
test_fuzz_replay_racoon_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_racoon.c
test_fuzz_replay_racoon_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_fuzz_replay_racoon_LDADD = $(SPDSYNC_LIBS)
UNIT_TESTS += test/fuzz/replay_act
check_PROGRAMS += test/fuzz/replay_act
test_fuzz_replay_act_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_act.c
test_fuzz_replay_act_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_fuzz_replay_act_LDADD = $(SPDSYNC_LIBS)
UNIT_TESTS += test/fuzz/replay_certbody
check_PROGRAMS += test/fuzz/replay_certbody
test_fuzz_replay_certbody_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_certbody.c
test_fuzz_replay_certbody_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_fuzz_replay_certbody_LDADD = $(SPDSYNC_LIBS)
UNIT_TESTS += test/fuzz/replay_accountbody
check_PROGRAMS += test/fuzz/replay_accountbody
test_fuzz_replay_accountbody_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_accountbody.c
test_fuzz_replay_accountbody_CFLAGS = $(SPDSYNC_TEST_FLAGS)
test_fuzz_replay_accountbody_LDADD = $(SPDSYNC_LIBS)
UNIT_TESTS += test/fuzz/replay_request
check_PROGRAMS += test/fuzz/replay_request
test_fuzz_replay_request_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_request.c
test_fuzz_replay_request_CFLAGS = $(SPDSYNC_TEST_FLAGS) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_replay_request_LDADD = $(SPDSYNC_LIBS)
