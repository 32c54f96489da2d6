/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's settings: one value each, read by packets without a lock, set by control calls, and never outside their bounds. */
#include "core.h"

static const struct {
	const char	*name;
	uint32_t	least, most, usual;
} knobs[CW_KNOBS] = {
#define K(NAME, name, least, most, usual) [CW_KNOB_##NAME] = { name, least, most, usual },
#include <causeway/knob.def>
#undef K
};

void
cw_knobs_init(struct cw_engine *e)
{
	for (unsigned i = 0; i < CW_KNOBS; i++)
		e->knob[i] = knobs[i].usual;
}

const char *
cw_knob_name(unsigned i)
{
	return i < CW_KNOBS ? knobs[i].name : NULL;
}

void
cw_knob_bounds(unsigned i, uint32_t *least, uint32_t *most, uint32_t *usual)
{
	*least = knobs[i].least;
	*most = knobs[i].most;
	*usual = knobs[i].usual;
}

uint32_t
cw_knob(const struct cw_engine *e, unsigned i)
{
	return host_load(e->knob[i]);
}

void
cw_knob_fix(struct cw_engine *e, unsigned i)
{
	e->knob_fixed |= 1ull << i;
}

int
cw_knob_check(const struct cw_engine *e, unsigned i, uint32_t v)
{
	if (v < knobs[i].least || v > knobs[i].most)
		return EINVAL;
	if ((e->knob_fixed & 1ull << i) && v != e->knob[i])
		return EOPNOTSUPP;	/* this host cannot do it */
	return 0;
}

int
cw_knob_set(struct cw_engine *e, unsigned i, uint32_t v)
{
	int err = i < CW_KNOBS ? cw_knob_check(e, i, v) : ENOENT;

	if (err == 0)
		host_publish(e->knob[i], v);
	return err;
}

unsigned
cw_level(const struct cw_engine *e, const struct cw_request *r, unsigned fam)
{
	unsigned net = r->mode == CW_MODE_TUNNEL;

	if (r->level != CW_LEVEL_DEFAULT)
		return r->level;
	if (r->proto == IP_ESP)
		return cw_knob(e, fam == 4 ? (net ? CW_KNOB_ESP4_NET : CW_KNOB_ESP4_TRANS) : (net ? CW_KNOB_ESP6_NET : CW_KNOB_ESP6_TRANS));
	if (r->proto == IP_AH)
		return cw_knob(e, fam == 4 ? (net ? CW_KNOB_AH4_NET : CW_KNOB_AH4_TRANS) : (net ? CW_KNOB_AH6_NET : CW_KNOB_AH6_TRANS));
	return CW_LEVEL_USE;	/* IPComp leaves small packets as they are (RFC 3173 2.2), so it cannot be demanded by default */
}

bool
cw_unmatched_drops(const struct cw_engine *e, const struct cw_flow *f)
{
	return cw_knob(e, f->src.fam == 6 ? CW_KNOB_DEF6 : CW_KNOB_DEF4) == 0 && !cw_of_link(f);
}

bool
cw_idle(const struct cw_engine *e)
{
	return e->nsp == e->nsp_iface && cw_knob(e, CW_KNOB_DEF4) && cw_knob(e, CW_KNOB_DEF6);
}
