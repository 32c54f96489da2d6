/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam, user-space side: everything kernel/core needs from its host, and nothing else ("make seam" holds it to that).
 * ipsecd is one thread, so locks and read sections are empty, and nobody has to be waited for; frees are put off until
 * host_turn_end(), as a grace period would, so that ASan finds lifetime faults that only a kernel would show. crypt.c
 * has the ciphers; the host's program (or a test) has the functions at the end, which carry packets and messages away.
 */
#ifndef CAUSEWAY_HOST_H
#define CAUSEWAY_HOST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct host;
struct host_aead;
struct host_comp;
struct cw_engine;
struct cw_pkt;
struct cw_policy;
struct cw_flow;
struct cw_addr;
struct cw_crypt;

/* Memory. host_wipe cannot be optimised away. */
static inline void *host_zalloc(size_t n) { return calloc(1, n); }
static inline void host_free(void *p) { free(p); }
void host_wipe(void *p, size_t n);

/* One thread: nothing to lock. A lock is held over a few instructions, never over a cipher. */
struct host_lock { char unused; };
static inline void host_lock_init(struct host_lock *l) { (void)l; }
static inline void host_lock(struct host_lock *l) { (void)l; }
static inline void host_unlock(struct host_lock *l) { (void)l; }

struct host_ref { unsigned n; };
static inline void host_ref_init(struct host_ref *r) { r->n = 1; }
/* False: the last was put already, and what a read section still shows must not be kept. */
static inline bool host_ref_get(struct host_ref *r) { return r->n && ++r->n; }
static inline bool host_ref_put(struct host_ref *r) { return --r->n == 0; }	/* true: that was the last */

static inline void host_read_begin(void) { }
static inline void host_read_end(void) { }
/* A value that others change meanwhile: read once, written after all that was written before it. */
#define host_load(p)		(p)
#define host_publish(p, v)	((p) = (v))
static inline void host_synchronize(void) { }	/* wait until every read section that runs now has ended; control calls only */

/* Call fn(p) when no read section that runs now can still see p. The node lives in the object. */
struct host_defer { struct host_defer *next; void (*fn)(void *); void *p; };
void host_defer(struct host_defer *, void (*fn)(void *), void *p);
void host_turn_end(void);	/* the host's loop: end of a turn */

/* Counters that all processors raise. */
#define HOST_STATS	1280u
struct host_stats { uint64_t v[HOST_STATS]; };
static inline struct host_stats *host_stats_new(void) { return calloc(1, sizeof(struct host_stats)); }
static inline void host_stats_free(struct host_stats *s) { free(s); }
static inline void host_stats_add(struct host_stats *s, unsigned i, uint64_t n) { s->v[i] += n; }
static inline uint64_t host_stats_read(const struct host_stats *s, unsigned i) { return s->v[i]; }

/* And one of them alone, which lies in what it counts for. */
struct host_count { uint64_t n; };
static inline void host_count_add(struct host_count *c, uint64_t n) { c->n += n; }
static inline void host_count_set(struct host_count *c, uint64_t n) { c->n = n; }
static inline uint64_t host_count_read(const struct host_count *c) { return c->n; }

/* cw_deadline() comes sooner than it did. ipsecd asks at the end of each turn. */
static inline void host_wake(struct host *h) { (void)h; }

/* Has it interfaces that tunnels are? */
#define HOST_IFACES	1
#define HOST_BURST	64	/* packets that go through the engine together at most */
/* Does the system cut packets to a path MTU that it was told before they come here? Transport mode takes whole ones only. */
#define HOST_CUTS_BEFORE 1

void host_random(void *p, size_t n);	/* CSPRNG */
uint64_t host_wall_s(void);		/* for PF_KEY's two time fields only */

