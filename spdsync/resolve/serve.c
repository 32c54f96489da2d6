/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "resolve.h"

static void
lookup_free(struct lookup *l)
{
	struct resolver *r = l->r;
	struct lookup **pp = &r->first;

	while (*pp != l)
		pp = &(*pp)->next;
	*pp = l->next;
	if (l->next == NULL)
		r->tail = pp;
	r->n--;
	r->nruns -= l->runs;
	lookup_stop(l);
	free(l);
}

static void
forget_all(struct resolver *r)
{
	while (r->first)
		lookup_free(r->first);
}

void
lookup_end(struct lookup *l, const struct resolved *m)
{
	struct resolver *r = l->r;
	uint8_t b[32 + RESOLVE_ADDRS * 17 + RESOLVE_DETAIL];
	struct wr w = wr_of(b, sizeof(b));

	log_at(LOG_DEBUG, NULL, "resolved", (enum reason)m->reason, "%s: %u addresses for %u s%s%s.", l->host, m->n, m->ttl_s,
	    m->detail[0] ? ": " : "", m->detail);
	resolved_put(&w, m);
	lookup_free(l);
	ipc_event(r->link, RESOLVE_DONE, wr_bytes(&w));
	lookup_next(r);
}

void
lookup_next(struct resolver *r)
{
	for (struct lookup *l = r->first; l && r->nruns < LOOKUPS; l = l->next)
		if (!l->runs) {
			l->runs = true;
			r->nruns++;
			lookup_start(l);
			return lookup_next(r);	/* it may have ended, and others with it */
		}
}

static bool
on_ask(void *ctx, struct ipc *link, struct ipc_msg *m)
{
	struct resolver *r = ctx;
	struct resolve req;
	struct lookup *l;

	if (!resolve_get(&m->body, &req) || !rd_done(&m->body))
		return false;
	l = r->n < LOOKUPS_WAITING ? calloc(1, sizeof(*l)) : NULL;
	if (!l) {
		ipc_fail(link, m, R_BUSY, "too many names wait to be looked up");
		return true;
	}
	l->r = r;
	l->id = req.id;
	snprintf(l->host, sizeof(l->host), "%s", req.host);
	for (unsigned i = 0; i < 2; i++)
		l->q[i] = (struct question){ .l = l, .type = i ? DNS_AAAA : DNS_A, .fd = -1 };
	*r->tail = l;
	r->tail = &l->next;
	r->n++;
	ipc_reply(link, m, bytes_of(NULL, 0));
	lookup_next(r);
	return true;
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct resolver *r = ctx;

	(void)l;
	r->link = NULL;
	forget_all(r);
	if (r->proc)
		proc_link_lost(r->proc, "spdsync");
	log_info(NULL, "link_down", "The link to spdsync ended; what it asked for is forgotten.");
}

static const struct ipc_row rows[] = {
	{ RESOLVE_ASK,	"RESOLVE_ASK",	IPC_AFTER_HELLO,	8 + HOST_CAP,	on_ask },
};

static const struct ipc_table table = { "spdsync-resolve", rows, 1, NULL, on_down };

void
resolver_on_fd(void *ctx, const char *name, int fd)
{
	struct resolver *r = ctx;

	if (strcmp(name, "spdsync") != 0) {
		log_warn(NULL, "fd_unknown", "A descriptor with an unknown name came and was closed.");
		close(fd);
		return;
	}
	ipc_free(r->link);
	forget_all(r);
	r->link = ipc_new(r->base, fd, &table, r);
}

void
resolver_init(struct resolver *r, struct event_base *base)
{
	memset(r, 0, sizeof(*r));
	r->base = base;
	r->tail = &r->first;
	r->conf = "/etc/resolv.conf";
	r->hosts = "/etc/hosts";
	r->port = DNS_PORT;
}

void
resolver_fini(struct resolver *r)
{
	ipc_free(r->link);
	r->link = NULL;
	forget_all(r);
}
