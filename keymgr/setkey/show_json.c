/* SPDX-License-Identifier: BSD-2-Clause */
/* Dumps as JSON, one object an entry. The octets of keys stay out: what reads JSON wants to know what there is, not what it is made of. */
#include <jansson.h>

#include "setkey.h"

static bool
write_out(FILE *f, json_t *o)
{
	bool ok = o && json_dumpf(o, f, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0;

	json_decref(o);
	return ok;
}

/* o, and which interface it is of. */
static json_t *
of_iface(json_t *o, const struct pfkey_msg *m)
{
	if (o && (m->has & PFKEY_HAS(CW_EXT_IFACE)))
		json_object_set_new(o, "interface", json_string(m->iface));
	return o;
}

static json_t *
lifetime(const struct pfkey_lifetime *l)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "packets", (json_int_t)l->packets, "bytes", (json_int_t)l->bytes, "add_time",
	    (json_int_t)l->addtime, "use_time", (json_int_t)l->usetime);
}

static json_t *
algorithm(enum alg_kind kind, unsigned id)
{
	char name[16];

	return id ? json_string(algo_shown(kind, id, name)) : json_null();
}

static const char *
protocol(const struct pfkey_msg *m)
{
	bool old = (m->sa.flags & SAF_OLD) != 0;

	if (m->satype == SADB_X_SATYPE_IPCOMP)
		return "ipcomp";
	if (m->satype == SADB_SATYPE_AH)
		return old ? "ah-old" : "ah";
	return old ? "esp-old" : "esp";
}

static json_t *
cipher(const struct pfkey_msg *m)
{
	char name[16];

	return m->sa.encrypt && m->satype != SADB_X_SATYPE_IPCOMP ? json_string(cipher_shown(m->sa.encrypt, m->sa.flags, name)) : json_null();
}

bool
show_sa_json(FILE *f, const struct pfkey_msg *m)
{
	static const char *const states[] = { "larval", "mature", "dying", "dead" };
	bool udp = (m->has & PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE)) && m->natt_type, comp = m->satype == SADB_X_SATYPE_IPCOMP;
	char src[ADDR_STR], dst[ADDR_STR];
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:s}",
	    "source", addr_str(&m->src.ep.addr, src), "destination", addr_str(&m->dst.ep.addr, dst),
	    "protocol", protocol(m), "mode", poltext_mode(m->sa2.mode),
	    "spi", (json_int_t)m->sa.spi, "reqid", (json_int_t)m->sa2.reqid,
	    "encryption", cipher(m), "authentication", algorithm(ALG_AUTH, m->sa.auth),
	    "compression", algorithm(ALG_COMP, comp ? m->sa.encrypt : 0),
	    "replay_window", (json_int_t)(m->has & PFKEY_HAS(CW_EXT_REPLAY) ? m->replay_window : m->sa.replay), "flags", (json_int_t)m->sa.flags,
	    "state", states[m->sa.state & 3], "current", lifetime(&m->current), "hard", lifetime(&m->hard), "soft", lifetime(&m->soft),
	    "owner", m->owner);

	if (o && udp)
		json_object_set_new(o, "udp", json_pack("{s:i, s:i}", "source_port", m->natt_sport, "destination_port", m->natt_dport));
	return write_out(f, of_iface(o, m));
}

static json_t *
request(const struct pfkey_request *q)
{
	char src[ADDR_STR], dst[ADDR_STR];

	return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:I}", "protocol", poltext_proto(q->proto), "mode", poltext_mode(q->mode),
	    "source", q->src.fam ? addr_str(&q->src, src) : NULL, "destination", q->dst.fam ? addr_str(&q->dst, dst) : NULL,
	    "level", poltext_level(q->level), "reqid", (json_int_t)q->reqid);
}

static json_t *
counted(const struct pfkey_msg *m, uint64_t n)
{
	return m->has & PFKEY_HAS(CW_EXT_STATS) ? json_integer((json_int_t)n) : json_null();
}

bool
show_policy_json(FILE *f, const struct pfkey_msg *m)
{
	char src[PREFIX_STR], dst[PREFIX_STR];
	struct prefix s = { m->src.ep.addr, m->src.prefixlen }, d = { m->dst.ep.addr, m->dst.prefixlen };
	json_t *requests = json_array(), *used = m->current.usetime ? json_integer((json_int_t)m->current.usetime) : json_null();

	for (unsigned i = 0; requests && i < m->policy.n; i++)
		json_array_append_new(requests, request(&m->policy.req[i]));
	return write_out(f, of_iface(json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:I, s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:s}", "source", prefix_str(&s, src),
	    "destination", prefix_str(&d, dst), "protocol", m->src.proto, "source_port", m->src.ep.port, "destination_port", m->dst.ep.port,
	    "direction", poltext_dir(m->policy.dir), "action", poltext_type(m->policy.type), "priority", (json_int_t)m->policy.priority,
	    "id", (json_int_t)m->policy.id, "requests", requests, "created", (json_int_t)m->current.addtime, "last_used", used,
	    "packets", counted(m, m->stats.packets), "bytes", counted(m, m->stats.bytes), "dropped", counted(m, m->stats.other),
	    "lifetime", (json_int_t)m->hard.addtime, "validtime", (json_int_t)m->hard.usetime, "owner", m->owner), m));
}
