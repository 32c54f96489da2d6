/* SPDX-License-Identifier: BSD-2-Clause */
/* The folders of one gateway: where they are, whose they are, and that only one supervisor uses them. */
#ifndef CAUSEWAYD_PLACES_H
#define CAUSEWAYD_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct places {
	const char	*conf, *run, *state, *secrets, *libexec;
	char		 store_dir[256];	/* STATE/store: spdsync's alone */
	char		 key_dir[256];		/* STATE/keys: keymgr's alone */
	char		 crl_dir[256];		/* "crl" beside the gateway file; it need not be there */
	char		 guard_file[256];	/* STATE/guard/guard.nft: ipsecd's alone */
	int		 lock;			/* RUN/lock, held for the whole life */
};

/*
 * Makes what is missing, sets owners, takes the lock. False: why is a sentence.
 */
struct owner { uid_t uid; gid_t gid; };
bool places_make(struct places *, struct owner sync, struct owner esp, struct owner key, char *why, size_t cap);

#endif
