/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam, kernel side: what kernel/core needs from its host, in the kernel's words. The same names as in kernel/user/host.h,
 * with the same meaning. Control calls sleep and run one at a time, under the host's mutex; packets come from everywhere.
 */
#ifndef CAUSEWAY_HOST_H
#define CAUSEWAY_HOST_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#ifndef UINT32_MAX
#define UINT32_MAX	U32_MAX
#endif
#ifndef UINT64_MAX
#define UINT64_MAX	U64_MAX
#endif

struct host;
struct host_aead;
struct host_comp;
struct cw_engine;
struct cw_pkt;
struct cw_policy;
struct cw_flow;
struct cw_addr;

/* Only control calls allocate: what a PF_KEY client makes grow is charged to its memory group. */
void *host_zalloc(size_t);
void host_free(void *);
static inline void host_wipe(void *p, size_t n) { memzero_explicit(p, n); }

struct host_lock { spinlock_t s; };
#define host_lock_init(l)	spin_lock_init(&(l)->s)
#define host_lock(l)		spin_lock_bh(&(l)->s)
#define host_unlock(l)		spin_unlock_bh(&(l)->s)

struct host_ref { refcount_t n; };
static inline void host_ref_init(struct host_ref *r) { refcount_set(&r->n, 1); }
static inline bool host_ref_get(struct host_ref *r) { return refcount_inc_not_zero(&r->n); }
static inline bool host_ref_put(struct host_ref *r) { return refcount_dec_and_test(&r->n); }

#define host_read_begin()	rcu_read_lock()
#define host_read_end()		rcu_read_unlock()
#define host_load(p)		smp_load_acquire(&(p))
#define host_publish(p, v)	smp_store_release(&(p), v)
#define host_synchronize()	synchronize_rcu()

/* After a grace period, where it may sleep: a cipher's end may. */
struct host_defer {
	struct rcu_work	work;
	void		(*fn)(void *);
	void		*p;
};
void host_defer(struct host_defer *, void (*fn)(void *), void *p);

#define HOST_STATS	1280u
struct host_stats { u64 __percpu *v; };
struct host_stats *host_stats_new(void);
void host_stats_free(struct host_stats *);
static inline void host_stats_add(struct host_stats *s, unsigned int i, u64 n) { this_cpu_add(s->v[i], n); }
u64 host_stats_read(const struct host_stats *, unsigned int i);

/* One word, no part for each processor: there may be a million. A packet that raises it takes an SA's lock as well, or goes past us. */
struct host_count { atomic64_t n; };
static inline void host_count_add(struct host_count *c, u64 n) { atomic64_add((s64)n, &c->n); }
static inline void host_count_set(struct host_count *c, u64 n) { atomic64_set(&c->n, (s64)n); }
static inline u64 host_count_read(const struct host_count *c) { return (u64)atomic64_read(&c->n); }

void host_wake(struct host *);
/* Has it interfaces that tunnels are? */
#define HOST_IFACES	1
#define HOST_BURST	16
/* Does the system cut packets to a path MTU that it was told before they come here? Transport mode takes whole ones only. */
#define HOST_CUTS_BEFORE 0

static inline void host_random(void *p, size_t n) { get_random_bytes(p, n); }
static inline u64 host_wall_s(void) { return (u64)ktime_get_real_seconds(); }

struct host_aead *host_aead_new(unsigned int cipher, unsigned int auth, const u8 *ekey, size_t elen, const u8 *akey, size_t alen);
void host_aead_free(struct host_aead *);
void host_seal(struct cw_engine *, struct cw_pkt **v, unsigned int n);
void host_open(struct cw_engine *, struct cw_pkt **v, unsigned int n);

enum { HOST_COMP_OK, HOST_COMP_BAD, HOST_COMP_LARGE, HOST_COMP_NO_MEMORY };
struct host_comp *host_comp_new(void);	/* control call; NULL: no memory */
void host_comp_free(struct host_comp *);
u32 host_comp_shrink(struct host_comp *, u8 *text, u32 n);
unsigned int host_comp_expand(struct host *, struct host_comp *, struct cw_pkt *, u32 skip, u32 front);

void host_plain_out(struct host *, struct cw_pkt **v, unsigned int n);
void host_wire_out(struct host *, struct cw_pkt **v, unsigned int n);
void host_drop_out(struct host *, struct cw_pkt **v, unsigned int n);
bool host_pfkey_out(struct host *, void *client_cookie, const u8 *msg, size_t len, bool may_refuse);
void host_policy_changed(struct host *, unsigned int change, const struct cw_policy *);
int host_iface_hold(struct host *h, const char *name, u32 *num);
void host_iface_put(struct host *h, u32 num);
u32 host_iface_find(struct host *h, const char *name);
/* Has a socket of this host that gets the packet a policy of its own? */
bool host_socket_policy(struct host *, const struct cw_pkt *, const struct cw_flow *, struct cw_policy *);
u32 host_path_mtu(struct host *, const struct cw_addr *src, const struct cw_addr *dst);

#endif
