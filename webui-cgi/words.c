/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include "words.h"

struct word { const char *name, *words; };

/* iked/sa/counters.def and sync_counters(); the answer of /v1/counters. test_cgi holds these tables against the sources. */
static const struct word counters[] = {
	{ "init_sent", "Set-ups that this gateway began" },
	{ "init_received", "Set-ups that peers began" },
	{ "cookies_sent", "Set-ups that had to show a cookie first" },
	{ "half_open_refused", "Set-ups refused because too many were under way" },
	{ "no_tunnel", "Set-ups that no tunnel here is for" },
	{ "auth_ok", "Peers that proved who they are" },
	{ "setups_failed", "Set-ups that failed" },
	{ "children_made", "Child SAs set up" },
	{ "child_rekeys", "Child SAs that got new keys" },
	{ "ike_rekeys", "IKE SAs that got new keys" },
	{ "collisions", "Both ends began the same at once, and one gave way" },
	{ "retransmitted", "Requests sent again, unanswered so far" },
	{ "repeats_answered", "Requests that came again, answered again" },
	{ "fragmented_out", "Messages sent in fragments" },
	{ "reassembled", "Messages put together from fragments" },
	{ "fragments_ignored", "Fragments thrown away" },
	{ "peers_dead", "Peers that answered no more" },
	{ "msg_malformed", "Messages that are not well formed" },
	{ "msg_not_authentic", "Messages that failed their integrity check" },
	{ "msg_no_sa", "Messages of no IKE SA that is known here" },
	{ "strays", "Packets and words of SAs that one end does not have" },
	{ "stray_checks", "Peers asked because of these whether they are there" },
	{ "no_edge", "Messages that did not fit the state they met" },
	{ "msg_outside_window", "Messages with a number that is not due" },
	{ "temporary_failures", "Requests put off for the moment (TEMPORARY_FAILURE)" },
	{ "udp_received", "Datagrams received" },
	{ "udp_sent", "Datagrams sent" },
	{ "udp_truncated", "Datagrams longer than any message, thrown away" },
	{ "udp_no_source", "Datagrams without an address to answer to" },
	{ "udp_not_ike", "Datagrams on port 4500 that are not IKE" },
	{ "udp_icmp_errors", "Datagrams that came back as an ICMP error" },
	{ "udp_send_failed", "Datagrams that could not be sent" },
	{ "repairs", "Policies put right that somebody else had changed" },
	{ "repairs_event", "of these, noticed at once" },
	{ "reconciles", "Comparisons of the engine with the revision" },
	{ "applies", "Revisions brought into force" },
};

static const struct word drops[] = {
#define D(number, upper, name, sentence) { name, sentence },
#include "causeway/drop.def"
#undef D
};

static const struct word facts[] = {
	{ "exchange", "Exchange" }, { "role", "This gateway is the" }, { "peer", "Peer" }, { "chosen", "Algorithms" }, { "offered", "We offered" }, { "received", "They offered" },
	{ "difference", "Differs" }, { "id_received", "Peer says it is" }, { "id_expected", "It should be" }, { "certificate", "Proved by" }, { "notify", "Notification" },
	{ "sent", "Answered with" }, { "peer_says", "The peer says" }, { "local_ts", "Networks here" }, { "remote_ts", "Networks there" },
	{ "peer_local_ts", "Its own networks, it says" }, { "peer_remote_ts", "Ours, it says" }, { "tries", "Tries" }, { "file", "File" }, { "errno", "System's error" }, { "detail", "Detail" },
};

static const char *
find(const struct word *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return v[i].words;
	return NULL;
}
#define FIND(table, name) find(table, sizeof(table) / sizeof((table)[0]), name)

const char *
words_counter(const char *name)
{
	return strncmp(name, "drop_", 5) == 0 ? FIND(drops, name + 5) : FIND(counters, name);
}

const char *
words_fact(const char *key)
{
	return FIND(facts, key);
}
