// SPDX-License-Identifier: BSD-2-Clause
// The wizard on both gateways' panels, step by step as a person does it. PANELS: two bases; SECRET_FILE: where the first one's secret goes.
"use strict";
const fs = require("fs");

async function wizard(page, base, v) {
	await page.goto(base + "/new");
	const first = await page.textContent("main");
	await page.click("main button.main");
	await page.fill("#there", v.there);
	await page.fill("#address", v.address);
	await page.fill("#here_address", v.here_address);
	await page.click("main button.main");
	await page.fill("#here_networks", v.here_networks);
	await page.fill("#networks", v.here_networks);
	await page.click("main button.main");
	const refused = await page.textContent("[role=alert]");
	await page.fill("#networks", v.networks);
	await page.click("main button.main");
	await page.click("main button.main");
	const plan = await page.textContent("main");
	await page.fill("#secret-in", v.secret);
	await page.click("main button.main");
	return { first, refused, plan, secret: await page.isVisible("#secret") ? await page.textContent("#secret") : "", end: await page.textContent("main") };
}

module.exports = async ({ browser, ok, listen, signIn }) => {
	const [a, b] = process.env.PANELS.split(" ");
	const here = { there: "newyork", address: "20.0.0.2", here_address: "20.0.0.1", here_networks: "10.0.1.0/24", networks: "10.0.2.0/24", secret: "" };
	const there = { there: "tokyo", address: "20.0.0.1", here_address: "20.0.0.2", here_networks: "10.0.2.0/24", networks: "10.0.1.0/24" };
	let secret = "";
	for (const [base, v, scripts] of [[a, here, true], [b, there, false]]) {
		const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: scripts });
		const wrong = [], page = await signIn(context, base);
		listen(page, wrong);
		const made = await wizard(page, base, { ...v, secret });
		ok(/What the other end is/.test(made.first), "the first question is the profile", made.first);
		ok(/overlap/.test(made.refused), "networks that overlap are refused in the step where they are asked for", made.refused);
		ok(/between: \[newyork, tokyo\]/.test(made.plan) && /new/.test(made.plan), "the plan shows the block and what it does", made.plan);
		if (!secret)
			ok(/^base64:[A-Za-z0-9+/]{43}=$/.test(made.secret), "a secret is made and shown");
		else
			ok(made.secret === "" && /keymgr has the secret/.test(made.end) && !made.end.includes(secret), "the other gateway's panel takes it, and shows it to nobody", made.end);
		secret = secret || made.secret;
		await page.goto(base + "/tunnels/newyork-tokyo/secret");
		ok(/keymgr has one/.test(await page.textContent("main")) && !(await page.content()).includes(secret.slice(7)), "keymgr has it, and the panel cannot read it back");
		const bad = wrong.filter((w) => !/status of 400/.test(w));
		ok(bad.length === 0, scripts ? "the wizard with scripts" : "the wizard without scripts", bad.join("\n"));
		await context.close();
	}
	fs.writeFileSync(process.env.SECRET_FILE, secret + "\n", { mode: 0o600 });
};
