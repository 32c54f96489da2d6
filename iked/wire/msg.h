/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One IKE message (RFC 7296 3), as octets and as a struct. Decoding has two steps, because half of a message can only be read
 * by who has the keys: msg_get_outer() reads the header and the chain up to SK, sk_open() (sk.h) decrypts, msg_get_inner() reads
 * the chain that came out. Both are pure: they fill the struct or give an enum werr, and act on nothing. All spans in a struct
 * msg borrow from the datagram or from the decrypted buffer. Which payloads belong into which message is rules.h's business.
 *
 * A message may come in fragments, each a datagram with SKF in the place of SK; frag.h puts them together between the two steps.
 *
 * Encoding is a struct msg_out: msg_begin(), then pld_*_put() in the order of the wire, then msg_end(). Overflow is sticky.
 * chain.c alone links payloads together.
 */
#ifndef IKED_WIRE_MSG_H
#define IKED_WIRE_MSG_H

#include "alg.h"
#include "bytes.h"
#include "ts.h"
#include "wire/notify.h"

#define MSG_MAX		65535u	/* octets of one message */
#define MSG_PAYLOADS	64	/* payloads in one chain; more is refused */
#define MSG_NOTIFIES	32
#define MSG_DELETES	16
#define MSG_VENDORS	16
#define MSG_CERTS	8
#define HDR_LEN		28

enum exchange { EX_IKE_SA_INIT = 34, EX_IKE_AUTH = 35, EX_CREATE_CHILD_SA = 36, EX_INFORMATIONAL = 37 };
enum hdr_flag { HDR_INITIATOR = 0x08, HDR_VERSION = 0x10, HDR_RESPONSE = 0x20 };

enum pld_type {		/* RFC 7296 3.2 */
	PLD_NONE = 0, PLD_SA = 33, PLD_KE = 34, PLD_IDI = 35, PLD_IDR = 36, PLD_CERT = 37, PLD_CERTREQ = 38, PLD_AUTH = 39,
	PLD_NONCE = 40, PLD_NOTIFY = 41, PLD_DELETE = 42, PLD_VENDOR = 43, PLD_TSI = 44, PLD_TSR = 45, PLD_SK = 46, PLD_CP = 47,
	PLD_EAP = 48, PLD_SKF = 53
};
#define PLD_BIT(t)	(1u << ((t) - PLD_SA))
#define PLD_KNOWN(t)	(((t) >= PLD_SA && (t) <= PLD_EAP) || (t) == PLD_SKF)

/* Why a message was not understood. Sentences in werr.def, with the clause. */
enum werr {
#define W(name, notify, sentence)	WE_##name,
#include "wire/werr.def"
#undef W
	WE_MAX
};
/* "two IDi payloads (RFC 7296 2.5)"; pld: the payload type it is about, or 0. Returns buf. */
#define WERR_STR	160
const char *werr_str(enum werr, uint8_t pld, char buf[static WERR_STR]);
/* The notify that answers it once the peer is authenticated, or 0: drop in silence. */
uint16_t werr_notify(enum werr);
const char *pld_name(uint8_t);		/* "IDi"; "payload" for unknown ones */
const char *exchange_name(uint8_t);	/* "IKE_AUTH"; "exchange" for unknown ones */

struct ike_hdr {
	uint64_t	spi_i, spi_r;
	uint8_t		next;		/* decoding: first payload's type */
	uint8_t		version;	/* 0x20 */
	uint8_t		exchange;
	bool		initiator;	/* flag I: sent by the original initiator of this IKE SA */
	bool		response;	/* flag R */
	uint32_t	id;		/* message id */
};

/* An SA payload: struct proposals as alg.h compares them, beside each proposal its number and SPI. */
struct wire_sa {
	struct proposals proposals;
	uint8_t		num[PROPOSALS_MAX];
	struct bytes	spi[PROPOSALS_MAX];	/* 0, 4 or 8 octets */
};

struct wire_notify {
	uint8_t		proto;		/* as received; 0 when there is no SPI */
	uint16_t	type;
	struct bytes	spi, data;
};

struct wire_delete {
	uint8_t		proto;		/* PROTO_IKE: no SPIs; PROTO_ESP, PROTO_AH: 4 octets each */
	unsigned	n;
	struct bytes	spis;
};

struct wire_cert {
	uint8_t		encoding;
	struct bytes	data;
};

struct msg {
	struct ike_hdr	hdr;
	uint32_t	seen, repeated;		/* PLD_BIT(); both steps together */
	uint32_t	outer;			/* what stood outside SK */
	uint8_t		bad;			/* payload type that an error is about; unknown critical type */
	bool		opened;			/* msg_get_inner() ran */

