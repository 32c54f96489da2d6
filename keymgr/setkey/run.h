/* SPDX-License-Identifier: BSD-2-Clause */
/* Running commands: from a whole file, or each at its semicolon. */
#ifndef SETKEY_RUN_H
#define SETKEY_RUN_H

#include "lint.h"
#include "setkey.h"

enum fwd { FWD_AUTO, FWD_ALWAYS, FWD_NEVER };
struct run {
	struct talk	*talk;		/* NULL: nothing is sent (-n) */
	struct engine	engine;
	struct show	show;
	const struct names *names;
	const char	*file;		/* of -f, for messages; NULL: -c, and messages go to the standard output */
	enum fwd	fwd;
	bool		json;
	bool		hide_sockets;	/* -N */
	bool		failed;		/* something was refused */
	bool		linting;	/* --lint of a file: no warnings on the way */
	struct lint	*lint;		/* the policies that there are, once one was added; NULL before */
	unsigned	base_line;	/* lines before the text that is looked at (-c) */
};
/* The whole text is parsed before the first command is sent. False: it has a mistake, and nothing was sent. */
bool run_file(struct run *, struct bytes text);
/* Each command that can be read. False: one could not, or was refused. */
bool run_text(struct run *, struct bytes text);
/* Each command as it ends; what comes after a mistake is run. */
void run_input(struct run *, FILE *);
/* DUMP or SPDDUMP of a protocol, SADB_SATYPE_UNSPEC for all. */
void run_dump(struct run *, uint8_t type, uint8_t satype);
void run_flush(struct run *, uint8_t type);
/* Whatever the engine tells anybody; ends when the engine does. */
void run_listen(struct run *, bool hex, unsigned stamps);
/* Inside run*.c: what is known of the policies before one is added, and what is to be said of it afterwards. */
void run_lint_before(struct run *, const struct cmd *);
void run_lint_after(struct run *, struct bytes text, const struct cmd *, const struct pfkey_msg *);
/*
 * Every policy that an earlier one covers, and SAs that no address of this machine is an end of: of a file that is read and not
 * run, or (text.p NULL) of the engine. True: there was nothing to say.
 */
bool run_lint(struct run *, struct bytes text);
/*
 * What the policies of a text protect, as a filter for "nft -f" (bootguard.h), on the standard output. False: there is a mistake in
 * it; then what could be read is closed all the same.
 */
bool run_guard(struct run *, struct bytes text);
/* A file of PF_KEY messages, one behind the other. */
bool run_decode(struct run *, struct bytes octets);

#endif
