/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "capture": what a tunnel carries, in the clear, as pcapng: to standard output for "tcpdump -r -", or into a file that only its owner
 * may read. spdsync makes the octets; they are passed on as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "http.h"
#include "name.h"

#define USUAL_S		600	/* spdsync's, unless --timeout says another time */
#define GRACE_S		15

struct taking {
	int		 fd;
	int		 err;		/* of writing */
	unsigned long long octets;
};

static bool
take(void *arg, const void *p, size_t n)
{
	struct taking *t = arg;
	const char *at = p;

	t->octets += n;
	while (n) {
		ssize_t k = write(t->fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			t->err = errno;
			return false;
		}
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static int
usage_error(const char *why)
{
	fprintf(stderr, "ikectl: %s\n", why);
	return CTL_USAGE;
}

/* What is to be asked; false after a sentence. */
static bool
make_path(const struct ctl *ctl, const char *full, char path[static 512])
{
	char tunnel[NAME_CAP], child[NAME_CAP], seconds[24];

	if (!ctl_split(ctl, full, tunnel, child))
		return false;
	snprintf(path, 512, "/v1/tunnels/%s/capture", tunnel);
	ctl_query(path, 512, "child", *child ? child : NULL);
	snprintf(seconds, sizeof(seconds), "%ld", ctl->timeout_s);
	ctl_query(path, 512, "seconds", ctl->timeout_s ? seconds : NULL);
	ctl_query(path, 512, "packets", ctl->limit);
	return true;
}

static void
report(const struct ctl *ctl, const char *file, const struct taking *t)
{
	json_t *j;

	if (!ctl->json) {
		printf("%s: %llu octets; they are the tunnel's own traffic in the clear\n", file, t->octets);
		return;
	}
	j = json_pack("{s:s%, s:I}", "file", file, strlen(file), "octets", (json_int_t)t->octets);
	if (!j)		/* the name is not UTF-8 */
		j = json_pack("{s:n, s:I}", "file", "octets", (json_int_t)t->octets);
	ctl_json(j);
	json_decref(j);
}

static int
run(const struct ctl *ctl, const char *path, const char *file, struct taking *t)
{
	char socket[512];
	struct http h;
	int rc;

	snprintf(socket, sizeof(socket), "%s/rw.sock", ctl->run_dir);
	http_copy(&h, socket, path, (ctl->timeout_s ? ctl->timeout_s : USUAL_S) + GRACE_S, take, t);
	if (t->err) {
		ctl_unreadable(ctl, file ? file : "standard output", strerror(t->err));
		rc = CTL_FAILED;
	} else if (h.status == 200 && h.broken) {
		fprintf(stderr, "ikectl: the capture broke off (%s)\n", h.error);
		rc = CTL_FAILED;
	} else {
		rc = ctl_answered(ctl, &h, socket);
	}
	http_free(&h);
	return rc;
}

int
cmd_capture(const struct ctl *ctl, int argc, char **argv)
{
	const char *file = argc > 1 && strcmp(argv[1], "-") != 0 ? argv[1] : NULL;
	struct taking t = { .fd = STDOUT_FILENO };
	char path[512];
	int rc;

	if (!make_path(ctl, argv[0], path))
		return CTL_NOT_FOUND;
	if (!file && ctl->json)
		return usage_error("a capture on standard output is pcapng, not JSON: name a file");
	if (!file && isatty(STDOUT_FILENO))
		return usage_error("a capture is no text for a terminal: pipe it into 'tcpdump -nr -', or name a file");
	if (file)
		t.fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (t.fd < 0) {
		ctl_unreadable(ctl, file, strerror(errno));
		return CTL_FAILED;
	}
	rc = run(ctl, path, file, &t);
	if (file && close(t.fd) != 0 && rc == CTL_OK) {
		ctl_unreadable(ctl, file, strerror(errno));
		rc = CTL_FAILED;
	}
	if (file && t.octets == 0)
		unlink(file);
	else if (file && rc == CTL_OK)
		report(ctl, file, &t);
	return rc;
}
