/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of one tunnel, at random: after each the text, the sites, what is wanted of this gateway and its policies are what the whole text
 * gives when it is read anew, also from the store; and what is refused as a whole text is refused as an edit, and changes nothing.
 */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "change.h"
#include "confirm.h"
#include "log.h"
#include "one.h"

#define SITES	24
#define ROUNDS	600

static char dir[] = "/tmp/cw-one.XXXXXX";
static uint32_t seed = 1;

static unsigned
below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static uint32_t
number(void *arg, const char *tunnel, const char *child)
{
	return store_reqid(arg, tunnel, child);
}

static size_t
make_text(char *buf, size_t cap)
{
	static const char *const nets6[] = { ", 'fd00::/64'", ", 'fd01::/64'", ", 'fd02::/64'", ", 'fd03::/64'", ", 'fd04::/64'" };
	size_t n = (size_t)snprintf(buf, cap, "# a file\n#%*s\nversion: 1\nsites:\n", 17000, ".");	/* so long that the store keeps edits */

	for (unsigned i = 0; i < SITES; i++)
		n += (size_t)snprintf(buf + n, cap - n, "  s%u: {address: 192.0.2.%u, networks: [10.%u.0.0/24%s]}\n", i, i + 1, i, i % 5 ? "" : nets6[i / 5]);
	n += (size_t)snprintf(buf + n, cap - n, "trust: {ca: {revocation: off}}\ntunnels:\n");
	for (unsigned i = 1; i < 9; i++)
		n += (size_t)snprintf(buf + n, cap - n, "\n  # number %u\n  t%u: {between: [s0, s%u], auth: %s, policy: modern, start: always}%s\n", i, i, i,
		    i == 4 ? "{trust: ca}" : "{psk: k}", i % 3 ? "" : " # x");
	return n;
}

/* A block that is valid, or one that is not: an unknown site, a pair that is taken, a word too many. */
static const char *
make_block(unsigned t)
{
	static char buf[1024];
	unsigned a = below(3) ? 0 : below(SITES), b = below(SITES), kind = below(12);
	size_t n = 0;

	if (kind == 0)
		n = (size_t)snprintf(buf, sizeof(buf), "# a comment above\n\n");
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "t%u:\n  between: [s%u, s%u]\n", t, a, kind == 1 ? 99 : b);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "  auth: %s\n  policy: %s\n", kind == 2 ? "{trust: ca}" : "{psk: k}", kind == 3 ? "compatible" : "modern");
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "  start: always\n%s", kind == 4 ? "  replay_window: 64 # y\n# below\n\n" : kind == 5 ? "  nonsense: 1\n" : "");
	return buf;
}

static void
same_spd(const struct spd *a, const struct spd *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->v[i].dir, b->v[i].dir);
		assert_int_equal(a->v[i].tunnel, b->v[i].tunnel);
		assert_int_equal(a->v[i].reqid, b->v[i].reqid);
		assert_int_equal(a->v[i].priority, b->v[i].priority);
		assert_true(addr_eq(&a->v[i].src.addr, &b->v[i].src.addr) && addr_eq(&a->v[i].dst.addr, &b->v[i].dst.addr));
	}
}

