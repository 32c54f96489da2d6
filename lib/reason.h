/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reason codes: one table (reason.def) for the log, the CLI, the API and the panel. Numbers are never used again. */
#ifndef CAUSEWAY_REASON_H
#define CAUSEWAY_REASON_H

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Both headers define access(2)'s R_OK as 4. They are included here so that they cannot do it behind this line. */
#undef R_OK

enum reason {
#define R(num, name, sentence, hint) R_##name = num,
#include "reason.def"
#undef R
};

struct reason_row {
	uint16_t	num;
	const char	*name;		/* "PSK_MISMATCH" */
	const char	*sentence;	/* what happened */
	const char	*hint;		/* what to do, "" if nothing */
};

/* Never NULL: a number that is not in the table gives R_INTERNAL's row. */
const struct reason_row *reason_row(unsigned num);
/* -1 when the name is unknown. */
int reason_by_name(const char *);

#endif
