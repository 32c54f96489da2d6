/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's counters as "netstat -sn" tells them: sections by protocol and family, each line a sentence over some counters. Pure. */
#ifndef IPSECCTL_SECTIONS_H
#define IPSECCTL_SECTIONS_H

#include <stdio.h>

#include "bytes.h"
#include "causeway/pfkey.h"

/* What the engine answered for each kind of traffic; spans of whole struct cw_named. */
struct counted {
	struct bytes	kind[CW_KINDS];
};

#define SECTIONS	5
extern const char *const section_names[SECTIONS];	/* ipsec, ah, esp, ipcomp, ipip; IPv6's have a 6 behind it */
/* Every line of every section, or of one (NULL: all). zero: lines of 0 too. */
void sections_print(FILE *, const struct counted *, const char *only, bool zero);
/* One object: by section, by counter's name. False: no memory. */
bool sections_json(FILE *, const struct counted *);
/* The line that a counter is part of, in any section; NULL: none. For a test that every one is told. */
const char *section_line_of(const char *counter);

#endif
