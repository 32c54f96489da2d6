/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's SAD by PF_KEY. One struct describes one SA of one direction; keys go into the message and nowhere else. The link may
 * end and come back (a new descriptor): that is told as lost and back. Nothing private is sent, and no ESN, AEAD or wide window is used, before
 * HELLO was answered. After each HELLO the SAD is dumped, so that children of an earlier keymgr are known.
 */
#ifndef KEYMGR_SADB_H
#define KEYMGR_SADB_H

#include "bind.h"
#include "msg_key.h"
#include "pfkey.h"
#include "reason.h"
#include "secret.h"

#define SADB_DETAIL	192

enum sa_kind { SA_ESP, SA_AH, SA_COMP };

struct sa_spec {
	enum sa_kind		kind;
	bool			out;
	bool			larval;		/* GETSPI made its place: UPDATE it */
	bool			esn, udp;
	bool			transport;
	uint32_t		number;		/* by which iked knows its child; mostly the reqid */
	uint32_t		spi, reqid, replay_window;	/* SA_COMP: the CPI */
	uint32_t		peer_spi;	/* SA_COMP: that of the SA of ESP beside it, in its direction */
	char			name[CHILD_NAME_CAP];
	char			iface[IFACE_CAP];	/* it is an interface's; "": of the ordinary policies */
	struct suite		suite;
	struct endpoint		src, dst;	/* ports: of the UDP encapsulation */
	uint64_t		soft_s, hard_s, soft_bytes, hard_bytes, soft_packets, hard_packets;
	const struct ts_list	*ts_src, *ts_dst;	/* NULL: no selectors */
	const struct secret	*encr, *integ;
};

/* An SA that the engine reports. */
struct sa_found {
	enum sa_kind	kind;
	bool		in, out;	/* neither: the engine did not say */
	bool		ours;		/* OWNER is keymgr's */
	bool		dying;		/* its soft lifetime is over */
	uint32_t	spi, peer_spi, number;
	char		name[CHILD_NAME_CAP];
	struct endpoint	src, dst;
};

/* An ACQUIRE. policy 0: not known; peer: the policy's endpoint, or where the packet goes; seq: for sadb_refuse() */
struct sa_asked {
	bool		ah;		/* an SA of AH is lacking */
	uint32_t	reqid, policy, seq;
	struct addr	peer;
};

struct sadb_ops {
	void	(*found)(void *ctx, const struct sa_found *);	/* in the dump after HELLO; those of IPComp come last */
	void	(*back)(void *ctx);				/* HELLO and dump are done */
	void	(*lost)(void *ctx, const char *why, bool ended);	/* every SA is gone with the engine; ended: and no new link is there */
	void	(*cut)(void *ctx, const char *why);		/* the link ended, and the SAs stay; what the dump after the next HELLO says, holds */
	void	(*refused)(void *ctx, const char *why, bool news);	/* the engine is of another version; news: it was not a moment ago */
	void	(*acquire)(void *ctx, const struct sa_asked *);
	void	(*expire)(void *ctx, enum sa_kind, uint32_t spi, const struct addr *dst, bool hard, bool larval);
	void	(*used)(void *ctx, enum sa_kind, uint32_t spi, const struct addr *dst);
	void	(*mapping)(void *ctx, uint32_t spi, const struct endpoint *peer);	/* the inbound SA's */
	void	(*stray)(void *ctx, const struct key_stray *);
	void	(*deleted)(void *ctx, enum sa_kind, uint32_t spi, const struct addr *dst);	/* by somebody else */
	void	(*flushed)(void *ctx, unsigned kinds);	/* bits 1 << enum sa_kind */
};

struct sadb;
typedef void sadb_done(void *arg, enum reason, const char *detail, uint32_t spi);

struct sadb *sadb_new(struct event_base *, const struct sadb_ops *, void *ctx);
void sadb_free(struct sadb *);
/* A descriptor to the engine; takes it. One that was there before is given up. */
void sadb_attach(struct sadb *, int fd);
bool sadb_is_up(const struct sadb *);
uint8_t sadb_features(const struct sadb *);	/* KEY_FEAT_* */

/* An SPI or CPI for an inbound SA; spi not 0: keep this one alive. False: done is not called, the engine is away. */
bool sadb_getspi(struct sadb *, enum sa_kind, const struct key_spi *, const struct bound_terms *, uint32_t spi, sadb_done *, void *arg);
/* R_OK, or why the engine cannot have this one; before anything is derived for it. */
enum reason sadb_can(const struct sadb *, const struct sa_spec *, char detail[static SADB_DETAIL]);
bool sadb_install(struct sadb *, const struct sa_spec *, sadb_done *, void *arg);
void sadb_refuse(struct sadb *, uint32_t seq);	/* there is no SA to be had for this ACQUIRE; 0: none */
void sadb_delete_found(struct sadb *, const struct sa_found *);	/* from ops->found */
void sadb_delete(struct sadb *, enum sa_kind, uint32_t spi, const struct endpoint *src, const struct endpoint *dst);

/* OWNER's text of a child's SA, both ways. number 0: it is the SA's reqid. */
void sadb_owner_text(char *buf, size_t cap, const char *name, uint32_t peer_spi, uint32_t number);
bool sadb_owner_parse(const char *, char name[static CHILD_NAME_CAP], uint32_t *peer_spi, uint32_t *number);

#endif
