/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"
#include "proof_in.h"
#include "psk.h"
#include "psktxt.h"

/* What may be asked for */

static void
side_of(const struct ike *i, bool initiator, struct auth_side *s)
{
	*s = (struct auth_side){ .prf = i->suite.prf, .initiator = initiator, .spi_i = i->spi_i, .spi_r = i->spi_r,
	    .nonce_own = initiator ? i->ni : i->nr, .nonce_other = initiator ? i->nr : i->ni,
	    .sk_p = secret_bytes(initiator ? &i->sk_pi : &i->sk_pr) };
}

/* The SA and the tunnel's binding, when the proof asked for is one that this end may ask for. */
static enum reason
prepare(const struct proof_env *env, const struct key_auth *a, bool own, struct proof_job *j, char detail[static IKE_DETAIL])
{
	*j = (struct proof_job){ .env = env, .a = a, .ike = handle_get(&env->objects->ike, a->ike) };
	if (j->ike == NULL) {
		SAY(detail, "there is no such IKE SA");
		return R_NOT_FOUND;
	}
	if ((a->initiator == j->ike->initiator) != own) {
		SAY(detail, "this is the proof of the other side");
		return R_NOT_PERMITTED;
	}
	j->b = bind_find(env->bindings, a->tunnel);
	if (j->b == NULL) {
		SAY(detail, "tunnel %s", a->tunnel);
		return R_SECRET_NOT_BOUND;
	}
	return R_OK;
}

/* The ID payload's body is the identity's: its three RESERVED octets are ignored (RFC 7296 3.5) but covered by the proof. */
static bool
id_is(struct bytes body, const char *text)
{
	uint8_t buf[ID_CAP + 8];
	struct wr w = wr_of(buf, sizeof(buf));

	return id_to_wire(text, &w) && body.n == w.n && body.n >= 4 && body.p[0] == buf[0] && memcmp(body.p + 4, buf + 4, w.n - 4) == 0;
}

static enum reason
check_message(const struct proof_job *j, struct auth_side *side, char detail[static IKE_DETAIL])
{
	const char *why;

	side_of(j->ike, j->a->initiator, side);
	why = j->ike->first ? auth_message_check(j->a->message, side) : "this SA was not made by IKE_SA_INIT";
	if (why == NULL)
		return R_OK;
	SAY(detail, "%s", why);
	return R_NOT_PERMITTED;
}

enum reason
proof_octets(const struct proof_job *j, struct proof_octets *o, char detail[static IKE_DETAIL])
{
	struct wr w = wr_of(o->b, sizeof(o->b));
	struct auth_side side;
	enum reason r = check_message(j, &side, detail);

	if (r == R_OK && !auth_octets(&side, j->a->message, j->a->id, &w))
		r = R_INTERNAL;
	o->n = w.n;
	return r;
}

/* Pre-shared keys */

/* By its name, or, where the tunnel is made of policies, the peer's line in psk.txt: one key proves both ends. */
static enum reason
read_key(const struct proof_env *env, const struct binding *b, const char *name, struct secret *key, char what[static STORE_DETAIL])
{
	return b->policies ? psktxt_read(env->secret_dir, env->key_dir, b->id_remote, &b->peer, key, what) : psk_read(env->secret_dir, env->key_dir, name, key, what);
}

static enum reason
psk(const struct proof_job *j, const char *name, struct secret *out, char detail[static IKE_DETAIL])
{
	struct secret key = { 0 };
	struct auth_side side;
	char what[STORE_DETAIL];
	enum reason r = check_message(j, &side, detail);

	if (r != R_OK)
		return r;
	r = read_key(j->env, j->b, name, &key, what);
	if (r != R_OK)
		SAY(detail, "%s", what);
	else if (!auth_psk(&side, &key, j->a->message, j->a->id, out))
		r = R_INTERNAL;
	secret_wipe(&key);
	return r;
}

static enum reason
sign_psk(const struct proof_job *j, struct proof_made *m, char detail[static IKE_DETAIL])
{
	struct secret auth = { 0 };
	enum reason r = psk(j, j->b->psk_local, &auth, detail);

	if (r == R_OK) {
		m->p.method = AUTH_METHOD_PSK;
		wr_span(&m->w, secret_bytes(&auth));
		m->p.data = wr_bytes(&m->w);
	}
	secret_wipe(&auth);
	return r;
}

static enum reason
verify_psk(const struct proof_job *j, char detail[static IKE_DETAIL])
{
	struct secret want = { 0 };
	enum reason r = psk(j, j->b->psk_remote, &want, detail);

	if (r == R_OK && !secret_eq(&want, j->a->data)) {
		SAY(detail, "secret %s", j->b->policies ? PSKTXT_FILE : j->b->psk_remote);
		r = R_PSK_MISMATCH;
	}
	secret_wipe(&want);
	return r;
}

/* All of them */

void
proof_made_free(struct proof_made *m)
{
	cred_free(&m->cred);
	wipe(m->octets, m->w.n);
	m->w.n = 0;
}

