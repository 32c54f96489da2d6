# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += lib/libcauseway.a
lib_libcauseway_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
lib_libcauseway_a_SOURCES = \
	lib/addr.c \
	lib/addr.h \
	lib/alg.c \
	lib/alg.h \
	lib/bytes.h \
	lib/clock.h \
	lib/dgram.c \
	lib/dgram.h \
	lib/dial.c \
	lib/dial.h \
	lib/dn.c \
	lib/dn.h \
	lib/ipc.c \
	lib/ipc.h \
	lib/ipsec_policy.c \
	lib/ipsec_policy.h \
	lib/landlock.c \
	lib/landlock.h \
	lib/log.c \
	lib/log.h \
	lib/msg.h \
	lib/msg_bind.c \
	lib/msg_bind.h \
	lib/msg_ca.c \
	lib/msg_cert.c \
	lib/msg_cert.h \
	lib/msg_esp.c \
	lib/msg_esp.h \
	lib/msg_fetch.c \
	lib/msg_fetch.h \
	lib/msg_resolve.c \
	lib/msg_resolve.h \
	lib/msg_ike.c \
	lib/msg_ike.h \
	lib/msg_key.c \
	lib/msg_key.h \
	lib/msg_sup.c \
	lib/msg_sup.h \
	lib/name.c \
	lib/name.h \
	lib/pfkey.c \
	lib/pfkey.h \
	lib/pfkey_client.c \
	lib/pfkey_ext.c \
	lib/pfkey_ext.h \
	lib/pfkey_msg.c \
	lib/pfkey_private.c \
	lib/poltext.c \
	lib/poltext.h \
	lib/poltext_print.c \
	lib/proc.c \
	lib/proc.h \
	lib/proposal.c \
	lib/reason.c \
	lib/reason.def \
	lib/reason.h \
	lib/sandbox.c \
	lib/record.c \
	lib/secret.c \
	lib/secret.h \
	lib/ts.c \
	lib/ts.h \
	lib/tunnelcmp.c \
	lib/tunnelcmp.h \
	lib/yamlget.c \
	lib/yamlparts.c \
	lib/yamltree.c \
	lib/yamltree.h
# What only tests build in (--enable-test-hooks).
if TEST_HOOKS
lib_libcauseway_a_SOURCES += lib/attack.c lib/attack.h
endif
