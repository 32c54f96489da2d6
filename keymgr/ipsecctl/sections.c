/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "sections.h"

const char *const section_names[SECTIONS] = { "ipsec", "ah", "esp", "ipcomp", "ipip" };

/* ipsec: what the policies decided; ah, esp, ipcomp: what their own transform did; ipip: the packet inside a tunnel. */
enum { IPSEC = 1, TRANSFORM = 2, IPIP = 4, COMP = 8, AUTH = 16 };

struct line {
	unsigned	where;
	const char	*text;
	const char	*names;		/* counters, with blanks between */
};

static const struct line lines[] = {
	{ IPSEC, "outbound packets looked at", "plain_in" },
	{ IPSEC, "outbound packets with no SA found", "drop_no_sa drop_no_sa_no_listener drop_queue_old" },
	{ IPSEC, "outbound packets that no key manager was there for", "drop_no_sa_no_listener" },
	{ IPSEC, "outbound packets that waited for an SA in vain", "drop_queue_old" },
	{ IPSEC, "ACQUIREs sent", "acquires" },
	{ IPSEC, "inbound packets with policy violations", "drop_policy_clear drop_policy_discard_in drop_policy_mismatch drop_policy_none_in "
	    "drop_policy_bypass_in drop_policy_default_in" },
	{ IPSEC, "inbound packets in the clear where protection is required", "drop_policy_clear" },
	{ IPSEC, "inbound packets protected otherwise than the policy says", "drop_policy_mismatch" },
	{ IPSEC, "inbound packets by an SA that no policy covers", "drop_policy_none_in" },
	{ IPSEC, "inbound packets by an SA where the policy says clear", "drop_policy_bypass_in" },
	{ IPSEC, "inbound packets discarded by a policy", "drop_policy_discard_in" },
	{ IPSEC, "inbound packets of no policy discarded by default", "drop_policy_default_in" },
	{ IPSEC, "outbound packets with policy violations", "drop_policy_discard_out drop_policy_default_out drop_selector_out" },
	{ IPSEC, "outbound packets discarded by a policy", "drop_policy_discard_out" },
	{ IPSEC, "outbound packets of no policy discarded by default", "drop_policy_default_out" },
	{ IPSEC, "outbound packets outside the selectors of every SA", "drop_selector_out" },
	{ IPSEC, "outbound packets too big for the path", "drop_too_big drop_too_big_silent" },
	{ IPSEC, "outbound packets too big whose sender could not be told", "drop_too_big_silent" },
	{ IPSEC, "malformed outbound packets", "drop_plain_malformed" },
	{ IPSEC, "outbound packets to an SA with no address yet", "drop_endpoint_unknown" },
	{ IPSEC, "packets dropped for want of memory or room", "drop_no_room drop_no_memory drop_no_buffer" },
	{ IPSEC, "packets the system refused", "drop_wire_write drop_plain_write drop_wire_too_big drop_wire_options drop_offload drop_relay_failed" },
	{ IPSEC, "outbound packets transport mode cannot take", "drop_fragment_transport drop_transport_too_big" },
	{ IPSEC, "packets dropped on the way through this host", "drop_route_loop drop_not_checked" },
	{ IPSEC, "packets to an interface that no policy of it protects", "drop_iface_clear" },
	{ IPSEC, "packets to an interface that their own tunnel leads into", "drop_iface_loop" },
	{ IPSEC, "inbound packets by SAs of different interfaces", "drop_iface_mixed" },
	{ IPSEC, "datagrams on the ESP port that were none", "drop_wire_malformed drop_keepalive" },
	{ IPSEC | TRANSFORM, "packets dropped", "drops" },
	{ TRANSFORM, "packets in", "wire_in" },
	{ TRANSFORM, "packets out", "wire_out" },
	{ TRANSFORM, "bytes in", "bytes_opened" },
	{ TRANSFORM, "bytes out", "bytes_sealed" },
	{ TRANSFORM, "packets taken off and delivered", "plain_out" },
	{ TRANSFORM, "packets shorter than their header", "drop_esp_short drop_esp_truncated" },
	{ TRANSFORM, "packets with a reserved SPI", "drop_spi_reserved" },
	{ TRANSFORM, "packets with no SA found", "drop_spi_unknown" },
	{ TRANSFORM, "packets for an SA without keys yet", "drop_sa_larval" },
	{ TRANSFORM, "packets for an SA at its end", "drop_sa_expired drop_send_expired" },
	{ TRANSFORM, "packets for an SA of the other direction", "drop_sa_direction" },
	{ TRANSFORM, "possible replay packets detected", "drop_replay_duplicate drop_replay_old drop_sequence_zero" },
	{ TRANSFORM, "packets with bad authentication", "drop_icv_wrong" },
	{ TRANSFORM, "packets with bad padding", "drop_padding_wrong" },
	{ TRANSFORM, "packets with a next header of another mode", "drop_next_header" },
	{ TRANSFORM, "dummy packets", "drop_dummy" },
	{ TRANSFORM, "packets with too many transforms in one another", "drop_too_nested" },
	{ TRANSFORM, "sequence numbers used up", "drop_sequence_end" },
	{ TRANSFORM, "crypto processing failures", "drop_seal_failed" },
	{ AUTH, "packets shorter than an AH header", "drop_ah_short" },
	{ AUTH, "packets with a malformed header in front of AH", "drop_ah_header" },
	{ AUTH, "fragments offered to AH", "drop_ah_fragment" },
	{ COMP, "packets sent uncompressed; size < compr. algo. threshold", "comp_small" },
	{ COMP, "packets sent uncompressed; compression was useless", "comp_useless" },
	{ COMP, "packets shorter than an IPComp header", "drop_comp_short" },
	{ COMP, "packets that do not decompress", "drop_comp_malformed" },
	{ COMP, "packets that expand beyond the bounds", "drop_comp_too_large" },
	{ COMP, "packets compressed more than once", "drop_comp_nested" },
	{ COMP, "packets dropped; compression is switched off", "drop_comp_off" },
	{ IPIP, "packets taken out of a tunnel", "plain_out" },
	{ IPIP, "packets put into a tunnel", "wire_out" },
	{ IPIP, "packets shorter than their header inside", "drop_inner_short drop_inner_length" },
	{ IPIP, "packets with a malformed header inside", "drop_inner_header" },
	{ IPIP, "packets outside the selectors of their SA", "drop_selector_in" },
	{ IPIP, "packets with a congestion mark that cannot be carried", "drop_ecn_illegal" },
};
#define LINES	(sizeof(lines) / sizeof(lines[0]))

