/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last negotiation records, newest first. They are kept as the octets they came in: a gateway with a thousand tunnels keeps thousands,
 * and a struct record has room for far more than what most of them say.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "news.h"
#include "sync.h"

void
records_add(struct records *rs, unsigned cap, const struct record *r)
{
	uint8_t *buf = malloc(IPC_MAX);
	struct wr w = wr_of(buf, buf ? IPC_MAX : 0);
	struct kept_record *k;

	record_put(&w, r);
	k = buf && wr_ok(&w) ? malloc(sizeof(*k) + w.n) : NULL;
	if (k) {
		k->n = w.n;
		memcpy(k->octets, buf, w.n);
		if (cap > RECORDS_OTHER)
			cap = RECORDS_OTHER;
		if (rs->n == cap)
			free(rs->v[--rs->n]);
		memmove(&rs->v[1], &rs->v[0], rs->n * sizeof(rs->v[0]));
		rs->v[0] = k;
		rs->n++;
	}
	free(buf);
}

bool
records_get(const struct records *rs, unsigned i, struct record *r)
{
	struct rd rd;

	if (i >= rs->n) {
		memset(r, 0, sizeof(*r));
		return false;
	}
	rd = rd_of(bytes_of(rs->v[i]->octets, rs->v[i]->n));
	return record_get(&rd, r);
}

bool
records_take(struct sync *s, struct rd *body)
{
	struct record *r = malloc(sizeof(*r));
	struct rt *rt;
	bool ok = r && record_get(body, r) && rd_done(body);

	if (ok) {
		rt = r->tunnel[0] ? rt_find(s, r->tunnel) : NULL;
		news_record(s, r);
		records_add(rt ? &rt->records : &s->others, rt ? RECORDS_TUNNEL : RECORDS_OTHER, r);
	}
	free(r);
	return ok;
}

void
records_fini(struct records *rs)
{
	for (unsigned i = 0; i < rs->n; i++)
		free(rs->v[i]);
	rs->n = 0;
}
