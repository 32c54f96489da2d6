/* SPDX-License-Identifier: BSD-2-Clause */
/* keymgr-fetch and keymgr's side of its link, in one process, against a web server that behaves well and badly. */
#include "config.h"

#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"
#include "fetching.h"
#include "log.h"
#include "web.h"

#define PATIENCE_MS	1500l

struct got {
	unsigned	n;
	enum reason	reason;
	char		detail[FETCH_DETAIL];
	size_t		size;
	char		start[64];
};

static struct event_base *base;
static struct fetching *keymgr;
static struct fetcher fetcher;
static char dir[64];
static uint16_t port;
static pid_t web;

static void
on_done(void *arg, enum reason r, const char *detail, struct bytes octets)
{
	struct got *g = arg;

	g->n++;
	g->reason = r;
	snprintf(g->detail, sizeof(g->detail), "%s", detail);
	g->size = octets.n;
	memset(g->start, 0, sizeof(g->start));
	if (octets.n)
		memcpy(g->start, octets.p, octets.n < sizeof(g->start) ? octets.n : sizeof(g->start) - 1);
}

static void
join(void)
{
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
	fetching_link(keymgr, v[0]);
	fetch_on_fd(&fetcher, "keymgr", v[1]);
}

static int
setup(void **state)
{
	log_set_level(LOG_ERROR);
	strcpy(dir, "/tmp/causeway-fetch.XXXXXX");
	assert_non_null(mkdtemp(dir));
	web = web_start("127.0.0.1", &port, dir);
	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	base = event_base_new();
	keymgr = fetching_new(base);
	assert_true(fetch_init(&fetcher, base, dir));
	fetcher.wait_ms = PATIENCE_MS;
	join();
	return 0;
}

