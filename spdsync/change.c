/* SPDX-License-Identifier: BSD-2-Clause */
/* Up to the commit nothing was changed; the commit is one transaction; what follows it is pushed to the daemons until they have it. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "confirm.h"
#include "log.h"
#include "one.h"

const struct suite *
change_suite(void *arg, const char *tunnel)
{
	const struct rt *rt = rt_find(arg, tunnel);

	return rt && rt->state && rt->state->ike_up ? &rt->state->ike_suite : NULL;
}

bool
change_plan(struct sync *s, struct change *c, bool legacy, struct yt_error *err)
{
	struct yt yt = { .text = c->text, .n = c->n };
	const struct site_tunnel *t;
	unsigned line, column;

	c->sites = sites_read(c->text, c->n, legacy, err);
	if (!c->sites)
		return false;
	yt_end(&yt, &line, &column);
	if (!sites_find(c->sites, s->site))
		yt_fail(&yt, R_SITE_UNKNOWN, line, column, NULL, "This gateway is the site '%s', which is not in the file.", s->site);
	else if ((t = engine_lacks_iface(s, c->sites)) != NULL)
		yt_fail(&yt, R_ENGINE_NO_IFACE, t->line, t->column, NULL, "The tunnel '%s' has an interface, and the engine of this gateway has none for tunnels.", t->name);
	else if (!plan_make(&c->plan, s->sites, c->sites, s->site, change_suite, s))
		yt_fail(&yt, R_NO_MEMORY, line, column, NULL, "There is not enough memory.");
	*err = yt.err;
	return err->reason == R_OK;
}

bool
change_is_none(const struct sync *s, const struct change *c)
{
	return s->rev.text && c->n == s->rev.n && memcmp(c->text, s->rev.text, c->n) == 0;
}

static bool
sha256_hex(const char *text, size_t n, char out[65])
{
	uint8_t d[32];

	if (EVP_Digest(text, n, d, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
	return true;
}

static bool
commit(struct sync *s, const struct change *c, struct revision *rev, struct audit_row *who, bool pending, struct store_error *err)
{
	char (*names)[CHILD_NAME_CAP] = NULL;
	size_t n = 0;
	bool ok = true;

	err->reason = R_NO_MEMORY;
	snprintf(err->text, sizeof(err->text), "There is not enough memory.");
	if (c->text)
		ok = sha256_hex(c->text, c->n, rev->sha256) && (names = c->one ? one_children(s, c->one, &n) : want_children(c->sites, s->site, &n)) != NULL;
	if (c->one)
		one_describe(s, c->one, rev);
	ok = ok && store_commit(s->store, rev, (const char (*)[CHILD_NAME_CAP])names, n, pending, who, err);
	free(names);
	return ok;
}

bool
change_commit(struct sync *s, struct change *c, struct audit_row *who, const char *comment, bool pending, struct store_error *err)
{
	struct revision rev = { .time_s = clock_wall_s(), .text = c->text, .n = c->n };

	who->time_s = rev.time_s;
	snprintf(who->result, sizeof(who->result), "OK");
	snprintf(rev.author, sizeof(rev.author), "%s", c->author ? c->author : who->author);
	snprintf(rev.comment, sizeof(rev.comment), "%s", comment ? comment : "");
	if (!commit(s, c, &rev, who, pending, err))
		return false;
	s->applies++;
	confirm_forget(s);
	if (!(c->one ? sync_adopt_one(s, &rev, c->one) : sync_adopt(s, &rev, c->sites))) {
		/* Committed, but not taken over for want of memory: a restart reads it from the store. */
		log_error(NULL, "apply", "%s is in the store, but could not be brought into force.", who->detail);
		err->reason = R_NO_MEMORY;
		snprintf(err->text, sizeof(err->text), "There is not enough memory.");
		return false;
	}
	c->text = NULL;		/* the revision owns it now */
	c->sites = NULL;
	return true;
}

void
change_fini(struct change *c)
{
	free(c->text);
	sites_free(c->sites);
	one_free(c->one);
	plan_fini(&c->plan);
	memset(c, 0, sizeof(*c));
}
