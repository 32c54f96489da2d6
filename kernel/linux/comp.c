// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The seam's compression by the kernel's zlib. Every processor has one place to work in, for all SAs of all namespaces; they are made for
 * the first SA and go with the last.
 */
#include <linux/zlib.h>

#include "mod.h"

/* Raw streams; Linux expands with a window of 2^11 octets, so no larger one is sent. */
#define WINDOW_OUT	11
#define WINDOW_IN	15

struct place {
	spinlock_t	 lock;
	z_stream	 out, in;
	u8		 buf[65536];
	u8		 space[];	/* for out, then for in */
};

struct host_comp { unsigned int unused; };

static DEFINE_MUTEX(mutex);
static unsigned int users;
static struct place **places;	/* by processor */

static void
places_free(void)
{
	unsigned int cpu;

	for (cpu = 0; places && cpu < nr_cpu_ids; cpu++)
		host_free(places[cpu]);
	host_free(places);
	places = NULL;
}

static bool
places_new(void)
{
	size_t n = ALIGN(zlib_deflate_workspacesize(-WINDOW_OUT, DEF_MEM_LEVEL), 64);
	struct place *p;
	int cpu;

	places = host_zalloc(nr_cpu_ids * sizeof(*places));
	if (!places)
		return false;
	for_each_possible_cpu(cpu) {
		p = places[cpu] = host_zalloc(sizeof(*p) + n + zlib_inflate_workspacesize());
		if (!p)
			goto none;
		spin_lock_init(&p->lock);
		p->out.workspace = p->space;
		p->in.workspace = p->space + n;
		if (zlib_deflateInit2(&p->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_OUT, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
		    zlib_inflateInit2(&p->in, -WINDOW_IN) != Z_OK)
			goto none;
	}
	return true;
none:
	places_free();
	return false;
}

struct host_comp *
host_comp_new(void)
{
	struct host_comp *c = host_zalloc(sizeof(*c));
	bool ok;

	if (!c)
		return NULL;
	mutex_lock(&mutex);
	ok = users || places_new();
	users += ok;
	mutex_unlock(&mutex);
	if (ok)
		return c;
	host_free(c);
	return NULL;
}

void
host_comp_free(struct host_comp *c)
{
	if (!c)
		return;
	mutex_lock(&mutex);
	if (--users == 0)
		places_free();
	mutex_unlock(&mutex);
	host_free(c);
}

/* This processor's; whoever was moved to another one meanwhile shares it, and its lock. */
static struct place *
place_here(void)
{
	return places[raw_smp_processor_id()];
}

static void
feed(z_stream *z, const u8 *in, u32 n, u8 *out, u32 cap)
{
	z->next_in = in;
	z->avail_in = n;
	z->next_out = out;
	z->avail_out = cap;
}

/* What n octets may expand to. */
static u32
bound(u32 n)
{
	return n > CW_COMP_FLOOR / CW_COMP_RATIO ? min(n * CW_COMP_RATIO, 65535u) : CW_COMP_FLOOR;
}

u32
host_comp_shrink(struct host_comp *c, u8 *text, u32 n)
{
	struct place *p;
	u32 made = 0;

	if (n <= CW_COMP_HEADER + 1 || n > 65535)
		return 0;
	p = place_here();
	spin_lock_bh(&p->lock);
	if (zlib_deflateReset(&p->out) == Z_OK) {
		feed(&p->out, text, n, p->buf, n - CW_COMP_HEADER - 1);
		if (zlib_deflate(&p->out, Z_FINISH) == Z_STREAM_END)
			made = p->out.total_out;
	}
	if (n > bound(made))
		made = 0;
	memcpy(text, p->buf, made);
	spin_unlock_bh(&p->lock);
	return made;
}

/* Room for that many octets, with front before them, in the skb that the packet is. */
static bool
room(struct cw_pkt *p, u32 front, u32 n)
{
	struct sk_buff *skb = mod_pkt_of(p)->skb;
	u32 nhead = p->off < front ? front - p->off : 0, ntail = p->off + n > p->cap ? p->off + n - p->cap : 0;

	nhead = SKB_DATA_ALIGN(nhead);
	if (nhead || ntail) {
		if (mod_fail() || pskb_expand_head(skb, nhead, ntail, GFP_ATOMIC | __GFP_NOWARN))
			return false;
		p->buf = skb->head;
		p->cap = skb_end_offset(skb);
		p->off += nhead;
	}
	return true;
}

unsigned int
host_comp_expand(struct host *h, struct host_comp *c, struct cw_pkt *k, u32 skip, u32 front)
{
	unsigned int how = HOST_COMP_BAD;
	struct place *p;
	u32 n;
	int end;

	if (k->len <= skip || k->len - skip > 65535)
		return HOST_COMP_BAD;
	p = place_here();
	spin_lock_bh(&p->lock);
	if (zlib_inflateReset(&p->in) == Z_OK) {
		feed(&p->in, cw_pkt_data(k) + skip, k->len - skip, p->buf, bound(k->len - skip));
		end = zlib_inflate(&p->in, Z_FINISH);
		n = p->in.total_out;
		if (end == Z_STREAM_END && p->in.avail_in == 0 && n)
			how = room(k, front, n) ? HOST_COMP_OK : HOST_COMP_NO_MEMORY;
		else if (end != Z_STREAM_END && end != Z_DATA_ERROR && p->in.avail_out == 0)
			how = HOST_COMP_LARGE;
	}
	if (how == HOST_COMP_OK) {
		memcpy(cw_pkt_data(k), p->buf, n);
		k->len = n;
	}
	spin_unlock_bh(&p->lock);
	return how;
}
