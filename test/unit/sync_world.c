/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for spdsync in which nothing needs privilege: sync_world SPDSYNC DIR SITE starts it as the supervisor would, and plays
 * its four neighbours: an engine with a policy table behind PF_KEY, iked, keymgr and ipsecd. What they hear is written to
 * DIR/heard, a line each. Commands come on stdin, a line each, and are answered with "ok" on stdout.
 *
 *	flush              somebody else empties the policy table
 *	steal              somebody else deletes the first policy
 *	foreign SRC DST    somebody else adds a policy (out, its own owner)
 *	idle NAME          the tunnel, or tunnel/child, of which nothing is up to be rekeyed
 *	secret REASON      what keymgr says about secrets from now on; mute: it, iked and ipsecd say nothing to what is asked
 *	                   by hand; speak
 *	up NAME            iked reports the tunnel up; rekeyed NAME: with other SPIs; record NAME: a failed negotiation, refused NAME: one of now; stranger ADDR: one without a tunnel
 *	fall NAME          iked reports that it failed; flap NAME N: it fails and comes up, N times, with other SPIs each time
 *	drop LINK          pfkey, iked, keymgr or ipsecd dies; a new one comes ("pfkey": with an empty table)
 *	cut LINK           iked, keymgr or ipsecd dies, and no new one comes until "drop"
 *	fails REASON       how keymgr answers what is asked about certificates, and ipsecd about the guard, from now on
 *	ahead N            the engine's version of HELLO is so much above ours; full: it says EEXIST to each policy that is added; takes: no more
 *	hang               the engine stops answering; notaps busy|none|no: it has no room for a tap, or knows none; taps N [OCTETS]: N packets go through the one it was asked for last
 *	crowd N            N clients of ro.sock say half a request each, as many as get in; leave: they go
 *	deaf N [PATH]      there be N clients of ro.sock that ask for PATH (the events) and take nothing of it; leave: they go
 *	count              prints the number of policies; quit
 *	kill, term         spdsync gets the signal; start: it is started again
 */
#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "msg_bind.h"
#include "msg_cert.h"
#include "msg_esp.h"
#include "msg_ike.h"
#include "msg_sup.h"
#include "pfkey.h"
#include "sync_crowd.h"
#include "sync_tap.h"

#define POLICIES	20000

struct world {
	struct event_base *base;
	const char	*prog, *dir, *site;
	FILE		*heard;
	pid_t		child;
	int		api[4];
	struct ipc	*sup, *iked, *keymgr, *ipsecd;
	int		engine;
	struct event	*engine_ev, *in_ev;
	bool		hang, full;
	int		ahead;
	struct taps	taps;
	bool		mute;
	char		idle[CHILD_NAME_CAP];
	enum reason	secret, fails;
	unsigned	npolicies;
	uint32_t	last_id;
	struct pfkey_msg *policies;
};

static void
heard(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(w->heard, fmt, ap);
	va_end(ap);
	fputc('\n', w->heard);
	fflush(w->heard);
}

static void
pair(int sv[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0) {
		perror("socketpair");
		exit(1);
	}
	fcntl(sv[0], F_SETFL, O_NONBLOCK);
	fcntl(sv[1], F_SETFL, O_NONBLOCK);
}

/* ---- the engine ---- */

