/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "ca.h"
#include "certs.h"
#include "clock.h"
#include "log.h"
#include "psk.h"
#include "psktxt.h"
#include "secret.h"
#include "serve_auth.h"
#include "serve_cert.h"
#include "trust.h"

#define TEND_S		3600
#define LIST_PAGE	12	/* of the largest struct cert_info that fit into one message */
#define ISSUED_PAGE	64
#define OUT_MAX		(128u << 10)	/* an exported file: 16 certificates and a key */

static bool
refuse(struct ipc *l, const struct ipc_msg *m, enum reason r, const char *detail)
{
	ipc_fail(l, m, r, detail);
	return true;
}

static bool
answer(struct ipc *l, const struct ipc_msg *m, enum reason r, const struct cert_made *made, const char *detail)
{
	uint8_t *b = malloc(IPC_MAX);
	struct wr w = wr_of(b, b ? IPC_MAX : 0);

	if (r == R_OK)
		cert_made_put(&w, made);
	if (r == R_OK && wr_ok(&w))
		ipc_reply(l, m, wr_bytes(&w));
	else
		ipc_fail(l, m, r == R_OK ? R_NO_MEMORY : r, detail);
	free(b);
	return true;
}

/* Requests that may need a new private key. One of RSA takes a while; spdsync's link may be another one then. */
struct work {
	struct keymgr	*k;
	struct ipc_msg	 m;		/* type and id only */
	uint32_t	 round;
	union {
		struct cert_csr	 csr;
		struct ca_init	 init;
		struct ca_issue	 issue;
	};
	uint8_t		 request[CERT_PEM_MAX];
};

static struct work *
work_new(struct keymgr *k, const struct ipc_msg *m)
{
	struct work *w = calloc(1, sizeof(*w));

	if (w)
		*w = (struct work){ .k = k, .m = { .type = m->type, .id = m->id }, .round = k->bindings.round };
	return w;
}

static void
work_done(void *arg, EVP_PKEY *key)
{
	struct work *w = arg;
	struct keymgr *k = w->k;
	uint64_t now = clock_wall_s();
	uint8_t pem[CERT_PEM_MAX];
	struct wr out = wr_of(pem, sizeof(pem));
	char detail[CERTS_DETAIL] = "";
	struct cert_made made = { 0 };
	enum reason r;

	if (w->m.type == CERT_CSR)
		r = certs_csr_do(k->key_dir, &w->csr, key, &made, &out, detail);
	else if (w->m.type == CA_INIT)
		r = key ? ca_init_do(k->key_dir, &w->init, now, key, &made, detail) : R_INTERNAL;
	else
		r = ca_issue_do(k->key_dir, &w->issue, now, key, &made, &out, detail);
	EVP_PKEY_free(key);
	if (k->spdsync && k->bindings.round == w->round)
		answer(k->spdsync, &w->m, r, &made, detail);
	if (r == R_OK)
		serve_trust_changed(k, NULL);
	if (r == R_OK)
		log_info(NULL, "cert_made", "%s: %s", made.name, w->m.type == CERT_CSR ? "a request" : made.subject);
	free(w);
}

/* kind "": nothing has to be made. */
static void
work_start(struct work *w, struct ipc *l, enum reason r, const char *kind, const char *detail)
{
	if (r == R_OK && kind[0] == '\0') {
		work_done(w, NULL);
		return;
	}
	if (r == R_OK)
		r = keyjob_start(w->k->keyjob, kind, work_done, w);	/* w is its from here on */
	if (r == R_OK)
		return;
	ipc_fail(l, &w->m, r, r == R_BUSY ? "another private key is being made; try again in a few seconds" : detail);
	free(w);
}

bool
on_cert_csr(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char kind[CERT_KEY_CAP] = "", detail[CERTS_DETAIL] = "";
	struct work *w = work_new(k, m);
	enum reason r;

	if (w == NULL)
		return refuse(l, m, R_NO_MEMORY, NULL);
	if (!cert_csr_get(&m->body, &w->csr) || !rd_done(&m->body)) {
		free(w);
		return false;
	}
	r = certs_csr_check(k->key_dir, &w->csr, kind, detail);
	work_start(w, l, r, kind, detail);
	return true;
}

