// SPDX-License-Identifier: BSD-2-Clause
// A bad edit of a tunnel that is up, under the countdown; nobody confirms it.
"use strict";

module.exports = async ({ browser, base, ok, listen, signIn }) => {
	const context = await browser.newContext({ ignoreHTTPSErrors: true }), wrong = [];
	const page = await signIn(context, base);
	listen(page, wrong);
	await page.goto(base + "/tunnels/newyork-tokyo/config");
	const text = await page.inputValue("#text");
	await page.fill("#text", text.replace(/psk: newyork-tokyo/, "psk: another"));
	await page.selectOption("#seconds", "30");
	await page.click("button.main");
	await page.waitForSelector(".pending");
	ok(/undoes itself/.test(await page.textContent(".pending")), "a change waits, with its countdown");
	const before = Number(await page.textContent("#seconds-left"));
	await page.waitForFunction((n) => Number(document.getElementById("seconds-left").textContent) < n, before);
	ok(wrong.length === 0, "no complaint of the browser", wrong.join("\n"));
	await context.close();
};
