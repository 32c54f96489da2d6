/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every message of lib/msg_*.c; the first octet picks one. What a getter accepts, the putter must write back to the very
 * octets that were read, and what it refuses must be left all zero: both are checked here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "msg_bind.h"
#include "msg_esp.h"
#include "msg_ike.h"
#include "msg_key.h"
#include "msg_sup.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* putter and getter of any struct, as functions of one shape */
#define CODEC(name, type) \
	static void put_##name(struct wr *w, const void *p) { name##_put(w, (const struct type *)p); } \
	static bool get_##name(struct rd *r, void *p) { return name##_get(r, (struct type *)p); }
CODEC(binding, binding)
CODEC(relay, relay)
CODEC(tunnel, tunnel)
CODEC(tunnel_state, tunnel_state)
CODEC(record, record)
CODEC(key_derive, key_derive)
CODEC(key_derived, key_derived)
CODEC(key_auth, key_auth)
CODEC(key_spi, key_spi)
CODEC(key_child, key_child)
CODEC(key_installed, key_installed)
CODEC(msg_sup_config, msg_sup_config)

static const struct codec {
	size_t	size;
	void	(*put)(struct wr *, const void *);
	bool	(*get)(struct rd *, void *);
} codecs[] = {
	{ sizeof(struct binding), put_binding, get_binding },
	{ sizeof(struct relay), put_relay, get_relay },
	{ sizeof(struct tunnel), put_tunnel, get_tunnel },
	{ sizeof(struct tunnel_state), put_tunnel_state, get_tunnel_state },
	{ sizeof(struct record), put_record, get_record },
	{ sizeof(struct key_derive), put_key_derive, get_key_derive },
	{ sizeof(struct key_derived), put_key_derived, get_key_derived },
	{ sizeof(struct key_auth), put_key_auth, get_key_auth },
	{ sizeof(struct key_spi), put_key_spi, get_key_spi },
	{ sizeof(struct key_child), put_key_child, get_key_child },
	{ sizeof(struct key_installed), put_key_installed, get_key_installed },
	{ sizeof(struct msg_sup_config), put_msg_sup_config, get_msg_sup_config },
};

#define NCODECS (sizeof(codecs) / sizeof(codecs[0]))

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_ipc: %s\n", what);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct codec *c;
	uint8_t *obj, *out;
	struct rd r;
	struct wr w;

	if (n == 0 || n > 65536)
		return 0;
	c = &codecs[data[0] % NCODECS];
	obj = malloc(c->size);
	out = malloc(n);
	if (!obj || !out)
		abort();
	memset(obj, 0xa5, c->size);
	r = rd_of(bytes_of(data + 1, n - 1));
	w = wr_of(out, n - 1);
	if (c->get(&r, obj)) {
		c->put(&w, obj);
		must(wr_ok(&w) && rd_ok(&r), "what was read cannot be written");
		must(w.n == (size_t)(r.p - (data + 1)) && memcmp(out, data + 1, w.n) == 0, "what was read is written otherwise");
	} else {
		for (size_t i = 0; i < c->size; i++)
			must(obj[i] == 0, "a refused message left something behind");
		must(!rd_ok(&r), "a refused message left its cursor good");
	}
	free(out);
	free(obj);
	return 0;
}
