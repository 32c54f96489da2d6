/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spdsync and iked: tunnels one way, states and negotiation records the other. */
#include "msg.h"
#include "msg_ike.h"

/* A list of ours that is longer than its array is a fault of the caller: nothing is sent. */
static bool
count_put(struct wr *w, unsigned n, unsigned max)
{
	if (n > max)
		w->bad = true;
	wr_u8(w, (uint8_t)n);
	return wr_ok(w);
}

void
tunnel_copy(struct tunnel *to, const struct tunnel *from)
{
	size_t head = offsetof(struct tunnel, children);

	for (unsigned i = from->nchildren; i < to->nchildren; i++)
		memset(&to->children[i], 0, sizeof(to->children[i]));
	memcpy(to, from, head + from->nchildren * sizeof(to->children[0]));
}

void
tunnel_child_esp(const struct tunnel *t, unsigned child, struct proposals *out)
{
	uint16_t mask = t->children[child].esp;
	uint8_t proto = t->children[child].ah ? PROTO_AH : PROTO_ESP;

	out->n = 0;
	for (unsigned i = 0; i < t->esp.n; i++)
		if (t->esp.v[i].proto == proto && (mask == 0 || mask & 1u << i))
			out->v[out->n++] = t->esp.v[i];
}

void
tunnel_put(struct wr *w, const struct tunnel *t)
{
	str_put(w, t->name);
	addr_put(w, &t->local);
	addr_put(w, &t->remote);
	str_put(w, t->id_local);
	str_put(w, t->id_remote);
	wr_u8(w, t->start);
	wr_u8(w, t->first);
	wr_u8(w, t->encap);
	str_put(w, t->iface);
	wr_u8(w, t->auth_local);
	wr_u8(w, t->auth_remote);
	wr_u8(w, t->prefer_udp);
	wr_le64(w, t->ike_life_s);
	wr_le64(w, t->child_life_s);
	wr_le64(w, t->child_life_bytes);
	wr_le64(w, t->child_life_packets);
	wr_le64(w, t->ike_hard_s);
	wr_le64(w, t->child_hard_s);
	wr_le32(w, t->replay_window);
	wr_mem(w, t->proofs, sizeof(t->proofs));
	wr_mem(w, t->digest, sizeof(t->digest));
	proposals_put(w, &t->ike);
	proposals_put(w, &t->esp);
	if (!count_put(w, t->nchildren, IKE_CHILDREN))
		return;
	for (unsigned i = 0; i < t->nchildren; i++) {
		str_put(w, t->children[i].name);
		wr_le32(w, t->children[i].reqid);
		wr_u8(w, t->children[i].mode);
		wr_u8(w, t->children[i].ah);
		wr_u8(w, t->children[i].comp);
		wr_le16(w, t->children[i].esp);
		wr_le64(w, t->children[i].life_s);
		ts_list_put(w, &t->children[i].local);
		ts_list_put(w, &t->children[i].remote);
	}
}

static void
proposals_of(struct rd *r, struct proposals *ps, bool ike)
{
	proposals_get(r, ps);
	msg_need(r, ps->n > 0);
	for (unsigned i = 0; i < ps->n; i++)
		msg_need(r, (ps->v[i].proto == PROTO_IKE) == ike);
}

static void
tunnel_child_get(struct rd *r, struct tunnel_child *c)
{
	msg_name(r, c->name);
	c->reqid = msg_id32(r);
	c->mode = msg_u8(r, CHILD_TRANSPORT);
	c->ah = msg_u8(r, 1);
	c->comp = msg_u8(r, COMP_DEMANDED);
	msg_need(r, !c->ah || !c->comp);
	c->esp = rd_le16(r);
	c->life_s = rd_le64(r);
	msg_ts(r, &c->local);
	msg_ts(r, &c->remote);
}

bool
tunnel_get(struct rd *r, struct tunnel *t)
{
	memset(t, 0, sizeof(*t));
	msg_name(r, t->name);
	addr_get(r, &t->local);
	addr_get(r, &t->remote);
	/* One end may be "any" (a site that only initiates), on its own gateway too; not both. */
	msg_need(r, t->local.fam != 0 ? t->remote.fam == 0 || t->remote.fam == t->local.fam : t->remote.fam != 0);
	msg_text(r, t->id_local, sizeof(t->id_local));
	msg_text(r, t->id_remote, sizeof(t->id_remote));
	t->start = msg_u8(r, START_ON_DEMAND);
	t->first = msg_u8(r, 1);
	t->encap = msg_u8(r, ENCAP_ESP);
	msg_iface(r, t->iface);
	t->auth_local = msg_u8(r, AUTH_BY_KEY);
	t->auth_remote = msg_u8(r, AUTH_BY_KEY);
	t->prefer_udp = msg_u8(r, 1);
	t->ike_life_s = rd_le64(r);
	t->child_life_s = rd_le64(r);
	t->child_life_bytes = rd_le64(r);
	t->child_life_packets = rd_le64(r);
	t->ike_hard_s = rd_le64(r);
	t->child_hard_s = rd_le64(r);
	t->replay_window = rd_le32(r);
	rd_copy(r, t->proofs, sizeof(t->proofs));
	rd_copy(r, t->digest, sizeof(t->digest));
	proposals_of(r, &t->ike, true);
	proposals_of(r, &t->esp, false);
	t->nchildren = msg_u8(r, IKE_CHILDREN);
	for (unsigned i = 0; i < t->nchildren && rd_ok(r); i++) {
		tunnel_child_get(r, &t->children[i]);
		msg_need(r, (uint32_t)t->children[i].esp >> t->esp.n == 0);
	}
	return msg_end(r, t, sizeof(*t));
}

