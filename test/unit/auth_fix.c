/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>

#include "auth_fix.h"
#include "test.h"

uint64_t auth_later;

static uint64_t
wall(void)
{
	return PKI_NOW + auth_later;
}

enum reason
put(struct world *w, const struct binding *b)
{
	uint8_t buf[8192];
	struct wr out = wr_of(buf, sizeof(buf));

	binding_put(&out, b);
	return key_call(w->f, w->f->spdsync, BIND_PUT, &out);
}

void
binding_of(struct binding *b, const char *tunnel, const char *local, const char *remote)
{
	*b = (struct binding){ .how_local = AUTH_BY_CERT, .how_remote = AUTH_BY_CERT, .ntrust = 1, .nreqids = 1, .reqids = { 7 } };
	snprintf(b->tunnel, sizeof(b->tunnel), "%s", tunnel);
	snprintf(b->id_local, sizeof(b->id_local), "fqdn:%s", local);
	snprintf(b->id_remote, sizeof(b->id_remote), "fqdn:%s", remote);
	snprintf(b->cert, sizeof(b->cert), "%.60s", local);
	strcpy(b->trust[0], "ca");
}

void
credential(struct world *w, const char *name, const char *kind)
{
	EVP_PKEY *k = pki_key(kind);
	char san[NAME_CAP + 8], dn[NAME_CAP + 16];
	struct pki p = { .dn = dn, .key = k, .ca = w->ca, .ca_key = w->ca_key, .ext = { { "subjectAltName", san } } };
	X509 *x;

	snprintf(san, sizeof(san), "DNS:%s", name);
	snprintf(dn, sizeof(dn), "O=Example, CN=%s", name);
	x = pki_cert(&p, NULL);
	pki_write_certs(w->f->dir, name, 0644, 1, &x);
	pki_write_key(w->f->dir, name, 0600, k);
	X509_free(x);
	EVP_PKEY_free(k);
}

int
auth_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *f;

	key_wall = wall;
	key_setup(&f);
	w->f = f;
	w->ca = pki_ca("O=Example, CN=Example CA", NULL, NULL, &w->ca_key);
	pki_write_certs(w->f->dir, "ca", 0644, 1, &w->ca);
	credential(w, "tokyo", "p256");
	credential(w, "newyork", "p256");
	binding_of(&w->a, "a", "tokyo", "newyork");
	binding_of(&w->b, "b", "newyork", "tokyo");
	assert_int_equal(put(w, &w->a), R_OK);
	assert_int_equal(put(w, &w->b), R_OK);
	key_ends(w->f, &w->e);
	*state = w;
	return 0;
}

int
auth_teardown(void **state)
{
	struct world *w = *state;
	void *f = w->f;
	char cmd[192];

	snprintf(cmd, sizeof(cmd), "rm -f %s/*.crt %s/*.key", w->f->dir, w->f->dir);
	assert_int_equal(system(cmd), 0);
	X509_free(w->ca);
	EVP_PKEY_free(w->ca_key);
	free(w);
	return key_teardown(&f);
}

enum reason
call(struct world *w, uint16_t type, struct key_auth *a, const char *tunnel, const char *id)
{
	static uint8_t buf[IPC_MAX];
	uint8_t idb[ID_CAP];
	struct wr out = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));

	assert_true(id_to_wire(id, &iw));
	snprintf(a->tunnel, sizeof(a->tunnel), "%s", tunnel);
	a->id = wr_bytes(&iw);
	key_auth_put(&out, a);
	return key_call(w->f, w->f->iked, type, &out);
}

enum reason
sign_by(struct world *w, bool initiator, uint16_t hashes)
{
	struct key_auth a = { .ike = initiator ? w->e.ike_i : w->e.ike_r, .initiator = initiator, .hashes = hashes,
	    .message = initiator ? w->e.request : w->e.response };
	enum reason r = call(w, KEY_AUTH_SIGN, &a, initiator ? "a" : "b", initiator ? "fqdn:tokyo" : "fqdn:newyork");
	struct rd rd = key_answer(w->f);
	struct wr o = wr_of(w->octets, sizeof(w->octets));
	struct key_proof p;

	if (r != R_OK)
		return r;
	assert_true(key_proof_get(&rd, &p) && rd_done(&rd) && p.data.n <= sizeof(w->data));
	w->method = p.method;
	memcpy(w->data, p.data.p, w->ndata = p.data.n);
	w->ncerts = p.ncerts;
	for (unsigned i = 0; i < p.ncerts; i++) {
		size_t at = o.n;

		wr_span(&o, p.certs[i].data);
		w->certs[i] = (struct key_cert){ p.certs[i].encoding, bytes_of(w->octets + at, p.certs[i].data.n) };
	}
	return r;
}

enum reason
verify_as(struct world *w, bool initiators, const char *id)
{
	struct key_auth a = { .ike = initiators ? w->e.ike_r : w->e.ike_i, .initiator = initiators, .method = w->method,
	    .message = initiators ? w->e.request : w->e.response, .data = bytes_of(w->data, w->ndata), .ncerts = w->ncerts };
	enum reason r;
	struct rd rd;

	memcpy(a.certs, w->certs, sizeof(a.certs));
	r = call(w, KEY_AUTH_VERIFY, &a, initiators ? "b" : "a", id);
	rd = key_answer(w->f);
	w->words[0] = '\0';
	if (r == R_OK) {
		str_get(&rd, w->words, sizeof(w->words));
		assert_true(rd_done(&rd));
	} else
		assert_true(w->f->detail[0]);
	return r;
}

enum reason
verify(struct world *w)
{
	return verify_as(w, true, "fqdn:tokyo");
}

void
says(struct world *w, const char *what)
{
	if (!strstr(w->f->detail, what))
		fail_msg("\"%s\" is not in: %s", what, w->f->detail);
}

enum reason
child(struct world *w)
{
	static uint32_t number = 100;
	struct key_child c;
	enum reason r;
	uint32_t spi = key_spi_new(w->f, ++number, &r);

	assert_int_equal(r, R_OK);
	key_child(&c, number, w->e.ike_r, false, KEY_IN | KEY_OUT, spi, 0x4000 + number, &w->e);
	snprintf(c.name, sizeof(c.name), "b/net");
	return key_install(w->f, &c);
}
