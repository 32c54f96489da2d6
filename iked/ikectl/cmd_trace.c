/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "trace": asks the engine itself, over PF_KEY and without keys, so it works while spdsync is down; the engine's socket is root's.
 * What it says of each direction is for a packet with these two ends: out as this gateway would send it, in as it would come here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"
#include "lint.h"
#include "name.h"
#include "reason.h"
#include "routelead.h"
#include "setkey.h"
#include "trace.h"

struct tracing {
	const struct ctl *ctl;
	struct talk	talk;
	struct trace_flow flow;
	struct trace_policy *v;		/* those that cover it */
	unsigned	n, cap, seen;
	struct pfkey_msg *sa;
	unsigned	nsa, sacap;
	struct cw_dropped drop[CW_DROPS_MAX];
	unsigned	ndrop;
	struct cw_layer	layer[CW_LAYERS_MAX];
	unsigned	nlayer;
	char		lead[4][IFACE_CAP];	/* by direction: the interface that the route leads to, */
	bool		is_iface[4];		/* and whether a tunnel's policies are of it */
	json_t		*json;
};

/* The part of the SPD that a packet meets is that of the interface which it is routed to, or came by: where its source is routed to. */
static const char *
part(const struct tracing *t, unsigned dir)
{
	return t->is_iface[dir] ? t->lead[dir] : "";
}

static const char *
iface_of(const struct pfkey_msg *m)
{
	return m->has & PFKEY_HAS(CW_EXT_IFACE) ? m->iface : "";
}

static bool
take_policy(void *arg, const struct pfkey_msg *m)
{
	struct tracing *t = arg;

	t->seen++;
	for (unsigned dir = CW_DIR_IN; dir <= CW_DIR_OUT; dir++)
		t->is_iface[dir] |= iface_of(m)[0] && strcmp(iface_of(m), t->lead[dir]) == 0;
	if (!trace_covers(m, &t->flow))
		return true;
	if (t->n == t->cap) {
		struct trace_policy *v = realloc(t->v, (t->cap = t->cap ? t->cap * 2 : 8) * sizeof(*v));

		if (!v)
			return false;
		t->v = v;
	}
	t->v[t->n++] = (struct trace_policy){ *m, t->seen };
	return true;
}

static bool
take_sa(void *arg, const struct pfkey_msg *m)
{
	struct tracing *t = arg;
	bool of_one = false;

	for (unsigned i = 0; i < t->n; i++)
		for (unsigned k = 0; k < t->v[i].m.policy.n; k++)
			of_one = of_one || trace_serves(m, &t->v[i].m.policy.req[k]);
	if (!of_one)
		return true;
	if (t->nsa == t->sacap) {
		struct pfkey_msg *v = realloc(t->sa, (t->sacap = t->sacap ? t->sacap * 2 : 8) * sizeof(*v));

		if (!v)
			return false;
		t->sa = v;
	}
	t->sa[t->nsa++] = *m;
	return true;
}

static int
ask(struct tracing *t)
{
	struct pfkey_msg m;
	int err;

	pfkey_msg_init(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	err = talk_dump(&t->talk, &m, take_policy, t);
	if (err && err != ENOENT)
		return err;
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
	err = talk_dump(&t->talk, &m, take_sa, t);
	if (err && err != ENOENT)
		return err;
	pfkey_msg_init(&m, CW_MSG_DROPS, SADB_SATYPE_UNSPEC);
	err = talk_ask(&t->talk, &m);
	if (err)
		return err;
	t->ndrop = (unsigned)(t->talk.reply.drops.n / sizeof(t->drop[0]));
	if (t->ndrop)
		memcpy(t->drop, t->talk.reply.drops.p, t->ndrop * sizeof(t->drop[0]));
	t->nlayer = t->talk.reply.has & PFKEY_HAS(CW_EXT_LAYERS) ? (unsigned)(t->talk.reply.layers.n / sizeof(t->layer[0])) : 0;
	if (t->nlayer)
		memcpy(t->layer, t->talk.reply.layers.p, t->nlayer * sizeof(t->layer[0]));
	return 0;
}

static const char *
policy_text(const struct pfkey_msg *m, char buf[static 1400])
{
	struct lint_policy p;
	char ends[LINT_TEXT], what[1100];

	lint_of(m, &p);
	snprintf(buf, 1400, "%s: %s", lint_text(&p, ends), poltext_print(&m->policy, NULL, false, what, sizeof(what)) ? what : "?");
	return buf;
}

static const char *
state_text(unsigned state)
{
	static const char *const v[] = { "larval", "mature", "dying", "dead" };

	return state < 4 ? v[state] : "unknown";
}

/* Newest first, as an engine looks for one to send by. */
static unsigned
say_sas(const struct tracing *t, const struct pfkey_msg *policy, json_t *list)
{
	char src[ADDR_STR], dst[ADDR_STR];
	unsigned n = 0;

	for (unsigned i = t->nsa; i-- > 0; ) {
		const struct pfkey_msg *sa = &t->sa[i];
		bool serves = false;

		for (unsigned k = 0; k < policy->policy.n; k++)
			serves = serves || trace_serves(sa, &policy->policy.req[k]);
		if (!serves || (sa->sa_flags & (policy->policy.dir == CW_DIR_OUT ? CW_SAF_IN : CW_SAF_OUT)))
			continue;
		n++;
		addr_str(&sa->src.ep.addr, src);
		addr_str(&sa->dst.ep.addr, dst);
		if (list)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s}", "spi", (json_int_t)sa->sa.spi, "source", src,
			    "destination", dst, "state", state_text(sa->sa.state), "reqid", (json_int_t)sa->sa2.reqid, "packets",
			    (json_int_t)sa->current.packets, "owner", sa->owner));
		else
			printf("     SA 0x%08x from %s to %s, %s, %llu packets\n", sa->sa.spi, src, dst, state_text(sa->sa.state),
			    (unsigned long long)sa->current.packets);
	}
	return n;
}

