/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the store share. */
#ifndef CAUSEWAY_STORE_IN_H
#define CAUSEWAY_STORE_IN_H

#include <sqlite3.h>

#include "store.h"

struct store {
	sqlite3		*db;
	sqlite3_stmt	*find;		/* store_reqid: asked for every child of every revision */
};

#endif
