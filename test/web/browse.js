// SPDX-License-Identifier: BSD-2-Clause
// A browser walks the panel: every page that links lead to, light and dark, wide and narrow, with and without scripts. axe-core looks for
// what shuts people out; a message on the console, a breach of the policy, or a page wider than the window is a failure.
// BASE, PANEL_USER, PANEL_PASSWORD; WALK: "all" to walk, "more" to walk without our script too; SHOTS: a folder for pictures; STEPS: a module with more to do once it is signed in.
"use strict";
const fs = require("fs");
const { createRequire } = require("module");
const from = createRequire(process.env.NODE_AT + "/");
const { chromium } = from("playwright-core");
const axe = fs.readFileSync(from.resolve("axe-core/axe.min.js"), "utf8");

const base = process.env.BASE;
let n = 0, bad = 0;
function ok(good, what, why) {
	n++;
	bad += good ? 0 : 1;
	console.log(`${good ? "ok" : "not ok"} ${n} - ${what}`);
	if (!good && why)
		console.log(String(why).split("\n").map((l) => "#   " + l).join("\n"));
}

// By night only the colours differ. Where no script may run axe-core cannot either: so there is a browser too that gets an empty one in the place of
// ours, in which axe-core sees the pages as they are without.
const MODES = [
	{ name: "light, wide", colorScheme: "light", viewport: { width: 1280, height: 800 }, javaScriptEnabled: true, axe: {} },
	{ name: "dark, wide", colorScheme: "dark", viewport: { width: 1280, height: 800 }, javaScriptEnabled: true, axe: { runOnly: ["color-contrast"] } },
	{ name: "light, narrow", colorScheme: "light", viewport: { width: 360, height: 740 }, javaScriptEnabled: true, axe: {} },
	{ name: "light, wide, without our script", colorScheme: "light", viewport: { width: 1280, height: 800 }, javaScriptEnabled: true, axe: {}, mute: true },
	{ name: "dark, narrow, without scripts", colorScheme: "dark", viewport: { width: 360, height: 740 }, javaScriptEnabled: false },
];

// Paths that differ only in a name or a number are one page; a few of each are enough.
function pattern(url) {
	return url.pathname.replace(/\/(tunnels|history)\/[a-z0-9-]+/, "/$1/*") + (url.search ? "?" : "");
}

async function crawl(page) {
	const seen = new Map(), todo = [base + "/"];
	while (todo.length) {
		const at = new URL(todo.shift());
		if (seen.has(pattern(at)))
			continue;
		seen.set(pattern(at), at.href);
		await page.goto(at.href);
		const links = await page.$$eval("a[href]", (all) => all.map((a) => a.href));
		for (const link of links) {
			const url = new URL(link);
			url.hash = "";
			if (url.href.startsWith(base) && !url.pathname.includes("/static/") && !url.pathname.includes("%3C"))
				todo.push(url.href);
		}
	}
	return [...seen.values()];
}

function listen(page, wrong) {
	page.on("console", (m) => { if (["error", "warning"].includes(m.type())) wrong.push(m.text()); });
	page.on("dialog", (d) => { wrong.push("a dialog: " + d.message()); d.dismiss(); });
	page.on("pageerror", (e) => wrong.push(String(e)));
	page.on("requestfailed", (r) => { if (r.failure().errorText !== "net::ERR_ABORTED") wrong.push(r.url() + " " + r.failure().errorText); });
}

async function look(page, url, wrong, rules) {
	const began = Date.now();
	wrong.length = 0;
	const answer = await page.goto(url);
	if (answer.status() !== 200)
		wrong.push("status " + answer.status());
	const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	if (over > 0)
		wrong.push("it is " + over + " pixels wider than the window");
	const cut = await page.$$eval(".stack td", (all) => innerWidth > 700 ? [] : all.filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.textContent));
	if (cut.length)
		wrong.push(cut.length + " parts of rows go out of the window: " + cut[0]);
	const scroll = await page.$$eval(".wide", (all) => innerWidth > 700 ? [] : all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.getAttribute("aria-label") + ": " + (e.scrollWidth - e.clientWidth)));
	if (scroll.length)
		wrong.push("tables go sideways: " + scroll.join(", "));
	if (rules) {
		await page.evaluate(axe);
		const found = await page.evaluate((more) => globalThis.axe.run(document, { resultTypes: ["violations"], ...more }), rules);
		for (const v of found.violations)
			wrong.push(v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((x) => x.html.slice(0, 160)).join(" | "));
	}
	if (process.env.TIMES)
		console.log("# " + url + " " + (Date.now() - began) + " ms");
	return wrong.slice();
}

async function signIn(context, at) {
	const page = await context.newPage(), root = at || base;
	await page.goto(root + "/login");
	await page.fill("#user", process.env.PANEL_USER);
	await page.fill("#password", process.env.PANEL_PASSWORD);
	await page.click("button.main");
	await page.waitForURL(root + "/");
	return page;
}

async function main() {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell", args: ["--no-sandbox", "--disable-gpu"] });
	const fresh = browser.newContext.bind(browser);
	browser.newContext = async (options) => {	// other tests run beside this one
		const context = await fresh({ reducedMotion: "reduce", ...options });	// a page that still scrolls smoothly takes a click where the button is no more
		context.setDefaultTimeout(60000);
		if (options.javaScriptEnabled === false)	// a click waits for a script that says the button stands still; keys do not
			context.on("page", (page) => { page.click = (at) => page.press(at, "Enter"); });
		return context;
	};
	let urls = null, state = null;
	for (const mode of process.env.WALK ? MODES.filter((m) => !m.mute || process.env.WALK === "more") : []) {
		const { name, axe: rules, mute, ...options } = mode;
		const context = await browser.newContext({ ...options, ignoreHTTPSErrors: true, reducedMotion: "reduce", storageState: state || undefined });
		if (mute)
			await context.route("**/static/causeway.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
		const page = state ? await context.newPage() : await signIn(context);
		const wrong = [], all = [];
		state = state || await context.storageState();
		listen(page, wrong);
		if (!urls) {
			urls = await crawl(page);
			ok(urls.length >= 15, `${urls.length} pages are found by their links`, urls.join("\n"));
			wrong.length = 0;
		}
		for (const url of urls)
			for (const w of await look(page, url, wrong, rules))
				all.push(url.slice(base.length) + ": " + w);
		ok(all.length === 0, `${urls.length} pages, ${name}`, all.join("\n"));
		if (process.env.SHOTS)
			for (const shot of (process.env.SHOT_PATHS || "/").split(" ")) {
				await page.goto(base + shot);
				await page.screenshot({ path: `${process.env.SHOTS}/${shot.replace(/[^a-z0-9]+/g, "-")}-${name.replace(/[^a-z]+/g, "-")}.png`, fullPage: true });
			}
		await context.close();
	}
	if (process.env.STEPS)
		await require(process.env.STEPS)({ browser, base, state, ok, listen, signIn });
	await browser.close();
	console.log("1.." + n);
	process.exit(bad ? 1 : 0);
}
main().catch((e) => { console.log("Bail out! " + e.stack); process.exit(1); });
