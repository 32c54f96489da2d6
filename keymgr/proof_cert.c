/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs by signature: with a certificate, or with a public key that both site files name. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "altname.h"
#include "certid.h"
#include "certtext.h"
#include "keykind.h"
#include "proof_in.h"

#define NAME_WORDS	160

/* Our own */

/* The chain's sentences are shorter than ours may be. */
static enum reason
said(enum reason r, const char *what, char detail[static IKE_DETAIL])
{
	SAY(detail, "%s", what);
	return r;
}

static enum reason
check_own_cert(const struct proof_env *env, const struct binding *b, const struct cred *c, char detail[static IKE_DETAIL])
{
	char why[CHAIN_DETAIL], have[256];
	uint8_t id[ID_CAP + 8];
	struct wr w = wr_of(id, sizeof(id));
	uint64_t from = certtext_time(X509_get0_notBefore(c->cert)), to = certtext_time(X509_get0_notAfter(c->cert));

	if (env->now < from || env->now > to) {
		enum reason r = env->now < from ? R_OUR_CERT_NOT_YET_VALID : R_OUR_CERT_EXPIRED;

		chain_say_time(c->cert, env->now, r, why);
		return said(r, why, detail);
	}
	if (chain_check_usage(c->cert, why) != R_OK)
		return said(R_CERT_UNUSABLE, why, detail);
	if (!id_to_wire(b->id_local, &w) || !certid_has(c->cert, wr_bytes(&w))) {
		SAY(detail, "this site is %s; in %s are: %s", b->id_local, c->path, certid_text(c->cert, have, sizeof(have)));
		return R_OUR_ID_MISSING;
	}
	return R_OK;
}

enum reason
proof_check_own(const struct proof_env *env, const struct binding *b, struct cred *c, char detail[static IKE_DETAIL])
{
	char why[CRED_DETAIL];
	bool cert = b->how_local == AUTH_BY_CERT;
	enum reason r = cred_load(env->creds, b->cert, cert ? CRED_CERT | CRED_KEY : CRED_KEY, c, why);

	if (r != R_OK)
		return said(r, why, detail);
	return cert ? check_own_cert(env, b, c, detail) : R_OK;
}

static enum reason
sign(const struct proof_job *j, struct proof_made *m, char detail[static IKE_DETAIL])
{
	struct sig_want want = { .hashes = j->a->hashes, .old_methods = j->b->old_methods };
	char why[SIG_DETAIL] = "", name[SIG_NAME];
	struct proof_octets o;
	enum reason r;

	r = proof_check_own(j->env, j->b, &m->cred, detail);
	if (r == R_OK)
		r = proof_octets(j, &o, detail);
	if (r != R_OK)
		return r;
	r = sig_make(m->cred.key, &want, bytes_of(o.b, o.n), &m->p.method, &m->w, name, why);
	m->p.data = wr_bytes(&m->w);
	wipe(o.b, o.n);
	return r == R_OK ? r : said(r, why, detail);
}

