/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock, the network and the loop. */
#include <stdio.h>
#include <stdlib.h>

#include "sa/types.h"
#include "sim.h"

enum ev_kind { EV_PACKET, EV_ANSWER, EV_EVENT, EV_ESP, EV_ACTION };

struct ev {
	uint64_t	 at, seq;
	enum ev_kind	 kind;
	int		 to;
	unsigned	 age;
	struct endpoint	 local, remote;
	bool		 natt;
	uint32_t	 call;
	enum reason	 reason;
	uint16_t	 type;
	void		(*fn)(struct sim *, void *);
	void		*arg;
	uint8_t		 key[32];
	size_t		 n;
	uint8_t		 b[];
};

uint64_t
sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static bool
before(const struct ev *a, const struct ev *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void
push(struct sim *m, struct ev *v)
{
	unsigned i = m->nheap++;

	if (m->nheap > sizeof(m->heap) / sizeof(m->heap[0])) {
		fprintf(stderr, "simulation: too many events at %llu ms\n", (unsigned long long)(m->now / MS));
		abort();
	}
	v->seq = m->seq++;
	for (; i && before(v, m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = v;
}

static struct ev *
pop(struct sim *m)
{
	struct ev *top = m->heap[0], *last = m->heap[--m->nheap];
	unsigned i = 0, kid;

	for (; (kid = 2 * i + 1) < m->nheap; i = kid) {
		if (kid + 1 < m->nheap && before(m->heap[kid + 1], m->heap[kid]))
			kid++;
		if (!before(m->heap[kid], last))
			break;
		m->heap[i] = m->heap[kid];
	}
	m->heap[i] = last;
	return top;
}

static struct ev *
ev_new(struct sim *m, enum ev_kind kind, int to, uint64_t in, struct bytes b)
{
	struct ev *v = calloc(1, sizeof(*v) + b.n);

	if (!v)
		abort();
	v->kind = kind;
	v->to = to;
	v->at = m->now + in;
	v->n = b.n;
	if (b.n)
		memcpy(v->b, b.p, b.n);
	return v;
}

static uint64_t
spread(struct sim *m, uint64_t base, uint64_t room)
{
	return base + (room ? sim_random(&m->state) % room : 0);
}

void
sim_answer(struct side *s, uint32_t call, enum reason why, struct bytes fields, bool ordered)
{
	struct sim *m = s->sim;
	struct ev *v = ev_new(m, EV_ANSWER, s->id, spread(m, m->key_delay, m->key_spread), fields);

	v->call = call;
	v->reason = why;
	v->age = s->link_age;
	if (ordered) {
		if (v->at < s->fifo)
			v->at = s->fifo;
		s->fifo = v->at;
	}
	push(m, v);
}

void
sim_answer_in(struct side *s, uint32_t call, enum reason why, struct bytes fields, uint64_t ns)
{
	struct sim *m = s->sim;
	struct ev *v = ev_new(m, EV_ANSWER, s->id, spread(m, m->key_delay, m->key_spread) + ns, fields);

	v->call = call;
	v->reason = why;
	v->age = s->link_age;
	push(m, v);
}

void
sim_event(struct side *s, uint16_t type, struct bytes b)
{
	struct sim *m = s->sim;
	struct ev *v = ev_new(m, EV_EVENT, s->id, spread(m, m->key_delay, m->key_spread), b);

	v->type = type;
	v->age = s->link_age;
	if (v->at < s->fifo)
		v->at = s->fifo;
	s->fifo = v->at;
	push(m, v);
}

void
sim_esp(struct sim *m, int to, uint32_t spi, const uint8_t key[32])
{
	struct ev *v = ev_new(m, EV_ESP, to, spread(m, m->delay, m->spread), bytes_of(NULL, 0));

	v->call = spi;
	memcpy(v->key, key, 32);
	push(m, v);
}

void
sim_at(struct sim *m, uint64_t in, void (*fn)(struct sim *, void *), void *arg)
{
	struct ev *v = ev_new(m, EV_ACTION, 0, in, bytes_of(NULL, 0));

	v->fn = fn;
	v->arg = arg;
	push(m, v);
}

/* One datagram into the network. The translator in front of A changes its address and port. */
static void
transmit(struct sim *m, int from, const struct todo *t)
{
	struct ike_hdr h;
	uint64_t hold = 0;
	enum fate fate = FATE_AS_USUAL;
	unsigned copies = 1;

	if (m->s[from].mute)
		return;
	m->s[from].keepalives += t->n == 1 && t->octets[0] == 0xff;
	if (hdr_get(bytes_of(t->octets, t->n), &h) == WE_OK) {
		m->s[from].sent[h.exchange & 3]++;
		if (m->print)
			fprintf(stderr, "%9.3f %c sends exchange %u %s id %u%s\n", (double)m->now / 1e9, 'A' + from, h.exchange,
			    h.response ? "response" : "request", h.id, t->u.send.natt ? " natt" : "");
		if (m->filter)
			fate = m->filter(m, from, &h, m->arg, &hold);
	}
	if (fate == FATE_DROP || (fate == FATE_AS_USUAL && m->loss && sim_random(&m->state) % 1000 < m->loss))
		return;
	if (fate == FATE_AS_USUAL && m->dup && sim_random(&m->state) % 1000 < m->dup)
		copies = 2;
	while (copies--) {
		struct ev *v = ev_new(m, EV_PACKET, !from, spread(m, m->delay, m->spread) + hold, bytes_of(t->octets, t->n));

		hold = 0;
		v->local = t->u.send.remote;
		v->remote = t->u.send.local;
		if (addr_is_any(&v->remote.addr))	/* the host knows it */
			v->remote.addr = m->s[from].addr.addr;
		v->natt = t->u.send.natt;
		if (m->nat && from == A) {
			addr_parse("198.51.100.7", &v->remote.addr);
			v->remote.port = m->nat_port;
		} else if (m->nat) {
			v->local = m->s[A].addr;
			v->local.port = v->natt ? 4500 : 500;
		}
		if (m->touch && !m->touch(m, from, v->b, v->n, m->touch_arg, &hold))
			free(v);
		else {
			v->at += hold;
			push(m, v);
		}
	}
}

static void
note_record(struct side *s, const struct record *r)
{
	size_t at = 0;

	if (s->sim->print)
		fprintf(stderr, "%9.3f %c record %s\n", (double)s->sim->now / 1e9, 'A' + s->id, reason_row(r->reason)->name);
	if (s->nrec == SIM_RECORDS) {
		memmove(&s->rec[0], &s->rec[1], sizeof(s->rec[0]) * (SIM_RECORDS - 1));
		s->nrec--;
	}
	s->rec[s->nrec].reason = r->reason;
	memcpy(s->rec[s->nrec].tunnel, r->tunnel, sizeof(r->tunnel));
	memcpy(s->rec[s->nrec].child, r->child, sizeof(r->child));
	for (unsigned i = 0; i < r->nfacts && at < sizeof(s->rec[0].facts); i++)
		at += (size_t)snprintf(s->rec[s->nrec].facts + at, sizeof(s->rec[0].facts) - at, "%s=%.200s\n", r->facts[i].key,
		    r->facts[i].text);
	s->nrec++;
}

static void
perform(struct sim *m, int i)
{
	struct side *s = &m->s[i];
	struct todo *t;

	while (s->e && (t = engine_take(s->e))) {
		switch (t->kind) {
		case TODO_SEND: transmit(m, i, t); break;
		case TODO_KEY_CALL: toy_call(s, t); break;
		case TODO_RECORD: note_record(s, t->u.record); break;
		case TODO_DONE:
			if (s->ndone < SIM_RECORDS) {
				s->done[s->ndone].tag = t->u.done.tag;
				s->done[s->ndone++].reason = t->u.done.reason;
			}
			break;
		case TODO_LOG:
			if (t->u.log.reason < 256)
				s->logged[t->u.log.reason] = true;
			if (m->print)
				fprintf(stderr, "%9.3f %c %s\n", (double)m->now / 1e9, 'A' + i, (const char *)t->octets);
			break;
		case TODO_STATE: break;
		}
		todo_free(t);
	}
}

static void
deliver(struct sim *m, struct ev *v)
{
	struct side *s = &m->s[v->to];
	struct rd r = rd_of(bytes_of(v->b, v->n));

	switch (v->kind) {
	case EV_PACKET:
		if (s->e && !s->mute)
			engine_packet(s->e, &v->local, &v->remote, v->natt, bytes_of(v->b, v->n), m->now);
		break;
	case EV_ANSWER:
		if (s->e && s->linked && v->age == s->link_age)
			engine_key_answer(s->e, v->call, v->reason, &r, m->now);
		break;
	case EV_EVENT:
		if (s->e && s->linked && v->age == s->link_age && !engine_key_event(s->e, v->type, &r, m->now))
			abort();
		break;
	case EV_ESP: toy_arrive(m, v->to, v->call, v->key); break;
	case EV_ACTION: v->fn(m, v->arg); break;
	}
}

static uint64_t
next_at(struct sim *m)
{
	uint64_t at = m->nheap ? m->heap[0]->at : UINT64_MAX;

	for (int i = 0; i < 2; i++)
		if (m->s[i].e && engine_next(m->s[i].e) < at)
			at = engine_next(m->s[i].e);
	if (m->traffic && m->next_packet < at)
		at = m->next_packet;
	return at;
}

static void
step(struct sim *m, uint64_t at)
{
	if (at > m->now)
		m->now = at;
	if (m->nheap && m->heap[0]->at <= m->now) {
		struct ev *v = pop(m);

		deliver(m, v);
		free(v);
	} else if (m->traffic && m->next_packet <= m->now) {
		m->next_packet = m->now + 50 * MS;
		toy_packet(m, A);
		toy_packet(m, B);
	} else {
		for (int i = 0; i < 2; i++)
			if (m->s[i].e && engine_next(m->s[i].e) <= m->now) {
				engine_timer(m->s[i].e, m->now);
				perform(m, i);
			}
	}
	perform(m, A);
	perform(m, B);
}

void
sim_run(struct sim *m, uint64_t ns)
{
	uint64_t end = m->now + ns, at;

	while ((at = next_at(m)) <= end)
		step(m, at);
	m->now = end;
}

bool
sim_until(struct sim *m, bool (*is)(struct sim *), uint64_t ns)
{
	uint64_t end = m->now + ns, at;

	while (!is(m)) {
		if ((at = next_at(m)) > end)
			return false;
		step(m, at);
	}
	return true;
}

static void
fill(void *ctx, void *out, size_t n)
{
	struct side *s = ctx;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t v = sim_random(&s->state);

		memcpy((char *)out + i, &v, n - i < 8 ? n - i : 8);
	}
}

static void
traced(void *ctx, const struct edge *d, uint64_t now)
{
	struct side *s = ctx;
	struct sim *m = s->sim;

	if (m->print)
		fprintf(stderr, "%9.3f %c   %s + %s -> %s (%s)\n", (double)now / 1e9, 'A' + s->id, place_name(d->from), on_name(d->on),
		    place_name(d->to), d->name);
	if (m->ntrace < SIM_TRACE) {
		m->trace[m->ntrace].side = (uint8_t)s->id;
		for (size_t i = 0; i < ike_nedges; i++)
			if (strcmp(ike_edges[i].name, d->name) == 0 && ike_edges[i].from == d->from && ike_edges[i].on == d->on)
				m->trace[m->ntrace].row = (uint8_t)i;
		m->ntrace++;
	}
}

static void
engine_begin(struct sim *m, int i)
{
	struct engine_host host = { .ctx = &m->s[i], .random = fill, .fragment = m->fragment };

	m->s[i].e = engine_new(&host);
	if (!m->s[i].e)
		abort();
	engine_trace(m->s[i].e, traced, &m->s[i]);
}

void
sim_init(struct sim *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->state = seed;
	m->now = 1000 * SEC;
	m->delay = 5 * MS;
	m->key_delay = MS;
	m->nat_port = 40000;
	m->print = getenv("SIM_PRINT") != NULL;
	for (int i = 0; i < 2; i++) {
		struct side *s = &m->s[i];

		s->sim = m;
		s->id = i;
		s->state = seed * 2 + (uint64_t)i + 1;
		s->engine = true;
		s->kept = KEY_CHILD_KEPT;
		addr_parse(i ? "192.0.2.2" : "192.0.2.1", &s->addr.addr);
		strcpy(s->psk, "the same on both");
		engine_begin(m, i);
	}
}

void
sim_fragments(struct sim *m, uint16_t ip)
{
	m->fragment = ip;
	m->s[A].e->host.fragment = m->s[B].e->host.fragment = ip;
}

void
sim_fini(struct sim *m)
{
	engine_free(m->s[A].e);
	engine_free(m->s[B].e);
	while (m->nheap)
		free(pop(m));
}

static struct ts_list
one_ts(const char *prefix)
{
	struct ts_list l = { .n = 1 };
	struct prefix p;

	if (!prefix_parse(prefix, &p))
		abort();
	l.v[0] = ts_from_prefix(&p);
	return l;
}

void
sim_tunnel(struct tunnel *t, int side)
{
	memset(t, 0, sizeof(*t));
	strcpy(t->name, "a-b");
	addr_parse(side ? "192.0.2.2" : "192.0.2.1", &t->local);
	addr_parse(side ? "192.0.2.1" : "192.0.2.2", &t->remote);
	strcpy(t->id_local, side ? "fqdn:b" : "fqdn:a");
	strcpy(t->id_remote, side ? "fqdn:a" : "fqdn:b");
	t->start = START_ALWAYS;
	t->first = side == A;
	t->ike_life_s = 8 * 3600;
	t->child_life_s = 3600;
	t->replay_window = 4096;
	if (!preset_find("modern", &t->ike, &t->esp))
		abort();
	t->nchildren = 1;
	strcpy(t->children[0].name, "net");
	t->children[0].reqid = 1;
	t->children[0].local = one_ts(side ? "10.0.2.0/24" : "10.0.1.0/24");
	t->children[0].remote = one_ts(side ? "10.0.1.0/24" : "10.0.2.0/24");
}

void
sim_put_one(struct sim *m, int side, const struct tunnel *t)
{
	engine_sync_begin(m->s[side].e, m->now);
	m->s[side].tunnel = *t;
	engine_tunnel_put(m->s[side].e, t, m->now);
	engine_sync(m->s[side].e, m->now);
	perform(m, side);
}

void
sim_put_two(struct sim *m, int side, const struct tunnel *first, const struct tunnel *second)
{
	engine_sync_begin(m->s[side].e, m->now);
	engine_tunnel_put(m->s[side].e, first, m->now);
	engine_tunnel_put(m->s[side].e, second, m->now);
	engine_sync(m->s[side].e, m->now);
	perform(m, side);
}

void
sim_put(struct sim *m, const struct tunnel *a, const struct tunnel *b)
{
	sim_put_one(m, A, a);
	sim_put_one(m, B, b);
}

void
sim_begin(struct sim *m)
{
	struct tunnel *a = calloc(2, sizeof(*a)), *b = a + 1;

	if (!a)
		abort();
	sim_tunnel(a, A);
	sim_tunnel(b, B);
	sim_keymgr(m, A, true, false);
	sim_keymgr(m, B, true, false);
	sim_put(m, a, b);
	free(a);
}

void
sim_expire(struct sim *m, int side, uint32_t reqid, bool hard)
{
	struct toy_child *c = toy_newest(&m->s[side], reqid);
	uint8_t buf[6];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!c || !m->s[side].e)
		return;
	wr_le32(&w, c->id);
	wr_u8(&w, hard);
	wr_u8(&w, 1);
	sim_event(&m->s[side], KEY_EXPIRE, wr_bytes(&w));
	if (hard)
		*c = (struct toy_child){ 0 };
}

void
sim_soft(struct sim *m, int side)
{
	sim_expire(m, side, 0, false);
}

void
sim_hard(struct sim *m, int side)
{
	sim_expire(m, side, 0, true);
}

void
sim_engine(struct sim *m, int side, bool up)
{
	struct side *s = &m->s[side];
	uint8_t all = KEY_FEAT_HELLO | KEY_FEAT_ESN | KEY_FEAT_AEAD | KEY_FEAT_WINDOW;

	if (s->engine == up)
		return;
	s->engine = up;
	if (!up)
		memset(s->child, 0, sizeof(s->child));
	if (s->linked)
		sim_event(s, up ? KEY_ENGINE_BACK : KEY_ENGINE_LOST, up ? bytes_of(&all, 1) : bytes_of(NULL, 0));
}

void
sim_keymgr(struct sim *m, int side, bool up, bool keep)
{
	struct side *s = &m->s[side];

	if (s->linked == up)
		return;
	s->linked = up;
	s->link_age++;
	s->fifo = m->now;
	if (!up)
		toy_forget(s, keep);
	if (s->e && up)
		engine_keymgr_up(s->e, m->now);
	else if (s->e)
		engine_keymgr_down(s->e, m->now);
	perform(m, side);
}

void
sim_restart(struct sim *m, int side)
{
	struct side *s = &m->s[side];

	engine_free(s->e);
	s->linked = false;
	s->link_age++;
	toy_forget(s, true);
	engine_begin(m, side);
	sim_keymgr(m, side, true, true);
	engine_sync_begin(s->e, m->now);
	engine_tunnel_put(s->e, &s->tunnel, m->now);
	engine_sync(s->e, m->now);
	perform(m, side);
}

void
sim_command(struct sim *m, int side, enum engine_command what)
{
	if (!m->s[side].e)
		return;
	engine_command(m->s[side].e, what, what == ENGINE_SHUTDOWN ? NULL : "a-b", 100 + what, m->now);
	perform(m, side);
}
