/* SPDX-License-Identifier: BSD-2-Clause */
/* What lasts: refresh before the end, the cache on disk, local files, IKE SAs that end with their certificate, our own OCSP answer, what is shown. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "revoke_fix.h"
#include "revoke_in.h"

#define NONE	bytes_of(NULL, 0)
#define HOUR	3600

static const struct pki_ext at_root[] = { { "crlDistributionPoints", "URI:" URL_ROOT }, { NULL, NULL } },
    with_ocsp[] = { { "authorityInfoAccess", "OCSP;URI:" URL_OCSP }, { NULL, NULL } };

static long
serial(X509 *x)
{
	return ASN1_INTEGER_get(X509_get0_serialNumber(x));
}

static void
give(struct world *w, const char *url, struct bytes b)
{
	world_give(w, url, b);
	bytes_free(b);
}

/* A checked chain whose IKE SA lives. */
static void
establish(struct world *w, uint32_t ike, long next)
{
	struct got g;

	world_check(w, &w->plain, NONE, &g);
	give(w, URL_ROOT, list_of(w->root, w->root_key, 1, -60, next, 0));
	got_is(&g, R_OK, "");
	assert_true(revoke_watch(w->revoke, ike, &w->plain));
}

static void
test_refresh(void **state)
{
	struct world w;

	world_make(&w, REVOKE_SOFT, at_root);
	establish(&w, 7, 10 * HOUR);
	world_pass(&w, 7 * HOUR);
	assert_int_equal(w.nasked, 1);		/* not before three quarters of its life */
	world_pass(&w, 2 * HOUR);
	world_wants(&w, URL_ROOT, 1);		/* and before nine tenths */
	/* the same list again: it is asked for once more before the end, not for ever */
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 1, -60, 10 * HOUR, 0));
	world_pass(&w, HOUR);
	assert_true(w.nasked >= 3 && w.nasked < 12);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 2, 9 * HOUR, 20 * HOUR, 0));
	assert_int_equal(w.ended.n, 0);
	world_end(&w);
}

static void
test_revoked_meanwhile(void **state)
{
	struct world w;

	world_make(&w, REVOKE_SOFT, at_root);
	establish(&w, 7, HOUR);
	assert_true(revoke_watch(w.revoke, 8, &w.plain));
	assert_true(revoke_inherit(w.revoke, 7, 9));
	assert_true(revoke_inherit(w.revoke, 12345, 10));	/* not by certificate: nothing to do */
	revoke_unwatch(w.revoke, 7);
	revoke_unwatch(w.revoke, 7);
	world_pass(&w, HOUR);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 2, HOUR - 60, 2 * HOUR, serial(w.leaf)));
	assert_int_equal(w.ended.n, 2);
	assert_int_equal(w.ended.reason, R_CERT_REVOKED);
	assert_true(w.ended.ike == 8 || w.ended.ike == 9);
	assert_non_null(strstr(w.ended.detail, "keyCompromise"));
	world_pass(&w, HOUR);
	assert_int_equal(w.ended.n, 2);		/* once each */
	world_end(&w);
}

static void
test_expired_meanwhile(void **state)
{
	static const enum revocation how[] = { REVOKE_SOFT, REVOKE_STRICT, REVOKE_OFF };

	for (unsigned i = 0; i < 3; i++) {
		struct world w;

		world_make(&w, how[i], NULL);
		w.plain.not_after = PKI_NOW + HOUR;
		assert_true(revoke_watch(w.revoke, 7, &w.plain));
		world_pass(&w, HOUR);
		assert_int_equal(w.ended.n, 0);
		world_pass(&w, 30);
		assert_int_equal(w.ended.n, how[i] != REVOKE_OFF);
		if (how[i] != REVOKE_OFF) {
			assert_int_equal(w.ended.reason, R_CERT_EXPIRED);
			assert_non_null(strstr(w.ended.detail, "2027-01-15T09:00:00Z"));
		}
		world_end(&w);
	}
}