static void
engine_send(struct world *w, const struct pfkey_msg *m)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr out = wr_of(buf, sizeof(buf));

	if (pfkey_put(&out, m) && send(w->engine, buf, out.n, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		perror("engine: send");
}

static int
find_policy(const struct world *w, const struct pfkey_msg *m, bool by_id)
{
	for (unsigned i = 0; i < w->npolicies; i++) {
		const struct pfkey_msg *p = &w->policies[i];

		if (by_id ? p->policy.id == m->policy.id : p->policy.dir == m->policy.dir && p->src.prefixlen == m->src.prefixlen &&
		    p->dst.prefixlen == m->dst.prefixlen && addr_eq(&p->src.ep.addr, &m->src.ep.addr) && addr_eq(&p->dst.ep.addr, &m->dst.ep.addr) &&
		    p->src.proto == m->src.proto && p->src.ep.port == m->src.ep.port && p->dst.ep.port == m->dst.ep.port)
			return (int)i;
	}
	return -1;
}

static void
engine_dump(struct world *w, struct pfkey_msg *ask)
{
	if (ask->type == SADB_DUMP || w->npolicies == 0) {
		ask->err = ENOENT;
		engine_send(w, ask);
		return;
	}
	for (unsigned i = 0; i < w->npolicies; i++) {
		struct pfkey_msg m = w->policies[i];

		m.type = SADB_X_SPDDUMP;
		m.pid = ask->pid;
		m.seq = w->npolicies - 1 - i;
		engine_send(w, &m);
	}
}

static void
engine_answer(struct world *w, struct pfkey_msg *m)
{
	int at;

	switch (m->type) {
	case SADB_REGISTER:
		heard(w, "engine REGISTER%s", m->has & PFKEY_HAS(CW_EXT_KEYLESS) ? " keyless" : "");
		m->hello_version = (uint16_t)(CW_HELLO_VERSION + w->ahead);
		m->hello_features = CW_FEAT_ESN | CW_FEAT_AEAD;
		break;
	case SADB_DUMP:
	case SADB_X_SPDDUMP:
		heard(w, "engine %s", m->type == SADB_DUMP ? "DUMP" : "SPDDUMP");
		engine_dump(w, m);
		return;
	case SADB_X_SPDADD:
	case SADB_X_SPDUPDATE:
		at = find_policy(w, m, false);
		heard(w, "engine %s dir=%u reqid=%u priority=%u", m->type == SADB_X_SPDADD ? "SPDADD" : "SPDUPDATE", m->policy.dir,
		    m->policy.req[0].reqid, m->policy.priority);
		if (m->type == SADB_X_SPDADD && (at >= 0 || w->full))
			m->err = EEXIST;
		else {
			m->policy.id = at >= 0 ? w->policies[at].policy.id : ++w->last_id;
			w->policies[at >= 0 ? (unsigned)at : w->npolicies++] = *m;
		}
		break;
	case SADB_X_SPDDELETE2:
		at = find_policy(w, m, true);
		heard(w, "engine SPDDELETE2 dir=%u", m->policy.dir);
		if (at < 0)
			m->err = ENOENT;
		else
			w->policies[at] = w->policies[--w->npolicies];
		break;
	case CW_MSG_TAP:
		heard(w, "engine TAP id=%u n=%u octets=%u rate=%u reqid=%u", m->tap.id, m->tap.n, m->tap.octets, m->tap.rate, m->tap.reqid[0]);
		taps_answer(&w->taps, m);
		break;
	default:
		m->err = EOPNOTSUPP;
	}
	engine_send(w, m);
}

static void
on_engine(evutil_socket_t fd, short what, void *arg)
{
	struct world *w = arg;
	uint8_t buf[PFKEY_MSG_MAX];
	struct pfkey_msg m;
	ssize_t n;

	(void)what;
	if (w->hang)
		return;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0) {
		event_del(w->engine_ev);
		return;
	}
	if (pfkey_get(bytes_of(buf, (size_t)n), &m, NULL))
		engine_answer(w, &m);
}

/* A broadcast of what somebody else did. */
static void
engine_tell(struct world *w, uint8_t type, const struct pfkey_msg *about)
{
	struct pfkey_msg m;

	if (about)
		m = *about;
	else
		pfkey_msg_init(&m, type, SADB_SATYPE_UNSPEC);
	m.type = type;
	m.pid = 4242;
	m.seq = 7;
	engine_send(w, &m);
}

static void
foreign(struct world *w, const char *src, const char *dst)
{
	struct pfkey_msg m;
	struct prefix s, d;

	if (!prefix_parse(src, &s) || !prefix_parse(dst, &d) || w->npolicies == POLICIES)
		return;
	pfkey_msg_init(&m, SADB_X_SPDADD, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(&m, &s, &d, 0, 0, 0);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_NONE, .dir = CW_DIR_OUT, .id = ++w->last_id, .priority = 5 };
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	pfkey_set_owner(&m, "setkey");
	w->policies[w->npolicies++] = m;
	engine_tell(w, SADB_X_SPDADD, &m);
}

/* ---- iked, keymgr, ipsecd ---- */

