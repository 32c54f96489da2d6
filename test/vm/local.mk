# SPDX-License-Identifier: BSD-2-Clause
# What check-vm runs in the guest (test/vm/run): a scenario of ours with the user-space host on Debian's kernel.
VM_TESTS = \
	test/scenario/t_faq4
if KERNEL_MODULE
VM_TESTS += test/vm/t_module
endif
EXTRA_DIST += test/vm/t_module test/vm/prepare test/vm/initramfs test/vm/guest test/vm/run
