/* SPDX-License-Identifier: BSD-2-Clause */
/* racoon.conf's sections "remote" and "sainfo", and which of them is whose. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "racoon_in.h"

#define CERT_HINT	"A tunnel with certificates stands in the site file."

/* ---- algorithms ---- */

enum alg_kind { A_ENCR, A_INTEG, A_GROUP };

static const char *const kind_name[] = { "encryption algorithm", "hash", "group" };
static const char *const kind_hint[] = { "Take 'aes 256', 'aes_gcm 256' or 'chacha20_poly1305'.", "Take sha256, sha384 or sha512; in a sainfo hmac_sha256 and so on.",
	"Take modp2048, modp3072, modp4096, ecp256, ecp384, ecp521 or x25519." };

/* The word at hand, and the key's length when one comes; ends with the sign behind it at hand. */
static enum racoon_word
one_word(struct rp *p, struct racoon_algs *a, enum alg_kind kind, struct rtok *word)
{
	uint64_t bits = 0;

	*word = p->t;
	if (!rp_next(p))
		return RW_UNKNOWN;
	if (kind == A_ENCR && p->t.kind == RT_WORD && rp_number(p->t.text, 9999, &bits))
		rp_next(p);
	return kind == A_ENCR ? racoon_encr(a, word->text, (unsigned)bits) : kind == A_INTEG ? racoon_integ(a, word->text) : racoon_group(a, word->text);
}

/* One after the other, with commas between; several is false where one is said alone, and then it cannot be left out. */
static bool
words(struct rp *p, struct racoon_algs *a, enum alg_kind kind, bool several)
{
	struct rtok first = { .kind = RT_END };
	unsigned good = 0;

	do {
		struct rtok word;
		enum racoon_word r;

		if (!rp_word(p, kind_name[kind]))
			return false;
		r = one_word(p, a, kind, &word);
		if (p->yt.err.reason != R_OK)
			return false;
		if (first.kind == RT_END)
			first = word;
		good += r == RW_OK;
		if (r != RW_OK && several)
			rp_note(p, word.line, "'%.40s' is left out: %s", word.text, r == RW_WEAK ? "it is weak, and IKE does not negotiate it" : "there is no such algorithm here");
		if (r != RW_OK && !several) {
			p->t = word;
			return rp_fail(p, kind_hint[kind], r == RW_WEAK ? "The %s '%s' is weak, and IKE does not negotiate it." :
			    "There is no %s '%s', or not with a key of this length.", kind_name[kind], word.text);
		}
	} while (several && rp_is(p, ","));
	if (!rp_is(p, ";"))
		return rp_fail(p, "", several ? "Here ',' or ';' is expected." : "Here ';' is expected.");
	p->t = good ? p->t : first;
	return good || rp_fail(p, kind_hint[kind], "Nothing of this is left: all of it is weak or unknown.");
}

/* ---- remote ---- */

struct remote_at {
	struct racoon_remote *r;
	struct racoon_algs algs;
	bool		method;
};

static bool
encryption(struct rp *p, void *arg)
{
	return words(p, &((struct remote_at *)arg)->algs, A_ENCR, false);
}

static bool
hash(struct rp *p, void *arg)
{
	return words(p, &((struct remote_at *)arg)->algs, A_INTEG, false);
}

static bool
group(struct rp *p, void *arg)
{
	return words(p, &((struct remote_at *)arg)->algs, A_GROUP, false);
}

static bool
method(struct rp *p, void *arg)
{
	((struct remote_at *)arg)->method = true;
	if (!rp_word(p, "a method"))
		return false;
	if (!rp_is(p, "pre_shared_key"))
		return rp_fail(p, CERT_HINT, "Policies are negotiated for with pre-shared keys, not with '%s'.", p->t.text);
	return rp_sign(p, ";");
}

static bool
remote_life(struct rp *p, void *arg)
{
	return rp_lifetime(p, &((struct remote_at *)arg)->r->life_s);
}