void
proof_add_cert(struct proof_made *m, uint8_t encoding, struct bytes b)
{
	uint8_t *at;

	if (m->p.ncerts == KEY_CERTS || (at = wr_room(&m->w, b.n)) == NULL)
		return;
	memcpy(at, b.p, b.n);
	m->p.certs[m->p.ncerts++] = (struct key_cert){ encoding, bytes_of(at, b.n) };
}

enum reason
proof_sign(const struct proof_env *env, const struct key_auth *a, struct proof_made *m, char detail[static IKE_DETAIL])
{
	struct proof_job j;
	enum reason r = prepare(env, a, true, &j, detail);

	m->p = (struct key_proof){ 0 };
	m->cred = (struct cred){ 0 };
	m->w = wr_of(m->octets, sizeof(m->octets));
	if (r != R_OK)
		return r;
	if (!id_is(a->id, j.b->id_local)) {
		SAY(detail, "the identity to prove is not %s", j.b->id_local);
		return R_NOT_PERMITTED;
	}
	switch (j.b->how_local) {
	case AUTH_BY_CERT: return proof_sign_cert(&j, m, detail);
	case AUTH_BY_KEY: return proof_sign_key(&j, m, detail);
	default: return sign_psk(&j, m, detail);
	}
}

static const char *const how_words[] = { [AUTH_BY_PSK] = "a pre-shared key", [AUTH_BY_CERT] = "a certificate", [AUTH_BY_KEY] = "a public key" };

static bool
is_signature(uint8_t method)
{
	return method == AUTH_METHOD_RSA || (method >= AUTH_METHOD_ECDSA_256 && method <= AUTH_METHOD_ECDSA_521) || method == AUTH_METHOD_SIGNATURE;
}

enum reason
proof_verify(const struct proof_env *env, const struct key_auth *a, struct proof_verdict *v, char detail[static IKE_DETAIL])
{
	char id[ID_CAP];
	struct proof_job j;
	enum reason r = prepare(env, a, false, &j, detail);

	*v = (struct proof_verdict){ .ike = a->ike };
	if (r != R_OK)
		return r;
	memcpy(v->tunnel, a->tunnel, sizeof(v->tunnel));
	v->version = bind_version(env->bindings, a->tunnel);
	if (!id_is(a->id, j.b->id_remote)) {
		SAY(detail, "the peer says it is %s, the tunnel expects %s", id_from_wire(a->id, id), j.b->id_remote);
		return R_PEER_ID_UNEXPECTED;
	}
	if (j.b->how_remote == AUTH_BY_PSK ? a->method != AUTH_METHOD_PSK : !is_signature(a->method)) {
		SAY(detail, "the peer proves itself with %s (method %u), this tunnel expects %s",
		    a->method == AUTH_METHOD_PSK ? how_words[AUTH_BY_PSK] : is_signature(a->method) ? "a signature" : "something that is not known here",
		    a->method, how_words[j.b->how_remote]);
		return R_AUTH_METHOD_MISMATCH;
	}
	switch (j.b->how_remote) {
	case AUTH_BY_CERT: return proof_verify_cert(&j, v, detail);
	case AUTH_BY_KEY: return proof_verify_key(&j, v, detail);
	default: break;
	}
	r = verify_psk(&j, detail);
	if (r == R_OK)
		snprintf(v->words, sizeof(v->words), "pre-shared key");
	return r;
}

enum reason
proof_accept(const struct proof_env *env, const struct proof_verdict *v, char detail[static IKE_DETAIL])
{
	struct ike *i = handle_get(&env->objects->ike, v->ike);

	if (i == NULL) {
		SAY(detail, "the IKE SA is gone");
		return R_NOT_FOUND;
	}
	if (v->version == 0 || bind_version(env->bindings, v->tunnel) != v->version) {
		SAY(detail, "the tunnel was changed meanwhile");
		return R_BUSY;
	}
	i->verified = true;
	memcpy(i->tunnel, v->tunnel, sizeof(i->tunnel));
	return R_OK;
}

enum reason
proof_binding_check(const struct proof_env *env, const struct binding *b, char detail[static IKE_DETAIL])
{
	const char *const names[] = { b->psk_local, b->psk_remote };
	char what[STORE_DETAIL] = "";
	struct cred own = { 0 };
	enum reason r = R_OK;

	detail[0] = '\0';
	for (unsigned i = 0; i < 2 && r == R_OK; i++) {
		struct secret s = { 0 };

		if (names[i][0] == '\0' && !b->policies)
			continue;
		r = read_key(env, b, names[i], &s, what);
		secret_wipe(&s);
		SAY(detail, "%s", what);
	}
	if (r == R_OK && b->how_local != AUTH_BY_PSK)
		r = proof_check_own(env, b, &own, detail);
	cred_free(&own);
	if (r == R_OK && b->how_remote != AUTH_BY_PSK)
		r = proof_check_trust(env, b, detail);
	return r;
}
