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
	// Both policies of the tunnel count what it carries, and the page follows by itself; on a telephone each number has its column's name before it.
	await page.setViewportSize({ width: 360, height: 740 });
	await page.goto(base + "/policies");
	const cell = (way, name) => page.$$eval("tr:has(a:text-is('newyork-tokyo'))", (all, [w, n]) => {
		const row = all.find((tr) => tr.querySelector("[data-h=Way]").textContent === w), td = row?.querySelector(`[data-h="${n}"]`);
		return td ? JSON.parse(getComputedStyle(td, "::before").content) + ": " + td.innerText.replace(/\s+/g, " ") : "no row";
	}, [way, name]);
	const packets = async (way) => Number((/^Passed: ([\d,]+) packets? [\d.]+ [KM]iB$/.exec(await cell(way, "Passed")) || [])[1]?.replaceAll(",", ""));
	const passed = { in: await packets("in"), out: await packets("out") };
	ok(passed.in > 20 && passed.out > 20, "its policies say what passed", await cell("in", "Passed") + "; " + await cell("out", "Passed"));
	for (const way of ["in", "out"]) {
		ok(/^Dropped: [\d,]+$/.test(await cell(way, "Dropped")), "and what was dropped, " + way, await cell(way, "Dropped"));
		ok(/^Last used: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d made 20\d\d-/.test(await cell(way, "Last used")), "and when a packet met it last, " + way, await cell(way, "Last used"));
	}
	let later = passed;
	for (let i = 0; i < 60 && !(later.in > passed.in && later.out > passed.out); i++) {
		await page.waitForTimeout(1000);
		later = { in: await packets("in"), out: await packets("out") };
	}
	ok(later.in > passed.in && later.out > passed.out, "and they go on while one looks", JSON.stringify([passed, later]));
	ok(wrong.length === 0, "no complaint of the browser", wrong.join("\n"));
	await context.close();
};
