/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * iked to keymgr. iked names handles and tunnels, never secrets. Handles are u32, never 0, chosen by keymgr, and die with
 * the link, but installed children live on (KEY_CHILD_LIST). Answers: u16 reason, then the fields given here.
 */
#ifndef CAUSEWAY_MSG_KEY_H
#define CAUSEWAY_MSG_KEY_H

#include "alg.h"
#include "name.h"
#include "ts.h"

#define KEY_NONCE_MAX	256	/* RFC 7296 3.9 */
#define KEY_PUB_MAX	512
#define KEY_MSG_MAX	16384	/* the first message of an IKE SA, as sent: AUTH covers it */
#define KEY_PROOF_MAX	4096	/* an identity's body, or the data of AUTH */
#define KEY_CERTS	8	/* CERT payloads of one side */
#define KEY_CERTS_MAX	32768	/* octets of all of them */
#define KEY_WORDS	512	/* a sentence of keymgr's for people, with its terminator */
#define KEY_ANCHORS	16	/* trust anchors that CERTREQ names */
#define KEY_ANCHOR	20	/* octets of each: SHA-1 of its SubjectPublicKeyInfo, RFC 7296 3.7 */
#define KEY_CHILD_KEPT	0x80000000u	/* children that outlived their link get numbers from here on, by keymgr */

enum {
	KEY_KE_NEW = 16,	/* u16 group -> u32 ke, span public */
	KEY_IKE_DERIVE = 17,	/* struct key_derive -> u32 ike, span SK_ei, SK_er, SK_ai, SK_ar */
	KEY_AUTH_SIGN = 18,	/* struct key_auth -> struct key_proof */
	KEY_AUTH_VERIFY = 19,	/* struct key_auth with method, data, certs -> str: with what the peer proved it, for people. The reason is the
				   verdict; it may take as long as a revocation list does, and delays nobody else */
	KEY_SPI_NEW = 20,	/* struct key_spi -> u32 spi, u16 CPI of IPComp (0: none); renewed while its child is pending */
	KEY_CHILD_INSTALL = 21,	/* struct key_child -> nothing. PFS: KE is consumed */
	KEY_CHILD_SEND = 22,	/* u32 child -> nothing: install the outbound SA that was held back */
	KEY_REMOVE = 23,	/* u8 kind, u32 handle -> nothing. Unknown handles are R_OK */
	KEY_CHILD_LIST = 24,	/* u32 after -> u16 n, n * struct key_installed, sorted by child; n 0 ends */
	KEY_ASK_FAILED = 25,	/* u32 reqid -> nothing: what KEY_ACQUIRE asked for is not to be had now */
	/* events to iked */
	KEY_ACQUIRE = 32,	/* u32 reqid */
	KEY_EXPIRE = 33,	/* u32 child, u8 hard (0 soft, 1 hard), u8 in */
	KEY_USED = 34,		/* u32 child: first authenticated packet came in */
	KEY_GONE = 35,		/* u32 child: its SA, or one of IPComp beside it, was deleted by somebody else */
	KEY_MAPPING = 36,	/* u32 child, endpoint: authenticated ESP came from a new address or port */
	KEY_ENGINE_LOST = 37,
	KEY_TRUST = 39,		/* u8 n, n * KEY_ANCHOR octets: what our CERTREQ names; on a new link and after each change */
	KEY_PEER_INVALID = 40,	/* u32 ike, u16 reason, str detail: the certificate that its peer proved itself with is valid no more */
	KEY_STRAY = 41,		/* struct key_stray: a packet came of an SA that the engine does not have. Seldom, whatever comes (CW_MSG_STRAY) */
	KEY_ENGINE_BACK = 38	/* u8 features: KEY_FEAT_*. The first event on a new link is this one or ENGINE_LOST */
};

enum { KEY_FEAT_HELLO = 1, KEY_FEAT_ESN = 2, KEY_FEAT_AEAD = 4, KEY_FEAT_WINDOW = 8 };
enum { KEY_RM_KE = 1, KEY_RM_IKE = 2, KEY_RM_CHILD = 3, KEY_RM_CHILD_IN = 4, KEY_RM_CHILD_OUT = 5, KEY_RM_SPI = 6 };
enum { KEY_IN = 1, KEY_OUT = 2 };			/* what CHILD_INSTALL puts in at once */

/* SKEYSEED and SK_*: RFC 7296 2.14; rekey: 2.18 with old_ike. The KE handle is consumed. */
struct key_derive {
	uint32_t	ke;
	uint32_t	old_ike;	/* 0, or the SA being rekeyed */
	uint8_t		initiator;	/* of this new SA */
	struct suite	suite;
	uint64_t	spi_i, spi_r;
	struct bytes	ni, nr, peer_public;
};

