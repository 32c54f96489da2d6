/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Starts of common PF_KEY messages. */
#include <stdio.h>

#include "pfkey.h"

bool
pfkey_changes_policies(const struct pfkey_msg *m)
{
	switch (m->type) {
	case SADB_X_SPDADD:
	case SADB_X_SPDUPDATE:
	case SADB_X_SPDDELETE:
	case SADB_X_SPDDELETE2:
	case SADB_X_SPDFLUSH:
	case SADB_X_SPDEXPIRE:
	case SADB_X_SPDSETIDX:
		return true;
	default:
		return false;
	}
}

void
pfkey_msg_init(struct pfkey_msg *m, uint8_t type, uint8_t satype)
{
	memset(m, 0, sizeof(*m));
	m->type = type;
	m->satype = satype;
}

static void
set_end(struct pfkey_address *a, const struct endpoint *e)
{
	a->ep = *e;
	a->ep.port = 0;		/* ports of UDP encapsulation have extensions of their own */
	a->proto = CW_ULPROTO_ANY;
	a->prefixlen = addr_bits(&e->addr);
}

void
pfkey_set_ends(struct pfkey_msg *m, const struct endpoint *src, const struct endpoint *dst)
{
	set_end(&m->src, src);
	set_end(&m->dst, dst);
	m->has |= PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
}

void
pfkey_set_sa2(struct pfkey_msg *m, uint8_t mode, uint32_t reqid)
{
	m->sa2 = (struct pfkey_sa2){ .mode = mode, .reqid = reqid };
	m->has |= PFKEY_HAS(SADB_X_EXT_SA2);
}

void
pfkey_set_selector(struct pfkey_msg *m, const struct prefix *src, const struct prefix *dst, uint8_t proto, uint16_t sport, uint16_t dport)
{
	uint8_t p = proto ? proto : CW_ULPROTO_ANY;

	m->src = (struct pfkey_address){ .ep = { .addr = src->addr, .port = sport }, .proto = p, .prefixlen = src->len };
	m->dst = (struct pfkey_address){ .ep = { .addr = dst->addr, .port = dport }, .proto = p, .prefixlen = dst->len };
	m->has |= PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
}

void
pfkey_set_owner(struct pfkey_msg *m, const char *owner)
{
	snprintf(m->owner, sizeof(m->owner), "%s", owner);
	m->has |= PFKEY_HAS(CW_EXT_OWNER);
}

void
pfkey_set_iface(struct pfkey_msg *m, const char *name)
{
	size_t n = strlen(name);

	memset(m->iface, 0, sizeof(m->iface));
	memcpy(m->iface, name, n < sizeof(m->iface) ? n : sizeof(m->iface));	/* one that is too long has no end, which pfkey_put sees */
	if (n)
		m->has |= PFKEY_HAS(CW_EXT_IFACE);
}

const char *
pfkey_version_text(char buf[static PFKEY_VERSION_TEXT], uint16_t engine)
{
	snprintf(buf, PFKEY_VERSION_TEXT, "the engine speaks version %u of Causeway's PF_KEY, and this program version %u: %s", engine, CW_HELLO_VERSION,
	    engine > CW_HELLO_VERSION ? "the engine is the newer one; restart causewayd, so that every daemon is of the revision that is installed" :
	    "the engine is the older one; restart causewayd, and if the engine is the module, take it out before ('modprobe -r causeway')");
	return buf;
}
