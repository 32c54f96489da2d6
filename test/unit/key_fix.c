/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_fix.h"
#include "log.h"
#include "test.h"

uint64_t (*key_wall)(void);
const struct suite key_suite = { .encr = ENCR_AES_GCM_16, .key_bits = 256, .prf = PRF_HMAC_SHA2_256, .ke = KE_X25519 };

static struct endpoint
ep(const char *s, uint16_t port)
{
	struct endpoint e = { .port = port };

	assert_true(addr_parse(s, &e.addr));
	return e;
}

void
key_socketpair(int v[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
}

/* The links */

static bool
on_event(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct key_fix *f = ctx;

	assert_true(f->nev < EVENTS);
	f->ev[f->nev].type = m->type;
	if (m->type == KEY_ENGINE_BACK)
		f->ev[f->nev].a = rd_u8(&m->body);
	else if (m->type == KEY_STRAY)
		assert_true(key_stray_get(&m->body, &f->stray));
	else if (m->type != KEY_ENGINE_LOST)
		f->ev[f->nev].v = rd_le32(&m->body);
	if (m->type == KEY_EXPIRE) {
		f->ev[f->nev].a = rd_u8(&m->body);
		f->ev[f->nev].b = rd_u8(&m->body);
	} else if (m->type == KEY_MAPPING)
		endpoint_get(&m->body, &f->ev[f->nev].e);
	assert_true(rd_done(&m->body));
	f->nev++;
	return true;
}

static bool
on_trust(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct key_fix *f = ctx;
	struct bytes all;

	f->trust_events++;
	f->trusted = rd_u8(&m->body);
	all = rd_bytes(&m->body, f->trusted * KEY_ANCHOR);
	assert_true(rd_done(&m->body) && f->trusted <= KEY_ANCHORS);
	memcpy(f->trust, all.p, all.n);
	return true;
}

static bool
on_invalid(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct key_fix *f = ctx;

	f->invalid++;
	f->invalid_ike = rd_le32(&m->body);
	f->invalid_why = rd_le16(&m->body);
	str_get(&m->body, f->detail, sizeof(f->detail));
	assert_true(rd_done(&m->body));
	return true;
}

static void
iked_down(void *ctx, struct ipc *l)
{
	struct key_fix *f = ctx;

	if (l != f->iked)
		return;
	f->iked = NULL;
	f->iked_down = true;
}

static void
spdsync_down(void *ctx, struct ipc *l)
{
	((struct key_fix *)ctx)->spdsync = NULL;
	((struct key_fix *)ctx)->spdsync_down = true;
}

#define ROW(t) { t, #t, IPC_AFTER_HELLO, 64, on_event }
static const struct ipc_row iked_rows[] = { ROW(KEY_ACQUIRE), ROW(KEY_EXPIRE), ROW(KEY_USED), ROW(KEY_GONE), ROW(KEY_MAPPING), ROW(KEY_STRAY),
    ROW(KEY_ENGINE_LOST), ROW(KEY_ENGINE_BACK), { KEY_TRUST, "KEY_TRUST", IPC_AFTER_HELLO, 1 + KEY_ANCHORS * KEY_ANCHOR, on_trust },
    { KEY_PEER_INVALID, "KEY_PEER_INVALID", IPC_AFTER_HELLO, 6 + 2 + KEY_WORDS, on_invalid } };
static const struct ipc_table iked_table = { "test-iked", iked_rows, sizeof(iked_rows) / sizeof(iked_rows[0]), NULL, iked_down };
static const struct ipc_table spdsync_table = { "test-spdsync", NULL, 0, NULL, spdsync_down };

void
key_attach_iked(struct key_fix *f)
{
	int v[2];

	key_socketpair(v);
	f->iked_down = false;	/* an older one may end meanwhile */
	f->iked = ipc_new(f->base, v[1], &iked_table, f);
	serve_on_fd(&f->k, "iked", v[0]);
	key_spin(f);
}

void
key_attach_spdsync(struct key_fix *f)
{
	int v[2];

	key_socketpair(v);
	f->spdsync_down = false;
	f->spdsync = ipc_new(f->base, v[1], &spdsync_table, f);
	serve_on_fd(&f->k, "spdsync", v[0]);
	key_spin(f);
}

void
key_spin(struct key_fix *f)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

int
key_setup(void **state)
{
	struct key_fix *f = calloc(1, sizeof(*f));

	log_init("test", LOG_ERROR);
	f->engine = -1;
	f->next_spi = 0x1000;
	strcpy(f->dir, "/tmp/key-serve-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->base = event_base_new();
	assert_true(serve_init(&f->k, f->base, f->dir, "", key_wall));
	key_attach_engine(f, true);
	key_attach_spdsync(f);
	key_attach_iked(f);
	key_secret(f, "shared", "the same on both sides\n");
	assert_int_equal(key_bind(f, "a", "shared", "fqdn:tokyo", "fqdn:newyork"), R_OK);
	assert_int_equal(key_bind(f, "b", "shared", "fqdn:newyork", "fqdn:tokyo"), R_OK);
	f->nev = 0;
	*state = f;
	return 0;
}

int
key_teardown(void **state)
{
	static const char *const names[] = { "shared", "other", "late" };
	struct key_fix *f = *state;
	char path[128];

	ipc_free(f->iked);
	ipc_free(f->spdsync);
	serve_fini(&f->k);
	key_drop_engine(f);
	event_base_free(f->base);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

void
key_secret(struct key_fix *f, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Requests */

static void
on_answer(void *arg, enum reason r, struct rd *body)
{
	struct key_fix *f = arg;
	struct bytes b;

	f->answered = true;
	f->reason = r;
	f->detail[0] = '\0';
	if (r == R_OK) {
		b = rd_rest(body);
		memcpy(f->body, b.p, f->nbody = b.n);
	} else if (rd_left(body)) {
		b = span_get(body);
		snprintf(f->detail, sizeof(f->detail), "%.*s", (int)b.n, (const char *)b.p);
	}
}

enum reason
key_call(struct key_fix *f, struct ipc *l, uint16_t type, struct wr *w)
{
	assert_true(wr_ok(w));
	f->answered = false;
	assert_int_not_equal(ipc_call(l, type, wr_bytes(w), R_KEYMGR_DOWN, on_answer, f), 0);
	key_spin(f);
	return f->answered ? f->reason : R_BUSY;
}

void
key_post(struct key_fix *f, uint16_t type, struct wr *w)
{
	f->answered = false;
	assert_int_not_equal(ipc_call(f->iked, type, wr_bytes(w), R_KEYMGR_DOWN, on_answer, f), 0);
	key_spin(f);
}

struct rd
key_answer(struct key_fix *f)
{
	return rd_of(bytes_of(f->body, f->nbody));
}

enum reason
key_bind(struct key_fix *f, const char *tunnel, const char *psk, const char *local, const char *remote)
{
	uint8_t buf[2048];
	struct wr w = wr_of(buf, sizeof(buf));
	struct binding b = { 0 };

	snprintf(b.tunnel, sizeof(b.tunnel), "%s", tunnel);
	snprintf(b.psk_local, sizeof(b.psk_local), "%s", psk);
	snprintf(b.psk_remote, sizeof(b.psk_remote), "%s", psk);
	snprintf(b.id_local, sizeof(b.id_local), "%s", local);
	snprintf(b.id_remote, sizeof(b.id_remote), "%s", remote);
	b.nreqids = 2;		/* every tunnel of the tests has these */
	b.reqids[0] = 7;
	b.reqids[1] = 8;
	binding_put(&w, &b);
	return key_call(f, f->spdsync, BIND_PUT, &w);
}

uint32_t
key_ke(struct key_fix *f, uint16_t group, uint8_t *pub, size_t *n)
{
	uint8_t buf[8];
	struct wr w = wr_of(buf, sizeof(buf));
	struct bytes b;
	struct rd r;
	uint32_t ke;

	wr_le16(&w, group);
	if (key_call(f, f->iked, KEY_KE_NEW, &w) != R_OK)
		return 0;
	r = key_answer(f);
	ke = rd_le32(&r);
	b = span_get(&r);
	assert_true(rd_done(&r));
	memcpy(pub, b.p, *n = b.n);
	return ke;
}

enum reason
key_derive(struct key_fix *f, const struct key_derive *d, uint32_t *ike, struct secret *ei, struct secret *er)
{
	uint8_t buf[2048];
	struct wr w = wr_of(buf, sizeof(buf));
	struct key_derived a;
	enum reason r;
	struct rd rd;

	key_derive_put(&w, d);
	r = key_call(f, f->iked, KEY_IKE_DERIVE, &w);
	if (r != R_OK)
		return r;
	rd = key_answer(f);
	assert_true(key_derived_get(&rd, &a) && rd_done(&rd));
	*ike = a.ike;
	secret_set(ei, a.sk_ei);
	secret_set(er, a.sk_er);
	return r;
}

struct bytes
key_init_message(uint8_t *buf, size_t cap, uint64_t spi_i, uint64_t spi_r, uint8_t flags, struct bytes nonce)
{
	struct wr w = wr_of(buf, cap);
	uint32_t len = (uint32_t)(28 + 4 + 8 + 4 + nonce.n);

	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	wr_u8(&w, 43);		/* Vendor ID first, then the nonce */
	wr_u8(&w, 0x20);
	wr_u8(&w, 34);
	wr_u8(&w, flags);
	wr_u32(&w, 0);
	wr_u32(&w, len);
	wr_u8(&w, 40);
	wr_u8(&w, 0);
	wr_u16(&w, 12);
	wr_mem(&w, "whatever", 8);
	wr_u8(&w, 0);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)(4 + nonce.n));
	wr_span(&w, nonce);
	assert_int_equal(w.n, len);
	return wr_bytes(&w);
}

void
key_ends(struct key_fix *f, struct ends *e)
{
	static unsigned round;
	uint8_t pi[KE_PUB_MAX], pr[KE_PUB_MAX];
	struct key_derive d = { .suite = key_suite };
	struct secret ei = { 0 }, er = { 0 };
	size_t ni, nr;
	uint32_t ki, kr;

	memset(e, 0, sizeof(*e));
	memset(e->ni, 'i', sizeof(e->ni));
	memset(e->nr, 'r', sizeof(e->nr));
	e->ni[0] = (uint8_t)++round;
	d.spi_i = e->spi_i = 0x1111111111111100ull + round;
	d.spi_r = e->spi_r = 0x2222222222222200ull + round;
	d.ni = bytes_of(e->ni, 32);
	d.nr = bytes_of(e->nr, 32);
	ki = key_ke(f, KE_X25519, pi, &ni);
	kr = key_ke(f, KE_X25519, pr, &nr);
	assert_true(ki && kr);
	d.ke = ki;
	d.initiator = 1;
	d.peer_public = bytes_of(pr, nr);
	assert_int_equal(key_derive(f, &d, &e->ike_i, &e->sk_ei, &e->sk_er), R_OK);
	d.ke = kr;
	d.initiator = 0;
	d.peer_public = bytes_of(pi, ni);
	assert_int_equal(key_derive(f, &d, &e->ike_r, &ei, &er), R_OK);
	assert_true(secret_eq(&e->sk_ei, secret_bytes(&ei)) && secret_eq(&e->sk_er, secret_bytes(&er)));
	e->request = key_init_message(e->msg_i, sizeof(e->msg_i), e->spi_i, 0, 0x08, d.ni);
	e->response = key_init_message(e->msg_r, sizeof(e->msg_r), e->spi_i, e->spi_r, 0x20, d.nr);
}

static enum reason
auth_call(struct key_fix *f, uint16_t type, struct key_auth *a, const char *tunnel, const char *id)
{
	uint8_t buf[8192], idb[ID_CAP];
	struct wr w = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));

	assert_true(id_to_wire(id, &iw));
	snprintf(a->tunnel, sizeof(a->tunnel), "%s", tunnel);
	a->id = wr_bytes(&iw);
	key_auth_put(&w, a);
	return key_call(f, f->iked, type, &w);
}