static bool
proposal(struct rp *p, void *arg)
{
	static const struct rp_row rows[] = { { "encryption_algorithm", NULL, encryption }, { "hash_algorithm", NULL, hash }, { "dh_group", NULL, group },
		{ "authentication_method", NULL, method }, { "lifetime", NULL, remote_life }, { "gss_id", "there is no GSSAPI", NULL }, { NULL, NULL, NULL } };
	struct remote_at *at = arg;
	struct rtok begin = p->t;
	const char *why;

	memset(&at->algs, 0, sizeof(at->algs));
	at->method = false;
	if (!rp_sign(p, "{") || !rp_section(p, rows, "a proposal", at))
		return false;
	if (at->algs.nencr && at->algs.ninteg && at->algs.group[0] && at->method && racoon_proposals(&at->algs, PROTO_IKE, &at->r->ike, &why))
		return true;
	if (!at->algs.nencr)
		why = "an encryption_algorithm is missing";
	else if (!at->algs.ninteg)
		why = "a hash_algorithm is missing";
	else if (!at->algs.group[0])
		why = "a dh_group is missing";
	else if (!at->method)
		why = "an authentication_method is missing";
	p->t = begin;
	return rp_fail(p, "", "The proposal is not whole: %s.", why);
}

/* "address", "address 192.0.2.1", "fqdn "a.example"", "user_fqdn "a@b.example"", "keyid tag "x"" */
static bool
identity(struct rp *p, char out[ID_CAP])
{
	static const struct { const char *word, *ours; } kinds[] = { { "address", "ip" }, { "fqdn", "fqdn" }, { "user_fqdn", "email" }, { "keyid", "key" } };
	uint8_t body[512];
	struct wr w = wr_of(body, sizeof(body));
	const char *kind = NULL;

	if (!rp_word(p, "a kind of identity"))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (rp_is(p, kinds[i].word))
			kind = kinds[i].ours;
	if (!kind)
		return rp_fail(p, CERT_HINT, "An identity is an address, fqdn, user_fqdn or keyid here, not '%s'.", p->t.text);
	if (!rp_next(p))
		return rp_fail(p, "", "The file ends within a statement.");
	if (rp_is(p, ";") && strcmp(kind, "ip") == 0)
		return true;	/* its own, which it is anyway */
	if (rp_is(p, "file"))
		return rp_fail(p, "Write: keyid tag \"...\"", "Identities are not read from files.");
	if (rp_is(p, "tag") && !rp_word(p, "the identity"))
		return false;
	if (p->t.kind != RT_WORD && p->t.kind != RT_TEXT)
		return rp_fail(p, "", "Here the identity is expected.");
	if ((size_t)snprintf(out, ID_CAP, "%s:%s", kind, p->t.text) >= ID_CAP || !id_to_wire(out, &w))
		return rp_fail(p, "", "'%s' is no identity of this kind.", p->t.text);
	return rp_sign(p, ";");
}

static bool
my_identifier(struct rp *p, void *arg)
{
	return identity(p, ((struct remote_at *)arg)->r->id_local);
}

static bool
peers_identifier(struct rp *p, void *arg)
{
	struct racoon_remote *r = ((struct remote_at *)arg)->r;

	if (r->id_remote[0])
		return rp_fail(p, "", "The peer has one identity, and it is said already.");
	return identity(p, r->id_remote);
}

/* Of a remote section, behind it maybe "[500]". Ends with what comes next at hand. */
static bool
port(struct rp *p)
{
	uint64_t v;

	if (!rp_is(p, "["))
		return true;
	if (!rp_word(p, "a port") || !rp_number(p->t.text, 65535, &v))
		return rp_fail(p, "", "'%s' is no port.", p->t.text);
	if (v != 500)
		rp_note(p, p->t.line, "port %u of the peer: IKE is sent to the port of the gateway file's 'listen:'", (unsigned)v);
	return rp_sign(p, "]") && (rp_next(p) || rp_fail(p, "", "The file ends within a statement."));
}

static bool
remote_address(struct rp *p, void *arg)
{
	if (!rp_word(p, "an address"))
		return false;
	if (!addr_parse(p->t.text, &((struct remote_at *)arg)->r->address))
		return rp_fail(p, "Names are not looked up.", "'%s' is no address.", p->t.text);
	if (!rp_next(p) || !port(p))
		return p->yt.err.reason == R_OK && rp_fail(p, "", "The file ends within a statement.");
	return rp_is(p, ";") || rp_fail(p, "", "Here ';' is expected.");
}

static bool
on_off(struct rp *p, bool *on)
{
	if (!rp_word(p, "'on' or 'off'"))
		return false;
	*on = rp_is(p, "on");
	if (!*on && !rp_is(p, "off"))
		return rp_fail(p, "", "Here 'on' or 'off' is expected, not '%s'.", p->t.text);
	return rp_sign(p, ";");
}

static bool
passive(struct rp *p, void *arg)
{
	return on_off(p, &((struct remote_at *)arg)->r->passive);
}

