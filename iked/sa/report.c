/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told about a tunnel: its state now, and the record of each negotiation that ended, with the facts that explain it. */
#include <stdio.h>
#include <stdlib.h>

#include "sa/ops.h"

const char *
tun_name(const struct ikesa *s)
{
	return s && s->t ? s->t->cfg.name : "";
}

const char *
pol_name(const struct tun *t, unsigned pol)
{
	return t && pol < t->cfg.nchildren ? t->cfg.children[pol].name : "";
}

struct record *
rec_new(const struct ikesa *s, const char *exchange, const char *child, enum reason why)
{
	static const char *const step[] = { [S_NONE] = "IKE_SA_INIT", [S_I_KE] = "IKE_SA_INIT", [S_I_SENT] = "IKE_SA_INIT",
	    [S_R_KE] = "IKE_SA_INIT" };
	struct record *r = calloc(1, sizeof(*r));
	char at[ENDPOINT_STR];

	if (!r)
		return NULL;
	r->reason = (uint16_t)why;
	if (exchange[0] == '\0')
		exchange = s && s->state <= S_R_KE && step[s->state] ? step[s->state] : "IKE_AUTH";
	record_fact(r, "exchange", "%s", exchange);
	if (child)
		snprintf(r->child, sizeof(r->child), "%s", child);
	if (s) {
		snprintf(r->tunnel, sizeof(r->tunnel), "%s", tun_name(s));
		record_fact(r, "role", "%s", s->initiator ? "initiator" : "responder");
		record_fact(r, "peer", "%s", endpoint_str(&s->remote, at));
	}
	return r;
}

struct record *
rec_begun(struct record *r, bool ours)
{
	for (unsigned i = 0; r && i < r->nfacts; i++)
		if (strcmp(r->facts[i].key, "role") == 0)
			snprintf(r->facts[i].text, sizeof(r->facts[i].text), "%s", ours ? "initiator" : "responder");
	return r;
}

void
rec_notify(struct record *r, const struct wire_notify *n)
{
	const char *name = n ? notify_name(n->type) : NULL;

	if (!r || !n)
		return;
	if (name)
		record_fact(r, "notify", "%s: %s", name, notify_sentence(n->type));
	else
		record_fact(r, "notify", "%u: %s", n->type, notify_sentence(n->type));
}

void
rec_detail(struct record *r, enum reason why, const char *detail)
{
	if (r && detail[0])
		record_fact(r, why >= R_SECRET_MISSING && why <= R_SECRET_NOT_FILE ? "file" :
		    why >= R_ENGINE_DOWN && why <= R_ENGINE_NO_SPI ? "errno" : "detail", "%s", detail);
}

/* What an error notify of the peer means for us. */
enum reason
notify_reason(uint16_t type, bool child)
{
	switch (type) {
	case N_UNSUPPORTED_CRITICAL_PAYLOAD: return R_PEER_UNSUPPORTED_CRITICAL;
	case N_INVALID_IKE_SPI: return R_PEER_INVALID_IKE_SPI;
	case N_INVALID_MAJOR_VERSION: return R_PEER_INVALID_VERSION;
	case N_INVALID_SYNTAX: return R_PEER_INVALID_SYNTAX;
	case N_NO_PROPOSAL_CHOSEN: return child ? R_PEER_NO_PROPOSAL_CHILD : R_PEER_NO_PROPOSAL_IKE;
	case N_INVALID_KE_PAYLOAD: return R_KE_GROUP_REFUSED;
	case N_AUTHENTICATION_FAILED: return R_PEER_REFUSED_AUTH;
	case N_NO_ADDITIONAL_SAS: return R_PEER_NO_ADDITIONAL_SAS;
	case N_TS_UNACCEPTABLE: return R_PEER_TS_UNACCEPTABLE;
	case N_TEMPORARY_FAILURE: return child ? R_PEER_CHILD_FAILED : R_PEER_TEMPORARY_FAILURE;
	case N_CHILD_SA_NOT_FOUND: return R_PEER_CHILD_NOT_FOUND;
	default: return R_PEER_ERROR_NOTIFY;
	}
}

static uint64_t
age_s(uint64_t now, uint64_t since)
{
	return now > since ? (now - since) / NS_PER_S : 0;
}

