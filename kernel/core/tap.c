/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CW_MSG_TAP: the clear packets of some reqids, for a client that looks into a tunnel. A packet waits for nobody: what is over the tap's
 * rate, or finds the client's socket full, is counted and not told. Without a tap a packet costs one look at a number.
 */
#include "pf.h"

struct cw_tap {
	struct cw_tap	*next;
	struct cw_client *who;
	uint32_t	 id, octets, rate;
	uint64_t	 since;		/* the second under way, and how many it still takes */
	uint32_t	 tokens, lost;
	unsigned	 n;
	uint32_t	 reqid[CW_TAP_REQIDS_MAX];
	uint8_t		 msg[];		/* where its messages are made, under the engine's lock */
};

#define HEAD	(sizeof(struct sadb_msg) + sizeof(struct cw_ext_tapped))

/* ---- packets, under the engine's lock ---- */

static bool
wants(const struct cw_tap *t, uint32_t reqid)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->reqid[i] == reqid)
			return true;
	return false;
}

static bool
within_rate(struct cw_tap *t, uint64_t now)
{
	if (now - t->since >= NS) {
		t->since = now;
		t->tokens = t->rate;
	}
	if (t->tokens == 0)
		return false;
	t->tokens--;
	return true;
}

static bool
tell(struct cw_engine *e, struct cw_tap *t, const struct cw_pkt *p, const struct cw_ext_tapped *about)
{
	uint32_t n = p->len < t->octets ? p->len : t->octets, room = (n + 7) / 8 * 8;
	struct sadb_msg h = { .sadb_msg_version = PF_KEY_V2, .sadb_msg_type = CW_MSG_TAPPED, .sadb_msg_len = (uint16_t)((HEAD + room) / 8) };
	struct cw_ext_tapped x = *about;

	x.len = (uint16_t)((sizeof(x) + room) / 8);
	x.type = CW_EXT_TAPPED;
	x.n = (uint16_t)n;
	x.id = t->id;
	x.lost = t->lost;
	x.whole = p->len;
	x.when = p->now;
	memcpy(t->msg, &h, sizeof(h));
	memcpy(t->msg + sizeof(h), &x, sizeof(x));
	memcpy(t->msg + HEAD, cw_pkt_data(p), n);
	memset(t->msg + HEAD + n, 0, room - n);
	return host_pfkey_out(e->host, t->who->cookie, t->msg, HEAD + room, true);
}

static void
offer(struct cw_engine *e, struct cw_tap *t, const struct cw_pkt *p, const struct cw_ext_tapped *about)
{
	if (within_rate(t, p->now) && tell(e, t, p, about))
		t->lost = 0;
	else
		t->lost += t->lost != UINT32_MAX;
}

void
cw_tap_out(struct cw_engine *e, const struct cw_pkt *p, const struct cw_bundle *u)
{
	if (host_load(e->ntaps) == 0)
		return;
	host_lock(&e->lock);
	for (struct cw_tap *t = e->taps; t; t = t->next)
		for (unsigned i = 0; i < u->n; i++) {
			const struct cw_sa *sa = u->sa[i];
			struct cw_ext_tapped x = { .reqid = sa->reqid, .spi = sa->spi, .dir = CW_DIR_OUT, .proto = sa->proto };

			if (!wants(t, sa->reqid))
				continue;
			offer(e, t, p, &x);
			break;		/* once, however many of its transforms are meant */
		}
	host_unlock(&e->lock);
}

void
cw_tap_in(struct cw_engine *e, const struct cw_pkt *p, unsigned why)
{
	if (host_load(e->ntaps) == 0)
		return;
	host_lock(&e->lock);
	for (struct cw_tap *t = e->taps; t; t = t->next)
		for (unsigned i = p->nhist; i-- > 0; ) {
			const struct cw_hist *l = &p->hist[i];
			struct cw_ext_tapped x = { .reqid = l->reqid, .spi = l->spi, .dir = CW_DIR_IN, .proto = l->proto, .reason = (uint16_t)why };

			if (!wants(t, l->reqid))
				continue;
			offer(e, t, p, &x);
			break;
		}
	host_unlock(&e->lock);
}

/* ---- control calls ---- */

static void
take_off(struct cw_engine *e, struct cw_tap **at)
{
	struct cw_tap *t = *at;

	host_lock(&e->lock);
	*at = t->next;
	host_publish(e->ntaps, e->ntaps - 1);
	host_unlock(&e->lock);
	host_wipe(t->msg, HEAD + t->octets);
	host_free(t);
}

/* The client's tap of that number, or the end of the list. */
static struct cw_tap **
find(struct cw_engine *e, const struct cw_client *c, uint32_t id)
{
	struct cw_tap **at = &e->taps;

	while (*at && ((*at)->who != c || (*at)->id != id))
		at = &(*at)->next;
	return at;
}

void
cw_tap_close(struct cw_engine *e, const struct cw_client *c)
{
	struct cw_tap **at = &e->taps;

	while (*at)
		if ((*at)->who == c)
			take_off(e, at);
		else
			at = &(*at)->next;
}

static int
begin(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m)
{
	struct cw_tap *t;

	if (m->tap_octets == 0 || m->tap_octets > CW_TAP_OCTETS_MAX || m->tap_rate == 0 || m->tap_rate > CW_TAP_RATE_MAX)
		return EINVAL;
	if (*find(e, c, m->tap_id))
		return EEXIST;
	if (e->ntaps == CW_TAPS_MAX)
		return EBUSY;
	t = host_zalloc(sizeof(*t) + HEAD + m->tap_octets + 7);
	if (!t)
		return ENOMEM;
	t->who = c;
	t->id = m->tap_id;
	t->octets = m->tap_octets;
	t->tokens = t->rate = m->tap_rate;
	t->n = m->ntap;
	memcpy(t->reqid, m->tap, t->n * sizeof(t->reqid[0]));
	host_lock(&e->lock);
	t->next = e->taps;
	e->taps = t;
	host_publish(e->ntaps, e->ntaps + 1);
	host_unlock(&e->lock);
	return 0;
}

static int
end(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m)
{
	struct cw_tap **at = find(e, c, m->tap_id);

	if (!*at)
		return ENOENT;
	take_off(e, at);
	return 0;
}

int
pf_tap(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	int err = m->ntap ? begin(e, c, m) : end(e, c, m);
	struct cw_ext_tap *x;
	struct pf_out o;

	if (err)
		return err;
	o = pf_begin(e, CW_MSG_TAP, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	x = pf_ext(&o, CW_EXT_TAP, sizeof(*x) + (m->ntap * 4u + 7) / 8 * 8);
	if (x) {
		x->n = (uint16_t)m->ntap;
		x->id = m->tap_id;
		x->octets = m->tap_octets;
		x->rate = m->tap_rate;
		memcpy(x + 1, m->tap, m->ntap * 4u);
	}
	pf_send(&o, c, false);
	return 0;
}
