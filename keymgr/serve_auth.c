/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "log.h"
#include "serve_auth.h"
#include "serve_iked.h"
#include "trust.h"

struct pending {
	struct pending		*next, **at;	/* at: what points to it */
	struct keymgr		*k;
	struct ipc_msg		 m;
	struct proof_verdict	 v;
	uint32_t		 check;		/* of its revocation, or 0 */
};

struct serve_auth {
	struct pending	*pending;
	unsigned	 npending;
	struct trust	 trust;
	bool		 names_changed;
	struct event	*trust_event;	/* what changed is said once a round, however much came in it */
};

struct proof_env
serve_proof_env(struct keymgr *k)
{
	return (struct proof_env){ .objects = &k->objects, .bindings = &k->bindings, .creds = k->creds, .memo = k->memo, .secret_dir = k->secret_dir,
	    .key_dir = k->key_dir, .now = k->wall() };
}

/* CERTREQ */

static void
trust_send(struct keymgr *k)
{
	const struct trust *t = &k->auth->trust;
	uint8_t b[1 + sizeof(t->id)];
	struct wr w = wr_of(b, sizeof(b));

	wr_u8(&w, (uint8_t)t->n);
	wr_mem(&w, t->id, t->n * sizeof(t->id[0]));
	if (k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, KEY_TRUST, wr_bytes(&w));
}

static void
on_trust_event(evutil_socket_t fd, short what, void *arg)
{
	struct keymgr *k = arg;
	struct trust *t = &k->auth->trust, old = *t;

	if (k->auth->names_changed)
		trust_names(&k->bindings, t);
	k->auth->names_changed = false;
	trust_load(k->creds, t);
	if (t->n != old.n || memcmp(t->id, old.id, sizeof(old.id)) != 0)
		trust_send(k);
}

/* After files were used: one of them may have turned out to be another, or to be there at last. */
static void
look_for_changes(struct keymgr *k)
{
	if (k->auth->trust.lacking || k->auth->trust.changes != creds_changes(k->creds))
		event_active(k->auth->trust_event, 0, 0);
}

void
serve_trust_changed(struct keymgr *k, const struct binding *b)
{
	if (b == NULL || !trust_has(&k->auth->trust, b)) {
		k->auth->names_changed = true;
		event_active(k->auth->trust_event, 0, 0);
	} else
		look_for_changes(k);
}

/* SIGN */

bool
serve_auth_sign(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct proof_env env = serve_proof_env(k);
	char detail[IKE_DETAIL] = "";
	struct proof_made made;
	struct key_auth a;
	struct bytes ocsp;
	enum reason r;

	if (!key_auth_get(&m->body, &a) || !rd_done(&m->body))
		return false;
	r = proof_sign(&env, &a, &made, detail);
	look_for_changes(k);
	if (r == R_OK && (a.want & KEY_WANT_OCSP) && made.cred.cert && revoke_staple(k->revoke, made.cred.cert, made.cred.chain, &ocsp))
		proof_add_cert(&made, CERT_OCSP, ocsp);
	if (r == R_OK) {
		uint8_t b[sizeof(made.octets) + 64];
		struct wr w = wr_of(b, sizeof(b));

		key_proof_put(&w, &made.p);
		ipc_reply(l, m, wr_bytes(&w));
	} else
		serve_iked_refuse(k, l, m, "A signature", a.tunnel, r, detail);
	proof_made_free(&made);
	return true;
}

/* VERIFY */

static void
pending_free(struct pending *p)
{
	if (p->at) {
		*p->at = p->next;
		if (p->next)
			p->next->at = p->at;
		p->k->auth->npending--;
	}
	revoke_cancel(p->k->revoke, p->check);
	chain_free(&p->v.chain);
	free(p);
}

static struct pending *
pending_new(struct keymgr *k, const struct ipc_msg *m)
{
	struct serve_auth *s = k->auth;
	struct pending *p = s->npending < SERVE_PENDING_MAX ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return NULL;
	p->k = k;
	p->m = (struct ipc_msg){ .type = m->type, .id = m->id };
	p->next = s->pending;
	if (p->next)
		p->next->at = &p->next;
	p->at = &s->pending;
	s->pending = p;
	s->npending++;
	return p;
}

/* It was accepted, and what could not be learned is told with it. */
static void
say_unknown(struct proof_verdict *v, const char *detail)
{
	size_t n = strlen(v->words);

	snprintf(v->words + n, sizeof(v->words) - n, "; whether it is revoked is not known: %s", detail);
}

