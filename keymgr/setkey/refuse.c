/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine's errno says little. What the command asked for and what the engine said of itself say the rest: which word it was, and
 * what to write instead.
 */
#include <errno.h>
#include <stdarg.h>

#include "setkey.h"

static void __attribute__((format(printf, 3, 4)))
because(struct lang_error *e, size_t at, const char *fmt, ...)
{
	va_list ap;

	e->at = at;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}

static bool
has(const struct pfkey_algs *v, unsigned id)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->v[i].sadb_alg_id == id)
			return true;
	return false;
}

static void
list(const struct pfkey_algs *v, enum alg_kind kind, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < v->n && n < cap; i++) {
		const struct algo *a = algo_by_id(kind, v->v[i].sadb_alg_id);

		if (a)
			n += (size_t)snprintf(buf + n, cap - n, "%s%s", n ? ", " : "", a->name);
	}
}

/* True: this algorithm is what the engine has not. */
static bool
lacks(struct lang_error *e, const struct algo *a, enum alg_kind kind, const struct pfkey_algs *v, size_t at)
{
	char names[140];

	if (!a || has(v, a->id))
		return false;
	list(v, kind, names, sizeof(names));
	because(e, at, "The engine does not do %s. It has: %s.", a->name, names);
	return true;
}

/* Weak, and the switch is off. */
static void
switched_off(struct lang_error *e, const struct cmd *c)
{
	const struct algo *a = algo_weak(c->enc) ? c->enc : algo_weak(c->auth) ? c->auth : NULL;

	if (cmd_weak_form(c)) {
		because(e, c->at_proto, "%s is weak: %s. 'ipsecctl sysctl net.causeway.legacy=1' permits it; with ipsecd also 'legacy: true' in causeway.yaml.",
		    cmd_form(c), cmd_weak_form(c));
		return;
	}
	because(e, a == c->auth && a ? c->at_auth : c->at_enc, "%s%s. 'ipsecctl sysctl net.causeway.legacy=1' permits it; with ipsecd also 'legacy: true' in causeway.yaml.",
	    a ? a->name : "ESP without authentication", a ? " is weak" : " can be forged");
}

/* What an SA of an old form cannot have. True: that was it. */
static bool
old_refused(struct lang_error *e, const struct cmd *c, int err)
{
	if (!cmd_weak_form(c) || (err != EINVAL && err != EOPNOTSUPP))
		return false;
	if (c->udp)
		because(e, c->at_proto, "The old forms are not encapsulated in UDP.");
	else if (c->satype == SADB_SATYPE_ESP && c->auth && c->auth->id != AALG_NULL)
		because(e, c->at_auth, "esp-old has no ICV (RFC 1827): a policy can put ah-old around it.");
	else if (c->satype == SADB_SATYPE_ESP && c->enc && err == EOPNOTSUPP)
		because(e, c->at_enc, "esp-old goes with ciphers in CBC mode (RFC 1829, 1851), and %s is none.", c->enc->name);
	else
		return false;
	return true;
}

/* RFC 4543: GMAC authenticates by itself in ESP, where it stands for the cipher; 3.1: its IV does not come twice. */
static bool
gmac_refused(struct lang_error *e, const struct cmd *c, int err)
{
	if (err != EOPNOTSUPP || !c->auth || c->auth->id < CW_AALG_AES_128_GMAC || c->auth->id > CW_AALG_AES_256_GMAC)
		return false;
	if (c->satype == SADB_SATYPE_ESP)
		because(e, c->at_auth, "%s is for AH; in ESP it is -E aes-gmac, without -A.", c->auth->name);
	else if (c->flags & SAF_OLD)
		because(e, c->at_auth, "%s goes by the sequence number, and ah-old has none.", c->auth->name);
	else
		return false;
	return true;
}

static const char *
satype_name(unsigned satype)
{
	return satype == SADB_SATYPE_AH ? "AH" : satype == SADB_X_SATYPE_IPCOMP ? "IPComp" : "TCP-MD5";
}

