/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine as data. An edge says: in this place, when this comes, run this; if it says GO, go there. Rows of one place and one
 * event are tried from the top; a handler that answers PASS leaves it to the next. What no row takes is refused. An IKE SA is in
 * an S_ place; each CREATE_CHILD_SA or INFORMATIONAL exchange that waits for something is in an X_ place (ours) or a P_ place
 * (the peer's). rfc names the clause, of RFC 7296 where no other is given.
 */
#ifndef IKED_SA_EDGES_H
#define IKED_SA_EDGES_H

#include <stddef.h>
#include <stdint.h>

struct turn;

enum place {
	S_NONE,			/* no IKE SA yet */
	S_I_KE,			/* initiator: keymgr makes the key exchange value */
	S_I_SENT,		/* IKE_SA_INIT was sent */
	S_I_DERIVE,		/* keymgr derives the keys */
	S_I_SPI,		/* keymgr gets an SPI for the first child */
	S_I_SIGN,		/* keymgr makes AUTH */
	S_A_SENT,		/* IKE_AUTH was sent */
	S_I_VERIFY,		/* keymgr checks the peer's AUTH */
	S_R_KE,			/* responder: keymgr makes the key exchange value */
	S_R_DERIVE,
	S_R_KEYED,		/* IKE_SA_INIT was answered: half open */
	S_R_VERIFY,
	S_R_SIGN,
	S_R_SPI,
	S_R_INSTALL,		/* keymgr installs the first child */
	S_UP,
	S_REKEYED,		/* replaced; waits for its DELETE */
	S_DELETING,		/* our DELETE was sent */
	S_DEAD,
	X_NEW,			/* our exchange has not begun */
	X_SPI, X_KE, X_SENT, X_INSTALL,	/* our child: SPI, PFS value, request sent, being installed */
	X_RKE, X_RSENT, X_RDERIVE,	/* our IKE rekey */
	X_INFO,			/* our INFORMATIONAL was sent */
	P_SPI, P_KE, P_INSTALL,	/* the peer's child */
	P_RKE, P_RDERIVE,	/* the peer's IKE rekey */
	X_DONE,
	PLACE_MAX
};

/* What comes: a message (enum msg_kind of rules.h, below 32), keymgr's answer, or a wish of our own. */
enum on {
	ON_KE = 32, ON_DERIVE, ON_SIGN, ON_VERIFY, ON_SPI, ON_INSTALL,
	ON_START,		/* begin to initiate */
	ON_DEAD,		/* no answer after all retransmissions */
	ON_MAX
};

enum verdict {
	V_GO,			/* to the row's place */
	V_STAY,
	V_PASS,			/* not mine: the next row */
	V_OVER			/* the handler has ended it; nothing is left to move */
};

struct edge {
	uint8_t		from, to;	/* enum place */
	uint8_t		on;
	const char	*name;		/* what happens, for the graph and the log */
	enum verdict	(*run)(struct turn *);
	const char	*rfc;
};

extern const struct edge ike_edges[];
extern const size_t ike_nedges;

const char *place_name(unsigned);
const char *on_name(unsigned);

#endif
