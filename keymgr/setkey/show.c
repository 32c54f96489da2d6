/* SPDX-License-Identifier: BSD-2-Clause */
/* Dumps as setkey has always printed them: scripts read these lines, so spaces and tabs stand where they stood. */
#include "setkey.h"

#define BLANK_TIME	"                    "	/* as long as a time */

static void
put_time(FILE *f, uint64_t when)
{
	char text[32] = BLANK_TIME;
	time_t t = (time_t)when;
	struct tm tm;

	if (when && localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%b %e %T %Y", &tm);
	fputs(text, f);
}

static void
put_iface(FILE *f, const struct pfkey_msg *m)
{
	if (m->has & PFKEY_HAS(CW_EXT_IFACE))
		fprintf(f, "\tdev=%s\n", m->iface);
}

static void
put_key(FILE *f, struct bytes key, bool old)
{
	for (size_t i = 0; i < key.n; i++) {
		if (i % 4 == 0)
			fputc(' ', f);
		fprintf(f, "%02x", key.p[i]);
		if (old && i % 32 == 31 && i + 1 < key.n)
			fputc('\n', f);
	}
}

static const char *
sa_proto(const struct pfkey_msg *m)
{
	bool udp = (m->has & PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE)) && m->natt_type, old = (m->sa.flags & SAF_OLD) != 0;

	switch (m->satype) {
	case SADB_SATYPE_ESP:
		return udp ? "esp-udp" : old ? "esp-old" : "esp";
	case SADB_SATYPE_AH:
		return udp ? "natt+ah" : old ? "ah-old" : "ah";
	case SADB_X_SATYPE_IPCOMP:
		return udp ? "natt+ipcomp" : "ipcomp";
	case SATYPE_TCP:
		return "tcp";
	default:
		return "unknown";
	}
}

static const char *
sa_state(unsigned state)
{
	static const char *const v[] = { "larval", "mature", "dying", "dead" };

	return state < 4 ? v[state] : "unknown";
}

static void
put_end(FILE *f, const struct pfkey_msg *m, bool dst, bool ports)
{
	bool natt = (m->has & PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE)) && m->natt_type;
	const struct endpoint *e = dst ? &m->dst.ep : &m->src.ep;
	char text[ADDR_STR];

	fputs(addr_str(&e->addr, text), f);
	if (natt)
		fprintf(f, "[%u]", dst ? m->natt_dport : m->natt_sport);
	else if (ports)
		fprintf(f, "[%u]", e->port);
	fputc(' ', f);
}

static void
put_algorithms(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	char name[16];

	if (m->satype == SADB_X_SATYPE_IPCOMP) {
		fprintf(f, "\tC: %s %s", algo_shown(ALG_COMP, m->sa.encrypt, name), o->old ? "" : "\n");
		return;
	}
	if (m->sa.encrypt) {
		fprintf(f, "\tE: %s ", cipher_shown(m->sa.encrypt, m->sa.flags, name));
		put_key(f, m->key_encrypt, o->old);
		fputc('\n', f);
	}
	if (m->sa.auth && m->sa.auth != AALG_NULL) {
		fprintf(f, "\tA: %s ", algo_shown(ALG_AUTH, m->sa.auth, name));
		put_key(f, m->key_auth, o->old);
		fputc('\n', f);
	}
}

static void
put_lifetimes(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	const struct pfkey_lifetime *c = &m->current, *h = &m->hard, *s = &m->soft;
	uint64_t now = (uint64_t)o->now;

	fputs("\tcreated: ", f);
	put_time(f, c->addtime);
	fputs("\tcurrent: ", f);
	put_time(f, now);
	fprintf(f, "\n\tdiff: %llu(s)\thard: %llu(s)\tsoft: %llu(s)\n", (unsigned long long)(c->addtime && now > c->addtime ? now - c->addtime : 0),
	    (unsigned long long)h->addtime, (unsigned long long)s->addtime);
	fputs("\tlast: ", f);
	put_time(f, c->usetime);
	fprintf(f, "\thard: %llu(s)\tsoft: %llu(s)\n", (unsigned long long)h->usetime, (unsigned long long)s->usetime);
	fprintf(f, "\tcurrent: %llu(bytes)\thard: %llu(bytes)\tsoft: %llu(bytes)\n", (unsigned long long)c->bytes, (unsigned long long)h->bytes,
	    (unsigned long long)s->bytes);
	fprintf(f, "\tallocated: %llu\thard: %llu\tsoft: %llu\n", (unsigned long long)c->packets, (unsigned long long)h->packets,
	    (unsigned long long)s->packets);
}

