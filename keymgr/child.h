/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child SAs: what was given an SPI, what is installed, what is held back. iked chooses a child's number; numbers from KEY_CHILD_KEPT on are
 * ours, for children whose link died or that an earlier keymgr installed. Installed children outlive their link; an outbound SA that
 * was still held back when the link died is installed then, so that such a child can send.
 */
#ifndef KEYMGR_CHILD_H
#define KEYMGR_CHILD_H

#include <event2/event.h>

#include "ike.h"
#include "sadb.h"

#define CHILD_MAX	40000u
#define CHILD_WINDOW_MIN 32u	/* RFC 4303 3.4.3: what every receiver has at least */
#define CHILD_RENEW_S	10	/* GETSPI again for a larval SA; the engine forgets it after 30 s */

struct child_ops {
	bool	(*terms)(void *ctx, uint32_t number, struct bound_terms *);	/* false: no child has this number */
	const char *(*iface)(void *ctx, const char *child);	/* whose SAs those of this child ("tunnel/child") are; "": no interface's */
	void	(*expired)(void *ctx, uint32_t child, bool hard, bool in);
	void	(*used)(void *ctx, uint32_t child);
	void	(*gone)(void *ctx, uint32_t child);
	void	(*mapping)(void *ctx, uint32_t child, const struct endpoint *);
};

/* An answer to iked: run exactly once for each accepted request, perhaps before the request returns. */
typedef void child_done(void *arg, enum reason, const char *detail, uint32_t spi, uint16_t cpi);

struct children;
struct children *children_new(struct event_base *, struct sadb *, const struct child_ops *, void *ctx);
void children_free(struct children *);

void child_spi_new(struct children *, const struct key_spi *, child_done *, void *arg);
void child_install(struct children *, struct ike_objects *, const struct key_child *, child_done *, void *arg);
void child_send(struct children *, uint32_t child, child_done *, void *arg);
void child_remove(struct children *, uint8_t kind, uint32_t child);
/* Installed children after this number, at most cap of them, sorted. */
unsigned child_list(const struct children *, uint32_t after, struct key_installed *, unsigned cap);

/* iked's link died: what is not installed is forgotten, the rest is kept under our own numbers. */
void children_link_died(struct children *);
void children_remove_all(struct children *);	/* from the engine too */
/* The engine is gone, and every SA with it. */
void children_forget(struct children *);

/*
 * The link to the engine was cut off and the engine lives: between these two every SA is found again that is still there. At the end
 * the others are told as gone; one that was on its way when the link ended, and that nobody knows therefore, is removed.
 */
void children_resync(struct children *);
void children_resynced(struct children *);

/* The engine's events. */
void children_found(struct children *, const struct sa_found *);
void children_expired(struct children *, enum sa_kind, uint32_t spi, const struct addr *dst, bool hard, bool larval);
void children_used(struct children *, enum sa_kind, uint32_t spi, const struct addr *dst);
void children_mapping(struct children *, uint32_t spi, const struct endpoint *);
void children_deleted(struct children *, enum sa_kind, uint32_t spi, const struct addr *dst);
void children_flushed(struct children *, unsigned kinds);	/* bits 1 << enum sa_kind */

#endif
