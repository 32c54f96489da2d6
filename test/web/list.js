// SPDX-License-Identifier: BSD-2-Clause
// The list's buttons, with scripts, which ask before a tunnel is taken down, and without; and the ladder of a negotiation as the style draws it, wide
// and on a telephone.
"use strict";

const NAME = "newyork-tokyo";

module.exports = async ({ browser, base, ok, listen, signIn }) => {
	for (const scripts of [true, false]) {
		const how = scripts ? "with scripts" : "without scripts";
		const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: scripts }), wrong = [];
		const page = await signIn(context, base), row = `tr:has(th:has-text('${NAME}'))`;
		const cell = (name) => page.innerText(`${row} [data-h="${name}"]`), button = (what) => `${row} button[value=${what}]`;
		const offered = () => page.$$eval(row + " button", (all) => all.map((b) => b.value).join(" "));
		if (!scripts)
			listen(page, wrong);
		await page.goto(base + "/tunnels?match=york");
		ok(await offered() === "rekey down" && await cell("Wanted") === "up", "a tunnel that is up can be rekeyed and taken down, " + how, await offered());
		if (scripts) {
			let asked = "";
			page.once("dialog", (d) => { asked = d.message(); d.dismiss(); });
			await page.click(button("down"));
			await page.goto(base + "/tunnels?match=york");
			ok(asked.startsWith(`Take ${NAME} down?`) && await cell("Wanted") === "up", "down is asked about, and no is no", asked);
			page.once("dialog", (d) => d.accept());
		}
		await page.click(button("down"));
		await page.waitForURL(/said=down/);
		ok(/match=york/.test(page.url()) && (await page.innerText("main")).includes(NAME + ": The tunnel is down"), "down leads back to this part of the list, with a sentence, " + how, page.url());
		ok(await cell("Wanted") === "down" && /down/.test(await cell("Negotiated")) && await offered() === "up", "where the tunnel is down, and can be brought up, " + how,
			await cell("Wanted") + ", " + await cell("Negotiated") + ", " + await offered());
		await page.click(button("up"));
		await page.waitForURL(/said=up/);
		for (let i = 0; i < 60 && !/ up/.test(await cell("Negotiated")); i++) {
			await new Promise((later) => setTimeout(later, 500));
			await page.goto(base + "/tunnels?match=york");
		}
		ok(/ up/.test(await cell("Negotiated")) && await cell("Wanted") === "up", "and is up again, " + how, await cell("Negotiated"));
		const spi = async () => { await page.goto(`${base}/tunnels/${NAME}`); return page.textContent("dt:text-is('SPI in') + dd"); }, old = await spi();
		await page.goto(base + "/tunnels?match=york");
		await page.click(button("rekey"));
		await page.waitForURL(/said=rekey/);
		ok(await spi() !== old, "new keys by the list, " + how, old);
		ok(wrong.length === 0, "no complaint of the browser, " + how, wrong.join("\n"));
		await context.close();
	}

	for (const width of [1280, 360]) {
		const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height: 800 } }), page = await signIn(context, base);
		await page.goto(`${base}/tunnels/${NAME}`);
		await page.$$eval("details", (all) => all.forEach((d) => { d.open = true; }));
		const steps = await page.$$eval(".ladder >> nth=0 >> li:not(.ends)", (all) => all.map((li) => {
			const line = getComputedStyle(li, "::after"), tip = getComputedStyle(li, "::before"), box = li.getBoundingClientRect();
			return { way: li.classList[0], words: li.innerText, size: parseFloat(getComputedStyle(li).fontSize), right: box.right, line: line.content !== "none" && line.height === "2px" && parseFloat(line.width) > 100,
				tip: tip.content === "none" ? "" : parseFloat(tip.borderLeftWidth) === 8 ? "right" : parseFloat(tip.borderRightWidth) === 8 ? "left" : "?" };
		}));
		const seen = JSON.stringify(steps);
		ok(steps.length >= 2 && steps.length % 2 === 0 && steps.every((s, i) => /request|accepted|agreed/.test(s.words) && s.way !== steps[i ^ 1].way), `what was asked and what came back, ${width} wide`, seen);
		ok(steps.every((s) => s.line && s.tip === (s.way === "to" ? "right" : "left")), `as arrows, each to its side, ${width} wide`, seen);
		ok(steps.every((s) => s.size >= 14 && s.right <= width), `in words that can be read, ${width} wide`, seen);
		await context.close();
	}
};
