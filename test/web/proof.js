// SPDX-License-Identifier: BSD-2-Clause
// The password again, before what is dangerous, when it was shown long ago: AGE is a command that makes the newest session that old. And one's own
// password, changed and changed back.
"use strict";
const { execFileSync } = require("child_process");

// What was guessed before, from this address, has made every try slow: a person tries again.
async function patient(page, fields, button) {
	let said;
	do {
		for (const [at, v] of fields)
			await page.fill(at, v);
		await page.click(button);
		said = await page.textContent("main");
		if (/Too many logins/.test(said))
			await page.waitForTimeout(1000);
	} while (/Too many logins/.test(said));
	return said;
}

module.exports = async ({ browser, base, ok, listen, signIn }) => {
	const pass = process.env.PANEL_PASSWORD, wrong = [];
	for (const scripts of [true, false]) {
		const how = scripts ? "with scripts" : "without scripts";
		const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: scripts });
		const page = await signIn(context);
		const name = scripts ? "aged" : "aged-too";
		const open = async (words) => page.locator("summary", { hasText: words }).press("Enter");
		listen(page, wrong);
		execFileSync(process.env.AGE);
		await page.goto(base + "/users");
		await open("A new token");
		await page.fill("#token-name", name);
		await page.click("form[action$='/tokens'] button.main");
		ok(/Your password, please/.test(await page.textContent("main")), "the password is asked for again, " + how, await page.textContent("main"));
		ok(/That is not your password/.test(await patient(page, [["#proof", "not it"]], "main button.main")), "a wrong one is refused");
		const made = await patient(page, [["#proof", pass]], "main button.main");
		ok(/cwt_/.test(made), "the right one goes on with what was sent", made);
		await page.goto(base + "/users");
		await page.click(`tr:has(th:text-is('${name}')) button`);
		ok(/It is removed/.test(await page.textContent("main")), "and is not asked for again soon");
		const other = await signIn(await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: scripts }));
		for (const [now, next] of [[pass, "another sentence for a day"], ["another sentence for a day", pass]]) {
			await page.goto(base + "/account");
			const said = await patient(page, [["#now", now], ["#password", next], ["#again", next]], "button[value=password]");
			ok(/You have a new password/.test(said), "one's own password is changed", said);
		}
		// The overview asks by itself, and is told of the end as one who goes somewhere is.
		if (scripts)
			await other.waitForURL((at) => at.pathname.endsWith("/login"));
		else
			await other.goto(base + "/tunnels");
		ok(other.url() === base + "/login?said=ended", "and one's other sessions end");
		await context.close();
	}
	const bad = wrong.filter((w) => !/status of 4/.test(w));
	ok(bad.length === 0, "no complaint of the browser", bad.join("\n"));
};
