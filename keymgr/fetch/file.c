/* SPDX-License-Identifier: BSD-2-Clause */
/* file: is not left to libcurl: a pipe or a device would hold up everybody, and only one folder's files are meant. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"

enum reason
file_read(struct job *j, const char *dir, char *detail, size_t cap)
{
	const char *name = url_file(j->url, dir);
	uint8_t b[65536];
	enum reason r = R_OK;
	int d = -1, fd = -1;
	struct stat st;
	ssize_t n = 0;

	if (name == NULL) {
		snprintf(detail, cap, "of local files, only those in %s are read", dir[0] ? dir : "the folder crl beside the gateway file");
		return R_URL_REFUSED;
	}
	d = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d >= 0)
		fd = openat(d, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(detail, cap, "%s", strerror(errno));
		r = R_CRL_UNREACHABLE;
	} else if (!S_ISREG(st.st_mode)) {
		snprintf(detail, cap, "it is not a regular file");
		r = R_CRL_UNREACHABLE;
	}
	while (r == R_OK && (n = read(fd, b, sizeof(b))) > 0)
		if (!keep_octets(j, b, (size_t)n))
			r = j->spoilt;
	if (r == R_OK && n < 0) {
		snprintf(detail, cap, "%s", strerror(errno));
		r = R_CRL_UNREACHABLE;
	}
	if (fd >= 0)
		close(fd);
	if (d >= 0)
		close(d);
	return r;
}
