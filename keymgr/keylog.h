/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test hook (--enable-test-hooks only): the keys of each IKE SA as a line of Wireshark's ikev2_decryption_table, for a test that reads what
 * went over the wire. They go to the file test-ike-keys in keymgr's own folder if somebody put it there before the start.
 */
#ifndef KEYMGR_KEYLOG_H
#define KEYMGR_KEYLOG_H

#include "derive.h"
#include "msg_key.h"

void keylog_open(const char *key_dir);	/* before the sandbox */
void keylog_write(const struct key_derive *, const struct ike_keys *);

#endif
