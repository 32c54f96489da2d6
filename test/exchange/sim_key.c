/* SPDX-License-Identifier: BSD-2-Clause */
/* The toys: a key manager with handles, and an ESP engine that delivers a packet when SPI and key of both ends are the same. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "sim.h"

struct mix { EVP_MD_CTX *c; };

static struct mix
mix_new(const char *label)
{
	struct mix m = { EVP_MD_CTX_new() };

	EVP_DigestInit_ex(m.c, EVP_sha256(), NULL);
	EVP_DigestUpdate(m.c, label, strlen(label));
	return m;
}

static void
mix_add(struct mix *m, const void *p, size_t n)
{
	uint8_t len[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	EVP_DigestUpdate(m->c, len, 2);
	EVP_DigestUpdate(m->c, p, n);
}

static void
mix_end(struct mix *m, uint8_t out[32])
{
	EVP_DigestFinal_ex(m->c, out, NULL);
	EVP_MD_CTX_free(m->c);
}

static void *
slot(void *v, size_t n, size_t size, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (*(uint32_t *)((char *)v + i * size) == id)
			return (char *)v + i * size;
	return NULL;
}
#define FIND(array, id) slot(array, sizeof(array) / sizeof(array[0]), sizeof(array[0]), id)

static void
need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "toy key manager: %s\n", what);
		abort();
	}
}

/* The same on both sides: it orders the two publics. */
static void
shared(const struct toy_ke *ke, struct bytes peer, uint8_t out[32])
{
	struct mix m = mix_new("ke");
	bool first = peer.n < 32 || memcmp(ke->pub, peer.p, 32) < 0;

	mix_add(&m, first ? ke->pub : peer.p, 32);
	mix_add(&m, first ? peer.p : ke->pub, 32);
	mix_end(&m, out);
}

static void
ke_new(struct side *s, uint32_t call, struct rd *r)
{
	uint16_t group = rd_le16(r);
	struct toy_ke *ke = FIND(s->ke, 0);
	const struct alg *a = alg_find(T_KE, group, 0);
	uint8_t pub[KEY_PUB_MAX] = { 0 }, buf[KEY_PUB_MAX + 16];
	struct wr w = wr_of(buf, sizeof(buf));

	need(ke && a, "no KE handle is left");
	ke->id = ++s->next_handle;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t v = sim_random(&s->state);

		memcpy(ke->pub + 8 * i, &v, 8);
	}
	memcpy(pub, ke->pub, 32);
	wr_le32(&w, ke->id);
	span_put(&w, bytes_of(pub, a->pub_len));
	sim_answer(s, call, R_OK, wr_bytes(&w), false);
}

static void
derive(struct side *s, uint32_t call, struct rd *r)
{
	struct key_derive k;
	struct toy_ke *ke;
	struct toy_ike *ike = FIND(s->ike, 0), *old;
	uint8_t z[32], sk[4][128], buf[2048];
	struct wr w = wr_of(buf, sizeof(buf));
	struct key_derived d = { 0 };
	struct bytes *out[4] = { &d.sk_ei, &d.sk_er, &d.sk_ai, &d.sk_ar };

	need(key_derive_get(r, &k) && rd_done(r), "IKE_DERIVE is malformed");
	ke = FIND(s->ke, k.ke);
	old = k.old_ike ? FIND(s->ike, k.old_ike) : NULL;
	need(ke && k.ke && ike && (!k.old_ike || old), "IKE_DERIVE names an unknown handle");
	shared(ke, k.peer_public, z);
	*ke = (struct toy_ke){ 0 };
	ike->id = ++s->next_handle;
	for (unsigned i = 0; i <= 4; i++) {
		struct mix m = mix_new("ike");
		const struct alg *e = alg_find(T_ENCR, k.suite.encr, k.suite.key_bits);
		const struct alg *a = k.suite.integ ? alg_find(T_INTEG, k.suite.integ, 0) : NULL;
		uint8_t key[32], n = (uint8_t)i;

		mix_add(&m, &n, 1);
		mix_add(&m, z, 32);
		mix_add(&m, k.ni.p, k.ni.n);
		mix_add(&m, k.nr.p, k.nr.n);
		mix_add(&m, &k.spi_i, 8);
		mix_add(&m, &k.spi_r, 8);
		if (old)
			mix_add(&m, old->skd, 32);
		mix_end(&m, key);
		if (i == 4) {
			memcpy(ike->skd, key, 32);
			break;
		}
		for (unsigned o = 0; o < 128; o++)
			sk[i][o] = key[o % 32] ^ (uint8_t)(o / 32);
		*out[i] = bytes_of(sk[i], i < 2 ? e->key_len : a ? a->key_len : 0);
	}
	d.ike = ike->id;
	key_derived_put(&w, &d);
	need(wr_ok(&w), "the answer does not fit");
	sim_answer(s, call, R_OK, wr_bytes(&w), false);
}

