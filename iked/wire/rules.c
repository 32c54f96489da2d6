/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload rules. Before any handler runs, every message is compared with the rows of its kind: what must stand in it stands
 * there, nothing stands there more often than it may, and what has no row is not there. Unknown payloads that are not critical
 * were skipped by the decoder (RFC 7296 2.5). A plain NOTIFY row covers every notify but REKEY_SA, which changes what a message
 * means and therefore needs a row of its own.
 */
#include "wire/rules.h"

#define MANY_N	MSG_NOTIFIES
#define VENDORS(kind, clause)	{ kind, PLD_VENDOR, 0, 0, MSG_VENDORS, clause }
#define NOTIFIES(kind, clause)	{ kind, PLD_NOTIFY, 0, 0, MANY_N, clause }
#define ONE(kind, pld, clause)	{ kind, pld, 0, 1, 1, clause }
#define MAY(kind, pld, clause)	{ kind, pld, 0, 0, 1, clause }

const struct rule ike_rules[] = {
	/* HDR, SAi1, KEi, Ni */
	ONE(KIND_INIT_REQ, PLD_SA, "1.2"),
	ONE(KIND_INIT_REQ, PLD_KE, "1.2"),
	ONE(KIND_INIT_REQ, PLD_NONCE, "1.2"),
	NOTIFIES(KIND_INIT_REQ, "C.1"),
	VENDORS(KIND_INIT_REQ, "C.1"),
	/* HDR, SAr1, KEr, Nr, [CERTREQ] */
	ONE(KIND_INIT_RSP, PLD_SA, "1.2"),
	ONE(KIND_INIT_RSP, PLD_KE, "1.2"),
	ONE(KIND_INIT_RSP, PLD_NONCE, "1.2"),
	{ KIND_INIT_RSP, PLD_CERTREQ, 0, 0, MSG_CERTS, "1.2" },
	NOTIFIES(KIND_INIT_RSP, "C.1"),
	VENDORS(KIND_INIT_RSP, "C.1"),
	{ KIND_INIT_RSP_NOTIFY, PLD_NOTIFY, 0, 1, MANY_N, "2.6, 2.21.1" },
	VENDORS(KIND_INIT_RSP_NOTIFY, "C.1"),
	/* HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, SAi2, TSi, TSr} */
	ONE(KIND_AUTH_REQ, PLD_SK, "1.2"),
	ONE(KIND_AUTH_REQ, PLD_IDI, "1.2"),
	MAY(KIND_AUTH_REQ, PLD_IDR, "1.2"),
	ONE(KIND_AUTH_REQ, PLD_AUTH, "1.2"),
	ONE(KIND_AUTH_REQ, PLD_SA, "1.2"),
	ONE(KIND_AUTH_REQ, PLD_TSI, "1.2"),
	ONE(KIND_AUTH_REQ, PLD_TSR, "1.2"),
	{ KIND_AUTH_REQ, PLD_CERT, 0, 0, MSG_CERTS, "1.2" },
	{ KIND_AUTH_REQ, PLD_CERTREQ, 0, 0, MSG_CERTS, "1.2" },
	MAY(KIND_AUTH_REQ, PLD_CP, "2.19"),
	NOTIFIES(KIND_AUTH_REQ, "C.2"),
	VENDORS(KIND_AUTH_REQ, "C.2"),
	/* HDR, SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr} */
	ONE(KIND_AUTH_RSP, PLD_SK, "1.2"),
	ONE(KIND_AUTH_RSP, PLD_IDR, "1.2"),
	ONE(KIND_AUTH_RSP, PLD_AUTH, "1.2"),
	ONE(KIND_AUTH_RSP, PLD_SA, "1.2"),
	ONE(KIND_AUTH_RSP, PLD_TSI, "1.2"),
	ONE(KIND_AUTH_RSP, PLD_TSR, "1.2"),
	{ KIND_AUTH_RSP, PLD_CERT, 0, 0, MSG_CERTS, "1.2" },
	MAY(KIND_AUTH_RSP, PLD_CP, "2.19"),
	NOTIFIES(KIND_AUTH_RSP, "C.2"),
	VENDORS(KIND_AUTH_RSP, "C.2"),
	/* HDR, SK {IDr, [CERT,] AUTH, N} */
	ONE(KIND_AUTH_RSP_NO_CHILD, PLD_SK, "2.21.2"),
	ONE(KIND_AUTH_RSP_NO_CHILD, PLD_IDR, "2.21.2"),
	ONE(KIND_AUTH_RSP_NO_CHILD, PLD_AUTH, "2.21.2"),
	{ KIND_AUTH_RSP_NO_CHILD, PLD_NOTIFY, 0, 1, MANY_N, "2.21.2" },
	{ KIND_AUTH_RSP_NO_CHILD, PLD_CERT, 0, 0, MSG_CERTS, "C.2" },
	VENDORS(KIND_AUTH_RSP_NO_CHILD, "C.2"),
	ONE(KIND_AUTH_RSP_ERROR, PLD_SK, "2.21.2"),
	{ KIND_AUTH_RSP_ERROR, PLD_NOTIFY, 0, 1, MANY_N, "2.21.2" },
	VENDORS(KIND_AUTH_RSP_ERROR, "C.2"),
	/* HDR, SK {SA, Ni, [KEi,] TSi, TSr} */
	ONE(KIND_CHILD_REQ, PLD_SK, "1.3.1"),
	ONE(KIND_CHILD_REQ, PLD_SA, "1.3.1"),
	ONE(KIND_CHILD_REQ, PLD_NONCE, "1.3.1"),
	MAY(KIND_CHILD_REQ, PLD_KE, "1.3.1"),
	ONE(KIND_CHILD_REQ, PLD_TSI, "1.3.1"),
	ONE(KIND_CHILD_REQ, PLD_TSR, "1.3.1"),
	NOTIFIES(KIND_CHILD_REQ, "C.3"),
	VENDORS(KIND_CHILD_REQ, "C.3"),
	/* HDR, SK {N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr} */
	ONE(KIND_CHILD_REKEY_REQ, PLD_SK, "1.3.3"),
	{ KIND_CHILD_REKEY_REQ, PLD_NOTIFY, N_REKEY_SA, 1, 1, "1.3.3" },
	ONE(KIND_CHILD_REKEY_REQ, PLD_SA, "1.3.3"),
	ONE(KIND_CHILD_REKEY_REQ, PLD_NONCE, "1.3.3"),
	MAY(KIND_CHILD_REKEY_REQ, PLD_KE, "1.3.3"),
	ONE(KIND_CHILD_REKEY_REQ, PLD_TSI, "1.3.3"),
	ONE(KIND_CHILD_REKEY_REQ, PLD_TSR, "1.3.3"),
	NOTIFIES(KIND_CHILD_REKEY_REQ, "C.3"),
	VENDORS(KIND_CHILD_REKEY_REQ, "C.3"),
	/* HDR, SK {SA, Ni, KEi} */
	ONE(KIND_IKE_REKEY_REQ, PLD_SK, "1.3.2"),
	ONE(KIND_IKE_REKEY_REQ, PLD_SA, "1.3.2"),
	ONE(KIND_IKE_REKEY_REQ, PLD_NONCE, "1.3.2"),
	ONE(KIND_IKE_REKEY_REQ, PLD_KE, "1.3.2"),
	NOTIFIES(KIND_IKE_REKEY_REQ, "C.4"),
	VENDORS(KIND_IKE_REKEY_REQ, "C.4"),
	/* HDR, SK {SA, Nr, [KEr,] TSi, TSr} */
	ONE(KIND_CHILD_RSP, PLD_SK, "1.3.1"),
	ONE(KIND_CHILD_RSP, PLD_SA, "1.3.1"),
	ONE(KIND_CHILD_RSP, PLD_NONCE, "1.3.1"),
	MAY(KIND_CHILD_RSP, PLD_KE, "1.3.1"),
	ONE(KIND_CHILD_RSP, PLD_TSI, "1.3.1"),
	ONE(KIND_CHILD_RSP, PLD_TSR, "1.3.1"),
	{ KIND_CHILD_RSP, PLD_NOTIFY, N_REKEY_SA, 0, 1, "1.3.3, tolerated" },
	NOTIFIES(KIND_CHILD_RSP, "C.3"),
	VENDORS(KIND_CHILD_RSP, "C.3"),
	/* HDR, SK {SA, Nr, KEr} */
	ONE(KIND_IKE_REKEY_RSP, PLD_SK, "1.3.2"),
	ONE(KIND_IKE_REKEY_RSP, PLD_SA, "1.3.2"),
	ONE(KIND_IKE_REKEY_RSP, PLD_NONCE, "1.3.2"),
	ONE(KIND_IKE_REKEY_RSP, PLD_KE, "1.3.2"),
	NOTIFIES(KIND_IKE_REKEY_RSP, "C.4"),
	VENDORS(KIND_IKE_REKEY_RSP, "C.4"),
	ONE(KIND_CREATE_RSP_ERROR, PLD_SK, "2.21.3"),
	{ KIND_CREATE_RSP_ERROR, PLD_NOTIFY, 0, 1, MANY_N, "2.21.3" },
	VENDORS(KIND_CREATE_RSP_ERROR, "C.3"),
	/* HDR, SK {[N,] [D,] [CP,] ...} */
	ONE(KIND_INFO_REQ, PLD_SK, "1.4"),
	{ KIND_INFO_REQ, PLD_DELETE, 0, 0, MSG_DELETES, "1.4.1" },
	MAY(KIND_INFO_REQ, PLD_CP, "1.4"),
	NOTIFIES(KIND_INFO_REQ, "1.4"),
	VENDORS(KIND_INFO_REQ, "C.5"),
	ONE(KIND_INFO_RSP, PLD_SK, "1.4"),
	{ KIND_INFO_RSP, PLD_DELETE, 0, 0, MSG_DELETES, "1.4.1" },
	MAY(KIND_INFO_RSP, PLD_CP, "1.4"),
	NOTIFIES(KIND_INFO_RSP, "1.4"),
	VENDORS(KIND_INFO_RSP, "C.5"),
};
const size_t ike_nrules = sizeof(ike_rules) / sizeof(ike_rules[0]);

