// SPDX-License-Identifier: MIT
//
// lib-sim - contrib/logistics-sim as a program beside a test, which it can kill
// and start again.
//
//	const sim = await startSim(t, 'server');	// ended with the test t
//	await sim.post('riders', { tenant, id: 'r-1', ...place });
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, source, tenant } from './lib.mjs';

const SIM = path.join(source, 'contrib/logistics-sim');

export const skipSim = !fs.existsSync(path.join(SIM, 'node_modules/ws')) &&
    'npm ci in contrib/logistics-sim is missing';

class Sim {
	constructor(preset, dir, port) {
		this.preset = preset;
		this.dir = dir;
		this.state = path.join(dir, 'state.json');
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
	}

	async start() {
		this.child = spawn(process.execPath, [path.join(SIM, 'sim.mjs'),
		    '--port', String(this.port), '--preset', this.preset,
		    '--state', this.state, '--cadence', '200',
		    '--tenant', tenant], { stdio: ['ignore', 'pipe',
			'inherit'] });
		await once(this.child.stdout, 'data');
	}

	async kill() {
		if (this.child.exitCode !== null ||
		    this.child.signalCode !== null)
			return;
		const gone = once(this.child, 'exit');
		this.child.kill('SIGKILL');
		await gone;
	}

	async destroy() {
		await this.kill();
		fs.rmSync(this.dir, { recursive: true, force: true });
	}

	async post(where, body = {}) {
		const response = await fetch(`${this.url}/sim/${where}`, {
			method: 'POST', body: JSON.stringify(body) });
		const text = await response.text();
		assert.equal(response.status, 200, text);
		return JSON.parse(text);
	}

	member(id) {
		return JSON.parse(fs.readFileSync(this.state, 'utf8')).riders
		    .find((r) => r.id === id).member;
	}
}

// Without t it is ended by destroy().
export async function startSim(t, preset) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-sim-'));
	const sim = new Sim(preset, dir, await freePort());
	t?.after(() => sim.destroy());
	await sim.start();
	return sim;
}
