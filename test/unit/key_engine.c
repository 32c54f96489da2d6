/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine of key_fix.h: it answers what the test lets it answer, and keeps what it was given. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "key_fix.h"
#include "test.h"

static void
engine_send(struct key_fix *f, struct pfkey_msg *m)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	assert_true(pfkey_put(&w, m));
	assert_int_equal(send(f->engine, buf, w.n, MSG_NOSIGNAL), w.n);
}

void
key_engine_says(struct key_fix *f, struct pfkey_msg *m)
{
	engine_send(f, m);
	key_spin(f);
}

struct fake_sa *
key_sa(struct key_fix *f, uint32_t spi)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->sa[i].spi == spi)
			return &f->sa[i];
	return NULL;
}

static void
engine_keep(struct key_fix *f, const struct pfkey_msg *m)
{
	struct fake_sa *s = key_sa(f, m->sa.spi);

	if (s == NULL) {
		assert_true(f->n < ENGINE_SAS);
		s = &f->sa[f->n++];
	}
	s->spi = m->sa.spi;
	s->m = *m;
	secret_set(&s->encr, m->key_encrypt);
	secret_set(&s->integ, m->key_auth);
	s->m.key_encrypt = secret_bytes(&s->encr);	/* what m has is the receiver's buffer */
	s->m.key_auth = secret_bytes(&s->integ);
}

static void
engine_dump(struct key_fix *f, const struct pfkey_msg *q)
{
	struct pfkey_msg m;
	unsigned n = 0, sent = 0;

	for (unsigned i = 0; i < f->ndump; i++)
		n += f->dump[i].m.satype == q->satype;
	for (unsigned i = 0; i < f->ndump; i++) {
		if (f->dump[i].m.satype != q->satype)
			continue;
		m = f->dump[i].m;
		m.type = SADB_DUMP;
		m.pid = q->pid;
		m.seq = n - ++sent;
		engine_send(f, &m);
	}
	if (n == 0) {
		pfkey_msg_init(&m, SADB_DUMP, q->satype);
		m.pid = q->pid;
		m.seq = q->seq;
		m.err = ENOENT;
		engine_send(f, &m);
	}
}

static void
engine_note(struct key_fix *f, char c, uint8_t satype)
{
	size_t n = strlen(f->order);

	if (n + 1 >= sizeof(f->order))
		return;
	f->order[n] = c;
	f->kinds[n] = satype == SADB_SATYPE_AH ? 'a' : satype == SADB_X_SATYPE_IPCOMP ? 'c' : 'e';
}

static void
engine_run(struct key_fix *f, struct pfkey_msg *m)
{
	m->has &= ~(PFKEY_HAS(SADB_EXT_KEY_AUTH) | PFKEY_HAS(SADB_EXT_KEY_ENCRYPT));
	if (f->refuse_err && m->type == f->refuse_type && (!f->refuse_comp || m->satype == SADB_X_SATYPE_IPCOMP)) {
		m->err = (uint8_t)f->refuse_err;
		m->has = 0;
		engine_send(f, m);
		return;
	}
	switch (m->type) {
	case SADB_GETSPI:
		engine_note(f, 'G', m->satype);
		m->sa.spi = m->spi_min == m->spi_max ? m->spi_min : ++f->next_spi;
		f->renewed += m->spi_min == m->spi_max;
		m->has = (m->has & ~PFKEY_HAS(SADB_EXT_SPIRANGE)) | PFKEY_HAS(SADB_EXT_SA);
		break;
	case SADB_ADD:
		engine_note(f, 'A', m->satype);
		f->n_add++;
		break;
	case SADB_UPDATE:
		engine_note(f, 'U', m->satype);
		f->n_update++;
		break;
	case SADB_DELETE:
		engine_note(f, 'D', m->satype);
		f->n_delete++;
		break;
	case SADB_X_SPDGET:
		m->policy.n = f->policy_reqid ? 1 : 0;
		m->policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = f->policy_reqid };
		break;
	}
	engine_send(f, m);
}

static void
on_engine(evutil_socket_t fd, short what, void *arg)
{
	struct key_fix *f = arg;
	uint8_t buf[PFKEY_MSG_MAX];
	struct pfkey_msg m;
	ssize_t n;

	while ((n = recv(f->engine, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		const char *why = "";

		if (!pfkey_get(bytes_of(buf, (size_t)n), &m, &why))
			fail_msg("the engine got a malformed message: %s", why);
		if (m.type == SADB_REGISTER) {
			if (!f->hello)
				m.has &= ~PFKEY_PRIVATE;
			m.hello_version = (uint16_t)(CW_HELLO_VERSION + f->ahead);
			m.hello_features = CW_FEAT_ESN | CW_FEAT_AEAD | CW_FEAT_WINDOW | CW_FEAT_SELECTORS | CW_FEAT_USED | CW_FEAT_MAPPING;
			engine_send(f, &m);
			continue;
		}
		f->n_private += (m.has & PFKEY_PRIVATE) != 0;
		if (m.type == SADB_DUMP) {
			engine_dump(f, &m);
			continue;
		}
		if (f->silent)
			continue;
		if (m.type == SADB_ADD || m.type == SADB_UPDATE)
			engine_keep(f, &m);
		engine_run(f, &m);
	}
	if (n == 0)
		event_del(f->engine_ev);
}

void
key_drop_engine(struct key_fix *f)
{
	if (f->engine_ev)
		event_free(f->engine_ev);
	f->engine_ev = NULL;
	if (f->engine >= 0)
		close(f->engine);
	f->engine = -1;
}

void
key_attach_engine(struct key_fix *f, bool hello)
{
	int v[2];

	key_drop_engine(f);
	f->hello = hello;
	key_socketpair(v);
	f->engine = v[1];
	f->engine_ev = event_new(f->base, v[1], EV_READ | EV_PERSIST, on_engine, f);
	event_add(f->engine_ev, NULL);
	serve_on_fd(&f->k, "pfkey", v[0]);
	key_spin(f);
}
