/* SPDX-License-Identifier: BSD-2-Clause */
/* A tar file (POSIX ustar) that is written from beginning to end. */
#ifndef IKECTL_TAR_H
#define IKECTL_TAR_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* A regular file of mode 0600, owner root; name has at most 100 octets. False: see errno. */
bool tar_add(FILE *to, const char *name, time_t when, const void *p, size_t n);
bool tar_end(FILE *to);

#endif
