/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of SAs that one end does not have (RFC 7296 1.5): it was restarted, or forgot them. Who receives one tells the sender, over the
 * IKE SA between them or in the clear where there is none; who is told so in the clear asks over his IKE SA whether the peer still has it (2.4).
 * Anybody can send both, the packet and the word in the clear. So neither changes anything: they make us ask, of each peer once in ten seconds
 * whatever comes, and what the answer says decides. An authentic word is the peer's own: the child that it names is made anew.
 */
#include "sa/ops.h"

#define STRAY_NS	(10 * NS_PER_S)

/* The peer is asked over this IKE SA, and told of the SPI where it is not 0. */
static void
ask(struct engine *e, struct ikesa *s, uint32_t spi)
{
	char at[ENDPOINT_STR];

	if (e->now < s->stray_at)
		return;
	s->stray_at = e->now + STRAY_NS;
	s->stray = spi;
	s->want_live = true;
	COUNT(e, stray_checks);
	todo_log(e, LOG_INFO, "stray", R_OK, s->t->cfg.name, NULL, spi ? "a packet from %s has SPI %08x, of which there is no SA here: the peer is asked" :
	    "somebody says that %s got a packet of an SA that it does not have: the peer is asked", endpoint_str(&s->remote, at), spi);
	tun_touch(e, s->t);
}

/* The IKE SA with who is at that address. */
static struct ikesa *
speaker(const struct tun *t, const struct addr *remote)
{
	for (struct ikesa *s = t->sas; s; s = s->sib)
		if (s->state == S_UP && !s->replaced && !s->leaving && addr_eq(&s->remote.addr, remote))
			return s;
	return NULL;
}

/* It is ours, and what became of it in the engine is another matter. */
static bool
is_ours(const struct tun *t, const struct key_stray *y)
{
	for (const struct child *c = t->children; c; c = c->sib)
		if (c->spi_in == y->spi && c->ah == y->ah)
			return true;
	return false;
}

static bool
is_busy(const struct tun *t)
{
	for (const struct ikesa *s = t->sas; s; s = s->sib)
		if (s->state < S_UP)
			return true;
	return t->gone;
}

/* There is no IKE SA with it. What we say is hardly longer than what came, and seldom: nobody makes a flood of it for somebody else. */
static void
tell(struct engine *e, const struct key_stray *y)
{
	struct endpoint local = y->local, remote = y->remote;
	bool natt = y->local.port != 0;

	if (e->stopping || e->now < e->tell_at)
		return;
	e->tell_at = e->now + NS_PER_S / 20;
	if (!natt)
		local.port = remote.port = e->host.ike_port;
	COUNT(e, stray_checks);
	send_stray_notify(e, &local, &remote, natt, y->spi);
}

void
engine_stray(struct engine *e, const struct key_stray *y, uint64_t now)
{
	struct tun *v[PEERS];
	bool any = false, wide;
	unsigned n;

	e->now = now > e->now ? now : e->now;
	COUNT(e, strays);
	n = match_peers(e, &y->local.addr, &y->remote.addr, v, &wide);
	for (unsigned i = 0; i < n; i++) {
		struct ikesa *s = speaker(v[i], &y->remote.addr);

		if (is_ours(v[i], y))
			any = true;
		else if (s)
			ask(e, s, y->spi);
		any |= s != NULL;
	}
	if (n && !any && !is_busy(v[0]) && e->now >= v[0]->stray_at) {
		v[0]->stray_at = e->now + STRAY_NS;
		tell(e, y);
	} else if (!n && wide && match_anyone(e, &y->local.addr)) {
		tell(e, y);
	}
	engine_settle(e);
}

/* In the clear: whoever says it has to know the SPI of a child that serves, and then the peer is asked. */
static void
said(struct engine *e, const struct addr *local, const struct addr *remote, uint32_t spi)
{
	struct tun *v[PEERS];
	bool wide;
	unsigned n = match_peers(e, local, remote, v, &wide);

	COUNT(e, strays);
	for (unsigned i = 0; i < n; i++)
		for (const struct child *c = v[i]->children; c; c = c->sib)
			if (c->spi_out == spi && c->state == CH_UP && c->ike && c->ike->state == S_UP && addr_eq(&c->ike->remote.addr, remote))
				ask(e, c->ike, 0);
}

static uint32_t
spi_of(const struct wire_notify *n)
{
	struct rd r = rd_of(n->data);
	uint32_t spi = rd_u32(&r);

	return n->type == N_INVALID_SPI && rd_done(&r) ? spi : 0;
}

/* One that is replaced already says nothing new: its DELETE is on its way. Of which protocol it is the peer cannot say. */
static void
renew(struct engine *e, struct child *c, uint32_t spi)
{
	if (c->state != CH_UP || c->want_delete || c->deleting)
		return;
	todo_log(e, LOG_WARN, "stray", R_PEER_INVALID_SPI, c->t->cfg.name, pol_name(c->t, c->pol), "the peer has no SA of SPI %08x, on which we send", spi);
	c->t->pol[c->pol].urgent = true;
	child_want_delete(e, c, R_PEER_INVALID_SPI);
}

void
strays_take(struct turn *tn)
{
	struct ikesa *s = tn->ike;

	for (unsigned i = 0; i < tn->m->nnotify; i++) {
		uint32_t spi = spi_of(&tn->m->notify[i]);
		struct child *c = spi ? child_by_spi(s->t, false, spi, s) : NULL;

		if (spi && !c)
			c = child_by_spi(s->t, true, spi, s);
		if (c)
			renew(tn->e, c, spi);
		else if (spi)		/* another tunnel's, perhaps: there it proves nothing */
			said(tn->e, &s->local.addr, &s->remote.addr, spi);
	}
}

void
stray_put(struct msg_out *o, struct ikesa *s)
{
	uint8_t data[4];
	struct wr w = wr_of(data, sizeof(data));

	if (!s->stray)
		return;
	wr_u32(&w, s->stray);
	pld_notify_put(o, 0, bytes_of(NULL, 0), N_INVALID_SPI, wr_bytes(&w));
	s->stray = 0;
}

/* A message in the clear of no IKE SA: true when it was this one, which is not answered (1.5). */
bool
stray_clear(struct turn *tn)
{
	const struct ike_hdr *h = &tn->m->hdr;
	const struct wire_notify *n = msg_notify(tn->m, N_INVALID_SPI);
	uint32_t spi = n && h->exchange == EX_INFORMATIONAL && !h->response && !msg_has(tn->m, PLD_SK) && !tn->m->frags ? spi_of(n) : 0;

	if (spi)
		said(tn->e, &tn->local.addr, &tn->remote.addr, spi);
	return spi != 0;
}
