// SPDX-License-Identifier: BSD-2-Clause
// Certificates on both panels: a CA on the first, a request from the second, what the first issues is put in there, and revoked. PANELS: two bases.
"use strict";

async function open(page, words) {
	const summary = page.locator("summary", { hasText: words });
	if (!await summary.evaluate((s) => s.parentElement.open))
		await summary.press("Enter");
}

module.exports = async ({ browser, ok, listen, signIn }) => {
	const [a, b] = process.env.PANELS.split(" "), wrong = [];
	const one = await signIn(await browser.newContext({ ignoreHTTPSErrors: true }), a);
	const two = await signIn(await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false }), b);
	listen(one, wrong);
	await one.goto(a + "/certs");
	await open(one, "Make a CA");
	await one.click("button[value=init]");
	ok(/CA ca/.test(await one.textContent("main")), "a CA is made", await one.textContent("main"));
	await two.goto(b + "/certs");
	await open(two, "Request a certificate");
	await two.fill("#csr-name", "newyork");
	await two.click("button[value=csr]");
	const request = await two.textContent("#made");
	ok(/^-----BEGIN CERTIFICATE REQUEST-----/.test(request), "the other gateway's request is shown", request);
	await two.goto(b + "/certs");
	ok(/newyork\s*◐ requested/.test(await two.textContent("main")), "and waits for its certificate");
	await open(one, "Issue a certificate");
	await one.fill("#site-ca", "newyork");
	await one.fill("#csr-ca", request);
	await one.click("button[value=issue]");
	const chain = await one.textContent("#made");
	ok(chain.split("BEGIN CERTIFICATE-----").length === 3, "what is issued is shown, with the CA's own", chain);
	await open(two, "Put in a certificate");
	await two.fill("#pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	await two.click("button[value=import]");
	ok(/holds a private key/.test(await two.textContent("main")), "a private key is refused");
	await two.goto(b + "/certs");
	await open(two, "Put in a certificate");
	await two.fill("#pem", chain);
	await two.click("button[value=import]");
	ok(/newyork\s*● good\s*ends in \d+ days/.test(await two.textContent("main")), "and put in there: it is good, and says when it ends", await two.textContent("main"));
	await one.goto(a + "/certs");
	await one.click("tr:has(th:text-is('newyork')) button[value=revoke]");
	ok(/revoked/.test(await one.textContent("tr:has(th:text-is('newyork'))")), "it is revoked");
	ok(wrong.length === 0, "no complaint of the browser", wrong.join("\n"));
};
