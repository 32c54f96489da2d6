/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "serve_auth.h"
#include "serve_iked.h"

#define LIST_MAX	64	/* children of one page of KEY_CHILD_LIST */

static bool
fail(struct ipc *l, const struct ipc_msg *m, enum reason r, const char *detail)
{
	ipc_fail(l, m, r, detail);
	return true;
}

/* Answers that the engine gives later */

struct later {
	struct keymgr	*k;
	uint32_t	 round;
	uint16_t	 type;
	uint32_t	 id;
};

static struct later *
later_new(struct keymgr *k, const struct ipc_msg *m)
{
	struct later *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct later){ .k = k, .round = k->iked_round, .type = m->type, .id = m->id };
	return p;
}

static void
on_later(void *arg, enum reason r, const char *detail, uint32_t spi, uint16_t cpi)
{
	struct later *p = arg;
	struct keymgr *k = p->k;
	struct ipc_msg m = { .type = p->type, .id = p->id };
	uint8_t b[6];
	struct wr w = wr_of(b, sizeof(b));

	if (k->iked && k->iked_round == p->round) {
		if (p->type == KEY_SPI_NEW) {
			wr_le32(&w, spi);
			wr_le16(&w, cpi);
		}
		if (r == R_OK)
			ipc_reply(k->iked, &m, wr_bytes(&w));
		else
			ipc_fail(k->iked, &m, r, detail);
	}
	free(p);
}

/* Requests */

static bool
on_ke_new(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	uint8_t pub[KE_PUB_MAX], b[KE_PUB_MAX + 8];
	struct wr p = wr_of(pub, sizeof(pub)), w = wr_of(b, sizeof(b));
	uint16_t group = rd_le16(&m->body);
	uint32_t handle = 0;
	enum reason r;

	if (!rd_done(&m->body))
		return false;
	r = ike_ke_new(&k->objects, group, &handle, &p);
	if (r != R_OK)
		return fail(l, m, r, r == R_BUSY ? "too many key exchanges are pending" : NULL);
	wr_le32(&w, handle);
	span_put(&w, wr_bytes(&p));
	ipc_reply(l, m, wr_bytes(&w));
	return true;
}

static bool
on_ike_derive(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct key_derive d;
	struct key_derived a = { 0 };
	struct ike_keys keys = { 0 };
	char detail[IKE_DETAIL] = "";
	uint8_t b[4 + 4 * (2 + SECRET_CAP)];
	struct wr w = wr_of(b, sizeof(b));
	enum reason r;

	if (!key_derive_get(&m->body, &d) || !rd_done(&m->body))
		return false;
	r = ike_derive(&k->objects, &d, &a.ike, &keys, detail);
	if (r != R_OK)
		return fail(l, m, r, detail);
	/* a rekeyed SA ends with its peer's certificate too */
	if (d.old_ike && !revoke_inherit(k->revoke, d.old_ike, a.ike)) {
		ike_drop(&k->objects, a.ike);
		ike_keys_wipe(&keys);
		return fail(l, m, R_NO_MEMORY, NULL);
	}
	a.sk_ei = secret_bytes(&keys.sk_ei);
	a.sk_er = secret_bytes(&keys.sk_er);
	a.sk_ai = secret_bytes(&keys.sk_ai);
	a.sk_ar = secret_bytes(&keys.sk_ar);
	key_derived_put(&w, &a);
	ipc_reply(l, m, wr_bytes(&w));
	ike_keys_wipe(&keys);
	wipe(b, sizeof(b));
	return true;
}

/* A refusal that only a captured or faulty iked can cause is logged, one a second; it is not the network's. */
bool
serve_iked_refuse(struct keymgr *k, struct ipc *l, struct ipc_msg *m, const char *what, const char *tunnel, enum reason r, const char *detail)
{
	uint64_t skipped;

	if ((r == R_NOT_PERMITTED || r == R_NOT_FOUND) && log_allow(&k->refusals, clock_now_ns(), &skipped))
		log_at(LOG_WARN, &(struct log_ctx){ .tunnel = tunnel }, "refused", r, "%s is refused: %s.", what, detail);
	return fail(l, m, r, detail);
}

