/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setkey's policies (spdadd) as connections: each pair of tunnel endpoints is one, whatever the number of its networks. "out" says which end
 * is this gateway, "in" repeats it. Manual SAs (add) are keys in a file: they are named, not carried.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "msg_ike.h"

#define WORDS	24u

static struct imp_conn *
find(const struct imp *m, const char *here, const char *peer)
{
	for (struct imp_conn *c = m->conns; c; c = c->next)
		if (strcmp(c->here.address, here) == 0 && strcmp(c->peer.address, peer) == 0)
			return c;
	return NULL;
}

/* "20.0.0.1-20.0.0.2", with or without ports in brackets. */
static bool
split_ends(const char *text, char from[IMP_TEXT], char to[IMP_TEXT])
{
	const char *dash = strchr(text, '-');
	char *bracket;

	if (!dash || dash == text || dash[1] == '\0')
		return false;
	snprintf(from, IMP_TEXT, "%.*s", (int)(dash - text), text);
	snprintf(to, IMP_TEXT, "%.255s", dash + 1);
	if ((bracket = strchr(from, '[')) != NULL)
		*bracket = '\0';
	if ((bracket = strchr(to, '[')) != NULL)
		*bracket = '\0';
	return true;
}

/* "esp/tunnel/20.0.0.1-20.0.0.2/require" */
static void
request(struct imp *m, unsigned line, const char *text, const char *src, const char *dst, bool out)
{
	char part[4][IMP_TEXT] = { "", "", "", "" }, from[IMP_TEXT], to[IMP_TEXT], name[IMP_TEXT];
	bool transport;
	struct imp_conn *c;

	for (unsigned i = 0; i < 4 && *text; i++) {
		size_t n = strcspn(text, "/");

		snprintf(part[i], IMP_TEXT, "%.*s", (int)(n < IMP_TEXT ? n : IMP_TEXT - 1), text);
		text += n + (text[n] == '/');
	}
	if (strcmp(part[0], "esp") != 0) {
		imp_note(m, line, "a request of %.20s is not carried over: tunnels are ESP", part[0]);
		return;
	}
	transport = strcmp(part[1], "transport") == 0;
	if (!split_ends(part[2], from, to)) {
		if (!transport) {
			imp_note(m, line, "a policy without endpoints is left out");
			return;
		}
		snprintf(from, sizeof(from), "%.*s", (int)strcspn(src, "/["), src);
		snprintf(to, sizeof(to), "%.*s", (int)strcspn(dst, "/["), dst);
	}
	if (find(m, out ? from : to, out ? to : from) == NULL) {
		snprintf(name, sizeof(name), "%.120s-%.120s", out ? from : to, out ? to : from);
		c = imp_conn_add(m, name, line);
		if (!c)
			return;
		snprintf(c->here.address, IMP_TEXT, "%s", out ? from : to);
		snprintf(c->peer.address, IMP_TEXT, "%s", out ? to : from);
		c->transport = transport;
	}
	c = find(m, out ? from : to, out ? to : from);
	imp_net_add(m, line, out ? &c->here.nets : &c->peer.nets, src);
	imp_net_add(m, line, out ? &c->peer.nets : &c->here.nets, dst);
}

/* spdadd [-46n] SRC DST UPPER -P out|in|fwd ipsec REQUEST ... */
static void
policy(struct imp *m, unsigned line, unsigned n, char w[WORDS][IMP_TEXT])
{
	unsigned i = 1, p;

	while (i < n && w[i][0] == '-')
		i++;
	for (p = i; p < n && strcmp(w[p], "-P") != 0; p++)
		;
	if (p < i + 3 || p + 2 >= n) {
		imp_note(m, line, "a policy that is not understood is left out");
		return;
	}
	if (strcmp(w[i + 2], "any") != 0 && strcmp(w[i + 2], "255") != 0)
		imp_note(m, line, "a policy for the protocol %.20s: its child is for all of them until you give it 'protocol:' and 'ports:'", w[i + 2]);
	if (strcmp(w[p + 2], "ipsec") != 0) {
		imp_note(m, line, "a policy of the kind '%.20s' is not carried over", w[p + 2]);
		return;
	}
	if (strcmp(w[p + 1], "fwd") == 0)
		return;		/* it repeats "in" */
	if (p + 4 < n)
		imp_note(m, line, "a policy with several requests: the ESP tunnel of it is carried over");
	for (unsigned k = p + 3; k < n; k++)
		request(m, line, w[k], w[i], w[i + 1], strcmp(w[p + 1], "out") == 0);
}

static void
statement(struct imp *m, unsigned line, unsigned n, char w[WORDS][IMP_TEXT])
{
	if (n == 0 || strcmp(w[0], "flush") == 0 || strcmp(w[0], "spdflush") == 0 || strcmp(w[0], "dump") == 0 || strcmp(w[0], "spddump") == 0)
		return;
	if (strcmp(w[0], "spdadd") == 0 || strcmp(w[0], "spdupdate") == 0)
		policy(m, line, n, w);
	else if (strcmp(w[0], "add") == 0)
		imp_note(m, line, "an SA with a key in the file: Causeway negotiates keys; take it away at both ends");
	else
		imp_note(m, line, "'%.40s' is not carried over", w[0]);
}

void
imp_setkey(struct imp *m, const char *text, size_t n)
{
	char (*w)[IMP_TEXT] = calloc(WORDS, sizeof(*w)), extra[IMP_TEXT];
	struct imp_at at = imp_at(text, n);
	unsigned words = 0, line = 1;

	if (!w) {
		m->no_memory = true;
		return;
	}
	for (imp_skip(&at, true); at.p < at.end; imp_skip(&at, true)) {
		if (words == 0)
			line = at.line;
		if (imp_char(&at, ';')) {
			statement(m, line, words, w);
			words = 0;
		} else if (!imp_take(&at, " \t\r;#", false, words < WORDS ? w[words] : extra, IMP_TEXT))
			at.p++;
		else
			words += words < WORDS;
	}
	if (words)
		imp_note(m, line, "the last statement does not end: was the file copied completely?");
	wipe(w, WORDS * sizeof(*w));	/* "add" has keys */
	wipe(extra, sizeof(extra));
	free(w);
}
