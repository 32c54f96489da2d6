# SPDX-License-Identifier: BSD-2-Clause
# What check-vm runs in the guest (test/vm/run): the kernel module, which is built for the guest's kernel; peers that need a kernel with
# ESP, against the user-space host there; and beside them scenarios over the module (VM_FIRST).
VM_TESTS = \
	test/vm/t_module \
	test/interop/t_libreswan
# What takes longer (make check-vm-more), and t_openiked: in one run of three OpenIKED kept an SA after the tunnel was closed behind
# two rekeys, which is to be looked into before it stands in everybody's way again.
VM_MORE = \
	test/interop/t_openiked \
	test/vm/t_xfrm \
	test/vm/t_xfrm_modes \
	test/vm/t_xfrm_comp \
	test/vm/t_xfrm_ah \
	test/vm/t_input \
	test/vm/t_sockets \
	test/vm/t_offload \
	test/vm/t_faults \
	test/vm/t_reload \
	test/vm/t_hosts \
	test/vm/t_openiked_module \
	test/vm/t_system \
	test/vm/t_system_nets \
	test/vm/t_strongswan_kernel \
	test/vm/t_strongswan_kinds
# The peers among them (make interop).
INTEROP_VM = $(filter test/interop/%,$(VM_TESTS) $(VM_MORE)) test/vm/t_xfrm test/vm/t_xfrm_comp test/vm/t_xfrm_ah test/vm/t_openiked_module test/vm/t_strongswan_kernel test/vm/t_strongswan_kinds
# The scenarios that check-vm runs over the module (decision 0097), the longest first: the FAQ's networks by IKE with its forged packets, IPComp
# and ESP in both modes, the filter, policies of selectors and of sockets.
VM_FIRST = \
	test/scenario/t_faq4 \
	test/scenario/t_ipcomp \
	test/scenario/t_filter \
	test/scenario/t_selectors \
	test/scenario/t_socket
# All that run over the module (make check-vm-scenarios), under the same names: all of check-net's but for these, each of which has its
# reason above it (test/lint/scenarios).
VM_NOT =
# It is about the user host alone: TUN, relay, its sockets, and the guard's text against the rules that stand. The module's packets are
# t_module's and t_ipsecd_path's.
VM_NOT += test/scenario/t_ipsecd
# It builds the suite and starts ./quickstart a dozen times, with an ipsecd that it kills: of an engine it has what t_faq4 has.
VM_NOT += test/scenario/t_quickstart
VM_SCENARIOS = $(filter-out $(VM_NOT),$(filter test/scenario/%,$(NET_TESTS)))
list-vm-scenarios:
	@printf 'over %s\n' $(VM_SCENARIOS)
	@printf 'not %s\n' $(VM_NOT)
.PHONY: list-vm-scenarios
check_PROGRAMS += test/vm/esp_octets test/vm/flood test/vm/storm
test_vm_esp_octets_SOURCES = test/vm/esp_octets.c
test_vm_esp_octets_LDADD = $(CRYPTO_LIBS)
test_vm_flood_SOURCES = test/vm/flood.c
test_vm_flood_LDADD = $(CRYPTO_LIBS)
test_vm_storm_SOURCES = test/vm/storm.c
test_vm_storm_CFLAGS = $(AM_CFLAGS) -pthread
test_vm_storm_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(SECCOMP_LIBS) $(CRYPTO_LIBS) -lpthread
EXTRA_DIST += test/vm/t_build test/vm/t_xfrm test/vm/t_xfrm_modes test/vm/t_xfrm_comp test/vm/t_xfrm_ah test/vm/xfrm.sh test/vm/t_input test/vm/t_sockets test/vm/t_offload test/vm/t_faults test/vm/t_reload test/vm/t_hosts test/vm/t_openiked_module test/vm/t_system test/vm/t_system_nets test/vm/system.sh test/vm/t_strongswan_kernel test/vm/t_strongswan_kinds test/vm/t_module \
	test/vm/prepare test/vm/initramfs test/vm/module test/vm/guest test/vm/run test/interop/openiked.sh \
	test/interop/libreswan.sh test/interop/peer.sh test/interop/t_openiked test/interop/t_libreswan
