# SPDX-License-Identifier: BSD-2-Clause
# What check-vm runs in the guest (test/vm/run): peers that need a kernel with ESP and PF_KEY, against the user-space host there;
# then, where it was built, the kernel module.
VM_TESTS = \
	test/interop/t_openiked \
	test/interop/t_libreswan
if KERNEL_MODULE
VM_TESTS += test/vm/t_module
endif
EXTRA_DIST += test/vm/t_module test/vm/prepare test/vm/initramfs test/vm/guest test/vm/run test/interop/openiked.sh \
	test/interop/libreswan.sh test/interop/peer.sh test/interop/t_openiked test/interop/t_libreswan
