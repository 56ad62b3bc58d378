// SPDX-License-Identifier: MIT
//
// kannel - a real Kannel (Debian's bearerbox and smsbox) on free ports of
// 127.0.0.1, with a scripted SMSC behind it.
//
// bearerbox' "fake" SMSC speaks one line a message over TCP; the script is the
// other end of it: it sees each message that would go to a phone, and writes
// messages as phones would.  Whatever it takes counts as delivered, and
// bearerbox reports so.
//
//	const kannel = await startKannel(t, { hookUrl, hookSecret });
//	conf: { gateway: 'kannel', url: kannel.url, user: kannel.user,
//	    password: kannel.password, ... }
//	const [one] = await kannel.waitFor(1);	// { from, to, coding, text }
//	kannel.write('+4930123456', '12345', 'STOP');
//
// refuse is a list of numbers that smsbox denies ("black-lists"), unroutable one
// of numbers that no SMSC takes.  A message of several segments is put together
// again.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort, until } from '../lib.mjs';

const START_MS = 20000;

export function canKannel() {
	return fs.existsSync('/usr/sbin/bearerbox') &&
	    fs.existsSync('/usr/sbin/smsbox');
}

function group(name, options) {
	return `group = ${name}\n${Object.entries(options).map(([k, v]) =>
	    `${k} = ${typeof v === 'string' && /\W/.test(v) ? `"${v}"` :
		v}\n`).join('')}\n`;
}

function confText({ dir, ports, user, password, hookUrl, hookSecret,
	refuse, unroutable }) {
	return group('core', {
		'admin-port': ports.admin, 'admin-password': 'admin',
		'admin-interface': '127.0.0.1', 'admin-allow-ip': '127.0.0.1',
		'smsbox-port': ports.smsbox, 'smsbox-interface': '127.0.0.1',
		'box-allow-ip': '127.0.0.1', 'dlr-storage': 'internal',
		'store-type': 'spool', 'store-location': `${dir}/spool`,
		'log-level': 0, 'log-file': `${dir}/bearerbox.log`,
	}) + group('smsc', {
		smsc: 'fake', 'smsc-id': 'fake', port: ports.smsc,
		'connect-allow-ip': '127.0.0.1',
		...(unroutable.length ?
		    { 'denied-prefix': unroutable.join(';') } : {}),
	}) + group('smsbox', {
		'bearerbox-host': '127.0.0.1', 'sendsms-port': ports.sendsms,
		'sendsms-interface': '127.0.0.1',
		'log-level': 0, 'log-file': `${dir}/smsbox.log`,
		...(refuse.length ? { 'black-list-regex':
		    `^[+](${refuse.map((n) => n.slice(1)).join('|')})` } :
		    {}),
		'http-request-retry': 5, 'http-queue-delay': 1,
	}) + group('sendsms-user', {
		username: user, password, 'max-messages': 10,
		concatenation: true, 'user-allow-ip': '127.0.0.1',
	}) + (hookUrl ? group('sms-service', {
		keyword: 'default', 'catch-all': true, 'omit-empty': true,
		'max-messages': 1, 'send-sender': true,
		'post-url': `${hookUrl}?token=${createHmac('sha256',
		    hookSecret).update('incoming').digest('hex')}`,
	}) : '');
}

// "12345 +4930123456 text Your order is ready": one segment.  A part of several
// has a header (3GPP TS 23.040, 9.2.3.24.1) and does not say its alphabet; no
// text of ours has a byte below the line feed but in UCS-2.
function readLine(line) {
	const bytes = (s) => Buffer.from(s.replace(/\+/g, ' ')
	    .replace(/%([0-9a-fA-F]{2})/g, (_, h) =>
		String.fromCharCode(parseInt(h, 16))), 'latin1');
	const [, from, to, coding, data] =
	    /^(\S+) (\S+) (text|data|ucs-2|udh) ?(.*)$/s.exec(line) ?? [];
	if (!from)
		throw new Error(`SMSC: ${line}`);
	if (coding === 'text')
		return { from, to, coding, text: data };
	if (coding === 'udh') {
		const [, head, body] = /^(\S+) data (.*)$/s.exec(data);
		const [, , , ref, total, number] = bytes(head);
		return { from, to, part: { ref, total, number,
			bytes: bytes(body) } };
	}
	return { from, to, coding, text: textOf(bytes(data), coding) };
}

