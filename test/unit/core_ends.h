/* SPDX-License-Identifier: BSD-2-Clause */
/* Modes, and the ends of what goes through two engines: two gateways, and a host behind each. */
#ifndef CORE_ENDS_H
#define CORE_ENDS_H

#define TUN	CW_MODE_TUNNEL
#define TRA	CW_MODE_TRANSPORT
#define HOSTS	"20.0.0.1", "20.0.0.2"
#define HOSTS6	"fd20::1", "fd20::2"
#define NETS	"10.0.1.5", "10.0.2.6"
#define NETS6	"fd01::5", "fd02::6"

#endif