static bool
on_put(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	char local[ADDR_STR], remote[ADDR_STR];
	bool ok = t && tunnel_get(&m->body, t) && rd_done(&m->body);

	if (ok)
		heard(ctx, "iked PUT %s %s %s start=%u first=%u reqid=%u window=%u digest=%02x%02x%02x%02x", t->name, addr_str(&t->local, local),
		    addr_str(&t->remote, remote), t->start, t->first, t->children[0].reqid, t->replay_window, t->digest[0], t->digest[1],
		    t->digest[2], t->digest[3]);
	free(t);
	return ok && ipc_reply(l, m, bytes_of(NULL, 0));
}

static bool
on_name(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	char name[CHILD_NAME_CAP] = "";
	unsigned what = 0;

	if (m->type != IKE_SYNC && m->type != IKE_SHUTDOWN)
		str_get(&m->body, name, sizeof(name));
	if (m->type == IKE_TUNNEL_DEL || m->type == IKE_REKEY)
		what = rd_u8(&m->body);
	heard(ctx, "iked %s %s %u", m->type == IKE_TUNNEL_DEL ? "DEL" : m->type == IKE_SYNC ? "SYNC" : m->type == IKE_UP ? "UP" :
	    m->type == IKE_DOWN ? "DOWN" : m->type == IKE_REKEY ? "REKEY" : m->type == IKE_RESTART ? "RESTART" : "SHUTDOWN", name, what);
	if (((struct world *)ctx)->mute && m->type != IKE_TUNNEL_DEL && m->type != IKE_SYNC)
		return true;
	if (m->type == IKE_REKEY && strcmp(name, ((struct world *)ctx)->idle) == 0)
		return ipc_fail(l, m, R_NOT_FOUND, "nothing is up");	/* iked's words (iked/sa/tunnel.c) */
	if (strstr(name, "refused"))
		return ipc_fail(l, m, R_PEER_NO_ANSWER, "4 tries");
	return ipc_reply(l, m, bytes_of(NULL, 0));
}

static bool
on_bind(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct world *w = ctx;
	struct binding b;
	char name[NAME_CAP];

	if (m->type == BIND_PUT) {
		if (!binding_get(&m->body, &b))
			return false;
		heard(w, "keymgr PUT %s psk=%s local=%s remote=%s reqid=%u", b.tunnel, b.psk_local, b.id_local, b.id_remote,
		    b.nreqids == 1 ? (unsigned)b.reqids[0] : 0);
	} else if (m->type == BIND_SYNC) {
		heard(w, "keymgr SYNC");
		return ipc_reply(l, m, bytes_of(NULL, 0));
	} else {
		str_get(&m->body, name, sizeof(name));
		heard(w, "keymgr %s %s", m->type == BIND_DEL ? "DEL" : "CHECK", name);
		if (m->type == BIND_DEL)
			return ipc_reply(l, m, bytes_of(NULL, 0));
		if (w->mute)
			return true;
	}
	return w->secret == R_OK ? ipc_reply(l, m, bytes_of(NULL, 0)) : ipc_fail(l, m, w->secret, "/etc/causeway/secrets/x");
}

static bool
on_rule(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct trust_rule r;
	char name[NAME_CAP];

	if (m->type == BIND_TRUST && !trust_rule_get(&m->body, &r))
		return false;
	if (m->type == BIND_TRUST_DEL)
		str_get(&m->body, name, sizeof(name));
	heard(ctx, "keymgr %s %s", m->type == BIND_TRUST ? "TRUST" : "TRUST_DEL", m->type == BIND_TRUST ? r.name : name);
	return rd_done(&m->body) && ipc_reply(l, m, bytes_of(NULL, 0));
}

