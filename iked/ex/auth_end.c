/* SPDX-License-Identifier: BSD-2-Clause */
/* What both ends of IKE_AUTH do: ask keymgr for a proof or a verdict, and begin life. */
#include "ex/ex.h"

/* RFC 7296 2.15: a proof covers the prover's own first message, the other's nonce and the prover's identity. */
bool
auth_ask(struct turn *tn, bool sign)
{
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	bool initiators = s->initiator == sign;		/* whose proof it is */
	struct key_auth k = { .ike = s->handle, .initiator = initiators,
	    .message = octets_bytes(initiators ? &u->msg_i : &u->msg_r), .id = octets_bytes(initiators ? &u->id_i : &u->id_r) };
	struct wr w = wr_of(tn->e->cipher, sizeof(tn->e->cipher));

	if (sign) {
		k.want = u->want;
		k.hashes = u->hashes;
	} else {
		k.method = u->auth_method;
		k.data = octets_bytes(&u->auth);
		k.ncerts = u->theirs.n;
		for (unsigned i = 0; i < k.ncerts; i++)
			k.certs[i] = (struct key_cert){ u->theirs.encoding[i], octets_bytes(&u->theirs.data[i]) };
	}
	memcpy(k.tunnel, s->t->cfg.name, sizeof(k.tunnel));
	key_auth_put(&w, &k);
	return wr_ok(&w) && call_ike(tn->e, s, sign ? KEY_AUTH_SIGN : KEY_AUTH_VERIFY, wr_bytes(&w));
}

/* VERIFY said yes, and with what the peer proved itself. */
void
auth_note(struct turn *tn)
{
	char words[KEY_WORDS];

	str_get(tn->body, words, sizeof(words));
	if (rd_ok(tn->body) && words[0])
		(void)octets_set(&tn->ike->proved, bytes_of(words, strlen(words) + 1));
}

/* INITIAL_CONTACT (RFC 7296 2.4): the peer has no other IKE SA with us, so what it had before this one began is gone there. */
static void
retire_older(struct engine *e, struct ikesa *s)
{
	struct ikesa *next;

	for (struct ikesa *o = s->t->sas; o; o = next) {
		next = o->sib;
		if (o == s || o->state < S_UP || o->up_at > s->created)
			continue;
		for (struct child *c = s->t->children, *cn; c; c = cn) {
			cn = c->sib;
			if (c->ike == o)
				child_retire(e, c);
		}
		o->leaving = true;
		ikesa_end(e, o, R_REPLACED);
	}
}

/* Ours that has not said AUTH yet cannot be up at the peer: the peer's serves as well (contracts, "Who initiates"). */
static void
drop_own_setups(struct engine *e, struct ikesa *s)
{
	struct ikesa *next;

	for (struct ikesa *o = s->t->sas; o; o = next) {
		next = o->sib;
		if (o != s && o->initiator && o->state < S_A_SENT)
			ikesa_end(e, o, R_REPLACED);
	}
}

/* Both have proved who they are. child: one comes with it. */
void
auth_done(struct turn *tn, bool child)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct tun *t = s->t;
	struct setup *u = s->set;
	struct record *r = rec_new(s, "IKE_AUTH", NULL, R_OK);
	char text[IKE_FACT];

	COUNT(e, auth_ok);
	s->has_digest = u->has_digest;
	memcpy(s->digest, u->digest, sizeof(s->digest));
	if (r) {
		r->reason = ikesa_differs(s) ? R_CONFIG_DIFFERS : R_OK;
		record_fact(r, "chosen", "%s", suite_str(PROTO_IKE, &s->suite, text, sizeof(text)));
		record_fact(r, "id_received", "%s", s->id_remote);
		if (s->proved.n)
			record_fact(r, "certificate", "%s", (const char *)s->proved.p);
	}
	todo_record(e, r);
	todo_log(e, LOG_INFO, "ike_up", ikesa_differs(s) ? R_CONFIG_DIFFERS : R_OK, t->cfg.name, NULL,
	    "IKE SA with %s is up, %s", s->id_remote, suite_str(PROTO_IKE, &s->suite, text, sizeof(text)));
	if (u->peer_contact)
		retire_older(e, s);
	drop_own_setups(e, s);
	setup_free(e, s);
	t->contacted = true;
	t->tries = 0;
	t->retry_at = 0;
	t->group = s->suite.ke;
	t->up_now = false;
	if (t->reason != R_DELETED_BY_USER)
		tun_reason(e, t, R_OK, "");	/* that the definitions differ is asked when it is reported: either may change */
	ikesa_up(e, s);
}
