/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEYMGR_SANDBOX_H
#define KEYMGR_SANDBOX_H

#include "proc.h"

extern const struct sandbox keymgr_sandbox;

#endif
