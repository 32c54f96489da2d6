/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine under several threads, with ThreadSanitizer where it is there: packets go from one engine into another on four of
 * them, while a fifth makes control calls as a host would, one at a time. What must hold: a policy that stands is never missed,
 * every packet comes back once, an SA that is used up makes room for the next, and nothing races.
 */
#include <sys/random.h>

#include "test.h"

#include "addr.h"
#include "cw.h"
#include "pfkey.h"

#define SENDERS		4
#define ROUNDS		2500u
#define EXTRA		600u		/* policies that come and go, so that tables grow */
#define SA_PACKETS	400u

struct host {
	struct cw_engine *e;
	struct cw_client *c;
	struct host	*peer;
	uint64_t	 clear, delivered, dropped, events, errors;
};

struct host_aead { uint8_t key; };

static uint64_t in, out, clock_ns = 1000000000ull, nested_locks;
static bool stop;
/* who waits for all read sections goes before the next of them, or would never be done */
static pthread_rwlock_t section = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t defer_lock = PTHREAD_MUTEX_INITIALIZER;
static struct host_defer *deferred;
static __thread unsigned depth, held;

static void add(uint64_t *v, uint64_t n) { __atomic_fetch_add(v, n, __ATOMIC_RELAXED); }
static uint64_t get(const uint64_t *v) { return __atomic_load_n(v, __ATOMIC_RELAXED); }

/* -- the seam -- */

void host_wipe(void *p, size_t n) { explicit_bzero(p, n); }
void host_unlock(struct host_lock *l) { held--; pthread_mutex_unlock(&l->m); }
uint64_t host_wall_s(void) { return 1; }
void host_aead_free(struct host_aead *a) { free(a); }
void host_policy_changed(struct host *h, unsigned change, const struct cw_policy *p) { (void)h; (void)change; (void)p; }
int host_iface_hold(struct host *h, const char *name, uint32_t *num) { (void)h; *num = (uint8_t)name[0]; return 0; }
void host_iface_put(struct host *h, uint32_t num) { (void)h; (void)num; }
uint32_t host_iface_find(struct host *h, const char *name) { (void)h; return (uint8_t)name[0]; }

void
host_lock(struct host_lock *l)
{
	if (held++)
		add(&nested_locks, 1);
	pthread_mutex_lock(&l->m);
}

void
host_read_begin(void)
{
	if (depth++ == 0)
		pthread_rwlock_rdlock(&section);
}

void
host_read_end(void)
{
	if (--depth == 0)
		pthread_rwlock_unlock(&section);
}

void
host_synchronize(void)
{
	pthread_rwlock_wrlock(&section);
	pthread_rwlock_unlock(&section);
}

void
host_defer(struct host_defer *d, void (*fn)(void *), void *p)
{
	d->fn = fn;
	d->p = p;
	pthread_mutex_lock(&defer_lock);
	d->next = deferred;
	deferred = d;
	pthread_mutex_unlock(&defer_lock);
}

static void
run_deferred(void)
{
	struct host_defer *d, *next;

	pthread_mutex_lock(&defer_lock);
	d = deferred;
	deferred = NULL;
	pthread_mutex_unlock(&defer_lock);
	host_synchronize();
	for (; d; d = next) {
		next = d->next;
		d->fn(d->p);
	}
}

void
host_random(void *p, size_t n)
{
	assert_int_equal(getrandom(p, n, 0), (ssize_t)n);
}

uint32_t
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	(void)h;
	(void)src;
	(void)dst;
	return 1500;
}

/* No IPComp here: its SAs are refused. */
struct host_comp *host_comp_new(void) { return NULL; }
void host_comp_free(struct host_comp *c) { (void)c; }
uint32_t host_comp_shrink(struct host_comp *c, uint8_t *text, uint32_t n) { (void)c, (void)text, (void)n; return 0; }

unsigned
host_comp_expand(struct host *h, struct host_comp *c, struct cw_pkt *p, uint32_t skip, uint32_t front)
{
	(void)h, (void)c, (void)p, (void)skip, (void)front;
	return HOST_COMP_BAD;
}

