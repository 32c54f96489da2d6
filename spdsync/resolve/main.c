/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spdsync-resolve looks up the host names of peers for spdsync, which may not meet the network. It holds nothing: no store, no key, no
 * file but the resolver's two. spdsync treats what it says as hostile.
 */
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "resolve.h"

#define FILES_S	5	/* how often it is looked whether the resolver's files were replaced */

static struct resolver resolver;

/*
 * Landlock's permission belongs to the file that was there at the start: another one in its place cannot be read. Then this program
 * ends in order and causewayd starts it again; spdsync asks again.
 */
static void
on_files(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	if (resolver.n > 0 || resolver_sees(&resolver))
		return;
	log_info(NULL, "resolver_changed", "%s or %s was replaced; this program is started anew to read it.", resolver.conf, resolver.hosts);
	event_base_loopexit(resolver.base, NULL);
}

int
main(int argc, char **argv)
{
	struct timeval tv = { FILES_S, 0 };
	struct event *files;
	struct event_base *base;
	struct proc p;
	int fd;

	proc_start(&p, "spdsync-resolve", argc, argv);
	base = event_base_new();
	files = base ? event_new(base, -1, EV_PERSIST, on_files, NULL) : NULL;
	if (!files || event_add(files, &tv) != 0) {
		log_error(NULL, "start_failed", "There is no memory.");
		return 1;
	}
	resolver_init(&resolver, base);
	resolver.proc = &p;
	proc_confine(&p, &resolve_sandbox);
	while ((fd = proc_take(&p, "spdsync")) >= 0)
		resolver_on_fd(&resolver, "spdsync", fd);
	proc_ready(&p, base, resolver_on_fd, &resolver);
	event_base_dispatch(base);
	resolver_fini(&resolver);
	event_free(files);
	proc_end(&p);
	event_base_free(base);
	return 0;
}
