/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to PF_KEY messages, pure. */

#include "setkey.h"

static const uint8_t types[] = {
	[V_ADD] = SADB_ADD, [V_UPDATE] = SADB_UPDATE, [V_GETSPI] = SADB_GETSPI, [V_GET] = SADB_GET, [V_DELETE] = SADB_DELETE,
	[V_DELETEALL] = SADB_DELETE, [V_FLUSH] = SADB_FLUSH, [V_DUMP] = SADB_DUMP, [V_SPDADD] = SADB_X_SPDADD,
	[V_SPDUPDATE] = SADB_X_SPDUPDATE, [V_SPDDELETE] = SADB_X_SPDDELETE, [V_SPDDUMP] = SADB_X_SPDDUMP, [V_SPDFLUSH] = SADB_X_SPDFLUSH,
};

static bool
cannot(struct lang_error *e, size_t at, const char *hint)
{
	*e = (struct lang_error){ .at = at };
	snprintf(e->text, sizeof(e->text), "Not supported");
	snprintf(e->hint, sizeof(e->hint), "%s", hint);
	return false;
}

/* What every engine there is would pass over in silence. */
static bool
sayable(const struct cmd *c, const struct engine *g, struct lang_error *e)
{
	if (c->tagged)
		return cannot(e, c->at_extra, "Tagged policies are pf's, and there is no pf here.");
	if (c->context)
		return cannot(e, c->at_extra, "Security contexts (-ctx) are not supported.");
	if (c->natt_oa.fam)
		return cannot(e, c->at_extra, "esp-udp goes without the original address: in transport mode the engine makes the checksums behind a NAT anew.");
	if ((c->flags & SAF_OLD) && !g->old)
		return cannot(e, c->at_proto, "This engine has not the old forms of RFC 1826 and 1827: write esp or ah.");
	if ((c->flags & (SAF_ZEROPAD | SAF_RANDPAD)) && !(c->satype == SADB_SATYPE_ESP && (c->flags & SAF_OLD)))
		return cannot(e, c->at_flags, "Padding is 1, 2, 3 and so on, because receivers check it (RFC 4303 2.4); that of esp-old may be another.");
	if (c->iface[0] && !g->ifaces)
		return cannot(e, c->at_iface, "This engine has no interfaces that tunnels are (-dev).");
	if (c->flags & SAF_DERIV)
		return cannot(e, c->at_enc, "des-deriv is not supported by any engine here.");
	return true;
}

static void
put_ends(struct pfkey_msg *m, const struct addr *src, const struct addr *dst)
{
	struct endpoint s = { *src, 0 }, d = { *dst, 0 };

	pfkey_set_ends(m, &s, &d);
}

static bool
is_aead(const struct algo *a)
{
	return a->id == SADB_X_EALG_AES_GCM_ICV16 || a->id == CW_EALG_CHACHA20POLY1305 || a->id == SADB_X_EALG_NULL_AES_GMAC;
}

const char *
cmd_form(const struct cmd *c)
{
	return c->satype == SADB_SATYPE_AH ? c->flags & SAF_OLD ? "ah-old" : "ah" : c->flags & SAF_OLD ? "esp-old" : "esp";
}

const char *
cmd_weak_form(const struct cmd *c)
{
	if (!(c->flags & SAF_OLD) || (c->satype != SADB_SATYPE_ESP && c->satype != SADB_SATYPE_AH))
		return NULL;
	return c->satype == SADB_SATYPE_AH ? "it has no sequence number: packets can be sent again" :
	    "it has neither ICV nor sequence number: packets can be forged, changed and sent again";
}

bool
cmd_is_open(const struct cmd *c)
{
	return c->satype == SADB_SATYPE_ESP && c->enc && !is_aead(c->enc) && (!c->auth || c->auth->id == AALG_NULL);
}

static void
put_keys(struct pfkey_msg *m, const struct cmd *c)
{
	m->sa.encrypt = c->comp ? c->comp->id : c->enc ? c->enc->id : 0;
	m->sa.auth = c->auth && !(c->auth->id == AALG_NULL && c->satype == SADB_SATYPE_ESP) ? c->auth->id : 0;
	if (c->ekey.n) {
		m->key_encrypt = secret_bytes(&c->ekey);
		m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	}
	if (c->akey.n) {
		m->key_auth = secret_bytes(&c->akey);
		m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
	}
}

