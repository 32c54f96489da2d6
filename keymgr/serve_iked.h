/* SPDX-License-Identifier: BSD-2-Clause */
/* iked's link: its table, its answers that come later, its events. */
#ifndef KEYMGR_SERVE_IKED_H
#define KEYMGR_SERVE_IKED_H

#include "serve.h"

extern const struct child_ops serve_child_ops;

/* The answer no, which is logged when only a captured or faulty iked can have caused it. Always true. */
bool serve_iked_refuse(struct keymgr *, struct ipc *, struct ipc_msg *, const char *what, const char *tunnel, enum reason, const char *detail);
void serve_iked_attach(struct keymgr *, int fd);
void serve_iked_engine(struct keymgr *);	/* tells whether the engine is there */
void serve_iked_acquire(struct keymgr *, uint32_t reqid);
void serve_iked_stray(struct keymgr *, const struct key_stray *);

#endif
