/* SPDX-License-Identifier: BSD-2-Clause */
/* Two racoon.conf, of this host and of the other one: what would keep them from an agreement, or makes them differ. Pure, on what spdsync read of each. */
#ifndef IKECTL_RACOONDIFF_H
#define IKECTL_RACOONDIFF_H

#include <jansson.h>

/*
 * An array of {"field", "here", "there"}, empty when nothing differs. there: by which address the other host is known here; here: this one there; NULL: the
 * only section of each file counts, or the one for everybody.
 */
json_t *racoon_diff(json_t *ours, json_t *theirs, const char *there, const char *here);

#endif