const char *
msg_kind_name(enum msg_kind kind)
{
	static const char *const names[KIND_MAX] = {
		[KIND_NONE] = "none", [KIND_INIT_REQ] = "IKE_SA_INIT request", [KIND_INIT_RSP] = "IKE_SA_INIT response",
		[KIND_INIT_RSP_NOTIFY] = "IKE_SA_INIT response, notify only", [KIND_AUTH_REQ] = "IKE_AUTH request",
		[KIND_AUTH_RSP] = "IKE_AUTH response", [KIND_AUTH_RSP_NO_CHILD] = "IKE_AUTH response without child",
		[KIND_AUTH_RSP_ERROR] = "IKE_AUTH response, error", [KIND_CHILD_REQ] = "CREATE_CHILD_SA request",
		[KIND_CHILD_REKEY_REQ] = "CREATE_CHILD_SA request, child rekey",
		[KIND_IKE_REKEY_REQ] = "CREATE_CHILD_SA request, IKE rekey", [KIND_CHILD_RSP] = "CREATE_CHILD_SA response",
		[KIND_IKE_REKEY_RSP] = "CREATE_CHILD_SA response, IKE rekey",
		[KIND_CREATE_RSP_ERROR] = "CREATE_CHILD_SA response, error", [KIND_INFO_REQ] = "INFORMATIONAL request",
		[KIND_INFO_RSP] = "INFORMATIONAL response",
	};

	return (unsigned)kind < KIND_MAX ? names[kind] : names[KIND_NONE];
}

