/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NAT detection, RFC 7296 2.23. Each end hashes the addresses and ports as it knows them; where the other end sees others, somebody
 * translates between them. A sender with several addresses may give several SOURCE hashes.
 */
#include <openssl/evp.h>

#include "wire/natd.h"

void
natd_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *e, uint8_t out[static NATD_LEN])
{
	uint8_t text[8 + 8 + 16 + 2];
	struct wr w = wr_of(text, sizeof(text));
	unsigned len = 0;

	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	wr_mem(&w, e->addr.b, addr_len(&e->addr));
	wr_u16(&w, e->port);
	/* Without SHA-1 (a FIPS provider) the hash matches nothing: everybody seems translated, and UDP is used. */
	if (EVP_Digest(text, w.n, out, &len, EVP_sha1(), NULL) != 1 || len != NATD_LEN)
		memset(out, 0, NATD_LEN);
}

static bool
any_is(const struct msg *m, uint16_t type, const uint8_t hash[static NATD_LEN], bool *seen)
{
	bool hit = false;

	*seen = false;
	for (unsigned i = 0; i < m->nnotify; i++) {
		if (m->notify[i].type != type)
			continue;
		*seen = true;
		hit = hit || bytes_eq(m->notify[i].data, bytes_of(hash, NATD_LEN));
	}
	return hit;
}

bool
natd_check(const struct msg *m, uint64_t spi_i, uint64_t spi_r, const struct endpoint *local, const struct endpoint *remote,
    bool *nat_local, bool *nat_remote)
{
	uint8_t ours[NATD_LEN], theirs[NATD_LEN];
	bool src, dst;

	natd_hash(spi_i, spi_r, local, ours);
	natd_hash(spi_i, spi_r, remote, theirs);
	*nat_local = !any_is(m, N_NAT_DETECTION_DESTINATION_IP, ours, &dst);
	*nat_remote = !any_is(m, N_NAT_DETECTION_SOURCE_IP, theirs, &src);
	if (src && dst)
		return true;
	*nat_local = *nat_remote = false;
	return false;
}