static void
auth(struct side *s, uint32_t call, struct rd *r, bool sign)
{
	struct key_auth k;
	struct toy_ike *ike;
	struct mix m = mix_new("auth");
	static uint8_t buf[KEY_CERTS_MAX + 1024], cert[KEY_CERTS_MAX];
	const struct side *peer = &s->sim->s[!s->id];
	uint8_t proof[32];
	struct wr w = wr_of(buf, sizeof(buf));
	struct key_proof p = { .method = 2, .data = bytes_of(proof, 32) };

	need(key_auth_get(r, &k) && rd_done(r), "AUTH is malformed");
	ike = FIND(s->ike, k.ike);
	need(ike && k.ike, "AUTH names an unknown handle");
	mix_add(&m, s->psk, strlen(s->psk));
	mix_add(&m, &k.initiator, 1);
	mix_add(&m, k.message.p, k.message.n);
	mix_add(&m, k.id.p, k.id.n);
	mix_add(&m, ike->skd, 32);
	mix_end(&m, proof);
	if (!sign) {
		enum reason why = s->verdict ? s->verdict : bytes_eq(k.data, bytes_of(proof, 32)) ? R_OK : R_PSK_MISMATCH;

		s->verdicts++;
		need(k.ncerts == peer->ncerts, "VERIFY has another number of certificates than the peer sent");
		for (unsigned i = 0; i < k.ncerts; i++)
			need(k.certs[i].encoding == CERT_X509 && k.certs[i].data.n == peer->cert_len && k.certs[i].data.p[0] == i + 1 &&
			    k.certs[i].data.p[peer->cert_len - 1] == (uint8_t)(i + 1), "VERIFY has other certificates than the peer sent");
		str_put(&w, why == R_OK && k.ncerts ? "certificate CN=peer" : why == R_OK ? "" : "in words");
		sim_answer_in(s, call, why, wr_bytes(&w), s->verify_ns);
		return;
	}
	s->proofs++;
	s->want = k.want;
	s->hashes = k.hashes;
	p.ncerts = s->ncerts;
	for (unsigned i = 0; i < s->ncerts; i++) {
		memset(cert + i * s->cert_len, (int)i + 1, s->cert_len);
		p.certs[i] = (struct key_cert){ CERT_X509, bytes_of(cert + i * s->cert_len, s->cert_len) };
	}
	key_proof_put(&w, &p);
	need(wr_ok(&w), "the certificates of the toy do not fit");
	sim_answer(s, call, R_OK, wr_bytes(&w), true);
}

static void
spi_new(struct side *s, uint32_t call, struct rd *r)
{
	struct key_spi k;
	struct toy_child *c = FIND(s->child, 0);
	uint8_t buf[6];
	struct wr w = wr_of(buf, sizeof(buf));

	need(key_spi_get(r, &k) && rd_done(r), "SPI_NEW is malformed");
	if (!s->engine) {
		sim_answer(s, call, R_ENGINE_DOWN, bytes_of(NULL, 0), true);
		return;
	}
	need(c && k.child && !FIND(s->child, k.child), "SPI_NEW for a child that is there already");
	*c = (struct toy_child){ .id = k.child, .reqid = k.reqid, .larval = true };
	c->spi_in = 0x1000000 * (1 + (uint32_t)s->id) + ++s->next_handle;
	c->cpi_in = !s->comp ? 0 : s->cpi ? s->cpi : (uint16_t)(256 + (c->spi_in & 0xfff));
	wr_le32(&w, c->spi_in);
	wr_le16(&w, c->cpi_in);
	sim_answer(s, call, R_OK, wr_bytes(&w), true);
}

