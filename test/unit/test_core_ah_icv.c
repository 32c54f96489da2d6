/* SPDX-License-Identifier: BSD-2-Clause */
/* What AH's ICV sees of an IP header (RFC 4302 3.3.3.1, appendix A): each kind of option and extension header, and what is none. */
#include "core_rig.h"

#include "core.h"

enum { AH = 51 };

#define F4(ihl)	ihl " 1f 0064 1234 4000 40 33 abcd 14000001 14000002 "
#define Z4(ihl)	ihl " 00 0064 1234 0000 00 33 0000 14000001 14000002 "
#define A1	"00000000000000000000000000000001"
#define A2	"00000000000000000000000000000002"
#define A3	"00000000000000000000000000000003"
#define A4	"00000000000000000000000000000004"
#define F6(next) "6ab12345 0100" next "40" A1 A2
#define Z6(next) "60000000 0100" next "00" A1 A2
#define D6(next, dst) "60000000 0100" next "00" A1 dst

/* Kind by kind. want NULL and a reason: it is refused for that. */
static const struct { const char *name, *from, *want; bool out; unsigned why; } mutes[] = {
	{ "no options", F4("45"), Z4("45"), false, 0 },
	{ "NOP and END, and what is behind END", F4("47") "01010100 12345678", NULL, false, 0 },
	{ "security", F4("48") "820b0000 00000000 00000000", Z4("48") "820b0000 00000000 00000000", false, 0 },
	{ "extended security", F4("46") "8503aa01", Z4("46") "8503aa01", false, 0 },
	{ "CIPSO", F4("47") "86080000 00019999", Z4("47") "86080000 00019999", false, 0 },
	{ "router alert", F4("46") "94040000", Z4("46") "94040000", false, 0 },
	{ "directed multi-destination", F4("46") "95040909", Z4("46") "95040909", false, 0 },
	{ "record route", F4("47") "07070414 00000300", Z4("47") "00000000 00000000", false, 0 },
	{ "timestamp", F4("48") "440c0500 01020304 05060708", Z4("48") "00000000 00000000 00000000", false, 0 },
	{ "traceroute", F4("48") "520c1234 00000000 14000001", Z4("48") "00000000 00000000 00000000", false, 0 },
	{ "stream, which is experimental", F4("46") "88041234", Z4("46") "00000000", false, 0 },
	{ "MTU probe and reply", F4("47") "0b0405dc 0c0405dc", Z4("47") "00000000 00000000", false, 0 },
	{ "one that nobody knows", F4("46") "5e04abcd", Z4("46") "00000000", false, 0 },
	{ "router alert between NOPs", F4("47") "01019404 00000101", Z4("47") "01019404 00000101", false, 0 },
	{ "loose source route, arrived", F4("47") "83070814 00000901", Z4("47") "00000000 00000001", false, 0 },
	{ "loose source route, arrived before its end", F4("47") "83070414 00000901", Z4("47") "00000000 00000001", false, 0 },
	{ "loose source route, to be sent", F4("48") "830b0414 00000314 00000901", "48 00 0064 1234 0000 00 33 0000 14000001 14000009 00000000 00000000 00000001", true, 0 },
	{ "strict source route, to be sent", F4("47") "89070414 00000901", "47 00 0064 1234 0000 00 33 0000 14000001 14000009 00000000 00000001", true, 0 },
	{ "source route used up, to be sent", F4("47") "89070814 00000901", Z4("47") "00000000 00000001", true, 0 },
	{ "an option of length 0", F4("46") "94000000", NULL, false, CW_DROP_AH_HEADER },
	{ "of length 1", F4("46") "94010000", NULL, false, CW_DROP_AH_HEADER },
	{ "beyond the header", F4("46") "94050000", NULL, false, CW_DROP_AH_HEADER },
	{ "its length cut off", F4("46") "01010194", NULL, false, CW_DROP_AH_HEADER },
	{ "another header length", F4("46"), NULL, false, CW_DROP_AH_HEADER },
	{ "a first fragment", "45 00 0064 1234 2000 40 33 abcd 14000001 14000002", NULL, false, CW_DROP_AH_FRAGMENT },
	{ "a later one", "45 00 0064 1234 0001 40 33 abcd 14000001 14000002", NULL, false, CW_DROP_AH_FRAGMENT },
	{ "another protocol", "45 00 0064 1234 0000 40 32 abcd 14000001 14000002", NULL, false, CW_DROP_AH_HEADER },
	{ "another version", "55 00 0064 1234 0000 40 33 abcd 14000001 14000002", NULL, false, CW_DROP_AH_HEADER },
	{ "IPv6", F6("33"), Z6("33"), false, 0 },
	{ "hop-by-hop: PadN", F6("00") "3300 0104 00000000", Z6("00") "3300 0104 00000000", false, 0 },
	{ "hop-by-hop: router alert", F6("00") "3300 0502 0000 0100", Z6("00") "3300 0502 0000 0100", false, 0 },
	{ "hop-by-hop: one that may change", F6("00") "3300 3e04 deadbeef", Z6("00") "3300 3e04 00000000", false, 0 },
	{ "destination options: one that may change, Pad1, one that may not", F6("3c") "3301 2003 aabbcc 00 1e06 112233445566", Z6("3c") "3301 2003 000000 00 1e06 112233445566", false, 0 },
	{ "hop-by-hop, then destination options", F6("00") "3c00 3e04 deadbeef" "3300 3e04 01020304", Z6("00") "3c00 3e04 00000000" "3300 3e04 00000000", false, 0 },
	{ "an option beyond its header", F6("00") "3300 1e05 deadbeef", NULL, false, CW_DROP_AH_HEADER },
	{ "its length cut off", F6("00") "3300 1e03 adbeef 1e", NULL, false, CW_DROP_AH_HEADER },
	{ "a header beyond its end", F6("00") "3301 1e04 deadbeef", NULL, false, CW_DROP_AH_HEADER },
	{ "a cut header", F6("00") "3300 1e", NULL, false, CW_DROP_AH_HEADER },
	{ "what follows is not AH", F6("00") "3200 1e04 deadbeef", NULL, false, CW_DROP_AH_HEADER },
	{ "AH follows too early", F6("33") "3300 1e04 deadbeef", NULL, false, CW_DROP_AH_HEADER },
	{ "a fragment", F6("2c") "3300 0001 12345678", NULL, false, CW_DROP_AH_FRAGMENT },
	{ "one with offset and no more", F6("2c") "3300 0100 12345678", NULL, false, CW_DROP_AH_FRAGMENT },
	{ "mobility, which is none", F6("87") "3300 0000 00000000", NULL, false, CW_DROP_AH_HEADER },
	{ "routing, arrived", F6("2b") "3302 0000 00000000" A3, Z6("2b") "3302 0000 00000000" A3, false, 0 },
	{ "routing, not yet there", F6("2b") "3302 0001 00000000" A3, NULL, false, CW_DROP_AH_HEADER },
	{ "routing, to be sent", F6("2b") "3304 0002 00000000" A3 A4, D6("2b", A4) "3304 0000 00000000" A2 A3, true, 0 },
	{ "routing, half way", F6("2b") "3304 0001 00000000" A3 A4, D6("2b", A4) "3304 0000 00000000" A3 A2, true, 0 },
	{ "routing of mobile IP, to be sent", F6("2b") "3302 0201 00000000" A3, D6("2b", A3) "3302 0200 00000000" A2, true, 0 },
	{ "routing: more segments than addresses", F6("2b") "3302 0002 00000000" A3, NULL, true, CW_DROP_AH_HEADER },
	{ "routing: half an address", F6("2b") "3301 0001 00000000 0000000000000000", NULL, true, CW_DROP_AH_HEADER },
	{ "routing: an address and a half", F6("2b") "3303 0001 00000000" A3 "0000000000000000", NULL, true, CW_DROP_AH_HEADER },
	{ "routing of another type", F6("2b") "3302 0401 00000000" A3, NULL, true, CW_DROP_AH_HEADER },
	{ "nothing", "", NULL, false, CW_DROP_AH_HEADER },
};