bool
on_ca_init(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char kind[CERT_KEY_CAP] = "", detail[CERTS_DETAIL] = "";
	struct work *w = work_new(k, m);
	enum reason r;

	if (w == NULL)
		return refuse(l, m, R_NO_MEMORY, NULL);
	if (!ca_init_get(&m->body, &w->init) || !rd_done(&m->body)) {
		free(w);
		return false;
	}
	r = ca_init_check(k->key_dir, &w->init, kind, detail);
	work_start(w, l, r, kind, detail);
	return true;
}

bool
on_ca_issue(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char kind[CERT_KEY_CAP] = "", detail[CERTS_DETAIL] = "";
	struct work *w = work_new(k, m);
	enum reason r;

	if (w == NULL)
		return refuse(l, m, R_NO_MEMORY, NULL);
	if (!ca_issue_get(&m->body, &w->issue) || !rd_done(&m->body)) {
		free(w);
		return false;
	}
	if (w->issue.csr.n)
		memcpy(w->request, w->issue.csr.p, w->issue.csr.n);
	w->issue.csr.p = w->request;
	r = ca_issue_check(k->key_dir, &w->issue, kind, detail);
	work_start(w, l, r, kind, detail);
	return true;
}

/* Requests with a box */

static struct bytes
first_line(struct bytes b)
{
	const uint8_t *nl = b.n ? memchr(b.p, '\n', b.n) : NULL;
	size_t n = nl ? (size_t)(nl - b.p) : b.n;

	return bytes_of(b.p, n && nl && b.p[n - 1] == '\r' ? n - 1 : n);
}

static enum reason
open_box(int fd, struct boxfile *f, struct box *b, char detail[static CERTS_DETAIL])
{
	if (boxfile_read(fd, f) && box_get(bytes_of(f->p, f->n), b)) {
		b->password = first_line(b->password);
		return R_OK;
	}
	snprintf(detail, CERTS_DETAIL, "no memory file with at most %u octets came with the request", CERT_BOX_MAX);
	return R_REQUEST_INVALID;
}