/* The server dies, gives garbage, gives too much: nothing that lives ends, however long it takes, also when the list has run out. */
static void
test_established_stay(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	establish(&w, 7, HOUR);
	world_pass(&w, HOUR);
	world_refuse(&w, URL_ROOT, R_CRL_UNREACHABLE, "dead");
	world_pass(&w, 80);
	world_give(&w, URL_ROOT, bytes_of("garbage", 7));
	world_pass(&w, 80);
	world_refuse(&w, URL_ROOT, R_CRL_TOO_LARGE, "it is larger than 20 MiB");
	world_now += 2 * HOUR;
	world_pass(&w, 10);
	assert_int_equal(w.ended.n, 0);
	/* a new one is refused, and told why */
	world_refuse(&w, URL_ROOT, R_CRL_UNREACHABLE, "dead again");
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_CRL_STALE, "dead again");
	world_end(&w);
}

/* The cache */

static unsigned
files(const struct world *w, const char *damage, bool cut)
{
	char path[512];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/cache", w->dir);
	d = opendir(path);
	while ((e = readdir(d)) != NULL) {
		struct stat st;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/cache/%s", w->dir, e->d_name);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		if (cut)
			assert_int_equal(truncate(path, st.st_size / 2), 0);
		if (damage) {
			fd = open(path, O_WRONLY | O_TRUNC);
			assert_int_equal(write(fd, damage, strlen(damage)), (ssize_t)strlen(damage));
			close(fd);
		}
	}
	closedir(d);
	return n;
}

static void
test_cache(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	establish(&w, 7, HOUR);
	assert_int_equal(files(&w, NULL, false), 1);
	world_restart(&w);
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_OK, "");
	assert_int_equal(w.nasked, 0);
	/* out of date: it is fetched, and until then it still knows who is revoked */
	world_now += 2 * HOUR;
	world_restart(&w);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 2, HOUR, 3 * HOUR, serial(w.leaf)));
	got_is(&g, R_CERT_REVOKED, "number 2");
	world_now += 24 * HOUR;
	world_restart(&w);
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_CERT_REVOKED, "number 2");
	assert_int_equal(w.nasked, 0);
	world_end(&w);
}

/* A restart does not make us take an older list. */
static void
test_cache_rollback(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 5, -60, HOUR, 0));
	world_now += 2 * HOUR;
	world_restart(&w);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 4, HOUR, 24 * HOUR, 0));
	got_is(&g, R_CRL_STALE, "older (number 4) than the one that is known (number 5)");
	world_end(&w);
}

static void
test_cache_damage(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct bytes other;
		struct world w;
		struct got g;
		char path[256];

		world_make(&w, REVOKE_STRICT, at_root);
		establish(&w, 7, HOUR);
		other = list_of(w.root, w.sub_key, 1, -60, HOUR, 0);	/* a list, signed by somebody else */
		if (i == 2) {
			DIR *d;
			struct dirent *e;

			snprintf(path, sizeof(path), "%s/cache", w.dir);
			d = opendir(path);
			while ((e = readdir(d)) != NULL) {
				int fd;

				if (e->d_name[0] == '.')
					continue;
				snprintf(path, sizeof(path), "%s/cache/%.100s", w.dir, e->d_name);
				fd = open(path, O_WRONLY | O_TRUNC);
				assert_int_equal(write(fd, other.p, other.n), (ssize_t)other.n);
				close(fd);
			}
			closedir(d);
		} else {
			files(&w, i == 0 ? "nonsense" : NULL, i == 1);
		}
		world_restart(&w);
		world_check(&w, &w.plain, NONE, &g);
		assert_int_equal(g.n, 0);
		assert_int_equal(files(&w, NULL, false), 0);	/* of no use: it is gone */
		give(&w, URL_ROOT, list_of(w.root, w.root_key, 1, -60, HOUR, 0));
		got_is(&g, R_OK, "");
		bytes_free(other);
		world_end(&w);
	}
}

