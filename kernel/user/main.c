/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsecd: the engine in user space. The order of the start is the order of safety: the saved guard stands before anything else is
 * even opened, then the device, the rules and the closed routes; then the sandbox; then packets.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "beside.h"
#include "clock.h"
#include "device.h"
#include "ipsecd.h"
#include "log.h"
#include "msg_sup.h"

static struct host host;	/* large: receive buffers and the TUN's */

static _Noreturn void
start_failed(const char *what, const char *why)
{
	log_error(NULL, "start_failed", "%s: %s.", what, why);
	exit(1);
}

static void
load_guard(struct host *h)
{
	char why[256] = "";

	h->net.select = true;
	if (net_load(&h->net, h->proc.guard_file, DEVICE_NAME, h->proc.ike_port, h->proc.natt_port, why))
		return;
	log_at(LOG_ERROR, NULL, "guard_failed", R_GUARD_FAILED, "The guard could not be loaded, so nothing is started: %s.", why);
	exit(SUP_EXIT_GUARD);
}

static void
open_sockets(struct host *h)
{
	static const struct { const char *name; uint8_t fam; bool udp; } kinds[] = {
		{ "natt4", 4, true }, { "natt6", 6, true }, { "esp4", 4, false }, { "esp6", 6, false }
	};
	int fd;

	h->wire.port = h->proc.natt_port;
	for (unsigned i = 0; i < 4; i++)
		while ((fd = proc_take(&h->proc, kinds[i].name)) >= 0)
			if (!wire_add(&h->wire, fd, kinds[i].fam, kinds[i].udp))
				start_failed(kinds[i].name, strerror(errno));
	if (!wire_open_more(&h->wire))
		start_failed("A socket for packets that may be fragmented", strerror(errno));
}

static void
prepare(struct host *h)
{
	const char *step = "";
	char why[256] = "";

	load_guard(h);
	errno = device_clear(&h->net.nl, DEVICE_NAME);
	if (errno)
		start_failed("The device that a kernel's engine left", strerror(errno));
	if (!tun_open(&h->tun, DEVICE_NAME, &step))
		start_failed(step, strerror(errno));
	if (!net_begin(&h->net, h->tun.ifindex, why))
		start_failed("The network", why);
	open_sockets(h);
}

/* Load every cipher once: after the sandbox has closed, no file can be opened for one. */
static void
warm_up(void)
{
	static const uint8_t key[64] = { 1 };
	static const struct { uint8_t cipher, auth; size_t elen, alen; } all[] = {
		{ SADB_X_EALG_AES_GCM_ICV16, 0, 20, 0 }, { SADB_X_EALG_AES_GCM_ICV16, 0, 36, 0 }, { CW_EALG_CHACHA20POLY1305, 0, 36, 0 },
		{ SADB_X_EALG_NULL_AES_GMAC, 0, 20, 0 }, { SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_256HMAC, 16, 32 },
		{ SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_256HMAC, 32, 32 }, { SADB_X_EALG_AESCTR, SADB_X_AALG_SHA2_384HMAC, 20, 48 },
		{ SADB_X_EALG_CAMELLIACBC, SADB_X_AALG_SHA2_512HMAC, 16, 64 }, { SADB_EALG_NULL, SADB_AALG_SHA1HMAC, 0, 20 },
		{ SADB_EALG_NULL, SADB_X_AALG_AES_XCBC_MAC, 0, 16 }, { SADB_EALG_NULL, CW_AALG_AES_CMAC, 0, 16 },
		{ 0, CW_AALG_AES_128_GMAC, 0, 20 },
	};
	uint8_t noise[8];

	host_random(noise, sizeof(noise));
	if (!host_legacy_open())
		log_info(NULL, "cipher_missing", "OpenSSL's provider \"legacy\" is not installed: des-cbc, cast128-cbc and blowfish-cbc are not available.");
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct host_aead *a = host_aead_new(all[i].cipher, all[i].auth, key, all[i].elen, key, all[i].alen);

		if (a == NULL)
			log_warn(NULL, "cipher_missing", "The crypto library has no cipher %u with %u.", all[i].cipher, all[i].auth);
		else
			host_aead_free(a);
	}
}

static void
take_fd(void *ctx, const char *name, int fd)
{
	struct host *h = ctx;
	bool ok = false;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (strcmp(name, "pfkey-keymgr") == 0)
		ok = sadb_client(&h->sadb, fd, CW_CLIENT_KEYS);
	else if (strcmp(name, "pfkey-spdsync") == 0)
		ok = sadb_client(&h->sadb, fd, CW_CLIENT_KEYLESS);
	else if (strcmp(name, "pfkey-listen") == 0)
		ok = sadb_listen(&h->sadb, fd);
	else if (strcmp(name, "iked") == 0)
		ok = relay_link(h, fd);
	else if (strcmp(name, "spdsync") == 0)
		ok = ctl_link(&h->ctl, fd);
	else
		close(fd);
	if (!ok)
		log_warn(NULL, "descriptor", "The descriptor '%.31s' could not be used.", name);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	h->tick_at = 0;
	cw_tick(h->engine, clock_now_ns());
}