static void
install(struct side *s, uint32_t call, struct rd *r)
{
	struct key_child *k = calloc(1, sizeof(*k));
	struct toy_child *c;
	struct toy_ike *ike;
	struct toy_ke *ke;
	uint8_t z[32] = { 0 };

	need(key_child_get(r, k) && rd_done(r), "CHILD_INSTALL is malformed");
	c = FIND(s->child, k->child);
	ike = FIND(s->ike, k->ike);
	if (!s->engine || !c) {
		sim_answer(s, call, R_ENGINE_DOWN, bytes_of(NULL, 0), true);
		free(k);
		return;
	}
	need(ike && c->larval && c->spi_in == k->spi_in, "CHILD_INSTALL for something unknown");
	if (k->ke) {
		ke = FIND(s->ke, k->ke);
		need(ke != NULL, "CHILD_INSTALL names an unknown KE");
		shared(ke, k->peer_public, z);
		*ke = (struct toy_ke){ 0 };
	}
	for (unsigned i = 0; i < 2; i++) {
		struct mix m = mix_new("child");
		uint8_t dir = (uint8_t)i;

		mix_add(&m, &dir, 1);
		mix_add(&m, ike->skd, 32);
		mix_add(&m, z, 32);
		mix_add(&m, k->ni.p, k->ni.n);
		mix_add(&m, k->nr.p, k->nr.n);
		mix_add(&m, &k->suite.encr, sizeof(k->suite.encr));
		mix_end(&m, (k->initiator != 0) == (i == 0) ? c->key_out : c->key_in);
	}
	c->larval = false;
	c->spi_out = k->spi_out;
	c->in = (k->which & KEY_IN) != 0;
	c->out = (k->which & KEY_OUT) != 0;
	c->order = ++s->order;
	c->soft_s = k->soft_s;
	c->hard_s = k->hard_s;
	c->local = k->ts_local;
	c->remote = k->ts_remote;
	c->local_ep = k->local;
	c->remote_ep = k->remote;
	c->udp = k->udp;
	need(k->cpi_in == 0 || k->cpi_in == c->cpi_in, "CHILD_INSTALL has another CPI");
	c->comp = k->cpi_in != 0;
	c->cpi_out = k->cpi_out;
	c->ah = k->suite.encr == 0;
	memcpy(c->name, k->name, sizeof(c->name));
	free(k);
	sim_answer(s, call, R_OK, bytes_of(NULL, 0), true);
}

static void
drop(struct side *s, uint8_t kind, uint32_t id)
{
	struct toy_ke *ke = FIND(s->ke, id);
	struct toy_ike *ike = FIND(s->ike, id);
	struct toy_child *c = FIND(s->child, id);

	if (kind == KEY_RM_KE && ke)
		*ke = (struct toy_ke){ 0 };
	else if (kind == KEY_RM_IKE && ike)
		*ike = (struct toy_ike){ 0 };
	else if (kind == KEY_RM_CHILD_IN && c)
		c->in = false;
	else if (kind == KEY_RM_CHILD_OUT && c)
		c->out = false;
	else if ((kind == KEY_RM_CHILD && c && !c->larval) || (kind == KEY_RM_SPI && c && c->larval))
		*c = (struct toy_child){ 0 };
	c = FIND(s->child, id);
	if (c && id && !c->larval && !c->in && !c->out)
		*c = (struct toy_child){ 0 };
}

static int
by_id(const void *a, const void *b)
{
	const struct key_installed *x = a, *y = b;

	return (x->child > y->child) - (x->child < y->child);
}