static bool
on_spi_new(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct key_spi s;
	struct later *p;

	if (!key_spi_get(&m->body, &s) || !rd_done(&m->body))
		return false;
	if ((p = later_new(k, m)) == NULL)
		return fail(l, m, R_NO_MEMORY, NULL);
	child_spi_new(k->children, &s, on_later, p);
	return true;
}

static bool
on_child_install(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct key_child c;
	struct later *p;

	if (!key_child_get(&m->body, &c) || !rd_done(&m->body))
		return false;
	if (!bind_allows(&k->bindings, c.name, c.reqid)) {
		ike_ke_drop(&k->objects, c.ke);		/* used up in any case */
		return serve_iked_refuse(k, l, m, "A child", c.name, R_NOT_PERMITTED, "this reqid is not one of its tunnel");
	}
	if ((p = later_new(k, m)) == NULL)
		return fail(l, m, R_NO_MEMORY, NULL);
	child_install(k->children, &k->objects, &c, on_later, p);
	return true;
}

static bool
on_child_send(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	uint32_t child = rd_le32(&m->body);
	struct later *p;

	if (!rd_done(&m->body))
		return false;
	if ((p = later_new(k, m)) == NULL)
		return fail(l, m, R_NO_MEMORY, NULL);
	child_send(k->children, child, on_later, p);
	return true;
}

