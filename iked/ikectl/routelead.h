/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the system routes a packet to this address, asked of the kernel. "": it does not say. */
#ifndef IKECTL_ROUTELEAD_H
#define IKECTL_ROUTELEAD_H

#include "addr.h"
#include "name.h"

void route_leads(const struct addr *, char iface[static IFACE_CAP]);

#endif
