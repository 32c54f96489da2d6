/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "links.h"

const char *const daemon_names[DAEMONS] = { "ipsecd", "keymgr", "spdsync", "iked", "keymgr-fetch", "spdsync-resolve" };

const struct link_row link_rows[LINKS] = {
	{ { D_IPSECD, D_KEYMGR },	{ "pfkey-keymgr", "pfkey" },	true },
	{ { D_IPSECD, D_SPDSYNC },	{ "pfkey-spdsync", "pfkey" },	true },
	{ { D_IPSECD, D_SPDSYNC },	{ "spdsync", "ipsecd" },	false },
	{ { D_IPSECD, D_IKED },		{ "iked", "ipsecd" },		true },
	{ { D_KEYMGR, D_SPDSYNC },	{ "spdsync", "keymgr" },	false },
	{ { D_KEYMGR, D_IKED },		{ "iked", "keymgr" },		false },
	{ { D_SPDSYNC, D_IKED },	{ "iked", "spdsync" },		false },
	{ { D_KEYMGR, D_FETCH },	{ "fetch", "keymgr" },		false },
	{ { D_SPDSYNC, D_RESOLVE },	{ "resolve", "spdsync" },	false },
};

void
links_init(struct links *l, bool kernel)
{
	l->kernel = kernel;
	for (unsigned i = 0; i < LINKS; i++)
		l->held[i][0] = l->held[i][1] = -1;
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
links_fini(struct links *l)
{
	for (unsigned i = 0; i < LINKS; i++) {
		drop(&l->held[i][0]);
		drop(&l->held[i][1]);
	}
}

bool
links_start(struct links *l, enum daemon d, links_give *give, void *ctx)
{
	for (unsigned i = 0; i < LINKS; i++) {
		const struct link_row *row = &link_rows[i];
		unsigned me = row->who[0] == d ? 0 : 1, other = 1 - me;
		int pair[2];

		if (row->who[me] != d || (l->kernel && row->engine))
			continue;
		if (l->held[i][me] < 0) {
			if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
				return false;
			l->held[i][me] = pair[0];
			if (give(ctx, row->who[other], row->name[other], pair[1]))
				close(pair[1]);
			else
				l->held[i][other] = pair[1];
		}
		give(ctx, d, row->name[me], l->held[i][me]);
		drop(&l->held[i][me]);
	}
	return true;
}

const struct link_row *
links_find(const struct links *l, enum daemon d, const char *name, enum daemon *other)
{
	for (unsigned i = 0; i < LINKS; i++) {
		if (l->kernel && link_rows[i].engine)
			continue;
		for (unsigned side = 0; side < 2; side++) {
			if (link_rows[i].who[side] != d || strcmp(link_rows[i].name[side], name) != 0)
				continue;
			*other = link_rows[i].who[1 - side];
			return &link_rows[i];
		}
	}
	return NULL;
}

bool
links_rejoin(struct links *l, enum daemon d, const char *name, links_give *give, void *ctx)
{
	enum daemon other;
	const struct link_row *row = links_find(l, d, name, &other);
	int pair[2];

	if (row == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	give(ctx, row->who[0], row->name[0], pair[0]);
	give(ctx, row->who[1], row->name[1], pair[1]);
	close(pair[0]);
	close(pair[1]);
	return true;
}

void
links_gone(struct links *l, enum daemon d)
{
	for (unsigned i = 0; i < LINKS; i++)
		for (unsigned side = 0; side < 2; side++)
			if (link_rows[i].who[side] == d)
				drop(&l->held[i][1 - side]);
}