/* The verdict is there; the link that asked still is, or the pending one would not. */
static void
finish(void *arg, enum reason r, const char *detail)
{
	struct pending *p = arg;
	struct keymgr *k = p->k;
	struct proof_env env = serve_proof_env(k);
	char why[IKE_DETAIL];
	uint8_t b[2 + KEY_WORDS];
	struct wr w = wr_of(b, sizeof(b));

	p->check = 0;
	snprintf(why, sizeof(why), "%s", detail);
	if (r == R_OK && detail[0])
		say_unknown(&p->v, detail);
	if (r == R_OK && p->v.chain.path && !revoke_watch(k->revoke, p->v.ike, &p->v.chain))
		r = R_NO_MEMORY;	/* before it is accepted: what is accepted is watched */
	if (r == R_OK)
		r = proof_accept(&env, &p->v, why);
	if (r == R_NOT_FOUND)
		revoke_unwatch(k->revoke, p->v.ike);
	if (r == R_OK) {
		str_put(&w, p->v.words);
		ipc_reply(k->iked, &p->m, wr_bytes(&w));
	} else
		serve_iked_refuse(k, k->iked, &p->m, "A verification", p->v.tunnel, r, why);
	pending_free(p);
}

/* The peer may have sent its responder's answer along (RFC 4806 3.1). */
static void
check_revoked(struct pending *p, const struct key_auth *a)
{
	struct bytes ocsp = { NULL, 0 };
	uint32_t check;

	for (unsigned i = 0; i < a->ncerts && ocsp.n == 0; i++)
		if (a->certs[i].encoding == CERT_OCSP)
			ocsp = a->certs[i].data;
	check = revoke_check(p->k->revoke, &p->v.chain, ocsp, finish, p);
	if (check)	/* else it is over, and p is gone */
		p->check = check;
}

bool
serve_auth_verify(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct proof_env env = serve_proof_env(k);
	char detail[IKE_DETAIL] = "";
	struct pending *p;
	struct key_auth a;
	enum reason r;

	if (!key_auth_get(&m->body, &a) || !rd_done(&m->body))
		return false;
	if ((p = pending_new(k, m)) == NULL) {
		ipc_fail(l, m, R_BUSY, "too many verifications wait");
		return true;
	}
	r = proof_verify(&env, &a, &p->v, detail);
	look_for_changes(k);
	if (r == R_OK && p->v.chain.path)
		check_revoked(p, &a);
	else
		finish(p, r, detail);
	return true;
}

/* The link */

void
serve_auth_link_up(struct keymgr *k)
{
	trust_send(k);
}

void
serve_auth_link_down(struct keymgr *k)
{
	if (k->revoke)
		revoke_unwatch_all(k->revoke);
	while (k->auth && k->auth->pending)
		pending_free(k->auth->pending);
}

/* What an established IKE SA was made by is valid no more: whether iked listens or not, it makes no child and no heir from now on. */
static void
serve_auth_invalid(void *ctx, uint32_t ike, enum reason r, const char *detail)
{
	struct keymgr *k = ctx;
	uint8_t b[8 + KEY_WORDS];
	struct wr w = wr_of(b, sizeof(b));
	char words[KEY_WORDS];
	struct ike *i = handle_get(&k->objects.ike, ike);

	if (i)
		i->verified = false;
	snprintf(words, sizeof(words), "%s", detail);
	log_at(LOG_WARN, NULL, "peer_invalid", r, "An IKE SA ends: %s.", words);
	wr_le32(&w, ike);
	wr_le16(&w, (uint16_t)r);
	str_put(&w, words);
	if (k->iked && ipc_is_up(k->iked))
		ipc_event(k->iked, KEY_PEER_INVALID, wr_bytes(&w));
}

bool
serve_auth_init(struct keymgr *k)
{
	char cache[sizeof(k->key_dir) + 8] = "";
	struct revoke_places places = { .cache = cache, .own = k->key_dir, .secret = k->secret_dir };

	if (k->key_dir[0])
		snprintf(cache, sizeof(cache), "%s/cache", k->key_dir);
	k->creds = creds_new(k->key_dir, k->secret_dir);
	k->revoke = revoke_new(k->base, &k->bindings, k->fetching, &places, k->wall, serve_auth_invalid, k);
	k->memo = chain_memo_new();
	k->auth = calloc(1, sizeof(*k->auth));
	if (k->creds == NULL || k->revoke == NULL || k->memo == NULL || k->auth == NULL)
		return false;
	k->auth->trust_event = event_new(k->base, -1, 0, on_trust_event, k);
	return k->auth->trust_event != NULL;
}

void
serve_auth_fini(struct keymgr *k)
{
	serve_auth_link_down(k);
	if (k->auth && k->auth->trust_event)
		event_free(k->auth->trust_event);
	free(k->auth);
	revoke_free(k->revoke);
	k->revoke = NULL;
	chain_memo_free(k->memo);
	creds_free(k->creds);
	k->memo = NULL;
	k->auth = NULL;
	k->creds = NULL;
}
