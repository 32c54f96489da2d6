/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CLOCK_BOOTTIME in nanoseconds for every timer and lifetime: a jump of the wall clock changes no SA. */
#ifndef CAUSEWAY_CLOCK_H
#define CAUSEWAY_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S	1000000000ull
#define NS_PER_MS	1000000ull

static inline uint64_t
clock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Seconds since 1970, for print and for PF_KEY's time fields only. */
static inline uint64_t
clock_wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec;
}

#endif