/* One certificate, which expires soon and is used; and whatever is asked for is made. */
static bool
on_cert(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct cert_info c = { .name = "tokyo", .has_cert = 1, .has_key = 1, .reason = R_CERT_EXPIRES_SOON, .detail = "in 12 days", .nusers = 1,
	    .users = { "a-b" } };
	struct cert_made made = { .name = "tokyo" };
	struct cert_csr csr;
	struct ca_issue issue;
	uint8_t buf[8192];
	struct wr out = wr_of(buf, sizeof(buf));
	char after[NAME_CAP];
	struct world *w = ctx;
	int fd = ipc_take_fd(l);

	if (fd >= 0)
		close(fd);
	if (w->mute || w->fails)
		rd_rest(&m->body);
	if (w->mute)
		return true;
	if (w->fails)
		return ipc_fail(l, m, w->fails, "as told");
	if (m->type == CERT_LIST) {
		str_get(&m->body, after, sizeof(after));
		wr_le16(&out, after[0] == '\0');
		if (after[0] == '\0')
			cert_info_put(&out, &c);
		return rd_done(&m->body) && ipc_reply(l, m, wr_bytes(&out));
	}
	if (m->type == CERT_CSR && cert_csr_get(&m->body, &csr))
		heard(ctx, "keymgr CSR %s %s", csr.name, csr.ids[0]);
	else if (m->type == CA_LIST) {
		wr_le16(&out, 0);
		rd_rest(&m->body);
		return ipc_reply(l, m, wr_bytes(&out));
	} else if (m->type == PSK_PUT) {
		str_get(&m->body, after, sizeof(after));
		heard(ctx, "keymgr PSK %s %u", after, rd_u8(&m->body));
		str_put(&out, rd_rest(&m->body).n < 16 ? "it has fewer than 16 octets" : "");
		return ipc_reply(l, m, wr_bytes(&out));
	} else if (m->type == PSKTXT_PUT) {
		wr_le16(&out, rd_rest(&m->body).n != 0);
		return ipc_reply(l, m, wr_bytes(&out));
	} else if (m->type == CERT_REMOVE || m->type == PSK_REMOVE) {
		rd_rest(&m->body);
		return ipc_reply(l, m, bytes_of(NULL, 0));
	} else if (m->type == CA_ISSUE && ca_issue_get(&m->body, &issue))
		heard(ctx, "keymgr ISSUE %s %s %s", issue.ca, issue.site, issue.nids ? issue.ids[0] : "none");
	cert_made_put(&out, &made);
	if (m->type == CA_ISSUE && strcmp(issue.site, "taken") == 0)
		return ipc_fail(l, m, R_CERT_EXISTS, "'taken'");
	if (m->type != CERT_CSR && m->type != CA_ISSUE)
		rd_rest(&m->body);
	return rd_done(&m->body) && ipc_reply(l, m, wr_bytes(&out));
}

static bool
on_esp(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	uint8_t buf[512];
	struct wr out = wr_of(buf, sizeof(buf));
	unsigned after = m->type == ESP_COUNTERS ? rd_le16(&m->body) : 0;

	heard(ctx, "ipsecd %s", m->type == ESP_COUNTERS ? "COUNTERS" : m->type == ESP_INFO ? "INFO" : m->type == ESP_SYNCED ? "SYNCED" :
	    m->type == ESP_OPEN ? "OPEN" : "CLOSE");
	if ((m->type == ESP_OPEN || m->type == ESP_CLOSE) && ((struct world *)ctx)->mute)
		return true;
	if ((m->type == ESP_OPEN || m->type == ESP_CLOSE) && ((struct world *)ctx)->fails)
		return ipc_fail(l, m, ((struct world *)ctx)->fails, NULL);
	if (m->type == ESP_COUNTERS) {
		wr_le16(&out, after == 0 ? 2 : 0);
		if (after == 0) {
			str_put(&out, "drop_no_sa");
			wr_le64(&out, 3);
			str_put(&out, "drop_replay");
			wr_le64(&out, 0);
		}
	} else if (m->type == ESP_INFO) {
		str_put(&out, "user"), str_put(&out, "0.1");
		wr_u8(&out, 1);
		wr_le16(&out, 1);
		str_put(&out, "A route of somebody else.");
		wr_le16(&out, 0);	/* interfaces */
	}
	return ipc_reply(l, m, wr_bytes(&out));
}

