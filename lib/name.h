/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of sites, tunnels, children, secrets and users: [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])? */
#ifndef CAUSEWAY_NAME_H
#define CAUSEWAY_NAME_H

#include <stdbool.h>
#include <stdio.h>
#include "bytes.h"

#define NAME_CAP	64	/* with the terminator */
#define CHILD_NAME_CAP	128	/* "tunnel/child" */
#define ID_CAP		256	/* an identity's text, "fqdn:tokyo", with the terminator */

#define IFACE_CAP	16	/* IFNAMSIZ: an interface's name, with the terminator */

bool name_ok(const char *);
bool name_ok_n(const char *, size_t n);
/* A name of the n octets of any text: small letters, digits, a hyphen for all that stands between them, at most max octets. "": nothing is left. */
void name_make(const char *text, size_t n, size_t max, char out[static NAME_CAP]);
/* Of an interface of ours: a letter, then letters, digits, '.', '_' and '-', at most 15; and no name that the system or this suite has for something else. */
bool iface_ok(const char *);
/* Between double quotes, with a backslash before a quote or a backslash: as YAML, strongSwan and OpenIKED read it. */
void str_quote(FILE *, const char *);

/* IPC: u16 length and octets without NUL; a text that holds NUL or is longer than cap-1 is refused. */
void str_put(struct wr *, const char *);
void str_get(struct rd *, char *buf, size_t cap);
void span_put(struct wr *, struct bytes);	/* u16 length and octets */
struct bytes span_get(struct rd *);		/* borrowed */

/*
 * Identities (contracts, "Identity"): "fqdn:", "email:", "ip:", "dn:", "key:". id_to_wire writes the ID payload's body
 * after its generic header: type, three reserved octets, data (RFC 7296 3.5). False when the text is not one.
 */
bool id_to_wire(const char *text, struct wr *);
/* The text of a received body; unknown types become "type-N:hex". Control octets are escaped. Returns buf. */
const char *id_from_wire(struct bytes body, char buf[static ID_CAP]);

#endif
