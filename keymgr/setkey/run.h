/* SPDX-License-Identifier: BSD-2-Clause */
/* Running commands: from a whole file, or each at its semicolon. */
#ifndef SETKEY_RUN_H
#define SETKEY_RUN_H

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
	bool		failed;		/* something was refused */
	unsigned	base_line;	/* lines before the text that is looked at (-c) */
};
/* The whole text is parsed before the first command is sent. False: it has a mistake, and nothing was sent. */
bool run_file(struct run *, struct bytes text);
/* Each command as it ends; what comes after a mistake is run. */
void run_input(struct run *, FILE *);
/* DUMP or SPDDUMP of a protocol, SADB_SATYPE_UNSPEC for all. */
void run_dump(struct run *, uint8_t type, uint8_t satype);
void run_flush(struct run *, uint8_t type);
/* Whatever the engine tells anybody; ends when the engine does. */
void run_listen(struct run *, bool hex, unsigned stamps);
/* A file of PF_KEY messages, one behind the other. */
bool run_decode(struct run *, struct bytes octets);

#endif
