/* SPDX-License-Identifier: BSD-2-Clause */
/* The edge table: the whole machine. sa/edges.h says how it is read. */
#include "ex/ex.h"
#include "wire/rules.h"

const struct edge ike_edges[] = {
	/* IKE_SA_INIT and IKE_AUTH, initiator */
	{ S_NONE, S_I_KE, ON_START, "begin", init_start, "1.2" },
	{ S_I_KE, S_I_SENT, ON_KE, "send IKE_SA_INIT", init_request, "1.2" },
	{ S_I_SENT, S_I_SENT, KIND_INIT_RSP_NOTIFY, "again with the cookie", init_cookie, "2.6" },
	{ S_I_SENT, S_I_KE, KIND_INIT_RSP_NOTIFY, "again with another group", init_other_group, "1.2, 2.6.1" },
	{ S_I_SENT, S_DEAD, KIND_INIT_RSP_NOTIFY, "refused", init_refused, "2.21.1" },
	{ S_I_SENT, S_I_DERIVE, KIND_INIT_RSP, "derive keys", init_response, "2.14" },
	{ S_I_SENT, S_DEAD, ON_DEAD, "no answer", init_no_answer, "2.4" },
	{ S_I_DERIVE, S_I_SPI, ON_DERIVE, "get an SPI", auth_keys, "2.14" },
	{ S_I_SPI, S_I_SIGN, ON_SPI, "make AUTH", auth_spi, "2.15" },
	{ S_I_SIGN, S_A_SENT, ON_SIGN, "send IKE_AUTH", auth_request, "1.2" },
	{ S_A_SENT, S_I_VERIFY, KIND_AUTH_RSP, "check AUTH", auth_response, "2.15" },
	{ S_A_SENT, S_I_VERIFY, KIND_AUTH_RSP_NO_CHILD, "check AUTH, no child", auth_response, "2.21.2" },
	{ S_A_SENT, S_DELETING, KIND_AUTH_RSP, "more than is taken", auth_oversized, "2.21.2" },
	{ S_A_SENT, S_DELETING, KIND_AUTH_RSP_NO_CHILD, "more than is taken", auth_oversized, "2.21.2" },
	{ S_A_SENT, S_DEAD, KIND_AUTH_RSP_ERROR, "refused", auth_refused, "2.21.2" },
	{ S_A_SENT, S_DEAD, ON_DEAD, "no answer", init_no_answer, "2.4" },
	{ S_I_VERIFY, S_UP, ON_VERIFY, "up", auth_up, "1.2" },
	{ S_I_VERIFY, S_DELETING, ON_VERIFY, "not the right peer", auth_distrust, "2.21.2" },
	/* the same, responder */
	{ S_NONE, S_R_KE, KIND_INIT_REQ, "half open", init_requested, "1.2, 2.6" },
	{ S_R_KE, S_R_DERIVE, ON_KE, "derive keys", init_value, "2.14" },
	{ S_R_DERIVE, S_R_KEYED, ON_DERIVE, "answer IKE_SA_INIT", init_answer, "1.2" },
	{ S_R_KEYED, S_R_VERIFY, KIND_AUTH_REQ, "check AUTH", auth_requested, "2.15" },
	{ S_R_VERIFY, S_R_SIGN, ON_VERIFY, "make AUTH", auth_verified, "2.15" },
	{ S_R_SIGN, S_UP, ON_SIGN, "up without a child", auth_childless, "2.21.2" },
	{ S_R_SIGN, S_R_SPI, ON_SIGN, "get an SPI", auth_signed, "1.2" },
	{ S_R_SPI, S_UP, ON_SPI, "up without a child", auth_spi_failed, "2.21.2" },
	{ S_R_SPI, S_R_INSTALL, ON_SPI, "install", auth_spi_r, "1.2" },
	{ S_R_INSTALL, S_UP, ON_INSTALL, "up", auth_answer, "1.2" },
	/* our child: new, or in the place of another; also what IKE_AUTH began */
	{ X_NEW, X_SPI, ON_START, "get an SPI", child_start, "1.3.1, 1.3.3" },
	{ X_SPI, X_KE, ON_SPI, "PFS value", child_value, "1.3.1" },
	{ X_SPI, X_SENT, ON_SPI, "send CREATE_CHILD_SA", child_request, "1.3.1" },
	{ X_KE, X_SENT, ON_KE, "send CREATE_CHILD_SA", child_request, "1.3.1" },
	{ X_SENT, X_KE, KIND_CREATE_RSP_ERROR, "again with another group", child_other_group, "1.3" },
	{ X_SENT, X_DONE, KIND_CREATE_RSP_ERROR, "refused", child_refused, "2.21.3, 2.25" },
	{ X_SENT, X_INSTALL, KIND_CHILD_RSP, "install", child_response, "1.3.1, 2.17" },
	{ X_SENT, X_DONE, ON_DEAD, "no answer", own_dead, "2.4" },
	{ X_INSTALL, X_DONE, ON_INSTALL, "child up", child_made, "1.3.1" },
	/* the peer's child */
	{ S_UP, P_SPI, KIND_CHILD_REQ, "new child asked for", child_requested, "1.3.1" },
	{ S_UP, P_SPI, KIND_CHILD_REKEY_REQ, "child rekey asked for", rekey_requested, "1.3.3, 2.25.1" },
	{ P_SPI, P_KE, ON_SPI, "PFS value", child_value_r, "1.3.1" },
	{ P_SPI, P_INSTALL, ON_SPI, "install", child_install_r, "1.3.1" },
	{ P_KE, P_INSTALL, ON_KE, "install", child_install_r, "1.3.1" },
	{ P_INSTALL, X_DONE, ON_INSTALL, "answer CREATE_CHILD_SA", child_answer, "1.3.1, 2.17" },
	/* our IKE rekey */
	{ X_NEW, X_RKE, ON_START, "begin IKE rekey", ike_start, "1.3.2" },
	{ X_RKE, X_RSENT, ON_KE, "send CREATE_CHILD_SA", ike_request, "1.3.2" },
	{ X_RSENT, X_RKE, KIND_CREATE_RSP_ERROR, "again with another group", ike_other_group, "1.3" },
	{ X_RSENT, X_DONE, KIND_CREATE_RSP_ERROR, "refused", ike_refused, "2.25.2" },
	{ X_RSENT, X_RDERIVE, KIND_IKE_REKEY_RSP, "derive keys", ike_response, "2.18" },
	{ X_RSENT, X_DONE, ON_DEAD, "no answer", own_dead, "2.4" },
	{ X_RDERIVE, X_DONE, ON_DERIVE, "IKE SA replaced", ike_made, "2.8" },
	/* the peer's */
	{ S_UP, P_RKE, KIND_IKE_REKEY_REQ, "IKE rekey asked for", ike_requested, "1.3.2, 2.25.2" },
	{ P_RKE, P_RDERIVE, ON_KE, "derive keys", ike_derive_r, "2.18" },
	{ P_RDERIVE, X_DONE, ON_DERIVE, "answer, IKE SA replaced", ike_answer, "2.8, 2.8.2" },
	/* INFORMATIONAL, ours */
	{ X_NEW, X_INFO, ON_START, "send DELETE of a child", delete_child_start, "1.4.1" },
	{ X_NEW, X_INFO, ON_START, "send DELETE of the IKE SA", delete_ike_start, "1.4.1" },
	{ X_NEW, X_INFO, ON_START, "is the peer there", live_start, "2.4" },
	{ X_INFO, X_DONE, KIND_INFO_RSP, "answered", info_response, "1.4" },
	{ X_INFO, X_DONE, ON_DEAD, "no answer", own_dead, "2.4" },
	/* INFORMATIONAL, the peer's */
	{ S_UP, S_DEAD, KIND_INFO_REQ, "closed by the peer", ike_deleted, "1.4.1, 2.25.2" },
	{ S_UP, S_UP, KIND_INFO_REQ, "answer INFORMATIONAL", info_requested, "1.4, 2.25.1" },
	{ S_REKEYED, S_DEAD, KIND_INFO_REQ, "closed by the peer", ike_deleted, "2.8" },
	{ S_DELETING, S_DEAD, KIND_INFO_REQ, "closed by both", ike_deleted, "2.25.2" },
	{ S_DELETING, S_DELETING, KIND_INFO_REQ, "answer INFORMATIONAL", info_requested, "1.4" },
	/* an IKE SA that is being closed makes nothing new; elsewhere input.c refuses what has no row */
	{ S_DELETING, S_DELETING, KIND_CHILD_REQ, "too late for a child", busy_create, "2.25.2" },
	{ S_DELETING, S_DELETING, KIND_CHILD_REKEY_REQ, "too late for a child rekey", busy_create, "2.25.2" },
	{ S_DELETING, S_DELETING, KIND_IKE_REKEY_REQ, "too late for an IKE rekey", busy_create, "2.8.2, 2.25.2" },
};
const size_t ike_nedges = sizeof(ike_edges) / sizeof(ike_edges[0]);

