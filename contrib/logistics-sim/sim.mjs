#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// sim - the simulator as a program; README.md says what it can do.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PRESETS, startService } from './lib/service.mjs';

const USAGE = `usage: sim.mjs [--port N] [--host H] [--preset all|${PRESETS
    .join('|')}]
	[--token T] [--seed N] [--cadence MS] [--speed FACTOR] [--state FILE]
	[--webhook-url URL] [--webhook-secret S] [--riders N] [--tenant T]

--port 0 takes a free one and prints it.  {tenant} in the webhook's URL is
the task's.  --state keeps riders and tasks through a restart.`;

const SAVE_MS = 500;

function fail(text) {
	console.error(`logistics-sim: ${text}\n${USAGE}`);
	process.exit(2);
}

function read() {
	const text = (dflt) => ({ type: 'string', default: dflt });
	try {
		return parseArgs({ options: {
			port: text('8090'), host: text('127.0.0.1'),
			preset: text('all'), token: text('sim-token'),
			seed: text('1'), cadence: text('5000'),
			speed: text('1'), state: text(''),
			'webhook-url': text(''),
			'webhook-secret': text('sim-secret'),
			riders: text('0'), tenant: text('demo'),
			help: { type: 'boolean', default: false },
		} }).values;
	} catch (e) {
		return fail(e.message);
	}
}

function number(args, name, min, max) {
	const n = Number(args[name]);
	if (!(n >= min && n <= max))
		fail(`--${name} is a number between ${min} and ${max}`);
	return n;
}

function load(world, file) {
	try {
		world.load(JSON.parse(readFileSync(file, 'utf8')));
		return true;
	} catch (e) {
		if (e.code !== 'ENOENT')
			fail(`${file}: ${e.message}`);
		return false;
	}
}

// Never half a file, whenever it is killed.
function save(world, file) {
	writeFileSync(`${file}.new`, JSON.stringify(world.save()));
	renameSync(`${file}.new`, file);
}

async function main() {
	const args = read();
	if (args.help) {
		console.log(USAGE);
		return;
	}
	if (args.preset !== 'all' && !PRESETS.includes(args.preset))
		fail(`there is no preset ${args.preset}`);
	const service = await startService({
		port: number(args, 'port', 0, 65535), host: args.host,
		preset: args.preset, token: args.token,
		seed: number(args, 'seed', 0, 2 ** 32),
		cadence_ms: number(args, 'cadence', 20, 600000),
		speed: number(args, 'speed', 0.01, 1000),
		webhook_url: args['webhook-url'] || null,
		webhook_secret: args['webhook-secret'],
	});
	const is_old = args.state && load(service.world, args.state);
	for (let i = number(args, 'riders', 0, 100000); i > 0 && !is_old; i--)
		service.world.addRider({ tenant: args.tenant });
	if (args.state) {
		const keep = () => save(service.world, args.state);
		setInterval(keep, SAVE_MS);
		service.world.on('task', keep);
	}
	for (const signal of ['SIGTERM', 'SIGINT'])
		process.once(signal, async () => {
			if (args.state)
				save(service.world, args.state);
			await service.close();
			process.exit(0);
		});
	console.log(`logistics-sim listening on ${service.url}`);
}

main().catch((e) => {
	console.error(`logistics-sim: ${e.message}`);
	process.exit(1);
});