static void
child_state_put(struct wr *w, const struct child_state *c)
{
	str_put(w, c->name);
	wr_u8(w, c->wanted);
	wr_u8(w, c->negotiated);
	wr_u8(w, c->proven);
	wr_le32(w, c->spi_in);
	wr_le32(w, c->spi_out);
	wr_le32(w, c->reqid);
	suite_put(w, &c->suite);
	wr_u8(w, c->udp);
	wr_u8(w, c->ah);
	wr_u8(w, c->comp);
	wr_le64(w, c->since_s);
	wr_le64(w, c->rekey_in_s);
	ts_list_put(w, &c->local);
	ts_list_put(w, &c->remote);
}

static void
child_state_get(struct rd *r, struct child_state *c)
{
	msg_name(r, c->name);
	c->wanted = msg_u8(r, 1);
	c->negotiated = msg_u8(r, CHILD_FAILED);
	c->proven = msg_u8(r, 1);
	c->spi_in = rd_le32(r);
	c->spi_out = rd_le32(r);
	c->reqid = rd_le32(r);
	suite_get(r, &c->suite);
	c->udp = msg_u8(r, 1);
	c->ah = msg_u8(r, 1);
	c->comp = msg_u8(r, 1);
	c->since_s = rd_le64(r);
	c->rekey_in_s = rd_le64(r);
	ts_list_get(r, &c->local);
	ts_list_get(r, &c->remote);
}

void
tunnel_state_put(struct wr *w, const struct tunnel_state *t)
{
	str_put(w, t->name);
	wr_u8(w, t->ike_up);
	wr_u8(w, t->ike_initiator);
	wr_le64(w, t->spi_i);
	wr_le64(w, t->spi_r);
	suite_put(w, &t->ike_suite);
	endpoint_put(w, &t->local);
	endpoint_put(w, &t->remote);
	wr_u8(w, t->nat_local);
	wr_u8(w, t->nat_remote);
	str_put(w, t->id_remote);
	wr_le64(w, t->since_s);
	wr_le64(w, t->rekey_in_s);
	wr_le16(w, t->reason);
	str_put(w, t->detail);
	str_put(w, t->proved);
	wr_le64(w, t->retry_in_s);
	if (!count_put(w, t->nchildren, IKE_CHILDREN))
		return;
	for (unsigned i = 0; i < t->nchildren; i++)
		child_state_put(w, &t->children[i]);
}

bool
tunnel_state_get(struct rd *r, struct tunnel_state *t)
{
	memset(t, 0, sizeof(*t));
	msg_name(r, t->name);
	t->ike_up = msg_u8(r, 1);
	t->ike_initiator = msg_u8(r, 1);
	t->spi_i = rd_le64(r);
	t->spi_r = rd_le64(r);
	suite_get(r, &t->ike_suite);
	endpoint_get(r, &t->local);
	endpoint_get(r, &t->remote);
	t->nat_local = msg_u8(r, 1);
	t->nat_remote = msg_u8(r, 1);
	str_get(r, t->id_remote, sizeof(t->id_remote));
	t->since_s = rd_le64(r);
	t->rekey_in_s = rd_le64(r);
	t->reason = msg_reason(r);
	str_get(r, t->detail, sizeof(t->detail));
	str_get(r, t->proved, sizeof(t->proved));
	t->retry_in_s = rd_le64(r);
	t->nchildren = msg_u8(r, IKE_CHILDREN);
	for (unsigned i = 0; i < t->nchildren && rd_ok(r); i++)
		child_state_get(r, &t->children[i]);
	return msg_end(r, t, sizeof(*t));
}

void
record_put(struct wr *w, const struct record *m)
{
	str_put(w, m->tunnel);
	str_put(w, m->child);
	wr_le64(w, m->time_s);
	wr_le16(w, m->reason);
	if (!count_put(w, m->nfacts, IKE_FACTS))
		return;
	for (unsigned i = 0; i < m->nfacts; i++) {
		str_put(w, m->facts[i].key);
		str_put(w, m->facts[i].text);
	}
}

bool
record_get(struct rd *r, struct record *m)
{
	memset(m, 0, sizeof(*m));
	msg_name_opt(r, m->tunnel);
	msg_name_opt(r, m->child);
	m->time_s = rd_le64(r);
	m->reason = msg_reason(r);
	m->nfacts = msg_u8(r, IKE_FACTS);
	for (unsigned i = 0; i < m->nfacts && rd_ok(r); i++) {
		msg_text(r, m->facts[i].key, sizeof(m->facts[i].key));
		str_get(r, m->facts[i].text, sizeof(m->facts[i].text));
	}
	return msg_end(r, m, sizeof(*m));
}
