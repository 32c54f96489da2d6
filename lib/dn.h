/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Distinguished names as identities: "C=JP, O=Example, CN=tokyo", in the order of their encoding, one attribute a part.
 * Both directions know the usual attributes and printable ASCII only; everything else is not a name to us.
 * And the reader of DER that they are read with.
 */
#ifndef CAUSEWAY_DN_H
#define CAUSEWAY_DN_H

#include "bytes.h"

/* A cursor over the content of the next element, which must have this tag and the shortest form of its length, at most 65535. */
struct rd der_get(struct rd *, uint8_t tag);
bool dn_to_der(const char *text, struct wr *);
/* False when the octets are no such name, are not DER, or the text does not fit; buf is then "". */
bool dn_from_der(struct bytes der, char *buf, size_t cap);

#endif
