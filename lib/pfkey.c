/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The codec of PF_KEY messages: header, extensions by their tables, lengths. Integers are in host order here, against the
 * habit of the cursor, so they go through the h16, h32 and h64 of pfkey_ext.h.
 */
#include "pfkey_ext.h"

static void
exts_put(struct wr *w, const struct pfkey_msg *m, const struct pfkey_ext *v, unsigned n)
{
	for (unsigned i = 0; i < n && wr_ok(w); i++) {
		size_t at = w->n;
		uint16_t words;

		if (!(m->has & PFKEY_HAS(v[i].type)))
			continue;
		wr_h16(w, 0);
		wr_h16(w, v[i].type);
		v[i].put(w, m);
		wr_zero(w, (8 - (w->n - at) % 8) % 8);
		words = (uint16_t)((w->n - at) / 8);
		if (wr_ok(w))
			memcpy(w->p + at, &words, sizeof(words));
	}
}

bool
pfkey_put(struct wr *w, const struct pfkey_msg *m)
{
	size_t start = w->n, words;
	uint16_t v;

	wr_u8(w, PF_KEY_V2);
	wr_u8(w, m->type);
	wr_u8(w, m->err);
	wr_u8(w, m->satype);
	wr_h16(w, 0);
	wr_h16(w, 0);
	wr_h32(w, m->seq);
	wr_h32(w, m->pid);
	exts_put(w, m, pfkey_exts, pfkey_nexts);
	exts_put(w, m, pfkey_private_exts, pfkey_nprivate_exts);	/* last: a stock reader has what it knows by then */
	words = (w->n - start) / 8;
	if (!wr_ok(w) || words * 8 > PFKEY_MSG_MAX) {
		w->bad = true;
		return false;
	}
	v = (uint16_t)words;
	memcpy(w->p + start + 4, &v, sizeof(v));
	return true;
}

static const struct pfkey_ext *
ext_find(uint16_t type)
{
	const struct pfkey_ext *v = type < CW_EXT_FIRST ? pfkey_exts : pfkey_private_exts;
	unsigned n = type < CW_EXT_FIRST ? pfkey_nexts : pfkey_nprivate_exts;

	for (unsigned i = 0; i < n; i++)
		if (v[i].type == type)
			return &v[i];
	return NULL;
}

/* One extension; NULL, or what is wrong with it. */
static const char *
ext_get(struct rd *r, struct pfkey_msg *m, struct rd *packets)
{
	uint16_t words = rd_h16(r), type = rd_h16(r);
	const struct pfkey_ext *row = ext_find(type);
	struct rd body;

	if (words == 0)
		return "an extension has length 0";
	body = rd_sub(r, words * 8u - 4u);
	if (!rd_ok(r))
		return "an extension is longer than its message";
	if (row == NULL)
		return NULL;		/* RFC 2367 2.3: unknown extensions are skipped */
	if (m->has & PFKEY_HAS(type))
		return "an extension comes twice";
	m->has |= PFKEY_HAS(type);
	if (type == CW_EXT_PACKETS) {
		*packets = body;
		return NULL;
	}
	row->get(&body, m);
	return rd_done(&body) ? NULL : "the content of an extension is malformed";
}

bool
pfkey_get(struct bytes in, struct pfkey_msg *m, const char **why)
{
	struct rd r = rd_of(in), packets = rd_of(bytes_of(NULL, 0));
	const char *bad = NULL;
	uint8_t version;
	uint16_t words;

	pfkey_msg_init(m, 0, 0);
	version = rd_u8(&r);
	m->type = rd_u8(&r);
	m->err = rd_u8(&r);
	m->satype = rd_u8(&r);
	words = rd_h16(&r);
	rd_h16(&r);
	m->seq = rd_h32(&r);
	m->pid = rd_h32(&r);
	if (!rd_ok(&r))
		bad = "the message is shorter than its header";
	else if (version != PF_KEY_V2)
		bad = "the message is not of PF_KEY version 2";
	else if (words * 8u != in.n)
		bad = "the message has another length than it says";
	while (!bad && rd_left(&r) > 0)
		bad = ext_get(&r, m, &packets);
	if (!bad && (m->has & PFKEY_HAS(CW_EXT_PACKETS))) {
		ext_find(CW_EXT_PACKETS)->get(&packets, m);	/* goes before the allocations fields, wherever those came */
		if (!rd_done(&packets))
			bad = "the content of an extension is malformed";
	}
	if (why)
		*why = bad;
	return bad == NULL;
}
