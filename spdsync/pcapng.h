/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng, as much of it as a capture of one tunnel needs: one section, one interface whose packets begin with an IP header, times in
 * nanoseconds. Block and option numbers are those of draft-ietf-opsawg-pcapng, in whose section 4 the blocks stand. Little endian.
 */
#ifndef CAUSEWAY_PCAPNG_H
#define CAUSEWAY_PCAPNG_H

#include "bytes.h"

#define PCAPNG_TEXT_MAX	200u	/* octets of an option's text; what is longer is cut */
#define PCAPNG_BEGIN_MAX 1024u	/* octets that pcapng_begin() writes at most; pcapng_end() too */
#define PCAPNG_PACKET_MAX(n) ((n) + 300u)	/* and pcapng_packet() */

struct pcapng_packet {
	uint64_t	when_ns;	/* since 1970 */
	bool		inbound;	/* else outbound */
	struct bytes	octets;		/* the first of it */
	uint32_t	whole;		/* how many it has */
	uint64_t	lost;		/* packets before it that are not in the file */
	const char	*comment;	/* "": none */
};

/* All are false when there was no room. */
bool pcapng_begin(struct wr *, const char *program, const char *interface, const char *description, uint32_t snaplen);
bool pcapng_packet(struct wr *, const struct pcapng_packet *);
bool pcapng_end(struct wr *, uint64_t when_ns, uint64_t packets, uint64_t lost);	/* the interface's statistics */

#endif
