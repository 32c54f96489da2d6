/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two gateways in one process: two engines back to back, each with a key manager and an ESP engine of toys, joined by a network
 * that delays, loses, doubles and reorders by seed, under one virtual clock. The key derivation is a toy, but both sides must
 * feed it the same nonces, SPIs and order to get the same keys; SK is the real one.
 */
#ifndef TEST_EXCHANGE_SIM_H
#define TEST_EXCHANGE_SIM_H

#include "sa/edges.h"
#include "sa/engine.h"
#include "wire/msg.h"

#define MS	1000000ull
#define SEC	1000000000ull
#define SIM_CHILDREN	64
#define SIM_HANDLES	256
#define SIM_TRACE	4096
#define SIM_RECORDS	64

enum { A, B };

struct sim;

struct toy_ke { uint32_t id; uint8_t pub[32]; };
struct toy_ike { uint32_t id; uint8_t skd[32]; };
struct toy_child {
	uint32_t	id, spi_in, spi_out, reqid;
	bool		larval, in, out, used;
	uint64_t	order;		/* of the outbound SA: the newest sends */
	uint8_t		key_in[32], key_out[32];
	uint64_t	soft_s, hard_s;
	struct ts_list	local, remote;
	char		name[CHILD_NAME_CAP];
	struct endpoint	local_ep, remote_ep;
	bool		udp, ah, comp;
	uint16_t	cpi_in, cpi_out;
};

struct side {
	struct sim	*sim;
	struct engine	*e;
	int		 id;
	struct endpoint	 addr;		/* as itself knows it */
	char		 psk[32];
	struct toy_ke	 ke[SIM_HANDLES];
	struct toy_ike	 ike[SIM_HANDLES];
	struct toy_child child[SIM_CHILDREN];
	struct tunnel	 tunnel;	/* as it was put last */
	uint32_t	 next_handle, kept;
	uint64_t	 fifo;		/* when the link's last answer arrives */
	uint64_t	 order;
	bool		 linked;	/* keymgr's link is up */
	bool		 engine;	/* the ESP engine runs */
	bool		 comp;		/* SPI_NEW brings a CPI too, */
	uint16_t	 cpi;		/* this one, as another implementation's might; 0: of its own */
	bool		 mute;		/* iked is dead */
	uint32_t	 refused;	/* the last reqid that ASK_FAILED named */
	uint64_t	 state;		/* of the engine's random numbers */
	unsigned	 link_age;	/* answers of an older link are lost */
	enum reason	 fail[64];	/* the next call of that type fails so */
	unsigned	 ncerts;	/* CERT payloads that its proof comes with, */
	size_t		 cert_len;	/* each of so many octets */
	unsigned	 proofs, verdicts;	/* SIGN and VERIFY that were asked for */
	uint8_t		 want;		/* of the last SIGN */
	uint16_t	 hashes;
	uint64_t	 verify_ns;	/* VERIFY takes so much longer */
	enum reason	 verdict;	/* of every VERIFY, R_OK: the proof decides */
	unsigned	 nrec, ndone;
	struct { uint16_t reason; char tunnel[NAME_CAP], child[NAME_CAP]; char facts[1024]; } rec[SIM_RECORDS];
	struct { uint64_t tag; enum reason reason; } done[SIM_RECORDS];
	unsigned	 sent[4];	/* messages by exchange */
	bool		 logged[256];	/* reasons of log lines */
	unsigned	 keepalives;	/* RFC 3948 2.3 */
	bool		 quiet;		/* its engine does not tell of packets without an SA */
	uint64_t	 stray_at;	/* else once a second */
};

/* What the network does with one datagram. */
enum fate { FATE_AS_USUAL, FATE_DROP, FATE_HOLD };

