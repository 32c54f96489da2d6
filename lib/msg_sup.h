/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * causewayd to each daemon. causewayd opens every socket as root and hands it over; it makes the socket pairs of all other
 * links too, and a fresh pair for both ends when one of the two was restarted.
 *
 * Names of descriptors (the same name may come several times):
 *   every daemon: none besides its links
 * With "engine" user:
 *   ipsecd   "natt4" "natt6"          UDP 4500, one per worker
 *            "esp4" "esp6"            raw protocol 50
 *            "pfkey-listen"           SOCK_SEQPACKET listener, /run/causeway/pfkey.sock, root only
 *            "pfkey-keymgr" "pfkey-spdsync"  PF_KEY socket pairs; ipsecd marks -spdsync KEYLESS at once
 *            "iked" "spdsync"         IPC links
 *   keymgr   "pfkey" "iked" "spdsync" "fetch"
 *   keymgr-fetch "keymgr"
 *   spdsync-resolve "spdsync"
 *   spdsync  "pfkey" "keymgr" "iked" "ipsecd" "resolve" and listeners "api-ro" "api-rw" "api-files" "api-panel"
 *   iked     "ike4" "ike6" "natt4" "natt6" (send only) "keymgr" "spdsync" "ipsecd"
 * With a kernel's engine (module, system) ipsecd runs as "ipsecd --routes":
 *   ipsecd   "pfkey" (kernel, keyless) "spdsync", and "counters": /proc/net/causeway, to be read from its beginning again and again
 *   keymgr and spdsync: their "pfkey" is a socket of the kernel's, spdsync's marked KEYLESS before it was handed over; each start of
 *   a daemon, and each end of such a socket, brings a new one. While the kernel has none, "pfkey" is missing and comes later.
 *   iked     no "ipsecd"; reads "natt4" "natt6", where whatever is not of an SA arrives
 *
 * Every network socket is bound, non-blocking and close-on-exec, with SO_MARK 0x4d00, IP_PKTINFO or IPV6_RECVPKTINFO, path MTU
 * discovery "probe" (DF set, the system's learned path MTU is not used) and large buffers; "natt" also has SO_REUSEPORT and, with
 * engine user, UDP_GRO (where the kernel has it). With a kernel's engine a bypass policy keeps them out of every tunnel. A family that the machine does not have is missing. causewayd keeps a duplicate of each.
 *
 * guard_file is STATE/guard/guard.nft, in a folder of mode 0700 that belongs to ipsecd's user alone: write a new file beside it and
 * rename it over the old one, also after the sandbox (write_paths "%guard" is that folder). STATE/guard.nft is a symbolic link
 * to it. STATE itself belongs to spdsync's user (the store, its -wal and -shm), 0711.
 * key_dir is STATE/keys, of mode 0700 and keymgr's alone: the keys and certificates that it made or was given, and what it fetched.
 * crl_dir is the folder "crl" beside the gateway file: of local files, keymgr-fetch reads those in it and no others.
 * Who cannot load the guard exits with status SUP_EXIT_GUARD before READY: then nothing else is started.
 */
#ifndef CAUSEWAY_MSG_SUP_H
#define CAUSEWAY_MSG_SUP_H

#include "name.h"

#define SUP_EXIT_GUARD	3

/* The last line of SUP_STATE, when the module was loaded after ipsecd had been chosen. */
#define SUP_MODULE_UNUSED	"engine serves=user module=loaded\n"

enum {
	SUP_CONFIG = 16,	/* causewayd: settings, before FDs */
	SUP_FD = 17,		/* causewayd: str name, descriptor attached */
	SUP_GO = 18,		/* causewayd: all came */
	SUP_READY = 19,		/* daemon: serving */
	SUP_STOP = 20,		/* daemon (spdsync only): end the whole suite */
	SUP_STATE = 21,		/* causewayd to spdsync: str text of /run/causeway/state after each change */
	SUP_LOST = 22		/* daemon: str name of a link that ended and was not replaced: both ends are given fresh ones */
};

struct msg_sup_config {
	char		user[32], run_dir[108], state_dir[256], secret_dir[256], key_dir[256], crl_dir[256], guard_file[256], site[NAME_CAP];
	char		engine[16];		/* user module system: the one that serves */
	char		engine_asked[16];	/* what the gateway file says; auto too */
	uint16_t	ike_port, natt_port;
	uint8_t		legacy, log_level;
};

bool msg_sup_config_get(struct rd *, struct msg_sup_config *);
void msg_sup_config_put(struct wr *, const struct msg_sup_config *);

#endif
