# SPDX-License-Identifier: BSD-2-Clause
# Benchmarks are run by hand: make bench/udpblast && bench/throughput
EXTRA_PROGRAMS += bench/udpblast
bench_udpblast_SOURCES = bench/udpblast.c
EXTRA_DIST += bench/throughput test/interop/strongswan.sh
