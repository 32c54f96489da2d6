/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway file, causeway.yaml: the little that a gateway must know before there is a store. */
#ifndef CAUSEWAYD_CONF_H
#define CAUSEWAYD_CONF_H

#include "log.h"
#include "name.h"
#include "yamltree.h"

enum conf_engine { CONF_AUTO, CONF_USER, CONF_MODULE, CONF_SYSTEM };

#define CONF_GROUP_CAP	33	/* Linux' longest name of a group, and its end */

struct conf {
	char			site[NAME_CAP];
	enum conf_engine	engine;
	uint16_t		ike_port, natt_port;
	enum log_level		level;
	bool			legacy;
	char			panel_group[CONF_GROUP_CAP];	/* "": not said */
};

/* Pure. False: *err says what is wrong and where. */
bool conf_read(struct conf *, const char *text, size_t n, struct yt_error *err);
const char *conf_engine_name(enum conf_engine);

#endif
