/* SPDX-License-Identifier: BSD-2-Clause */
/* Notify, RFC 7296 3.10, and the names and sentences of notify.def. */
#include "wire/msg.h"

static const struct {
	uint16_t	type;
	const char	*name, *sentence;
} notifies[] = {
#define N(number, name, sentence)	{ number, #name, sentence },
#include "wire/notify.def"
#undef N
};

enum werr
pld_notify_get(struct bytes in, struct wire_notify *n)
{
	struct rd r = rd_of(in);
	uint8_t nspi;

	n->proto = rd_u8(&r);
	nspi = rd_u8(&r);
	n->type = rd_u16(&r);
	n->spi = rd_bytes(&r, nspi);
	n->data = rd_rest(&r);
	if (nspi == 0)			/* 3.10: without an SPI the protocol is ignored on receipt */
		n->proto = 0;
	return rd_done(&r) ? WE_OK : WE_NOTIFY_SYNTAX;
}

bool
ipcomp_get(struct bytes data, uint16_t *cpi, uint8_t *transform)
{
	struct rd r = rd_of(data);

	*cpi = rd_u16(&r);
	*transform = rd_u8(&r);
	return rd_done(&r);
}

void
pld_notify_put(struct msg_out *o, uint8_t proto, struct bytes spi, uint16_t type, struct bytes data)
{
	size_t at = pld_open(o, PLD_NOTIFY);

	wr_u8(&o->w, spi.n ? proto : 0);
	wr_be(&o->w, spi.n, 1);
	wr_u16(&o->w, type);
	wr_span(&o->w, spi);
	wr_span(&o->w, data);
	pld_close(o, at);
}

const struct wire_notify *
msg_notify(const struct msg *m, uint16_t type)
{
	for (unsigned i = 0; i < m->nnotify; i++)
		if (m->notify[i].type == type)
			return &m->notify[i];
	return NULL;
}

const struct wire_notify *
msg_error(const struct msg *m)
{
	for (unsigned i = 0; i < m->nnotify; i++)
		if (notify_is_error(m->notify[i].type))
			return &m->notify[i];
	return NULL;
}

const char *
notify_name(uint16_t type)
{
	for (size_t i = 0; i < sizeof(notifies) / sizeof(notifies[0]); i++)
		if (notifies[i].type == type)
			return notifies[i].name;
	return NULL;
}

const char *
notify_sentence(uint16_t type)
{
	for (size_t i = 0; i < sizeof(notifies) / sizeof(notifies[0]); i++)
		if (notifies[i].type == type)
			return notifies[i].sentence;
	return notify_is_error(type) ? "It answers with an error that Causeway does not know." :
	    "It tells a status that Causeway does not know.";
}
