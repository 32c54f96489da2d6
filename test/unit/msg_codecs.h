/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every struct of lib/msg_*.h that has a putter and a getter, in one order: the number of a codec is the first octet of a seed of the
 * fuzz target "ipc", so a new one goes to the end.
 */
#ifndef TEST_MSG_CODECS_H
#define TEST_MSG_CODECS_H

#include "msg_bind.h"
#include "msg_cert.h"
#include "msg_esp.h"
#include "msg_fetch.h"
#include "msg_ike.h"
#include "msg_key.h"
#include "msg_resolve.h"
#include "msg_sup.h"

#define MSG_CODECS(X) \
	X(binding) X(relay) X(tunnel) X(tunnel_state) X(record) X(key_derive) X(key_derived) X(key_auth) X(key_spi) X(key_child) \
	X(key_installed) X(msg_sup_config) X(key_proof) X(trust_rule) X(fetch) X(fetched) X(cert_info) X(cert_csr) \
	X(cert_import) X(cert_export) X(ca_init) X(ca_issue) X(ca_revoke) X(ca_crl) X(cert_made) X(ca_issued) \
	X(resolve) X(resolved) X(key_stray) X(esp_route)

enum msg_codec {
#define X(type) CODEC_##type,
	MSG_CODECS(X)
#undef X
	NCODECS
};

struct codec {
	size_t	size;
	void	(*put)(struct wr *, const void *);
	bool	(*get)(struct rd *, void *);
};

/* putter and getter of any struct, as functions of one shape */
#define X(type) \
	static void put_##type(struct wr *w, const void *p) { type##_put(w, (const struct type *)p); } \
	static bool get_##type(struct rd *r, void *p) { return type##_get(r, (struct type *)p); }
MSG_CODECS(X)
#undef X

static const struct codec codecs[NCODECS] = {
#define X(type) { sizeof(struct type), put_##type, get_##type },
	MSG_CODECS(X)
#undef X
};

#endif