bool
on_cert_import(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char detail[CERTS_DETAIL] = "";
	struct cert_import q;
	struct cert_made made = { 0 };
	struct boxfile f = { 0 };
	struct box box;
	int fd = ipc_take_fd(l);
	enum reason r;

	if (!cert_import_get(&m->body, &q) || !rd_done(&m->body)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	r = open_box(fd, &f, &box, detail);
	if (r == R_OK)
		r = certs_import(k->key_dir, &q, &box, &made, detail);
	boxfile_free(&f);
	if (fd >= 0) {
		boxfile_write(fd, bytes_of(NULL, 0));	/* what was brought is in nobody's memory any longer than it has to be */
		close(fd);
	}
	if (r == R_OK)
		serve_trust_changed(k, NULL);	/* an anchor that a tunnel names may be there now */
	if (r == R_OK)
		log_info(NULL, "cert_imported", "%s: %s", made.name, made.subject);
	return answer(l, m, r, &made, detail);
}

bool
on_cert_export(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char detail[CERTS_DETAIL] = "";
	struct cert_export q;
	struct cert_made made = { 0 };
	struct boxfile f = { 0 };
	uint8_t *buf = NULL;
	struct wr out;
	struct box box;
	int fd = ipc_take_fd(l);
	enum reason r;

	if (!cert_export_get(&m->body, &q) || !rd_done(&m->body)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	r = open_box(fd, &f, &box, detail);
	if (r == R_OK && (buf = OPENSSL_secure_malloc(OUT_MAX)) == NULL)
		r = R_NO_MEMORY;
	out = wr_of(buf, buf ? OUT_MAX : 0);
	if (r == R_OK)
		r = certs_export(k->key_dir, &q, box.password, &made, &out, detail);
	if (r == R_OK && !boxfile_write(fd, wr_bytes(&out)))
		r = R_NO_MEMORY;
	OPENSSL_secure_clear_free(buf, OUT_MAX);
	boxfile_free(&f);
	if (fd >= 0)
		close(fd);
	if (r == R_OK)
		log_info(NULL, "cert_exported", "%s%s", made.name, made.has_key ? " with its private key" : "");
	return answer(l, m, r, &made, detail);
}

bool
on_ca_crl(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char detail[CERTS_DETAIL] = "";
	struct cert_made made = { 0 };
	int fd = ipc_take_fd(l);
	uint8_t *out = NULL;
	struct ca_crl q;
	enum reason r;
	size_t n;

	if (!ca_crl_get(&m->body, &q) || !rd_done(&m->body)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	r = ca_crl_do(k->key_dir, &q, clock_wall_s(), &made, &out, &n, detail);
	if (r == R_OK && fd >= 0 && !boxfile_write(fd, bytes_of(out, n)))
		r = R_REQUEST_INVALID;
	free(out);
	if (fd >= 0)
		close(fd);
	return answer(l, m, r, &made, detail);
}

/* The others */

bool
on_cert_remove(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char name[NAME_CAP], detail[CERTS_DETAIL] = "";
	enum reason r;

	str_get(&m->body, name, sizeof(name));
	if (!rd_done(&m->body) || !name_ok(name))
		return false;
	r = certs_remove(k->key_dir, &k->bindings, name, detail);
	if (r != R_OK)
		return refuse(l, m, r, detail);
	log_info(NULL, "cert_removed", "%s", name);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

/* The secret stands in the link's buffer: it is wiped there as soon as it is kept. */
bool
on_psk_put(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char name[NAME_CAP], detail[PSK_DETAIL] = "";
	uint8_t buf[PSK_DETAIL + 2];
	struct wr w = wr_of(buf, sizeof(buf));
	struct bytes text;
	bool replace;
	enum reason r;

	str_get(&m->body, name, sizeof(name));
	replace = rd_u8(&m->body) != 0;
	text = rd_rest(&m->body);
	if (!rd_done(&m->body) || !name_ok(name))
		return false;
	r = psk_put(k->secret_dir, k->key_dir, name, replace, text, detail);
	if (text.n)
		wipe((uint8_t *)(uintptr_t)text.p, text.n);
	if (r != R_OK && r != R_SECRET_WEAK)
		return refuse(l, m, r, detail);
	log_info(NULL, "secret_kept", "%s%s%s", name, detail[0] ? ": " : "", detail);
	str_put(&w, detail);
	ipc_reply(l, m, wr_bytes(&w));
	return true;
}

bool
on_psktxt_put(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct bytes text = rd_rest(&m->body);
	char detail[STORE_DETAIL] = "";
	uint8_t buf[2];
	struct wr w = wr_of(buf, sizeof(buf));
	unsigned keys = 0;
	enum reason r = psktxt_put(k->secret_dir, k->key_dir, text, &keys, detail);

	if (text.n)
		wipe((uint8_t *)(uintptr_t)text.p, text.n);
	if (r != R_OK)
		return refuse(l, m, r, detail);
	log_info(NULL, "psk_txt_kept", "A psk.txt with %u keys was handed in.", keys);
	wr_le16(&w, (uint16_t)keys);
	ipc_reply(l, m, wr_bytes(&w));
	return true;
}

bool
on_psk_remove(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char name[NAME_CAP], detail[PSK_DETAIL] = "";
	enum reason r;

	str_get(&m->body, name, sizeof(name));
	if (!rd_done(&m->body) || !name_ok(name))
		return false;
	r = psk_remove(k->key_dir, &k->bindings, name, detail);
	if (r != R_OK)
		return refuse(l, m, r, detail);
	log_info(NULL, "secret_removed", "%s", name);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

bool
on_ca_revoke(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char detail[CERTS_DETAIL] = "";
	struct cert_made made = { 0 };
	struct ca_revoke q;
	enum reason r;

	if (!ca_revoke_get(&m->body, &q) || !rd_done(&m->body))
		return false;
	r = ca_revoke_do(k->key_dir, &q, clock_wall_s(), &made, detail);
	if (r == R_OK)
		log_info(NULL, "cert_revoked", "%s: %u of the CA %s", made.name, made.count, made.ca);
	return answer(l, m, r, &made, detail);
}

/* Would a peer that trusts what our tunnels trust find our certificate revoked? */
static void
describe_own(struct keymgr *k, struct cert_info *c)
{
	char detail[REVOKE_DETAIL], ignored[CRED_DETAIL];
	struct cred own = { 0 };
	struct trust t = { 0 };

	if (cred_load(k->creds, c->name, CRED_CERT, &own, ignored) == R_OK)
		trust_names(&k->bindings, &t);
	for (unsigned i = 0; i < t.nnames && c->reason != R_OUR_CERT_REVOKED; i++) {
		X509 *anchor = NULL;

		if (cred_anchor(k->creds, t.names[i], &anchor, ignored) == R_OK &&
		    revoke_known(k->revoke, own.cert, own.chain, t.names[i], anchor, detail)) {
			c->reason = R_OUR_CERT_REVOKED;
			snprintf(c->detail, sizeof(c->detail), "%.250s", detail);
		}
		X509_free(anchor);
	}
	cred_free(&own);
}

/* What is known of a trust anchor's revocation list, and what such lists say of us. */
static void
describe(struct keymgr *k, struct cert_info *c)
{
	char ignored[CRED_DETAIL];
	X509 *x = NULL;

	if (c->has_cert && c->has_key && !c->is_ca && (c->reason == R_OK || c->reason == R_CERT_EXPIRES_SOON))
		describe_own(k, c);
	if ((c->is_anchor || c->issues) && cred_anchor(k->creds, c->name, &x, ignored) == R_OK)
		revoke_describe(k->revoke, c->name, x, c);
	X509_free(x);
}

bool
on_cert_list(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	struct certs_places places = { k->key_dir, k->secret_dir, k->creds };
	char after[NAME_CAP];
	struct cert_info *v = calloc(LIST_PAGE, sizeof(*v));
	uint8_t *b = malloc(IPC_MAX);
	struct wr w = wr_of(b, b ? IPC_MAX : 0);
	unsigned n = 0;
	bool ok;

	str_get(&m->body, after, sizeof(after));
	ok = rd_done(&m->body);
	if (ok && v && b && certs_list(&places, &k->bindings, clock_wall_s(), after, v, LIST_PAGE, &n)) {
		wr_le16(&w, (uint16_t)n);
		for (unsigned i = 0; i < n; i++) {
			describe(k, &v[i]);
			cert_info_put(&w, &v[i]);
		}
	}
	if (ok && w.n && wr_ok(&w))
		ipc_reply(l, m, wr_bytes(&w));
	else if (ok)
		ipc_fail(l, m, R_NO_MEMORY, NULL);
	free(v);
	free(b);
	return ok;
}

bool
on_ca_list(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct keymgr *k = ctx;
	char name[NAME_CAP], detail[CERTS_DETAIL] = "";
	uint32_t from;
	struct ca_issued *v;
	uint8_t *b;
	struct wr w;
	enum reason r = R_NO_MEMORY;
	unsigned n = 0;

	str_get(&m->body, name, sizeof(name));
	from = rd_le32(&m->body);
	if (!rd_done(&m->body))
		return false;
	v = calloc(ISSUED_PAGE, sizeof(*v));
	b = malloc(IPC_MAX);
	w = wr_of(b, b ? IPC_MAX : 0);
	if (v && b)
		r = ca_list_do(k->key_dir, name, from, v, ISSUED_PAGE, &n, detail);
	wr_le16(&w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		ca_issued_put(&w, &v[i]);
	if (r == R_OK && wr_ok(&w))
		ipc_reply(l, m, wr_bytes(&w));
	else
		ipc_fail(l, m, r == R_OK ? R_NO_MEMORY : r, detail);
	free(v);
	free(b);
	return true;
}

/* The whole */

static void
on_tend(evutil_socket_t fd, short what, void *arg)
{
	struct keymgr *k = arg;

	(void)fd, (void)what;
	ca_tend(k->key_dir, clock_wall_s());
}

bool
serve_cert_init(struct keymgr *k)
{
	k->keyjob = keyjob_new(k->base);
	k->tend = event_new(k->base, -1, EV_PERSIST, on_tend, k);
	return k->keyjob && k->tend;
}

void
serve_cert_start(struct keymgr *k)
{
	struct timeval tv = { .tv_sec = TEND_S };

	if (k->key_dir[0] == '\0')
		return;
	keydir_recover(k->key_dir);
	ca_tend(k->key_dir, clock_wall_s());
	event_add(k->tend, &tv);
}

void
serve_cert_fini(struct keymgr *k)
{
	keyjob_free(k->keyjob);
	if (k->tend)
		event_free(k->tend);
}
