/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spdsync: the store, the plan, the policies and the API. Its start: open the store as root (its files get spdsync's user), read
 * the revision in force, close the sandbox, serve. It never reads a site file by itself.
 */
#include "config.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "certwatch.h"
#include "confirm.h"
#include "events.h"
#include "log.h"
#include "names.h"
#include "sandbox.h"
#include "sync.h"
#include "wiping.h"

#define PASS_S		60	/* looks at the engine's table although nothing was reported */
#define MINUTE_S	60	/* a sample of the rates */
#define SECRETS_S	5	/* asks again about secrets that were not good */

static void
on_pass(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	engine_reconcile(arg, false);
}

static void
on_secrets(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;

	(void)fd, (void)what;
	for (unsigned i = 0; i < s->nrt && s->checks < CHECKS; i++)
		if (s->rt[i]->secret_known && s->rt[i]->secret != R_OK)
			keymgr_check(s, s->rt[i]);
	for (size_t i = 0; i < s->demand.nrt && s->checks < CHECKS; i++)
		if (s->demand.rt[i]->secret_known && s->demand.rt[i]->secret != R_OK)
			keymgr_check(s, s->demand.rt[i]);
	demand_ask(s);
}

static void
on_minute(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	rates_minute(arg);
}

static void
on_fd(void *ctx, const char *name, int fd)
{
	sync_attach(ctx, name, fd);
}

static void
on_state(void *ctx, const char *text)
{
	struct sync *s = ctx;

	free(s->supervisor);
	s->supervisor = strdup(text);
}

static _Noreturn void
fail(const char *why)
{
	log_error(NULL, "start_failed", "%s", why);
	exit(1);
}

static void
open_store(struct sync *s)
{
	const struct passwd *pw = s->proc->user[0] ? getpwnam(s->proc->user) : NULL;
	struct store_error err;
	char path[512];

	if (s->proc->user[0] && !pw)
		fail("There is no such user to run as.");
	snprintf(path, sizeof(path), "%s/causeway.db", s->proc->state_dir);
	s->store = store_open(path, pw ? (int)pw->pw_uid : -1, pw ? (int)pw->pw_gid : -1, &err);
	if (!s->store || !sync_load(s, &err)) {
		log_at(LOG_ERROR, NULL, "store", err.reason, "%s", err.text);
		exit(1);
	}
	demand_load(s);
	confirm_boot(s);
}

static bool
every(struct sync *s, struct event **e, unsigned seconds, event_callback_fn run)
{
	struct timeval tv = { (time_t)seconds, 0 };

	*e = event_new(s->base, -1, EV_PERSIST, run, s);
	return *e && event_add(*e, &tv) == 0;
}

static void
take_descriptors(struct sync *s)
{
	static const char *const names[] = { "pfkey", "keymgr", "iked", "ipsecd", "resolve", "api-ro", "api-rw", "api-files", "api-panel" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		while ((fd = proc_take(s->proc, names[i])) >= 0)
			sync_attach(s, names[i], fd);
	}
}

/* Everything that loads code or reads a file on its first use. */
static void
warm_up(void)
{
	uint8_t d[32];

	setenv("TZ", "UTC0", 1);
	tzset();
	EVP_Digest("", 0, d, NULL, EVP_sha256(), NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
}

static bool
pass_wanted(void)
{
#ifdef CAUSEWAY_TEST_HOOKS
	/* A test of repairs by event has the periodic pass switched off. */
	return getenv("CAUSEWAY_NO_PASS") == NULL;
#else
	return true;
#endif
}

int
main(int argc, char **argv)
{
	struct proc p;
	struct confirm confirm = { 0 };
	struct sync s = { .proc = &p, .confirm = &confirm, .host.guard = -1, .iked.sync_due = true, .keymgr = { .which = 1, .sync_due = true } };
	bool pass = pass_wanted();

	wiping_begin();
	proc_start(&p, "spdsync", argc, argv);
	warm_up();
	snprintf(s.site, sizeof(s.site), "%s", p.site);
	s.legacy = p.legacy;
	s.base = event_base_new();
	s.api = s.base ? api_new(&s) : NULL;
	s.certs = s.api ? certwatch_new(&s) : NULL;
	s.events = s.certs ? events_new(&s) : NULL;
	s.names = s.events ? names_new(&s) : NULL;
	if (!s.names)
		fail("No memory.");
	open_store(&s);
	p.on_state = on_state;
	proc_confine(&p, &spdsync_sandbox);
	take_descriptors(&s);
	if ((pass && !every(&s, &s.pass, PASS_S, on_pass)) || !every(&s, &s.secrets, SECRETS_S, on_secrets) ||
	    !every(&s, &s.minute, MINUTE_S, on_minute))
		fail("No memory.");
	proc_ready(&p, s.base, on_fd, &s);
	event_base_dispatch(s.base);
	api_free(s.api);
	s.api = NULL;
	confirm_fini(&s);
	sync_fini(&s);
	certwatch_free(s.certs);
	events_free(s.events);
	names_free(s.names);
	proc_end(&p);
	event_base_free(s.base);
	return 0;
}
