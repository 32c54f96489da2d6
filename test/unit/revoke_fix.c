/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "revoke_fix.h"
#include "revoke_in.h"

uint64_t world_now;

static uint64_t
now(void)
{
	return world_now;
}

/* keymgr-fetch */

static bool
on_get(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct world *w = ctx;
	struct asked *a = &w->asked[w->nasked];
	struct fetch f;

	assert_true(w->nasked < ASKED);
	if (!fetch_get(&m->body, &f) || !rd_done(&m->body))
		return false;
	w->nasked++;
	*a = (struct asked){ .id = f.id, .configured = f.configured, .npost = f.post.n };
	strcpy(a->url, f.url);
	if (f.post.n)
		memcpy(a->post, f.post.p, f.post.n);
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static void
on_down(void *ctx, struct ipc *l)
{
	((struct world *)ctx)->server = NULL;
}

static const struct ipc_row rows[] = { { FETCH_GET, "GET", IPC_AFTER_HELLO, 8192, on_get } };
static const struct ipc_table table = { "fetch", rows, 1, NULL, on_down };

void
world_link(struct world *w)
{
	int v[2];

	ipc_free(w->server);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
	fetching_link(w->fetching, v[0]);
	w->server = ipc_new(w->base, v[1], &table, w);
	world_spin(w);
}

void
world_unlink(struct world *w)
{
	ipc_free(w->server);
	w->server = NULL;
	world_spin(w);
}

void
world_spin(struct world *w)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
}

void
world_pass(struct world *w, uint64_t seconds)
{
	for (uint64_t s = 0; s < seconds; s += TEND_S) {
		world_now += TEND_S;
		watch_tend(w->revoke);
		world_spin(w);
	}
}

unsigned
world_wants(struct world *w, const char *url, unsigned n)
{
	unsigned found = 0, last = 0;

	for (unsigned i = 0; i < w->nasked; i++)
		if (!w->asked[i].answered && strcmp(w->asked[i].url, url) == 0) {
			found++;
			last = i;
		}
	if (found != n)
		fail_msg("%s is asked for %u times, not %u", url, found, n);
	return last;
}

static void
answer(struct world *w, const char *url, enum reason r, const char *detail, struct bytes b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->nasked; i++) {
		struct fetched f = { .id = w->asked[i].id, .reason = (uint16_t)r, .size = (uint32_t)b.n };
		uint8_t buf[512];
		struct wr wr = wr_of(buf, sizeof(buf));
		int fd = -1;

		if (w->asked[i].answered || strcmp(w->asked[i].url, url) != 0)
			continue;
		w->asked[i].answered = true;
		n++;
		snprintf(f.detail, sizeof(f.detail), "%s", detail);
		fetched_put(&wr, &f);
		if (r == R_OK) {
			fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
			assert_int_equal(write(fd, b.p, b.n), (ssize_t)b.n);
			assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
			assert_true(ipc_send_fd(w->server, FETCH_DONE, 0, wr_bytes(&wr), fd));
			close(fd);
		} else {
			assert_true(ipc_event(w->server, FETCH_DONE, wr_bytes(&wr)));
		}
	}
	if (n == 0)
		fail_msg("%s was not asked for", url);
	world_spin(w);
}

void
world_give(struct world *w, const char *url, struct bytes b)
{
	answer(w, url, R_OK, "", b);
}

void
world_refuse(struct world *w, const char *url, enum reason r, const char *detail)
{
	answer(w, url, r, detail, bytes_of(NULL, 0));
}

/* keymgr */

static void
on_invalid(void *ctx, uint32_t ike, enum reason r, const char *detail)
{
	struct world *w = ctx;

	w->ended.n++;
	w->ended.ike = ike;
	w->ended.reason = r;
	snprintf(w->ended.detail, sizeof(w->ended.detail), "%s", detail);
}

static void
start(struct world *w)
{
	char cache[96], own[96], secret[96];
	struct revoke_places places = { .cache = cache, .own = own, .secret = secret };

	snprintf(cache, sizeof(cache), "%s/cache", w->dir);
	snprintf(own, sizeof(own), "%s/own", w->dir);
	snprintf(secret, sizeof(secret), "%s/secret", w->dir);
	w->fetching = fetching_new(w->base);
	w->revoke = revoke_new(w->base, &w->bindings, w->fetching, &places, now, on_invalid, w);
	assert_true(w->fetching && w->revoke);
	world_link(w);
}

static void
stop(struct world *w)
{
	revoke_free(w->revoke);
	fetching_free(w->fetching);
	ipc_free(w->server);
	w->server = NULL;
	w->nasked = 0;
}

void
world_restart(struct world *w)
{
	stop(w);
	start(w);
}

void
world_rule(struct world *w, enum revocation how, const char *crl, const char *ocsp)
{
	struct trust_rule r = { .name = "root", .revocation = (uint8_t)how };

	if (crl) {
		r.ncrls = 1;
		strcpy(r.crls[0], crl);
	}
	if (ocsp)
		strcpy(r.ocsp, ocsp);
	assert_true(bind_rule_put(&w->bindings, &r));
}