static void
sa_refused(const struct cmd *c, int err, const struct engine *g, struct lang_error *e)
{
	bool keyed = c->verb == V_ADD || c->verb == V_UPDATE;

	if (keyed && c->satype == SADB_X_SATYPE_IPCOMP && err == EINVAL)
		because(e, c->at_spi, "An SA for ipcomp has a CPI from 1 to 65535, with -R from 256 on or 2, and no replay window.");
	else if (c->satype != SADB_SATYPE_ESP && c->satype != SADB_SATYPE_UNSPEC &&
	    (err == EPROTONOSUPPORT || (err == EINVAL && c->satype != SADB_SATYPE_AH)))
		because(e, c->at_proto, "The engine does not do %s: ESP, AH and IPComp.", satype_name(c->satype));
	else if (keyed && c->satype == SADB_SATYPE_AH && !(c->flags & SAF_OLD) && (!c->auth || c->auth->id == AALG_NULL))
		because(e, c->at_auth ? c->at_auth : c->at_proto, "AH does nothing but authenticate: it needs -A with an algorithm and a key.");
	else if (keyed && err == EPERM && (c->enc || c->auth))
		switched_off(e, c);
	else if (keyed && g->known && (err == EOPNOTSUPP || err == EINVAL || err == ENOSYS) &&
	    (lacks(e, c->enc, ALG_ENC, &g->enc, c->at_enc) || (c->auth && c->auth->id != AALG_NULL && lacks(e, c->auth, ALG_AUTH, &g->auth, c->at_auth))))
		return;
	else if (keyed && (gmac_refused(e, c, err) || old_refused(e, c, err)))
		return;
	else if (keyed && err == EINVAL && c->enc && (!c->auth || c->auth->id == AALG_NULL))
		because(e, c->at_enc, "The engine refuses ESP that is not authenticated: add -A with an algorithm and a key.");
	else if (keyed && (err == EINVAL || err == EOPNOTSUPP) && !c->enc && c->satype != SADB_SATYPE_AH)
		because(e, c->at_proto, "ESP needs -E; with the algorithm null it only authenticates.");
	else if (keyed && err == EINVAL && c->enc && c->auth)
		because(e, c->at_auth, "%s authenticates by itself and goes without -A.", c->enc->name);
	else if (c->verb == V_ADD && err == EEXIST)
		because(e, c->at_spi, "There is an SA with this SPI and destination: delete it first, or take another SPI.");
	else if (c->verb == V_UPDATE && err == EEXIST)
		because(e, c->at_enc, "A key is entered once; another key is another SA, with an SPI of its own.");
}

static void
policy_refused(const struct cmd *c, int err, struct lang_error *e)
{
	const struct pfkey_policy *p = &c->policy;
	const struct pfkey_request *q = p->req;
	unsigned ncomp = 0;

	e->at = c->at_policy;
	if (err == EEXIST) {
		because(e, c->at_policy, "There is a policy with these addresses, this protocol and direction: spdupdate changes it.");
		return;
	}
	if (err == ENOENT)
		return;
	for (unsigned i = 0; i < p->n; i++, q++) {
		if (q->proto == 108 && ncomp++)
			because(e, c->at_policy, "ipcomp stands once in a policy: a packet is expanded once.");
		else if (q->proto != 50 && err == EPROTONOSUPPORT)
			because(e, c->at_policy, "The engine does not do %s.", poltext_proto(q->proto));
		else if (q->level == CW_LEVEL_UNIQUE && q->reqid == 0)
			because(e, c->at_policy, "unique needs its number here, as in unique:1.");
		else
			continue;
		return;
	}
	if (p->type == CW_POLICY_IPSEC && p->n == 0)
		because(e, c->at_policy, "An ipsec policy without a request would protect nothing.");
	else if (p->type == POLTEXT_ENTRUST)
		because(e, c->at_policy, "entrust is for the policies of sockets: it means these policies here.");
}

void
cmd_refused(const struct cmd *c, int err, const struct engine *g, struct lang_error *e)
{
	*e = (struct lang_error){ .at = c->at };
	if (err == ENOENT)
		snprintf(e->text, sizeof(e->text), "%s", c->verb == V_DUMP ? "No SAD entries" : c->verb == V_SPDDUMP ? "No SPD entries" : "No entry");
	else
		snprintf(e->text, sizeof(e->text), "%s", err == EOPNOTSUPP || err == EPROTONOSUPPORT ? "Not supported" : strerror(err));
	if (c->verb <= V_DUMP)
		sa_refused(c, err, g, e);
	else
		policy_refused(c, err, e);
}