/*
 * Ciphers. cipher and auth are PF_KEY numbers (auth 0: AEAD). An AEAD's key ends with its salt.
 * AEAD: nonce = salt, IV; AAD = SPI, (high half,) sequence. CBC with HMAC: the MAC covers header, IV, text and, with ESN,
 * the high half (RFC 4303 2.2.1); encrypt then MAC. auth 0 beside another cipher: the text only. cipher 0: a MAC alone, over esp, its
 * head and text, and the high half at the end. The sizes are those of the registry, or CW_AALG_OLD's. NULL from host_aead_new: not available.
 * host_seal and host_open work on a burst whose packets may belong to different SAs, and call cw_sealed or cw_opened.
 */
struct host_aead *host_aead_new(unsigned cipher, unsigned auth, const uint8_t *ekey, size_t elen, const uint8_t *akey, size_t alen);
void host_aead_free(struct host_aead *);
void host_seal(struct cw_engine *, struct cw_pkt **v, unsigned n);
void host_open(struct cw_engine *, struct cw_pkt **v, unsigned n);
bool host_legacy_open(void);		/* user space only: OpenSSL's provider of weak ciphers; false: it is not there */
bool host_crypt_one(struct cw_crypt *, bool seal);	/* user space only: what both do for each packet */

/*
 * IPComp's DEFLATE (RFC 2394). host_comp_shrink works in place: how many octets the text is now, 0 where it stays as it was because with IPComp's
 * header it would not get smaller. host_comp_expand makes of what follows the packet's first skip octets the packet, perhaps in another
 * buffer; the front octets before it, as far as they were there, stay before it. Bounds: CW_COMP_RATIO, CW_COMP_FLOOR, 65535 octets.
 */
enum { HOST_COMP_OK, HOST_COMP_BAD, HOST_COMP_LARGE, HOST_COMP_NO_MEMORY };
struct host_comp *host_comp_new(void);	/* control call; NULL: no memory */
void host_comp_free(struct host_comp *);
uint32_t host_comp_shrink(struct host_comp *, uint8_t *text, uint32_t n);
unsigned host_comp_expand(struct host *, struct host_comp *, struct cw_pkt *, uint32_t skip, uint32_t front);

/* -- the host's program -- */
void host_plain_out(struct host *, struct cw_pkt **v, unsigned n);
void host_wire_out(struct host *, struct cw_pkt **v, unsigned n);
void host_drop_out(struct host *, struct cw_pkt **v, unsigned n);
/*
 * One PF_KEY message to a client. may_refuse: a row of a dump; false means "full now", and the host calls cw_pfkey_resume
 * when the socket is writable. Otherwise the host takes it: it queues up to a bound of its own, and closes a client that
 * is beyond it (but not from inside this call).
 */
bool host_pfkey_out(struct host *, void *client_cookie, const uint8_t *msg, size_t len, bool may_refuse);
void host_policy_changed(struct host *, unsigned change, const struct cw_policy *);
/*
 * Interfaces that tunnels are; control calls. host_iface_hold: the interface of that name is there, made if need be, and stays until as many host_iface_put:
 * 0 and its number, which is no other's and not 0; EEXIST: the system has one of that name; ENOSPC, EOPNOTSUPP, ENOMEM. host_iface_find: its number; 0: there is none.
 */
int host_iface_hold(struct host *, const char *name, uint32_t *num);
void host_iface_put(struct host *, uint32_t num);
uint32_t host_iface_find(struct host *, const char *name);
bool host_pkt_room(struct host *, struct cw_pkt *, uint32_t front, uint32_t len);	/* user space only, for host_comp_expand: a buffer for that */
uint32_t host_path_mtu(struct host *, const struct cw_addr *src, const struct cw_addr *dst);	/* 0: not known, 1500 is taken */
/* It cannot look into the sockets of others: their policies are entries of the SPD (ipsec_bind_policy). */
static inline bool
host_socket_policy(struct host *h, const struct cw_pkt *p, const struct cw_flow *f, struct cw_policy *own)
{
	(void)h; (void)p; (void)f; (void)own;
	return false;
}

#endif
