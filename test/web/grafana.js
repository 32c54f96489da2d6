// SPDX-License-Identifier: BSD-2-Clause
// What the panels of a dashboard show, by Grafana's own library (@grafana/data): usual values of a panel's options, transformations, overrides,
// units, mappings, thresholds and names are its work, over the answers of a Prometheus. Ours, after Grafana's documentation, is what is not in the
// library: filling in variables, the choice of an instant's or a range's query, legends, and how answers become frames (a table's columns).
// grafana.js FOLDER NAME...; NODE_AT (where node_modules is), PROMETHEUS (its address). Of each dashboard NAME.in.json in the folder, NAME.json is what
// each panel, by its title, shows with those values of the variables that the dashboard says are chosen.
"use strict";
const fs = require("fs");
const g = require("module").createRequire(process.env.NODE_AT + "/")("@grafana/data");
// A browser as far as it asks for one: whether it is in one of Grafana's scenes, and how dates are written.
globalThis.window = globalThis;
globalThis.navigator ??= { language: "en", languages: ["en"] };

const now = Math.floor(Date.now() / 1000);
const ask = async (path, words) => {
	const answer = await (await fetch(`${process.env.PROMETHEUS}/api/v1/${path}?${new URLSearchParams(words)}`)).json();
	if (answer.status !== "success")
		throw new Error(`${path} ${JSON.stringify(words)}: ${answer.error}`);
	return answer.data;
};

// The options that every panel has. What else they are in Grafana is how they are edited; the thresholds that it takes where a panel has none are
// told by its manual ("Configure thresholds").
const process_by = { unit: g.unitOverrideProcessor, min: g.numberOverrideProcessor, max: g.numberOverrideProcessor, decimals: g.numberOverrideProcessor,
	mappings: g.valueMappingsOverrideProcessor, thresholds: g.thresholdsOverrideProcessor, displayName: g.displayNameOverrideProcessor };
g.standardFieldConfigEditorRegistry.setInit(() =>
	["displayName", "unit", "min", "max", "decimals", "color", "noValue", "links", "mappings", "thresholds"].map((id) => ({
		id, path: id, name: id, shouldApply: () => true, process: process_by[id] || g.identityOverrideProcessor,
		defaultValue: id === "thresholds" ? { mode: "absolute", steps: [{ value: -Infinity, color: "green" }, { value: 80, color: "red" }] } : undefined,
	})));
g.standardTransformersRegistry.setInit(() =>
	Object.values(Object.fromEntries(Object.values(g.standardTransformers).map((t) => [t.id, t])))	// one has two names
	    .map((t) => ({ id: t.id, name: t.name, transformation: async () => t })));

let variables;
const fill = (text) => text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, a, b) => variables[a || b] ?? whole);
async function choose(list) {
	const values = {};
	variables = { __rate_interval: "1m" };
	for (const v of list) {
		if (v.type === "datasource") {
			variables[v.name] = v.query;
			continue;
		}
		const m = /^label_values\((.*), *(\w+)\)$/.exec(v.query.query);
		values[v.name] = (await ask(`label/${m[2]}/values`, { "match[]": fill(m[1]) })).sort();
		variables[v.name] = v.current.value === "$__all" ? v.allValue : `(${v.current.value.join("|")})`;
	}
	return values;
}

const legend = (format, labels) => format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, l) => labels[l] ?? "");
const number = (s) => (s === "+Inf" ? Infinity : s === "-Inf" ? -Infinity : Number(s));
function series(target, result) {
	return result.map((r) => {
		const points = r.values || [r.value];
		return g.toDataFrame({ refId: target.refId, fields: [
			{ name: "Time", type: "time", values: points.map((p) => p[0] * 1000) },
			{ name: "Value", type: "number", values: points.map((p) => number(p[1])), labels: r.metric,
				config: target.legendFormat ? { displayNameFromDS: legend(target.legendFormat, r.metric) } : {} },
		] });
	});
}
function table(target, result, one_of_many) {
	const labels = [...new Set(result.flatMap((r) => Object.keys(r.metric)))].sort();
	return [g.toDataFrame({ refId: target.refId, fields: [
		{ name: "Time", type: "time", values: result.map((r) => r.value[0] * 1000) },
		...labels.map((l) => ({ name: l, type: "string", values: result.map((r) => r.metric[l] ?? "") })),
		{ name: one_of_many ? `Value #${target.refId}` : "Value", type: "number", values: result.map((r) => number(r.value[1])) },
	] })];
}
async function frames(panel) {
	const all = [];
	for (const t of panel.targets) {
		const { result } = t.instant ? await ask("query", { query: fill(t.expr), time: now })
			: await ask("query_range", { query: fill(t.expr), start: now - 60, end: now, step: 1 });
		all.push(...(t.format === "table" ? table(t, result, panel.targets.length > 1) : series(t, result)));
	}
	return all;
}

const words = (d) => `${d.prefix ?? ""}${d.text}${d.suffix ?? ""}`;
async function shown(panel) {
	const theme = g.createTheme();
	const plugin = new g.PanelPlugin(null).useFieldConfig();
	const { fieldConfig } = g.getPanelOptionsWithDefaults({ plugin, currentOptions: panel.options || {}, currentFieldConfig: panel.fieldConfig, isAfterPluginChange: false });
	const raw = await frames(panel);
	const data = await new Promise((resolve, reject) =>
		g.transformDataFrame(panel.transformations || [], raw, { interpolate: fill }).subscribe({ next: resolve, error: reject }));
	const drawn = g.applyFieldOverrides({ data, fieldConfig, fieldConfigRegistry: plugin.fieldConfigRegistry, replaceVariables: fill, theme, timeZone: "utc" });
	const name = (field, frame) => g.getFieldDisplayName(field, frame, drawn);
	// Colours by the names that the dashboard calls them.
	const colour = Object.fromEntries(["red", "orange", "green", "text", "blue"].map((c) => [g.colorManipulator.asHexString(theme.visualization.getColorByName(c)), c]));
	const named = (c) => colour[g.colorManipulator.asHexString(c)] ?? c;
	if (panel.type === "stat")
		return g.getFieldDisplayValues({ data: drawn, fieldConfig, replaceVariables: fill, theme, timeZone: "utc",
			reduceOptions: { calcs: panel.options?.reduceOptions?.calcs ?? ["lastNotNull"], values: false, fields: "" } })
		    .map(({ display }) => ({ text: words(display), colour: named(display.color) }));
	if (panel.type === "table")
		return drawn.map((frame) => ({
			columns: frame.fields.map((f) => name(f, frame)),
			rows: Array.from({ length: frame.length }, (_, i) => frame.fields.map((f) => words(f.display(f.values[i])))),
		}));
	return drawn.map((frame) => {
		const f = frame.fields.find((x) => x.type === "number");
		return { name: name(f, frame), last: words(f.display(f.values[frame.length - 1])) };
	}).sort((a, b) => (a.name < b.name ? -1 : 1));
}

(async () => {
	const [folder, ...names] = process.argv.slice(2);
	for (const name of names) {
		const dashboard = JSON.parse(fs.readFileSync(`${folder}/${name}.in.json`, "utf8"));
		const out = { variables: await choose(dashboard.templating.list), panels: {} };
		for (const panel of dashboard.panels)
			out.panels[panel.title] = await shown(panel);
		fs.writeFileSync(`${folder}/${name}.json`, JSON.stringify(out, null, 1));
	}
})().catch((e) => { console.error(e); process.exit(1); });
