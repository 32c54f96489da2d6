/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands beside an SA of ESP where its policy has IPComp inside it (RFC 3173, RFC 7296 2.22), and what passes ESP then. */
#include <netinet/in.h>

#include "childtab.h"

/* ESP is asked about, and gives out, what IPComp has made: the header and those who speak, and no ports. "raw": what did not get smaller. */
static void
compressed(struct ts_list *l, const struct addr *end, bool raw)
{
	static const uint8_t protos[] = { IPPROTO_COMP, IPPROTO_IPIP, IPPROTO_IPV6 };

	l->n = 0;
	for (unsigned i = 0; i < (raw ? sizeof(protos) : 1); i++)
		l->v[l->n++] = (struct ts){ .proto = protos[i], .port_hi = 0xffff, .lo = *end, .hi = *end };
}

static void
compressed_too(struct ts_list *l, const struct ts_list *as)
{
	*l = *as;
	for (unsigned i = 0; i < as->n && l->n < TS_MAX; i++)
		l->v[l->n++] = (struct ts){ .proto = IPPROTO_COMP, .port_hi = 0xffff, .lo = as->v[i].lo, .hi = as->v[i].hi };
}

/*
 * The SA of IPComp beside one of ESP, and what then passes ESP. In tunnel mode what did not get smaller is an IP packet in an IP packet and has no CPI
 * (RFC 3173 2.2): the engine takes the newest SA of the two ends for it, so none is narrowed by selectors; the policy still is.
 */
void
child_comp(const struct sa_spec *esp, const struct bound_terms *terms, uint16_t cpi, const struct ts_list *ts_src, const struct ts_list *ts_dst, struct sa_spec *comp,
    struct ts_list *esp_src, struct ts_list *esp_dst)
{
	*comp = (struct sa_spec){ .kind = SA_COMP, .out = esp->out, .larval = esp->larval, .transport = !terms->comp_tunnel, .number = esp->number, .spi = cpi,
	    .peer_spi = esp->spi, .reqid = terms->comp_reqid, .src = esp->src, .dst = esp->dst, .hard_s = esp->hard_s };
	memcpy(comp->name, esp->name, sizeof(comp->name));
	memcpy(comp->iface, esp->iface, sizeof(comp->iface));
	if (esp->out || !terms->comp_tunnel) {
		comp->ts_src = ts_src;
		comp->ts_dst = ts_dst;
	}
	if (terms->comp_tunnel) {
		compressed(esp_src, &esp->src.addr, !esp->out);
		compressed(esp_dst, &esp->dst.addr, !esp->out);
	} else if (esp->out) {
		*esp_src = *ts_src;
		*esp_dst = *ts_dst;
	} else {
		compressed_too(esp_src, ts_src);
		compressed_too(esp_dst, ts_dst);
	}
}
