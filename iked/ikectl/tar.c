/* SPDX-License-Identifier: BSD-2-Clause */
/* POSIX.1-2001, pax, "ustar Interchange Format": a head of 512 octets, the content, zeros up to the next 512. */
#include <errno.h>
#include <string.h>

#include "tar.h"

#define BLOCK	512

static void
octal(char *to, size_t width, unsigned long long v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%0*llo", (int)width - 1, v);
	memcpy(to, digits, width);
}

bool
tar_add(FILE *to, const char *name, time_t when, const void *p, size_t n)
{
	static const char zeros[BLOCK];
	char h[BLOCK] = { 0 };
	unsigned sum = 0;

	if (strlen(name) > 100) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(h, name, strlen(name));
	octal(h + 100, 8, 0600);
	octal(h + 108, 8, 0);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, n);
	octal(h + 136, 12, (unsigned long long)when);
	memset(h + 148, ' ', 8);	/* the checksum counts itself as blanks */
	h[156] = '0';
	memcpy(h + 257, "ustar\0" "00", 8);
	memcpy(h + 265, "root", 4);
	memcpy(h + 297, "root", 4);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum);
	fwrite(h, 1, BLOCK, to);
	fwrite(p, 1, n, to);
	fwrite(zeros, 1, (BLOCK - n % BLOCK) % BLOCK, to);
	return !ferror(to);
}

/* Two blocks of zeros. */
bool
tar_end(FILE *to)
{
	static const char zeros[2 * BLOCK];

	return fwrite(zeros, 1, sizeof(zeros), to) == sizeof(zeros) && fflush(to) == 0;
}
