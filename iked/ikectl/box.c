/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "box.h"
#include "dgram.h"
#include "msg_cert.h"
#include "secret.h"

/* From one descriptor to another without a copy in our memory: files by sendfile, pipes by splice. The octets, or -1. */
static ssize_t
move(int from, int to, size_t max)
{
	size_t all = 0;

	while (all < max) {
		ssize_t n = sendfile(to, from, NULL, max - all);

		if (n < 0 && errno == EINVAL)
			n = splice(from, NULL, to, NULL, max - all, 0);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		all += (size_t)n;
	}
	return (ssize_t)all;
}

static bool
add_file(const struct ctl *ctl, struct box *b, const char *name, uint32_t *n)
{
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? move(fd, b->fd, CERT_BOX_MAX) : -1;
	int err = errno;

	if (fd > STDIN_FILENO)
		close(fd);
	if (got < 0) {
		ctl_unreadable(ctl, name, strerror(err));
		return false;
	}
	if (got == (ssize_t)CERT_BOX_MAX) {
		ctl_unreadable(ctl, name, "larger than any file of certificates");
		return false;
	}
	*n = (uint32_t)got;
	return true;
}

bool
box_make(const struct ctl *ctl, struct box *b, const char *file, const char *key_file, const char *password_file, const char *password)
{
	uint8_t head[CERT_BOX_HEAD] = { 0 };
	struct wr w = wr_of(head, sizeof(head));
	uint32_t n[3] = { 0, 0, 0 };

	*b = (struct box){ .fd = memfd_create("ikectl", MFD_CLOEXEC), .conn = -1 };
	if (b->fd < 0 || write(b->fd, head, sizeof(head)) != sizeof(head)) {
		fprintf(stderr, "ikectl: no memory file can be made: %s\n", strerror(errno));
		return false;
	}
	if ((file && !add_file(ctl, b, file, &n[0])) || (key_file && !add_file(ctl, b, key_file, &n[1])))
		return false;
	if (password) {
		n[2] = (uint32_t)strlen(password);
		if (write(b->fd, password, n[2]) != (ssize_t)n[2])
			return false;
	} else if (password_file && !add_file(ctl, b, password_file, &n[2]))
		return false;
	for (int i = 0; i < 3; i++)
		wr_le32(&w, n[i]);
	return pwrite(b->fd, head, sizeof(head), 0) == sizeof(head);
}

int
box_send(const struct ctl *ctl, struct box *b, char *path, size_t cap)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval tv = { 5, 0 };
	struct iovec iov = { "f", 1 };
	size_t n = strlen(path);
	ssize_t got = -1;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/files.sock", ctl->run_dir);
	b->conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	setsockopt(b->conn, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (b->conn >= 0 && connect(b->conn, (struct sockaddr *)&a, sizeof(a)) == 0 && dgram_put(b->conn, &iov, 1, b->fd, 0) == DGRAM_OK)
		got = recv(b->conn, b->ticket, sizeof(b->ticket) - 1, 0);
	if (got == sizeof(b->ticket) - 1 && strspn(b->ticket, "0123456789abcdef") == sizeof(b->ticket) - 1) {
		snprintf(path + n, cap - n, "?files=%s", b->ticket);
		return CTL_OK;
	}
	if (errno == EACCES || errno == EPERM)
		return ctl_denied(ctl, a.sun_path);
	return ctl_unreachable(ctl, a.sun_path, got == 0 ? "it refused" : strerror(errno));
}

void
box_free(struct box *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->conn >= 0)
		close(b->conn);
	b->fd = b->conn = -1;
}

/* A new file beside its place, then there: nobody ever reads half of it, and an old one is replaced whole. */
struct save {
	const char	*out;
	char		 tmp[4096];
	int		 fd;
};

static bool
save_begin(const struct ctl *ctl, struct save *s, const char *out, bool private)
{
	*s = (struct save){ .out = out, .fd = -1 };
	if (out == NULL || strcmp(out, "-") == 0) {
		s->fd = dup(STDOUT_FILENO);
		fflush(stdout);
	} else if (snprintf(s->tmp, sizeof(s->tmp), "%s.XXXXXX", out) < (int)sizeof(s->tmp)) {
		mode_t mask = umask(077);

		s->fd = mkostemp(s->tmp, O_CLOEXEC);
		umask(mask);
		if (s->fd >= 0 && !private)
			fchmod(s->fd, 0666 & ~mask);
	}
	if (s->fd < 0)
		ctl_unreadable(ctl, out ? out : "-", strerror(errno));
	return s->fd >= 0;
}

static bool
save_end(const struct ctl *ctl, struct save *s, bool ok)
{
	if (s->tmp[0])
		ok = ok && fsync(s->fd) == 0 && rename(s->tmp, s->out) == 0;
	if (!ok) {
		ctl_unreadable(ctl, s->out ? s->out : "-", strerror(errno));
		if (s->tmp[0])
			unlink(s->tmp);
	}
	close(s->fd);
	return ok;
}

bool
box_save(const struct ctl *ctl, const struct box *b, const char *out, bool private)
{
	struct stat st;
	struct save s;

	if (!save_begin(ctl, &s, out, private))
		return false;
	return save_end(ctl, &s, fstat(b->fd, &st) == 0 && lseek(b->fd, 0, SEEK_SET) == 0 &&
	    move(b->fd, s.fd, (size_t)st.st_size) == (ssize_t)st.st_size);
}

bool
text_save(const struct ctl *ctl, const char *text, const char *out)
{
	size_t n = strlen(text);
	struct save s;

	if (!save_begin(ctl, &s, out, false))
		return false;
	return save_end(ctl, &s, write(s.fd, text, n) == (ssize_t)n);
}

static bool
read_line(FILE *tty, const char *prompt, char *buf, size_t cap)
{
	struct termios old, quiet;
	bool ok;

	if (tcgetattr(fileno(tty), &old) != 0)
		return false;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(tty, "%s", prompt);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	ok = fgets(buf, (int)cap, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &old);
	fprintf(tty, "\n");
	if (ok)
		buf[strcspn(buf, "\r\n")] = '\0';
	return ok && buf[0];
}

bool
ask_password(const char *prompt, bool twice, char *buf, size_t cap)
{
	FILE *tty = fopen("/dev/tty", "r+e");
	char again[256];
	bool ok = false;

	if (tty == NULL)
		return false;
	setvbuf(tty, NULL, _IONBF, 0);		/* no copy of it in a buffer of stdio's */
	while (read_line(tty, prompt, buf, cap)) {
		ok = true;
		if (!twice || !read_line(tty, "Once more: ", again, sizeof(again)))
			break;
		ok = strcmp(buf, again) == 0;
		if (ok)
			break;
		fprintf(tty, "The two differ.\n");
	}
	wipe(again, sizeof(again));
	fclose(tty);
	return ok;
}
