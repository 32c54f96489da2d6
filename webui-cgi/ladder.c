/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A negotiation as a ladder: two ends, one arrow for what was asked, one for what came back, in the words of the record. It is a list whose lines
 * the style draws as arrows, so its words are as large as all others at every width. The same is said beside it in words, so it is hidden from
 * readers that do not see.
 */
#include <stdio.h>
#include <string.h>

#include "page.h"

/* kind: "" good; "bad" it says no; "lost" nobody answered */
static void
arrow(struct html *h, bool right, const char *kind, const char *words)
{
	put(h, right ? L("<li class=\"to ") : L("<li class=\"fro "), kind, L("\">"), words, L("</li>"));
}

/* What stood in the message that said no, where the record has it: its name on the wire. */
static void
refusal(const json_t *facts, bool responder, char *out, size_t cap)
{
	const char *name = *js_str(facts, "sent") ? js_str(facts, "sent") : js_str(facts, "notify");

	snprintf(out, cap, "%.*s", (int)strcspn(name, ":"), name);
	if (!*out)
		snprintf(out, cap, responder ? "refused" : "an answer, not accepted here");
}

/* What this gateway lacks: whoever began, whether a message went out is not in the record. */
static bool
is_ours(const char *reason)
{
	static const char *const begin[] = { "SECRET_", "ENGINE_", "KEYMGR_", "PRIVATE_KEY_", "OUR_CERT_", "OUR_ID_MISSING", "CERT_MISSING", "CERT_UNUSABLE", "TRUST_MISSING", "SIGNATURE_NONE",
	    "INTERNAL", "NO_MEMORY" };

	for (unsigned i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (strncmp(reason, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

void
page_ladder(struct page *p, const json_t *r)
{
	const json_t *f = json_object_get(r, "facts");
	bool responder = strcmp(js_str(f, "role"), "responder") == 0;
	bool after = strcmp(js_str(f, "exchange"), "IKE_AUTH") == 0;	/* then the exchange before it came to its end */
	bool good = strcmp(js_str(r, "reason"), "OK") == 0;
	const char *exchange = *js_str(f, "exchange") ? js_str(f, "exchange") : "IKE", *tries = js_str(f, "tries");
	bool silent = !good && *tries && !*js_str(f, "notify"), ours = !good && !silent && !responder && is_ours(js_str(r, "reason"));
	char words[120];
	struct html *h = &p->out;

	put(h, silent ? L("<ol class=\"ladder silent\" aria-hidden=\"true\">") : L("<ol class=\"ladder\" aria-hidden=\"true\">"), L("<li class=\"ends\"><span>this gateway</span><span>"),
	    *js_str(f, "peer") ? js_str(f, "peer") : "the peer", L("</span></li>"));
	if (after) {
		arrow(h, !responder, "", "IKE_SA_INIT request");
		arrow(h, responder, "", "algorithms agreed");
	}
	snprintf(words, sizeof(words), "%.24s request%s%.12s%s", exchange, *tries ? ", " : "", tries, *tries ? strcmp(tries, "1") == 0 ? " try" : " tries" : "");
	if (!ours)
		arrow(h, !responder, silent ? "lost" : "", words);
	if (ours || silent)
		put(h, L("<li class=\"end\">"), ours ? "it ended at this gateway" : "nothing came back", L("</li>"));
	else {
		refusal(f, responder, words, sizeof(words));
		arrow(h, responder, good ? "" : "bad", good ? "accepted" : words);
	}
	put(h, L("</ol>"));
}