struct key_derived {
	uint32_t	ike;
	struct bytes	sk_ei, sk_er, sk_ai, sk_ar;	/* borrowed: copy into struct secret and wipe the buffer */
};

struct key_cert {
	uint8_t		encoding;	/* RFC 7296 3.6: CERT_* */
	struct bytes	data;
};
enum { CERT_X509 = 4, CERT_OCSP = 14, CERT_RAW_KEY = 15 };	/* signature certificate; RFC 4806; RFC 7670 */

/* What the peer asked for by CERTREQ. */
enum { KEY_WANT_X509 = 1, KEY_WANT_OCSP = 2, KEY_WANT_RAW_KEY = 4 };

/*
 * AUTH, RFC 7296 2.15. message is the first message of the side whose proof it is, as on the wire (without the non-ESP
 * marker); keymgr checks that it is an IKE_SA_INIT with this SA's SPI and that side's nonce before it signs anything.
 * id is the ID payload's body (after the generic header). data, method, certs: VERIFY only. hashes and want: SIGN only.
 */
struct key_auth {
	uint32_t	ike;
	char		tunnel[NAME_CAP];
	uint8_t		initiator;	/* whose proof: 1 the initiator's */
	uint8_t		method;
	uint8_t		want;		/* KEY_WANT_* */
	uint16_t	hashes;		/* bit n: the peer's SIGNATURE_HASH_ALGORITHMS names n (RFC 7427 4); 0: it did not come */
	struct bytes	message, id, data;
	unsigned	ncerts;
	struct key_cert	certs[KEY_CERTS];
};

/* Our own side's: what goes into AUTH and CERT. */
struct key_proof {
	uint8_t		method;
	struct bytes	data;
	unsigned	ncerts;
	struct key_cert	certs[KEY_CERTS];	/* the end's first */
};

struct key_spi {
	uint32_t	child;		/* chosen by iked, unique while it lives, 1 to KEY_CHILD_KEPT - 1; also names it in later calls */
	uint32_t	reqid;
	struct addr	local, remote;
};

/* One CHILD_SA: KEYMAT by RFC 7296 2.17 from ike's SK_d goes straight to the engine. Nonces as in its exchange. */
struct key_child {
	uint32_t	child, ike;
	uint32_t	ke;		/* PFS, else 0 */
	uint8_t		initiator;	/* of the exchange that made it: order of the keys */
	uint8_t		which;		/* KEY_IN | KEY_OUT; the other waits for CHILD_SEND */
	uint8_t		esn, udp;
	uint32_t	spi_in, spi_out, reqid, replay_window;
	uint16_t	cpi_in, cpi_out;	/* IPComp, both or neither */
	char		name[CHILD_NAME_CAP];
	struct suite	suite;		/* without a cipher: AH */
	struct endpoint	local, remote;	/* ports: of the UDP encapsulation */
	uint64_t	soft_s, hard_s;
	uint64_t	soft_bytes, hard_bytes, soft_packets, hard_packets;	/* 0: none */
	struct bytes	ni, nr, peer_public;
	struct ts_list	ts_local, ts_remote;
};

struct key_installed {
	uint32_t	child, reqid, spi_in, spi_out;
	struct endpoint	local, remote;
	char		name[CHILD_NAME_CAP];
};

/* Nobody has proved anything by such a packet. Ports: of the UDP around it; both 0: there was none. */
struct key_stray {
	uint8_t		ah;
	uint32_t	spi;
	struct endpoint	local, remote;
};

void key_derive_put(struct wr *, const struct key_derive *);
bool key_derive_get(struct rd *, struct key_derive *);
void key_derived_put(struct wr *, const struct key_derived *);
bool key_derived_get(struct rd *, struct key_derived *);
void key_auth_put(struct wr *, const struct key_auth *);
bool key_auth_get(struct rd *, struct key_auth *);
void key_proof_put(struct wr *, const struct key_proof *);
bool key_proof_get(struct rd *, struct key_proof *);
void key_spi_put(struct wr *, const struct key_spi *);
bool key_spi_get(struct rd *, struct key_spi *);
void key_child_put(struct wr *, const struct key_child *);
bool key_child_get(struct rd *, struct key_child *);
void key_installed_put(struct wr *, const struct key_installed *);
bool key_installed_get(struct rd *, struct key_installed *);
void key_stray_put(struct wr *, const struct key_stray *);
bool key_stray_get(struct rd *, struct key_stray *);

#endif
