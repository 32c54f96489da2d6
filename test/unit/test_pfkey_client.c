/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/pfkey's client: which answer belongs to whom, dumps, HELLO first, the end of the link, callbacks that free it. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey.h"
#include "test.h"

static size_t
build(const struct pfkey_msg *m, uint8_t *buf)
{
	struct wr w = wr_of(buf, PFKEY_MSG_MAX);

	assert_true(pfkey_put(&w, m));
	return w.n;
}

struct fix {
	struct event_base *base;
	struct pfkey	*k;
	int		 raw;
	unsigned	 events, dones, entries, downs;
	int		 err;
	uint32_t	 spi, last_seq;
	bool		 free_in_done, free_in_event, has_reply;
	bool		 other;
	uint64_t	 features;
	char		 why[256];
};

static void
on_event(void *ctx, const struct pfkey_msg *m)
{
	struct fix *f = ctx;

	f->events++;
	if (f->free_in_event) {
		pfkey_free(f->k);
		f->k = NULL;
	}
}

static void
on_down(void *ctx, const char *why)
{
	struct fix *f = ctx;

	f->downs++;
	f->other = pfkey_is_other(f->k);
	f->features = pfkey_features(f->k);
	f->k = NULL;
	snprintf(f->why, sizeof(f->why), "%s", why);
}

static const struct pfkey_ops ops = { on_event, on_down };

static void
on_done(void *arg, int err, const struct pfkey_msg *m)
{
	struct fix *f = arg;

	f->dones++;
	f->err = err;
	f->has_reply = m != NULL;
	f->spi = m ? m->sa.spi : 0;
	if (f->free_in_done) {
		pfkey_free(f->k);
		f->k = NULL;
	}
}

static void
on_entry(void *arg, const struct pfkey_msg *m)
{
	((struct fix *)arg)->entries++;
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
	f->base = event_base_new();
	f->raw = v[1];
	f->k = pfkey_new(f->base, v[0], &ops, f);
	assert_non_null(f->k);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	pfkey_free(f->k);
	if (f->raw >= 0)
		close(f->raw);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void
spin(struct fix *f)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void
engine_says(struct fix *f, struct pfkey_msg *m)
{
	static uint8_t b[PFKEY_MSG_MAX];
	size_t n = build(m, b);

	assert_int_equal(send(f->raw, b, n, MSG_NOSIGNAL), n);
	spin(f);
}

/* What the client sent; false: nothing. */
static bool
engine_hears(struct fix *f, struct pfkey_msg *m)
{
	static uint8_t b[PFKEY_MSG_MAX];
	ssize_t n = recv(f->raw, b, sizeof(b), MSG_DONTWAIT);

	if (n <= 0)
		return false;
	assert_true(pfkey_get(bytes_of(b, (size_t)n), m, NULL));
	return true;
}

static uint32_t
get(struct fix *f)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_GET, SADB_SATYPE_ESP);
	return pfkey_call(f->k, &m, on_done, f);
}

static void
greet(struct fix *f, bool knows)
{
	struct pfkey_msg m;

	assert_true(pfkey_hello(f->k, SADB_SATYPE_ESP, false, on_done, f));
	assert_true(engine_hears(f, &m));
	assert_int_equal(m.type, SADB_REGISTER);
	assert_true(m.has == PFKEY_HAS(CW_EXT_HELLO));
	m.has = knows ? PFKEY_HAS(CW_EXT_HELLO) : 0;
	assert_int_equal(m.hello_version, CW_HELLO_VERSION);
	m.hello_features = CW_FEAT_ESN;
	engine_says(f, &m);
	assert_int_equal(f->dones, 1);
	f->dones = 0;
	assert_int_equal(pfkey_features(f->k), knows ? CW_FEAT_ESN : 0);
}

