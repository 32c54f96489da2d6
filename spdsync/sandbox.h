/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_SPDSYNC_SANDBOX_H
#define CAUSEWAY_SPDSYNC_SANDBOX_H

#include "proc.h"

extern const struct sandbox spdsync_sandbox;

#endif
