/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts that wait for a revocation list: keymgr-fetch is played by the test, and has not answered yet. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth_fix.h"
#include "msg_fetch.h"
#include "test.h"

struct slow {
	struct ipc	*link;
	unsigned	 asked;
	uint32_t	 id;		/* of the last request */
	bool		 done;		/* the waiting verdict came */
	enum reason	 reason;
	char		 detail[512];
};

static bool
on_get(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct slow *s = ctx;
	struct fetch g;

	assert_true(fetch_get(&m->body, &g) && rd_done(&m->body));
	s->asked++;
	s->id = g.id;
	ipc_reply(l, m, bytes_of(NULL, 0));
	return true;
}

static const struct ipc_row get_rows[] = { { FETCH_GET, "FETCH_GET", IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD, on_get } };
static const struct ipc_table get_table = { "test-fetch", get_rows, 1, NULL, NULL };

static void
on_verdict(void *arg, enum reason r, struct rd *body)
{
	struct slow *s = arg;
	struct bytes b = r == R_OK ? rd_rest(body) : span_get(body);

	s->done = true;
	s->reason = r;
	snprintf(s->detail, sizeof(s->detail), "%.*s", (int)b.n, (const char *)b.p);
}

/* Strict, with a list at an address; the proof of tokyo is asked about and waits. */
static void
begin_slow(struct world *w, struct slow *s)
{
	struct trust_rule rule = { .name = "ca", .revocation = REVOKE_STRICT, .ncrls = 1, .crls = { "http://crl.example/ca.crl" } };
	uint8_t buf[4096];
	struct wr out = wr_of(buf, sizeof(buf));
	int v[2];

	memset(s, 0, sizeof(*s));
	key_socketpair(v);
	s->link = ipc_new(w->f->base, v[1], &get_table, s);
	serve_on_fd(&w->f->k, "fetch", v[0]);
	trust_rule_put(&out, &rule);
	assert_int_equal(key_call(w->f, w->f->spdsync, BIND_TRUST, &out), R_OK);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
}

static void
post_verify(struct world *w, struct slow *s)
{
	static uint8_t buf[IPC_MAX];
	uint8_t idb[ID_CAP];
	struct wr out = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));
	struct key_auth a = { .ike = w->e.ike_r, .initiator = 1, .method = w->method, .message = w->e.request, .data = bytes_of(w->data, w->ndata),
	    .ncerts = w->ncerts, .tunnel = "b" };

	memcpy(a.certs, w->certs, sizeof(a.certs));
	assert_true(id_to_wire("fqdn:tokyo", &iw));
	a.id = wr_bytes(&iw);
	key_auth_put(&out, &a);
	s->done = false;
	assert_int_not_equal(ipc_call(w->f->iked, KEY_AUTH_VERIFY, wr_bytes(&out), R_KEYMGR_DOWN, on_verdict, s), 0);
	key_spin(w->f);
}

