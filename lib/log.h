/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The log: one line a record on stderr,
 *   time=2026-01-02T03:04:05Z level=info prog=iked event=child_up tunnel=a-b child=net reason=OK msg="..."
 * Control octets and quotes in values are escaped. Time is UTC and needs no file. Secrets cannot get here: struct secret
 * has no printer.
 */
#ifndef CAUSEWAY_LOG_H
#define CAUSEWAY_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "reason.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* What a record is about; every member may be NULL. */
struct log_ctx {
	const char	*tunnel;
	const char	*child;
};

void log_init(const char *prog, enum log_level);	/* prog is kept, not copied */
bool log_level_parse(const char *, enum log_level *);
void log_set_level(enum log_level);
void log_at(enum log_level, const struct log_ctx *, const char *event, enum reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#define log_error(ctx, event, ...)	log_at(LOG_ERROR, ctx, event, R_OK, __VA_ARGS__)
#define log_warn(ctx, event, ...)	log_at(LOG_WARN, ctx, event, R_OK, __VA_ARGS__)
#define log_info(ctx, event, ...)	log_at(LOG_INFO, ctx, event, R_OK, __VA_ARGS__)
#define log_debug(ctx, event, ...)	log_at(LOG_DEBUG, ctx, event, R_OK, __VA_ARGS__)

/* Formats one record into buf (for tests); returns its length without the newline's terminator. */
size_t log_format(char *buf, size_t cap, uint64_t unix_s, enum log_level, const char *prog, const struct log_ctx *,
    const char *event, enum reason, const char *msg);

/* Rate limit for what an unauthenticated peer can cause: true when a line may be written; *skipped counts the others. */
struct log_limit { uint64_t next_ns; uint64_t skipped; };
bool log_allow(struct log_limit *, uint64_t now_ns, uint64_t *skipped);

#endif