static const struct ipc_row iked_rows[] = {
	{ IKE_TUNNEL_PUT, "PUT", IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD, on_put },
	{ IKE_TUNNEL_DEL, "DEL", IPC_AFTER_HELLO, 256, on_name }, { IKE_SYNC, "SYNC", IPC_AFTER_HELLO, 0, on_name },
	{ IKE_UP, "UP", IPC_AFTER_HELLO, 256, on_name }, { IKE_DOWN, "DOWN", IPC_AFTER_HELLO, 256, on_name },
	{ IKE_RESTART, "RESTART", IPC_AFTER_HELLO, 256, on_name },
	{ IKE_REKEY, "REKEY", IPC_AFTER_HELLO, 256, on_name }, { IKE_SHUTDOWN, "SHUTDOWN", IPC_AFTER_HELLO, 0, on_name },
};
static const struct ipc_row keymgr_rows[] = {
	{ BIND_PUT, "PUT", IPC_AFTER_HELLO, 4096, on_bind }, { BIND_DEL, "DEL", IPC_AFTER_HELLO, 256, on_bind },
	{ BIND_TRUST, "TRUST", IPC_AFTER_HELLO, 4096, on_rule }, { BIND_TRUST_DEL, "TRUST_DEL", IPC_AFTER_HELLO, 256, on_rule },
	{ BIND_SYNC, "SYNC", IPC_AFTER_HELLO, 0, on_bind }, { BIND_CHECK, "CHECK", IPC_AFTER_HELLO, 256, on_bind },
	{ CERT_LIST, "LIST", IPC_AFTER_HELLO, 256, on_cert }, { CERT_CSR, "CSR", IPC_AFTER_HELLO, 8192, on_cert },
	{ CA_ISSUE, "ISSUE", IPC_AFTER_HELLO, 8192, on_cert }, { CERT_IMPORT, "IMPORT", IPC_AFTER_HELLO, 8192, on_cert },
	{ CERT_EXPORT, "EXPORT", IPC_AFTER_HELLO, 8192, on_cert }, { CERT_REMOVE, "REMOVE", IPC_AFTER_HELLO, 8192, on_cert },
	{ CA_INIT, "INIT", IPC_AFTER_HELLO, 8192, on_cert }, { CA_REVOKE, "REVOKE", IPC_AFTER_HELLO, 8192, on_cert },
	{ CA_CRL, "CRL", IPC_AFTER_HELLO, 8192, on_cert }, { CA_LIST, "CA_LIST", IPC_AFTER_HELLO, 8192, on_cert }, { PSK_PUT, "PSK_PUT", IPC_AFTER_HELLO, 8192, on_cert },
	{ PSK_REMOVE, "PSK_REMOVE", IPC_AFTER_HELLO, 8192, on_cert }, { PSKTXT_PUT, "PSKTXT_PUT", IPC_AFTER_HELLO, 61440, on_cert },
};
static const struct ipc_row esp_rows[] = {
	{ ESP_COUNTERS, "COUNTERS", IPC_AFTER_HELLO, 16, on_esp }, { ESP_INFO, "INFO", IPC_AFTER_HELLO, 0, on_esp },
	{ ESP_SYNCED, "SYNCED", IPC_AFTER_HELLO, 0, on_esp }, { ESP_OPEN, "OPEN", IPC_AFTER_HELLO, 0, on_esp },
	{ ESP_CLOSE, "CLOSE", IPC_AFTER_HELLO, 0, on_esp },
};

static void
link_gone(void *ctx, struct ipc *l)
{
	struct world *w = ctx;
	struct ipc **links[] = { &w->iked, &w->keymgr, &w->ipsecd };

	for (unsigned i = 0; i < 3; i++)
		if (*links[i] == l)
			*links[i] = NULL;
}

#define ROWS(r)	r, sizeof(r) / sizeof(r[0])
static const struct ipc_table iked_table = { "iked", ROWS(iked_rows), NULL, link_gone };
static const struct ipc_table keymgr_table = { "keymgr", ROWS(keymgr_rows), NULL, link_gone };
static const struct ipc_table esp_table = { "ipsecd", ROWS(esp_rows), NULL, link_gone };

