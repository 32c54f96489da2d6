/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include "reason.h"

static const struct reason_row rows[] = {
#define R(num, name, sentence, hint) { num, #name, sentence, hint },
#include "reason.def"
#undef R
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

const struct reason_row *
reason_row(unsigned num)
{
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].num == num)
			return &rows[i];
	return &rows[R_INTERNAL];	/* number 1 stands at index 1 */
}

int
reason_by_name(const char *name)
{
	for (size_t i = 0; i < NROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].num;
	return -1;
}