void
show_sa(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	if (m->sa.state == SADB_SASTATE_DEAD && !o->all)
		return;
	put_end(f, m, false, o->ports);
	put_end(f, m, true, o->ports);
	fprintf(f, "\n\t%s mode=%s spi=%u(0x%08x) reqid=%u(0x%08x)\n", sa_proto(m), poltext_mode(m->sa2.mode), m->sa.spi, m->sa.spi, m->sa2.reqid,
	    m->sa2.reqid);
	put_algorithms(f, m, o);
	fprintf(f, "\tseq=0x%08x replay=%u flags=0x%08x state=%s \n", m->sa2.sequence,
	    m->has & PFKEY_HAS(CW_EXT_REPLAY) ? m->replay_window : m->sa.replay, m->sa.flags, sa_state(m->sa.state));
	put_iface(f, m);
	put_lifetimes(f, m, o);
	fprintf(f, "\tsadb_seq=%u pid=%u refcnt=0\n", m->seq, m->pid);
}

void
show_sa_line(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	uint64_t age = m->current.addtime && (uint64_t)o->now > m->current.addtime ? (uint64_t)o->now - m->current.addtime : 0;
	char limit[24] = "???", sofar[24];
	struct tm tm;

	if (m->sa.state == SADB_SASTATE_DEAD && !o->all)
		return;
	localtime_r(&o->now, &tm);
	if (m->hard.addtime)
		snprintf(limit, sizeof(limit), m->hard.addtime >= 1000 ? "big" : "%3llu", (unsigned long long)m->hard.addtime);
	snprintf(sofar, sizeof(sofar), age >= 1000 ? "big" : "%3llu", (unsigned long long)age);
	fprintf(f, "%02d%02d %-3s %c %08x %s/%s ", tm.tm_min, tm.tm_sec, m->satype == SADB_SATYPE_AH ? "ah" : m->satype == SADB_X_SATYPE_IPCOMP ? "ipcomp" : "esp", "LMDd"[m->sa.state & 3], m->sa.spi,
	    sofar, limit);
	put_end(f, m, false, o->ports);
	fputs("-> ", f);
	put_end(f, m, true, o->ports);
	fputc('\n', f);
}

/* Policies */

static void
put_range(FILE *f, const struct pfkey_address *a, bool ports)
{
	char text[ADDR_STR];

	fputs(addr_str(&a->ep.addr, text), f);
	if (a->prefixlen != addr_bits(&a->ep.addr))
		fprintf(f, "/%u", a->prefixlen);
	if (ports && a->ep.port)
		fprintf(f, "[%u]", a->ep.port);
	else if (ports)
		fputs("[any]", f);
	fputc(' ', f);
}

static void
put_upper(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	unsigned proto = m->src.proto, a = m->src.ep.port, b = m->dst.ep.port;
	const char *name = upper_name(proto);

	if (proto == CW_ULPROTO_ANY && o->old)
		name = "255(reserved)";
	if (name)
		fputs(name, f);
	else
		fprintf(f, "%u", proto);
	if ((proto == 1 || proto == 58 || proto == 135) && (a || b))
		fprintf(f, " %u,%u", a, b);
	if (proto == 47 && (a || b))
		fprintf(f, " %u", a << 16 | b);
}

void
show_policy(FILE *f, const struct pfkey_msg *m, const struct show *o)
{
	unsigned proto = m->src.proto;
	bool ports = proto != 1 && proto != 58 && proto != 135 && proto != 47;
	char text[1200];

	if ((m->has & PFKEY_HAS(SADB_EXT_ADDRESS_SRC)) && (m->has & PFKEY_HAS(SADB_EXT_ADDRESS_DST))) {
		put_range(f, &m->src, ports);
		put_range(f, &m->dst, ports);
		put_upper(f, m, o);
	} else {
		fputs("(per-socket policy) ", f);
	}
	fprintf(f, "\n\t%s\n", poltext_print(&m->policy, "\n\t", o->ports, text, sizeof(text)) ? text : "(too long)");
	put_iface(f, m);
	fputs("\tcreated: ", f);
	put_time(f, m->current.addtime);
	fputs("  lastused: ", f);
	put_time(f, m->current.usetime);
	fprintf(f, "\n\tlifetime: %llu(s) validtime: %llu(s)\n", (unsigned long long)m->hard.addtime, (unsigned long long)m->hard.usetime);
	if (m->has & PFKEY_HAS(CW_EXT_STATS))
		fprintf(f, "\tpackets: %llu bytes: %llu dropped: %llu\n", (unsigned long long)m->stats.packets, (unsigned long long)m->stats.bytes,
		    (unsigned long long)m->stats.other);
	fprintf(f, "\tspid=%u seq=%u pid=%u\n\trefcnt=0\n", m->policy.id, m->seq, m->pid);
}
