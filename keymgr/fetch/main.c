/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keymgr-fetch gets revocation lists and OCSP answers for keymgr, which may not meet the network. It holds nothing: no key, no store, no
 * file but the resolver's and the folder of local lists. keymgr treats what it brings as hostile.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <nss.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "log.h"

#define RESOLVER_S	5	/* how often it is looked whether the resolver's file was replaced */

static struct fetcher fetcher;

/*
 * Landlock's permission belongs to the file that was there at the start: another one in its place cannot be read. Then this program
 * ends in order and causewayd starts it again; keymgr asks again.
 */
static void
on_resolver(evutil_socket_t fd, short what, void *arg)
{
	int f;

	if (fetcher.njobs > 0)
		return;
	f = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	if (f >= 0) {
		close(f);
	} else if (errno == EACCES) {
		log_info(NULL, "resolver_changed", "/etc/resolv.conf was replaced; this program is started anew to read it.");
		event_base_loopexit(fetcher.base, NULL);
	}
}

/* Everything that loads code does it here: the sandbox maps none. */
static bool
warm_up(void)
{
	const curl_version_info_data *v;
	CURL *easy;

	/* no openssl.cnf: it could load engines and providers */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return false;
	/* Files and DNS are in the C library itself; other services of nsswitch.conf would be loaded at their first use. */
	__nss_configure_lookup("hosts", "files dns");
	setenv("RES_OPTIONS", "timeout:3 attempts:2", 1);
	v = curl_version_info(CURLVERSION_NOW);
	easy = curl_easy_init();
	curl_easy_cleanup(easy);
	return easy && (v->features & CURL_VERSION_ASYNCHDNS);
}

int
main(int argc, char **argv)
{
	static char crl_dir[PATH_MAX];
	struct timeval tv = { RESOLVER_S, 0 };
	struct event *resolver;
	struct event_base *base;
	struct proc p;
	int fd;

	proc_start(&p, "keymgr-fetch", argc, argv);
	base = event_base_new();
	if (realpath(p.crl_dir, crl_dir) == NULL)
		crl_dir[0] = '\0';
	if (!warm_up() || base == NULL || !fetch_init(&fetcher, base, crl_dir) ||
	    (resolver = event_new(base, -1, EV_PERSIST, on_resolver, NULL)) == NULL || event_add(resolver, &tv) != 0) {
		log_error(NULL, "start_failed", "libcurl cannot be used: there is no memory, or it resolves names in a way that blocks.");
		return 1;
	}
	fetcher.proc = &p;
	proc_confine(&p, &fetch_sandbox);
	while ((fd = proc_take(&p, "keymgr")) >= 0)
		fetch_on_fd(&fetcher, "keymgr", fd);
	proc_ready(&p, base, fetch_on_fd, &fetcher);
	event_base_dispatch(base);
	proc_end(&p);
	/* A thread may still ask for a name; it ends with the process. */
	_exit(0);
}