static bool
nat_traversal(struct rp *p, void *arg)
{
	struct racoon_remote *r = ((struct remote_at *)arg)->r;

	if (!rp_word(p, "'on', 'off' or 'force'"))
		return false;
	r->udp = rp_is(p, "force");
	if (rp_is(p, "off"))
		rp_note(p, p->t.line, "'nat_traversal off': a NAT is always found, and then ESP goes in UDP");
	else if (!r->udp && !rp_is(p, "on"))
		return rp_fail(p, "", "Here 'on', 'off' or 'force' is expected, not '%s'.", p->t.text);
	return rp_sign(p, ";");
}

static bool
generate_policy(struct rp *p, void *arg)
{
	(void)arg;
	if (!rp_word(p, "'off'"))
		return false;
	if (!rp_is(p, "off"))
		return rp_fail(p, "Enter them by setkey, or describe the tunnel in the site file.", "IKE makes no policies.");
	return rp_sign(p, ";");
}

static bool
no_certificates(struct rp *p, void *arg)
{
	(void)arg;
	return rp_fail(p, CERT_HINT, "Policies are negotiated for with pre-shared keys: '%s' has no place.", p->t.text);
}

static bool
single_users(struct rp *p, void *arg)
{
	(void)arg;
	return rp_fail(p, "Causeway joins networks and hosts.", "'%s' is for single users.", p->t.text);
}

static const struct rp_row remote_rows[] = {
	{ "proposal", NULL, proposal }, { "lifetime", NULL, remote_life }, { "my_identifier", NULL, my_identifier },
	{ "peers_identifier", NULL, peers_identifier }, { "remote_address", NULL, remote_address }, { "passive", NULL, passive },
	{ "nat_traversal", NULL, nat_traversal }, { "generate_policy", NULL, generate_policy }, { "exchange_mode", NULL, NULL }, { "doi", NULL, NULL },
	{ "situation", NULL, NULL }, { "proposal_check", NULL, NULL }, { "initial_contact", NULL, NULL }, { "support_proxy", NULL, NULL },
	{ "ike_frag", NULL, NULL }, { "esp_frag", NULL, NULL }, { "nonce_size", NULL, NULL }, { "verify_identifier", NULL, NULL }, { "ph1id", NULL, NULL },
	{ "dpd_delay", "a peer is asked whether it lives 30 s after it was last heard", NULL }, { "dpd_retry", NULL, NULL }, { "dpd_maxfail", NULL, NULL },
	{ "rekey", "an IKE SA in use is always replaced before it ends", NULL }, { "weak_phase1_check", NULL, NULL }, { "send_cert", NULL, NULL },
	{ "send_cr", NULL, NULL }, { "match_empty_cr", NULL, NULL }, { "verify_cert", NULL, NULL }, { "script", "no program is run; 'ikectl events' tells", NULL },
	{ "certificate_type", NULL, no_certificates }, { "ca_type", NULL, no_certificates }, { "peers_certfile", NULL, no_certificates },
	{ "mode_cfg", NULL, single_users }, { "xauth_login", NULL, single_users }, { NULL, NULL, NULL }
};

static const struct racoon_remote *
find_remote(const struct racoon *r, const struct rtok *t)
{
	struct addr a;
	bool is_addr = t->kind == RT_WORD && addr_parse(t->text, &a);

	for (unsigned i = 0; i < r->nremotes; i++) {
		const struct racoon_remote *m = &r->remotes[i];

		if (t->kind == RT_TEXT ? strcmp(m->name, t->text) == 0 : is_addr ? !m->anonymous && addr_eq(&m->address, &a) :
		    m->anonymous && strcmp(t->text, "anonymous") == 0)
			return m;
	}
	return NULL;
}

/* "inherit" and whose; what it has is ours until it is said anew. */
static bool
inherit(struct rp *p, struct racoon_remote *r)
{
	const struct racoon_remote *from;

	if (!rp_word(p, "the name of another section"))
		return false;
	from = find_remote(p->r, &p->t);
	if (!from)
		return rp_fail(p, "", "There is no section 'remote %s' before this one.", p->t.text);
	memcpy(r->id_local, from->id_local, sizeof(r->id_local));
	memcpy(r->id_remote, from->id_remote, sizeof(r->id_remote));
	r->ike = from->ike;
	r->life_s = from->life_s;
	r->passive = from->passive;
	r->udp = from->udp;
	return rp_next(p) && (port(p) || p->yt.err.reason == R_OK);
}