static void
report_state(struct world *w, const char *name, enum child_negotiated how, unsigned generation)
{
	struct tunnel_state *st = calloc(1, sizeof(*st));
	uint8_t *buf = malloc(IPC_MAX);
	struct wr out = wr_of(buf, IPC_MAX - IPC_HEAD);

	snprintf(st->name, sizeof(st->name), "%s", name);
	st->ike_up = st->ike_initiator = how == CHILD_UP;
	st->since_s = 7;
	st->rekey_in_s = 25000;
	st->reason = how == CHILD_UP ? R_OK : R_PEER_DEAD;
	st->spi_i = 0x123456789abcdef0;
	st->spi_r = 0xfedcba9876543210;
	st->ike_suite = (struct suite){ .encr = ENCR_AES_GCM_16, .key_bits = 256, .prf = PRF_HMAC_SHA2_384, .ke = KE_X25519 };
	addr_parse("192.0.2.1", &st->local.addr);
	addr_parse("192.0.2.2", &st->remote.addr);
	st->local.port = st->remote.port = 4500;
	snprintf(st->id_remote, sizeof(st->id_remote), "fqdn:b");
	st->nchildren = 1;
	snprintf(st->children[0].name, sizeof(st->children[0].name), "net");
	st->children[0].wanted = st->children[0].proven = 1;
	st->children[0].negotiated = how;
	st->children[0].spi_in = 0xc0000001 + 2 * generation;
	st->children[0].spi_out = 0xc0000002 + 2 * generation;
	st->children[0].reqid = 1;
	st->children[0].since_s = 5;
	st->children[0].rekey_in_s = 3000;
	st->children[0].suite = (struct suite){ .encr = ENCR_AES_GCM_16, .key_bits = 256, .esn = ESN_YES };
	tunnel_state_put(&out, st);
	ipc_event(w->iked, IKE_STATE, wr_bytes(&out));
	free(st);
	free(buf);
}

static void
flap(struct world *w, const char *name, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		report_state(w, name, CHILD_FAILED, i);
		report_state(w, name, CHILD_UP, i);
	}
}

static void
report_record(struct world *w, const char *tunnel, const char *peer, uint64_t time_s)
{
	struct record *r = calloc(1, sizeof(*r));
	uint8_t *buf = malloc(IPC_MAX);
	struct wr out = wr_of(buf, IPC_MAX - IPC_HEAD);

	snprintf(r->tunnel, sizeof(r->tunnel), "%s", tunnel);
	r->time_s = time_s;
	r->reason = tunnel[0] ? R_NO_PROPOSAL_IKE : R_PEER_ID_UNKNOWN;
	record_fact(r, "peer", "%s:500", peer);
	record_fact(r, "offered", "aes256gcm16-prfsha384-x25519");
	record_put(&out, r);
	ipc_event(w->iked, IKE_RECORD, wr_bytes(&out));
	free(r);
	free(buf);
}

/* ---- the supervisor ---- */

static bool
on_ready(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	(void)l, (void)m;
	heard(ctx, "sup READY");
	return true;
}

static bool
on_stop(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	(void)l, (void)m;
	heard(ctx, "sup STOP");
	return true;
}

/* A link has been down for two seconds. It comes anew when the test says so. */
static bool
on_sup_lost(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	char name[32];

	str_get(&m->body, name, sizeof(name));
	heard(ctx, "sup LOST %s", name);
	return true;
}

static const struct ipc_row sup_rows[] = {
	{ SUP_READY, "READY", IPC_AFTER_HELLO, 0, on_ready }, { SUP_STOP, "STOP", IPC_AFTER_HELLO, 0, on_stop },
	{ SUP_LOST, "LOST", IPC_AFTER_HELLO, 34, on_sup_lost },
};

static void
sup_gone(void *ctx, struct ipc *l)
{
	struct world *w = ctx;

	(void)l;
	w->sup = NULL;
	heard(w, "sup GONE");
}

static const struct ipc_table sup_table = { "sup", ROWS(sup_rows), NULL, sup_gone };

static void
give(struct world *w, const char *name, int fd)
{
	uint8_t buf[64];
	struct wr out = wr_of(buf, sizeof(buf));

	str_put(&out, name);
	if (w->sup)
		ipc_send_fd(w->sup, SUP_FD, 0, wr_bytes(&out), fd);
}

