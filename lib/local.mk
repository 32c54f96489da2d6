# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
noinst_LIBRARIES += lib/libcauseway.a
lib_libcauseway_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
lib_libcauseway_a_SOURCES = \
	lib/addr.c \
	lib/addr.h \
	lib/alg.c \
	lib/alg.h \
	lib/bytes.h \
	lib/clock.h \
	lib/cmsg.c \
	lib/cmsg.h \
	lib/dgram.c \
	lib/dgram.h \
	lib/dial.c \
	lib/dial.h \
	lib/dn.c \
	lib/dn.h \
	lib/ipc.c \
	lib/ipc.h \
	lib/causeway/ipsec.h \
	lib/ipsec_bind.c \
	lib/ipsec_in.h \
	lib/ipsec_policy.c \
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
	lib/proc_said.c \
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

# The installed library: policies of sockets. One object that shows its own six names and nothing of what it is made of.
noinst_LIBRARIES += lib/libipsecparts.a
lib_libipsecparts_a_CFLAGS = $(AM_CFLAGS) -fPIC
lib_libipsecparts_a_SOURCES = \
	lib/addr.c \
	lib/dial.c \
	lib/ipsec_bind.c \
	lib/ipsec_policy.c \
	lib/pfkey.c \
	lib/pfkey_ext.c \
	lib/pfkey_msg.c \
	lib/pfkey_private.c \
	lib/poltext.c \
	lib/poltext_print.c \
	lib/ts.c
IPSEC_NAMES = ipsec_set_policy ipsec_get_policylen ipsec_dump_policy ipsec_strerror ipsec_bind_policy ipsec_unbind_policy
ipsecinclude_HEADERS = lib/causeway/ipsec.h
ipsecincludedir = $(includedir)/causeway
ipseclibdir = $(libdir)
ipseclib_DATA = lib/libcauseway-ipsec.a
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/causeway-ipsec.pc
CLEANFILES += lib/libcauseway-ipsec.a lib/causeway-ipsec.o lib/causeway-ipsec.pc
EXTRA_DIST += lib/causeway-ipsec.pc.in
lib/libcauseway-ipsec.a: lib/libipsecparts.a
	$(AM_V_GEN)$(CC) -r -nostdlib -o lib/causeway-ipsec.o -Wl,--whole-archive lib/libipsecparts.a -Wl,--no-whole-archive && \
	objcopy $(IPSEC_NAMES:%=-G %) lib/causeway-ipsec.o && rm -f $@ && $(AR) rcs $@ lib/causeway-ipsec.o
lib/causeway-ipsec.pc: lib/causeway-ipsec.pc.in Makefile
	$(AM_V_GEN)$(SED) -e 's|@includedir[@]|$(includedir)|' -e 's|@libdir[@]|$(libdir)|' -e 's|@VERSION[@]|$(VERSION)|' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
NET_TESTS += test/scenario/t_socket
EXTRA_DIST += test/scenario/t_socket
