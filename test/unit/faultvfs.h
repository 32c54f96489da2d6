/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite's file layer with faults, for tests: every read, write, sync, truncation, creation and deletion of a file is counted, and the one whose turn
 * it is fails, or is the last that the process does. The machine too can lose its power: then of what was not synced any part may be missing.
 */
#ifndef FAULTVFS_H
#define FAULTVFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_ONE,	/* one fails, those after it do not */
	FAULT_FULL,	/* from then on nothing can be written */
	FAULT_KILL,	/* the process ends before it */
	FAULT_TORN,	/* the process ends in the middle of a write */
	FAULT_POWER,	/* the power goes: before it, or when fault_power() is called */
};

#define FAULT_KILLED	9	/* with this code the process ends */

bool fault_register(void);	/* as the default of this process */
/* From now on; before the first file is opened. A disk that lies keeps nothing for sure when it is asked to sync. */
void fault_begin(enum fault, uint32_t seed, bool lying);
void fault_arm(unsigned nth);	/* counted from 1; 0: never */
unsigned fault_count(void);	/* since then */
bool fault_struck(void);
void fault_power(void);		/* the files become what the disk may hold */

#endif