/* The engine's next wish for time, when it is another than the timer's. */
static void
set_tick(struct host *h)
{
	uint64_t at = cw_deadline(h->engine), now, wait;
	struct timeval t;

	if (at == h->tick_at || (at == UINT64_MAX && h->tick_at == 0))
		return;
	h->tick_at = at == UINT64_MAX ? 0 : at;
	if (at == UINT64_MAX) {
		event_del(h->tick);
		return;
	}
	now = clock_now_ns();
	wait = at > now ? at - now : 0;
	if (wait > 3600 * NS_PER_S)
		wait = 3600 * NS_PER_S;
	t.tv_sec = (time_t)(wait / NS_PER_S);
	t.tv_usec = (suseconds_t)(wait % NS_PER_S / 1000) + 1;
	event_add(h->tick, &t);
}

/* Counter number i: the engine's, then the host's. */
static bool
counter(void *ctx, unsigned i, const char **name, uint64_t *v)
{
	static const char *const own[] = { "sends", "sends_bundled", "sas", "policies" };
	struct host *h = ctx;

	*name = NULL;
	if (i < CW_COUNTERS) {
		*name = cw_counter_name(i);
		*v = *name ? cw_counter(h->engine, i) : 0;
		return true;
	}
	i -= CW_COUNTERS;
	if (i >= sizeof(own) / sizeof(own[0]))
		return false;
	*name = own[i];
	*v = i == 0 ? h->wire.send_calls : i == 1 ? h->wire.send_gso : i == 2 ? cw_sa_count(h->engine) : cw_policy_count(h->engine);
	return true;
}

static void
sweep(void *arg)
{
	struct ifaces *f = arg;

	ifaces_sweep(f->nl, f);
}

static void
start(struct host *h)
{
	struct wire_ops ops = { relay_ike, h };

	h->base = event_base_new();
	h->engine = h->base ? cw_new(h) : NULL;
	if (h->engine == NULL)
		start_failed("The engine", "no memory");
	if (h->proc.legacy) {
		cw_knob_set(h->engine, CW_KNOB_LEGACY, 1);
		log_warn(NULL, "legacy", "'legacy: true' in the gateway file: weak algorithms and ESP without authentication are accepted.");
	}
	/* What no policy names never comes here: the system sends it past the TUN. */
	cw_knob_fix(h->engine, CW_KNOB_DEF4);
	cw_knob_fix(h->engine, CW_KNOB_DEF6);
	h->tick = event_new(h->base, -1, 0, on_tick, h);
	sadb_init(&h->sadb, h->base, h->engine);
	h->ifaces = (struct ifaces){ .nl = &h->net.nl, .base = h->base, .engine = h->engine, .pool = &h->pool };
	h->net.sweep = sweep;
	h->net.sweep_ctx = &h->ifaces;
	h->ctl = (struct ctl){ .base = h->base, .net = &h->net, .engine = { "user", PACKAGE_VERSION, counter, NULL, h } };
	if (h->tick == NULL || !tun_start(&h->tun, h->base, h->engine, &h->pool) || !wire_start(&h->wire, h->base, h->engine, &ops) ||
	    !net_start(&h->net, h->base, policies_own(h->engine), ctl_trouble, &h->ctl))
		start_failed("The event loop", "no memory");
}

static void
serve(struct host *h)
{
	while (!event_base_got_exit(h->base) && !event_base_got_break(h->base)) {
		if (event_base_loop(h->base, EVLOOP_ONCE) != 0)
			break;
		ifaces_turn_end(&h->ifaces);
		net_turn_end(&h->net);
		sadb_turn_end(&h->sadb);
		set_tick(h);
		host_turn_end();
	}
}

int
main(int argc, char **argv)
{
	struct host *h = &host;

	proc_start(&h->proc, "ipsecd", argc, argv);
	if (proc_kernel_engine(&h->proc))
		return beside_main(&h->proc);
	prepare(h);
	warm_up();
	start(h);
	proc_confine(&h->proc, &ipsecd_sandbox);
	while (h->proc.nfds) {
		char name[32];

		memcpy(name, h->proc.fds[0].name, sizeof(name));
		take_fd(h, name, proc_take(&h->proc, name));
	}
	proc_ready(&h->proc, h->base, take_fd, h);
	log_info(NULL, "serving", "The engine serves: device %s, UDP port %u, guard %s.", h->tun.name, h->wire.port,
	    h->net.open ? "taken away on request" : "in place");
	serve(h);
	/* Guard, rules and unreachable routes stay: a stop closes. */
	proc_end(&h->proc);
	ctl_fini(&h->ctl);
	ipc_free(h->iked);
	sadb_fini(&h->sadb);
	wire_close(&h->wire);
	tun_close(&h->tun);
	ifaces_fini(&h->ifaces);
	net_fini(&h->net);
	cw_free(h->engine);
	host_turn_end();
	pool_fini(&h->pool);
	event_free(h->tick);
	event_base_free(h->base);
	return 0;
}
