/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "log.h"
#include "msg.h"
#include "msg_sup.h"

void
msg_sup_config_put(struct wr *w, const struct msg_sup_config *c)
{
	str_put(w, c->user);
	str_put(w, c->run_dir);
	str_put(w, c->state_dir);
	str_put(w, c->secret_dir);
	str_put(w, c->key_dir);
	str_put(w, c->crl_dir);
	str_put(w, c->guard_file);
	str_put(w, c->site);
	str_put(w, c->engine);
	str_put(w, c->engine_asked);
	wr_le16(w, c->ike_port);
	wr_le16(w, c->natt_port);
	wr_u8(w, c->legacy);
	wr_u8(w, c->log_level);
}

bool
msg_sup_config_get(struct rd *r, struct msg_sup_config *c)
{
	memset(c, 0, sizeof(*c));
	str_get(r, c->user, sizeof(c->user));
	str_get(r, c->run_dir, sizeof(c->run_dir));
	str_get(r, c->state_dir, sizeof(c->state_dir));
	str_get(r, c->secret_dir, sizeof(c->secret_dir));
	str_get(r, c->key_dir, sizeof(c->key_dir));
	str_get(r, c->crl_dir, sizeof(c->crl_dir));
	str_get(r, c->guard_file, sizeof(c->guard_file));
	msg_name_opt(r, c->site);
	str_get(r, c->engine, sizeof(c->engine));
	str_get(r, c->engine_asked, sizeof(c->engine_asked));
	c->ike_port = rd_le16(r);
	c->natt_port = rd_le16(r);
	c->legacy = msg_u8(r, 1);
	c->log_level = msg_u8(r, LOG_DEBUG);
	return msg_end(r, c, sizeof(*c));
}
