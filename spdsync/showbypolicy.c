/* SPDX-License-Identifier: BSD-2-Clause */
/* The status of tunnels that policies of setkey's ask for, in the form that those of the site file have. */
#include <stdio.h>
#include <string.h>

#include "api.h"

static json_t *
selector(const struct ts *t)
{
	char buf[TS_STR];

	return json_words(ts_str(t, buf));
}

static json_t *
agreed(const struct ts_list *l)
{
	char buf[2048];

	return l->n ? json_words(ts_list_str(l, buf, sizeof(buf))) : json_null();
}

/* The SA of keymgr's with this SPI, to that end; NULL: the engine has none. */
static const struct sa_info *
sa_of(const struct sync *s, uint32_t spi, const struct addr *dst)
{
	for (size_t i = 0; spi && i < s->engine.nsas; i++)
		if (s->engine.sas[i].spi == spi && addr_eq(&s->engine.sas[i].dst, dst))
			return &s->engine.sas[i];
	return NULL;
}

/* The child that has this SA, by its number or by what iked told; "" when it is neither. */
static void
child_of_sa(const struct utunnel *u, const struct rt *rt, const struct sa_info *a, bool in, char child[static NAME_CAP])
{
	child[0] = '\0';
	for (unsigned i = 0; a->reqid && i < u->n; i++)
		if (u->child[i].reqid == a->reqid && u->child[i].ah == (a->satype == SADB_SATYPE_AH))
			uchild_name(&u->child[i], child);
	for (unsigned i = 0; !child[0] && rt && rt->state && i < rt->state->nchildren; i++)
		if (a->spi == (in ? rt->state->children[i].spi_in : rt->state->children[i].spi_out))
			snprintf(child, NAME_CAP, "%s", rt->state->children[i].name);
}

const struct utunnel *
utunnel_of_sa(struct sync *s, const struct sa_info *a, char child[static NAME_CAP], bool *in)
{
	for (size_t i = 0; sas_ours(s, a) && i < s->demand.map.n; i++) {
		const struct utunnel *u = &s->demand.map.v[i];

		*in = addr_eq(&a->src, &u->remote) && addr_eq(&a->dst, &u->local);
		if (!*in && !(addr_eq(&a->src, &u->local) && addr_eq(&a->dst, &u->remote)))
			continue;
		child_of_sa(u, demand_rt(s, u->name), a, *in, child);
		return u;
	}
	return NULL;
}

static json_t *
child_json(const struct sync *s, const struct utunnel *u, const struct uchild *uc, const struct child_state *c, const struct rt *rt)
{
	bool up = c && (c->negotiated == CHILD_UP || c->negotiated == CHILD_REKEYING);
	const struct sa_info *in = up ? sa_of(s, c->spi_in, &u->local) : NULL, *out = up ? sa_of(s, c->spi_out, &u->remote) : NULL;
	char name[NAME_CAP];
	json_t *j;

	uchild_name(uc, name);
	j = json_pack("{s:o, s:o, s:I, s:s, s:s, s:s, s:b, s:o, s:o}", "name", json_words(name),
	    "full_name", json_sprintf("%s/%s", u->name, name), "reqid", (json_int_t)uc->reqid, "wanted", !c || c->wanted ? "up" : "down",
	    "negotiated", negotiated_name(c ? (enum child_negotiated)c->negotiated : CHILD_DOWN), "kernel", in && out ? "both" : in ? "in" : out ? "out" : "none",
	    "proven", c && c->proven, "local_ts", selector(&uc->local), "remote_ts", selector(&uc->remote));

	json_object_set_new(j, "agreed_local_ts", up ? agreed(&c->local) : json_null());
	json_object_set_new(j, "agreed_remote_ts", up ? agreed(&c->remote) : json_null());
	json_object_set_new(j, "spi_in", up ? json_spi(c->spi_in) : json_null());
	json_object_set_new(j, "spi_out", up ? json_spi(c->spi_out) : json_null());
	json_object_set_new(j, "suite", up ? suite_json(uc->ah ? PROTO_AH : PROTO_ESP, &c->suite) : json_null());
	json_object_set_new(j, "protocol", json_string(uc->ah ? "ah" : "esp"));
	json_object_set_new(j, "ipcomp", json_boolean(up && c->comp));
	json_object_set_new(j, "encapsulation", up ? json_string(c->udp ? "udp" : uc->ah ? "ah" : "esp") : json_null());
	json_object_set_new(j, "age_s", up ? json_number(rt_age(rt, c->since_s)) : json_null());
	json_object_set_new(j, "rekey_in_s", up ? json_number(rt_left(rt, c->rekey_in_s)) : json_null());
	json_object_set_new(j, "bytes_in", json_number(in ? in->bytes : 0));
	json_object_set_new(j, "bytes_out", json_number(out ? out->bytes : 0));
	json_object_set_new(j, "packets_in", json_number(in ? in->packets : 0));
	json_object_set_new(j, "packets_out", json_number(out ? out->packets : 0));
	json_object_set_new(j, "rate_bytes_in", json_null());
	json_object_set_new(j, "rate_bytes_out", json_null());
	json_object_set_new(j, "last_in_s", json_null());
	json_object_set_new(j, "last_out_s", json_null());
	json_object_set_new(j, "policies", json_pack("{s:i, s:i}", "wanted", 1, "present", 1));
	return j;
}

