# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The module host, for Kbuild: made only where configure was given --with-kernel-module. DKMS gets the same folder in /usr/src.
MODULE_DIR = $(abs_builddir)/kernel/module
EXTRA_DIST += kernel/linux/Kbuild kernel/linux/dkms.conf kernel/linux/tree \
	kernel/linux/comp.c \
	kernel/linux/crypt.c kernel/linux/kpdk.c \
	kernel/linux/hooks.c \
	kernel/linux/iface.c \
	kernel/linux/host.h \
	kernel/linux/in.c \
	kernel/linux/main.c \
	kernel/linux/mem.c \
	kernel/linux/mod.h \
	kernel/linux/out.c \
	kernel/linux/pfkey.c \
	kernel/linux/pkt.c \
	kernel/linux/proc.c \
	kernel/linux/sockopt.c \
	kernel/linux/test/fail.c

module:
	@$(srcdir)/kernel/linux/tree $(MODULE_DIR) $(VERSION)
	@+$(MAKE) -s -C $(with_kernel_module) M=$(MODULE_DIR) W=1 modules
# With allocations that fail when they are told to, for test/vm/t_faults.
module-test:
	@$(srcdir)/kernel/linux/tree $(MODULE_DIR)-test $(VERSION)
	@+$(MAKE) -s -C $(with_kernel_module) M=$(MODULE_DIR)-test W=1 CAUSEWAY_TEST=1 modules
module-clean:
	@rm -rf $(MODULE_DIR) $(MODULE_DIR)-test
install-dkms:
	@$(srcdir)/kernel/linux/tree $(DESTDIR)/usr/src/causeway-$(VERSION) $(VERSION)
.PHONY: module module-test module-clean install-dkms

if KERNEL_MODULE
all-local: module
clean-local: module-clean
endif
