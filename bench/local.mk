# SPDX-License-Identifier: BSD-2-Clause
# Benchmarks are run by hand: make bench/udpblast && bench/throughput
# The kernel module, which is built for the guest's kernel: make bench/udpblast test/scenario/pfkey_tool && bench/vm
EXTRA_PROGRAMS += bench/udpblast
bench_udpblast_SOURCES = bench/udpblast.c
EXTRA_DIST += bench/handshakes bench/panel bench/sites bench/throughput bench/vm bench/vm.guest test/interop/pki.sh test/interop/strongswan.sh
# t_stalled has the load too.
check_PROGRAMS += bench/ikeload
bench_ikeload_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/iked -I$(top_srcdir)/keymgr
bench_ikeload_SOURCES = bench/ikeload.c
bench_ikeload_LDADD = iked/libikewire.a keymgr/libkeymgr.a lib/libcauseway.a $(CRYPTO_LIBS)
# The engine's databases from a thousand to a million: make bench/databases && bench/databases
EXTRA_PROGRAMS += bench/databases
bench_databases_CPPFLAGS = $(CORE_CPPFLAGS)
bench_databases_SOURCES = bench/databases.c
bench_databases_LDADD = kernel/core/libcw.a kernel/user/libhost.a kernel/core/libcw.a lib/libcauseway.a $(CRYPTO_LIBS) $(ZLIB_LIBS) $(EVENT_LIBS)