static void
give_link(struct world *w, const char *name)
{
	int sv[2];

	pair(sv);
	if (strcmp(name, "pfkey") == 0) {
		if (w->engine_ev)
			event_free(w->engine_ev);
		if (w->engine >= 0)
			close(w->engine);
		w->engine = sv[0];
		w->hang = false;
		w->engine_ev = event_new(w->base, sv[0], EV_READ | EV_PERSIST, on_engine, w);
		event_add(w->engine_ev, NULL);
	} else {
		struct ipc **p = strcmp(name, "iked") == 0 ? &w->iked : strcmp(name, "keymgr") == 0 ? &w->keymgr : &w->ipsecd;

		if (*p)
			ipc_free(*p);
		*p = ipc_new(w->base, sv[0], p == &w->iked ? &iked_table : p == &w->keymgr ? &keymgr_table : &esp_table, w);
	}
	give(w, name, sv[1]);
	close(sv[1]);
}

static void
cut(struct world *w, const char *name)
{
	struct ipc **p = strcmp(name, "iked") == 0 ? &w->iked : strcmp(name, "keymgr") == 0 ? &w->keymgr : &w->ipsecd;

	if (strcmp(name, "pfkey") == 0) {
		event_del(w->engine_ev);
		close(w->engine);
		w->engine = -1;
	} else if (*p)
		ipc_free(*p);
	*p = strcmp(name, "pfkey") == 0 ? *p : NULL;
}

static int
listener(const struct world *w, const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, (strcmp(name, "files") == 0 ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s.sock", w->dir, name);
	unlink(sa.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 64) != 0) {
		perror(sa.sun_path);
		exit(1);
	}
	return fd;
}

static void
send_config(struct world *w)
{
	struct msg_sup_config c = { .ike_port = 500, .natt_port = 4500, .log_level = LOG_INFO };
	uint8_t buf[4096];
	struct wr out = wr_of(buf, sizeof(buf));

	snprintf(c.run_dir, sizeof(c.run_dir), "%s", w->dir);
	snprintf(c.state_dir, sizeof(c.state_dir), "%s", w->dir);
	snprintf(c.secret_dir, sizeof(c.secret_dir), "%s", w->dir);
	snprintf(c.key_dir, sizeof(c.key_dir), "%s/keys", w->dir);
	snprintf(c.guard_file, sizeof(c.guard_file), "%s/guard.nft", w->dir);
	snprintf(c.site, sizeof(c.site), "%s", w->site);
	snprintf(c.engine, sizeof(c.engine), "user");
	msg_sup_config_put(&out, &c);
	ipc_send(w->sup, SUP_CONFIG, 0, wr_bytes(&out));
}