function textOf(bytes, coding) {
	return coding === 'ucs-2' ? bytes.swap16().toString('utf16le') :
	    bytes.toString('utf8');
}

// Segments become messages; those of one message have one ref.
function gather(messages, waiting, one) {
	if (!one.part) {
		messages.push({ ...one, segments: 1 });
		return;
	}
	const { ref, total } = one.part;
	const key = `${one.from} ${one.to} ${ref}`;
	const parts = [...waiting.get(key) ?? [], one.part];
	waiting.set(key, parts);
	if (parts.length < total)
		return;
	waiting.delete(key);
	const bytes = Buffer.concat(parts.sort((a, b) => a.number - b.number)
	    .map((p) => p.bytes));
	const coding = bytes.some((b) => b < 10) ? 'ucs-2' : 'text';
	messages.push({ from: one.from, to: one.to, coding, segments: total,
		text: textOf(bytes, coding) });
}

function startBox(name, args) {
	const child = spawn(name, args, { stdio: 'ignore' });
	return { child, exit: once(child, 'exit') };
}

function isListening(port) {
	return new Promise((done) => {
		const s = net.connect(port, '127.0.0.1');
		s.on('connect', () => { s.destroy(); done(true); });
		s.on('error', () => done(false));
	});
}

export async function startKannel(t, { hookUrl, hookSecret = '',
	user = 'orderwire', password = 'kannel-password', refuse = [],
	unroutable = [] } = {}) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-kannel-'));
	const ports = {};
	for (const name of ['admin', 'smsbox', 'smsc', 'sendsms'])
		ports[name] = await freePort();
	fs.mkdirSync(`${dir}/spool`);
	const conf = `${dir}/kannel.conf`;
	fs.writeFileSync(conf, confText({ dir, ports, user, password, hookUrl,
		hookSecret, refuse, unroutable }), { mode: 0o600 });

	const log = () => ['bearerbox', 'smsbox'].map((n) => {
		const file = `${dir}/${n}.log`;
		return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') :
		    '';
	}).join('\n');
	const boxes = [];
	const messages = [];
	const waiting = new Map();
	let smsc;

	const close = async () => {
		smsc?.destroy();
		for (const box of boxes.reverse()) {
			box.child.kill('SIGKILL');
			await box.exit;
		}
		fs.rmSync(dir, { recursive: true, force: true });
	};
	t?.after(close);

	boxes.push(startBox('bearerbox', [conf]));
	await until(() => isListening(ports.smsc), { ms: START_MS,
		what: `bearerbox:\n${log()}` });
	boxes.push(startBox('smsbox', [conf]));
	await until(() => isListening(ports.sendsms), { ms: START_MS,
		what: `smsbox:\n${log()}` });

	// Only one phone network at a time: the probe above was the first, and
	// bearerbox listens again once it has seen its end.
	const connect = async () => {
		smsc = net.connect(ports.smsc, '127.0.0.1');
		let rest = '';
		smsc.setEncoding('utf8');
		smsc.on('error', () => {});
		smsc.on('data', (d) => {
			const lines = (rest + d).split('\n');
			rest = lines.pop();
			for (const line of lines)
				gather(messages, waiting, readLine(line));
		});
		await once(smsc, 'connect');
	};
	await connect();
	await until(() => /smsbox.*connected|Client connected/i.test(log()),
	    { ms: START_MS, what: `smsbox at bearerbox:\n${log()}` });

	return {
		dir, ports, log, close, user, password, messages,
		url: `http://127.0.0.1:${ports.sendsms}/cgi-bin/sendsms`,
		// A phone writes; one line, in the 7-bit alphabet.
		write(from, to, text) {
			smsc.write(`${from} ${to} text ${text}\n`);
		},
		async waitFor(n = 1, ms = START_MS) {
			await until(() => messages.length >= n, { ms,
				what: `${n} messages:\n${log()}` });
			return messages;
		},
	};
}
