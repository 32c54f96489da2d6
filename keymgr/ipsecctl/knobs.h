/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's settings by name: one "name=value", or a file of such lines. Pure. */
#ifndef IPSECCTL_KNOBS_H
#define IPSECCTL_KNOBS_H

#include "bytes.h"
#include "causeway/pfkey.h"

struct knob_error {
	unsigned	line;		/* of a file; 0: none */
	char		text[256];
};

/* "name", "name=value" or "name = value"; *set says whether there was a value. False: e has a sentence. */
bool knob_parse(struct bytes text, struct cw_named *, bool *set, struct knob_error *);
/* A file: a setting a line, '#' to the end of the line. False: e has line and sentence, and v is of no use. */
bool knob_file(struct bytes text, struct cw_named v[static CW_NAMED_MAX], unsigned *n, struct knob_error *);
/*
 * May the engine's table (whole struct cw_named) take this one? It is the engine that decides; this says why in words. Names that
 * other systems have and this one has no use for have their own.
 */
bool knob_allowed(struct bytes table, const struct cw_named *, struct knob_error *);
bool knob_find(struct bytes table, const char *name, struct cw_named *);

#endif