static void
list(struct side *s, uint32_t call, struct rd *r)
{
	uint32_t after = rd_le32(r);
	struct key_installed v[SIM_CHILDREN];
	static uint8_t buf[SIM_CHILDREN * sizeof(struct key_installed)];
	struct wr w = wr_of(buf, sizeof(buf));
	unsigned n = 0;

	memset(v, 0, sizeof(v));
	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (s->child[i].id > after && !s->child[i].larval) {
			v[n].child = s->child[i].id;
			v[n].reqid = s->child[i].reqid;
			v[n].spi_in = s->child[i].spi_in;
			v[n].local = s->child[i].local_ep;
			v[n].remote = s->child[i].remote_ep;
			memcpy(v[n].name, s->child[i].name, sizeof(v[n].name));
			v[n++].spi_out = s->child[i].spi_out;
		}
	qsort(v, n, sizeof(v[0]), by_id);
	wr_le16(&w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		key_installed_put(&w, &v[i]);
	sim_answer(s, call, R_OK, wr_bytes(&w), true);
}

void
toy_call(struct side *s, const struct todo *t)
{
	struct rd r = rd_of(bytes_of(t->octets, t->n));
	uint32_t call = t->u.key.call;
	struct toy_child *c;
	enum reason fail = t->u.key.type < 64 ? s->fail[t->u.key.type] : R_OK;

	if (!s->linked)
		return;
	if (fail) {
		uint8_t buf[16];
		struct wr w = wr_of(buf, sizeof(buf));

		str_put(&w, "in words");
		s->fail[t->u.key.type] = R_OK;
		sim_answer(s, call, fail, wr_bytes(&w), true);
		return;
	}
	switch (t->u.key.type) {
	case KEY_KE_NEW: ke_new(s, call, &r); break;
	case KEY_IKE_DERIVE: derive(s, call, &r); break;
	case KEY_AUTH_SIGN: auth(s, call, &r, true); break;
	case KEY_AUTH_VERIFY: auth(s, call, &r, false); break;
	case KEY_SPI_NEW: spi_new(s, call, &r); break;
	case KEY_CHILD_INSTALL: install(s, call, &r); break;
	case KEY_CHILD_SEND:
		c = FIND(s->child, rd_le32(&r));
		if (c && c->id && !c->larval) {
			c->out = true;
			c->order = ++s->order;
		}
		sim_answer(s, call, R_OK, bytes_of(NULL, 0), true);
		break;
	case KEY_REMOVE: {
		uint8_t kind = rd_u8(&r);
		uint32_t id = rd_le32(&r);

		need(rd_done(&r) && id, "REMOVE is malformed");
		drop(s, kind, id);
		sim_answer(s, call, R_OK, bytes_of(NULL, 0), true);
		break;
	}
	case KEY_ASK_FAILED:
		s->refused = rd_le32(&r);
		sim_answer(s, call, R_OK, bytes_of(NULL, 0), true);
		break;
	case KEY_CHILD_LIST: list(s, call, &r); break;
	default: need(false, "a call of an unknown type");
	}
}

/* The outbound SA that was installed last carries the packet, as in the engine. */
void
toy_packet(struct sim *m, int from)
{
	struct side *s = &m->s[from];
	struct toy_child *best = NULL;

	m->esp_sent++;
	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (s->child[i].out && (!best || s->child[i].order > best->order))
			best = &s->child[i];
	if (!best || !s->engine) {
		m->esp_no_out++;
		if (m->print)
			fprintf(stderr, "%9.3f %c has no SA to send on\n", (double)m->now / 1e9, 'A' + from);
	} else
		sim_esp(m, !from, best->spi_out, best->key_out);
}

static void
tell_stray(struct sim *m, int to, uint32_t spi)
{
	struct side *s = &m->s[to];
	struct key_stray y = { .spi = spi, .local = { .addr = s->addr.addr }, .remote = { .addr = m->s[!to].addr.addr } };
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));

	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (s->child[i].id && s->child[i].spi_in == spi && (s->child[i].in || s->child[i].larval))
			return;
	if (!s->engine || !s->linked || s->quiet || m->now < s->stray_at)
		return;
	s->stray_at = m->now + SEC;
	if (m->nat) {
		y.local.port = y.remote.port = 4500;
		if (to == B)
			addr_parse("198.51.100.7", &y.remote.addr);
		if (to == B)
			y.remote.port = m->nat_port;
	}
	key_stray_put(&w, &y);
	sim_event(s, KEY_STRAY, wr_bytes(&w));
}

void
toy_arrive(struct sim *m, int to, uint32_t spi, const uint8_t key[32])
{
	struct side *s = &m->s[to];
	uint8_t buf[4];
	struct wr w = wr_of(buf, sizeof(buf));

	for (unsigned i = 0; i < SIM_CHILDREN && s->engine; i++) {
		struct toy_child *c = &s->child[i];

		if (!c->in || c->spi_in != spi || memcmp(c->key_in, key, 32) != 0)
			continue;
		m->esp_ok++;
		if (!c->used && s->linked) {
			c->used = true;
			wr_le32(&w, c->id);
			sim_event(s, KEY_USED, wr_bytes(&w));
		}
		return;
	}
	m->esp_lost++;
	tell_stray(m, to, spi);
	if (m->print)
		fprintf(stderr, "%9.3f %c drops a packet for SPI %08x\n", (double)m->now / 1e9, 'A' + to, spi);
}

struct toy_child *
toy_newest(struct side *s, uint32_t reqid)
{
	struct toy_child *best = NULL;

	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (s->child[i].id && !s->child[i].larval && (!reqid || s->child[i].reqid == reqid) && (!best || s->child[i].order > best->order))
			best = &s->child[i];
	return best;
}

unsigned
toy_children(const struct side *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		n += s->child[i].id != 0;
	return n;
}

/* The link is gone: every handle with it. Installed SAs live in the engine, and get other numbers. */
void
toy_forget(struct side *s, bool keep_children)
{
	memset(s->ke, 0, sizeof(s->ke));
	memset(s->ike, 0, sizeof(s->ike));
	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		if (!keep_children || s->child[i].larval)
			s->child[i] = (struct toy_child){ 0 };
		else if (s->child[i].id)
			s->child[i].id = ++s->kept;
}
