/* SPDX-License-Identifier: BSD-2-Clause */
/* What the rooms of the machine offer each other: effects, calls to keymgr, and the life of IKE SAs, exchanges, children, tunnels. */
#ifndef IKED_SA_OPS_H
#define IKED_SA_OPS_H

#include "sa/types.h"

#define LINGER_NS	(2 * NS_PER_S)	/* an inbound SA receives what was under way when it was deleted */
#define HOLD_NS		(1 * NS_PER_S)	/* the responder of a rekey sends on the new SA after this at the latest */
#define FIRST_HOLD_NS	(100 * NS_PER_MS)	/* the same where nothing else carries the traffic: the engine keeps it meanwhile */
#define RETIRE_NS	(10 * NS_PER_S)	/* children from before a restart */
#define HALF_OPEN_NS	(30 * NS_PER_S)
#define IDLE_NS		(30 * NS_PER_S)
#define KEEPALIVE_NS	(20 * NS_PER_S)
#define SECOND_NS	(15 * NS_PER_S)	/* the site that is not named first begins after this */
#define FRAGMENT_IP	1280			/* octets of an IP datagram with a fragment of a message */
#define REASSEMBLE_NS	(30 * NS_PER_S)		/* fragments wait so long for the others, */
#define REASSEMBLE_MAX	(4u << 20)		/* and so many octets of all that have not proved who they are */
#define PACE_NS		(NS_PER_S / 50)

#define COUNT(e, name)	((e)->counters[C_##name].value++)

/* octets and nonces */
bool octets_set(struct octets *, struct bytes);
void octets_free(struct octets *);
static inline struct bytes octets_bytes(const struct octets *o) { return bytes_of(o->p, o->n); }
bool nonce_set(struct nonce *, struct bytes);
static inline struct bytes nonce_bytes(const struct nonce *n) { return bytes_of(n->b, n->n); }
/* RFC 7296 2.8.1: octet by octet; the one that ends first is the lower. */
int nonce_cmp(const struct nonce *, const struct nonce *);
const struct nonce *nonce_low(const struct nonce *, const struct nonce *);
void fresh_nonce(struct engine *, struct nonce *);
uint64_t fresh64(struct engine *);
uint64_t jitter(struct engine *, uint64_t ns, unsigned percent);	/* ns, up to that much more */

/* effects (todo.c) */
void todo_send(struct engine *, const struct endpoint *local, const struct endpoint *remote, bool natt, bool marker, struct bytes);
void todo_log(struct engine *, enum log_level, const char *event, enum reason, const char *tunnel, const char *child,
    const char *fmt, ...) __attribute__((format(printf, 7, 8)));
void todo_record(struct engine *, struct record *);	/* takes it; NULL is allowed */
void todo_done(struct engine *, uint64_t tag, enum reason, const char *detail);
void todo_state(struct engine *, const char *tunnel);

/* keymgr (call.c). The IKE SA or the exchange waits for the answer. False: no memory, or keymgr is down. */
bool call_ike(struct engine *, struct ikesa *, uint16_t type, struct bytes body);
bool call_xch(struct engine *, struct xch *, uint16_t type, struct bytes body, uint32_t arg);
void call_forget(struct call **);		/* the answer is not wanted any more; what it made is removed when it comes */
void key_ask_failed(struct engine *, uint32_t reqid);
void key_remove(struct engine *, uint8_t kind, uint32_t handle);
void key_send(struct engine *, uint32_t child);
void calls_end(struct engine *);		/* the link is gone: every waiting object gets R_KEYMGR_DOWN */
void ask_list(struct engine *);
bool ask_ke(struct engine *, struct ikesa *, struct xch *, uint16_t group);

/* edges (edges.c): false when no row takes it */
bool edge_run(struct turn *, enum place from, unsigned on);