static void
child_report(const struct engine *e, const struct tun *t, unsigned pol, struct child_state *out)
{
	const struct tunnel_child *cfg = &t->cfg.children[pol];
	const struct child *c = policy_top(t, pol);

	snprintf(out->name, sizeof(out->name), "%s", cfg->name);
	/* On demand it is wanted from the first packet on. */
	out->wanted = t->pol[pol].wanted && (t->wanted || c || t->cfg.start != START_ON_DEMAND);
	out->reqid = cfg->reqid;
	out->local = cfg->local;
	out->remote = cfg->remote;
	out->negotiated = policy_busy(t, pol) ? CHILD_CONNECTING : t->pol[pol].reason ? CHILD_FAILED : CHILD_DOWN;
	for (const struct ikesa *s = t->sas; s && !c; s = s->sib)
		if (s->state < S_UP && out->negotiated == CHILD_DOWN && out->wanted)
			out->negotiated = CHILD_CONNECTING;
	if (!c)
		return;
	out->negotiated = CHILD_UP;
	for (const struct ikesa *s = t->sas; s; s = s->sib)
		if ((s->own && s->own->kind == XK_REKEY && s->own->old == c) || (s->peer && s->peer->kind == XK_REKEY && s->peer->old == c))
			out->negotiated = CHILD_REKEYING;
	out->proven = c->used;
	out->spi_in = c->spi_in;
	out->spi_out = c->spi_out;
	out->suite = c->suite;
	out->udp = c->udp;
	out->ah = c->ah;
	out->comp = c->comp;
	out->since_s = age_s(e->now, c->since);
	out->rekey_in_s = age_s(c->soft_at, e->now);
	out->local = c->local;
	out->remote = c->remote;
}

static const struct ikesa *
best(const struct tun *t)
{
	const struct ikesa *top = NULL;

	for (const struct ikesa *s = t->sas; s; s = s->sib)
		if (!top || (s->state == S_UP && (top->state != S_UP || (top->leaving && !s->leaving))))
			top = s;
	return top;
}

bool
engine_state(struct engine *e, const char *name, uint64_t now, struct tunnel_state *out)
{
	const struct tun *t = tun_find(e, name);
	const struct ikesa *s = t ? best(t) : NULL;

	if (!t)
		return false;
	if (now > e->now)
		e->now = now;
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", t->cfg.name);
	snprintf(out->id_remote, sizeof(out->id_remote), "%s", t->cfg.id_remote);
	out->local.addr = t->cfg.local;
	out->remote.addr = t->cfg.remote;
	out->reason = (uint16_t)t->reason;
	snprintf(out->detail, sizeof(out->detail), "%s", t->detail);
	if (s) {
		out->ike_up = s->state == S_UP;
		out->ike_initiator = s->initiator;
		out->spi_i = s->spi_i;
		out->spi_r = s->spi_r;
		out->ike_suite = s->suite;
		if (out->ike_up && s->proved.n)
			snprintf(out->proved, sizeof(out->proved), "%s", (const char *)s->proved.p);
		out->local = s->local;
		out->remote = s->remote;
		out->nat_local = s->nat_local;
		out->nat_remote = s->nat_remote;
		out->since_s = age_s(e->now, s->up_at ? s->up_at : s->created);
		out->rekey_in_s = s->life.idx ? age_s(s->life.at, e->now) : 0;
		if (out->ike_up && out->reason == R_OK && ikesa_differs(s))
			out->reason = R_CONFIG_DIFFERS;
	} else {
		out->since_s = age_s(e->now, t->since);
		out->retry_in_s = t->retry_at ? age_s(t->retry_at, e->now) : 0;
		if (out->reason == R_OK && !t->wanted && t->cfg.start == START_ON_DEMAND)
			out->reason = R_WAITING_FOR_PACKET;
		else if (out->reason == R_OK && (!t->wanted || t->cfg.start == START_RESPOND))
			out->reason = R_WAITING_FOR_PEER;
	}
	out->nchildren = t->cfg.nchildren;
	for (unsigned i = 0; i < t->cfg.nchildren; i++) {
		child_report(e, t, i, &out->children[i]);
		if (out->reason == R_OK && out->children[i].negotiated == CHILD_FAILED && out->children[i].wanted)
			out->reason = (uint16_t)t->pol[i].reason;
	}
	return true;
}