static bool
names_has(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += n)
		if ((at == names || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

const char *
section_line_of(const char *counter)
{
	for (unsigned i = 0; i < LINES; i++)
		if (names_has(lines[i].names, counter))
			return lines[i].text;
	return NULL;
}

static uint64_t
sum(struct bytes table, const char *names, bool six)
{
	struct cw_named x;
	uint64_t v = 0;

	for (size_t i = 0; i + sizeof(x) <= table.n; i += sizeof(x)) {
		memcpy(&x, table.p + i, sizeof(x));
		if (names_has(names, x.name))
			v += six ? x.value6 : x.value;
	}
	return v;
}

/* What was wrong with the packet inside was counted by the transform that had it; how many there were, by themselves. */
static uint64_t
value(const struct counted *c, unsigned section, const struct line *l, bool six)
{
	static const unsigned kinds[SECTIONS] = { CW_KIND_POLICY, CW_KIND_AH, CW_KIND_ESP, CW_KIND_IPCOMP, CW_KIND_TUNNEL };

	if (section < SECTIONS - 1)
		return sum(c->kind[kinds[section]], l->names, six);
	if (strncmp(l->names, "drop_", 5) != 0)
		return sum(c->kind[CW_KIND_TUNNEL], l->names, six);
	return sum(c->kind[CW_KIND_ESP], l->names, six) + sum(c->kind[CW_KIND_AH], l->names, six) + sum(c->kind[CW_KIND_IPCOMP], l->names, six);
}

static bool
is_in(unsigned section, const struct line *l)
{
	static const unsigned where[SECTIONS] = { IPSEC, TRANSFORM | AUTH, TRANSFORM, TRANSFORM | COMP, IPIP };

	return (l->where & where[section]) != 0;
}

void
sections_print(FILE *f, const struct counted *c, const char *only, bool zero)
{
	for (unsigned six = 0; six < 2; six++)
		for (unsigned s = 0; s < SECTIONS; s++) {
			if (only && strcmp(only, section_names[s]) != 0)
				continue;
			fprintf(f, "%s%s:\n", section_names[s], six ? "6" : "");
			for (unsigned i = 0; i < LINES; i++) {
				uint64_t v = is_in(s, &lines[i]) ? value(c, s, &lines[i], six) : 0;

				if (is_in(s, &lines[i]) && (v || zero))
					fprintf(f, "\t%" PRIu64 " %s\n", v, lines[i].text);
			}
		}
}

static json_t *
section_json(struct bytes table, bool six)
{
	json_t *o = json_object();
	struct cw_named x;

	for (size_t i = 0; o && i + sizeof(x) <= table.n; i += sizeof(x)) {
		memcpy(&x, table.p + i, sizeof(x));
		json_object_set_new(o, x.name, json_integer((json_int_t)(six ? x.value6 : x.value)));
	}
	return o;
}

bool
sections_json(FILE *f, const struct counted *c)
{
	static const char *const names[CW_KINDS] = { "ipsec", "esp", "ah", "ipcomp", "ipip" };
	json_t *all = json_object();
	char name[16];
	bool ok;

	for (unsigned k = 0; all && k < CW_KINDS; k++)
		for (unsigned six = 0; six < 2; six++) {
			snprintf(name, sizeof(name), "%s%s", names[k], six ? "6" : "");
			json_object_set_new(all, name, section_json(c->kind[k], six));
		}
	ok = all && json_dumpf(all, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0 && fputc('\n', f) != EOF;
	json_decref(all);
	return ok;
}
