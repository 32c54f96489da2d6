/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PF_KEY v2 as Causeway's engine speaks it: RFC 2367 and the policy extensions in the layout of <linux/pfkeyv2.h>, and
 * private extensions for what that cannot say. Nothing private is sent to a client that did not say HELLO in REGISTER;
 * a client sends nothing private before its HELLO was answered. All private fields are in host order but addresses.
 *
 * How standard fields are used
 *   lifetime allocations   packets (CW_EXT_PACKETS where 32 bits are not enough)
 *   KEY_ENCRYPT, AEAD      key, then salt; sadb_key_bits counts both (160, 288); no KEY_AUTH, auth 0
 *   ADDRESS of a policy    proto 255 any; prefixlen; port 0 any; ICMP: type in the source port, code in the destination
 *   bytes                  octets of the inner packet, both directions
 *   SA2                    mode 2 tunnel; reqid 32 bits
 *   NAT_T_TYPE 2           ESP in UDP; ports SPORT and DPORT as the outer header has them
 */
#ifndef CAUSEWAY_PFKEY_H
#define CAUSEWAY_PFKEY_H

#include <linux/types.h>
#include <linux/pfkeyv2.h>

/* Names that stand in <linux/ipsec.h>, which some systems lack. */
enum { CW_POLICY_DISCARD = 0, CW_POLICY_NONE = 1, CW_POLICY_IPSEC = 2, CW_POLICY_ENTRUST = 3, CW_POLICY_BYPASS = 4 };
enum { CW_DIR_IN = 1, CW_DIR_OUT = 2, CW_DIR_FWD = 3 };
enum { CW_MODE_ANY = 0, CW_MODE_TRANSPORT = 1, CW_MODE_TUNNEL = 2 };
enum { CW_LEVEL_DEFAULT = 0, CW_LEVEL_USE = 1, CW_LEVEL_REQUIRE = 2, CW_LEVEL_UNIQUE = 3 };
#define CW_ULPROTO_ANY		255
#define CW_NATT_ESPINUDP	2
#define CW_EALG_CHACHA20POLY1305	28	/* key 256 bits, then salt 32 bits */
/* AES-GMAC in AH (RFC 4543 4), by the numbers of the BSDs, which are IANA's; key, then salt 32 bits */
#define CW_AALG_AES_128_GMAC		11
#define CW_AALG_AES_192_GMAC		12
#define CW_AALG_AES_256_GMAC		13
#define CW_AALG_SHA2_256HMAC_96		240	/* HMAC-SHA2-256 with an ICV of 96 bits, as before RFC 4868 */
#define CW_AALG_AES_CMAC		241	/* RFC 4494, 96 bits */
#define CW_AALG_KEYED_MD5		249	/* KAME's numbers: RFC 1828 */
#define CW_AALG_KEYED_SHA1		250	/* and RFC 1852 */

/* sadb_sa_flags as KAME numbers them. */
#define CW_SA_OLD	0x001u	/* AH as in RFC 1826, ESP as in RFC 1827 */
#define CW_SA_IV4B	0x010u	/* of such an ESP: 32 bits of IV (RFC 1829 2) */
#define CW_SA_RANDPAD	0x100u	/* and its padding: random, or zeros; otherwise 1, 2, 3 and so on */
#define CW_SA_ZEROPAD	0x200u
#define CW_SA_CYCSEQ	0x040u	/* the sequence number may begin again: never here, but KAME's setkey says it of every SA */
#define CW_SA_KAME	0x3f0u	/* all that KAME numbers beside CW_SA_OLD */

/* Private messages, engine to clients that said HELLO. */
#define CW_MSG_USED	128	/* SA, SA2, addresses: the first authenticated packet came in by this SA */
#define CW_MSG_NAMED	129	/* NAMED, both ways, from any client that said HELLO: settings and counters by name */
#define CW_MSG_DROPS	130	/* a base message; the answer has DROPS */
#define CW_MSG_TAP	131	/* TAP, and the same as answer: clear packets are told to who asks, or no longer */
#define CW_MSG_TAPPED	132	/* TAPPED, to who asked: one of them */
/* SA (the SPI alone), SRC and DST of the packet, ports of the UDP around it: a packet came for which there is no SA. Nobody has proved
 * anything by it (RFC 7296 1.5), and it is told once a second for each of CW_STRAYS groups of sources at most. */
#define CW_MSG_STRAY	133
#define CW_STRAYS	64

/* Private extensions. */
#define CW_EXT_HELLO		0x7F00
#define CW_EXT_REPLAY		0x7F01
#define CW_EXT_SAFLAGS		0x7F02
#define CW_EXT_SELECTORS	0x7F03
#define CW_EXT_OWNER		0x7F04
#define CW_EXT_STATS		0x7F05
#define CW_EXT_KEYLESS		0x7F06
#define CW_EXT_PACKETS		0x7F07
#define CW_EXT_NAMED		0x7F08
#define CW_EXT_DROPS		0x7F09
#define CW_EXT_TAP		0x7F0A
#define CW_EXT_TAPPED		0x7F0B
#define CW_EXT_LAYERS		0x7F0C
#define CW_EXT_IFACE		0x7F0D
#define CW_EXT_FIRST		CW_EXT_HELLO
#define CW_EXT_LAST		CW_EXT_IFACE

