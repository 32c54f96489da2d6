/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_fetch.h"

void
fetch_put(struct wr *w, const struct fetch *f)
{
	wr_le32(w, f->id);
	wr_u8(w, f->configured);
	str_put(w, f->url);
	span_put(w, f->post);
}

bool
fetch_get(struct rd *r, struct fetch *f)
{
	memset(f, 0, sizeof(*f));
	f->id = msg_id32(r);
	f->configured = msg_u8(r, 1);
	msg_text(r, f->url, sizeof(f->url));
	f->post = msg_span(r, 0, FETCH_POST);
	return msg_end(r, f, sizeof(*f));
}

void
fetched_put(struct wr *w, const struct fetched *f)
{
	wr_le32(w, f->id);
	wr_le16(w, f->reason);
	wr_le32(w, f->size);
	str_put(w, f->detail);
}

bool
fetched_get(struct rd *r, struct fetched *f)
{
	memset(f, 0, sizeof(*f));
	f->id = msg_id32(r);
	f->reason = msg_reason(r);
	f->size = rd_le32(r);
	msg_need(r, f->size <= FETCH_MAX && (f->size != 0) == (f->reason == R_OK));
	str_get(r, f->detail, sizeof(f->detail));
	return msg_end(r, f, sizeof(*f));
}
