// SPDX-License-Identifier: MIT
//
// dashboard - contrib/grafana/orderwire.json asks only for what a server has.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { source, startServer } from './lib.mjs';
import { startTexts } from './lib-notices.mjs';

const file = path.join(source, 'contrib/grafana/orderwire.json');
const dashboard = JSON.parse(fs.readFileSync(file, 'utf8'));
const panels = dashboard.panels.filter((p) => p.type !== 'row');
const exprs = panels.flatMap((p) => p.targets.map((x) => x.expr));

// Breach: a metric is renamed, and a panel is silently empty.
test('every metric and label of the dashboard exists', async (t) => {
	const texts = await startTexts(t);
	const ow = await startServer(t, { conf: { plugins: {
		sms: texts.conf } } });
	const { text } = await ow.admin('/metrics');
	const asked = exprs.join('\n').match(/orderwire_\w+/g);
	const variables = dashboard.templating.list
	    .flatMap((v) => v.definition?.match(/orderwire_\w+/g) ?? []);
	assert.ok(asked.length > 40);
	for (const name of new Set([...asked, ...variables]))
		assert.match(text, new RegExp(`^${name}(\\{| )`, 'm'), name);
	for (const expr of exprs)
		for (const [, by] of expr.matchAll(/ by \(([^)]*)\)/g))
			for (const label of by.split(', '))
				for (const name of expr.match(/orderwire_\w+/g))
					assert.match(text, new RegExp(
					    `^${name}\\{[^}]*\\b${label}="`, 'm'),
					    `${name} by ${label}`);
});

// Breach: a rate is shown of what goes up and down, or the other way round.
test('counters are rates, gauges are not', async (t) => {
	const texts = await startTexts(t);
	const ow = await startServer(t, { conf: { plugins: {
		sms: texts.conf } } });
	const { text } = await ow.admin('/metrics');
	for (const expr of exprs)
		for (const [, rate, name] of expr.matchAll(
		    /(rate\()?(orderwire_\w+)/g)) {
			const type = text.match(new RegExp(`^# TYPE ${
			    name.replace(/_bucket$/, '')} (\\w+)$`, 'm'));
			assert.equal(rate !== undefined, type[1] !== 'gauge',
			    name);
		}
});

test('panels do not lie upon each other', () => {
	const taken = new Set();
	const ids = new Set(dashboard.panels.map((p) => p.id));
	assert.equal(ids.size, dashboard.panels.length);
	for (const { gridPos: g } of dashboard.panels)
		for (let x = g.x; x < g.x + g.w; x++)
			for (let y = g.y; y < g.y + g.h; y++) {
				assert.ok(x < 24 && !taken.has(`${x} ${y}`));
				taken.add(`${x} ${y}`);
			}
});