#define CW_HELLO_MAGIC		0x43575931u	/* "CWY1" */
#define CW_HELLO_VERSION	1
#define CW_FEAT_ESN		1u
#define CW_FEAT_AEAD		2u
#define CW_FEAT_WINDOW		4u		/* REPLAY to 4096 */
#define CW_FEAT_SELECTORS	8u
#define CW_FEAT_USED		16u
#define CW_FEAT_MAPPING		32u		/* NAT mappings are followed by the engine */
#define CW_FEAT_OLD		64u		/* CW_SA_OLD is not passed over */
#define CW_FEAT_IFACE		128u		/* IFACE: tunnels that are interfaces */

/*
 * In REGISTER, both ways. The reply's features are what the engine has. This extension stays as it is in every version: who
 * says another version is answered with the engine's, and nothing else private is said by either.
 */
struct cw_ext_hello {
	__u16	len, type;	/* len in units of 8 octets, as in all extensions */
	__u32	magic;
	__u16	version, reserved;
	__u32	reserved2;
	__u64	features;
} __attribute__((packed));

/* ADD, UPDATE, GET, DUMP: replay window in packets, 0 (off) or 32 to 4096; goes before sadb_sa_replay. */
struct cw_ext_replay {
	__u16	len, type;
	__u32	packets;
} __attribute__((packed));

#define CW_SAF_ESN	1u	/* 64-bit sequence numbers */
#define CW_SAF_IN	2u	/* receive only. An SA without IN and OUT is used both ways, as in KAME */
#define CW_SAF_OUT	4u	/* send only */
#define CW_SAF_FIXED	8u	/* the peer's address and port are not followed when they change */
struct cw_ext_saflags {
	__u16	len, type;
	__u32	flags;
} __attribute__((packed));

/*
 * ADD, UPDATE, GET, DUMP: all selectors of an SA. A packet is inside when its source is in one selector of side 0 and its
 * destination in one of side 1. n entries follow the header. Without this extension an SA has no selectors of its own.
 */
#define CW_SELECTORS_MAX	128
struct cw_ext_selector {
	__u8	side;		/* 0 source, 1 destination */
	__u8	proto;		/* 0 any */
	__u8	fam;		/* 4 or 6 */
	__u8	reserved;
	__u16	port_lo, port_hi;	/* host order */
	__u8	lo[16], hi[16];	/* IPv4: the first four octets, the rest zero */
} __attribute__((packed));
struct cw_ext_selectors {
	__u16	len, type;
	__u16	n, reserved;
} __attribute__((packed));

/* ADD, UPDATE, SPDADD, SPDUPDATE, GET, DUMP, SPDDUMP: who made this entry, zero padded text. keymgr's:
 * "keymgr:TUNNEL/CHILD PEERSPI", with names of up to 63 octets each and the SPI of the pair's other SA in eight hexadecimal digits.
 */
#define CW_OWNER_LEN	160
struct cw_ext_owner {
	__u16	len, type;
	__u32	reserved;
	__u8	owner[CW_OWNER_LEN];
} __attribute__((packed));

/*
 * SPDADD, SPDUPDATE, SPDDELETE; GETSPI, ADD and UPDATE of a larval SA; told in GET, DUMP, SPDGET, SPDDUMP, ACQUIRE, EXPIRE and what is
 * broadcast: the interface that a policy or an SA is of. Without it: of none. A policy is named by it too, beside direction and selectors. The
 * interface comes to be with the first that names it and goes with the last. Errors: EINVAL, no such name can be; EEXIST, there is
 * an interface of that name which is not ours; ENOSPC, there are CW_IFACES_MAX; EOPNOTSUPP, this engine has none.
 */
#define CW_IFACE_LEN	16
#define CW_IFACES_MAX	1024
#define CW_IFACES_GROUP	17239u		/* of devices: by it a filter, the guard and whoever comes after a crash know them */
struct cw_ext_iface {
	__u16	len, type;
	__u32	reserved;
	char	name[CW_IFACE_LEN];	/* zeroes behind it, one at least */
} __attribute__((packed));

/* Letters, digits, '.', '_' and '-', the first one a letter or a digit; but not what sysctl(8) and ipsecd have for themselves. */
static inline int
cw_iface_name_ok(const char name[CW_IFACE_LEN])
{
	static const char own[3][CW_IFACE_LEN] = { "all", "default", "cw0" };
	unsigned n = 0;

	for (; n < CW_IFACE_LEN && name[n]; n++) {
		char c = name[n];
		int word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!word && (n == 0 || (c != '.' && c != '_' && c != '-')))
			return 0;
	}
	if (n == 0 || n == CW_IFACE_LEN)
		return 0;
	for (unsigned i = n; i < CW_IFACE_LEN; i++)
		if (name[i])
			return 0;
	for (unsigned i = 0; i < 3; i++) {
		unsigned k = 0;

		while (k < CW_IFACE_LEN && own[i][k] == name[k])
			k++;
		if (k == CW_IFACE_LEN)
			return 0;
	}
	return 1;
}