static void
test_cache_bounds(void **state)
{
	struct world w;
	struct cache *c;
	char dir[96], path[192];
	uint8_t key[CACHE_KEY] = { 0 };
	uint64_t when;
	struct bytes b;

	world_make(&w, REVOKE_OFF, NULL);
	snprintf(dir, sizeof(dir), "%s/cache", w.dir);
	snprintf(path, sizeof(path), "%s/README", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);	/* not ours: it stays */
	c = cache_new(dir);
	for (unsigned i = 0; i < CACHE_FILES + 30; i++) {
		key[0] = (uint8_t)i;
		key[1] = (uint8_t)(i >> 8);
		cache_put(c, key, bytes_of("a list", 6));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(files(&w, NULL, false), CACHE_FILES);
	b = cache_get(c, key, 100, &when);
	assert_int_equal(b.n, 6);
	assert_memory_equal(b.p, "a list", 6);
	bytes_free(b);
	b = cache_get(c, key, 5, &when);	/* longer than it may be */
	assert_int_equal(b.n, 0);
	cache_drop(c, key);
	b = cache_get(c, key, 100, &when);
	assert_int_equal(b.n, 0);
	assert_int_equal(files(&w, NULL, false), CACHE_FILES - 1);
	/* half written when the machine fell: taken away at the next start */
	snprintf(path, sizeof(path), "%s/%064d.new", dir, 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	cache_free(c);
	c = cache_new(dir);
	assert_int_equal(files(&w, NULL, false), CACHE_FILES - 1);
	cache_free(c);
	/* nowhere to put it: nothing happens */
	c = cache_new("");
	cache_put(c, key, bytes_of("x", 1));
	b = cache_get(c, key, 100, &when);
	assert_int_equal(b.n, 0);
	cache_free(c);
	world_end(&w);
}

/* Local files: the list of a CA that lives here, or one that somebody puts there. */

static void
put_file(const struct world *w, const char *where, struct bytes b)
{
	char path[128], fresh[136];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/root.crl", w->dir, where);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, b.p, b.n), (ssize_t)b.n);
	close(fd);
	assert_int_equal(rename(fresh, path), 0);
	bytes_free(b);
}

static void
test_local(void **state)
{
	static const char *const places[] = { "own", "secret" };

	for (unsigned i = 0; i < 2; i++) {
		struct world w;
		struct got g;

		world_make(&w, REVOKE_STRICT, at_root);
		put_file(&w, places[i], list_of(w.root, w.root_key, 1, -60, HOUR, 0));
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, R_OK, "");
		assert_int_equal(w.nasked, 0);
		assert_true(revoke_watch(w.revoke, 7, &w.plain));
		/* "ikectl ca revoke": known at once here */
		put_file(&w, places[i], list_of(w.root, w.root_key, 2, -60, HOUR, serial(w.leaf)));
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, R_CERT_REVOKED, "root.crl");
		assert_int_equal(w.ended.n, 1);
		world_end(&w);
	}
}

static void
test_local_meanwhile(void **state)
{
	struct world w;

	world_make(&w, REVOKE_SOFT, NULL);
	put_file(&w, "own", list_of(w.root, w.root_key, 1, -60, HOUR, 0));
	assert_true(revoke_watch(w.revoke, 7, &w.plain));
	world_pass(&w, 60);
	assert_int_equal(w.ended.n, 0);
	put_file(&w, "own", list_of(w.root, w.root_key, 2, -60, HOUR, serial(w.leaf)));
	world_pass(&w, 10);
	assert_int_equal(w.ended.n, 1);
	world_end(&w);
}

static void
test_local_newest(void **state)
{
	struct world w;
	struct got g;

	/* the address has a newer one than the file: the newer one is the truth */
	world_make(&w, REVOKE_STRICT, at_root);
	establish(&w, 7, HOUR);
	put_file(&w, "own", list_of(w.root, w.root_key, 9, -60, HOUR, serial(w.leaf)));
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_CERT_REVOKED, "number 9");
	world_end(&w);
	/* a damaged file: as if it were not there */
	world_make(&w, REVOKE_STRICT, at_root);
	put_file(&w, "own", list_of(w.root, w.sub_key, 9, -60, HOUR, 0));
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 1, -60, HOUR, 0));
	got_is(&g, R_OK, "");
	world_end(&w);
}

/* Our own answer, for a peer that asks */