/* remote ADDRESS [PORT] | anonymous | "NAME" [inherit ...] { ... } */
bool
racoon_read_remote(struct rp *p, void *arg)
{
	struct racoon *r = p->r;
	struct racoon_remote *m = r->remotes;
	struct remote_at at;
	const struct racoon_remote *same;
	struct rtok who;
	unsigned inherited;

	(void)arg;
	if (r->nremotes == RACOON_SECTIONS)
		return rp_fail(p, "", "There are more than %u sections 'remote'.", RACOON_SECTIONS);
	if (!(m = rp_more(p, m, r->nremotes, sizeof(*m))))
		return false;
	r->remotes = m;
	m += r->nremotes;
	at = (struct remote_at){ .r = m };
	m->line = p->t.line;
	m->column = p->t.column;
	if (!rp_word(p, "an address or 'anonymous'"))
		return false;
	who = p->t;
	if ((same = find_remote(r, &who)) != NULL)
		return rp_fail(p, "", "This peer has a section already, on line %u.", same->line);
	m->anonymous = rp_is(p, "anonymous");
	if (p->t.kind == RT_TEXT) {
		if ((size_t)snprintf(m->name, sizeof(m->name), "%s", p->t.text) >= sizeof(m->name))
			return rp_fail(p, "", "This name is too long.");
	} else if (!m->anonymous && !addr_parse(p->t.text, &m->address))
		return rp_fail(p, "Names are not looked up.", "'%s' is no address.", p->t.text);
	rp_next(p);
	if (!port(p) || (rp_is(p, "inherit") && !inherit(p, m)))
		return p->yt.err.reason == R_OK && rp_fail(p, "", "The file ends within a statement.");
	if (!rp_is(p, "{"))
		return rp_fail(p, "", "Here '{' is expected.");
	inherited = m->ike.n;
	for (bool own = false; rp_next(p) && !rp_is(p, "}");) {
		if (rp_is(p, "proposal") && !own) {
			own = true;
			m->ike.n -= inherited;	/* its own stand in their place */
		}
		if (!rp_is(p, ";") && !rp_statement(p, remote_rows, "a section 'remote'", &at))
			return false;
	}
	if (!rp_is(p, "}"))
		return rp_fail(p, "", "The file ends within a section 'remote'.");
	p->t = who;
	if (m->ike.n == 0)
		return rp_fail(p, "", "The section of this peer has no proposal.");
	if (!m->anonymous && m->address.fam == 0)
		return rp_fail(p, "remote_address 192.0.2.1;", "The section of this peer has no remote_address.");
	r->nremotes++;
	return true;
}

/* ---- sainfo ---- */

struct sainfo_at {
	struct racoon_sainfo *s;
	struct racoon_algs algs;
};

/* The word at hand: "tcp", "6", "any" */
static bool
upper(struct rp *p, struct ts *ts)
{
	static const struct { const char *word; uint8_t proto; } protos[] = { { "any", 0 }, { "icmp", IPPROTO_ICMP }, { "icmp6", IPPROTO_ICMPV6 }, { "tcp", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP }, { "gre", IPPROTO_GRE } };
	uint64_t v;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (rp_is(p, protos[i].word)) {
			ts->proto = protos[i].proto;
			return true;
		}
	if (!rp_number(p->t.text, 255, &v))
		return rp_fail(p, "any, icmp, icmp6, tcp, udp, sctp or a number", "'%s' is no protocol.", p->t.text);
	ts->proto = (uint8_t)v;
	return true;
}

/* The word at hand begins it: "anonymous", or "address A[/N] [PORT] PROTO". */
static bool
sainfo_end(struct rp *p, struct racoon_end *e)
{
	struct prefix net;
	uint64_t v = 0;

	if (rp_is(p, "anonymous"))
		return e->any = true;
	if (!rp_is(p, "address") && !rp_is(p, "subnet"))
		return rp_fail(p, "anonymous, or: address 192.0.2.0/24 any", "The ends of a sainfo are addresses or networks here, not '%s'.", p->t.text);
	if (!rp_word(p, "an address"))
		return false;
	if (!prefix_parse(p->t.text, &net))
		return rp_fail(p, "", "'%s' is no address, and no network without host bits.", p->t.text);
	e->ts = ts_from_prefix(&net);
	e->len = net.len;
	if (!rp_next(p))
		return rp_fail(p, "", "The file ends within a section 'sainfo'.");
	if (rp_is(p, "[")) {
		if (!rp_word(p, "a port"))
			return false;
		if (!rp_is(p, "any") && !rp_number(p->t.text, 65535, &v))
			return rp_fail(p, "", "'%s' is no port.", p->t.text);
		if (v)
			e->ts.port_lo = e->ts.port_hi = (uint16_t)v;
		if (!rp_sign(p, "]") || !rp_word(p, "a protocol"))
			return false;
	}
	return upper(p, &e->ts);
}

