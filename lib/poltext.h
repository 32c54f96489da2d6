/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policy language of ipsec_set_policy(3), which is also what stands after -P in setkey's language:
 *	in|out|fwd [prio NUMBER | prio low|def|high [+|- NUMBER]] discard|none|ipsec|entrust|bypass REQUEST ...
 *	REQUEST is PROTOCOL/MODE[/[SRC-DST][/LEVEL]], and a direction alone names a policy to be deleted
 * Pure both ways: text to struct pfkey_policy, and back to a text that parses to the same.
 */
#ifndef CAUSEWAY_POLTEXT_H
#define CAUSEWAY_POLTEXT_H

#include "pfkey.h"

enum { POLTEXT_ENTRUST = 3 };	/* sadb_x_policy_type: what the SPD says; the others are CW_POLICY_* */
#define POLTEXT_DIR_ONLY	0xffff	/* the type of a policy of which only the direction was given */
#define POLTEXT_REQID_MANUAL	0x3fffu	/* KAME: larger ids are the kernel's own, and printed with # */

struct poltext_error {
	size_t		at, n;		/* which octets of the text */
	const char	*text;		/* libipsec's words */
	const char	*hint;		/* a sentence more, or NULL */
	const char	*const *words;	/* what may stand there, ended by NULL; or NULL */
};

bool poltext_parse(struct bytes text, struct pfkey_policy *, struct poltext_error *);
/* delim goes before each request; NULL is a space. False when it does not fit. */
bool poltext_print(const struct pfkey_policy *, const char *delim, bool ports, char *buf, size_t cap);
/* One request, "esp/tunnel/192.0.2.1-192.0.2.2/require". */
bool poltext_request(const struct pfkey_request *, bool ports, char *buf, size_t cap);
const char *poltext_type(unsigned type);
const char *poltext_dir(unsigned dir);
const char *poltext_proto(unsigned proto);
const char *poltext_mode(unsigned mode);
const char *poltext_level(unsigned level);

#endif