struct host_aead *
host_aead_new(unsigned cipher, unsigned auth, const uint8_t *ekey, size_t elen, const uint8_t *akey, size_t alen)
{
	struct host_aead *a = malloc(sizeof(*a));

	(void)cipher;
	(void)auth;
	(void)akey;
	(void)alen;
	if (a)
		a->key = ekey[elen - 1];
	return a;
}

/* Not a cipher: what is under test is everything around it. */
static void
crypt_all(struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct cw_crypt *c = &v[i]->crypt;

		for (uint32_t k = 0; k < c->text; k++)
			c->esp[c->head + k] ^= c->aead->key;
		c->ok = 1;
	}
}

void
host_seal(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	crypt_all(v, n);
	cw_sealed(e, v, n);
}

void
host_open(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	crypt_all(v, n);
	cw_opened(e, v, n);
}

static void
done(struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(v[i]->buf);
		free(v[i]);
	}
	add(&out, n);
}

void
host_plain_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add(v[i]->verdict == CW_DELIVER ? &h->delivered : &h->clear, 1);
	done(v, n);
}

void
host_drop_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	add(&h->dropped, n);
	done(v, n);
}

void
host_wire_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	cw_wire_in(h->peer->e, v, n, get(&clock_ns));
}

bool
host_pfkey_out(struct host *h, void *cookie, const uint8_t *msg, size_t len, bool may_refuse)
{
	(void)cookie;
	(void)may_refuse;
	add(&h->events, 1);
	if (len >= 16 && msg[2])
		add(&h->errors, 1);
	return true;
}

/* -- PF_KEY -- */

static void
call(struct host *h, struct pfkey_msg *m)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	m->seq = 1;
	assert_true(pfkey_put(&w, m));
	cw_pfkey(h->e, h->c, buf, w.n, get(&clock_ns));
}

static void
sa(struct host *h, uint8_t type, uint32_t spi, bool left, bool inbound)
{
	static uint8_t key[20] = { 1 };
	struct endpoint src = { 0 }, dst = { 0 };
	struct pfkey_msg m;

	pfkey_msg_init(&m, type, SADB_SATYPE_ESP);
	assert_true(addr_parse(left == inbound ? "20.0.0.2" : "20.0.0.1", &src.addr));
	assert_true(addr_parse(left == inbound ? "20.0.0.1" : "20.0.0.2", &dst.addr));
	pfkey_set_ends(&m, &src, &dst);
	m.sa = (struct pfkey_sa){ .spi = spi, .state = SADB_SASTATE_MATURE, .encrypt = SADB_X_EALG_AES_GCM_ICV16 };
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	if (type == SADB_ADD) {
		key[19] = (uint8_t)spi;
		pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
		m.key_encrypt = bytes_of(key, sizeof(key));
		m.hard = (struct pfkey_lifetime){ .packets = SA_PACKETS };
		m.soft = (struct pfkey_lifetime){ .packets = SA_PACKETS / 2 };
		m.replay_window = 1024;
		m.sa_flags = inbound ? CW_SAF_IN : CW_SAF_OUT;
		m.has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD) |
		    PFKEY_HAS(CW_EXT_REPLAY) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_PACKETS);
	}
	call(h, &m);
}

static void
policy(struct host *h, uint8_t type, unsigned dir, const char *src, const char *dst, uint32_t prio)
{
	struct prefix s, d;
	struct pfkey_msg m;

	assert_true(prefix_parse(src, &s) && prefix_parse(dst, &d));
	pfkey_msg_init(&m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(&m, &s, &d, 0, 0, 0);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = (uint8_t)dir, .priority = prio, .n = 1 };
	m.policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = 7 };
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	call(h, &m);
}

