/* SPDX-License-Identifier: BSD-2-Clause */
/* setkey: what becomes of a command (message.c, refuse.c), how entries are shown (show*.c), the talk with an engine (talk.c). */
#ifndef SETKEY_H
#define SETKEY_H

#include <stdio.h>
#include <time.h>

#include "lang.h"

#define SETKEY_OWNER	"setkey"

/* The engine, as far as its answer to REGISTER tells. */
struct engine {
	bool			greeted;	/* ours: it answered HELLO */
	bool			other;		/* ours, of another version */
	uint16_t		version;
	bool			known;		/* it answered at all */
	bool			old;		/* it has the forms before RFC 2401 */
	bool			ifaces;		/* it has interfaces that tunnels are */
	struct pfkey_algs	auth, enc;
};

/*
 * The message of a command for one pair of its addresses. False: it cannot be said, or an engine would take it and do something
 * else without a word; then e tells. Key octets are borrowed from the command.
 */
bool cmd_message(const struct cmd *, const struct addr *src, const struct addr *dst, const struct engine *, struct pfkey_msg *, struct lang_error *);
/* Why an SA of an old form is weak, whatever its algorithms are; NULL: it is none. */
const char *cmd_weak_form(const struct cmd *);
const char *cmd_form(const struct cmd *);	/* how its protocol is called */
/* ESP that nothing authenticates. */
bool cmd_is_open(const struct cmd *);
/* The policy that an "in" policy needs beside it where forwarded packets have a direction of their own. */
void message_to_fwd(struct pfkey_msg *);
/* What the engine's errno means: the words of the original, the place in the text, and what is not supported. */
void cmd_refused(const struct cmd *, int err, const struct engine *, struct lang_error *);

/* -g and -t of FreeBSD: policies of everybody, or those of a device. No engine here binds a policy to a device. */
enum scope { SCOPE_ALL, SCOPE_GLOBAL, SCOPE_DEVICE };
struct show {
	bool	ports;		/* -p */
	bool	all;		/* -a */
	bool	old;		/* -O: line breaks as in the original */
	bool	short_form;	/* -l */
	uint8_t	scope;
	time_t	now;
};
void show_sa(FILE *, const struct pfkey_msg *, const struct show *);
void show_sa_line(FILE *, const struct pfkey_msg *, const struct show *);	/* -l */
void show_policy(FILE *, const struct pfkey_msg *, const struct show *);
/* One object; never the octets of a key. False: no memory. */
bool show_sa_json(FILE *, const struct pfkey_msg *);
bool show_policy_json(FILE *, const struct pfkey_msg *);
/* Every part of a message, for -v and -x; never the octets of a key. */
void show_message(FILE *, const struct pfkey_msg *, size_t octets);
void show_hex(FILE *, const uint8_t *, size_t);

/* One PF_KEY descriptor, asked and answered in turn. */
struct talk {
	int		fd;
	uint32_t	seq;
	bool		verbose;
	uint8_t		buf[PFKEY_MSG_MAX];
	struct pfkey_msg reply;
};
/* The user-space engine's socket, or the kernel's. False: why is a sentence. */
bool talk_open(struct talk *, const char *path, char *why, size_t cap);
void talk_close(struct talk *);
void talk_greet(struct talk *, struct engine *, bool keyless);
/* 0 and t->reply, or an errno. */
int talk_ask(struct talk *, struct pfkey_msg *);
/* Each entry to fn until it says false. 0, or an errno; an empty table is ENOENT. */
int talk_dump(struct talk *, struct pfkey_msg *, bool (*fn)(void *, const struct pfkey_msg *), void *);
/* The next message that comes, whoever it is for; false at the end. */
bool talk_next(struct talk *, size_t *octets);

#endif