/* CREATE_CHILD_SA does three things, and which one is seen only in its payloads: 1.3.1 to 1.3.3. */
static enum msg_kind
create_kind(const struct msg *m)
{
	bool ike = m->sa.proposals.n > 0 && m->sa.proposals.v[0].proto == PROTO_IKE;

	if (m->hdr.response) {
		if (!msg_has(m, PLD_SA))
			return KIND_CREATE_RSP_ERROR;
		return ike ? KIND_IKE_REKEY_RSP : KIND_CHILD_RSP;
	}
	if (msg_notify(m, N_REKEY_SA) != NULL)
		return KIND_CHILD_REKEY_REQ;
	return ike ? KIND_IKE_REKEY_REQ : KIND_CHILD_REQ;
}

enum msg_kind
msg_kind(const struct msg *m)
{
	switch (m->hdr.exchange) {
	case EX_IKE_SA_INIT:
		if (!m->hdr.response)
			return KIND_INIT_REQ;
		return msg_has(m, PLD_SA) ? KIND_INIT_RSP : KIND_INIT_RSP_NOTIFY;
	case EX_IKE_AUTH:
		if (!m->hdr.response)
			return KIND_AUTH_REQ;
		if (msg_has(m, PLD_SA))
			return KIND_AUTH_RSP;
		return msg_has(m, PLD_AUTH) ? KIND_AUTH_RSP_NO_CHILD : KIND_AUTH_RSP_ERROR;
	case EX_CREATE_CHILD_SA:
		return create_kind(m);
	case EX_INFORMATIONAL:
		return m->hdr.response ? KIND_INFO_RSP : KIND_INFO_REQ;
	default:
		return KIND_NONE;
	}
}

