/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * X_PROMISC (RFC 2367 3.1.11): who asks for it with satype 1 hears what others send to the engine and what it answers to one of
 * them, each whole behind a base message of type X_PROMISC, until he asks with satype 0; and what it tells those that are
 * registered, as it is. Rows of dumps are not repeated. Key octets are zeroes for who may not see keys, and private extensions are left
 * out for who did not say HELLO.
 */
#include "pf.h"

int
pf_promisc(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct pf_out o;

	if (m->satype > 1)
		return EINVAL;
	host_lock(&e->lock);
	e->npromisc += (m->satype == 1) - (unsigned)c->promisc;
	c->promisc = m->satype == 1;
	host_unlock(&e->lock);
	o = pf_begin(e, SADB_X_PROMISC, m->satype, m->seq, m->pid);
	pf_send(&o, c, false);
	return 0;
}

static size_t
wrap(uint8_t *to, const uint8_t *msg, size_t len, const struct cw_client *c)
{
	struct sadb_msg h = { .sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_X_PROMISC, .sadb_msg_satype = 1 };
	size_t n = sizeof(h), at = 2 * sizeof(h);
	uint16_t words;

	memcpy(to + n, msg, sizeof(h));
	while (n < len) {
		uint16_t head[2];
		size_t octets;

		memcpy(head, msg + n, sizeof(head));
		octets = head[0] * 8u;
		if (octets == 0 || octets > len - n)
			break;		/* nobody's: the message was decoded */
		if (head[1] < CW_EXT_FIRST || c->hello) {
			memcpy(to + at, msg + n, octets);
			if ((head[1] == SADB_EXT_KEY_AUTH || head[1] == SADB_EXT_KEY_ENCRYPT) && !(c->flags & CW_CLIENT_KEYS))
				memset(to + at + 8, 0, octets - 8);
			at += octets;
		}
		n += octets;
	}
	words = (uint16_t)((at - sizeof(h)) / 8);
	memcpy(to + sizeof(h) + offsetof(struct sadb_msg, sadb_msg_len), &words, sizeof(words));
	h.sadb_msg_len = (uint16_t)(at / 8);
	memcpy(to, &h, sizeof(h));
	return at;
}

/* A message that decodes, from or for one client: a control call. Where there is no memory to repeat it, it is not repeated. */
void
pf_overheard(struct cw_engine *e, const struct cw_client *whose, const uint8_t *msg, size_t len)
{
	size_t room = len + sizeof(struct sadb_msg), n = 0;
	const struct cw_client *before = NULL;
	uint8_t *copy = NULL;

	if (e->npromisc == 0)
		return;
	for (struct cw_client *c = e->clients; c && room / 8 <= 0xffff; c = c->next) {
		if (c == whose || !c->promisc)
			continue;
		if (!copy && !(copy = host_zalloc(room)))
			return;
		if (!before || before->hello != c->hello || before->flags != c->flags)
			n = wrap(copy, msg, len, c);
		before = c;
		host_pfkey_out(e->host, c->cookie, copy, n, false);
	}
	if (copy)
		host_wipe(copy, room);
	host_free(copy);
}
