// SPDX-License-Identifier: BSD-2-Clause
// A tunnel with traffic, RATE_FROM to RATE_TO bits a second each way: its page and the list say so, also while its keys change, and the graph has it.
"use strict";

// "164 kbit/s" as a number; NaN when it is none.
function bits(text) {
	const m = /^([\d.]+) ([kMG]?)bit\/s$/.exec(text.trim());
	return m ? Number(m[1]) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[m[2]] : NaN;
}

module.exports = async ({ browser, base, ok, listen, signIn }) => {
	const from = Number(process.env.RATE_FROM), to = Number(process.env.RATE_TO);
	const right = (text) => bits(text) >= from && bits(text) <= to;
	const context = await browser.newContext({ ignoreHTTPSErrors: true }), wrong = [];
	const page = await signIn(context, base);
	listen(page, wrong);
	await page.goto(base + "/tunnels/newyork-tokyo");
	const shown = () => page.$$eval(".legend strong", (all) => all.map((e) => e.textContent));
	const spi = () => page.textContent("dt:text-is('SPI in') + dd");
	const before = await shown(), old = await spi();
	ok(before.length === 2 && before.every(right), "what comes in and goes out, at its rate", before.join("; "));
	await page.click("button[value=rekey]");
	ok(/has new keys/.test(await page.textContent("main")) && await spi() !== old, "its keys change", old);
	const seen = [];
	for (let i = 0; i < 12; i++) {
		seen.push((await shown()).join("; "));
		await page.waitForTimeout(1000);
		if (i % 3 === 2)
			await page.reload();
	}
	ok(seen.every((s) => s.split("; ").every(right)), "and the rates go on over that", seen.join("\n"));
	await page.goto(base + "/tunnels");
	const row = await page.$$eval("tr:has(th:has-text('newyork-tokyo')) td", (all) => all.map((e) => e.innerText)), rates = row.map((text) => text.split("\n")).filter((lines) => lines[0].endsWith("bit/s"));
	ok(rates.length === 2 && rates.every((lines) => right(lines[0]) && lines.length === 1), "the list has them too, and no time since", row.join("; "));
	await page.goto(base + "/tunnels/newyork-tokyo");
	// A minute is in the graph when it is over: how soon that is after the traffic began depends on how fast all before went.
	let height = [];
	for (let i = 0; i < 30 && !(height.length && height.every((n) => n > 0)); i++) {
		if (i)
			await page.waitForTimeout(5000);
		await page.reload();
		height = await page.evaluate(() => ["in", "out"].map((way) => {
			const points = document.querySelector("polyline." + way)?.getAttribute("points").trim().split(" ") || [];
			return points.filter((v, i) => i % 2 === 1 && Number(v) < 1000).length;
		}));
	}
	ok(height.every((n) => n > 0), "the graph rises, both ways", height.join(" "));
	ok(wrong.length === 0, "no complaint of the browser", wrong.join("\n"));
	await context.close();
};