static void
say_direction(struct tracing *t, unsigned dir)
{
	const struct trace_policy *first = NULL;
	json_t *o = t->json ? json_object() : NULL, *later = o ? json_array() : NULL, *sas = o ? json_array() : NULL;
	const char *of = part(t, dir);
	char buf[1400], text[ADDR_STR];
	unsigned n = 0;

	for (unsigned i = 0; i < t->n; i++)
		if (t->v[i].m.policy.dir == dir && strcmp(iface_of(&t->v[i].m), of) == 0 && (!first || trace_before(&t->v[i], first)))
			first = &t->v[i];
	if (!o)
		printf("%s: ", poltext_dir(dir));
	if (!o && of[0])
		printf("the route to %s leads to the interface %s, whose policies count\n     ",
		    addr_str(dir == CW_DIR_OUT ? &t->flow.dst : &t->flow.src, text), of);
	if (first && o)
		json_object_set_new(o, "policy", json_pack("{s:I, s:s, s:s, s:I, s:I}", "id", (json_int_t)first->m.policy.id, "text", policy_text(&first->m, buf), "owner",
		    first->m.owner, "packets", (json_int_t)first->m.stats.packets, "dropped", (json_int_t)first->m.stats.other));
	else if (first)
		printf("policy %u, %s\n     %llu packets went by it, %llu were dropped\n", first->m.policy.id, policy_text(&first->m, buf),
		    (unsigned long long)first->m.stats.packets, (unsigned long long)first->m.stats.other);
	else if (!o)
		printf("no policy covers it\n");
	for (unsigned i = 0; first && i < t->n; i++) {
		if (t->v[i].m.policy.dir != dir || &t->v[i] == first || strcmp(iface_of(&t->v[i].m), of) != 0)
			continue;
		if (o)
			json_array_append_new(later, json_pack("{s:I, s:s}", "id", (json_int_t)t->v[i].m.policy.id, "text", policy_text(&t->v[i].m, buf)));
		else
			printf("     policy %u covers it, too, and comes later: %s\n", t->v[i].m.policy.id, policy_text(&t->v[i].m, buf));
	}
	if (first && !o && first->m.policy.type == CW_POLICY_DISCARD && strcmp(first->m.owner, "spdsync") == 0)
		printf("     it closes what belongs to a tunnel's interface and is not routed there: 'ikectl explain' with the tunnel's name\n");
	if (first && first->m.policy.type == CW_POLICY_IPSEC)
		n = say_sas(t, &first->m, sas);
	if (first && first->m.policy.type == CW_POLICY_IPSEC && n == 0 && !o)
		printf("     no SA%s\n", dir == CW_DIR_OUT ? ": a packet makes the engine ask the key manager for one (ACQUIRE)" : "");
	if (!o)
		return;
	json_object_set_new(o, "interface", of[0] ? json_string(of) : json_null());
	json_object_set_new(o, "shadowed", later);
	json_object_set_new(o, "sas", sas);
	json_object_set_new(t->json, poltext_dir(dir), o);
}

/* What had been taken off a packet before it was dropped. */
static void
say_layers(struct tracing *t, unsigned of, json_t *drop)
{
	json_t *list = drop ? json_array() : NULL;

	for (unsigned i = 0; i < t->nlayer; i++) {
		const struct cw_layer *l = &t->layer[i];

		if (l->of != of)
			continue;
		if (list)
			json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "protocol", poltext_proto(l->proto), "mode", poltext_mode(l->mode),
			    "spi", (json_int_t)l->spi, "reqid", (json_int_t)l->reqid));
		else
			printf("     %s had been taken off it, SPI 0x%08x, in %s mode\n", poltext_proto(l->proto), l->spi, poltext_mode(l->mode));
	}
	if (drop)
		json_object_set_new(drop, "taken_off", list);
}

