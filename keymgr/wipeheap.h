/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL keeps the numbers of private keys in its secure heap, but what it decodes them from passes through ordinary memory, which it
 * gives back as it is. With this its memory is wiped before it is given back, whatever was in it.
 */
#ifndef KEYMGR_WIPEHEAP_H
#define KEYMGR_WIPEHEAP_H

#include <stdbool.h>

/* Before anything else of OpenSSL is called. False: it was too late. */
bool wipeheap_start(void);

#endif