static X509 *
make(const char *dn, X509 *ca, EVP_PKEY *ca_key, bool is_ca, const struct pki_ext *ext, EVP_PKEY **key)
{
	struct pki p = { .dn = dn, .ca = ca, .ca_key = ca_key };
	unsigned n = 0;

	if (is_ca) {
		p.ext[n++] = (struct pki_ext){ "basicConstraints", "critical,CA:TRUE" };
		p.ext[n++] = (struct pki_ext){ "keyUsage", "critical,keyCertSign,cRLSign" };
	} else {
		p.ext[n++] = (struct pki_ext){ "basicConstraints", "critical,CA:FALSE" };
		p.ext[n++] = (struct pki_ext){ "keyUsage", "critical,digitalSignature" };
	}
	p.ext[n++] = (struct pki_ext){ "subjectKeyIdentifier", "hash" };
	for (; ext && ext->name; ext++)
		p.ext[n++] = *ext;
	return pki_cert(&p, key);
}

static void
chain_of(struct chain *c, unsigned n, X509 *const *v)
{
	c->path = sk_X509_new_null();
	c->not_after = PKI_NOW + 365 * PKI_DAY;
	strcpy(c->anchor, "root");
	for (unsigned i = 0; i < n; i++) {
		X509_up_ref(v[i]);
		sk_X509_push(c->path, v[i]);
	}
}

void
world_make(struct world *w, enum revocation how, const struct pki_ext *ext)
{
	static const struct pki_ext at_root[] = { { "crlDistributionPoints", "URI:" URL_ROOT }, { NULL, NULL } },
	    at_sub[] = { { "crlDistributionPoints", "URI:" URL_SUB }, { NULL, NULL } };
	char path[96];

	memset(w, 0, sizeof(*w));
	log_set_level(LOG_ERROR);
	world_now = PKI_NOW;
	strcpy(w->dir, "/tmp/causeway-revoke.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "cache", "own", "secret" };

		snprintf(path, sizeof(path), "%s/%s", w->dir, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	w->root = make("O=Test, CN=root", NULL, NULL, true, NULL, &w->root_key);
	w->sub = make("O=Test, CN=sub", w->root, w->root_key, true, at_root, &w->sub_key);
	w->end = make("O=Test, CN=end", w->sub, w->sub_key, false, at_sub, NULL);
	w->leaf = make("O=Test, CN=leaf", w->root, w->root_key, false, ext, NULL);
	chain_of(&w->chain, 3, (X509 *[]){ w->end, w->sub, w->root });
	chain_of(&w->plain, 2, (X509 *[]){ w->leaf, w->root });
	w->base = event_base_new();
	world_rule(w, how, NULL, NULL);
	start(w);
}

void
world_end(struct world *w)
{
	char cmd[128];

	stop(w);
	bind_fini(&w->bindings);
	event_base_free(w->base);
	sk_X509_pop_free(w->chain.path, X509_free);
	sk_X509_pop_free(w->plain.path, X509_free);
	X509_free(w->root);
	X509_free(w->sub);
	X509_free(w->end);
	X509_free(w->leaf);
	EVP_PKEY_free(w->root_key);
	EVP_PKEY_free(w->sub_key);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
}

static void
on_done(void *arg, enum reason r, const char *detail)
{
	struct got *g = arg;

	g->n++;
	g->reason = r;
	snprintf(g->detail, sizeof(g->detail), "%s", detail);
}

void
world_check(struct world *w, const struct chain *c, struct bytes in_band, struct got *g)
{
	uint32_t id;

	memset(g, 0, sizeof(*g));
	id = revoke_check(w->revoke, c, in_band, on_done, g);
	assert_int_equal(id == 0, g->n == 1);
	world_spin(w);
}

void
got_is(const struct got *g, enum reason r, const char *words)
{
	if (g->n != 1 || g->reason != r || strstr(g->detail, words) == NULL || (words[0] == '\0' && g->detail[0]))
		fail_msg("%u answers, %s, \"%s\"; wanted %s with \"%s\"", g->n, reason_row(g->reason)->name, g->detail, reason_row(r)->name, words);
}

/* Lists */

struct bytes
list_with(const struct pki_crl *p)
{
	X509_CRL *c = pki_crl(p);
	struct bytes b = pki_crl_der(c);

	X509_CRL_free(c);
	return b;
}

struct bytes
list_of(X509 *ca, EVP_PKEY *key, long number, long from, long to, long revoked)
{
	struct pki_revoked one = { .serial = revoked, .when = -100, .why = 1 };

	return list_with(&(struct pki_crl){ .ca = ca, .key = key, .this_update = from, .next_update = to, .number = number, .n = revoked ? 1 : 0, .v = &one });
}

void
bytes_free(struct bytes b)
{
	free((void *)(uintptr_t)b.p);
}
