// SPDX-License-Identifier: BSD-2-Clause
// What pages do better with a script: they renew what is live, count down, filter as one types, and copy. Everything works without it.
"use strict";

// The part of a page that shows live values is fetched again with the page, and put in place only when it has changed and nobody works in it.
async function renew() {
	const old = document.getElementById("live");
	if (!old || document.hidden || old.contains(document.activeElement) || String(getSelection()) !== "")
		return;
	const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
	if (answer.type === "opaqueredirect") {
		location.reload();
		return;
	}
	if (!answer.ok)
		return;
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const fresh = page.getElementById("live");
	if (!fresh || fresh.innerHTML === old.innerHTML)
		return;
	const open = [...old.querySelectorAll("details[open][id]")].map((d) => d.id);
	old.replaceWith(document.adoptNode(fresh));
	for (const id of open)
		document.getElementById(id)?.setAttribute("open", "");
}

function countDown(bar) {
	const words = document.getElementById("seconds-left");
	const end = Date.now() + Number(bar.value) * 1000;
	const timer = setInterval(() => {
		const left = Math.max(0, Math.round((end - Date.now()) / 1000));
		bar.value = left;
		words.textContent = String(left);
		if (left === 0) {
			clearInterval(timer);
			setTimeout(() => location.reload(), 1500);
		}
	}, 500);
}

document.addEventListener("DOMContentLoaded", () => {
	const every = Number(document.body.dataset.live);
	if (every)
		setInterval(() => renew().catch(() => {}), every * 1000);
	const bar = document.getElementById("left");
	if (bar)
		countDown(bar);
	for (const button of document.querySelectorAll("[data-copy]")) {
		button.hidden = false;
		button.addEventListener("click", async () => {
			await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
			button.textContent = "Copied";
		});
	}
	document.addEventListener("submit", (event) => {
		const ask = event.submitter?.dataset.ask;
		if (ask && !confirm(ask))
			event.preventDefault();
	});
});

// "/" goes to the search field, as in other lists.
document.addEventListener("keydown", (event) => {
	if (event.key !== "/" || event.target.matches("input, textarea, select"))
		return;
	const field = document.querySelector("input[type=search]");
	if (field) {
		field.focus();
		event.preventDefault();
	}
});