static struct bytes
answer_of(const struct world *w, int status, long from, long to)
{
	OCSP_RESPONSE *r = pki_ocsp(&(struct pki_ocsp){ .subject = w->leaf, .ca = w->root, .key = w->root_key, .status = status, .why = -1, .when = -100,
	    .this_update = from, .next_update = to });
	struct bytes b = pki_ocsp_der(r);

	OCSP_RESPONSE_free(r);
	return b;
}

static void
test_staple(void **state)
{
	STACK_OF(X509) *beside = sk_X509_new_null();
	struct bytes der, want;
	struct world w;

	world_make(&w, REVOKE_OFF, with_ocsp);
	assert_false(revoke_staple(w.revoke, w.leaf, beside, &der));	/* its CA is not beside it */
	assert_false(revoke_staple(w.revoke, w.leaf, NULL, &der));
	world_spin(&w);
	assert_int_equal(w.nasked, 0);
	sk_X509_push(beside, w.sub);
	sk_X509_push(beside, w.root);
	assert_false(revoke_staple(w.revoke, w.leaf, beside, &der));
	assert_false(revoke_staple(w.revoke, w.leaf, beside, &der));
	world_spin(&w);
	want = answer_of(&w, V_OCSP_CERTSTATUS_GOOD, -60, HOUR);
	world_give(&w, URL_OCSP, want);
	assert_true(revoke_staple(w.revoke, w.leaf, beside, &der));
	assert_true(bytes_eq(der, want));
	bytes_free(want);
	/* kept fresh without anybody asking */
	world_pass(&w, HOUR - 300);
	give(&w, URL_OCSP, answer_of(&w, V_OCSP_CERTSTATUS_REVOKED, HOUR - 600, 2 * HOUR));
	assert_false(revoke_staple(w.revoke, w.leaf, beside, &der));	/* nobody is shown that */
	assert_false(revoke_staple(w.revoke, w.end, beside, &der));	/* no responder */
	sk_X509_free(beside);
	world_end(&w);
}

/* What is shown */

static void
test_describe(void **state)
{
	struct cert_info c;
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.revocation, REVOKE_STRICT);
	assert_int_equal(c.crl_reason, R_CRL_MISSING);
	world_check(&w, &w.plain, NONE, &g);
	world_refuse(&w, URL_ROOT, R_CRL_UNREACHABLE, "dead");
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.crl_reason, R_CRL_UNREACHABLE);
	assert_string_equal(c.crl_url, URL_ROOT);
	assert_string_equal(c.crl_detail, "dead");
	assert_int_equal(c.crl_checked, PKI_NOW);
	world_now += 100;
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 1, -60, HOUR, 99));
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.crl_reason, R_OK);
	assert_int_equal(c.crl_this, PKI_NOW - 60);
	assert_int_equal(c.crl_next, PKI_NOW + HOUR);
	assert_int_equal(c.crl_checked, PKI_NOW + 100);
	assert_int_equal(c.crl_revoked, 1);
	world_now += 2 * HOUR;
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.crl_reason, R_CRL_STALE);
	assert_non_null(strstr(c.crl_detail, "2027-01-15T09:00:00Z"));
	/* without a check in this life: from the configuration and the disk */
	world_rule(&w, REVOKE_SOFT, URL_ROOT, NULL);
	world_restart(&w);
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.revocation, REVOKE_SOFT);
	assert_int_equal(c.crl_revoked, 1);
	world_rule(&w, REVOKE_OFF, NULL, NULL);
	memset(&c, 0, sizeof(c));
	revoke_describe(w.revoke, "root", w.root, &c);
	assert_int_equal(c.revocation, REVOKE_OFF);
	assert_int_equal(c.crl_reason, R_OK);
	world_end(&w);
}