enum reason
key_sign(struct key_fix *f, uint32_t ike, const char *tunnel, bool initiator, struct bytes msg, const char *id, struct secret *auth)
{
	struct key_auth a = { .ike = ike, .initiator = initiator, .message = msg };
	enum reason r = auth_call(f, KEY_AUTH_SIGN, &a, tunnel, id);
	struct rd rd = key_answer(f);
	struct key_proof p;

	secret_wipe(auth);
	if (r == R_OK) {
		assert_true(key_proof_get(&rd, &p) && rd_done(&rd));
		assert_int_equal(p.method, 2);
		secret_set(auth, p.data);
	}
	return r;
}

enum reason
key_verify(struct key_fix *f, uint32_t ike, const char *tunnel, bool initiator, struct bytes msg, const char *id, uint8_t method, struct bytes auth)
{
	struct key_auth a = { .ike = ike, .initiator = initiator, .message = msg, .method = method, .data = auth };

	return auth_call(f, KEY_AUTH_VERIFY, &a, tunnel, id);
}

void
key_prove(struct key_fix *f, struct ends *e)
{
	struct secret auth = { 0 };

	assert_int_equal(key_sign(f, e->ike_i, "a", true, e->request, "fqdn:tokyo", &auth), R_OK);
	assert_int_equal(key_verify(f, e->ike_r, "b", true, e->request, "fqdn:tokyo", 2, secret_bytes(&auth)), R_OK);
	assert_int_equal(key_sign(f, e->ike_r, "b", false, e->response, "fqdn:newyork", &auth), R_OK);
	assert_int_equal(key_verify(f, e->ike_i, "a", false, e->response, "fqdn:newyork", 2, secret_bytes(&auth)), R_OK);
}

