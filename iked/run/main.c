/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iked, the IKE daemon: the process that meets the Internet. It holds the keys of its own IKE SAs' messages (SK_e, SK_a) and
 * nothing else worth stealing; see doc/iked.8. Everything it decides is decided in sa/ and ex/; everything it does is in act.c.
 */
#include <stdlib.h>

#include "log.h"
#include "run/byhand.h"
#include "run/iked.h"

static void
on_fd(void *ctx, const char *name, int fd)
{
	struct iked *k = ctx;

	iked_give(k, name, fd);
	iked_turn(k);
}

static _Noreturn void
start_failed(const char *why)
{
	log_error(NULL, "start_failed", "%s", why);
	exit(1);
}

/* Everything that was handed over before GO; the same names may come again later. */
static void
take_all(struct iked *k)
{
	static const char *const names[] = { "ike4", "ike6", "natt4", "natt6", "keymgr", "spdsync", "ipsecd" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = proc_take(&k->proc, names[i]);

		if (fd >= 0)
			iked_give(k, names[i], fd);
	}
}

/* SIGTERM ends the loop: no DELETE is sent, so that a restart is quiet (contracts, "Stop, upgrade"). */
int
main(int argc, char **argv)
{
	static struct iked iked;
	struct iked *k = &iked;

	iked_by_hand(argc, argv);
	proc_start(&k->proc, "iked", argc, argv);
	if (!crypto_warm())
		start_failed("The crypto library lacks an algorithm that iked needs.");
	if (!iked_build(k))
		start_failed("No memory.");
	take_all(k);
	sockets_prepare(k->sockets);
	proc_confine(&k->proc, &iked_sandbox);
	proc_ready(&k->proc, k->base, on_fd, k);
	iked_turn(k);
	log_info(NULL, "start", "iked is ready.");
	event_base_dispatch(k->base);
	proc_end(&k->proc);
	iked_take_down(k);
	return 0;
}