static void
start(struct world *w)
{
	int sv[2], log;
	char path[512];

	pair(sv);
	fcntl(sv[1], F_SETFL, 0);
	snprintf(path, sizeof(path), "%s/log", w->dir);
	w->child = fork();
	if (w->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, 2);
		if (sv[1] == 3)
			fcntl(3, F_SETFD, 0);
		else
			dup2(sv[1], 3);
		execl(w->prog, "spdsync", (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	w->sup = ipc_new(w->base, sv[0], &sup_table, w);
	send_config(w);
	give_link(w, "pfkey");
	give_link(w, "keymgr");
	give_link(w, "ipsecd");
	give_link(w, "iked");
	give(w, "api-ro", w->api[0]);
	give(w, "api-rw", w->api[1]);
	give(w, "api-files", w->api[2]);
	give(w, "api-panel", w->api[3]);
	ipc_send(w->sup, SUP_GO, 0, bytes_of(NULL, 0));
}

static void
end_child(struct world *w, int sig)
{
	int status = 0;

	if (w->child <= 0)
		return;
	kill(w->child, sig);
	waitpid(w->child, &status, 0);
	w->child = 0;
	heard(w, "sup EXIT %d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (w->sup)
		ipc_free(w->sup);
	w->sup = NULL;
}

/* ---- commands ---- */

static void
command(struct world *w, char *line)
{
	char *verb = strtok(line, " \n"), *a = strtok(NULL, " \n"), *b = strtok(NULL, " \n");

	if (!verb)
		return;
	if (strcmp(verb, "quit") == 0)
		event_base_loopbreak(w->base);
	else if (strcmp(verb, "flush") == 0) {
		w->npolicies = 0;
		engine_tell(w, SADB_X_SPDFLUSH, NULL);
	} else if (strcmp(verb, "steal") == 0 && w->npolicies) {
		struct pfkey_msg m = w->policies[0];

		w->policies[0] = w->policies[--w->npolicies];
		engine_tell(w, SADB_X_SPDDELETE2, &m);
	} else if (strcmp(verb, "foreign") == 0 && a && b)
		foreign(w, a, b);
	else if (strcmp(verb, "mute") == 0 || strcmp(verb, "speak") == 0)
		w->mute = *verb == 'm';
	else if (strcmp(verb, "idle") == 0 && a)
		snprintf(w->idle, sizeof(w->idle), "%s", a);
	else if ((strcmp(verb, "secret") == 0 || strcmp(verb, "fails") == 0) && a)
		*(*verb == 's' ? &w->secret : &w->fails) = (enum reason)reason_by_name(a);
	else if (strcmp(verb, "cut") == 0 && a)
		cut(w, a);
	else if ((strcmp(verb, "up") == 0 || strcmp(verb, "rekeyed") == 0) && a && w->iked)
		report_state(w, a, CHILD_UP, *verb == 'r');
	else if (strcmp(verb, "fall") == 0 && a && w->iked)
		report_state(w, a, CHILD_FAILED, 0);
	else if (strcmp(verb, "flap") == 0 && a && b && w->iked)
		flap(w, a, (unsigned)strtoul(b, NULL, 10));
	else if ((strcmp(verb, "record") == 0 || strcmp(verb, "refused") == 0 || strcmp(verb, "stranger") == 0) && a && w->iked)
		report_record(w, *verb == 'r' ? a : "", *verb == 'r' ? "192.0.2.2" : a, strcmp(verb, "refused") == 0 ? (uint64_t)time(NULL) : 1000000000);
	else if (strcmp(verb, "drop") == 0 && a) {
		if (strcmp(a, "pfkey") == 0)
			w->npolicies = 0;
		give_link(w, a);
	} else if (strcmp(verb, "hang") == 0)
		w->hang = true;
	else if (strcmp(verb, "ahead") == 0 && a)
		w->ahead = atoi(a);
	else if (strcmp(verb, "full") == 0 || strcmp(verb, "takes") == 0)
		w->full = *verb == 'f';
	else if (taps_command(&w->taps, w->engine, verb, a, b))
		;
	else if ((strcmp(verb, "crowd") == 0 || strcmp(verb, "deaf") == 0) && a)
		printf("%u ", crowd_add(w->dir, "ro", (unsigned)strtoul(a, NULL, 10), *verb == 'd' ? b ? b : "/v1/events" : NULL));
	else if (strcmp(verb, "leave") == 0)
		crowd_leave();
	else if (strcmp(verb, "count") == 0)
		printf("%u ", w->npolicies);
	else if (strcmp(verb, "kill") == 0 || strcmp(verb, "term") == 0)
		end_child(w, *verb == 'k' ? SIGKILL : SIGTERM);
	else if (strcmp(verb, "start") == 0)
		start(w);
	printf("ok\n");
	fflush(stdout);
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	struct world *w = arg;
	char buf[512];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	(void)what;
	if (n <= 0) {
		event_base_loopbreak(w->base);
		return;
	}
	buf[n] = '\0';
	command(w, buf);
}

int
main(int argc, char **argv)
{
	struct world w = { .engine = -1, .secret = R_OK };
	char path[512];

	if (argc != 4) {
		fprintf(stderr, "usage: sync_world SPDSYNC DIR SITE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	log_init("sync_world", LOG_ERROR);
	w.prog = argv[1];
	w.dir = argv[2];
	w.site = argv[3];
	w.base = event_base_new();
	w.policies = calloc(POLICIES, sizeof(*w.policies));
	snprintf(path, sizeof(path), "%s/heard", w.dir);
	w.heard = fopen(path, "a");
	if (!w.base || !w.policies || !w.heard)
		return 1;
	w.api[0] = listener(&w, "ro");
	w.api[1] = listener(&w, "rw");
	w.api[2] = listener(&w, "files");
	w.api[3] = listener(&w, "panel");
	start(&w);
	w.in_ev = event_new(w.base, 0, EV_READ | EV_PERSIST, on_stdin, &w);
	event_add(w.in_ev, NULL);
	event_base_dispatch(w.base);
	end_child(&w, SIGTERM);
	return 0;
}