uint32_t
key_spi_new(struct key_fix *f, uint32_t child, enum reason *r)
{
	struct key_spi s = { .child = child, .reqid = 7, .local = ep("20.0.0.1", 0).addr, .remote = ep("20.0.0.2", 0).addr };
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));
	struct rd rd;

	key_spi_put(&w, &s);
	*r = key_call(f, f->iked, KEY_SPI_NEW, &w);
	rd = key_answer(f);
	return *r == R_OK ? rd_le32(&rd) : 0;
}

void
key_child(struct key_child *c, uint32_t child, uint32_t ike, bool initiator, uint8_t which, uint32_t spi_in, uint32_t spi_out, struct ends *e)
{
	struct prefix a, b;

	assert_true(prefix_parse("10.0.1.0/24", &a) && prefix_parse("10.0.2.0/24", &b));
	*c = (struct key_child){ .child = child, .ike = ike, .initiator = initiator, .which = which, .esn = 1, .udp = 1, .spi_in = spi_in, .spi_out = spi_out,
	    .reqid = 7, .replay_window = 1024, .suite = { .encr = ENCR_AES_GCM_16, .key_bits = 128, .esn = 1 },
	    .local = ep("20.0.0.1", 4500), .remote = ep("20.0.0.2", 4501), .soft_s = 10, .hard_s = 20, .soft_bytes = 1000, .hard_bytes = 2000,
	    .soft_packets = 5000000000, .hard_packets = 6000000000, .ni = bytes_of(e->ni, 32), .nr = bytes_of(e->nr, 32) };
	strcpy(c->name, initiator ? "a/net" : "b/net");
	c->ts_local.n = c->ts_remote.n = 1;
	c->ts_local.v[0] = ts_from_prefix(&a);
	c->ts_remote.v[0] = ts_from_prefix(&b);
}

