/* SPDX-License-Identifier: BSD-2-Clause */
/* Clear packets that the engine of sync_world tells to who asked for them. */
#ifndef SYNC_TAP_H
#define SYNC_TAP_H

#include "pfkey.h"

struct taps { struct pfkey_tap last; uint8_t refuse; };

void taps_answer(struct taps *, struct pfkey_msg *);	/* CW_MSG_TAP */
/*
 * "notaps busy|none|no" and "taps N [OCTETS]": N packets for the last tap, by the descriptor: the second refused (POLICY_DISCARD_IN), the third
 * after a loss of five. False: it is another command.
 */
bool taps_command(struct taps *, int fd, const char *verb, const char *a, const char *b);

#endif
