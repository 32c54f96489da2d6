/* SPDX-License-Identifier: BSD-2-Clause */
/* Notify message types (RFC 7296 3.10.1): the table notify.def is the enum, the names and the sentences for people. */
#ifndef IKED_WIRE_NOTIFY_H
#define IKED_WIRE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

enum notify_type {
#define N(number, name, sentence)	N_##name = number,
#include "wire/notify.def"
#undef N
};

static inline bool notify_is_error(uint16_t t) { return t < 16384; }
const char *notify_name(uint16_t);	/* "NO_PROPOSAL_CHOSEN"; NULL when we do not know it */
const char *notify_sentence(uint16_t);	/* for explain; a sentence for unknown ones too */

#endif
