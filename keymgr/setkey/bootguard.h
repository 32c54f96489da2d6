/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file of setkey protects, as an nftables table of its own, inet causeway_ipsec: it drops the clear form of what the policies
 * want protected or discarded, and lets ESP, AH, IPComp and IKE of this machine pass. A boot unit loads it before the network is up
 * and before there is an engine; beside one it does no harm, because what the engine takes never passes the filter in the clear but
 * by the engine's device.
 */
#ifndef SETKEY_BOOTGUARD_H
#define SETKEY_BOOTGUARD_H

#include <stdio.h>

#include "lint.h"

#define BOOTGUARD_TABLE	"causeway_ipsec"
#define BOOTGUARD_DEVICE "cw0"		/* ipsecd's */

/* Text for "nft -f", whole and in one transaction. False: no memory. */
bool bootguard_print(FILE *, const struct lint *);

#endif