struct sim {
	uint64_t	 now, seq;
	uint64_t	 state;		/* of the network's random numbers */
	struct side	 s[2];
	struct ev	*heap[8192];
	unsigned	 nheap;
	/* the network */
	uint64_t	 delay, spread;	/* one way: delay + random below spread */
	unsigned	 loss, dup;	/* per thousand */
	uint64_t	 key_delay, key_spread;
	enum fate	(*filter)(struct sim *, int from, const struct ike_hdr *, void *arg, uint64_t *hold);
	void		*arg;
	/* sees every datagram whole, may change it; false: it is lost */
	bool		(*touch)(struct sim *, int from, uint8_t *datagram, size_t n, void *arg, uint64_t *hold);
	void		*touch_arg;
	uint16_t	 fragment;
	bool		 nat;		/* A is behind a translator */
	uint16_t	 nat_port;
	/* traffic */
	bool		 traffic;
	uint64_t	 next_packet;
	unsigned	 esp_sent, esp_no_out, esp_lost, esp_ok;
	/* what happened */
	unsigned	 ntrace;
	struct { uint8_t side; uint8_t row; } trace[SIM_TRACE];
	bool		 print;
};

void sim_init(struct sim *, uint64_t seed);
void sim_fini(struct sim *);
/* Both sides cut messages so that an IP datagram with a piece has at most so many octets; 0: as in life. */
void sim_fragments(struct sim *, uint16_t ip);
/* The usual pair: A 192.0.2.1 and B 192.0.2.2, one tunnel "a-b" with one child "net", A initiates. */
void sim_tunnel(struct tunnel *, int side);
void sim_put_one(struct sim *, int side, const struct tunnel *);
void sim_put_two(struct sim *, int side, const struct tunnel *first, const struct tunnel *second);	/* of the one side, which has no others */
void sim_put(struct sim *, const struct tunnel *a, const struct tunnel *b);
void sim_begin(struct sim *);				/* both links up, the usual tunnels put, synced */
void sim_run(struct sim *, uint64_t ns);
bool sim_until(struct sim *, bool (*)(struct sim *), uint64_t ns);	/* false: not within ns */
void sim_at(struct sim *, uint64_t in, void (*)(struct sim *, void *), void *);
bool sim_up(struct sim *);				/* IKE SA and every child up on both ends */
struct ikesa *sim_up_sa(struct engine *);		/* its first IKE SA that is up, or NULL */
bool sim_idle(struct sim *);				/* nothing under way */
/* NULL, or what is wrong: one IKE SA, one usable pair a policy, nothing left over. Waits until both are idle. */
const char *sim_check(struct sim *, unsigned policies);
uint64_t sim_counted(const struct sim *, int side, const char *name);	/* a counter of that side's iked */
uint64_t sim_random(uint64_t *state);
void sim_soft(struct sim *, int side);			/* the soft lifetime of its newest child comes */
void sim_hard(struct sim *, int side);
void sim_expire(struct sim *, int side, uint32_t reqid, bool hard);
void sim_engine(struct sim *, int side, bool up);	/* the ESP engine dies or comes back */
void sim_keymgr(struct sim *, int side, bool up, bool keep);	/* keymgr's link; keep: the children are still listed */
void sim_restart(struct sim *, int side);		/* iked is killed and begins again */
void sim_command(struct sim *, int side, enum engine_command);
bool sim_recorded(const struct side *, enum reason);
const char *sim_fact(const struct side *, enum reason, const char *key);
const char *sim_path(struct sim *, char *buf, size_t cap);	/* the trace as text */

/* sim_key.c */
void toy_call(struct side *, const struct todo *);
void toy_event(struct side *, uint16_t type, struct bytes);
void toy_packet(struct sim *, int from);
void toy_arrive(struct sim *, int to, uint32_t spi, const uint8_t key[32]);
struct toy_child *toy_newest(struct side *, uint32_t reqid);	/* 0: of any policy */
unsigned toy_children(const struct side *);
void toy_forget(struct side *, bool keep_children);

/* sim.c, for sim_key.c */
void sim_answer(struct side *, uint32_t call, enum reason, struct bytes fields, bool ordered);
void sim_answer_in(struct side *, uint32_t call, enum reason, struct bytes fields, uint64_t ns);
void sim_event(struct side *, uint16_t type, struct bytes);
void sim_esp(struct sim *, int to, uint32_t spi, const uint8_t key[32]);

#endif
