/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam once more, for test_core_threads: real locks, counted references and read sections, so that ThreadSanitizer sees the
 * engine as the kernel runs it. A read section is a read lock, waiting for all of them is the write lock.
 */
#ifndef CAUSEWAY_HOST_H
#define CAUSEWAY_HOST_H

#include <errno.h>
#include <pthread.h>
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
struct cw_addr;

static inline void *host_zalloc(size_t n) { return calloc(1, n); }
static inline void host_free(void *p) { free(p); }
void host_wipe(void *p, size_t n);

struct host_lock { pthread_mutex_t m; };
static inline void host_lock_init(struct host_lock *l) { pthread_mutex_init(&l->m, NULL); }
void host_lock(struct host_lock *);	/* and none may be inside another */
void host_unlock(struct host_lock *);

struct host_ref { unsigned n; };
static inline void host_ref_init(struct host_ref *r) { r->n = 1; }
static inline bool
host_ref_get(struct host_ref *r)
{
	unsigned n = __atomic_load_n(&r->n, __ATOMIC_RELAXED);

	while (n && !__atomic_compare_exchange_n(&r->n, &n, n + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	return n;
}
static inline bool host_ref_put(struct host_ref *r) { return __atomic_sub_fetch(&r->n, 1, __ATOMIC_ACQ_REL) == 0; }

void host_read_begin(void);
void host_read_end(void);
void host_synchronize(void);
#define host_load(p)		__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define host_publish(p, v)	__atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

struct host_defer { struct host_defer *next; void (*fn)(void *); void *p; };
void host_defer(struct host_defer *, void (*fn)(void *), void *p);

#define HOST_STATS	1280u
struct host_stats { uint64_t v[HOST_STATS]; };
static inline struct host_stats *host_stats_new(void) { return calloc(1, sizeof(struct host_stats)); }
static inline void host_stats_free(struct host_stats *s) { free(s); }
static inline void host_stats_add(struct host_stats *s, unsigned i, uint64_t n) { __atomic_fetch_add(&s->v[i], n, __ATOMIC_RELAXED); }
static inline uint64_t host_stats_read(const struct host_stats *s, unsigned i) { return __atomic_load_n(&s->v[i], __ATOMIC_RELAXED); }

struct host_count { uint64_t n; };
static inline void host_count_add(struct host_count *c, uint64_t n) { __atomic_fetch_add(&c->n, n, __ATOMIC_RELAXED); }
static inline void host_count_set(struct host_count *c, uint64_t n) { __atomic_store_n(&c->n, n, __ATOMIC_RELAXED); }
static inline uint64_t host_count_read(const struct host_count *c) { return __atomic_load_n(&c->n, __ATOMIC_RELAXED); }

static inline void host_wake(struct host *h) { (void)h; }
/* Has it interfaces that tunnels are? */
#define HOST_IFACES	1
#define HOST_BURST	16
/* Does the system cut packets to a path MTU that it was told before they come here? Transport mode takes whole ones only. */
#define HOST_CUTS_BEFORE 1

void host_random(void *p, size_t n);
uint64_t host_wall_s(void);

struct host_aead *host_aead_new(unsigned cipher, unsigned auth, const uint8_t *ekey, size_t elen, const uint8_t *akey, size_t alen);
void host_aead_free(struct host_aead *);
void host_seal(struct cw_engine *, struct cw_pkt **v, unsigned n);
void host_open(struct cw_engine *, struct cw_pkt **v, unsigned n);

enum { HOST_COMP_OK, HOST_COMP_BAD, HOST_COMP_LARGE, HOST_COMP_NO_MEMORY };
struct host_comp *host_comp_new(void);	/* control call; NULL: no memory */
void host_comp_free(struct host_comp *);
uint32_t host_comp_shrink(struct host_comp *, uint8_t *text, uint32_t n);
unsigned host_comp_expand(struct host *, struct host_comp *, struct cw_pkt *, uint32_t skip, uint32_t front);

void host_plain_out(struct host *, struct cw_pkt **v, unsigned n);
void host_wire_out(struct host *, struct cw_pkt **v, unsigned n);
void host_drop_out(struct host *, struct cw_pkt **v, unsigned n);
bool host_pfkey_out(struct host *, void *client_cookie, const uint8_t *msg, size_t len, bool may_refuse);
void host_policy_changed(struct host *, unsigned change, const struct cw_policy *);
int host_iface_hold(struct host *, const char *name, uint32_t *num);
void host_iface_put(struct host *, uint32_t num);
uint32_t host_iface_find(struct host *, const char *name);
uint32_t host_path_mtu(struct host *, const struct cw_addr *src, const struct cw_addr *dst);
struct cw_flow;
static inline bool
host_socket_policy(struct host *h, const struct cw_pkt *p, const struct cw_flow *f, struct cw_policy *own)
{
	(void)h; (void)p; (void)f; (void)own;
	return false;
}

#endif
