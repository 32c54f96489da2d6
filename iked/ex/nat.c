/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NAT traversal, RFC 7296 2.23: both ends send hashes of the addresses they see; when they differ, or when a tunnel wants its ESP
 * in UDP anyway, the initiator goes on from port 4500 to port 4500.
 */
#include "ex/ex.h"
#include "wire/natd.h"

#define VENDOR		16
#define ONE_FORM	0x01

/* The first 16 octets of SHA-256("Causeway IKEv2 1"), and one that is there only when it is true. */
static const uint8_t causeway_vendor[VENDOR + 1] = { 0xc8, 0x5f, 0x17, 0xa7, 0xc6, 0xc6, 0x82, 0x50, 0xdd, 0xb6, 0x6f, 0x53, 0xd8, 0xf3, 0xd2, 0x74, ONE_FORM };

struct bytes
nat_vendor(const struct engine *e)
{
	return bytes_of(causeway_vendor, e->features & KEY_FEAT_HELLO ? VENDOR : VENDOR + 1);
}

void
nat_vendor_check(struct ikesa *s, const struct msg *m)
{
	s->causeway = s->one_form = false;
	for (unsigned i = 0; i < m->nvendor; i++) {
		s->one_form |= bytes_eq(m->vendor[i], bytes_of(causeway_vendor, VENDOR + 1));
		s->causeway |= s->one_form || bytes_eq(m->vendor[i], bytes_of(causeway_vendor, VENDOR));
	}
}

void
nat_put(struct engine *e, struct msg_out *o, const struct ikesa *s)
{
	struct bytes none = { NULL, 0 };
	uint8_t hash[NATD_LEN];

	natd_hash(s->spi_i, s->spi_r, &s->local, hash);
	pld_notify_put(o, 0, none, N_NAT_DETECTION_SOURCE_IP, bytes_of(hash, sizeof(hash)));
	natd_hash(s->spi_i, s->spi_r, &s->remote, hash);
	pld_notify_put(o, 0, none, N_NAT_DETECTION_DESTINATION_IP, bytes_of(hash, sizeof(hash)));
}

void
nat_check(struct engine *e, struct ikesa *s, const struct msg *m)
{
	/* In the request the responder's SPI is still zero, and so it was when the hash was made. */
	uint64_t spi_r = m->hdr.response ? m->hdr.spi_r : 0;

	s->natd = natd_check(m, s->spi_i, spi_r, &s->local, &s->remote, &s->nat_local, &s->nat_remote);
	if (!s->natd)
		s->nat_local = s->nat_remote = false;
}

/*
 * Does this tunnel's ESP travel in UDP? RFC 7296 2.23 lets each end choose whatever the other does, but Linux drops what comes in the
 * form that it does not send itself: where no NAT obliges both, only a peer known to take either form is sent UDP because we prefer it. A Causeway over Linux's own ESP says of itself
 * that it does not, by one octet more behind its vendor ID.
 */
bool
nat_udp(const struct ikesa *s)
{
	const struct tunnel *c = &s->t->cfg;

	if (s->nat_local || s->nat_remote || c->encap == ENCAP_UDP)
		return true;
	return c->encap == ENCAP_AUTO && c->prefer_udp && s->causeway && !s->one_form;
}

void
nat_float(struct engine *e, struct ikesa *s)
{
	if (!s->natd || s->natt || !nat_udp(s))
		return;
	s->natt = true;
	s->local.port = e->host.natt_port;
	s->remote.port = e->host.natt_port;
}
