# SPDX-License-Identifier: BSD-2-Clause
# wire <- sa <- ex <- run: libikewire.a is bytes and structs, libike.a the machine, iked its effects.
IKED_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/iked

noinst_LIBRARIES += iked/libikewire.a
iked_libikewire_a_CPPFLAGS = $(IKED_CPPFLAGS)
iked_libikewire_a_SOURCES = \
	iked/wire/chain.c \
	iked/wire/cookie.c \
	iked/wire/cookie.h \
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

daemon_PROGRAMS += iked/iked
iked_iked_CPPFLAGS = $(IKED_CPPFLAGS)
iked_iked_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
iked_iked_LDADD = iked/libike.a iked/libikewire.a lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
iked_iked_SOURCES = \
	iked/run/act.c \
	iked/run/cmsg.c \
	iked/run/iked.h \
	iked/run/link_key.c \
	iked/run/link_sync.c \
	iked/run/links.c \
	iked/run/main.c \
	iked/run/outbox.c \
	iked/run/outbox.h \
	iked/run/sandbox.c \
	iked/run/sockets.c \
	iked/run/sockets.h \
	iked/run/waits.c \
	iked/run/waits.h \
	iked/run/warm.c
