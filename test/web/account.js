// SPDX-License-Identifier: BSD-2-Clause
// Accounts over the real spdsync: the first user of both panels, a user who may little, what each is refused, and how sessions end.
// PANELS: two bases; TOKENS: their first users' tokens; TOKEN_FILE: where the token for a program goes. PANEL_USER is the first user.
"use strict";
const fs = require("fs");
const user = process.env.PANEL_USER, password = process.env.PANEL_PASSWORD, OTHER = "another horse, another battery";

async function first(page, base, token, again) {
	await page.goto(base + "/first");
	for (const [id, v] of [["token", token], ["user", user], ["password", password], ["again", again || password]])
		await page.fill("#" + id, v);
	await page.click("button.main");
	return await page.isVisible("[role=alert]") ? page.textContent("[role=alert]") : "";
}

async function login(page, base, name, secret) {
	await page.goto(base + "/login");
	await page.fill("#user", name);
	await page.fill("#password", secret);
	await page.click("button.main");
	return await page.isVisible("[role=alert]") ? page.textContent("[role=alert]") : "";
}

// A form of the users' page, sent; what stands there then.
async function send(page, base, fields, button) {
	await page.goto(base + "/users");
	for (const d of await page.$$("details.card:not([open]) > summary"))
		await d.click();
	for (const [at, v] of fields)
		await (v === true ? page.check(at) : v === false ? page.uncheck(at) : at.startsWith("select") ? page.selectOption(at, v) : page.fill(at, v));
	await page.click(button);
	return page.textContent("main");
}

async function firsts(page, ok, base, token) {
	ok(/not the same/.test(await first(page, base, token, "something else")), "two passwords that are not the same");
	ok(/wrong, or it is too old/.test(await first(page, base, token.slice(0, -1) + "~".replace("~", token.endsWith("A") ? "B" : "A"))), "a wrong token makes nobody");
	ok(await first(page, base, token) === "" && page.url() === base + "/", "the token makes the first user, who is signed in", page.url());
	ok(/users already/.test(await first(page, base, token)), "it is good once");
}

module.exports = async ({ browser, ok, listen, signIn }) => {
	const [a, b] = process.env.PANELS.split(" "), tokens = process.env.TOKENS.split(" ");
	const options = { ignoreHTTPSErrors: true }, wrong = [];
	const context = await browser.newContext(options), page = await context.newPage();
	await firsts(page, ok, a, tokens[0]);
	const plain = await (await browser.newContext({ ...options, javaScriptEnabled: false })).newPage();
	ok(await first(plain, b, tokens[1]) === "" && plain.url() === b + "/", "the other gateway's, without scripts", plain.url());

	listen(page, wrong);
	const made = await send(page, a, [["#user", "bob"], ["#password", OTHER], ["select#role", "viewer"]], "text=Make this user");
	ok(/It is saved/.test(made) && /bob/.test(made), "a second user, a viewer", made);
	const theirs = await browser.newContext(options), bob = await theirs.newPage();
	ok(/name or the password is wrong/.test(await login(bob, a, "bob", "not it")), "a wrong password is refused");
	ok(/name or the password is wrong/.test(await login(bob, a, "nobody", OTHER)), "a wrong name in the same words");
	ok(await login(bob, a, "bob", OTHER) === "" && bob.url() === a + "/", "the right one signs in", bob.url());
	await bob.goto(a + "/users");
	ok(/may not do that/.test(await bob.textContent("main")), "a viewer has no page of the users");

	await page.goto(a + "/users");
	ok(/127\.0\.0\.1/.test(await page.textContent("tr:has(th:text-is('bob'))")), "the administrator sees the session, and from where");
	await page.click("tr:has(th:text-is('bob')) button");
	ok(/It is removed/.test(await page.textContent("main")), "and ends it");
	await bob.goto(a + "/tunnels");
	ok(bob.url() === a + "/login?said=ended", "that session is signed out", bob.url());
	await login(bob, a, "bob", OTHER);
	const off = await send(page, a, [["form[action$='/users/bob'] [name=disabled]", true]], "form[action$='/users/bob'] [value=save]");
	ok(/bob.*disabled/s.test(off), "the user is disabled", off);
	await bob.goto(a + "/tunnels");
	ok(bob.url() === a + "/login?said=ended", "whose session has ended");
	ok(/name or the password is wrong/.test(await login(bob, a, "bob", OTHER)), "and who cannot sign in");
	await send(page, a, [["form[action$='/users/bob'] [name=disabled]", false]], "form[action$='/users/bob'] [value=save]");
	ok(await login(bob, a, "bob", OTHER) === "", "until enabled again");

	const cookies = await theirs.cookies();
	await bob.click("text=Sign out");
	ok(bob.url() === a + "/login?said=out", "signing out", bob.url());
	await theirs.addCookies(cookies);
	await bob.goto(a + "/tunnels");
	ok(bob.url() === a + "/login?said=ended", "ends the session, not the cookie alone", bob.url());

	const last = await send(page, a, [], `form[action$='/users/${user}'] [value=remove]`);
	ok(/no administrator/.test(last), "the last administrator stays", last);
	await send(page, a, [["#token-name", "prometheus"], ["#days", "1"]], "text=Make a token");
	fs.writeFileSync(process.env.TOKEN_FILE, await page.textContent("#secret"), { mode: 0o600 });
	ok(/prometheus/.test(await send(page, a, [], "h1")), "a token for a program is shown once, then only its name");
	const bad = wrong.filter((w) => !/status of 4/.test(w));
	ok(bad.length === 0, "no complaint of the browser", bad.join("\n"));
	const again = await signIn(await browser.newContext(options), a);
	ok(/Overview/.test(await again.title()), "the first user signs in by password");
};