/* Without roots: who trusts one has it. */
static bool
add_cert(struct proof_made *m, X509 *x, bool first)
{
	uint8_t *der = NULL;
	int n;

	if (!first && X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0)
		return true;
	n = i2d_X509(x, &der);
	if (n > 0)
		proof_add_cert(m, CERT_X509, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return n > 0;
}

/*
 * The certificate goes with every proof: peers do not always ask for it (RFC 7296 3.7 makes the request a hint), and one that has it
 * already is not hurt.
 */
enum reason
proof_sign_cert(const struct proof_job *j, struct proof_made *m, char detail[static IKE_DETAIL])
{
	enum reason r = sign(j, m, detail);

	if (r == R_OK && !add_cert(m, m->cred.cert, true))
		r = R_INTERNAL;
	for (int i = 0; r == R_OK && i < sk_X509_num(m->cred.chain); i++)
		if (!add_cert(m, sk_X509_value(m->cred.chain, i), false))
			r = R_INTERNAL;
	return r;
}

/* RFC 7670 3: the key itself as a CERT payload, so that the peer can say which one came when it is not the one it knows. */
enum reason
proof_sign_key(const struct proof_job *j, struct proof_made *m, char detail[static IKE_DETAIL])
{
	uint8_t *der = NULL;
	enum reason r = sign(j, m, detail);
	int n = r == R_OK ? i2d_PUBKEY(m->cred.key, &der) : 0;

	if (n > 0)
		proof_add_cert(m, CERT_RAW_KEY, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return r;
}

/* The peer's */

static enum reason
check(const struct proof_job *j, EVP_PKEY *k, char name[static SIG_NAME], char detail[static IKE_DETAIL])
{
	char why[SIG_DETAIL] = "";
	struct proof_octets o;
	struct sig_alg alg;
	enum reason r = proof_octets(j, &o, detail);

	if (r != R_OK)
		return r;
	r = sig_check(k, j->b->old_methods, j->a->method, j->a->data, bytes_of(o.b, o.n), &alg, name, why);
	wipe(o.b, o.n);
	return said(r, r == R_OK ? "" : why, detail);
}

/* What the tunnel trusts, as far as it is there; *r is why something is not. */
static void
load_anchors(const struct proof_env *env, const struct binding *b, struct chain_request *q, enum reason *r, char why[static CRED_DETAIL])
{
	char one[CRED_DETAIL];

	*r = R_OK;
	for (unsigned i = 0; i < b->ntrust; i++) {
		struct chain_anchor *a = &q->anchors[q->nanchors];
		enum reason bad = cred_anchor(env->creds, b->trust[i], &a->cert, one);

		if (bad == R_OK) {
			memcpy(a->name, b->trust[i], sizeof(a->name));
			q->nanchors++;
		} else if (*r == R_OK) {
			*r = bad;
			memcpy(why, one, CRED_DETAIL);
		}
	}
}

static void
free_anchors(struct chain_request *q)
{
	for (unsigned i = 0; i < q->nanchors; i++)
		X509_free(q->anchors[i].cert);
	q->nanchors = 0;
}

/* When no issuer was found: with the intermediates that we know, from our own file and from other peers, chain_why can tell more. */
static enum reason
validate(const struct proof_job *j, struct chain_request *q, struct chain *out, char why[static CHAIN_DETAIL])
{
	enum reason r = chain_memo_validate(j->env->memo, q, out, why);
	char ignored[CRED_DETAIL];
	struct cred own = { 0 };

	if (r != R_CERT_UNKNOWN_CA || (q->known = sk_X509_new_null()) == NULL)
		return r;
	if (j->b->how_local == AUTH_BY_CERT)
		cred_load(j->env->creds, j->b->cert, CRED_CERT, &own, ignored);
	for (int i = 0; i < sk_X509_num(own.chain); i++)
		(void)sk_X509_push(q->known, sk_X509_value(own.chain, i));
	chain_memo_known(j->env->memo, q->known);
	if (sk_X509_num(q->known) > 0)
		r = chain_validate(q, out, why);
	sk_X509_free(q->known);
	q->known = NULL;
	cred_free(&own);
	return r;
}

static void
say_cert(struct proof_verdict *v, const char *signature)
{
	X509 *x = sk_X509_value(v->chain.path, 0);
	char subject[NAME_WORDS], issuer[NAME_WORDS], date[32];

	altname_dn(X509_get_subject_name(x), subject, sizeof(subject));
	altname_dn(X509_get_issuer_name(x), issuer, sizeof(issuer));
	certtext_date(certtext_time(X509_get0_notAfter(x)), date);
	snprintf(v->words, sizeof(v->words), "certificate %s, issued by %s, valid until %.10s, %s", subject, issuer, date, signature);
}

enum reason
proof_verify_cert(const struct proof_job *j, struct proof_verdict *v, char detail[static IKE_DETAIL])
{
	struct chain_request q = { .id = j->a->id, .ncerts = j->a->ncerts, .certs = j->a->certs, .now = j->env->now };
	char why[CHAIN_DETAIL] = "", missing[CRED_DETAIL] = "", name[SIG_NAME];
	enum reason r, lacking;

	load_anchors(j->env, j->b, &q, &lacking, missing);
	r = q.nanchors ? validate(j, &q, &v->chain, why) : R_CERT_UNKNOWN_CA;
	free_anchors(&q);
	if ((r == R_CERT_UNKNOWN_CA || r == R_CERT_CHAIN_INCOMPLETE) && lacking != R_OK)
		return said(lacking, missing, detail);	/* it may be the one that is not there */
	if (r != R_OK)
		return said(r, why, detail);
	r = check(j, X509_get0_pubkey(sk_X509_value(v->chain.path, 0)), name, detail);
	if (r == R_OK)
		say_cert(v, name);
	else
		chain_free(&v->chain);
	return r;
}

/* Raw public keys */

static EVP_PKEY *
key_parse(struct bytes der)
{
	const uint8_t *p = der.p;
	EVP_PKEY *k = der.n ? d2i_PUBKEY(NULL, &p, (long)der.n) : NULL;

	if (k && p == der.p + der.n && keykind_taken(k))
		return k;
	EVP_PKEY_free(k);
	ERR_clear_error();
	return NULL;
}

/* "ed25519 key with SHA-256 0123456789abcdef" */
static void
key_text(EVP_PKEY *k, char buf[static 96])
{
	uint8_t *der = NULL, sum[EVP_MAX_MD_SIZE] = { 0 };
	int n = i2d_PUBKEY(k, &der);
	char kind[CERT_KEY_CAP];
	unsigned len;

	if (n > 0)
		EVP_Digest(der, (size_t)n, sum, &len, EVP_sha256(), NULL);
	OPENSSL_free(der);
	snprintf(buf, 96, "%s key with SHA-256 %02x%02x%02x%02x%02x%02x%02x%02x…", keykind_name(k, kind), sum[0], sum[1], sum[2], sum[3],
	    sum[4], sum[5], sum[6], sum[7]);
}

/* The key that came along, if one did: in RFC 7670's form, or in a certificate. */
static EVP_PKEY *
key_sent(const struct key_auth *a, bool *came)
{
	*came = false;
	for (unsigned i = 0; i < a->ncerts; i++) {
		struct bytes der = a->certs[i].data;
		const uint8_t *p = der.p;
		EVP_PKEY *k;
		X509 *x;

		if (a->certs[i].encoding == CERT_OCSP)
			continue;
		*came = true;
		if (a->certs[i].encoding == CERT_RAW_KEY)
			return key_parse(der);
		x = d2i_X509(NULL, &p, (long)der.n);
		k = x ? X509_get_pubkey(x) : NULL;
		X509_free(x);
		ERR_clear_error();
		return k;
	}
	return NULL;
}

static enum reason
pinned(const struct binding *b, EVP_PKEY **k, char detail[static IKE_DETAIL])
{
	*k = key_parse(bytes_of(b->public_key, b->npublic));
	if (*k)
		return R_OK;
	SAY(detail, "the public key that the site file gives for the peer");
	return R_KEY_KIND;
}

enum reason
proof_verify_key(const struct proof_job *j, struct proof_verdict *v, char detail[static IKE_DETAIL])
{
	char have[96] = "one that cannot be read", want[96], name[SIG_NAME];
	EVP_PKEY *k = NULL, *sent;
	bool came;
	enum reason r = pinned(j->b, &k, detail);

	if (r != R_OK)
		return r;
	key_text(k, want);
	sent = key_sent(j->a, &came);
	if (sent)
		key_text(sent, have);
	if (came && (sent == NULL || EVP_PKEY_eq(sent, k) != 1)) {
		SAY(detail, "the peer sent %s, the site file has %s", have, want);
		r = R_PINNED_KEY_OTHER;
	} else
		r = check(j, k, name, detail);
	if (r == R_OK)
		snprintf(v->words, sizeof(v->words), "public key, %s, %s", want, name);
	EVP_PKEY_free(sent);
	EVP_PKEY_free(k);
	ERR_clear_error();
	return r;
}

enum reason
proof_check_trust(const struct proof_env *env, const struct binding *b, char detail[static IKE_DETAIL])
{
	struct chain_request q = { 0 };
	char why[CRED_DETAIL] = "";
	EVP_PKEY *k = NULL;
	enum reason r;

	if (b->how_remote == AUTH_BY_KEY) {
		r = pinned(b, &k, detail);
		EVP_PKEY_free(k);
		return r;
	}
	load_anchors(env, b, &q, &r, why);
	free_anchors(&q);
	return said(r, why, detail);
}