static bool
on_remove(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	uint8_t kind = rd_u8(&m->body);
	uint32_t handle = rd_le32(&m->body);

	if (!rd_done(&m->body) || kind < KEY_RM_KE || kind > KEY_RM_SPI)
		return false;
	if (kind == KEY_RM_KE)
		ike_ke_drop(&k->objects, handle);
	else if (kind == KEY_RM_IKE) {
		revoke_unwatch(k->revoke, handle);
		ike_drop(&k->objects, handle);
	} else
		child_remove(k->children, kind, handle);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static bool
on_child_list(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	uint32_t after = rd_le32(&m->body);
	struct key_installed v[LIST_MAX];
	uint8_t b[2 + LIST_MAX * sizeof(struct key_installed)];
	struct wr w = wr_of(b, sizeof(b));
	unsigned n;

	if (!rd_done(&m->body))
		return false;
	n = child_list(k->children, after, v, LIST_MAX);
	wr_le16(&w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		key_installed_put(&w, &v[i]);
	ipc_reply(l, m, wr_bytes(&w));
	return true;
}

static bool
on_ask_failed(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	uint32_t number = rd_le32(&m->body);

	if (!rd_done(&m->body) || number == 0)
		return false;
	serve_refuse(ctx, number);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

/* Events */

static void
event_u32(void *ctx, uint16_t type, uint32_t v)
{
	struct keymgr *k = ctx;
	uint8_t b[4];
	struct wr w = wr_of(b, sizeof(b));

	wr_le32(&w, v);
	if (k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, type, wr_bytes(&w));
}

void
serve_iked_acquire(struct keymgr *k, uint32_t reqid)
{
	event_u32(k, KEY_ACQUIRE, reqid);
}

void
serve_iked_stray(struct keymgr *k, const struct key_stray *y)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	key_stray_put(&w, y);
	if (wr_ok(&w) && k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, KEY_STRAY, wr_bytes(&w));
}

static void
child_used(void *ctx, uint32_t child)
{
	event_u32(ctx, KEY_USED, child);
}

static void
child_gone(void *ctx, uint32_t child)
{
	event_u32(ctx, KEY_GONE, child);
}

static void
child_expired(void *ctx, uint32_t child, bool hard, bool in)
{
	struct keymgr *k = ctx;
	uint8_t b[6];
	struct wr w = wr_of(b, sizeof(b));

	wr_le32(&w, child);
	wr_u8(&w, hard);
	wr_u8(&w, in);
	if (k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, KEY_EXPIRE, wr_bytes(&w));
}

static void
child_mapping(void *ctx, uint32_t child, const struct endpoint *peer)
{
	struct keymgr *k = ctx;
	uint8_t b[32];
	struct wr w = wr_of(b, sizeof(b));

	wr_le32(&w, child);
	endpoint_put(&w, peer);
	if (k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, KEY_MAPPING, wr_bytes(&w));
}

static bool
child_terms(void *ctx, uint32_t number, struct bound_terms *terms)
{
	return bind_terms(&((struct keymgr *)ctx)->bindings, number, terms);
}

static const char *
child_iface(void *ctx, const char *child)
{
	return bind_iface(&((struct keymgr *)ctx)->bindings, child);
}

const struct child_ops serve_child_ops = { .terms = child_terms, .iface = child_iface, .expired = child_expired, .used = child_used, .gone = child_gone, .mapping = child_mapping };

void
serve_iked_engine(struct keymgr *k)
{
	uint8_t features = sadb_features(k->sadb);

	if (k->iked == NULL || !ipc_is_up(k->iked))
		return;
	if (sadb_is_up(k->sadb))
		ipc_event(k->iked, KEY_ENGINE_BACK, bytes_of(&features, 1));
	else
		ipc_event(k->iked, KEY_ENGINE_LOST, bytes_of(NULL, 0));
}

/* The link */

static void
iked_gone(struct keymgr *k)
{
	k->iked = NULL;
	k->iked_round++;
	serve_auth_link_down(k);
	ike_objects_wipe(&k->objects);
	children_link_died(k->children);
	log_info(NULL, "link_down", "The link to iked ended; its keys are wiped, installed children stay.");
}

static void
iked_up(void *ctx, struct ipc *l)
{
	serve_iked_engine(ctx);
	serve_auth_link_up(ctx);
}

static void
iked_down(void *ctx, struct ipc *l)
{
	iked_gone(ctx);
}

static const struct ipc_row rows[] = {
	{ KEY_KE_NEW,		"KE_NEW",	 IPC_AFTER_HELLO, 2,					on_ke_new },
	{ KEY_IKE_DERIVE,	"IKE_DERIVE",	 IPC_AFTER_HELLO, 64 + 2 * KEY_NONCE_MAX + KEY_PUB_MAX,	on_ike_derive },
	{ KEY_AUTH_SIGN,	"AUTH_SIGN",	 IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD,			serve_auth_sign },
	{ KEY_AUTH_VERIFY,	"AUTH_VERIFY",	 IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD,			serve_auth_verify },
	{ KEY_SPI_NEW,		"SPI_NEW",	 IPC_AFTER_HELLO, 64,					on_spi_new },
	{ KEY_CHILD_INSTALL,	"CHILD_INSTALL", IPC_AFTER_HELLO, 16384,				on_child_install },
	{ KEY_CHILD_SEND,	"CHILD_SEND",	 IPC_AFTER_HELLO, 4,					on_child_send },
	{ KEY_REMOVE,		"REMOVE",	 IPC_AFTER_HELLO, 5,					on_remove },
	{ KEY_ASK_FAILED,	"ASK_FAILED",	 IPC_AFTER_HELLO, 4,					on_ask_failed },
	{ KEY_CHILD_LIST,	"CHILD_LIST",	 IPC_AFTER_HELLO, 4,					on_child_list },
};

static const struct ipc_table table = { "iked-keymgr", rows, sizeof(rows) / sizeof(rows[0]), iked_up, iked_down };

void
serve_iked_attach(struct keymgr *k, int fd)
{
	if (k->iked) {
		ipc_free(k->iked);
		iked_gone(k);
	}
	k->iked = ipc_new(k->base, fd, &table, k);
}