/* Does this row speak of notifies of that type? */
static bool
row_covers(const struct rule *r, uint16_t notify)
{
	return r->notify ? r->notify == notify : notify != N_REKEY_SA;
}

static unsigned
count_of(const struct msg *m, const struct rule *r)
{
	unsigned n = 0;

	switch (r->pld) {
	case PLD_NOTIFY:
		for (unsigned i = 0; i < m->nnotify; i++)
			n += row_covers(r, m->notify[i].type);
		return n;
	case PLD_DELETE:
		return m->ndelete;
	case PLD_VENDOR:
		return m->nvendor;
	case PLD_CERT:
		return m->ncert;
	case PLD_CERTREQ:
		return m->ncertreq;
	default:
		return m->repeated & PLD_BIT(r->pld) ? 2 : (m->seen & PLD_BIT(r->pld)) != 0;
	}
}

static bool
has_row(const struct rule *v, size_t n, enum msg_kind kind, uint8_t pld, uint16_t notify)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == kind && v[i].pld == pld && (pld != PLD_NOTIFY || row_covers(&v[i], notify)))
			return true;
	return false;
}

/* Everything but IKE_SA_INIT is SK alone on the outside: what stands beside it was not confidential. */
static enum werr
outside_check(struct msg *m)
{
	uint32_t beside = m->outer & ~PLD_BIT(PLD_SK);

	if (m->hdr.exchange == EX_IKE_SA_INIT)
		return WE_OK;
	if (!(m->outer & PLD_BIT(PLD_SK)) || !m->opened)
		return WE_SK_MISSING;
	if (beside == 0)
		return WE_OK;
	m->bad = (uint8_t)(PLD_SA + __builtin_ctz(beside));
	return WE_OUTSIDE_SK;
}

static enum werr
extras_check(const struct rule *v, size_t n, struct msg *m, enum msg_kind kind)
{
	for (uint8_t t = PLD_SA; t <= PLD_SKF; t++) {
		m->bad = t;
		if (PLD_KNOWN(t) && t != PLD_NOTIFY && msg_has(m, t) && !has_row(v, n, kind, t, 0))
			return WE_UNEXPECTED;
	}
	m->bad = PLD_NOTIFY;
	for (unsigned i = 0; i < m->nnotify; i++)
		if (!has_row(v, n, kind, PLD_NOTIFY, m->notify[i].type))
			return WE_UNEXPECTED;
	m->bad = 0;
	return WE_OK;
}

enum werr
rules_check(const struct rule *v, size_t n, struct msg *m, enum msg_kind *kind)
{
	enum werr e = outside_check(m);

	*kind = KIND_NONE;
	if (e != WE_OK)
		return e;
	*kind = msg_kind(m);
	if (*kind == KIND_NONE)
		return WE_KIND;
	for (size_t i = 0; i < n; i++) {
		unsigned count;

		if (v[i].kind != *kind)
			continue;
		count = count_of(m, &v[i]);
		m->bad = v[i].pld;
		if (count < v[i].min)
			return WE_MISSING;
		if (count > v[i].max)
			return v[i].max == 1 ? WE_REPEATED : WE_TOO_MANY;
	}
	return extras_check(v, n, m, *kind);
}
