/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_TEXTDIFF_H
#define CAUSEWAY_TEXTDIFF_H

#include <stddef.h>

/*
 * The difference of two texts, line by line, with three lines around each place, as "diff -u" without its head; "" when they are
 * equal. To be freed; NULL: no memory. Pure, and bounded: when more than a few thousand lines differ, the whole middle is shown as replaced.
 */
char *text_diff(const char *a, size_t na, const char *b, size_t nb);

#endif