static json_t *
children_json(const struct sync *s, const struct utunnel *u, const struct rt *rt)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < u->n; i++) {
		const struct child_state *c = NULL;
		char name[NAME_CAP];

		uchild_name(&u->child[i], name);
		for (unsigned k = 0; rt->state && k < rt->state->nchildren; k++)
			if (strcmp(rt->state->children[k].name, name) == 0)
				c = &rt->state->children[k];
		json_array_append_new(list, child_json(s, u, &u->child[i], c, rt));
	}
	return list;
}

static json_t *
key_json(void)
{
	return json_pack("{s:s, s:s}", "how", "psk", "psk", "psk.txt");
}

json_t *
utunnel_json(struct sync *s, const struct utunnel *u)
{
	const struct rt *rt = demand_rt(s, u->name);
	const struct reason_row *row;
	struct verdict v;
	struct binding b;
	json_t *j;

	if (!rt)
		return json_null();
	utunnel_binding(u, s->demand.conf, &b);
	tunnel_verdict(s, NULL, rt, &v);
	row = reason_row(v.reason);
	j = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:n, s:n, s:{}}", "name", u->name, "state", negotiated_name(v.state), "local_site", json_address(&u->local),
	    "remote_site", json_address(&u->remote), "local", json_address(&u->local), "remote", json_address(&u->remote), "id_local", json_words(b.id_local),
	    "id_remote", json_words(b.id_remote), "start", "on-demand", "policy", "remote_name", "labels", "interface", "interface_state");
	json_object_set_new(j, "reason", json_string(row->name));
	json_object_set_new(j, "message", json_string(v.reason == R_OK && v.state == CHILD_DOWN ? "A packet will ask for it." : verdict_message(&v)));
	json_object_set_new(j, "hint", json_string(row->hint));
	json_object_set_new(j, "detail", json_words(v.detail));
	json_object_set_new(j, "retry_in_s", v.retry ? json_number(v.retry_in_s) : json_null());
	json_object_set_new(j, "auth", json_pack("{s:o, s:o}", "local", key_json(), "remote", key_json()));
	json_object_set_new(j, "secret", rt->secret_known ? json_string(reason_row(rt->secret)->name) : json_null());
	json_object_set_new(j, "ike", ike_json(s->iked.up ? rt : NULL));
	json_object_set_new(j, "children", children_json(s, u, rt));
	return j;
}

json_t *
utunnels_json(struct sync *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->demand.map.n; i++)
		json_array_append_new(list, utunnel_json(s, &s->demand.map.v[i]));
	return list;
}
