/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Interfaces that tunnels are. The host has them and numbers them; here each policy and each SA of one holds it, so that it comes with the
 * first and goes with the last. Everything else is a number that lookups compare.
 */
#include "pf.h"

int
cw_iface_get(struct cw_engine *e, const char name[CW_IFACE_LEN], struct cw_iface *f)
{
	*f = (struct cw_iface){ 0 };
	if (!name[0])
		return 0;
	memcpy(f->name, name, CW_IFACE_LEN);
	return host_iface_hold(e->host, name, &f->num);
}

void
cw_iface_find(struct cw_engine *e, const char name[CW_IFACE_LEN], struct cw_iface *f)
{
	*f = (struct cw_iface){ 0 };
	if (!name[0])
		return;
	memcpy(f->name, name, CW_IFACE_LEN);
	f->num = host_iface_find(e->host, name);
}

void
cw_iface_put(struct cw_engine *e, const struct cw_iface *f)
{
	if (f->num)
		host_iface_put(e->host, f->num);
}

/* Only what makes one: the rest is in the way of who sends every other message. What is malformed here is refused when it is handled. */
bool
cw_pfkey_iface(const uint8_t *p, size_t len, char name[CW_IFACE_LEN])
{
	static const uint8_t makes[] = { SADB_GETSPI, SADB_ADD, SADB_UPDATE, SADB_X_SPDADD, SADB_X_SPDUPDATE, SADB_X_SPDSETIDX };
	struct cw_ext_iface x;
	bool may = false;

	if (len < sizeof(struct sadb_msg))
		return false;
	for (unsigned i = 0; i < sizeof(makes); i++)
		may |= p[offsetof(struct sadb_msg, sadb_msg_type)] == makes[i];
	if (!may)
		return false;
	for (p += sizeof(struct sadb_msg), len -= sizeof(struct sadb_msg); len >= sizeof(struct sadb_ext); ) {
		uint16_t head[2];
		size_t n;

		memcpy(head, p, sizeof(head));
		n = head[0] * 8u;
		if (n == 0 || n > len)
			return false;
		if (head[1] == CW_EXT_IFACE && n == sizeof(x)) {
			memcpy(&x, p, sizeof(x));
			memcpy(name, x.name, CW_IFACE_LEN);
			return cw_iface_name_ok(name);
		}
		p += n;
		len -= n;
	}
	return false;
}
