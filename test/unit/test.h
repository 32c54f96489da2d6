/* SPDX-License-Identifier: BSD-2-Clause */
/* What cmocka wants included before itself, in one place. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The text of a file of the source tree, whole and ended by a NUL; a test that cannot have it fails. */
static inline void
source_text(const char *file, char *to, size_t cap)
{
	const char *top = getenv("top_srcdir");
	char name[512];
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", top ? top : ".", file);
	f = fopen(name, "r");
	assert_non_null(f);
	n = fread(to, 1, cap, f);
	fclose(f);
	assert_true(n > 0 && n < cap);
	to[n] = '\0';
}

#endif