enum reason
key_install(struct key_fix *f, const struct key_child *c)
{
	static uint8_t buf[16384];
	struct wr w = wr_of(buf, sizeof(buf));

	key_child_put(&w, c);
	return key_call(f, f->iked, KEY_CHILD_INSTALL, &w);
}

enum reason
key_u32(struct key_fix *f, uint16_t type, uint32_t v)
{
	uint8_t buf[4];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_le32(&w, v);
	return key_call(f, f->iked, type, &w);
}

enum reason
key_remove(struct key_fix *f, uint8_t kind, uint32_t handle)
{
	uint8_t buf[5];
	struct wr w = wr_of(buf, sizeof(buf));

	wr_u8(&w, kind);
	wr_le32(&w, handle);
	return key_call(f, f->iked, KEY_REMOVE, &w);
}

unsigned
key_list(struct key_fix *f, struct key_installed *v, unsigned cap)
{
	unsigned n, got;
	struct rd r;

	for (n = 0;; n += got) {
		assert_int_equal(key_u32(f, KEY_CHILD_LIST, n ? v[n - 1].child : 0), R_OK);
		r = key_answer(f);
		got = rd_le16(&r);
		assert_true(n + got <= cap);
		for (unsigned i = 0; i < got; i++)
			assert_true(key_installed_get(&r, &v[n + i]));
		assert_true(rd_done(&r));
		if (got == 0)
			return n;
	}
}

void
key_pair(struct key_fix *f, struct key_pair *p, uint8_t which)
{
	struct key_child c;
	enum reason r;

	key_ends(f, &p->e);
	key_prove(f, &p->e);
	p->spi_i = key_spi_new(f, 1, &r);
	assert_int_equal(r, R_OK);
	p->spi_r = key_spi_new(f, 2, &r);
	assert_int_equal(r, R_OK);
	key_child(&c, 1, p->e.ike_i, true, which, p->spi_i, p->spi_r + KEY_PEER, &p->e);
	assert_int_equal(key_install(f, &c), R_OK);
	key_child(&c, 2, p->e.ike_r, false, which, p->spi_r, p->spi_i + KEY_PEER, &p->e);
	assert_int_equal(key_install(f, &c), R_OK);
}
