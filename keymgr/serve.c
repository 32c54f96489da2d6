/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "psktxt.h"
#include "serve.h"
#include "serve_auth.h"
#include "serve_cert.h"
#include "serve_iked.h"

/* spdsync's link */

static bool
on_bind_put(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct proof_env env = serve_proof_env(k);
	char detail[IKE_DETAIL];
	struct binding b;
	enum reason r;

	if (!binding_get(&m->body, &b) || !rd_done(&m->body))
		return false;
	if (!bind_put(&k->bindings, &b)) {
		ipc_fail(l, m, R_NO_MEMORY, "too many tunnels have secrets");
		return true;
	}
	r = proof_binding_check(&env, &b, detail);	/* only to tell; it is read again at each use */
	serve_trust_changed(k, &b);
	if (r == R_OK)
		ipc_reply(l, m, bytes_of(NULL, 0));
	else
		ipc_fail(l, m, r, detail);
	return true;
}

static bool
on_bind_del(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char tunnel[NAME_CAP];

	str_get(&m->body, tunnel, sizeof(tunnel));
	if (!rd_done(&m->body))
		return false;
	bind_del(&k->bindings, tunnel);
	serve_trust_changed(k, NULL);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static bool
on_bind_sync(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;

	bind_sync(&k->bindings);
	serve_trust_changed(k, NULL);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return rd_done(&m->body);
}

static bool
on_bind_trust(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct trust_rule r;

	if (!trust_rule_get(&m->body, &r) || !rd_done(&m->body))
		return false;
	if (bind_rule_put(&k->bindings, &r))
		ipc_reply(l, m, bytes_of(NULL, 0));
	else
		ipc_fail(l, m, R_NO_MEMORY, "too many trust anchors have rules");
	return true;
}

static bool
on_bind_trust_del(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char anchor[NAME_CAP];

	str_get(&m->body, anchor, sizeof(anchor));
	if (!rd_done(&m->body))
		return false;
	bind_rule_del(&k->bindings, anchor);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static bool
on_bind_check(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct proof_env env = serve_proof_env(k);
	char tunnel[NAME_CAP], detail[IKE_DETAIL];
	const struct binding *b;
	enum reason r;

	str_get(&m->body, tunnel, sizeof(tunnel));
	if (!rd_done(&m->body))
		return false;
	b = bind_find(&k->bindings, tunnel);
	if (b == NULL) {
		ipc_fail(l, m, R_SECRET_NOT_BOUND, tunnel);
		return true;
	}
	r = proof_binding_check(&env, b, detail);
	serve_trust_changed(k, b);
	if (r == R_OK)
		ipc_reply(l, m, bytes_of(NULL, 0));
	else
		ipc_fail(l, m, r, detail);
	return true;
}

/* Whom psk.txt has keys for: policies of the user's that name no single peer are negotiated for with these. */
static bool
on_bind_peers(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct addr *v = calloc(BIND_PEERS_MAX, sizeof(*v));
	uint8_t *buf = malloc(IPC_MAX - IPC_HEAD);
	struct wr w = wr_of(buf, buf ? IPC_MAX - IPC_HEAD : 0);
	char detail[STORE_DETAIL] = "";
	enum reason r = R_NO_MEMORY;
	bool whole = rd_done(&m->body);
	size_t n = 0;

	if (v && buf)
		r = psktxt_peers(k->secret_dir, k->key_dir, v, BIND_PEERS_MAX, &n, detail);
	wr_le16(&w, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		addr_put(&w, &v[i]);
	if (r == R_OK)
		ipc_reply(l, m, wr_bytes(&w));
	else
		ipc_fail(l, m, r, detail);
	free(v);
	free(buf);
	return whole;
}

static void
spdsync_up(void *ctx, struct ipc *l)
{
	struct keymgr *k = ctx;

	bind_new_round(&k->bindings);
}

static void
spdsync_down(void *ctx, struct ipc *l)
{
	struct keymgr *k = ctx;

	k->spdsync = NULL;	/* the bindings stay: tunnels go on without spdsync */
	log_info(NULL, "link_down", "The link to spdsync ended.");
}

static const struct ipc_row spdsync_rows[] = {
	{ BIND_PUT,	"BIND_PUT",	IPC_AFTER_HELLO, sizeof(struct binding) + 16,	on_bind_put },
	{ BIND_DEL,	"BIND_DEL",	IPC_AFTER_HELLO, NAME_CAP + 2,			on_bind_del },
	{ BIND_SYNC,	"BIND_SYNC",	IPC_AFTER_HELLO, 0,				on_bind_sync },
	{ BIND_CHECK,	"BIND_CHECK",	IPC_AFTER_HELLO, NAME_CAP + 2,			on_bind_check },
	{ BIND_TRUST,	"BIND_TRUST",	IPC_AFTER_HELLO, sizeof(struct trust_rule) + 32, on_bind_trust },
	{ BIND_PEERS,	"BIND_PEERS",	IPC_AFTER_HELLO, 0,				on_bind_peers },
	{ BIND_TRUST_DEL, "BIND_TRUST_DEL", IPC_AFTER_HELLO, NAME_CAP + 2,		on_bind_trust_del },
	SERVE_CERT_ROWS
};

static const struct ipc_table spdsync_table = { "spdsync-keymgr", spdsync_rows, sizeof(spdsync_rows) / sizeof(spdsync_rows[0]),
    spdsync_up, spdsync_down };

/* The engine */

static void
settle(struct keymgr *k)
{
	if (k->settled)
		return;
	k->settled = true;
	event_del(k->settle_timer);
	if (k->iked_waits >= 0)
		serve_iked_attach(k, k->iked_waits);
	k->iked_waits = -1;
}

static void
on_settle_timer(evutil_socket_t fd, short what, void *arg)
{
	struct keymgr *k = arg;

	log_warn(NULL, "engine_absent", "The engine did not answer within %d s; iked is served without it.", SERVE_ENGINE_WAIT_S);
	settle(k);
}

static void
sadb_found_cb(void *ctx, const struct sa_found *f)
{
	children_found(((struct keymgr *)ctx)->children, f);
}

static void
sadb_back_cb(void *ctx)
{
	struct keymgr *k = ctx;

	log_info(NULL, "engine_back", "The engine is there%s.", sadb_features(k->sadb) ? "" : "; it does not know Causeway's extensions");
	settle(k);
	children_resynced(k->children);
	serve_iked_engine(k);
}

/* Nobody was lost: iked hears of it only what the comparison says. */
static void
sadb_cut_cb(void *ctx, const char *why)
{
	struct keymgr *k = ctx;

	if (k->proc)
		proc_link_lost(k->proc, "pfkey");
	log_warn(NULL, "engine_cut", "The engine cut the PF_KEY socket off: %s. Its SAs stay; they are listed anew.", why);
	children_resync(k->children);
}

static void
sadb_lost_cb(void *ctx, const char *why, bool ended)
{
	struct keymgr *k = ctx;

	if (ended && k->proc)
		proc_link_lost(k->proc, "pfkey");	/* when ipsecd lives on, nobody else will notice */
	log_at(LOG_WARN, NULL, "engine_lost", R_ENGINE_DOWN, "The engine is lost, and its SAs with it: %s.", why);
	children_forget(k->children);
	settle(k);
	serve_iked_engine(k);
}

/* Another one is asked for: who unloads the module, or restarts what is old, need not tell us. */
static void
sadb_refused_cb(void *ctx, const char *why, bool news)
{
	struct keymgr *k = ctx;

	if (k->proc)
		proc_link_lost(k->proc, "pfkey");
	if (news)
		log_at(LOG_WARN, NULL, "engine_version", R_ENGINE_VERSION, "No SA is made: %s.", why);
}

/*
 * A policy of the user's, for which no negotiation is set up: why not, as far as the key tells; what else stands in the way spdsync has said
 * when the policy came.
 */
static void
unserved(struct keymgr *k, uint32_t policy, const struct addr *peer)
{
	char id[ID_CAP], text[ADDR_STR], detail[STORE_DETAIL];
	struct secret key = { 0 };
	enum reason r;
	uint64_t skipped;

	if (!log_allow(&k->unserved, clock_now_ns(), &skipped))
		return;
	snprintf(id, sizeof(id), "ip:%s", addr_str(peer, text));
	r = psktxt_read(k->secret_dir, k->key_dir, id, NULL, &key, detail);
	secret_wipe(&key);
	log_at(LOG_WARN, NULL, "acquire_unserved", r == R_OK ? R_POLICY_UNSERVED : r, "A packet asks for an SA with %s by policy %u, and IKE makes none%s%s. "
	    "'ikectl explain -' tells of policies.", text, policy, r == R_OK ? "" : ": ", detail);
}

/*
 * Policies of the user's are known by the engine's number. One that names the reqid of a tunnel is served by that tunnel's SAs, and asks for them
 * as the tunnel's own do, which are ESP's. A reqid that is no tunnel's is one that IKE cannot serve: that is said, and the packets that wait are given up.
 */
static void
sadb_acquire_cb(void *ctx, const struct sa_asked *a)
{
	struct keymgr *k = ctx;
	uint32_t number = a->policy ? bind_policy(&k->bindings, a->policy, &a->peer, a->ah) : 0;
	unsigned i = k->nasks++ % SERVE_ASKS;

	if (number == 0 && a->reqid && !a->ah && bind_has_reqid(&k->bindings, a->reqid))
		number = a->reqid;
	if (number == 0) {
		unserved(k, a->policy, &a->peer);
		sadb_refuse(k->sadb, a->seq);
		return;
	}
	k->asks[i].number = number;
	k->asks[i].seq = a->seq;
	serve_iked_acquire(k, number);
}

void
serve_refuse(struct keymgr *k, uint32_t number)
{
	for (unsigned i = 0; i < SERVE_ASKS; i++)
		if (k->asks[i].number == number) {
			sadb_refuse(k->sadb, k->asks[i].seq);
			k->asks[i].number = k->asks[i].seq = 0;
		}
}

static void
sadb_expire_cb(void *ctx, enum sa_kind kind, uint32_t spi, const struct addr *dst, bool hard, bool larval)
{
	children_expired(((struct keymgr *)ctx)->children, kind, spi, dst, hard, larval);
}

static void
sadb_used_cb(void *ctx, enum sa_kind kind, uint32_t spi, const struct addr *dst)
{
	children_used(((struct keymgr *)ctx)->children, kind, spi, dst);
}

static void
sadb_mapping_cb(void *ctx, uint32_t spi, const struct endpoint *peer)
{
	children_mapping(((struct keymgr *)ctx)->children, spi, peer);
}

static void
sadb_stray_cb(void *ctx, const struct key_stray *y)
{
	serve_iked_stray(ctx, y);
}

static void
sadb_deleted_cb(void *ctx, enum sa_kind kind, uint32_t spi, const struct addr *dst)
{
	children_deleted(((struct keymgr *)ctx)->children, kind, spi, dst);
}

static void
sadb_flushed_cb(void *ctx, unsigned kinds)
{
	children_flushed(((struct keymgr *)ctx)->children, kinds);
}

static const struct sadb_ops sadb_ops = { .found = sadb_found_cb, .back = sadb_back_cb, .lost = sadb_lost_cb, .cut = sadb_cut_cb, .refused = sadb_refused_cb, .acquire = sadb_acquire_cb,
    .expire = sadb_expire_cb, .used = sadb_used_cb, .mapping = sadb_mapping_cb, .stray = sadb_stray_cb, .deleted = sadb_deleted_cb, .flushed = sadb_flushed_cb };

/* All of it */

bool
serve_init(struct keymgr *k, struct event_base *base, const char *secret_dir, const char *key_dir, uint64_t (*wall)(void))
{
	struct timeval tv = { .tv_sec = SERVE_ENGINE_WAIT_S };

	memset(k, 0, sizeof(*k));
	k->base = base;
	k->wall = wall ? wall : clock_wall_s;
	k->iked_waits = -1;
	if (strlen(secret_dir) >= sizeof(k->secret_dir) || strlen(key_dir) >= sizeof(k->key_dir))
		return false;
	strcpy(k->secret_dir, secret_dir);
	strcpy(k->key_dir, key_dir);
	ike_objects_init(&k->objects);
	k->sadb = sadb_new(base, &sadb_ops, k);
	k->children = k->sadb ? children_new(base, k->sadb, &serve_child_ops, k) : NULL;
	k->fetching = fetching_new(base);
	k->settle_timer = event_new(base, -1, 0, on_settle_timer, k);
	if (k->children && k->fetching && k->settle_timer && event_add(k->settle_timer, &tv) == 0 && serve_auth_init(k) &&
	    serve_cert_init(k))
		return true;
	serve_fini(k);
	return false;
}

void
serve_leave(struct keymgr *k)
{
	if (proc_kernel_engine(k->proc) && k->iked == NULL && k->spdsync == NULL)
		children_remove_all(k->children);
}

void
serve_fini(struct keymgr *k)
{
	ipc_free(k->iked);
	ipc_free(k->spdsync);
	k->iked = k->spdsync = NULL;
	sadb_free(k->sadb);	/* first: it ends what is under way */
	children_free(k->children);
	ike_objects_wipe(&k->objects);
	serve_auth_fini(k);
	fetching_free(k->fetching);
	bind_fini(&k->bindings);
	serve_cert_fini(k);
	if (k->settle_timer)
		event_free(k->settle_timer);
	if (k->iked_waits >= 0)
		close(k->iked_waits);
}

void
serve_on_fd(void *ctx, const char *name, int fd)
{
	struct keymgr *k = ctx;

	if (strcmp(name, "pfkey") == 0) {
		sadb_attach(k->sadb, fd);
	} else if (strcmp(name, "spdsync") == 0) {
		ipc_free(k->spdsync);
		k->spdsync = ipc_new(k->base, fd, &spdsync_table, k);
	} else if (strcmp(name, "fetch") == 0) {
		fetching_link(k->fetching, fd);
	} else if (strcmp(name, "iked") == 0 && k->settled) {
		serve_iked_attach(k, fd);
	} else if (strcmp(name, "iked") == 0) {
		if (k->iked_waits >= 0)
			close(k->iked_waits);
		k->iked_waits = fd;
	} else {
		log_warn(NULL, "fd_unknown", "A descriptor with an unknown name came and was closed.");
		close(fd);
	}
}