/* Our own certificate, by the lists that are at hand. */
static void
test_known(void **state)
{
	STACK_OF(X509) *beside = sk_X509_new_null();
	char detail[REVOKE_DETAIL] = "";
	struct world w;
	struct got g;

	world_make(&w, REVOKE_SOFT, at_root);
	assert_true(sk_X509_push(beside, w.sub) > 0);
	assert_false(revoke_known(w.revoke, w.leaf, NULL, "root", w.root, detail));
	assert_int_equal(w.nasked, 0);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 1, -60, HOUR, 99));
	assert_false(revoke_known(w.revoke, w.leaf, NULL, "root", w.root, detail));
	/* out of date, it still counts for what it revokes */
	world_now += 2 * HOUR;
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 2, 2 * HOUR - 60, 3 * HOUR, serial(w.leaf)));
	assert_true(revoke_known(w.revoke, w.leaf, NULL, "root", w.root, detail));
	assert_non_null(strstr(detail, "list number 2 of " URL_ROOT));
	world_now += 2 * HOUR;
	assert_true(revoke_known(w.revoke, w.leaf, beside, "root", w.root, detail));
	assert_int_equal(w.nasked, 2);
	/* not for who trusts somebody else, nor himself, nor where nobody looks */
	assert_false(revoke_known(w.revoke, w.leaf, NULL, "sub", w.sub, detail));
	assert_false(revoke_known(w.revoke, w.root, NULL, "root", w.root, detail));
	assert_false(revoke_known(w.revoke, w.end, NULL, "root", w.root, detail));
	assert_false(revoke_known(w.revoke, w.end, beside, "root", w.root, detail));
	world_rule(&w, REVOKE_OFF, URL_ROOT, NULL);
	assert_false(revoke_known(w.revoke, w.leaf, NULL, "root", w.root, detail));
	world_end(&w);
	sk_X509_free(beside);

	/* the intermediate of its file is the one that is revoked; its certificate names no list, the site file does */
	world_make(&w, REVOKE_STRICT, at_root);
	beside = sk_X509_new_null();
	assert_true(sk_X509_push(beside, w.sub) > 0);
	world_rule(&w, REVOKE_STRICT, URL_ROOT, NULL);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_of(w.root, w.root_key, 3, -60, HOUR, serial(w.sub)));
	assert_true(revoke_known(w.revoke, w.end, beside, "root", w.root, detail));
	assert_false(revoke_known(w.revoke, w.leaf, NULL, "root", w.root, detail));
	sk_X509_free(beside);
	world_end(&w);
}

/* More addresses than are remembered: those that nobody needs now give way. */
static void
test_bounds(void **state)
{
	struct world w;
	struct source *v[4];
	struct got g;
	char url[64];

	world_make(&w, REVOKE_STRICT, at_root);
	for (unsigned i = 0; i < SOURCES_MAX + 100; i++) {
		struct source *s;

		snprintf(url, sizeof(url), "http://x/%u", i);
		s = source_list(&w.revoke->sources, url, false, "root");
		assert_non_null(s);
		source_put(s);
	}
	assert_int_equal(w.revoke->sources.n, SOURCES_MAX);
	/* and when all of them are needed: said */
	for (struct source *s = w.revoke->sources.list; s; s = s->next)
		s->refs++;
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_CRL_MISSING, "too many addresses");
	for (struct source *s = w.revoke->sources.list; s; s = s->next)
		s->refs--;
	for (unsigned i = 0; i < 4; i++) {	/* the oldest went, the others are found again */
		snprintf(url, sizeof(url), "http://x/%u", i < 2 ? SOURCES_MAX + i : 200 + i);
		v[i] = source_list(&w.revoke->sources, url, false, "root");
		assert_non_null(v[i]);
		source_put(v[i]);
	}
	assert_int_equal(w.revoke->sources.n, SOURCES_MAX);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh), cmocka_unit_test(test_revoked_meanwhile), cmocka_unit_test(test_expired_meanwhile),
		cmocka_unit_test(test_established_stay), cmocka_unit_test(test_cache), cmocka_unit_test(test_cache_rollback), cmocka_unit_test(test_cache_damage),
		cmocka_unit_test(test_cache_bounds), cmocka_unit_test(test_local), cmocka_unit_test(test_local_meanwhile),
		cmocka_unit_test(test_local_newest), cmocka_unit_test(test_staple), cmocka_unit_test(test_describe), cmocka_unit_test(test_known), cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
