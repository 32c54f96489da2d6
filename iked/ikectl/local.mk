# SPDX-License-Identifier: BSD-2-Clause
sbin_PROGRAMS += iked/ikectl/ikectl
iked_ikectl_ikectl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
iked_ikectl_ikectl_SOURCES = \
	iked/ikectl/box.c \
	iked/ikectl/box.h \
	iked/ikectl/cmd.c \
	iked/ikectl/cmd_ca.c \
	iked/ikectl/cmd_cert.c \
	iked/ikectl/cmd_edit.c \
	iked/ikectl/cmd_peer.c \
	iked/ikectl/cmd_events.c \
	iked/ikectl/cmd_rev.c \
	iked/ikectl/ctl.h \
	iked/ikectl/http.c \
	iked/ikectl/http.h \
	iked/ikectl/main.c \
	iked/ikectl/print.c \
	iked/ikectl/print_cert.c \
	iked/ikectl/sub.h
iked_ikectl_ikectl_LDADD = lib/libcauseway.a $(JANSSON_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(EVENT_LIBS)
UNIT_TESTS += test/unit/t_ikectl
EXTRA_DIST += test/unit/t_ikectl
