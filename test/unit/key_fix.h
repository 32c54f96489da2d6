/* SPDX-License-Identifier: BSD-2-Clause */
/* keymgr with all its neighbours in one process: iked and spdsync as links, and an engine that speaks PF_KEY from a script. */
#ifndef KEY_FIX_H
#define KEY_FIX_H

#include "msg_bind.h"
#include "msg_key.h"
#include "serve.h"

#define ENGINE_SAS	64
#define EVENTS		64

struct fake_sa {
	uint32_t	spi;
	struct pfkey_msg m;
	struct secret	encr, integ;
};

struct key_fix {
	struct event_base	*base;
	struct keymgr		 k;
	char			 dir[64];
	/* the engine */
	int			 engine;
	struct event		*engine_ev;
	int			 ahead;			/* its version of HELLO is so many above ours */
	bool			 hello, silent;		/* answers HELLO; answers nothing else */
	int			 refuse_type, refuse_err;
	bool			 refuse_comp;	/* only what is of IPComp */
	uint32_t	policy_reqid;	/* what SPDGET finds; 0 nothing */
	uint32_t		 next_spi, renewed;	/* renewed: GETSPI with a range of one */
	unsigned		 n_add, n_update, n_delete, n_private;
	char			 kinds[256];		/* of each of these: e ESP, a AH, c IPComp */
	char			 order[256];		/* a letter for each message: G getspi, A add, U update, D delete */
	struct fake_sa		 sa[ENGINE_SAS];
	unsigned		 n;
	struct fake_sa		 dump[8];
	unsigned		 ndump;
	/* iked */
	struct ipc		*iked;
	bool			 iked_down;
	struct { uint16_t type; uint32_t v; uint8_t a, b; struct endpoint e; } ev[EVENTS];
	unsigned		 nev;
	unsigned		 trust_events, trusted;	/* KEY_TRUST: how often, and how many anchors the last had */
	uint8_t			 trust[KEY_ANCHORS * KEY_ANCHOR];
	unsigned		 invalid;		/* KEY_PEER_INVALID; its sentence is in detail */
	uint32_t		 invalid_ike;
	uint16_t		 invalid_why;
	struct key_stray stray;
	/* spdsync */
	struct ipc		*spdsync;
	bool			 spdsync_down;
	/* the last answer */
	bool			 answered;
	enum reason		 reason;
	uint8_t			 body[IPC_MAX];
	size_t			 nbody;
	char			 detail[1100];
};

extern uint64_t (*key_wall)(void);		/* the time of certificates for key_setup; NULL: the clock's */
int key_setup(void **state);
int key_teardown(void **state);
void key_spin(struct key_fix *);		/* until nothing is left to do */
void key_secret(struct key_fix *, const char *name, const char *text);
void key_socketpair(int v[2]);
void key_attach_engine(struct key_fix *, bool hello);
void key_drop_engine(struct key_fix *);		/* it dies */
void key_attach_iked(struct key_fix *);
void key_attach_spdsync(struct key_fix *);
void key_engine_says(struct key_fix *, struct pfkey_msg *);	/* an event */
struct fake_sa *key_sa(struct key_fix *, uint32_t spi);

/* Requests; the reason, and the answer's fields through key_answer. */
enum reason key_call(struct key_fix *, struct ipc *, uint16_t type, struct wr *);
struct rd key_answer(struct key_fix *);
void key_post(struct key_fix *, uint16_t type, struct wr *);	/* without waiting */
enum reason key_bind(struct key_fix *, const char *tunnel, const char *psk, const char *local, const char *remote);

/* Two ends of one IKE SA, both behind this keymgr. */
struct ends {
	uint32_t	ike_i, ike_r;
	uint8_t		ni[32], nr[32];
	uint8_t		msg_i[256], msg_r[256];
	struct bytes	request, response;
	uint64_t	spi_i, spi_r;
	struct secret	sk_ei, sk_er;	/* as the initiator's end got them */
};
extern const struct suite key_suite;
uint32_t key_ke(struct key_fix *, uint16_t group, uint8_t *pub, size_t *n);
enum reason key_derive(struct key_fix *, const struct key_derive *, uint32_t *ike, struct secret *ei, struct secret *er);
void key_ends(struct key_fix *, struct ends *);			/* derived, nothing proved */
struct bytes key_init_message(uint8_t *buf, size_t cap, uint64_t spi_i, uint64_t spi_r, uint8_t flags, struct bytes nonce);
enum reason key_sign(struct key_fix *, uint32_t ike, const char *tunnel, bool initiator, struct bytes msg, const char *id, struct secret *auth);
enum reason key_verify(struct key_fix *, uint32_t ike, const char *tunnel, bool initiator, struct bytes msg, const char *id, uint8_t method, struct bytes auth);
void key_prove(struct key_fix *, struct ends *);		/* both ways: tunnels "a" (the initiator's) and "b" */
uint32_t key_spi_new(struct key_fix *, uint32_t child, enum reason *);
void key_child(struct key_child *, uint32_t child, uint32_t ike, bool initiator, uint8_t which, uint32_t spi_in, uint32_t spi_out, struct ends *);
enum reason key_install(struct key_fix *, const struct key_child *);
enum reason key_u32(struct key_fix *, uint16_t type, uint32_t v);
enum reason key_remove(struct key_fix *, uint8_t kind, uint32_t handle);
unsigned key_list(struct key_fix *, struct key_installed *, unsigned cap);

/* A proved IKE SA and one child of each end (1 and 2), installed; the peer's SPI of each is the other's + KEY_PEER. */
#define KEY_PEER	0x100
struct key_pair {
	struct ends	e;
	uint32_t	spi_i, spi_r;
};
void key_pair(struct key_fix *, struct key_pair *, uint8_t which);

#endif
