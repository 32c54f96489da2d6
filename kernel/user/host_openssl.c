/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The user-space side of the seam that is not inline, but for the ciphers (crypt.c): randomness, and frees put off to the end of the
 * loop's turn.
 */
#include <sys/random.h>
#include <time.h>

#include <openssl/crypto.h>

#include "host.h"

#define RANDOM_POOL	4096

/* Per-process state of the host, not of an engine: what is waiting to be freed, and random octets drawn ahead. */
static struct host_defer *deferred;
static struct { uint8_t b[RANDOM_POOL]; size_t left; } pool;

void
host_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

void
host_defer(struct host_defer *d, void (*fn)(void *), void *p)
{
	d->fn = fn;
	d->p = p;
	d->next = deferred;
	deferred = d;
}

void
host_turn_end(void)
{
	struct host_defer *d;

	while ((d = deferred) != NULL) {
		deferred = d->next;
		d->fn(d->p);
	}
}

/* getrandom cannot fail once the kernel's pool is ready, and blocks until then. */
static void
draw(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

void
host_random(void *p, size_t n)
{
	if (n > RANDOM_POOL / 4) {
		draw(p, n);
		return;
	}
	if (pool.left < n) {
		draw(pool.b, sizeof(pool.b));
		pool.left = sizeof(pool.b);
	}
	pool.left -= n;
	memcpy(p, pool.b + pool.left, n);
	host_wipe(pool.b + pool.left, n);
}

uint64_t
host_wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec;
}