const char *
place_name(unsigned p)
{
	static const char *const names[PLACE_MAX] = {
		[S_NONE] = "NONE", [S_I_KE] = "I_KE", [S_I_SENT] = "I_SENT", [S_I_DERIVE] = "I_DERIVE", [S_I_SPI] = "I_SPI",
		[S_I_SIGN] = "I_SIGN", [S_A_SENT] = "A_SENT", [S_I_VERIFY] = "I_VERIFY", [S_R_KE] = "R_KE",
		[S_R_DERIVE] = "R_DERIVE", [S_R_KEYED] = "R_KEYED", [S_R_VERIFY] = "R_VERIFY", [S_R_SIGN] = "R_SIGN",
		[S_R_SPI] = "R_SPI", [S_R_INSTALL] = "R_INSTALL", [S_UP] = "UP", [S_REKEYED] = "REKEYED",
		[S_DELETING] = "DELETING", [S_DEAD] = "DEAD", [X_NEW] = "X_NEW", [X_SPI] = "X_SPI", [X_KE] = "X_KE",
		[X_SENT] = "X_SENT", [X_INSTALL] = "X_INSTALL", [X_RKE] = "X_RKE", [X_RSENT] = "X_RSENT",
		[X_RDERIVE] = "X_RDERIVE", [X_INFO] = "X_INFO", [P_SPI] = "P_SPI", [P_KE] = "P_KE",
		[P_INSTALL] = "P_INSTALL", [P_RKE] = "P_RKE", [P_RDERIVE] = "P_RDERIVE", [X_DONE] = "DONE",
	};

	return p < PLACE_MAX ? names[p] : "?";
}

const char *
on_name(unsigned on)
{
	static const char *const names[ON_MAX - ON_KE] = { "keymgr: key exchange value", "keymgr: keys", "keymgr: AUTH made",
	    "keymgr: AUTH checked", "keymgr: SPI", "keymgr: installed", "start", "no answer" };

	return on < KIND_MAX ? msg_kind_name(on) : on >= ON_KE && on < ON_MAX ? names[on - ON_KE] : "?";
}

static void
arrive(struct turn *tn, const struct edge *d)
{
	if (d->to >= X_NEW)
		xch_move(tn->e, tn->x, d->to);
	else
		ikesa_move(tn->e, tn->ike, d->to);
}

bool
edge_run(struct turn *tn, enum place from, unsigned on)
{
	struct engine *e = tn->e;

	for (size_t i = 0; i < e->nedges; i++) {
		const struct edge *d = &e->edges[i];
		enum verdict v;

		if (d->from != from || d->on != on)
			continue;
		v = d->run(tn);
		if (v == V_PASS)
			continue;
		if (e->trace)
			e->trace(e->trace_ctx, d, e->now);
		if (v == V_GO)
			arrive(tn, d);
		return true;
	}
	COUNT(e, no_edge);
	return false;
}
