/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link to keymgr: the engine's requests go there with the number of their call, answers and events come back. When the link
 * ends, ipc.c reports every pending call as gone; the engine hears that once, by engine_keymgr_down().
 */
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "run/iked.h"
#include "secret.h"

#define EVENT_MAX	(8 + KEY_WORDS + KEY_ANCHORS * KEY_ANCHOR)

struct key_wait {
	LIST_ENTRY(key_wait) link;
	struct iked	*k;
	uint32_t	 call;
};

/* The answer may hold SK_e and SK_a: the engine has copied what it needs, the link's buffer forgets them. */
static void
on_answer(void *arg, enum reason reason, struct rd *body)
{
	struct key_wait w = *(struct key_wait *)arg;
	struct rd whole = *body;

	LIST_REMOVE((struct key_wait *)arg, link);
	free(arg);
	if (reason == R_KEYMGR_DOWN)
		return;
	engine_key_answer(w.k->engine, w.call, reason, body, clock_now_ns());
	if (whole.end > whole.p)
		wipe((void *)(uintptr_t)whole.p, (size_t)(whole.end - whole.p));
	iked_turn(w.k);
}

void
key_call(struct iked *k, uint16_t type, uint32_t call, struct bytes body)
{
	struct key_wait *w = malloc(sizeof(*w));

	if (w) {
		w->k = k;
		w->call = call;
		if (ipc_call(k->keymgr, type, body, R_KEYMGR_DOWN, on_answer, w) != 0) {
			LIST_INSERT_HEAD(&k->key_waits, w, link);
			return;
		}
		free(w);
	}
	engine_key_answer(k->engine, call, R_KEYMGR_DOWN, NULL, clock_now_ns());
}

/* A link that is replaced or freed, rather than ended, reports no calls. */
void
key_waits_free(struct iked *k)
{
	struct key_wait *w;

	while ((w = LIST_FIRST(&k->key_waits)) != NULL) {
		LIST_REMOVE(w, link);
		free(w);
	}
}

static bool
on_event(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct iked *k = ctx;
	bool ok = engine_key_event(k->engine, m->type, &m->body, clock_now_ns());

	iked_turn(k);
	return ok;
}

static void
on_up(void *ctx, struct ipc *l)
{
	struct iked *k = ctx;

	engine_keymgr_up(k->engine, clock_now_ns());
	iked_turn(k);
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct iked *k = ctx;

	if (k->keymgr != l)
		return;
	k->keymgr = NULL;
	key_waits_free(k);
	proc_link_lost(&k->proc, "keymgr");
	log_at(LOG_WARN, NULL, "keymgr_down", R_KEYMGR_DOWN, "The link to keymgr ended.");
	engine_keymgr_down(k->engine, clock_now_ns());
	iked_turn(k);
}

static const struct ipc_row rows[] = {
	{ KEY_ACQUIRE,		"ACQUIRE",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_EXPIRE,		"EXPIRE",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_USED,		"USED",		IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_GONE,		"GONE",		IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_TRUST,		"TRUST",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_PEER_INVALID,	"PEER_INVALID",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_STRAY,		"STRAY",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_MAPPING,		"MAPPING",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_ENGINE_LOST,	"ENGINE_LOST",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
	{ KEY_ENGINE_BACK,	"ENGINE_BACK",	IPC_AFTER_HELLO,	EVENT_MAX,	on_event },
};

const struct ipc_table keymgr_table = { "iked-keymgr", rows, sizeof(rows) / sizeof(rows[0]), on_up, on_down };
