// SPDX-License-Identifier: BSD-2-Clause
// Somebody without a mouse: signs in, jumps over the menu, reaches a tunnel and its search, all by keys; and what is live changes while nobody touches it.
"use strict";

module.exports = async ({ browser, base, ok, listen }) => {
	const context = await browser.newContext({ ignoreHTTPSErrors: true }), page = await context.newPage(), wrong = [];
	const press = async (...keys) => { for (const k of keys) await page.keyboard.press(k); };
	const at = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
	listen(page, wrong);
	await page.goto(base + "/login");
	// The browser leads to the field when it paints the page, which may be after it has loaded: what is typed before that is nowhere.
	await page.waitForFunction(() => document.activeElement.tagName === "INPUT");
	await page.keyboard.type(process.env.PANEL_USER);
	await press("Tab");
	await page.keyboard.type(process.env.PANEL_PASSWORD);
	await press("Enter");
	await page.waitForURL(base + "/");
	ok(true, "signing in, by keys");
	await press("Tab");
	ok(await at() === "Skip to the page", "the first key leads to the way past the menu", await at());
	ok(await page.$eval(".skip", (e) => e.getBoundingClientRect().left >= 0), "which is seen then");
	await press("Enter", "Tab");
	ok(await page.evaluate(() => document.getElementById("main").contains(document.activeElement)), "and behind it is the page", await at());
	await page.goto(base + "/tunnels");
	await press("/");
	ok(await at() === "match", "the search is one key away", await at());
	await page.keyboard.type("newyork");
	await press("Enter");
	await page.waitForURL(/match=newyork/);
	for (let i = 0; i < 40 && await at() !== "newyork-tokyo"; i++)
		await press("Tab");
	const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
	ok(await at() === "newyork-tokyo" && ring !== "none", "the tunnel is reached by Tab, and is seen to be", await at() + ", outline " + ring);
	await press("Enter");
	await page.waitForURL(/tunnels\/newyork-tokyo$/);
	await page.evaluate(() => { window.mine = "the same page"; });
	const packets = () => page.textContent("dt:text-is('In') + dd"), before = await packets();
	await page.waitForFunction((was) => [...document.querySelectorAll("dt")].find((d) => d.textContent === "In").nextElementSibling.textContent !== was, before);
	ok(await page.evaluate(() => window.mine) === "the same page", "its counters go on by themselves, in the same page", before + " " + await packets());
	ok(wrong.length === 0, "no complaint of the browser", wrong.join("\n"));
	await context.close();
};
