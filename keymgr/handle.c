/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/rand.h>
#include <stdlib.h>

#include "handle.h"

static bool
grow(struct handles *h)
{
	unsigned cap = h->cap ? h->cap * 2 : 64;
	struct handle_slot *v;

	if (cap > HANDLES_MAX)
		cap = HANDLES_MAX;
	if (cap <= h->cap || (v = reallocarray(h->v, cap, sizeof(*v))) == NULL)
		return false;
	h->v = v;
	for (unsigned i = cap; i > h->cap; i--) {
		v[i - 1] = (struct handle_slot){ .next = h->free_first };
		h->free_first = i;
	}
	h->cap = cap;
	return true;
}

uint32_t
handle_add(struct handles *h, void *p)
{
	uint16_t tag;
	unsigned slot;

	if (p == NULL || h->n >= h->max || (h->free_first == 0 && !grow(h)) || RAND_bytes((uint8_t *)&tag, sizeof(tag)) != 1)
		return 0;
	slot = h->free_first - 1;
	h->free_first = h->v[slot].next;
	h->n++;
	h->v[slot] = (struct handle_slot){ .p = p, .handle = (uint32_t)tag << 16 | (slot + 1) };
	return h->v[slot].handle;
}

void *
handle_get(const struct handles *h, uint32_t handle)
{
	unsigned slot = (handle & 0xffff) - 1u;

	return slot < h->cap && h->v[slot].handle == handle ? h->v[slot].p : NULL;
}

static void *
take(struct handles *h, unsigned slot)
{
	void *p = h->v[slot].p;

	h->v[slot] = (struct handle_slot){ .next = h->free_first };
	h->free_first = slot + 1;
	h->n--;
	return p;
}

void *
handle_take(struct handles *h, uint32_t handle)
{
	return handle_get(h, handle) ? take(h, (handle & 0xffff) - 1u) : NULL;
}

void *
handle_take_any(struct handles *h)
{
	for (unsigned i = 0; i < h->cap; i++)
		if (h->v[i].p)
			return take(h, i);
	return NULL;
}

void
handle_fini(struct handles *h)
{
	free(h->v);
	*h = (struct handles){ .max = h->max };
}
