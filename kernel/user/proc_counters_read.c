/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <unistd.h>

#include "proc_counters.h"

bool
proc_counters_read(int fd, struct proc_counters *c)
{
	static uint8_t text[PROC_TEXT];
	size_t n = 0;
	ssize_t got = 0;

	if (lseek(fd, 0, SEEK_SET) != 0)
		return false;
	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return false;
	proc_counters_get(bytes_of(text, n), c);
	return true;
}
