/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setkey's language. What is accepted becomes a message that the codec can write; a policy that was read is the same after it was
 * printed and read again; an error's place lies in the text, and the line that is shown holds no octet of a long key.
 */
#include <stdlib.h>

#include "setkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
hosts(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why)
{
	unsigned n = 0;

	*why = "no such name";
	if (strncmp(name, "many", 4) != 0 || cap < 2)
		return 0;
	if (fam != 6)
		v[n++] = (struct addr){ 4, { 192, 0, 2, 1 } };
	if (fam != 4)
		v[n++] = (struct addr){ 6, { 0x20, 1 } };
	return n;
}

static int service(const char *name) { return strcmp(name, "pop3") == 0 ? 110 : -1; }
static int protocol(const char *name) { return strcmp(name, "vrrp") == 0 ? 112 : -1; }
static const struct names names = { hosts, service, protocol };

static void
check_policy(const struct pfkey_policy *p)
{
	struct pfkey_policy again;
	struct poltext_error e;
	char text[2048], text2[2048];

	if (!poltext_print(p, NULL, false, text, sizeof(text)) || !poltext_parse(bytes_of(text, strlen(text)), &again, &e) ||
	    !poltext_print(&again, NULL, false, text2, sizeof(text2)) || strcmp(text, text2) != 0)
		abort();
}

static void
check_command(struct bytes text, const struct cmd *c)
{
	static const struct addr none;
	static const struct engine ours = { .greeted = true };
	static struct pfkey_msg m;
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct lang_error e;

	if (c->end > text.n || c->at >= c->end)
		abort();
	if (c->verb >= V_SPDADD && c->verb <= V_SPDDELETE)
		check_policy(&c->policy);
	if (c->verb == V_DELETEALL || c->verb == V_EXIT || c->tagged)
		return;
	if (cmd_message(c, c->src.n ? &c->src.v[0] : &none, c->dst.n ? &c->dst.v[0] : &none, &ours, &m, &e) && !pfkey_put(&w, &m) &&
	    c->src.v[0].fam == c->dst.v[0].fam)
		abort();
	cmd_refused(c, 22, &ours, &e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct lang_error e;
	struct cmd c;
	char line[240];
	size_t i = 0, before;
	int rc;

	lex_command_end(text);
	do {
		before = i;
		rc = lang_parse(text, &i, &names, &c, &e);
		if (i > size || (rc && i <= before))
			abort();
		if (rc > 0)
			check_command(text, &c);
		if (rc < 0 && (e.at > size || e.n > size - e.at || e.text[0] == '\0'))
			abort();
		if (rc < 0) {
			lex_place(text, e.at);
			lex_show_line(text, e.at, line, sizeof(line));
		}
		cmd_wipe(&c);
	} while (rc);
	return 0;
}
