/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_core.h"

#include <stdlib.h>
#include <string.h>

#include "pfkey.h"

void host_plain_out(struct host *h, struct cw_pkt **v, unsigned n) { h->out += n; (void)v; }
void host_wire_out(struct host *h, struct cw_pkt **v, unsigned n) { h->out += n; (void)v; }
void host_drop_out(struct host *h, struct cw_pkt **v, unsigned n) { h->out += n; (void)v; }
void host_policy_changed(struct host *h, unsigned change, const struct cw_policy *p) { (void)h; (void)change; (void)p; }
int host_iface_hold(struct host *h, const char *name, uint32_t *num) { (void)h; *num = (uint8_t)name[0]; return 0; }
void host_iface_put(struct host *h, uint32_t num) { (void)h; (void)num; }
uint32_t host_iface_find(struct host *h, const char *name) { (void)h; return (uint8_t)name[0]; }

bool
host_pkt_room(struct host *h, struct cw_pkt *p, uint32_t front, uint32_t len)
{
	(void)h;
	if (p->cap < front + len)
		return false;
	p->off = front;
	return true;
}

uint32_t
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	(void)src;
	(void)dst;
	return h->mtu;
}

/* Every second row of a dump is refused once, so that dumps are resumed; and what the engine writes has to parse. */
bool
host_pfkey_out(struct host *h, void *cookie, const uint8_t *msg, size_t len, bool may_refuse)
{
	struct pfkey_msg m;

	(void)cookie;
	if (len > 16 && msg[1] == SADB_X_PROMISC) {	/* behind it stands what another one said or heard, whole */
		uint16_t words;

		memcpy(&words, msg + 20, sizeof(words));
		if (len < 32 || words * 8u != len - 16)
			abort();
	} else if (!pfkey_get(bytes_of(msg, len), &m, NULL) && len > 16) {
		abort();
	}
	return !may_refuse || h->told++ % 2 == 0;
}

struct cw_addr
fuzz_addr(unsigned last)
{
	return (struct cw_addr){ .fam = 4, .b = { 20, 0, 0, (uint8_t)last } };
}

void
fuzz_send(struct host *h, struct cw_client *c, const struct pfkey_msg *m)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!pfkey_put(&w, m))
		abort();
	cw_pfkey(h->e, c, buf, w.n, 1);
}

void
fuzz_hello(struct host *h, struct cw_client *c)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.hello_version = CW_HELLO_VERSION;
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	fuzz_send(h, c, &m);
}

static void
policy(struct host *h, struct cw_client *c, unsigned dir, bool v6, const struct endpoint *src, const struct endpoint *dst)
{
	struct prefix net = { { 4, { 10 } }, 8 };
	struct pfkey_msg m;

	if (v6)
		net = (struct prefix){ { 6, { 0xfd } }, 8 };
	pfkey_msg_init(&m, SADB_X_SPDADD, 0);
	pfkey_set_selector(&m, &net, &net, 0, 0, 0);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = (uint8_t)dir, .n = 1 };
	m.policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = 7,
	    .src = src->addr, .dst = dst->addr };
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	fuzz_send(h, c, &m);
}

void
fuzz_in_udp(struct pfkey_msg *m)
{
	static const uint8_t key[20] = FUZZ_KEY;

	m->sa = (struct pfkey_sa){ .spi = 0x1000, .state = SADB_SASTATE_MATURE, .encrypt = SADB_X_EALG_AES_GCM_ICV16 };
	m->key_encrypt = bytes_of(key, sizeof(key));
	m->replay_window = 64;
	m->natt_type = CW_NATT_ESPINUDP;
	m->natt_sport = m->natt_dport = 4500;
	m->has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(CW_EXT_REPLAY) |
	    PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
}

void
fuzz_tunnel(struct host *h)
{
	struct endpoint src = { { 4, { 20, 0, 0, 1 } }, 0 }, dst = { { 4, { 20, 0, 0, 2 } }, 0 };
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	struct pfkey_msg m;

	fuzz_hello(h, c);
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
	fuzz_in_udp(&m);
	fuzz_send(h, c, &m);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		policy(h, c, CW_DIR_OUT, v6, &src, &dst);
		policy(h, c, CW_DIR_IN, v6, &src, &dst);
	}
	cw_client_close(h->e, c);
	h->out = 0;
}

struct cw_addr
fuzz_end(unsigned last, bool six)
{
	if (six)
		return (struct cw_addr){ .fam = 6, .b = { 0xfd, 0x20, [15] = (uint8_t)last } };
	return fuzz_addr(last);
}

static struct endpoint
end(unsigned last, bool six)
{
	struct cw_addr a = fuzz_end(last, six);
	struct endpoint e = { { a.fam, { 0 } }, 0 };

	memcpy(e.addr.b, a.b, sizeof(e.addr.b));
	return e;
}

void
fuzz_one_sa(struct host *h, const struct fuzz_sa *sa, void (*keys)(struct pfkey_msg *))
{
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	struct endpoint src = end(1, sa->six), dst = end(2, sa->six);
	struct prefix nets[2] = { { { 4, { 0 } }, 0 }, { { 6, { 0 } }, 0 } };
	struct pfkey_msg m;

	fuzz_hello(h, c);
	pfkey_msg_init(&m, SADB_ADD, sa->satype);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, sa->mode, 0);
	keys(&m);
	fuzz_send(h, c, &m);
	for (unsigned i = 0; i < 4; i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_selector(&m, &nets[i / 2], &nets[i / 2], 0, 0, 0);
		m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = (uint8_t)(i % 2 ? CW_DIR_IN : CW_DIR_OUT), .n = 1 };
		m.policy.req[0] = (struct pfkey_request){ .proto = sa->proto, .mode = CW_MODE_TRANSPORT, .level = sa->level };
		if (sa->mode != CW_MODE_TRANSPORT) {
			m.policy.req[0].mode = CW_MODE_TUNNEL;
			m.policy.req[0].src = src.addr;
			m.policy.req[0].dst = dst.addr;
		}
		m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		fuzz_send(h, c, &m);
	}
	cw_client_close(h->e, c);
	h->out = 0;
}

bool
fuzz_plain(struct host *h, struct cw_pkt *pkt, const uint8_t *p, size_t n)
{
	if (n > 65535)
		return false;
	pkt->off = CW_HEADROOM;
	pkt->len = (uint32_t)n;
	memcpy(pkt->buf + pkt->off, p, n);
	cw_plain_in(h->e, &pkt, 1, 5);
	if (h->out != 1)
		abort();	/* as below */
	return pkt->verdict == CW_SEALED;
}

void
fuzz_receive(struct host *h, struct cw_pkt *p)
{
	h->out = 0;
	cw_wire_in(h->e, &p, 1, 1000000000);	/* a second later: a peer that moved is followed again */
	if (h->out != 1 || p->verdict == CW_PENDING)
		abort();	/* a packet comes back exactly once */
	if (p->off > p->cap || p->len > p->cap - p->off || p->nhist > CW_NEST_MAX)
		abort();
}