static void
test_matching(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg a, b, m;
	uint32_t x = get(f), y = get(f);

	assert_true(x && y && x != y);
	assert_true(engine_hears(f, &a) && engine_hears(f, &b));
	assert_true(a.seq == x && b.seq == y && a.pid == (uint32_t)getpid());
	m = b;
	m.pid++;
	m.err = 0;
	engine_says(f, &m);		/* another client's answer */
	assert_true(f->dones == 0 && f->events == 1);
	m = b;
	m.type = SADB_DELETE;
	engine_says(f, &m);		/* ours, but not to this request */
	assert_true(f->dones == 0 && f->events == 2);
	b.sa.spi = 77;
	b.has = PFKEY_HAS(SADB_EXT_SA);
	engine_says(f, &b);		/* answers may come in any order */
	assert_true(f->dones == 1 && f->err == 0 && f->spi == 77);
	engine_says(f, &b);		/* and count once */
	assert_int_equal(f->dones, 1);
	a.err = ENOENT;
	engine_says(f, &a);
	assert_true(f->dones == 2 && f->err == ENOENT && f->has_reply);
}

static void
test_cancel(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	pfkey_cancel(f->k, get(f));
	assert_true(engine_hears(f, &m));
	m.err = ENOENT;
	engine_says(f, &m);
	assert_true(f->dones == 0 && f->events == 0);
}

static void
test_hello_first(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	pfkey_set_owner(&m, "x");
	m.has |= PFKEY_HAS(CW_EXT_PACKETS);
	assert_int_not_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
	assert_true(engine_hears(f, &got) && !(got.has & PFKEY_PRIVATE));	/* left out: it only informs */
	m.has |= PFKEY_HAS(CW_EXT_SAFLAGS);
	assert_int_equal(pfkey_call(f->k, &m, NULL, NULL), 0);			/* this would have been another SA */
	assert_false(engine_hears(f, &got));
	greet(f, true);
	pfkey_set_owner(&m, "x");
	assert_int_not_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
	assert_true(engine_hears(f, &got) && (got.has & PFKEY_HAS(CW_EXT_SAFLAGS)) && (got.has & PFKEY_HAS(CW_EXT_OWNER)));
}

static void
test_stock(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	greet(f, false);
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	m.has |= PFKEY_HAS(CW_EXT_REPLAY);
	assert_int_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
}

/* Of an engine that is newer, or older: not what Linux's af_key is to us, but none, and why is said. */
static void
other_version(struct fix *f, uint16_t version, const char *which)
{
	struct pfkey_msg m;

	assert_true(pfkey_hello(f->k, SADB_SATYPE_ESP, false, on_done, f));
	get(f);
	assert_true(engine_hears(f, &m));
	m.hello_version = version;
	m.hello_features = ~0ull;
	engine_says(f, &m);
	assert_true(f->dones == 2 && f->err == ECONNRESET && !f->has_reply);	/* the greeting, and what waited behind it */
	assert_true(f->downs == 1 && f->other && f->features == 0);
	assert_non_null(strstr(f->why, which));
}

static void
test_newer(void **state)
{
	other_version(*state, CW_HELLO_VERSION + 1, "the engine is the newer one; restart causewayd");
}

static void
test_older(void **state)
{
	other_version(*state, CW_HELLO_VERSION - 1, "the engine is the older one; restart causewayd, and if");
}

static void
dump_entry(struct fix *f, uint8_t type, uint32_t seq)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, type, SADB_SATYPE_ESP);
	m.pid = (uint32_t)getpid();
	m.seq = seq;
	m.has = PFKEY_HAS(SADB_EXT_SA);
	engine_says(f, &m);
}

