/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iked, the IKE daemon: the process that meets the Internet. It holds the keys of its own IKE SAs' messages (SK_e, SK_a) and
 * nothing else worth stealing; see doc/iked.8. Everything it decides is decided in sa/ and ex/; everything it does is in act.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "run/iked.h"

#define REPORT_S	10

/* The kernel's generator is seeded long before we run; a gateway without randomness must not go on. */
static void
fill_random(void *ctx, void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			log_error(NULL, "no_randomness", "The kernel gives no random octets.");
			_exit(1);
		}
		p += got;
		n -= (size_t)got;
	}
}

static void
on_packet(void *ctx, const struct endpoint *local, const struct endpoint *remote, struct bytes data)
{
	struct iked *k = ctx;

	engine_packet(k->engine, local, remote, false, data, clock_now_ns());
	iked_turn(k);
}

static void
on_unreachable(void *ctx, const struct endpoint *remote, int err)
{
	struct iked *k = ctx;

	engine_unreachable(k->engine, remote, err, clock_now_ns());
	iked_turn(k);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct iked *k = arg;

	engine_timer(k->engine, clock_now_ns());
	iked_turn(k);
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
	sync_counters(arg);
}

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

static void
build(struct iked *k)
{
	const struct engine_host host = { k, fill_random, k->proc.ike_port, k->proc.natt_port };
	const struct sockets_sink sink = { k, on_packet, on_unreachable };

	k->base = event_base_new();
	k->engine = engine_new(&host);
	if (k->base == NULL || k->engine == NULL)
		start_failed("No memory.");
	k->sockets = sockets_new(k->base, &sink, k->proc.ike_port);
	k->timer = evtimer_new(k->base, on_timer, k);
	k->report = event_new(k->base, -1, EV_PERSIST, on_report, k);
	if (k->sockets == NULL || k->timer == NULL || k->report == NULL)
		start_failed("No memory.");
}

static void
take_down(struct iked *k)
{
	proc_end(&k->proc);
	links_free(k);
	waits_free(&k->waits);
	outbox_free(&k->records);
	event_free(k->report);
	event_free(k->timer);
	sockets_free(k->sockets);
	engine_free(k->engine);
	event_base_free(k->base);
}

/* SIGTERM ends the loop: no DELETE is sent, so that a restart is quiet (contracts, "Stop, upgrade"). */
int
main(int argc, char **argv)
{
	static struct iked iked;
	struct iked *k = &iked;
	const struct timeval every = { REPORT_S, 0 };

	proc_start(&k->proc, "iked", argc, argv);
	if (!crypto_warm())
		start_failed("The crypto library lacks an algorithm that iked needs.");
	build(k);
	take_all(k);
	sockets_prepare(k->sockets);
	proc_confine(&k->proc, &iked_sandbox);
	proc_ready(&k->proc, k->base, on_fd, k);
	event_add(k->report, &every);
	iked_turn(k);
	log_info(NULL, "start", "iked is ready.");
	event_base_dispatch(k->base);
	take_down(k);
	return 0;
}