static int
teardown(void **state)
{
	char cmd[128];

	fetching_free(keymgr);
	fetch_fini(&fetcher);
	event_base_free(base);
	web_stop(web);
	curl_global_cleanup();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static const char *
url(const char *path)
{
	static char b[FETCH_URL];

	snprintf(b, sizeof(b), "http://127.0.0.1:%u%s", port, path);
	return b;
}

static void
wait_for(const struct got *g, unsigned n)
{
	for (int i = 0; i < 3000 && g->n < n; i++) {
		struct timeval tv = { 0, 10000 };

		event_base_loopexit(base, &tv);
		event_base_dispatch(base);
	}
	assert_int_equal(g->n, n);
}

static void
get(const char *u, bool configured, struct got *g)
{
	memset(g, 0, sizeof(*g));
	assert_int_not_equal(fetching_get(keymgr, u, configured, bytes_of(NULL, 0), on_done, g), 0);
	wait_for(g, 1);
}

static void
refused(const char *u, bool configured, enum reason r, const char *words)
{
	struct got g;

	get(u, configured, &g);
	if (g.reason != r || strstr(g.detail, words) == NULL)
		fail_msg("%s: %s, \"%s\"", u, reason_row(g.reason)->name, g.detail);
	assert_int_equal(g.size, 0);
}

static void
fetched(const char *u, bool configured, size_t size, const char *start)
{
	struct got g;

	get(u, configured, &g);
	if (g.reason != R_OK)
		fail_msg("%s: %s, \"%s\"", u, reason_row(g.reason)->name, g.detail);
	assert_int_equal(g.size, size);
	assert_memory_equal(g.start, start, strlen(start));
}

static void
put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_good(void **state)
{
	put_file("list.crl", "of the server");
	fetched(url("/ok"), false, 8, "fetched\n");
	fetched(url("/list.crl"), true, 13, "of the server");
	fetched(url("/to-ok"), false, 8, "fetched\n");
	fetched(url("/hops-3"), false, 8, "fetched\n");
	fetched(url("/at-limit"), false, FETCH_MAX, "xxxx");
	assert_int_equal(fetcher.held, 0);
	assert_int_equal(fetcher.njobs, 0);
}

static void
test_post(void **state)
{
	struct got g = { 0 };
	uint8_t body[FETCH_POST];

	memset(body, 'p', sizeof(body));
	assert_int_not_equal(fetching_get(keymgr, url("/ok"), false, bytes_of(body, sizeof(body)), on_done, &g), 0);
	wait_for(&g, 1);
	assert_int_equal(g.reason, R_OK);
	assert_int_equal(g.size, sizeof(body));
	assert_memory_equal(g.start, body, 60);
	assert_int_equal(fetching_get(keymgr, url("/ok"), false, bytes_of(body, FETCH_POST + 1), on_done, &g), 0);
}

static void
test_bad_servers(void **state)
{
	refused(url("/nothing"), false, R_CRL_UNREACHABLE, "HTTP status 404");
	refused(url("/empty"), false, R_CRL_UNREACHABLE, "empty");
	refused(url("/garbage"), false, R_CRL_UNREACHABLE, "");
	refused(url("/short"), false, R_CRL_UNREACHABLE, "bytes remaining");
	refused(url("/loop"), false, R_CRL_UNREACHABLE, "redirects");
	refused(url("/hops-4"), false, R_CRL_UNREACHABLE, "redirects");
	refused(url("/big"), false, R_CRL_TOO_LARGE, "20 MiB");
	refused(url("/endless"), false, R_CRL_TOO_LARGE, "20 MiB");
	refused(url("/over-limit"), false, R_CRL_TOO_LARGE, "20 MiB");
	refused("http://127.0.0.1:1/dead", false, R_CRL_UNREACHABLE, "onnect");
	refused("http://no-such-host.invalid/", false, R_CRL_UNREACHABLE, "no-such-host.invalid");
	assert_int_equal(fetcher.held, 0);
}

static void
test_addresses(void **state)
{
	refused(url("/to-file"), false, R_URL_REFUSED, "redirect");
	refused(url("/to-file"), true, R_URL_REFUSED, "redirect");
	refused(url("/to-ftp"), false, R_URL_REFUSED, "redirect");
	refused("ftp://127.0.0.1/x", true, R_URL_REFUSED, "");
	refused("file:///etc/passwd", false, R_URL_REFUSED, "");
	refused("ldap://127.0.0.1/x", false, R_URL_REFUSED, "");
	refused("ldap://127.0.0.1:1/x", true, R_CRL_UNREACHABLE, "");
	refused("gopher://127.0.0.1/x", true, R_URL_REFUSED, "");
	refused("http://", false, R_URL_REFUSED, "");
	refused("http:///x", false, R_URL_REFUSED, "");
	refused("http://u:p@127.0.0.1/x", false, R_URL_REFUSED, "");
	refused("http://127.0.0.1/a b", false, R_URL_REFUSED, "");
	refused("http://127.0.0.1/\x7f", false, R_URL_REFUSED, "");
	refused("list.crl", true, R_URL_REFUSED, "");
}

static void
test_ldap(void **state)
{
	uint16_t at = 0;
	char u[128], path[96];
	pid_t ldap;

	put_file("of-ldap", "a list of the directory");
	snprintf(path, sizeof(path), "%s/of-ldap", dir);
	ldap = ldap_start("127.0.0.1", &at, path);
	snprintf(u, sizeof(u), "ldap://127.0.0.1:%u/cn=ca?certificateRevocationList;binary", at);
	fetched(u, true, 23, "a list of the directory");
	refused(u, false, R_URL_REFUSED, "");
	put_file("of-ldap", "");
	refused(u, true, R_CRL_UNREACHABLE, "no revocation list");
	web_stop(ldap);
	assert_int_equal(fetcher.held, 0);
}

static void
test_files(void **state)
{
	char path[128], u[160];

	put_file("here.crl", "a file");
	snprintf(u, sizeof(u), "file://%s/here.crl", dir);
	fetched(u, true, 6, "a file");
	refused(u, false, R_URL_REFUSED, "");
	refused("file:///etc/passwd", true, R_URL_REFUSED, dir);
	snprintf(u, sizeof(u), "file://%s/../passwd", dir);
	refused(u, true, R_URL_REFUSED, dir);
	snprintf(u, sizeof(u), "file://%s/none", dir);
	refused(u, true, R_CRL_UNREACHABLE, "No such file");
	/* neither a pipe nor a link to elsewhere */
	snprintf(path, sizeof(path), "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(u, sizeof(u), "file://%s/pipe", dir);
	refused(u, true, R_CRL_UNREACHABLE, "regular");
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(u, sizeof(u), "file://%s/link", dir);
	refused(u, true, R_CRL_UNREACHABLE, "symbolic");
	put_file("empty", "");
	snprintf(u, sizeof(u), "file://%s/empty", dir);
	refused(u, true, R_CRL_UNREACHABLE, "empty");
	snprintf(path, sizeof(path), "%s/large", dir);
	put_file("large", "x");
	assert_int_equal(truncate(path, FETCH_MAX + 1), 0);
	snprintf(u, sizeof(u), "file://%s/large", dir);
	refused(u, true, R_CRL_TOO_LARGE, "20 MiB");
	assert_int_equal(fetcher.held, 0);
}

/* More slow ones than run at a time for one host: they end by their time, and another host's is served meanwhile. */
static void
test_slow(void **state)
{
	struct got slow[FETCH_PER_HOST + 2], drip, fast;
	uint16_t other_port = 0;
	pid_t other = web_start("127.0.0.1", &other_port, NULL);
	char u[64];

	memset(slow, 0, sizeof(slow));
	memset(&drip, 0, sizeof(drip));
	for (unsigned i = 0; i < FETCH_PER_HOST + 2; i++)
		fetching_get(keymgr, url("/slow"), false, bytes_of(NULL, 0), on_done, &slow[i]);
	fetching_get(keymgr, url("/drip"), false, bytes_of(NULL, 0), on_done, &drip);
	snprintf(u, sizeof(u), "http://127.0.0.1:%u/ok", other_port);
	get(u, false, &fast);
	assert_int_equal(fast.reason, R_OK);
	assert_int_equal(slow[0].n, 0);
	assert_int_equal(fetcher.nruns, FETCH_PER_HOST);
	assert_int_equal(fetcher.njobs, FETCH_PER_HOST + 3);
	for (unsigned i = 0; i < FETCH_PER_HOST + 2; i++) {
		wait_for(&slow[i], 1);
		assert_int_equal(slow[i].reason, R_CRL_UNREACHABLE);
		assert_non_null(strstr(slow[i].detail, "timed out"));
	}
	wait_for(&drip, 1);
	assert_int_equal(drip.reason, R_CRL_UNREACHABLE);
	assert_int_equal(fetcher.held, 0);
	web_stop(other);
}

/* What was under way when keymgr-fetch ended is asked again on the new link, once. */
static void
test_link_loss(void **state)
{
	struct got a = { 0 }, b = { 0 };

	assert_int_not_equal(fetching_get(keymgr, url("/ok"), false, bytes_of(NULL, 0), on_done, &a), 0);
	join();
	wait_for(&a, 1);
	assert_int_equal(a.reason, R_OK);
	/* nobody there: it waits, and then it is said */
	ipc_free(fetcher.link);
	fetcher.link = NULL;
	assert_int_not_equal(fetching_get(keymgr, url("/slow"), false, bytes_of(NULL, 0), on_done, &b), 0);
	wait_for(&b, 1);
	assert_int_equal(b.reason, R_FETCH_DOWN);
	join();
	memset(&a, 0, sizeof(a));
	fetching_get(keymgr, url("/slow"), false, bytes_of(NULL, 0), on_done, &a);
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 10; k++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		join();
	}
	wait_for(&a, 1);
	assert_int_equal(a.reason, R_FETCH_DOWN);
	fetched(url("/ok"), false, 8, "fetched\n");
}

static void
test_cancel(void **state)
{
	struct got a = { 0 }, b = { 0 };
	uint32_t id = fetching_get(keymgr, url("/ok"), false, bytes_of(NULL, 0), on_done, &a);

	fetching_get(keymgr, url("/ok"), false, bytes_of(NULL, 0), on_done, &b);
	fetching_cancel(keymgr, id);
	fetching_cancel(keymgr, id);
	fetching_cancel(keymgr, 0);
	wait_for(&b, 1);
	assert_int_equal(a.n, 0);
}

/* A captured keymgr-fetch: what is not exactly a sealed file of the size said ends the link, and nothing is read. */
struct lie { const char *what; bool seal; uint32_t size; bool fd; uint16_t reason; };

static void
tell_lie(int s, uint32_t id, const struct lie *l)
{
	uint8_t b[512];
	struct wr w = wr_of(b, sizeof(b));
	struct fetched d = { .id = id, .reason = l->reason, .size = l->size };
	int fd = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union { char b[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } c;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	assert_int_equal(write(fd, "four", 4), 4);
	if (l->seal)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	wr_le16(&w, FETCH_DONE);
	wr_le16(&w, IPC_VERSION);
	wr_le32(&w, 0);
	fetched_put(&w, &d);
	iov = (struct iovec){ b, w.n };
	if (l->fd) {
		struct cmsghdr *h;

		m.msg_control = c.b;
		m.msg_controllen = sizeof(c.b);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(s, &m, MSG_NOSIGNAL), (ssize_t)w.n);
	close(fd);
}

static void
test_captured(void **state)
{
	static const struct lie lies[] = {
		{ "not sealed", false, 4, true, R_OK },
		{ "another size", true, 5, true, R_OK },
		{ "no file", true, 4, false, R_OK },
		{ "a file and a failure", true, 0, true, R_CRL_UNREACHABLE },
		{ "a reason of others", true, 0, false, R_PSK_MISMATCH },
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct fetching *f = fetching_new(base);
		struct got g = { 0 };
		uint32_t id;
		uint8_t hello[64];
		struct wr w = wr_of(hello, sizeof(hello));
		char b[1024];
		int v[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
		fetching_link(f, v[0]);
		id = fetching_get(f, url("/ok"), false, bytes_of(NULL, 0), on_done, &g);
		wr_le16(&w, IPC_HELLO);
		wr_le16(&w, IPC_VERSION);
		wr_le32(&w, 0);
		str_put(&w, PACKAGE_VERSION);
		assert_int_equal(send(v[1], hello, w.n, MSG_NOSIGNAL), (ssize_t)w.n);
		for (int k = 0; k < 5; k++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		tell_lie(v[1], id, &lies[i]);
		for (int k = 0; k < 5; k++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		while (recv(v[1], b, sizeof(b), MSG_DONTWAIT) > 0)
			continue;
		if (recv(v[1], b, sizeof(b), MSG_DONTWAIT) != 0 || g.n != 0)
			fail_msg("%s: the link is not closed, or something was taken", lies[i].what);
		fetching_free(f);
		close(v[1]);
	}
}

static void
test_ldif(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "DN: cn=ca\n\tcertificateRevocationList;binary:: AQID\n\n", "\1\2\3" },
		{ "\tauthorityrevocationlist:: AQIDBA==\n", "\1\2\3\4" },
		{ "\tdeltaRevocationList;binary:: AQI=\r\n", "\1\2" },
		{ "\tcn:: AQID\n\tcertificateRevocationList:: AQID", "\1\2\3" },
		{ "\tcertificateRevocationList: AQID\n", "" },
		{ "\tcertificateRevocationList:: AQI\n", "" },
		{ "\tcertificateRevocationList:: ====\n", "" },
		{ "\tcertificateRevocationListX:: AQID\n", "" },
		{ "\tcertificateRevocationList:: ", "" },
		{ "", "" },
	};
	uint8_t out[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].in);
		/* of its own size, so that a sanitizer sees who reads past the end */
		uint8_t *in = malloc(n ? n : 1);

		memcpy(in, rows[i].in, n);
		assert_int_equal(ldif_crl(bytes_of(in, n), out), strlen(rows[i].out));
		assert_memory_equal(out, rows[i].out, strlen(rows[i].out));
		for (size_t k = 0; k < n; k++)
			ldif_crl(bytes_of(in, k), out);
		free(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_post), cmocka_unit_test(test_bad_servers), cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_files), cmocka_unit_test(test_ldap), cmocka_unit_test(test_slow), cmocka_unit_test(test_link_loss), cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_captured), cmocka_unit_test(test_ldif),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
