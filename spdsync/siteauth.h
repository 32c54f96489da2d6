/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the site file that say who proves himself how and who is believed, "auth:" and "trust:", and "children:". Called by site.c only. */
#ifndef CAUSEWAY_SITEAUTH_H
#define CAUSEWAY_SITEAUTH_H

#include "site.h"

/* "auth:" of a site: its certificate and who vouches for it, or its raw public key. */
bool site_auth_read(struct yt *, struct sites *, const struct yt_node *site, struct site *);
/* "auth:" of a tunnel, whose two sites are known: how each of them proves itself on it. */
bool tunnel_auth_read(struct yt *, struct sites *, const struct yt_node *tunnel, struct site_tunnel *);
/* "trust:" at the top: revocation below each anchor; every anchor named there must be used. */
bool trust_read(struct yt *, struct sites *);
/* "children:" of a tunnel (sitechild.c), whose two sites are known. */
bool children_read(struct yt *, const struct sites *, const struct yt_node *tunnel, struct site_tunnel *);
void children_free(struct site_tunnel *);
/* "interface:" of a tunnel (siteiface.c), whose two sites are known. */
bool iface_read(struct yt *, const struct sites *, const struct yt_node *tunnel, struct site_tunnel *);
/* Of two tunnels that end at one site with interfaces of one name there: the place, in the later of them, and false. Of all, and of one with all others. */
bool ifaces_check(struct yt *, const struct sites *);
bool iface_check_others(struct yt *, const struct sites *, const struct site_tunnel *);
bool labels_read(struct yt *, const struct yt_node *tunnel, struct site_tunnel *);	/* sitelabel.c */
bool auth_same(const struct site_auth *, const struct site_auth *);
void auth_put(struct wr *, const struct site_auth *);	/* for the digest */
/* site.c */
bool site_name_read(struct yt *, const struct yt_node *scalar, char out[NAME_CAP]);
int site_word_read(struct yt *, const struct yt_node *map, const char *key, enum yt_need, const char *const *words, int fallback);

#endif
