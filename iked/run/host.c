/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine between its inputs: what comes from sockets and the clock goes in, and iked_turn() performs what comes out. */
#include <errno.h>
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
on_packet(void *ctx, const struct endpoint *local, const struct endpoint *remote, bool natt, struct bytes data)
{
	struct iked *k = ctx;

	engine_packet(k->engine, local, remote, natt, data, clock_now_ns());
	iked_turn(k);
}

static void
on_stray(void *ctx, const struct endpoint *local, const struct endpoint *remote, uint32_t spi)
{
	const struct key_stray y = { .spi = spi, .local = *local, .remote = *remote };
	struct iked *k = ctx;

	engine_stray(k->engine, &y, clock_now_ns());
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

bool
iked_build(struct iked *k)
{
	const struct engine_host host = { .ctx = k, .random = fill_random, .ike_port = k->proc.ike_port, .natt_port = k->proc.natt_port };
	const struct sockets_sink sink = { k, on_packet, on_stray, on_unreachable };
	const struct timeval every = { REPORT_S, 0 };

	k->base = event_base_new();
	k->engine = engine_new(&host);
	if (k->base == NULL || k->engine == NULL)
		return false;
	k->sockets = sockets_new(k->base, &sink, k->proc.ike_port, k->proc.natt_port, proc_kernel_engine(&k->proc));
	k->timer = evtimer_new(k->base, on_timer, k);
	k->report = event_new(k->base, -1, EV_PERSIST, on_report, k);
	return k->sockets && k->timer && k->report && event_add(k->report, &every) == 0;
}

void
iked_take_down(struct iked *k)
{
	links_free(k);
	waits_free(&k->waits);
	outbox_free(&k->records);
	event_free(k->report);
	event_free(k->timer);
	sockets_free(k->sockets);
	engine_free(k->engine);
	event_base_free(k->base);
}
