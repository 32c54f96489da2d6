# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += webui-cgi/libcgi.a
webui_cgi_libcgi_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
webui_cgi_libcgi_a_SOURCES = \
	webui-cgi/ask.c \
	webui-cgi/ask.h \
	webui-cgi/compose.c \
	webui-cgi/compose.h \
	webui-cgi/csrf.c \
	webui-cgi/fields.c \
	webui-cgi/fields.h \
	webui-cgi/graph.c \
	webui-cgi/html.c \
	webui-cgi/html.h \
	webui-cgi/ladder.c \
	webui-cgi/look.c \
	webui-cgi/page.c \
	webui-cgi/page.h \
	webui-cgi/page_account.c \
	webui-cgi/page_certs.c \
	webui-cgi/page_config.c \
	webui-cgi/page_history.c \
	webui-cgi/page_kernel.c \
	webui-cgi/page_log.c \
	webui-cgi/page_login.c \
	webui-cgi/page_look.c \
	webui-cgi/page_new.c \
	webui-cgi/page_overview.c \
	webui-cgi/page_parts.c \
	webui-cgi/page_proof.c \
	webui-cgi/page_secret.c \
	webui-cgi/page_tunnel.c \
	webui-cgi/page_tunnels.c \
	webui-cgi/page_users.c \
	webui-cgi/request.c \
	webui-cgi/request.h \
	webui-cgi/routes.c \
	webui-cgi/serve.c \
	webui-cgi/serve.h \
	webui-cgi/words.c \
	webui-cgi/words.h

CGI_LIBS = webui-cgi/libcgi.a lib/libcauseway.a $(JANSSON_LIBS) $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS)
cgidir = $(libexecdir)/causeway/cgi
cgi_PROGRAMS = webui-cgi/causeway.cgi
webui_cgi_causeway_cgi_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS) $(JANSSON_CFLAGS)
webui_cgi_causeway_cgi_SOURCES = \
	webui-cgi/main.c \
	webui-cgi/sandbox.c \
	webui-cgi/sandbox.h
webui_cgi_causeway_cgi_LDADD = $(CGI_LIBS)

# What the web server gives out by itself.
wwwdir = $(datadir)/causeway/www
dist_www_DATA = webui-cgi/static/causeway.css webui-cgi/static/causeway.js webui-cgi/static/causeway.svg

CGI_TEST_FLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -I$(top_srcdir)/webui-cgi
check_PROGRAMS += test/unit/test_cgi_parts
UNIT_TESTS += test/unit/test_cgi_parts
test_unit_test_cgi_parts_CFLAGS = $(CGI_TEST_FLAGS)
test_unit_test_cgi_parts_LDADD = $(CGI_LIBS) $(CMOCKA_LIBS)

# The environment and the body of a request, and spdsync's answers.
FUZZ_TARGETS += cgi:webui-cgi/request.c,webui-cgi/fields.c
UNIT_TESTS += test/fuzz/replay_cgi
check_PROGRAMS += test/fuzz/replay_cgi
test_fuzz_replay_cgi_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_cgi.c
test_fuzz_replay_cgi_CFLAGS = $(CGI_TEST_FLAGS)
test_fuzz_replay_cgi_LDADD = $(CGI_LIBS)

# The program over a fake spdsync: the attack table, hostile texts, the weight of pages.
UNIT_TESTS += test/web/test_cgi
EXTRA_DIST += test/web/test_cgi test/web/fake_panel.py

# A browser, with what package-lock.json names. Which registry npm asks is npm's configuration, not the lock file's.
WEB_TESTS = test/web/t_browser test/web/t_panel test/web/t_servers test/web/t_dashboard test/web/t_dashboard_schema
EXTRA_DIST += $(WEB_TESTS) test/web/browse.js test/web/account.js test/web/keys.js test/web/proof.js test/web/certs.js test/web/tunnel.js test/web/edit.js test/web/rates.js test/web/list.js test/web/grafana.js test/web/fake_serve test/web/package.json test/web/package-lock.json test/web/panel.sh
# check-all begins to fetch it beside the first tests, and check-web, which comes second, waits for that.
web/made: test/web/package.json test/web/package-lock.json
	@$(MKDIR_P) web && exec 9>web/lock && flock 9 && { test $@ -nt $(srcdir)/test/web/package-lock.json || { \
	cp $(srcdir)/test/web/package.json $(srcdir)/test/web/package-lock.json web/ && cd web && \
	{ npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { tail -5 npm.log; false; }; } && touch made; }; }
check-web: scenario-root web/made
	@if test "$$(id -u)" = 0; then $(TESTENV) JOBS=2 $(srcdir)/test/run check-web $(WEB_TESTS); \
	else echo "check-web needs root: it makes network namespaces"; test -z "$$CI"; fi
.PHONY: check-web

# README's pictures, as the test sees the pages.
panel-pictures: scenario-root web/made
	@rm -rf web/shots && $(MKDIR_P) web/shots
	@$(TESTENV) SHOTS="$$PWD/web/shots" SHOT_PATHS="/ /tunnels/newyork-tokyo" $(srcdir)/test/run check-web test/web/t_panel
	@cp web/shots/--light-wide.png $(srcdir)/doc/panel-overview.png && cp web/shots/-tunnels-newyork-tokyo-light-wide.png $(srcdir)/doc/panel-tunnel.png
.PHONY: panel-pictures

check_PROGRAMS += test/unit/test_cgi_sandbox
UNIT_TESTS += test/unit/test_cgi_sandbox
test_unit_test_cgi_sandbox_SOURCES = test/unit/test_cgi_sandbox.c webui-cgi/sandbox.c
test_unit_test_cgi_sandbox_CFLAGS = $(CGI_TEST_FLAGS) $(SECCOMP_CFLAGS)
test_unit_test_cgi_sandbox_LDADD = $(CGI_LIBS) $(CMOCKA_LIBS)
