/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conf.h"

static const char *const engines[] = { "auto", "user", "module", "system", NULL };
static const char *const levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const truths[] = { "false", "true", NULL };

const char *
conf_engine_name(enum conf_engine e)
{
	return engines[e];
}

/* One word of a list, as its index; fallback when the key is absent. */
static int
word(struct yt *y, const struct yt_node *map, const char *key, const char *const *words, int fallback)
{
	const char *v = yt_scalar(y, map, key, YT_MAY);
	char all[128] = "", hint[192];
	const char *near;

	if (v == NULL)
		return fallback;
	for (int i = 0; words[i]; i++) {
		if (strcmp(v, words[i]) == 0)
			return i;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "", words[i]);
	}
	near = yt_nearest(v, words);
	snprintf(hint, sizeof(hint), "Did you mean '%s'?", near ? near : "");
	yt_fail_at(y, yt_get(y, map, key, YT_MAY), R_VALUE_INVALID, near ? hint : "", "'%s' must be one of: %s.", key, all);
	return fallback;
}

static void
read_listen(struct yt *y, struct conf *c)
{
	static const char *const keys[] = { "ike", "natt", NULL };
	struct yt_node *m = yt_get_kind(y, y->root, "listen", YT_MAP, YT_MAY);

	if (m == NULL || !yt_only(y, m, keys))
		return;
	c->ike_port = (uint16_t)yt_number(y, m, "ike", 1, 65535, 500);
	c->natt_port = (uint16_t)yt_number(y, m, "natt", 1, 65535, 4500);
	if (c->ike_port == c->natt_port)
		yt_fail_at(y, m, R_VALUE_INVALID, "", "'ike' and 'natt' must be two different ports.");
}

static void
read_log(struct yt *y, struct conf *c)
{
	static const char *const keys[] = { "level", NULL };
	struct yt_node *m = yt_get_kind(y, y->root, "log", YT_MAP, YT_MAY);
	static const enum log_level values[] = { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

	if (m && yt_only(y, m, keys))
		c->level = values[word(y, m, "level", levels, 2)];
}

/* As groupadd takes names. The one that is said must exist (sockets.c); that is not for a pure decoder to know. */
static bool
group_ok(const char *g)
{
	size_t n = strlen(g);

	return n > 0 && n < CONF_GROUP_CAP && (g[0] == '_' || (g[0] >= 'a' && g[0] <= 'z')) &&
	    strspn(g, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static void
read_panel(struct yt *y, struct conf *c)
{
	static const char *const keys[] = { "group", NULL };
	struct yt_node *m = yt_get_kind(y, y->root, "panel", YT_MAP, YT_MAY);
	const char *g;

	if (m == NULL || !yt_only(y, m, keys))
		return;
	g = yt_scalar(y, m, "group", YT_MUST);
	if (g && !group_ok(g))
		yt_fail_at(y, yt_get(y, m, "group", YT_MAY), R_VALUE_INVALID, "", "'%.80s' is not a name of a group: "
		    "lower-case letters, digits, hyphens and underscores, at most 32.", g);
	else if (g)
		snprintf(c->panel_group, sizeof(c->panel_group), "%s", g);
}

static void
read_root(struct yt *y, struct conf *c)
{
	static const char *const keys[] = { "version", "site", "engine", "listen", "log", "legacy", "panel", NULL };
	const char *site;

	if (!yt_only(y, y->root, keys))
		return;
	if (yt_get(y, y->root, "version", YT_MUST))
		yt_number(y, y->root, "version", 1, 1, 1);
	site = yt_scalar(y, y->root, "site", YT_MUST);
	if (site && !name_ok(site))
		yt_fail_at(y, yt_get(y, y->root, "site", YT_MAY), R_NAME_INVALID, "", "'%.80s' is not a name of a site: "
		    "lower-case letters, digits and hyphens, at most 63.", site);
	else if (site)
		snprintf(c->site, sizeof(c->site), "%s", site);
	c->engine = (enum conf_engine)word(y, y->root, "engine", engines, CONF_AUTO);
	c->legacy = word(y, y->root, "legacy", truths, 0) != 0;
	read_listen(y, c);
	read_log(y, c);
	read_panel(y, c);
}

bool
conf_read(struct conf *c, const char *text, size_t n, struct yt_error *err)
{
	struct yt y;

	memset(c, 0, sizeof(*c));
	c->ike_port = 500;
	c->natt_port = 4500;
	c->level = LOG_INFO;
	if (yt_read(&y, text, n))
		read_root(&y, c);
	*err = y.err;
	yt_free(&y);
	return err->reason == R_OK;
}