static void
say_drop(struct tracing *t, unsigned i, const char *what, const char *key)
{
	const struct cw_dropped *d = &t->drop[i];
	const char *name = trace_reason(d->reason), *sentence = trace_sentence(d->reason);

	if (t->json)
		json_object_set_new(t->json, key, json_pack("{s:s, s:s, s:I, s:I, s:f}", "reason", name ? name : "unknown", "sentence", sentence ? sentence : "",
		    "spi", (json_int_t)d->spi, "times", (json_int_t)d->times, "seconds_ago", (double)d->ago / 1e9));
	else if (d->spi)
		printf("%s %.1f s ago, %u times, SPI 0x%08x (%s): %s\n", what, (double)d->ago / 1e9, d->times, d->spi, name ? name : "?", sentence ? sentence : "");
	else
		printf("%s %.1f s ago, %u times (%s): %s\n", what, (double)d->ago / 1e9, d->times, name ? name : "?", sentence ? sentence : "");
	say_layers(t, i, t->json ? json_object_get(t->json, key) : NULL);
}

/* The newest of this very packet's kind, and the newest of its SAs. */
static void
say_drops(struct tracing *t)
{
	bool flow = false, spi = false;

	for (unsigned i = 0; i < t->ndrop; i++) {
		bool of_sa = false;

		for (unsigned k = 0; k < t->nsa; k++)
			of_sa = of_sa || t->drop[i].spi == t->sa[k].sa.spi;
		if (!flow && trace_is_drop_of(&t->drop[i], &t->flow)) {
			say_drop(t, i, "last dropped", "drop");
			flow = true;
		} else if (!spi && t->drop[i].spi && of_sa) {
			say_drop(t, i, "of these SAs last dropped", "sa_drop");
			spi = true;
		}
	}
	if (!flow && !spi && !t->json)
		printf("nothing of it is among the last %u drops\n", t->ndrop);
}

static bool
number(const char *s, unsigned long most, unsigned long *v)
{
	char *end;

	*v = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && *end == '\0' && *v <= most;
}

static bool
read_flow(int argc, char **argv, struct trace_flow *f)
{
	unsigned long v, w;
	int proto;

	*f = (struct trace_flow){ .proto = CW_ULPROTO_ANY };
	if (!addr_parse(argv[0], &f->src) || !addr_parse(argv[1], &f->dst) || f->src.fam != f->dst.fam) {
		fprintf(stderr, "ikectl: trace takes two addresses of one family, IPv4 or IPv6\n");
		return false;
	}
	if (argc > 2) {
		proto = upper_number(bytes_of(argv[2], strlen(argv[2])));
		if (proto < 0 && !number(argv[2], 255, &v)) {
			fprintf(stderr, "ikectl: '%s' is no protocol: a number, or tcp, udp, icmp, icmp6, sctp and so on\n", argv[2]);
			return false;
		}
		f->proto = proto < 0 ? (uint8_t)v : (uint8_t)proto;
	}
	if (argc > 3) {
		f->ports = argc == 5 && f->proto != CW_ULPROTO_ANY && number(argv[3], 65535, &v) && number(argv[4], 65535, &w);
		if (!f->ports) {
			fprintf(stderr, "ikectl: after a protocol come two ports, of source and destination (ICMP: type and code)\n");
			return false;
		}
		f->sport = (uint16_t)v;
		f->dport = (uint16_t)w;
	}
	return true;
}

static int
run(struct tracing *t)
{
	char path[160], why[256], text[PFKEY_VERSION_TEXT];
	struct engine engine;
	int err;

	snprintf(path, sizeof(path), "%s/pfkey.sock", t->ctl->run_dir);
	if (!talk_open(&t->talk, path, why, sizeof(why))) {
		err = errno;
		if (err == EACCES || err == EPERM)
			return ctl_error(t->ctl, CTL_DENIED, R_NOT_PERMITTED, "the engine's socket is for root alone", NULL);
		return ctl_error(t->ctl, CTL_UNREACHABLE, R_ENGINE_DOWN, why, NULL);
	}
	talk_greet(&t->talk, &engine, true);
	if (engine.other)
		return ctl_error(t->ctl, CTL_FAILED, R_ENGINE_VERSION, pfkey_version_text(text, engine.version), NULL);
	if (!engine.greeted)
		return ctl_error(t->ctl, CTL_FAILED, R_ENGINE_DOWN, "the engine is not Causeway's, or it has no more room for one who asks", NULL);
	route_leads(&t->flow.dst, t->lead[CW_DIR_OUT]);
	route_leads(&t->flow.src, t->lead[CW_DIR_IN]);
	err = ask(t);
	if (err)
		return ctl_error(t->ctl, err == ETIMEDOUT ? CTL_TIMEOUT : CTL_FAILED, R_ENGINE_DOWN, "the engine did not answer", NULL);
	t->json = t->ctl->json ? json_object() : NULL;
	say_direction(t, CW_DIR_OUT);
	say_direction(t, CW_DIR_IN);
	say_drops(t);
	if (t->json)
		ctl_json(t->json);
	json_decref(t->json);
	return CTL_OK;
}

int
cmd_trace(const struct ctl *ctl, int argc, char **argv)
{
	static struct tracing t;
	int rc;

	t = (struct tracing){ .ctl = ctl, .talk = { .fd = -1 } };
	if (!read_flow(argc, argv, &t.flow))
		return CTL_USAGE;
	rc = run(&t);
	talk_close(&t.talk);
	free(t.v);
	free(t.sa);
	return rc;
}