/* GET, DUMP, EXPIRE (engine to client); SPDGET, SPDDUMP and so on: packets, bytes, and in other what met the policy and was dropped. */
struct cw_ext_stats {
	__u16	len, type;
	__u32	reserved;
	__u64	packets, bytes;
	__u64	sequence;	/* last sent, or the highest received */
	__u64	replay, icv, selector, other;	/* drops on this SA */
} __attribute__((packed));

/* In REGISTER (satype 0 is enough): from now on this client gets no key, ever, and may not add or change SAs. */
struct cw_ext_keyless {
	__u16	len, type;
	__u32	reserved;
} __attribute__((packed));

/* ADD, UPDATE, GET, DUMP: lifetimes in packets, 64 bits; 0 is none. Goes before the allocations fields. */
struct cw_ext_packets {
	__u16	len, type;
	__u32	reserved;
	__u64	soft, hard;
} __attribute__((packed));

/*
 * NAMED. what: the settings, the counters of everything, or from CW_NAMED_KIND on those of one kind of traffic: what the policies
 * decided, ESP, AH, IPComp, and what tunnel mode does to the packet inside. In a request n settings to be set, all or none; in the answer the
 * whole table. value6 is IPv6's part of a counter, value IPv4's; the bounds are those of a setting.
 */
enum { CW_NAMED_KNOBS = 0, CW_NAMED_COUNTERS = 1, CW_NAMED_KIND = 2 };
enum { CW_KIND_POLICY, CW_KIND_ESP, CW_KIND_AH, CW_KIND_IPCOMP, CW_KIND_TUNNEL, CW_KINDS };
#define CW_NAMED_MAX	192
struct cw_named {
	char	name[40];	/* ends with a zero */
	__u64	value, value6;
	__u32	least, most, usual, reserved;
} __attribute__((packed));
struct cw_ext_named {
	__u16	len, type;
	__u16	what, n;
} __attribute__((packed));

/*
 * DROPS (engine to client): the last packets that were dropped, the newest first. By the addresses of their own header, or, of what came
 * or would have gone as ESP or IPComp (proto 50, 108), of the outer one. spi 0: no SA was looked for.
 */
#define CW_DROPS_MAX	64
struct cw_dropped {
	__u8	src[16], dst[16];
	__u8	fam, proto;	/* fam 0: the addresses are not known */
	__u16	sport, dport;	/* host order; ICMP: type and code */
	__u16	reason;		/* CW_DROP_* */
	__u32	spi, times;	/* how many like it came one after the other */
	__u64	ago;		/* ns since the last of them */
} __attribute__((packed));
struct cw_ext_drops {
	__u16	len, type;
	__u16	n, reserved;
} __attribute__((packed));

/*
 * LAYERS, beside DROPS: what had been taken off those packets before they were dropped, of each packet the outermost first: their history,
 * against which inbound policies are held (ipsec(4), BUGS). n of them follow.
 */
#define CW_LAYERS_MAX		(CW_DROPS_MAX * 8)
struct cw_layer {
	__u16	of;		/* which of the packets in DROPS, the first is 0 */
	__u8	proto, mode;	/* 50, 51, 108; CW_MODE_* */
	__u32	spi, reqid, reserved;
} __attribute__((packed));
struct cw_ext_layers {
	__u16	len, type;
	__u16	n, reserved;
} __attribute__((packed));

/*
 * TAP: what goes through SAs with one of these reqids is told as it is before ESP and after it, at most so many octets of a packet and
 * so many packets a second, until the asker closes its descriptor or says the same id with n 0. n numbers of 32 bits follow, then zeroes
 * to a multiple of 8. An engine has CW_TAPS_MAX taps.
 */
#define CW_TAPS_MAX		4
#define CW_TAP_REQIDS_MAX	64
#define CW_TAP_OCTETS_MAX	9216u
#define CW_TAP_RATE_MAX		10000u
struct cw_ext_tap {
	__u16	len, type;
	__u16	n, reserved;
	__u32	id;		/* the asker's own number for it */
	__u32	octets;		/* 1 to CW_TAP_OCTETS_MAX */
	__u32	rate;		/* packets a second, 1 to CW_TAP_RATE_MAX */
	__u32	reserved2;
} __attribute__((packed));

/*
 * TAPPED. What came in is told after the inbound policy check, whose refusal is reason. lost: packets of this tap that were not told
 * since the one before, because there were too many or the asker did not read. n octets of the packet follow, then zeroes to a multiple of 8.
 */
struct cw_ext_tapped {
	__u16	len, type;
	__u16	n, reason;	/* CW_DROP_*; 0: it went on its way */
	__u32	id, lost;
	__u32	reqid, spi;	/* of the SA */
	__u32	whole;		/* octets of the packet */
	__u8	dir, proto;	/* CW_DIR_IN or CW_DIR_OUT; 50, 51, 108 */
	__u16	reserved;
	__u64	when;		/* ns, CLOCK_BOOTTIME */
} __attribute__((packed));

#endif
