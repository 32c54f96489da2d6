/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_ACT_H
#define CAUSEWAY_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"

/* The JSON body of up, down and rekey. Pure. */
struct act { char child[NAME_CAP]; uint8_t what; };
bool act_body(const char *text, size_t n, struct act *, char *why, size_t cap);

#endif
