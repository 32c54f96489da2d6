/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CW_MSG_NAMED: settings and counters by their names. A message with settings sets all of them or none; the answer is the whole
 * table of what was asked for.
 */
#include "pf.h"

static int
find(const char *name)
{
	for (unsigned i = 0; i < CW_KNOBS; i++) {
		const char *s = cw_knob_name(i);
		unsigned k = 0;

		while (s[k] && s[k] == name[k])
			k++;
		if (s[k] == name[k])
			return (int)i;
	}
	return -1;
}

static struct cw_named
entry(const struct pf_msg *m, unsigned i)
{
	struct cw_named x;

	memcpy(&x, m->named + i * sizeof(x), sizeof(x));
	return x;
}

/* The two ends of a range change together, so they are looked at as they will be. */
static int
check(const struct cw_engine *e, const struct pf_msg *m)
{
	uint32_t lo = cw_knob(e, CW_KNOB_SPI_MIN), hi = cw_knob(e, CW_KNOB_SPI_MAX);

	for (unsigned i = 0; i < m->nnamed; i++) {
		struct cw_named x = entry(m, i);
		int k = find(x.name), err = k < 0 ? ENOENT : x.value > UINT32_MAX ? EINVAL : cw_knob_check(e, (unsigned)k, (uint32_t)x.value);

		if (err)
			return err;
		lo = k == CW_KNOB_SPI_MIN ? (uint32_t)x.value : lo;
		hi = k == CW_KNOB_SPI_MAX ? (uint32_t)x.value : hi;
	}
	return lo > hi ? EINVAL : 0;
}

static void
put_name(struct cw_named *x, const char *name)
{
	for (unsigned i = 0; name[i] && i + 1 < sizeof(x->name); i++)
		x->name[i] = name[i];
}

static unsigned
put_knobs(const struct cw_engine *e, struct cw_named *v)
{
	for (unsigned i = 0; v && i < CW_KNOBS; i++) {
		struct cw_named x = { .value = cw_knob(e, i) };
		uint32_t least, most, usual;

		put_name(&x, cw_knob_name(i));
		cw_knob_bounds(i, &least, &most, &usual);
		x.least = least;
		x.most = most;
		x.usual = usual;
		memcpy(&v[i], &x, sizeof(x));
	}
	return CW_KNOBS;
}

/* what: a kind of traffic, or all of it together. */
static unsigned
put_counters(const struct cw_engine *e, struct cw_named *v, unsigned what)
{
	unsigned n = 0;

	for (unsigned i = 1; i < CW_COUNTERS; i++) {
		const char *name = cw_counter_name(i);
		struct cw_named x = { .name = "" };

		if (!name)
			continue;
		if (v) {
			put_name(&x, name);
			for (unsigned kind = 0; kind < CW_KINDS; kind++) {
				if (what == CW_NAMED_COUNTERS ? kind == CW_KIND_TUNNEL : kind != what - CW_NAMED_KIND)
					continue;
				x.value += cw_counter_of(e, kind, 4, i);
				x.value6 += cw_counter_of(e, kind, 6, i);
			}
			memcpy(&v[n], &x, sizeof(x));
		}
		n++;
	}
	return n;
}

int
pf_named(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_ext_named *x;
	struct pf_out o;
	unsigned n;
	int err;

	if (m->named_what >= CW_NAMED_KIND + CW_KINDS || (m->nnamed && m->named_what != CW_NAMED_KNOBS))
		return EINVAL;
	if (m->nnamed && !(c->flags & CW_CLIENT_KEYS))
		return EACCES;
	err = check(e, m);
	if (err)
		return err;
	for (unsigned i = 0; i < m->nnamed; i++) {
		struct cw_named y = entry(m, i);

		cw_knob_set(e, (unsigned)find(y.name), (uint32_t)y.value);
	}
	n = m->named_what == CW_NAMED_KNOBS ? put_knobs(e, NULL) : put_counters(e, NULL, m->named_what);
	o = pf_begin(e, CW_MSG_NAMED, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	x = pf_ext(&o, CW_EXT_NAMED, sizeof(*x) + n * sizeof(struct cw_named));
	if (x) {
		x->what = (uint16_t)m->named_what;
		x->n = (uint16_t)n;
		if (m->named_what == CW_NAMED_KNOBS)
			put_knobs(e, (struct cw_named *)(x + 1));
		else
			put_counters(e, (struct cw_named *)(x + 1), m->named_what);
	}
	pf_send(&o, c, false);
	return 0;
}
