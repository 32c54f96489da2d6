/* SPDX-License-Identifier: BSD-2-Clause */
/* What chain.c and chain_why.c share. */
#ifndef KEYMGR_CHAIN_IN_H
#define KEYMGR_CHAIN_IN_H

#include <stdio.h>

#include "chain.h"

#define SAY(detail, ...)	snprintf(detail, CHAIN_DETAIL, __VA_ARGS__)
#define CHAIN_NAME	120

/* A certificate's subject for people, shortened; its names where it has no subject. Returns buf. */
const char *chain_name(const X509 *, char buf[static CHAIN_NAME]);
/* Why OpenSSL did not find a path that holds. */
enum reason chain_why(const struct chain_request *, X509_STORE_CTX *, char detail[static CHAIN_DETAIL]);

#endif
