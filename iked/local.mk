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
