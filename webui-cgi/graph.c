/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates over time, drawn here: what came in as an area, what went out as a line, both in an SVG that is as wide as its place. Words stand beside it
 * in HTML, so that they have the size of words on every screen. The same is said in a sentence for readers that do not see.
 */
#include <stdio.h>
#include <string.h>

#include "page.h"

#define HIGH	1000	/* of the drawing, in its own units */

static const struct { const char *span, *words, *every; long long slots; const char *ticks[4]; } spans[] = {
	{ "2h", "2 hours", "a minute", 120, { "2 h ago", "80 min", "40 min", "now" } },
	{ "1d", "1 day", "five minutes", 288, { "24 h ago", "16 h", "8 h", "now" } },
	{ "31d", "31 days", "two hours", 372, { "31 days ago", "20 days", "10 days", "now" } },
};
#define SPANS	(sizeof(spans) / sizeof(spans[0]))

static uint64_t
sample(const json_t *list, size_t i)
{
	long long v = json_integer_value(json_array_get(list, i));

	return v > 0 ? (uint64_t)v : 0;
}

static uint64_t
highest(const json_t *list)
{
	uint64_t max = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		max = sample(list, i) > max ? sample(list, i) : max;
	return max;
}

static uint64_t
mean(const json_t *list)
{
	size_t n = json_array_size(list);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)sample(list, i);
	return n ? (uint64_t)(sum / (double)n) : 0;
}

static uint64_t
greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The next of 1, 1.5, 2, 3 ... 10, 15 ... in bits, as octets, whose half is short too; of 2 kbit/s at least. */
static double
top_of(uint64_t max)
{
	static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 6, 8 };
	double bits = (double)max * 8;

	for (double ten = 1000; ten < 1e18; ten *= 10)
		for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			if (steps[i] * ten >= bits && steps[i] * ten >= 2000)
				return steps[i] * ten / 8;
	return bits / 8;
}

/* "L x y" for every sample; those that are not there yet lie left of the first. */
static void
points(struct html *h, const json_t *list, long long slots, double top)
{
	long long n = (long long)json_array_size(list), from = n > slots ? n - slots : 0;

	for (long long i = from; i < n; i++)
		put(h, slots - n + i, L(" "), (int)(HIGH - (double)sample(list, (size_t)i) / top * HIGH), L(" "));
}

/* What is measured now, at the right end: the line ends with the last whole sample. */
static void
dot(struct html *h, struct lit class, const json_t *now, const char *key, long long slots, double top)
{
	if (js_has(now, key))
		put(h, L("<path class=\"dot "), class, L("\" d=\"M"), slots - 1, L(" "), (int)(HIGH - (double)js_int(now, key) / top * HIGH), L("h0\"/>"));
}

static void
draw(struct html *h, const json_t *in, const json_t *out, const json_t *now, long long slots, double top)
{
	long long first = slots - (long long)json_array_size(in);

	put(h, L("<svg class=\"graph\" preserveAspectRatio=\"none\" aria-hidden=\"true\" viewBox=\"0 0 "), slots - 1, L(" "), HIGH,
	    L("\"><path class=\"grid\" d=\"M0 0H"), slots - 1, L("M0 500H"), slots - 1, L("M0 1000H"), slots - 1, L("\"/>"));
	if (json_array_size(in) > 1) {
		put(h, L("<path class=\"area\" d=\"M"), first, L(" 1000L"));
		points(h, in, slots, top);
		put(h, slots - 1, L(" 1000Z\"/><polyline class=\"in\" points=\""));
		points(h, in, slots, top);
		put(h, L("\"/><polyline class=\"out\" points=\""));
		points(h, out, slots, top);
		put(h, L("\"/>"));
	}
	dot(h, L("in"), now, "bytes_in", slots, top);
	dot(h, L("out"), now, "bytes_out", slots, top);
	put(h, L("</svg>"));
}

static void
span_links(struct page *p, const char *name, unsigned at)
{
	put(&p->out, L("<ul class=\"spans\" aria-label=\"How far back\">"));
	for (unsigned i = 0; i < SPANS; i++) {
		put(&p->out, L("<li><a href=\""), P("/"), name ? "tunnels/" : "", SEG(name), L("?span="), spans[i].span, L("\""));
		if (i == at)
			put(&p->out, L(" aria-current=\"true\""));
		put(&p->out, L(">"), spans[i].words, L("</a></li>"));
	}
	put(&p->out, L("</ul>"));
}

void
page_rate(struct html *h, const json_t *from, const char *key)
{
	if (js_has(from, key))
		put(h, RATE((uint64_t)js_int(from, key)));
}

static void
legend(struct html *h, const char *words, struct lit class, const json_t *t, const char *key)
{
	const json_t *list = json_object_get(t, key), *now = json_object_get(t, "now");

	put(h, L("<li><span class=\"mark "), class, L("\" aria-hidden=\"true\"></span> "), words, L(" <strong>"));
	page_rate(h, now, key);
	put(h, js_has(now, key) ? "" : "not measured yet", L("</strong> "), js_has(now, key) ? "now" : "", L(" <span class=\"dim\">mean "), RATE(mean(list)), L(", highest "), RATE(highest(list)), L("</span></li>"));
}

/* Of a tunnel, on its page; name NULL: of all together, on the overview. */
void
page_traffic(struct page *p, const char *name)
{
	const char *span = page_field(p, "span");
	struct html *h = &p->out;
	const json_t *in, *out, *now;
	struct answer a;
	unsigned at = 0;
	uint64_t max;
	double top;

	for (unsigned i = 0; i < SPANS; i++)
		at = strcmp(spans[i].span, span) == 0 ? i : at;
	ask(&p->asker, &a, "GET", name ? URL(p, L("/v1/tunnels/"), SEG(name), L("/traffic?span="), spans[at].span) : URL(p, L("/v1/traffic?span="), spans[at].span),
	    NULL, 15);
	if (a.status != 200) {
		answer_free(&a);
		return;
	}
	in = json_object_get(a.body, "bytes_in");
	out = json_object_get(a.body, "bytes_out");
	now = json_object_get(a.body, "now");
	max = greater(greater(highest(in), highest(out)), greater((uint64_t)js_int(now, "bytes_in"), (uint64_t)js_int(now, "bytes_out")));
	top = top_of(max);
	put(h, L("<section class=\"card traffic\" aria-labelledby=\"traffic\"><div class=\"cardhead\"><h2 id=\"traffic\">Traffic</h2>"));
	span_links(p, name, at);
	put(h, L("</div><ul class=\"legend\">"));
	legend(h, "In", L("in"), a.body, "bytes_in");
	legend(h, "Out", L("out"), a.body, "bytes_out");
	put(h, L("</ul><div class=\"plot\"><div class=\"ys\" aria-hidden=\"true\"><span>"), RATE((uint64_t)top), L("</span><span>"), RATE((uint64_t)(top / 2)),
	    L("</span><span>0</span></div>"));
	draw(h, in, out, now, spans[at].slots, top);
	put(h, L("</div><div class=\"xs\" aria-hidden=\"true\">"));
	for (unsigned i = 0; i < 4; i++)
		put(h, L("<span>"), spans[at].ticks[i], L("</span>"));
	put(h, L("</div>"));
	if (json_array_size(in) > 1)
		put(h, L("<p class=\"dim small\">The lines are means of "), spans[at].every, L(" each; now, where the dots are, is the mean of the last seconds.</p>"));
	else
		put(h, L("<p class=\"dim\">Samples are kept since spdsync began; the first ones come within minutes.</p>"));
	put(h, L("</section>"));
	answer_free(&a);
}
