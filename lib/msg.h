/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the getters of lib/msg_*.c share: a value out of its range makes the whole message bad. */
#ifndef CAUSEWAY_MSG_H
#define CAUSEWAY_MSG_H

#include "addr.h"
#include "name.h"
#include "reason.h"
#include "ts.h"

static inline void
msg_need(struct rd *r, bool ok)
{
	if (!ok)
		rd_fail(r);
}

/* A number that may be max at most. */
static inline uint8_t
msg_u8(struct rd *r, uint8_t max)
{
	uint8_t v = rd_u8(r);

	msg_need(r, v <= max);
	return v;
}

static inline uint32_t
msg_id32(struct rd *r)
{
	uint32_t v = rd_le32(r);

	msg_need(r, v != 0);
	return v;
}

static inline void
msg_name(struct rd *r, char buf[static NAME_CAP])
{
	str_get(r, buf, NAME_CAP);
	msg_need(r, name_ok(buf));
}

/* A name, or "" for none. */
static inline void
msg_name_opt(struct rd *r, char buf[static NAME_CAP])
{
	str_get(r, buf, NAME_CAP);
	msg_need(r, buf[0] == '\0' || name_ok(buf));
}

/* An interface's name, or "" for none. */
static inline void
msg_iface(struct rd *r, char buf[static IFACE_CAP])
{
	str_get(r, buf, IFACE_CAP);
	msg_need(r, buf[0] == '\0' || iface_ok(buf));
}

/* A text that may not be empty. */
static inline void
msg_text(struct rd *r, char *buf, size_t cap)
{
	str_get(r, buf, cap);
	msg_need(r, buf[0] != '\0');
}

static inline struct bytes
msg_span(struct rd *r, size_t min, size_t max)
{
	struct bytes b = span_get(r);

	msg_need(r, b.n >= min && b.n <= max);
	return b;
}

static inline void
msg_ts(struct rd *r, struct ts_list *l)
{
	ts_list_get(r, l);
	msg_need(r, l->n > 0);
}

/* Two endpoints of one family. */
static inline void
msg_endpoints(struct rd *r, struct endpoint *a, struct endpoint *b)
{
	endpoint_get(r, a);
	endpoint_get(r, b);
	msg_need(r, a->addr.fam != 0 && a->addr.fam == b->addr.fam);
}

static inline uint16_t
msg_reason(struct rd *r)
{
	uint16_t v = rd_le16(r);

	msg_need(r, reason_row(v)->num == v);
	return v;
}

/* The verdict of a getter: the struct is all zero when it is false. */
static inline bool
msg_end(const struct rd *r, void *out, size_t n)
{
	if (!rd_ok(r))
		memset(out, 0, n);
	return rd_ok(r);
}

#endif
