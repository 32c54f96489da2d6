/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spdsync to keymgr: what belongs to which tunnel, and how far each trust anchor is trusted. keymgr proves and believes only what the
 * tunnel's binding says, and installs SAs of a tunnel only under that tunnel's reqids: a captured iked cannot send one tunnel's packets to
 * another tunnel's peer. Certificates, keys and the CA are in msg_cert.h, on the same link.
 */
#ifndef CAUSEWAY_MSG_BIND_H
#define CAUSEWAY_MSG_BIND_H

#include "addr.h"
#include "alg.h"
#include "name.h"

enum {
	BIND_PUT = 16,		/* struct binding -> u16 reason: R_OK, or what is wrong with what it names (it stays bound and is read again at use) */
	BIND_DEL = 17,		/* str tunnel -> */
	BIND_SYNC = 18,		/* -> : everything that was not PUT on this link since it came up is forgotten, trust rules too */
	BIND_CHECK = 19,	/* str tunnel -> reason: what is wrong now with what its binding names */
	BIND_TRUST = 20,	/* struct trust_rule -> : for an anchor that has none, revocation is SOFT and no URL is configured */
	BIND_TRUST_DEL = 21,	/* str anchor -> */
	BIND_PEERS = 22		/* -> u16 n, n * addr: the peers that psk.txt has keys for; or the reason and which file is wrong how */
};

#define BIND_PEERS_MAX	2048	/* of psk.txt */
#define BIND_REQIDS	16	/* IKE_CHILDREN */
#define BIND_TRUSTS	8	/* anchors of one tunnel */
#define BIND_PUBLIC	1200	/* octets of a SubjectPublicKeyInfo: RSA up to 8192 bits */

/*
 * A child that a policy of the user's asks for: what its SAs have to be for that policy to take them. Who names the child names it by the
 * number in reqids, which no SA has.
 */
#define BIND_NUMBERS	0x80000000u	/* numbers of such children begin here: no reqid of the site file's comes so far */
struct bound_policy {
	uint32_t id;			/* the engine's number of the outbound policy */
	uint32_t reqid;			/* of the SAs; 0: none */
	uint8_t	transport;		/* 1: transport mode */
	uint8_t	ah;			/* 1: AH; else ESP */
	uint8_t	comp;			/* 1: and IPComp inside it, which in tunnel mode makes the tunnel's header: ESP is in transport mode then */
	uint32_t comp_reqid;		/* of its SAs of IPComp; 0: none */
};

struct binding {
	char	tunnel[NAME_CAP];
	char	id_local[ID_CAP], id_remote[ID_CAP];	/* AUTH is made and checked for these only */
	uint8_t	how_local, how_remote;			/* enum auth_how */
	uint8_t	old_methods;				/* AUTH method 1 may use SHA-1, for peers without RFC 7427 */
	char	psk_local[NAME_CAP];			/* how_local PSK: the secret we prove ourselves with; else "" */
	char	psk_remote[NAME_CAP];			/* how_remote PSK: the peer's; else "" */
	char	cert[NAME_CAP];				/* how_local CERT: our certificate and key; KEY: our key; else "" */
	unsigned ntrust;				/* how_remote CERT: at least one anchor */
	char	trust[BIND_TRUSTS][NAME_CAP];
	unsigned npublic;				/* how_remote KEY: the peer's SubjectPublicKeyInfo */
	uint8_t	public_key[BIND_PUBLIC];
	char	iface[IFACE_CAP];			/* its SAs are this interface's; "": of the ordinary policies */
	unsigned nreqids;
	uint32_t	reqids[BIND_REQIDS];		/* of its children */
	uint8_t	policies;				/* 1: made of policies that are not the site file's; both keys are the peer's line in psk.txt */
	struct addr	peer;				/* policies: its address, for which an ACQUIRE asks */
	struct bound_policy policy[BIND_REQIDS];	/* policies: of each child, in the order of reqids */
};

/* What is asked of revocation for everything below an anchor. */
enum revocation {
	REVOKE_OFF,	/* nothing is looked at */
	REVOKE_SOFT,	/* what is known to be revoked is refused; where nothing can be learned it is accepted, and said */
	REVOKE_STRICT	/* only what is known to be good, by a fresh CRL or OCSP answer, is accepted */
};

#define TRUST_URLS	4
#define TRUST_URL	512

struct trust_rule {
	char		name[NAME_CAP];		/* the anchor */
	uint8_t		revocation;		/* enum revocation */
	unsigned	ncrls;			/* configured: any scheme of http, https, file, ldap; beside those that certificates name */
	char		crls[TRUST_URLS][TRUST_URL];
	char		ocsp[TRUST_URL];	/* configured responder, or "" */
};

void binding_put(struct wr *, const struct binding *);
bool binding_get(struct rd *, struct binding *);
void trust_rule_put(struct wr *, const struct trust_rule *);
bool trust_rule_get(struct rd *, struct trust_rule *);

#endif