static void
control(struct host *l, struct host *r)
{
	struct host *const both[2] = { l, r };
	uint32_t spi = 0x1000;

	for (unsigned i = 0; i < ROUNDS; i++) {
		char net[32];

		snprintf(net, sizeof(net), "10.%u.%u.0/24", 128 + i % EXTRA / 200, i % 200);
		policy(l, i / EXTRA % 2 ? SADB_X_SPDDELETE : SADB_X_SPDADD, CW_DIR_OUT, "10.0.1.0/24", net, 2000);
		if (i % 20 == 0)	/* the policy of all packets moves about among its neighbours */
			policy(l, SADB_X_SPDUPDATE, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 1000 + i * 7 % 2000);
		if (i % 30 == 0)
			policy(r, SADB_X_SPDUPDATE, CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24", 1000 + i * 7 % 2000);
		if (i % 5 == 0) {
			sa(r, SADB_ADD, ++spi, false, true);
			sa(l, SADB_ADD, spi, true, false);
			sa(l, SADB_DELETE, spi - 3, true, false);
			sa(r, SADB_DELETE, spi - 6, false, true);
		}
		for (unsigned k = 0; k < 2; k++) {
			struct pfkey_msg m;

			cw_tick(both[k]->e, get(&clock_ns));
			pfkey_msg_init(&m, i % 2 ? SADB_DUMP : SADB_X_SPDDUMP, i % 2 ? SADB_SATYPE_ESP : SADB_SATYPE_UNSPEC);
			if (i % 64 < 2)
				call(both[k], &m);
		}
		add(&clock_ns, 1000000);
		run_deferred();
	}
}

static void *
sender(void *arg)
{
	static const uint8_t head[28] = { 0x45, 0, 0, 128, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 1, 5, 10, 0, 2, 6, 0, 53, 0, 80, 0, 108 };
	struct host *h = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct cw_pkt *v[8];

		for (unsigned i = 0; i < 8; i++) {
			struct cw_pkt *p = calloc(1, sizeof(*p));
			uint8_t *b = calloc(1, CW_HEADROOM + 128 + CW_TAILROOM);

			assert_true(p && b);
			*p = (struct cw_pkt){ .buf = b, .cap = CW_HEADROOM + 128 + CW_TAILROOM, .off = CW_HEADROOM, .len = 128 };
			memcpy(b + CW_HEADROOM, head, sizeof(head));
			b[CW_HEADROOM + 10] = 0x63;
			b[CW_HEADROOM + 11] = 0x63;
			v[i] = p;
		}
		if (cw_ask_out(h->e, v[0]->buf + CW_HEADROOM, 28, 128, CW_ASK_SENT, get(&clock_ns)) != CW_POLICY_IPSEC)
			add(&h->clear, 1);
		add(&in, 8);
		cw_plain_in(h->e, v, 8, get(&clock_ns));
	}
	return NULL;
}

static void
start(struct host *h, struct host *peer)
{
	struct pfkey_msg m;

	h->peer = peer;
	h->e = cw_new(h);
	assert_non_null(h->e);
	h->c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	assert_non_null(h->c);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.hello_version = CW_HELLO_VERSION;
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	call(h, &m);
}

static void
storm(void **state)
{
	struct host l = { 0 }, r = { 0 };
	pthread_t t[SENDERS];

	start(&l, &r);
	start(&r, &l);
	policy(&l, SADB_X_SPDADD, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 1500);
	policy(&r, SADB_X_SPDADD, CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24", 1500);
	for (unsigned i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, sender, &l), 0);
	control(&l, &r);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	print_message("%llu packets, %llu delivered, %llu and %llu dropped, %llu messages\n", (unsigned long long)in,
	    (unsigned long long)r.delivered, (unsigned long long)l.dropped, (unsigned long long)r.dropped,
	    (unsigned long long)(l.events + r.events));
	assert_int_equal(l.clear, 0);
	assert_int_equal(r.clear, 0);
	assert_int_equal(nested_locks, 0);
	assert_true(r.delivered > SA_PACKETS);
	/* the only thing that may be wrong with a packet at the far end is that its SA has gone */
	assert_int_equal(cw_counter(r.e, CW_DROP_SPI_UNKNOWN) + cw_counter(r.e, CW_DROP_SA_EXPIRED) + cw_counter(r.e, CW_DROP_REPLAY_OLD),
	    r.dropped);
	assert_int_equal(cw_counter(l.e, CW_TOTAL_DROPS), l.dropped);
	cw_free(l.e);
	cw_free(r.e);
	run_deferred();
	run_deferred();
	assert_true(in > 1000);
	assert_int_equal(in, out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
