/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile iked: the input is a series of requests on its link, whole and meaningful ones with something wrong in them, and raw messages,
 * against a keymgr with an engine that plays along. Whatever it says: nothing is accepted that was not proved, nothing is installed for a
 * peer that was not, no answer holds a secret, no key is given to the engine for more than the two ends of one SA, and another link is
 * served afterwards.
 */
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "key_fix.h"
#include "pki.h"
#include "sig.h"
#include "test.h"

#define OPS	40
#define SEEN	256

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Pre-shared key, certificate, raw key; tokyo's end and newyork's of each. The last two are no tunnels. */
static const char *const tunnels[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

struct run {
	struct key_fix	*f;
	struct rd	 r;
	struct ends	 e;
	bool		 have;			/* e is of this link */
	uint32_t	 ke[4];
	uint32_t	 spi[4];
	char		 proved[2][NAME_CAP];	/* what a verdict was good for: the initiator's end, the responder's */
	/* the last proof, and whether it is still what keymgr made for this SA and that tunnel */
	bool		 proof;
	bool		 by_initiator;
	unsigned	 tunnel;
	struct key_proof p;
	uint8_t		 octets[SIG_MAX + 4096];
};

static struct key_fix *fix;
static uint8_t secrets[3][32];
static uint64_t keys_seen[SEEN];
static unsigned nkeys;

static uint64_t
wall(void)
{
	return PKI_NOW;
}

static void
bind_tunnel(struct key_fix *f, const char *tunnel, enum auth_how how, bool tokyo, EVP_PKEY *peer)
{
	struct binding b = { .how_local = (uint8_t)how, .how_remote = (uint8_t)how, .nreqids = 1, .reqids = { 7 } };
	uint8_t buf[8192], *der = NULL;
	struct wr w = wr_of(buf, sizeof(buf));
	int n;

	snprintf(b.tunnel, sizeof(b.tunnel), "%s", tunnel);
	strcpy(b.id_local, tokyo ? "fqdn:tokyo" : "fqdn:newyork");
	strcpy(b.id_remote, tokyo ? "fqdn:newyork" : "fqdn:tokyo");
	strcpy(b.cert, tokyo ? "tokyo" : "newyork");
	if (how == AUTH_BY_CERT) {
		b.ntrust = 1;
		strcpy(b.trust[0], "ca");
	} else {
		n = i2d_PUBKEY(peer, &der);
		assert_true(n > 0);
		b.npublic = (unsigned)n;
		memcpy(b.public_key, der, (size_t)n);
		OPENSSL_free(der);
	}
	binding_put(&w, &b);
	assert_int_equal(key_call(f, f->spdsync, BIND_PUT, &w), R_OK);
}

static void
clean_up(void)
{
	char cmd[192];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", fix->dir);
	if (system(cmd) != 0)
		perror(cmd);
}

static void
set_up(void)
{
	EVP_PKEY *ca_key, *k[2];
	X509 *ca, *x;
	size_t n = 32;
	void *f;

	key_wall = wall;
	key_setup(&f);
	fix = f;
	atexit(clean_up);
	ca = pki_ca("CN=CA", NULL, NULL, &ca_key);
	pki_write_certs(fix->dir, "ca", 0600, 1, &ca);
	for (unsigned i = 0; i < 2; i++) {
		struct pki p = { .dn = "CN=x", .ca = ca, .ca_key = ca_key, .ext = { { "subjectAltName", i ? "DNS:newyork" : "DNS:tokyo" } } };

		p.key = k[i] = pki_key("ed25519");
		x = pki_cert(&p, NULL);
		pki_write_certs(fix->dir, i ? "newyork" : "tokyo", 0600, 1, &x);
		pki_write_key(fix->dir, i ? "newyork" : "tokyo", 0600, k[i]);
		assert_int_equal(EVP_PKEY_get_raw_private_key(k[i], secrets[i], &n), 1);
		X509_free(x);
	}
	memcpy(secrets[2], "the same on both sides", 22);	/* key_setup's */
	bind_tunnel(fix, "c", AUTH_BY_CERT, true, NULL);
	bind_tunnel(fix, "d", AUTH_BY_CERT, false, NULL);
	bind_tunnel(fix, "e", AUTH_BY_KEY, true, k[1]);
	bind_tunnel(fix, "f", AUTH_BY_KEY, false, k[0]);
	EVP_PKEY_free(k[0]);
	EVP_PKEY_free(k[1]);
	EVP_PKEY_free(ca_key);
	X509_free(ca);
}

/* What must hold after everything. */
static void
look(struct run *t)
{
	struct key_fix *f = t->f;

	for (unsigned i = 0; i < 3; i++)
		if (memmem(f->body, f->nbody, secrets[i], i == 2 ? 22 : 32))
			abort();
	f->nbody = 0;
	f->nev = 0;
	if (f->spdsync == NULL || f->spdsync_down)
		abort();
	if (f->iked == NULL || f->iked_down) {		/* it went too far, and begins anew */
		key_attach_iked(f);
		t->have = t->proof = false;
		t->proved[0][0] = t->proved[1][0] = '\0';
		memset(t->ke, 0, sizeof(t->ke));
	}
	f->nev = 0;
}

static uint32_t
ike_of(struct run *t, bool initiators)
{
	return t->have ? (initiators ? t->e.ike_i : t->e.ike_r) : rd_u32(&t->r);
}

static void
do_raw(struct run *t)
{
	uint8_t body[256];
	uint16_t type = rd_u8(&t->r);
	size_t n = rd_u8(&t->r);
	struct wr w = wr_of(body, sizeof(body));

	wr_span(&w, rd_bytes(&t->r, n < rd_left(&t->r) ? n : rd_left(&t->r)));
	key_call(t->f, t->f->iked, type & 0x3f, &w);
}

static void
do_ke(struct run *t)
{
	static const uint16_t groups[] = { KE_X25519, KE_ECP256, KE_X25519, 2 };
	uint8_t c = rd_u8(&t->r), pub[KE_PUB_MAX];
	size_t n;

	t->ke[c & 3] = key_ke(t->f, groups[c >> 2 & 3], pub, &n);
}

static void
do_ends(struct run *t)
{
	key_ends(t->f, &t->e);
	t->have = true;
	t->proof = false;
	t->proved[0][0] = t->proved[1][0] = '\0';
}

/* A derivation from pieces that do not fit, or that were used already. */
static void
do_derive(struct run *t)
{
	uint8_t c = rd_u8(&t->r), pub[32] = { 9 };
	struct key_derive d = { .suite = key_suite, .ke = t->ke[c & 3], .initiator = c >> 2 & 1, .spi_i = rd_u8(&t->r) + 1u, .spi_r = 2,
	    .ni = bytes_of(t->e.ni, 32), .nr = bytes_of(t->e.nr, 32), .peer_public = bytes_of(pub, c & 0x10 ? 31 : 32) };
	struct secret ei = { 0 }, er = { 0 };
	uint32_t ike;

	if (c & 8)
		d.old_ike = ike_of(t, c & 4);
	key_derive(t->f, &d, &ike, &ei, &er);
}

static enum reason
ask(struct run *t, uint16_t type, struct key_auth *a, const char *id)
{
	static uint8_t buf[IPC_MAX];
	uint8_t idb[ID_CAP];
	struct wr w = wr_of(buf, sizeof(buf)), iw = wr_of(idb, sizeof(idb));

	id_to_wire(id, &iw);
	a->id = wr_bytes(&iw);
	snprintf(a->tunnel, sizeof(a->tunnel), "%s", tunnels[t->tunnel]);
	key_auth_put(&w, a);
	return key_call(t->f, t->f->iked, type, &w);
}

/* One octet of the message is another one, unless x is 0. True: it is what it was. */
static bool
message(struct run *t, bool initiators, uint8_t *buf, struct bytes *out)
{
	struct bytes m = initiators ? t->e.request : t->e.response;
	uint8_t at = rd_u8(&t->r), x = rd_u8(&t->r);

	if (!t->have) {
		*out = bytes_of("no message", 10);
		return false;
	}
	memcpy(buf, m.p, m.n);
	buf[at % m.n] ^= x;
	*out = bytes_of(buf, m.n);
	return x == 0;
}

static void
do_sign(struct run *t)
{
	uint8_t c = rd_u8(&t->r), m[256];
	bool initiator = c & 1, tokyo;
	struct key_auth a = { .ike = ike_of(t, initiator), .initiator = initiator ^ (c >> 1 & 1), .hashes = rd_u8(&t->r), .want = c >> 2 & 3 };
	bool same;
	struct rd rd;

	t->tunnel = c >> 5;
	tokyo = t->tunnel % 2 == 0 && !(c & 0x10);
	same = message(t, initiator, m, &a.message);
	t->proof = ask(t, KEY_AUTH_SIGN, &a, tokyo ? "fqdn:tokyo" : "fqdn:newyork") == R_OK;
	t->by_initiator = initiator;
	if (!t->proof)
		return;
	if (!t->have)
		abort();
	rd = key_answer(t->f);
	assert_true(key_proof_get(&rd, &t->p) && rd_done(&rd) && t->f->nbody <= sizeof(t->octets));
	memcpy(t->octets, t->f->body, t->f->nbody);
	rd = rd_of(bytes_of(t->octets, t->f->nbody));
	key_proof_get(&rd, &t->p);
	t->proof = same;
}

static void
do_verify(struct run *t)
{
	uint8_t c = rd_u8(&t->r), m[256], at = rd_u8(&t->r), x = rd_u8(&t->r), data[SIG_MAX] = { 0 };
	bool initiators = t->by_initiator ^ (c & 1);
	unsigned by = t->tunnel;
	struct key_auth a = { .ike = ike_of(t, !initiators), .initiator = initiators, .method = c & 2 ? rd_u8(&t->r) : t->p.method };
	size_t n = t->p.data.n <= sizeof(data) ? t->p.data.n : 0;
	bool good;

	memcpy(data, t->p.data.p ? t->p.data.p : data, n);
	if (n)
		data[at % n] ^= x;
	a.data = bytes_of(data, c & 4 && n ? n - 1 : n);
	a.ncerts = c & 8 ? 0 : t->p.ncerts;
	memcpy(a.certs, t->p.certs, sizeof(a.certs));
	good = message(t, initiators, m, &a.message) && t->proof && initiators == t->by_initiator && x == 0 && !(c & 4) && a.method == t->p.method;
	t->tunnel = c & 0x10 ? c >> 5 : by ^ 1;
	if (ask(t, KEY_AUTH_VERIFY, &a, (by % 2 == 0) ^ (c >> 5 & (c & 0x10 ? 0 : 1)) ? "fqdn:tokyo" : "fqdn:newyork") == R_OK) {
		if (!good || t->tunnel != (by ^ 1))
			abort();
		snprintf(t->proved[initiators], sizeof(t->proved[0]), "%s", tunnels[t->tunnel]);
	}
	t->tunnel = by;
}

static void
do_spi(struct run *t)
{
	uint8_t c = rd_u8(&t->r);
	enum reason r;

	t->spi[c & 3] = key_spi_new(t->f, 1u + (c & 3), &r);
}

static void
do_install(struct run *t)
{
	uint8_t c = rd_u8(&t->r), g = rd_u8(&t->r);
	bool initiators = c & 1;
	struct key_child k;
	uint8_t ni[32];

	key_child(&k, 1u + (c >> 1 & 3), ike_of(t, initiators), initiators ^ (g & 1), 1 + (c >> 3 & 3) % 3, t->spi[c >> 1 & 3], 0x5000u + g, &t->e);
	snprintf(k.name, sizeof(k.name), "%s/net", tunnels[c >> 5]);
	k.reqid += g >> 5 & 1;
	if (g & 2)
		k.ke = t->ke[g >> 2 & 3];
	if (g & 0x10) {
		memset(ni, g, sizeof(ni));
		k.ni = bytes_of(ni, 32);
	}
	if (k.ke) {
		k.suite.ke = KE_X25519;
		k.peer_public = bytes_of(t->e.nr, 32);
	}
	/* the responder's end believes the initiator's proof, and the other way round */
	if (key_install(t->f, &k) == R_OK && (!t->have || strcmp(t->proved[!initiators], tunnels[c >> 5]) != 0))
		abort();
}

static void
do_small(struct run *t)
{
	uint8_t c = rd_u8(&t->r), kind = rd_u8(&t->r);
	uint32_t v = c & 1 ? ike_of(t, c & 2) : c & 4 ? t->ke[c >> 3 & 3] : 1u + (c >> 3 & 3);

	if (c & 0x20)
		key_u32(t->f, c & 0x40 ? KEY_CHILD_SEND : KEY_CHILD_LIST, c & 0x40 ? v : 0);
	else if (key_remove(t->f, kind, v) == R_OK && kind == KEY_RM_IKE && (c & 1))
		t->proved[!(c & 2)][0] = '\0';
}

/* The engine's end of things: gone and back, or an event about what may be there. */
static void
do_engine(struct run *t)
{
	static const uint8_t types[] = { SADB_EXPIRE, SADB_DELETE, SADB_ACQUIRE, SADB_FLUSH, CW_MSG_USED, CW_MSG_STRAY, SADB_X_NAT_T_NEW_MAPPING, SADB_REGISTER };
	struct pfkey_msg m;
	uint8_t c = rd_u8(&t->r);

	if (c & 1) {
		key_drop_engine(t->f);
		key_spin(t->f);
		key_attach_engine(t->f, c & 2);
		return;
	}
	pfkey_msg_init(&m, types[c >> 1 & 7], SADB_SATYPE_ESP);
	if (t->f->n) {
		m = t->f->sa[c % t->f->n].m;
		m.type = types[c >> 1 & 7];
		m.pid = 0;
		m.has &= ~(PFKEY_HAS(SADB_EXT_KEY_AUTH) | PFKEY_HAS(SADB_EXT_KEY_ENCRYPT));
	}
	key_engine_says(t->f, &m);
}

/* One key is one SA's: in at one end, out at the other, both of them behind this keymgr. */
static void
keys(struct key_fix *f)
{
	for (; f->n; f->n--) {
		const struct fake_sa *s = &f->sa[f->n - 1];
		unsigned twins = 0;
		uint64_t head;

		if (s->encr.n < sizeof(head))
			continue;
		memcpy(&head, s->encr.b, sizeof(head));
		for (unsigned i = 0; i < nkeys; i++)
			twins += keys_seen[i] == head;
		if (twins >= 2)
			abort();
		if (nkeys < SEEN)
			keys_seen[nkeys++] = head;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const ops[])(struct run *) = { do_raw, do_ke, do_ends, do_derive, do_sign, do_verify, do_spi, do_install, do_small, do_engine };
	static struct run t;

	if (fix == NULL)
		set_up();
	memset(&t, 0, sizeof(t));
	t.f = fix;
	t.r = rd_of(bytes_of(p, n));
	nkeys = 0;
	key_attach_iked(fix);		/* in place of the last one, whose objects go with it */
	for (unsigned i = 0; i < OPS && rd_left(&t.r); i++) {
		ops[rd_u8(&t.r) % (sizeof(ops) / sizeof(ops[0]))](&t);
		look(&t);
	}
	keys(fix);
	key_drop_engine(fix);		/* what was installed outlives a link */
	key_spin(fix);
	key_attach_engine(fix, true);
	if (key_u32(fix, KEY_CHILD_LIST, 0) != R_OK)
		abort();
	fix->nev = 0;
	return 0;
}
