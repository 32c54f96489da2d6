/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "msg_cert.h"

/* Seals are a thing of memory files; every other kind of file has none to ask for. */
static bool
is_memory(int fd)
{
	return fd >= 0 && fcntl(fd, F_GET_SEALS) >= 0;
}

bool
boxfile_read(int fd, struct boxfile *b)
{
	struct stat st;
	ssize_t got;

	*b = (struct boxfile){ 0 };
	if (!is_memory(fd) || fstat(fd, &st) != 0 || st.st_size < (off_t)CERT_BOX_HEAD || st.st_size > (off_t)CERT_BOX_MAX)
		return false;
	b->n = (size_t)st.st_size;
	b->p = OPENSSL_secure_malloc(b->n);
	got = b->p ? pread(fd, b->p, b->n, 0) : -1;
	if (got == (ssize_t)b->n)
		return true;
	boxfile_free(b);
	return false;
}

void
boxfile_free(struct boxfile *b)
{
	OPENSSL_secure_clear_free(b->p, b->n);
	*b = (struct boxfile){ 0 };
}

bool
boxfile_write(int fd, struct bytes b)
{
	off_t at = 0;

	if (!is_memory(fd) || ftruncate(fd, 0) != 0)
		return false;
	while (b.n) {
		ssize_t n = pwrite(fd, b.p, b.n, at);

		if (n <= 0)
			return false;
		at += n;
		b.p += n;
		b.n -= (size_t)n;
	}
	return true;
}