/* What is in force is what the text says. */
static void
same_as_read(struct sync *s)
{
	struct store_error serr;
	struct yt_error err;
	struct sites *all = sites_read(s->rev.text, s->rev.n, true, &err);
	struct revision r;
	struct want w;

	if (!all)
		fail_msg("%s at %u:%u: %s\n%s", reason_row(err.reason)->name, err.line, err.column, err.message, s->rev.text);
	assert_true(store_current(s->store, &r, &serr));
	assert_int_equal(r.number, s->rev.number);
	assert_string_equal(r.sha256, s->rev.sha256);
	assert_int_equal(r.n, s->rev.n);
	assert_memory_equal(r.text, s->rev.text, r.n);
	revision_fini(&r);
	assert_int_equal(all->ntunnels, s->sites->ntunnels);
	for (unsigned i = 0; i < all->ntunnels; i++) {
		const struct site_tunnel *a = &all->tunnels[i], *b = &s->sites->tunnels[i];

		assert_string_equal(a->name, b->name);
		assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
		assert_int_equal(a->at, b->at);
		assert_int_equal(a->n, b->n);
		assert_int_equal(a->column, b->column);
		assert_true(a->flow == b->flow && a->open == b->open && a->a == b->a && a->b == b->b);
	}
	assert_true(want_build(&w, all, s->site, number, s->store));
	assert_int_equal(w.n, s->want.n);
	assert_int_equal(w.n, s->nrt);
	for (unsigned i = 0; i < w.n; i++) {
		assert_string_equal(w.v[i].t->name, s->want.v[i].t->name);
		assert_string_equal(w.v[i].t->name, s->rt[i]->name);
		assert_true(want_same(&w.v[i], &s->want.v[i]));
		assert_memory_equal(w.v[i].npolicies, s->want.v[i].npolicies, sizeof(w.v[i].npolicies));
		assert_ptr_equal(s->want.v[i].all, s->sites);
		assert_ptr_equal(sites_find_tunnel(s->sites, s->want.v[i].t->name), s->want.v[i].t);
	}
	same_spd(&w.spd, &s->want.spd);
	assert_int_equal(w.nchildren, s->want.nchildren);
	assert_memory_equal(w.by_reqid, s->want.by_reqid, w.nchildren * sizeof(w.by_reqid[0]));
	want_fini(&w);
	sites_free(all);
}

/* The same change as a whole text: is it refused, too? */
static bool
whole_is_good(const struct sync *s, const struct edit *e)
{
	struct yt_error err;
	struct sites *all;
	char *text;
	size_t n;

	text = edit_text(e, s->rev.text, s->rev.n, &n);
	all = sites_read(text, n, true, &err);
	free(text);
	sites_free(all);
	return all != NULL;
}

static void
change(struct sync *s, struct change *c)
{
	struct audit_row who = { .author = "x", .origin = "y", .action = "edit" };
	struct store_error err;

	if (!change_commit(s, c, &who, "c", false, &err))
		fail_msg("%s", err.text);
	change_fini(c);
}

static void
begin(struct sync *s)
{
	static char path[64];
	static struct confirm confirm;
	static struct proc proc;
	struct change c = { 0 };
	struct store_error err;
	struct yt_error yerr;
	size_t cap = 65536;

	memset(s, 0, sizeof(*s));
	snprintf(s->site, sizeof(s->site), "s0");
	s->keymgr.which = 1;
	s->proc = &proc;
	s->confirm = &confirm;
	s->legacy = true;
	snprintf(path, sizeof(path), "%s/db", dir);
	unlink(path);
	s->store = store_open(path, -1, -1, &err);
	assert_non_null(s->store);
	c.text = malloc(cap);
	c.n = make_text(c.text, cap);
	if (!change_plan(s, &c, true, &yerr))
		fail_msg("%u:%u: %s", yerr.line, yerr.column, yerr.message);
	change(s, &c);
}

static void
test_random(void **state)
{
	unsigned done = 0, refused = 0, removed = 0;
	struct sync s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct change c = { 0 };
		struct yt_error err;
		const char *block;
		char name[16];
		unsigned t = below(14);
		bool gone = below(4) == 0, ok;

		snprintf(name, sizeof(name), "t%u", t);
		block = gone ? NULL : make_block(t);
		ok = one_plan(&s, &c, name, block, block ? strlen(block) : 0, &err);
		if (c.one && c.one->edit.ins_n + c.one->edit.n)
			assert_int_equal(ok, whole_is_good(&s, &c.one->edit));
		if (ok && !change_is_none(&s, &c)) {
			assert_true(c.plan.n <= 1 || !c.one);
			change(&s, &c);
			done++;
			removed += gone;
		} else {
			refused += !ok;
			assert_true(ok || (err.reason != R_OK && err.message[0]));
			change_fini(&c);
		}
		same_as_read(&s);
	}
	print_message("# %u edits, %u of them removals, and %u refusals\n", done, removed, refused);
	assert_true(done > ROUNDS / 4 && refused > ROUNDS / 10 && removed > 10);
	sync_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };
	char cmd[96];
	int rc;

	if (!mkdtemp(dir))
		return 1;
	log_init("test_one", LOG_ERROR);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd) ? 1 : rc;
}