static void
test_dump(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	assert_int_not_equal(pfkey_dump(f->k, &m, on_entry, on_done, f), 0);
	pfkey_msg_init(&m, SADB_X_SPDDUMP, 0);
	assert_int_not_equal(pfkey_dump(f->k, &m, on_entry, on_done, f), 0);
	assert_true(engine_hears(f, &got) && got.type == SADB_DUMP);
	assert_false(engine_hears(f, &got));		/* the second waits for the first */
	dump_entry(f, SADB_DUMP, 2);
	dump_entry(f, SADB_DUMP, 1);
	assert_true(f->entries == 2 && f->dones == 0);
	get(f);						/* other requests go on meanwhile */
	assert_true(engine_hears(f, &got) && got.type == SADB_GET);
	engine_says(f, &got);
	assert_int_equal(f->dones, 1);
	dump_entry(f, SADB_DUMP, 0);
	assert_true(f->entries == 3 && f->dones == 2 && f->err == 0);
	assert_true(engine_hears(f, &got) && got.type == SADB_X_SPDDUMP);
	got.err = ENOENT;				/* an empty table */
	engine_says(f, &got);
	assert_true(f->entries == 3 && f->dones == 3 && f->err == 0);
	assert_int_equal(f->events, 0);
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	pfkey_dump(f->k, &m, on_entry, on_done, f);
	assert_true(engine_hears(f, &got));
	got.has = 0;
	got.seq = 0;
	engine_says(f, &got);				/* a bare end */
	assert_true(f->entries == 3 && f->dones == 4 && f->err == 0);
}

static void
test_end(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	get(f);
	get(f);
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	pfkey_dump(f->k, &m, on_entry, on_done, f);
	close(f->raw);
	f->raw = -1;
	spin(f);
	assert_true(f->dones == 3 && f->err == ECONNRESET && f->downs == 1);
	assert_null(f->k);
}

/* ipsecd's word for a reader that came too late. */
static void
test_cut_off(void **state)
{
	static const uint8_t last[16] = { PF_KEY_V2, 0, ENOBUFS, 0, 2 };
	struct fix *f = *state;

	get(f);
	assert_int_equal(send(f->raw, last, sizeof(last), 0), sizeof(last));
	spin(f);
	assert_true(f->downs == 1 && f->dones == 1 && f->err == ECONNRESET);
	assert_non_null(strstr(f->why, "read"));
}

static void
test_malformed(void **state)
{
	struct fix *f = *state;

	get(f);
	assert_int_equal(send(f->raw, "rubbish", 7, 0), 7);
	spin(f);
	assert_true(f->downs == 1 && f->dones == 1 && f->err == ECONNRESET);
	assert_non_null(strstr(f->why, "header"));
}

static void
test_free_in_callbacks(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	get(f);
	get(f);
	assert_true(engine_hears(f, &got));
	f->free_in_done = true;
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	engine_says(f, &got);
	assert_true(f->dones == 1 && f->k == NULL && f->downs == 0);
}

static void
test_free_in_event(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	f->free_in_event = true;
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	m.pid = 1;
	engine_says(f, &m);
	assert_true(f->events == 1 && f->k == NULL);
}

/* An engine that does not read: requests wait, and after a bound they are refused; when it reads again they all come. */
static void
test_queue(void **state)
{
	struct fix *f = *state;
	static const uint8_t key[512];
	unsigned sent = 0, heard = 0;
	struct pfkey_msg m, got;

	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	m.key_encrypt = bytes_of(key, sizeof(key));
	m.has = PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	greet(f, true);
	while (pfkey_call(f->k, &m, NULL, NULL) && sent < 100000)
		sent++;
	assert_true(sent > 1000 && sent < 65536);
	for (unsigned i = 0; i < 100000 && heard < sent; i++) {
		while (engine_hears(f, &got))
			heard++;
		spin(f);
	}
	assert_int_equal(heard, sent);
	assert_int_equal(f->downs, 0);
}

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_matching),
		T(test_cancel),
		T(test_hello_first),
		T(test_stock),
		T(test_newer), T(test_older),
		T(test_dump),
		T(test_end),
		T(test_cut_off),
		T(test_malformed),
		T(test_free_in_callbacks),
		T(test_free_in_event),
		T(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