static bool
sa_encryption(struct rp *p, void *arg)
{
	return words(p, &((struct sainfo_at *)arg)->algs, A_ENCR, true);
}

static bool
sa_authentication(struct rp *p, void *arg)
{
	return words(p, &((struct sainfo_at *)arg)->algs, A_INTEG, true);
}

static bool
sa_group(struct rp *p, void *arg)
{
	return words(p, &((struct sainfo_at *)arg)->algs, A_GROUP, false);
}

static bool
sa_life(struct rp *p, void *arg)
{
	return rp_lifetime(p, &((struct sainfo_at *)arg)->s->life_s);
}

static const struct rp_row sainfo_rows[] = {
	{ "encryption_algorithm", NULL, sa_encryption }, { "authentication_algorithm", NULL, sa_authentication }, { "pfs_group", NULL, sa_group },
	{ "lifetime", NULL, sa_life }, { "compression_algorithm", NULL, NULL }, { "remoteid", "it is left out: the policy says whose it is", NULL },
	{ "my_identifier", NULL, NULL }, { NULL, NULL, NULL }
};

static bool
same_end(const struct racoon_end *a, const struct racoon_end *b)
{
	return a->any == b->any && (a->any || ts_eq(&a->ts, &b->ts));
}

bool
racoon_read_sainfo(struct rp *p, void *arg)
{
	struct racoon *r = p->r;
	struct racoon_sainfo *s = r->sainfos;
	struct sainfo_at at;
	struct rtok begin = p->t;
	const char *why;

	(void)arg;
	if (r->nsainfos == RACOON_SECTIONS)
		return rp_fail(p, "", "There are more than %u sections 'sainfo'.", RACOON_SECTIONS);
	if (!(s = rp_more(p, s, r->nsainfos, sizeof(*s))))
		return false;
	r->sainfos = s;
	s += r->nsainfos;
	at = (struct sainfo_at){ .s = s };
	s->line = p->t.line;
	if (!rp_word(p, "'anonymous' or an address") || !sainfo_end(p, &s->here) || (!rp_next(p) && p->yt.err.reason != R_OK))
		return false;
	if (rp_is(p, "from") || rp_is(p, "group"))
		return single_users(p, NULL);
	if (rp_is(p, "{"))
		s->peer.any = true;
	else if (p->t.kind == RT_END)
		return rp_fail(p, "", "The file ends within a section 'sainfo'.");
	else if (!sainfo_end(p, &s->peer) || !rp_sign(p, "{"))
		return false;
	if (!rp_section(p, sainfo_rows, "a section 'sainfo'", &at))
		return false;
	p->t = begin;
	for (unsigned i = 0; i < r->nsainfos; i++)
		if (same_end(&r->sainfos[i].here, &s->here) && same_end(&r->sainfos[i].peer, &s->peer))
			return rp_fail(p, "", "There is a sainfo for these already, on line %u.", r->sainfos[i].line);
	if (!racoon_proposals(&at.algs, PROTO_ESP, &s->esp, &why) || !racoon_ah(&at.algs, &s->ah, &why))
		return rp_fail(p, "", "The sainfo is not whole: %s.", why);
	r->nsainfos++;
	return true;
}

/* ---- which is whose ---- */

int
racoon_remote_of(const struct racoon *r, const struct addr *peer)
{
	int anonymous = -1;

	for (unsigned i = 0; i < r->nremotes; i++)
		if (r->remotes[i].anonymous)
			anonymous = (int)i;
		else if (addr_eq(&r->remotes[i].address, peer))
			return (int)i;
	return anonymous;
}

/* 0: it does not hold it; else the more, the narrower. */
static unsigned
holds(const struct racoon_end *e, const struct ts *t)
{
	if (e->any)
		return 1;
	if (!ts_within(t, &e->ts))
		return 0;
	return 2u + e->len + (e->ts.proto ? 200u : 0) + (e->ts.port_lo == e->ts.port_hi ? 200u : 0);
}

int
racoon_sainfo_of(const struct racoon *r, const struct ts *local, const struct ts *remote)
{
	unsigned most = 0;
	int found = -1;

	for (unsigned i = 0; i < r->nsainfos; i++) {
		unsigned here = holds(&r->sainfos[i].here, local), peer = holds(&r->sainfos[i].peer, remote);

		if (here && peer && here + peer > most) {
			most = here + peer;
			found = (int)i;
		}
	}
	return found;
}