	struct wire_sa	sa;
	struct { uint16_t group; struct bytes data; } ke;
	struct bytes	idi, idr;		/* body after the generic header, as AUTH wants it; at least 4 octets */
	struct { uint8_t method; struct bytes data; } auth;
	struct bytes	nonce;			/* 16 to 256 octets */
	struct ts_list	tsi, tsr;
	unsigned	nnotify, ndelete, nvendor, ncert, ncertreq;
	struct wire_notify notify[MSG_NOTIFIES];
	struct wire_delete del[MSG_DELETES];
	struct bytes	vendor[MSG_VENDORS];
	struct wire_cert cert[MSG_CERTS], certreq[MSG_CERTS];

	struct bytes	whole;			/* the datagram */
	struct bytes	sk;			/* SK's body: IV, ciphertext, ICV; it ends the datagram */
	uint8_t		sk_first;		/* type of the first payload inside; 0 in all fragments but the first */
	uint16_t	frag, frags;		/* SKF: this is fragment frag of frags, from 1; 0: a whole message (RFC 7383 2.5) */
};

/* Only the 28 octets: enough to find the IKE SA. The datagram's length is checked too. */
enum werr hdr_get(struct bytes datagram, struct ike_hdr *);
void hdr_put(struct wr *, const struct ike_hdr *, size_t length);
enum werr msg_get_outer(struct bytes datagram, struct msg *);
/* m was filled by msg_get_outer(); plain is what sk_open() gave: the chain without padding. */
enum werr msg_get_inner(struct msg *, struct bytes plain);

static inline bool
msg_has(const struct msg *m, enum pld_type t)
{
	return (m->seen & PLD_BIT(t)) != 0;
}

/* The first notify of that type, or NULL. */
const struct wire_notify *msg_notify(const struct msg *, uint16_t type);
/* The first notify that is an error (type below 16384), or NULL. */
const struct wire_notify *msg_error(const struct msg *);
/* An SPI as a number: 4 octets; 0 when it has another length. */
uint32_t spi32(struct bytes);
uint64_t spi64(struct bytes);
/* The i-th SPI of a delete (4 octets each). */
uint32_t delete_spi(const struct wire_delete *, unsigned i);

struct msg_out {
	struct wr	w;
	size_t		link;		/* where the type of the next payload goes; 0 in a chain without header: first */
	uint8_t		first;		/* the first payload's type */
	bool		inner;
};

/* A message in the clear (IKE_SA_INIT), or the chain that goes into SK (no header; sk_seal() of sk.h makes the message). */
void msg_begin(struct msg_out *, void *buf, size_t cap, const struct ike_hdr *);
void msg_begin_inner(struct msg_out *, void *buf, size_t cap);
/* The finished octets; empty when something did not fit. */
struct bytes msg_end(struct msg_out *);
/* chain.c, for the pld_*_put: open a payload, close it with its length. */
size_t pld_open(struct msg_out *, uint8_t type);
void pld_close(struct msg_out *, size_t at);

/* What we offer: every proposal with the same SPI (no octets for IKE_SA_INIT), numbered from 1. */
void pld_sa_put(struct msg_out *, const struct proposals *, struct bytes spi);
/* What we answer: proposal number num of theirs, one transform of each type the suite has. */
void pld_sa_put_chosen(struct msg_out *, uint8_t num, uint8_t proto, const struct suite *, struct bytes spi);
/* Any: for tests, and to echo numbers. */
void pld_sa_put_raw(struct msg_out *, const struct wire_sa *);
void pld_ke_put(struct msg_out *, uint16_t group, struct bytes data);
void pld_id_put(struct msg_out *, bool initiator, struct bytes body);
void pld_auth_put(struct msg_out *, uint8_t method, struct bytes data);
void pld_nonce_put(struct msg_out *, struct bytes);
void pld_notify_put(struct msg_out *, uint8_t proto, struct bytes spi, uint16_t type, struct bytes data);
void pld_delete_put(struct msg_out *, uint8_t proto, const uint32_t *spis, unsigned n);	/* PROTO_IKE: n 0 */
void pld_ts_put(struct msg_out *, bool initiator, const struct ts_list *);
void pld_cert_put(struct msg_out *, bool request, uint8_t encoding, struct bytes data);
void pld_vendor_put(struct msg_out *, struct bytes);

/* What IPCOMP_SUPPORTED says (RFC 7296 2.22). False: it has another length. */
bool ipcomp_get(struct bytes data, uint16_t *cpi, uint8_t *transform);
enum { IPCOMP_DEFLATE = 2 };
#define IPCOMP_CPI_MIN	256	/* RFC 3173 3.3: smaller ones are well known, and negotiated by nobody here */

/* The decoders of payload bodies (after the generic header). */
enum werr pld_sa_get(struct bytes, struct wire_sa *);
enum werr pld_ke_get(struct bytes, struct msg *);
enum werr pld_id_get(struct bytes, struct bytes *);
enum werr pld_auth_get(struct bytes, struct msg *);
enum werr pld_nonce_get(struct bytes, struct bytes *);
enum werr pld_notify_get(struct bytes, struct wire_notify *);
enum werr pld_delete_get(struct bytes, struct wire_delete *);
enum werr pld_ts_get(struct bytes, struct ts_list *);
enum werr pld_cert_get(struct bytes, struct wire_cert *);

#endif
