/* SPDX-License-Identifier: BSD-2-Clause */
/* What a captured iked could try so that the engine gets one ESP key twice, and how much it can make keymgr write to the log. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "key_fix.h"
#include "log.h"
#include "test.h"

/* Two SAs that the engine got with one key would both begin at sequence number 1 under it. */
static void
assert_keys_differ(struct key_fix *f)
{
	for (unsigned i = 0; i < f->n; i++)
		for (unsigned k = i + 1; k < f->n; k++)
			assert_false(f->sa[i].encr.n && secret_eq(&f->sa[i].encr, secret_bytes(&f->sa[k].encr)));
}

static enum reason
install(struct key_fix *f, uint32_t child, uint32_t ike, uint32_t ke, struct bytes peer, struct bytes ni, struct bytes nr)
{
	struct ends e = { .ni = { 1 } };
	struct key_child c;
	enum reason r;
	uint32_t spi = key_spi_new(f, child, &r);

	assert_int_equal(r, R_OK);
	key_child(&c, child, ike, true, KEY_IN | KEY_OUT, spi, 0x9000 + child, &e);
	c.suite.ke = ke ? KE_X25519 : KE_NONE;
	c.ke = ke;
	c.peer_public = peer;
	c.ni = ni;
	c.nr = nr;
	return key_install(f, &c);
}

/* iked knows g^ir when it plays the peer itself, and KEYMAT is made of g^ir | Ni | Nr: as nonces they would be the same octets. */
static void
test_secret_as_nonce(void **state)
{
	struct key_fix *f = *state;
	uint8_t ours[KE_PUB_MAX], theirs[KE_PUB_MAX], nonces[64];
	struct wr w = wr_of(theirs, sizeof(theirs));
	struct secret gir = { 0 };
	struct ke peer;
	struct ends e;
	uint32_t ke;
	size_t n;

	memset(nonces, 'n', 32);
	memset(nonces + 32, 'N', 32);
	key_ends(f, &e);
	key_prove(f, &e);
	assert_int_equal(ke_new(&peer, KE_X25519, &w), KE_OK);
	ke = key_ke(f, KE_X25519, ours, &n);
	assert_int_equal(ke_secret(&peer, bytes_of(ours, n), &gir), KE_OK);
	assert_int_equal(install(f, 1, e.ike_i, ke, wr_bytes(&w), bytes_of(nonces, 32), bytes_of(nonces + 32, 32)), R_OK);
	assert_int_equal(install(f, 2, e.ike_i, 0, bytes_of(NULL, 0), secret_bytes(&gir), bytes_of(nonces, 64)), R_NOT_PERMITTED);
	assert_keys_differ(f);
	ke_wipe(&peer);
}

/* Two handles of ours with one another: both give the same g^ir. */
static void
test_two_handles(void **state)
{
	struct key_fix *f = *state;
	uint8_t pa[KE_PUB_MAX], pb[KE_PUB_MAX], nonces[64];
	uint32_t a, b;
	struct ends e;
	size_t na, nb;

	memset(nonces, 'n', sizeof(nonces));
	key_ends(f, &e);
	key_prove(f, &e);
	a = key_ke(f, KE_X25519, pa, &na);
	b = key_ke(f, KE_X25519, pb, &nb);
	assert_int_equal(install(f, 1, e.ike_i, a, bytes_of(pb, nb), bytes_of(nonces, 32), bytes_of(nonces, 32)), R_OK);
	assert_int_equal(install(f, 2, e.ike_i, b, bytes_of(pa, na), bytes_of(nonces, 32), bytes_of(nonces, 32)), R_NOT_PERMITTED);
	assert_keys_differ(f);
}

/* The same by way of the IKE SA: two rekeyed SAs with one SK_d, and then one child of each. */
static void
test_two_rekeys(void **state)
{
	struct key_fix *f = *state;
	struct key_derive d = { .suite = key_suite, .initiator = 1, .spi_i = 5, .spi_r = 6 };
	uint8_t pa[KE_PUB_MAX], pb[KE_PUB_MAX], nonces[64];
	struct secret ei = { 0 }, er = { 0 };
	uint32_t a, b, one = 0, two = 0;
	struct ends e;
	size_t na, nb;

	memset(nonces, 'n', sizeof(nonces));
	key_ends(f, &e);
	key_prove(f, &e);
	a = key_ke(f, KE_X25519, pa, &na);
	b = key_ke(f, KE_X25519, pb, &nb);
	d.old_ike = e.ike_i;
	d.ni = d.nr = bytes_of(nonces, 32);
	d.ke = a;
	d.peer_public = bytes_of(pb, nb);
	assert_int_equal(key_derive(f, &d, &one, &ei, &er), R_OK);
	d.ke = b;
	d.peer_public = bytes_of(pa, na);
	if (key_derive(f, &d, &two, &ei, &er) == R_OK) {
		install(f, 1, one, 0, bytes_of(NULL, 0), bytes_of(nonces, 32), bytes_of(nonces, 32));
		install(f, 2, two, 0, bytes_of(NULL, 0), bytes_of(nonces, 32), bytes_of(nonces, 32));
	}
	assert_keys_differ(f);
	assert_int_equal(two, 0);
}

/* In IKE_AUTH it is known who began: with the roles turned round both ends would send under one key. */
static void
test_roles_turned(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	struct ends e;
	enum reason r;
	uint32_t spi;

	key_ends(f, &e);
	key_prove(f, &e);
	spi = key_spi_new(f, 1, &r);
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9000, &e);
	c.initiator = 0;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.initiator = 1;
	assert_int_equal(key_install(f, &c), R_OK);
}

/* Every packet of the other tunnel would go to this tunnel's peer, under keys that the peer knows. */
static void
test_foreign_reqid(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	struct ends e;
	enum reason r;
	uint32_t spi;

	key_ends(f, &e);
	key_prove(f, &e);
	spi = key_spi_new(f, 1, &r);
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9000, &e);
	c.reqid = 9;		/* of no tunnel, or another one's */
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	assert_int_equal(f->n_add + f->n_update, 0);
}

/* A thousand requests that only a captured iked sends: a few lines, not a thousand. */
static void
test_log_bounded(void **state)
{
	struct key_fix *f = *state;
	char path[] = "/tmp/review-key-XXXXXX";
	int fd = mkstemp(path), before = dup(STDERR_FILENO);
	struct secret auth = { 0 };
	struct ends e;
	off_t size;

	assert_true(fd >= 0 && before >= 0);
	key_ends(f, &e);
	log_set_level(LOG_INFO);
	dup2(fd, STDERR_FILENO);
	for (int i = 0; i < 1000; i++)
		key_sign(f, e.ike_i + 1, "a", true, e.request, "fqdn:tokyo", &auth);
	dup2(before, STDERR_FILENO);
	log_set_level(LOG_ERROR);
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	close(before);
	unlink(path);
	assert_true(size > 0);
	assert_true(size < 4000);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, key_setup, key_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_secret_as_nonce),
		T(test_two_handles),
		T(test_two_rekeys),
		T(test_roles_turned),
		T(test_foreign_reqid),
		T(test_log_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