static void
mutable(void **state)
{
	const struct cw_ah_mute in = { .tos = true }, out = { .tos = true, .out = true };

	for (unsigned i = 0; i < sizeof(mutes) / sizeof(mutes[0]); i++) {
		uint8_t h[512], want[512], *exact;
		size_t n = rig_octets(mutes[i].from, h), m = mutes[i].want ? rig_octets(mutes[i].want, want) : 0;
		unsigned why;

		exact = malloc(n ? n : 1);	/* ASan sees what is beyond */
		assert_non_null(exact);
		memcpy(exact, h, n);
		why = cw_ah_mute(exact, (uint32_t)n, mutes[i].out ? &out : &in);
		if (why != mutes[i].why)
			fail_msg("%s: %s", mutes[i].name, cw_drop_sentence(why));
		if (mutes[i].want) {
			assert_int_equal(m, n);
			if (memcmp(exact, want, n) != 0)
				fail_msg("%s", mutes[i].name);
		}
		free(exact);
	}
}

/* Cut anywhere, or with any octet changed, a header is walked within its bounds (ASan) or refused. */
static void
mutable_wrong(void **state)
{
	static const struct cw_ah_mute how[2] = { { .tos = true }, { .tos = true, .out = true } };

	for (unsigned i = 0; i < sizeof(mutes) / sizeof(mutes[0]); i++) {
		uint8_t h[512], *exact;
		size_t n = rig_octets(mutes[i].from, h);

		for (size_t cut = 0; cut <= n; cut++)
			for (unsigned v = 0; v < 256; v += cut == n ? 1 : 85)
				for (size_t at = 0; at < cut; at++) {
					exact = malloc(cut);
					memcpy(exact, h, cut);
					exact[at] = (uint8_t)v;
					cw_ah_mute(exact, (uint32_t)cut, &how[v & 1]);
					free(exact);
				}
	}
}

static void
longest_header(void **state)
{
	const struct cw_ah_mute m = { .tos = true };
	uint8_t h[CW_AH_FRONT + 8] = { 0x60, 0, 0, 0, 1, 0, 60, 64 };

	h[40] = AH;
	h[41] = (CW_AH_FRONT - 40) / 8 - 1;
	h[42] = 1;
	h[43] = (uint8_t)(CW_AH_FRONT - 44);
	assert_int_equal(cw_ah_mute(h, CW_AH_FRONT, &m), CW_DROP_NONE);
	h[41]++;
	h[43] = (uint8_t)(h[43] + 8);
	assert_int_equal(cw_ah_mute(h, CW_AH_FRONT + 8, &m), CW_DROP_AH_HEADER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(mutable), cmocka_unit_test(mutable_wrong), cmocka_unit_test(longest_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
