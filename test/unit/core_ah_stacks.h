/* SPDX-License-Identifier: BSD-2-Clause */
/* What test_core_ah puts AH into: each mode and family alone, and bundles with ESP and IPComp; the first layer is the innermost. */
#ifndef CORE_AH_STACKS_H
#define CORE_AH_STACKS_H

#include "core_ends.h"
#include "core_rig.h"

enum { AH = 51, ESP = 50, COMP = 108 };
struct layer { unsigned proto, mode; const char *src, *dst; };
struct stack {
	const char *name, *src, *dst;
	unsigned n;
	struct layer layer[CW_REQUESTS_MAX];
};

static const struct stack stacks[] = {
	{ "transport, IPv4", HOSTS, 1, { { AH, TRA, HOSTS } } },
	{ "transport, IPv6", HOSTS6, 1, { { AH, TRA, HOSTS6 } } },
	{ "tunnel, IPv4", NETS, 1, { { AH, TUN, HOSTS } } },
	{ "tunnel, IPv6", NETS6, 1, { { AH, TUN, HOSTS6 } } },
	{ "tunnel, IPv4 in IPv6", NETS, 1, { { AH, TUN, HOSTS6 } } },
	{ "tunnel, IPv6 in IPv4", NETS6, 1, { { AH, TUN, HOSTS } } },
	{ "ESP, AH", HOSTS, 2, { { ESP, TRA, HOSTS }, { AH, TRA, HOSTS } } },
	{ "AH, ESP", HOSTS6, 2, { { AH, TRA, HOSTS6 }, { ESP, TRA, HOSTS6 } } },
	{ "ESP in a tunnel, AH", NETS, 2, { { ESP, TUN, HOSTS }, { AH, TRA, HOSTS } } },
	{ "ESP in a tunnel, AH, IPv6", NETS6, 2, { { ESP, TUN, HOSTS6 }, { AH, TRA, HOSTS6 } } },
	{ "AH in a tunnel, ESP", NETS, 2, { { AH, TUN, HOSTS }, { ESP, TRA, HOSTS } } },
	{ "AH, a tunnel of ESP", NETS6, 2, { { AH, TRA, NETS6 }, { ESP, TUN, HOSTS } } },
	{ "a tunnel of ESP in one of AH", NETS, 2, { { ESP, TUN, HOSTS }, { AH, TUN, HOSTS6 } } },
	{ "a tunnel of AH in one of ESP", NETS6, 2, { { AH, TUN, HOSTS }, { ESP, TUN, HOSTS6 } } },
	{ "AH in AH", NETS, 2, { { AH, TUN, HOSTS6 }, { AH, TUN, "30.0.0.1", "30.0.0.2" } } },
	{ "IPComp, AH", HOSTS, 2, { { COMP, TRA, HOSTS }, { AH, TRA, HOSTS } } },
	{ "AH, IPComp", HOSTS6, 2, { { AH, TRA, HOSTS6 }, { COMP, TRA, HOSTS6 } } },
	{ "a tunnel of IPComp, AH", NETS, 2, { { COMP, TUN, HOSTS }, { AH, TRA, HOSTS } } },
	{ "IPComp, ESP, AH", HOSTS, 3, { { COMP, TRA, HOSTS }, { ESP, TRA, HOSTS }, { AH, TRA, HOSTS } } },
	{ "IPComp, AH, ESP", HOSTS6, 3, { { COMP, TRA, HOSTS6 }, { AH, TRA, HOSTS6 }, { ESP, TRA, HOSTS6 } } },
	{ "ESP, IPComp, AH", HOSTS, 3, { { ESP, TRA, HOSTS }, { COMP, TRA, HOSTS }, { AH, TRA, HOSTS } } },
	{ "ESP, AH, IPComp", HOSTS, 3, { { ESP, TRA, HOSTS }, { AH, TRA, HOSTS }, { COMP, TRA, HOSTS } } },
	{ "AH, ESP, IPComp", HOSTS6, 3, { { AH, TRA, HOSTS6 }, { ESP, TRA, HOSTS6 }, { COMP, TRA, HOSTS6 } } },
	{ "AH, IPComp, ESP", HOSTS, 3, { { AH, TRA, HOSTS }, { COMP, TRA, HOSTS }, { ESP, TRA, HOSTS } } },
	{ "four tunnels", NETS, 4, { { AH, TUN, HOSTS6 }, { ESP, TUN, "30.0.0.1", "30.0.0.2" }, { AH, TUN, "fd30::1", "fd30::2" }, { AH, TUN, "40.0.0.1", "40.0.0.2" } } },
	{ "four of AH with IPv6 around", NETS6, 4, { { AH, TUN, HOSTS6 }, { AH, TUN, "fd31::1", "fd31::2" }, { AH, TUN, "fd32::1", "fd32::2" }, { AH, TUN, "fd33::1", "fd33::2" } } },
};
#define NSTACKS	(sizeof(stacks) / sizeof(stacks[0]))

#endif
