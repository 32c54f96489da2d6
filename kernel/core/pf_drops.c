/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CW_MSG_DROPS: the last drops, the newest first, and what had been taken off them. */
#include "pf.h"

static void
put_layers(struct pf_out *o, const struct cw_seen *v, unsigned n)
{
	struct cw_ext_layers *x;
	unsigned total = 0;
	uint8_t *at;

	for (unsigned i = 0; i < n; i++)
		total += v[i].nlayers;
	x = total ? pf_ext(o, CW_EXT_LAYERS, sizeof(*x) + total * sizeof(struct cw_layer)) : NULL;
	if (!x)
		return;
	x->n = (uint16_t)total;
	at = (uint8_t *)(x + 1);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < v[i].nlayers; k++, at += sizeof(struct cw_layer)) {
			struct cw_layer y = {
				.of = (uint16_t)i, .proto = v[i].layer[k].proto, .mode = v[i].layer[k].mode, .spi = v[i].layer[k].spi,
				.reqid = v[i].layer[k].reqid,
			};

			memcpy(at, &y, sizeof(y));
		}
}

int
pf_drops(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_seen *v = host_zalloc(CW_SEEN * sizeof(*v));
	struct cw_ext_drops *x;
	struct pf_out o;
	unsigned n;

	if (!v)
		return ENOMEM;
	n = cw_seen_copy(e, v);
	o = pf_begin(e, CW_MSG_DROPS, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	x = pf_ext(&o, CW_EXT_DROPS, sizeof(*x) + n * sizeof(struct cw_dropped));
	if (x)
		x->n = (uint16_t)n;
	for (unsigned i = 0; x && i < n; i++) {
		struct cw_dropped y = {
			.fam = v[i].src.fam, .proto = v[i].proto, .sport = v[i].sport, .dport = v[i].dport, .reason = v[i].reason, .spi = v[i].spi,
			.times = v[i].times, .ago = now > v[i].when ? now - v[i].when : 0,
		};

		memcpy(y.src, v[i].src.b, sizeof(y.src));
		memcpy(y.dst, v[i].dst.b, sizeof(y.dst));
		memcpy((uint8_t *)(x + 1) + i * sizeof(y), &y, sizeof(y));
	}
	put_layers(&o, v, n);
	host_free(v);
	pf_send(&o, c, false);
	return 0;
}