static void
list_comes(struct world *w, struct slow *s, const struct pki_revoked *v, unsigned n)
{
	X509_CRL *crl = pki_crl(&(struct pki_crl){ .ca = w->ca, .key = w->ca_key, .this_update = -3600, .next_update = PKI_DAY, .number = 1, .n = n, .v = v });
	struct bytes der = pki_crl_der(crl);
	struct fetched d = { .id = s->id, .reason = R_OK, .size = (uint32_t)der.n };
	uint8_t buf[1024];
	struct wr out = wr_of(buf, sizeof(buf));
	int fd = memfd_create("list", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(write(fd, der.p, der.n), (ssize_t)der.n);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	fetched_put(&out, &d);
	assert_true(ipc_send_fd(s->link, FETCH_DONE, 0, wr_bytes(&out), fd));
	close(fd);
	key_spin(w->f);
	free((void *)(uintptr_t)der.p);
	X509_CRL_free(crl);
}

static void
end_slow(struct world *w, struct slow *s)
{
	ipc_free(s->link);
	key_spin(w->f);
}

static void
test_waits(void **state)
{
	struct world *w = *state;
	uint8_t pub[KE_PUB_MAX];
	struct slow s;
	size_t n;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_false(s.done);
	assert_int_equal(s.asked, 1);
	assert_int_equal(child(w), R_NOT_PERMITTED);		/* and until then there are no keys */
	assert_true(key_ke(w->f, KE_X25519, pub, &n));		/* others do not wait */
	assert_int_equal(sign_by(w, false, ALL), R_OK);
	assert_false(s.done);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	assert_int_equal(child(w), R_OK);
	end_slow(w, &s);
}

static void
test_waits_revoked(void **state)
{
	struct world *w = *state;
	struct pki_revoked r = { .when = -7200, .why = 1 };
	const uint8_t *p;
	struct slow s;
	X509 *x;

	begin_slow(w, &s);
	p = w->certs[0].data.p;
	x = d2i_X509(NULL, &p, (long)w->certs[0].data.n);
	r.serial = ASN1_INTEGER_get(X509_get0_serialNumber(x));
	X509_free(x);
	post_verify(w, &s);
	list_comes(w, &s, &r, 1);
	assert_true(s.done);
	assert_int_equal(s.reason, R_CERT_REVOKED);
	assert_non_null(strstr(s.detail, "2027-01-15T06:00:00Z"));
	assert_int_equal(child(w), R_NOT_PERMITTED);
	end_slow(w, &s);
}

/* What happens meanwhile: the SA goes, the tunnel is changed, or goes, or the link does. */
static void
test_meanwhile(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_int_equal(key_remove(w->f, KEY_RM_IKE, w->e.ike_r), R_OK);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_NOT_FOUND);
	end_slow(w, &s);
}

static void
test_meanwhile_changed(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	post_verify(w, &s);
	assert_int_equal(put(w, &w->b), R_OK);		/* said again, and the same: nothing changed */
	post_verify(w, &s);
	assert_false(s.done);
	strcpy(w->b.id_remote, "fqdn:osaka");
	assert_int_equal(put(w, &w->b), R_OK);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_BUSY);
	assert_int_equal(child(w), R_NOT_PERMITTED);
	end_slow(w, &s);
}

static void
test_meanwhile_link(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	for (unsigned i = 0; i < 10; i++)
		post_verify(w, &s);
	ipc_free(w->f->iked);		/* its calls are dropped with it */
	w->f->iked = NULL;
	key_spin(w->f);
	list_comes(w, &s, NULL, 0);
	assert_false(s.done);
	key_attach_iked(w->f);
	key_ends(w->f, &w->e);
	assert_int_equal(sign_by(w, true, ALL), R_OK);
	post_verify(w, &s);
	assert_false(s.done);		/* what came meanwhile served nobody; it is asked for again */
	assert_int_equal(s.asked, 2);
	list_comes(w, &s, NULL, 0);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	end_slow(w, &s);
}

/* No more of them than are counted; the rest hears so, and the link lives. */
static void
test_many_wait(void **state)
{
	struct world *w = *state;
	struct slow s;

	begin_slow(w, &s);
	for (unsigned i = 0; i < 4096; i++) {
		post_verify(w, &s);
		assert_false(s.done);
	}
	post_verify(w, &s);
	assert_true(s.done);
	assert_int_equal(s.reason, R_BUSY);
	assert_int_equal(s.asked, 1);		/* all of them ask for the same list */
	list_comes(w, &s, NULL, 0);
	post_verify(w, &s);
	assert_true(s.done);
	assert_int_equal(s.reason, R_OK);
	end_slow(w, &s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_waits, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_waits_revoked, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile_changed, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_meanwhile_link, auth_setup, auth_teardown),
		cmocka_unit_test_setup_teardown(test_many_wait, auth_setup, auth_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