/* IKE SAs (ike_sa.c) */
struct ikesa *ikesa_new(struct engine *, struct tun *, bool initiator);
void ikesa_move(struct engine *, struct ikesa *, enum place);
struct ikesa *ikesa_find(struct engine *, uint64_t our_spi);
static inline uint64_t ikesa_spi(const struct ikesa *s) { return s->initiator ? s->spi_i : s->spi_r; }
void ikesa_hash(struct engine *, struct ikesa *);
void ikesa_follow(struct engine *, struct ikesa *, const struct endpoint *);	/* a peer behind a translator is where its newest authentic packet came from (RFC 7296 2.23) */
void ikesa_end(struct engine *, struct ikesa *, enum reason);	/* silently, with its children */
bool ikesa_keys(struct engine *, struct ikesa *, const struct key_derived *);
void ikesa_attach(struct ikesa *, struct tun *);
void ikesa_up(struct engine *, struct ikesa *);		/* timers of an IKE SA that is up */
void ikesa_kick(struct engine *, struct ikesa *);	/* begin the next exchange that is wanted */
void ikesa_fail(struct engine *, struct ikesa *, enum reason, struct record *);	/* setup failed: record, back-off, end */
void ikesa_leave(struct engine *, struct ikesa *);
bool ikesa_undecided(const struct ikesa *);
bool ikesa_differs(const struct ikesa *);	/* the peer said that its definition of the tunnel is another than ours is now */
bool ikesa_has_heir(const struct ikesa *);	/* another one of the tunnel stands */
bool ikesa_usable(const struct ikesa *);	/* up, with keys, not being replaced */
struct setup *setup_new(void);
void setup_free(struct engine *, struct ikesa *);
void certs_free(struct certs *);
void peer_invalid(struct engine *, struct ikesa *, enum reason, const char *detail);
void engine_bury(struct engine *);

/* messages (send.c) */
void msg_first(struct engine *, struct msg_out *);	/* a chain that goes into SK, in e->plain */
void send_parts(struct engine *, struct ikesa *, struct bytes, size_t part);
bool send_request(struct engine *, struct ikesa *, uint8_t exchange, struct msg_out *);
bool send_response(struct engine *, struct ikesa *, uint8_t exchange, struct msg_out *);
bool send_notify(struct engine *, struct ikesa *, uint8_t exchange, uint16_t notify, struct bytes data);	/* a response that is only that */
enum reason silence(const struct ikesa *);	/* why a peer that does not answer does not */
void ike_resend_arm(struct engine *, struct ikesa *);
void send_stray_notify(struct engine *, const struct endpoint *local, const struct endpoint *remote, bool natt, uint32_t spi);
void send_clear_notify(struct engine *, const struct turn *, const struct ike_hdr *, uint16_t type, struct bytes data);

/* Is this a public value of that group, by its length? keymgr takes no other. */
bool ke_fits(uint16_t group, struct bytes);

/* exchanges (xch.c) */
struct xch *xch_new(struct engine *, struct ikesa *, enum xkind, bool ours);
void xch_move(struct engine *, struct xch *, enum place);
void xch_end(struct engine *, struct xch *);		/* frees what it holds; its child is dropped unless it is up */
struct child *xch_child(struct engine *, struct xch *, unsigned pol);
void xch_fail(struct engine *, struct xch *, enum reason, struct record *);	/* ours: record, back-off, end */
void xch_begin(struct engine *, struct ikesa *, enum xkind, struct child *, unsigned pol);

/* children (child.c) */
struct child *child_new(struct engine *, struct tun *, unsigned pol);
struct child *child_find(struct engine *, uint32_t id);
struct child *child_by_spi(struct tun *, bool ah, uint32_t spi_out, const struct ikesa *);
void child_drop(struct ikesa *, const struct child *);	/* only the peer may have it: it is told so */
void child_move(struct engine *, struct child *, enum child_place);
void child_up(struct engine *, struct child *, struct child *old);
void child_gone(struct engine *, struct child *, enum reason);
void child_retire(struct engine *, struct child *);	/* the peer has forgotten it: receive until the new one is proven */
void child_want_delete(struct engine *, struct child *, enum reason);
bool child_has_elder(const struct engine *, const struct child *);
bool child_confirmed(const struct child *);
bool child_had_elder(const struct child *);
void child_release(struct engine *, struct child *);	/* send on it now */
void child_hold(struct engine *, const struct ikesa *);	/* a repeated request: not yet */
void child_free(struct engine *, struct child *);
struct child *policy_top(const struct tun *, unsigned pol);
bool policy_busy(const struct tun *, unsigned pol);
void policy_settle(struct engine *, struct tun *, unsigned pol);
bool engine_expire(struct engine *, uint32_t child, bool hard);
void engine_used(struct engine *, uint32_t child);
void child_lost(struct engine *, struct child *);	/* NULL is allowed */
void child_rename(struct engine *, struct child *, uint32_t id);