static void
put_sa(struct pfkey_msg *m, const struct cmd *c, const struct engine *g)
{
	m->sa = (struct pfkey_sa){
		.spi = c->spi, .replay = (uint8_t)(c->replay > 255 ? 255 : c->replay), .state = SADB_SASTATE_MATURE, .flags = c->flags,
	};
	m->has |= PFKEY_HAS(SADB_EXT_SA);
	put_keys(m, c);
	pfkey_set_sa2(m, c->mode, c->reqid);
	if (c->replay > 255) {
		m->replay_window = c->replay;
		m->has |= PFKEY_HAS(CW_EXT_REPLAY);
	}
	m->hard = c->hard;
	m->soft = c->soft;
	m->has |= (c->has_hard ? PFKEY_HAS(SADB_EXT_LIFETIME_HARD) : 0) | (c->has_soft ? PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) : 0);
	if (c->udp) {
		m->natt_type = CW_NATT_ESPINUDP;
		m->natt_sport = c->src.has_port ? c->src.port : 4500;
		m->natt_dport = c->dst.has_port ? c->dst.port : 4500;
		m->has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
	}
	if (g->greeted)
		pfkey_set_owner(m, SETKEY_OWNER);
}

static void
put_policy(struct pfkey_msg *m, const struct cmd *c, const struct engine *g)
{
	struct prefix src = { c->src.v[0], c->src.plen }, dst = { c->dst.v[0], c->dst.plen };

	pfkey_set_selector(m, &src, &dst, c->upper, c->misc_src ? c->misc_src : c->src.port, c->misc_dst ? c->misc_dst : c->dst.port);
	m->src.proto = m->dst.proto = c->upper;
	m->policy = c->policy;
	if (m->policy.type == POLTEXT_DIR_ONLY)
		m->policy.type = CW_POLICY_DISCARD;
	if (c->verb == V_SPDDELETE)
		m->policy.n = 0;
	else if (g->greeted)
		pfkey_set_owner(m, SETKEY_OWNER);
	if (c->has_hard && c->verb != V_SPDDELETE) {
		m->hard = c->hard;
		m->has |= PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	}
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
}

bool
cmd_message(const struct cmd *c, const struct addr *src, const struct addr *dst, const struct engine *g, struct pfkey_msg *m, struct lang_error *e)
{
	pfkey_msg_init(m, types[c->verb], c->satype);
	if (!sayable(c, g, e))
		return false;
	if (c->verb != V_GET && c->verb != V_DELETE)
		pfkey_set_iface(m, c->iface);
	if (!g->greeted && c->replay > 32)
		return cannot(e, c->at_spi, "This engine's replay window has 32 packets at most.");
	switch (c->verb) {
	case V_ADD:
	case V_UPDATE:
		put_ends(m, src, dst);
		put_sa(m, c, g);
		break;
	case V_GETSPI:
		put_ends(m, src, dst);
		pfkey_set_sa2(m, c->mode, c->reqid);
		if (c->spi) {
			m->spi_min = m->spi_max = c->spi;
			m->has |= PFKEY_HAS(SADB_EXT_SPIRANGE);
		}
		break;
	case V_GET:
	case V_DELETE:
		put_ends(m, src, dst);
		m->sa.spi = c->spi;
		m->has |= PFKEY_HAS(SADB_EXT_SA);
		break;
	case V_SPDADD:
	case V_SPDUPDATE:
	case V_SPDDELETE:
		m->satype = SADB_SATYPE_UNSPEC;
		put_policy(m, c, g);
		break;
	default:
		break;
	}
	return true;
}

void
message_to_fwd(struct pfkey_msg *m)
{
	m->policy.dir = CW_DIR_FWD;
	for (unsigned i = 0; i < m->policy.n; i++)
		if (m->policy.req[i].level == CW_LEVEL_UNIQUE)
			m->policy.req[i].level = CW_LEVEL_REQUIRE;
}
