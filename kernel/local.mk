# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
include kernel/core/local.mk
include kernel/user/local.mk
include kernel/linux/local.mk