/* tunnels (tunnel.c, tend.c) */
struct tun *tun_find(const struct engine *, const char *name);
void tun_touch(struct engine *, struct tun *);		/* look at it at the end of this input */
void tun_changed(struct engine *, struct tun *);	/* the same, and tell spdsync */
/* able.c: does the engine have this transform; has it something for each kind that one of these proposals names? */
bool able_transform(const struct engine *, const struct transform *);
bool able_proposals(const struct engine *, const struct proposals *);
#define ABLE_NONE	"Linux's own PF_KEY (engine: system) has aes128, aes192 and aes256 with sha384 or sha512, without ESN; 'esp:' of this tunnel offers none of that"
void tun_reason(struct engine *, struct tun *, enum reason, const char *detail);
void tun_backoff(struct engine *, struct tun *);
void tun_rest(struct tun *);
void tun_tend(struct engine *, struct tun *);
void tun_free(struct engine *, struct tun *);
void tun_bury(struct tun *);		/* its memory, when nobody looks at it any more */
void tun_apply(struct engine *, struct tun *, const struct tunnel *);
void tun_start(struct engine *, struct tun *, struct ikesa *beside);
void engine_settle(struct engine *);
void tun_failed(struct engine *, struct tun *, const char *child, enum reason, const char *detail);	/* tells those who wait */
void waiters_check(struct engine *, struct tun *);
void waiters_arm(struct engine *);
void waiters_shutdown(struct engine *);
void orphans_check(struct engine *);
void orphans_due(struct engine *, void *);
uint64_t backoff(struct engine *, unsigned tries);

/* who it is (match.c) */
void tun_link(struct engine *, struct tun *);
void tun_unlink(struct engine *, struct tun *);
/* The first tunnel between these addresses whose IKE proposals meet; *any: there is at least a tunnel, with other proposals. */
struct tun *match_address(const struct engine *, const struct addr *local, const struct addr *remote, const struct proposals *,
    struct suite *, unsigned *which, const struct tun **any);
struct tun *match_identity(const struct engine *, const char *id, const char *id_ours, const struct addr *local,
    const struct addr *remote, const struct tun **other);
/* The policy that the selectors mean, narrowed; -1: none. */
/* What a request asks for beside its selectors. */
struct asked { bool transport, ah, esp, comp; };
int match_selectors(const struct tun *, const struct asked *, const struct ts_list *ours, const struct ts_list *theirs, struct ts_list *local,
    struct ts_list *remote);

#define PEERS	16
/*
 * The tunnels with who is at that address. Those that do not know it by their definition cost a look at all of them; which is had once a
 * second for a group of addresses. *wide: this time it was.
 */
unsigned match_peers(struct engine *, const struct addr *local, const struct addr *remote, struct tun *v[static PEERS], bool *wide);
bool match_anyone(const struct engine *, const struct addr *local);	/* is there a tunnel whose peer may be anywhere? */

/* packets without an SA (stray.c) */
bool stray_clear(struct turn *);
void strays_take(struct turn *);		/* what an authentic message says of ours */
void stray_put(struct msg_out *, struct ikesa *);

void frags_drop(struct engine *, struct ikesa *);	/* input.c */

/* half open (halfopen.c) */
bool half_admit(struct engine *, const struct addr *, bool *cookie);
void half_add(struct engine *, struct ikesa *);
void half_remove(struct engine *, struct ikesa *);
struct ikesa *half_find(struct engine *, uint64_t spi_i, const struct endpoint *);

/* report.c */
struct record *rec_new(const struct ikesa *, const char *exchange, const char *child, enum reason);
/* Once the IKE SA stands either end begins an exchange, whoever began the IKE SA. Returns it; NULL stays NULL. */
struct record *rec_begun(struct record *, bool ours);
void rec_notify(struct record *, const struct wire_notify *);
const char *tun_name(const struct ikesa *);
const char *pol_name(const struct tun *, unsigned pol);
enum reason notify_reason(uint16_t, bool child);
void rec_detail(struct record *, enum reason, const char *detail);	/* keymgr's words: a file's name, or the engine's error */

#endif
