/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A negotiation as a ladder: two ends, one arrow for what was asked, one for what came back, in the words of the record. Everything is drawn by
 * attributes and classes, in SVG that stands in the page; the same is said below it in words, so it is hidden from readers that do not see.
 */
#include <stdio.h>
#include <string.h>

#include "page.h"

static void
arrow(struct html *h, int y, bool right, bool lost, const char *words)
{
	int from = right ? 90 : 470, to = right ? (lost ? 320 : 466) : (lost ? 240 : 94), tip = right ? -8 : 8;
	char text[72];

	snprintf(text, sizeof(text), "%.68s", words);
	put(h, L("<text class=\"on\" x=\"280\" y=\""), y - 6, L("\">"), text, L("</text>"));
	put(h, L("<line class=\"arrow\" x1=\""), from, L("\" y1=\""), y, L("\" x2=\""), to, L("\" y2=\""), y, L("\"/>"));
	if (lost)
		put(h, L("<path class=\"lost\" d=\"M"), to - 5, L(" "), y - 5, L("l10 10m0 -10l-10 10\"/>"));
	else
		put(h, L("<path class=\"tip\" d=\"M"), to, L(" "), y, L("l"), tip, L(" -4v8z\"/>"));
}

void
page_ladder(struct page *p, const json_t *r)
{
	const json_t *f = json_object_get(r, "facts");
	bool responder = strcmp(js_str(f, "role"), "responder") == 0, silent = strstr(js_str(r, "reason"), "NO_ANSWER") != NULL;
	bool after = strcmp(js_str(f, "exchange"), "IKE_AUTH") == 0;	/* then the exchange before it came to its end */
	int y = after ? 160 : 60;
	bool good = strcmp(js_str(r, "reason"), "OK") == 0;
	const char *exchange = *js_str(f, "exchange") ? js_str(f, "exchange") : "IKE";
	char ask_words[96], answer_words[96];
	struct html *h = &p->out;

	snprintf(ask_words, sizeof(ask_words), "%.24s request", exchange);
	snprintf(answer_words, sizeof(answer_words), "%.60s", silent ? "nothing came back" : good ? "accepted" : js_str(r, "reason"));
	put(h, L("<svg class=\"ladder\" viewBox=\"0 0 560 "), y + 90, L("\" aria-hidden=\"true\"><text x=\"90\" y=\"18\">"), "this gateway",
	    L("</text><text x=\"470\" y=\"18\">"), *js_str(f, "peer") ? js_str(f, "peer") : "the peer",
	    L("</text><line class=\"post\" x1=\"90\" y1=\"26\" x2=\"90\" y2=\""), y + 84, L("\"/><line class=\"post\" x1=\"470\" y1=\"26\" x2=\"470\" y2=\""), y + 84, L("\"/>"));
	if (after) {
		arrow(h, 60, !responder, false, "IKE_SA_INIT request");
		arrow(h, 110, responder, false, "algorithms agreed");
	}
	arrow(h, y, !responder, false, ask_words);
	arrow(h, y + 50, responder, silent, answer_words);
	put(h, L("</svg>"));
}
